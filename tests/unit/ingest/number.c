#include "number.h"
#include "bounds.h"

static void
test_integers (void)
{
  gint64 v;
  g_assert_true (rca_parse_int (RCA_BYTES ("-9223372036854775808"), &v) && v == G_MININT64);
  g_assert_true (rca_parse_int (RCA_BYTES ("9223372036854775807"), &v) && v == G_MAXINT64);
  g_assert_true (rca_parse_int (RCA_BYTES ("+7"), &v) && v == 7);
  g_assert_false (rca_parse_int (RCA_BYTES ("9223372036854775808"), &v));
  g_assert_false (rca_parse_int (RCA_BYTES ("99999999999999999999"), &v));
  g_assert_false (rca_parse_int (RCA_BYTES (""), &v));
  g_assert_false (rca_parse_int (RCA_BYTES ("-"), &v));
  g_assert_false (rca_parse_int (RCA_BYTES ("1 "), &v));
}

static void
test_numbers_equal_the_c_library (void)
{
  static const char *const texts[] = { "0",
                                       "0.052",
                                       "12.5",
                                       "-3.25",
                                       "1e3",
                                       "1.5E-3",
                                       "123456789012345678901234567890",
                                       ".5",
                                       "5.",
                                       "1e308",
                                       "1e-300",
                                       "0.1",
                                       "1795480342.791123",
                                       "9007199254740993" };
  static const char *const others[] = { "", "-", ".", "1e", "0x10", "nan", "inf", "1.2.3", "1 2", "1e999" };
  double v;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
  {
    g_assert_true (rca_parse_double (rca_bytes_str (texts[i]), &v));
    g_assert_cmpfloat (v, ==, g_ascii_strtod (texts[i], NULL));
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (rca_parse_double (rca_bytes_str (others[i]), &v));
}

static void
test_durations (void)
{
  static const struct {
    const char *text;
    gint64 unit, ns;
  } rows[] = {
    { "1.5ms", 1, 1500000 },           { "250us", 1, 250000 },
    { "250\xc2\xb5s", 1, 250000 },     { "2s", 1, 2000000000 },
    { "1m30s", 1, 90000000000 },       { "1h2m3.5s", 1, 3723500000000 },
    { "00:00:01.5", 1, 1500000000 },   { "01:02:03", 1, 3723000000000 },
    { "02:03", 1, 123000000000 },      { "0.052", 1000000000, 52000000 },
    { "1.1", 1000000000, 1100000000 }, { "29950.1", 1000000, 29950100000 },
    { "52.1 ms", 1, 52100000 },        { " 30 seconds ", 1, 30000000000 },
    { "1e-3", 1000000000, 1000000 },   { "9e-05", 1000000000, 90000 },
    { "1 min 5 sec", 1, 65000000000 }, { "0", 1000, 0 },
  };
  static const char *const others[] = { "", "-", "-1", "ms", "1x", "1.2.3s", "1m30", "a:b", "1:2:3:4", "10000000000000h", "1:99",
                                        "88000h",  "9223372036854775807", "9e18", "400000:00:00", "87000h 87000h" };
  gint64 v;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    g_assert_true (rca_parse_duration (rca_bytes_str (rows[i].text), rows[i].unit, &v));
    g_assert_cmpint (v, ==, rows[i].ns);
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (rca_parse_duration (rca_bytes_str (others[i]), 1000000000, &v));
}

static void
test_counts_of_a_unit_fit_or_fail (void)
{
  gint64 v = 7;
  g_assert_true (rca_duration_of (1500, 1000, &v));
  g_assert_cmpint (v, ==, 1500000);
  g_assert_true (rca_duration_of (RCA_BOUND_DURATION_NS, 1, &v));
  g_assert_false (rca_duration_of (RCA_BOUND_DURATION_NS + 1, 1, &v));
  g_assert_false (rca_duration_of (G_MAXINT64, 1000000000, &v));
  g_assert_false (rca_duration_of (-1, 1, &v));
  g_assert_false (rca_duration_of (G_MININT64, 1000, &v));
  g_assert_cmpint (v, ==, RCA_BOUND_DURATION_NS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/number/integers-fit-or-fail", test_integers);
  g_test_add_func ("/number/numbers-equal-the-c-library", test_numbers_equal_the_c_library);
  g_test_add_func ("/number/durations-are-exact-in-any-unit", test_durations);
  g_test_add_func ("/number/counts-of-a-unit-fit-or-fail", test_counts_of_a_unit_fit_or_fail);
  return g_test_run ();
}
