/* rca timeline: the post-incident document. */
#include "commands.h"
#include "exit.h"
#include "output.h"
#include "render/safe.h"
#include "render/timeline.h"
#include "request.h"
#include <string.h>

typedef struct {
  RcaRequest request;
  char *format, *incident, *form;
} Options;

static void
options_clear (Options *o)
{
  rca_request_clear (&o->request);
  g_free (o->format);
  g_free (o->incident);
  g_free (o->form);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const RcaUsage usage = {
  "rca timeline",
  "[PATH…]",
  "  rca timeline --window 2026-11-24T14:20:00Z..+45m logs/ > postmortem.md\n"
  "  rca timeline --window \"14:30..15:10\" --format html logs/ > postmortem.html\n"
  "  rca timeline --window \"14:30..15:10\" --template google-sre logs/\n"
  "  rca timeline --window \"14:30..15:10\" --format jsonl logs/ | jq .text",
  "Writes the post-mortem that the logs can write; what only people know is marked TODO.",
};

static const struct {
  const char *name;
  char *(*write) (const RcaReport *report, const RcaIncident *incident, const RcaTemplate *form);
} formats[] = {
  { "markdown", rca_timeline_markdown },
  { "json", rca_timeline_json },
  { "jsonl", rca_timeline_jsonl },
  { "html", rca_timeline_html },
};

static gint
find_format (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (!name || strcmp (name, formats[i].name) == 0)
      return (gint) i;
  return -1;
}

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  GOptionEntry shared[RCA_REQUEST_N_ENTRIES];
  g_autofree char *names = rca_template_names ();
  const GOptionEntry own[] = {
    { "format", 0, 0, G_OPTION_ARG_FILENAME, &o->format, "markdown, html, json, or jsonl (one event a line)", "FORMAT" },
    { "template", 0, 0, G_OPTION_ARG_FILENAME, &o->form, names, "NAME" },
    { "incident", 0, 0, G_OPTION_ARG_FILENAME, &o->incident, "Which one; default: the first", "ID" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  rca_request_entries (&o->request, shared);
  if (!rca_options_parse (&usage, shared, own, argc, argv, error))
    return FALSE;
  if (find_format (o->format) < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--format %s: markdown, html, json or jsonl", o->format);
  else if (!rca_template_find (o->form))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--template %s: %s", o->form, names);
  else
    return TRUE;
  return FALSE;
}

/* NULL with @ok: there is none, and none was asked for by name. */
static const RcaIncident *
choose (const RcaReport *report, const char *id, gboolean *ok)
{
  const RcaIncident *found = NULL;
  for (guint i = 0; i < report->incidents->len && !found; i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      if (!id || strcmp (in->id, id) == 0)
        found = in;
    }
  *ok = found || !id;
  for (guint i = 0; i < report->incidents->len && (!*ok || (!id && report->incidents->len > 1)); i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      rca_say ("rca timeline: %s%s: %s", in == found ? "this is " : "--incident ", in->id, in->summary);
    }
  return found;
}

int
rca_command_timeline (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean ok;
  if (!parse (&argc, &argv, &o, &error))
    return rca_failed (usage.name, error);
  rca_be_nice ();
  g_autoptr (RcaReport) report = rca_request_analyze (&o.request, &error);
  if (!report)
    return rca_failed (usage.name, error);
  const RcaIncident *incident = choose (report, o.incident, &ok);
  if (!ok)
    {
      rca_say ("rca timeline: no incident %s in this window", o.incident);
      return RCA_EXIT_FAILED;
    }
  g_autofree char *text = formats[find_format (o.format)].write (report, incident, rca_template_find (o.form));
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}
