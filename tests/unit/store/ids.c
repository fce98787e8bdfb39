#include "local/ids.h"
#include <glib/gstdio.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct {
  char *dir;
  RcaManifest *manifest;
} Place;

static Place
new_place (void)
{
  return (Place){ g_dir_make_tmp ("rca-ids-XXXXXX", NULL), rca_manifest_new () };
}

static void
place_clear (Place *p)
{
  for (guint i = 0; i < p->manifest->ids->len; i++)
  {
    g_autofree char *name = rca_ids_name (g_array_index (p->manifest->ids, RcaManifestIds, i).number), *path = g_build_filename (p->dir, name, NULL);
    g_unlink (path);
  }
  g_rmdir (p->dir);
  g_free (p->dir);
  rca_manifest_free (p->manifest);
}

static void
make_ids (guint seed, gsize n, guint8 *id)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (seed);
  for (gsize i = 0; i < n * 4; i++)
  {
    guint32 word = g_rand_int (r);
    memcpy (id + 4 * i, &word, 4);
  }
}

#define MANY 150000 /* more than two blocks */

static void
name_all (RcaIds *ids, gint64 from_ns, const guint8 *id, gsize n, guint64 *reference)
{
  RcaIdNamer namer;
  rca_id_namer_init (&namer, ids);
  for (gsize at = 0; at < n; at += 50000)
  {
    namer.min_ns = from_ns + (gint64)at * 1000000;
    namer.max_ns = from_ns + (gint64)(at + 50000) * 1000000;
    g_assert_true (namer.store.name (id + 16 * at, MIN (n - at, 50000), reference + at, namer.store.user, NULL));
  }
}

/* Two sources, one after the other, then a third in a later pass: each id is there once, and each place gives it back. */
static void
test_once (void)
{
  Place p = new_place ();
  g_autofree guint8 *id = g_malloc (16 * MANY), *back = g_malloc (16 * MANY);
  g_autofree guint64 *first = g_new (guint64, MANY), *second = g_new (guint64, MANY);
  make_ids (1, MANY, id);
  for (guint pass = 1; pass <= 2; pass++)
  {
    g_autoptr (RcaIds) ids = rca_ids_new (p.dir, p.manifest, pass);
    name_all (ids, 0, id, MANY, pass == 1 ? first : second);
    if (pass == 1)
      name_all (ids, 0, id, MANY, second);
    g_assert_cmpmem (first, MANY * sizeof *first, second, MANY * sizeof *second);
    g_assert_true (rca_ids_commit (ids, p.manifest, NULL));
    g_assert_cmpuint (p.manifest->ids->len, ==, 1); /* the second pass had nothing new */
  }
  g_assert_cmpuint (g_array_index (p.manifest->ids, RcaManifestIds, 0).n, ==, MANY);
  g_autoptr (RcaIdFiles) files = rca_id_files_new (p.dir);
  g_assert_true (rca_id_files_fetch (files, first, MANY, back, NULL));
  g_assert_cmpmem (id, 16 * MANY, back, 16 * MANY);
  g_autoptr (GArray) place = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_assert_true (rca_id_files_find (files, 1, id + 16 * 77777, place, NULL));
  g_assert_cmpuint (place->len, ==, 1);
  g_assert_cmpuint (g_array_index (place, guint64, 0), ==, first[77777]);
  guint64 beyond = rca_id_reference (1, MANY);
  g_assert_false (rca_id_files_fetch (files, &beyond, 1, back, NULL));
  place_clear (&p);
}

/* What is not committed leaves nothing behind. */
static void
test_abandoned (void)
{
  Place p = new_place ();
  guint8 id[16 * 10];
  guint64 reference[10];
  make_ids (2, 10, id);
  RcaIds *ids = rca_ids_new (p.dir, p.manifest, 1);
  name_all (ids, 0, id, 10, reference);
  rca_ids_free (ids);
  g_assert_cmpuint (p.manifest->ids->len, ==, 0);
  place_clear (&p);
  g_assert_false (g_file_test (p.dir, G_FILE_TEST_EXISTS));
}

/* In place: a file that is made anew is flushed to disk by some file systems. */
static void
put_contents (const char *path, const char *data, gsize n)
{
  int fd = g_open (path, O_WRONLY, 0);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, n), ==, (gssize)n);
  g_assert_cmpint (ftruncate (fd, (off_t)n), ==, 0);
  close (fd);
}

static void
test_damage (void)
{
  Place p = new_place ();
  guint8 id[16 * 100];
  guint64 reference[100];
  make_ids (3, 100, id);
  g_autoptr (RcaIds) ids = rca_ids_new (p.dir, p.manifest, 1);
  name_all (ids, 0, id, 100, reference);
  g_assert_true (rca_ids_commit (ids, p.manifest, NULL));
  g_autofree char *name = rca_ids_name (1), *path = g_build_filename (p.dir, name, NULL), *data = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (path, &data, &n, NULL));
  for (gsize i = 0; i <= 2 * n; i++)
  {
    if (i < n)
      data[i] ^= 4;
    put_contents (path, data, i < n ? n : i - n);
    g_autoptr (RcaIdFiles) files = rca_id_files_new (p.dir);
    g_autoptr (GError) error = NULL;
    g_assert_cmpint (rca_id_files_verify (files, 1, &error), ==, i == 2 * n);
    g_assert_true ((error == NULL) == (i == 2 * n));
    if (i < n)
      data[i] ^= 4;
  }
  place_clear (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ids/each-id-is-kept-once-for-all-sources-and-passes", test_once);
  g_test_add_func ("/ids/what-was-not-committed-leaves-nothing", test_abandoned);
  g_test_add_func ("/ids/each-flipped-byte-and-each-length-is-found", test_damage);
  return g_test_run ();
}
