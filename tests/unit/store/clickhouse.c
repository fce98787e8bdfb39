#include "clickhouse/address.h"
#include "clickhouse/mapping.h"
#include "clickhouse/native.h"
#include "clickhouse/row-binary.h"
#include "seam.h"

static void
test_an_address_names_all_and_shows_no_secret (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaClickhouseAddress) a = rca_clickhouse_address_parse ("clickhouses://me:my%40secret@ch1:9443/logs?table=otel_logs&timeout=5", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (a->url, ==, "https://ch1:9443/");
  g_assert_cmpstr (a->shown, ==, "clickhouses://ch1:9443/logs?table=otel_logs");
  g_assert_cmpstr (a->user, ==, "me");
  g_assert_cmpstr (a->password, ==, "my@secret");
  g_assert_cmpstr (a->database, ==, "logs");
  g_assert_cmpstr (a->table, ==, "otel_logs");
  g_assert_cmpuint (a->timeout_s, ==, 5);
}

static void
test_what_is_left_out_has_its_usual_value (void)
{
  g_autoptr (RcaClickhouseAddress) a = rca_clickhouse_address_parse ("clickhouse://[::1]", NULL);
  g_assert_nonnull (a);
  g_assert_cmpstr (a->url, ==, "http://[::1]:8123/");
  g_assert_cmpstr (a->database, ==, "default");
  g_assert_cmpstr (a->table, ==, "rca_rows");
}

static void
test_the_environment_gives_credentials (void)
{
  g_setenv ("RCA_CLICKHOUSE_USER", "env-user", TRUE);
  g_setenv ("RCA_CLICKHOUSE_PASSWORD", "env-secret", TRUE);
  g_autoptr (RcaClickhouseAddress) a = rca_clickhouse_address_parse ("clickhouse://h/d", NULL);
  g_assert_cmpstr (a->user, ==, "env-user");
  g_assert_cmpstr (a->password, ==, "env-secret");
  g_unsetenv ("RCA_CLICKHOUSE_USER");
  g_unsetenv ("RCA_CLICKHOUSE_PASSWORD");
}

/* Names stand in statements; a mistake in an address is told without what it hides. */
static void
test_wrong_addresses_are_refused_without_their_password (void)
{
  static const char *const wrong[] = {
    "clickhouse://u:hush@h/a;DROP", "clickhouse://u:hush@h/d?table=x'y", "clickhouse://u:hush@h/d?tabel=x", "clickhouse://u:hush@h/d?timeout=0", "clickhouse://u:hush@/d",
    "clickhouse://u:hush@h:port/d", "clickhouse://u:hush@h/1d",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
  {
    g_autoptr (GError) error = NULL;
    RcaClickhouseAddress *a = rca_clickhouse_address_parse (wrong[i], &error);
    g_assert_null (a);
    g_assert_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN);
    g_assert_null (strstr (error->message, "hush"));
  }
}

static void
test_what_is_sent_is_compressed_unless_it_stays_here (void)
{
  g_autoptr (RcaClickhouseAddress) here = rca_clickhouse_address_parse ("clickhouse://127.0.0.1/d?pass_kib=64", NULL), there = rca_clickhouse_address_parse ("clickhouse://ch1/d?cluster=two", NULL),
                                   told = rca_clickhouse_address_parse ("clickhouse://ch1/d?gzip=no", NULL);
  g_assert_false (here->gzip);
  g_assert_true (there->gzip);
  g_assert_false (told->gzip);
  g_assert_cmpuint (here->pass_bytes, ==, 65536);
  g_assert_cmpstr (there->cluster, ==, "two");
  g_assert_null (rca_clickhouse_address_parse ("clickhouse://ch1/d?cluster=a%20b", NULL));
  g_assert_null (rca_clickhouse_address_parse ("clickhouse://ch1/d?gzip=maybe", NULL));
  g_assert_null (rca_clickhouse_address_parse ("clickhouse://ch1/d?pass_kib=1", NULL));
}

static void
test_a_mapping_is_split_at_its_first_equals_sign (void)
{
  static const char *const pairs[] = { "status = if(code = 0, '', toString(code))", "path=uri", NULL };
  RcaMapping m;
  g_autoptr (GError) error = NULL;
  g_assert_true (rca_mapping_parse (&m, pairs, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (m.expression[RCA_MAPPED_STATUS], ==, "if(code = 0, '', toString(code))");
  g_assert_cmpstr (m.expression[RCA_MAPPED_PATH], ==, "uri");
  g_assert_null (m.expression[RCA_MAPPED_TIME]);
  rca_mapping_clear (&m);
}

static void
test_a_mapping_of_what_is_unknown_or_nothing_is_refused (void)
{
  static const char *const wrong[][2] = { { "statsu=code", NULL }, { "status", NULL }, { "status=", NULL }, { "=code", NULL } };
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
  {
    RcaMapping m;
    g_autoptr (GError) error = NULL;
    g_assert_false (rca_mapping_parse (&m, wrong[i], &error));
    g_assert_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN);
    g_assert_nonnull (strstr (error->message, "request_id"));
  }
}

static void
test_gzip_has_its_frame_and_is_smaller (void)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  g_autoptr (GByteArray) packed = rca_gzip (text, 100000);
  g_assert_cmpuint (packed->len, <, 1000);
  g_assert_cmpuint (packed->data[0], ==, 0x1f);
  g_assert_cmpuint (packed->data[1], ==, 0x8b);
  g_autoptr (GByteArray) nothing = rca_gzip (text, 0);
  g_assert_cmpuint (nothing->len, >, 0);
}

static GBytes *
written (void)
{
  GByteArray *out = g_byte_array_new ();
  rca_row_put (out, 200, 1);
  rca_row_put (out, G_GUINT64_CONSTANT (0x8000000000000001), 8);
  rca_row_put_f64 (out, 1.5);
  g_autofree char *longer = g_strnfill (300, 'x');
  rca_row_put_str (out, longer);
  rca_row_put_str (out, NULL);
  rca_row_put_length (out, 2);
  rca_row_put (out, 7, 2);
  rca_row_put (out, 8, 2);
  return g_byte_array_free_to_bytes (out);
}

static void
read_all (RcaRowReader *r)
{
  g_assert_cmpuint (rca_row_u8 (r), ==, 200);
  g_assert_cmpuint (rca_row_u64 (r), ==, G_GUINT64_CONSTANT (0x8000000000000001));
  g_assert_cmpfloat (rca_row_f64 (r), ==, 1.5);
  g_assert_cmpuint (rca_row_str (r).n, ==, 300);
  g_assert_null (rca_row_dup (r));
  g_assert_cmpuint (rca_row_length (r), ==, 2);
  g_assert_cmpuint (rca_row_u16 (r), ==, 7);
  g_assert_cmpuint (rca_row_u16 (r), ==, 8);
}

static void
test_rows_come_back_as_they_were_written (void)
{
  g_autoptr (GBytes) bytes = written ();
  RcaRowReader r = rca_row_reader (bytes);
  read_all (&r);
  g_assert_false (r.broken);
  g_assert_false (rca_row_more (&r));
}

/* Wherever an answer breaks off, it is known to have. */
static void
test_an_answer_cut_anywhere_is_broken (void)
{
  g_autoptr (GBytes) whole = written ();
  for (gsize n = 0; n < g_bytes_get_size (whole); n++)
  {
    g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (whole, 0, n);
    RcaRowReader r = rca_row_reader (bytes);
    rca_row_u8 (&r);
    rca_row_u64 (&r);
    rca_row_f64 (&r);
    rca_row_str (&r);
    rca_row_str (&r);
    for (guint32 k = rca_row_length (&r); k-- > 0;)
      rca_row_u16 (&r);
    g_assert_true (r.broken);
    g_assert_false (rca_row_more (&r));
  }
}

static void
test_lengths_beyond_the_answer_allocate_nothing (void)
{
  static const guint8 huge[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (huge, sizeof huge);
  RcaRowReader r = rca_row_reader (bytes), s = r;
  g_assert_cmpuint (rca_row_length (&r), ==, 0);
  g_assert_true (r.broken);
  g_assert_cmpuint (rca_row_str (&s).n, ==, 0);
  g_assert_true (s.broken);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clickhouse/an-address-names-all-and-shows-no-secret", test_an_address_names_all_and_shows_no_secret);
  g_test_add_func ("/clickhouse/what-is-left-out-has-its-usual-value", test_what_is_left_out_has_its_usual_value);
  g_test_add_func ("/clickhouse/the-environment-gives-credentials", test_the_environment_gives_credentials);
  g_test_add_func ("/clickhouse/wrong-addresses-are-refused-without-their-password", test_wrong_addresses_are_refused_without_their_password);
  g_test_add_func ("/clickhouse/what-is-sent-is-compressed-unless-it-stays-here", test_what_is_sent_is_compressed_unless_it_stays_here);
  g_test_add_func ("/clickhouse/a-mapping-is-split-at-its-first-equals-sign", test_a_mapping_is_split_at_its_first_equals_sign);
  g_test_add_func ("/clickhouse/a-mapping-of-what-is-unknown-or-nothing-is-refused", test_a_mapping_of_what_is_unknown_or_nothing_is_refused);
  g_test_add_func ("/clickhouse/gzip-has-its-frame-and-is-smaller", test_gzip_has_its_frame_and_is_smaller);
  g_test_add_func ("/clickhouse/rows-come-back-as-they-were-written", test_rows_come_back_as_they_were_written);
  g_test_add_func ("/clickhouse/an-answer-cut-anywhere-is-broken", test_an_answer_cut_anywhere_is_broken);
  g_test_add_func ("/clickhouse/lengths-beyond-the-answer-allocate-nothing", test_lengths_beyond_the_answer_allocate_nothing);
  return g_test_run ();
}
