#include "identity.h"

static void
assert_template (const char *message, const char *want)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  RcaIdentity id = rca_template (rca_bytes_str (message), arena);
  g_autofree char *got = g_strndup (id.text.p, id.text.n);
  g_assert_cmpstr (got, ==, want);
}

static void
assert_same (const char *a, const char *b)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  RcaIdentity one = rca_template (rca_bytes_str (a), arena), other = rca_template (rca_bytes_str (b), arena);
  g_autofree char *x = g_strndup (one.text.p, one.text.n), *y = g_strndup (other.text.p, other.text.n);
  g_assert_cmpstr (x, ==, y);
  g_assert_true (one.id == other.id);
}

static void
test_variables_are_masked_and_words_stay (void)
{
  assert_template ("request 4711 took 52.1 ms", "request {} took {} ms");
  assert_template ("user=bob id=7 state=\"very odd\" done", "user={} id={} state={} done");
  assert_template ("connect to 10.0.0.1:5432 failed", "connect to {} failed");
  assert_template ("connect to db-1.internal:5432 failed", "connect to db-{}.internal:{} failed");
  assert_template ("connect to [::1]:80, fe80::1", "connect to [{}]:{}");
  assert_template ("relation \"orders\" does not exist", "relation \"{}\" does not exist");
  assert_template ("it doesn't work, isn't it", "it doesn't work, isn't it");
  assert_template ("GET /api/v1/users/42?x=1&y=2 HTTP", "GET /api/v1/users/{}?{} HTTP");
  assert_template ("id 550e8400-e29b-41d4-a716-446655440000 seen", "id {} seen");
  assert_template ("commit 4e99d9d0229d at 0x7fe5760bfc37", "commit {} at {}");
  assert_template ("ids [1, 2, 3] and (4, 5)", "ids [{}] and ({})");
  assert_template ("(111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:81",
                   "({})Connection refused: AH00957: http: attempt to connect to {}");
  assert_template ("mail to bob.smith+x@example.com bounced", "mail to {} bounced");
  assert_template ("  two   blanks\tand a tab\nsecond line", "two blanks and a tab");
  assert_template ("worker-12 exited.", "worker-{} exited.");
  assert_template ("", "");
}

static void
test_messages_that_differ_in_variables_only_are_one (void)
{
  assert_same ("unhandled exception while serving /e/3 request_id=8fj2", "unhandled exception while serving /e/22 request_id=a-b-c");
  assert_same ("took 900ms", "took 1.25s");
  assert_same ("took 1m30s", "took 5ms");
  assert_same ("balance -5 left", "balance 12.75 left");
  assert_same ("key 'a b c' missing", "key 'x' missing");
  assert_same ("fetch http://img-1.cdn.example/a/91.png failed", "fetch http://img-22.cdn.example/a/7.png failed");
  assert_same ("ids in [1]", "ids in [1, 2, 3, 4]");
  assert_same ("session xK9f2LmQ81 closed", "session b7Rt9qq2Z closed");
  g_autofree char *filler = g_strnfill (200, 'w'), *digits = g_strnfill (180, '7');
  g_autofree char *a = g_strdup_printf ("id %s is %s and then the end of a long message that goes on and on", "1", filler);
  g_autofree char *b = g_strdup_printf ("id %s is %s and then the end of a long message that goes on and on", digits, filler);
  assert_same (a, b);
}

static void
test_constant_part_is_bounded_and_any_bytes_are_taken (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  GRand *rand = g_rand_new_with_seed (1);
  for (guint round = 0; round < 3000; round++)
  {
    gsize n = (gsize)g_rand_int_range (rand, 0, 400);
    g_autofree char *bytes = g_malloc (n);
    for (gsize i = 0; i < n; i++)
      bytes[i] = g_rand_boolean (rand) ? (char)g_rand_int (rand) : "01ab/'\"=?{}[]:.-@% "[g_rand_int_range (rand, 0, 19)];
    g_assert_cmpuint (rca_template (rca_bytes (bytes, n), arena).text.n, <=, 256);
    rca_route (rca_bytes (bytes, n / 2), rca_bytes (bytes, n), arena);
    rca_arena_reset (arena);
  }
  g_rand_free (rand);
}

static void
test_routes_fold_their_variable_segments (void)
{
  static const char *const rows[][3] = {
    { "GET", "/users/42?x=1", "GET /users/{}" },
    { "get", "/users/550e8400-e29b-41d4-a716-446655440000/orders/", "GET /users/{}/orders" },
    { "POST", "/api/v2/cart", "POST /api/v2/cart" },
    { "GET", "/", "GET /" },
    { "GET", "//a//b#c", "GET /a/b" },
    { "GET", "/static/app.3f2a9c1d.js", "GET /static/{}.js" },
    { "GET", "/static/main.css", "GET /static/main.css" },
    { "GET", "/oauth2/token", "GET /oauth2/token" },
    { "GET", "/mail/bob@example.com", "GET /mail/{}" },
    { "GET", "/s/red%20shoes", "GET /s/{}" },
    { "GET", "https://shop.example/p/9;jsessionid=1", "GET /p/{}" },
    { "GET", "http://shop.example", "GET /" },
    { "GET", "/a/b/c/d/e/f/g/h/i/j", "GET /a/b/c/d/e/f/g/h/…" },
    { "OPTIONS", "*", "OPTIONS *" },
    { "CONNECT", "example.com:443", "CONNECT {}" },
    { "", "/e/3", "/e/{}" },
    { "", "\\x16\\x03", "{}" },
  };
  g_autoptr (RcaArena) arena = rca_arena_new ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaIdentity id = rca_route (rca_bytes_str (rows[i][0]), rca_bytes_str (rows[i][1]), arena);
    g_autofree char *got = g_strndup (id.text.p, id.text.n);
    g_assert_cmpstr (got, ==, rows[i][2]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/variables-are-masked-and-words-stay", test_variables_are_masked_and_words_stay);
  g_test_add_func ("/identity/messages-that-differ-in-variables-only-are-one", test_messages_that_differ_in_variables_only_are_one);
  g_test_add_func ("/identity/constant-part-is-bounded-and-any-bytes-are-taken", test_constant_part_is_bounded_and_any_bytes_are_taken);
  g_test_add_func ("/identity/routes-fold-their-variable-segments", test_routes_fold_their_variable_segments);
  return g_test_run ();
}
