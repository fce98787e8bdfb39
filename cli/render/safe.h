/* Text from logs, made harmless for a terminal: invalid UTF-8 is repaired, control characters
 * and the bidirectional controls (which could reorder what a reader sees; Trojan Source, 2021)
 * are spelt out (\x1b, \u202e), line ends and tabs become blanks. */
#pragma once
#include <glib.h>

void rca_put_safe (GString *out, const char *text);
/* The same for a locale without UTF-8: what the reports write has a spelling, the rest is "?". */
void rca_put_safe_ascii (GString *out, const char *text);

/* A message on standard error, whatever its arguments hold; a newline is added. */
void rca_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
