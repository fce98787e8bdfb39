/* app_error: a fault in the code: an exception, or an error message, that failing requests carry and
 * healthy ones do not. Errors that name something else (a time-out, a pool, a peer) are that
 * thing's trace, not a fault of the code; errors that name no reason at all are the symptom's. */
#include "hypothesis.h"
#include "stats.h"
#include <math.h>

static const char *const loud[] = { "error", "fatal", NULL };

/* "unhandled exception while serving /x", "request failed": whatever the cause, such a line comes
 * with every failing request. A fault of the code leaves one in half of the programs, others in
 * a third (judgement: most libraries say what they waited for): log (0.5 / 0.3). */
static const double names_no_reason = 0.5;

static gboolean
is_unnamed (const char *failure)
{
  return g_str_equal (failure, "") || g_str_equal (failure, "none");
}

static gboolean
is_code_fault (const char *failure)
{
  return g_str_equal (failure, "exception") || g_str_equal (failure, "db_error");
}

static void
add_fault (RcaFacts *f, RcaDimension dimension, const char *name, gboolean unnamed, double *series, guint n_series, GPtrArray *out)
{
  RcaRise rise;
  double inside = 0;
  for (guint i = f->o->from; i < f->o->to; i++)
    inside += series[i];
  if (inside < 3 || !rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, n_series, &rise))
    return;
  RcaCandidate *c = rca_candidate_new (RCA_KIND_APP_ERROR, name, f->failing_service);
  rca_candidate_take_rise (c, &rise);
  /* who is turned away with a 4xx is told why: "missing scope" is a reason, and its first time a change of nature */
  unnamed = unnamed && !(f->o->failing == RCA_FAIL_REFUSED && c->unseen);
  c->trace = unnamed;
  c->new_nature = c->unseen && !unnamed;
  c->failures = 1u << RCA_FAILURE_EXCEPTION | 1u << RCA_FAILURE_DB_ERROR;
  c->intensity = g_memdup2 (series, f->c->n * sizeof *series);
  RcaJoin *join = rca_facts_join (f, RCA_STREAM_APP, dimension, RCA_DIM_SEVERITY, loud);
  double joined = rca_facts_carried (join, name, NULL);
  c->share = isnan (joined) ? MIN (1, inside / MAX (f->bad, 1)) : joined;
  c->share_of_all = 0.02;
  c->detail = g_strdup_printf ("%.0f times", inside);
  if (unnamed)
    rca_candidate_add (c, RCA_EVIDENCE_SHARE, names_no_reason, "%.0f %% of the failing requests wrote it; it does not say why", 100 * c->share);
  else
    rca_candidate_weigh_series (f, c, "the error");
  g_autoptr (GPtrArray) rows = rca_facts_cite_value (f, RCA_STREAM_APP, dimension, name, c->lo_ns, 3, g_ptr_array_index (c->evidence, 0));
  if (rows->len && ((RcaRow *) g_ptr_array_index (rows, 0))->service)
    {
      g_free (c->service);
      c->service = g_strdup (((RcaRow *) g_ptr_array_index (rows, 0))->service);
    }
  if (c->unseen && !unnamed)
    {
      double reach = MAX (60, (double) (c->lo_ns - f->c->span.start_ns) / 1e9);
      rca_candidate_add (c, RCA_EVIDENCE_NOVELTY, rca_weight_novelty (0.5 / reach, 30), "not seen in the %.0f s of logs before", reach);
    }
  g_ptr_array_add (out, c);
}

static void
generate_from (RcaFacts *f, RcaFact fact, RcaDimension dimension, GPtrArray *out)
{
  RcaFrame *frame = rca_facts_frame (f, fact);
  guint n = frame ? rca_frame_n_entities (frame) : 0;
  for (guint e = 0; e < n; e++)
    {
      const char *name = rca_frame_value (frame, e, 0), *failure = rca_frame_value (frame, e, 1);
      gboolean unnamed = is_unnamed (failure);
      if (*name && (unnamed || is_code_fault (failure)))
        add_fault (f, dimension, name, unnamed, (double *) rca_frame_series (frame, e, RCA_MEASURE_COUNT), n, out);
    }
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  guint first = out->len;
  generate_from (f, RCA_FACT_EXCEPTIONS, RCA_DIM_EXCEPTION, out);
  for (guint i = first; i < out->len; i++)
    if (((RcaCandidate *) g_ptr_array_index (out, i))->share >= 0.2)
      return; /* the exceptions' own lines would only be counted once more as texts */
  generate_from (f, f->o->failing == RCA_FAIL_REFUSED ? RCA_FACT_WARNINGS : RCA_FACT_TEMPLATES, RCA_DIM_TEMPLATE, out);
}

const RcaHypothesis rca_hypothesis_app_error = {
  .kind = RCA_KIND_APP_ERROR,
  .brings_about = RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_RESOURCE),
  .generate = generate,
  .remedy = "see the stack trace; roll back what brought it, or switch the code path off",
};
