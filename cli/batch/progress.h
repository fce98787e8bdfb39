/* "rca batch: read 340 MB of 1.1 GB, about 8 s left" on a terminal's standard error, nothing elsewhere. */
#pragma once
#include <glib.h>

typedef struct RcaBatchProgress RcaBatchProgress;

RcaBatchProgress *rca_batch_progress_new (void);
/* A new phase: @doing "read" or "looked closely at"; @bytes: show amounts as sizes, else as counts of @noun. */
void rca_batch_progress_begin (RcaBatchProgress *progress, const char *doing, guint64 total, gboolean bytes, const char *noun);
/* From any thread. */
void rca_batch_progress_add (RcaBatchProgress *progress, guint64 done);
/* Wipes the line. */
void rca_batch_progress_free (RcaBatchProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaBatchProgress, rca_batch_progress_free)
