/* Names of rotated logs: which files are one log, and which of them is older.
 *
 * Known: x.log.1, x.log.2.gz, x.1.log, x.log-20261124.zst, x-2026-11-24.log,
 * x.2026-11-24.0.log.gz, x-2026-11-24_000000.log, x.log-1795480342, x-Mon.log. Not rotated:
 * x-1.log and x-2.log, which are instances. */
#pragma once
#include <glib.h>

typedef struct {
  char *log;           /* the name without rotation and compression: equal for all parts of one log */
  char *date;          /* digits of the date or epoch in the name, NULL without */
  gint number;         /* of x.log.N; -1 without */
  gboolean needs_base; /* "x.1.log" is a rotation only beside "x.log" */
} RcaRotation;

void rca_rotation_parse (const char *name, RcaRotation *out);
void rca_rotation_clear (RcaRotation *rotation);

/* Older first: dated ones by date, then x.N with the highest N first, then the log itself. */
gint rca_rotation_compare (const RcaRotation *a, const RcaRotation *b);
