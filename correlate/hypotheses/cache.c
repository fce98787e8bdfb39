/* cache: the cache is empty, gone or full, and what it kept away reaches the layers behind it.
 * Predicts cache errors, or a hit ratio that falls at the onset and recovers with it. */
#include "hypothesis.h"
#include <math.h>

static const RcaFailure classes[] = { RCA_FAILURE_CACHE, RCA_FAILURE_NONE };
static const RcaFailureRule rule = { .kind = RCA_KIND_CACHE, .classes = classes, .shared = TRUE, .what = "cache errors", .subject = "cache" };

static gboolean
is_hit (const char *status)
{
  return g_str_has_prefix (status, "hit") || g_str_has_suffix (status, "hit") || g_str_equal (status, "stale") || g_str_equal (status, "revalidated");
}

static void
generate_hit_ratio (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *edge = rca_facts_frame (f, RCA_FACT_EDGE);
  if (!edge)
    return;
  g_autofree double *miss = g_new0 (double, f->c->n), *all = g_new0 (double, f->c->n);
  double hits = 0;
  for (guint e = 0; e < rca_frame_n_entities (edge); e++)
    {
      const char *status = rca_frame_value (edge, e, 0);
      const double *n = rca_frame_series (edge, e, RCA_MEASURE_COUNT);
      if (!*status || g_str_equal (status, "pass"))
        continue;
      for (guint i = 0; i < f->c->n; i++)
        {
          all[i] += n[i];
          if (!is_hit (status))
            miss[i] += n[i];
          else
            hits += n[i];
        }
    }
  RcaRise rise;
  if (hits < 50 || !rca_rise_find (f, miss, all, RCA_MODEL_BINOMIAL, 5, &rise))
    return;
  if (rise.during < rise.before + 0.1)
    {
      rca_rise_clear (&rise);
      return;
    }
  RcaCandidate *c = rca_candidate_new (RCA_KIND_CACHE, "edge cache", NULL);
  c->detail = g_strdup_printf ("%.0f %% of what may be cached missed, %.0f %% before", 100 * rise.during, 100 * rise.before);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = TRUE;
  c->shared = TRUE;
  c->intensity = g_steal_pointer (&miss);
  rca_candidate_weigh_series (f, c, "the fall of the hit ratio");
  const char *value[2] = { "miss", NULL };
  RcaFilter filter = { RCA_DIM_CACHE_STATUS, value, FALSE };
  RcaRowQuery q = { .span = { c->onset_ns, f->span.end_ns }, .stream = RCA_STREAM_CDN, .filter = &filter, .n_filters = 1, .limit = 2 };
  g_autoptr (GPtrArray) rows = rca_facts_cite (f, &q, g_ptr_array_index (c->evidence, 0));
  g_ptr_array_add (out, c);
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_failures (f, &rule, out);
  generate_hit_ratio (f, out);
}

const RcaHypothesis rca_hypothesis_cache = {
  .kind = RCA_KIND_CACHE,
  .brings_about = RCA_KIND_BIT (RCA_KIND_TRAFFIC) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_RESOURCE)
                  | RCA_KIND_BIT (RCA_KIND_CDN) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_NETWORK),
  .generate = generate,
  .remedy = "let the cache fill (request coalescing, stale-while-revalidate); hold back what is cheap to refuse",
};
