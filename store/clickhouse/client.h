/* Talking to ClickHouse over HTTP: one connection that is kept, a query id each, time-outs,
 * retries with back-off of what may be repeated, cancellation on the server. Not thread-safe. */
#pragma once
#include "clickhouse/address.h"

typedef struct RcaClickhouse RcaClickhouse;

/* Takes @address. Nothing is sent yet. */
RcaClickhouse *rca_clickhouse_new (RcaClickhouseAddress *address);
void rca_clickhouse_free (RcaClickhouse *clickhouse);
const RcaClickhouseAddress *rca_clickhouse_address (const RcaClickhouse *clickhouse);

/* A setting sent with every statement from now on; a server that knows it not refuses, so probe first. */
void rca_clickhouse_set (RcaClickhouse *clickhouse, const char *setting, const char *value);

/* Runs @sql, which only reads, and gives the whole answer (as its FORMAT says) or an error: never a part.
 * Repeated up to three times when the connection was lost or the server was too busy. SIGINT and SIGTERM
 * meanwhile cancel the query on the server, then end the program as they do. */
GBytes *rca_clickhouse_ask (RcaClickhouse *clickhouse, const char *sql, GError **error);

/* Runs @sql, which changes something and may be repeated (CREATE … IF NOT EXISTS). */
gboolean rca_clickhouse_do (RcaClickhouse *clickhouse, const char *sql, GError **error);

typedef struct {
  const char *sql;   /* INSERT INTO … FORMAT … */
  const void *data;
  gsize n;
  gboolean is_gzip;  /* so is @data */
  guint64 token;     /* a replicated table takes data of one token once, where the server knows such tokens; 0: none */
} RcaClickhouseInsert;

/* Sends @insert once. On an error *@uncertain says whether the server may have taken it all the
 * same (the connection broke after it was sent); FALSE: it certainly did not. */
gboolean rca_clickhouse_insert (RcaClickhouse *clickhouse, const RcaClickhouseInsert *insert, gboolean *uncertain, GError **error);

/* Whether tokens of INSERTs may be sent. */
void rca_clickhouse_set_tokens (RcaClickhouse *clickhouse, gboolean known);

/* Whether the INSERT that failed last may succeed when it is sent again. */
gboolean rca_clickhouse_may_succeed (const RcaClickhouse *clickhouse);

/* What went over the wire so far. */
typedef struct {
  guint64 statements, bytes_in, bytes_out;
} RcaClickhouseTraffic;
RcaClickhouseTraffic rca_clickhouse_traffic (const RcaClickhouse *clickhouse);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaClickhouse, rca_clickhouse_free)
