/* Numbers as logs write them, from bytes; no locale, no allocation. */
#pragma once
#include "bytes.h"

/* All of @text is a decimal integer (sign allowed) that fits. */
gboolean rca_parse_int (RcaBytes text, gint64 *out);
/* All of @text is a decimal number (fraction, exponent allowed). */
gboolean rca_parse_double (RcaBytes text, double *out);
/* @count units of @unit_ns, in nanoseconds. FALSE below zero and beyond RCA_BOUND_DURATION_NS: nothing lasted that long. */
gboolean rca_duration_of (gint64 count, gint64 unit_ns, gint64 *out_ns);
/* A duration: a number with a unit ("1.5ms", "250us", "2s", "1m30s", "00:00:01.5"),
 * or a bare number in @unit_ns; in nanoseconds. FALSE for anything else, below zero and beyond RCA_BOUND_DURATION_NS. */
gboolean rca_parse_duration (RcaBytes text, gint64 unit_ns, gint64 *out_ns);
