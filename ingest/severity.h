/* Level words of all loggers, and where they stand in a line of text. */
#pragma once
#include "event.h"

/* A level word as loggers write it, in any case ("WARN", "warning", "E", "crit", "SEVERE", "notice").
 * One-letter levels are taken (klog, MongoDB, Rails: D I W E F C). FALSE when @word is none. */
gboolean rca_severity_parse (RcaBytes word, RcaSeverity *out);

/* The level of a line of free text (after its time stamp): a level word among the first
 * tokens, in capitals, in brackets or followed by a colon. RCA_SEVERITY_NONE without one. */
RcaSeverity rca_severity_find (RcaBytes text);

/* Syslog's numbers, 0 (emergency) to 7 (debug); NONE for anything else. */
RcaSeverity rca_severity_from_syslog (gint64 number);
/* OpenTelemetry's SeverityNumber, 1 to 24; NONE for anything else. */
RcaSeverity rca_severity_from_otel (gint64 number);
