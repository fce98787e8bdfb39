#include "clickhouse/address.h"
#include "clickhouse/open.h"

RcaStore *
rca_store_open (const char *where, const RcaOpenOptions *options, GError **error)
{
  return rca_clickhouse_is_address (where) ? rca_store_open_clickhouse (where, options, error) : rca_store_open_local (where, options, error);
}

gboolean
rca_store_is_remote (const char *where)
{
  return rca_clickhouse_is_address (where);
}

gboolean
rca_store_must_be_local (const char *where, const char *instead, GError **error)
{
  if (!rca_clickhouse_is_address (where))
    return TRUE;
  g_autofree char *shown = rca_clickhouse_address_veil (where);
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "%s: %s", shown, instead);
  return FALSE;
}
