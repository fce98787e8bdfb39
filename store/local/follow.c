/* Reading what is written, while it is written. */
#include "local/follow-target.h"
#include "clickhouse/address.h"
#include "local/watch.h"
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#define MS 1000 /* µs */

/* Files are looked at that often, whether or not the kernel told of a change. */
#define TICK_US (500 * MS)
/* What is written in many small writes is taken together. */
#define GATHER_US (40 * MS)
/* Names are looked at that often when folders tell of changes, and when they do not. */
#define NAMES_TOLD_US   (10 * 1000 * MS)
#define NAMES_UNTOLD_US (800 * MS)
/* After names changed, a source is looked at in any case: its old file may still be written to. */
#define WATCHFUL_US (20 * 1000 * MS)
#define LATER_US    (1000 * MS)
/* A commit may take this share of the time. */
#define PAUSE_RATIO 2
#define LONGEST_PAUSE_US (1000 * MS)
/* Of one source in one commit. */
#define PASS_BYTES ((guint64)32 << 20)
/* How long to wait for a disk that is full or fails, or a server that is not there. */
#define FIRST_WAIT_US   (250 * MS)
#define LONGEST_WAIT_US (5000 * MS)

typedef struct {
  guint64 signature;    /* of all its files as they were when it was read */
  gint64 later_us;      /* to be looked at then in any case; 0: no need */
  gint64 watchful_us;   /* until then every second */
  gint64 looked_us;
} State;

typedef struct {
  const char *dir;
  const char *const *path;
  guint n_paths;
  const RcaFollowOptions *options;
  RcaIngestResult *result;
  const RcaFollowTarget *target;
  gpointer writer;
  RcaWatch *watch;
  GPtrArray *found;     /* RcaSource */
  GHashTable *archives; /* of rca_sources_find_again() */
  GHashTable *state;    /* path of a source → State */
  GHashTable *said;     /* char*: problems that were told */
  gboolean names_changed;
  gint64 names_us, scan_took_us; /* when names were looked at last; how long it took */
  gint64 wait_us;                /* for the store; 0: it is fine */
  gint64 took_us;                /* the last commit */
} Follow;

static void
say (Follow *f, const char *message)
{
  if (g_hash_table_add (f->said, g_strdup (message)) && f->options->say)
    f->options->say (message, f->options->user);
}

static void
say_problems (Follow *f)
{
  for (guint i = 0; i < f->result->problem->len; i++)
    say (f, g_ptr_array_index (f->result->problem, i));
  g_ptr_array_set_size (f->result->problem, 0);
}

/* ---- names ---- */

/* The folder in which what @path names is or will be: of a pattern, the part before it. */
static char *
folder_of (const char *path)
{
  g_autofree char *plain = g_strndup (path, strcspn (path, "*?["));
  return *plain ? g_path_get_dirname (plain) : g_strdup (".");
}

static const char *
without_name (const char *path)
{
  const char *equals = strchr (path, '=');
  return equals && equals != path && !memchr (path, '/', (gsize)(equals - path)) && !g_file_test (path, G_FILE_TEST_EXISTS) ? equals + 1 : path;
}

static void
watch_folders (Follow *f)
{
  g_autofree char *store = realpath (f->dir, NULL);
  for (guint i = 0; i < f->n_paths; i++)
  {
    const char *path = without_name (f->path[i]);
    g_autofree char *folder = folder_of (path);
    rca_watch_add (f->watch, folder, FALSE, store);
    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      rca_watch_add (f->watch, path, TRUE, store);
  }
  for (guint i = 0; i < f->found->len; i++)
  {
    const RcaSource *source = g_ptr_array_index (f->found, i);
    for (guint k = 0; k < source->parts->len; k++)
    {
      const char *path = ((RcaSourcePart *)g_ptr_array_index (source->parts, k))->path;
      g_autofree char *real = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? realpath (path, NULL) : NULL, *folder = real ? g_path_get_dirname (real) : NULL;
      if (folder)
        rca_watch_add (f->watch, folder, FALSE, store);
    }
  }
}

static void
find_sources (Follow *f)
{
  gint64 begin = g_get_monotonic_time ();
  g_clear_pointer (&f->found, g_ptr_array_unref);
  f->found = rca_sources_find_again (f->path, f->n_paths, f->result->problem, f->archives);
  rca_ingest_leave_out_store (f->found, f->dir);
  if (f->target->add_absent)
    f->target->add_absent (f->writer, f->path, f->n_paths, f->found);
  watch_folders (f);
  say_problems (f);
  f->names_us = g_get_monotonic_time ();
  f->scan_took_us = f->names_us - begin;
  f->names_changed = TRUE;
}

static gboolean
names_are_due (const Follow *f)
{
  gint64 every = rca_watch_is_complete (f->watch) ? NAMES_TOLD_US : NAMES_UNTOLD_US;
  return g_get_monotonic_time () - f->names_us >= MAX (every, 10 * f->scan_took_us);
}

/* ---- which sources changed ---- */

static guint64
mix (guint64 hash, guint64 value)
{
  return (hash ^ value) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + (hash >> 29);
}

static guint64
signature_of (const RcaSource *source)
{
  guint64 hash = source->parts->len;
  for (guint i = 0; i < source->parts->len; i++)
  {
    struct stat st;
    if (stat (((RcaSourcePart *)g_ptr_array_index (source->parts, i))->path, &st) != 0)
      st = (struct stat){ 0 };
    hash = mix (mix (mix (mix (hash, st.st_ino), (guint64)st.st_size), (guint64)st.st_mtim.tv_sec), (guint64)st.st_mtim.tv_nsec);
  }
  return hash;
}

static State *
state_of (Follow *f, const RcaSource *source)
{
  g_autofree char *key = g_strdup_printf ("%s\n%s", source->name ? source->name : "", source->path);
  State *state = g_hash_table_lookup (f->state, key);
  if (!state)
  {
    state = g_new0 (State, 1);
    g_hash_table_insert (f->state, g_steal_pointer (&key), state);
  }
  return state;
}

static gboolean
is_due (Follow *f, State *state, guint64 signature, gint64 now)
{
  if (f->names_changed)
    state->watchful_us = now + WATCHFUL_US;
  return f->names_changed || state->signature != signature || (state->later_us && now >= state->later_us)
         || (now < state->watchful_us && now - state->looked_us >= LATER_US);
}

typedef struct {
  GPtrArray *source; /* RcaSource, not owned */
  GArray *signature; /* guint64: before they are read: what changes meanwhile is another change */
} Due;

static Due
find_due (Follow *f)
{
  Due due = { g_ptr_array_new (), g_array_new (FALSE, FALSE, sizeof (guint64)) };
  gint64 now = g_get_monotonic_time ();
  for (guint i = 0; i < f->found->len; i++)
  {
    RcaSource *source = g_ptr_array_index (f->found, i);
    guint64 signature = signature_of (source);
    if (!is_due (f, state_of (f, source), signature, now))
      continue;
    g_ptr_array_add (due.source, source);
    g_array_append_val (due.signature, signature);
  }
  return due;
}

static void
due_clear (Due *due)
{
  g_ptr_array_unref (due->source);
  g_array_unref (due->signature);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Due, due_clear)

static void
note_looked (Follow *f, const Due *due, const RcaIngestPassResult *outcome)
{
  gint64 now = g_get_monotonic_time ();
  for (guint i = 0; i < due->source->len; i++)
  {
    const RcaSource *source = g_ptr_array_index (due->source, i);
    State *state = state_of (f, source);
    gboolean again = g_hash_table_contains (outcome->again, source);
    state->signature = again ? 0 : g_array_index (due->signature, guint64, i);
    state->later_us = g_hash_table_contains (outcome->later, source) ? now + LATER_US : 0;
    state->looked_us = now;
  }
  f->names_changed = FALSE;
}

/* ---- one look ---- */

/* A disk that is full or that failed, a server that is not there: nothing was committed, so nothing is lost; what could not be
 * written is read again. */
static void
wait_for_store (Follow *f, const GError *error)
{
  g_autofree char *message = g_strdup_printf ("%s; nothing is lost: it is tried again until it can be written", error->message);
  if (f->wait_us == 0 && f->options->say)
    f->options->say (message, f->options->user);
  f->wait_us = f->wait_us ? MIN (2 * f->wait_us, LONGEST_WAIT_US) : FIRST_WAIT_US;
}

static void
store_is_fine (Follow *f)
{
  if (f->wait_us && f->options->say)
    f->options->say ("the store can be written again", f->options->user);
  f->wait_us = 0;
}

static void
look (Follow *f)
{
  if (f->names_changed || names_are_due (f))
    find_sources (f);
  g_auto (Due) due = find_due (f);
  if (f->target->beat)
    f->target->beat (f->writer);
  if (due.source->len == 0)
    return;
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_auto (RcaIngestPassResult) outcome = { NULL, NULL };
  RcaIngestPassOptions how = { .follow = TRUE, .thorough = f->names_changed, .bytes = PASS_BYTES };
  gboolean ok = f->target->pass (f->writer, due.source, &how, f->result, &outcome, &error);
  f->took_us = g_get_monotonic_time () - begin;
  say_problems (f);
  if (ok)
  {
    store_is_fine (f);
    note_looked (f, &due, &outcome);
    if (f->target->tidy)
      f->target->tidy (f->writer);
  }
  else if (error)
    wait_for_store (f, error);
}

/* ---- the loop ---- */

static gboolean
is_stopped (const Follow *f)
{
  struct pollfd stop = { f->options->stop_fd, POLLIN, 0 };
  return f->options->stop_fd >= 0 && poll (&stop, 1, 0) > 0;
}

/* TRUE when it was told to stop. */
static gboolean
pause_for (Follow *f, gint64 us, gboolean until_told)
{
  struct pollfd fd[] = { { f->options->stop_fd, POLLIN, 0 }, { until_told ? rca_watch_fd (f->watch) : -1, POLLIN, 0 } };
  if (poll (fd, G_N_ELEMENTS (fd), (int)((us + MS - 1) / MS)) < 0 && errno != EINTR)
    g_usleep ((gulong)us);
  return is_stopped (f);
}

static gboolean
is_more_due (const Follow *f)
{
  GHashTableIter iter;
  gpointer state;
  g_hash_table_iter_init (&iter, f->state);
  while (g_hash_table_iter_next (&iter, NULL, &state))
    if (((State *)state)->signature == 0)
      return TRUE;
  return FALSE;
}

static gint64
pause_after (const Follow *f)
{
  return MAX (CLAMP (PAUSE_RATIO * f->took_us, GATHER_US, LONGEST_PAUSE_US), f->took_us ? f->target->least_pause_us : 0);
}

/* TRUE when it was told to stop. */
static gboolean
wait_for_change (Follow *f)
{
  if (f->wait_us)
    return pause_for (f, f->wait_us, FALSE);
  if (is_more_due (f))
    return is_stopped (f);
  if (pause_for (f, pause_after (f), FALSE) || pause_for (f, TICK_US, TRUE))
    return TRUE;
  f->took_us = 0;
  gboolean stopped = pause_for (f, GATHER_US, FALSE);
  f->names_changed |= rca_watch_take (f->watch);
  return stopped;
}

static void
follow_clear (Follow *f)
{
  g_clear_pointer (&f->writer, f->target->free);
  g_clear_pointer (&f->watch, rca_watch_free);
  g_clear_pointer (&f->found, g_ptr_array_unref);
  g_hash_table_unref (f->archives);
  g_hash_table_unref (f->state);
  g_hash_table_unref (f->said);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Follow, follow_clear)

/* ---- a store folder ---- */

static gpointer
open_local (const char *dir, const RcaOpenOptions *options, GPtrArray *problem, GError **error)
{
  return rca_ingest_session_open (dir, options, problem, error);
}

static gboolean
pass_local (gpointer writer, GPtrArray *found, const RcaIngestPassOptions *how, RcaIngestResult *result, RcaIngestPassResult *outcome, GError **error)
{
  return rca_ingest_session_pass (writer, found, how, result, outcome, error);
}

static void
add_absent_local (gpointer writer, const char *const *paths, guint n_paths, GPtrArray *found)
{
  rca_ingest_session_add_absent (writer, paths, n_paths, found);
}

static void
beat_local (gpointer writer)
{
  rca_ingest_session_beat (writer);
}

static void
tidy_local (gpointer writer)
{
  rca_ingest_session_tidy (writer);
}

static void
free_local (gpointer writer)
{
  rca_ingest_session_free (writer);
}

static const RcaFollowTarget local = { open_local, pass_local, add_absent_local, beat_local, tidy_local, free_local, 0 };

/* ---- the whole ---- */

gboolean
rca_store_follow (const char *dir, const char *const *paths, guint n_paths, const RcaFollowOptions *options, RcaIngestResult *result, GError **error)
{
  *result = (RcaIngestResult){ .problem = g_ptr_array_new_with_free_func (g_free) };
  g_auto (Follow) f = { .dir = dir, .path = paths, .n_paths = n_paths, .options = options, .result = result, .names_changed = TRUE };
  f.target = rca_clickhouse_is_address (dir) ? &rca_clickhouse_follow_target : &local;
  f.archives = rca_archives_new ();
  f.state = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  f.said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  RcaOpenOptions open = options->open;
  open.read.cancelled = options->cancel;
  f.writer = f.target->open (dir, &open, result->problem, error);
  if (!f.writer)
    return FALSE;
  f.watch = rca_watch_new ();
  do
    look (&f);
  while (!wait_for_change (&f));
  look (&f);
  result->sources = f.found->len;
  return TRUE;
}
