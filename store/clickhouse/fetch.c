#include "clickhouse/fetch.h"
#include "clickhouse/row-binary.h"

typedef struct {
  guint64 place;
  guint source; /* index in the table */
  RcaRowReader at;
} Found;

typedef struct {
  RcaTable *table;
  const gboolean *wanted;
  gboolean text;
  GHashTable *source; /* number → index + 1 */
  GArray *found;
} Fetch;

/* ---- the table without rows ---- */

static RcaTableSource *
copy_source (const RcaTableSource *from)
{
  RcaTableSource *s = rca_table_source_new (from->path);
  g_free (s->format);
  s->format = g_strdup (from->format);
  s->service = g_strdup (from->service);
  s->host = g_strdup (from->host);
  s->instance = g_strdup (from->instance);
  s->stream = from->stream;
  s->present = from->present;
  s->time_step_ns = from->time_step_ns;
  for (guint i = 0; i < from->part->len; i++)
    g_ptr_array_add (s->part, g_strdup (g_ptr_array_index (from->part, i)));
  return s;
}

static RcaTable *
table_like (const RcaTable *from, GHashTable *by_number)
{
  RcaTable *t = rca_table_new ();
  t->no_redact = from->no_redact;
  t->user_facing = from->user_facing;
  for (guint i = 0; i < from->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (from->source, i);
    guint64 number = rca_source_number (s->path);
    rca_table_add (t, copy_source (s));
    g_hash_table_insert (by_number, g_memdup2 (&number, sizeof number), GUINT_TO_POINTER (i + 1));
  }
  for (guint i = 0; i < from->mark->len; i++)
  {
    const RcaMark *m = g_ptr_array_index (from->mark, i);
    rca_table_mark (t, m->time_ns, m->service, m->version, m->text, m->path, m->line);
  }
  return t;
}

/* ---- rows ---- */

static gboolean
is_wanted (const Fetch *f, guint c)
{
  return rca_column_is_stored ((RcaColumnId)c) && (!f->wanted || f->wanted[c]);
}

static char *
select_of (const Fetch *f)
{
  GString *sql = g_string_new ("SELECT source, place, start_ns, end_ns, attempt");
  if (f->text)
    g_string_append (sql, ", text");
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (is_wanted (f, c))
      g_string_append_printf (sql, ", `%s`", rca_column_info ((RcaColumnId)c)->name);
  return g_string_free (sql, FALSE);
}

static void
take_value (RcaRowReader *r, const Fetch *f, RcaSheet *sheet, RcaColumnId c, guint32 row)
{
  const RcaColumnInfo *info = rca_column_info (c);
  if (info->type == RCA_COLUMN_CODE)
  {
    RcaBytes value = rca_row_str (r);
    if (sheet && value.n)
      rca_sheet_set_u (sheet, c, row, rca_dictionary_intern (f->table->dictionary[info->domain], value));
    return;
  }
  gsize width = rca_column_width (info->type);
  guint64 value = width == 1 ? rca_row_u8 (r) : width == 2 ? rca_row_u16 (r) : width == 4 ? rca_row_u32 (r) : rca_row_u64 (r);
  if (!sheet)
    return;
  double number;
  memcpy (&number, &value, sizeof number);
  if (info->type == RCA_COLUMN_F64)
    rca_sheet_set_f64 (sheet, c, row, number);
  else if (info->type != RCA_COLUMN_I64)
    rca_sheet_set_u (sheet, c, row, value);
  else if (c == RCA_COL_TIME || (gint64)value != -1)
    rca_sheet_set_i64 (sheet, c, row, (gint64)value);
}

static void
take_text (RcaRowReader *r, RcaTableSource *source, RcaSheet *sheet, guint32 row)
{
  RcaBytes text = rca_row_str (r);
  if (!sheet)
    return;
  text.n = MIN (text.n, RCA_TEXT_BLOCK_BYTES);
  rca_sheet_set_u (sheet, RCA_COL_TEXT_POSITION, row, rca_text_append (source->text, text));
  rca_sheet_set_u (sheet, RCA_COL_TEXT_LENGTH, row, text.n);
}

/* One row; without a sheet it is only walked over. */
static void
take_row (RcaRowReader *r, Fetch *f, RcaTableSource *source, RcaSheet *sheet, guint32 row)
{
  gint64 start = rca_row_i64 (r), end = rca_row_i64 (r);
  RcaBytes attempt = rca_row_str (r);
  if (sheet)
  {
    sheet->start[row] = start;
    sheet->end[row] = end;
    sheet->derived[RCA_DIM_ATTEMPT][row] = rca_dictionary_intern (f->table->derived[RCA_DIM_ATTEMPT], attempt);
  }
  if (f->text)
    take_text (r, source, sheet, row);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (is_wanted (f, c))
      take_value (r, f, sheet, (RcaColumnId)c, row);
}

static void
find_rows (Fetch *f, RcaRowReader *r)
{
  while (rca_row_more (r))
  {
    guint64 number = rca_row_u64 (r), place = rca_row_u64 (r);
    guint source = GPOINTER_TO_UINT (g_hash_table_lookup (f->source, &number));
    Found found = { place, source - 1, *r };
    take_row (r, f, NULL, NULL, 0);
    if (source) /* else of a source whose commit came after the facts were read */
      g_array_append_val (f->found, found);
  }
}

static gint
compare_found (gconstpointer a, gconstpointer b)
{
  const Found *x = a, *y = b;
  if (x->source != y->source)
    return x->source < y->source ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

static RcaSheet *
add_sheet (RcaTableSource *source, guint32 n)
{
  RcaSheet *sheet = rca_sheet_new ();
  rca_sheet_reserve (sheet, n);
  rca_sheet_column (sheet, RCA_COL_TIME);
  rca_sheet_column (sheet, RCA_COL_FLAGS);
  sheet->start = g_new (gint64, n);
  sheet->end = g_new (gint64, n);
  sheet->derived[RCA_DIM_ATTEMPT] = g_new0 (guint32, n);
  g_ptr_array_add (source->sheet, sheet);
  return sheet;
}

static void
settle_sheet (RcaSheet *sheet)
{
  for (guint32 row = 0; row < sheet->n; row++)
  {
    sheet->streams |= (guint8)(1u << rca_sheet_u8 (sheet, RCA_COL_STREAM, row));
    sheet->min_start = MIN (sheet->min_start, sheet->start[row]);
    sheet->max_start = MAX (sheet->max_start, sheet->start[row]);
  }
}

static void
fill_sheets (Fetch *f)
{
  for (guint i = 0; i < f->found->len;)
  {
    guint which = g_array_index (f->found, Found, i).source, n = 1;
    while (i + n < f->found->len && n < RCA_SHEET_ROWS && g_array_index (f->found, Found, i + n).source == which)
      n++;
    RcaTableSource *source = g_ptr_array_index (f->table->source, which);
    RcaSheet *sheet = add_sheet (source, n);
    for (guint k = 0; k < n; k++)
    {
      guint32 row = rca_sheet_add (sheet);
      RcaRowReader r = g_array_index (f->found, Found, i + k).at;
      take_row (&r, f, source, sheet, row);
    }
    settle_sheet (sheet);
    i += n;
  }
}

RcaTable *
rca_clickhouse_fetch (RcaClickhouseStore *store, const char *tail, const gboolean *wanted, gboolean text, GError **error)
{
  g_autoptr (GHashTable) by_number = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Found));
  Fetch f = { NULL, wanted, text, by_number, found };
  g_autofree char *columns = select_of (&f);
  g_autoptr (GString) sql = g_string_new (NULL);
  g_string_append_printf (sql, "%s FROM %s%s", columns, rca_clickhouse_address (store->clickhouse)->table, tail);
  g_autoptr (GBytes) answer = rca_sql_ask (store, sql, error);
  if (!answer)
    return NULL;
  f.table = table_like (store->table, by_number);
  f.table->derived[RCA_DIM_ATTEMPT] = rca_dictionary_new ();
  g_ptr_array_add (store->answer, f.table);
  RcaRowReader r = rca_row_reader (answer);
  find_rows (&f, &r);
  if (r.broken)
  {
    rca_sql_set_broken (store, "rows", error);
    return NULL;
  }
  g_array_sort (found, compare_found);
  fill_sheets (&f);
  return f.table;
}
