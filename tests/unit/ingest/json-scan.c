#include "json-scan.h"

static gboolean
print_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  g_string_append_printf (user, "%u %.*s %u %.*s\n", depth, (int)path.n, path.p, type, (int)value.n, value.p);
  return TRUE;
}

static char *
members (RcaBytes text, gsize *took)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  GString *out = g_string_new (NULL);
  *took = rca_json_scan (text, arena, print_member, out);
  return g_string_free (out, FALSE);
}

static void
test_members_come_in_order_with_dotted_paths (void)
{
  gsize took;
  RcaBytes text = RCA_BYTES (" {\"a\": 1.5e3, \"log\" : {\"level\":\"warn\"},\"b\":[true,null,{\"c\":\"\"}] } tail");
  g_autofree char *got = members (text, &took);
  g_assert_cmpstr (got, ==,
                   "1 a 3 1.5e3\n1 log 5 {\"level\":\"warn\"}\n2 log.level 4 warn\n1 b 6 [true,null,{\"c\":\"\"}]\n"
                   "2 b.0 2 true\n2 b.1 0 null\n2 b.2 5 {\"c\":\"\"}\n3 b.2.c 4 \n");
  g_assert_cmpuint (took, ==, text.n - strlen (" tail"));
}

static void
test_strings_are_unescaped (void)
{
  gsize took;
  g_autofree char *got = members (RCA_BYTES ("{\"a\":\"x\\n\\\"\\\\\\/\\u00e9\\ud83d\\ude00\\ud800z\"}"), &took);
  g_assert_cmpstr (got, ==, "1 a 4 x\n\"\\/\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdz\n");
}

static void
test_what_is_not_whole_takes_nothing (void)
{
  static const char *const texts[]
      = { "", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":\"x}", "{\"a\":\"\\", "{a:1}", "{\"a\" 1}", "[1 2]", "{\"a\":1,,}", "hello", "{\"a\":{\"b\":1}" };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
  {
    gsize took;
    g_autofree char *got = members (rca_bytes_str (texts[i]), &took);
    g_assert_cmpuint (took, ==, 0);
  }
}

static void
test_depth_is_bounded (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < 10000; i++)
    g_string_append (text, "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":");
  g_string_append (text, "1");
  for (guint i = 0; i < 10000; i++)
    g_string_append (text, "}");
  gsize took;
  g_autofree char *got = members (rca_bytes (text->str, text->len), &took);
  g_assert_cmpuint (took, ==, text->len);
}

static void
count_element (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  *(guint *)user += (guint)value.n;
}

static void
test_members_and_elements_are_found (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  RcaBytes text = RCA_BYTES ("{\"a\":{\"b.c\":1,\"d\":\"x\"},\"items\":[{\"n\":1},22]}"), value;
  RcaJsonType type;
  guint bytes = 0;
  g_assert_true (rca_json_get (text, "a.d", arena, &type, &value));
  g_assert_true (type == RCA_JSON_STRING && rca_bytes_equal (value, RCA_BYTES ("x")));
  g_assert_true (rca_json_get (text, "a.b.c", arena, NULL, NULL));
  g_assert_false (rca_json_get (text, "a.x", arena, &type, &value));
  g_assert_true (rca_json_get (text, "items", arena, &type, &value));
  g_assert_cmpuint (rca_json_each (value, arena, count_element, &bytes), ==, 2);
  g_assert_cmpuint (bytes, ==, 9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/members-come-in-order-with-dotted-paths", test_members_come_in_order_with_dotted_paths);
  g_test_add_func ("/json/strings-are-unescaped", test_strings_are_unescaped);
  g_test_add_func ("/json/what-is-not-whole-takes-nothing", test_what_is_not_whole_takes_nothing);
  g_test_add_func ("/json/depth-is-bounded", test_depth_is_bounded);
  g_test_add_func ("/json/members-and-elements-are-found", test_members_and_elements_are_found);
  return g_test_run ();
}
