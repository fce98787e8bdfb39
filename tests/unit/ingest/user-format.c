/* Formats that users write down. */
#include "source.h"
#include "user-format.h"
#include <glib/gstdio.h>
#include <unistd.h>


static RcaUserFormats *
load (const char *text, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (RcaUserFormats) formats = rca_user_formats_new ();
  g_assert_true (g_key_file_load_from_data (file, text, (gsize)-1, G_KEY_FILE_NONE, NULL));
  return rca_user_formats_add (formats, file, "rca.conf", error) ? g_steal_pointer (&formats) : NULL;
}

static void
note (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  GString *seen = user;
  RcaBytes message = rca_event_str (ev, RCA_FIELD_MESSAGE), id = rca_event_str (ev, RCA_FIELD_REQUEST_ID);
  g_string_append_printf (seen, "%s %d %" G_GINT64_FORMAT " %.*s %.*s|", rca_stream_name (ev->stream), (int)ev->severity,
                          rca_event_num (ev, RCA_FIELD_HTTP_STATUS, 0), (int)id.n, id.p ?: "", (int)message.n, message.p ?: "");
}

/* Reads @log with the formats of @conf, or named @input_format; the source's counts in @out. */
static char *
read_log (const char *conf, const char *log, const char *input_format, char **format, guint64 *rejected, gint64 *first_ns)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaUserFormats) formats = load (conf, &error);
  g_assert_no_error (error);
  g_autofree char *dir = g_dir_make_tmp ("rca-user-XXXXXX", NULL), *path = g_build_filename (dir, "own.log", NULL);
  g_assert_true (g_file_set_contents (path, log, -1, NULL));
  g_autoptr (RcaSource) source = rca_source_new (path, NULL);
  rca_source_add_part (source, path, NULL);
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .formats = formats, .input_format = input_format };
  GString *seen = g_string_new (NULL);
  rca_source_read (source, &options, note, seen);
  *format = g_strdup (source->format ? source->format->name : "unknown");
  *rejected = source->rejected;
  *first_ns = source->first_ns;
  g_unlink (path);
  g_rmdir (dir);
  return g_string_free (seen, FALSE);
}

#define SHOP                                                                                                                                                   \
  "[format shop]\n"                                                                                                                                            \
  "pattern = ^(?<time>\\d\\d:\\d\\d:\\d\\d \\d+/\\d+/\\d+) <(?<level>\\w)> \\{(?<request_id>[^}]*)\\} (?<message>.*)$\n"                                        \
  "time = %H:%M:%S %d/%m/%Y\n"

static void
test_a_pattern_with_named_groups_reads_records_and_their_lines (void)
{
  g_autofree char *format = NULL;
  guint64 rejected;
  gint64 first_ns;
  g_autofree char *seen = read_log (SHOP, "11:02:01 24/11/2026 <I> {r1} up\n11:02:02 24/11/2026 <E> {r2} GET /x 500 12ms\n  at a.b\n\n  at c.d\n", NULL, &format,
                                    &rejected, &first_ns);
  g_assert_cmpstr (format, ==, "shop");
  g_assert_cmpuint (rejected, ==, 0);
  g_assert_cmpint (first_ns, ==, G_GINT64_CONSTANT (1795518121) * RCA_NS_PER_S);
  g_assert_cmpstr (seen, ==, "app 3 0 r1 up|app 5 500 r2 GET /x 500 12ms\n  at a.b\n\n  at c.d|");
}

static void
test_an_nginx_format_string_names_the_columns (void)
{
  g_autofree char *format = NULL;
  guint64 rejected;
  gint64 first_ns;
  g_autofree char *seen = read_log ("[format edge]\nlog_format = $msec ~ $uri ~ $status ~ $request_id\n", "1795518121.5 ~ /a b ~ 502 ~ q1\n1795518122.5 ~ /c ~ 200 ~ q2\n",
                                    NULL, &format, &rejected, &first_ns);
  g_assert_cmpstr (format, ==, "edge");
  g_assert_cmpuint (rejected, ==, 0);
  g_assert_cmpstr (seen, ==, "access 0 502 q1 |access 0 200 q2 |");
}

static void
test_what_fits_no_own_format_is_sniffed_as_ever (void)
{
  g_autofree char *format = NULL;
  guint64 rejected;
  gint64 first_ns;
  const char *log = "2026-11-24T11:02:01Z ERROR x: y\n2026-11-24T11:02:02Z INFO x: z\n";
  g_autofree char *seen = read_log (SHOP, log, NULL, &format, &rejected, &first_ns);
  g_assert_cmpstr (format, ==, "app-text");
  g_clear_pointer (&format, g_free);
  g_clear_pointer (&seen, g_free);
  seen = read_log (SHOP, log, "own.log=shop", &format, &rejected, &first_ns);
  g_assert_cmpstr (format, ==, "shop");
  g_assert_cmpuint (rejected, >, 0);
}

/* (a+)+$ on a line of a's that ends otherwise takes 2^n steps without a limit */
static void
test_a_pattern_that_explodes_is_given_up (void)
{
  g_autofree char *format = NULL;
  guint64 rejected;
  gint64 first_ns;
  g_autoptr (GString) log = g_string_new (NULL);
  for (guint i = 0; i < 400; i++)
    g_string_append (log, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
  g_autofree char *seen = read_log ("[format evil]\npattern = ^(?<message>(a+)+)$\n", log->str, "evil", &format, &rejected, &first_ns);
  g_assert_cmpuint (rejected, ==, 400);
}

static void
test_mistakes_are_named_with_their_place (void)
{
  static const char *const rows[][2] = {
    { "[format x]\npattern = (\n", "rca.conf: [format x]: pattern: missing closing parenthesis, at character 2 (\"\")" },
    { "[format x]\npattern = a\n", "rca.conf: [format x]: pattern: it has no named group: write (?<time>…), (?<level>…), (?<message>…)" },
    { "[format x]\nlog_format = $status\n", "rca.conf: [format x]: log_format: it needs a time ($time_local, $time_iso8601, $msec), $status and $request or $uri" },
    { "[format x]\nstream = app\n", "rca.conf: [format x]: needs either pattern= or log_format=" },
    { "[format x]\npattern = (?<a>.)\nstream = web\n", "rca.conf: [format x]: stream: one of access, app, db, change, cdn, monitor" },
    { "[format x]\npatern = (?<a>.)\n", "rca.conf: [format x]: no key is called \"patern\": pattern, log_format, stream and time are" },
    { "[format syslog]\npattern = (?<a>.)\n", "rca.conf: [format syslog]: a format of rca's own is called so (or the name holds a =): choose another name" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_null (load (rows[i][0], &error));
    g_assert_cmpstr (error->message, ==, rows[i][1]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/user-format/a-pattern-with-named-groups-reads-records-and-their-lines", test_a_pattern_with_named_groups_reads_records_and_their_lines);
  g_test_add_func ("/user-format/an-nginx-format-string-names-the-columns", test_an_nginx_format_string_names_the_columns);
  g_test_add_func ("/user-format/what-fits-no-own-format-is-sniffed-as-ever", test_what_fits_no_own_format_is_sniffed_as_ever);
  g_test_add_func ("/user-format/a-pattern-that-explodes-is-given-up", test_a_pattern_that_explodes_is_given_up);
  g_test_add_func ("/user-format/mistakes-are-named-with-their-place", test_mistakes_are_named_with_their_place);
  return g_test_run ();
}
