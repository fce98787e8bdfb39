#include "evidence.h"
#include <math.h>

static double
weight_at (double cause_s, double symptom_s, double hi_s)
{
  RcaInstant s = rca_instant_uniform (symptom_s, symptom_s + 1), c = rca_instant_uniform (cause_s, cause_s + 1);
  double w = rca_weight_together (&s, &c, hi_s, 3600);
  rca_instant_clear (&s);
  rca_instant_clear (&c);
  return w;
}

static void
test_together (void)
{
  g_assert_cmpfloat (weight_at (100, 100, 101), >, 4);
  g_assert_cmpfloat (weight_at (100, 100, 101), >, weight_at (80, 100, 101));
  g_assert_cmpfloat_with_epsilon (weight_at (150, 100, 101), log (0.02), 0.01); /* after the fact: −log (1/ε) */
}

static double
change_weight (double change, double symptom)
{
  RcaInstant s = rca_instant_uniform (symptom, symptom + 1), c = rca_instant_uniform (change, change + 1);
  double w = rca_weight_change (&s, &c, 86400, 2);
  rca_instant_clear (&s);
  rca_instant_clear (&c);
  return w;
}

static void
test_change_is_capped_and_never_later (void)
{
  g_assert_cmpfloat (change_weight (95, 100), ==, 2);
  g_assert_cmpfloat_with_epsilon (change_weight (500, 100), log (0.02), 0.05);
}

static void
test_lag_density_is_a_density (void)
{
  double sum = 0;
  for (double t = 0.0005; t < 86400; t *= 1.001)
    sum += rca_lag_density (t) * t * 0.001;
  g_assert_cmpfloat (sum, >, 0.97);
  g_assert_cmpfloat (sum, <, 1.03);
}

static void
test_share (void)
{
  g_assert_cmpfloat (rca_weight_share (50, 50, 0.5), >, 3);   /* only one of two instances fails */
  g_assert_cmpfloat (rca_weight_share (25, 50, 0.5), <, 0.0); /* fails as the traffic spreads */
  g_assert_cmpfloat (rca_weight_share (0, 50, 0.5), ==, -6);  /* the failures avoid it: no reward, no escape */
  g_assert_cmpfloat (rca_weight_share (50, 50, 0.97), ==, 0); /* touches everything: says nothing */
}

static void
test_join (void)
{
  RcaTable carries[1] = { { 95, 100, 2, 1000 } }, does_not[1] = { { 2, 100, 20, 1000 } }, everybody[1] = { { 98, 100, 980, 1000 } };
  g_assert_cmpfloat (rca_weight_join (carries, 1), >, 5);
  g_assert_cmpfloat (rca_weight_join (does_not, 1), <, -5);
  g_assert_cmpfloat (rca_weight_join (everybody, 1), <, 1); /* healthy ones carry it too */
}

static void
add (GPtrArray *evidence, RcaEvidenceKind kind, double weight)
{
  RcaEvidence *e = g_new0 (RcaEvidence, 1);
  e->kind = kind;
  e->weight_raw = weight;
  g_ptr_array_add (evidence, e);
}

static void
test_correlated_evidence_counts_once (void)
{
  g_autoptr (GPtrArray) evidence = g_ptr_array_new_with_free_func (g_free);
  add (evidence, RCA_EVIDENCE_SHARE, 2);
  add (evidence, RCA_EVIDENCE_JOIN, 4);
  add (evidence, RCA_EVIDENCE_PRECEDENCE, 3);
  double sum = rca_evidence_settle (evidence, 0), ledger = 0;
  for (guint i = 0; i < evidence->len; i++)
    ledger += ((RcaEvidence *) g_ptr_array_index (evidence, i))->weight;
  g_assert_cmpfloat_with_epsilon (sum, 4 + 0.3 * 2 + 3, 1e-12);
  g_assert_cmpfloat_with_epsilon (sum, ledger, 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/correlate/evidence/what-begins-together-weighs-most-and-later-costs", test_together);
  g_test_add_func ("/correlate/evidence/a-change-without-mechanism-is-weak-however-near", test_change_is_capped_and_never_later);
  g_test_add_func ("/correlate/evidence/the-lag-density-integrates-to-one", test_lag_density_is_a_density);
  g_test_add_func ("/correlate/evidence/space-tells-who-is-touched", test_share);
  g_test_add_func ("/correlate/evidence/a-join-asks-how-much-is-explained", test_join);
  g_test_add_func ("/correlate/evidence/correlated-evidence-is-not-counted-twice", test_correlated_evidence_counts_once);
  return g_test_run ();
}
