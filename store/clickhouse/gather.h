/* What is new in logs since they were last ingested, as sources of a table. */
#pragma once
#include "clickhouse/ledger.h"
#include "store.h"

typedef struct {
  RcaTableSource *into; /* of the table */
  GPtrArray *part;      /* RcaManifestPart: all of the source's, with how far they are read now */
  guint64 bytes;        /* that were read, decompressed */
} RcaGathered;

typedef struct {
  guint64 bytes;     /* about so much is read at most, a share of each source; the rest is for the next time */
  GHashTable *again; /* (out) RcaSource of @found with more to read */
  GHashTable *later; /* (out) RcaSource of @found whose last line is not whole, or a copy in the making */
} RcaGatherHow;

/* Reads what the ledger does not know of @found (RcaSource) into @table (not finished). A line that
 * is being written waits until it is whole, or has been left for a while.
 * Returns: RcaGathered, for the sources that held something new. */
GPtrArray *rca_gather (RcaTable *table, const RcaLedger *ledger, const GPtrArray *found, const RcaOpenOptions *options, const RcaGatherHow *how);
