/* rca with a part of the reckoning left out, to measure what that part is worth:
 * trial [--without NAME]… [--unseen FACTOR] --window START..END --json LOGS
 * trial --weights
 * NAME: a kind of evidence, `dormancy` or `explaining`. Prints the report as JSON (4 when there is nothing to look at),
 * or the table of priors and weights. */
#include "correlate.h"
#include "render/render.h"
#include "store.h"
#include "timestamp.h"
#include "weights.h"
#include <stdio.h>

typedef struct {
  char *window, **without, **paths;
  double unseen;
  gboolean json, weights;
} Options;

static gboolean
leave_out (RcaTrial *trial, const char *name)
{
  for (guint k = 0; k < RCA_N_EVIDENCE; k++)
    if (g_str_equal (name, rca_evidence_kind_name ((RcaEvidenceKind) k)))
      {
        trial->without |= 1u << k;
        return TRUE;
      }
  gboolean *flag = g_str_equal (name, "dormancy") ? &trial->no_dormancy : g_str_equal (name, "explaining") ? &trial->no_explaining : NULL;
  if (flag)
    *flag = TRUE;
  return flag != NULL;
}

static gboolean
read_window (const char *text, RcaSpan *window)
{
  g_auto (GStrv) ends = g_strsplit (text ? text : "", "..", 2);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GDateTime) t = ends[0] && ends[1] ? g_date_time_new_from_iso8601 (ends[i], NULL) : NULL;
      if (!t)
        return FALSE;
      *(i ? &window->end_ns : &window->start_ns) = g_date_time_to_unix (t) * RCA_NS_PER_S + (gint64) g_date_time_get_microsecond (t) * 1000;
    }
  return window->end_ns > window->start_ns;
}

static int
print_trial (const Options *o, const RcaTrial *trial, GError **error)
{
  RcaAnalyzeOptions analyze = { .trial = trial };
  if (!read_window (o->window, &analyze.window) || !o->paths)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--window START..END LOGS");
      return 2;
    }
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  RcaOpenOptions open = { .span = rca_analyze_reach (analyze.window), .jobs = 1, .assumed_zone = utc };
  RcaRenderOptions render = { .utc = TRUE, .width = 80 };
  g_autoptr (RcaStore) store = rca_store_open_files ((const char *const *) o->paths, g_strv_length (o->paths), &open, error);
  g_autoptr (RcaReport) report = store ? rca_analyze (store, &analyze, error) : NULL;
  if (!report)
    return 4;
  g_autofree char *text = rca_render_json (report, &render);
  fputs (text, stdout);
  return 0;
}

int
main (int argc, char **argv)
{
  Options o = { .unseen = 1 };
  const GOptionEntry entries[] = {
    { "window", 0, 0, G_OPTION_ARG_STRING, &o.window, "START..END", NULL },
    { "without", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.without, "What not to count", "NAME" },
    { "unseen", 0, 0, G_OPTION_ARG_DOUBLE, &o.unseen, "Factor on causes whose log was not read", "X" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, "As rca has it; there is nothing else", NULL },
    { "weights", 0, 0, G_OPTION_ARG_NONE, &o.weights, "The table of priors and weights, with sources", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.paths, NULL, NULL },
    { 0 },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  int status = g_option_context_parse (context, &argc, &argv, &error) ? 0 : 2;
  RcaTrial trial = { .unseen = o.unseen };
  for (char **name = o.without; name && *name && status == 0; name++)
    if (!leave_out (&trial, *name))
      {
        g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--without %s: no such part", *name);
        status = 2;
      }
  if (status == 0 && o.weights)
    {
      g_autofree char *table = rca_weights_print ();
      fputs (table, stdout);
    }
  else if (status == 0)
    status = print_trial (&o, &trial, &error);
  if (error)
    fprintf (stderr, "trial: %s\n", error->message);
  g_free (o.window);
  g_strfreev (o.without);
  g_strfreev (o.paths);
  return status;
}
