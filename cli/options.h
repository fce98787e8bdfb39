/* Options of a command: GOption, with examples first, and a hint for a mistyped one.
 *
 * Texts are taken as G_OPTION_ARG_FILENAME throughout: the bytes as they were typed, in
 * any locale (G_OPTION_ARG_STRING fails for "café" under LC_ALL=C). */
#pragma once
#include <glib.h>

typedef struct {
  const char *name;     /* "search" */
  const char *operands; /* "PATTERN [PATH…]" */
  const char *examples; /* lines; shown first */
  const char *about;    /* a sentence or some; may be NULL */
} RcaUsage;

/* Parses; @entries and @more (may be NULL) end with an empty row. What is left are operands. What is not
 * typed is taken from the configuration (config.h). */
gboolean rca_options_parse (const RcaUsage *usage, const GOptionEntry *entries, const GOptionEntry *more, int *argc, char ***argv, GError **error);

/* Without the configuration: for the command that looks after it. */
gboolean rca_options_parse_plain (const RcaUsage *usage, const GOptionEntry *entries, int *argc, char ***argv, GError **error);

struct RcaUserFormats;

/* [PATH=]NAME, repeated, as RcaReadOptions wants them; NULL when none is given. FALSE: an unknown format. */
gboolean rca_options_input_format (char **given, const struct RcaUserFormats *formats, char **out, GError **error);

/* Prints "rca NAME: message" and returns the exit status that @error means. */
int rca_failed (const char *name, const GError *error);
