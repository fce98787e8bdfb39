/* How a person calls what the model calls by constants; times and durations for reading. */
#pragma once
#include "report.h"

const char *rca_kind_words (RcaKind kind);                /* "slow query" */
const char *rca_symptom_words (RcaSymptomKind kind);      /* "server errors (HTTP 5xx)" */
const char *rca_verdict_words (RcaVerdictValue verdict);  /* "ruled out" */
const char *rca_evidence_words (RcaEvidenceKind kind);    /* what the test asks: "it came first" */

/* "slow query SELECT orders"; what the subject says already is not said twice. */
char *rca_words_thing (RcaKind kind, const char *subject);

/* How the ledger's sum comes to the confidence. Transfer full. */
char *rca_words_ledger (const RcaCause *cause);

/* "07:44:13", UTC. */
const char *rca_words_clock (gint64 time_ns, char out[16]);
/* "2026-11-24 07:44:13 UTC" */
const char *rca_words_time (gint64 time_ns, char out[32]);
/* Until when is known what happened: the end of an incident, else of the window or the logs. */
gint64 rca_words_known_until (const RcaReport *report, const RcaIncident *incident);
/* "45 s", "12 min", "3 h 15 min" */
char *rca_words_duration (gint64 ns);
/* "340 ms", "1.2 s" */
char *rca_words_seconds (double s);
/* "0.04 %", "22.7 %" */
char *rca_words_share (double ratio);
