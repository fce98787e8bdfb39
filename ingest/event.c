#include "event.h"

static const struct
{
  const char *name;
  RcaType type;
} fields[RCA_N_FIELDS] = {
#define X(id, name, type) [RCA_FIELD_##id] = { name, RCA_TYPE_##type },
#include "field.def"
#undef X
};

static const char *const streams[RCA_N_STREAMS] = { "unknown", "access", "app", "db", "change", "cdn", "monitor" };

static const char *const severities[RCA_N_SEVERITIES] = { "none", "trace", "debug", "info", "warn", "error", "fatal" };

static const char *const change_kinds[RCA_N_CHANGE_KINDS] = {
  "none", "deploy", "rollback", "config", "flag", "restart", "job", "scale", "package", "migration",
};

static const char *const db_events[RCA_N_DB_EVENTS] = {
  "none", "statement", "lock_wait", "deadlock", "timeout", "cancel", "refused", "disconnect", "pool", "temp_file", "checkpoint",
  "vacuum", "replication", "start", "stop", "crash", "disk_full", "memory", "eviction", "auth",
};

static const char *const failures[RCA_N_FAILURES] = {
  "none", "refused", "reset", "connect_timeout", "unreachable", "read_timeout", "no_upstream", "upstream_error", "dns", "tls",
  "limit", "client_abort", "pool_timeout", "db_refused", "db_lost", "statement_timeout", "lock_timeout", "deadlock", "db_error",
  "db_read_only", "cache", "disk_full", "memory", "descriptors", "workers", "exception",
};

static const char *const metrics[RCA_N_METRICS] = {
  "cpu_busy_ratio", "cpu_iowait_ratio", "cpu_steal_ratio", "run_queue", "blocked", "load1", "n_cpus", "mem_used_ratio", "swap_io",
  "disk_util_ratio", "disk_used_ratio", "fd_used_ratio", "net_errors", "net_bytes", "tcp_retrans", "tcp_sockets", "psi_cpu_ratio",
  "psi_io_ratio", "psi_mem_ratio", "other",
};

const char *
rca_field_name (RcaField f)
{
  return fields[f].name;
}

RcaType
rca_field_type (RcaField f)
{
  return fields[f].type;
}

const char *
rca_stream_name (RcaStream s)
{
  return streams[s];
}

const char *
rca_severity_name (RcaSeverity s)
{
  return severities[s];
}

const char *
rca_change_kind_name (RcaChangeKind k)
{
  return change_kinds[k];
}

const char *
rca_db_event_name (RcaDbEvent e)
{
  return db_events[e];
}

const char *
rca_failure_name (RcaFailure f)
{
  return failures[f];
}

const char *
rca_metric_name (RcaMetric m)
{
  return metrics[m];
}
