/* vmstat -t (also -w, -a): a header of names, repeated now and then, then a row of numbers and a
 * time each second or so. The zone stands over the time column; a row stands for the time since the
 * row before it. */
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

enum { MOST_COLUMNS = 32, MOST_SAMPLES = 16 };

typedef struct
{
  RcaStampContext context;
  RcaBytes name[MOST_COLUMNS]; /* of the header line, copied */
  char names[512];
  guint n;
  gboolean utc;
  char joined[64];
  RcaSample sample[MOST_SAMPLES];
} Vmstat;

static guint
split (RcaBytes line, RcaBytes *token)
{
  guint n = 0;
  const char *p = line.p, *end = line.p + line.n;
  while (n < MOST_COLUMNS)
    {
      while (p < end && g_ascii_isspace (*p))
        p++;
      if (p >= end)
        break;
      const char *start = p;
      while (p < end && !g_ascii_isspace (*p))
        p++;
      token[n++] = rca_bytes (start, (gsize) (p - start));
    }
  return n;
}

static gboolean
is_header (RcaBytes line)
{
  RcaBytes token[MOST_COLUMNS];
  guint n = split (line, token);
  return n >= 16 && rca_bytes_equal (token[0], RCA_BYTES ("r")) && rca_bytes_equal (token[1], RCA_BYTES ("b")) && rca_bytes_equal (token[2], RCA_BYTES ("swpd"));
}

static gboolean
is_banner (RcaBytes line)
{
  return rca_bytes_find (line, RCA_BYTES ("--memory--")) > 0 || rca_bytes_has_prefix (line, RCA_BYTES ("procs --")) || rca_bytes_has_prefix (line, RCA_BYTES ("--procs--"));
}

static void
learn_header (Vmstat *v, RcaBytes line)
{
  RcaBytes token[MOST_COLUMNS];
  gsize length = MIN (line.n, sizeof v->names);
  memcpy (v->names, line.p, length);
  v->n = split (rca_bytes (v->names, length), token);
  memcpy (v->name, token, v->n * sizeof *token);
  RcaBytes last = v->name[v->n - 1];
  v->utc = rca_bytes_equal (last, RCA_BYTES ("UTC")) || rca_bytes_equal (last, RCA_BYTES ("GMT"));
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  for (guint i = 0; i < sample->n_lines && i < 20; i++)
    if (is_header (sample->line[i]))
      {
        out->score = 96;
        g_snprintf (out->reason, sizeof out->reason, "line %u names vmstat's columns", i + 1);
        return;
      }
}

static gpointer
vmstat_open (const RcaSampleLines *sample)
{
  Vmstat *v = g_new0 (Vmstat, 1);
  rca_stamp_context_init (&v->context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && !v->n; i++)
    if (is_header (sample->line[i]))
      learn_header (v, sample->line[i]);
  return v;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Vmstat *v = state;
  if (is_header (line))
    {
      learn_header (v, line);
      return RCA_LINE_NONE;
    }
  return line.n == 0 || is_banner (line) ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

static void
add (Vmstat *v, RcaEvent *ev, RcaMetric metric, double value)
{
  if (ev->n_samples < MOST_SAMPLES)
    v->sample[ev->n_samples++] = (RcaSample){ metric, { NULL, 0 }, value };
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Vmstat *v = state;
  RcaBytes token[MOST_COLUMNS];
  guint n = split (record, token), numbers = 0;
  double value[MOST_COLUMNS], idle = -1, wait = 0, steal = 0, swap = -1;
  while (numbers < n && numbers < MOST_COLUMNS && rca_parse_double (token[numbers], &value[numbers]))
    numbers++;
  if (numbers < 16 || !v->n)
    return RCA_DECODE_REJECT;
  if (n >= numbers + 2)
    {
      RcaStamp stamp;
      int length = g_snprintf (v->joined, sizeof v->joined, "%.*s %.*s%s", (int) MIN (token[numbers].n, 24), token[numbers].p, (int) MIN (token[numbers + 1].n, 24), token[numbers + 1].p, v->utc ? "Z" : "");
      if (rca_stamp_parse (rca_bytes (v->joined, (gsize) length), &v->context, &stamp))
        rca_stamp_apply (&stamp, ev);
    }
  ev->stream = RCA_STREAM_MONITOR;
  ev->samples = v->sample;
  for (guint i = 0; i < numbers && i < v->n; i++)
    {
      RcaBytes name = v->name[i];
      if (rca_bytes_equal (name, RCA_BYTES ("r")))
        add (v, ev, RCA_METRIC_RUN_QUEUE, value[i]);
      else if (rca_bytes_equal (name, RCA_BYTES ("b")))
        add (v, ev, RCA_METRIC_BLOCKED, value[i]);
      else if (rca_bytes_equal (name, RCA_BYTES ("si")) || rca_bytes_equal (name, RCA_BYTES ("so")))
        swap = MAX (swap, 0) + value[i];
      else if (rca_bytes_equal (name, RCA_BYTES ("id")))
        idle = value[i];
      else if (rca_bytes_equal (name, RCA_BYTES ("wa")))
        wait = value[i];
      else if (rca_bytes_equal (name, RCA_BYTES ("st")))
        steal = value[i];
    }
  if (idle >= 0)
    {
      add (v, ev, RCA_METRIC_CPU_BUSY_RATIO, CLAMP ((100 - idle - wait) / 100, 0, 1));
      add (v, ev, RCA_METRIC_CPU_IOWAIT_RATIO, wait / 100);
      add (v, ev, RCA_METRIC_CPU_STEAL_RATIO, steal / 100);
    }
  if (swap >= 0)
    add (v, ev, RCA_METRIC_SWAP_IO, swap);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_vmstat = {
  .name = "vmstat",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = vmstat_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
