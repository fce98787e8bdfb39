/* The six calls on ClickHouse, one statement each. @impl: RcaClickhouseStore. */
#pragma once
#include "clickhouse/statement.h"

RcaSources *rca_clickhouse_sources (gpointer impl, GError **error);
RcaFrame *rca_clickhouse_frame (gpointer impl, const RcaFrameQuery *query, GError **error);
GPtrArray *rca_clickhouse_changes (gpointer impl, RcaSpan span, GError **error);
RcaJoin *rca_clickhouse_join (gpointer impl, const RcaJoinQuery *query, GError **error);
GPtrArray *rca_clickhouse_rows (gpointer impl, const RcaRowQuery *query, GError **error);
RcaSeenAnswer *rca_clickhouse_seen (gpointer impl, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error);
