#include "document-shape.h"

static void
expect (const char *document, const char *shape)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  RcaBytes got = rca_document_shape (rca_bytes_str (document), 200, arena);
  g_autofree char *text = g_strndup (got.p, got.n);
  g_assert_cmpstr (text, ==, shape);
}

static void
keys_stay_and_values_go (void)
{
  expect ("{\"status\":\"new\",\"n\":{\"$gt\":5},\"t\":[1,2,3]}", "{status: ?, n: {$gt: ?}, t: [?]}");
  expect ("{ status: \"a, } b\", at: { $gte: new Date(1589990400000) }, n: -1.5 }", "{status: ?, at: {$gte: ?}, n: ?}");
}

static void
scalars_of_extended_json_are_scalars (void)
{
  expect ("{\"_id\":{\"$oid\":\"65f0\"},\"at\":{\"$date\":\"2026-11-24T00:00:00Z\"}}", "{_id: ?, at: ?}");
}

static void
like_documents_of_an_array_are_told_once (void)
{
  expect ("[{\"a\":1},{\"a\":2},{\"b\":3}]", "[{a: ?}, {b: ?}]");
}

static void
broken_and_endless_documents_end (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  const char *broken[] = { "{", "[", "{a", "{a:", "{\"a\":\"x", "{]}", "[[[[", "{\"a\\", "}", "", "{:,}" };
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    rca_document_shape (rca_bytes_str (broken[i]), 200, arena);
  g_autofree char *deep = g_strnfill (100000, '[');
  RcaBytes got = rca_document_shape (rca_bytes (deep, 100000), 200, arena);
  g_assert_cmpuint (got.n, <=, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/document-shape/keys-stay-and-values-go", keys_stay_and_values_go);
  g_test_add_func ("/document-shape/scalars-of-extended-json-are-scalars", scalars_of_extended_json_are_scalars);
  g_test_add_func ("/document-shape/like-documents-of-an-array-are-told-once", like_documents_of_an_array_are_told_once);
  g_test_add_func ("/document-shape/broken-and-endless-documents-end", broken_and_endless_documents_end);
  return g_test_run ();
}
