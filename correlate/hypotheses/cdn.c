/* cdn: the edge fails by itself: its failures are not the origin's, or it sends the origin another
 * mix of requests. Refuted when the origin produced the failures and the mix is unchanged. */
#include "change.h"
#include <math.h>

/* Failures at the edge that the origin did not answer: edge 5xx less origin 5xx, a bucket. */
static double *
edge_only (RcaFacts *f, double *edge_bad, double *origin_bad)
{
  RcaFrame *edge = rca_facts_frame (f, RCA_FACT_EDGE), *origin = rca_facts_frame (f, RCA_FACT_ORIGIN);
  if (!edge)
    return NULL;
  double *out = g_new0 (double, f->c->n);
  *edge_bad = *origin_bad = 0;
  for (guint i = 0; i < f->c->n; i++)
    {
      double bad = 0, behind = 0;
      for (guint e = 0; e < rca_frame_n_entities (edge); e++)
        bad += rca_frame_series (edge, e, RCA_MEASURE_FAILED)[i];
      for (guint e = 0; origin && e < rca_frame_n_entities (origin); e++)
        behind += rca_frame_series (origin, e, RCA_MEASURE_FAILED)[i];
      out[i] = MAX (0, bad - behind);
      if (i >= f->o->from && i < f->o->to)
        *edge_bad += bad, *origin_bad += behind;
    }
  return out;
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_changes (f, RCA_KIND_CDN, 1u << RCA_CHANGE_CONFIG | 1u << RCA_CHANGE_FLAG, out);
  double edge_bad = 0, origin_bad = 0;
  g_autofree double *series = edge_only (f, &edge_bad, &origin_bad);
  gboolean origin_seen = rca_context_has_stream (f->c, RCA_STREAM_ACCESS);
  RcaRise rise;
  if (!series || edge_bad < 5 || !origin_seen || edge_bad - origin_bad < 0.3 * edge_bad || !rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, 5, &rise))
    return;
  RcaCandidate *c = rca_candidate_new (RCA_KIND_CDN, "edge", NULL);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = TRUE;
  c->share = (edge_bad - origin_bad) / edge_bad;
  c->share_of_all = 0.02;
  c->detail = g_strdup_printf ("%.0f requests failed at the edge, %.0f at the origin", edge_bad, origin_bad);
  rca_candidate_weigh_series (f, c, "the edge's own failing");
  RcaRowQuery q = { .span = { c->lo_ns, f->span.end_ns }, .stream = RCA_STREAM_CDN, .failed_only = TRUE, .limit = 3 };
  g_autoptr (GPtrArray) rows = rca_facts_cite (f, &q, g_ptr_array_index (c->evidence, 0));
  g_ptr_array_add (out, c);
}

const RcaHypothesis rca_hypothesis_cdn = {
  .kind = RCA_KIND_CDN,
  .brings_about = RCA_KIND_BIT (RCA_KIND_CDN) | RCA_KIND_BIT (RCA_KIND_CACHE) | RCA_KIND_BIT (RCA_KIND_TRAFFIC),
  .generate = generate,
  .remedy = "take the edge's last configuration back; send traffic past it to the origin",
};
