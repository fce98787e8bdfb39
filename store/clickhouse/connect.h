/* From an address to a server whose tables are known. */
#pragma once
#include "clickhouse/schema.h"

/* Parses @address, probes the server and sets what every statement is to be sent with. */
RcaClickhouse *rca_clickhouse_connect (const char *address, RcaServer **server, GError **error);
