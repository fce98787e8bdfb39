#include "chart.h"
#include <math.h>

/* ---- latency ---- */

static void
fill_quantiles (const RcaContext *c, RcaChart *chart)
{
  chart->p50_s = g_new (double, chart->n);
  chart->p95_s = g_new (double, chart->n);
  chart->p99_s = g_new (double, chart->n);
  for (guint i = 0; i < chart->n; i++)
    {
      RcaHistogram h = { { 0 } };
      for (guint e = 0; c->timed_frame && e <= rca_frame_n_entities (c->timed_frame); e++)
        {
          const RcaHistogram *b = rca_frame_histogram (c->timed_frame, e, c->first + i, RCA_MEASURE_DURATION);
          if (b)
            rca_histogram_add (&h, b);
        }
      chart->p50_s[i] = rca_histogram_quantile_s (&h, 0.5);
      chart->p95_s[i] = rca_histogram_quantile_s (&h, 0.95);
      chart->p99_s[i] = rca_histogram_quantile_s (&h, 0.99);
    }
}

/* ---- statements ---- */

typedef struct {
  guint entity;
  gboolean named; /* by a cause */
  double weight;  /* over the window: seconds, or executions */
} Heavy;

static double
sum_from (const double *series, guint from, guint n)
{
  double s = 0;
  for (guint i = 0; series && i < n; i++)
    s += series[from + i];
  return s;
}

/* Ties as the frame has them. */
static gint
by_weight (gconstpointer a, gconstpointer b)
{
  const Heavy *x = a, *y = b;
  if (x->named != y->named)
    return x->named ? -1 : 1;
  if (x->weight != y->weight)
    return x->weight > y->weight ? -1 : 1;
  return x->entity < y->entity ? -1 : 1;
}

static gboolean
cause_names (const RcaCause *cause, const char *label)
{
  for (guint i = 0; i < cause->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (cause->chain, i);
      if (!l->symptom && l->kind == RCA_KIND_SLOW_QUERY && g_strcmp0 (l->subject, label) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_named (const GPtrArray *incidents, const char *label)
{
  for (guint i = 0; i < incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (incidents, i);
      for (guint k = 0; k < in->causes->len; k++)
        if (cause_names (g_ptr_array_index (in->causes, k), label))
          return TRUE;
    }
  return FALSE;
}

static void
statement_free (RcaChartStatement *s)
{
  g_free (s->fingerprint);
  g_free (s->name);
  g_free (s->seconds);
  g_free (s->count);
  g_free (s);
}

static double *
window_of (const double *series, guint first, guint n)
{
  return series ? g_memdup2 (series + first, n * sizeof *series) : g_new0 (double, n);
}

/* Cancelled and timed-out statements are executions too, though they state no duration. */
static RcaFrame *
statement_frame (RcaContext *c)
{
  static const char *const executions[] = { "statement", "timeout", "cancel", NULL };
  RcaFilter filter = { RCA_DIM_DB_EVENT, executions, FALSE };
  if (!rca_context_has_stream (c, RCA_STREAM_DB))
    return NULL;
  return rca_context_frame (c, RCA_STREAM_DB, RCA_DIM_FINGERPRINT, RCA_DIM_NONE, RCA_MEASURE_COUNT | RCA_MEASURE_DURATION, &filter, 1, RCA_ORDER_DURATION);
}

/* Where statements are cancelled or only counted, sums of durations would leave out the worst. */
static gboolean
mostly_timed (const RcaFrame *frame, guint from, guint n)
{
  double all = 0, timed = 0;
  for (guint e = 0; e < rca_frame_n_entities (frame); e++)
    {
      all += sum_from (rca_frame_series (frame, e, RCA_MEASURE_COUNT), from, n);
      timed += sum_from (rca_frame_series_n (frame, e, RCA_MEASURE_DURATION), from, n);
    }
  return all > 0 && timed >= 0.95 * all;
}

static GArray *
weigh (const RcaFrame *frame, const GPtrArray *incidents, guint from, guint n, RcaMeasure measure)
{
  GArray *heavy = g_array_new (FALSE, FALSE, sizeof (Heavy));
  for (guint e = 0; e < rca_frame_n_entities (frame); e++)
    {
      Heavy h = { e, is_named (incidents, rca_frame_label (frame, e, 0)), sum_from (rca_frame_series (frame, e, measure), from, n) };
      if (*rca_frame_value (frame, e, 0) && h.weight > 0)
        g_array_append_val (heavy, h);
    }
  g_array_sort (heavy, by_weight);
  return heavy;
}

static void
fill_statements (RcaContext *c, const GPtrArray *incidents, RcaChart *chart)
{
  enum { MOST = 5 };
  g_autoptr (RcaFrame) frame = statement_frame (c);
  chart->statements = g_ptr_array_new_with_free_func ((GDestroyNotify) statement_free);
  if (!frame)
    return;
  chart->statements_timed = mostly_timed (frame, c->first, chart->n);
  g_autoptr (GArray) heavy = weigh (frame, incidents, c->first, chart->n, chart->statements_timed ? RCA_MEASURE_DURATION : RCA_MEASURE_COUNT);
  chart->more_statements = heavy->len > MOST ? heavy->len - MOST : 0;
  for (guint i = 0; i < heavy->len && i < MOST; i++)
    {
      guint e = g_array_index (heavy, Heavy, i).entity;
      RcaChartStatement *s = g_new (RcaChartStatement, 1);
      *s = (RcaChartStatement){ g_strdup (rca_frame_value (frame, e, 0)), g_strdup (rca_frame_label (frame, e, 0)), window_of (rca_frame_series (frame, e, RCA_MEASURE_DURATION), c->first, chart->n),
                                window_of (rca_frame_series (frame, e, RCA_MEASURE_COUNT), c->first, chart->n) };
      g_ptr_array_add (chart->statements, s);
    }
}

void
rca_chart_fill (RcaContext *c, const GPtrArray *incidents, RcaChart *chart)
{
  chart->start_ns = rca_context_time (c, c->first);
  chart->width_ns = c->width_ns;
  chart->n = c->n - c->first;
  chart->requests = g_memdup2 (c->site->requests + c->first, chart->n * sizeof (double));
  chart->failed = g_memdup2 (c->site->failed + c->first, chart->n * sizeof (double));
  fill_quantiles (c, chart);
  fill_statements (c, incidents, chart);
}

void
rca_chart_clear (RcaChart *chart)
{
  g_free (chart->requests);
  g_free (chart->failed);
  g_free (chart->p50_s);
  g_free (chart->p95_s);
  g_free (chart->p99_s);
  g_clear_pointer (&chart->statements, g_ptr_array_unref);
}
