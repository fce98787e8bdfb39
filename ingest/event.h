/* One log record, as a decoder sees it: time, stream, severity and typed fields.
 *
 * Bytes of string fields belong to the record being decoded or to the decoder's
 * arena; they are good until the emit callback returns. Whoever keeps an event
 * copies what it keeps. */
#pragma once
#include "bytes.h"

#define RCA_NS_PER_S G_GINT64_CONSTANT (1000000000)
#define RCA_NS_PER_MS G_GINT64_CONSTANT (1000000)
#define RCA_TIME_NONE G_MININT64 /* the record carries no time of its own */

typedef enum {
  RCA_STREAM_UNKNOWN,
  RCA_STREAM_ACCESS, /* web servers and load balancers, with their error logs */
  RCA_STREAM_APP,
  RCA_STREAM_DB, /* with poolers and cache servers */
  RCA_STREAM_CHANGE,
  RCA_STREAM_CDN,
  RCA_STREAM_MONITOR, /* host and network metrics, kernel lines */
  RCA_N_STREAMS
} RcaStream;

typedef enum {
  RCA_SEVERITY_NONE, /* the format has no levels */
  RCA_SEVERITY_TRACE,
  RCA_SEVERITY_DEBUG,
  RCA_SEVERITY_INFO, /* also PostgreSQL's LOG, NOTICE */
  RCA_SEVERITY_WARN,
  RCA_SEVERITY_ERROR,
  RCA_SEVERITY_FATAL, /* critical, alert, emergency, panic */
  RCA_N_SEVERITIES
} RcaSeverity;

/* What a change event is. "Restart" is a process start or reload that no deploy explains by itself. */
typedef enum {
  RCA_CHANGE_NONE,
  RCA_CHANGE_DEPLOY,
  RCA_CHANGE_ROLLBACK,
  RCA_CHANGE_CONFIG,
  RCA_CHANGE_FLAG,
  RCA_CHANGE_RESTART,
  RCA_CHANGE_JOB,
  RCA_CHANGE_SCALE,
  RCA_CHANGE_PACKAGE,
  RCA_CHANGE_MIGRATION, /* schema change */
  RCA_N_CHANGE_KINDS
} RcaChangeKind;

/* What a database's own record tells, beside a statement's duration. */
typedef enum {
  RCA_DB_EVENT_NONE,
  RCA_DB_EVENT_STATEMENT,     /* a duration of one statement or command ("slow" of CONTRACT.md); never set twice for one execution */
  RCA_DB_EVENT_LOCK_WAIT,     /* still waiting for a lock, lock wait time-out */
  RCA_DB_EVENT_DEADLOCK,
  RCA_DB_EVENT_TIMEOUT,       /* a statement cancelled by a time-out */
  RCA_DB_EVENT_CANCEL,        /* by a user or an administrator */
  RCA_DB_EVENT_REFUSED,       /* too many connections, no slots left */
  RCA_DB_EVENT_DISCONNECT,    /* client or server gone: aborted connections, unexpected EOF */
  RCA_DB_EVENT_POOL,          /* a pooler's queue: query_wait_timeout, max_client_conn, waits */
  RCA_DB_EVENT_TEMP_FILE,
  RCA_DB_EVENT_CHECKPOINT,
  RCA_DB_EVENT_VACUUM,
  RCA_DB_EVENT_REPLICATION,
  RCA_DB_EVENT_START,         /* a server starts or is ready */
  RCA_DB_EVENT_STOP,
  RCA_DB_EVENT_CRASH,         /* a backend or server died; recovery */
  RCA_DB_EVENT_DISK_FULL,
  RCA_DB_EVENT_MEMORY,
  RCA_DB_EVENT_EVICTION,      /* caches: evicted keys, maxmemory */
  RCA_DB_EVENT_AUTH,
  RCA_N_DB_EVENTS
} RcaDbEvent;

/* What a failing record says it died of or waited for (classify.h has the one table of texts). */
typedef enum {
  RCA_FAILURE_NONE,
  RCA_FAILURE_REFUSED,          /* connect() refused by the peer */
  RCA_FAILURE_RESET,            /* reset, broken pipe, closed prematurely, EOF */
  RCA_FAILURE_CONNECT_TIMEOUT,
  RCA_FAILURE_UNREACHABLE,      /* no route, network unreachable, host down */
  RCA_FAILURE_READ_TIMEOUT,     /* the peer accepted and did not answer in time */
  RCA_FAILURE_NO_UPSTREAM,      /* no live upstreams, all servers down, circuit open */
  RCA_FAILURE_UPSTREAM_ERROR,   /* the peer answered an error (5xx, bad gateway) */
  RCA_FAILURE_DNS,
  RCA_FAILURE_TLS,
  RCA_FAILURE_LIMIT,            /* rate or concurrency limits, 429, denied by policy */
  RCA_FAILURE_CLIENT_ABORT,
  RCA_FAILURE_POOL_TIMEOUT,     /* waited in vain for a connection of a pool */
  RCA_FAILURE_DB_REFUSED,       /* the database refuses: too many connections, cannot connect to the database */
  RCA_FAILURE_DB_LOST,          /* a database connection broke in use */
  RCA_FAILURE_STATEMENT_TIMEOUT,
  RCA_FAILURE_LOCK_TIMEOUT,
  RCA_FAILURE_DEADLOCK,
  RCA_FAILURE_DB_ERROR,         /* any other error a database answered (undefined column, constraint…) */
  RCA_FAILURE_DB_READ_ONLY,     /* read-only transaction or replica, recovery mode, replica too far behind */
  RCA_FAILURE_CACHE,            /* cache server errors */
  RCA_FAILURE_DISK_FULL,
  RCA_FAILURE_MEMORY,
  RCA_FAILURE_DESCRIPTORS,      /* EMFILE, worker_connections */
  RCA_FAILURE_WORKERS,          /* worker or thread pool full, worker time-out, queue full */
  RCA_FAILURE_EXCEPTION,        /* a code fault: an exception of no class above */
  RCA_N_FAILURES
} RcaFailure;

typedef enum {
#define X(id, name, type) RCA_FIELD_##id,
#include "field.def"
#undef X
  RCA_N_FIELDS
} RcaField;

typedef enum { RCA_TYPE_INT, RCA_TYPE_NS, RCA_TYPE_STR, RCA_TYPE_ID, RCA_TYPE_ENUM } RcaType;

/* Gauges of a monitor sample. Ratios are 0..1 of what the machine has. */
typedef enum {
  RCA_METRIC_CPU_BUSY_RATIO,    /* 1 - idle - iowait, all cores */
  RCA_METRIC_CPU_IOWAIT_RATIO,
  RCA_METRIC_CPU_STEAL_RATIO,
  RCA_METRIC_RUN_QUEUE,         /* runnable tasks */
  RCA_METRIC_BLOCKED,           /* tasks in uninterruptible sleep */
  RCA_METRIC_LOAD1,
  RCA_METRIC_N_CPUS,
  RCA_METRIC_MEM_USED_RATIO,    /* without cache and buffers */
  RCA_METRIC_SWAP_IO,           /* pages or KiB a second, in + out */
  RCA_METRIC_DISK_UTIL_RATIO,   /* device busy */
  RCA_METRIC_DISK_USED_RATIO,   /* file system full */
  RCA_METRIC_FD_USED_RATIO,
  RCA_METRIC_NET_ERRORS,        /* errors and drops a second, an interface */
  RCA_METRIC_NET_BYTES,         /* a second, in + out */
  RCA_METRIC_TCP_RETRANS,       /* segments a second */
  RCA_METRIC_TCP_SOCKETS,
  RCA_METRIC_PSI_CPU_RATIO,
  RCA_METRIC_PSI_IO_RATIO,
  RCA_METRIC_PSI_MEM_RATIO,
  RCA_METRIC_OTHER,             /* kept for the record; no test reads it */
  RCA_N_METRICS
} RcaMetric;

typedef struct {
  RcaMetric metric;
  RcaBytes device; /* interface, disk, mount point, cgroup; empty for the whole host */
  double value;
} RcaSample;

typedef enum {
  RCA_EVENT_TIME_IS_START = 1 << 0, /* the logged time is when the work began, not when it ended */
  RCA_EVENT_ZONE_UNKNOWN = 1 << 1,  /* no zone written: time_ns is the written time read as UTC */
  RCA_EVENT_DATE_UNKNOWN = 1 << 2,  /* no date (or year) written: guessed from the file's mtime and neighbours */
  RCA_EVENT_DUPLICATE = 1 << 3,     /* the same event was told before by this source; counted as a record, nowhere else */
  RCA_EVENT_TRUNCATED = 1 << 4,     /* cut at the length limit */
  RCA_EVENT_KERNEL = 1 << 5,        /* a kernel line (monitor stream): FAILURE tells which resource */
} RcaEventFlags;

typedef struct {
  RcaBytes key;
  RcaBytes value;
} RcaAttribute;

#define RCA_MAX_ATTRIBUTES 64
#define RCA_MAX_SAMPLES 512

typedef struct {
  /* where it stands: set by the framer, never by a decoder */
  guint64 line;   /* 1-based number of its first line in the (decompressed) file */
  guint64 offset; /* of its first byte in the decompressed file */
  RcaBytes raw;   /* all of its lines, without the last line end */
  guint64 raw_offset; /* of @raw in a plain file that holds these very bytes; G_MAXUINT64: they were changed or stand nowhere */

  gint64 time_ns; /* as logged, UTC; RCA_TIME_NONE when it has none */
  RcaStream stream;
  RcaSeverity severity;
  guint flags; /* RcaEventFlags */

  guint64 present; /* bit i: field i is set */
  union {
    gint64 num;   /* INT, NS, ENUM */
    RcaBytes str; /* STR, ID */
  } field[RCA_N_FIELDS];

  guint n_attributes; /* key=value or JSON members that are no field, in order */
  RcaAttribute attribute[RCA_MAX_ATTRIBUTES];
  guint n_samples; /* a monitor record's gauges */
  RcaSample *samples; /* decoder's own array, at most RCA_MAX_SAMPLES */
} RcaEvent;

G_STATIC_ASSERT (RCA_N_FIELDS <= 64);

/* Empties @ev for the next record; where it stands is kept. */
static inline void
rca_event_clear (RcaEvent *ev)
{
  ev->time_ns = RCA_TIME_NONE;
  ev->stream = RCA_STREAM_UNKNOWN;
  ev->severity = RCA_SEVERITY_NONE;
  ev->flags = 0;
  ev->present = 0;
  ev->n_attributes = 0;
  ev->n_samples = 0;
  ev->samples = NULL;
}

static inline gboolean
rca_event_has (const RcaEvent *ev, RcaField f)
{
  return (ev->present >> f) & 1;
}

static inline void
rca_event_set_num (RcaEvent *ev, RcaField f, gint64 value)
{
  ev->field[f].num = value;
  ev->present |= G_GUINT64_CONSTANT (1) << f;
}

/* Sets @f to @value; an empty value or "-" leaves it absent. */
static inline void
rca_event_set_str (RcaEvent *ev, RcaField f, RcaBytes value)
{
  if (value.n == 0 || (value.n == 1 && value.p[0] == '-'))
    return;
  ev->field[f].str = value;
  ev->present |= G_GUINT64_CONSTANT (1) << f;
}

static inline gint64
rca_event_num (const RcaEvent *ev, RcaField f, gint64 otherwise)
{
  return rca_event_has (ev, f) ? ev->field[f].num : otherwise;
}

static inline RcaBytes
rca_event_str (const RcaEvent *ev, RcaField f)
{
  return rca_event_has (ev, f) ? ev->field[f].str : (RcaBytes){ NULL, 0 };
}

/* Names and types, from field.def and the enums above (event.c). */
const char *rca_field_name (RcaField f);
RcaType rca_field_type (RcaField f);
const char *rca_stream_name (RcaStream s);     /* as in CONTRACT.md: access, app, db, change, cdn, monitor, unknown */
const char *rca_severity_name (RcaSeverity s); /* lower case */
const char *rca_change_kind_name (RcaChangeKind k);
const char *rca_db_event_name (RcaDbEvent e); /* lower case, underscores */
const char *rca_failure_name (RcaFailure f);  /* lower case, underscores */
const char *rca_metric_name (RcaMetric m);
