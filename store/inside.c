/* Which lines belong to records of a span: for searching where an analysis would look. */
#include "store.h"
#include "table.h"

typedef struct {
  guint64 line, offset; /* offset: G_MAXUINT64 when it is not known */
  gboolean inside;
} Mark;

static gint
compare_marks (gconstpointer a, gconstpointer b)
{
  const Mark *x = a, *y = b;
  return x->line < y->line ? -1 : x->line > y->line;
}

/* The time that a record's line writes, corrected. */
static gint64
written_time (const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_FLAGS, row) & RCA_EVENT_TIME_IS_START ? sheet->start[row] : sheet->end[row];
}

static gboolean
is_of_service (const RcaTable *table, const RcaTableSource *source, const RcaSheet *sheet, guint32 row, const char *service)
{
  guint32 code = rca_sheet_u32 (sheet, RCA_COL_SERVICE, row);
  const char *own = code ? rca_dictionary_string (table->dictionary[RCA_DOMAIN_SERVICE], code) : source->service;
  return g_strcmp0 (own, service) == 0;
}

static void
mark_rows (const RcaTable *table, const RcaTableSource *source, const RcaSheet *sheet, RcaSpan span, const char *service, GArray **by_part)
{
  for (guint32 row = 0; row < sheet->n; row++)
  {
    gint64 t = written_time (sheet, row);
    gboolean inside = span.start_ns >= span.end_ns || (t != RCA_TIME_NONE && t >= span.start_ns && t < span.end_ns);
    Mark mark = { rca_sheet_u32 (sheet, RCA_COL_LINE, row), rca_raw_offset (sheet, row), inside && (!service || is_of_service (table, source, sheet, row, service)) };
    guint part = rca_sheet_u16 (sheet, RCA_COL_PART, row);
    if (part < source->part->len)
      g_array_append_val (by_part[part], mark);
  }
}

static void
inside_free (gpointer data)
{
  RcaInside *inside = data;
  g_array_unref (inside->turn);
  g_free (inside->path);
  g_free (inside);
}

/* Several records may begin in one line: it is inside when one of them is. */
static RcaInside *
take_turns (const char *path, GArray *mark)
{
  RcaInside *out = g_new0 (RcaInside, 1);
  out->path = g_strdup (path);
  out->turn = g_array_new (FALSE, FALSE, sizeof (RcaTurn));
  out->leave = G_MAXUINT64;
  gboolean before = FALSE;
  g_array_sort (mark, compare_marks);
  for (guint i = 0; i < mark->len;)
  {
    Mark m = g_array_index (mark, Mark, i);
    while (++i < mark->len && g_array_index (mark, Mark, i).line == m.line)
      m.inside |= g_array_index (mark, Mark, i).inside;
    if (m.inside == before)
      continue;
    RcaTurn turn = { m.line, m.inside };
    g_array_append_val (out->turn, turn);
    out->leave = m.inside ? G_MAXUINT64 : m.offset;
    before = m.inside;
  }
  return out;
}

static void
add_source (const RcaTable *table, RcaTableSource *source, RcaSpan span, const char *service, GPtrArray *all)
{
  guint n = source->part->len;
  g_autofree GArray **by_part = g_new (GArray *, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    by_part[i] = g_array_new (FALSE, FALSE, sizeof (Mark));
  for (guint i = 0; i < source->sheet->len; i++)
    mark_rows (table, source, g_ptr_array_index (source->sheet, i), span, service, by_part);
  for (guint i = 0; i < n; i++)
  {
    RcaInside *inside = take_turns (g_ptr_array_index (source->part, i), by_part[i]);
    if (source->origin)
      inside->enter = ((RcaSourcePart *)g_ptr_array_index (source->origin->parts, i))->skipped_bytes;
    g_ptr_array_add (all, inside);
    g_array_unref (by_part[i]);
  }
}

GPtrArray *
rca_store_inside (RcaStore *store, RcaSpan span, const char *service)
{
  const RcaTable *table = rca_store_impl (store, &rca_table_backend);
  GPtrArray *all = g_ptr_array_new_with_free_func (inside_free);
  for (guint i = 0; table && i < table->source->len; i++)
    add_source (table, g_ptr_array_index (table->source, i), span, service, all);
  return all;
}
