/* rca ingest: logs into a store, in one atomic commit. */
#include "commands.h"
#include "exit.h"
#include "options.h"
#include "output.h"
#include "render/safe.h"
#include "request.h"
#include "store.h"
#include <string.h>

typedef struct {
  char *store, *nginx_conf;
  char **input_formats, **paths;
  gboolean no_redact, follow;
  gint jobs;
} Options;

static void
options_clear (Options *o)
{
  g_free (o->store);
  g_free (o->nginx_conf);
  g_strfreev (o->input_formats);
  g_strfreev (o->paths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaIngestResult, rca_ingest_result_clear)

static const RcaUsage usage = {
  "rca ingest",
  "PATH…",
  "  rca ingest /var/log/nginx /var/log/app /var/log/postgresql\n"
  "  rca ingest --store /srv/rca web1=/mnt/web1/log web2=/mnt/web2/log",
  "Reads what is new into a store; what is in it already is not read again.",
};

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "Where to; default: the default store", "DIR" },
    { "input-format", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->input_formats, "Do not sniff, read (PATH) as this format (repeatable)", "[PATH=]NAME" },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &o->nginx_conf, "Take log_format from there", "FILE" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs, "Threads (default: half of the cores)", "N" },
    { "follow", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &o->follow, NULL, NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->paths, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  if (!rca_options_parse (&usage, entries, NULL, argc, argv, error))
    return FALSE;
  if (o->follow)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--follow: not in this version");
  else if (!o->paths)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "at least one PATH is wanted");
  else
    return TRUE;
  return FALSE;
}

static void
print_result (const RcaIngestResult *r, const char *dir)
{
  g_autofree char *read = g_format_size_full (r->bytes_in, G_FORMAT_SIZE_IEC_UNITS), *kept = g_format_size_full (r->bytes_on_disk, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *text = g_strdup_printf ("%s: %" G_GUINT64_FORMAT " records (%" G_GUINT64_FORMAT " lines) of %" G_GUINT64_FORMAT " sources; %s read, %s on disk\n", dir,
                                           r->records, r->lines, r->sources, read, kept);
  for (guint i = 0; r->problem && i < r->problem->len; i++)
    rca_say ("rca ingest: warning: %s", (const char *) g_ptr_array_index (r->problem, i));
  rca_output_write (text, strlen (text));
}

int
rca_command_ingest (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_auto (RcaIngestResult) result = { 0 };
  g_autoptr (GError) error = NULL;
  if (!parse (&argc, &argv, &o, &error))
    return rca_failed (usage.name, error);
  g_autofree char *format = NULL;
  if (!rca_options_input_format (o.input_formats, &format, &error))
    return rca_failed (usage.name, error);
  rca_be_nice ();
  g_autofree char *dir = o.store ? g_strdup (o.store) : rca_default_store ();
  RcaOpenOptions open = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = format, .nginx_conf = o.nginx_conf }, .jobs = (guint) MAX (o.jobs, 0) };
  if (!rca_store_ingest (dir, (const char *const *) o.paths, g_strv_length (o.paths), &open, &result, &error))
    return rca_failed (usage.name, error);
  print_result (&result, dir);
  return RCA_EXIT_OK;
}
