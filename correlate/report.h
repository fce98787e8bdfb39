/* The report: what was found, as a model; renderers turn it into text or JSON
 * (CONTRACT.md, rca.report/1). Everything in it belongs to the report. */
#pragma once
#include "seam.h"

typedef enum {
  RCA_KIND_DEPLOY, RCA_KIND_CONFIG_CHANGE, RCA_KIND_SLOW_QUERY, RCA_KIND_LOCK_CONTENTION,
  RCA_KIND_DB_CONNECTIONS, RCA_KIND_DB_FAULT, RCA_KIND_APP_ERROR, RCA_KIND_RESOURCE,
  RCA_KIND_TRAFFIC, RCA_KIND_CDN, RCA_KIND_NETWORK, RCA_KIND_UPSTREAM, RCA_KIND_INSTANCE,
  RCA_KIND_BATCH_JOB, RCA_KIND_CACHE, RCA_KIND_TLS, RCA_KIND_DNS, RCA_KIND_UNKNOWN,
  RCA_N_KINDS
} RcaKind;
const char *rca_kind_name (RcaKind kind); /* as in CONTRACT.md */

typedef enum {
  RCA_EVIDENCE_PRECEDENCE, RCA_EVIDENCE_MAGNITUDE, RCA_EVIDENCE_SHARE, RCA_EVIDENCE_DOSE,
  RCA_EVIDENCE_JOIN, RCA_EVIDENCE_NOVELTY, RCA_EVIDENCE_RECOVERY, RCA_EVIDENCE_COUNTEREXAMPLE,
  RCA_EVIDENCE_PRIOR, RCA_N_EVIDENCE
} RcaEvidenceKind;
const char *rca_evidence_kind_name (RcaEvidenceKind kind);

typedef enum { RCA_SYMPTOM_HTTP_5XX, RCA_SYMPTOM_LATENCY, RCA_SYMPTOM_TRAFFIC_DROP, RCA_SYMPTOM_APP_ERRORS, RCA_SYMPTOM_DB_ERRORS } RcaSymptomKind;
const char *rca_symptom_kind_name (RcaSymptomKind kind);

typedef enum { RCA_STATE_ONGOING, RCA_STATE_RECOVERING, RCA_STATE_OVER } RcaState;
const char *rca_state_name (RcaState state);
typedef enum { RCA_SEVERITY_CRITICAL, RCA_SEVERITY_MAJOR, RCA_SEVERITY_MINOR } RcaIncidentSeverity;
const char *rca_incident_severity_name (RcaIncidentSeverity severity);
typedef enum { RCA_VERDICT_RULED_OUT, RCA_VERDICT_NOT_SUPPORTED, RCA_VERDICT_NO_DATA, RCA_VERDICT_IMPLICATED } RcaVerdictValue;
const char *rca_verdict_name (RcaVerdictValue verdict);

typedef struct {
  char *path;
  guint64 line;
  gint64 time_ns;
  char *text; /* the line as shown (redacted, cut); may be NULL */
} RcaReportRef;

typedef struct {
  RcaEvidenceKind kind;
  double weight;     /* as counted: the ledger adds up */
  double weight_raw; /* before correlated evidence was discounted; for --explain */
  char *text;
  GArray *refs;      /* RcaReportRef */
} RcaEvidence;

typedef struct {
  RcaKind kind;
  gboolean symptom;  /* the chain's end */
  char *subject;
  gint64 time_ns;
  char *detail;      /* what the logs count of it: "909 failures for want of a database connection"; or NULL */
  GArray *refs;      /* RcaReportRef: lines that show it; or NULL */
} RcaLink;

typedef struct {
  guint rank;
  RcaKind kind;
  char *subject, *service; /* service may be NULL */
  gint64 onset_ns;
  double confidence;
  double own_confidence; /* by its own sum alone, before what it brought about, or what brought it about, is counted; NAN for unknown */
  double log_prior, log_weight; /* ledger: prior and sum of the weights */
  char *summary;
  char *headline; /* the summary without what the cause brought about: that is in @chain */
  GPtrArray *evidence; /* RcaEvidence*, strongest first */
  GPtrArray *chain;    /* RcaLink*, root first, symptom last */
  char *remedy;
  char *undo; /* or NULL */
} RcaCause;

typedef struct {
  RcaKind kind;
  RcaVerdictValue verdict;
  double share_max; /* NAN when unknown */
  char *summary;
  GPtrArray *evidence; /* RcaEvidence* */
} RcaVerdict;

typedef struct {
  char *route;
  guint64 requests, failed, slow;
} RcaRouteImpact;

typedef struct {
  guint64 requests, failed, slow;
  double failed_ratio, slow_ratio;
  double clients, clients_affected, clients_affected_ratio; /* NAN when not known */
  GArray *routes; /* RcaRouteImpact, worst first */
} RcaImpact;

typedef struct {
  gint64 time_ns;
  char *source;
  char *text;
  RcaChangeKind change; /* RCA_CHANGE_NONE: nobody did it */
  guint64 line;         /* of @source, where a change stands; or 0 */
} RcaTimelineEntry;

typedef struct {
  char id[13];
  gint64 start_ns, start_lo_ns, start_hi_ns, end_ns; /* end: RCA_TIME_NONE while it goes on */
  RcaState state;
  RcaIncidentSeverity severity;
  RcaSymptomKind symptom;
  char *service; /* may be NULL */
  char *summary;
  RcaImpact impact;
  GPtrArray *causes;   /* RcaCause*, by rank */
  GPtrArray *verdicts; /* RcaVerdict*, in the order of CONTRACT.md */
  GPtrArray *timeline; /* RcaTimelineEntry* */
} RcaIncident;

typedef struct {
  RcaSymptomKind symptom;
  char *service;
  double baseline, observed, smallest_seen; /* ratios */
} RcaChecked;

/* One statement of the database over the window, a value a bucket. */
typedef struct {
  char *fingerprint;
  char *name;       /* "SELECT orders ⋈ items" */
  double *seconds;  /* the database's time; 0 where no durations are logged */
  double *count;
} RcaChartStatement;

/* Series for charts, @n buckets of @width_ns: the user-facing stream over the window, and what
 * the database did. */
typedef struct {
  gint64 start_ns, width_ns;
  guint n;
  double *requests, *failed, *p50_s, *p95_s, *p99_s; /* NAN where there is nothing */
  GPtrArray *statements;  /* RcaChartStatement*, those of causes first, then the heaviest */
  gboolean statements_timed; /* nearly all state a duration: their seconds tell more than their number */
  guint more_statements;  /* how many lighter ones are left out */
} RcaChart;

typedef struct {
  gint64 time_ns;
  char *label;  /* "deploy catalog 2.5.0" */
  RcaChangeKind kind;
  RcaReportRef ref;
} RcaMark;

typedef struct {
  gboolean degraded;
  RcaSpan window, baseline;
  GPtrArray *incidents; /* RcaIncident*, by start */
  GPtrArray *checked;   /* RcaChecked* */
  RcaSources *sources;
  GPtrArray *notes;     /* char* */
  RcaChart chart;
  GPtrArray *marks;     /* RcaMark*, by time: changes inside window and baseline */
  char *store;          /* the folder that keeps the lines, as the user named it; NULL: only their files do */
} RcaReport;

void rca_report_free (RcaReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaReport, rca_report_free)
