#include "local/ingest-session.h"
#include "local/ingest-private.h"
#include "local/ids.h"
#include "local/io.h"
#include "local/sweep.h"
#include "local/tidy.h"
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors that are left for everything but looks. */
#define OTHER_FILES 32

struct RcaIngestSession {
  char *dir;
  int lock;
  RcaOpenOptions options;
  RcaManifest *manifest; /* as committed last */
  GArray *stale;         /* guint64: segments that only the manifest before it names */
  GHashTable *kept;      /* path of a source → GArray of RcaKept */
  guint n_kept;
  RcaTidy *tidy; /* NULL until it is wanted */
};

static void
kept_free (gpointer data)
{
  GArray *kept = data;
  for (guint i = 0; i < kept->len; i++)
    close (g_array_index (kept, RcaKept, i).fd);
  g_array_unref (kept);
}

void
rca_ingest_session_free (RcaIngestSession *s)
{
  if (!s)
    return;
  g_clear_pointer (&s->manifest, rca_manifest_free);
  g_clear_pointer (&s->tidy, rca_tidy_free);
  g_array_unref (s->stale);
  g_hash_table_unref (s->kept);
  if (s->lock >= 0)
    close (s->lock);
  g_free (s->dir);
  g_free (s);
}

static gboolean
read_manifest (RcaIngestSession *s, GPtrArray *problem, GError **error)
{
  g_autofree char *note = NULL;
  s->manifest = rca_manifest_read_to_write (s->dir, &note, error);
  if (note)
    g_ptr_array_add (problem, g_steal_pointer (&note));
  return s->manifest != NULL;
}

RcaIngestSession *
rca_ingest_session_open (const char *dir, const RcaOpenOptions *options, GPtrArray *problem, GError **error)
{
  g_autoptr (RcaIngestSession) s = g_new0 (RcaIngestSession, 1);
  s->dir = g_strdup (dir);
  s->options = *options;
  s->kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kept_free);
  s->stale = g_array_new (FALSE, FALSE, sizeof (guint64));
  s->lock = -1;
  if (!rca_io_make_dir (dir, error) || (s->lock = rca_io_lock (dir, error)) < 0 || !read_manifest (s, problem, error))
    return NULL;
  rca_sweep (dir, s->manifest);
  return g_steal_pointer (&s);
}

void
rca_ingest_session_beat (RcaIngestSession *s)
{
  rca_io_touch (s->lock);
}

static gboolean
is_found (const GPtrArray *found, const RcaTableSource *info)
{
  for (guint i = 0; i < found->len; i++)
  {
    const RcaSource *source = g_ptr_array_index (found, i);
    if (g_str_equal (source->path, info->path) && g_strcmp0 (source->name, info->name) == 0)
      return TRUE;
  }
  return FALSE;
}

void
rca_ingest_session_add_absent (const RcaIngestSession *s, const char *const *paths, guint n_paths, GPtrArray *found)
{
  for (guint i = 0; i < s->manifest->source->len; i++)
  {
    const RcaTableSource *info = ((RcaManifestSource *)g_ptr_array_index (s->manifest->source, i))->info;
    g_autofree char *named = info->name ? g_strdup_printf ("%s=%s", info->name, info->path) : g_strdup (info->path);
    for (guint k = 0; k < n_paths; k++)
      if (g_str_equal (paths[k], named) && !g_file_test (info->path, G_FILE_TEST_EXISTS) && !is_found (found, info))
        g_ptr_array_add (found, rca_source_new (info->path, info->name));
  }
}

/* ---- one pass ---- */

static void
read_one (gpointer data, gpointer user)
{
  rca_ingest_read (data);
}

static void
read_all (const RcaIngestSession *s, GPtrArray *work)
{
  guint n = s->options.jobs ? s->options.jobs : MAX (1, g_get_num_processors () / 2);
  GThreadPool *pool = n > 1 && work->len > 1 ? g_thread_pool_new (read_one, NULL, (gint)n, FALSE, NULL) : NULL;
  for (guint i = 0; i < work->len; i++)
    if (pool)
      g_thread_pool_push (pool, g_ptr_array_index (work, i), NULL);
    else
      rca_ingest_read (g_ptr_array_index (work, i));
  if (pool)
    g_thread_pool_free (pool, FALSE, TRUE);
}

static guint
file_budget (void)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return 65536;
  return limit.rlim_cur > 2 * OTHER_FILES ? (guint)MIN (limit.rlim_cur - OTHER_FILES, 65536) : OTHER_FILES;
}

/* Files stay open for sources as long as there are descriptors to spare; others are found again by their names. */
static void
keep_files (RcaIngestSession *s, RcaIngestWork *work)
{
  GArray *before = g_hash_table_lookup (s->kept, work->was);
  if (before)
    s->n_kept -= before->len;
  g_hash_table_remove (s->kept, work->was);
  GArray *kept = rca_ingest_keep (work);
  if (kept && s->n_kept + kept->len > file_budget () / 2)
    g_clear_pointer (&kept, kept_free);
  if (!kept)
    return;
  s->n_kept += kept->len;
  g_hash_table_replace (s->kept, g_strdup (work->to->info->path), kept);
}

typedef struct {
  RcaIngestSession *session;
  RcaManifest *manifest; /* the next generation */
  RcaPass pass;
  RcaIngestResult *result;
  RcaIngestPassResult *outcome;
  GArray *retired; /* guint64: segments that the next generation names no more */
  gboolean changed;
} Run;

static void
add_problem (GPtrArray *problem, const char *text)
{
  for (guint i = 0; i < problem->len; i++)
    if (g_str_equal (g_ptr_array_index (problem, i), text))
      return;
  g_ptr_array_add (problem, g_strdup (text));
}

static gboolean
gather (Run *run, GPtrArray *work, GError **error)
{
  for (guint i = 0; i < work->len; i++)
  {
    RcaIngestWork *w = g_ptr_array_index (work, i);
    if (w->error)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&w->error), "%s: ", w->source->path);
      return FALSE;
    }
    run->changed |= w->touched || w->piece->len;
    if (w->torn || w->more)
      g_hash_table_add (run->outcome->again, (gpointer)w->found);
    if (w->waits)
      g_hash_table_add (run->outcome->later, (gpointer)w->found);
    run->result->sources += w->piece->len > 0;
    run->result->records += (guint64)MAX (w->records, 0);
    run->result->lines += (guint64)MAX (w->lines, 0);
    run->result->bytes_in += w->bytes_in;
    run->result->bytes_on_disk += w->bytes_on_disk;
    g_array_append_vals (run->retired, w->retired->data, w->retired->len);
    for (guint k = 0; k < w->problem->len; k++)
      add_problem (run->result->problem, g_ptr_array_index (w->problem, k));
  }
  return TRUE;
}

static void
add_total (RcaReadProgress *progress, const RcaIngestWork *work)
{
  for (guint i = 0; progress && i < work->piece->len; i++)
  {
    const RcaPiece *piece = &g_array_index (work->piece, RcaPiece, i);
    g_atomic_pointer_add (&progress->total, (gssize)(piece->look->size - MIN (piece->range.enter, piece->look->size)));
  }
}

/* As many sources at a time as there are descriptors for. */
static gboolean
run_some (Run *run, GPtrArray *found, guint *at, GError **error)
{
  RcaIngestSession *s = run->session;
  g_autoptr (GPtrArray) work = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_ingest_work_free);
  guint files = s->n_kept, budget = file_budget ();
  for (; *at < found->len && (work->len == 0 || files + 4 < budget); (*at)++)
  {
    RcaIngestWork *w = rca_ingest_plan (&run->pass, run->manifest, g_ptr_array_index (found, *at), s->kept);
    g_ptr_array_add (work, w);
    add_total (s->options.read.progress, w);
    for (guint i = 0; i < w->look->len; i++)
      files += 2 * (((RcaLook *)g_ptr_array_index (w->look, i))->fd >= 0); /* it is opened once more to be read */
  }
  read_all (s, work);
  gboolean ok = gather (run, work, error);
  for (guint i = 0; ok && run->pass.follow && i < work->len; i++)
    keep_files (s, g_ptr_array_index (work, i));
  return ok;
}

static gboolean
run_all (Run *run, GPtrArray *found, GError **error)
{
  gboolean ok = TRUE;
  for (guint at = 0; ok && at < found->len;)
    ok = run_some (run, found, &at, error);
  return ok;
}

static void
take_over (RcaIngestSession *s, RcaManifest *next, const GArray *retired)
{
  int quiet = rca_io_no_readers (s->dir);
  for (guint i = 0; quiet >= 0 && i < s->stale->len; i++)
    rca_segment_remove (s->dir, g_array_index (s->stale, guint64, i));
  if (quiet >= 0)
    g_array_set_size (s->stale, 0); /* else they wait for the next commit */
  if (quiet >= 0)
    close (quiet);
  g_array_append_vals (s->stale, retired->data, retired->len);
  rca_manifest_free (s->manifest);
  s->manifest = next;
}

void
rca_ingest_pass_result_clear (RcaIngestPassResult *outcome)
{
  g_clear_pointer (&outcome->again, g_hash_table_unref);
  g_clear_pointer (&outcome->later, g_hash_table_unref);
}

/* What was read is then cut short, and must not be committed. */
static gboolean
is_cancelled (const RcaIngestSession *s)
{
  return s->options.read.cancelled && g_atomic_int_get (s->options.read.cancelled);
}

static gboolean
commit_ids (RcaIds *ids, RcaManifest *next, RcaIngestResult *result, GError **error)
{
  guint before = next->ids->len;
  if (!rca_ids_commit (ids, next, error))
    return FALSE;
  if (next->ids->len > before)
    result->bytes_on_disk += g_array_index (next->ids, RcaManifestIds, before).bytes;
  return TRUE;
}

gboolean
rca_ingest_session_pass (RcaIngestSession *s, GPtrArray *found, const RcaIngestPassOptions *how, RcaIngestResult *result, RcaIngestPassResult *outcome,
                         GError **error)
{
  rca_ingest_pass_result_clear (outcome);
  *outcome = (RcaIngestPassResult){ g_hash_table_new (NULL, NULL), g_hash_table_new (NULL, NULL) };
  g_autoptr (RcaManifest) next = rca_manifest_copy (s->manifest);
  g_autoptr (GArray) retired = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (RcaIds) ids = rca_ids_new (s->dir, next, next->next_ids++);
  Run run = { s, next, { s->dir, &s->options, g_get_real_time () * 1000, how->follow, how->thorough, how->bytes, ids }, result, outcome, retired, how->always };
  gboolean ok = run_all (&run, found, error) && !is_cancelled (s) && (!run.changed || (commit_ids (ids, next, result, error) && rca_manifest_write (next, s->dir, error)));
  if (ok && run.changed)
    take_over (s, g_steal_pointer (&next), retired);
  else if (!ok)
  {
    /* segments of this pass have numbers that no later one may take: the manifest may be there, though not surely for good */
    s->manifest->next_segment = MAX (s->manifest->next_segment, next->next_segment);
    s->manifest->next_ids = MAX (s->manifest->next_ids, next->next_ids);
    rca_sweep (s->dir, s->manifest);
  }
  return ok;
}

void
rca_ingest_session_tidy (RcaIngestSession *s)
{
  s->tidy = s->tidy ? s->tidy : rca_tidy_new (s->dir);
  if (rca_tidy_is_ready (s->tidy))
  {
    g_autoptr (RcaManifest) next = rca_manifest_copy (s->manifest);
    g_autoptr (GArray) retired = g_array_new (FALSE, FALSE, sizeof (guint64));
    if (rca_tidy_finish (s->tidy, next, retired) && rca_manifest_write (next, s->dir, NULL))
      take_over (s, g_steal_pointer (&next), retired);
  }
  rca_tidy_begin (s->tidy, s->manifest);
}

void
rca_ingest_leave_out_store (GPtrArray *found, const char *dir)
{
  g_autofree char *real = g_canonicalize_filename (dir, NULL), *inside = g_strconcat (real, "/", NULL);
  for (guint i = found->len; i-- > 0;)
  {
    g_autofree char *path = g_canonicalize_filename (((RcaSource *)g_ptr_array_index (found, i))->path, NULL);
    if (g_str_has_prefix (path, inside))
      g_ptr_array_remove_index (found, i);
  }
}
