#include "changepoint.h"
#include <math.h>

struct RcaSeries
{
  RcaModel model;
  guint n;
  double *k, *e; /* prefix sums, n + 1 */
};

RcaSeries *
rca_series_new (RcaModel model, const double *k, const double *exposure, guint n)
{
  RcaSeries *s = g_new (RcaSeries, 1);
  *s = (RcaSeries){ model, n, g_new (double, n + 1), g_new (double, n + 1) };
  s->k[0] = s->e[0] = 0;
  for (guint i = 0; i < n; i++)
    {
      s->k[i + 1] = s->k[i] + k[i];
      s->e[i + 1] = s->e[i] + (exposure ? exposure[i] : 1);
    }
  return s;
}

void
rca_series_free (RcaSeries *s)
{
  if (!s)
    return;
  g_free (s->k);
  g_free (s->e);
  g_free (s);
}

guint
rca_series_n (const RcaSeries *s)
{
  return s->n;
}

double
rca_series_k (const RcaSeries *s, guint from, guint to)
{
  return from < to ? s->k[to] - s->k[from] : 0;
}

double
rca_series_exposure (const RcaSeries *s, guint from, guint to)
{
  return from < to ? s->e[to] - s->e[from] : 0;
}

double
rca_series_rate (const RcaSeries *s, guint from, guint to)
{
  double e = rca_series_exposure (s, from, to);
  return e > 0 ? rca_series_k (s, from, to) / e : 0;
}

static inline double
x_log_y (double x, double y)
{
  return x > 0 ? x * log (y) : 0;
}

double
rca_series_log_likelihood_at (const RcaSeries *s, guint from, guint to, double rate)
{
  double k = rca_series_k (s, from, to), e = rca_series_exposure (s, from, to);
  if (s->model == RCA_MODEL_BINOMIAL)
    return x_log_y (k, rate) + x_log_y (e - k, 1 - rate);
  return x_log_y (k, rate) - rate * e;
}

double
rca_series_log_likelihood (const RcaSeries *s, guint from, guint to)
{
  return rca_series_log_likelihood_at (s, from, to, rca_series_rate (s, from, to));
}

double
rca_change_penalty (guint n_buckets, guint n_series)
{
  return 3 * log (MAX (n_buckets, 2)) + 2 * log (MAX (n_series, 1));
}

/* A start of the last segment that may still turn out best. */
typedef struct
{
  guint at;
  double bound; /* what it cost when it was last reckoned, less what its buckets cost each for itself */
} Start;

/* Rounding must not decide between starts. */
#define CLOSE 1e-7

static double
segment_cost (const RcaSeries *s, guint from, guint to, double phi)
{
  return -2 * rca_series_log_likelihood (s, from, to) / phi;
}

/* Optimal partitioning, where a start is only reckoned anew when it could be the best one: buckets
 * cost at least as much in one segment as each for itself, so what a start cost once bounds what
 * it costs later. Most starts lie well above the best: of n²/2 likelihoods a tenth is needed. */
GArray *
rca_changepoints (const RcaSeries *s, guint from, guint to, double phi, double penalty)
{
  guint n = to - from;
  if (rca_series_k (s, from, to) == 0)
    { /* no event in any bucket: every segment costs nothing, and each change the penalty */
      GArray *one = g_array_new (FALSE, FALSE, sizeof (guint));
      return g_array_append_val (one, from);
    }
  g_autofree double *best = g_new (double, n + 1);
  g_autofree guint *last = g_new0 (guint, n + 1);
  g_autofree Start *live = g_new (Start, n + 1);
  guint n_live = 1;
  double apart = 0; /* the buckets so far, each for itself */
  live[0] = (Start){ 0, -INFINITY };
  best[0] = -penalty;
  for (guint t = 1; t <= n; t++)
    {
      double alone = segment_cost (s, from + t - 1, from + t, phi);
      if (isfinite (alone))
        apart += alone;
      else /* events without exposure: what was known bounds nothing now */
        for (guint i = 0; i < n_live; i++)
          live[i].bound = -INFINITY;
      last[t] = last[t - 1]; /* likely still the best; at first 0, which lives until something is better */
      best[t] = best[last[t]] + segment_cost (s, from + last[t], from + t, phi) + penalty;
      guint kept = 0;
      for (guint i = 0; i < n_live; i++)
        {
          Start *start = &live[i];
          if (start->bound <= best[t] - apart + CLOSE)
            {
              double cost = best[start->at] + segment_cost (s, from + start->at, from + t, phi) + penalty;
              start->bound = cost - apart;
              if (cost < best[t] || (cost == best[t] && start->at < last[t]))
                best[t] = cost, last[t] = start->at;
            }
          if (start->bound + apart - penalty <= best[t] + CLOSE)
            live[kept++] = *start;
        }
      n_live = kept;
      live[n_live++] = (Start){ t, -INFINITY };
    }
  GArray *starts = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint t = n; t > 0; t = last[t])
    {
      guint start = from + last[t];
      g_array_prepend_val (starts, start);
    }
  if (starts->len == 0)
    g_array_append_val (starts, from);
  return starts;
}

enum { BLOCK = 10, LEAST_EXPECTED = 5 };

/* Adds Pearson's χ² of blocks of quiet buckets in [from, to) around their own rate. */
static void
add_chi (const RcaSeries *s, const gboolean *quiet, guint from, guint to, double *chi, double *df)
{
  double k = 0, e = 0, bk = 0, be = 0, blocks = 0, sum = 0;
  for (guint i = from; i < to; i++)
    if (quiet[i])
      k += rca_series_k (s, i, i + 1), e += rca_series_exposure (s, i, i + 1);
  double rate = e > 0 ? k / e : 0;
  guint len = 0;
  for (guint i = from; i < to && rate > 0; i++)
    {
      if (!quiet[i])
        continue;
      bk += rca_series_k (s, i, i + 1), be += rca_series_exposure (s, i, i + 1), len++;
      double expected = be * rate;
      if (len < BLOCK || expected < LEAST_EXPECTED)
        continue;
      double variance = s->model == RCA_MODEL_BINOMIAL ? expected * (1 - rate) : expected;
      if (variance > 0)
        sum += (bk - expected) * (bk - expected) / variance, blocks++;
      bk = be = 0;
      len = 0;
    }
  if (blocks > 1)
    *chi += sum, *df += blocks - 1; /* the rate was fitted */
}

static double
shrunk (double chi, double df)
{
  const double prior_df = 8, prior = 1.5;
  return MAX (1, (prior_df * prior + chi) / (prior_df + df));
}

double
rca_overdispersion (const RcaSeries *s, const gboolean *quiet)
{
  double chi = 0, df = 0;
  add_chi (s, quiet, 0, s->n, &chi, &df);
  return shrunk (chi, df);
}

double
rca_overdispersion_within (const RcaSeries *s, const GArray *starts, const gboolean *quiet)
{
  double chi = 0, df = 0;
  for (guint i = 0; i < starts->len; i++)
    add_chi (s, quiet, g_array_index (starts, guint, i), i + 1 < starts->len ? g_array_index (starts, guint, i + 1) : s->n, &chi, &df);
  return shrunk (chi, df);
}

static void
onset_summarise (RcaOnset *o)
{
  double sum = 0;
  o->mode = o->lo = o->hi = o->from;
  double best = -1;
  gboolean have_lo = FALSE, have_hi = FALSE;
  for (guint i = 0; i < o->n; i++)
    {
      if (o->p[i] > best)
        best = o->p[i], o->mode = o->from + i;
      sum += o->p[i];
      if (!have_lo && sum >= 0.025)
        o->lo = o->from + i, have_lo = TRUE;
      if (!have_hi && sum >= 0.975)
        o->hi = o->from + i, have_hi = TRUE;
    }
  if (!have_hi)
    o->hi = o->from + o->n - 1;
  o->lo = MIN (o->lo, o->mode);
  o->hi = MAX (o->hi, o->mode);
}

gboolean
rca_onset_find (const RcaSeries *s, guint from, guint to, double phi, RcaOnset *out)
{
  *out = (RcaOnset){ 0 };
  if (to <= from + 1)
    return FALSE;
  guint n = to - from;
  double none = rca_series_log_likelihood (s, from, to) / phi;
  out->from = from;
  out->n = n;
  out->p = g_new0 (double, n);
  double top = -INFINITY;
  for (guint i = 1; i < n; i++)
    {
      guint tau = from + i;
      gboolean up = rca_series_rate (s, tau, to) > rca_series_rate (s, from, tau);
      out->p[i] = up ? (rca_series_log_likelihood (s, from, tau) + rca_series_log_likelihood (s, tau, to)) / phi : -INFINITY;
      top = MAX (top, out->p[i]);
    }
  out->p[0] = -INFINITY;
  if (isinf (top))
    {
      rca_onset_clear (out);
      return FALSE;
    }
  out->gain = 2 * (top - none);
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += out->p[i] = exp (out->p[i] - top);
  for (guint i = 0; i < n; i++)
    out->p[i] /= sum;
  onset_summarise (out);
  return TRUE;
}

void
rca_onset_clear (RcaOnset *o)
{
  g_clear_pointer (&o->p, g_free);
  o->n = 0;
}
