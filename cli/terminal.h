/* What the terminal can show. */
#pragma once
#include <glib.h>

/* Columns of standard output ($COLUMNS first), 80 to 200. */
guint rca_terminal_width (void);

/* @when: "auto" (or NULL), "always", "never"; NO_COLOR is honoured by auto. */
gboolean rca_terminal_color (const char *when);

/* Whether the locale shows UTF-8. */
gboolean rca_terminal_unicode (void);
