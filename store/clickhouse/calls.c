/* Rows and changes: the statement chooses, the rest is as in every store. */
#include "clickhouse/calls.h"
#include "clickhouse/fetch.h"
#include "clickhouse/row-binary.h"

/* ---- rows ---- */

static const char *const row_keys[] = {
  [RCA_ROWS_BY_TIME] = "start_ns",
  [RCA_ROWS_BY_TIME_DESC] = "start_ns DESC",
  [RCA_ROWS_BY_DURATION_DESC] = "duration DESC",
};

static void
append_wanted (GString *sql, const RcaRowQuery *q)
{
  char normal[RCA_ID_BYTES];
  if (q->failed_only)
    g_string_append_printf (sql, " AND %s", rca_sql_failed);
  if (q->min_duration_ns > 0)
    g_string_append_printf (sql, " AND duration >= %" G_GINT64_FORMAT, q->min_duration_ns);
  if (q->pid)
    g_string_append_printf (sql, " AND pid = %" G_GINT64_FORMAT, q->pid);
  if (!q->id)
    return;
  RcaBytes id = rca_normal_id (rca_bytes_str (q->id), normal);
  g_autofree char *text = g_strndup (id.p, id.n);
  g_string_append (sql, " AND (request_id = ");
  rca_sql_string (sql, text);
  g_string_append (sql, " OR trace_id = ");
  rca_sql_string (sql, text);
  g_string_append_c (sql, ')');
}

GPtrArray *
rca_clickhouse_rows (gpointer impl, const RcaRowQuery *query, GError **error)
{
  RcaClickhouseStore *store = impl;
  g_autoptr (GString) sql = g_string_new (NULL);
  g_autofree char *path = rca_sql_dimension (store, RCA_DIM_SOURCE);
  rca_sql_where (sql, store, query->stream, query->span);
  rca_sql_filters (sql, store, query->filter, query->n_filters);
  append_wanted (sql, query);
  g_string_append_printf (sql, " ORDER BY %s, %s, part, line, place LIMIT %u", row_keys[query->order], path, query->limit ? query->limit : 100);
  RcaTable *table = rca_clickhouse_fetch (store, sql->str, NULL, TRUE, error);
  if (!table)
    return NULL;
  RcaRowQuery all = *query; /* the server chose: only order and references are left to do */
  all.n_filters = 0;
  all.failed_only = FALSE;
  all.min_duration_ns = all.pid = 0;
  all.id = NULL;
  return rca_table_rows (table, &all);
}

/* ---- changes ---- */

#define DAY_NS (86400 * RCA_NS_PER_S)

/* Of rows that say their version the first and the last of each run tell all. */
GPtrArray *
rca_clickhouse_changes (gpointer impl, RcaSpan span, GError **error)
{
  RcaClickhouseStore *store = impl;
  g_autoptr (GString) sql = g_string_new (NULL);
  rca_sql_where (sql, store, RCA_STREAM_UNKNOWN, (RcaSpan){ G_MININT64, G_MAXINT64 });
  g_string_append (sql, " AND ((kind = 5 AND change != 0) OR speaks != 0)");
  RcaTable *table = rca_clickhouse_fetch (store, sql->str, NULL, TRUE, error);
  return table ? rca_table_changes (table, span) : NULL;
}

/* ---- sources ---- */

static gint
compare_day (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const RcaDay *)a)->day, y = ((const RcaDay *)b)->day;
  return x < y ? -1 : x > y;
}

typedef struct {
  GArray *day[2]; /* what is no change, changes */
  RcaRequests requests[RCA_N_STREAMS];
} Counted;

static void
append_count (GString *sql, const RcaClickhouseStore *store)
{
  g_string_append_printf (sql,
                          "SELECT toUInt8(if(stream = %d OR kind = 5, 1, if(kind = 1, 2, 0))) AS what, toUInt8(stream) AS s, toInt64(intDiv(start_ns, %" G_GINT64_FORMAT
                          ")) AS d, toUInt64(count()), min(start_ns), max(start_ns), max(end_ns) FROM %s",
                          RCA_STREAM_CHANGE, (gint64)DAY_NS, rca_clickhouse_address (store->clickhouse)->table);
  rca_sql_where (sql, store, RCA_STREAM_UNKNOWN, (RcaSpan){ G_MININT64, G_MAXINT64 });
  g_string_append (sql, " GROUP BY what, s, d ORDER BY d");
}

static void
add_requests (RcaRequests *r, guint64 n, gint64 first, gint64 last)
{
  r->span.start_ns = r->n ? MIN (r->span.start_ns, first) : first;
  r->span.end_ns = r->n ? MAX (r->span.end_ns, last) : last;
  r->n += n;
}

static void
add_day (GArray *days, RcaDay day)
{
  RcaDay *last = days->len ? &g_array_index (days, RcaDay, days->len - 1) : NULL;
  if (!last || last->day != day.day)
  {
    g_array_append_val (days, day);
    return;
  }
  last->n += day.n;
  last->start = MIN (last->start, day.start);
  last->end = MAX (last->end, day.end);
}

static void
take_count (RcaRowReader *r, Counted *c)
{
  guint8 what = rca_row_u8 (r), stream = rca_row_u8 (r);
  RcaDay day = { 0 }; /* one statement a value: initializers have no order */
  day.day = rca_row_i64 (r);
  day.n = rca_row_u64 (r);
  day.start = rca_row_i64 (r);
  gint64 last = rca_row_i64 (r);
  day.end = rca_row_i64 (r) + 1;
  add_day (c->day[what == 1], day);
  if (what == 2 && stream < RCA_N_STREAMS)
    add_requests (&c->requests[stream], day.n, day.start, last);
}

/* Of everything the facts tell; of a span the rows do. */
static gboolean
count (RcaClickhouseStore *store, Counted *c, GError **error)
{
  for (guint k = 0; k < 2; k++)
    c->day[k] = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  if (store->span.start_ns >= store->span.end_ns)
  {
    for (guint k = 0; k < 2; k++)
      g_array_append_vals (c->day[k], store->ledger->day[k]->data, store->ledger->day[k]->len);
    memcpy (c->requests, store->ledger->requests, sizeof c->requests);
    return TRUE;
  }
  g_autoptr (GString) sql = g_string_new (NULL);
  append_count (sql, store);
  g_autoptr (GBytes) answer = rca_sql_ask (store, sql, error);
  if (!answer)
    return FALSE;
  RcaRowReader r = rca_row_reader (answer);
  while (rca_row_more (&r))
    take_count (&r, c);
  if (r.broken)
    rca_sql_set_broken (store, "sources", error);
  return !r.broken;
}

/* A change log may tell of years: it makes the extent only where there is nothing else. */
static RcaSpan
extent (Counted *c)
{
  g_array_sort (c->day[0], compare_day);
  g_array_sort (c->day[1], compare_day);
  RcaSpan span = rca_span_of_days (c->day[c->day[0]->len ? 0 : 1]);
  return span.start_ns < span.end_ns ? span : (RcaSpan){ 0, 0 };
}

RcaSources *
rca_clickhouse_sources (gpointer impl, GError **error)
{
  RcaClickhouseStore *store = impl;
  Counted c = { 0 };
  RcaSources *answer = NULL;
  if (count (store, &c, error))
  {
    answer = rca_table_sources (store->table);
    answer->user_facing = rca_user_facing (&c.requests[RCA_STREAM_CDN], &c.requests[RCA_STREAM_ACCESS], &c.requests[RCA_STREAM_APP]);
    answer->extent = extent (&c);
  }
  g_array_unref (c.day[0]);
  g_array_unref (c.day[1]);
  return answer;
}
