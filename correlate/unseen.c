#include "unseen.h"
#include "change.h"
#include <math.h>

/* Where a kind of cause would be written. An edge that nobody logs is mostly no edge: no row. */
static const struct
{
  RcaKind kind;
  RcaStream stream;
} written_in[] = {
  { RCA_KIND_DEPLOY, RCA_STREAM_CHANGE },
  { RCA_KIND_CONFIG_CHANGE, RCA_STREAM_CHANGE },
  { RCA_KIND_BATCH_JOB, RCA_STREAM_CHANGE },
  { RCA_KIND_SLOW_QUERY, RCA_STREAM_DB },
  { RCA_KIND_LOCK_CONTENTION, RCA_STREAM_DB },
  { RCA_KIND_DB_FAULT, RCA_STREAM_DB },
  { RCA_KIND_RESOURCE, RCA_STREAM_MONITOR },
  { RCA_KIND_APP_ERROR, RCA_STREAM_APP },
  { RCA_KIND_UPSTREAM, RCA_STREAM_APP },
  { RCA_KIND_TLS, RCA_STREAM_APP },
  { RCA_KIND_DNS, RCA_STREAM_APP },
};

gboolean
rca_facts_observes (const RcaFacts *f, RcaStream stream)
{
  for (guint i = 0; i < f->c->sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (f->c->sources->source, i);
      if (s->stream != stream || s->parsed == 0 || s->first_ns == RCA_TIME_NONE)
        continue;
      if (s->first_ns + (gint64) (s->clock_offset_s * 1e9) < f->span.end_ns)
        return TRUE; /* one of changes that begins after the incident may begin too late, or its clock be wrong */
    }
  return FALSE;
}

/* Rows that state their version show a deploy as well as its log does. */
static gboolean
seen (const RcaFacts *f, RcaKind kind, RcaStream stream)
{
  return rca_facts_observes (f, stream) || (kind == RCA_KIND_DEPLOY && rca_context_states (f->c, RCA_STREAM_APP, RCA_FIELD_VERSION));
}

/* How often a cause of @kind shows as one certain of the things it can bring about. */
static double
rate_of (RcaKind kind)
{
  const RcaHypothesis *h = rca_hypothesis (kind);
  guint ways = 0;
  for (guint bits = h->brings_about; bits; bits &= bits - 1)
    ways++;
  return rca_prior (kind) / MAX (ways, 1);
}

static gboolean
brings_about (RcaKind kind, const RcaCandidate *c)
{
  if (!(rca_hypothesis (kind)->brings_about & RCA_KIND_BIT (c->kind)))
    return FALSE;
  return !(c->new_nature && rca_is_saturation (kind)); /* what never ran before is no consequence of load */
}

/* Rate of all unseen causes that could have brought about @c. */
static double
unseen_rate (const RcaFacts *f, const RcaCandidate *c)
{
  double sum = 0;
  for (guint i = 0; i < G_N_ELEMENTS (written_in); i++)
    if (written_in[i].kind != c->kind && brings_about (written_in[i].kind, c) && !seen (f, written_in[i].kind, written_in[i].stream))
      sum += rate_of (written_in[i].kind);
  sum *= rca_unseen_factor (c->kind);
  return f->c->options->trial ? sum * f->c->options->trial->unseen : sum;
}

/* Whether anything ties a change to what fails but the clock: its service writes there, or its version. */
static gboolean
scope_is_known (const RcaFacts *f, const RcaCandidate *c)
{
  if (c->kind != RCA_KIND_DEPLOY || !c->change->service || f->failing_service)
    return TRUE;
  return rca_change_is_tied (c);
}

static double
share_of_series (const RcaFacts *f, const RcaCandidate *c)
{
  double behind = unseen_rate (f, c);
  return behind / (behind + rca_prior (c->kind));
}

/* A change that took over a mechanism stands against all that could have set it off as well; how
 * near it lies speaks for it (L/λ, as in explaining away). */
static double
share_of_change (const RcaFacts *f, const RcaCandidate *c)
{
  if (!scope_is_known (f, c))
    return rca_weights.unseen_scope;
  if (!c->mechanism)
    return 0;
  double r = rca_change_takes (f, c, c->mechanism), behind = unseen_rate (f, c->mechanism);
  double own = rca_prior (c->mechanism->kind) + rate_of (c->kind) * r / MAX (1 - r, 1e-6);
  return behind / (behind + own);
}

double
rca_leave_to_unseen (RcaFacts *f, GPtrArray *candidates)
{
  double left = 0;
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (candidates, i);
      if (c->parent)
        continue;
      double share = MIN (c->change ? share_of_change (f, c) : share_of_series (f, c), rca_weights.unseen_most);
      left += share * c->mass;
      c->mass *= 1 - share;
    }
  return left;
}
