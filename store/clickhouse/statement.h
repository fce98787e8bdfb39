/* Parts of statements about TABLE: what the seam asks, as SQL. */
#pragma once
#include "clickhouse/ledger.h"
#include "clickhouse/schema.h"

/* An open store. */
typedef struct {
  RcaClickhouse *clickhouse;
  RcaServer *server;
  RcaLedger *ledger;
  RcaTable *table;   /* of the facts, with marks; no rows */
  RcaSpan span;      /* what will be asked about; start == end: everything */
  GPtrArray *answer; /* RcaTable: own the strings of answers given */
} RcaClickhouseStore;

void rca_sql_string (GString *sql, const char *text); /* quoted */
/* The value of @dimension of a row, a String. Transfer full. */
char *rca_sql_dimension (const RcaClickhouseStore *store, RcaDimension dimension);
/* Whether the dimension has so few values (a hundred or so) that all may come over the wire. */
gboolean rca_sql_has_few_values (RcaDimension dimension);
extern const char rca_sql_failed[]; /* as rca_sheet_failed() */

/* " WHERE …" for rows that count, of @stream (UNKNOWN: any), that begin in @span (and in the store's). */
void rca_sql_where (GString *sql, const RcaClickhouseStore *store, RcaStream stream, RcaSpan span);
/* " AND …" for each filter. */
void rca_sql_filters (GString *sql, const RcaClickhouseStore *store, const RcaFilter *filter, guint n_filters);
/* " AND kind = request" unless a filter speaks of KIND. */
void rca_sql_requests_only (GString *sql, const RcaFilter *filter, guint n_filters);

/* Runs a statement made with the above; "FORMAT RowBinary" is added. */
GBytes *rca_sql_ask (RcaClickhouseStore *store, GString *sql, GError **error);
/* The error for an answer that did not end where it should. */
void rca_sql_set_broken (RcaClickhouseStore *store, const char *what, GError **error);
