/* A join by ids is one statement: requests and carriers meet on the server and only the
 * counts of the 2×2 tables come back. Where records have to be matched without ids (twins,
 * neighbours), the rows that may be looked at are fetched, narrow, and joined as everywhere. */
#include "clickhouse/calls.h"
#include "clickhouse/fetch.h"
#include "clickhouse/row-binary.h"
#include "join-private.h"

typedef struct {
  RcaClickhouseStore *store;
  const RcaJoinQuery *q;
  char *thing; /* the dimension, as SQL */
} Asked;

enum { WHAT_REQUESTS = 1, WHAT_WITH_ID, WHAT_ARE_REQUESTS, WHAT_ORPHANS };

#define IDS "arrayFilter(x -> x != '', if(request_id = trace_id, [request_id], [request_id, trace_id]))"

static RcaSpan
near_span (const RcaJoinQuery *q)
{
  return (RcaSpan){ q->span.start_ns - RCA_JOIN_SLACK_NS, q->span.end_ns + RCA_JOIN_SLACK_NS };
}

static void
append_from (GString *sql, const Asked *a, RcaStream stream, RcaSpan span)
{
  g_string_append_printf (sql, " FROM %s", rca_clickhouse_address (a->store->clickhouse)->table);
  rca_sql_where (sql, a->store, stream, span);
}

/* ---- requests ---- */

static gint
compare_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The duration beyond which a request is slow: of its route, else of all. */
static void
append_slow (GString *sql, const RcaJoinQuery *q)
{
  guint n = 0;
  g_autofree gpointer *routes = q->route_slow_ns ? g_hash_table_get_keys_as_array (q->route_slow_ns, &n) : NULL;
  if (n == 0)
  {
    g_string_append_printf (sql, "toInt64(%" G_GINT64_FORMAT ")", q->slow_ns);
    return;
  }
  qsort (routes, n, sizeof *routes, compare_name);
  g_string_append (sql, "transform(toString(route), [");
  for (guint i = 0; i < n; i++)
  {
    g_string_append (sql, i ? "," : "");
    rca_sql_string (sql, routes[i]);
  }
  g_string_append (sql, "], [");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (sql, "%stoInt64(%" G_GINT64_FORMAT ")", i ? "," : "", *(const gint64 *)g_hash_table_lookup (q->route_slow_ns, routes[i]));
  g_string_append_printf (sql, "], toInt64(%" G_GINT64_FORMAT "))", q->slow_ns);
}

static void
append_bad (GString *sql, const RcaJoinQuery *q)
{
  g_string_append (sql, "toUInt8(");
  if (q->bad != RCA_BAD_SLOW)
    g_string_append (sql, rca_sql_failed);
  if (q->bad == RCA_BAD_FAILED_OR_SLOW)
    g_string_append (sql, " OR ");
  if (q->bad != RCA_BAD_FAILED)
  {
    g_string_append (sql, "(duration > ");
    append_slow (sql, q);
    g_string_append (sql, " AND ");
    append_slow (sql, q);
    g_string_append (sql, " > 0)");
  }
  g_string_append (sql, ") AS bad0");
}

/* After this a carrier that begins was taken up too late: was_queued() of join.c. */
static void
append_bound (GString *sql, const Asked *a)
{
  g_autoptr (GString) from = g_string_new (NULL), to = g_string_new (NULL);
  for (guint i = 0; i < a->store->table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (a->store->table->source, i);
    g_string_append_printf (from, "%s%" G_GUINT64_FORMAT, from->len ? "," : "", rca_source_number (s->path));
    g_string_append_printf (to, "%stoInt64(%" G_GINT64_FORMAT ")", to->len ? "," : "", s->time_step_ns >= RCA_NS_PER_S ? s->time_step_ns : 0);
  }
  g_string_append_printf (sql, "transform(source, [%s], [%s], toInt64(0)) AS step, end_ns + if(end_ns - start_ns >= 2 * step, 0, step) AS bound", from->str, to->str);
}

/* What a row of the carrier carries: '' when it passes no filter. */
static void
append_thing (GString *sql, const Asked *a)
{
  g_string_append_printf (sql, "if(1");
  rca_sql_filters (sql, a->store, a->q->carrier_filter, a->q->n_carrier_filters);
  g_string_append_printf (sql, ", toString(%s), '')", a->thing);
}

static void
append_requests (GString *sql, const Asked *a)
{
  const RcaJoinQuery *q = a->q;
  g_string_append (sql, "SELECT source AS s, place AS p, toString(route) AS r0, ");
  append_bad (sql, q);
  g_string_append (sql, ", toUInt8(request_id != '' OR trace_id != '') AS has0, ");
  append_bound (sql, a);
  g_string_append (sql, ", ");
  if (q->carrier == q->stream)
    append_thing (sql, a);
  else
    g_string_append (sql, "''");
  g_string_append (sql, " AS own, arrayJoin(if(has0 = 1, " IDS ", [''])) AS id");
  append_from (sql, a, q->stream, q->span);
  rca_sql_filters (sql, a->store, q->filter, q->n_filters);
  g_string_append (sql, " AND kind = 1");
}

static void
append_carriers (GString *sql, const Asked *a)
{
  g_string_append_printf (sql, "SELECT id, toUInt8(1) AS hit, max(began) AS last_began, groupUniqArrayIf(thing, thing != '') AS carried FROM (SELECT arrayJoin(" IDS ") AS id, "
                               "if(kind = 1, start_ns, toInt64(%" G_GINT64_FORMAT ")) AS began, ",
                          RCA_TIME_NONE + 1);
  append_thing (sql, a);
  g_string_append (sql, " AS thing");
  append_from (sql, a, a->q->carrier, near_span (a->q));
  g_string_append (sql, " AND (request_id != '' OR trace_id != '')) GROUP BY id");
}

static void
append_tables (GString *sql, const Asked *a)
{
  gboolean same = a->q->carrier == a->q->stream;
  g_string_append_printf (sql, "SELECT toUInt8(%d) AS what, r, bad, has, met, queued, thing, toUInt64(count()) AS n FROM (SELECT s, p, any(r0) AS r, any(bad0) AS bad, any(has0) AS has, "
                               "toUInt8(max(hit) OR %d) AS met, toUInt8(any(bad0) AND %d AND max(last_began > bound AND hit)) AS queued, "
                               "arrayConcat([''], groupUniqArrayArray(arrayConcat(carried, if(own = '', emptyArrayString(), [own])))) AS things FROM (",
                          WHAT_REQUESTS, same, !same);
  append_requests (sql, a);
  g_string_append (sql, ") AS asked GLOBAL ANY LEFT JOIN (");
  append_carriers (sql, a);
  g_string_append (sql, ") AS carriers USING (id) GROUP BY s, p) ARRAY JOIN things AS thing GROUP BY r, bad, has, met, queued, thing");
}

/* What a record says of its request itself is not asked of its neighbours: join-near.c. */
static gboolean
asks_neighbours (const RcaJoinQuery *q)
{
  if (q->carrier == RCA_STREAM_ACCESS)
    return q->thing == RCA_DIM_FAILURE || q->thing == RCA_DIM_TEMPLATE || q->thing == RCA_DIM_PEER;
  return q->carrier == RCA_STREAM_APP;
}

static void
append_carrier_counts (GString *sql, const Asked *a)
{
  g_string_append_printf (sql, "SELECT toUInt8(k) AS what, '' AS r, toUInt8(0) AS bad, toUInt8(0) AS has, toUInt8(0) AS met, toUInt8(0) AS queued, '' AS thing, toUInt64(c) AS n "
                               "FROM (SELECT [%d, %d, %d] AS ks, [countIf(request_id != '' OR trace_id != ''), countIf(kind = 1), countIf(%d AND request_id = '' AND trace_id = '' AND "
                               "kind NOT IN (1, 5) AND ",
                          WHAT_WITH_ID, WHAT_ARE_REQUESTS, WHAT_ORPHANS, asks_neighbours (a->q));
  append_thing (sql, a);
  g_string_append (sql, " != '')] AS cs");
  append_from (sql, a, a->q->carrier, near_span (a->q));
  g_string_append (sql, ") ARRAY JOIN ks AS k, cs AS c");
}

/* ---- the answer ---- */

typedef struct {
  char *route, *thing;
  gboolean bad, has, met, queued;
  guint n;
} Count;

typedef struct {
  GArray *count; /* Count, by thing then route; thing "": all requests of the route */
  guint64 requests, with_id;
  guint64 carrier[WHAT_ORPHANS + 1];
} Answer;

static void
take_row (RcaRowReader *r, Asked *a, Answer *into)
{
  GStringChunk *strings = a->store->table->strings;
  guint8 what = rca_row_u8 (r);
  g_autofree char *route = rca_row_dup (r);
  Count c = { 0 };
  c.bad = rca_row_u8 (r);
  c.has = rca_row_u8 (r);
  c.met = rca_row_u8 (r);
  c.queued = rca_row_u8 (r);
  g_autofree char *thing = rca_row_dup (r);
  guint64 n = rca_row_u64 (r);
  if (r->broken || what > WHAT_ORPHANS)
    return;
  if (what != WHAT_REQUESTS)
  {
    into->carrier[what] = n;
    return;
  }
  c.n = (guint)n;
  c.route = g_string_chunk_insert_const (strings, route ? route : "");
  c.thing = g_string_chunk_insert_const (strings, thing ? thing : "");
  g_array_append_val (into->count, c);
  if (thing)
    return;
  into->requests += n;
  into->with_id += c.has ? n : 0;
}

static gint
compare_count (gconstpointer a, gconstpointer b)
{
  const Count *x = a, *y = b;
  gint by_thing = strcmp (x->thing, y->thing);
  return by_thing ? by_thing : strcmp (x->route, y->route);
}

static void
count_route (GArray *routes, const Count *c, gboolean joined)
{
  RcaJoinRoute *last = routes->len ? &g_array_index (routes, RcaJoinRoute, routes->len - 1) : NULL;
  if (!last || !g_str_equal (last->route, c->route))
  {
    RcaJoinRoute fresh = { .route = c->route };
    g_array_append_val (routes, fresh);
    last = &g_array_index (routes, RcaJoinRoute, routes->len - 1);
  }
  if (c->queued)
    last->bad_queued += c->n;
  else if (c->bad)
    *(joined ? &last->bad : &last->bad_unjoined) += c->n;
  else
    *(joined ? &last->good : &last->good_unjoined) += c->n;
}

static void
count_cell (Asked *a, GArray *cells, const Count *c)
{
  RcaJoinCell *last = cells->len ? &g_array_index (cells, RcaJoinCell, cells->len - 1) : NULL;
  if (!last || !g_str_equal (last->thing, c->thing) || !g_str_equal (last->route, c->route))
  {
    RcaJoinCell fresh = { .thing = c->thing, .route = c->route };
    fresh.label = a->q->thing == RCA_DIM_FINGERPRINT ? rca_table_statement_name (a->store->table, c->thing) : c->thing;
    g_array_append_val (cells, fresh);
    last = &g_array_index (cells, RcaJoinCell, cells->len - 1);
  }
  *(c->bad ? &last->bad_with : &last->good_with) += c->n;
}

static RcaJoin *
join_of (Asked *a, Answer *answer, gboolean by_id)
{
  RcaJoin *join = g_new0 (RcaJoin, 1);
  join->by_id = by_id;
  join->cell = g_array_new (FALSE, TRUE, sizeof (RcaJoinCell));
  join->route = g_array_new (FALSE, TRUE, sizeof (RcaJoinRoute));
  g_array_sort (answer->count, compare_count);
  gboolean only_traces = !answer->carrier[WHAT_ARE_REQUESTS] && answer->carrier[WHAT_WITH_ID];
  for (guint i = 0; i < answer->count->len; i++)
  {
    const Count *c = &g_array_index (answer->count, Count, i);
    if (!*c->thing)
      count_route (join->route, c, c->met || (only_traces && c->has));
    else if (!c->queued)
      count_cell (a, join->cell, c);
  }
  return join;
}

/* ---- without ids ---- */

static RcaColumnId
column_of (RcaDimension d)
{
  static const struct {
    RcaDimension dimension;
    RcaColumnId column;
  } columns[] = {
    { RCA_DIM_UPSTREAM, RCA_COL_UPSTREAM },       { RCA_DIM_FAILURE, RCA_COL_FAILURE },   { RCA_DIM_AUDIENCE, RCA_COL_AUDIENCE }, { RCA_DIM_METHOD, RCA_COL_METHOD },
    { RCA_DIM_CACHE_STATUS, RCA_COL_CACHE_STATUS }, { RCA_DIM_EDGE_SITE, RCA_COL_EDGE_SITE }, { RCA_DIM_INSTANCE, RCA_COL_INSTANCE }, { RCA_DIM_HOST, RCA_COL_HOST },
    { RCA_DIM_SERVICE, RCA_COL_SERVICE },         { RCA_DIM_VERSION, RCA_COL_VERSION },   { RCA_DIM_CLIENT, RCA_COL_CLIENT },     { RCA_DIM_NETWORK, RCA_COL_CLIENT },
    { RCA_DIM_AGENT, RCA_COL_AGENT },             { RCA_DIM_TEMPLATE, RCA_COL_TEMPLATE }, { RCA_DIM_EXCEPTION, RCA_COL_EXCEPTION }, { RCA_DIM_PEER, RCA_COL_PEER },
    { RCA_DIM_FINGERPRINT, RCA_COL_FINGERPRINT }, { RCA_DIM_DATABASE, RCA_COL_DATABASE }, { RCA_DIM_DB_USER, RCA_COL_DB_USER },   { RCA_DIM_DB_EVENT, RCA_COL_DB_EVENT },
    { RCA_DIM_SQLSTATE_CLASS, RCA_COL_SQLSTATE }, { RCA_DIM_METRIC, RCA_COL_METRIC },     { RCA_DIM_DEVICE, RCA_COL_DEVICE },     { RCA_DIM_SERVER_NAME, RCA_COL_SERVER_NAME },
    { RCA_DIM_UPSTREAM_CLASS, RCA_COL_UPSTREAM_STATUS },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    if (columns[i].dimension == d)
      return columns[i].column;
  return RCA_COL_NONE; /* made of columns that are always fetched */
}

static void
want (gboolean wanted[RCA_N_COLUMNS], RcaDimension d)
{
  RcaColumnId column = d == RCA_DIM_NONE ? RCA_COL_NONE : column_of (d);
  if (column != RCA_COL_NONE)
    wanted[column] = TRUE;
}

static RcaJoin *
join_here (Asked *a, GError **error)
{
  static const RcaColumnId always[] = { RCA_COL_STREAM, RCA_COL_KIND, RCA_COL_STATUS, RCA_COL_SEVERITY, RCA_COL_ROUTE, RCA_COL_REQUEST_ID, RCA_COL_TRACE_ID, RCA_COL_PATH_HASH,
                                        RCA_COL_CLIENT, RCA_COL_INSTANCE, RCA_COL_CACHE_STATUS, RCA_COL_DURATION };
  const RcaJoinQuery *q = a->q;
  gboolean wanted[RCA_N_COLUMNS] = { FALSE };
  for (gsize i = 0; i < G_N_ELEMENTS (always); i++)
    wanted[always[i]] = TRUE;
  want (wanted, q->thing);
  for (guint i = 0; i < q->n_filters; i++)
    want (wanted, q->filter[i].dimension);
  for (guint i = 0; i < q->n_carrier_filters; i++)
    want (wanted, q->carrier_filter[i].dimension);
  g_autoptr (GString) tail = g_string_new (NULL);
  rca_sql_where (tail, a->store, RCA_STREAM_UNKNOWN, near_span (q));
  g_string_append_printf (tail, " AND ((stream = %d AND (kind = 1 OR request_id != '' OR trace_id != '' OR ", q->carrier);
  append_thing (tail, a);
  g_string_append_printf (tail, " != '')) OR (kind = 1 AND stream IN (%d, %d, %d)))", q->stream, RCA_STREAM_ACCESS, RCA_STREAM_APP);
  RcaTable *table = rca_clickhouse_fetch (a->store, tail->str, wanted, FALSE, error);
  return table ? rca_table_join (table, q) : NULL;
}

static gboolean
ask (Asked *a, Answer *answer, GError **error)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  append_tables (sql, a);
  g_string_append (sql, " UNION ALL ");
  append_carrier_counts (sql, a);
  g_autoptr (GBytes) bytes = rca_sql_ask (a->store, sql, error);
  if (!bytes)
    return FALSE;
  RcaRowReader r = rca_row_reader (bytes);
  while (rca_row_more (&r))
    take_row (&r, a, answer);
  if (r.broken)
    rca_sql_set_broken (a->store, "a join", error);
  return !r.broken;
}

RcaJoin *
rca_clickhouse_join (gpointer impl, const RcaJoinQuery *query, GError **error)
{
  RcaClickhouseStore *store = impl;
  g_autofree char *thing = rca_sql_dimension (store, query->thing);
  g_autoptr (GArray) count = g_array_new (FALSE, FALSE, sizeof (Count));
  Asked a = { store, query, thing };
  Answer answer = { .count = count };
  if (!ask (&a, &answer, error))
    return NULL;
  gboolean same = query->carrier == query->stream;
  gboolean most_have_ids = answer.with_id > 0 && answer.with_id * 10 >= answer.requests;
  gboolean by_id = most_have_ids && answer.carrier[WHAT_WITH_ID] > 0;
  if ((!by_id && !same) || answer.carrier[WHAT_ORPHANS])
    return join_here (&a, error);
  return join_of (&a, &answer, by_id || same);
}
