#include "scan.h"
#include "sources-private.h"

static const RcaSpan ever = { G_MININT64, G_MAXINT64 };

/* Whether a web server's log names who answered: else there is nobody to tell apart. */
static gboolean
names_upstreams (const RcaTable *table)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    if (source->stream == RCA_STREAM_ACCESS && (source->present >> RCA_FIELD_UPSTREAM) & 1)
      return TRUE;
  }
  return FALSE;
}

/* Where an id leads: the instance whose record carries it. */
static guint32 *
instances_by_id (RcaTable *table)
{
  guint32 *instance = g_new0 (guint32, rca_dictionary_size (rca_table_domain (table, RCA_DOMAIN_ID)));
  RcaScan scan;
  rca_scan_init (&scan, table, RCA_STREAM_APP, ever, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
    {
      guint32 id[2] = { rca_sheet_u32 (scan.sheet, RCA_COL_REQUEST_ID, row), rca_sheet_u32 (scan.sheet, RCA_COL_TRACE_ID, row) };
      guint32 code = rca_sheet_u32 (scan.sheet, RCA_COL_INSTANCE, row);
      for (guint k = 0; code && k < 2; k++)
        if (id[k] && !instance[id[k]])
          instance[id[k]] = code;
    }
  rca_scan_clear (&scan);
  return instance;
}

static guint32 *
services_by_instance (RcaTable *table)
{
  guint32 *service = g_new0 (guint32, rca_dictionary_size (rca_table_domain (table, RCA_DOMAIN_INSTANCE)));
  RcaScan scan;
  rca_scan_init (&scan, table, RCA_STREAM_APP, ever, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
    {
      guint32 code = rca_sheet_u32 (scan.sheet, RCA_COL_INSTANCE, row);
      if (code && !service[code])
        service[code] = rca_sheet_u32 (scan.sheet, RCA_COL_SERVICE, row);
    }
  rca_scan_clear (&scan);
  return service;
}

typedef struct {
  guint32 upstream, instance, n;
} Pair;

static gint
compare_pair (gconstpointer a, gconstpointer b)
{
  const Pair *x = a, *y = b;
  if (x->upstream != y->upstream)
    return x->upstream < y->upstream ? -1 : 1;
  if (x->n != y->n)
    return x->n > y->n ? -1 : 1;
  return x->instance < y->instance ? -1 : x->instance > y->instance;
}

static GArray *
count_pairs (RcaTable *table, const guint32 *instance_of)
{
  g_autoptr (GHashTable) place = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  GArray *pair = g_array_new (FALSE, FALSE, sizeof (Pair));
  RcaScan scan;
  rca_scan_init (&scan, table, RCA_STREAM_ACCESS, ever, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
    {
      guint32 upstream = rca_sheet_u32 (scan.sheet, RCA_COL_UPSTREAM, row);
      guint32 id = rca_sheet_u32 (scan.sheet, RCA_COL_REQUEST_ID, row);
      if (!id || !instance_of[id])
        id = rca_sheet_u32 (scan.sheet, RCA_COL_TRACE_ID, row);
      if (!upstream || !id || !instance_of[id])
        continue;
      gint64 key = (gint64)(((guint64)upstream << 32) | instance_of[id]);
      guint at = GPOINTER_TO_UINT (g_hash_table_lookup (place, &key));
      if (!at)
      {
        Pair fresh = { upstream, instance_of[id], 0 };
        g_array_append_val (pair, fresh);
        at = pair->len;
        g_hash_table_insert (place, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (at));
      }
      g_array_index (pair, Pair, at - 1).n++;
    }
  rca_scan_clear (&scan);
  g_array_sort (pair, compare_pair);
  return pair;
}

static gint
compare_peer (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RcaPeer *const *)a)->upstream, (*(RcaPeer *const *)b)->upstream);
}

/* ---- the stream that users see ---- */

RcaRequests
rca_table_requests (RcaTable *table, RcaStream stream)
{
  RcaRequests r = { 0, { G_MAXINT64, G_MININT64 } };
  RcaScan scan;
  rca_scan_init (&scan, table, stream, ever, NULL, 0);
  while (rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
      if (rca_sheet_u8 (scan.sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST && rca_scan_covers (&scan, row))
      {
        r.n++;
        r.span.start_ns = MIN (r.span.start_ns, scan.sheet->start[row]);
        r.span.end_ns = MAX (r.span.end_ns, scan.sheet->start[row]);
      }
  rca_scan_clear (&scan);
  return r;
}

/* The edge, unless its logs cover less than half of the time the web server's do. */
RcaStream
rca_user_facing (const RcaRequests *edge, const RcaRequests *web, const RcaRequests *app)
{
  if (edge->n && web->n)
  {
    gint64 both = MIN (edge->span.end_ns, web->span.end_ns) - MAX (edge->span.start_ns, web->span.start_ns);
    return both * 2 >= web->span.end_ns - web->span.start_ns ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  }
  if (edge->n || web->n)
    return edge->n ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  return app->n ? RCA_STREAM_APP : RCA_STREAM_UNKNOWN;
}

static RcaStream
user_facing (RcaTable *table)
{
  RcaRequests edge = rca_table_requests (table, RCA_STREAM_CDN), web = rca_table_requests (table, RCA_STREAM_ACCESS);
  RcaRequests app = { 0 };
  if (!edge.n && !web.n)
    app = rca_table_requests (table, RCA_STREAM_APP);
  return rca_user_facing (&edge, &web, &app);
}

void
rca_table_learn_peers (RcaTable *table)
{
  table->user_facing = user_facing (table);
  if (!names_upstreams (table))
    return;
  g_autofree guint32 *instance_of = instances_by_id (table);
  g_autofree guint32 *service_of = services_by_instance (table);
  g_autoptr (GArray) pair = count_pairs (table, instance_of);
  for (guint i = 0; i < pair->len; i++)
  {
    const Pair *p = &g_array_index (pair, Pair, i);
    if (i && p[-1].upstream == p->upstream)
      continue; /* not the majority */
    RcaPeer *peer = g_new (RcaPeer, 1);
    *peer = (RcaPeer){ rca_dictionary_string (table->dictionary[RCA_DOMAIN_UPSTREAM], p->upstream),
                       rca_dictionary_string (table->dictionary[RCA_DOMAIN_INSTANCE], p->instance),
                       rca_dictionary_string (table->dictionary[RCA_DOMAIN_SERVICE], service_of[p->instance]) };
    g_ptr_array_add (table->peer, peer);
  }
  g_ptr_array_sort (table->peer, compare_peer);
}
