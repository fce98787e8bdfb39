#include "scan.h"
#include "sources-private.h"

/* Copies *@text into @owner. */
static void
own (GStringChunk *owner, const char **text)
{
  if (*text)
    *text = g_string_chunk_insert_const (owner, *text);
}

static RcaSourceInfo *
describe (const RcaTableSource *s, GStringChunk *owner)
{
  RcaSourceInfo *i = g_new0 (RcaSourceInfo, 1);
  *i = (RcaSourceInfo){
    .path = s->path,
    .format = s->format,
    .stream = s->stream,
    .service = s->service,
    .host = s->host,
    .instance = s->instance,
    .zone = s->zone ? s->zone : "UTC",
    .why = s->why ? s->why : "",
    .columns = s->columns,
    .clock_offset_s = (double)s->clock_offset_ns / 1e9,
    .lines = s->lines,
    .records = s->records,
    .parsed = s->parsed,
    .rejected = s->rejected,
    .http_5xx = s->http_5xx,
    .errors = s->errors,
    .slow = s->slow,
    .changes = s->changes,
    .samples = s->samples,
    .first_ns = s->zoneless || s->dateless ? rca_table_zoned (s, s->first_ns) : s->first_ns,
    .last_ns = s->zoneless || s->dateless ? rca_table_zoned (s, s->last_ns) : s->last_ns,
    .present = s->present,
    .time_step_ns = s->time_step_ns,
  };
  const char **texts[] = { &i->path, &i->format, &i->service, &i->host, &i->instance, &i->zone, &i->why, &i->columns };
  for (gsize k = 0; k < G_N_ELEMENTS (texts); k++)
    own (owner, texts[k]);
  return i;
}

/* ---- extent ---- */

#define DAY_NS (86400 * RCA_NS_PER_S)
/* Records so far from the others, and so few, are stray: a clock that was never set, a typing error. */
#define APART_DAYS  7
#define STRAY_SHARE 0.01

static gint
compare_day (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const RcaDay *)a)->day, y = ((const RcaDay *)b)->day;
  return x < y ? -1 : x > y;
}

static RcaDay *
day_of (GHashTable *place, GArray *days, gint64 start)
{
  gint64 day = start / DAY_NS;
  guint at = GPOINTER_TO_UINT (g_hash_table_lookup (place, &day));
  if (!at)
  {
    RcaDay fresh = { day, G_MAXINT64, G_MININT64, 0 };
    g_array_append_val (days, fresh);
    at = days->len;
    g_hash_table_insert (place, g_memdup2 (&day, sizeof day), GUINT_TO_POINTER (at));
  }
  return &g_array_index (days, RcaDay, at - 1);
}

/* Days on which anything (but a change, unless @changes) happened. */
GArray *
rca_table_days (const RcaTable *table, gboolean changes)
{
  g_autoptr (GHashTable) place = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  GArray *days = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < s->sheet->len; j++)
    {
      const RcaSheet *sheet = g_ptr_array_index (s->sheet, j);
      RcaDay *day = NULL;
      for (guint32 row = 0; row < sheet->n; row++)
      {
        gboolean change = rca_sheet_u8 (sheet, RCA_COL_STREAM, row) == RCA_STREAM_CHANGE || rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_CHANGE;
        if (sheet->start[row] == RCA_TIME_NONE || rca_sheet_hidden (sheet, row) || (change && !changes))
          continue;
        if (!day || day->day != sheet->start[row] / DAY_NS)
          day = day_of (place, days, sheet->start[row]);
        day->n++;
        day->start = MIN (day->start, sheet->start[row]);
        day->end = MAX (day->end, sheet->end[row] + 1);
      }
    }
  }
  g_array_sort (days, compare_day);
  return days;
}

/* Of all runs of days (no longer apart than APART_DAYS) that are not stray. */
RcaSpan
rca_span_of_days (const GArray *days)
{
  guint64 all = 0;
  for (guint i = 0; i < days->len; i++)
    all += g_array_index (days, RcaDay, i).n;
  RcaSpan span = { G_MAXINT64, G_MININT64 };
  for (guint i = 0; i < days->len;)
  {
    guint from = i;
    guint64 n = 0;
    do
      n += g_array_index (days, RcaDay, i++).n;
    while (i < days->len && g_array_index (days, RcaDay, i).day - g_array_index (days, RcaDay, i - 1).day <= APART_DAYS);
    if ((double)n < STRAY_SHARE * (double)all)
      continue;
    for (guint k = from; k < i; k++)
    {
      span.start_ns = MIN (span.start_ns, g_array_index (days, RcaDay, k).start);
      span.end_ns = MAX (span.end_ns, g_array_index (days, RcaDay, k).end);
    }
  }
  return span;
}

/* A change log may tell of years: it makes the extent only where there is nothing else. */
static RcaSpan
extent (const RcaTable *table)
{
  g_autoptr (GArray) days = rca_table_days (table, FALSE);
  g_autoptr (GArray) with_changes = days->len ? NULL : rca_table_days (table, TRUE);
  RcaSpan span = rca_span_of_days (with_changes ? with_changes : days);
  return span.start_ns < span.end_ns ? span : (RcaSpan){ 0, 0 };
}

static void
copy_strings (GPtrArray *into, const GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (into, g_strdup (g_ptr_array_index (from, i)));
}

RcaSources *
rca_table_sources (RcaTable *table)
{
  RcaSources *answer = g_new0 (RcaSources, 1);
  answer->source = g_ptr_array_new_with_free_func (g_free);
  answer->peer = g_ptr_array_new_with_free_func (g_free);
  answer->problem = g_ptr_array_new_with_free_func (g_free);
  answer->note = g_ptr_array_new_with_free_func (g_free);
  GStringChunk *owner = answer->owner = g_string_chunk_new (1024);
  for (guint i = 0; i < table->source->len; i++)
    g_ptr_array_add (answer->source, describe (g_ptr_array_index (table->source, i), owner));
  for (guint i = 0; i < table->peer->len; i++)
  {
    RcaPeer *peer = g_memdup2 (g_ptr_array_index (table->peer, i), sizeof (RcaPeer));
    own (owner, &peer->upstream);
    own (owner, &peer->instance);
    own (owner, &peer->service);
    g_ptr_array_add (answer->peer, peer);
  }
  copy_strings (answer->problem, table->problem);
  for (guint i = 0; i < table->source->len; i++)
    copy_strings (answer->problem, ((RcaTableSource *)g_ptr_array_index (table->source, i))->problem);
  copy_strings (answer->note, table->note);
  answer->user_facing = table->user_facing;
  answer->extent = extent (table);
  return answer;
}

void
rca_sources_free (RcaSources *sources)
{
  if (!sources)
    return;
  g_ptr_array_unref (sources->source);
  g_ptr_array_unref (sources->peer);
  g_ptr_array_unref (sources->problem);
  g_ptr_array_unref (sources->note);
  if (sources->owner)
    g_string_chunk_free (sources->owner);
  g_free (sources);
}
