#include "histogram.h"
#include <math.h>

static void
test_edges (void)
{
  g_assert_cmpint (rca_histogram_edge_ns (0), ==, 0);
  for (guint b = 1; b < RCA_HISTOGRAM_BINS; b++)
    g_assert_cmpint (rca_histogram_edge_ns (b), ==, (gint64)ceil (exp2 (b / 4.0) - 1e-6) * 1000);
}

static void
test_bins (void)
{
  g_assert_cmpuint (rca_histogram_bin (0), ==, 0);
  g_assert_cmpuint (rca_histogram_bin (1999), ==, 0);
  for (gint64 us = 1; us < G_GINT64_CONSTANT (40000000000); us = us * 9 / 8 + 1)
  {
    guint b = rca_histogram_bin (us * 1000);
    g_assert_cmpint (rca_histogram_edge_ns (b), <=, us * 1000);
    if (b + 1 < RCA_HISTOGRAM_BINS)
      g_assert_cmpint (rca_histogram_edge_ns (b + 1), >, us * 1000);
  }
}

static void
test_quantile (void)
{
  RcaHistogram h = { { 0 } };
  g_assert_true (isnan (rca_histogram_quantile_s (&h, 0.5)));
  for (guint i = 1; i <= 1000; i++)
    h.bin[rca_histogram_bin (i * G_GINT64_CONSTANT (1000000))]++;
  g_assert_cmpuint (rca_histogram_count (&h), ==, 1000);
  g_assert_cmpfloat_with_epsilon (rca_histogram_quantile_s (&h, 0.5), 0.5, 0.05);
  guint b = rca_histogram_bin (G_GINT64_CONSTANT (500000000));
  g_assert_cmpuint (rca_histogram_count_from (&h, b), ==, 1000 - (rca_histogram_edge_ns (b) - 1) / 1000000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/histogram/edges-are-quarter-octaves-in-whole-microseconds", test_edges);
  g_test_add_func ("/histogram/a-duration-lies-between-the-edges-of-its-bin", test_bins);
  g_test_add_func ("/histogram/quantiles-interpolate", test_quantile);
  return g_test_run ();
}
