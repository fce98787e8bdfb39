#include "source.h"
#include "bisect.h"
#include "framing.h"

static void
part_free (gpointer data)
{
  RcaSourcePart *part = data;
  g_free (part->path);
  g_free (part->member);
  g_free (part);
}

RcaSource *
rca_source_new (const char *path, const char *name)
{
  RcaSource *source = g_new0 (RcaSource, 1);
  source->path = g_strdup (path);
  source->name = g_strdup (name);
  source->parts = g_ptr_array_new_with_free_func (part_free);
  source->problems = g_ptr_array_new_with_free_func (g_free);
  source->first_ns = source->last_ns = RCA_TIME_NONE;
  source->zone_known = TRUE;
  return source;
}

RcaSourcePart *
rca_source_add_part (RcaSource *source, const char *path, const char *member)
{
  RcaSourcePart *part = g_new0 (RcaSourcePart, 1);
  part->path = g_strdup (path);
  part->member = g_strdup (member);
  part->fd = -1;
  part->range = (RcaPartRange){ .until = G_MAXUINT64, .end = G_MAXUINT64, .newer_than_ns = G_MININT64 };
  g_ptr_array_add (source->parts, part);
  return part;
}

void
rca_source_free (RcaSource *source)
{
  if (!source)
    return;
  g_free (source->path);
  g_free (source->name);
  g_free (source->why);
  g_free (source->columns);
  g_free (source->service);
  g_free (source->host);
  g_free (source->first_rejected);
  g_ptr_array_unref (source->parts);
  g_ptr_array_unref (source->problems);
  g_free (source);
}

guint64
rca_source_lines_before (const RcaSource *source, guint part)
{
  if (part >= source->parts->len)
    return 0;
  const RcaSourcePart *where = g_ptr_array_index (source->parts, part);
  return where->skipped_bytes ? rca_count_lines (where->path, where->skipped_bytes) : 0;
}

char *
rca_source_quote (const RcaSource *source, guint part, guint64 line, guint n_lines)
{
  if (part >= source->parts->len || line == 0 || n_lines == 0)
    return NULL;
  const RcaSourcePart *where = g_ptr_array_index (source->parts, part);
  if (strcmp (where->path, "-") == 0)
    return NULL; /* standard input is read once */
  g_autoptr (RcaInput) input = rca_input_open (where->path, where->member, NULL);
  if (!input)
    return NULL;
  g_autoptr (RcaFramer) framer = rca_framer_new (input);
  GString *quote = NULL;
  RcaRecord record;
  while ((!quote || n_lines > 0) && rca_framer_next (framer, NULL, &record))
  {
    if (record.line < line)
      continue;
    if (record.line >= line + n_lines)
      break;
    quote = quote ? g_string_append_c (quote, '\n') : g_string_new (NULL);
    g_string_append_len (quote, record.text.p, (gssize)record.text.n);
  }
  return quote ? g_string_free (quote, FALSE) : NULL;
}
