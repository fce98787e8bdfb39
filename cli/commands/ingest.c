/* rca ingest: logs into a store, in one atomic commit, or in many while they are written. */
#include "commands.h"
#include "exit.h"
#include "formats.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "render/safe.h"
#include "request.h"
#include "stop.h"
#include "store.h"
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

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
  "  rca ingest --store /srv/rca web1=/mnt/web1/log web2=/mnt/web2/log\n"
  "  rca ingest --store /srv/rca --follow /var/log/nginx '/srv/*/log/*.log'",
  "Reads what is new into a store; what is in it already is not read again, whatever its name is by now.\n"
  "With --follow, until it is told to stop (SIGTERM, Ctrl-C).",
};

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "Where to; default: the default store", "DIR" },
    { "input-format", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->input_formats, "Do not sniff, read (PATH) as this format (repeatable)", "[PATH=]NAME" },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &o->nginx_conf, "Take log_format from there", "FILE" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs, "Threads (default: half of the cores)", "N" },
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &o->follow, "Go on with what is written, and with files that come later", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->paths, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  if (!rca_options_parse (&usage, entries, NULL, argc, argv, error))
    return FALSE;
  if (o->paths)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "at least one PATH is wanted");
  return FALSE;
}

static gboolean
read_once (const Options *o, const char *dir, RcaOpenOptions *open, RcaIngestResult *result, GError **error)
{
  RcaReadProgress counted = { 0, 0 };
  rca_be_nice ();
  open->read.progress = &counted;
  g_autoptr (RcaProgress) progress = rca_progress_new ("reading", NULL, &counted.done, &counted.total);
  return rca_store_ingest (dir, (const char *const *) o->paths, g_strv_length (o->paths), open, result, error);
}

static void
say_note (const char *message, gpointer user)
{
  rca_say ("rca ingest: %s", message);
}

/* Many files may be followed; the usual limit of 1024 is for programs that select(2). */
static void
raise_file_limit (void)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = MIN (limit.rlim_max, 65536);
  setrlimit (RLIMIT_NOFILE, &limit);
}

static gboolean
follow (const Options *o, const char *dir, const RcaOpenOptions *open, RcaIngestResult *result, GError **error)
{
  RcaFollowOptions options = { .open = *open, .say = say_note };
  raise_file_limit ();
  options.stop_fd = rca_stop_catch (&options.cancel);
  return rca_store_follow (dir, (const char *const *) o->paths, g_strv_length (o->paths), &options, result, error);
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
  g_autoptr (RcaUserFormats) formats = rca_formats_load (&error);
  if (!formats || !rca_options_input_format (o.input_formats, formats, &format, &error))
    return rca_failed (usage.name, error);
  signal (SIGXFSZ, SIG_IGN); /* a file size limit is an error like a full disk */
  g_autofree char *dir = o.store ? g_strdup (o.store) : rca_default_store ();
  RcaOpenOptions open = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = format, .nginx_conf = o.nginx_conf, .formats = formats }, .jobs = (guint) MAX (o.jobs, 0) };
  if (!(o.follow ? follow (&o, dir, &open, &result, &error) : read_once (&o, dir, &open, &result, &error)))
    return rca_failed (usage.name, error);
  print_result (&result, dir);
  return RCA_EXIT_OK;
}
