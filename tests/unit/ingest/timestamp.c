#include "timestamp.h"

/* text, how many bytes of it are the stamp, flags, UTC as rca_time_format() */
typedef struct {
  const char *text;
  gsize taken;
  guint flags;
  const char *time;
} Row;

#define D   RCA_STAMP_HAS_DATE
#define DY  (RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR)
#define DYZ (DY | RCA_STAMP_HAS_ZONE)

static const Row rows[] = {
  { "2026-11-24T00:32:20.602Z x", 24, DYZ, "2026-11-24T00:32:20.602Z" },
  { "2026-11-24T00:32:20+00:00 x", 25, DYZ, "2026-11-24T00:32:20.000Z" },
  { "2026-11-24 07:37:12,566 ERROR x", 23, DY, "2026-11-24T07:37:12.566Z" },
  { "2026-11-24T02:10:55,841416+00:00 p", 32, DYZ, "2026-11-24T02:10:55.841Z" },
  { "2026-11-24 01:30:38.258 CET [1]", 27, DYZ, "2026-11-24T00:30:38.258Z" },
  { "2026-11-24 01:30:38 CET:10.0.0.1(1)", 23, DYZ, "2026-11-24T00:30:38.000Z" },
  { "2025-08-13 01:45:01.123 PDT [1]", 27, DYZ, "2025-08-13T08:45:01.123Z" },
  { "2026-11-24 02:09:13.069 -0330 x", 29, DYZ, "2026-11-24T05:39:13.069Z" },
  { "2021-05-27 14:30:00 -03 [1]", 23, DYZ, "2021-05-27T17:30:00.000Z" },
  { "2026-11-24 02:09:13 - message", 19, DY, "2026-11-24T02:09:13.000Z" },
  { "2026-11-24 02:09:13 IST x", 19, DY, "2026-11-24T02:09:13.000Z" },
  { "2026-11-24 02:09:13 ESTIMATE x", 19, DY, "2026-11-24T02:09:13.000Z" },
  { "2026-11-24 02:09:13.5 +0000 UTC m=+1", 31, DYZ, "2026-11-24T02:09:13.500Z" },
  { "[2026-11-24 01:55:52 +0000] [9]", 26, DYZ, "2026-11-24T01:55:52.000Z" },
  { "2026-11-24  3:04:54 0 [Note]", 19, DY, "2026-11-24T03:04:54.000Z" },
  { "2026-11-24 02:09 deployed", 16, DY, "2026-11-24T02:09:00.000Z" },
  { "2026-11-24T02:09Z deployed", 17, DYZ, "2026-11-24T02:09:00.000Z" },
  { "2026-11-24T23:59:60Z", 20, DYZ, "2026-11-25T00:00:00.000Z" },
  { "2026-11-24 24:00:00", 19, DY, "2026-11-25T00:00:00.000Z" },
  { "2026-11-24\t02:09:13\tGET", 19, DY, "2026-11-24T02:09:13.000Z" },
  { "2005-06-03-15.42.50.363779 R02", 26, DY, "2005-06-03T15:42:50.363Z" },
  { "[24/Nov/2026:00:32:20 +0000] \"", 27, DYZ, "2026-11-24T00:32:20.000Z" },
  { "22/Jan/2019:03:56:14 +0330", 26, DYZ, "2019-01-22T00:26:14.000Z" },
  { "[24/Nov/2026:02:07:13.922] fe", 25, DY, "2026-11-24T02:07:13.922Z" },
  { "2026/11/24 00:32:20 [error] 1#1:", 19, DY, "2026-11-24T00:32:20.000Z" },
  { "2026/11/24 02:10:42.934 file.go:9: m", 23, DY, "2026-11-24T02:10:42.934Z" },
  { "07-Nov-2026 12:00:00.123 INFO", 24, DY, "2026-11-07T12:00:00.123Z" },
  { "[24-Nov-2026 02:00:00] WARNING", 21, DY, "2026-11-24T02:00:00.000Z" },
  { "[24-Nov-2026 02:00:00 UTC] PHP", 25, DYZ, "2026-11-24T02:00:00.000Z" },
  { "11/24/2026 10:00:00 PM x", 22, DY, "2026-11-24T22:00:00.000Z" },
  { "11/24/26 02:09:35", 17, DY, "2026-11-24T02:09:35.000Z" },
  { "24/11/2026 02:09:35 x", 19, DY, "2026-11-24T02:09:35.000Z" },
  { "24.11.2026 02:09:35 x", 19, DY, "2026-11-24T02:09:35.000Z" },
  { "17/06/09 20:10:40 INFO x", 17, DY, "2017-06-09T20:10:40.000Z" },
  { "24 Nov 2026 02:09:19.448 * x", 24, DY, "2026-11-24T02:09:19.448Z" },
  { "[Tue Nov 24 02:09:13.069 2026] [p", 29, DY, "2026-11-24T02:09:13.069Z" },
  { "Tue Nov 24 02:09:13.069123 2026", 31, DY, "2026-11-24T02:09:13.069Z" },
  { "Sun Dec  4 04:47:44 2005 x", 24, DY, "2005-12-04T04:47:44.000Z" },
  { "Tue Nov 24 02:09:13 UTC 2026", 28, DYZ, "2026-11-24T02:09:13.000Z" },
  { "Tue, 24 Nov 2026 02:09:13 +0100", 31, DYZ, "2026-11-24T01:09:13.000Z" },
  { "Tue 2026-11-24 02:09:13 UTC vm x", 27, DYZ, "2026-11-24T02:09:13.000Z" },
  { "Nov 24, 2026 2:09:13 AM org.x", 23, DY, "2026-11-24T02:09:13.000Z" },
  { "Nov 24 2026 02:09:13: %ASA", 20, DY, "2026-11-24T02:09:13.000Z" },
  { "261124  0:33:00 [Note]", 15, DY, "2026-11-24T00:33:00.000Z" },
  { "081109 203615 148 INFO", 13, DY, "2008-11-09T20:36:15.000Z" },
  { "20261124 02:03:04.5 x", 19, DY, "2026-11-24T02:03:04.500Z" },
  { "20261124T020304Z", 16, DYZ, "2026-11-24T02:03:04.000Z" },
  { "20261124020304 x", 14, DY, "2026-11-24T02:03:04.000Z" },
  { "20171223-22:15:29:606|Step", 21, DY, "2017-12-23T22:15:29.606Z" },
  { "I20260517 15:04:22.619632  1 x", 25, DY, "2026-05-17T15:04:22.619Z" },
  { "1795480342.791 123 10.0.0.1", 14, DYZ, "2026-11-24T00:32:22.791Z" },
  { "1795480342791 x", 13, DYZ, "2026-11-24T00:32:22.791Z" },
  { "1795480342 x", 10, DYZ, "2026-11-24T00:32:22.000Z" },
  /* without a year or a day, beside a file last written 2026-11-25T12:00:00Z */
  { "Nov 24 00:32:20 host sshd[1]: x", 15, D, "2026-11-24T00:32:20.000Z" },
  { "Nov  3 09:04:05 host x", 15, D, "2026-11-03T09:04:05.000Z" },
  { "Dec 31 09:04:05 host x", 15, D, "2025-12-31T09:04:05.000Z" },
  { "E1124 02:10:42.934567   123 main.go:10] m", 21, D, "2026-11-24T02:10:42.934Z" },
  { "11-24 02:10:42.934  1000  1000 I x", 18, D, "2026-11-24T02:10:42.934Z" },
  { "02:09:13.069 [main] INFO", 12, 0, "2026-11-25T02:09:13.069Z" },
  { "23:09:13,069 x", 12, 0, "2026-11-24T23:09:13.069Z" },
};

static const char *const no_stamps[] = {
  "",
  "x",
  "2026-11-24",
  "2026-11-24 deployed it",
  "2026-13-24 02:09:13",
  "2026-11-31T02:09:13",
  "2026-02-30T02:09:13",
  "2026-11-24T25:09:13",
  "2026-11-24T24:09:13",
  "2026-11-24T02:61:13",
  "123456 12:00:00 x",
  "12345 12:00:00 x",
  "1234567890123456789012 x",
  "0123456789",
  "10.0.0.1 - - [24/Nov/2026:00:32:20 +0000]",
  "192.168.100.100 x y z",
  "Error 1124 02:10:42",
  "Marching on 24 02:09:13",
  "[ 7081.841416] python3 invoked",
  "12:34 x y z a b",
  "\xff\xfe\0\0",
  "---- 24:00:00",
};

static void
test_every_syntax_is_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaStampContext context;
    RcaStamp stamp = { 0 };
    char text[32];
    rca_stamp_context_init (&context, rca_civil_ns (2026, 11, 25, 12, 0, 0, 0));
    gsize taken = rca_stamp_parse (rca_bytes_str (rows[i].text), &context, &stamp);
    if (taken != rows[i].taken || stamp.flags != rows[i].flags || strcmp (rca_time_format (stamp.time_ns, text), rows[i].time) != 0)
      g_test_message ("%s: took %zu flags %u", rows[i].text, taken, stamp.flags);
    g_assert_cmpuint (taken, ==, rows[i].taken);
    g_assert_cmpstr (rca_time_format (stamp.time_ns, text), ==, rows[i].time);
    g_assert_cmpuint (stamp.flags, ==, rows[i].flags);
  }
}

static void
test_what_is_no_time_is_left (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (no_stamps); i++)
  {
    RcaStamp stamp;
    g_test_message ("%s", no_stamps[i]);
    g_assert_cmpuint (rca_stamp_parse (rca_bytes_str (no_stamps[i]), NULL, &stamp), ==, 0);
  }
}

/* Every beginning of every row, in a block of exactly its size: a sanitizer sees a read too far. */
static void
test_cut_stamps_are_safe (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize n = 0; n <= strlen (rows[i].text); n++)
    {
      g_autofree char *copy = g_memdup2 (rows[i].text, n);
      RcaStamp stamp;
      g_assert_cmpuint (rca_stamp_parse (rca_bytes (copy, n), NULL, &stamp), <=, n);
    }
}

static gint64
next (RcaStampContext *context, const char *text)
{
  RcaStamp stamp;
  g_assert_cmpuint (rca_stamp_parse (rca_bytes_str (text), context, &stamp), >, 0);
  return stamp.time_ns;
}

static void
test_new_year_follows_new_years_eve (void)
{
  RcaStampContext context;
  rca_stamp_context_init (&context, rca_civil_ns (2027, 1, 1, 0, 10, 0, 0));
  g_assert_cmpint (next (&context, "Dec 31 23:59:59 h x"), ==, rca_civil_ns (2026, 12, 31, 23, 59, 59, 0));
  g_assert_cmpint (next (&context, "Jan  1 00:00:01 h x"), ==, rca_civil_ns (2027, 1, 1, 0, 0, 1, 0));
  g_assert_cmpint (next (&context, "Dec 31 23:59:58 h late"), ==, rca_civil_ns (2026, 12, 31, 23, 59, 58, 0));
}

static void
test_midnight_begins_the_next_day (void)
{
  RcaStampContext context;
  rca_stamp_context_init (&context, rca_civil_ns (2026, 11, 24, 23, 59, 59, 0));
  g_assert_cmpint (next (&context, "23:59:58.5 x"), ==, rca_civil_ns (2026, 11, 24, 23, 59, 58, 500000000));
  g_assert_cmpint (next (&context, "00:00:01.5 x"), ==, rca_civil_ns (2026, 11, 25, 0, 0, 1, 500000000));
}

static void
test_epochs_of_any_unit (void)
{
  static const struct {
    const char *text;
    gint64 ns;
  } epochs[] = {
    { "1795480342", 1795480342000000000 },         { "1795480342.791123456", 1795480342791123456 },
    { "1795480342791", 1795480342791000000 },      { "1795480342791.5", 1795480342791500000 },
    { "1795480342791123", 1795480342791123000 },   { "1795480342791123456", 1795480342791123456 },
    { "1.795480342791e+09", 1795480342791000000 }, { "631152000", 631152000000000000 },
  };
  static const char *const others[] = { "", "1", "12345", "631151999", "-1795480342", "17954x", "1795480342.7x", "99999999999999999999" };
  gint64 ns;
  g_assert_false (rca_stamp_parse_epoch ((RcaBytes){ NULL, 0 }, &ns));
  for (guint i = 0; i < G_N_ELEMENTS (epochs); i++)
  {
    g_assert_true (rca_stamp_parse_epoch (rca_bytes_str (epochs[i].text), &ns));
    g_assert_cmpint (ns, ==, epochs[i].ns);
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (rca_stamp_parse_epoch (rca_bytes_str (others[i]), &ns));
}

static void
test_civil_dates_agree_with_glib (void)
{
  for (gint64 s = -5000000000; s < 6000000000; s += 86399 * 37)
  {
    g_autoptr (GDateTime) t = g_date_time_new_from_unix_utc (s);
    g_autofree char *want = g_date_time_format (t, "%Y-%m-%dT%H:%M:%S.000Z");
    char got[32];
    g_assert_cmpstr (rca_time_format (s * RCA_NS_PER_S, got), ==, want);
    g_assert_cmpint (rca_civil_ns (g_date_time_get_year (t), g_date_time_get_month (t), g_date_time_get_day_of_month (t), g_date_time_get_hour (t),
                                   g_date_time_get_minute (t), g_date_time_get_second (t), 0),
                     ==, s * RCA_NS_PER_S);
  }
}

static void
test_flags_reach_the_event (void)
{
  RcaEvent ev = { 0 };
  RcaStamp stamp = { .time_ns = 5, .flags = RCA_STAMP_HAS_DATE };
  rca_stamp_apply (&stamp, &ev);
  g_assert_cmpint (ev.time_ns, ==, 5);
  g_assert_cmpuint (ev.flags, ==, RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN);
}

static void
test_reading_is_quick (void)
{
  if (!g_test_perf ())
  {
    g_test_skip ("performance tests are run with -m perf");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaBytes text = rca_bytes_str (rows[i].text);
    RcaStampContext context;
    RcaStamp stamp;
    rca_stamp_context_init (&context, 0);
    g_test_timer_start ();
    for (guint k = 0; k < 1000000; k++)
      rca_stamp_parse (text, &context, &stamp);
    g_test_message ("%5.1f ns  %s", g_test_timer_elapsed () * 1000, rows[i].text);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timestamp/every-syntax-is-read", test_every_syntax_is_read);
  g_test_add_func ("/timestamp/what-is-no-time-is-left", test_what_is_no_time_is_left);
  g_test_add_func ("/timestamp/cut-stamps-are-safe", test_cut_stamps_are_safe);
  g_test_add_func ("/timestamp/new-year-follows-new-years-eve", test_new_year_follows_new_years_eve);
  g_test_add_func ("/timestamp/midnight-begins-the-next-day", test_midnight_begins_the_next_day);
  g_test_add_func ("/timestamp/epochs-of-any-unit", test_epochs_of_any_unit);
  g_test_add_func ("/timestamp/civil-dates-agree-with-glib", test_civil_dates_agree_with_glib);
  g_test_add_func ("/timestamp/flags-reach-the-event", test_flags_reach_the_event);
  g_test_add_func ("/timestamp/reading-is-quick", test_reading_is_quick);
  return g_test_run ();
}
