#include "survey.h"
#include "detect.h"
#include <math.h>

#define HOUR_NS (3600 * RCA_NS_PER_S)
#define DAY_NS  (24 * HOUR_NS)

enum { MOST_ROUTES = 300, MOST_STATEMENTS = 500 };

/* ---- reading a piece ---- */

/* So long at a time: a frame's memory is entities × buckets. */
#define READ_AT_ONCE_NS (6 * HOUR_NS)

static gint64
floor_to (gint64 t, gint64 width)
{
  gint64 r = t % width;
  return t - (r < 0 ? r + width : r);
}

static gboolean
has_stream (const RcaSources *sources, RcaStream stream)
{
  for (guint i = 0; i < sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (sources->source, i);
      if (s->stream == stream && s->parsed > 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
read_requests (RcaStore *store, const RcaSources *sources, RcaStream stream, RcaSpan span, RcaHistory *into, GError **error)
{
  RcaUserFilters user = { 0 };
  guint n_filters = rca_user_filters (sources, stream, NULL, NULL, &user);
  RcaFrameQuery q = { .span = span, .width_ns = RCA_HISTORY_REQUEST_WIDTH_NS, .stream = stream, .by = { RCA_DIM_ROUTE, RCA_DIM_NONE }, .filter = user.filter, .n_filters = n_filters,
                      .measures = RCA_MEASURE_COUNT | RCA_MEASURE_FAILED | RCA_MEASURE_DURATION, .k = MOST_ROUTES };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &q, error);
  if (!frame)
    return FALSE;
  rca_history_add_requests (into, stream, frame);
  return TRUE;
}

static gboolean
read_statements (RcaStore *store, RcaSpan span, RcaHistory *into, GError **error)
{
  RcaFrameQuery q = { .span = span, .width_ns = RCA_HISTORY_STATEMENT_WIDTH_NS, .stream = RCA_STREAM_DB, .by = { RCA_DIM_FINGERPRINT, RCA_DIM_NONE },
                      .measures = RCA_MEASURE_COUNT | RCA_MEASURE_DURATION, .k = MOST_STATEMENTS, .order = RCA_ORDER_DURATION };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &q, error);
  if (!frame)
    return FALSE;
  rca_history_add_statements (into, frame);
  return TRUE;
}

gboolean
rca_survey_read (RcaStore *store, RcaSpan within, RcaHistory *into, GError **error)
{
  static const RcaStream requests[] = { RCA_STREAM_CDN, RCA_STREAM_ACCESS, RCA_STREAM_APP };
  g_autoptr (RcaSources) sources = rca_store_sources (store, error);
  if (!sources)
    return FALSE;
  RcaSpan all = sources->extent;
  if (within.start_ns < within.end_ns)
    all = (RcaSpan){ MAX (all.start_ns, within.start_ns), MIN (all.end_ns, within.end_ns) };
  for (gint64 t = floor_to (all.start_ns, READ_AT_ONCE_NS); t < all.end_ns; t += READ_AT_ONCE_NS)
    {
      RcaSpan span = { MAX (t, all.start_ns), MIN (t + READ_AT_ONCE_NS, all.end_ns) };
      for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
        if (has_stream (sources, requests[i]) && !read_requests (store, sources, requests[i], span, into, error))
          return FALSE;
      if (has_stream (sources, RCA_STREAM_DB) && !read_statements (store, span, into, error))
        return FALSE;
    }
  return TRUE;
}

/* ---- finding rises ---- */

/* Two grains: what lasts minutes, and what lasts half a day and is its own baseline for the first. */
static const struct {
  gint64 window_ns;
  gint64 least_ns; /* shorter rises are the finer grain's business: over a day, traffic and latency breathe */
} grains[] = { { 6 * HOUR_NS, 0 }, { 48 * HOUR_NS, 4 * HOUR_NS } };

static void
rise_free (gpointer data)
{
  RcaSurveyRise *r = data;
  g_free (r->route);
  g_free (r);
}

static RcaSymptomKind
symptom_of (RcaFailing failing)
{
  static const RcaSymptomKind of[] = { [RCA_FAIL_ERROR] = RCA_SYMPTOM_HTTP_5XX, [RCA_FAIL_SLOW] = RCA_SYMPTOM_LATENCY, [RCA_FAIL_DROP] = RCA_SYMPTOM_TRAFFIC_DROP,
                                       [RCA_FAIL_REFUSED] = RCA_SYMPTOM_APP_ERRORS, [RCA_FAIL_LOGGED] = RCA_SYMPTOM_APP_ERRORS };
  return of[failing];
}

static RcaSurveyRise *
rise_new (const RcaContext *c, const RcaSymptom *s)
{
  RcaSurveyRise *r = g_new0 (RcaSurveyRise, 1);
  r->start_ns = rca_context_time (c, s->from);
  r->end_ns = rca_context_time (c, s->to);
  r->symptom = symptom_of (s->failing);
  r->route = g_strdup (s->entity->name);
  r->share = s->p1;
  r->before = s->p0;
  r->slow_ns = s->entity->slow_ns;
  return r;
}

/* One window, and what was found in it. */
typedef struct {
  RcaSpan window;
  gint64 least_ns;
  GPtrArray *rises; /* RcaSurveyRise* */
  GError *error;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;
  g_ptr_array_unref (look->rises);
  g_clear_error (&look->error);
  g_free (look);
}

static void
find_in_window (RcaStore *store, Look *look)
{
  RcaAnalyzeOptions options = { .window = look->window };
  g_autoptr (RcaContext) c = rca_context_new (store, &options, &look->error);
  if (!c)
    return;
  g_autoptr (GPtrArray) outbreaks = rca_detect (c, NULL);
  for (guint i = 0; i < outbreaks->len; i++)
    {
      const RcaOutbreak *o = g_ptr_array_index (outbreaks, i);
      for (guint k = 0; k < o->symptoms->len; k++)
        {
          g_autofree RcaSurveyRise *r = rise_new (c, g_ptr_array_index (o->symptoms, k));
          if (r->end_ns - r->start_ns >= look->least_ns)
            g_ptr_array_add (look->rises, g_memdup2 (r, sizeof *r));
          else
            g_free (r->route);
        }
    }
}

/* Whole windows, also where the logs reach over a part of one: their length sets the buckets'. Where
 * nothing is logged there is nothing to find, be it years. */
static GPtrArray *
windows_to_look_at (const GPtrArray *histories, const RcaSources *sources)
{
  GPtrArray *looks = g_ptr_array_new_with_free_func (look_free);
  for (guint g = 0; g < G_N_ELEMENTS (grains); g++)
    for (gint64 t = floor_to (sources->extent.start_ns, grains[g].window_ns); t < sources->extent.end_ns; t += grains[g].window_ns)
      {
        RcaSpan window = { t, t + grains[g].window_ns };
        if (!rca_history_has_requests (histories, sources->user_facing, window))
          continue;
        Look *look = g_new0 (Look, 1);
        *look = (Look){ .window = window, .least_ns = grains[g].least_ns, .rises = g_ptr_array_new () };
        g_ptr_array_add (looks, look);
      }
  return looks;
}

typedef struct {
  RcaStore *store; /* over histories: any number of threads may ask it */
  const volatile gint *cancel;
} Survey;

static void
look_into (gpointer data, gpointer user)
{
  const Survey *survey = user;
  if (!*survey->cancel)
    find_in_window (survey->store, data);
}

static void
look_at_all (Survey *survey, const GPtrArray *looks, guint jobs)
{
  GThreadPool *pool = g_thread_pool_new (look_into, survey, (gint) CLAMP (jobs, 1, MAX (looks->len, 1)), FALSE, NULL);
  for (guint i = 0; i < looks->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (looks, i), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
}

/* In the order of the windows, whoever was first. FALSE: the first error. */
static gboolean
collect_rises (const GPtrArray *looks, GPtrArray *all, GError **error)
{
  for (guint i = 0; i < looks->len; i++)
    {
      Look *look = g_ptr_array_index (looks, i);
      g_ptr_array_extend_and_steal (all, g_steal_pointer (&look->rises));
      look->rises = g_ptr_array_new ();
      if (look->error)
        {
          g_propagate_error (error, g_steal_pointer (&look->error));
          return FALSE;
        }
    }
  return TRUE;
}

/* ---- the same hour on other days ---- */

/* Share of requests of @route that failed (or took @slow_ns or more) in @span; NAN when there are hardly any. */
static double
share_in (RcaStore *store, RcaStream stream, const RcaSurveyRise *rise, RcaSpan span)
{
  RcaFrameQuery q = { .span = span, .width_ns = RCA_HISTORY_REQUEST_WIDTH_NS, .stream = stream, .by = { rise->route ? RCA_DIM_ROUTE : RCA_DIM_NONE, RCA_DIM_NONE },
                      .measures = RCA_MEASURE_COUNT | RCA_MEASURE_FAILED | RCA_MEASURE_DURATION };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &q, NULL);
  gint e = frame ? rca_frame_find (frame, rise->route ? rise->route : "", NULL) : -1;
  double n = 0, bad = 0;
  guint bin = rca_histogram_bin (rise->slow_ns);
  for (guint i = 0; e >= 0 && i < rca_frame_n_buckets (frame); i++)
    {
      const RcaHistogram *h = rca_frame_histogram (frame, (guint) e, i, RCA_MEASURE_DURATION);
      if (rise->symptom == RCA_SYMPTOM_LATENCY && h)
        n += (double) rca_histogram_count (h), bad += (double) rca_histogram_count_from (h, bin);
      else if (rise->symptom != RCA_SYMPTOM_LATENCY)
        n += rca_frame_series (frame, (guint) e, RCA_MEASURE_COUNT)[i], bad += rca_frame_series (frame, (guint) e, RCA_MEASURE_FAILED)[i];
    }
  return n >= 20 ? bad / n : NAN;
}

/* Days before and after, and the same hour of the week: most of those that have data show the same. */
static gboolean
is_regular (RcaStore *store, RcaStream stream, const RcaSurveyRise *rise)
{
  static const gint days[] = { -28, -21, -14, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 14, 21, 28 };
  enum { LEAST_DAYS = 4 };
  if (rise->end_ns - rise->start_ns >= DAY_NS / 2 || rise->symptom == RCA_SYMPTOM_TRAFFIC_DROP) /* a drop is no share of what came */
    return FALSE;
  guint looked = 0, same = 0;
  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    {
      RcaSpan span = { rise->start_ns + days[i] * DAY_NS, rise->end_ns + days[i] * DAY_NS };
      double share = share_in (store, stream, rise, span);
      looked += !isnan (share);
      same += !isnan (share) && share >= (rise->share + rise->before) / 2;
    }
  return looked >= LEAST_DAYS && same * 2 >= looked;
}

static gint
compare_rise (gconstpointer a, gconstpointer b)
{
  const RcaSurveyRise *x = *(RcaSurveyRise *const *) a, *y = *(RcaSurveyRise *const *) b;
  if (x->start_ns != y->start_ns)
    return x->start_ns < y->start_ns ? -1 : 1;
  if (x->end_ns != y->end_ns)
    return x->end_ns < y->end_ns ? -1 : 1;
  if (x->symptom != y->symptom)
    return x->symptom < y->symptom ? -1 : 1;
  return g_strcmp0 (x->route, y->route);
}

GPtrArray *
rca_survey_find (const GPtrArray *histories, GPtrArray *regular, guint jobs, const volatile gint *cancel, GError **error)
{
  Survey survey = { rca_store_open_history (histories), cancel };
  g_autoptr (RcaSources) sources = rca_store_sources (survey.store, NULL);
  g_autoptr (GPtrArray) looks = windows_to_look_at (histories, sources);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  GPtrArray *rises = g_ptr_array_new_with_free_func (rise_free);
  if (regular)
    g_ptr_array_set_free_func (regular, rise_free);
  look_at_all (&survey, looks, jobs);
  gboolean ok = collect_rises (looks, all, error);
  g_ptr_array_sort (all, compare_rise);
  for (guint i = 0; i < all->len; i++)
    g_ptr_array_add (regular && is_regular (survey.store, sources->user_facing, g_ptr_array_index (all, i)) ? regular : rises, g_ptr_array_index (all, i));
  rca_store_close (survey.store);
  if (!ok)
    g_clear_pointer (&rises, g_ptr_array_unref);
  return rises;
}
