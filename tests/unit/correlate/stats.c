/* The special functions against values computed by other means (numerical integration, exact sums). */
#include "stats.h"
#include <math.h>

static void
near (double got, double want, double within)
{
  g_assert_cmpfloat_with_epsilon (got, want, within);
}

static void
test_beta (void)
{
  near (rca_beta_cdf (0.3, 2, 5), 0.579825, 1e-6);         /* Simpson's rule, 200 000 steps */
  near (rca_beta_cdf (0.05, 1, 19), 1 - pow (0.95, 19), 1e-12); /* closed form */
  near (rca_beta_cdf (0.7, 9, 1.5), 0.08621, 1e-4);
  near (rca_beta_quantile (rca_beta_cdf (0.42, 3.5, 7), 3.5, 7), 0.42, 1e-9);
}

static void
test_beta_binomial_sums_to_one (void)
{
  double sum = 0;
  for (guint k = 0; k <= 20; k++)
    sum += exp (rca_log_beta_binomial (k, 20, 9, 1.5));
  near (sum, 1, 1e-9);
  near (rca_log_beta_binomial (3, 10, 2, 3), -1.938941479739225, 1e-9);
}

static void
test_no_failure_in_n_bounds_the_share (void)
{
  near (rca_proportion_upper (0, 59, 0.95), 1 - pow (0.05, 1.0 / 59), 1e-9); /* closed form of the exact bound */
  near (rca_proportion_lower (59, 59, 0.95), pow (0.05, 1.0 / 59), 1e-9);
  g_assert_cmpfloat (rca_proportion_upper (0, 0, 0.95), ==, 1);
}

static void
test_rate_ratio (void)
{
  g_assert_true (isinf (rca_rate_ratio_upper (5, 1, 0, 1, 0.95)));
  double bound = rca_rate_ratio_upper (1000, 10, 1000, 10, 0.95);
  g_assert_cmpfloat (bound, >, 1.05);
  g_assert_cmpfloat (bound, <, 1.10);
}

static void
test_partial_correlation_holds_the_third_fixed (void)
{
  double x[60], y[60], z[60];
  for (guint i = 0; i < 60; i++)
    {
      z[i] = i;
      x[i] = i + (double) (i * 7919 % 11);
      y[i] = i + (double) (i * 104729 % 13);
    }
  double r = rca_partial_rank_correlation (x, y, z, 60);
  g_assert_cmpfloat (fabs (r), <, 0.35); /* both only follow z */
  near (rca_partial_rank_correlation (x, x, z, 60), 1, 1e-9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/correlate/stats/incomplete-beta-agrees-with-integration", test_beta);
  g_test_add_func ("/correlate/stats/beta-binomial-sums-to-one", test_beta_binomial_sums_to_one);
  g_test_add_func ("/correlate/stats/exact-bounds-agree-with-closed-forms", test_no_failure_in_n_bounds_the_share);
  g_test_add_func ("/correlate/stats/a-rate-ratio-without-baseline-is-unbounded", test_rate_ratio);
  g_test_add_func ("/correlate/stats/partial-correlation-holds-the-third-fixed", test_partial_correlation_holds_the_third_fixed);
  return g_test_run ();
}
