#include "hypothesis.h"
#include <string.h>

static void
test_priors (void)
{
  for (guint k = 0; k < RCA_KIND_UNKNOWN; k++)
    {
      g_assert_cmpfloat (rca_prior ((RcaKind) k), >, 0);
      g_assert_cmpfloat (rca_prior ((RcaKind) k), <, 0.5);
      g_assert_cmpuint (strlen (rca_prior_source ((RcaKind) k)), >, 10);
      g_assert_nonnull (rca_hypothesis ((RcaKind) k));
    }
  g_assert_cmpfloat (rca_prior (RCA_KIND_UNKNOWN), ==, 0);
}

/* The lag of a change is a mixture: its parts are all of it. */
static void
test_lag (void)
{
  g_assert_cmpfloat_with_epsilon (rca_weights.lag_quick + rca_weights.lag_spread + rca_weights.lag_slow, 1, 1e-9);
}

static void
test_unseen (void)
{
  g_assert_cmpfloat (rca_unseen_factor (RCA_KIND_DB_CONNECTIONS), >, 1);
  g_assert_cmpfloat (rca_unseen_factor (RCA_KIND_RESOURCE), <, 1);
  g_assert_cmpfloat (rca_unseen_factor (RCA_KIND_TLS), ==, 1); /* nothing measured */
  g_assert_cmpfloat (rca_weights.unseen_most, <, 1);
}

static void
test_print (void)
{
  g_autofree char *table = rca_weights_print ();
  g_auto (GStrv) line = g_strsplit (table, "\n", -1);
  g_assert_cmpuint (g_strv_length (line), >, RCA_KIND_UNKNOWN + 30);
  for (char **l = line; **l; l++)
    g_assert_cmpuint (strlen (*l), >, 36); /* a name, a number, a source */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/every-kind-has-a-prior-and-its-source", test_priors);
  g_test_add_func ("/weights/the-parts-of-the-lag-are-all-of-it", test_lag);
  g_test_add_func ("/weights/unseen-causes-weigh-by-kind", test_unseen);
  g_test_add_func ("/weights/the-table-prints-with-sources", test_print);
  return g_test_run ();
}
