#include "evidence.h"
#include "stats.h"
#include "weights.h"
#include <math.h>

static const double day_s = 86400;

RcaInstant
rca_instant_uniform (double from_s, double to_s)
{
  guint n = to_s > from_s ? 8 : 1;
  RcaInstant out = { n, g_new (double, n), g_new (double, n) };
  for (guint i = 0; i < n; i++)
    {
      out.t[i] = n == 1 ? from_s : from_s + (to_s - from_s) * (i + 0.5) / n;
      out.p[i] = 1.0 / n;
    }
  return out;
}

RcaInstant
rca_instant_buckets (const double *p, guint n, double start_s, double width_s)
{
  RcaInstant out = { 0, g_new (double, n), g_new (double, n) };
  double sum = 0;
  for (guint i = 0; i < n; i++)
    if (p[i] >= 1e-4)
      {
        out.t[out.n] = start_s + (i + 0.5) * width_s;
        out.p[out.n++] = p[i];
        sum += p[i];
      }
  for (guint i = 0; i < out.n; i++)
    out.p[i] /= sum;
  return out;
}

void
rca_instant_clear (RcaInstant *instant)
{
  g_clear_pointer (&instant->t, g_free);
  g_clear_pointer (&instant->p, g_free);
  instant->n = 0;
}

double
rca_lag_density (double lag)
{
  if (lag < 0)
    return 0;
  const RcaWeights *w = &rca_weights;
  double exponential = exp (-lag / w->lag_quick_s) / w->lag_quick_s;
  double x = MAX (lag, 1e-3), z = (log (x) - log (w->lag_spread_s)) / w->lag_spread_sigma;
  double lognormal = exp (-z * z / 2) / (x * w->lag_spread_sigma * sqrt (2 * G_PI));
  double loguniform = lag >= 1 && lag <= day_s ? 1 / (lag * log (day_s)) : 0;
  return w->lag_quick * exponential + w->lag_spread * lognormal + w->lag_slow * loguniform;
}

double
rca_weight_change (const RcaInstant *s, const RcaInstant *c, double horizon, double most)
{
  double sum = 0;
  for (guint i = 0; i < s->n; i++)
    for (guint j = 0; j < c->n; j++)
      sum += s->p[i] * c->p[j] * ((1 - rca_weights.after_the_fact) * rca_lag_density (s->t[i] - c->t[j]) + rca_weights.after_the_fact / horizon);
  return MIN (log (sum * horizon), most);
}

/* What is left of the lag's density after @lag seconds. */
static double
lag_survival (double lag)
{
  const RcaWeights *w = &rca_weights;
  double x = MAX (lag, 1), z = (log (x) - log (w->lag_spread_s)) / w->lag_spread_sigma;
  return w->lag_quick * exp (-lag / w->lag_quick_s) + w->lag_spread * erfc (z / G_SQRT2) / 2 + w->lag_slow * MAX (0, 1 - log (x) / log (day_s));
}

static const double reversal_horizon_s = 300;

double
rca_weight_reversal (const RcaInstant *end, const RcaInstant *back, double duration)
{
  double sum = 0, horizon = MAX (duration, reversal_horizon_s);
  for (guint i = 0; i < end->n; i++)
    for (guint j = 0; j < back->n; j++)
      sum += end->p[i] * back->p[j] * ((1 - rca_weights.after_the_fact) * rca_lag_density (end->t[i] - back->t[j]) + rca_weights.after_the_fact / horizon);
  return CLAMP (log (sum * horizon), 0, rca_weights.reversal_most);
}

double
rca_weight_reversal_vain (double elapsed)
{
  return MAX (log (MAX (lag_survival (MAX (elapsed, 0)), 1e-6)), rca_weights.reversal_least);
}

double
rca_weight_change_mechanism (const RcaInstant *s, const RcaInstant *c, const RcaInstant *m, double horizon)
{
  double tight = 0, lag = 0;
  for (guint j = 0; j < m->n; j++)
    {
      for (guint i = 0; i < c->n; i++)
        {
          double d = m->t[j] - c->t[i];
          tight += m->p[j] * c->p[i] * ((1 - rca_weights.after_the_fact) * (d >= 0 ? exp (-d / rca_weights.mechanism_s) / rca_weights.mechanism_s : 0) + rca_weights.after_the_fact / horizon);
        }
      for (guint i = 0; i < s->n; i++)
        {
          /* what is found in requests and what is felt by them begin together: a mechanism seen a
           * moment after the first failure is the same moment */
          double d = s->t[i] - m->t[j];
          double g = d >= 0 ? rca_lag_density (d) : rca_lag_density (0) * exp (d / 2);
          lag += m->p[j] * s->p[i] * ((1 - rca_weights.after_the_fact) * g + rca_weights.after_the_fact / horizon);
        }
    }
  return log (tight * horizon) + log (lag * horizon);
}

double
rca_weight_together (const RcaInstant *s, const RcaInstant *c, double symptom_hi, double horizon)
{
  double sum = 0;
  for (guint i = 0; i < s->n; i++)
    for (guint j = 0; j < c->n; j++)
      {
        double d = s->t[i] - c->t[j];
        /* past the range's end it is the symptom's own consequence; stamps of a second blur that edge */
        double late = MAX (0, c->t[j] - symptom_hi);
        double f = exp (-fabs (d) / rca_weights.together_s) / (2 * rca_weights.together_s) * exp (-late);
        sum += s->p[i] * c->p[j] * ((1 - rca_weights.after_the_fact) * f + rca_weights.after_the_fact / horizon);
      }
  return log (sum * horizon);
}

double
rca_weight_share (double a, double m, double q)
{
  const double kappa = rca_weights.share_kappa;
  if (m <= 0 || q > 0.95)
    return 0;
  a = CLAMP (a, 0, m);
  if (m > 50)
    a = a * 50 / m, m = 50;
  double chance = MAX (a, round (q * m)); /* without the max, suspects that the failures avoid are rewarded */
  double w = rca_log_beta_binomial (a, m, rca_weights.share_a, rca_weights.share_b) - rca_log_beta_binomial (chance, m, kappa * q + 0.5, kappa * (1 - q) + 0.5);
  return CLAMP (w, -rca_weights.share_most, rca_weights.share_most);
}

/* log marginal of the attributable fraction x ~ Beta(a, b): a bad request carries the thing with
 * probability x + (1 − x) g, g its frequency among good ones. */
static double
join_marginal (const RcaTable *t, guint n, double scale, double a, double b)
{
  const guint steps = 64;
  double total = -INFINITY;
  for (guint i = 0; i < steps; i++)
    {
      double x = (i + 0.5) / steps;
      double l = (a - 1) * log (x) + (b - 1) * log1p (-x) - rca_log_beta (a, b) - log (steps);
      for (guint j = 0; j < n; j++)
        {
          double g = (t[j].good_with + 0.5) / (t[j].good + 1), p = x + (1 - x) * g;
          l += scale * (t[j].bad_with * log (p) + (t[j].bad - t[j].bad_with) * log (MAX (1 - p, 1e-12)));
        }
      total = rca_log_add (total, l);
    }
  return total;
}

double
rca_weight_join (const RcaTable *t, guint n)
{
  double bad = 0;
  for (guint i = 0; i < n; i++)
    bad += t[i].bad;
  if (bad < 1)
    return 0;
  double scale = MIN (1, 200 / bad);
  return CLAMP (join_marginal (t, n, scale, rca_weights.share_a, rca_weights.share_b) - join_marginal (t, n, scale, 1, 9), -rca_weights.share_most, rca_weights.share_most);
}

double
rca_weight_dose (const double *x, const double *y, const double *traffic, guint n)
{
  double r = rca_partial_rank_correlation (x, y, traffic, n);
  if (isnan (r))
    return 0;
  double rho = rca_rank_autocorrelation (x, n) * rca_rank_autocorrelation (y, n);
  double n_eff = n * (1 - rho) / (1 + rho); /* Bartlett */
  if (n_eff < 10)
    return 0;
  double v = 1.06 / (n_eff - 4), z = atanh (CLAMP (r, -0.999, 0.999));
  double l0 = -z * z / (2 * v), l1 = -INFINITY;
  const guint steps = 40;
  for (guint i = 0; i < steps; i++)
    {
      double d = z - atanh (0.3 + 0.65 * (i + 0.5) / steps);
      l1 = rca_log_add (l1, -d * d / (2 * v) - log (steps));
    }
  return CLAMP (l1 - l0, -rca_weights.dose_most, rca_weights.dose_most);
}

double
rca_weight_magnitude (double gain, guint n_buckets)
{
  return CLAMP (0.5 * (gain - 3 * log (MAX (n_buckets, 2))), rca_weights.magnitude_least, rca_weights.magnitude_most);
}

double
rca_weight_novelty (double rate, double reach)
{
  double by_chance = -expm1 (-rate * reach);
  return by_chance > 0 ? CLAMP (log (0.5 / by_chance), -2, rca_weights.novelty_most) : rca_weights.novelty_most;
}

double
rca_weight_dormancy (double n, double p1, double phi)
{
  const double alpha = rca_weights.dormancy_alpha;
  return log (alpha + (1 - alpha) * pow (CLAMP (1 - p1, 0, 1), n / MAX (phi, 1)));
}

double
rca_weight_counterexample (double m)
{
  return MAX (rca_weights.counterexample_least, log (2 / (m + 2)));
}

static guint
family_of (RcaEvidenceKind kind)
{
  switch (kind)
    {
    case RCA_EVIDENCE_PRECEDENCE:
    case RCA_EVIDENCE_NOVELTY:
      return 0;
    case RCA_EVIDENCE_RECOVERY:
      return 1;
    case RCA_EVIDENCE_SHARE:
    case RCA_EVIDENCE_JOIN:
      return 2;
    case RCA_EVIDENCE_DOSE:
    case RCA_EVIDENCE_MAGNITUDE:
      return 3;
    default:
      return 4; /* prior, counterexample: counted in full */
    }
}

static gint
by_raw_weight (gconstpointer a, gconstpointer b)
{
  const RcaEvidence *x = *(RcaEvidence *const *) a, *y = *(RcaEvidence *const *) b;
  double d = fabs (y->weight_raw) - fabs (x->weight_raw);
  return d > 0 ? 1 : d < 0 ? -1 : (gint) x->kind - (gint) y->kind;
}

double
rca_evidence_settle (GPtrArray *evidence, guint without)
{
  gboolean taken[5][2] = { { FALSE } };
  double sum = 0;
  g_ptr_array_sort (evidence, by_raw_weight);
  for (guint i = 0; i < evidence->len; i++)
    {
      RcaEvidence *e = g_ptr_array_index (evidence, i);
      guint family = family_of (e->kind);
      if (without & (1u << e->kind))
        {
          e->weight = 0;
          continue;
        }
      gboolean *first = &taken[family][e->weight_raw < 0];
      e->weight = family == 4 || !*first ? e->weight_raw : rca_weights.same_family * e->weight_raw;
      *first = TRUE;
      sum += e->weight;
    }
  return sum;
}
