#include "report.h"

static const char *const kinds[RCA_N_KINDS] = {
  "deploy", "config_change", "slow_query", "lock_contention", "db_connections", "db_fault", "app_error", "resource", "traffic",
  "cdn", "network", "upstream", "instance", "batch_job", "cache", "tls", "dns", "unknown",
};
static const char *const evidence_kinds[RCA_N_EVIDENCE] = {
  "precedence", "magnitude", "share", "dose", "join", "novelty", "recovery", "counterexample", "prior",
};
static const char *const symptom_kinds[] = { "http_5xx", "latency", "traffic_drop", "app_errors", "db_errors" };
static const char *const states[] = { "ongoing", "recovering", "over" };
static const char *const severities[] = { "critical", "major", "minor" };
static const char *const verdicts[] = { "ruled_out", "not_supported", "no_data", "implicated" };

const char *
rca_kind_name (RcaKind kind)
{
  return kinds[kind];
}

const char *
rca_evidence_kind_name (RcaEvidenceKind kind)
{
  return evidence_kinds[kind];
}

const char *
rca_symptom_kind_name (RcaSymptomKind kind)
{
  return symptom_kinds[kind];
}

const char *
rca_state_name (RcaState state)
{
  return states[state];
}

const char *
rca_incident_severity_name (RcaIncidentSeverity severity)
{
  return severities[severity];
}

const char *
rca_verdict_name (RcaVerdictValue verdict)
{
  return verdicts[verdict];
}
