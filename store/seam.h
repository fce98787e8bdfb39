/* The seam: the six questions a correlator may ask, and nothing else.
 *
 * Backends are rows of a table (rca_backends()): `local` (a store folder), `files`
 * (one-shot over raw files), `clickhouse`. The same question gives the same
 * numbers from each; tests/seam compares them with an independent computation.
 *
 * Times are UTC ns, corrected by each source's zone and clock offset. Requests and
 * statements are counted at their START (logged end minus duration). Spans are
 * half-open [start, end). All returned objects belong to the caller unless said
 * otherwise; strings inside an answer live as long as the answer and the store do, those of
 * RcaSources as long as the answer. All orders are
 * deterministic: never that of a hash table, of files or of memory. */
#pragma once
#include "dimension.h"
#include "histogram.h"

#define RCA_STORE_ERROR (rca_store_error_quark ())
GQuark rca_store_error_quark (void);
typedef enum {
  RCA_STORE_ERROR_OPEN,     /* no such store, not a store, no permission */
  RCA_STORE_ERROR_LOCKED,   /* another writer holds it */
  RCA_STORE_ERROR_DAMAGED,  /* a checksum differs, a file is torn; what could be read was */
  RCA_STORE_ERROR_VERSION,  /* written by a newer rca */
  RCA_STORE_ERROR_WRITE,
  RCA_STORE_ERROR_QUERY,
  RCA_STORE_ERROR_EMPTY,    /* nothing usable to read */
  RCA_STORE_ERROR_READ      /* the disk fails: what stands there may be whole */
} RcaStoreError;

typedef struct {
  gint64 start_ns;
  gint64 end_ns;
} RcaSpan;

typedef struct RcaStore RcaStore; /* an open store; close with rca_store_close() */

/* ---- 1. sources -------------------------------------------------------- */
typedef struct {
  const char *path;
  const char *format;   /* "unknown" when none fits */
  RcaStream stream;
  const char *service;  /* or NULL */
  const char *host;     /* or NULL */
  const char *instance; /* which of several sources of one service: stable name ("storefront-1"), or NULL */
  const char *zone;     /* "UTC", "+05:30 (inferred)", "local (assumed)" … */
  const char *why;      /* how format and zone were found */
  const char *columns;  /* or NULL */
  double clock_offset_s; /* added to its times: to agree with the user-facing stream, or that one with all others */
  guint64 lines, records, parsed, rejected;
  guint64 http_5xx, errors, slow, changes, samples;
  gint64 first_ns, last_ns; /* RCA_TIME_NONE when no record has a time */
  guint64 present;          /* RcaField bits carried by any record */
  gint64 time_step_ns;      /* resolution of its stamps: 1 s for CLF, 1 ms … */
} RcaSourceInfo;

/* Two names of one thing: an upstream address of the access stream and the service
 * instance that answers there, learnt from shared request ids (or the instance's own text). */
typedef struct {
  const char *upstream; /* "127.0.0.1:8101" */
  const char *instance; /* "storefront-1" */
  const char *service;
} RcaPeer;

typedef struct {
  GPtrArray *source;   /* const RcaSourceInfo*, by path */
  GPtrArray *peer;     /* const RcaPeer*, by upstream */
  GPtrArray *problem;  /* const char*: what could not be read, with the remedy */
  GPtrArray *note;     /* const char*: zone guesses, offsets, duplicates dropped… */
  RcaStream user_facing; /* cdn when edge logs carry requests, else access, else app; UNKNOWN when none */
  RcaSpan extent;      /* of all records with a time but changes and strays (under 1 % of the records, a week or more
                          from the others), unless there are only changes; start == end when none */
  gpointer owner;      /* of the strings, which outlive the store; private */
} RcaSources;

/* ---- 2. frame ---------------------------------------------------------- */
typedef enum {
  RCA_MEASURE_COUNT = 1 << 0,
  RCA_MEASURE_FAILED = 1 << 1,     /* requests: status 5xx. Other rows: severity ERROR or worse */
  RCA_MEASURE_BYTES = 1 << 2,
  RCA_MEASURE_DURATION = 1 << 3,   /* sum, seconds, and histogram; rows that state one */
  RCA_MEASURE_FAILED_DURATION = 1 << 4, /* histogram of the failed rows' durations */
  RCA_MEASURE_CONNECT = 1 << 5,    /* UPSTREAM_CONNECT: sum and histogram */
  RCA_MEASURE_UPSTREAM = 1 << 6,   /* UPSTREAM_TIME: sum and histogram */
  RCA_MEASURE_ROWS_EXAMINED = 1 << 7,
  RCA_MEASURE_ROWS_SENT = 1 << 8,
  RCA_MEASURE_LOCK_TIME = 1 << 9,  /* seconds */
  RCA_MEASURE_CLIENTS = 1 << 10,   /* distinct clients a bucket, and over the span (exact below 4096, HyperLogLog above) */
  RCA_MEASURE_CLIENTS_FAILED = 1 << 11,
  RCA_MEASURE_GAUGE = 1 << 12,     /* min, max, sum, n of samples */
  RCA_MEASURE_ABORTED = 1 << 13,   /* requests: status 499 */
  RCA_MEASURE_LIMITED = 1 << 14,   /* requests: status 429 */
} RcaMeasure;

/* Rows whose dimension has one of the values (or none of them, when @negate). */
typedef struct {
  RcaDimension dimension;
  const char *const *value; /* NULL-terminated */
  gboolean negate;
} RcaFilter;

typedef enum { RCA_ORDER_COUNT, RCA_ORDER_FAILED, RCA_ORDER_DURATION, RCA_ORDER_CHANGE } RcaOrder;

typedef struct {
  RcaSpan span;
  gint64 width_ns;      /* one of the closed list 1, 2, 5, 10, 30, 60 s, 5, 10, 60 min */
  RcaStream stream;
  RcaDimension by[2];   /* RCA_DIM_NONE when unused: one series for all */
  const RcaFilter *filter;
  guint n_filters;
  guint measures;       /* RcaMeasure bits */
  guint k;              /* at most so many entities (0: 1000); the rest in `other` */
  RcaOrder order;       /* which come first; ties by name */
  RcaSpan against;      /* for RCA_ORDER_CHANGE: |rate in span - rate in against| */
} RcaFrameQuery;

/* A frame: entities × buckets. Bucket i is [start + i·width, …); start is span.start
 * rounded down to the width. Entity n_entities (index) is `other`: all that was folded. */
typedef struct RcaFrame RcaFrame;

void rca_frame_free (RcaFrame *frame);
guint rca_frame_n_entities (const RcaFrame *frame); /* without `other` */
guint rca_frame_n_buckets (const RcaFrame *frame);
gint64 rca_frame_start_ns (const RcaFrame *frame);
gint64 rca_frame_width_ns (const RcaFrame *frame);
guint64 rca_frame_other_entities (const RcaFrame *frame); /* how many were folded */
/* The value of dimension 0 or 1 of entity @e; "" where the rows have none; never NULL. */
const char *rca_frame_value (const RcaFrame *frame, guint e, guint which);
/* What a person calls it: for fingerprints "SELECT orders ⋈ items", else the value. */
const char *rca_frame_label (const RcaFrame *frame, guint e, guint which);
gint rca_frame_find (const RcaFrame *frame, const char *value0, const char *value1); /* -1 when absent */
/* n_buckets values; NULL when not asked for. Sums for DURATION, CONNECT, UPSTREAM, LOCK_TIME in seconds. */
const double *rca_frame_series (const RcaFrame *frame, guint e, RcaMeasure measure);
/* How many rows stated a duration / connect / upstream time (their count may be below COUNT). */
const double *rca_frame_series_n (const RcaFrame *frame, guint e, RcaMeasure measure);
/* Histogram of bucket @bucket, or NULL when nothing fell into it. DURATION, FAILED_DURATION, CONNECT, UPSTREAM. */
const RcaHistogram *rca_frame_histogram (const RcaFrame *frame, guint e, guint bucket, RcaMeasure measure);
/* Distinct clients over buckets [from, to) of entity @e (CLIENTS or CLIENTS_FAILED). */
double rca_frame_clients (const RcaFrame *frame, guint e, guint from, guint to, RcaMeasure measure);
/* Gauges: NAN where no sample fell. */
typedef struct { double min, max, sum, n; } RcaGauge;
RcaGauge rca_frame_gauge (const RcaFrame *frame, guint e, guint bucket);

/* ---- 3. changes -------------------------------------------------------- */
typedef struct {
  const char *path;
  guint64 line;
  gint64 time_ns;   /* as logged, corrected */
  const char *text; /* the line, redacted and cut at 400 bytes */
} RcaRef;

typedef struct {
  gint64 start_ns, end_ns;  /* equal for a point */
  gint64 resolution_ns;     /* of the stamp: 1 s when it was written in seconds */
  RcaChangeKind kind;
  const char *service;      /* or NULL */
  const char *version;      /* or NULL */
  const char *version_before; /* or NULL; filled from the change before or from the rows' own VERSION */
  const char *environment, *actor, *outcome, *host; /* or NULL */
  const char *text;         /* what a person would quote */
  RcaRef ref;
  gint64 acts_ns;           /* when a row or a process start first says its version; 0: none does */
  gboolean seen_on_rows;    /* learnt from a VERSION or a process start in the rows, not from a change log */
} RcaChange;

/* ---- 4. join ----------------------------------------------------------- */
typedef enum { RCA_BAD_FAILED, RCA_BAD_SLOW, RCA_BAD_FAILED_OR_SLOW } RcaBad;

typedef struct {
  RcaSpan span;            /* of the requests */
  RcaStream stream;        /* whose requests are judged */
  RcaBad bad;
  gint64 slow_ns;          /* threshold for routes without their own */
  GHashTable *route_slow_ns; /* route (const char*) → gint64*; may be NULL */
  const RcaFilter *filter; /* on the requests */
  guint n_filters;
  RcaStream carrier;       /* whose rows are carried */
  RcaDimension thing;      /* what a carried row tells */
  const RcaFilter *carrier_filter; /* on the carried rows, e.g. severity warn.. */
  guint n_carrier_filters;
} RcaJoinQuery;

/* One thing on one route. */
typedef struct {
  const char *thing;
  const char *label;
  const char *route;
  guint bad_with, good_with; /* requests that carry it */
} RcaJoinCell;

typedef struct {
  const char *route;
  guint bad, good;   /* requests that could be joined at all */
  guint bad_queued;  /* bad ones whose carrier record begins after their caller gave up: neither with nor without */
  guint bad_unjoined, good_unjoined;
} RcaJoinRoute;

typedef struct {
  GArray *cell;   /* RcaJoinCell, by thing then route */
  GArray *route;  /* RcaJoinRoute, by route */
  gboolean by_id; /* joined by ids; FALSE: nothing to join on */
  gpointer owner; /* strings; private */
} RcaJoin;

/* ---- 5. rows ----------------------------------------------------------- */
typedef enum { RCA_ROWS_BY_TIME, RCA_ROWS_BY_TIME_DESC, RCA_ROWS_BY_DURATION_DESC } RcaRowOrder;

typedef struct {
  RcaSpan span;
  RcaStream stream;        /* RCA_STREAM_UNKNOWN: any */
  const RcaFilter *filter;
  guint n_filters;
  gboolean failed_only;    /* as RCA_MEASURE_FAILED */
  gint64 min_duration_ns;  /* 0: any */
  const char *id;          /* request or trace id, or NULL */
  gint64 pid;              /* process or backend, or 0 */
  RcaRowOrder order;
  guint limit;
} RcaRowQuery;

typedef struct {
  RcaRef ref;
  gint64 start_ns, end_ns;  /* of the work; equal when no duration is stated */
  RcaStream stream;
  RcaSeverity severity;
  gint64 status, duration_ns; /* -1 when absent */
  const char *route, *service, *instance, *version, *upstream, *id; /* or NULL */
  const char *template_text, *exception, *fingerprint, *fingerprint_name, *peer; /* or NULL */
  RcaFailure failure;
  RcaDbEvent db_event;
  gint64 pid, holder_pid;   /* 0 when absent */
} RcaRow;

/* ---- 6. seen ----------------------------------------------------------- */
typedef struct {
  const char *value;
  gint64 first_ns, last_ns;   /* RCA_TIME_NONE: never */
  guint64 count;              /* in the span looked at */
  GArray *occurrence;         /* RcaOccurrence: the last 64, oldest first, gaps under 60 s merged */
} RcaSeen;

typedef struct {
  RcaSpan span;
  double intensity;           /* rows a second; for statements seconds a second */
} RcaOccurrence;

typedef struct {
  GPtrArray *seen;  /* RcaSeen*, in the order asked */
  RcaSpan looked;   /* how far it could look */
  double singletons_per_s; /* rate at which values never seen before turned up in the first half of @looked … its whole when short */
} RcaSeenAnswer;

/* ---- the calls --------------------------------------------------------- */
RcaSources *rca_store_sources (RcaStore *store, GError **error);
void rca_sources_free (RcaSources *sources);

RcaFrame *rca_store_frame (RcaStore *store, const RcaFrameQuery *query, GError **error);

/* Changes that begin in @span, by time, then path and line. RcaChange*. */
GPtrArray *rca_store_changes (RcaStore *store, RcaSpan span, GError **error);

RcaJoin *rca_store_join (RcaStore *store, const RcaJoinQuery *query, GError **error);
void rca_join_free (RcaJoin *join);

/* RcaRow*; by @query->order, ties by path and line. */
GPtrArray *rca_store_rows (RcaStore *store, const RcaRowQuery *query, GError **error);

/* @value: NULL-terminated values of @dimension in @stream. */
RcaSeenAnswer *rca_store_seen (RcaStore *store, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error);
void rca_seen_answer_free (RcaSeenAnswer *answer);

/* const char*: why calls so far had no answer, each sentence once; the store's. What was concluded without them is
 * concluded from a part of what there is. */
const GPtrArray *rca_store_failures (RcaStore *store);

void rca_store_close (RcaStore *store);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaStore, rca_store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSources, rca_sources_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaFrame, rca_frame_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaJoin, rca_join_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSeenAnswer, rca_seen_answer_free)

/* ---- backends ---------------------------------------------------------- */
/* A backend answers the six calls. @impl is its own state. */
typedef struct {
  const char *name;
  RcaSources *(*sources) (gpointer impl, GError **error);
  RcaFrame *(*frame) (gpointer impl, const RcaFrameQuery *query, GError **error);
  GPtrArray *(*changes) (gpointer impl, RcaSpan span, GError **error);
  RcaJoin *(*join) (gpointer impl, const RcaJoinQuery *query, GError **error);
  GPtrArray *(*rows) (gpointer impl, const RcaRowQuery *query, GError **error);
  RcaSeenAnswer *(*seen) (gpointer impl, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error);
  void (*close) (gpointer impl);
  gpointer (*table) (gpointer impl); /* the RcaTable that holds its marks */
} RcaBackend;

/* For backends: wraps @impl (owned by the result). */
RcaStore *rca_store_wrap (const RcaBackend *backend, gpointer impl);
/* Its own state again, when @store is of @backend; else NULL. */
gpointer rca_store_impl (RcaStore *store, const RcaBackend *backend);
/* What its backend's table() gives. */
gpointer rca_store_table (RcaStore *store);
