/* A pattern to find lines by: PCRE2 with its JIT and with limits, or a fixed string.
 *
 * A line matches as grep would say: the pattern sees the line alone, without its line feed. */
#pragma once
#include <glib.h>

typedef struct RcaPattern RcaPattern;

#define RCA_PATTERN_ERROR (rca_pattern_error_quark ())
GQuark rca_pattern_error_quark (void);
typedef enum { RCA_PATTERN_ERROR_SYNTAX } RcaPatternError;

/* @utf8: characters are UTF-8 (bytes that are none match nothing), else bytes. */
RcaPattern *rca_pattern_new (const char *text, gboolean fixed, gboolean ignore_case, gboolean utf8, GError **error);
void rca_pattern_free (RcaPattern *pattern);

/* Whether the line matches; where, when @start is given. */
gboolean rca_pattern_match (RcaPattern *pattern, const char *line, gsize n, gsize *start, gsize *end);

/* What every matching line holds, to skip to by memmem(); NULL when nothing is known. */
const char *rca_pattern_literal (const RcaPattern *pattern, gsize *n);

/* Lines on which the match limit ended the search: they count as not matching. */
guint64 rca_pattern_gave_up (const RcaPattern *pattern);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaPattern, rca_pattern_free)
