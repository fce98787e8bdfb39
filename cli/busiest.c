#include "busiest.h"

#define HOUR_NS (3600 * RCA_NS_PER_S)

static void
count_stream (RcaStore *store, RcaStream stream, RcaSpan span, gint64 width_ns, double *counts, guint n)
{
  RcaFrameQuery q = { .span = span, .width_ns = width_ns, .stream = stream, .measures = RCA_MEASURE_COUNT };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &q, NULL);
  for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
    {
      const double *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT);
      for (guint i = 0; i < MIN (n, rca_frame_n_buckets (frame)); i++)
        counts[i] += count[i];
    }
}

/* The records of each bucket of @span; *@n of them. */
static double *
count_records (RcaStore *store, RcaSpan span, gint64 width_ns, guint *n)
{
  *n = (guint) ((span.end_ns - span.start_ns + width_ns - 1) / width_ns);
  double *counts = g_new0 (double, *n);
  for (guint stream = RCA_STREAM_ACCESS; stream < RCA_N_STREAMS; stream++)
    if (stream != RCA_STREAM_CHANGE) /* a log of changes may tell of years */
      count_stream (store, (RcaStream) stream, span, width_ns, counts, *n);
  return counts;
}

/* Without the silence at both ends; @width_ns: how exactly. */
static RcaSpan
trim (RcaStore *store, RcaSpan span, gint64 width_ns)
{
  guint n;
  g_autofree double *counts = count_records (store, span, width_ns, &n);
  guint from = 0, to = n;
  while (to > 1 && counts[to - 1] == 0)
    to--;
  while (from + 1 < to && counts[from] == 0)
    from++;
  return (RcaSpan){ span.start_ns + from * width_ns, MIN (span.start_ns + to * width_ns, span.end_ns) };
}

/* The last of the best places for a window of @wide hours. */
static guint
best_place (const double *hours, guint n, guint wide)
{
  double sum = 0, most = -1;
  guint at = 0;
  for (guint i = 0; i < n; i++)
    {
      sum += hours[i] - (i >= wide ? hours[i - wide] : 0);
      if (i + 1 >= wide && sum >= most)
        most = sum, at = i + 1 - wide;
    }
  return at;
}

RcaSpan
rca_busiest_span (RcaStore *store, const RcaSources *sources, gint64 longest_ns)
{
  RcaSpan all = sources->extent;
  if (all.end_ns - all.start_ns <= longest_ns)
    return all;
  guint n, wide = (guint) (longest_ns / HOUR_NS);
  g_autofree double *hours = count_records (store, all, HOUR_NS, &n);
  gint64 start = all.start_ns + best_place (hours, n, wide) * HOUR_NS;
  RcaSpan part = trim (store, (RcaSpan){ start, MIN (start + longest_ns, all.end_ns) }, HOUR_NS);
  RcaSpan first = trim (store, (RcaSpan){ part.start_ns, MIN (part.start_ns + HOUR_NS, part.end_ns) }, RCA_NS_PER_S);
  RcaSpan last = trim (store, (RcaSpan){ MAX (part.end_ns - HOUR_NS, part.start_ns), part.end_ns }, RCA_NS_PER_S);
  return (RcaSpan){ first.start_ns, last.end_ns };
}
