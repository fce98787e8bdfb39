#include "run.h"
#include "formats.h"
#include "progress.h"
#include "render/safe.h"
#include "state.h"
#include "survey.h"
#include "timestamp.h"
#include <signal.h>

G_DEFINE_QUARK (rca-batch-error-quark, rca_batch_error)

#define MINUTE_NS (60 * RCA_NS_PER_S)
/* Rises no further apart are looked at together. */
#define ONE_LOOK_NS (3 * MINUTE_NS)
/* What is looked at before and after a rise: as much as it lasted, within these. */
#define LEAST_AROUND_NS (15 * MINUTE_NS)
#define MOST_AROUND_NS (120 * MINUTE_NS)

/* An archive this short is looked at closely whole. */
#define SHORT_NS (360 * MINUTE_NS)

/* A span in which something rose. */
typedef struct {
  RcaSpan span, window;
  gboolean whole; /* nothing need have risen */
  RcaReport *report;
  char *problem;
} Look;

typedef struct {
  const RcaBatchRequest *request;
  RcaRequestTimes times;
  RcaArchive *archive;
  RcaBatchState *state;
  RcaProgress *progress;
  gsize done, total; /* of the phase, as the progress shows it; @done by all threads */
  RcaSpan extent; /* of the user-facing logs */
  gint reused;
} Run;

/* ---- how far it is ---- */

static void
begin_phase (Run *run, const char *what, const char *unit, gsize total)
{
  rca_progress_free (run->progress);
  run->done = 0;
  run->total = total;
  run->progress = rca_progress_new (what, unit, &run->done, &run->total);
}

static void
add_done (Run *run, gsize n)
{
  __atomic_fetch_add (&run->done, n, __ATOMIC_RELAXED);
}

/* ---- a signal ends it between two pieces ---- */

static volatile sig_atomic_t caught;

static void
catch_signal (int signum)
{
  caught = signum;
}

static gboolean
interrupted (GError **error)
{
  if (!caught)
    return FALSE;
  g_set_error (error, RCA_BATCH_ERROR, RCA_BATCH_ERROR_INTERRUPTED, "%d", (int) caught);
  return TRUE;
}

/* ---- side by side ---- */

static guint
jobs_of (const Run *run)
{
  return run->request->request.jobs > 0 ? (guint) run->request->request.jobs : g_get_num_processors ();
}

static void
each (const Run *run, const GPtrArray *items, GFunc f)
{
  guint jobs = jobs_of (run);
  GThreadPool *pool = g_thread_pool_new (f, (gpointer) run, (gint) MAX (MIN (jobs, items->len), 1), FALSE, NULL);
  for (guint i = 0; i < items->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (items, i), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
}

static void
read_piece (gpointer data, gpointer user)
{
  RcaPiece *piece = data;
  Run *run = user;
  if (caught)
    return;
  if (rca_batch_state_load (run->state, piece))
    g_atomic_int_inc (&run->reused);
  else
    {
      rca_archive_read (run->archive, piece);
      rca_batch_state_save (run->state, piece);
    }
  add_done (run, piece->bytes);
}

/* ---- looking closely ---- */

static void
look_free (gpointer data)
{
  Look *look = data;
  g_clear_pointer (&look->report, rca_report_free);
  g_free (look->problem);
  g_free (look);
}

static RcaSpan
around (RcaSpan span, RcaSpan within)
{
  gint64 pad = CLAMP (span.end_ns - span.start_ns, LEAST_AROUND_NS, MOST_AROUND_NS);
  return (RcaSpan){ MAX (span.start_ns - pad, within.start_ns), MIN (span.end_ns + pad, within.end_ns) };
}

static GPtrArray *
merge_rises (const GPtrArray *rises, const Run *run)
{
  GPtrArray *looks = g_ptr_array_new_with_free_func (look_free);
  RcaSpan asked = run->times.window;
  for (guint i = 0; i < rises->len; i++)
    {
      const RcaSurveyRise *r = g_ptr_array_index (rises, i);
      if (asked.start_ns < asked.end_ns && (r->end_ns <= asked.start_ns || r->start_ns >= asked.end_ns))
        continue;
      Look *last = looks->len ? g_ptr_array_index (looks, looks->len - 1) : NULL;
      if (last && r->start_ns <= last->span.end_ns + ONE_LOOK_NS)
        {
          last->span.end_ns = MAX (last->span.end_ns, r->end_ns);
          continue;
        }
      Look *look = g_new0 (Look, 1);
      look->span = (RcaSpan){ r->start_ns, r->end_ns };
      g_ptr_array_add (looks, look);
    }
  for (guint i = 0; i < looks->len; i++)
    {
      Look *look = g_ptr_array_index (looks, i);
      look->window = around (look->span, run->extent);
    }
  return looks;
}

static GPtrArray *
look_at_all (const Run *run)
{
  GPtrArray *looks = g_ptr_array_new_with_free_func (look_free);
  Look *look = g_new0 (Look, 1);
  look->span = look->window = run->extent;
  look->whole = TRUE;
  g_ptr_array_add (looks, look);
  return looks;
}

static RcaReport *
analyze_window (const Run *run, RcaSpan window, GError **error)
{
  const RcaRequest *r = &run->request->request;
  g_autofree char *markers = rca_default_store ();
  RcaStore *store = rca_archive_open (run->archive, rca_analyze_reach (window), error);
  RcaReport *report = NULL;
  if (!store)
    return NULL;
  if (g_strcmp0 (run->archive->store, markers) != 0)
    rca_store_read_markers (store, markers);
  RcaAnalyzeOptions options = { .window = window, .baseline = run->times.baseline, .service = r->service, .route = r->route };
  if (rca_request_add_marks (r, store, run->times.now_ns, error))
    report = rca_analyze (store, &options, error);
  rca_store_close (store);
  return report;
}

static void
look_closely (gpointer data, gpointer user)
{
  Look *look = data;
  Run *run = user;
  g_autoptr (GError) error = NULL;
  if (caught)
    return;
  look->report = analyze_window (run, look->window, &error);
  if (error)
    look->problem = g_strdup (error->message);
  add_done (run, 1);
}

/* ---- putting together ---- */

static GPtrArray *
histories_of (const RcaArchive *a)
{
  GPtrArray *histories = g_ptr_array_new ();
  for (guint i = 0; i < a->piece->len; i++)
    g_ptr_array_add (histories, ((RcaPiece *) g_ptr_array_index (a->piece, i))->history);
  return histories;
}

static void
count_requests (RcaBatch *b, const GPtrArray *histories)
{
  RcaStore *store = rca_store_open_history (histories);
  RcaFrameQuery q = { .span = b->window, .width_ns = 3600 * RCA_NS_PER_S, .stream = b->sources->user_facing, .by = { RCA_DIM_NONE, RCA_DIM_NONE }, .measures = RCA_MEASURE_COUNT | RCA_MEASURE_FAILED };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &q, NULL);
  for (guint i = 0; frame && rca_frame_n_entities (frame) && i < rca_frame_n_buckets (frame); i++)
    {
      b->requests += rca_frame_series (frame, 0, RCA_MEASURE_COUNT)[i];
      b->failed += rca_frame_series (frame, 0, RCA_MEASURE_FAILED)[i];
    }
  rca_store_close (store);
}

static void
note_look (RcaBatch *b, const Look *look, guint added)
{
  char from[32], to[32];
  if (!look->problem && (added || look->whole))
    return;
  rca_time_format (look->span.start_ns, from);
  rca_time_format (look->span.end_ns, to);
  if (look->problem)
    g_ptr_array_add (b->notes, g_strdup_printf ("%.16sZ to %.16sZ: something rose, but it could not be looked at closely: %s", from, to, look->problem));
  else
    g_ptr_array_add (b->notes, g_strdup_printf ("%.16sZ to %.16sZ: something rose by the minute that is no incident when looked at closely", from, to));
  b->degraded |= look->problem != NULL;
}

static void
add_looks (RcaBatch *b, GPtrArray *looks)
{
  for (guint i = 0; i < looks->len; i++)
    {
      Look *look = g_ptr_array_index (looks, i);
      RcaSpan span = { look->span.start_ns - MINUTE_NS, look->span.end_ns + MINUTE_NS };
      note_look (b, look, look->report ? rca_batch_add (b, g_steal_pointer (&look->report), span) : 0);
    }
}

static void
add_notes (RcaBatch *b, const RcaArchive *a)
{
  for (guint i = 0; i < a->problem->len; i++)
    g_ptr_array_add (b->notes, g_strdup (g_ptr_array_index (a->problem, i)));
  for (guint i = 0; i < b->sources->problem->len; i++)
    g_ptr_array_add (b->notes, g_strdup (g_ptr_array_index (b->sources->problem, i)));
  for (guint i = 0; i < b->sources->note->len; i++)
    g_ptr_array_add (b->notes, g_strdup (g_ptr_array_index (b->sources->note, i)));
  b->degraded |= a->problem->len + b->sources->problem->len > 0;
}

/* Only the few that grow most: each is a window to read. */
#define MOST_GROWING 5

static void
find_routes (const Run *run, const RcaBatch *b)
{
  for (guint i = 0; i < b->growing->len && i < MOST_GROWING && !caught; i++)
    {
      RcaGrowing *g = g_ptr_array_index (b->growing, i);
      RcaStore *store = rca_archive_open (run->archive, g->sample, NULL);
      if (!store)
        continue;
      rca_growing_find_routes (g, store);
      rca_store_close (store);
    }
}

static RcaBatch *
survey (Run *run, GError **error)
{
  g_autoptr (GPtrArray) histories = histories_of (run->archive);
  g_autoptr (RcaBatch) b = rca_batch_new ();
  RcaStore *store = rca_store_open_history (histories);
  b->sources = rca_store_sources (store, NULL);
  rca_store_close (store);
  run->extent = b->sources->extent;
  b->window = run->times.window.start_ns < run->times.window.end_ns ? run->times.window : run->extent;
  add_notes (b, run->archive);
  if (run->extent.start_ns >= run->extent.end_ns)
    {
      g_autoptr (GString) why = g_string_new ("no requests in these logs: an archive's incidents are found in those of users");
      for (guint i = 0; i < b->notes->len && i < 10; i++)
        g_string_append_printf (why, "\n  %s", (const char *) g_ptr_array_index (b->notes, i));
      g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, why->str);
      return NULL;
    }
  count_requests (b, histories);
  g_autoptr (GPtrArray) regular = g_ptr_array_new ();
  g_autoptr (GPtrArray) rises = rca_survey_find (histories, regular, jobs_of (run), &caught, error);
  if (!rises || interrupted (error))
    return NULL;
  g_autoptr (GPtrArray) looks = run->extent.end_ns - run->extent.start_ns <= SHORT_NS ? look_at_all (run) : merge_rises (rises, run);
  begin_phase (run, "looking closely at", "spans", looks->len);
  each (run, looks, look_closely);
  if (interrupted (error))
    return NULL;
  add_looks (b, looks);
  rca_batch_find_recurring (b);
  rca_batch_find_growing (b, histories);
  find_routes (run, b);
  rca_batch_tell_regular (b, regular);
  return g_steal_pointer (&b);
}

static RcaBatch *
read_and_survey (Run *run, GError **error)
{
  begin_phase (run, "reading", run->archive->store ? "parts" : NULL, run->archive->bytes);
  each (run, run->archive->piece, read_piece);
  if (interrupted (error))
    return NULL;
  if (run->reused)
    rca_say ("rca batch: %d of %u pieces were read by an earlier run", run->reused, run->archive->piece->len);
  RcaBatch *batch = survey (run, error);
  if (batch)
    rca_batch_state_finish (run->state);
  return batch;
}

static RcaArchive *
find_archive (const RcaRequest *r, const RcaOpenOptions *open, GError **error)
{
  if (r->store)
    return rca_archive_new_store (r->store, open, error);
  if (r->paths)
    return rca_archive_new ((const char *const *) r->paths, g_strv_length (r->paths), open, error);
  g_autofree char *store = rca_unnamed_store ();
  if (store)
    return rca_archive_new_store (store, open, error);
  g_autoptr (GPtrArray) places = rca_well_known_places ();
  return rca_archive_new ((const char *const *) places->pdata, places->len, open, error);
}

RcaBatch *
rca_batch_run (const RcaBatchRequest *request, GError **error)
{
  const RcaRequest *r = &request->request;
  struct sigaction catch = { .sa_handler = catch_signal, .sa_flags = SA_RESTART | SA_RESETHAND };
  g_autofree char *format = NULL;
  g_auto (GStrv) columns = rca_clickhouse_columns ();
  g_autoptr (RcaUserFormats) formats = rca_formats_load (error);
  Run run = { .request = request };
  g_autoptr (GTimeZone) assumed = rca_request_zone (r, error);
  if (!formats || (r->zone && !assumed) || !rca_request_times (r, &run.times, error) || !rca_options_input_format (r->input_formats, formats, &format, error))
    return NULL;
  RcaOpenOptions open = { .columns = (const char *const *) columns, .assumed_zone = assumed, .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = format, .nginx_conf = r->nginx_conf, .formats = formats }, .no_redact = r->no_redact };
  g_autoptr (RcaArchive) archive = find_archive (r, &open, error);
  g_autoptr (RcaBatchState) state = archive ? rca_batch_state_open (request->state, archive, error) : NULL;
  if (!state)
    return NULL;
  run.archive = archive;
  run.state = state;
  sigaction (SIGINT, &catch, NULL);
  sigaction (SIGTERM, &catch, NULL);
  RcaBatch *batch = read_and_survey (&run, error);
  rca_progress_free (run.progress);
  return batch;
}
