/* Backend `clickhouse`. See store.h for what callers use. */
#pragma once
#include "store.h"

RcaStore *rca_store_open_clickhouse (const char *address, const RcaOpenOptions *options, GError **error);
/* As rca_store_ingest(), a bounded share at a time, each a commit: what was committed is not read again by the next ingest. */
gboolean rca_clickhouse_ingest (const char *address, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error);
