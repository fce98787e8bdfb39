#include "join-private.h"

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
collect_twins (RcaJoining *j, RcaStream stream, GArray *twin)
{
  RcaSpan span = { j->q->span.start_ns - RCA_JOIN_SLACK_NS, j->q->span.end_ns + RCA_JOIN_SLACK_NS };
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
was_passed_on (const RcaJoining *j, const RcaJoinRequest *r)
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
twin_stream (const RcaJoining *j)
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

void
rca_join_find_twins (RcaJoining *j)
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
    RcaJoinRequest *r = &g_array_index (j->request, RcaJoinRequest, i);
    if (!was_passed_on (j, r))
      continue;
    Twin want = twin_of (r->sheet, r->row);
    gint64 coarse = MAX (step, r->source->time_step_ns);
    Twin *t = nearest_twin (twin, &want, RCA_JOIN_NEAR_NS + (coarse >= RCA_NS_PER_S ? coarse : 0));
    if (!t)
      continue;
    t->taken = TRUE;
    r->twin = t->sheet;
    r->twin_row = t->row;
    r->id[0] = rca_sheet_u32 (t->sheet, RCA_COL_REQUEST_ID, t->row);
    r->id[1] = rca_sheet_u32 (t->sheet, RCA_COL_TRACE_ID, t->row);
  }
}
