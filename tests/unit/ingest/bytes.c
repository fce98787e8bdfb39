#include "bytes.h"

static void
test_find_agrees_with_memmem (void)
{
  static const char letters[] = "ab:";
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (guint i = 0; i < 200000; i++)
    {
      /* exact allocations, so that a sanitizer sees a read beyond their ends */
      gsize n = (gsize) g_rand_int_range (random, 1, 70), m = (gsize) g_rand_int_range (random, 1, 6);
      g_autofree char *hay = g_malloc (n), *needle = g_malloc (m);
      for (gsize k = 0; k < n; k++)
        hay[k] = letters[g_rand_int_range (random, 0, 3)];
      for (gsize k = 0; k < m; k++)
        needle[k] = letters[g_rand_int_range (random, 0, 3)];
      const char *want = memmem (hay, n, needle, m);
      g_assert_cmpint (rca_bytes_find (rca_bytes (hay, n), rca_bytes (needle, m)), ==, want ? want - hay : -1);
    }
}

static void
test_nothing_is_found_of_nothing (void)
{
  g_assert_cmpint (rca_bytes_find (RCA_BYTES ("abc"), RCA_BYTES ("")), ==, -1);
  g_assert_cmpint (rca_bytes_find (RCA_BYTES (""), RCA_BYTES ("a")), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bytes/find-agrees-with-memmem", test_find_agrees_with_memmem);
  g_test_add_func ("/bytes/nothing-is-found-of-nothing", test_nothing_is_found_of_nothing);
  return g_test_run ();
}
