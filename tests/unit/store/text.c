#include "text.h"

static void
check_texts (gboolean squeeze)
{
  g_autoptr (RcaText) text = rca_text_new ();
  g_autoptr (GArray) at = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < 20000; i++)
  {
    g_autofree char *line = g_strdup_printf ("line %u of a log that is long enough to fill some blocks", i);
    guint64 position = rca_text_append (text, rca_bytes_str (line));
    g_array_append_val (at, position);
    if (squeeze && i == 12000)
      rca_text_squeeze (text);
  }
  g_autofree char *huge = g_strnfill (3 * RCA_TEXT_BLOCK_BYTES, 'x');
  guint64 where = rca_text_append (text, rca_bytes_str (huge));
  guint64 empty = rca_text_append (text, rca_bytes (NULL, 0));
  g_assert_cmpuint (empty, ==, where + 3 * RCA_TEXT_BLOCK_BYTES);
  g_assert_cmpuint (rca_text_end (text), ==, empty);
  for (guint i = 0; i < 20000; i += 37)
  {
    g_autofree char *line = g_strdup_printf ("line %u of a log that is long enough to fill some blocks", i);
    g_assert_true (rca_bytes_equal (rca_text_get (text, g_array_index (at, guint64, i), strlen (line)), rca_bytes_str (line)));
  }
  g_assert_cmpuint (rca_text_get (text, where, 10 * RCA_TEXT_BLOCK_BYTES).n, ==, 3 * RCA_TEXT_BLOCK_BYTES);
  g_assert_cmpuint (rca_text_get (text, empty + 5, 1).n, ==, 0);
  if (squeeze)
    g_assert_cmpuint (rca_text_memory (text), <, rca_text_end (text));
}

static void
test_plain (void)
{
  check_texts (FALSE);
}

static void
test_squeezed (void)
{
  check_texts (TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/what-goes-in-comes-out", test_plain);
  g_test_add_func ("/text/what-goes-in-comes-out-when-memory-is-short", test_squeezed);
  return g_test_run ();
}
