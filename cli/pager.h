/* A pager as git has it: only on a terminal; $RCA_PAGER, else $PAGER, else less; none when that
 * is empty or "cat". */
#pragma once
#include <glib.h>

/* Shows all of @text; without a pager it is written to standard output. Ends when the pager ends.
 * FALSE: it could not be written, and standard error says why. */
gboolean rca_pager_show (const char *text, gsize n, gboolean allowed);
