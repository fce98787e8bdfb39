#include "scan.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Above so many requests a sample is taken, by hash of the id: the same in every stream. */
#define SAMPLE_ABOVE 200000
/* How far from the requests their carrier rows may lie. */
#define CARRIER_SLACK_NS (900 * RCA_NS_PER_S)
/* Without ids, the record of the next layer ends with the request, give or take. */
#define NEAR_NS (RCA_NS_PER_S / 10)

typedef struct {
  RcaTableSource *source;
  RcaSheet *sheet;
  guint32 row;
  guint32 route;
  guint32 id[2];  /* codes; 0 = none */
  RcaSheet *twin; /* without ids: the record of the next layer that is this request */
  guint32 twin_row;
  guint bad : 1, met : 1, queued : 1, joined : 1;
} Request;

typedef struct {
  guint32 request, next;
} Link;

typedef struct {
  guint32 request, thing;
} Carry;

typedef struct {
  RcaTable *table;
  const RcaJoinQuery *q;
  GArray *request; /* Request */
  guint32 *head;   /* id code → first link + 1 */
  GArray *link;    /* Link */
  GArray *carry;   /* Carry */
  gboolean by_id, carriers_have_ids, carriers_are_requests;
} Join;

static gint64
slow_threshold (const RcaJoinQuery *q, const char *route)
{
  const gint64 *own = q->route_slow_ns ? g_hash_table_lookup (q->route_slow_ns, route) : NULL;
  return own ? *own : q->slow_ns;
}

static gboolean
is_bad (const Join *j, const RcaSheet *sheet, guint32 row)
{
  const RcaJoinQuery *q = j->q;
  if (q->bad != RCA_BAD_SLOW && rca_sheet_failed (sheet, row))
    return TRUE;
  if (q->bad == RCA_BAD_FAILED)
    return FALSE;
  gint64 duration = rca_sheet_i64 (sheet, RCA_COL_DURATION, row);
  if (duration < 0)
    return FALSE;
  gint64 slow = slow_threshold (q, rca_dictionary_string (j->table->dictionary[RCA_DOMAIN_ROUTE], rca_sheet_u32 (sheet, RCA_COL_ROUTE, row)));
  return slow > 0 && duration > slow;
}

static void
collect_requests (Join *j)
{
  RcaScan scan;
  rca_scan_init (&scan, j->table, j->q->stream, j->q->span, j->q->filter, j->q->n_filters);
  rca_scan_requests_only (&scan, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
    {
      if (!rca_scan_takes (&scan, row))
        continue;
      Request r = { .source = scan.source, .sheet = scan.sheet, .row = row, .route = rca_sheet_u32 (scan.sheet, RCA_COL_ROUTE, row) };
      r.id[0] = rca_sheet_u32 (scan.sheet, RCA_COL_REQUEST_ID, row);
      r.id[1] = rca_sheet_u32 (scan.sheet, RCA_COL_TRACE_ID, row);
      r.bad = is_bad (j, scan.sheet, row) ? 1 : 0;
      g_array_append_val (j->request, r);
    }
  rca_scan_clear (&scan);
}

static guint64
hash_of_request (const Join *j, const Request *r)
{
  guint32 id = r->id[0] ? r->id[0] : r->id[1];
  if (!id)
  {
    guint64 key[2] = { (guint64)r->sheet->end[r->row], rca_sheet_u32 (r->sheet, RCA_COL_PATH_HASH, r->row) };
    return XXH3_64bits (key, sizeof key);
  }
  RcaBytes bytes = rca_dictionary_bytes (j->table->dictionary[RCA_DOMAIN_ID], id);
  return XXH3_64bits (bytes.p, bytes.n);
}

/* Each side is thinned by the share its own number needs. */
static void
sample (Join *j)
{
  guint side[2] = { 0, 0 };
  for (guint i = 0; i < j->request->len; i++)
    side[g_array_index (j->request, Request, i).bad]++;
  guint64 keep[2] = { (side[0] + SAMPLE_ABOVE - 1) / SAMPLE_ABOVE, (side[1] + SAMPLE_ABOVE - 1) / SAMPLE_ABOVE };
  if (keep[0] <= 1 && keep[1] <= 1)
    return;
  guint n = 0;
  for (guint i = 0; i < j->request->len; i++)
  {
    Request *r = &g_array_index (j->request, Request, i);
    if (keep[r->bad] <= 1 || hash_of_request (j, r) % keep[r->bad] == 0)
      g_array_index (j->request, Request, n++) = *r;
  }
  g_array_set_size (j->request, n);
}

/* ---- requests without ids: their twin in the next layer ---- */

typedef struct {
  guint32 path, status, client;
  gint64 end;
  RcaSheet *sheet;
  guint32 row;
  gboolean taken;
} Twin;

static gint
compare_twin (gconstpointer a, gconstpointer b)
{
  const Twin *x = a, *y = b;
  if (x->path != y->path)
    return x->path < y->path ? -1 : 1;
  if (x->status != y->status)
    return x->status < y->status ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

static Twin
twin_of (RcaSheet *sheet, guint32 row)
{
  return (Twin){ .path = rca_sheet_u32 (sheet, RCA_COL_PATH_HASH, row),
                 .status = rca_sheet_u16 (sheet, RCA_COL_STATUS, row),
                 .client = rca_sheet_u32 (sheet, RCA_COL_CLIENT, row),
                 .end = sheet->end[row],
                 .sheet = sheet,
                 .row = row };
}

/* A layer behind a proxy may know the proxy only: another client counts against a twin, not out. */
static gboolean
other_client (const Twin *a, const Twin *b)
{
  return a->client && b->client && a->client != b->client;
}

static void
collect_twins (Join *j, RcaStream stream, GArray *twin)
{
  RcaSpan span = { j->q->span.start_ns - CARRIER_SLACK_NS, j->q->span.end_ns + CARRIER_SLACK_NS };
  RcaScan scan;
  rca_scan_init (&scan, j->table, stream, span, NULL, 0);
  rca_scan_requests_only (&scan, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
      if (rca_scan_takes (&scan, row))
      {
        Twin t = twin_of (scan.sheet, row);
        g_array_append_val (twin, t);
      }
  rca_scan_clear (&scan);
  g_array_sort (twin, compare_twin);
}

static Twin *
nearest_twin (GArray *twin, const Twin *want, gint64 slack)
{
  guint low = 0, high = twin->len;
  Twin from = *want;
  from.end -= slack;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    if (compare_twin (&g_array_index (twin, Twin, middle), &from) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  Twin *best = NULL;
  gint64 best_apart = 0;
  for (; low < twin->len; low++)
  {
    Twin *t = &g_array_index (twin, Twin, low);
    if (t->path != want->path || t->status != want->status || t->end > want->end + slack)
      break;
    gint64 apart = ABS (t->end - want->end) + (other_client (t, want) ? slack : 0);
    if (t->taken || (best && apart >= best_apart))
      continue;
    best = t;
    best_apart = apart;
  }
  return best;
}

/* What an edge answered out of its cache has no twin. */
static gboolean
was_passed_on (const Join *j, const Request *r)
{
  const char *cache = rca_dictionary_string (j->table->dictionary[RCA_DOMAIN_CACHE_STATUS], rca_sheet_u32 (r->sheet, RCA_COL_CACHE_STATUS, r->row));
  return !g_str_equal (cache, "hit") && !g_str_equal (cache, "stale");
}

static gboolean
requests_have_ids (RcaTable *table, RcaStream stream, RcaSpan span)
{
  gboolean found = FALSE;
  RcaScan scan;
  rca_scan_init (&scan, table, stream, span, NULL, 0);
  rca_scan_requests_only (&scan, NULL, 0);
  while (!found && rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n && !found; row++)
      found = rca_sheet_u32 (scan.sheet, RCA_COL_REQUEST_ID, row) && rca_scan_takes (&scan, row);
  rca_scan_clear (&scan);
  return found;
}

/* Where the twin is looked for: the web server behind an edge when it knows ids (they then lead
 * on to any carrier, also to records that ended otherwise than the request), else the carrier. */
static RcaStream
twin_stream (const Join *j)
{
  if (j->q->stream == RCA_STREAM_CDN && requests_have_ids (j->table, RCA_STREAM_ACCESS, j->q->span))
    return RCA_STREAM_ACCESS;
  if (j->carriers_are_requests)
    return j->q->carrier;
  return j->q->stream == RCA_STREAM_CDN ? RCA_STREAM_ACCESS : RCA_STREAM_APP;
}

static gint64
coarsest_step (const RcaTable *table, RcaStream stream)
{
  gint64 step = 0;
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (s->stream == stream && s->sheet->len)
      step = MAX (step, s->time_step_ns);
  }
  return step;
}

static void
find_twins (Join *j)
{
  RcaStream stream = twin_stream (j);
  if (stream == j->q->stream)
    return;
  g_autoptr (GArray) twin = g_array_new (FALSE, FALSE, sizeof (Twin));
  collect_twins (j, stream, twin);
  /* a stamp in whole seconds is up to a second early */
  gint64 step = coarsest_step (j->table, stream);
  for (guint i = 0; i < j->request->len; i++)
  {
    Request *r = &g_array_index (j->request, Request, i);
    if (!was_passed_on (j, r))
      continue;
    Twin want = twin_of (r->sheet, r->row);
    gint64 coarse = MAX (step, r->source->time_step_ns);
    Twin *t = nearest_twin (twin, &want, NEAR_NS + (coarse >= RCA_NS_PER_S ? coarse : 0));
    if (!t)
      continue;
    t->taken = TRUE;
    r->twin = t->sheet;
    r->twin_row = t->row;
    r->id[0] = rca_sheet_u32 (t->sheet, RCA_COL_REQUEST_ID, t->row);
    r->id[1] = rca_sheet_u32 (t->sheet, RCA_COL_TRACE_ID, t->row);
  }
}

/* ---- linking ---- */

static void
link_id (Join *j, guint32 id, guint32 request)
{
  if (!id)
    return;
  Link l = { request, j->head[id] };
  g_array_append_val (j->link, l);
  j->head[id] = j->link->len;
}

static gboolean
most_have_ids (const Join *j)
{
  guint n = 0;
  for (guint i = 0; i < j->request->len; i++)
  {
    const Request *r = &g_array_index (j->request, Request, i);
    n += r->id[0] || r->id[1];
  }
  return n * 10 >= j->request->len && n > 0;
}

static void
link_requests (Join *j)
{
  for (guint i = 0; i < j->request->len; i++)
  {
    const Request *r = &g_array_index (j->request, Request, i);
    link_id (j, r->id[0], i);
    if (r->id[1] != r->id[0])
      link_id (j, r->id[1], i);
  }
}

/* What the carrier's rows are, before any is matched. */
static void
know_carriers (Join *j, RcaSpan span)
{
  RcaScan scan;
  rca_scan_init (&scan, j->table, j->q->carrier, span, NULL, 0);
  while (rca_scan_next_sheet (&scan) && !(j->carriers_have_ids && j->carriers_are_requests))
    for (guint32 row = 0; row < scan.sheet->n; row++)
      if (rca_scan_covers (&scan, row))
      {
        gboolean id = rca_sheet_u32 (scan.sheet, RCA_COL_REQUEST_ID, row) || rca_sheet_u32 (scan.sheet, RCA_COL_TRACE_ID, row);
        j->carriers_have_ids = j->carriers_have_ids || id;
        j->carriers_are_requests = j->carriers_are_requests || rca_sheet_u8 (scan.sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST;
      }
  rca_scan_clear (&scan);
}

/* Whether the carrier took the request up only after its caller had given up. Where ends are
 * written in whole seconds the true end is up to a second later than written; a request that
 * lasted two of them was then waiting for most of its time all the same. */
static gboolean
was_queued (const Request *r, const RcaSheet *carrier, guint32 row)
{
  gint64 step = r->source->time_step_ns >= RCA_NS_PER_S ? r->source->time_step_ns : 0;
  gint64 lasted = r->sheet->end[r->row] - r->sheet->start[r->row];
  return carrier->start[row] > r->sheet->end[r->row] + (lasted >= 2 * step ? 0 : step);
}

static void
carry_row (Join *j, guint32 request, const RcaScan *scan, guint32 row)
{
  Request *r = &g_array_index (j->request, Request, request);
  r->met = TRUE;
  if (r->bad && rca_sheet_u8 (scan->sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST && j->q->carrier != j->q->stream && was_queued (r, scan->sheet, row))
    r->queued = TRUE;
  const guint32 *codes = rca_sheet_codes (scan->sheet, j->q->thing);
  if (!codes || !codes[row] || !rca_scan_passes (scan, row))
    return;
  Carry c = { request, codes[row] };
  g_array_append_val (j->carry, c);
}

static void
carry_by_id (Join *j, const RcaScan *scan, guint32 row)
{
  guint32 id[2] = { rca_sheet_u32 (scan->sheet, RCA_COL_REQUEST_ID, row), rca_sheet_u32 (scan->sheet, RCA_COL_TRACE_ID, row) };
  for (guint k = 0; k < 2; k++)
    if (id[k] && (k == 0 || id[1] != id[0]))
      for (guint32 l = j->head[id[k]]; l; l = g_array_index (j->link, Link, l - 1).next)
        carry_row (j, g_array_index (j->link, Link, l - 1).request, scan, row);
}

static gint
compare_place (gconstpointer a, gconstpointer b, gpointer user)
{
  const GArray *request = user;
  const Request *x = &g_array_index (request, Request, *(const guint32 *)a), *y = &g_array_index (request, Request, *(const guint32 *)b);
  if (x->twin != y->twin)
    return x->twin < y->twin ? -1 : 1;
  return x->twin_row < y->twin_row ? -1 : x->twin_row > y->twin_row;
}

/* Requests whose own row, or whose twin without an id, is the carrier: by its place. */
static GArray *
requests_by_place (Join *j)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint32 i = 0; i < j->request->len; i++)
  {
    Request *r = &g_array_index (j->request, Request, i);
    if (j->q->carrier == j->q->stream)
    {
      r->twin = r->sheet;
      r->twin_row = r->row;
    }
    else if (r->id[0] || r->id[1])
      continue;
    if (r->twin)
      g_array_append_val (order, i);
  }
  g_array_sort_with_data (order, compare_place, j->request);
  return order;
}

static guint
first_of_sheet (const Join *j, const GArray *order, const RcaSheet *sheet)
{
  guint low = 0, high = order->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    const Request *r = &g_array_index (j->request, Request, g_array_index (order, guint32, middle));
    if (r->twin < sheet)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void
carry_rows (Join *j, RcaSpan span)
{
  g_autoptr (GArray) order = requests_by_place (j);
  rca_table_prepare (j->table, j->q->thing);
  RcaScan scan;
  rca_scan_init (&scan, j->table, j->q->carrier, span, j->q->carrier_filter, j->q->n_carrier_filters);
  while (rca_scan_next_sheet (&scan))
  {
    guint at = first_of_sheet (j, order, scan.sheet);
    for (; at < order->len; at++)
    {
      guint32 i = g_array_index (order, guint32, at);
      const Request *r = &g_array_index (j->request, Request, i);
      if (r->twin != scan.sheet)
        break;
      carry_row (j, i, &scan, r->twin_row);
    }
    if (scan.sheet->column[RCA_COL_REQUEST_ID] || scan.sheet->column[RCA_COL_TRACE_ID])
      for (guint32 row = 0; row < scan.sheet->n; row++)
        if (rca_scan_covers (&scan, row))
          carry_by_id (j, &scan, row);
  }
  rca_scan_clear (&scan);
}

/* ---- counting ---- */

/* Where every request has a record in the carrier, one without is lost or never came; where
 * only some leave a trace (slow statements), one without carries nothing. */
static void
settle (Join *j)
{
  for (guint i = 0; i < j->request->len; i++)
  {
    Request *r = &g_array_index (j->request, Request, i);
    gboolean has_id = r->id[0] || r->id[1];
    r->joined = r->met || (!j->carriers_are_requests && j->carriers_have_ids && has_id);
  }
}

static gint
compare_carry (gconstpointer a, gconstpointer b)
{
  const Carry *x = a, *y = b;
  if (x->request != y->request)
    return x->request < y->request ? -1 : 1;
  return x->thing < y->thing ? -1 : x->thing > y->thing;
}

static gint
compare_cell (gconstpointer a, gconstpointer b)
{
  const RcaJoinCell *x = a, *y = b;
  gint by_thing = strcmp (x->thing, y->thing);
  return by_thing ? by_thing : strcmp (x->route, y->route);
}

static gint
compare_route (gconstpointer a, gconstpointer b)
{
  return strcmp (((const RcaJoinRoute *)a)->route, ((const RcaJoinRoute *)b)->route);
}

static const char *
route_name (const Join *j, guint32 route)
{
  return rca_dictionary_string (j->table->dictionary[RCA_DOMAIN_ROUTE], route);
}

static GArray *
count_routes (Join *j)
{
  GArray *out = g_array_new (FALSE, TRUE, sizeof (RcaJoinRoute));
  g_autofree guint32 *place = g_new0 (guint32, rca_dictionary_size (j->table->dictionary[RCA_DOMAIN_ROUTE]));
  for (guint i = 0; i < j->request->len; i++)
  {
    const Request *r = &g_array_index (j->request, Request, i);
    if (!place[r->route])
    {
      RcaJoinRoute fresh = { .route = route_name (j, r->route) };
      g_array_append_val (out, fresh);
      place[r->route] = out->len;
    }
    RcaJoinRoute *c = &g_array_index (out, RcaJoinRoute, place[r->route] - 1);
    if (r->queued)
      c->bad_queued++;
    else if (r->bad)
      *(r->joined ? &c->bad : &c->bad_unjoined) += 1;
    else
      *(r->joined ? &c->good : &c->good_unjoined) += 1;
  }
  g_array_sort (out, compare_route);
  return out;
}

static GArray *
count_cells (Join *j)
{
  GArray *out = g_array_new (FALSE, TRUE, sizeof (RcaJoinCell));
  g_autoptr (GHashTable) place = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  const RcaDictionary *things = rca_table_values (j->table, j->q->thing);
  g_array_sort (j->carry, compare_carry);
  for (guint i = 0; i < j->carry->len; i++)
  {
    const Carry *c = &g_array_index (j->carry, Carry, i);
    const Request *r = &g_array_index (j->request, Request, c->request);
    if (r->queued || (i && compare_carry (c, c - 1) == 0))
      continue;
    gint64 key = (gint64)(((guint64)c->thing << 32) | r->route);
    guint at = GPOINTER_TO_UINT (g_hash_table_lookup (place, &key));
    if (!at)
    {
      const char *thing = rca_dictionary_string (things, c->thing);
      RcaJoinCell fresh = { .thing = thing, .route = route_name (j, r->route) };
      fresh.label = j->q->thing == RCA_DIM_FINGERPRINT ? rca_table_statement_name (j->table, thing) : thing;
      g_array_append_val (out, fresh);
      at = out->len;
      g_hash_table_insert (place, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (at));
    }
    RcaJoinCell *cell = &g_array_index (out, RcaJoinCell, at - 1);
    *(r->bad ? &cell->bad_with : &cell->good_with) += 1;
  }
  g_array_sort (out, compare_cell);
  return out;
}

void
rca_join_free (RcaJoin *join)
{
  if (!join)
    return;
  g_array_unref (join->cell);
  g_array_unref (join->route);
  g_free (join);
}

RcaJoin *
rca_table_join (RcaTable *table, const RcaJoinQuery *query)
{
  Join j = { .table = table, .q = query };
  j.request = g_array_new (FALSE, FALSE, sizeof (Request));
  j.link = g_array_new (FALSE, FALSE, sizeof (Link));
  j.carry = g_array_new (FALSE, FALSE, sizeof (Carry));
  j.head = g_new0 (guint32, rca_dictionary_size (table->dictionary[RCA_DOMAIN_ID]));
  RcaSpan span = { query->span.start_ns - CARRIER_SLACK_NS, query->span.end_ns + CARRIER_SLACK_NS };
  know_carriers (&j, span);
  collect_requests (&j);
  sample (&j);
  gboolean same = query->carrier == query->stream;
  j.by_id = most_have_ids (&j) && j.carriers_have_ids;
  if (!j.by_id && !same)
    find_twins (&j);
  link_requests (&j);
  carry_rows (&j, span);
  settle (&j);
  RcaJoin *join = g_new0 (RcaJoin, 1);
  join->by_id = j.by_id || same;
  join->route = count_routes (&j);
  join->cell = count_cells (&j);
  g_array_unref (j.request);
  g_array_unref (j.link);
  g_array_unref (j.carry);
  g_free (j.head);
  return join;
}
