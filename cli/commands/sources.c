/* rca sources: what would be read, in which format, with how many records understood. */
#include "commands.h"
#include "source.h"
#include "timestamp.h"
#include <stdio.h>

enum { EXIT_USAGE = 2, EXIT_NOTHING_USABLE = 4 };

static void
put_string (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_string_append_c (out, '"');
  for (const char *p = valid; *p; p++)
    if (*p == '"' || *p == '\\')
      g_string_append_printf (out, "\\%c", *p);
    else if ((guchar)*p < 0x20 || *p == 0x7f)
      g_string_append_printf (out, "\\u%04x", (guint)(guchar)*p);
    else
      g_string_append_c (out, *p);
  g_string_append_c (out, '"');
}

static void
put_nullable (GString *out, const char *key, const char *text)
{
  g_string_append_printf (out, ", \"%s\": ", key);
  if (text)
    put_string (out, text);
  else
    g_string_append (out, "null");
}

static void
put_time (GString *out, const char *key, gint64 time_ns)
{
  char text[32];
  put_nullable (out, key, time_ns == RCA_TIME_NONE ? NULL : rca_time_format (time_ns, text));
}

static void
put_number (GString *out, const char *key, guint64 value)
{
  g_string_append_printf (out, ", \"%s\": %" G_GUINT64_FORMAT, key, value);
}

static const char *
format_name (const RcaSource *source)
{
  return source->format ? source->format->name : "unknown";
}

static const char *
zone_name (const RcaSource *source)
{
  return source->first_ns == RCA_TIME_NONE ? "none" : source->zone_known ? "written" : "unknown, read as UTC";
}

static void
put_source (GString *out, const RcaSource *source)
{
  g_string_append (out, "{\"path\": ");
  put_string (out, source->path);
  put_nullable (out, "format", format_name (source));
  put_nullable (out, "stream", rca_stream_name (source->stream));
  put_nullable (out, "service", source->service);
  put_number (out, "lines", source->lines);
  put_number (out, "records", source->records);
  put_number (out, "parsed", source->parsed);
  put_number (out, "rejected", source->rejected);
  put_time (out, "first", source->first_ns);
  put_time (out, "last", source->last_ns);
  put_nullable (out, "zone", zone_name (source));
  g_string_append (out, ", \"clock_offset_s\": 0, \"fields\": [");
  const char *separator = "";
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    if (source->present >> f & 1)
    {
      g_string_append (out, separator);
      put_string (out, rca_field_name (f));
      separator = ", ";
    }
  g_string_append_printf (out, "], \"counts\": {\"http_5xx\": %" G_GUINT64_FORMAT, source->http_5xx);
  put_number (out, "errors", source->errors);
  put_number (out, "slow", source->slow);
  put_number (out, "changes", source->changes);
  put_number (out, "samples", source->samples);
  g_string_append_c (out, '}');
  put_nullable (out, "why", source->why);
  g_string_append_c (out, '}');
}

static void
print_json (const GPtrArray *sources, const GPtrArray *notes)
{
  g_autoptr (GString) out = g_string_new ("{\"schema\": \"rca.sources/1\", \"sources\": [");
  for (guint i = 0; i < sources->len; i++)
  {
    g_string_append (out, i ? ",\n  " : "\n  ");
    put_source (out, sources->pdata[i]);
  }
  g_string_append (out, "],\n \"notes\": [");
  for (guint i = 0; i < notes->len; i++)
  {
    g_string_append (out, i ? ", " : "");
    put_string (out, notes->pdata[i]);
  }
  g_string_append (out, "]}\n");
  fputs (out->str, stdout);
}

static void
print_text (const RcaSource *source, gboolean explain)
{
  char first[32], last[32];
  printf ("%s\n  %s, %s, service %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records understood (%" G_GUINT64_FORMAT " lines)\n", source->path,
          format_name (source), rca_stream_name (source->stream), source->service ?: "unknown", source->parsed, source->records, source->lines);
  if (source->first_ns != RCA_TIME_NONE)
    printf ("  %s .. %s, zone %s\n", rca_time_format (source->first_ns, first), rca_time_format (source->last_ns, last), zone_name (source));
  printf ("  5xx %" G_GUINT64_FORMAT ", errors %" G_GUINT64_FORMAT ", slow %" G_GUINT64_FORMAT ", changes %" G_GUINT64_FORMAT ", samples %" G_GUINT64_FORMAT
          "\n",
          source->http_5xx, source->errors, source->slow, source->changes, source->samples);
  if (explain)
  {
    printf ("  why: %s\n", source->why);
    if (source->columns)
      printf ("  columns: %s\n", source->columns);
    for (guint i = 0; source->parts->len > 1 && i < source->parts->len; i++)
      printf ("  part %u: %s\n", i + 1, ((RcaSourcePart *)source->parts->pdata[i])->path);
  }
  if (source->rejected > 0)
    printf ("  first line not understood: %s\n", source->first_rejected);
}

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
  if (json)
    print_json (sources, notes);
  else
    for (guint i = 0; i < sources->len; i++)
      print_text (sources->pdata[i], explain);
  for (guint i = 0; i < notes->len; i++)
    g_printerr ("rca: %s\n", (char *)notes->pdata[i]);
  if (!usable && notes->len == 0)
    g_printerr ("rca: no log found\n");
  return usable ? 0 : EXIT_NOTHING_USABLE;
}
