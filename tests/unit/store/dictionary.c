#include "dictionary.h"

static void
test_same_texts_share_a_code (void)
{
  g_autoptr (RcaDictionary) d = rca_dictionary_new ();
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *text = g_strdup_printf ("text %u", i);
      g_assert_cmpuint (rca_dictionary_intern (d, rca_bytes_str (text)), ==, i + 1);
    }
  g_assert_cmpuint (rca_dictionary_size (d), ==, 3001);
  g_assert_cmpuint (rca_dictionary_find (d, RCA_BYTES ("text 3000")), ==, 0);
}

/* Also when many were appended before the slots had to grow. */
static void
test_appended_texts_may_repeat (void)
{
  g_autoptr (RcaDictionary) d = rca_dictionary_new ();
  for (guint i = 0; i < 5000; i++)
  {
    g_autofree char *text = g_strdup_printf ("text %u", i / 2);
    g_assert_cmpuint (rca_dictionary_append (d, rca_bytes_str (text)), ==, i + 1);
    g_assert_true (rca_bytes_equal (rca_dictionary_bytes (d, i + 1), rca_bytes_str (text)));
  }
  for (guint i = 0; i < 5000; i++)
  {
    g_autofree char *text = g_strdup_printf ("other %u", i);
    g_assert_cmpuint (rca_dictionary_intern (d, rca_bytes_str (text)), ==, 5001 + i);
    g_assert_cmpuint (rca_dictionary_find (d, rca_bytes_str (text)), ==, 5001 + i);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dictionary/the-same-text-has-the-same-code", test_same_texts_share_a_code);
  g_test_add_func ("/dictionary/appended-texts-may-repeat", test_appended_texts_may_repeat);
  return g_test_run ();
}
