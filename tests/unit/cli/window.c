#include "window.h"
#include "timestamp.h"

static const char now_text[] = "2026-11-24T15:30:00Z";

static gint64
utc (const char *text)
{
  RcaStamp stamp;
  g_assert_cmpuint (rca_stamp_parse (rca_bytes_str (text), NULL, &stamp), ==, strlen (text));
  return stamp.time_ns;
}

static GTimeZone *
zone_of (const char *name)
{
  GTimeZone *zone = g_time_zone_new_identifier (name);
  g_assert_nonnull (zone);
  return zone;
}

static void
assert_window (const char *zone_name, const char *text, const char *start, const char *end)
{
  g_autoptr (GTimeZone) zone = zone_of (zone_name);
  g_autoptr (GError) error = NULL;
  RcaSpan span;
  g_test_message ("%s in %s", text, zone_name);
  rca_window_from_text (text, utc (now_text), zone, &span, &error);
  g_assert_no_error (error);
  g_assert_cmpint (span.start_ns, ==, utc (start));
  g_assert_cmpint (span.end_ns, ==, utc (end));
}

static void
every_form_of_a_window_is_read (void)
{
  static const struct { const char *zone, *text, *start, *end; } windows[] = {
    { "UTC", "30m", "2026-11-24T15:00:00Z", "2026-11-24T15:30:00Z" },
    { "UTC", "1h30m", "2026-11-24T14:00:00Z", "2026-11-24T15:30:00Z" },
    { "UTC", "2d", "2026-11-22T15:30:00Z", "2026-11-24T15:30:00Z" },
    { "UTC", "2026-11-24T14:20:00Z..2026-11-24T14:45:00Z", "2026-11-24T14:20:00Z", "2026-11-24T14:45:00Z" },
    { "UTC", "2026-11-24T14:20:00Z..+45m", "2026-11-24T14:20:00Z", "2026-11-24T15:05:00Z" },
    { "UTC", "2026-11-24T14:20:00Z..", "2026-11-24T14:20:00Z", "2026-11-24T15:30:00Z" },
    { "UTC", "2026-11-24 14:20..2026-11-24 14:45:30", "2026-11-24T14:20:00Z", "2026-11-24T14:45:30Z" },
    { "UTC", "14:20..14:45", "2026-11-24T14:20:00Z", "2026-11-24T14:45:00Z" },
    { "UTC", "-2h..-1h", "2026-11-24T13:30:00Z", "2026-11-24T14:30:00Z" },
    { "UTC", "-2h..now", "2026-11-24T13:30:00Z", "2026-11-24T15:30:00Z" },
    { "UTC", "yesterday..+24h", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z" },
    { "UTC", "2026-11-24T16:20:00+02:00..+10m", "2026-11-24T14:20:00Z", "2026-11-24T14:30:00Z" },
    { "UTC", "23:50..00:20", "2026-11-23T23:50:00Z", "2026-11-24T00:20:00Z" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++)
    assert_window (windows[i].zone, windows[i].text, windows[i].start, windows[i].end);
}

static void
a_time_without_a_zone_is_local (void)
{
  assert_window ("Europe/Berlin", "14:20..14:45", "2026-11-24T13:20:00Z", "2026-11-24T13:45:00Z");
  assert_window ("Asia/Kolkata", "2026-11-24 14:20..+10m", "2026-11-24T08:50:00Z", "2026-11-24T09:00:00Z");
  assert_window ("Asia/Tokyo", "00:10..00:20", "2026-11-24T15:10:00Z", "2026-11-24T15:20:00Z"); /* there it is the 25th */
  assert_window ("America/New_York", "2026-07-01 12:00..+1h", "2026-07-01T16:00:00Z", "2026-07-01T17:00:00Z");
}

static void
what_is_no_window_is_refused_with_an_example (void)
{
  static const char *const wrong[] = { "", "m", "30", "30x", "0m", "soon", "14:20..14:61", "..", "..14:20", "14:20..+", "14:20..+0m", "2026-13-24T00:00:00Z..", "2026-11-24T14:20:00Z..2026-11-24T14:20:00Z",
                                       "2026-11-24T14:20:00Z..2026-11-23T14:20:00Z", "99999999999999999999m", "-2h", "25:00..26:00" };
  g_autoptr (GTimeZone) zone = zone_of ("UTC");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      RcaSpan span;
      g_test_message ("%s", wrong[i]);
      g_assert_false (rca_window_from_text (wrong[i], utc (now_text), zone, &span, &error));
      g_assert_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX);
    }
}

static void
a_span_is_written_as_a_window_that_holds_it (void)
{
  RcaSpan span = { utc ("2026-11-24T14:20:00Z") + 500 * RCA_NS_PER_MS, utc ("2026-11-24T14:45:00Z") + 1 };
  g_autofree char *text = rca_window_format (span);
  g_assert_cmpstr (text, ==, "2026-11-24T14:20:00Z..2026-11-24T14:45:01Z");
  assert_window ("Europe/Berlin", text, "2026-11-24T14:20:00Z", "2026-11-24T14:45:01Z");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/every-form-of-a-window-is-read", every_form_of_a_window_is_read);
  g_test_add_func ("/window/a-time-without-a-zone-is-local", a_time_without_a_zone_is_local);
  g_test_add_func ("/window/what-is-no-window-is-refused-with-an-example", what_is_no_window_is_refused_with_an_example);
  g_test_add_func ("/window/a-span-is-written-as-a-window-that-holds-it", a_span_is_written_as_a_window_that_holds_it);
  return g_test_run ();
}
