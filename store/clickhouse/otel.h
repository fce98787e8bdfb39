/* Tables of logs as the OpenTelemetry Collector's ClickHouse exporter makes them (otel_logs), in all
 * its generations, also where the account may only read: the rows of the span are fetched, with
 * predicates on what the table is sorted and partitioned by, and go through the decoders as files do.
 *
 * So all of their bodies and attributes cross the wire: a window of a large installation is a lot. */
#pragma once
#include "clickhouse/schema.h"
#include "store.h"

/* Both are taken. */
RcaStore *rca_otel_open (RcaClickhouse *clickhouse, RcaServer *server, const RcaOpenOptions *options, GError **error);
