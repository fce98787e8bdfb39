/* Where a series changes: optimal partitioning with pruning (PELT; Killick,
 * Fearnhead, Eckley 2012, JASA 107:1590), and when exactly (posterior of one change).
 *
 * Two likelihoods: binomial (k of e requests failed) and Poisson (k events in e
 * seconds or requests; k may be real: seconds of statement time). Both are quasi-
 * likelihoods: divided by an over-dispersion φ (McCullagh, Nelder 1989, ch. 4). */
#pragma once
#include <glib.h>

typedef enum { RCA_MODEL_BINOMIAL, RCA_MODEL_POISSON } RcaModel;

/* A series of n buckets; prefix sums inside. */
typedef struct RcaSeries RcaSeries;
RcaSeries *rca_series_new (RcaModel model, const double *k, const double *exposure, guint n);
void rca_series_free (RcaSeries *series);
guint rca_series_n (const RcaSeries *series);
double rca_series_k (const RcaSeries *series, guint from, guint to); /* sum over [from, to) */
double rca_series_exposure (const RcaSeries *series, guint from, guint to);
double rca_series_rate (const RcaSeries *series, guint from, guint to); /* k / exposure; 0 when there is none */
double rca_series_log_likelihood (const RcaSeries *series, guint from, guint to); /* at its own best rate, without constants */
/* The same at a given rate. */
double rca_series_log_likelihood_at (const RcaSeries *series, guint from, guint to, double rate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSeries, rca_series_free)

/* Starts of the segments, ascending, the first is @from; guint elements. Cost of a
 * segment −2ℓ/φ, @penalty a change. */
GArray *rca_changepoints (const RcaSeries *series, guint from, guint to, double phi, double penalty);

/* 3 log T + 2 log M: a change among T buckets, M series scanned (CORRELATE.md). */
double rca_change_penalty (guint n_buckets, guint n_series);

/* Over-dispersion across the buckets listed in @quiet (TRUE = part of the baseline):
 * Pearson's χ² over blocks of 10, merged until each expects 5 events, shrunk towards 1.5
 * with 8 degrees of freedom: it sees autocorrelation that single buckets hide. */
double rca_overdispersion (const RcaSeries *series, const gboolean *quiet);

/* The same around the means of segments (starts as from rca_changepoints()) instead of one mean:
 * for a series whose own step may lie in what is called quiet. */
double rca_overdispersion_within (const RcaSeries *series, const GArray *starts, const gboolean *quiet);

/* When the one change inside [from, to) took place: P(τ) ∝ exp ((ℓ[from, τ) + ℓ[τ, to))/φ),
 * only for changes upwards. Buckets: τ is the first of "after". */
typedef struct {
  guint from;   /* p[0] belongs to this bucket */
  guint n;
  double *p;    /* sums to 1; free with rca_onset_clear() */
  guint mode, lo, hi; /* bucket of the mode; central 95 % [lo, hi] */
  double gain;  /* 2Δℓ/φ of one change against none */
} RcaOnset;
gboolean rca_onset_find (const RcaSeries *series, guint from, guint to, double phi, RcaOnset *out);
void rca_onset_clear (RcaOnset *onset);
