/* Small segments of a followed log, merged beside the following: a thread of low priority writes the
 * merged one, a commit of the follower puts it in their place. */
#pragma once
#include "local/manifest.h"

typedef struct RcaTidy RcaTidy;
RcaTidy *rca_tidy_new (const char *dir);
/* What is at work is left to the end of the process: its files belong to no commit. */
void rca_tidy_free (RcaTidy *tidy);

/* Whether the next rca_tidy_finish() has something to commit. */
gboolean rca_tidy_is_ready (RcaTidy *tidy);

/* Begins to merge a run of @manifest's segments, when there is one that is worth it and nothing is at work. Takes
 * numbers from @manifest. */
void rca_tidy_begin (RcaTidy *tidy, RcaManifest *manifest);

/* Puts what was merged into @next, in place of what it was made of, and enters those in @retired (guint64). FALSE when there
 * is nothing to commit after all (damaged, pruned meanwhile, a disk that fails). */
gboolean rca_tidy_finish (RcaTidy *tidy, RcaManifest *next, GArray *retired);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaTidy, rca_tidy_free)
