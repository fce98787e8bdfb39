/* instance: one of several instances fails and the others do not. Space outranks time: predicts that
 * the failing requests were served there; refuted when they spread as the traffic does. */
#include "hypothesis.h"
#include <math.h>

typedef struct
{
  double bad, good, all;
} Part;

static Part
part_of (const RcaFacts *f, RcaFrame *frame, guint e)
{
  const double *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT), *failed = rca_frame_series (frame, e, RCA_MEASURE_FAILED);
  Part p = { 0, 0, 0 };
  gboolean slow = f->o->failing == RCA_FAIL_SLOW;
  guint bin = f->c->site->slow_ns == G_MAXINT64 ? RCA_HISTOGRAM_BINS : rca_histogram_bin (f->c->site->slow_ns);
  for (guint i = f->o->from; i < f->o->to; i++)
    {
      p.all += count[i];
      const RcaHistogram *h = slow ? rca_frame_histogram (frame, e, i, RCA_MEASURE_DURATION) : NULL;
      p.bad += slow ? (h && bin < RCA_HISTOGRAM_BINS ? (double) rca_histogram_count_from (h, bin) : 0) : failed[i];
    }
  p.good = p.all - p.bad;
  return p;
}

static char *
instance_label (const RcaFacts *f, const char *upstream)
{
  for (guint i = 0; i < f->c->sources->peer->len; i++)
    {
      const RcaPeer *peer = g_ptr_array_index (f->c->sources->peer, i);
      if (g_str_equal (peer->upstream, upstream) && peer->instance)
        return g_strdup_printf ("%s (%s)", peer->instance, upstream);
    }
  return g_strdup (upstream);
}

static double *
bad_series (const RcaFacts *f, RcaFrame *frame, guint e)
{
  double *out = g_new0 (double, f->c->n);
  const double *failed = rca_frame_series (frame, e, RCA_MEASURE_FAILED);
  guint bin = f->c->site->slow_ns == G_MAXINT64 ? RCA_HISTOGRAM_BINS : rca_histogram_bin (f->c->site->slow_ns);
  for (guint i = 0; i < f->c->n; i++)
    {
      const RcaHistogram *h = f->o->failing == RCA_FAIL_SLOW ? rca_frame_histogram (frame, e, i, RCA_MEASURE_DURATION) : NULL;
      out[i] = f->o->failing == RCA_FAIL_SLOW ? (h && bin < RCA_HISTOGRAM_BINS ? (double) rca_histogram_count_from (h, bin) : 0) : failed[i];
    }
  return out;
}

static void
generate_from (RcaFacts *f, RcaFrame *frame, RcaStream stream, RcaDimension dimension, GPtrArray *out)
{
  guint n = rca_frame_n_entities (frame), named = 0;
  Part total = { 0, 0, 0 };
  for (guint e = 0; e < n; e++)
    if (*rca_frame_value (frame, e, 0))
      {
        Part p = part_of (f, frame, e);
        total.bad += p.bad, total.all += p.all;
        named += p.all >= 5;
      }
  if (named < 2 || total.bad < 5 || total.bad < 0.5 * f->bad)
    return;
  for (guint e = 0; e < n; e++)
    {
      const char *name = rca_frame_value (frame, e, 0);
      Part p = part_of (f, frame, e);
      double share = p.bad / total.bad, q = p.all / total.all;
      double others = (total.bad - p.bad) / MAX (1, total.all - p.all), own = p.bad / MAX (1, p.all);
      if (!*name || p.bad < 5 || share < 0.5 || own < 3 * others)
        continue;
      RcaRise rise;
      g_autofree double *series = bad_series (f, frame, e);
      if (!rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, n, &rise))
        continue;
      g_autofree char *label = instance_label (f, name);
      RcaCandidate *c = rca_candidate_new (RCA_KIND_INSTANCE, label, f->failing_service);
      rca_candidate_take_rise (c, &rise);
      c->new_nature = c->unseen;
      c->share = share;
      c->share_of_all = q;
      c->detail = g_strdup_printf ("%.0f %% of its requests failed, %.1f %% elsewhere", 100 * own, 100 * others);
      rca_candidate_weigh_series (f, c, "the instance's failing");
      const char *value[2] = { name, NULL };
      RcaFilter filter = { dimension, value, FALSE };
      RcaRowQuery query = { .span = { c->lo_ns, f->span.end_ns }, .stream = stream, .filter = &filter, .n_filters = 1, .failed_only = f->o->failing == RCA_FAIL_ERROR, .limit = 3 };
      g_autoptr (GPtrArray) rows = rca_facts_cite (f, &query, g_ptr_array_index (c->evidence, 0));
      c->remedy = g_strdup_printf ("take %s out of the balancer, then look at it", label);
      g_ptr_array_add (out, c);
    }
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *up = rca_facts_frame (f, RCA_FACT_UPSTREAMS);
  guint before = out->len;
  if (up)
    generate_from (f, up, RCA_STREAM_ACCESS, RCA_DIM_UPSTREAM, out);
  RcaFrame *own = out->len == before ? rca_facts_frame (f, RCA_FACT_INSTANCES) : NULL;
  if (own)
    generate_from (f, own, RCA_STREAM_APP, RCA_DIM_INSTANCE, out);
}

const RcaHypothesis rca_hypothesis_instance = {
  .kind = RCA_KIND_INSTANCE,
  .brings_about = RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_NETWORK) | RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_RESOURCE),
  .generate = generate,
  .remedy = "take it out of the balancer",
};
