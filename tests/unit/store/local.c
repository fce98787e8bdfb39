#include "store.h"
#include <glib/gstdio.h>
#include <unistd.h>

/* A folder of logs and a store beside it. */
typedef struct {
  char *dir, *log, *store;
} Place;

static Place
new_place (void)
{
  Place p = { g_dir_make_tmp ("rca-local-XXXXXX", NULL), NULL, NULL };
  p.log = g_build_filename (p.dir, "app.log", NULL);
  p.store = g_build_filename (p.dir, "store", NULL);
  return p;
}

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

static void
place_clear (Place *p)
{
  remove_tree (p->dir);
  g_free (p->dir);
  g_free (p->log);
  g_free (p->store);
}

static void
write_lines (const char *path, const char *mode, guint from, guint to)
{
  FILE *f = fopen (path, mode);
  for (guint i = from; i < to; i++)
    fprintf (f, "2026-11-24T00:%02u:%02u.000Z ERROR cannot open box %u for user-%u@example.test\n", i / 60 % 60, i % 60, i, i);
  fclose (f);
}

static guint64
ingest (const Place *p, const char *path)
{
  g_autoptr (GError) error = NULL;
  RcaIngestResult result;
  const char *paths[] = { path };
  g_assert_true (rca_store_ingest (p->store, paths, 1, NULL, &result, &error));
  g_assert_no_error (error);
  guint64 n = result.records;
  rca_ingest_result_clear (&result);
  return n;
}

static const RcaSpan ever = { 0, G_MAXINT64 };

/* "path:line text" of all rows. */
static char *
all_rows (RcaStore *store)
{
  RcaRowQuery q = { .span = ever, .order = RCA_ROWS_BY_TIME, .limit = 100000 };
  g_autoptr (GPtrArray) rows = rca_store_rows (store, &q, NULL);
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < rows->len; i++)
  {
    const RcaRow *r = g_ptr_array_index (rows, i);
    g_string_append_printf (out, "%s:%" G_GUINT64_FORMAT " %s\n", r->ref.path, r->ref.line, r->ref.text);
  }
  return g_string_free (out, FALSE);
}

static guint
count_lines (const char *text)
{
  guint n = 0;
  for (; *text; text++)
    n += *text == '\n';
  return n;
}

static guint
rows_in_store (const Place *p)
{
  g_autoptr (RcaStore) store = rca_store_open_local (p->store, NULL, NULL);
  g_assert_nonnull (store);
  g_autofree char *rows = all_rows (store);
  return count_lines (rows);
}

static void
test_same_as_files (void)
{
  Place p = new_place ();
  write_lines (p.log, "w", 0, 500);
  g_assert_cmpuint (ingest (&p, p.log), ==, 500);
  g_assert_true (rca_store_is_local (p.store));
  const char *paths[] = { p.log };
  g_autoptr (RcaStore) local = rca_store_open_local (p.store, NULL, NULL), files = rca_store_open_files (paths, 1, NULL, NULL);
  g_autofree char *a = all_rows (local), *b = all_rows (files);
  g_assert_cmpstr (a, ==, b);
  g_assert_cmpuint (count_lines (a), ==, 500);
  g_assert_nonnull (strstr (a, "cannot open box 7 for <email>"));
  place_clear (&p);
}

static void
test_only_new (void)
{
  Place p = new_place ();
  write_lines (p.log, "w", 0, 100);
  g_assert_cmpuint (ingest (&p, p.log), ==, 100);
  g_assert_cmpuint (ingest (&p, p.log), ==, 0);
  write_lines (p.log, "a", 100, 130);
  g_assert_cmpuint (ingest (&p, p.log), ==, 30);
  g_autofree char *rotated = g_strconcat (p.log, ".1", NULL);
  g_rename (p.log, rotated);
  write_lines (rotated, "a", 130, 140);
  write_lines (p.log, "w", 140, 150);
  g_assert_cmpuint (ingest (&p, p.log), ==, 20); /* the rotated part's last lines too, though only the log is named */
  g_assert_cmpuint (ingest (&p, p.dir), ==, 0);
  g_assert_cmpuint (rows_in_store (&p), ==, 150);
  place_clear (&p);
}

/* Flips every k-th byte of every segment, one at a time: the answer names it or loses nothing. */
static void
test_bit_rot (void)
{
  Place p = new_place ();
  write_lines (p.log, "w", 0, 200);
  ingest (&p, p.log);
  g_autofree char *segment = g_build_filename (p.store, "segment-000001", NULL), *data = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (segment, &data, &n, NULL));
  g_autoptr (RcaStore) before = rca_store_open_local (p.store, NULL, NULL);
  g_autofree char *whole = all_rows (before);
  for (gsize i = 0; i < n; i += 7)
  {
    data[i] ^= 0x20;
    g_assert_true (g_file_set_contents (segment, data, (gssize)n, NULL));
    g_autoptr (RcaStore) store = rca_store_open_local (p.store, NULL, NULL);
    g_assert_nonnull (store);
    g_autofree char *rows = all_rows (store);
    g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
    if (sources->problem->len == 0) /* a filter for searching ids: no answer comes from it */
      g_assert_cmpstr (rows, ==, whole);
    data[i] ^= 0x20;
  }
  for (gsize cut = 0; cut < n; cut += 97)
  {
    g_assert_true (g_file_set_contents (segment, data, (gssize)cut, NULL));
    g_autoptr (RcaStore) store = rca_store_open_local (p.store, NULL, NULL);
    g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
    g_assert_true (sources->problem->len > 0);
  }
  place_clear (&p);
}

static void
test_torn_manifest (void)
{
  Place p = new_place ();
  write_lines (p.log, "w", 0, 100);
  ingest (&p, p.log);
  write_lines (p.log, "a", 100, 150);
  ingest (&p, p.log);
  g_autofree char *manifest = g_build_filename (p.store, "manifest", NULL), *data = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (manifest, &data, &n, NULL));
  g_assert_true (g_file_set_contents (manifest, data, (gssize)(n / 2), NULL));
  g_assert_cmpuint (rows_in_store (&p), ==, 100);
  g_assert_cmpuint (ingest (&p, p.log), ==, 50);
  g_assert_cmpuint (rows_in_store (&p), ==, 150);
  place_clear (&p);
}

static void
test_no_store (void)
{
  Place p = new_place ();
  g_autoptr (GError) error = NULL;
  g_assert_null (rca_store_open_local (p.store, NULL, &error));
  g_assert_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN);
  g_assert_false (rca_store_is_local (p.store));
  place_clear (&p);
}

static void
test_empty (void)
{
  Place p = new_place ();
  g_autoptr (GError) error = NULL;
  const char *paths[] = { p.log };
  g_file_set_contents (p.log, "", 0, NULL);
  g_assert_null (rca_store_open_files (paths, 1, NULL, &error));
  g_assert_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY);
  g_assert_nonnull (strstr (error->message, "app.log"));
  place_clear (&p);
}

static void
test_markers (void)
{
  Place p = new_place ();
  write_lines (p.log, "w", 0, 10);
  ingest (&p, p.log);
  gint64 t = G_GINT64_CONSTANT (1795478400) * RCA_NS_PER_S;
  g_assert_true (rca_store_add_marker (p.store, "shop", "2.4.1", t, "a \"quoted\"\nnote", NULL));
  g_assert_true (rca_store_add_marker (p.store, "shop", "2.4.2", t + RCA_NS_PER_S, NULL, NULL));
  g_autofree char *markers = g_build_filename (p.store, "markers.jsonl", NULL);
  FILE *f = fopen (markers, "a");
  fputs ("{\"time\":\"2026-11-24T0", f); /* torn: never acknowledged */
  fclose (f);
  g_autoptr (RcaStore) store = rca_store_open_local (p.store, NULL, NULL);
  rca_store_mark (store, t + 2 * RCA_NS_PER_S, "switch replaced");
  g_autoptr (GPtrArray) changes = rca_store_changes (store, ever, NULL);
  g_assert_cmpuint (changes->len, ==, 3);
  const RcaChange *first = g_ptr_array_index (changes, 0), *second = g_ptr_array_index (changes, 1), *mark = g_ptr_array_index (changes, 2);
  g_assert_cmpstr (first->service, ==, "shop");
  g_assert_cmpstr (first->version, ==, "2.4.1");
  g_assert_cmpint (first->start_ns, ==, t);
  g_assert_cmpuint (second->ref.line, ==, 2);
  g_assert_cmpstr (second->version_before, ==, "2.4.1");
  g_assert_cmpstr (mark->text, ==, "switch replaced");
  place_clear (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/a-store-answers-like-the-files-it-was-filled-from", test_same_as_files);
  g_test_add_func ("/local/only-what-is-new-is-read-again-also-after-rotation", test_only_new);
  g_test_add_func ("/local/every-flipped-byte-and-every-cut-is-named", test_bit_rot);
  g_test_add_func ("/local/a-torn-manifest-falls-back-to-the-generation-before", test_torn_manifest);
  g_test_add_func ("/local/where-no-store-is-none-is-opened", test_no_store);
  g_test_add_func ("/files/nothing-usable-is-an-error-that-names-the-files", test_empty);
  g_test_add_func ("/local/markers-are-durable-lines-and-a-torn-one-is-not-read", test_markers);
  return g_test_run ();
}
