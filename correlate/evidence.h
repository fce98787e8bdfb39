/* Weights of evidence: natural log likelihood ratios "cause" : "bystander", each
 * from one formula of CORRELATE.md, "Evidence". Counts were divided by φ before. */
#pragma once
#include "report.h"

/* An instant that is not exactly known: points in time (seconds on any common clock) with probabilities. */
typedef struct {
  guint n;
  double *t, *p;
} RcaInstant;
RcaInstant rca_instant_uniform (double from_s, double to_s); /* from == to: exact */
/* Bucket posteriors: bucket i is [start + i·width, …), its mass at the middle; below 1e-4 dropped. */
RcaInstant rca_instant_buckets (const double *p, guint n, double start_s, double width_s);
void rca_instant_clear (RcaInstant *instant);

/* Lag density of a change, seconds → 1/s (0.4 Exp(10 s) + 0.3 LogNormal(120 s, 1.2) + 0.3 log-uniform[1 s, 24 h]). */
double rca_lag_density (double lag_s);

/* A change at @change, the symptom at @symptom, no mechanism known: at most @most. @horizon_s: the
 * span the source of changes covers, at least an hour. */
double rca_weight_change (const RcaInstant *symptom, const RcaInstant *change, double horizon_s, double most);
/* … with a mechanism, not yet capped (a ledger counts at most 8): which of two changes fits better is
 * told by what the cap would hide. */
double rca_weight_change_mechanism (const RcaInstant *symptom, const RcaInstant *change, const RcaInstant *mechanism, double horizon_s);
/* A change taken back at @back, the failing over at @end: the same density on the ends, against an end
 * that comes at any time of the incident (@duration_s, at least 300 s): who tries things does so inside it.
 * At most 3; 0 when the failing was over before. */
double rca_weight_reversal (const RcaInstant *end, const RcaInstant *back, double duration_s);
/* … and it goes on @elapsed_s after: log of the chance that it would, at least −2. */
double rca_weight_reversal_vain (double elapsed_s);
/* A statement, lock, path, provider: exponential of 10 s on either side of zero, never after the symptom's range. */
double rca_weight_together (const RcaInstant *symptom, const RcaInstant *cause, double symptom_hi_s, double horizon_s);

/* a of m excess failures touch the candidate, q: the part of all traffic it touches. Within ±6; 0 when q > 0.95. */
double rca_weight_share (double a, double m, double q);

/* Stratified 2×2 tables of requests: bad/good × carries/does not. Within ±6. */
typedef struct { double bad_with, bad, good_with, good; } RcaTable;
double rca_weight_join (const RcaTable *stratum, guint n);

/* Inside the incident: partial rank correlation of intensity and excess given traffic; cap 4. */
double rca_weight_dose (const double *intensity, const double *excess, const double *traffic, guint n);

/* 2Δℓ/φ of the candidate's own change over T buckets: clamp (½(gain − 3 log T), −2, 3). */
double rca_weight_magnitude (double gain, guint n_buckets);

/* First seen inside a reach of @reach_s, values never seen before turn up @rate_per_s: cap 4. */
double rca_weight_novelty (double rate_per_s, double reach_s);

/* n requests of the failing routes went well under the change before the onset. */
double rca_weight_dormancy (double n, double p1, double phi);

/* m earlier occurrences as intense without a symptom: floor −3. */
double rca_weight_counterexample (double m);

/* Adds up weights of one candidate: within a family positives and negatives apart, the
 * largest in full, the rest × 0.3 (they look at the same thing twice). Sets weight from
 * weight_raw of each RcaEvidence in @evidence; returns the sum. Kinds in @without (bits) count nothing. */
double rca_evidence_settle (GPtrArray *evidence, guint without);
