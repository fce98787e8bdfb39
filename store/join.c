#include "join-private.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Above so many requests a sample is taken, by hash of the id: the same in every stream. */
#define SAMPLE_ABOVE 200000

static gint64
slow_threshold (const RcaJoinQuery *q, const char *route)
{
  const gint64 *own = q->route_slow_ns ? g_hash_table_lookup (q->route_slow_ns, route) : NULL;
  return own ? *own : q->slow_ns;
}

static gboolean
is_bad (const RcaJoining *j, const RcaSheet *sheet, guint32 row)
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
collect_requests (RcaJoining *j)
{
  RcaScan scan;
  rca_scan_init (&scan, j->table, j->q->stream, j->q->span, j->q->filter, j->q->n_filters);
  rca_scan_requests_only (&scan, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
    {
      if (!rca_scan_takes (&scan, row))
        continue;
      RcaJoinRequest r
          = { .mate_end = RCA_TIME_NONE, .source = scan.source, .sheet = scan.sheet, .row = row, .route = rca_sheet_u32 (scan.sheet, RCA_COL_ROUTE, row) };
      r.id[0] = rca_sheet_u32 (scan.sheet, RCA_COL_REQUEST_ID, row);
      r.id[1] = rca_sheet_u32 (scan.sheet, RCA_COL_TRACE_ID, row);
      r.bad = is_bad (j, scan.sheet, row) ? 1 : 0;
      g_array_append_val (j->request, r);
    }
  rca_scan_clear (&scan);
}

static guint64
hash_of_request (const RcaJoining *j, const RcaJoinRequest *r)
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
sample (RcaJoining *j)
{
  guint side[2] = { 0, 0 };
  for (guint i = 0; i < j->request->len; i++)
    side[g_array_index (j->request, RcaJoinRequest, i).bad]++;
  guint64 keep[2] = { (side[0] + SAMPLE_ABOVE - 1) / SAMPLE_ABOVE, (side[1] + SAMPLE_ABOVE - 1) / SAMPLE_ABOVE };
  if (keep[0] <= 1 && keep[1] <= 1)
    return;
  guint n = 0;
  for (guint i = 0; i < j->request->len; i++)
  {
    RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
    if (keep[r->bad] <= 1 || hash_of_request (j, r) % keep[r->bad] == 0)
      g_array_index (j->request, RcaJoinRequest, n++) = *r;
  }
  g_array_set_size (j->request, n);
}

/* ---- linking ---- */

static void
link_id (RcaJoining *j, guint32 id, guint32 request)
{
  if (!id || id >= j->n_ids)
    return;
  RcaJoinLink l = { request, j->head[id] };
  g_array_append_val (j->link, l);
  j->head[id] = j->link->len;
}

static gboolean
most_have_ids (const RcaJoining *j)
{
  guint n = 0;
  for (guint i = 0; i < j->request->len; i++)
  {
    const RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
    n += r->id[0] || r->id[1];
  }
  return n * 10 >= j->request->len && n > 0;
}

static void
link_requests (RcaJoining *j)
{
  for (guint i = 0; i < j->request->len; i++)
  {
    const RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
    link_id (j, r->id[0], i);
    if (r->id[1] != r->id[0])
      link_id (j, r->id[1], i);
  }
}

/* What the carrier's rows are, before any is matched. */
static void
know_carriers (RcaJoining *j, RcaSpan span)
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
was_queued (const RcaJoinRequest *r, const RcaSheet *carrier, guint32 row)
{
  gint64 step = r->source->time_step_ns >= RCA_NS_PER_S ? r->source->time_step_ns : 0;
  gint64 lasted = r->sheet->end[r->row] - r->sheet->start[r->row];
  return carrier->start[row] > r->sheet->end[r->row] + (lasted >= 2 * step ? 0 : step);
}

static void
carry_row (RcaJoining *j, guint32 request, const RcaScan *scan, guint32 row)
{
  RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, request);
  r->met = TRUE;
  if (rca_sheet_u8 (scan->sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST && r->mate_end == RCA_TIME_NONE)
  {
    r->mate_end = scan->sheet->end[row];
    r->mate_instance = rca_sheet_u32 (scan->sheet, RCA_COL_INSTANCE, row);
  }
  if (r->bad && rca_sheet_u8 (scan->sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST && j->q->carrier != j->q->stream && was_queued (r, scan->sheet, row))
    r->queued = TRUE;
  const guint32 *codes = rca_sheet_codes (scan->sheet, j->q->thing);
  if (!codes || !codes[row] || !rca_scan_passes (scan, row))
    return;
  RcaJoinCarry c = { request, codes[row] };
  g_array_append_val (j->carry, c);
}

static void
carry_by_id (RcaJoining *j, const RcaScan *scan, guint32 row)
{
  guint32 id[2] = { rca_sheet_u32 (scan->sheet, RCA_COL_REQUEST_ID, row), rca_sheet_u32 (scan->sheet, RCA_COL_TRACE_ID, row) };
  for (guint k = 0; k < 2; k++)
    if (id[k] && (k == 0 || id[1] != id[0]))
      for (guint32 l = id[k] < j->n_ids ? j->head[id[k]] : 0; l; l = g_array_index (j->link, RcaJoinLink, l - 1).next)
        carry_row (j, g_array_index (j->link, RcaJoinLink, l - 1).request, scan, row);
}

static gint
compare_place (gconstpointer a, gconstpointer b, gpointer user)
{
  const GArray *request = user;
  const RcaJoinRequest *x = &g_array_index (request, RcaJoinRequest, *(const guint32 *)a), *y = &g_array_index (request, RcaJoinRequest, *(const guint32 *)b);
  if (x->twin != y->twin)
    return x->twin < y->twin ? -1 : 1;
  return x->twin_row < y->twin_row ? -1 : x->twin_row > y->twin_row;
}

/* Requests whose own row, or whose twin without an id, is the carrier: by its place. */
static GArray *
requests_by_place (RcaJoining *j)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint32 i = 0; i < j->request->len; i++)
  {
    RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
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
first_of_sheet (const RcaJoining *j, const GArray *order, const RcaSheet *sheet)
{
  guint low = 0, high = order->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    const RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, g_array_index (order, guint32, middle));
    if (r->twin < sheet)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void
carry_rows (RcaJoining *j, RcaSpan span)
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
      const RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
      if (r->twin != scan.sheet)
        break;
      carry_row (j, i, &scan, r->twin_row);
    }
    if (rca_sheet_get (scan.sheet, RCA_COL_REQUEST_ID) || rca_sheet_get (scan.sheet, RCA_COL_TRACE_ID))
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
settle (RcaJoining *j)
{
  for (guint i = 0; i < j->request->len; i++)
  {
    RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
    gboolean has_id = r->id[0] || r->id[1];
    r->joined = r->met || (!j->carriers_are_requests && j->carriers_have_ids && has_id);
  }
}

static gint
compare_carry (gconstpointer a, gconstpointer b)
{
  const RcaJoinCarry *x = a, *y = b;
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
route_name (const RcaJoining *j, guint32 route)
{
  return rca_dictionary_string (j->table->dictionary[RCA_DOMAIN_ROUTE], route);
}

static GArray *
count_routes (RcaJoining *j)
{
  GArray *out = g_array_new (FALSE, TRUE, sizeof (RcaJoinRoute));
  g_autofree guint32 *place = g_new0 (guint32, rca_dictionary_size (rca_table_domain (j->table, RCA_DOMAIN_ROUTE)));
  for (guint i = 0; i < j->request->len; i++)
  {
    const RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
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
count_cells (RcaJoining *j)
{
  GArray *out = g_array_new (FALSE, TRUE, sizeof (RcaJoinCell));
  g_autoptr (GHashTable) place = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  const RcaDictionary *things = rca_table_values (j->table, j->q->thing);
  g_array_sort (j->carry, compare_carry);
  for (guint i = 0; i < j->carry->len; i++)
  {
    const RcaJoinCarry *c = &g_array_index (j->carry, RcaJoinCarry, i);
    const RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, c->request);
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
  RcaJoining j = { .table = table, .q = query };
  j.request = g_array_new (FALSE, FALSE, sizeof (RcaJoinRequest));
  j.link = g_array_new (FALSE, FALSE, sizeof (RcaJoinLink));
  j.carry = g_array_new (FALSE, FALSE, sizeof (RcaJoinCarry));
  RcaSpan span = { query->span.start_ns - RCA_JOIN_SLACK_NS, query->span.end_ns + RCA_JOIN_SLACK_NS };
  j.n_ids = rca_dictionary_size (rca_table_domain_in (table, RCA_DOMAIN_ID, span));
  j.head = g_new0 (guint32, j.n_ids);
  know_carriers (&j, span);
  collect_requests (&j);
  sample (&j);
  gboolean same = query->carrier == query->stream;
  j.by_id = most_have_ids (&j) && j.carriers_have_ids;
  if (!j.by_id && !same)
    rca_join_find_twins (&j);
  link_requests (&j);
  carry_rows (&j, span);
  rca_join_carry_near (&j, span);
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
