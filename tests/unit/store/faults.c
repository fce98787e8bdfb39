/* A disk that fails at call n, for every n: what was committed stays, what failed can be done again. */
#include "care.h"
#include "local/ingest-session.h"
#include "local/io.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* ---- calls that fail ---- */

typedef enum { CALL_OPEN, CALL_READ, CALL_WRITE, CALL_SYNC, CALL_RENAME, CALL_LINK, N_CALLS } Call;
static const char *const call_names[] = { "open", "read", "write", "fsync", "rename", "link" };

static struct {
  Call call;
  guint at, seen; /* the @at-th fails, from 1 */
  int error;
  gboolean fired, for_good; /* all after it fail too */
} fault;

static gboolean
fails (Call call)
{
  if (call != fault.call)
    return FALSE;
  fault.seen++;
  if (fault.seen != fault.at && !(fault.for_good && fault.seen > fault.at))
    return FALSE;
  fault.fired = TRUE;
  errno = fault.error;
  return TRUE;
}

static int
failing_open (const char *path, int flags, mode_t mode)
{
  return fails (CALL_OPEN) ? -1 : rca_io_system_calls.open (path, flags, mode);
}

static ssize_t
failing_read (int fd, void *data, size_t n, off_t offset)
{
  return fails (CALL_READ) ? -1 : rca_io_system_calls.read (fd, data, n, offset);
}

/* What a full disk still takes is written. */
static ssize_t
failing_write (int fd, const void *data, size_t n)
{
  if (!fails (CALL_WRITE))
    return rca_io_system_calls.write (fd, data, n);
  if (n > 1 && rca_io_system_calls.write (fd, data, n / 2) < 0)
    g_test_message ("the disk is full indeed");
  errno = fault.error;
  return -1;
}

static int
failing_sync (int fd)
{
  return fails (CALL_SYNC) ? -1 : rca_io_system_calls.sync (fd);
}

static int
failing_rename (const char *from, const char *to)
{
  return fails (CALL_RENAME) ? -1 : rca_io_system_calls.rename (from, to);
}

static int
failing_link (const char *from, const char *to)
{
  return fails (CALL_LINK) ? -1 : rca_io_system_calls.link (from, to);
}

static const RcaIoCalls failing_calls = { failing_open, failing_read, failing_write, failing_sync, failing_rename, failing_link };

static void
arm (Call call, guint at, int error, gboolean for_good)
{
  fault.call = call;
  fault.at = at;
  fault.error = error;
  fault.for_good = for_good;
  fault.seen = 0;
  fault.fired = FALSE;
  rca_io_replace_calls (&failing_calls);
}

static gboolean
disarm (void)
{
  rca_io_replace_calls (NULL);
  return fault.fired;
}

/* ---- a store beside its log ---- */

typedef struct {
  char *dir, *log, *store, *saved;
} Place;

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name (dir));)
  {
    g_autofree char *child = g_build_filename (path, name, NULL);
    remove_tree (child);
  }
  g_remove (path);
}

/* Files of a store are never changed once they are named: a second name is a copy. */
static void
copy_store (const char *from, const char *to)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);
  g_mkdir (to, 0700);
  for (const char *name; dir && (name = g_dir_read_name (dir));)
  {
    g_autofree char *a = g_build_filename (from, name, NULL), *b = g_build_filename (to, name, NULL);
    if (!g_file_test (a, G_FILE_TEST_IS_DIR))
      g_assert_cmpint (link (a, b), ==, 0);
  }
}

static void
write_lines (const char *path, guint from, guint to)
{
  char pad[401];
  memset (pad, 'x', sizeof pad - 1);
  pad[sizeof pad - 1] = 0;
  FILE *f = fopen (path, "a");
  for (guint i = from; i < to; i++)
    fprintf (f, "2026-11-24T00:%02u:%02u.000Z ERROR cannot open box %u rid=%08x-0000-4000-8000-%012x %s\n", i / 60 % 60, i % 60, i, i * 2654435761u, i, pad);
  fclose (f);
}

static Place
new_place (void)
{
  Place p = { g_dir_make_tmp ("rca-faults-XXXXXX", NULL), NULL, NULL, NULL };
  p.log = g_build_filename (p.dir, "app.log", NULL);
  p.store = g_build_filename (p.dir, "store", NULL);
  p.saved = g_build_filename (p.dir, "saved", NULL);
  return p;
}

static void
place_clear (Place *p)
{
  remove_tree (p->dir);
  g_free (p->dir);
  g_free (p->log);
  g_free (p->store);
  g_free (p->saved);
}

static void
save (const Place *p)
{
  copy_store (p->store, p->saved);
}

static void
restore (const Place *p)
{
  remove_tree (p->store);
  copy_store (p->saved, p->store);
}

static gboolean
ingest (const Place *p)
{
  RcaIngestResult result;
  const char *paths[] = { p->log };
  gboolean ok = rca_store_ingest (p->store, paths, 1, NULL, &result, NULL);
  rca_ingest_result_clear (&result);
  return ok;
}

/* The rows of the store, one a line; @problems: (out): how many were told. NULL when it cannot be opened. */
static char *
all_rows (const Place *p, guint *problems)
{
  g_autoptr (RcaStore) store = rca_store_open_local (p->store, NULL, NULL);
  *problems = 0;
  if (!store)
    return NULL;
  RcaRowQuery q = { .span = { 0, G_MAXINT64 }, .order = RCA_ROWS_BY_TIME, .limit = 100000 };
  g_autoptr (GPtrArray) rows = rca_store_rows (store, &q, NULL);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  *problems = sources->problem->len;
  for (guint i = 0; i < sources->problem->len; i++)
    g_test_message ("told: %s", (const char *)g_ptr_array_index (sources->problem, i));
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < rows->len; i++)
  {
    const RcaRow *r = g_ptr_array_index (rows, i);
    g_string_append_printf (out, "%" G_GUINT64_FORMAT " %s\n", r->ref.line, r->ref.text ? r->ref.text : "?");
  }
  return g_string_free (out, FALSE);
}

static char *
sound_rows (const Place *p)
{
  guint problems;
  char *rows = all_rows (p, &problems);
  g_assert_nonnull (rows);
  g_assert_cmpuint (problems, ==, 0);
  return rows;
}

static gboolean
is_sound (const Place *p)
{
  g_auto (RcaStoreVerdict) verdict = { 0 };
  return rca_store_verify (p->store, FALSE, NULL, &verdict, NULL) && verdict.damage->len == 0;
}

/* ---- loops ---- */

/* Does something that changes the store under a fault; TRUE when it says that it is done. */
typedef gboolean (*Work) (const Place *p);

#define MOST_CALLS 500

static void
check_one (const Place *p, Work work, const char *before, const char *after)
{
  gboolean done = work (p);
  gboolean fired = disarm ();
  g_autofree char *now = sound_rows (p);
  g_test_message ("%s number %u fails with %s: %s", call_names[fault.call], fault.at, g_strerror (fault.error), done ? "done" : "not done");
  if (done)
    g_assert_true (strcmp (now, after) == 0); /* never "done" when it is not */
  else
    g_assert_true (fired && (strcmp (now, before) == 0 || strcmp (now, after) == 0));
  g_assert_true (is_sound (p));
  g_assert_true (work (p));
  g_autofree char *again = sound_rows (p);
  g_assert_true (strcmp (again, after) == 0);
}

static void
fail_at_every_call (const Place *p, Work work, const char *before, const char *after)
{
  /* a bad block, and a disk that is full from then on */
  static const int errors[] = { EIO, ENOSPC };
  for (guint call = 0; call < N_CALLS; call++)
    for (guint e = 0; e < G_N_ELEMENTS (errors); e++)
      for (guint n = 1; n < MOST_CALLS; n++)
      {
        restore (p);
        arm ((Call)call, n, errors[e], errors[e] == ENOSPC);
        check_one (p, work, before, after);
        if (!fault.fired)
          break;
      }
}

static void
test_ingest (void)
{
  Place p = new_place ();
  write_lines (p.log, 0, 300);
  g_assert_true (ingest (&p));
  save (&p);
  g_autofree char *before = sound_rows (&p);
  write_lines (p.log, 300, 400);
  g_assert_true (ingest (&p));
  g_autofree char *after = sound_rows (&p);
  g_assert_cmpstr (before, !=, after);
  fail_at_every_call (&p, ingest, before, after);
  place_clear (&p);
}

/* What a following ingest does: one session, two commits in it; the second is tried again when it fails. */
static gboolean
two_passes (const Place *p)
{
  static const RcaOpenOptions none = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE } };
  RcaIngestResult result = { .problem = g_ptr_array_new_with_free_func (g_free) };
  RcaIngestPassOptions how = { .follow = TRUE, .thorough = TRUE };
  const char *paths[] = { p->log };
  g_autoptr (RcaIngestSession) session = rca_ingest_session_open (p->store, &none, result.problem, NULL);
  gboolean ok = FALSE;
  for (guint i = 0; session && i < 2; i++)
  {
    g_auto (RcaIngestPassResult) outcome = { NULL, NULL };
    g_autoptr (GPtrArray) found = rca_sources_find (paths, 1, result.problem);
    ok = rca_ingest_session_pass (session, found, &how, &result, &outcome, NULL);
  }
  rca_ingest_result_clear (&result);
  return ok;
}

static void
test_follow (void)
{
  Place p = new_place ();
  write_lines (p.log, 0, 30);
  g_assert_true (two_passes (&p));
  save (&p);
  g_autofree char *before = sound_rows (&p);
  write_lines (p.log, 30, 50);
  g_assert_true (two_passes (&p));
  g_autofree char *after = sound_rows (&p);
  fail_at_every_call (&p, two_passes, before, after);
  place_clear (&p);
}

static gboolean
prune_all (const Place *p)
{
  RcaPruneOptions options = { .older_than_ns = RCA_TIME_NONE, .most_bytes = 1 };
  RcaPruneResult result;
  return rca_store_prune (p->store, &options, &result, NULL);
}

static void
test_prune (void)
{
  Place p = new_place ();
  write_lines (p.log, 0, 200); /* more than stays open */
  g_assert_true (ingest (&p));
  write_lines (p.log, 200, 2000);
  g_assert_true (ingest (&p));
  save (&p);
  g_autofree char *before = sound_rows (&p);
  g_assert_true (prune_all (&p));
  g_autofree char *after = sound_rows (&p);
  g_assert_cmpuint (strlen (after), <, strlen (before));
  fail_at_every_call (&p, prune_all, before, after);
  place_clear (&p);
}

/* A disk that cannot be read costs what stands there, and is told. */
static void
test_reading (void)
{
  Place p = new_place ();
  guint problems;
  write_lines (p.log, 0, 300);
  g_assert_true (ingest (&p));
  g_autofree char *all = sound_rows (&p);
  for (guint call = CALL_OPEN; call <= CALL_READ; call++)
    for (guint n = 1; n < MOST_CALLS; n++)
    {
      arm ((Call)call, n, EIO, FALSE);
      g_autofree char *rows = all_rows (&p, &problems);
      if (!disarm ())
      {
        g_assert_true (rows && strcmp (rows, all) == 0);
        break;
      }
      g_assert_true (!rows || problems > 0 || strcmp (rows, all) == 0);
    }
  place_clear (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/an-ingest-that-fails-at-any-call-is-one-commit-or-the-other-and-can-be-done-again", test_ingest);
  g_test_add_func ("/faults/a-commit-of-a-followed-log-that-fails-is-made-good-by-the-next", test_follow);
  g_test_add_func ("/faults/pruning-that-fails-is-done-or-not", test_prune);
  g_test_add_func ("/faults/what-cannot-be-read-is-told", test_reading);
  return g_test_run ();
}
