#include "bytes.h"
#include "holds-any.h"

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

/* Words of two letters and more, beginnings of each other, at every place of a text of any length. */
static void
test_holds_any_agrees_with_find (void)
{
  static const RcaBytes words[] = { { "ab", 2 }, { "bca", 3 }, { "bcab", 4 }, { "ccacc", 5 }, { "abcabcabcabcabca", 16 } };
  static const char letters[] = "abcd";
  g_autoptr (GRand) random = g_rand_new_with_seed (9);
  for (guint i = 0; i < 200000; i++)
    {
      gsize n = (gsize) g_rand_int_range (random, 0, 120);
      g_autofree char *text = g_malloc (n + (n == 0)); /* exactly its size, as above */
      for (gsize k = 0; k < n; k++)
        text[k] = g_rand_int_range (random, 0, 4) ? 'd' : letters[g_rand_int_range (random, 0, 4)];
      if (n > 16 && i % 3 == 0)
        memcpy (text + g_rand_int_range (random, 0, (gint) n - 15), words[i % G_N_ELEMENTS (words)].p, words[i % G_N_ELEMENTS (words)].n);
      gboolean want = FALSE;
      for (guint w = 0; w < G_N_ELEMENTS (words); w++)
        want |= rca_bytes_find (rca_bytes (text, n), words[w]) >= 0;
      g_assert_cmpint (rca_bytes_holds_any (rca_bytes (text, n), words, G_N_ELEMENTS (words)), ==, want);
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
  g_test_add_func ("/bytes/holds-any-agrees-with-find", test_holds_any_agrees_with_find);
  g_test_add_func ("/bytes/nothing-is-found-of-nothing", test_nothing_is_found_of_nothing);
  return g_test_run ();
}
