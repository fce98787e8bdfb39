/* The output of a command, again and again, each time under a line that holds a time alone:
 * ss -s, df, free, uptime, iostat -xt, /proc/pressure/…, node_exporter's text; and top -b,
 * whose own first line has the time. One such block is one record. */
#include "formats.h"
#include "../monitor-columns.h"
#include "../number.h"
#include "../timestamp.h"

enum { MOST_COLUMNS = 48, MOST_SAMPLES = 256 };

typedef struct {
  RcaStampContext context;
  RcaSample sample[MOST_SAMPLES];
} Snapshot;

/* While one block is read. */
typedef struct {
  RcaEvent *ev;
  RcaSample *sample;
  RcaBytes header[MOST_COLUMNS]; /* of the table that is open */
  guint n_header;
  RcaBytes about; /* which of the pressure files */
  double mem_total, mem_available;
} Block;

static RcaBytes
trim (RcaBytes text)
{
  while (text.n > 0 && strchr (" \t=#-*[", text.p[0]) && text.p[0])
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && strchr (" \t=#-*]:\r", text.p[text.n - 1]) && text.p[text.n - 1])
    text.n--;
  return text;
}

/* "2026-11-24T02:09:35Z", "=== Tue Nov 24 02:09:35 UTC 2026 ===", "1795480342", "top - 02:09:13 up …" */
static gboolean
begins_block (RcaBytes line, RcaStampContext *context, RcaStamp *stamp)
{
  RcaStampContext scratch = *context;
  RcaBytes text = trim (line);
  if (rca_bytes_has_prefix (line, RCA_BYTES ("top - ")))
    text = rca_bytes_from (line, 6);
  else if (text.n > 48 || text.n < 8)
    return FALSE;
  if (rca_bytes_has_prefix (text, RCA_BYTES ("time: ")) || rca_bytes_has_prefix (text, RCA_BYTES ("date: ")) || rca_bytes_has_prefix (text, RCA_BYTES ("zzz ")))
    text = rca_bytes_from (text, 4);
  while (text.n > 0 && strchr (" *", text.p[0]))
    text = rca_bytes_from (text, 1);
  gsize n = rca_stamp_parse (text, &scratch, stamp);
  if (n == 0 || (n + 1 < text.n && !rca_bytes_has_prefix (line, RCA_BYTES ("top - "))))
    return FALSE;
  *context = scratch;
  return TRUE;
}

static void
add (Block *block, RcaMetric metric, RcaBytes device, double value)
{
  if (block->ev->n_samples < MOST_SAMPLES)
    block->sample[block->ev->n_samples++] = (RcaSample){ metric, device, value };
}

static const RcaBytes whole_host = { NULL, 0 };

/* The number that ends right before @mark, or that follows it. */
static gboolean
number_before (RcaBytes line, const char *mark, double *out)
{
  gssize at = rca_bytes_find (line, rca_bytes_str (mark));
  if (at <= 0)
    return FALSE;
  gsize end = (gsize)at, from;
  while (end > 0 && line.p[end - 1] == ' ')
    end--;
  for (from = end; from > 0 && (g_ascii_isdigit (line.p[from - 1]) || line.p[from - 1] == '.');)
    from--;
  return rca_parse_double (rca_bytes (line.p + from, end - from), out);
}

static gboolean
number_after (RcaBytes line, const char *mark, double *out)
{
  gssize at = rca_bytes_find (line, rca_bytes_str (mark));
  if (at < 0)
    return FALSE;
  RcaBytes rest = rca_bytes_from (line, (gsize)at + strlen (mark));
  gsize n = 0;
  while (rest.n > 0 && rest.p[0] == ' ')
    rest = rca_bytes_from (rest, 1);
  while (n < rest.n && (g_ascii_isdigit (rest.p[n]) || rest.p[n] == '.'))
    n++;
  return rca_parse_double (rca_bytes (rest.p, n), out);
}

/* "some avg10=1.25 avg60=… total=…", perhaps behind "/proc/pressure/io:" */
static gboolean
read_pressure (Block *block, RcaBytes line)
{
  static const struct {
    const char *name;
    RcaMetric metric;
  } files[]
      = { { "cpu", RCA_METRIC_PSI_CPU_RATIO }, { "io", RCA_METRIC_PSI_IO_RATIO }, { "memory", RCA_METRIC_PSI_MEM_RATIO }, { "mem", RCA_METRIC_PSI_MEM_RATIO } };
  double value;
  gssize some = rca_bytes_find (line, RCA_BYTES ("some avg10="));
  if (some < 0)
  {
    if (line.n < 40 && (rca_bytes_find (line, RCA_BYTES ("pressure")) >= 0 || line.n < 12))
      block->about = line;
    return rca_bytes_find (line, RCA_BYTES ("full avg10=")) >= 0;
  }
  RcaBytes about = some > 2 ? rca_bytes (line.p, (gsize)some) : block->about;
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (rca_bytes_find (about, rca_bytes_str (files[i].name)) >= 0 && number_after (line, "some avg10=", &value))
    {
      add (block, files[i].metric, whole_host, CLAMP (value / 100, 0, 1));
      break;
    }
  return TRUE;
}

/* "/dev/sda1  20G  18G  2G  90% /var": the last per cent before a path */
static gboolean
read_df (Block *block, const RcaBytes *word, guint n)
{
  double value;
  if (n < 5 || n > 7 || word[n - 1].p[0] != '/' || word[n - 2].p[word[n - 2].n - 1] != '%')
    return FALSE;
  if (!rca_parse_double (rca_bytes (word[n - 2].p, word[n - 2].n - 1), &value))
    return FALSE;
  static const char *const none[] = { "tmpfs", "devtmpfs", "udev", "overlay", "shm", "none" };
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    if (rca_bytes_equal (word[0], rca_bytes_str (none[i])))
      return TRUE;
  add (block, RCA_METRIC_DISK_USED_RATIO, word[n - 1], CLAMP (value / 100, 0, 1));
  return TRUE;
}

static gboolean
read_memory (Block *block, const RcaBytes *word, guint n, RcaBytes line)
{
  double total, available;
  if (n >= 7 && rca_bytes_equal (word[0], RCA_BYTES ("Mem:")) && rca_parse_double (word[1], &total) && rca_parse_double (word[6], &available) && total > 0)
    add (block, RCA_METRIC_MEM_USED_RATIO, whole_host, CLAMP (1 - available / total, 0, 1));
  else if (rca_bytes_find (line, RCA_BYTES (" avail Mem")) > 0 && block->mem_total > 0 && number_before (line, " avail Mem", &available))
    add (block, RCA_METRIC_MEM_USED_RATIO, whole_host, CLAMP (1 - available / block->mem_total, 0, 1));
  else if (rca_bytes_find (line, RCA_BYTES ("Mem :")) >= 0 && number_before (line, " total", &total))
    block->mem_total = total;
  else
    return FALSE;
  return TRUE;
}

/* %Cpu(s):  1.0 us,  0.5 sy,  0.0 ni, 97.0 id,  0.1 wa,  0.0 hi,  0.2 si,  1.2 st */
static gboolean
read_top_cpu (Block *block, RcaBytes line)
{
  double idle, wait = 0, steal = 0;
  if (!rca_bytes_has_prefix (line, RCA_BYTES ("%Cpu")) || !number_before (line, " id", &idle))
    return FALSE;
  number_before (line, " wa", &wait);
  number_before (line, " st", &steal);
  add (block, RCA_METRIC_CPU_BUSY_RATIO, whole_host, CLAMP ((100 - idle - wait) / 100, 0, 1));
  add (block, RCA_METRIC_CPU_IOWAIT_RATIO, whole_host, wait / 100);
  add (block, RCA_METRIC_CPU_STEAL_RATIO, whole_host, steal / 100);
  return TRUE;
}

static const struct {
  const char *name;
  RcaMetric metric;
} exported[] = {
  { "node_load1", RCA_METRIC_LOAD1 },
  { "node_procs_running", RCA_METRIC_RUN_QUEUE },
  { "node_procs_blocked", RCA_METRIC_BLOCKED },
  { "node_sockstat_TCP_inuse", RCA_METRIC_TCP_SOCKETS },
};

static gboolean
read_exported (Block *block, const RcaBytes *word, guint n)
{
  double value;
  if (n < 2 || n > 3 || !rca_bytes_has_prefix (word[0], RCA_BYTES ("node_")) || !rca_parse_double (word[1], &value))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (exported); i++)
    if (rca_bytes_equal (word[0], rca_bytes_str (exported[i].name)))
      add (block, exported[i].metric, whole_host, value);
  if (rca_bytes_equal (word[0], RCA_BYTES ("node_memory_MemTotal_bytes")))
    block->mem_total = value;
  else if (rca_bytes_equal (word[0], RCA_BYTES ("node_memory_MemAvailable_bytes")))
    block->mem_available = value;
  return TRUE;
}

/* iostat's tables: a line of names, then rows. */
static gboolean
read_table (Block *block, const RcaBytes *word, guint n)
{
  double ignored;
  gboolean cpu = n > 2 && rca_bytes_equal (word[0], RCA_BYTES ("avg-cpu:"));
  if (cpu || (n > 2 && (rca_bytes_equal (word[0], RCA_BYTES ("Device")) || rca_bytes_equal (word[0], RCA_BYTES ("Device:")))))
  {
    block->n_header = 0;
    for (guint i = cpu ? 1 : 0; i < n; i++)
      block->header[block->n_header++] = word[i];
    return TRUE;
  }
  if (block->n_header == 0 || n == 0 || n > block->n_header || !rca_parse_double (word[n - 1], &ignored))
    return FALSE;
  block->ev->n_samples += rca_monitor_columns (block->header, word, n, block->sample + block->ev->n_samples, MOST_SAMPLES - block->ev->n_samples);
  return TRUE;
}

static gboolean
read_line (Block *block, RcaBytes line)
{
  RcaBytes word[MOST_COLUMNS];
  double value;
  guint n = rca_monitor_words (line, word, MOST_COLUMNS);
  if (n == 0)
  {
    block->n_header = 0;
    return FALSE;
  }
  if (number_after (line, "load average: ", &value) || number_after (line, "load averages: ", &value))
  {
    add (block, RCA_METRIC_LOAD1, whole_host, value);
    return TRUE;
  }
  if (rca_bytes_has_prefix (line, RCA_BYTES ("TCP:")) && number_after (line, "TCP:", &value))
  {
    add (block, RCA_METRIC_TCP_SOCKETS, whole_host, value);
    return TRUE;
  }
  return read_table (block, word, n) || read_df (block, word, n) || read_memory (block, word, n, line) || read_top_cpu (block, line)
         || read_exported (block, word, n) || read_pressure (block, line);
}

/* How many lines of @text say something known. */
static guint
read_block (Block *block, RcaBytes text)
{
  guint known = 0;
  for (gsize at = 0; at < text.n;)
  {
    const char *lf = memchr (text.p + at, '\n', text.n - at);
    gsize n = lf ? (gsize)(lf - text.p) - at : text.n - at;
    known += read_line (block, rca_bytes (text.p + at, n));
    at += n + 1;
  }
  if (block->mem_total > 0 && block->mem_available > 0)
    add (block, RCA_METRIC_MEM_USED_RATIO, whole_host, CLAMP (1 - block->mem_available / block->mem_total, 0, 1));
  return known;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint blocks = 0, known = 0;
  RcaStampContext context;
  RcaStamp stamp;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  g_autofree RcaSample *samples = g_new (RcaSample, MOST_SAMPLES);
  Block block = { .ev = ev, .sample = samples };
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    gboolean begins = begins_block (sample->line[i], &context, &stamp);
    blocks += begins;
    ev->n_samples = 0;
    known
        += (!begins || rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("top - "))) && blocks > 0 && read_line (&block, sample->line[i]) && ev->n_samples > 0;
  }
  if (blocks == 0 || known < blocks)
    return;
  out->score = 94;
  g_snprintf (out->reason, sizeof out->reason, "%u times a command's output under a time, %u lines of it known", blocks, known);
}

static gpointer
snapshot_open (const RcaSampleLines *sample)
{
  Snapshot *snapshot = g_new0 (Snapshot, 1);
  rca_stamp_context_init (&snapshot->context, sample->mtime_ns);
  return snapshot;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  const Snapshot *snapshot = state;
  RcaStampContext scratch = snapshot->context;
  RcaStamp stamp;
  if (begins_block (line, &scratch, &stamp))
    return RCA_LINE_RECORD;
  /* iostat's banner before the first block */
  return rca_bytes_has_prefix (line, RCA_BYTES ("Linux ")) ? RCA_LINE_NONE : RCA_LINE_CONTINUES;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Snapshot *snapshot = state;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes first = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  Block block = { .ev = ev, .sample = snapshot->sample };
  RcaStamp stamp;
  if (!begins_block (first, &snapshot->context, &stamp))
  {
    for (gsize i = 0; i < record.n; i++)
      if (!g_ascii_isspace (record.p[i]))
        return RCA_DECODE_REJECT;
    return RCA_DECODE_NONE;
  }
  ev->stream = RCA_STREAM_MONITOR;
  rca_stamp_apply (&stamp, ev);
  read_block (&block, rca_bytes_has_prefix (record, RCA_BYTES ("top - ")) ? record : rca_bytes_from (record, first.n));
  if (ev->n_samples == 0)
    add (&block, RCA_METRIC_OTHER, whole_host, 0);
  ev->samples = snapshot->sample;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_snapshot = {
  .name = "snapshot",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = snapshot_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
