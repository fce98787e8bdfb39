#include "facts.h"
#include "stats.h"
#include <math.h>

static const char *const loud[] = { "warn", "error", "fatal", NULL };
static const char *const errors_only[] = { "error", "fatal", NULL };
static const char *const executions[] = { "statement", "timeout", "cancel", NULL };
static const char *const waits[] = { "lock_wait", "deadlock", NULL };
static const char *const requests_only[] = { "request", NULL };
static const char *const not_requests[] = { "request", NULL };

typedef struct
{
  RcaStream stream;
  RcaDimension by[2];
  guint measures;
  RcaOrder order;
  RcaFilter filter;  /* value NULL: none */
} FactRow;

#define COUNTS (RCA_MEASURE_COUNT | RCA_MEASURE_FAILED)
#define NO_FILTER { RCA_DIM_NONE, NULL, FALSE }

static const FactRow rows[RCA_N_FACTS] = {
  [RCA_FACT_STATEMENTS] = { RCA_STREAM_DB, { RCA_DIM_FINGERPRINT, RCA_DIM_NONE },
                            COUNTS | RCA_MEASURE_DURATION | RCA_MEASURE_ROWS_EXAMINED | RCA_MEASURE_LOCK_TIME, RCA_ORDER_COUNT,
                            { RCA_DIM_DB_EVENT, executions, FALSE } },
  [RCA_FACT_STATEMENT_WAITS] = { RCA_STREAM_DB, { RCA_DIM_FINGERPRINT, RCA_DIM_NONE }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_DB_EVENT, waits, FALSE } },
  [RCA_FACT_DB_EVENTS] = { RCA_STREAM_DB, { RCA_DIM_DB_EVENT, RCA_DIM_DATABASE }, COUNTS, RCA_ORDER_COUNT, NO_FILTER },
  [RCA_FACT_APP_STATEMENTS] = { RCA_STREAM_APP, { RCA_DIM_FINGERPRINT, RCA_DIM_NONE }, COUNTS | RCA_MEASURE_DURATION, RCA_ORDER_COUNT, NO_FILTER },
  [RCA_FACT_FAILURES] = { RCA_STREAM_APP, { RCA_DIM_FAILURE, RCA_DIM_PEER }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_SEVERITY, loud, FALSE } },
  [RCA_FACT_WEB_FAILURES] = { RCA_STREAM_ACCESS, { RCA_DIM_FAILURE, RCA_DIM_UPSTREAM }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_KIND, not_requests, TRUE } },
  [RCA_FACT_EXCEPTIONS] = { RCA_STREAM_APP, { RCA_DIM_EXCEPTION, RCA_DIM_FAILURE }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_SEVERITY, errors_only, FALSE } },
  [RCA_FACT_TEMPLATES] = { RCA_STREAM_APP, { RCA_DIM_TEMPLATE, RCA_DIM_FAILURE }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_SEVERITY, errors_only, FALSE } },
  [RCA_FACT_WARNINGS] = { RCA_STREAM_APP, { RCA_DIM_TEMPLATE, RCA_DIM_FAILURE }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_SEVERITY, loud, FALSE } },
  [RCA_FACT_UPSTREAMS] = { RCA_STREAM_ACCESS, { RCA_DIM_UPSTREAM, RCA_DIM_NONE },
                           COUNTS | RCA_MEASURE_DURATION | RCA_MEASURE_CONNECT | RCA_MEASURE_UPSTREAM, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_ROUTE_UPSTREAMS] = { RCA_STREAM_ACCESS, { RCA_DIM_ROUTE, RCA_DIM_UPSTREAM }, COUNTS | RCA_MEASURE_DURATION, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_INSTANCES] = { RCA_STREAM_APP, { RCA_DIM_INSTANCE, RCA_DIM_VERSION }, COUNTS | RCA_MEASURE_DURATION, RCA_ORDER_COUNT, NO_FILTER },
  [RCA_FACT_NETWORKS] = { RCA_STREAM_UNKNOWN, { RCA_DIM_NETWORK, RCA_DIM_NONE }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_CLIENTS] = { RCA_STREAM_UNKNOWN, { RCA_DIM_CLIENT, RCA_DIM_NONE }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_EDGE] = { RCA_STREAM_CDN, { RCA_DIM_CACHE_STATUS, RCA_DIM_STATUS_CLASS }, COUNTS | RCA_MEASURE_DURATION, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_ORIGIN] = { RCA_STREAM_ACCESS, { RCA_DIM_STATUS_CLASS, RCA_DIM_UPSTREAM_CLASS }, COUNTS, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_ORIGIN_ROUTES] = { RCA_STREAM_ACCESS, { RCA_DIM_ROUTE, RCA_DIM_NONE }, COUNTS | RCA_MEASURE_DURATION, RCA_ORDER_COUNT, { RCA_DIM_KIND, requests_only, FALSE } },
  [RCA_FACT_METRICS] = { RCA_STREAM_MONITOR, { RCA_DIM_METRIC, RCA_DIM_HOST }, RCA_MEASURE_COUNT | RCA_MEASURE_GAUGE, RCA_ORDER_COUNT, NO_FILTER },
  [RCA_FACT_KERNEL] = { RCA_STREAM_MONITOR, { RCA_DIM_FAILURE, RCA_DIM_HOST }, RCA_MEASURE_COUNT, RCA_ORDER_COUNT, NO_FILTER },
  [RCA_FACT_CALLS] = { RCA_STREAM_APP, { RCA_DIM_PEER, RCA_DIM_NONE }, COUNTS | RCA_MEASURE_DURATION, RCA_ORDER_COUNT, NO_FILTER },
  [RCA_FACT_SERVICES] = { RCA_STREAM_APP, { RCA_DIM_SERVICE, RCA_DIM_SEVERITY }, COUNTS, RCA_ORDER_COUNT, NO_FILTER },
};

RcaFrame *
rca_facts_frame (RcaFacts *f, RcaFact fact)
{
  if (!f->asked[fact])
    {
      const FactRow *row = &rows[fact];
      RcaStream stream = row->stream == RCA_STREAM_UNKNOWN ? f->c->stream : row->stream;
      f->asked[fact] = TRUE;
      if (rca_context_has_stream (f->c, stream))
        f->frame[fact] = rca_context_frame (f->c, stream, row->by[0], row->by[1], row->measures, &row->filter, row->filter.value ? 1 : 0, row->order);
    }
  return f->frame[fact];
}

double
rca_facts_seconds (const RcaFacts *f, gint64 t)
{
  return (double) (t - f->c->start_ns) / 1e9;
}

/* The outermost stream whose requests carry ids. */
static RcaStream
judged_stream (const RcaContext *c)
{
  const guint64 ids = (G_GUINT64_CONSTANT (1) << RCA_FIELD_REQUEST_ID) | (G_GUINT64_CONSTANT (1) << RCA_FIELD_TRACE_ID);
  static const RcaStream order[] = { RCA_STREAM_CDN, RCA_STREAM_ACCESS, RCA_STREAM_APP };
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    for (guint j = 0; j < c->sources->source->len; j++)
      {
        const RcaSourceInfo *s = g_ptr_array_index (c->sources->source, j);
        if (s->stream == order[i] && (s->present & ids) && ((s->present >> RCA_FIELD_HTTP_STATUS) & 1))
          return order[i];
      }
  return c->stream;
}

static void
join_unref (RcaJoin *join)
{
  if (join)
    rca_join_free (join);
}

RcaJoin *
rca_facts_join (RcaFacts *f, RcaStream carrier, RcaDimension thing, RcaDimension filter, const char *const *values)
{
  g_autofree char *joined = values ? g_strjoinv (",", (char **) values) : g_strdup ("");
  g_autofree char *key = g_strdup_printf ("%d/%d/%d/%s", (int) carrier, (int) thing, (int) filter, joined);
  gpointer found;
  if (g_hash_table_lookup_extended (f->joins, key, NULL, &found))
    return found;
  RcaFilter own = { filter, values, FALSE };
  RcaJoinQuery q = { .span = f->span,
                     .stream = f->judged,
                     .bad = f->o->failing == RCA_FAIL_ERROR ? RCA_BAD_FAILED : RCA_BAD_SLOW,
                     .slow_ns = f->c->site->slow_ns,
                     .route_slow_ns = f->c->route_slow,
                     .carrier = carrier,
                     .thing = thing,
                     .carrier_filter = values ? &own : NULL,
                     .n_carrier_filters = values ? 1 : 0 };
  gboolean came = f->o->failing <= RCA_FAIL_SLOW; /* who did not come carries nothing; who was turned away or answered well is not told apart by a join */
  RcaJoin *join = came && rca_context_has_stream (f->c, carrier) ? rca_store_join (f->c->store, &q, NULL) : NULL;
  if (join && !join->by_id && join->route->len == 0)
    g_clear_pointer (&join, rca_join_free);
  g_hash_table_insert (f->joins, g_steal_pointer (&key), join);
  return join;
}

double
rca_facts_carried (RcaJoin *join, const char *thing, GArray *tables)
{
  double bad = 0, with = 0;
  for (guint i = 0; join && i < join->route->len; i++)
    {
      const RcaJoinRoute *r = &g_array_index (join->route, RcaJoinRoute, i);
      RcaTable t = { 0, r->bad, 0, r->good };
      for (guint j = 0; j < join->cell->len; j++)
        {
          const RcaJoinCell *cell = &g_array_index (join->cell, RcaJoinCell, j);
          if (g_str_equal (cell->thing, thing) && g_strcmp0 (cell->route, r->route) == 0)
            t.bad_with += cell->bad_with, t.good_with += cell->good_with;
        }
      bad += t.bad, with += t.bad_with;
      if (tables && t.bad + t.good > 0)
        g_array_append_val (tables, t);
    }
  return bad > 0 ? with / bad : NAN;
}

/* What a series has inside the incident above its rate in the baseline. */
static double
excess_of (const RcaFacts *f, const double *series)
{
  double in = 0, out = 0, n_out = 0;
  for (guint i = 0; i < f->c->n; i++)
    if (i >= f->o->from && i < f->o->to)
      in += series[i];
    else if (f->c->quiet[i])
      out += series[i], n_out++;
  return in - (n_out > 0 ? out / n_out * (f->o->to - f->o->from) : 0);
}

/* The one service whose records the bad requests carry; NULL when there are several, or none. */
static const char *
service_of_bad (RcaFacts *f)
{
  RcaJoin *join = rca_facts_join (f, RCA_STREAM_APP, RCA_DIM_SERVICE, RCA_DIM_NONE, NULL);
  const char *found = NULL;
  for (guint i = 0; join && i < join->cell->len; i++)
    {
      const char *thing = g_array_index (join->cell, RcaJoinCell, i).thing;
      if (!*thing || (found && g_str_equal (found, thing)) || !(rca_facts_carried (join, thing, NULL) >= 0.5))
        continue;
      if (found)
        return NULL; /* a gateway and what stands behind it */
      found = thing;
    }
  return found;
}

/* Where a single service speaks it is the one. */
static const char *
the_only_service (RcaFrame *services)
{
  const char *only = NULL;
  for (guint e = 0; services && e < rca_frame_n_entities (services); e++)
    {
      const char *name = rca_frame_value (services, e, 0);
      if (*name && only && !g_str_equal (name, only))
        return NULL;
      only = *name ? name : only;
    }
  return only;
}

/* The names that speak, and the one that fails: by its errors, where they are more than its usual
 * ones and a good part of the bad requests; else by whose records these carry. A newsletter whose
 * mailboxes are full all day is not what makes a shop slow. */
static void
learn_services (RcaFacts *f)
{
  for (guint i = 0; i < f->c->sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (f->c->sources->source, i);
      if (s->service && s->stream == RCA_STREAM_APP) /* a web server's name is no application's */
        g_hash_table_add (f->services, g_ascii_strdown (s->service, -1));
    }
  RcaFrame *services = rca_facts_frame (f, RCA_FACT_SERVICES);
  double best = 0.2 * f->bad;
  const char *failing = NULL;
  for (guint e = 0; services && e < rca_frame_n_entities (services); e++)
    {
      const char *name = rca_frame_value (services, e, 0);
      const double *failed = rca_frame_series (services, e, RCA_MEASURE_FAILED);
      if (*name)
        g_hash_table_add (f->services, g_ascii_strdown (name, -1));
      double excess = *name && failed ? excess_of (f, failed) : 0;
      if (excess > best)
        best = excess, failing = name;
    }
  if (!failing && f->o->failing > RCA_FAIL_DROP)
    failing = the_only_service (services);
  f->failing_service = g_strdup (failing ? failing : service_of_bad (f));
}

static void
learn_instances (RcaFacts *f)
{
  RcaFrame *up = rca_facts_frame (f, RCA_FACT_UPSTREAMS);
  for (guint e = 0; up && e < rca_frame_n_entities (up); e++)
    {
      const char *name = rca_frame_value (up, e, 0);
      if (*name)
        g_array_append_val (f->instances, name);
    }
}

gboolean
rca_facts_is_own (const RcaFacts *f, const char *peer)
{
  for (guint i = 0; i < f->instances->len; i++)
    if (g_str_equal (g_array_index (f->instances, const char *, i), peer))
      return TRUE;
  return FALSE;
}

/* The onset as an instant: bucket posterior, the leading bucket narrowed to [first bad request's
 * start, its logged end]: it was in flight when it happened. */
static RcaInstant
symptom_instant (const RcaFacts *f)
{
  const RcaContext *c = f->c;
  double width = (double) c->width_ns / 1e9;
  RcaInstant buckets = rca_instant_buckets (f->o->p_onset, c->n, 0, width);
  double start = rca_facts_seconds (f, f->o->start_ns), end = MIN (rca_facts_seconds (f, f->o->hi_ns), start + 60);
  guint mode = rca_context_bucket (c, f->o->start_ns);
  RcaInstant fine = rca_instant_uniform (start, MAX (end, start + 1e-3));
  RcaInstant out = { 0, g_new (double, buckets.n + fine.n), g_new (double, buckets.n + fine.n) };
  double at_mode = 0;
  for (guint i = 0; i < buckets.n; i++)
    if ((guint) (buckets.t[i] / width) == mode)
      at_mode += buckets.p[i];
    else
      out.t[out.n] = buckets.t[i], out.p[out.n++] = buckets.p[i];
  at_mode = MAX (at_mode, 0.2);
  for (guint i = 0; i < fine.n; i++)
    out.t[out.n] = fine.t[i], out.p[out.n++] = fine.p[i] * at_mode;
  double sum = 0;
  for (guint i = 0; i < out.n; i++)
    sum += out.p[i];
  for (guint i = 0; i < out.n; i++)
    out.p[i] /= sum;
  rca_instant_clear (&buckets);
  rca_instant_clear (&fine);
  return out;
}

RcaFacts *
rca_facts_new (RcaContext *c, RcaOutbreak *o)
{
  RcaFacts *f = g_new0 (RcaFacts, 1);
  f->c = c;
  f->o = o;
  f->span = (RcaSpan){ rca_context_time (c, o->from), rca_context_time (c, o->to) };
  f->joins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) join_unref);
  f->services = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  f->instances = g_array_new (FALSE, FALSE, sizeof (const char *));
  f->symptom = symptom_instant (f);
  f->hi_s = rca_facts_seconds (f, o->hi_ns);
  for (guint i = o->from; i < o->to; i++)
    f->bad += o->bad[i];
  f->m = CLAMP (o->total_excess / MAX (o->phi, 1), 1, 50);
  f->judged = judged_stream (c);
  learn_services (f);
  learn_instances (f);
  return f;
}

void
rca_facts_free (RcaFacts *f)
{
  if (!f)
    return;
  for (guint i = 0; i < RCA_N_FACTS; i++)
    g_clear_pointer (&f->frame[i], rca_frame_free);
  rca_instant_clear (&f->symptom);
  g_hash_table_unref (f->joins);
  g_hash_table_unref (f->services);
  g_array_unref (f->instances);
  g_free (f->failing_service);
  g_free (f);
}

/* ---- rises ------------------------------------------------------------- */

static gboolean *
before_incident (const RcaFacts *f)
{
  gboolean *quiet = g_new0 (gboolean, f->c->n);
  guint n = 0;
  for (guint i = 0; i < f->c->n; i++)
    n += quiet[i] = f->c->quiet[i] && (i + 5 < f->o->from || i > f->o->to);
  for (guint i = 0; n == 0 && i < f->c->n; i++)
    quiet[i] = TRUE;
  return quiet;
}

/* Which of the segments' starts is the rise that matters: of the upward steps not later than the
 * onset's upper end the last one that at least doubles what was before it; else the first inside. */
static gint
choose_rise (const RcaSeries *s, const GArray *starts, guint n, guint hi, guint to)
{
  gint chosen = -1;
  double tallest = 0;
  for (guint i = 0; i < starts->len; i++)
    {
      guint at = g_array_index (starts, guint, i), end = i + 1 < starts->len ? g_array_index (starts, guint, i + 1) : n;
      double now = rca_series_rate (s, at, end);
      double before = i > 0 ? rca_series_rate (s, g_array_index (starts, guint, i - 1), at) : now;
      if (i == 0 || now < 1.5 * before)
        continue;
      if (at <= hi && now >= 0.5 * tallest)
        chosen = (gint) i, tallest = MAX (tallest, now);
      else if (at > hi && at < to && chosen < 0)
        return (gint) i;
    }
  return chosen;
}

static gint64
rise_end (const RcaFacts *f, const RcaSeries *s, const GArray *starts, guint chosen, const RcaRise *rise)
{
  for (guint i = chosen + 1; i < starts->len; i++)
    {
      guint at = g_array_index (starts, guint, i), end = i + 1 < starts->len ? g_array_index (starts, guint, i + 1) : f->c->n;
      if (rca_series_rate (s, at, end) < rise->before + 0.25 * (rise->during - rise->before))
        return rca_context_time (f->c, at);
    }
  return RCA_TIME_NONE;
}

/* Buckets that say anything: a change can lie at none of the others, and a monitor samples every fifth. */
static guint
observed (const double *exposure, guint n)
{
  guint out = 0;
  for (guint i = 0; i < n; i++)
    out += !exposure || exposure[i] > 0;
  return MAX (out, 2);
}

gboolean
rca_rise_find (const RcaFacts *f, const double *k, const double *exposure, RcaModel model, guint n_series, RcaRise *out)
{
  const RcaContext *c = f->c;
  *out = (RcaRise){ .end_ns = RCA_TIME_NONE };
  g_autoptr (RcaSeries) s = rca_series_new (model, k, exposure, c->n);
  g_autofree gboolean *quiet = before_incident (f);
  double penalty = rca_change_penalty (observed (exposure, c->n), n_series);
  g_autoptr (GArray) rough = rca_changepoints (s, 0, c->n, 1.5, penalty);
  double phi = rca_overdispersion_within (s, rough, quiet);
  g_autoptr (GArray) starts = rca_changepoints (s, 0, c->n, phi, penalty);
  guint hi = rca_context_bucket (c, f->o->hi_ns) + 2;
  gint chosen = choose_rise (s, starts, c->n, hi, f->o->to);
  if (chosen < 0)
    return FALSE;
  guint before = g_array_index (starts, guint, chosen - 1);
  guint end = (guint) chosen + 1 < starts->len ? g_array_index (starts, guint, chosen + 1) : c->n;
  RcaOnset onset;
  if (!rca_onset_find (s, before, end, phi, &onset))
    return FALSE;
  double width = (double) c->width_ns / 1e9;
  out->bucket = onset.mode;
  out->onset = rca_instant_buckets (onset.p, onset.n, onset.from * width, width);
  out->onset_ns = rca_context_time (c, onset.mode);
  out->lo_ns = rca_context_time (c, onset.lo);
  out->hi_ns = rca_context_time (c, onset.hi) + c->width_ns;
  out->before = rca_series_rate (s, 0, onset.mode);
  out->during = rca_series_rate (s, onset.mode, MAX (onset.mode + 1, MIN (end, f->o->to)));
  out->gain = onset.gain;
  out->unseen = rca_series_k (s, 0, onset.lo) == 0;
  out->end_ns = rise_end (f, s, starts, (guint) chosen, out);
  rca_onset_clear (&onset);
  return TRUE;
}

void
rca_rise_clear (RcaRise *rise)
{
  rca_instant_clear (&rise->onset);
}
