#include "table.h"

/* ---- dictionaries ---- */

/* Ids of a sheet's own dictionary become those of the table's. */
static void
merge_domain (RcaTable *table, RcaSheet *sheet, RcaDomain d)
{
  RcaDictionary *own = sheet->dictionary[d];
  if (!own)
    return;
  g_autofree guint32 *map = rca_dictionary_merge (table->dictionary[d], own);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
  {
    if (rca_column_info ((RcaColumnId)c)->domain != d || !sheet->column[c])
      continue;
    guint32 *codes = sheet->column[c];
    for (guint32 row = 0; row < sheet->n; row++)
      codes[row] = map[codes[row]];
  }
  g_clear_pointer (&sheet->dictionary[d], rca_dictionary_free);
}

static void
settle_sheet (RcaTable *table, RcaSheet *sheet)
{
  sheet->into = table->dictionary;
  const guint8 *stream = rca_sheet_get (sheet, RCA_COL_STREAM);
  sheet->streams = (guint8)(stream ? 0 : 1u << RCA_STREAM_UNKNOWN);
  for (guint32 row = 0; stream && row < sheet->n; row++)
    sheet->streams |= (guint8)(1u << stream[row]);
}

/* A domain's dictionary and columns are its own: each is merged by one thread, in the order of sources and sheets. */
static void
merge_domain_everywhere (gpointer data, gpointer user)
{
  RcaTable *table = user;
  RcaDomain d = (RcaDomain)(GPOINTER_TO_UINT (data) - 1);
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
      merge_domain (table, g_ptr_array_index (source->sheet, j), d);
  }
}

/* Ids are most of the work: theirs begins first. */
static void
merge_dictionaries (RcaTable *table, guint n_threads)
{
  GThreadPool *pool = n_threads > 1 ? g_thread_pool_new (merge_domain_everywhere, table, (gint)n_threads, FALSE, NULL) : NULL;
  for (guint i = 0; i < RCA_N_DOMAINS; i++)
  {
    guint d = (RCA_DOMAIN_ID + i) % RCA_N_DOMAINS;
    if (pool)
      g_thread_pool_push (pool, GUINT_TO_POINTER (d + 1), NULL);
    else
      merge_domain_everywhere (GUINT_TO_POINTER (d + 1), table);
  }
  if (pool)
    g_thread_pool_free (pool, FALSE, TRUE);
}

/* ---- who speaks, where the rows do not say ---- */

static void
fill_column (RcaTable *table, RcaSheet *sheet, RcaColumnId column, const char *value, guint streams)
{
  if (!value || !(sheet->streams & streams))
    return;
  guint32 *codes = rca_sheet_column (sheet, column);
  guint32 code = rca_dictionary_intern (table->dictionary[rca_column_info (column)->domain], rca_bytes_str (value));
  for (guint32 row = 0; row < sheet->n; row++)
    if (codes[row] == 0 && (streams >> rca_sheet_u8 (sheet, RCA_COL_STREAM, row)) & 1)
      codes[row] = code;
}

/* One log of many machines: its hosts are its instances. */
static void
instances_from_hosts (RcaTable *table, RcaTableSource *source)
{
  if (source->instance || source->stream != RCA_STREAM_APP)
    return;
  guint32 first = 0;
  gboolean several = FALSE;
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *sheet = g_ptr_array_index (source->sheet, i);
    const guint32 *host = rca_sheet_get (sheet, RCA_COL_HOST);
    if (rca_sheet_get (sheet, RCA_COL_INSTANCE))
      return;
    for (guint32 row = 0; host && row < sheet->n; row++)
    {
      several = several || (host[row] && first && host[row] != first);
      first = first ? first : host[row];
    }
  }
  for (guint i = 0; several && i < source->sheet->len; i++)
  {
    RcaSheet *sheet = g_ptr_array_index (source->sheet, i);
    for (guint32 row = 0; row < sheet->n; row++)
    {
      guint32 host = rca_sheet_u32 (sheet, RCA_COL_HOST, row);
      if (host && rca_sheet_u8 (sheet, RCA_COL_STREAM, row) == RCA_STREAM_APP)
        rca_sheet_set_u (sheet, RCA_COL_INSTANCE, row,
                         rca_dictionary_intern (table->dictionary[RCA_DOMAIN_INSTANCE], rca_dictionary_bytes (table->dictionary[RCA_DOMAIN_HOST], host)));
    }
  }
}

#define ALL_BUT_CHANGES (0xffu & ~(1u << RCA_STREAM_CHANGE))

/* Who speaks: what stands in the rows, else the source's own word for it in rows of some streams. */
static const struct {
  RcaColumnId column;
  gsize value; /* where in RcaTableSource */
  guint streams;
} speakers[] = {
  { RCA_COL_SERVICE, G_STRUCT_OFFSET (RcaTableSource, service), ALL_BUT_CHANGES & ~(1u << RCA_STREAM_MONITOR) },
  { RCA_COL_HOST, G_STRUCT_OFFSET (RcaTableSource, host), ALL_BUT_CHANGES },
  { RCA_COL_INSTANCE, G_STRUCT_OFFSET (RcaTableSource, instance), 1u << RCA_STREAM_APP | 1u << RCA_STREAM_ACCESS },
};

static void
fill_speaker (RcaTableSource *source, RcaSheet *sheet, guint i)
{
  fill_column (source->table, sheet, speakers[i].column, G_STRUCT_MEMBER (char *, source, speakers[i].value), speakers[i].streams);
}

static void
fill_brought (RcaSheet *sheet, guint64 columns, gpointer user)
{
  for (guint i = 0; i < G_N_ELEMENTS (speakers); i++)
    if ((columns >> speakers[i].column) & 1)
      fill_speaker (user, sheet, i);
}

static void
fill_speakers (RcaTable *table, RcaTableSource *source)
{
  source->table = table;
  instances_from_hosts (table, source);
  for (guint i = 0; i < source->sheet->len; i++)
  {
    RcaSheet *sheet = g_ptr_array_index (source->sheet, i);
    sheet->brought = fill_brought;
    sheet->brought_user = source;
    for (guint k = 0; k < G_N_ELEMENTS (speakers); k++)
      if (sheet->origin.bring && !sheet->column[speakers[k].column])
        sheet->pending |= G_GUINT64_CONSTANT (1) << speakers[k].column; /* filled when somebody asks */
      else
        fill_speaker (source, sheet, k);
  }
}

/* ---- time ---- */

gint64
rca_table_zoned (const RcaTableSource *source, gint64 time)
{
  if (time == RCA_TIME_NONE)
    return time;
  if (!source->zone_by_table)
    return time + source->zone_shift_ns;
  gint64 second = time / RCA_NS_PER_S;
  gint interval = g_time_zone_adjust_time (source->zone_by_table, G_TIME_TYPE_STANDARD, &second);
  return time - (gint64)g_time_zone_get_offset (source->zone_by_table, interval) * RCA_NS_PER_S;
}

static void
place_sheet (RcaTableSource *source, RcaSheet *sheet)
{
  const gint64 *time = rca_sheet_get (sheet, RCA_COL_TIME), *duration = rca_sheet_get (sheet, RCA_COL_DURATION);
  const guint8 *flags = rca_sheet_get (sheet, RCA_COL_FLAGS);
  g_free (sheet->start);
  g_free (sheet->end);
  sheet->start = g_new (gint64, MAX (sheet->n, 1));
  sheet->end = g_new (gint64, MAX (sheet->n, 1));
  sheet->min_start = G_MAXINT64;
  sheet->max_start = G_MININT64;
  for (guint32 row = 0; row < sheet->n; row++)
  {
    gint64 t = time[row];
    if (t == RCA_TIME_NONE)
    {
      sheet->start[row] = sheet->end[row] = RCA_TIME_NONE;
      continue;
    }
    guint8 f = flags ? flags[row] : 0;
    if (f & (RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN))
      t = rca_table_zoned (source, t);
    t += source->clock_offset_ns;
    gint64 d = duration ? MAX (duration[row], 0) : 0;
    sheet->start[row] = f & RCA_EVENT_TIME_IS_START ? t : t - d;
    sheet->end[row] = f & RCA_EVENT_TIME_IS_START ? t + d : t;
    sheet->min_start = MIN (sheet->min_start, sheet->start[row]);
    sheet->max_start = MAX (sheet->max_start, sheet->start[row]);
  }
}

/* Changes count for a day: what was deployed before the span may be what it shows. */
#define CHANGES_BACK_NS (86400 * RCA_NS_PER_S)

static gboolean
is_change (const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_CHANGE;
}

/* What lies outside the span is left out by both backends, so that they agree. */
static void
hide_outside (RcaSheet *sheet, RcaSpan span)
{
  if (sheet->min_start >= span.start_ns && sheet->max_start < span.end_ns)
    return;
  if (!sheet->hidden)
    sheet->hidden = g_new0 (guint8, MAX (sheet->n, 1));
  for (guint32 row = 0; row < sheet->n; row++)
  {
    gint64 from = span.start_ns - (is_change (sheet, row) ? CHANGES_BACK_NS : 0);
    if (sheet->start[row] < from || sheet->start[row] >= span.end_ns)
      sheet->hidden[row] = 1;
  }
}

static void
place_rows (RcaTable *table, RcaSpan span)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
    {
      RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      place_sheet (source, sheet);
      if (span.end_ns > span.start_ns)
        hide_outside (sheet, span);
    }
  }
}

static gint
compare_source (gconstpointer a, gconstpointer b)
{
  const RcaTableSource *x = *(RcaTableSource *const *)a, *y = *(RcaTableSource *const *)b;
  return strcmp (x->path, y->path);
}

static void
each_source (RcaTable *table, void (*f) (RcaTable *table, RcaTableSource *source))
{
  for (guint i = 0; i < table->source->len; i++)
    f (table, g_ptr_array_index (table->source, i));
}

static void
settle_source (RcaTable *table, RcaTableSource *source)
{
  source->time_step_ns = source->stamp_digits & 2 ? 1000 : source->stamp_digits & 1 ? RCA_NS_PER_MS : RCA_NS_PER_S;
  for (guint i = 0; i < source->sheet->len; i++)
    settle_sheet (table, g_ptr_array_index (source->sheet, i));
}

static void
keep_settled_clock (RcaTable *table, RcaTableSource *source)
{
  if (source->settled)
    source->clock_offset_ns = source->settled_offset_ns;
}

void
rca_table_finish (RcaTable *table, const RcaTableOptions *options)
{
  table->span = options->span;
  g_ptr_array_sort (table->source, compare_source);
  merge_dictionaries (table, options->n_threads);
  each_source (table, settle_source);
  rca_table_name_instances (table);
  rca_table_carry_versions (table);
  each_source (table, fill_speakers);
  rca_table_find_clocks (table, options->assumed_zone);
  each_source (table, keep_settled_clock);
  place_rows (table, options->span);
  rca_table_hide_duplicates (table);
  rca_table_learn_peers (table);
}
