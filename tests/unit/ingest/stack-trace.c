#include "stack-trace.h"

typedef struct {
  const char *name, *text, *type, *message; /* type NULL: no exception */
} Trace;

static const Trace traces[] = {
  { "python/of-a-chain-the-last-traceback-counts",
    "failed\nTraceback (most recent call last):\n  File \"x.py\", line 3, in f\nKeyError: 'x'\n\nDuring handling of the above exception, another exception "
    "occurred:\n\n"
    "Traceback (most recent call last):\n  File \"y.py\", line 9, in g\npsycopg2.errors.QueryCanceled: canceling statement due to statement timeout\n",
    "psycopg2.errors.QueryCanceled", "canceling statement due to statement timeout" },
  { "python/sqlalchemy-wraps-the-driver's-type",
    "x\nTraceback (most recent call last):\n  File \"x.py\", line 3, in f\nsqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection "
    "refused\n[SQL: SELECT 1]",
    "psycopg2.OperationalError", "connection refused" },
  { "java/the-innermost-cause-counts",
    "unhandled\njava.lang.RuntimeException: order 10 failed\n\tat T.main(T.java:4)\nCaused by: java.net.ConnectException: Connection refused\n\tat "
    "T.q(T.java:3)\n\t... 1 more",
    "java.net.ConnectException", "Connection refused" },
  { "java/what-was-suppressed-is-no-cause",
    "x\njava.io.IOException: outer\n\tat T.main(T.java:4)\n\tSuppressed: java.lang.IllegalStateException: y\n\t\tat T.q(T.java:3)\n\tCaused by: "
    "java.lang.Error: z",
    "java.io.IOException", "outer" },
  { "dotnet/arrows-lead-to-the-cause",
    "x\nNpgsql.NpgsqlException (0x80004005): Exception while reading\n ---> System.TimeoutException: Timeout during reading attempt\n   at N.X()\n   --- End "
    "of inner exception stack trace ---",
    "System.TimeoutException", "Timeout during reading attempt" },
  { "node/frames-make-the-line-before-them-a-type", "TypeError: Cannot read properties of undefined\n    at f (/srv/a.js:1:2)", "TypeError",
    "Cannot read properties of undefined" },
  { "go/a-panic-has-its-text", "x\npanic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:", "panic",
    "runtime error: index out of range [5] with length 3" },
  { "rust/a-panic's-text-is-on-the-next-line", "x\nthread 'main' panicked at src/main.rs:4:5:\nindex out of bounds", "panic", "index out of bounds" },
  { "ruby/rails-names-the-driver's-error-in-brackets",
    "ActiveRecord::StatementInvalid (PG::QueryCanceled: ERROR:  canceling statement):\n  app/models/x.rb:12:in `f'", "PG::QueryCanceled",
    "ERROR:  canceling statement" },
  { "php/uncaught", "Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/db.php:12\nStack trace:\n#0 {main}", "PDOException",
    "SQLSTATE[HY000] [2002] Connection refused" },
  { "elixir/the-inner-one-counts",
    "x\n** (exit) an exception was raised:\n    ** (DBConnection.ConnectionError) connection not available\n        (db) lib/x.ex:1",
    "DBConnection.ConnectionError", "connection not available" },
  { "prose-with-a-colon-is-none", "slow query took 2 s: SELECT *\n  FROM orders", NULL, NULL },
};

static void
check (gboolean found, const RcaException *e, const char *type, const char *message)
{
  g_assert_cmpint (found, ==, type != NULL);
  if (!type)
    return;
  if (!rca_bytes_equal (e->type, rca_bytes_str (type)) || !rca_bytes_equal (e->message, rca_bytes_str (message)))
    g_error ("got %.*s: %.*s, expected %s: %s", (int)e->type.n, e->type.p, (int)e->message.n, e->message.p, type, message);
}

static void
test_trace (gconstpointer data)
{
  const Trace *trace = data;
  RcaException e = { 0 };
  check (rca_exception_in_trace (rca_bytes_str (trace->text), &e), &e, trace->type, trace->message);
}

static void
test_line (void)
{
  RcaException e = { 0 };
  check (rca_exception_in_line (RCA_BYTES ("request failed: java.net.SocketTimeoutException: Read timed out"), &e), &e, "java.net.SocketTimeoutException",
         "Read timed out");
  check (rca_exception_in_line (RCA_BYTES ("cannot reach db1: connection refused"), &e), &e, NULL, NULL);
}

static void
test_hostile (void)
{
  RcaException e;
  const char text[] = "** (\n** ()\n[object] (\n: : :\nCaused by: \n ---> \n(:\0(((";
  rca_exception_in_trace (rca_bytes (text, sizeof text), &e);
  rca_exception_in_stack (rca_bytes (text, sizeof text), &e);
  for (gsize n = 0; n < sizeof text; n++)
    rca_exception_in_line (rca_bytes (text, n), &e);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (traces); i++)
  {
    g_autofree char *path = g_strdup_printf ("/stack-trace/%s", traces[i].name);
    g_test_add_data_func (path, &traces[i], test_trace);
  }
  g_test_add_func ("/stack-trace/one-line-may-name-a-type", test_line);
  g_test_add_func ("/stack-trace/broken-text-does-no-harm", test_hostile);
  return g_test_run ();
}
