#include "table.h"

/* CORRELATE.md's rule: the same client, method and path within 10 s of its own failure. */
#define RETRY_NS (10 * RCA_NS_PER_S)

typedef struct {
  gint64 start;
  RcaSheet *sheet;
  guint32 row;
} Request;

static gint
compare_start (gconstpointer a, gconstpointer b)
{
  const Request *x = a, *y = b;
  return x->start < y->start ? -1 : x->start > y->start ? 1 : 0;
}

static void
collect (RcaTable *table, RcaStream stream, GArray *out)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
    {
      RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      for (guint32 row = 0; row < sheet->n; row++)
        if (rca_sheet_u8 (sheet, RCA_COL_STREAM, row) == stream && rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST && !rca_sheet_hidden (sheet, row)
            && sheet->start[row] != RCA_TIME_NONE)
        {
          Request r = { sheet->start[row], sheet, row };
          g_array_append_val (out, r);
        }
    }
  }
}

static void
mark_stream (RcaTable *table, RcaStream stream, guint32 first, guint32 retry)
{
  g_autoptr (GArray) request = g_array_new (FALSE, FALSE, sizeof (Request));
  collect (table, stream, request);
  g_array_sort (request, compare_start); /* stable: ties stay in the order of sources and rows */
  g_autoptr (GHashTable) failed_at = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  for (guint i = 0; i < request->len; i++)
  {
    const Request *r = &g_array_index (request, Request, i);
    guint32 client = rca_sheet_u32 (r->sheet, RCA_COL_CLIENT, r->row);
    gint64 key = (gint64)(((guint64)client << 32) ^ rca_sheet_u32 (r->sheet, RCA_COL_PATH_HASH, r->row)
                          ^ ((guint64)rca_sheet_u32 (r->sheet, RCA_COL_METHOD, r->row) << 24));
    const gint64 *last = client ? g_hash_table_lookup (failed_at, &key) : NULL;
    gboolean is_retry = last && r->start >= *last && r->start - *last <= RETRY_NS;
    r->sheet->derived[RCA_DIM_ATTEMPT][r->row] = is_retry ? retry : first;
    if (client && rca_sheet_failed (r->sheet, r->row))
      g_hash_table_insert (failed_at, g_memdup2 (&key, sizeof key), g_memdup2 (&r->sheet->end[r->row], sizeof (gint64)));
  }
}

void
rca_table_find_retries (RcaTable *table)
{
  guint32 first = rca_dictionary_intern (table->derived[RCA_DIM_ATTEMPT], RCA_BYTES ("first"));
  guint32 retry = rca_dictionary_intern (table->derived[RCA_DIM_ATTEMPT], RCA_BYTES ("retry"));
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
    {
      RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      sheet->derived[RCA_DIM_ATTEMPT] = g_new0 (guint32, MAX (sheet->n, 1));
    }
  }
  mark_stream (table, RCA_STREAM_ACCESS, first, retry);
  mark_stream (table, RCA_STREAM_CDN, first, retry);
  mark_stream (table, RCA_STREAM_APP, first, retry);
}
