/* sysstat's JSON (sadf -j, iostat -o JSON, mpstat -o JSON): one document a host, statistics[] with a
 * timestamp and what was measured in the interval before it. sadf writes it as an object: with utc 1
 * the time is UTC, else the zone of "timezone" (not an offset: read as unknown). The others write a
 * string, with the day in the host's "date" unless S_TIME_FORMAT=ISO; iostat without -t writes none. */
#include "../arena.h"
#include "../json-scan.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct
{
  RcaStampContext context;
  RcaArena *arena;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
  RcaBytes host, day, date, time, device;
  double cpus;
  RcaBytes document;
  guint64 line;             /* of @counted */
  const char *counted;      /* line feeds before it have been counted */
  gboolean utc, all_cpus, open;
  guint n, points;
  RcaSample sample[RCA_MAX_SAMPLES];
} Sadf;

static void
add (Sadf *s, RcaMetric metric, RcaBytes device, double value)
{
  if (s->n < RCA_MAX_SAMPLES)
    s->sample[s->n++] = (RcaSample){ metric, device, value };
}

/* A point stands where its time stands: reports cite that line, not the whole document. */
static void
place (Sadf *s)
{
  const char *end = s->document.p + s->document.n, *at = s->time.p;
  if (at < s->counted || at >= end)
    return; /* unescaped elsewhere */
  for (const char *lf; (lf = memchr (s->counted, '\n', (gsize) (at - s->counted)));)
    {
      s->line++;
      s->counted = lf + 1;
    }
  const char *lf = memchr (at, '\n', (gsize) (end - at));
  s->ev->line = s->line;
  s->ev->raw = rca_bytes (s->counted, (gsize) ((lf ? lf : end) - s->counted));
}

static void
finish (Sadf *s)
{
  RcaStamp stamp;
  char joined[64];
  if (!s->open)
    return;
  s->open = FALSE;
  gboolean whole = s->time.n > 8; /* with the date in it */
  int length = g_snprintf (joined, sizeof joined, "%.*s %.*s%s", whole ? 0 : (int) MIN (s->date.n, 20), s->date.p ? s->date.p : "", (int) MIN (s->time.n, 32), s->time.p ? s->time.p : "", s->utc ? "Z" : "");
  rca_event_clear (s->ev);
  if (rca_stamp_parse (rca_bytes (joined, (gsize) length), &s->context, &stamp))
    rca_stamp_apply (&stamp, s->ev);
  place (s);
  s->ev->stream = RCA_STREAM_MONITOR;
  rca_event_set_str (s->ev, RCA_FIELD_HOST, s->host);
  if (s->cpus > 0)
    add (s, RCA_METRIC_N_CPUS, rca_bytes (NULL, 0), s->cpus);
  s->ev->samples = s->sample;
  s->ev->n_samples = s->n;
  s->emit (s->ev, s->user);
  s->points++;
}

static void
start (Sadf *s)
{
  finish (s);
  s->open = TRUE;
  s->n = 0;
  s->date = s->day; /* sadf writes its own */
  s->time = s->device = rca_bytes (NULL, 0);
  s->utc = FALSE;
  s->all_cpus = FALSE;
}

/* One line a gauge: member name (unique enough among sadf's groups), metric, factor. */
static const struct
{
  const char *key;
  RcaMetric metric;
  double factor;
  gboolean all_cpus; /* only of the row of all processors */
  gboolean device;
} gauges[] = {
  { "iowait", RCA_METRIC_CPU_IOWAIT_RATIO, 0.01, TRUE, FALSE }, { "steal", RCA_METRIC_CPU_STEAL_RATIO, 0.01, TRUE, FALSE },
  { "memused-percent", RCA_METRIC_MEM_USED_RATIO, 0.01, FALSE, FALSE }, { "runq-sz", RCA_METRIC_RUN_QUEUE, 1, FALSE, FALSE }, { "ldavg-1", RCA_METRIC_LOAD1, 1, FALSE, FALSE },
  { "blocked", RCA_METRIC_BLOCKED, 1, FALSE, FALSE }, { "util-percent", RCA_METRIC_DISK_UTIL_RATIO, 0.01, FALSE, TRUE }, { "fsused-percent", RCA_METRIC_DISK_USED_RATIO, 0.01, FALSE, TRUE },
  { "util", RCA_METRIC_DISK_UTIL_RATIO, 0.01, FALSE, TRUE }, { "%fsused", RCA_METRIC_DISK_USED_RATIO, 0.01, FALSE, TRUE }, { "pswpin", RCA_METRIC_SWAP_IO, 1, FALSE, FALSE }, { "rxerr", RCA_METRIC_NET_ERRORS, 1, FALSE, TRUE }, { "txerr", RCA_METRIC_NET_ERRORS, 1, FALSE, TRUE },
  { "rxdrop", RCA_METRIC_NET_ERRORS, 1, FALSE, TRUE }, { "txdrop", RCA_METRIC_NET_ERRORS, 1, FALSE, TRUE }, { "retrans", RCA_METRIC_TCP_RETRANS, 1, FALSE, FALSE }, { "tcpsck", RCA_METRIC_TCP_SOCKETS, 1, FALSE, FALSE },
};

static gboolean
is_key (RcaBytes key, const char *name)
{
  return rca_bytes_is (key, name);
}

static void
take_gauge (Sadf *s, RcaBytes key, RcaBytes value)
{
  double x;
  if (!rca_parse_double (value, &x))
    return;
  if (is_key (key, "idle") && s->all_cpus)
    {
      double wait = 0;
      for (guint i = 0; i < s->n; i++)
        if (s->sample[i].metric == RCA_METRIC_CPU_IOWAIT_RATIO)
          wait = s->sample[i].value;
      add (s, RCA_METRIC_CPU_BUSY_RATIO, rca_bytes (NULL, 0), CLAMP (1 - x / 100 - wait, 0, 1));
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (gauges); i++)
    if (is_key (key, gauges[i].key) && (!gauges[i].all_cpus || s->all_cpus))
      {
        add (s, gauges[i].metric, gauges[i].device ? s->device : rca_bytes (NULL, 0), x * gauges[i].factor);
        return;
      }
}

static gboolean
take (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Sadf *s = user;
  if (type == RCA_JSON_OBJECT || type == RCA_JSON_ARRAY)
    {
      if ((is_key (key, "timestamp") && type == RCA_JSON_OBJECT) || (is_key (key, "avg-cpu") && (!s->open || s->all_cpus)))
        start (s);
      s->all_cpus |= is_key (key, "avg-cpu");
      return TRUE;
    }
  if (is_key (key, "nodename"))
    s->host = rca_arena_copy (s->arena, value);
  else if (is_key (key, "number-of-cpus"))
    rca_parse_double (value, &s->cpus);
  else if (is_key (key, "timestamp"))
    {
      start (s);
      s->time = value;
    }
  else if (is_key (key, "date"))
    *(s->open ? &s->date : &s->day) = value;
  else if (is_key (key, "time"))
    s->time = value;
  else if (is_key (key, "utc"))
    s->utc = value.n == 1 && value.p[0] == '1';
  else if (is_key (key, "cpu"))
    s->all_cpus = is_key (value, "all") || is_key (value, "-1");
  else if (is_key (key, "disk-device") || is_key (key, "disk_device") || is_key (key, "iface") || is_key (key, "filesystem"))
    s->device = value;
  else if (s->open && type == RCA_JSON_NUMBER)
    take_gauge (s, key, value);
  return FALSE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaBytes head = rca_bytes (sample->head.p, MIN (sample->head.n, 400));
  if (rca_bytes_find (head, RCA_BYTES ("\"sysstat\"")) < 0 || rca_bytes_find (head, RCA_BYTES ("\"hosts\"")) < 0)
    return;
  out->score = 99;
  g_snprintf (out->reason, sizeof out->reason, "a JSON document of sysstat (sadf -j)");
}

static gpointer
sadf_open (const RcaSampleLines *sample)
{
  Sadf *s = g_new0 (Sadf, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  return s;
}

static void
sadf_close (gpointer state)
{
  Sadf *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Sadf *s = state;
  rca_arena_reset (s->arena);
  s->ev = ev;
  s->emit = emit;
  s->user = user;
  s->points = 0;
  s->open = FALSE;
  s->document = record;
  s->counted = record.p;
  s->line = ev->line;
  gsize took = rca_json_scan (record, s->arena, take, s);
  finish (s);
  return took || s->points ? RCA_DECODE_OK : RCA_DECODE_REJECT;
}

const RcaFormat rca_format_sadf_json = {
  .name = "sadf-json",
  .stream = RCA_STREAM_MONITOR,
  .document = TRUE,
  .sniff = sniff,
  .open = sadf_open,
  .close = sadf_close,
  .decode = decode,
};
