/* upstream: somebody else's service that the application calls (payment, search, mail) fails or is
 * slow. Predicts that the failing requests are those that called it, and that their records name it. */
#include "hypothesis.h"
#include <math.h>

static const RcaFailure classes[] = { RCA_FAILURE_READ_TIMEOUT, RCA_FAILURE_UPSTREAM_ERROR, RCA_FAILURE_REFUSED, RCA_FAILURE_RESET,
                                      RCA_FAILURE_CONNECT_TIMEOUT, RCA_FAILURE_UNREACHABLE, RCA_FAILURE_NO_UPSTREAM, RCA_FAILURE_LIMIT, RCA_FAILURE_NONE };
/* "429 Too Many Requests" from somebody who is named is that one's limit; else it is the site's own */
static const RcaFailureRule rule = { .kind = RCA_KIND_UPSTREAM, .classes = classes, .by_peer = TRUE, .what = "failed calls", .subject = "a service the application calls",
                                     .nameless = TRUE, .foreign = 1u << RCA_FAILURE_LIMIT };

/* Calls that only became slower leave no failure: their own durations tell. */
static void
generate_slow_calls (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *calls = rca_facts_frame (f, RCA_FACT_CALLS);
  for (guint e = 0; calls && e < rca_frame_n_entities (calls); e++)
    {
      const char *peer = rca_frame_value (calls, e, 0);
      const double *busy = rca_frame_series (calls, e, RCA_MEASURE_DURATION), *n = rca_frame_series_n (calls, e, RCA_MEASURE_DURATION);
      if (!*peer || rca_facts_is_own (f, peer) || !busy || !n)
        continue;
      gboolean have = FALSE;
      for (guint i = 0; i < out->len && !have; i++)
        have = ((RcaCandidate *) g_ptr_array_index (out, i))->kind == RCA_KIND_UPSTREAM && g_str_equal (((RcaCandidate *) g_ptr_array_index (out, i))->subject, peer);
      double sum = 0, calls_n = 0, inside = 0, inside_n = 0;
      for (guint i = 0; i < f->c->n; i++)
        {
          sum += busy[i], calls_n += n[i];
          if (i >= f->o->from && i < f->o->to)
            inside += busy[i], inside_n += n[i];
        }
      if (have || calls_n < 10 || inside_n < 3 || inside / inside_n < 0.1)
        continue;
      RcaRise rise;
      g_autofree double *load = g_new (double, f->c->n);
      for (guint i = 0; i < f->c->n; i++)
        load[i] = busy[i] / (inside / inside_n);
      if (!rca_rise_find (f, load, NULL, RCA_MODEL_POISSON, 20, &rise) || rise.during < 2 * rise.before)
        {
          rca_rise_clear (&rise);
          continue;
        }
      RcaCandidate *c = rca_candidate_new (RCA_KIND_UPSTREAM, peer, f->failing_service);
      rca_candidate_take_rise (c, &rise);
      c->intensity = g_steal_pointer (&load);
      double before_n = calls_n - inside_n, before = before_n > 0 ? (sum - inside) / before_n : 0;
      c->detail = g_strdup_printf ("calls took %.2f s on average, %.2f s before", inside / inside_n, before);
      c->share = MIN (1, inside_n / MAX (f->bad, 1));
      c->share_of_all = 0.3;
      rca_candidate_weigh_series (f, c, "the slow calls");
      g_autoptr (GPtrArray) rows = rca_facts_cite_value (f, RCA_STREAM_APP, RCA_DIM_PEER, peer, c->onset_ns, 2, g_ptr_array_index (c->evidence, 0));
      g_ptr_array_add (out, c);
    }
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_failures (f, &rule, out);
  generate_slow_calls (f, out);
}

const RcaHypothesis rca_hypothesis_upstream = {
  .kind = RCA_KIND_UPSTREAM,
  .brings_about = RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_RESOURCE) | RCA_KIND_BIT (RCA_KIND_INSTANCE),
  .generate = generate,
  .remedy = "switch it off or over (circuit breaker, second provider); shorten its time-out; ask its status page",
};
