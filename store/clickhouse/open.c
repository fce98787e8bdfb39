#include "clickhouse/open.h"
#include "clickhouse/calls.h"
#include "clickhouse/connect.h"
#include "clickhouse/otel.h"

static void
close_store (gpointer impl)
{
  RcaClickhouseStore *s = impl;
  RcaClickhouseTraffic traffic = rca_clickhouse_traffic (s->clickhouse);
  g_debug ("%s: %" G_GUINT64_FORMAT " statements, %" G_GUINT64_FORMAT " bytes in, %" G_GUINT64_FORMAT " bytes out", rca_clickhouse_address (s->clickhouse)->shown, traffic.statements,
           traffic.bytes_in, traffic.bytes_out);
  g_clear_pointer (&s->answer, g_ptr_array_unref);
  g_clear_pointer (&s->ledger, rca_ledger_free);
  g_clear_pointer (&s->server, rca_server_free);
  g_clear_pointer (&s->clickhouse, rca_clickhouse_free);
  g_free (s);
}

static gpointer
table_of (gpointer impl)
{
  return ((RcaClickhouseStore *)impl)->table;
}

static const RcaBackend backend = { "clickhouse",        rca_clickhouse_sources, rca_clickhouse_frame, rca_clickhouse_changes, rca_clickhouse_join,
                                    rca_clickhouse_rows, rca_clickhouse_seen,    close_store,          table_of };

RcaStore *
rca_store_open_clickhouse (const char *address, const RcaOpenOptions *options, GError **error)
{
  static const RcaOpenOptions none = { 0 };
  options = options ? options : &none;
  RcaServer *server = NULL;
  g_autoptr (RcaClickhouse) clickhouse = rca_clickhouse_connect (address, options->columns != NULL, &server, error);
  g_autoptr (RcaServer) owned = server;
  if (!clickhouse)
    return NULL;
  if (server->is_otel)
    return rca_otel_open (g_steal_pointer (&clickhouse), g_steal_pointer (&owned), options, error);
  g_autoptr (RcaLedger) ledger = server->has_table ? rca_ledger_read (clickhouse, error) : NULL;
  const char *shown = rca_clickhouse_address (clickhouse)->shown;
  if (server->has_table ? ledger && ledger->table->source->len == 0 : TRUE)
  {
    g_set_error (error, RCA_STORE_ERROR, server->has_table ? RCA_STORE_ERROR_EMPTY : RCA_STORE_ERROR_OPEN,
                 server->has_table ? "%s: nothing is in it yet (rca ingest --store %s PATH… fills it)" : "%s: no table of rca is there (rca ingest --store %s PATH… makes one)",
                 shown, shown);
    return NULL;
  }
  if (!ledger)
    return NULL;
  RcaClickhouseStore *store = g_new0 (RcaClickhouseStore, 1);
  store->clickhouse = g_steal_pointer (&clickhouse);
  store->server = g_steal_pointer (&owned);
  store->ledger = g_steal_pointer (&ledger);
  store->table = store->ledger->table;
  store->table->no_redact = options->no_redact;
  store->span = options->span;
  store->answer = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_table_free);
  return rca_store_wrap (&backend, store);
}
