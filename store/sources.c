#include "scan.h"

static RcaSourceInfo *
describe (const RcaTableSource *s)
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
  return i;
}

static RcaSpan
extent (const RcaTable *table)
{
  RcaSpan span = { G_MAXINT64, G_MININT64 };
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < s->sheet->len; j++)
    {
      const RcaSheet *sheet = g_ptr_array_index (s->sheet, j);
      for (guint32 row = 0; row < sheet->n; row++)
        if (sheet->start[row] != RCA_TIME_NONE && !rca_sheet_hidden (sheet, row))
        {
          span.start_ns = MIN (span.start_ns, sheet->start[row]);
          span.end_ns = MAX (span.end_ns, sheet->end[row] + 1);
        }
    }
  }
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
  answer->peer = g_ptr_array_new ();
  answer->problem = g_ptr_array_new_with_free_func (g_free);
  answer->note = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < table->source->len; i++)
    g_ptr_array_add (answer->source, describe (g_ptr_array_index (table->source, i)));
  for (guint i = 0; i < table->peer->len; i++)
    g_ptr_array_add (answer->peer, g_ptr_array_index (table->peer, i));
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
  g_free (sources);
}
