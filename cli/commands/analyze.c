/* rca [analyze]: the main job. */
#include "commands.h"
#include "correlate.h"
#include "render/render.h"
#include "store.h"
#include "timestamp.h"
#include "window.h"
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INCIDENT = 3, EXIT_NOTHING = 4 };

typedef struct {
  char *window, *baseline, *store, *now, *service, *route, *nginx_conf, *input_format, *color;
  char **marks, **paths;
  gboolean json, utc, exit_code, explain, verbose, no_redact;
  gint jobs;
} Options;

static void
options_clear (Options *o)
{
  g_free (o->window);
  g_free (o->baseline);
  g_free (o->store);
  g_free (o->now);
  g_free (o->service);
  g_free (o->route);
  g_free (o->nginx_conf);
  g_free (o->input_format);
  g_free (o->color);
  g_strfreev (o->marks);
  g_strfreev (o->paths);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse_options (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "window", 'w', 0, G_OPTION_ARG_STRING, &o->window, "30m (until now), START..END, START..+45m, START..; default: all that the PATHs hold", "W" },
    { "baseline", 0, 0, G_OPTION_ARG_STRING, &o->baseline, "when it was fine", "W" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "analyse a store made by rca ingest", "DIR" },
    { "now", 0, 0, G_OPTION_ARG_STRING, &o->now, "take another time as now", "T" },
    { "service", 0, 0, G_OPTION_ARG_STRING, &o->service, "look at this service only", "S" },
    { "route", 0, 0, G_OPTION_ARG_STRING, &o->route, "look at this route only (\"GET /users/{}\")", "R" },
    { "mark", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->marks, "a change that no log holds (repeatable)", "T=TEXT" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "one rca.report/1 document", NULL },
    { "utc", 0, 0, G_OPTION_ARG_NONE, &o->utc, "read and print UTC", NULL },
    { "explain", 0, 0, G_OPTION_ARG_NONE, &o->explain, "show how the evidence adds up", NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "show all candidates", NULL },
    { "exit-code", 0, 0, G_OPTION_ARG_NONE, &o->exit_code, "exit 3 when an incident was found", NULL },
    { "no-redact", 0, 0, G_OPTION_ARG_NONE, &o->no_redact, "show secrets in quoted lines", NULL },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &o->nginx_conf, "take log_format from there", "FILE" },
    { "input-format", 0, 0, G_OPTION_ARG_STRING, &o->input_format, "do not sniff, read as this format", "NAME" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs, "threads (default: half of the cores)", "N" },
    { "color", 0, 0, G_OPTION_ARG_STRING, &o->color, "auto, always, never", "WHEN" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->paths, NULL, "[PATH…]" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Examples:\n"
                                         "  rca --window 30m /var/log/nginx /var/log/app /var/log/postgresql\n"
                                         "  rca --window 2026-11-24T14:20:00Z..+45m --json logs/\n"
                                         "  rca --store /var/lib/rca --window \"14:30..15:10\" --explain\n\n"
                                         "Says what broke, when, why (ranked, with the lines that show it) and what it was not.");
  return g_option_context_parse (context, argc, argv, error);
}

/* On a host that may be burning: low priority for processor and disk. */
static void
be_nice (void)
{
  enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 };
  setpriority (PRIO_PROCESS, 0, 10);
  syscall (SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

static char *
default_store (void)
{
  return g_build_filename (g_get_user_state_dir (), "rca", NULL);
}

/* The well-known places, when neither PATH nor store is there. */
static GPtrArray *
well_known (void)
{
  static const char *const places[] = { "/var/log/nginx", "/var/log/apache2", "/var/log/haproxy.log", "/var/log/postgresql", "/var/log/mysql", "/var/log/varnish", "/var/log/syslog", "/var/log/kern.log" };
  GPtrArray *found = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (g_file_test (places[i], G_FILE_TEST_EXISTS))
      g_ptr_array_add (found, (gpointer) places[i]);
  return found;
}

static RcaStore *
open_store (const Options *o, const RcaOpenOptions *open, GError **error)
{
  if (o->store)
    return rca_store_open_local (o->store, open, error);
  if (o->paths)
    return rca_store_open_files ((const char *const *) o->paths, g_strv_length (o->paths), open, error);
  g_autofree char *dir = default_store ();
  if (rca_store_is_local (dir))
    {
      g_printerr ("rca: reading the store %s\n", dir);
      return rca_store_open_local (dir, open, error);
    }
  g_autoptr (GPtrArray) places = well_known ();
  for (guint i = 0; i < places->len; i++)
    g_printerr ("rca: reading %s\n", (const char *) g_ptr_array_index (places, i));
  if (places->len == 0)
    {
      g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "no PATH given, no store, and none of the usual places holds logs; name the logs: rca --window 30m PATH…");
      return NULL;
    }
  return rca_store_open_files ((const char *const *) places->pdata, places->len, open, error);
}

static gboolean
add_marks (RcaStore *store, char **marks, gint64 now, GTimeZone *zone, GError **error)
{
  for (; marks && *marks; marks++)
    {
      const char *eq = strchr (*marks, '=');
      g_autofree char *when = g_strndup (*marks, eq ? (gsize) (eq - *marks) : 0);
      gint64 t;
      if (!eq)
        {
          g_set_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX, "--mark %s: TIME=TEXT is wanted", *marks);
          return FALSE;
        }
      if (!rca_time_from_text (when, now, zone, &t, error))
        return FALSE;
      rca_store_mark (store, t, eq + 1);
    }
  return TRUE;
}

/* The span that holds data, as a window to paste. */
static void
say_nothing_inside (const RcaSources *sources)
{
  char from[32], to[32];
  g_printerr ("rca: nothing readable falls into the window; the logs reach over\n  --window %s..%s\n", rca_time_format (sources->extent.start_ns, from), rca_time_format (sources->extent.end_ns, to));
}

static gboolean
inside (const RcaSources *sources, RcaSpan window)
{
  RcaSpan e = sources->extent;
  return e.start_ns < e.end_ns && e.start_ns < window.end_ns && e.end_ns > window.start_ns;
}

static guint
terminal_width (void)
{
  struct winsize size;
  const char *columns = g_getenv ("COLUMNS");
  guint width = 100;
  if (columns && atoi (columns) > 0)
    width = (guint) atoi (columns);
  else if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    width = size.ws_col;
  return CLAMP (width, 80, 200);
}

static gboolean
want_color (const char *when)
{
  if (g_strcmp0 (when, "always") == 0)
    return TRUE;
  if (g_strcmp0 (when, "never") == 0 || (g_getenv ("NO_COLOR") && *g_getenv ("NO_COLOR")))
    return FALSE;
  return isatty (STDOUT_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

static int
print_report (const RcaReport *report, const Options *o)
{
  RcaRenderOptions render = { o->explain, o->verbose, o->utc, g_str_equal (nl_langinfo (CODESET), "UTF-8"), want_color (o->color), terminal_width (), (const char *const *) o->paths };
  g_autofree char *text = o->json ? rca_render_json (report, &render) : rca_render_text (report, &render);
  if (fputs (text, stdout) == EOF || fflush (stdout) != 0)
    {
      g_printerr ("rca: cannot write the report: %s\n", g_strerror (errno));
      return EXIT_FAILED;
    }
  for (guint i = 0; i < report->sources->problem->len; i++)
    g_printerr ("rca: %s\n", (const char *) g_ptr_array_index (report->sources->problem, i));
  return o->exit_code && report->incidents->len ? EXIT_INCIDENT : 0;
}

static int
failed (GError *error)
{
  g_printerr ("rca: %s\n", error->message);
  if (g_error_matches (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY))
    return EXIT_NOTHING;
  return error->domain == RCA_WINDOW_ERROR || error->domain == G_OPTION_ERROR ? EXIT_USAGE : EXIT_FAILED;
}

static int
run (const Options *o)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTimeZone) zone = o->utc ? g_time_zone_new_utc () : g_time_zone_new_local ();
  gint64 now = g_get_real_time () * 1000;
  RcaSpan window = { 0, 0 }, baseline = { 0, 0 };
  if ((o->now && !rca_time_from_text (o->now, now, zone, &now, &error)) || (o->window && !rca_window_from_text (o->window, now, zone, &window, &error))
      || (o->baseline && !rca_window_from_text (o->baseline, now, zone, &baseline, &error)))
    return failed (error);
  RcaOpenOptions open = { .read = { RCA_TIME_NONE, RCA_TIME_NONE, o->input_format, o->nginx_conf }, .no_redact = o->no_redact, .jobs = (guint) MAX (o->jobs, 0) };
  if (o->window)
    {
      open.span = rca_analyze_reach (window);
      if (o->baseline)
        open.span.start_ns = MIN (open.span.start_ns, baseline.start_ns);
    }
  g_autoptr (RcaStore) store = open_store (o, &open, &error);
  if (!store)
    return failed (error);
  if (!add_marks (store, o->marks, now, zone, &error))
    return failed (error);
  g_autoptr (RcaSources) sources = rca_store_sources (store, &error);
  if (!sources)
    return failed (error);
  if (!o->window)
    window = (RcaSpan){ sources->extent.start_ns, sources->extent.end_ns + 1 };
  if (!inside (sources, window))
    {
      say_nothing_inside (sources);
      return EXIT_NOTHING;
    }
  RcaAnalyzeOptions analyze = { window, baseline, o->service, o->route };
  g_autoptr (RcaReport) report = rca_analyze (store, &analyze, &error);
  return report ? print_report (report, o) : failed (error);
}

int
rca_command_analyze (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  if (!parse_options (&argc, &argv, &o, &error))
    return failed (error);
  be_nice ();
  return run (&o);
}
