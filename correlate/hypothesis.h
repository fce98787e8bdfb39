/* Hypotheses: one KIND of cause a row of one table, one file each in hypotheses/.
 *
 * A row says what the kind can bring about (how likely it is beforehand: weights.h), and how its
 * candidates are found in the facts of one incident. Weighing, explaining away and
 * ranking are the same for all. */
#pragma once
#include "facts.h"
#include "weights.h"

#define RCA_KIND_BIT(kind) (1u << (kind))

typedef struct RcaCandidate RcaCandidate;
struct RcaCandidate {
  RcaKind kind;
  char *subject, *service;   /* service may be NULL: unknown */
  const RcaChange *change;   /* a point event; borrowed from the context; NULL for series */
  RcaInstant onset;          /* seconds since the context's start */
  gint64 onset_ns, lo_ns, hi_ns;
  gint64 acts_ns;            /* a change: when its version was first seen at work, else its onset */
  gint64 end_ns;             /* RCA_TIME_NONE: it went on */
  double gain;               /* 2Δℓ/φ of its own rise; 0 for points */
  double *intensity;         /* per bucket of the context, or NULL */
  double share;              /* of the bad requests touch it; NAN unknown */
  double share_of_all;       /* q: of all requests touch it */
  gboolean shared;           /* acts through something shared: a low share says nothing */
  gboolean new_nature;       /* unseen before, or its calls or rows rose: no consequence of saturation */
  gboolean trace;            /* the failing's own record, which names no reason: tells of nothing but the symptom */
  gboolean unseen;           /* nothing of it before the rise */
  guint failures;            /* bits of RcaFailure that are its trace in the failing requests */
  gboolean in_scope;         /* a change: of a service that fails, or of an unknown one */
  double load_share;         /* a statement: of the additional time the database spent */
  double direct_n;           /* requests of the failing routes served between a change and the onset */
  double fit;                /* a change: weight of its timing with that mechanism, uncapped */
  RcaCandidate *mechanism;   /* of a change: the first thing that changed its nature after it */
  gboolean unclaimed;        /* a change: no mechanism is its own */
  RcaCandidate *parent;      /* whose consequence it is */
  GPtrArray *evidence;       /* RcaEvidence* */
  double log_prior, log_weight;
  double score;              /* prior + weight */
  double own;                /* probability by its own score, before what belongs to a root is counted there */
  double mass;               /* after explaining away; probability in the end */
  char *detail;              /* what a summary adds: "861 times since 07:44:13, 890 ms each" */
  char *remedy, *undo;       /* drawn from the evidence; may be NULL */
};

RcaCandidate *rca_candidate_new (RcaKind kind, const char *subject, const char *service);
void rca_candidate_free (RcaCandidate *candidate);
/* Takes the onset, end and gain of @rise (cleared). */
void rca_candidate_take_rise (RcaCandidate *candidate, RcaRise *rise);

/* Appends evidence of raw weight @weight; the sentence as by printf. */
RcaEvidence *rca_candidate_add (RcaCandidate *candidate, RcaEvidenceKind kind, double weight, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* Points @evidence at lines. */
void rca_evidence_cite (RcaEvidence *evidence, const RcaRef *ref);
/* The first @limit rows of @query; returns them for texts (caller frees), cited when @evidence is not NULL. */
GPtrArray *rca_facts_cite (RcaFacts *facts, const RcaRowQuery *query, RcaEvidence *evidence);
/* Rows of @stream whose @dimension is @value, from @from_ns on to the outbreak's end. */
GPtrArray *rca_facts_cite_value (RcaFacts *facts, RcaStream stream, RcaDimension dimension, const char *value, gint64 from_ns, guint limit, RcaEvidence *evidence);
void rca_evidence_free (RcaEvidence *evidence);

/* The usual evidence of a series: precedence, magnitude, dose, share, recovery. @what: "the statement", … */
void rca_candidate_weigh_series (RcaFacts *facts, RcaCandidate *candidate, const char *what);

/* "07:44:13" UTC into a ring of static-free storage: caller gives @out. */
const char *rca_clock (gint64 time_ns, char out[16]);

/* Candidates from failure classes that requests died of, one per peer or one for all (@by_peer). */
typedef struct {
  RcaKind kind;
  const RcaFailure *classes; /* ends with RCA_FAILURE_NONE */
  gboolean by_peer;
  gboolean own_peers;        /* peers that are the site's own instances count too */
  gboolean web;              /* error-log rows of the web server count */
  gboolean shared;
  const char *what;          /* "pool time-outs" */
  const char *subject;       /* when no peer is known */
  gboolean nameless;         /* by_peer: rows that name no peer may tell of something else as well */
  guint foreign;             /* bits of RcaFailure that count only where a peer is named that is not the site's own */
  guint domestic;            /* … and those that count only where none is */
} RcaFailureRule;
void rca_generate_failures (RcaFacts *facts, const RcaFailureRule *rule, GPtrArray *out);
/* Share of the bad requests whose own record names one of @classes (bits); NAN when no record joins. */
double rca_facts_failure_share (RcaFacts *facts, guint classes);
/* Rows per bucket of the classes, summed over peers; caller frees; NULL when there are none. */
double *rca_facts_failure_series (RcaFacts *facts, guint classes, gboolean web);

/* Whether two service names mean the same thing ("storefront", "shop/storefront-api"). */
gboolean rca_same_service (const char *a, const char *b);

/* Share of the bad requests that took max (p99 before, 100 ms) of their route or more; NAN without durations. */
double rca_facts_slow_share (RcaFacts *facts);

typedef struct {
  RcaKind kind;
  guint brings_about; /* RCA_KIND_BIT of what it can cause */
  void (*generate) (RcaFacts *facts, GPtrArray *candidates);
  const char *remedy; /* when the candidate drew none of its own */
} RcaHypothesis;

/* Saturation makes what was there slower; it does not bring about what never ran before. */
gboolean rca_is_saturation (RcaKind kind);

const RcaHypothesis *rca_hypothesis (RcaKind kind); /* NULL for unknown */
const RcaHypothesis *const *rca_hypotheses (guint *n);
