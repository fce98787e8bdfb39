/* The special functions and small distributions the evidence is made of.
 * Counts may be real: they were divided by an over-dispersion before. */
#pragma once
#include <glib.h>

double rca_log_gamma (double x); /* thread-safe lgamma */
double rca_log_beta (double a, double b);
double rca_log_add (double a, double b); /* log (e^a + e^b) */

/* log P(k | n; a, b) of the beta-binomial (Skellam 1948); @k and @n may be real. */
double rca_log_beta_binomial (double k, double n, double a, double b);

/* Regularised incomplete beta I_x(a, b) (DLMF 8.17.22, Lentz's continued fraction), and its inverse in x. */
double rca_beta_cdf (double x, double a, double b);
double rca_beta_quantile (double p, double a, double b);

/* One-sided bounds of a proportion at confidence @level (Clopper, Pearson 1934). */
double rca_proportion_upper (double k, double n, double level);
double rca_proportion_lower (double k, double n, double level);

double rca_normal_cdf (double z);

/* Upper bound at @level of the ratio of two Poisson rates k1/e1 : k0/e0 (conditional binomial;
 * Przyborowski, Wilenski 1940); infinity when k0 is 0. */
double rca_rate_ratio_upper (double k1, double e1, double k0, double e0, double level);

/* Partial Spearman correlation of @x and @y given @z over the @n places (average ranks for ties);
 * NAN when one of them does not vary. */
double rca_partial_rank_correlation (const double *x, const double *y, const double *z, guint n);

/* Lag-one autocorrelation of the ranks of @x; 0 when @x does not vary. */
double rca_rank_autocorrelation (const double *x, guint n);

double rca_median (double *values, guint n); /* sorts @values; NAN when n = 0 */
