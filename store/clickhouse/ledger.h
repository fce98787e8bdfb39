/* TABLE_sources: what a store's manifest is elsewhere. See schema.h.
 *
 * Each ingest adds a row for every source it read, and one without a path for what concerns all
 * of them (notes, peers), in one INSERT. Counts are of that ingest and add up; what describes a
 * source is said by its last row. */
#pragma once
#include "clickhouse/client.h"
#include "local/manifest.h"
#include "sources-private.h"

typedef struct {
  RcaTable *table;   /* sources without rows, notes, peers; the user-facing stream is not in it */
  GArray *day[2];    /* RcaDay, by day: of what is no change, of changes */
  RcaRequests requests[RCA_N_STREAMS];
  guint64 runs;      /* the highest number of an ingest */
  GHashTable *source; /* path → RcaTableSource of the table */
  GHashTable *part;  /* path of a source → GPtrArray of RcaManifestPart: how far its files were read */
} RcaLedger;

/* One ingest's news of one source. */
typedef struct {
  const RcaTableSource *source;
  GArray *block;     /* guint64: of TABLE */
  GArray *day[2];    /* RcaDay */
  RcaRequests requests[RCA_N_STREAMS];
  const GPtrArray *part; /* RcaManifestPart: all of the source's, also those of ingests before */
} RcaSourceNews;

char *rca_ledger_definition (void); /* "(column type, …) ENGINE = …" */
RcaLedger *rca_ledger_read (RcaClickhouse *clickhouse, GError **error);
/* What earlier ingests found of the source (instance, zone, clock) holds for what is new of it. */
void rca_ledger_settle (const RcaLedger *ledger, RcaTableSource *source);
void rca_ledger_free (RcaLedger *ledger);
/* The commit: @news (RcaSourceNews) and what @table says of all, as ingest number @run. @token, a number
 * of a block that is none, tells it from every other. */
GByteArray *rca_ledger_encode (const RcaTable *table, const GPtrArray *news, guint64 run, guint64 token);
/* What was encoded is committed. */
void rca_ledger_take (RcaLedger *ledger, GBytes *encoded);
/* Whether the commit with @token is there, and which run is the last that is. */
gboolean rca_ledger_ask (RcaClickhouse *clickhouse, guint64 token, gboolean *is_there, guint64 *last_run, GError **error);
/* NULL when nothing of @path was committed. */
const RcaTableSource *rca_ledger_find (const RcaLedger *ledger, const char *path);
char *rca_ledger_columns (void); /* in the order of rca_ledger_encode() */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaLedger, rca_ledger_free)
