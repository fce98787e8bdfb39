#include "table.h"

RcaTableSource *
rca_table_source_new (const char *path)
{
  RcaTableSource *s = g_new0 (RcaTableSource, 1);
  s->path = g_strdup (path);
  s->format = g_strdup ("unknown");
  s->first_ns = s->last_ns = RCA_TIME_NONE;
  s->part = g_ptr_array_new_with_free_func (g_free);
  s->sheet = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_sheet_free);
  s->problem = g_ptr_array_new_with_free_func (g_free);
  s->text = rca_text_new ();
  s->open_fd = g_array_new (FALSE, FALSE, sizeof (int));
  s->read_back = g_byte_array_new ();
  s->time_step_ns = RCA_NS_PER_S;
  return s;
}

void
rca_table_source_free (RcaTableSource *s)
{
  if (!s)
    return;
  char **strings[] = { &s->path, &s->format, &s->service, &s->host, &s->name, &s->why, &s->columns, &s->instance, &s->zone };
  for (gsize i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (*strings[i]);
  g_ptr_array_unref (s->part);
  g_ptr_array_unref (s->sheet);
  g_ptr_array_unref (s->problem);
  rca_text_free (s->text);
  g_free (s->lines_before);
  g_free (s->lines_number);
  rca_table_source_close (s);
  g_array_unref (s->open_fd);
  g_byte_array_unref (s->read_back);
  g_clear_pointer (&s->zone_by_table, g_time_zone_unref);
  g_free (s);
}

static void
replace (char **to, const char *with)
{
  g_free (*to);
  *to = g_strdup (with);
}

void
rca_table_source_describe (RcaTableSource *s, const RcaSource *from)
{
  replace (&s->format, from->format ? from->format->name : "unknown");
  replace (&s->service, from->service);
  replace (&s->host, from->host);
  replace (&s->name, from->name);
  replace (&s->why, from->why);
  replace (&s->columns, from->columns);
  s->stream = from->stream;
  s->lines = from->lines;
  s->records = from->records;
  s->parsed = from->parsed;
  s->rejected = from->rejected;
  s->http_5xx = from->http_5xx;
  s->errors = from->errors;
  s->slow = from->slow;
  s->changes = from->changes;
  s->samples = from->samples;
  s->present = from->present;
  s->first_ns = from->first_ns;
  s->last_ns = from->last_ns;
  s->zone_known = from->zone_known;
  g_ptr_array_set_size (s->part, 0);
  for (guint i = 0; i < from->parts->len; i++)
  {
    const RcaSourcePart *part = g_ptr_array_index (from->parts, i);
    g_ptr_array_add (s->part, part->member ? g_strdup_printf ("%s/%s", part->path, part->member) : g_strdup (part->path));
  }
  g_ptr_array_set_size (s->problem, 0);
  for (guint i = 0; i < from->problems->len; i++)
    g_ptr_array_add (s->problem, g_strdup (g_ptr_array_index (from->problems, i)));
}

void
rca_table_source_lines_from (RcaTableSource *s, const RcaSource *origin)
{
  s->origin = origin;
  s->lines_before = g_new (guint64, MAX (origin->parts->len, 1));
  s->lines_number = g_new (gint, MAX (origin->parts->len, 1));
  for (guint i = 0; i < origin->parts->len; i++)
  {
    s->lines_before[i] = G_MAXUINT64;
    s->lines_number[i] = -1;
  }
}

static void
count_lines_of (RcaTable *table, RcaTableSource *s)
{
  s->lines_of = table->lines;
  for (guint i = 0; s->origin && i < s->origin->parts->len; i++)
  {
    const RcaSourcePart *part = g_ptr_array_index (s->origin->parts, i);
    if (part->skipped_bytes && part->fd >= 0)
      s->lines_number[i] = (gint)rca_line_count_add (table->lines, part->fd, part->skipped_bytes);
  }
}

void
rca_table_count_lines (RcaTable *table, guint n_threads)
{
  table->lines = rca_line_count_new ();
  for (guint i = 0; i < table->source->len; i++)
    count_lines_of (table, g_ptr_array_index (table->source, i));
  rca_line_count_start (table->lines, n_threads);
}

static void
mark_free (gpointer data)
{
  RcaMark *m = data;
  g_free (m->service);
  g_free (m->version);
  g_free (m->text);
  g_free (m->path);
  g_free (m);
}

RcaTable *
rca_table_new (void)
{
  RcaTable *t = g_new0 (RcaTable, 1);
  t->source = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_table_source_free);
  t->problem = g_ptr_array_new_with_free_func (g_free);
  t->note = g_ptr_array_new_with_free_func (g_free);
  t->mark = g_ptr_array_new_with_free_func (mark_free);
  t->peer = g_ptr_array_new_with_free_func (g_free);
  t->strings = g_string_chunk_new (4096);
  t->keep = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    t->dictionary[d] = d == RCA_DOMAIN_ID ? rca_dictionary_new_ids () : rca_dictionary_new ();
  return t;
}

void
rca_table_free (RcaTable *t)
{
  if (!t)
    return;
  rca_line_count_free (t->lines); /* reads what the sources hold open */
  g_ptr_array_unref (t->source);
  g_ptr_array_unref (t->problem);
  g_ptr_array_unref (t->note);
  g_ptr_array_unref (t->mark);
  g_ptr_array_unref (t->peer);
  g_string_chunk_free (t->strings);
  g_ptr_array_unref (t->keep);
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    rca_dictionary_free (t->dictionary[d]);
  for (guint d = 0; d < RCA_N_DIMENSIONS; d++)
    rca_dictionary_free (t->derived[d]);
  g_free (t);
}

RcaDictionary *
rca_table_domain (RcaTable *table, RcaDomain d)
{
  RcaDictionary *all = rca_table_domain_in (table, d, (RcaSpan){ G_MININT64, G_MAXINT64 });
  table->whole[d] = TRUE;
  return all;
}

RcaDictionary *
rca_table_domain_in (RcaTable *table, RcaDomain d, RcaSpan span)
{
  guint64 columns = table->whole[d] ? 0 : rca_sheet_columns_of (d);
  gboolean ever = span.start_ns == G_MININT64 && span.end_ns == G_MAXINT64;
  for (guint i = 0; columns && i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
    {
      RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      guint64 pending = sheet->pending & columns;
      if (pending && (ever || (sheet->min_start < span.end_ns && sheet->max_start >= span.start_ns)))
        rca_sheet_bring (sheet, (RcaColumnId)__builtin_ctzll (pending));
    }
  }
  return table->dictionary[d];
}

void
rca_table_add (RcaTable *table, RcaTableSource *source)
{
  g_ptr_array_add (table->source, source);
}

void
rca_table_problem (RcaTable *table, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_ptr_array_add (table->problem, g_strdup_vprintf (format, args));
  va_end (args);
}

void
rca_table_note (RcaTable *table, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_ptr_array_add (table->note, g_strdup_vprintf (format, args));
  va_end (args);
}

void
rca_table_mark (RcaTable *table, gint64 time_ns, const char *service, const char *version, const char *text, const char *path, guint64 line)
{
  RcaMark *m = g_new (RcaMark, 1);
  *m = (RcaMark){ time_ns, g_strdup (service), g_strdup (version), g_strdup (text), g_strdup (path), line };
  g_ptr_array_add (table->mark, m);
}
