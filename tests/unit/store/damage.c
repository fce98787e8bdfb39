/* Each byte of each file of a small store flipped, each length cut: found, named, no crash, no wrong answer. */
#include "care.h"
#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
  char *dir, *log, *store;
  GHashTable *row; /* "line text" of every row of the sound store */
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

static void
write_lines (const char *path, guint from, guint to)
{
  FILE *f = fopen (path, "a");
  for (guint i = from; i < to; i++)
    fprintf (f, "2026-11-24T00:%02u:%02u.000Z ERROR cannot open box %u trace_id=%08x%08x%08x%08x\n", i / 60 % 60, i % 60, i, i * 2654435761u, i, i * 40503u, ~i);
  fclose (f);
}

static void
ingest (const Place *p)
{
  RcaIngestResult result;
  const char *paths[] = { p->dir };
  g_assert_true (rca_store_ingest (p->store, paths, 1, NULL, &result, NULL));
  rca_ingest_result_clear (&result);
}

typedef struct {
  guint rows, quoted, wrong, told;
} Answer;

/* @learn: what it says is true; else it is compared with that. */
static Answer
ask (const Place *p, gboolean learn)
{
  Answer a = { 0 };
  g_autoptr (RcaStore) store = rca_store_open_local (p->store, NULL, NULL);
  if (!store)
    return (Answer){ .told = 1 }; /* an error is an answer */
  RcaRowQuery q = { .span = { 0, G_MAXINT64 }, .order = RCA_ROWS_BY_TIME, .limit = 100000 };
  g_autoptr (GPtrArray) rows = rca_store_rows (store, &q, NULL);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  for (guint i = 0; i < rows->len; i++)
  {
    const RcaRow *r = g_ptr_array_index (rows, i);
    g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT " %s", r->ref.line, r->ref.text ? r->ref.text : "");
    gboolean quoted = r->ref.text && *r->ref.text;
    a.rows++;
    a.quoted += quoted;
    if (learn)
      g_hash_table_add (p->row, g_steal_pointer (&text));
    else
      a.wrong += quoted && !g_hash_table_contains (p->row, text);
  }
  a.told = sources->problem->len;
  return a;
}

static Place
new_place (void)
{
  Place p = { g_dir_make_tmp ("rca-damage-XXXXXX", NULL), NULL, NULL, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };
  p.log = g_build_filename (p.dir, "app.log", NULL);
  p.store = g_build_filename (p.dir, "store", NULL);
  /* the oldest is kept for good, with its ids in a file of their own; the others have open ends */
  static const char *const suffix[] = { ".2", ".1", "" };
  for (guint i = 0; i < G_N_ELEMENTS (suffix); i++)
  {
    g_autofree char *path = g_strconcat (p.log, suffix[i], NULL);
    write_lines (path, i ? 25 + 5 * i : 0, 30 + 5 * i);
    if (i)
      ingest (&p);
  }
  ingest (&p);
  Answer sound = ask (&p, TRUE);
  g_assert_cmpuint (sound.told, ==, 0);
  g_assert_cmpuint (sound.rows, ==, 40);
  g_assert_cmpuint (sound.quoted, ==, 40);
  return p;
}

static void
place_clear (Place *p)
{
  remove_tree (p->dir);
  g_free (p->dir);
  g_free (p->log);
  g_free (p->store);
  g_hash_table_unref (p->row);
}

static guint
damage_named (const Place *p)
{
  g_auto (RcaStoreVerdict) verdict = { 0 };
  if (!rca_store_verify (p->store, FALSE, NULL, &verdict, NULL))
    return 1;
  return verdict.damage->len;
}

static void
check (const Place *p, const char *name, const char *how, gsize at)
{
  Answer a = ask (p, FALSE);
  guint named = damage_named (p);
  if (a.wrong || !named || ((a.rows < 40 || a.quoted < a.rows) && !a.told))
    g_error ("%s: %s %" G_GSIZE_FORMAT ": %u rows, %u quoted, %u of them wrong, %u problems told, %u damages named", name, how, at, a.rows, a.quoted, a.wrong, a.told, named);
}

static void
damage_file (const Place *p, const char *name)
{
  g_autofree char *path = g_build_filename (p->store, name, NULL), *data = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (path, &data, &n, NULL));
  for (gsize i = 0; i < n; i++)
  {
    data[i] = (char)(data[i] ^ (1 << (i % 8)));
    g_assert_true (g_file_set_contents_full (path, data, (gssize)n, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    check (p, name, "flipped byte", i);
    data[i] = (char)(data[i] ^ (1 << (i % 8)));
  }
  for (gsize cut = 0; cut < n; cut++)
  {
    g_assert_true (g_file_set_contents_full (path, data, (gssize)cut, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    check (p, name, "cut at", cut);
  }
  g_assert_true (g_file_set_contents_full (path, data, (gssize)n, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
test_every_byte (void)
{
  Place p = new_place ();
  g_autoptr (GDir) dir = g_dir_open (p.store, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (const char *name; (name = g_dir_read_name (dir));)
    if (!g_str_equal (name, "lock") && !g_str_equal (name, "readers"))
      g_ptr_array_add (names, g_strdup (name));
  g_assert_cmpuint (names->len, >=, 3);
  for (guint i = 0; i < names->len; i++)
    damage_file (&p, names->pdata[i]);
  g_assert_cmpuint (damage_named (&p), ==, 0);
  place_clear (&p);
}

/* A segment that is gone for good: put aside, the rest answers without a word. */
static void
test_detach (void)
{
  Place p = new_place ();
  g_autoptr (GDir) dir = g_dir_open (p.store, 0, NULL);
  g_autofree char *victim = NULL;
  for (const char *name; !victim && (name = g_dir_read_name (dir));)
    if (g_str_has_prefix (name, "segment-"))
      victim = g_build_filename (p.store, name, NULL);
  g_assert_cmpint (truncate (victim, 20), ==, 0);
  g_assert_cmpuint (ask (&p, FALSE).told, >, 0);
  g_auto (RcaStoreVerdict) verdict = { 0 };
  g_assert_true (rca_store_verify (p.store, TRUE, NULL, &verdict, NULL));
  g_assert_cmpuint (verdict.rows_lost, >, 0);
  Answer rest = ask (&p, FALSE);
  g_assert_cmpuint (rest.told, ==, 0);
  g_assert_cmpuint (rest.rows, ==, 40 - verdict.rows_lost);
  g_autofree char *base = g_path_get_basename (victim), *aside = g_build_filename (p.store, "detached", base, NULL);
  g_assert_true (g_file_test (aside, G_FILE_TEST_EXISTS));
  place_clear (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/damage/every-flipped-byte-and-every-cut-is-found-named-and-never-a-wrong-answer", test_every_byte);
  g_test_add_func ("/damage/a-segment-of-which-nothing-can-be-read-is-put-aside", test_detach);
  return g_test_run ();
}
