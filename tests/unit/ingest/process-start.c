#include "process-start.h"

static RcaEvent ev;

/* The event of a record that says @text. */
static gboolean
starts (RcaAppSource *source, const char *text, gint64 time_s)
{
  static RcaAppRecord record;
  g_autoptr (RcaArena) arena = rca_arena_new ();
  rca_event_clear (&ev);
  rca_app_record_begin (&record, &ev, arena, source);
  rca_app_record_set (&record, RCA_SLOT_MESSAGE, 3, rca_bytes_str (text));
  ev.time_ns = time_s * RCA_NS_PER_S;
  rca_app_record_end (&record);
  return rca_event_num (&ev, RCA_FIELD_CHANGE_KIND, 0) == RCA_CHANGE_RESTART;
}

static void
assert_field (RcaField field, const char *value)
{
  RcaBytes got = rca_event_str (&ev, field);
  if (!rca_bytes_equal (got, rca_bytes_str (value)))
    g_error ("got %.*s, expected %s", (int)got.n, got.p, value);
}

static void
test_named (void)
{
  static const struct {
    const char *text, *service, *version;
  } cases[] = {
    { "service catalog 2.5.0 starting", "catalog", "2.5.0" },
    { "starting billing-api v1.4.2", "billing-api", "1.4.2" },
    { "Starting FarmApplication v3.0.7 using Java 21.0.5 with PID 1 (/app/farm.jar started by ? in /)", "FarmApplication", "3.0.7" },
    { "Application shop 2.1.0-rc.1 started", "shop", "2.1.0-rc.1" },
    { "shop 1.4.0 on JVM (powered by Quarkus 3.2.0.Final) started in 1.230s.", "shop", "1.4.0" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    RcaAppSource source;
    rca_app_source_init (&source, RCA_TIME_NONE);
    g_assert_true (starts (&source, cases[i].text, 100));
    assert_field (RCA_FIELD_SERVICE, cases[i].service);
    assert_field (RCA_FIELD_VERSION, cases[i].version);
  }
}

static void
test_work (void)
{
  static const char *const texts[] = {
    "Starting new HTTPS connection (1): api.example.com:443",
    "Started GET \"/orders/7\" for 10.0.0.1",
    "job started",
    "Starting transaction 12",
    "VM Started (Lifecycle Event)",
    "started processing batch 1.5 of 3",
    "upgraded to version 2.5.0",
    "request completed in 1.2s",
    "Started 3 tasks",
    "restarting consumer",
  };
  RcaAppSource source;
  rca_app_source_init (&source, RCA_TIME_NONE);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (starts (&source, texts[i], 100))
      g_error ("taken for a process start: %s", texts[i]);
}

static void
test_once (void)
{
  RcaAppSource source;
  rca_app_source_init (&source, RCA_TIME_NONE);
  g_assert_true (starts (&source, "Starting gunicorn 20.1.0", 100));
  g_assert_false (rca_event_has (&ev, RCA_FIELD_VERSION)); /* the server's, not the service's */
  g_assert_false (starts (&source, "Listening at: http://127.0.0.1:8301 (20918)", 100));
  g_assert_false (starts (&source, "Booting worker with pid: 20962", 101));
  g_assert_true (starts (&source, "Booting worker with pid: 20991", 500));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/process-start/name-and-version-are-told", test_named);
  g_test_add_func ("/process-start/work-that-begins-is-no-process-start", test_work);
  g_test_add_func ("/process-start/the-lines-of-one-start-count-once", test_once);
  return g_test_run ();
}
