#include "classify.h"

typedef struct {
  const char *exception, *text;
  RcaFailure failure;
  const char *peer;
} Row;

#define F(x) RCA_FAILURE_##x

static const Row rows[] = {
  { "", "dial tcp 10.0.0.5:8080: connect: connection refused", F (REFUSED), "10.0.0.5:8080" },
  { "", "dial tcp 10.0.0.5:5432: connect: connection refused", F (DB_REFUSED), "10.0.0.5:5432" },
  { "", "Get \"http://payments:8080/charge\": dial tcp: lookup payments on 10.0.0.2:53: no such host", F (DNS), "payments:8080" },
  { "", "Post \"https://api.pay.example/v1\": net/http: TLS handshake timeout", F (CONNECT_TIMEOUT), "api.pay.example" },
  { "", "Get \"https://a.example/\": x509: certificate has expired or is not yet valid", F (TLS), "a.example" },
  { "", "Get \"http://inventory/x\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", F (READ_TIMEOUT), "inventory" },
  { "", "dial tcp 10.1.1.1:443: i/o timeout", F (CONNECT_TIMEOUT), "10.1.1.1:443" },
  { "requests.exceptions.ConnectionError",
    "HTTPConnectionPool(host='payments', port=8080): Max retries exceeded with url: /c (Caused by NewConnectionError('<urllib3.connection.HTTPConnection "
    "object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))",
    F (REFUSED), "payments" },
  { "requests.exceptions.ReadTimeout", "HTTPConnectionPool(host='payments', port=8080): Read timed out. (read timeout=5)", F (READ_TIMEOUT), "payments" },
  { "requests.exceptions.ConnectTimeout",
    "HTTPSConnectionPool(host='p', port=443): Max retries exceeded (Caused by ConnectTimeoutError(<x>, 'Connection to p.example timed out. (connect "
    "timeout=3)'))",
    F (CONNECT_TIMEOUT), "p.example" },
  { "requests.exceptions.SSLError",
    "HTTPSConnectionPool(host='pay.example', port=443): Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] "
    "certificate verify failed')))",
    F (TLS), "pay.example" },
  { "requests.exceptions.HTTPError", "503 Server Error: Service Unavailable for url: http://payments/charge", F (UPSTREAM_ERROR), "payments" },
  { "httpx.ConnectError", "[Errno -3] Temporary failure in name resolution", F (DNS), "" },
  { "psycopg2.OperationalError", "connection to server at \"db\" (10.0.0.5), port 5432 failed: Connection refused", F (DB_REFUSED), "db" },
  { "psycopg2.OperationalError", "connection to server at \"db\", port 5432 failed: FATAL:  sorry, too many clients already", F (DB_REFUSED), "db" },
  { "psycopg2.errors.UndefinedColumn", "column \"total\" does not exist", F (DB_ERROR), "" },
  { "psycopg2.errors.DeadlockDetected", "deadlock detected", F (DEADLOCK), "" },
  { "psycopg2.errors.QueryCanceled", "canceling statement due to statement timeout", F (STATEMENT_TIMEOUT), "" },
  { "psycopg2.errors.ReadOnlySqlTransaction", "cannot execute UPDATE in a read-only transaction", F (DB_READ_ONLY), "" },
  { "sqlalchemy.exc.TimeoutError", "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00", F (POOL_TIMEOUT), "" },
  { "sqlalchemy.exc.OperationalError", "(pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')", F (DB_LOST), "" },
  { "", "(1040, 'Too many connections')", F (DB_REFUSED), "" },
  { "", "(1205, 'Lock wait timeout exceeded; try restarting transaction')", F (LOCK_TIMEOUT), "" },
  { "java.sql.SQLTransientConnectionException", "HikariPool-1 - Connection is not available, request timed out after 30000ms.", F (POOL_TIMEOUT), "" },
  { "java.net.ConnectException", "Connection refused (Connection refused)", F (REFUSED), "" },
  { "java.net.UnknownHostException", "payments.internal: Name or service not known", F (DNS), "payments.internal" },
  { "javax.net.ssl.SSLHandshakeException", "PKIX path validation failed", F (TLS), "" },
  { "java.net.SocketTimeoutException", "connect timed out", F (CONNECT_TIMEOUT), "" },
  { "java.net.SocketTimeoutException", "Read timed out", F (READ_TIMEOUT), "" },
  { "java.lang.OutOfMemoryError", "Java heap space", F (MEMORY), "" },
  { "java.util.concurrent.RejectedExecutionException", "Task x rejected from y", F (WORKERS), "" },
  { "io.github.resilience4j.circuitbreaker.CallNotPermittedException", "CircuitBreaker 'stock' is OPEN and does not permit further calls", F (NO_UPSTREAM),
    "" },
  { "org.hibernate.exception.SQLGrammarException", "could not extract ResultSet", F (DB_ERROR), "" },
  { "Error", "connect ECONNREFUSED 10.0.0.9:6379", F (CACHE), "10.0.0.9:6379" },
  { "Error", "getaddrinfo ENOTFOUND payments.internal", F (DNS), "payments.internal" },
  { "Error", "connect ETIMEDOUT 10.0.0.9:443", F (CONNECT_TIMEOUT), "10.0.0.9:443" },
  { "java.lang.IllegalArgumentException", "Could not resolve placeholder 'PAYMENT_API_KEY' in value \"${PAYMENT_API_KEY}\"", F (EXCEPTION), "" },
  { "System.InvalidOperationException", "Unable to resolve service for type 'Shop.IClock' while attempting to activate 'Shop.Cart'.", F (EXCEPTION), "" },
  { "Error", "read ECONNRESET", F (RESET), "" },
  { "Error", "EMFILE: too many open files, open '/x'", F (DESCRIPTORS), "" },
  { "Error", "ENOSPC: no space left on device, write", F (DISK_FULL), "" },
  { "KnexTimeoutError", "Knex: Timeout acquiring a connection. The pool is probably full.", F (POOL_TIMEOUT), "" },
  { "Error", "Breaker is open", F (NO_UPSTREAM), "" },
  { "AxiosError", "timeout of 5000ms exceeded", F (READ_TIMEOUT), "" },
  { "AxiosError", "Request failed with status code 503", F (UPSTREAM_ERROR), "" },
  { "PG::ConnectionBad", "could not connect to server: Connection refused Is the server running on host \"db\"", F (DB_REFUSED), "db" },
  { "ActiveRecord::ConnectionTimeoutError", "could not obtain a connection from the pool within 5.000 seconds", F (POOL_TIMEOUT), "" },
  { "PG::UndefinedTable", "ERROR:  relation \"x\" does not exist", F (DB_ERROR), "" },
  { "PDOException", "SQLSTATE[HY000] [2002] Connection refused", F (DB_REFUSED), "" },
  { "Npgsql.NpgsqlException", "The connection pool has been exhausted, either raise 'Max Pool Size'", F (POOL_TIMEOUT), "" },
  { "", "curl: (7) Failed to connect to payments port 8080: Connection refused", F (REFUSED), "payments" },
  { "", "curl: (6) Could not resolve host: payments.internal", F (DNS), "payments.internal" },
  { "", "connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, upstream: \"http://10.0.0.3:8080/x\", host: \"shop\"",
    F (REFUSED), "10.0.0.3:8080" },
  { "", "upstream timed out (110: Connection timed out) while reading response header from upstream, upstream: \"http://10.0.0.3:80/\"", F (READ_TIMEOUT),
    "10.0.0.3:80" },
  { "", "upstream timed out (110: Connection timed out) while connecting to upstream, upstream: \"http://10.0.0.3:80/\"", F (CONNECT_TIMEOUT), "10.0.0.3:80" },
  { "", "no live upstreams while connecting to upstream, upstream: \"http://app/\"", F (NO_UPSTREAM), "app" },
  { "", "upstream prematurely closed connection while reading response header", F (RESET), "" },
  { "", "SSL_do_handshake() failed (SSL: error:0A000086) while SSL handshaking to upstream", F (TLS), "" },
  { "", "api.example could not be resolved (3: Host not found)", F (DNS), "api.example" },
  { "", "limiting requests, excess: 1.430 by zone \"z\"", F (LIMIT), "" },
  { "", "1024 worker_connections are not enough", F (DESCRIPTORS), "" },
  { "", "recv() failed (104: Connection reset by peer) while sending to client", F (CLIENT_ABORT), "" },
  { "redis.exceptions.ResponseError", "OOM command not allowed when used memory > 'maxmemory'.", F (CACHE), "" },
  { "redis.exceptions.ConnectionError", "Error 111 connecting to redis:6379. Connection refused.", F (CACHE), "redis:6379" },
  { "", "cache 10.0.3.7:7000 unavailable: [Errno 111] Connection refused", F (CACHE), "10.0.3.7:7000" },
  { "", "could not refresh the price cache: dial tcp 10.0.3.9:8080: connect: connection refused", F (REFUSED), "10.0.3.9:8080" },
  { "redis.exceptions.ReadOnlyError", "You can't write against a read only replica.", F (CACHE), "" },
  { "", "WORKER TIMEOUT (pid:9)", F (WORKERS), "" },
  { "", "[pool www] server reached pm.max_children setting (5), consider raising it", F (WORKERS), "" },
  { "", "Out of memory: Killed process 4711 (java)", F (MEMORY), "" },
  { "KeyError", "'price'", F (EXCEPTION), "" },
  { "", "TypeError: Cannot read properties of undefined (reading 'id')", F (EXCEPTION), "" },
  { "", "cart is empty", F (NONE), "" },
  { "", "recipepipeline stored 257014 rows", F (NONE), "" },
};

static void
test_each_text_has_its_failure_and_peer (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaBytes peer;
    RcaFailure failure = rca_classify (rca_bytes_str (rows[i].exception), rca_bytes_str (rows[i].text), &peer);
    g_autofree char *got = g_strndup (peer.n ? peer.p : "", peer.n);
    if (failure != rows[i].failure || strcmp (got, rows[i].peer) != 0)
      g_test_message ("%s: %s", rows[i].exception, rows[i].text);
    g_assert_cmpstr (rca_failure_name (failure), ==, rca_failure_name (rows[i].failure));
    g_assert_cmpstr (got, ==, rows[i].peer);
  }
}

static void
test_events_are_classified_from_warn_on (void)
{
  RcaEvent ev = { 0 };
  rca_event_clear (&ev);
  ev.severity = RCA_SEVERITY_INFO;
  rca_event_set_str (&ev, RCA_FIELD_MESSAGE, RCA_BYTES ("connection refused by http://stock:80/"));
  rca_classify_event (&ev);
  g_assert_false (rca_event_has (&ev, RCA_FIELD_FAILURE));
  ev.severity = RCA_SEVERITY_WARN;
  rca_classify_event (&ev);
  g_assert_cmpint (rca_event_num (&ev, RCA_FIELD_FAILURE, 0), ==, RCA_FAILURE_REFUSED);
  g_assert_true (rca_bytes_equal (rca_event_str (&ev, RCA_FIELD_PEER_SERVICE), RCA_BYTES ("stock:80")));
}

static void
test_the_root_of_a_trace_counts (void)
{
  RcaEvent ev = { 0 };
  rca_event_clear (&ev);
  ev.severity = RCA_SEVERITY_ERROR;
  ev.raw = RCA_BYTES ("ERROR could not place order\norg.shop.OrderException: failed\n\tat a.b\nCaused by: java.lang.RuntimeException: x\n\tat c\nCaused by: "
                      "java.net.ConnectException: Connection refused\n");
  rca_event_set_str (&ev, RCA_FIELD_EXCEPTION, RCA_BYTES ("org.shop.OrderException"));
  rca_event_set_str (&ev, RCA_FIELD_MESSAGE, RCA_BYTES ("could not place order"));
  rca_classify_event (&ev);
  g_assert_cmpint (rca_event_num (&ev, RCA_FIELD_FAILURE, 0), ==, RCA_FAILURE_REFUSED);
}

static void
test_a_requests_own_status_is_nobody_elses (void)
{
  RcaEvent ev = { 0 };
  rca_event_clear (&ev);
  ev.severity = RCA_SEVERITY_ERROR;
  rca_event_set_num (&ev, RCA_FIELD_HTTP_STATUS, 500);
  rca_event_set_str (&ev, RCA_FIELD_EXCEPTION, RCA_BYTES ("TypeError"));
  rca_event_set_str (&ev, RCA_FIELD_MESSAGE, RCA_BYTES ("Cannot read properties of undefined method=GET path=/v1/orders/7 status=500 duration_ms=20.0"));
  rca_classify_event (&ev);
  g_assert_cmpint (rca_event_num (&ev, RCA_FIELD_FAILURE, 0), ==, RCA_FAILURE_EXCEPTION);

  rca_event_clear (&ev);
  ev.severity = RCA_SEVERITY_ERROR;
  rca_event_set_num (&ev, RCA_FIELD_HTTP_STATUS, 500);
  rca_event_set_str (&ev, RCA_FIELD_MESSAGE, RCA_BYTES ("POST https://pay.example/charge failed status=503"));
  rca_event_set_str (&ev, RCA_FIELD_EXCEPTION, RCA_BYTES ("ChargeError"));
  rca_classify_event (&ev);
  g_assert_cmpint (rca_event_num (&ev, RCA_FIELD_FAILURE, 0), ==, RCA_FAILURE_UPSTREAM_ERROR);
}

static void
test_any_bytes_are_taken (void)
{
  GRand *rand = g_rand_new_with_seed (1);
  for (guint round = 0; round < 3000; round++)
  {
    gsize n = (gsize)g_rand_int_range (rand, 0, 300);
    g_autofree char *bytes = g_malloc (n);
    RcaBytes peer;
    for (gsize i = 0; i < n; i++)
      bytes[i] = g_rand_int_range (rand, 0, 3) ? "connect to ://host='@ refused timed out[]"[g_rand_int_range (rand, 0, 41)] : (char)g_rand_int (rand);
    rca_classify (rca_bytes (bytes, n / 3), rca_bytes (bytes, n), &peer);
  }
  g_rand_free (rand);
}

static void
test_classifying_is_quick (void)
{
  if (!g_test_perf ())
  {
    g_test_skip ("performance tests are run with -m perf");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i += 7)
  {
    RcaBytes peer;
    g_test_timer_start ();
    for (guint k = 0; k < 200000; k++)
      rca_classify (rca_bytes_str (rows[i].exception), rca_bytes_str (rows[i].text), &peer);
    g_test_message ("%6.0f ns  %s", g_test_timer_elapsed () * 5000, rows[i].text);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/classify/each-text-has-its-failure-and-peer", test_each_text_has_its_failure_and_peer);
  g_test_add_func ("/classify/events-are-classified-from-warn-on", test_events_are_classified_from_warn_on);
  g_test_add_func ("/classify/the-root-of-a-trace-counts", test_the_root_of_a_trace_counts);
  g_test_add_func ("/classify/a-requests-own-status-is-nobody-elses", test_a_requests_own_status_is_nobody_elses);
  g_test_add_func ("/classify/any-bytes-are-taken", test_any_bytes_are_taken);
  g_test_add_func ("/classify/classifying-is-quick", test_classifying_is_quick);
  return g_test_run ();
}
