/* How far a longer piece of work is: one line on standard error, on a terminal only, and only
 * when it takes more than half a second. Gone when the work is done. */
#pragma once
#include <glib.h>

typedef struct RcaProgress RcaProgress;

/* @what: "reading". @unit: what is counted ("files"); NULL: bytes. @done and @total are read while they
 * are changed (atomically) by whoever works; a @total of 0 is not known yet. Returns NULL when there is
 * no terminal, or it cannot move its cursor. */
RcaProgress *rca_progress_new (const char *what, const char *unit, const gsize *done, const gsize *total);
/* Takes the line away; before anything is printed. NULL is fine. */
void rca_progress_free (RcaProgress *progress);

/* "reading 512.0 MiB of 2.0 GiB, 25 %, 180.0 MiB/s, 9 s left"; transfer full. */
char *rca_progress_text (const char *what, const char *unit, gsize done, gsize total, double elapsed_s);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaProgress, rca_progress_free)
