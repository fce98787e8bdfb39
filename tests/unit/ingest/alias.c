#include "alias.h"

static RcaSlot
slot_of (const char *path, gint64 *unit_ns)
{
  const RcaAlias *alias = rca_alias_find (rca_bytes_str (path), unit_ns);
  return alias ? (RcaSlot)alias->slot : RCA_SLOT_NONE;
}

static void
test_spellings (void)
{
  static const char *const names[] = { "request_id", "requestId", "request-id", "X-Request-ID", "req.id", "context.request_id" };
  gint64 unit;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (slot_of (names[i], &unit), ==, RCA_SLOT_REQUEST_ID);
}

static void
test_units (void)
{
  static const struct {
    const char *name;
    gint64 unit_ns;
  } cases[] = { { "duration", 0 },       { "duration_ms", 1000000 },  { "elapsedSeconds", 1000000000 }, { "latency_us", 1000 },
                { "event.duration", 1 }, { "responseTime", 1000000 }, { "request_time_s", 1000000000 }, { "took", 1000000 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    gint64 unit = -1;
    g_assert_cmpint (slot_of (cases[i].name, &unit), ==, RCA_SLOT_DURATION);
    g_assert_cmpint (unit, ==, cases[i].unit_ns);
  }
}

static void
test_details (void)
{
  gint64 unit;
  g_assert_cmpint (slot_of ("data.name", &unit), ==, RCA_SLOT_NONE); /* of the thing worked on */
  g_assert_cmpint (slot_of ("data.time", &unit), ==, RCA_SLOT_NONE);
  g_assert_cmpint (slot_of ("jsonPayload.message", &unit), ==, RCA_SLOT_MESSAGE);
  g_assert_cmpint (slot_of ("requests", &unit), ==, RCA_SLOT_NONE);
  g_assert_cmpint (slot_of ("", &unit), ==, RCA_SLOT_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/alias/one-name-in-all-spellings-is-one-slot", test_spellings);
  g_test_add_func ("/alias/a-suffix-tells-the-unit", test_units);
  g_test_add_func ("/alias/a-detail's-name-is-not-the-record's", test_details);
  return g_test_run ();
}
