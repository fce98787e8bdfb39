/* config_change: configuration, feature flags, packages. Like a deploy without a version; what it
 * sets off may be a limit as well. */
#include "change.h"

static const RcaFailure limits[] = { RCA_FAILURE_LIMIT, RCA_FAILURE_NONE };
static const RcaFailureRule limit_rule = { .kind = RCA_KIND_CONFIG_CHANGE, .classes = limits, .own_peers = TRUE, .web = TRUE, .what = "requests turned away by a limit",
                                           .subject = "a rate or connection limit", .domestic = 1u << RCA_FAILURE_LIMIT };

/* Turned away with 429: the status itself says what for. */
static void
generate_limited (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *site = f->c->site_frame;
  const double *limited = rca_frame_n_entities (site) ? rca_frame_series (site, 0, RCA_MEASURE_LIMITED) : NULL;
  double inside = 0;
  for (guint i = f->o->from; limited && i < f->o->to; i++)
    inside += limited[i];
  for (guint i = 0; i < out->len; i++)
    if (((RcaCandidate *) g_ptr_array_index (out, i))->failures & 1u << RCA_FAILURE_LIMIT)
      return; /* the limit's own lines tell more */
  RcaRise rise;
  if (f->o->failing != RCA_FAIL_REFUSED || inside < 0.5 * f->bad || !rca_rise_find (f, limited, NULL, RCA_MODEL_POISSON, 5, &rise))
    return;
  RcaCandidate *c = rca_candidate_new (RCA_KIND_CONFIG_CHANGE, limit_rule.subject, NULL);
  rca_candidate_take_rise (c, &rise);
  c->failures = 1u << RCA_FAILURE_LIMIT;
  c->share = MIN (1, inside / f->bad);
  c->share_of_all = 0.02;
  c->intensity = g_memdup2 (limited, f->c->n * sizeof *limited);
  c->detail = g_strdup_printf ("%.0f requests answered 429", inside);
  rca_candidate_weigh_series (f, c, "the answers 429");
  g_autoptr (GPtrArray) rows = rca_facts_cite_value (f, f->c->stream, RCA_DIM_STATUS_CLASS, "429", c->lo_ns, 3, g_ptr_array_index (c->evidence, 0));
  g_ptr_array_add (out, c);
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_changes (f, RCA_KIND_CONFIG_CHANGE, 1u << RCA_CHANGE_CONFIG | 1u << RCA_CHANGE_FLAG | 1u << RCA_CHANGE_PACKAGE, out);
  rca_generate_failures (f, &limit_rule, out); /* a limit that nobody logged, or one set wrong */
  generate_limited (f, out);
}

const RcaHypothesis rca_hypothesis_config_change = {
  .kind = RCA_KIND_CONFIG_CHANGE,
  .brings_about = RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION)
                  | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_RESOURCE)
                  | RCA_KIND_BIT (RCA_KIND_CACHE) | RCA_KIND_BIT (RCA_KIND_TRAFFIC) | RCA_KIND_BIT (RCA_KIND_CONFIG_CHANGE),
  .generate = generate,
  .remedy = "take it back",
};
