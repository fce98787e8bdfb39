#include "refused.h"
#include <math.h>

enum
{
  LEAST_REFUSED = 20,      /* in all: fewer are no incident (detect.c), and the routes need not be asked for */
  LEAST_BEFORE = 20,       /* served before: else it is not known what is missing */
  LEAST_CLIENTS = 5        /* turned away: one client with an old key is its own problem */
};
static const double most_left = 0.8; /* of what was served before, with 95 % */

/* 429 stands apart in the store's classes. Who gave up (499) waited: that is latency. */
static gboolean
is_refusal (const char *status_class)
{
  return g_str_equal (status_class, "4xx") || g_str_equal (status_class, "429");
}

static double
total (const double *series, guint n)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += series[i];
  return sum;
}

static void
add (double *into, const double *from, guint n)
{
  for (guint i = 0; from && i < n; i++)
    into[i] += from[i];
}

/* Most windows hold no refusals to speak of: the routes are asked for only where there are. */
static void
read_refusals (RcaContext *c)
{
  RcaUserFilters user = { 0 };
  guint n_filters = rca_user_filters (c->sources, c->stream, c->options->service, c->options->route, &user);
  g_autoptr (RcaFrame) site = rca_context_frame (c, c->stream, RCA_DIM_STATUS_CLASS, RCA_DIM_NONE, RCA_MEASURE_COUNT, user.filter, n_filters, RCA_ORDER_COUNT);
  for (guint e = 0; site && e < rca_frame_n_entities (site); e++)
    if (is_refusal (rca_frame_value (site, e, 0)))
      add (c->site->refused, rca_frame_series (site, e, RCA_MEASURE_COUNT), c->n);
  if (total (c->site->refused, c->n) < LEAST_REFUSED)
    return;
  c->refused_frame = rca_context_frame (c, c->stream, RCA_DIM_ROUTE, RCA_DIM_STATUS_CLASS, RCA_MEASURE_COUNT | RCA_MEASURE_CLIENTS, user.filter, n_filters, RCA_ORDER_COUNT);
  for (guint e = 0; c->refused_frame && e < rca_frame_n_entities (c->refused_frame); e++)
    for (guint r = 0; is_refusal (rca_frame_value (c->refused_frame, e, 1)) && r < c->routes->len; r++)
      {
        RcaTraffic *t = g_ptr_array_index (c->routes, r);
        if (g_str_equal (t->name, rca_frame_value (c->refused_frame, e, 0)))
          add (t->refused, rca_frame_series (c->refused_frame, e, RCA_MEASURE_COUNT), c->n);
      }
}

/* Errors that say what was died of, at most one a request. */
static void
read_logged (RcaContext *c)
{
  static const char *const errors[] = { "error", "fatal", NULL };
  const RcaFilter filter = { RCA_DIM_SEVERITY, errors, FALSE };
  if (!rca_context_states (c, RCA_STREAM_APP, RCA_FIELD_FAILURE))
    return;
  g_autoptr (RcaFrame) frame = rca_context_frame (c, RCA_STREAM_APP, RCA_DIM_FAILURE, RCA_DIM_NONE, RCA_MEASURE_COUNT, &filter, 1, RCA_ORDER_COUNT);
  for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
    if (*rca_frame_value (frame, e, 0) && !g_str_equal (rca_frame_value (frame, e, 0), "none"))
      add (c->site->logged, rca_frame_series (frame, e, RCA_MEASURE_COUNT), c->n);
  for (guint i = 0; i < c->n; i++)
    c->site->logged[i] = MIN (c->site->logged[i], c->site->requests[i]);
}

void
rca_refused_read (RcaContext *c)
{
  if (c->stream != RCA_STREAM_ACCESS && c->stream != RCA_STREAM_CDN)
    return;
  read_refusals (c);
  read_logged (c);
}

static double
clients_refused (const RcaContext *c, const RcaTraffic *t, guint from, guint to)
{
  double most = 0;
  for (guint e = 0; c->refused_frame && e < rca_frame_n_entities (c->refused_frame); e++)
    if (is_refusal (rca_frame_value (c->refused_frame, e, 1)) && (!t->name || g_str_equal (t->name, rca_frame_value (c->refused_frame, e, 0))))
      most = MAX (most, rca_frame_clients (c->refused_frame, e, from, to, RCA_MEASURE_CLIENTS));
  return most;
}

static double
served (const RcaTraffic *t, guint i)
{
  return MAX (0, t->requests[i] - t->failed[i] - t->refused[i]);
}

gboolean
rca_refused_counts (const RcaContext *c, const RcaSymptom *s)
{
  double before = 0, n_before = 0, inside = 0;
  for (guint i = 0; i < s->to; i++)
    if (i >= s->from)
      inside += served (s->entity, i);
    else if (s->entity->requests[i] > 0 || n_before > 0)
      before += served (s->entity, i), n_before++;
  if (before < LEAST_BEFORE)
    return FALSE;
  double expected = before / n_before * (s->to - s->from);
  double clients = clients_refused (c, s->entity, s->from, s->to);
  return inside + 2 * sqrt (inside + 1) < most_left * (expected - 2 * sqrt (expected)) && (clients <= 1 || clients >= LEAST_CLIENTS);
}
