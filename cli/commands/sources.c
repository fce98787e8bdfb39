/* rca sources: what would be read, in which format, with how many records understood. */
#include "commands.h"
#include "render/canvas.h"
#include "render/sources.h"
#include <stdio.h>

enum { EXIT_USAGE = 2, EXIT_NOTHING_USABLE = 4 };

static void
read_source (gpointer source, gpointer options)
{
  rca_source_read (source, options, NULL, NULL);
}

/* Largest first would be better balanced; order of output does not depend on it. */
static void
read_all (GPtrArray *sources, RcaReadOptions *options)
{
  GThreadPool *pool = g_thread_pool_new (read_source, options, (gint)g_get_num_processors (), FALSE, NULL);
  for (guint i = 0; i < sources->len; i++)
    g_thread_pool_push (pool, sources->pdata[i], NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
}

/* Notes on what could not be read or understood. Returns whether anything is usable. */
static gboolean
collect_notes (const GPtrArray *sources, GPtrArray *notes)
{
  gboolean usable = FALSE;
  for (guint i = 0; i < sources->len; i++)
  {
    const RcaSource *source = sources->pdata[i];
    usable |= source->parsed > 0;
    for (guint j = 0; j < source->problems->len; j++)
      g_ptr_array_add (notes, g_strdup (source->problems->pdata[j]));
    if (source->records == 0 && source->problems->len == 0)
      g_ptr_array_add (notes, g_strdup_printf ("%s: empty", source->path));
    else if (source->rejected > 0)
      g_ptr_array_add (notes, g_strdup_printf ("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records not understood (%s), the first is: %s", source->path,
                                               source->rejected, source->records, source->format ? source->format->name : source->why, source->first_rejected));
  }
  return usable;
}

int
rca_command_sources (int argc, char **argv)
{
  gboolean json = FALSE, explain = FALSE;
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) input_formats = NULL;
  g_autofree char *nginx_conf = NULL, *unknown = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "One rca.sources/1 document", NULL },
    { "explain", 0, 0, G_OPTION_ARG_NONE, &explain, "Say how formats and columns were found", NULL },
    { "input-format", 0, 0, G_OPTION_ARG_STRING_ARRAY, &input_formats, "Do not sniff, read (PATH) as this format; may be repeated", "[PATH=]NAME" },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &nginx_conf, "Take log_format from there", "FILE" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, "PATH…" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "rca sources: what would be read, in which format, with how many records understood");
  if (!g_option_context_parse (context, &argc, &argv, &error))
  {
    g_printerr ("rca sources: %s\n", error->message);
    return EXIT_USAGE;
  }
  g_autofree char *input_format = input_formats ? g_strjoinv ("\n", input_formats) : NULL;
  if (!rca_input_format_check (input_format, &unknown))
  {
    g_printerr ("rca sources: no format is called \"%s\"\n", unknown);
    return EXIT_USAGE;
  }
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = input_format, .nginx_conf = nginx_conf };
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sources = rca_sources_find ((const char *const *)paths, paths ? g_strv_length (paths) : 0, notes);
  read_all (sources, &options);
  gboolean usable = collect_notes (sources, notes);
  g_autofree char *text = json ? rca_render_sources_json (sources, notes) : rca_render_sources_text (sources, explain);
  fputs (text, stdout);
  g_autoptr (GString) said = g_string_new (NULL);
  for (guint i = 0; i < notes->len; i++)
  {
    g_string_append (said, "rca: ");
    rca_put_safe (said, notes->pdata[i]);
    g_string_append_c (said, '\n');
  }
  fputs (said->str, stderr);
  if (!usable && notes->len == 0)
    g_printerr ("rca: no log found\n");
  return usable ? 0 : EXIT_NOTHING_USABLE;
}
