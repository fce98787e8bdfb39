/* What the answer about sources is reckoned from: the days on which anything happened, and the
 * requests of each stream. A table counts them in its rows, ClickHouse in a statement. */
#pragma once
#include "table.h"

typedef struct {
  gint64 day, start, end; /* day: number since 1970 */
  guint64 n;
} RcaDay;

/* RcaDay, by day, of rows that are not hidden; changes only when @changes. */
GArray *rca_table_days (const RcaTable *table, gboolean changes);
/* The span of @days (RcaDay, by day) without strays. */
RcaSpan rca_span_of_days (const GArray *days);

typedef struct {
  guint64 n;
  RcaSpan span; /* of their starts, both inclusive */
} RcaRequests;

RcaRequests rca_table_requests (RcaTable *table, RcaStream stream);
RcaStream rca_user_facing (const RcaRequests *edge, const RcaRequests *web, const RcaRequests *app);
