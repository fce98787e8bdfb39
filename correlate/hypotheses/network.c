/* network: connections between two hops are refused, reset or slow, or time is lost in nobody's own
 * time. Predicts connect times that rise or connect errors; refuted when every hop connects as before. */
#include "hypothesis.h"
#include "stats.h"
#include <math.h>

static const RcaFailure classes[] = { RCA_FAILURE_CONNECT_TIMEOUT, RCA_FAILURE_UNREACHABLE, RCA_FAILURE_DB_LOST, RCA_FAILURE_NONE };
static const RcaFailureRule rule = { .kind = RCA_KIND_NETWORK, .classes = classes, .own_peers = TRUE, .web = TRUE, .shared = TRUE, .what = "connections that broke or timed out", .subject = "network" };

/* Requests whose connect took over max (1.5 × p95 before, before + 5 ms), a bucket. */
static void
generate_connect (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *up = rca_facts_frame (f, RCA_FACT_UPSTREAMS);
  if (!up)
    return;
  RcaHistogram before = { 0 };
  for (guint e = 0; e < rca_frame_n_entities (up); e++)
    for (guint i = 0; i < f->o->from; i++)
      {
        const RcaHistogram *h = f->c->quiet[i] ? rca_frame_histogram (up, e, i, RCA_MEASURE_CONNECT) : NULL;
        if (h)
          rca_histogram_add (&before, h);
      }
  if (rca_histogram_count (&before) < 50)
    return;
  double p95 = rca_histogram_quantile_s (&before, 0.95), limit = MAX (1.5 * p95, p95 + 0.005);
  guint bin = rca_histogram_bin ((gint64) (limit * 1e9)) + 1;
  g_autofree double *slow = g_new0 (double, f->c->n), *all = g_new0 (double, f->c->n);
  double inside = 0, inside_all = 0;
  for (guint e = 0; e < rca_frame_n_entities (up); e++)
    for (guint i = 0; i < f->c->n; i++)
      {
        const RcaHistogram *h = rca_frame_histogram (up, e, i, RCA_MEASURE_CONNECT);
        if (!h)
          continue;
        slow[i] += (double) rca_histogram_count_from (h, bin);
        all[i] += (double) rca_histogram_count (h);
        if (i >= f->o->from && i < f->o->to)
          inside += (double) rca_histogram_count_from (h, bin), inside_all += (double) rca_histogram_count (h);
      }
  RcaRise rise;
  if (inside < 5 || !rca_rise_find (f, slow, all, RCA_MODEL_BINOMIAL, 5, &rise))
    return;
  RcaCandidate *c = rca_candidate_new (RCA_KIND_NETWORK, "web server → application", NULL);
  rca_candidate_take_rise (c, &rise);
  c->intensity = g_steal_pointer (&slow);
  c->share = MIN (1, inside / MAX (f->bad, 1));
  c->share_of_all = 0.05;
  c->detail = g_strdup_printf ("%.0f of %.0f connects took over %.0f ms", inside, inside_all, limit * 1000);
  rca_candidate_weigh_series (f, c, "the slow connects");
  g_ptr_array_add (out, c);
}

/* How much longer requests that went well took inside than before: a path that is slow slows them
 * all, a pool that leaks lets the lucky ones through as fast as ever. NAN without durations. */
static double
slowdown_of_the_good (const RcaFacts *f)
{
  RcaHistogram before = { { 0 } }, inside = { { 0 } };
  RcaFrame *frame = f->c->timed_frame;
  for (guint e = 0; frame && e <= rca_frame_n_entities (frame); e++)
    for (guint i = 0; i < f->o->to; i++)
      {
        const RcaHistogram *all = rca_frame_histogram (frame, e, i, RCA_MEASURE_DURATION), *bad = rca_frame_histogram (frame, e, i, RCA_MEASURE_FAILED_DURATION);
        if (!all || (i < f->o->from && !f->c->quiet[i]))
          continue;
        RcaHistogram *into = i >= f->o->from ? &inside : &before;
        for (guint b = 0; b < RCA_HISTOGRAM_BINS; b++)
          into->bin[b] += all->bin[b] - (bad ? MIN (bad->bin[b], all->bin[b]) : 0);
      }
  if (rca_histogram_count (&before) < 50 || rca_histogram_count (&inside) < 5)
    return NAN;
  return rca_histogram_quantile_s (&inside, 0.5) / MAX (rca_histogram_quantile_s (&before, 0.5), 1e-4);
}

/* Application requests slow or without a connection although the database answers as ever: the time
 * is lost between the two. */
static void
generate_database_path (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *statements = rca_facts_frame (f, RCA_FACT_STATEMENTS);
  guint bits = 1u << RCA_FAILURE_POOL_TIMEOUT | 1u << RCA_FAILURE_DB_LOST | 1u << RCA_FAILURE_DB_REFUSED;
  double share = rca_facts_failure_share (f, bits);
  for (guint i = 0; i < out->len; i++)
    {
      RcaKind kind = ((RcaCandidate *) g_ptr_array_index (out, i))->kind;
      if (kind == RCA_KIND_SLOW_QUERY || kind == RCA_KIND_LOCK_CONTENTION)
        return; /* the database has an explanation of its own */
    }
  if (isnan (share) || share < 0.3 || !statements)
    return;
  double in = 0, before = 0;
  for (guint e = 0; e < rca_frame_n_entities (statements); e++)
    for (guint i = 0; i < f->c->n; i++)
      *(i >= f->o->from && i < f->o->to ? &in : &before) += i < f->o->to ? rca_frame_series (statements, e, RCA_MEASURE_COUNT)[i] : 0;
  g_autofree double *series = rca_facts_failure_series (f, bits, FALSE);
  RcaRise rise;
  if (!series || !rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, 5, &rise))
    return;
  double slow = rca_facts_slow_share (f), slowdown = slowdown_of_the_good (f);
  if ((!isnan (slow) && slow < 0.3) || (!isnan (slowdown) && slowdown < 3))
    {
      rca_rise_clear (&rise);
      return;
    }
  RcaCandidate *c = rca_candidate_new (RCA_KIND_NETWORK, "application → database", f->failing_service);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = TRUE;
  c->failures = bits;
  c->shared = TRUE;
  c->share = share;
  c->share_of_all = 0.02;
  c->intensity = g_steal_pointer (&series);
  c->detail = g_strdup ("requests waited for the database while its own log shows no slow statement, lock or refusal");
  rca_candidate_weigh_series (f, c, "the lost time on the way to the database");
  for (gint k = 1; k < RCA_N_FAILURES; k++)
    if (bits & (1u << k))
      {
        g_autoptr (GPtrArray) rows = rca_facts_cite_value (f, RCA_STREAM_APP, RCA_DIM_FAILURE, rca_failure_name ((RcaFailure) k), c->lo_ns, 1, g_ptr_array_index (c->evidence, 0));
      }
  g_ptr_array_add (out, c);
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_failures (f, &rule, out);
  generate_connect (f, out);
  generate_database_path (f, out);
}

const RcaHypothesis rca_hypothesis_network = {
  .kind = RCA_KIND_NETWORK,
  .brings_about = RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_DB_FAULT) | RCA_KIND_BIT (RCA_KIND_INSTANCE),
  .generate = generate,
  .remedy = "look at the path between the two ends (ss -ti, mtr, firewall and security-group changes)",
};
