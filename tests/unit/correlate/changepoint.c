#include "changepoint.h"
#include <math.h>

/* A deterministic noise source: SplitMix64 (Steele, Lea, Flood 2014). */
static double
uniform (guint64 *state)
{
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return (double) ((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static double
binomial (guint64 *state, guint n, double p)
{
  double k = 0;
  for (guint i = 0; i < n; i++)
    k += uniform (state) < p;
  return k;
}

static void
test_step (void)
{
  guint64 seed = 7;
  double k[200], e[200];
  for (guint i = 0; i < 200; i++)
    {
      e[i] = 40;
      k[i] = binomial (&seed, 40, i >= 120 && i < 170 ? 0.3 : 0.01);
    }
  g_autoptr (RcaSeries) s = rca_series_new (RCA_MODEL_BINOMIAL, k, e, 200);
  g_autoptr (GArray) starts = rca_changepoints (s, 0, 200, 1, rca_change_penalty (200, 1));
  g_assert_cmpuint (starts->len, ==, 3);
  g_assert_cmpuint (g_array_index (starts, guint, 1), ==, 120);
  g_assert_cmpuint (g_array_index (starts, guint, 2), ==, 170);
  RcaOnset onset;
  g_assert_true (rca_onset_find (s, 0, 170, 1, &onset));
  g_assert_cmpuint (onset.mode, ==, 120);
  g_assert_cmpuint (onset.lo, <=, 120);
  g_assert_cmpuint (onset.hi, >=, 120);
  rca_onset_clear (&onset);
}

static void
test_steady_series_stay_whole (void)
{
  guint alarms = 0;
  for (guint64 seed = 1; seed <= 200; seed++)
    {
      guint64 state = seed;
      double k[150], e[150];
      for (guint i = 0; i < 150; i++)
        e[i] = 30, k[i] = binomial (&state, 30, 0.02);
      g_autoptr (RcaSeries) s = rca_series_new (RCA_MODEL_BINOMIAL, k, e, 150);
      g_autoptr (GArray) starts = rca_changepoints (s, 0, 150, 1, rca_change_penalty (150, 1));
      alarms += starts->len > 1;
    }
  g_assert_cmpuint (alarms, <=, 4);
}

static void
test_overdispersion_sees_autocorrelation (void)
{
  guint64 state = 3;
  double even[400], wavy[400];
  gboolean quiet[400];
  for (guint i = 0; i < 400; i++)
    {
      quiet[i] = TRUE;
      even[i] = binomial (&state, 1000, 0.02);
      wavy[i] = binomial (&state, 1000, 0.02 * (1 + 0.5 * sin (i / 25.0)));
    }
  g_autoptr (RcaSeries) a = rca_series_new (RCA_MODEL_POISSON, even, NULL, 400);
  g_autoptr (RcaSeries) b = rca_series_new (RCA_MODEL_POISSON, wavy, NULL, 400);
  g_assert_cmpfloat (rca_overdispersion (a, quiet), <, 2);
  g_assert_cmpfloat (rca_overdispersion (b, quiet), >, 5);
}

/* Optimal partitioning as Jackson et al. 2005 write it down: every start is reckoned for every end. */
static GArray *
partition (const RcaSeries *s, guint n, double phi, double penalty)
{
  double best[301];
  guint last[301];
  best[0] = -penalty;
  for (guint t = 1; t <= n; t++)
    {
      best[t] = INFINITY;
      for (guint from = 0; from < t; from++)
        {
          double cost = best[from] - 2 * rca_series_log_likelihood (s, from, t) / phi + penalty;
          if (cost < best[t])
            best[t] = cost, last[t] = from;
        }
    }
  GArray *starts = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint t = n; t > 0; t = last[t])
    g_array_prepend_val (starts, last[t]);
  return starts;
}

static void
fill_randomly (guint64 *state, double *k, double *e, guint n)
{
  double rate = 0.02;
  for (guint i = 0; i < n; i++)
    {
      if (uniform (state) < 0.03)
        rate = uniform (state) < 0.3 ? 0 : uniform (state) * 0.3;
      e[i] = uniform (state) < 0.05 ? 0 : (double) (guint) (uniform (state) * 60);
      k[i] = binomial (state, (guint) e[i], rate);
    }
}

static void
test_pruning_changes_nothing (void)
{
  guint64 state = 11;
  double k[300], e[300];
  for (guint round = 0; round < 300; round++)
    {
      guint n = 2 + (guint) (uniform (&state) * 298);
      RcaModel model = round % 2 ? RCA_MODEL_BINOMIAL : RCA_MODEL_POISSON;
      double phi = 1 + uniform (&state), penalty = rca_change_penalty (n, 1 + round % 50);
      fill_randomly (&state, k, e, n);
      g_autoptr (RcaSeries) s = rca_series_new (model, k, e, n);
      g_autoptr (GArray) got = rca_changepoints (s, 0, n, phi, penalty), all = partition (s, n, phi, penalty);
      g_assert_cmpuint (got->len, ==, all->len);
      for (guint i = 0; i < got->len; i++)
        g_assert_cmpuint (g_array_index (got, guint, i), ==, g_array_index (all, guint, i));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/correlate/changepoint/a-step-and-its-end-are-found-to-the-bucket", test_step);
  g_test_add_func ("/correlate/changepoint/a-steady-series-has-no-change", test_steady_series_stay_whole);
  g_test_add_func ("/correlate/changepoint/over-dispersion-sees-autocorrelation", test_overdispersion_sees_autocorrelation);
  g_test_add_func ("/correlate/changepoint/pruning-changes-nothing", test_pruning_changes_nothing);
  return g_test_run ();
}
