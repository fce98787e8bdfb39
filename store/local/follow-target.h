/* What a following ingest writes to: a store folder, or tables of a ClickHouse. */
#pragma once
#include "local/ingest-session.h"

typedef struct {
  gpointer (*open) (const char *where, const RcaOpenOptions *options, GPtrArray *problem, GError **error);
  /* As rca_ingest_session_pass(). */
  gboolean (*pass) (gpointer writer, GPtrArray *found, const RcaIngestPassOptions *how, RcaIngestResult *result, RcaIngestPassResult *outcome, GError **error);
  /* As those of a session; NULL: there is no need. */
  void (*add_absent) (gpointer writer, const char *const *paths, guint n_paths, GPtrArray *found);
  void (*beat) (gpointer writer);
  void (*tidy) (gpointer writer);
  void (*free) (gpointer writer);
  gint64 least_pause_us; /* between two commits */
} RcaFollowTarget;

extern const RcaFollowTarget rca_clickhouse_follow_target;
