/* What the columns of access logs are: out of an nginx.conf, by names, by relations. */
#include "access-line.h"
#include <glib/gstdio.h>

static RcaAccessColumns *
learn (const char *const *line, guint n, const char *path, const char *conf)
{
  g_autofree RcaBytes *lines = g_new (RcaBytes, n);
  for (guint i = 0; i < n; i++)
    lines[i] = rca_bytes_str (line[i]);
  const RcaSampleLines sample = { .line = lines, .n_lines = n, .path = path, .mtime_ns = RCA_TIME_NONE, .conf = conf };
  return rca_access_learn (&sample);
}

static char *
roles (const RcaAccessColumns *columns)
{
  GString *s = g_string_new (NULL);
  for (guint i = 0; columns && i < columns->n; i++)
    g_string_append_printf (s, "%s%s", i ? " " : "", rca_access_role_name (columns->column[i].role));
  return g_string_free (s, FALSE);
}

static char *
write_conf (const char *text)
{
  char *path = g_build_filename (g_get_tmp_dir (), "rca-access-XXXXXX", NULL);
  int fd = g_mkstemp (path);
  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
test_conf_names_the_columns (void)
{
  static const char text[] = "http { # a comment; with a semicolon\n"
                             "  log_format main '$remote_addr [$time_local] \"$request\" '\n"
                             "                  '$status';\n"
                             "  log_format odd escape=json '{\"a\":\"$remote_addr\",\"b\":\"$time_iso8601\",\"c\":\"$request\",'\n"
                             "                             '\"d\":$status,\"e\":\"${upstream_response_time}\"}';\n"
                             "}\n";
  static const char *const lines[] = { "{\"a\":\"203.0.113.9\",\"b\":\"2026-11-24T10:00:00+00:00\",\"c\":\"GET /a, HTTP/1.1\",\"d\":502,\"e\":\"0.1, 0.2\"}" };
  g_autofree char *conf = write_conf (text);
  g_autoptr (RcaAccessColumns) columns = learn (lines, 1, "x.log", conf);
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  g_autofree char *got = roles (columns);
  g_assert_cmpstr (got, ==, "client time request status upstream_time");
  g_assert_cmpuint (rca_access_match (columns, rca_bytes_str (lines[0]), token), ==, 5);
  g_assert_true (rca_bytes_equal (token[4].value, RCA_BYTES ("0.1, 0.2")));
  g_unlink (conf);
}

static void
test_conf_that_does_not_fit_is_left_aside (void)
{
  static const char *const lines[] = { "203.0.113.9 - - [24/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"curl/8.5.0\"" };
  g_autofree char *conf = write_conf ("log_format other '$msec|$status|$request';");
  g_autoptr (RcaAccessColumns) columns = learn (lines, 1, "x.log", conf);
  g_autofree char *got = roles (columns);
  g_assert_cmpstr (got, ==, "client - - time request status bytes referer agent");
  g_unlink (conf);
}

/* The same columns in another order, without names: only their relations tell. */
static void
test_whole_and_parts_are_told_by_who_dominates (void)
{
  static const char *const lines[] = {
    "203.0.113.1 [24/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 0.001 0.119 0.121",
    "203.0.113.2 [24/Nov/2026:10:00:01 +0000] \"GET /b HTTP/1.1\" 200 44 0.000 0.030 0.030",
    "203.0.113.3 [24/Nov/2026:10:00:02 +0000] \"GET /c HTTP/1.1\" 304 0 - - 0.000",
    "203.0.113.4 [24/Nov/2026:10:00:03 +0000] \"GET /d HTTP/1.1\" 500 99 0.001 0.998 1.210",
  };
  g_autoptr (RcaAccessColumns) columns = learn (lines, G_N_ELEMENTS (lines), "x.log", NULL);
  g_autofree char *got = roles (columns);
  g_assert_cmpstr (got, ==, "client time request status bytes connect_time upstream_time request_time");
}

/* gzip ratios, serial numbers and ports are no durations. */
static void
test_other_numbers_are_no_durations (void)
{
  static const char *const lines[] = {
    "203.0.113.1 [24/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 5012 2.31 1001 51234",
    "203.0.113.2 [24/Nov/2026:10:00:01 +0000] \"GET /b HTTP/1.1\" 200 4401 - 1004 51301",
    "203.0.113.3 [24/Nov/2026:10:00:02 +0000] \"GET /c HTTP/1.1\" 304 0 3.10 1009 51302",
    "203.0.113.4 [24/Nov/2026:10:00:03 +0000] \"GET /d HTTP/1.1\" 500 99 - 1010 51399",
  };
  g_autoptr (RcaAccessColumns) columns = learn (lines, G_N_ELEMENTS (lines), "x.log", NULL);
  for (guint i = 0; i < columns->n; i++)
    g_assert_cmpint (columns->column[i].role, !=, RCA_ROLE_REQUEST_TIME);
}

static void
test_cache_before_an_upstream_is_no_edge (void)
{
  static const char *const lines[] = {
    "203.0.113.1 - - [24/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 HIT 0.000 -",
    "203.0.113.2 - - [24/Nov/2026:10:00:01 +0000] \"GET /b HTTP/1.1\" 200 44 MISS 0.030 0.030",
  };
  static const char *const edge[] = {
    "203.0.113.1 - - [24/Nov/2026:10:00:00 +0000] \"GET http://shop.example.com/a HTTP/1.1\" 200 12 hit 0.000123",
    "203.0.113.2 - - [24/Nov/2026:10:00:01 +0000] \"GET http://shop.example.com/b HTTP/1.1\" 200 44 miss 0.030123",
  };
  g_autoptr (RcaAccessColumns) server = learn (lines, G_N_ELEMENTS (lines), "x.log", NULL);
  g_autoptr (RcaAccessColumns) cdn = learn (edge, G_N_ELEMENTS (edge), "x.log", NULL);
  g_assert_false (server->edge);
  g_assert_true (cdn->edge);
  g_assert_true (cdn->time_is_start);
}

static void
test_an_applications_own_lines_are_none (void)
{
  static const char *const text[] = { "2026/11/24 02:10:42.934731 main.go:10: GET /orders/1 200", "2026/11/24 02:10:42.941389 main.go:10: GET /orders/2 200" };
  static const char *const logfmt[] = { "time=2026-11-24T02:10:42Z level=info method=GET path=/a status=200 duration=12ms",
                                        "time=2026-11-24T02:10:43Z level=info method=GET path=/b status=200 duration=2ms" };
  g_assert_null (learn (text, G_N_ELEMENTS (text), "x.log", NULL));
  g_assert_null (learn (logfmt, G_N_ELEMENTS (logfmt), "x.log", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/access/an-nginx-conf-names-the-columns", test_conf_names_the_columns);
  g_test_add_func ("/access/a-conf-that-does-not-fit-is-left-aside", test_conf_that_does_not_fit_is_left_aside);
  g_test_add_func ("/access/whole-and-parts-are-told-by-who-dominates", test_whole_and_parts_are_told_by_who_dominates);
  g_test_add_func ("/access/other-numbers-are-no-durations", test_other_numbers_are_no_durations);
  g_test_add_func ("/access/a-cache-before-an-upstream-is-no-edge", test_cache_before_an_upstream_is_no_edge);
  g_test_add_func ("/access/an-applications-own-lines-are-none", test_an_applications_own_lines_are_none);
  return g_test_run ();
}
