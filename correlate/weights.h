/* All priors and weights, in one place, each with where its number comes from.
 *
 * "CORRELATE" is the note the formulas were taken from: a prototype corrected on recorded incidents.
 * "lab" is a measurement over the lab's recordings and their variants (tests/lab/calibrate); what each
 * family of evidence is worth there, its --ablate prints. */
#pragma once
#include "report.h"

/* How often an incident has its root in a kind; they are compared with each other and with unknown, and
 * need not add up to one. X (KIND, prior, source) */
#define RCA_PRIORS(X) \
  X (DEPLOY         , 0.34, "binary push 37 % of outage triggers (Google, SRE Workbook, 2010-17), less what databases show first") \
  X (CONFIG_CHANGE  , 0.20, "configuration push 31 % (SRE Workbook); part of it is the edge's and the database's own rows") \
  X (SLOW_QUERY     , 0.10, "performance decay 5 % and part of user behaviour 9 % (SRE Workbook); databases split out by judgement") \
  X (LOCK_CONTENTION, 0.05, "judgement: a third of what databases show first; the Workbook does not tell it apart") \
  X (DB_CONNECTIONS , 0.03, "capacity 5 % (SRE Workbook), split by judgement between pools, hosts and the site") \
  X (DB_FAULT       , 0.04, "hardware 2 % and part of performance decay (SRE Workbook), by judgement") \
  X (APP_ERROR      , 0.04, "judgement: faults of the code come with a change nine times in ten (SRE Workbook: 68 % pushes)") \
  X (RESOURCE       , 0.06, "capacity 5 % and hardware 2 % (SRE Workbook), less what pools and traffic take") \
  X (TRAFFIC        , 0.08, "user behaviour 9 % (SRE Workbook)") \
  X (CDN            , 0.05, "a sixth of configuration push (SRE Workbook), by judgement") \
  X (NETWORK        , 0.03, "judgement: hardware 2 % (SRE Workbook) and as much of configuration") \
  X (UPSTREAM       , 0.06, "provider 5 % (SRE Workbook)") \
  X (INSTANCE       , 0.04, "hardware 2 % (SRE Workbook) and as much again of machines that went their own way, by judgement") \
  X (BATCH_JOB      , 0.05, "pipeline 6 % (SRE Workbook)") \
  X (CACHE          , 0.03, "judgement: part of capacity and user behaviour (SRE Workbook)") \
  X (TLS            , 0.02, "judgement: part of configuration push and performance decay (SRE Workbook)") \
  X (DNS            , 0.02, "judgement: part of configuration push (SRE Workbook)")

/* X (name, value, source) */
#define RCA_WEIGHTS(X) \
  X (unknown_prior, 0.10, "judgement: one incident in eight has a cause that no log of the site tells of") \
  X (unknown_floor, 0.02, "CORRELATE: what no model foresees; the highest confidence is 1 less this") \
  X (after_the_fact, 0.02, "CORRELATE: how often a clock, or the order of two logs, is wrong") \
  X (lag_quick, 0.4, "CORRELATE: part of the changes that bite at once, exponential of lag_quick_s") \
  X (lag_quick_s, 10, "CORRELATE") \
  X (lag_spread, 0.3, "CORRELATE: part that spreads with a roll-out or a cache, log-normal about lag_spread_s") \
  X (lag_spread_s, 120, "CORRELATE: median; culprits of published incident sets lie 3 to 150 minutes before the page") \
  X (lag_spread_sigma, 1.2, "CORRELATE") \
  X (lag_slow, 0.3, "CORRELATE: part that fills, leaks or grows, log-uniform over a day") \
  X (innocent_every_s, 300, "lab: with changes as rare as a log of changes has them, an innocent deploy of the failing service 90 s before took over in 10 of 45 recordings") \
  X (mechanism_s, 30, "CORRELATE: a change and the first thing that changed its nature with it") \
  X (together_s, 10, "CORRELATE: a statement, a lock, a path, a provider and the failing it makes") \
  X (change_alone_most, 2, "CORRELATE: without a mechanism a change is weak, however near; innocent ones are nearer (lab: innocent deploys)") \
  X (change_blind_most, 3, "judgement: where neither application nor database is logged no mechanism could show, and its absence says nothing") \
  X (change_most, 8, "CORRELATE") \
  X (reversal_most, 3, "judgement: who takes back one innocent change in twenty sees the failing end just then, for another reason") \
  X (reversal_fix, 1, "judgement: another version that ends it may mend what something else broke") \
  X (reversal_least, -2, "CORRELATE, of what ended while the failing went on") \
  X (share_most, 6, "CORRELATE: clamp of share and join") \
  X (share_a, 9, "CORRELATE: what a cause touches of the failing, Beta (share_a, share_b)") \
  X (share_b, 1.5, "CORRELATE") \
  X (share_kappa, 20, "CORRELATE: how far a bystander's share of the failing strays from its share of the traffic") \
  X (dose_most, 4, "CORRELATE") \
  X (magnitude_least, -2, "CORRELATE") \
  X (magnitude_most, 3, "CORRELATE: huge is not truer than clear") \
  X (novelty_most, 4, "CORRELATE") \
  X (counterexample_least, -3, "CORRELATE") \
  X (dormancy_alpha, 0.05, "CORRELATE: a direct mechanism that still lets requests through unharmed") \
  X (same_family, 0.3, "CORRELATE: what evidence counts that looks at the same thing again") \
  X (takes_most, 0.95, "judgement: of a consequence's belief; the rest is the chance that the order in time is an accident") \
  X (sharpening, 1.2, "lab: by cross-validation 1.5 to 2.3 scores best over variants with a source dropped; no more than this leaves the confidently wrong where they are") \
  X (unseen_most, 0.75, "judgement: what is seen stands in the chain whatever lies behind it; lab: leaving nothing, 7.0 % of 400 variants with a source dropped were confidently wrong, leaving it 0.5 %") \
  X (unseen_scope, 0.3, "lab: a deploy where no log tells which service fails was another cause in 7 of 31 variants")

/* By how much more or less often than the rates of all kinds say an unseen cause lies behind a kind that is
 * seen: how often that was so in variants with the source dropped that would have shown it, shrunk towards 1
 * with the weight of eight variants. X (KIND, factor, source) */
#define RCA_UNSEEN(X) \
  X (DB_CONNECTIONS,  3.0,  "lab: 13 of 15; who has no connection left is nearly always somebody's victim") \
  X (NETWORK,         2.0,  "lab: 4 of 4 without the database's log, 0 of 3 without one of changes") \
  X (SLOW_QUERY,      1.0,  "lab: 4 of 14") \
  X (LOCK_CONTENTION, 1.0,  "lab: 3 of 7") \
  X (APP_ERROR,       1.0,  "lab: 1 of 4") \
  X (INSTANCE,        0.5,  "lab: 0 of 2") \
  X (DB_FAULT,        0.5,  "lab: 0 of 4") \
  X (UPSTREAM,        0.5,  "lab: 0 of 6; a peer that fails is not the database's doing") \
  X (CACHE,           0.5,  "lab: 0 of 4") \
  X (TRAFFIC,         0.5,  "lab: 0 of 5") \
  X (RESOURCE,        0.25, "lab: 0 of 16; what is used up is used up, whoever did it")

typedef struct {
#define X(name, value, source) double name;
  RCA_WEIGHTS (X)
#undef X
} RcaWeights;
extern const RcaWeights rca_weights;

double rca_prior (RcaKind kind); /* 0 for unknown: weights.unknown_prior counts */
const char *rca_prior_source (RcaKind kind);

double rca_unseen_factor (RcaKind kind); /* 1 where nothing was measured */

/* The table, as text: a line each. */
char *rca_weights_print (void);
