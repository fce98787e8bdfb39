/* A store that is being written to: the lock, the manifest that was committed last, and passes
 * over sources, each of which is one commit or nothing. */
#pragma once
#include "local/manifest.h"
#include "store.h"

typedef struct RcaIngestSession RcaIngestSession;

/* Makes the store when it is absent, takes its lock, removes what no manifest names. */
RcaIngestSession *rca_ingest_session_open (const char *dir, const RcaOpenOptions *options, GPtrArray *problem, GError **error);
void rca_ingest_session_free (RcaIngestSession *session);

typedef struct {
  gboolean follow;   /* half lines wait, files stay open until the next pass */
  gboolean thorough; /* names may have changed: rotated siblings are searched */
  gboolean always;   /* commit also when nothing changed */
  guint64 bytes;     /* about that much of a source is read in one pass; 0: all */
} RcaIngestPassOptions;

typedef struct {
  GHashTable *again; /* RcaSource of @found: there is more to read, or it was written anew while it was read */
  GHashTable *later; /* RcaSource of @found: half lines or half copies, worth another pass in a while */
} RcaIngestPassResult;

/* Reads what is new in @found (RcaSource) and commits it. On failure the store is as it was; the
 * pass can be tried again. @result's numbers grow. FALSE without an error: it was cancelled. */
gboolean rca_ingest_session_pass (RcaIngestSession *session, GPtrArray *found, const RcaIngestPassOptions *how, RcaIngestResult *result,
                                  RcaIngestPassResult *outcome, GError **error);
void rca_ingest_pass_result_clear (RcaIngestPassResult *outcome);

/* Adds to @found (RcaSource) the logs among @paths that the store knows and that are not there: rotated
 * away, and not made anew yet. */
void rca_ingest_session_add_absent (const RcaIngestSession *session, const char *const *paths, guint n_paths, GPtrArray *found);

/* Merges small segments, step by step, beside the passes. */
void rca_ingest_session_tidy (RcaIngestSession *session);

/* Shows that the writer is alive: the lock's time of change. */
void rca_ingest_session_beat (RcaIngestSession *session);

/* Folders of logs may hold the store itself: its files are no logs. */
void rca_ingest_leave_out_store (GPtrArray *found, const char *dir);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaIngestPassResult, rca_ingest_pass_result_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaIngestSession, rca_ingest_session_free)
