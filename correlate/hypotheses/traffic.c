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

static void
generate (RcaFacts *f, GPtrArray *out)
{
  RcaRise rise;
  if (!rca_rise_find (f, f->c->site->requests, NULL, RCA_MODEL_POISSON, 5, &rise))
    return;
  if (rise.during < 1.3 * rise.before || rise.before <= 0)
    {
      rca_rise_clear (&rise);
      return;
    }
  double part = 0, growth = rise.during / rise.before;
  g_autofree char *who = flooder (f, rise.bucket, &part);
  g_autofree char *route = busiest_route (f, rise.bucket);
  gboolean flood = who && part > 0.5;
  g_autofree char *subject = flood ? g_strdup_printf ("%s on %s", who, route) : g_strdup_printf ("surge on %s", route);
  RcaCandidate *c = rca_candidate_new (RCA_KIND_TRAFFIC, subject, NULL);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = TRUE;
  c->intensity = g_memdup2 (f->c->site->requests, f->c->n * sizeof (double));
  c->detail = flood ? g_strdup_printf ("%.1f times the requests of before, %.0f %% of the growth from %s", growth, 100 * part, who)
                    : g_strdup_printf ("%.1f times the requests of before, from many clients", growth);
  rca_candidate_weigh_series (f, c, "the rise of traffic");
  rca_candidate_add (c, RCA_EVIDENCE_SHARE, CLAMP (2 * log (growth), 0, 4), "%.1f times the requests carried healthily before", growth);
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
  .prior = 0.08,
  .prior_source = "user behaviour 9 % (SRE Workbook)",
  .brings_about = RCA_KIND_BIT (RCA_KIND_RESOURCE) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_INSTANCE)
                  | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_NETWORK),
  .generate = generate,
  .remedy = "shed load: rate limits, cached or simplified pages, more instances",
};
