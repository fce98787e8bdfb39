/* rca [analyze]: the main job. */
#include "commands.h"
#include "exit.h"
#include "pager.h"
#include "render/safe.h"
#include "render/render.h"
#include "request.h"
#include "terminal.h"
#include <string.h>

typedef struct {
  RcaRequest request;
  char *color;
  gboolean json, markdown, html, exit_code, explain, verbose, no_pager;
} Options;

static void
options_clear (Options *o)
{
  rca_request_clear (&o->request);
  g_free (o->color);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const RcaUsage usage = {
  "rca",
  "[PATH…]",
  "  rca --window 30m /var/log/nginx /var/log/app /var/log/postgresql\n"
  "  rca --window 2026-11-24T14:20:00Z..+45m --json logs/\n"
  "  rca --window \"14:30..15:10\" --baseline 14:00..14:20 --explain web1=/mnt/web1 web2=/mnt/web2\n"
  "  rca --window 1h --html logs/ > incident.html\n"
  "  rca --window 1h --mark \"14:05=switched the payment provider\" logs/",
  "Says what broke, when, why (ranked, with the lines that show it) and what it was not.",
};

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  GOptionEntry shared[RCA_REQUEST_N_ENTRIES];
  const GOptionEntry own[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "One rca.report/1 document", NULL },
    { "markdown", 0, 0, G_OPTION_ARG_NONE, &o->markdown, "For a ticket or a chat", NULL },
    { "html", 0, 0, G_OPTION_ARG_NONE, &o->html, "One page with charts, in one file", NULL },
    { "explain", 0, 0, G_OPTION_ARG_NONE, &o->explain, "Show how the evidence adds up", NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "Show all candidates, the timeline, all evidence and notes", NULL },
    { "exit-code", 0, 0, G_OPTION_ARG_NONE, &o->exit_code, "Exit 3 when an incident was found", NULL },
    { "no-pager", 0, 0, G_OPTION_ARG_NONE, &o->no_pager, "Do not page ($RCA_PAGER, $PAGER, less; on a terminal)", NULL },
    { "color", 0, 0, G_OPTION_ARG_FILENAME, &o->color, "auto, always, never", "WHEN" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  rca_request_entries (&o->request, shared);
  if (!rca_options_parse (&usage, shared, own, argc, argv, error))
    return FALSE;
  if (o->json + o->markdown + o->html > 1)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--json, --markdown and --html exclude each other");
  else if (o->color && strcmp (o->color, "auto") != 0 && strcmp (o->color, "always") != 0 && strcmp (o->color, "never") != 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--color %s: auto, always or never", o->color);
  else
    return TRUE;
  return FALSE;
}

/* Problems are in the notes too: they are said once, and always. Of the other notes a few,
 * with -v all; a JSON document has them itself. */
static void
print_notes (const RcaReport *report, guint most)
{
  const GPtrArray *problem = report->sources->problem;
  for (guint i = 0; i < problem->len; i++)
    rca_say ("rca: warning: %s", (const char *) g_ptr_array_index (problem, i));
  for (guint i = problem->len; i < report->notes->len && i - problem->len < most; i++)
    rca_say ("rca: note: %s", (const char *) g_ptr_array_index (report->notes, i));
}

static char *(*writer (const Options *o)) (const RcaReport *, const RcaRenderOptions *)
{
  return o->json ? rca_render_json : o->markdown ? rca_render_markdown : o->html ? rca_render_html : rca_render_text;
}

static int
print_report (const RcaReport *report, const Options *o)
{
  RcaRenderOptions options = {
    .explain = o->explain,
    .verbose = o->verbose,
    .utc = o->request.utc,
    .unicode = rca_terminal_unicode (),
    .color = rca_terminal_color (o->color),
    .width = rca_terminal_width (),
  };
  g_autofree char *text = writer (o) (report, &options);
  if (!rca_pager_show (text, strlen (text), !o->no_pager && !o->html && !o->json))
    return RCA_EXIT_FAILED;
  print_notes (report, o->json ? 0 : o->verbose ? G_MAXUINT : 3);
  return o->exit_code && report->incidents->len ? RCA_EXIT_INCIDENT : RCA_EXIT_OK;
}

int
rca_command_analyze (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  if (!parse (&argc, &argv, &o, &error))
    return rca_failed ("rca", error);
  rca_be_nice ();
  g_autoptr (RcaReport) report = rca_request_analyze (&o.request, &error);
  return report ? print_report (report, &o) : rca_failed ("rca", error);
}
