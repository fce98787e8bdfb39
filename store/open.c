#include "clickhouse/address.h"
#include "clickhouse/open.h"

RcaStore *
rca_store_open (const char *where, const RcaOpenOptions *options, GError **error)
{
  return rca_clickhouse_is_address (where) ? rca_store_open_clickhouse (where, options, error) : rca_store_open_local (where, options, error);
}
