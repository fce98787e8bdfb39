#include "redact.h"

static void
check (const char *line, const char *expected)
{
  g_autofree char *shown = rca_redact_line (rca_bytes_str (line), FALSE);
  g_assert_cmpstr (shown, ==, expected);
}

static void
test_secrets (void)
{
  check ("login user=ann password=hunter2 ok", "login user=ann password=<redacted> ok");
  check ("{\"db_password\": \"s3cr3t\", \"n\": 1}", "{\"db_password\": \"<redacted>\", \"n\": 1}");
  check ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer <redacted>");
  check ("got bearer abcdef0123456789 here", "got bearer <redacted> here");
  check ("GET /x?token=abc&page=2", "GET /x?token=<redacted>&page=2");
  check ("postgres://app:pa55@db:5432/shop", "postgres://app:<redacted>@db:5432/shop");
  check ("mail to ann.lee@example.com failed", "mail to <email> failed");
  check ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_123", "jwt <jwt>");
  check ("card 4111 1111 1111 1111 declined", "card <card> declined");
  check ("key AKIAIOSFODNN7EXAMPLE used", "key <token> used");
}

static void
test_literals (void)
{
  check ("duration: 3 ms  statement: SELECT * FROM t WHERE a = 'x''y' AND b = 'z' LIMIT 5", "duration: 3 ms  statement: SELECT * FROM t WHERE a = '?' AND b = '?' LIMIT 5");
  check ("DETAIL:  parameters: $1 = '12', $2 = NULL", "DETAIL:  parameters: $1 = '?', $2 = NULL");
  check ("can't reach host 'db'", "can't reach host 'db'");
  check ("UPDATE t SET a = 'cut", "UPDATE t SET a = '?");
  check ("INSERT INTO t VALUES ('a\\'b', '')", "INSERT INTO t VALUES ('?', '')");
}

static void
test_no_secrets (void)
{
  check ("request 4111111111111112 took 3 ms", "request 4111111111111112 took 3 ms");
  check ("rid=4929000000000000000000000000abcd", "rid=4929000000000000000000000000abcd");
  check ("password authentication failed for user \"app\"", "password authentication failed for user \"app\"");
  check ("2026-11-24 07:45:36,455 INFO tokens left: 3", "2026-11-24 07:45:36,455 INFO tokens left: 3");
  check ("app@app LOG:  duration: 3 ms", "app@app LOG:  duration: 3 ms");
  check ("basic auth is off", "basic auth is off");
}

static void
test_hostile (void)
{
  g_autofree char *nul = rca_redact_line (rca_bytes ("a\0b\x1b[31mc\xff", 10), FALSE);
  g_assert_cmpstr (nul, ==, "a\\x00b\\x1b[31mc\\xff");
  g_autofree char *bidi = rca_redact_line (rca_bytes_str ("x\xe2\x80\xaey"), FALSE);
  g_assert_cmpstr (bidi, ==, "x\\u202ey");
  g_autoptr (GString) longer = g_string_new (NULL);
  for (guint i = 0; i < 600; i++)
    g_string_append (longer, "ä");
  g_autofree char *shown = rca_redact_line (rca_bytes (longer->str, longer->len), FALSE);
  g_assert_true (g_utf8_validate (shown, -1, NULL));
  g_assert_cmpuint (strlen (shown), <=, RCA_QUOTE_BYTES);
  g_assert_true (g_str_has_suffix (shown, "…"));
  g_autofree char *kept = rca_redact_line (rca_bytes_str ("password=x"), TRUE);
  g_assert_cmpstr (kept, ==, "password=x");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/redact/secrets-are-folded", test_secrets);
  g_test_add_func ("/redact/texts-of-statements-are-folded", test_literals);
  g_test_add_func ("/redact/what-is-none-stays", test_no_secrets);
  g_test_add_func ("/redact/hostile-bytes-are-spelt-out-and-length-is-bounded", test_hostile);
  return g_test_run ();
}
