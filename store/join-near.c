#include "join-private.h"

/* A record that names no request is laid to the one whose own record, in the same log of the
 * same instance, ends within RCA_JOIN_NEAR_NS of it: the next that ends, else the one before. */
static gint
compare_mate (gconstpointer a, gconstpointer b, gpointer user)
{
  const GArray *request = user;
  const RcaJoinRequest *x = &g_array_index (request, RcaJoinRequest, *(const guint32 *)a), *y = &g_array_index (request, RcaJoinRequest, *(const guint32 *)b);
  if (x->mate_instance != y->mate_instance)
    return x->mate_instance < y->mate_instance ? -1 : 1;
  return x->mate_end < y->mate_end ? -1 : x->mate_end > y->mate_end;
}

static GArray *
requests_by_mate (RcaJoining *j)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint32 i = 0; i < j->request->len; i++)
  {
    RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
    if (j->q->carrier != RCA_STREAM_APP)
      r->mate_instance = 0;
    if (r->mate_end != RCA_TIME_NONE)
      g_array_append_val (order, i);
  }
  g_array_sort_with_data (order, compare_mate, j->request);
  return order;
}

static const RcaJoinRequest *
request_at (const RcaJoining *j, const GArray *order, guint at)
{
  return &g_array_index (j->request, RcaJoinRequest, g_array_index (order, guint32, at));
}

/* The first in @order of @instance that ends at or after @end. */
static guint
first_after (const RcaJoining *j, const GArray *order, guint32 instance, gint64 end)
{
  guint low = 0, high = order->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    const RcaJoinRequest *r = request_at (j, order, middle);
    if (r->mate_instance < instance || (r->mate_instance == instance && r->mate_end < end))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* What a row says of its request rules the others out. */
static gboolean
may_be_of (const RcaJoinRequest *r, const RcaSheet *sheet, guint32 row)
{
  guint32 path = rca_sheet_u32 (sheet, RCA_COL_PATH_HASH, row), client = rca_sheet_u32 (sheet, RCA_COL_CLIENT, row);
  guint32 its_path = rca_sheet_u32 (r->sheet, RCA_COL_PATH_HASH, r->row), its_client = rca_sheet_u32 (r->sheet, RCA_COL_CLIENT, r->row);
  return (!path || !its_path || path == its_path) && (!client || !its_client || client == its_client);
}

/* An error log speaks for the web server as a whole; application logs for their instance. */
static guint32
instance_of_row (const RcaJoining *j, const RcaScan *scan, guint32 row)
{
  return j->q->carrier == RCA_STREAM_APP ? rca_sheet_u32 (scan->sheet, RCA_COL_INSTANCE, row) : 0;
}

static gint
find_near (const RcaJoining *j, const GArray *order, const RcaScan *scan, guint32 row)
{
  guint32 instance = instance_of_row (j, scan, row);
  gint64 t = scan->sheet->end[row];
  /* stamps in whole seconds are up to one early */
  gint64 slack = RCA_JOIN_NEAR_NS + (scan->source->time_step_ns >= RCA_NS_PER_S ? scan->source->time_step_ns : 0);
  guint at = first_after (j, order, instance, t);
  for (guint i = at; i < order->len && request_at (j, order, i)->mate_instance == instance && request_at (j, order, i)->mate_end <= t + slack; i++)
    if (may_be_of (request_at (j, order, i), scan->sheet, row))
      return (gint)g_array_index (order, guint32, i);
  for (guint i = at; i-- > 0 && request_at (j, order, i)->mate_instance == instance && request_at (j, order, i)->mate_end >= t - slack;)
    if (may_be_of (request_at (j, order, i), scan->sheet, row))
      return (gint)g_array_index (order, guint32, i);
  return -1;
}

static gboolean
has_no_request (const RcaSheet *sheet, guint32 row)
{
  return !rca_sheet_u32 (sheet, RCA_COL_REQUEST_ID, row) && !rca_sheet_u32 (sheet, RCA_COL_TRACE_ID, row)
         && rca_sheet_u8 (sheet, RCA_COL_KIND, row) != RCA_KIND_REQUEST && rca_sheet_u8 (sheet, RCA_COL_KIND, row) != RCA_KIND_CHANGE;
}

/* What the row of the request says itself is not asked of its neighbours. */
static gboolean
is_asked_of_neighbours (const RcaJoinQuery *q)
{
  if (q->carrier == RCA_STREAM_ACCESS)
    return q->thing == RCA_DIM_FAILURE || q->thing == RCA_DIM_TEMPLATE || q->thing == RCA_DIM_PEER;
  return q->carrier == RCA_STREAM_APP;
}

void
rca_join_carry_near (RcaJoining *j, RcaSpan span)
{
  if (!is_asked_of_neighbours (j->q))
    return;
  g_autoptr (GArray) order = requests_by_mate (j);
  RcaScan scan;
  rca_scan_init (&scan, j->table, j->q->carrier, span, j->q->carrier_filter, j->q->n_carrier_filters);
  while (order->len && rca_scan_next_sheet (&scan))
  {
    const guint32 *codes = rca_sheet_codes (scan.sheet, j->q->thing);
    for (guint32 row = 0; codes && row < scan.sheet->n; row++)
    {
      if (!codes[row] || !has_no_request (scan.sheet, row) || !rca_scan_takes (&scan, row))
        continue;
      gint at = find_near (j, order, &scan, row);
      RcaJoinCarry c = { (guint32)at, codes[row] };
      if (at >= 0)
        g_array_append_val (j->carry, c);
    }
  }
  rca_scan_clear (&scan);
}
