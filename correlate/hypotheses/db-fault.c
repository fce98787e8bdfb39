/* db_fault: the database itself: crash, restart, fail-over, replica behind, read-only, lost connections. */
#include "hypothesis.h"
#include <math.h>

static const char *const hard[] = { "crash", "stop", "start", "replication", "memory", NULL };

/* The database's own word for it, near the onset; without one, lost connections may be the network. */
static GPtrArray *
own_words (RcaFacts *f)
{
  RcaFilter filter = { RCA_DIM_DB_EVENT, hard, FALSE };
  RcaRowQuery q = { .span = { f->o->lo_ns - 20 * RCA_NS_PER_S, f->span.end_ns }, .stream = RCA_STREAM_DB, .filter = &filter, .n_filters = 1, .limit = 5 };
  return rca_store_rows (f->c->store, &q, NULL);
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  g_autoptr (GPtrArray) words = own_words (f);
  gboolean told = words && words->len > 0;
  guint bits = 1u << RCA_FAILURE_DB_LOST | 1u << RCA_FAILURE_DB_READ_ONLY | (told ? 1u << RCA_FAILURE_DB_REFUSED : 0);
  g_autofree double *series = rca_facts_failure_series (f, bits, FALSE);
  if (!series)
    {
      if (!told)
        return;
      series = g_new0 (double, f->c->n);
    }
  for (guint i = 0; told && i < words->len; i++)
    {
      guint b = rca_context_bucket (f->c, ((RcaRow *) g_ptr_array_index (words, i))->start_ns);
      if (b < f->c->n)
        series[b] += 3; /* one line of the server weighs as much as several of its clients */
    }
  RcaRise rise;
  if (!rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, 10, &rise))
    return;
  const RcaRow *word = told ? g_ptr_array_index (words, 0) : NULL;
  const char *subject = word ? (word->db_event == RCA_DB_EVENT_REPLICATION ? "replica" : "database") : "database";
  RcaCandidate *c = rca_candidate_new (RCA_KIND_DB_FAULT, subject, NULL);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = told;
  c->shared = TRUE;
  c->failures = bits;
  c->intensity = g_steal_pointer (&series);
  c->share = rca_facts_failure_share (f, bits);
  c->share_of_all = 0.02;
  if (told)
    c->detail = g_strdup_printf ("its own log says \"%s\"", word->template_text ? word->template_text : word->ref.text);
  else
    c->detail = g_strdup ("connections to the database broke; its own log does not say why");
  rca_candidate_weigh_series (f, c, "the database's failing");
  RcaEvidence *first = g_ptr_array_index (c->evidence, 0);
  for (guint i = 0; told && i < words->len && i < 3; i++)
    rca_evidence_cite (first, &((RcaRow *) g_ptr_array_index (words, i))->ref);
  if (told)
    rca_candidate_add (c, RCA_EVIDENCE_NOVELTY, 2, "the database's own log tells of a %s", rca_db_event_name (word->db_event));
  else
    rca_candidate_add (c, RCA_EVIDENCE_COUNTEREXAMPLE, -1.5, "the database's own log tells of no crash, restart or fail-over");
  g_ptr_array_add (out, c);
}

const RcaHypothesis rca_hypothesis_db_fault = {
  .kind = RCA_KIND_DB_FAULT,
  .brings_about = RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION) | RCA_KIND_BIT (RCA_KIND_NETWORK) | RCA_KIND_BIT (RCA_KIND_UPSTREAM),
  .generate = generate,
  .remedy = "bring the database back: see its log around the onset; fail over if it does not recover",
};
