#include "context.h"
#include <math.h>

/* DESIGN.md's closed list of widths, seconds. */
static const gint64 widths_s[] = { 1, 2, 5, 10, 30, 60, 300, 600, 3600 };

/* The finest width with at most 400 buckets a window. */
static gint64
choose_width (RcaSpan window)
{
  gint64 length = window.end_ns - window.start_ns;
  for (guint i = 0; i < G_N_ELEMENTS (widths_s); i++)
    if (length / (widths_s[i] * RCA_NS_PER_S) <= 400)
      return widths_s[i] * RCA_NS_PER_S;
  return widths_s[G_N_ELEMENTS (widths_s) - 1] * RCA_NS_PER_S;
}

static gint64
baseline_length (RcaSpan window)
{
  gint64 length = window.end_ns - window.start_ns;
  return CLAMP (MAX (length, 600 * RCA_NS_PER_S), length, 4 * length);
}

RcaSpan
rca_analyze_reach (RcaSpan window)
{
  return (RcaSpan){ window.start_ns - baseline_length (window), window.end_ns };
}

gint64
rca_context_time (const RcaContext *c, guint bucket)
{
  return c->start_ns + bucket * c->width_ns;
}

guint
rca_context_bucket (const RcaContext *c, gint64 t)
{
  if (t <= c->start_ns)
    return 0;
  return (guint) MIN ((gint64) c->n, (t - c->start_ns) / c->width_ns);
}

gboolean
rca_context_has_stream (const RcaContext *c, RcaStream stream)
{
  for (guint i = 0; i < c->sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (c->sources->source, i);
      if (s->stream == stream && s->parsed > 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
rca_context_states (const RcaContext *c, RcaStream stream, RcaField field)
{
  for (guint i = 0; i < c->sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (c->sources->source, i);
      if (s->stream == stream && ((s->present >> field) & 1))
        return TRUE;
    }
  return FALSE;
}

RcaFrame *
rca_context_frame (RcaContext *c, RcaStream stream, RcaDimension by, RcaDimension by2, guint measures, const RcaFilter *filter, guint n_filters, RcaOrder order)
{
  RcaFrameQuery q = { .span = c->span, .width_ns = c->width_ns, .stream = stream, .by = { by, by2 }, .filter = filter,
                      .n_filters = n_filters, .measures = measures, .k = 400, .order = order };
  g_autoptr (GError) error = NULL;
  RcaFrame *frame = rca_store_frame (c->store, &q, &error);
  if (!frame)
    g_ptr_array_add (c->notes, g_strdup (error ? error->message : "a question to the store failed"));
  return frame;
}

static void
traffic_free (RcaTraffic *t)
{
  if (!t)
    return;
  g_free (t->name);
  g_free (t->requests);
  g_free (t->failed);
  g_free (t->slow);
  g_free (t->timed);
  g_free (t->refused);
  g_free (t->logged);
  g_free (t);
}

static RcaTraffic *
traffic_new (const char *name, guint n)
{
  RcaTraffic *t = g_new0 (RcaTraffic, 1);
  t->name = g_strdup (name);
  t->requests = g_new0 (double, n);
  t->failed = g_new0 (double, n);
  t->slow = g_new0 (double, n);
  t->timed = g_new0 (double, n);
  t->refused = g_new0 (double, n);
  t->logged = g_new0 (double, n);
  t->slow_ns = t->p99_ns = G_MAXINT64;
  t->median_s = NAN;
  return t;
}

static void
add_series (double *into, const double *from, guint n)
{
  for (guint i = 0; from && i < n; i++)
    into[i] += from[i];
}

static gboolean
has_requests (const RcaSources *sources, RcaStream stream)
{
  for (guint i = 0; i < sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (sources->source, i);
      if (s->stream == stream && (s->present >> RCA_FIELD_HTTP_STATUS & 1) && (s->present >> RCA_FIELD_URL_PATH & 1))
        return TRUE;
    }
  return FALSE;
}

guint
rca_user_filters (const RcaSources *sources, RcaStream stream, const char *service, const char *route, RcaUserFilters *out)
{
  guint n = 0;
  /* A service's error record may name the path of the request that it is about: it is no request. */
  out->kind[0] = "request";
  if (has_requests (sources, stream))
    out->filter[n++] = (RcaFilter){ RCA_DIM_KIND, out->kind, FALSE };
  out->audience[0] = "probe", out->audience[1] = "admin";
  /* "batch" stays in: scripts are users of an API */
  out->filter[n++] = (RcaFilter){ RCA_DIM_AUDIENCE, out->audience, TRUE };
  out->service[0] = service;
  if (service)
    out->filter[n++] = (RcaFilter){ RCA_DIM_SERVICE, out->service, FALSE };
  out->route[0] = route;
  if (route)
    out->filter[n++] = (RcaFilter){ RCA_DIM_ROUTE, out->route, FALSE };
  return n;
}

/* The outermost stream whose requests state durations: where latency is read. */
static RcaStream
timed_stream (const RcaContext *c)
{
  static const RcaStream order[] = { RCA_STREAM_CDN, RCA_STREAM_ACCESS, RCA_STREAM_APP };
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    for (guint j = 0; j < c->sources->source->len; j++)
      {
        const RcaSourceInfo *s = g_ptr_array_index (c->sources->source, j);
        guint64 need = (G_GUINT64_CONSTANT (1) << RCA_FIELD_DURATION) | (G_GUINT64_CONSTANT (1) << RCA_FIELD_HTTP_STATUS);
        if (s->stream == order[i] && (s->present & need) == need)
          return order[i];
      }
  return RCA_STREAM_UNKNOWN;
}

static void
read_routes (RcaContext *c)
{
  guint n_entities = rca_frame_n_entities (c->route_frame);
  for (guint e = 0; e <= n_entities; e++)
    {
      const double *requests = rca_frame_series (c->route_frame, e, RCA_MEASURE_COUNT);
      const double *failed = rca_frame_series (c->route_frame, e, RCA_MEASURE_FAILED);
      add_series (c->site->requests, requests, c->n);
      add_series (c->site->failed, failed, c->n);
      if (e == n_entities || !requests)
        continue;
      RcaTraffic *t = traffic_new (rca_frame_value (c->route_frame, e, 0), c->n);
      add_series (t->requests, requests, c->n);
      add_series (t->failed, failed, c->n);
      g_ptr_array_add (c->routes, t);
    }
}

/* The first θ rounded up to a histogram edge: bins below it are not slow. */
static guint
edge_bin_above (gint64 ns)
{
  guint b = rca_histogram_bin (ns);
  return rca_histogram_edge_ns (b) < ns && b + 1 < RCA_HISTOGRAM_BINS ? b + 1 : b;
}

static void
sum_histogram (const RcaContext *c, guint e, const gboolean *which, RcaHistogram *out)
{
  memset (out, 0, sizeof *out);
  for (guint i = 0; i < c->n; i++)
    {
      const RcaHistogram *h = which[i] ? rca_frame_histogram (c->timed_frame, e, i, RCA_MEASURE_DURATION) : NULL;
      if (h)
        rca_histogram_add (out, h);
    }
}

/* CORRELATE.md, Symptoms: θ = max (p95, 2 × median, median + 100 ms), at an edge. */
static gint64
slow_threshold_ns (const RcaHistogram *h)
{
  double p95 = rca_histogram_quantile_s (h, 0.95), median = rca_histogram_quantile_s (h, 0.5);
  double theta = MAX (p95, MAX (2 * median, median + 0.1));
  return rca_histogram_edge_ns (edge_bin_above ((gint64) (theta * 1e9)));
}

/* Where no baseline is known yet: the median survives an incident of up to half of the data, the tail does not. */
static gint64
rough_threshold_ns (const RcaHistogram *h)
{
  double theta = MAX (3 * rca_histogram_quantile_s (h, 0.5), 0.1);
  return rca_histogram_edge_ns (edge_bin_above ((gint64) (theta * 1e9)));
}

static void
count_slow (const RcaContext *c, guint e, gint64 slow_ns, double *slow, double *timed)
{
  guint bin = slow_ns == G_MAXINT64 ? RCA_HISTOGRAM_BINS : rca_histogram_bin (slow_ns);
  for (guint i = 0; i < c->n; i++)
    {
      const RcaHistogram *h = rca_frame_histogram (c->timed_frame, e, i, RCA_MEASURE_DURATION);
      if (!h)
        continue;
      timed[i] += (double) rca_histogram_count (h);
      if (bin < RCA_HISTOGRAM_BINS)
        slow[i] += (double) rca_histogram_count_from (h, bin);
    }
}

static RcaTraffic *
find_route (const RcaContext *c, const char *name)
{
  for (guint i = 0; i < c->routes->len; i++)
    if (g_str_equal (((RcaTraffic *) g_ptr_array_index (c->routes, i))->name, name))
      return g_ptr_array_index (c->routes, i);
  return NULL;
}

static void
clear_slow (RcaTraffic *t, guint n)
{
  memset (t->slow, 0, n * sizeof *t->slow);
  memset (t->timed, 0, n * sizeof *t->timed);
}

/* G_MAXINT64 where no duration is known. */
static gint64
p99_ns (const RcaHistogram *h)
{
  return rca_histogram_count (h) ? (gint64) (rca_histogram_quantile_s (h, 0.99) * 1e9) : G_MAXINT64;
}

void
rca_context_learn_slow (RcaContext *c, gboolean rough)
{
  gint64 (*threshold) (const RcaHistogram *) = rough ? rough_threshold_ns : slow_threshold_ns;
  if (!c->timed_frame)
    return;
  guint n_entities = rca_frame_n_entities (c->timed_frame);
  g_autofree RcaHistogram *h = g_new0 (RcaHistogram, n_entities + 1);
  RcaHistogram all = { 0 };
  clear_slow (c->site, c->n);
  for (guint i = 0; i < c->routes->len; i++)
    clear_slow (g_ptr_array_index (c->routes, i), c->n);
  for (guint e = 0; e <= n_entities; e++)
    {
      sum_histogram (c, e, c->quiet, &h[e]);
      rca_histogram_add (&all, &h[e]);
    }
  gint64 site_theta = rca_histogram_count (&all) ? threshold (&all) : G_MAXINT64;
  c->site->slow_ns = site_theta;
  c->site->p99_ns = p99_ns (&all);
  c->site->median_s = rca_histogram_quantile_s (&all, 0.5);
  g_hash_table_remove_all (c->route_slow);
  for (guint e = 0; e <= n_entities; e++)
    {
      gboolean own = rca_histogram_count (&h[e]) >= 200; /* fewer: the tail of a route is not known */
      gint64 theta = own ? threshold (&h[e]) : site_theta;
      count_slow (c, e, theta, c->site->slow, c->site->timed);
      RcaTraffic *t = e < n_entities ? find_route (c, rca_frame_value (c->timed_frame, e, 0)) : NULL;
      if (!t)
        continue;
      t->slow_ns = theta;
      t->p99_ns = p99_ns (own ? &h[e] : &all);
      t->median_s = rca_histogram_quantile_s (own ? &h[e] : &all, 0.5);
      count_slow (c, e, theta, t->slow, t->timed);
      if (theta != G_MAXINT64)
        g_hash_table_insert (c->route_slow, g_strdup (t->name), g_memdup2 (&theta, sizeof theta));
    }
}

static gboolean
lay_out (RcaContext *c, const RcaAnalyzeOptions *options, GError **error)
{
  c->stream = c->sources->user_facing != RCA_STREAM_UNKNOWN ? c->sources->user_facing : RCA_STREAM_APP;
  c->width_ns = choose_width (c->window);
  RcaSpan base = options->baseline;
  gint64 from = base.start_ns < base.end_ns ? MIN (base.start_ns, c->window.start_ns) : c->window.start_ns - baseline_length (c->window);
  /* what no source reaches is not looked at: it would be a silence that nobody kept */
  if (c->sources->extent.start_ns < c->sources->extent.end_ns)
    from = MAX (from, MIN (c->sources->extent.start_ns, c->window.start_ns));
  c->start_ns = from - ((from % c->width_ns) + c->width_ns) % c->width_ns;
  c->span = (RcaSpan){ c->start_ns, c->window.end_ns };
  c->n = (guint) ((c->window.end_ns - c->start_ns + c->width_ns - 1) / c->width_ns);
  if (c->n == 0 || c->n > 20000)
    {
      g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, c->n ? "the window is too long for one analysis: name a shorter one with --window, or find every incident with rca batch" : "the window is empty");
      return FALSE;
    }
  c->first = rca_context_bucket (c, c->window.start_ns);
  c->quiet = g_new (gboolean, c->n);
  for (guint i = 0; i < c->n; i++)
    c->quiet[i] = TRUE;
  return TRUE;
}

static gboolean
read_frames (RcaContext *c, const RcaAnalyzeOptions *options)
{
  RcaUserFilters user = { 0 };
  guint n_filters = rca_user_filters (c->sources, c->stream, options->service, options->route, &user);
  const RcaFilter *filter = user.filter;
  c->timed = timed_stream (c);
  guint measures = RCA_MEASURE_COUNT | RCA_MEASURE_FAILED | RCA_MEASURE_ABORTED | RCA_MEASURE_LIMITED;
  guint clients = RCA_MEASURE_CLIENTS | RCA_MEASURE_CLIENTS_FAILED;
  guint times = RCA_MEASURE_DURATION | RCA_MEASURE_FAILED_DURATION;
  c->site_frame = rca_context_frame (c, c->stream, RCA_DIM_NONE, RCA_DIM_NONE, measures | clients | times, filter, n_filters, RCA_ORDER_COUNT);
  c->route_frame = rca_context_frame (c, c->stream, RCA_DIM_ROUTE, RCA_DIM_NONE, measures | clients | (c->timed == c->stream ? times : 0), filter, n_filters, RCA_ORDER_COUNT);
  if (!c->site_frame || !c->route_frame)
    return FALSE;
  if (c->timed == c->stream)
    c->timed_frame = c->route_frame;
  else if (c->timed != RCA_STREAM_UNKNOWN)
    c->timed_frame = rca_context_frame (c, c->timed, RCA_DIM_ROUTE, RCA_DIM_NONE, measures | times, filter, n_filters, RCA_ORDER_COUNT);
  c->n = MIN (c->n, rca_frame_n_buckets (c->route_frame));
  return TRUE;
}

/* What is slow is not logged yet: the last max (p99.9 of durations, 5 s) before the end of the
 * user-facing source supports no end and no drop (CORRELATE.md, Censoring). */
static void
find_censored (RcaContext *c)
{
  gint64 last = RCA_TIME_NONE;
  for (guint i = 0; i < c->sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (c->sources->source, i);
      if (s->stream == c->stream && s->last_ns != RCA_TIME_NONE)
        last = MAX (last, s->last_ns);
    }
  RcaHistogram all = { 0 };
  if (c->timed_frame)
    for (guint e = 0; e <= rca_frame_n_entities (c->timed_frame); e++)
      for (guint i = 0; i < c->n; i++)
        {
          const RcaHistogram *h = rca_frame_histogram (c->timed_frame, e, i, RCA_MEASURE_DURATION);
          if (h)
            rca_histogram_add (&all, h);
        }
  double tail_s = rca_histogram_count (&all) ? rca_histogram_quantile_s (&all, 0.999) : 0;
  gint64 guard = (gint64) (MAX (tail_s, 5.0) * 1e9);
  c->last = last == RCA_TIME_NONE ? c->n : MAX (c->first, rca_context_bucket (c, MIN (c->window.end_ns, last + RCA_NS_PER_S) - guard) + 1);
  c->last = MIN (c->last, c->n);
}

RcaContext *
rca_context_new (RcaStore *store, const RcaAnalyzeOptions *options, GError **error)
{
  g_autoptr (RcaContext) c = g_new0 (RcaContext, 1);
  c->store = store;
  c->options = options;
  c->window = options->window;
  c->notes = g_ptr_array_new_with_free_func (g_free);
  c->routes = g_ptr_array_new_with_free_func ((GDestroyNotify) traffic_free);
  c->route_slow = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  c->sources = rca_store_sources (store, error);
  if (!c->sources || !lay_out (c, options, error))
    return NULL;
  if (!read_frames (c, options))
    {
      g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY,
                           c->notes->len ? (const char *) g_ptr_array_index (c->notes, 0) : "the store gave no answer");
      return NULL;
    }
  c->site = traffic_new (NULL, c->n);
  read_routes (c);
  find_censored (c);
  RcaSpan back = { c->window.start_ns - G_GINT64_CONSTANT (86400) * RCA_NS_PER_S, c->window.end_ns };
  c->changes = rca_store_changes (store, back, NULL);
  if (!c->changes)
    c->changes = g_ptr_array_new ();
  return g_steal_pointer (&c);
}

void
rca_context_free (RcaContext *c)
{
  if (!c)
    return;
  if (c->timed_frame != c->route_frame)
    g_clear_pointer (&c->timed_frame, rca_frame_free);
  g_clear_pointer (&c->route_frame, rca_frame_free);
  g_clear_pointer (&c->site_frame, rca_frame_free);
  g_clear_pointer (&c->refused_frame, rca_frame_free);
  g_clear_pointer (&c->routes, g_ptr_array_unref);
  g_clear_pointer (&c->site, traffic_free);
  g_clear_pointer (&c->quiet, g_free);
  g_clear_pointer (&c->route_slow, g_hash_table_unref);
  g_clear_pointer (&c->changes, g_ptr_array_unref);
  g_clear_pointer (&c->notes, g_ptr_array_unref);
  g_clear_pointer (&c->sources, rca_sources_free);
  g_free (c);
}
