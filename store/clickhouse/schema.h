/* The tables rca makes in a ClickHouse, and what the server can do.
 *
 * TABLE holds a row for each row of a sheet, with its columns (column.def) under their names,
 * what finishing a table found (start_ns, end_ns, hidden, instance, version …), the dimensions
 * that other rows decide (attempt), histogram bins and the raw text. TABLE_sources holds what a
 * store's manifest does: per ingest and source its facts and the blocks of TABLE that count.
 * One INSERT into it is the commit: rows whose block it does not name are not there. */
#pragma once
#include "clickhouse/client.h"
#include "table.h"

/* Columns of TABLE beside those of column.def. */
typedef enum {
  RCA_EXTRA_BLOCK,
  RCA_EXTRA_SOURCE, /* XXH3 of the source's path */
  RCA_EXTRA_PLACE,  /* of the row in its source, in order of reading */
  RCA_EXTRA_DAY,    /* of start_ns; 1970-01-01 for changes and what has no time: one partition for all of them */
  RCA_EXTRA_START,
  RCA_EXTRA_END,
  RCA_EXTRA_HIDDEN, /* another source tells of it */
  RCA_EXTRA_SPEAKS, /* first or last of a run of rows of one process that say one version */
  RCA_EXTRA_DURATION_BIN,
  RCA_EXTRA_CONNECT_BIN,
  RCA_EXTRA_UPSTREAM_BIN,
  RCA_EXTRA_NETWORK,
  RCA_EXTRA_ATTEMPT,
  RCA_EXTRA_UPSTREAM_CLASS,
  RCA_EXTRA_TEXT,
  RCA_N_EXTRAS
} RcaExtraColumn;

typedef struct {
  const char *name, *type;
} RcaExtraInfo;

extern const RcaExtraInfo rca_extra_columns[RCA_N_EXTRAS];

/* Whether the sheet's column is one of TABLE: all but where the text lies in memory. */
gboolean rca_column_is_stored (RcaColumnId column);
const char *rca_column_sql_type (RcaColumnId column); /* "UInt8", "String" … */

typedef struct {
  char *version;
  gboolean readonly;        /* settings may not be changed */
  gboolean low_cardinality; /* the type is there and no experiment */
  gboolean has_table;       /* of ours */
  gboolean is_otel;         /* TABLE is the Collector's */
  GHashTable *column;       /* of TABLE: name → type */
  char *sorting_key;
  GHashTable *setting;      /* names of those that are used when they are there */
} RcaServer;

/* One statement: what is there. Fails with a clear sentence when TABLE is neither ours
 * nor a log table; @mapped: what is not ours is one. */
RcaServer *rca_server_probe (RcaClickhouse *clickhouse, gboolean mapped, GError **error);
void rca_server_free (RcaServer *server);

/* Makes both where they are not; on a cluster as Distributed tables over local ones. */
gboolean rca_schema_create (RcaClickhouse *clickhouse, const RcaServer *server, GError **error);
/* "a,b,c" of all stored columns, in the order in which rows are written and read. */
char *rca_schema_columns (void);

guint64 rca_source_number (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaServer, rca_server_free)
