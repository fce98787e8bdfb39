/* The events of one incident, each with its kind and the lines it stands on: what
 * `rca timeline` writes, in whatever form. */
#pragma once
#include "report.h"

typedef struct {
  gint64 time_ns;
  const char *source; /* the log, "requests", "cause" */
  const char *kind;   /* "onset", "recovery", a KIND, or a kind of change ("deploy", "rollback" …) */
  const char *text;
  const GArray *refs; /* RcaReportRef; may be NULL */
  gboolean change;    /* somebody or something did it */
  gboolean link;      /* of the first cause's chain */
} RcaReportEvent;

/* RcaReportEvent, by time; strings belong to @incident. */
GArray *rca_report_events (const RcaIncident *incident);
