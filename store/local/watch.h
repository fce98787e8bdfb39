/* Folders in which something may change. A hint only: whoever follows files looks at them now
 * and then in any case, as not every file system tells. */
#pragma once
#include <glib.h>

typedef struct RcaWatch RcaWatch;
RcaWatch *rca_watch_new (void);
void rca_watch_free (RcaWatch *watch);

/* @path: a folder; those below it too when @tree, but for the folder @except (nullable). Known ones are kept. */
void rca_watch_add (RcaWatch *watch, const char *path, gboolean tree, const char *except);

/* Readable when something changed; -1: nothing will be told. */
int rca_watch_fd (const RcaWatch *watch);
/* Whether every folder tells of its changes: else names must be looked at more often. */
gboolean rca_watch_is_complete (const RcaWatch *watch);
/* Takes what was told. TRUE when files came, went or changed their names; else only their content changed. */
gboolean rca_watch_take (RcaWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaWatch, rca_watch_free)
