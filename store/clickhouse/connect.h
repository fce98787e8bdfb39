/* From an address to a server whose tables are known. */
#pragma once
#include "clickhouse/schema.h"

/* Parses @address, probes the server and sets what every statement is to be sent with. @mapped: what a
 * table that is not ours means is told: it need not look like the Collector's. */
RcaClickhouse *rca_clickhouse_connect (const char *address, gboolean mapped, RcaServer **server, GError **error);
