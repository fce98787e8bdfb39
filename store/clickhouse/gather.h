/* What is new in logs since they were last ingested, as sources of a table. */
#pragma once
#include "clickhouse/ledger.h"
#include "store.h"

typedef struct {
  RcaTableSource *into; /* of the table */
  GPtrArray *part;      /* RcaManifestPart: all of the source's, with how far they are read now */
} RcaGathered;

/* Reads what the ledger does not know of the files below @paths into @table (not finished). A line
 * that is being written waits until it is whole, or has been left for a minute.
 * Returns: RcaGathered, for the sources that held something new. */
GPtrArray *rca_gather (RcaTable *table, const RcaLedger *ledger, const char *const *paths, guint n_paths, const RcaOpenOptions *options);
