#include "scan.h"

/* A row that may be shown: kept small until it is. */
typedef struct {
  gint64 key;
  guint32 source, row;
  guint64 order; /* place among rows of its source: ties by path and line */
  RcaTableSource *from;
  RcaSheet *sheet;
} Pick;

static gint
compare_pick (gconstpointer a, gconstpointer b)
{
  const Pick *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  if (x->source != y->source)
    return x->source < y->source ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static gint64
key_of (RcaRowOrder order, const RcaSheet *sheet, guint32 row)
{
  switch (order)
  {
  case RCA_ROWS_BY_TIME_DESC:
    return -sheet->start[row];
  case RCA_ROWS_BY_DURATION_DESC:
    return -rca_sheet_i64 (sheet, RCA_COL_DURATION, row);
  default:
    return sheet->start[row];
  }
}

static gboolean
wanted (const RcaRowQuery *q, const RcaSheet *s, guint32 row, guint32 id)
{
  if (q->failed_only && !rca_sheet_failed (s, row))
    return FALSE;
  if (q->min_duration_ns > 0 && rca_sheet_i64 (s, RCA_COL_DURATION, row) < q->min_duration_ns)
    return FALSE;
  if (q->id && rca_sheet_u32 (s, RCA_COL_REQUEST_ID, row) != id && rca_sheet_u32 (s, RCA_COL_TRACE_ID, row) != id)
    return FALSE;
  return q->pid == 0 || rca_sheet_i64 (s, RCA_COL_PID, row) == q->pid;
}

/* Keeps the @limit smallest: when twice as many have gathered, the rest goes. */
static void
trim (GArray *pick, guint limit)
{
  g_array_sort (pick, compare_pick);
  g_array_set_size (pick, MIN (pick->len, limit));
}

/* What is beyond that is not among the @limit first any more. */
static gint64
bound (const GArray *pick, guint limit)
{
  return pick->len < limit ? G_MAXINT64 : g_array_index (pick, Pick, limit - 1).key;
}

static const char *
text_of (const RcaTable *table, const RcaSheet *sheet, RcaColumnId column, guint32 row)
{
  guint32 code = rca_sheet_u32 (sheet, column, row);
  return code ? rca_dictionary_string (table->dictionary[rca_column_info (column)->domain], code) : NULL;
}

static RcaRow *
show (RcaTable *table, const Pick *p)
{
  const RcaSheet *s = p->sheet;
  guint32 row = p->row;
  RcaRow *r = g_new0 (RcaRow, 1);
  guint16 status = rca_sheet_u16 (s, RCA_COL_STATUS, row);
  r->ref = rca_table_ref (table, p->from, s, row);
  r->start_ns = s->start[row];
  r->end_ns = s->end[row];
  r->stream = rca_sheet_u8 (s, RCA_COL_STREAM, row);
  r->severity = rca_sheet_u8 (s, RCA_COL_SEVERITY, row);
  r->status = status ? status : -1;
  r->duration_ns = rca_sheet_i64 (s, RCA_COL_DURATION, row);
  r->route = text_of (table, s, RCA_COL_ROUTE, row);
  r->service = text_of (table, s, RCA_COL_SERVICE, row);
  r->instance = text_of (table, s, RCA_COL_INSTANCE, row);
  r->version = text_of (table, s, RCA_COL_VERSION, row);
  r->upstream = text_of (table, s, RCA_COL_UPSTREAM, row);
  r->id = text_of (table, s, RCA_COL_REQUEST_ID, row);
  if (!r->id)
    r->id = text_of (table, s, RCA_COL_TRACE_ID, row);
  r->template_text = text_of (table, s, RCA_COL_TEMPLATE, row);
  r->exception = text_of (table, s, RCA_COL_EXCEPTION, row);
  r->fingerprint = text_of (table, s, RCA_COL_FINGERPRINT, row);
  r->fingerprint_name = r->fingerprint ? rca_table_statement_name (table, r->fingerprint) : NULL;
  r->peer = text_of (table, s, RCA_COL_PEER, row);
  r->failure = rca_sheet_u8 (s, RCA_COL_FAILURE, row);
  r->db_event = rca_sheet_u8 (s, RCA_COL_DB_EVENT, row);
  r->pid = MAX (rca_sheet_i64 (s, RCA_COL_PID, row), 0);
  r->holder_pid = MAX (rca_sheet_i64 (s, RCA_COL_HOLDER_PID, row), 0);
  return r;
}

GPtrArray *
rca_table_rows (RcaTable *table, const RcaRowQuery *q)
{
  g_autoptr (GArray) pick = g_array_new (FALSE, FALSE, sizeof (Pick));
  guint limit = q->limit ? q->limit : 100;
  char normal[RCA_ID_BYTES];
  guint32 id = q->id ? rca_dictionary_find (rca_table_domain (table, RCA_DOMAIN_ID), rca_normal_id (rca_bytes_str (q->id), normal)) : 0;
  gint64 most = G_MAXINT64;
  RcaScan scan;
  rca_scan_init (&scan, table, q->stream, q->span, q->filter, q->n_filters);
  while (!(q->id && !id) && rca_scan_next_sheet (&scan))
    for (guint32 row = 0; row < scan.sheet->n; row++)
    {
      gint64 key = key_of (q->order, scan.sheet, row);
      if (key > most || !rca_scan_takes (&scan, row) || !wanted (q, scan.sheet, row, id))
        continue;
      guint64 order = ((guint64)rca_sheet_u16 (scan.sheet, RCA_COL_PART, row) << 32) | rca_sheet_u32 (scan.sheet, RCA_COL_LINE, row);
      Pick p = { key, scan.next_source, row, order, scan.source, scan.sheet };
      g_array_append_val (pick, p);
      if (pick->len >= limit * 2 + 4096)
      {
        trim (pick, limit);
        most = bound (pick, limit);
      }
    }
  rca_scan_clear (&scan);
  trim (pick, limit);
  GPtrArray *rows = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < pick->len; i++)
    g_ptr_array_add (rows, show (table, &g_array_index (pick, Pick, i)));
  return rows;
}
