/* Metrics as lines of text: InfluxDB's line protocol (Telegraf), Graphite's plaintext, and tables of numbers with a
 * column of times (collectd, dstat, a panel's CSV). */
#include "../metric-name.h"
#include "../monitor-columns.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

#define MAX_COLUMNS 64
#define HEAD_LINES  12 /* a table may have a title above its columns' names */

typedef enum { LINES_NONE, LINES_INFLUX, LINES_GRAPHITE, LINES_TABLE } Kind;

typedef struct {
  Kind kind;
  RcaStampContext context;
  char *names; /* the table's line of names, and its columns in it */
  RcaBytes column[MAX_COLUMNS];
  guint n_columns;
  RcaSample sample[RCA_MAX_SAMPLES];
} Metrics;

static void
add (Metrics *m, RcaEvent *ev, RcaMetric metric, RcaBytes device, double value)
{
  if (ev->n_samples < RCA_MAX_SAMPLES)
    m->sample[ev->n_samples++] = (RcaSample){ metric, device, value };
}

/* --- InfluxDB: "cpu,cpu=cpu-total,host=web1 usage_idle=98.1,usage_iowait=0.2 1795510801000000000" --- */

static const struct {
  const char *measurement, *field;
  RcaMetric metric;
  double scale;
} fields[] = {
  { "cpu", "usage_iowait", RCA_METRIC_CPU_IOWAIT_RATIO, 0.01 }, { "cpu", "usage_steal", RCA_METRIC_CPU_STEAL_RATIO, 0.01 },
  { "mem", "used_percent", RCA_METRIC_MEM_USED_RATIO, 0.01 },   { "disk", "used_percent", RCA_METRIC_DISK_USED_RATIO, 0.01 },
  { "system", "load1", RCA_METRIC_LOAD1, 1 },                   { "processes", "running", RCA_METRIC_RUN_QUEUE, 1 },
  { "processes", "blocked", RCA_METRIC_BLOCKED, 1 },
};

/* Up to @stop, which a backslash or quotes take the meaning of. */
static RcaBytes
take_until (RcaBytes *rest, const char *stop)
{
  gsize i = 0;
  gboolean quoted = FALSE;
  while (i < rest->n && (quoted || !rca_char_in (rest->p[i], stop)))
  {
    quoted ^= rest->p[i] == '"';
    i += rest->p[i] == '\\' && i + 1 < rest->n ? 2 : 1;
  }
  RcaBytes part = rca_bytes (rest->p, i);
  *rest = rca_bytes_from (*rest, i);
  return part;
}

static gboolean
skip (RcaBytes *rest, char c)
{
  if (rest->n == 0 || rest->p[0] != c)
    return FALSE;
  *rest = rca_bytes_from (*rest, 1);
  return TRUE;
}

static gboolean
is_epoch (RcaBytes digits, gint64 *time_ns)
{
  return digits.n >= 10 && digits.n <= 21 && rca_stamp_parse_epoch (digits, time_ns);
}

/* 12i is an integer, 12u one without a sign, t and true are flags. */
static gboolean
field_number (RcaBytes text, double *value)
{
  if (text.n > 1 && (text.p[text.n - 1] == 'i' || text.p[text.n - 1] == 'u'))
    text.n--;
  return rca_parse_double (text, value);
}

static void
set_field (Metrics *m, RcaEvent *ev, RcaBytes measurement, RcaBytes device, RcaBytes field, double value)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (rca_bytes_is (measurement, fields[i].measurement) && rca_bytes_is (field, fields[i].field))
      add (m, ev, fields[i].metric, device, value * fields[i].scale);
}

static gboolean
read_influx (Metrics *m, RcaBytes line, RcaEvent *ev)
{
  RcaBytes measurement = take_until (&line, ", "), device = { NULL, 0 };
  double value, last = 0, idle = -1, wait = 0;
  gboolean one_cpu = FALSE;
  guint n = 0;
  while (skip (&line, ','))
  {
    RcaBytes key = take_until (&line, "=, ");
    if (!skip (&line, '='))
      return FALSE;
    RcaBytes tag = take_until (&line, ", ");
    if (rca_bytes_equal (key, RCA_BYTES ("host")))
      rca_event_set_str (ev, RCA_FIELD_HOST, tag);
    else if (rca_bytes_equal (key, RCA_BYTES ("path")) || rca_bytes_equal (key, RCA_BYTES ("device")) || rca_bytes_equal (key, RCA_BYTES ("interface")))
      device = tag;
    one_cpu |= rca_bytes_equal (key, RCA_BYTES ("cpu")) && !rca_bytes_equal (tag, RCA_BYTES ("cpu-total"));
  }
  if (measurement.n == 0 || !skip (&line, ' '))
    return FALSE;
  do
  {
    RcaBytes field = take_until (&line, "=, ");
    if (field.n == 0 || !skip (&line, '='))
      return FALSE;
    RcaBytes text = take_until (&line, ", ");
    n++;
    if (!field_number (text, &value))
      continue;
    last = value;
    if (rca_bytes_equal (field, RCA_BYTES ("usage_idle")))
      idle = value;
    wait = rca_bytes_equal (field, RCA_BYTES ("usage_iowait")) ? value : wait;
    if (!one_cpu)
      set_field (m, ev, measurement, device, field, value);
  } while (skip (&line, ','));
  if (!skip (&line, ' ') || !is_epoch (line, &ev->time_ns))
    return FALSE;
  if (idle >= 0 && !one_cpu && rca_bytes_equal (measurement, RCA_BYTES ("cpu")))
    add (m, ev, RCA_METRIC_CPU_BUSY_RATIO, (RcaBytes){ NULL, 0 }, CLAMP ((100 - idle - wait) / 100, 0, 1));
  if (ev->n_samples == 0)
    add (m, ev, RCA_METRIC_OTHER, device, last);
  return n > 0;
}

/* --- Graphite: "servers.web1.loadavg.01 0.21 1795510801" --- */

static gboolean
read_graphite (Metrics *m, RcaBytes line, RcaEvent *ev)
{
  RcaBytes word[4];
  double value;
  if (rca_monitor_words (line, word, 4) != 3 || !memchr (word[0].p, '.', word[0].n) || g_ascii_isdigit (word[0].p[0]) || !rca_parse_double (word[1], &value)
      || !is_epoch (word[2], &ev->time_ns))
    return FALSE;
  RcaMetric metric = rca_metric_of_name (word[0]);
  add (m, ev, metric, (RcaBytes){ NULL, 0 }, rca_metric_is_ratio (metric) && value > 1.5 ? value / 100 : value);
  return TRUE;
}

/* --- a table --- */

static guint
split (RcaBytes line, RcaBytes *cell)
{
  char mark = memchr (line.p, '\t', line.n) ? '\t' : memchr (line.p, ';', line.n) ? ';' : ',';
  guint n = 0;
  for (gsize from = 0; from <= line.n && n < MAX_COLUMNS; n++)
  {
    const char *end = from < line.n ? memchr (line.p + from, mark, line.n - from) : NULL;
    gsize to = end ? (gsize)(end - line.p) : line.n;
    RcaBytes part = rca_bytes (line.p + from, to - from);
    while (part.n && (part.p[0] == '"' || part.p[0] == ' '))
      part = rca_bytes_from (part, 1);
    while (part.n && rca_char_in (part.p[part.n - 1], "\" \r"))
      part.n--;
    cell[n] = part;
    from = to + 1;
  }
  return n;
}

static gboolean
is_time_name (RcaBytes name)
{
  static const char *const names[] = { "time", "timestamp", "epoch", "date", "datetime", "@timestamp", "date/time", "ts", "_time" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == name.n && g_ascii_strncasecmp (names[i], name.p, name.n) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_names (RcaBytes line, RcaBytes *cell, guint *n)
{
  double number;
  *n = line.n > 0 ? split (line, cell) : 0;
  if (*n < 2 || !is_time_name (cell[0]))
    return FALSE;
  for (guint i = 1; i < *n; i++)
    if (cell[i].n == 0 || rca_parse_double (cell[i], &number))
      return FALSE;
  return TRUE;
}

static gboolean
read_time (Metrics *m, RcaBytes cell, RcaEvent *ev)
{
  RcaStamp stamp;
  if (is_epoch (cell, &ev->time_ns))
    return TRUE;
  if (rca_stamp_parse (cell, &m->context, &stamp) == 0)
    return FALSE;
  rca_stamp_apply (&stamp, ev);
  return TRUE;
}

/* Numbers in all columns behind the first; some may be missing. */
static gboolean
read_row (Metrics *m, RcaBytes line, RcaEvent *ev)
{
  RcaBytes cell[MAX_COLUMNS];
  double number;
  guint n = split (line, cell), numbers = 0;
  if (n != m->n_columns || cell[0].n == 0)
    return FALSE;
  for (guint i = 1; i < n; i++)
  {
    gboolean absent = cell[i].n == 0 || rca_bytes_is (cell[i], "null") || rca_bytes_is (cell[i], "NaN") || rca_bytes_is (cell[i], "nan");
    if (!absent && !rca_parse_double (cell[i], &number))
      return FALSE;
    numbers += !absent;
  }
  if (numbers == 0 || !read_time (m, cell[0], ev))
    return FALSE;
  ev->n_samples = rca_monitor_columns (m->column + 1, cell + 1, n - 1, m->sample, RCA_MAX_SAMPLES);
  return TRUE;
}

/* --- the format --- */

static gboolean
read_line (Metrics *m, Kind kind, RcaBytes line, RcaEvent *ev)
{
  rca_event_clear (ev);
  return kind == LINES_INFLUX ? read_influx (m, line, ev) : kind == LINES_GRAPHITE ? read_graphite (m, line, ev) : read_row (m, line, ev);
}

static void
learn_names (Metrics *m, RcaBytes line)
{
  g_free (m->names);
  m->names = g_strndup (line.p, line.n);
  m->n_columns = split (rca_bytes (m->names, line.n), m->column);
}

static Metrics *
metrics_new (const RcaSampleLines *sample)
{
  Metrics *m = g_new0 (Metrics, 1);
  RcaBytes cell[MAX_COLUMNS];
  guint n;
  rca_stamp_context_init (&m->context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && i < HEAD_LINES && !m->names; i++)
    if (is_names (sample->line[i], cell, &n))
      learn_names (m, sample->line[i]);
  return m;
}

static void
metrics_close (gpointer state)
{
  g_free (((Metrics *)state)->names);
  g_free (state);
}

static Kind
best_kind (Metrics *m, const RcaSampleLines *sample, guint *fits, guint *lines)
{
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  guint count[LINES_TABLE + 1] = { 0 };
  Kind best = LINES_NONE;
  *lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    gboolean title = m->names && i < HEAD_LINES && count[LINES_TABLE] == 0;
    gboolean found = FALSE;
    if (line.n == 0 || line.p[0] == '#')
      continue;
    for (Kind kind = LINES_INFLUX; kind <= LINES_TABLE && !found; kind++)
      if ((kind != LINES_TABLE || m->names) && read_line (m, kind, line, ev))
        found = ++count[kind] > 0;
    *lines += found || !title;
  }
  for (Kind kind = LINES_INFLUX; kind <= LINES_TABLE; kind++)
    best = count[kind] > count[best] ? kind : best;
  *fits = count[best];
  return best;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  static const char *const names[] = { "", "InfluxDB's line protocol", "Graphite's name, value and time", "a row of numbers behind a time" };
  guint fits, lines;
  Metrics *m = metrics_new (sample);
  Kind kind = best_kind (m, sample, &fits, &lines);
  metrics_close (m);
  if (kind == LINES_NONE || fits * 10 < lines * 9)
    return;
  out->score = (gint)(92 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are %s", fits, lines, names[kind]);
}

static gpointer
metrics_open (const RcaSampleLines *sample)
{
  guint fits, lines;
  Metrics *m = metrics_new (sample);
  m->kind = best_kind (m, sample, &fits, &lines);
  rca_stamp_context_init (&m->context, sample->mtime_ns);
  return m;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  const Metrics *m = state;
  RcaBytes cell[MAX_COLUMNS];
  guint n;
  if (line.n == 0 || line.p[0] == '#')
    return RCA_LINE_NONE;
  if (m->kind != LINES_TABLE)
    return RCA_LINE_RECORD;
  return line.p[0] == '"' && !memchr (line.p, ':', MIN (line.n, 24)) ? RCA_LINE_NONE : is_names (line, cell, &n) ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Metrics *m = state;
  if (!read_line (m, m->kind, record, ev))
    return RCA_DECODE_REJECT;
  ev->stream = RCA_STREAM_MONITOR;
  ev->samples = m->sample;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_metric_lines = {
  .name = "metric-lines",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = metrics_open,
  .close = metrics_close,
  .line = line_kind,
  .decode = decode,
};
