#include "request.h"
#include "busiest.h"
#include "config.h"
#include "formats.h"
#include "progress.h"
#include "render/safe.h"
#include "store.h"
#include "timestamp.h"
#include "window.h"
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void
rca_request_entries (RcaRequest *r, GOptionEntry out[RCA_REQUEST_N_ENTRIES])
{
  const GOptionEntry entries[] = {
    { "window", 'w', 0, G_OPTION_ARG_FILENAME, &r->window, "30m (until now), START..END, START..+45m, START..; default: all that the PATHs hold", "W" },
    { "baseline", 0, 0, G_OPTION_ARG_FILENAME, &r->baseline, "When it was fine; default: the time before, or the quiet part", "W" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &r->store, "Analyse a store made by rca ingest", "DIR" },
    { "service", 0, 0, G_OPTION_ARG_FILENAME, &r->service, "Look at this service only", "S" },
    { "route", 0, 0, G_OPTION_ARG_FILENAME, &r->route, "Look at this route only (\"GET /users/{}\")", "R" },
    { "mark", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &r->marks, "A change that no log holds (repeatable)", "T=TEXT" },
    { "now", 0, 0, G_OPTION_ARG_FILENAME, &r->now, "Take another time as now", "T" },
    { "utc", 0, 0, G_OPTION_ARG_NONE, &r->utc, "Read and print UTC", NULL },
    { "zone", 0, 0, G_OPTION_ARG_FILENAME, &r->zone, "Logs that write no time zone are in this one (Europe/Berlin, +02:00)", "Z" },
    { "input-format", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &r->input_formats, "Do not sniff, read (PATH) as this format (repeatable)", "[PATH=]NAME" },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &r->nginx_conf, "Take log_format from there", "FILE" },
    { "no-redact", 0, 0, G_OPTION_ARG_NONE, &r->no_redact, "Show secrets in quoted lines", NULL },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &r->jobs, "Threads (default: half of the cores)", "N" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &r->paths, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (entries) == RCA_REQUEST_N_ENTRIES);
  memcpy (out, entries, sizeof entries);
}

void
rca_request_clear (RcaRequest *r)
{
  char **text[] = { &r->window, &r->baseline, &r->store, &r->now, &r->service, &r->route, &r->nginx_conf, &r->zone };
  for (guint i = 0; i < G_N_ELEMENTS (text); i++)
    g_clear_pointer (text[i], g_free);
  g_clear_pointer (&r->marks, g_strfreev);
  g_clear_pointer (&r->input_formats, g_strfreev);
  g_clear_pointer (&r->paths, g_strfreev);
}

void
rca_be_nice (void)
{
  enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 };
  setpriority (PRIO_PROCESS, 0, 10);
  syscall (SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

static char *
configured (const char *key)
{
  g_autoptr (RcaConfig) config = rca_config_load (NULL, NULL);
  return g_strdup (config ? rca_config_get (config, key, NULL) : NULL);
}

char **
rca_clickhouse_columns (void)
{
  g_autoptr (RcaConfig) config = rca_config_load (NULL, NULL);
  return config && rca_config_get (config, "clickhouse-columns", NULL) ? rca_config_list (config, "clickhouse-columns") : NULL;
}

char *
rca_default_store (void)
{
  char *set = configured ("store");
  if (set)
    return set;
  const char *service = g_getenv ("STATE_DIRECTORY");
  return service && *service ? g_strdup (service) : g_build_filename (g_get_user_state_dir (), "rca", NULL);
}

static const char *
system_store (void)
{
  return "/var/lib/rca";
}

static void
add_place (GPtrArray *found, const char *place)
{
  rca_say ("rca: reading %s", place);
  g_ptr_array_add (found, g_strdup (place));
}

GPtrArray *
rca_well_known_places (void)
{
  static const char *const places[] = { "/var/log/nginx", "/var/log/apache2", "/var/log/haproxy.log", "/var/log/postgresql", "/var/log/mysql", "/var/log/varnish", "/var/log/syslog", "/var/log/kern.log" };
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (RcaConfig) config = rca_config_load (NULL, NULL);
  g_auto (GStrv) set = config ? rca_config_list (config, "paths") : NULL;
  for (guint i = 0; set && set[i]; i++)
    add_place (found, set[i]);
  for (guint i = 0; i < G_N_ELEMENTS (places) && !(set && *set); i++)
    if (g_file_test (places[i], G_FILE_TEST_EXISTS))
      add_place (found, places[i]);
  return found;
}

char *
rca_unnamed_store (void)
{
  g_autofree char *dir = rca_default_store ();
  const char *found = rca_store_is_local (dir) ? dir : rca_store_is_local (system_store ()) ? system_store () : NULL;
  if (found)
    rca_say ("rca: reading the store %s", found);
  return g_strdup (found);
}

static RcaStore *
open_unnamed (const RcaOpenOptions *open, GError **error)
{
  g_autofree char *dir = rca_unnamed_store ();
  if (dir)
    return rca_store_open_local (dir, open, error);
  g_autoptr (GPtrArray) places = rca_well_known_places ();
  if (places->len > 0)
    return rca_store_open_files ((const char *const *) places->pdata, places->len, open, error);
  g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "no PATH given, no store, and none of the usual places holds logs; name the logs: rca --window 30m PATH…");
  return NULL;
}

static RcaStore *
open_store (const RcaRequest *r, const RcaOpenOptions *open, GError **error)
{
  g_autofree char *markers = rca_default_store ();
  RcaStore *store;
  if (r->store)
    store = rca_store_open (r->store, open, error);
  else if (r->paths)
    store = rca_store_open_files ((const char *const *) r->paths, g_strv_length (r->paths), open, error);
  else
    return open_unnamed (open, error);
  if (store && g_strcmp0 (r->store, markers) != 0)
    rca_store_read_markers (store, markers);
  return store;
}

static GTimeZone *
zone_of (const RcaRequest *r)
{
  return r->utc ? g_time_zone_new_utc () : g_time_zone_new_local ();
}

gboolean
rca_request_add_marks (const RcaRequest *r, RcaStore *store, gint64 now, GError **error)
{
  g_autoptr (GTimeZone) zone = zone_of (r);
  for (char **marks = r->marks; marks && *marks; marks++)
    {
      const char *eq = strchr (*marks, '=');
      g_autofree char *when = g_strndup (*marks, eq ? (gsize) (eq - *marks) : 0);
      gint64 t;
      if (!eq || !eq[1])
        {
          g_set_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX, "--mark %s: TIME=TEXT is wanted", *marks);
          return FALSE;
        }
      if (!rca_time_from_text (when, now, zone, &t, error))
        {
          g_prefix_error (error, "--mark: ");
          return FALSE;
        }
      rca_store_mark (store, t, eq + 1);
    }
  return TRUE;
}

/* The span that holds data, as a window to paste. */
static void
say_where (const RcaSources *sources, GError **error)
{
  if (sources->extent.start_ns >= sources->extent.end_ns)
    {
      g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "no record with a time was found: nothing can be analysed (rca sources says how each file was read)");
      return;
    }
  g_autofree char *paste = rca_window_format (sources->extent);
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "nothing readable falls into the window; the logs reach over\n  --window %s", paste);
}

gboolean
rca_request_times (const RcaRequest *r, RcaRequestTimes *t, GError **error)
{
  g_autoptr (GTimeZone) zone = zone_of (r);
  *t = (RcaRequestTimes){ .now_ns = g_get_real_time () * 1000 };
  if (r->now && !rca_time_from_text (r->now, t->now_ns, zone, &t->now_ns, error))
    return FALSE;
  if (r->window && !rca_window_from_text (r->window, t->now_ns, zone, &t->window, error))
    return FALSE;
  return !r->baseline || rca_window_from_text (r->baseline, t->now_ns, zone, &t->baseline, error);
}

/* Everything when no window is given; else the window, what the correlator looks back on,
 * and the baseline that was named. */
static RcaSpan
span_to_open (const RcaRequestTimes *t)
{
  if (t->window.start_ns == t->window.end_ns)
    return (RcaSpan){ 0, 0 };
  RcaSpan span = rca_analyze_reach (t->window);
  if (t->baseline.start_ns == t->baseline.end_ns)
    return span;
  return (RcaSpan){ MIN (span.start_ns, t->baseline.start_ns), MAX (span.end_ns, t->baseline.end_ns) };
}

/* Whether any record falls into @window: the logs may lie on both sides of it. */
static gboolean
holds_data (RcaStore *store, RcaSpan window)
{
  if (window.start_ns >= window.end_ns)
    return FALSE;
  RcaRowQuery query = { .span = window, .limit = 1 };
  g_autoptr (GPtrArray) row = rca_store_rows (store, &query, NULL);
  return row && row->len > 0;
}

/* Only the window and what comes before it was opened: where else is there data? */
static void
say_nothing_inside (const RcaRequest *r, RcaOpenOptions open, GError **error)
{
  open.span = (RcaSpan){ 0, 0 };
  g_autoptr (RcaStore) store = open_store (r, &open, error);
  g_autoptr (RcaSources) all = store ? rca_store_sources (store, error) : NULL;
  if (all)
    say_where (all, error);
}

/* Whether requests of the user-facing logs are of @value; the busiest ones that are there. */
static gboolean
has_requests (RcaStore *store, const RcaSources *sources, RcaSpan window, RcaDimension dimension, const char *value, GString *known)
{
  RcaFrameQuery query = { .span = window, .width_ns = 3600 * RCA_NS_PER_S, .stream = sources->user_facing, .by = { dimension, RCA_DIM_NONE }, .measures = RCA_MEASURE_COUNT };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &query, NULL);
  for (guint i = 0; frame && i < rca_frame_n_entities (frame); i++)
    {
      if (strcmp (rca_frame_value (frame, i, 0), value) == 0)
        return TRUE;
      if (i < 8 && *rca_frame_value (frame, i, 0))
        g_string_append_printf (known, "%s\"%s\"", known->len ? ", " : "", rca_frame_value (frame, i, 0));
    }
  return FALSE;
}

static gboolean
has_source_of (const RcaSources *sources, const char *service)
{
  for (guint i = 0; i < sources->source->len; i++)
    if (g_strcmp0 (((const RcaSourceInfo *) g_ptr_array_index (sources->source, i))->service, service) == 0)
      return TRUE;
  return FALSE;
}

/* A report over no requests would say that all is well: --service and --route must name something.
 * @by_symptom: the user-facing logs do not tell services apart, but this one has logs of its own:
 * its incidents are picked from those of all. */
static gboolean
find_part (const RcaRequest *r, RcaStore *store, const RcaSources *sources, RcaSpan window, gboolean *by_symptom, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  RcaDimension dimension = r->service ? RCA_DIM_SERVICE : RCA_DIM_ROUTE;
  const char *value = r->service ? r->service : r->route;
  *by_symptom = FALSE;
  if (!value || has_requests (store, sources, window, dimension, value, known))
    return TRUE;
  *by_symptom = r->service && has_source_of (sources, r->service);
  if (!*by_symptom)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "no request in the %s logs of this window is of %s \"%s\" (there are: %s)", rca_stream_name (sources->user_facing),
                 r->service ? "service" : "route", value, known->len ? known->str : "none that are known");
  return *by_symptom;
}

static void
keep_incidents_of (RcaReport *report, const char *service)
{
  for (guint i = report->incidents->len; i-- > 0;)
    if (g_strcmp0 (((RcaIncident *) g_ptr_array_index (report->incidents, i))->service, service) != 0)
      g_ptr_array_remove_index (report->incidents, i);
  g_ptr_array_add (report->notes, g_strdup_printf ("the user-facing logs do not tell services apart: incidents whose failing is of service \"%s\" are shown, impact and chart are of all requests", service));
}

/* The part of the window that the logs reach: "30m" over five minutes of logs is five minutes
 * of logs, not a silence of twenty-five. */
static RcaSpan
reached (RcaSpan window, RcaSpan extent)
{
  RcaSpan both = { MAX (window.start_ns, extent.start_ns), MIN (window.end_ns, extent.end_ns) };
  return both.start_ns < both.end_ns ? both : window;
}

static RcaReport *
analyze_window (const RcaRequest *r, const RcaRequestTimes *t, RcaStore *store, const RcaSources *sources, RcaSpan window, GError **error)
{
  RcaSpan covered = reached (window, sources->extent);
  gboolean by_symptom;
  if (!find_part (r, store, sources, covered, &by_symptom, error))
    return NULL;
  RcaAnalyzeOptions options = { covered, t->baseline, by_symptom ? NULL : r->service, r->route, NULL };
  RcaReport *report = rca_analyze (store, &options, error);
  if (!report)
    return NULL;
  report->window = window;
  report->store = r->store && !strstr (r->store, "://") ? g_strdup (r->store) : NULL; /* search looks into folders */
  if (by_symptom)
    keep_incidents_of (report, r->service);
  return report;
}

GTimeZone *
rca_request_zone (const RcaRequest *r, GError **error)
{
  GTimeZone *zone = r->zone ? g_time_zone_new_identifier (r->zone) : NULL;
  if (r->zone && !zone)
    g_set_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX, "--zone %s: no such time zone (Europe/Berlin, UTC, +02:00)", r->zone);
  return zone;
}

static RcaStore *
open_with_progress (const RcaRequest *r, const RcaOpenOptions *open, GError **error)
{
  RcaReadProgress counted = { 0, 0 };
  RcaOpenOptions watched = *open;
  watched.read.progress = &counted;
  g_autoptr (RcaProgress) progress = rca_progress_new ("reading", NULL, &counted.done, &counted.total);
  return open_store (r, &watched, error);
}

/* Said where not all was looked at. */
static void
note_left_out (RcaReport *report, const RcaSources *sources)
{
  if (report->window.end_ns - report->window.start_ns == sources->extent.end_ns - sources->extent.start_ns)
    return;
  g_autofree char *all = rca_window_format (sources->extent), *part = rca_window_format (report->window);
  g_ptr_array_add (report->notes, g_strdup_printf ("the logs reach over %s, more than one analysis holds: looked at where most records are, --window %s (rca batch finds every incident)", all, part));
}

static RcaReport *
analyze (const RcaRequest *r, const RcaRequestTimes *t, GError **error)
{
  g_autofree char *format = NULL;
  g_auto (GStrv) columns = rca_clickhouse_columns ();
  g_autoptr (RcaUserFormats) formats = rca_formats_load (error);
  g_autoptr (GTimeZone) assumed = rca_request_zone (r, error);
  if (!formats || (r->zone && !assumed) || !rca_options_input_format (r->input_formats, formats, &format, error))
    return NULL;
  RcaOpenOptions open = { .span = span_to_open (t), .columns = (const char *const *) columns, .assumed_zone = assumed, .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = format, .nginx_conf = r->nginx_conf, .formats = formats }, .no_redact = r->no_redact, .jobs = (guint) MAX (r->jobs, 0) };
  g_autoptr (RcaStore) store = open_with_progress (r, &open, error);
  g_autoptr (RcaSources) sources = store && rca_request_add_marks (r, store, t->now_ns, error) ? rca_store_sources (store, error) : NULL;
  if (!sources)
    return NULL;
  RcaSpan window = r->window ? t->window : rca_busiest_span (store, sources, RCA_LONGEST_WINDOW_NS);
  if (!holds_data (store, window))
    {
      say_nothing_inside (r, open, error);
      return NULL;
    }
  RcaReport *report = analyze_window (r, t, store, sources, window, error);
  if (report && !r->window)
    note_left_out (report, sources);
  return report;
}

RcaReport *
rca_request_analyze (const RcaRequest *r, GError **error)
{
  RcaRequestTimes times;
  return rca_request_times (r, &times, error) ? analyze (r, &times, error) : NULL;
}
