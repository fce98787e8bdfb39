/* Prometheus' query_range answer: series of [seconds, "value"] pairs. All series' values at one
 * time and one instance make one record; which gauge a series is, its name tells. */
#include "formats.h"
#include "../arena.h"
#include "../json-scan.h"
#include "../metric-name.h"
#include "../number.h"
#include "../timestamp.h"

#define MAX_POINTS (1 << 22)

typedef struct {
  gint64 time_ns;
  RcaBytes instance, device;
  RcaMetric metric;
  double value;
  const char *at; /* in the document */
  guint order;    /* as written */
} Point;

typedef struct {
  RcaArena *arena;
  GArray *points;
  GArray *line_ends; /* const char*, ascending */
  RcaMetric metric;  /* of the series that is read */
  RcaBytes name, instance, device;
  gboolean percent;
  double value;
  gint64 time_ns;
  RcaSample sample[RCA_MAX_SAMPLES];
} Prometheus;

static gboolean
take_label (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  static const char *const devices[] = { "device", "mountpoint", "interface", "pod", "container" };
  Prometheus *state = user;
  if (rca_bytes_equal (key, RCA_BYTES ("__name__")))
    state->name = value;
  else if (rca_bytes_equal (key, RCA_BYTES ("instance")) || (rca_bytes_equal (key, RCA_BYTES ("node")) && state->instance.n == 0))
    state->instance = value;
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    if (rca_bytes_is (key, devices[i]))
      state->device = value;
  return FALSE;
}

static void
take_half (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  Prometheus *state = user;
  if (index == 0 && !rca_stamp_parse_epoch (value, &state->time_ns))
    state->time_ns = RCA_TIME_NONE;
  else if (index == 1 && !rca_parse_double (value, &state->value))
    state->time_ns = RCA_TIME_NONE; /* NaN, +Inf */
}

static void
take_pair (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  Prometheus *state = user;
  state->time_ns = RCA_TIME_NONE;
  rca_json_each (value, state->arena, take_half, state);
  if (state->time_ns == RCA_TIME_NONE || state->points->len >= MAX_POINTS)
    return;
  state->percent |= rca_metric_is_ratio (state->metric) && state->value > 1.5;
  Point point = { state->time_ns, state->instance, state->device, state->metric, state->value, value.p, state->points->len };
  g_array_append_val (state->points, point);
}

static void
take_series (guint index, RcaJsonType type, RcaBytes series, gpointer user)
{
  Prometheus *state = user;
  RcaBytes labels, values;
  guint from = state->points->len;
  state->name = state->instance = state->device = (RcaBytes){ NULL, 0 };
  if (rca_json_get (series, "metric", state->arena, NULL, &labels))
    rca_json_scan (labels, state->arena, take_label, state);
  state->metric = rca_metric_of_name (state->name);
  state->percent = rca_bytes_find (state->name, RCA_BYTES ("percent")) >= 0;
  if (rca_json_get (series, "values", state->arena, NULL, &values))
    rca_json_each (values, state->arena, take_pair, state);
  else if (rca_json_get (series, "value", state->arena, NULL, &values))
    take_pair (0, RCA_JSON_ARRAY, values, state);
  for (guint i = from; i < state->points->len && rca_metric_is_ratio (state->metric); i++)
  {
    Point *point = &g_array_index (state->points, Point, i);
    point->value = CLAMP (state->percent ? point->value / 100 : point->value, 0, 1);
  }
}

static gint
compare_bytes (RcaBytes a, RcaBytes b)
{
  gsize n = MIN (a.n, b.n);
  gint order = n > 0 ? memcmp (a.p, b.p, n) : 0;
  return order ? order : (a.n > b.n) - (a.n < b.n);
}

static gint
compare_points (gconstpointer a, gconstpointer b)
{
  const Point *x = a, *y = b;
  if (x->time_ns != y->time_ns)
    return x->time_ns < y->time_ns ? -1 : 1;
  gint order = compare_bytes (x->instance, y->instance);
  return order ? order : (x->order > y->order) - (x->order < y->order);
}

static void
find_line_ends (Prometheus *state, RcaBytes document)
{
  g_array_set_size (state->line_ends, 0);
  for (const char *p = document.p, *end = p + document.n; (p = memchr (p, '\n', (gsize)(end - p))) != NULL; p++)
    g_array_append_val (state->line_ends, p);
}

/* How many lines end before @at. */
static guint
line_of (const Prometheus *state, const char *at)
{
  guint from = 0, to = state->line_ends->len;
  while (from < to)
  {
    guint middle = from + (to - from) / 2;
    if (g_array_index (state->line_ends, const char *, middle) < at)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

static RcaBytes
find_result (Prometheus *state, RcaBytes document)
{
  RcaBytes result;
  RcaJsonType type;
  if ((rca_json_get (document, "data.result", state->arena, &type, &result) || rca_json_get (document, "result", state->arena, &type, &result))
      && type == RCA_JSON_ARRAY)
    return result;
  return (RcaBytes){ NULL, 0 };
}

static RcaDecodeResult
decode (gpointer data, RcaBytes document, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Prometheus *state = data;
  guint64 line = ev->line;
  rca_arena_reset (state->arena);
  g_array_set_size (state->points, 0);
  RcaBytes result = find_result (state, document);
  if (result.n == 0)
    return RCA_DECODE_REJECT;
  rca_json_each (result, state->arena, take_series, state);
  g_array_sort (state->points, compare_points);
  find_line_ends (state, document);
  for (guint i = 0; i < state->points->len;)
  {
    const Point *first = &g_array_index (state->points, Point, i);
    rca_event_clear (ev);
    ev->time_ns = first->time_ns;
    ev->stream = RCA_STREAM_MONITOR;
    ev->line = line + line_of (state, first->at);
    ev->samples = state->sample;
    rca_event_set_str (ev, RCA_FIELD_HOST, first->instance);
    for (; i < state->points->len; i++)
    {
      const Point *point = &g_array_index (state->points, Point, i);
      if (point->time_ns != first->time_ns || !rca_bytes_equal (point->instance, first->instance))
        break;
      if (ev->n_samples < RCA_MAX_SAMPLES)
        state->sample[ev->n_samples++] = (RcaSample){ point->metric, point->device, point->value };
    }
    emit (ev, user);
  }
  return state->points->len > 0 ? RCA_DECODE_OK : RCA_DECODE_REJECT;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaBytes head = rca_bytes (sample->head.p, MIN (sample->head.n, 4096));
  if (head.n == 0 || head.p[0] != '{' || rca_bytes_find (head, RCA_BYTES ("\"resultType\"")) < 0
      || (rca_bytes_find (head, RCA_BYTES ("\"matrix\"")) < 0 && rca_bytes_find (head, RCA_BYTES ("\"vector\"")) < 0))
    return;
  out->score = 98;
  g_strlcpy (out->reason, "an answer of Prometheus to a query", sizeof out->reason);
}

static gpointer
prometheus_open (const RcaSampleLines *sample)
{
  Prometheus *state = g_new0 (Prometheus, 1);
  state->arena = rca_arena_new ();
  state->points = g_array_new (FALSE, FALSE, sizeof (Point));
  state->line_ends = g_array_new (FALSE, FALSE, sizeof (const char *));
  return state;
}

static void
prometheus_close (gpointer data)
{
  Prometheus *state = data;
  rca_arena_free (state->arena);
  g_array_unref (state->points);
  g_array_unref (state->line_ends);
  g_free (state);
}

const RcaFormat rca_format_prometheus = {
  .name = "prometheus",
  .stream = RCA_STREAM_MONITOR,
  .document = TRUE,
  .sniff = sniff,
  .open = prometheus_open,
  .close = prometheus_close,
  .decode = decode,
};
