#include "clickhouse/connect.h"

static void
set_if_known (RcaClickhouse *c, const RcaServer *server, const char *name, const char *value)
{
  if (!server->readonly && g_hash_table_contains (server->setting, name))
    rca_clickhouse_set (c, name, value);
}

RcaClickhouse *
rca_clickhouse_connect (const char *text, gboolean mapped, RcaServer **server, GError **error)
{
  RcaClickhouseAddress *address = rca_clickhouse_address_parse (text, error);
  if (!address)
    return NULL;
  g_autoptr (RcaClickhouse) c = rca_clickhouse_new (address);
  *server = rca_server_probe (c, mapped, error);
  if (!*server)
    return NULL;
  g_autofree char *seconds = g_strdup_printf ("%u", address->timeout_s);
  set_if_known (c, *server, "max_execution_time", seconds);
  set_if_known (c, *server, "enable_http_compression", "1");
  set_if_known (c, *server, "max_partitions_per_insert_block", "0"); /* old logs are of many days */
  set_if_known (c, *server, "insert_distributed_sync", "1"); /* an acknowledgement is that of the shards */
  set_if_known (c, *server, "distributed_foreground_insert", "1");
  set_if_known (c, *server, "distributed_product_mode", "global");
  set_if_known (c, *server, "cancel_http_readonly_queries_on_client_close", "1");
  rca_clickhouse_set_tokens (c, !(*server)->readonly && g_hash_table_contains ((*server)->setting, "insert_deduplication_token"));
  return g_steal_pointer (&c);
}
