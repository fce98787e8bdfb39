/* traffic: more requests than the site carries, from all (a surge) or from few (a flood). Predicts
 * that the rate rose before the failing, above what was carried healthily; retries are no traffic. */
#include "hypothesis.h"
#include "stats.h"
#include <math.h>

/* The network with the greatest growth, when it makes up a good part of the additional requests. */
static char *
flooder (RcaFacts *f, guint onset, double *part)
{
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_NETWORKS);
  double grown = 0, best = 0;
  const char *who = NULL;
  guint n = f->c->n, to = MIN (f->o->to, n);
  if (!frame || onset == 0 || to <= onset)
    return NULL;
  for (guint e = 0; e <= rca_frame_n_entities (frame); e++)
    {
      const double *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT);
      double in = 0, out = 0;
      for (guint i = 0; i < to && count; i++)
        *(i >= onset ? &in : &out) += count[i];
      double more = in - out / onset * (to - onset);
      grown += MAX (0, more);
      if (e < rca_frame_n_entities (frame) && more > best && *rca_frame_value (frame, e, 0))
        best = more, who = rca_frame_value (frame, e, 0);
    }
  *part = grown > 0 ? best / grown : 0;
  return who ? g_strdup (who) : NULL;
}

static char *
busiest_route (RcaFacts *f, guint onset)
{
  const RcaTraffic *best = NULL;
  double top = 0;
  for (guint r = 0; r < f->c->routes->len; r++)
    {
      const RcaTraffic *t = g_ptr_array_index (f->c->routes, r);
      double in = 0, out = 0;
      for (guint i = 0; i < f->o->to; i++)
        *(i >= onset ? &in : &out) += t->requests[i];
      double more = in - (onset ? out / onset * (f->o->to - onset) : 0);
      if (more > top)
        top = more, best = t;
    }
  return g_strdup (best ? best->name : "all routes");
}

/* The highest rate over 10 s that was carried healthily before the failing, in requests a bucket.
 * A rise that began less than half a minute before the failing had not been carried yet: queues
 * take a while to fill. */
static double
carried_before (const RcaFacts *f, const RcaRise *rise)
{
  gint64 until = f->o->lo_ns - rise->lo_ns < 30 * RCA_NS_PER_S ? MIN (rise->lo_ns, f->o->lo_ns) : f->o->lo_ns;
  guint w = (guint) MAX (1, 10 * RCA_NS_PER_S / f->c->width_ns), end = MIN (rca_context_bucket (f->c, until), f->c->n);
  double sum = 0, top = 0;
  for (guint i = 0; i < end; i++)
    {
      sum += f->c->site->requests[i] - (i >= w ? f->c->site->requests[i - w] : 0);
      if (i + 1 >= w)
        top = MAX (top, sum / w);
    }
  return top;
}

static double
mean_inside (const RcaFacts *f)
{
  double sum = 0;
  for (guint i = f->o->from; i < f->o->to; i++)
    sum += f->c->site->requests[i];
  return sum / MAX (1, f->o->to - f->o->from);
}

/* Where the logs begin there is no rate to rise from. */
static double *
exposure (const RcaFacts *f)
{
  double *e = g_new0 (double, f->c->n);
  guint first = 0;
  while (first < f->c->n && f->c->site->requests[first] <= 0)
    first++;
  for (guint i = first + 1; i < f->c->n; i++)
    e[i] = 1;
  return e;
}

/* Who is turned down asks again. A rise that comes with the failing or after it, while no more requests
 * go well than before, may be all of it the same users' next tries. */
static gboolean
may_be_retries (const RcaFacts *f, const RcaRise *rise)
{
  const RcaTraffic *t = f->c->site;
  guint onset = MAX (rise->bucket, f->o->from);
  double well = 0;
  for (guint i = onset; i < f->o->to; i++)
    well += MAX (0, t->requests[i] - rca_traffic_bad (t, RCA_FAIL_ERROR)[i] - t->refused[i]);
  return f->o->failing != RCA_FAIL_SLOW && rise->onset_ns >= f->o->lo_ns && well <= 1.15 * rise->before * (f->o->to - onset);
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  RcaRise rise;
  g_autofree double *seen = exposure (f), *requests = g_new (double, f->c->n);
  for (guint i = 0; i < f->c->n; i++)
    requests[i] = seen[i] > 0 ? f->c->site->requests[i] : 0;
  if (!rca_rise_find (f, requests, seen, RCA_MODEL_POISSON, 5, &rise))
    return;
  /* what was carried well for a while is no surge, whenever it began */
  double healthy = carried_before (f, &rise), growth = healthy > 0 ? mean_inside (f) / healthy : 0;
  if (rise.during < 1.3 * rise.before || rise.before <= 0 || growth < 1.15 || may_be_retries (f, &rise))
    {
      rca_rise_clear (&rise);
      return;
    }
  double part = 0;
  g_autofree char *who = flooder (f, rise.bucket, &part);
  g_autofree char *route = busiest_route (f, rise.bucket);
  gboolean flood = who && part > 0.5;
  g_autofree char *subject = flood ? g_strdup_printf ("%s on %s", who, route) : g_strdup_printf ("surge on %s", route);
  RcaCandidate *c = rca_candidate_new (RCA_KIND_TRAFFIC, subject, NULL);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = TRUE;
  c->intensity = g_memdup2 (f->c->site->requests, f->c->n * sizeof (double));
  c->detail = flood ? g_strdup_printf ("%.1f times the highest rate carried before, %.0f %% of the growth from %s", growth, 100 * part, who)
                    : g_strdup_printf ("%.1f times the highest rate carried before, from many clients", growth);
  rca_candidate_weigh_series (f, c, "the rise of traffic");
  /* capacity is seldom planned for less than half as much again as the usual peak */
  rca_candidate_add (c, RCA_EVIDENCE_SHARE, CLAMP (4 * log (growth / 1.3), -2, 4), "%.1f times the highest rate (over 10 s) that was carried healthily before", growth);
  c->remedy = flood ? g_strdup_printf ("limit or block %s", who) : NULL;
  RcaRowQuery q = { .span = { c->onset_ns, f->span.end_ns }, .stream = f->c->stream, .limit = 2 };
  const char *value[2] = { who, NULL };
  RcaFilter filter = { RCA_DIM_NETWORK, value, FALSE };
  if (flood)
    q.filter = &filter, q.n_filters = 1;
  g_autoptr (GPtrArray) rows = rca_facts_cite (f, &q, g_ptr_array_index (c->evidence, 0));
  g_ptr_array_add (out, c);
}

const RcaHypothesis rca_hypothesis_traffic = {
  .kind = RCA_KIND_TRAFFIC,
  .brings_about = RCA_KIND_BIT (RCA_KIND_RESOURCE) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_INSTANCE)
                  | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_NETWORK) | RCA_KIND_BIT (RCA_KIND_CONFIG_CHANGE),
  .generate = generate,
  .remedy = "shed load: rate limits, cached or simplified pages, more instances",
};
