/* rca sources: what would be read, in which format, with how many records understood. */
#include "commands.h"
#include "exit.h"
#include "formats.h"
#include "options.h"
#include "output.h"
#include "redact.h"
#include "render/explain.h"
#include "render/safe.h"
#include "render/sources.h"
#include "request.h"
#include "store.h"
#include <string.h>

static const RcaUsage usage = {
  "rca sources",
  "[PATH…]",
  "  rca sources /var/log\n"
  "  rca sources --store clickhouse://ch1:8123/logs\n"
  "  rca sources --explain --nginx-conf /etc/nginx/nginx.conf /var/log/nginx\n"
  "  rca sources --json logs/",
  "Says what would be read, in which format, with how many records understood; with --store, what was.",
};

/* One source to read, and what is to be told of it (nullable). */
typedef struct {
  RcaSource *source;
  RcaExplanation *explanation;
} Work;

static void
read_source (gpointer data, gpointer options)
{
  Work *work = data;
  rca_source_read (work->source, options, work->explanation ? rca_explanation_take : NULL, work->explanation);
}

/* Largest first would be better balanced; order of output does not depend on it. */
static void
read_all (GPtrArray *sources, GPtrArray *explanations, RcaReadOptions *options)
{
  g_autofree Work *work = g_new0 (Work, sources->len + 1);
  GThreadPool *pool = g_thread_pool_new (read_source, options, (gint)g_get_num_processors (), FALSE, NULL);
  for (guint i = 0; i < sources->len; i++)
  {
    work[i] = (Work){ sources->pdata[i], explanations ? explanations->pdata[i] : NULL };
    g_thread_pool_push (pool, &work[i], NULL);
  }
  g_thread_pool_free (pool, FALSE, TRUE);
}

/* What an analysis finds of their clocks by comparing them; one log alone has nothing to be compared with. */
static RcaStore *
compare_clocks (const char *const *paths, guint n_paths, const GPtrArray *sources, const RcaReadOptions *read)
{
  RcaOpenOptions open = { .read = *read };
  return sources->len > 1 ? rca_store_open_files (paths, n_paths, &open, NULL) : NULL;
}

/* Notes on what could not be read or understood. Returns whether anything is usable. */
static gboolean
collect_notes (const GPtrArray *sources, GPtrArray *notes, gboolean keep_secrets)
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
    {
      g_autofree char *line = rca_redact_line (rca_bytes_str (source->first_rejected), keep_secrets);
      g_ptr_array_add (notes, g_strdup_printf ("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records not understood (%s), the first is: %s", source->path,
                                               source->rejected, source->records, source->format ? source->format->name : source->why, line));
    }
  }
  return usable;
}

/* ---- of a store ---- */

static RcaSource *
source_of (const RcaSourceInfo *info)
{
  RcaSource *s = rca_source_new (info->path, NULL);
  s->format = rca_format_find (info->format);
  s->stream = info->stream;
  s->service = g_strdup (info->service);
  s->host = g_strdup (info->host);
  s->why = g_strdup (info->why);
  s->columns = g_strdup (info->columns);
  s->lines = info->lines;
  s->records = info->records;
  s->parsed = info->parsed;
  s->rejected = info->rejected;
  s->http_5xx = info->http_5xx;
  s->errors = info->errors;
  s->slow = info->slow;
  s->changes = info->changes;
  s->samples = info->samples;
  s->zone_known = FALSE; /* the store says the zone, also that it was written */
  s->first_ns = info->first_ns;
  s->last_ns = info->last_ns;
  s->present = info->present;
  return s;
}

static void
say_all (const GPtrArray *texts)
{
  for (guint i = 0; i < texts->len; i++)
    rca_say ("rca: %s", (const char *) texts->pdata[i]);
}

static int
tell_store (const char *where, gboolean json, gboolean keep_secrets, GError **error)
{
  g_auto (GStrv) columns = rca_clickhouse_columns ();
  RcaOpenOptions open = { .no_redact = keep_secrets, .columns = (const char *const *)columns };
  RcaStore *store = rca_store_open (where, &open, error);
  g_autoptr (RcaSources) known = store ? rca_store_sources (store, error) : NULL;
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_source_free);
  gboolean shown = FALSE;
  for (guint i = 0; known && i < known->source->len; i++)
    g_ptr_array_add (sources, source_of (known->source->pdata[i]));
  if (known)
  {
    g_autofree char *text = json ? rca_render_sources_json (sources, known, known->problem) : rca_render_sources_text (sources, known, NULL, keep_secrets);
    shown = rca_output_write (text, strlen (text));
    say_all (known->problem);
  }
  if (store)
    rca_store_close (store);
  return shown ? 0 : RCA_EXIT_FAILED;
}

int
rca_command_sources (int argc, char **argv)
{
  gboolean json = FALSE, explain = FALSE, keep_secrets = FALSE;
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) input_formats = NULL;
  g_autofree char *nginx_conf = NULL, *input_format = NULL, *store_name = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "One rca.sources/1 document", NULL },
    { "explain", 0, 0, G_OPTION_ARG_NONE, &explain, "Say how formats were found, and what was read, field by field", NULL },
    { "no-redact", 0, 0, G_OPTION_ARG_NONE, &keep_secrets, "Show lines as they are: tokens, passwords, addresses and literals too", NULL },
    { "input-format", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &input_formats, "Do not sniff, read (PATH) as this format; may be repeated", "[PATH=]NAME" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &store_name, "What is in this store instead", "DIR|URL" },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &nginx_conf, "Take log_format from there", "FILE" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, "PATH…" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GError) error = NULL;
  if (!rca_options_parse (&usage, entries, NULL, &argc, &argv, &error))
    return rca_failed (usage.name, error);
  if (store_name && (paths || explain || input_formats || nginx_conf))
    g_set_error_literal (&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--store tells what was read: it takes no PATH, --explain, --input-format or --nginx-conf");
  if (store_name && !error)
  {
    int status = tell_store (store_name, json, keep_secrets, &error);
    return error ? rca_failed (usage.name, error) : status;
  }
  if (error)
    return rca_failed (usage.name, error);
  g_autoptr (RcaUserFormats) formats = rca_formats_load (&error);
  if (!formats || !rca_options_input_format (input_formats, formats, &input_format, &error))
    return rca_failed (usage.name, error);
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = input_format, .nginx_conf = nginx_conf, .formats = formats };
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) places = paths ? NULL : rca_well_known_places ();
  g_autoptr (GPtrArray) sources = paths ? rca_sources_find ((const char *const *)paths, g_strv_length (paths), notes)
                                        : rca_sources_find ((const char *const *)places->pdata, places->len, notes);
  g_autoptr (GPtrArray) explanations = explain ? g_ptr_array_new_with_free_func (rca_explanation_free) : NULL;
  for (guint i = 0; explain && i < sources->len; i++)
    g_ptr_array_add (explanations, rca_explanation_new (keep_secrets));
  read_all (sources, explanations, &options);
  g_autoptr (RcaStore) store = compare_clocks (paths ? (const char *const *)paths : (const char *const *)places->pdata, paths ? g_strv_length (paths) : places->len, sources, &options);
  g_autoptr (RcaSources) clocks = store ? rca_store_sources (store, NULL) : NULL;
  gboolean usable = collect_notes (sources, notes, keep_secrets);
  g_autofree char *text = json ? rca_render_sources_json (sources, clocks, notes) : rca_render_sources_text (sources, clocks, explanations, keep_secrets);
  if (!rca_output_write (text, strlen (text)))
    return RCA_EXIT_FAILED;
  for (guint i = 0; i < notes->len; i++)
    rca_say ("rca: %s", (const char *) notes->pdata[i]);
  if (!usable && notes->len == 0)
    rca_say ("rca: no log found");
  return usable ? 0 : RCA_EXIT_NOTHING;
}
