#include "stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double
rca_log_gamma (double x)
{
  int sign;
  return lgamma_r (x, &sign);
}

double
rca_log_beta (double a, double b)
{
  return rca_log_gamma (a) + rca_log_gamma (b) - rca_log_gamma (a + b);
}

double
rca_log_add (double a, double b)
{
  double hi = MAX (a, b), lo = MIN (a, b);
  return isinf (lo) ? hi : hi + log1p (exp (lo - hi));
}

double
rca_log_beta_binomial (double k, double n, double a, double b)
{
  double choose = rca_log_gamma (n + 1) - rca_log_gamma (k + 1) - rca_log_gamma (n - k + 1);
  return choose + rca_log_beta (k + a, n - k + b) - rca_log_beta (a, b);
}

static double
beta_fraction (double x, double a, double b)
{
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs (d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m <= 500; m++)
    {
      double m2 = 2.0 * m;
      double even = m * (b - m) * x / ((a + m2 - 1) * (a + m2));
      d = 1 + even * d, c = 1 + even / c;
      d = 1 / (fabs (d) < tiny ? tiny : d), c = fabs (c) < tiny ? tiny : c;
      h *= d * c;
      double odd = -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1));
      d = 1 + odd * d, c = 1 + odd / c;
      d = 1 / (fabs (d) < tiny ? tiny : d), c = fabs (c) < tiny ? tiny : c;
      h *= d * c;
      if (fabs (d * c - 1) < 1e-14)
        break;
    }
  return h;
}

double
rca_beta_cdf (double x, double a, double b)
{
  if (x <= 0)
    return 0;
  if (x >= 1)
    return 1;
  double front = exp (a * log (x) + b * log1p (-x) - rca_log_beta (a, b));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction (x, a, b) / a : 1 - front * beta_fraction (1 - x, b, a) / b;
}

double
rca_beta_quantile (double p, double a, double b)
{
  double lo = 0, hi = 1;
  for (int i = 0; i < 60; i++)
    {
      double mid = (lo + hi) / 2;
      *(rca_beta_cdf (mid, a, b) < p ? &lo : &hi) = mid;
    }
  return (lo + hi) / 2;
}

double
rca_proportion_upper (double k, double n, double level)
{
  return n <= 0 || k >= n ? 1 : rca_beta_quantile (level, k + 1, n - k);
}

double
rca_proportion_lower (double k, double n, double level)
{
  return n <= 0 || k <= 0 ? 0 : rca_beta_quantile (1 - level, k, n - k + 1);
}

double
rca_normal_cdf (double z)
{
  return 0.5 * erfc (-z / G_SQRT2);
}

double
rca_rate_ratio_upper (double k1, double e1, double k0, double e0, double level)
{
  if (k0 <= 0 || e1 <= 0 || e0 <= 0)
    return INFINITY;
  double p = rca_proportion_upper (k1, k1 + k0, level);
  return p >= 1 ? INFINITY : p / (1 - p) * e0 / e1;
}

typedef struct
{
  double value;
  guint at;
} Ranked;

static int
by_value (const void *a, const void *b)
{
  const Ranked *x = a, *y = b;
  return x->value < y->value ? -1 : x->value > y->value;
}

/* Average ranks, centred. */
static double *
ranks (const double *x, guint n)
{
  g_autofree Ranked *r = g_new (Ranked, n);
  double *out = g_new (double, n);
  for (guint i = 0; i < n; i++)
    r[i] = (Ranked){ x[i], i };
  qsort (r, n, sizeof *r, by_value);
  for (guint i = 0, j; i < n; i = j)
    {
      for (j = i; j < n && r[j].value <= r[i].value; j++)
        ;
      for (guint t = i; t < j; t++)
        out[r[t].at] = (i + j - 1) / 2.0 - (n - 1) / 2.0;
    }
  return out;
}

static double
correlation (const double *a, const double *b, guint n)
{
  double ab = 0, aa = 0, bb = 0;
  for (guint i = 0; i < n; i++)
    ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : NAN;
}

double
rca_partial_rank_correlation (const double *x, const double *y, const double *z, guint n)
{
  if (n < 4)
    return NAN;
  g_autofree double *rx = ranks (x, n), *ry = ranks (y, n), *rz = ranks (z, n);
  double xy = correlation (rx, ry, n), xz = correlation (rx, rz, n), yz = correlation (ry, rz, n);
  if (isnan (xy))
    return NAN;
  if (isnan (xz) || isnan (yz))
    return xy; /* the third does not vary: nothing to hold fixed */
  double d = (1 - xz * xz) * (1 - yz * yz);
  return d <= 1e-9 ? NAN : CLAMP ((xy - xz * yz) / sqrt (d), -1, 1);
}

double
rca_rank_autocorrelation (const double *x, guint n)
{
  if (n < 4)
    return 0;
  g_autofree double *r = ranks (x, n);
  double top = 0, all = 0;
  for (guint i = 0; i < n; i++)
    {
      all += r[i] * r[i];
      if (i + 1 < n)
        top += r[i] * r[i + 1];
    }
  return all > 0 ? top / all : 0;
}

static int
by_double (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

double
rca_median (double *values, guint n)
{
  if (n == 0)
    return NAN;
  qsort (values, n, sizeof *values, by_double);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}
