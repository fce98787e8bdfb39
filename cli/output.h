/* Standard output, where results go and nothing else does. */
#pragma once
#include <glib.h>

/* Before anything is opened: gives closed standard descriptors a place, so that no log is
 * opened under the number of standard output; a reader that went away ends us (SIGPIPE). */
void rca_output_prepare (void);

/* Writes all of it. FALSE: it could not be written, and standard error says why. */
gboolean rca_output_write (const char *text, gsize n);

/* Flushes stdio and closes standard output: a full disk shows only then. Returns @status,
 * or the status of a failed run. */
int rca_output_close (int status);
