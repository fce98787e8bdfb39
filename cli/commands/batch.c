/* rca batch: every incident in archived logs. */
#include "batch/run.h"
#include "commands.h"
#include "exit.h"
#include "output.h"
#include "render/render-batch.h"
#include "render/safe.h"
#include "terminal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  RcaBatchRequest batch;
  char *out, *color;
  gboolean json, markdown, html, exit_code, verbose;
} Options;

static void
options_clear (Options *o)
{
  rca_request_clear (&o->batch.request);
  g_free (o->batch.state);
  g_free (o->out);
  g_free (o->color);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const RcaUsage usage = {
  "rca batch",
  "[PATH…]",
  "  rca batch /srv/archive/2026\n"
  "  rca batch --json --jobs 4 nginx/ app/ postgresql/ deploys.jsonl\n"
  "  rca batch --window 2026-10-01..2026-12-31 --markdown logs/ > quarter.md\n"
  "  rca batch --html --out review/ logs/      an index and a page for each incident\n"
  "  rca batch --state ~/rca-archive logs/     read only what is new since the last time",
  "Finds every incident in archived logs, with its causes; what keeps coming back; what grows before it\n"
  "hurts. A run that was ended goes on where it was when it is started again. All cores are used (at low\n"
  "priority) unless --jobs says otherwise.",
};

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  GOptionEntry shared[RCA_REQUEST_N_ENTRIES];
  const GOptionEntry own[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "One rca.batch/1 document", NULL },
    { "markdown", 0, 0, G_OPTION_ARG_NONE, &o->markdown, "For a review", NULL },
    { "html", 0, 0, G_OPTION_ARG_NONE, &o->html, "A folder of pages: an index, and a page with charts for each incident", NULL },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &o->out, "Where --html writes to; made when it is absent", "DIR" },
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &o->batch.state, "Keep what was read here, for the next run (default: until this one is over)", "DIR" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "Show all notes", NULL },
    { "exit-code", 0, 0, G_OPTION_ARG_NONE, &o->exit_code, "Exit 3 when an incident was found", NULL },
    { "color", 0, 0, G_OPTION_ARG_FILENAME, &o->color, "auto, always, never", "WHEN" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  rca_request_entries (&o->batch.request, shared);
  if (!rca_options_parse (&usage, shared, own, argc, argv, error))
    return FALSE;
  if (o->json + o->markdown + o->html > 1)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--json, --markdown and --html exclude each other");
  else if (o->html != (o->out != NULL))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--html writes a folder of pages, --out DIR says where: they belong together");
  else if (o->color && strcmp (o->color, "auto") != 0 && strcmp (o->color, "always") != 0 && strcmp (o->color, "never") != 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--color %s: auto, always or never", o->color);
  else
    return TRUE;
  return FALSE;
}

static void
print_notes (const RcaBatch *b, guint most)
{
  for (guint i = 0; i < b->notes->len && i < most; i++)
    rca_say ("rca batch: %s", (const char *) g_ptr_array_index (b->notes, i));
  if (b->notes->len > most && most > 0)
    rca_say ("rca batch: %u more notes (-v shows them)", b->notes->len - most);
}

static gboolean
write_page (const char *dir, const char *name, char *text, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.html", dir, name), *owned = text;
  return g_file_set_contents (path, owned, -1, error);
}

static int
write_pages (const RcaBatch *b, const RcaRenderOptions *options, const char *dir)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = g_mkdir_with_parents (dir, 0777) == 0;
  if (!ok)
    g_set_error (&error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", dir, g_strerror (errno));
  for (guint i = 0; i < b->incidents->len && ok; i++)
    ok = write_page (dir, ((const RcaIncident *) g_ptr_array_index (b->incidents, i))->id, rca_render_html (g_ptr_array_index (b->incident_report, i), options), &error);
  if (!ok || !write_page (dir, "index", rca_render_batch_html (b, options), &error))
    return rca_failed (usage.name, error);
  g_autofree char *text = g_strdup_printf ("%s/index.html\n", dir);
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

static int
print_text (const RcaBatch *b, const RcaRenderOptions *options, const Options *o)
{
  g_autofree char *text = (o->json ? rca_render_batch_json : o->markdown ? rca_render_batch_markdown : rca_render_batch_text) (b, options);
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

static int
print_batch (const RcaBatch *b, const Options *o)
{
  RcaRenderOptions options = {
    .verbose = o->verbose,
    .utc = o->batch.request.utc,
    .unicode = rca_terminal_unicode (),
    .color = rca_terminal_color (o->color),
    .width = rca_terminal_width (),
  };
  int status = o->html ? write_pages (b, &options, o->out) : print_text (b, &options, o);
  if (status != RCA_EXIT_OK)
    return status;
  print_notes (b, o->json ? 0 : o->verbose ? G_MAXUINT : 3);
  return o->exit_code && b->incidents->len ? RCA_EXIT_INCIDENT : RCA_EXIT_OK;
}

/* As the signal itself would have ended it, and what to do now. */
static int
end_by_signal (int signum)
{
  rca_say ("rca batch: ended; the same command goes on from here");
  signal (signum, SIG_DFL);
  raise (signum);
  return 128 + signum;
}

int
rca_command_batch (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  if (!parse (&argc, &argv, &o, &error))
    return rca_failed (usage.name, error);
  rca_be_nice ();
  g_autoptr (RcaBatch) batch = rca_batch_run (&o.batch, &error);
  if (batch)
    return print_batch (batch, &o);
  if (g_error_matches (error, RCA_BATCH_ERROR, RCA_BATCH_ERROR_INTERRUPTED))
    return end_by_signal (atoi (error->message));
  return rca_failed (usage.name, error);
}
