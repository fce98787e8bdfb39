/* Times and windows of the command line, as CONTRACT.md has them. */
#pragma once
#include "seam.h"

#define RCA_WINDOW_ERROR (rca_window_error_quark ())
GQuark rca_window_error_quark (void);
typedef enum { RCA_WINDOW_ERROR_SYNTAX } RcaWindowError;

/* RFC 3339, "YYYY-MM-DD[ HH:MM[:SS]]", "HH:MM[:SS]" (the day of @now_ns), "-2h", "now", "today",
 * "yesterday", "@EPOCH"; in @zone where none is written. */
gboolean rca_time_from_text (const char *text, gint64 now_ns, GTimeZone *zone, gint64 *out_ns, GError **error);

/* "30m" (until now), "START..END", "START..+45m", "START..", "..END" is none. */
gboolean rca_window_from_text (const char *text, gint64 now_ns, GTimeZone *zone, RcaSpan *out, GError **error);

/* "START..END" in RFC 3339, whole seconds outwards: a window to paste. */
char *rca_window_format (RcaSpan span);
