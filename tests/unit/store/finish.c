#include "fake.h"

static const RcaSourceInfo *
source_named (const RcaSources *sources, const char *path)
{
  for (guint i = 0; i < sources->source->len; i++)
  {
    const RcaSourceInfo *s = g_ptr_array_index (sources->source, i);
    if (g_str_equal (s->path, path))
      return s;
  }
  g_assert_not_reached ();
}

static guint64
count (RcaStore *store, RcaStream stream)
{
  RcaFrameQuery q = { .span = { T0 - 86400 * RCA_NS_PER_S, T0 + 86400 * RCA_NS_PER_S },
                      .width_ns = 3600 * RCA_NS_PER_S,
                      .stream = stream,
                      .by = { RCA_DIM_NONE, RCA_DIM_NONE },
                      .measures = RCA_MEASURE_COUNT };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  double n = 0;
  for (guint b = 0; b < rca_frame_n_buckets (f); b++)
    n += rca_frame_series (f, 0, RCA_MEASURE_COUNT)[b];
  return (guint64)n;
}

#define INDIA_S (5.5 * 3600)

static void
app_record (FakeSource *app, double written, const char *id)
{
  RcaEvent *ev = fake_event (RCA_STREAM_APP, written);
  ev->flags = RCA_EVENT_ZONE_UNKNOWN;
  fake_str (ev, RCA_FIELD_REQUEST_ID, id);
  fake_append (app, ev);
}

static void
test_zone_by_ids (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "app.log", RCA_STREAM_APP, "shop") };
  for (guint i = 0; i < 30; i++)
  {
    g_autofree char *id = g_strdup_printf ("%032x", i);
    fake_request (&s[0], RCA_STREAM_ACCESS, i, "/", 200, 0.1, id, NULL);
    app_record (&s[1], i + INDIA_S, id);
  }
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  const RcaSourceInfo *app = source_named (sources, "app.log");
  g_assert_cmpstr (app->zone, ==, "+05:30 (inferred)");
  g_assert_cmpint (app->first_ns, ==, at_s (0));
  g_assert_cmpuint (sources->note->len, ==, 1);
  g_assert_cmpint (sources->extent.end_ns, ==, at_s (29) + 1);
}

/* No ids: failures of both come in the same bursts, three hours apart as written. */
static void
test_zone_by_bursts (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "db.log", RCA_STREAM_DB, "mariadb") };
  guint32 seed = 1;
  for (guint i = 0; i < 6 * 3600; i += 20)
  {
    seed = seed * 1664525u + 1013904223u;
    gboolean burst = (seed >> 16) % 23 == 0;
    for (guint k = 0; k < (burst ? 6u : 2u); k++)
    {
      fake_request (&s[0], RCA_STREAM_ACCESS, i, "/", burst ? 500 : 200, 0.1, NULL, NULL);
      if (!burst)
        continue;
      RcaEvent *ev = fake_event (RCA_STREAM_DB, (double)i - 3 * 3600);
      ev->flags = RCA_EVENT_ZONE_UNKNOWN;
      ev->severity = RCA_SEVERITY_ERROR;
      fake_append (&s[1], ev);
    }
  }
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpstr (source_named (sources, "db.log")->zone, ==, "-03:00 (inferred)");
}

static void
test_zone_assumed (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource app = fake_source (table, "app.log", RCA_STREAM_APP, "shop");
  app_record (&app, 7200, "a");
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("Europe/Paris");
  rca_table_writer_free (app.writer);
  RcaTableOptions options = { { 0, 0 }, zone, 1 };
  rca_table_finish (table, &options);
  g_autoptr (RcaStore) store = rca_store_wrap (&rca_table_backend, table);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpint (source_named (sources, "app.log")->first_ns, ==, at_s (3600)); /* November: one hour */
  g_assert_cmpstr (source_named (sources, "app.log")->zone, ==, "Europe/Paris (assumed)");
}

/* The next ingest of a log brings too little to tell its zone and clock again. */
static void
test_what_was_found_before_holds (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource app = fake_source (table, "app.log", RCA_STREAM_APP, "shop");
  app_record (&app, 7200, "a");
  app.source->settled = TRUE;
  app.source->zone = g_strdup ("+02:00 (inferred)");
  app.source->zone_shift_ns = -7200 * RCA_NS_PER_S;
  app.source->settled_offset_ns = 3 * RCA_NS_PER_S;
  app.source->instance = g_strdup ("app-7");
  g_autoptr (RcaStore) store = fake_finish (table, &app, 1);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  const RcaSourceInfo *info = source_named (sources, "app.log");
  g_assert_cmpstr (info->zone, ==, "+02:00 (inferred)");
  g_assert_cmpfloat (info->clock_offset_s, ==, 3);
  g_assert_cmpstr (info->instance, ==, "app-7");
  g_assert_cmpint (sources->extent.start_ns, ==, at_s (3));
}

static void
test_clock (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "app.log", RCA_STREAM_APP, "shop") };
  for (guint i = 0; i < 40; i++)
  {
    g_autofree char *id = g_strdup_printf ("%032x", i);
    fake_request (&s[0], RCA_STREAM_ACCESS, i + 0.001, "/", i == 7 ? 504 : 200, 0.1, id, NULL);
    fake_request (&s[1], RCA_STREAM_APP, i + 42.01 + (i == 7 ? 60 : 0), "/", 200, 0.09, id, NULL);
  }
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpfloat_with_epsilon (source_named (sources, "app.log")->clock_offset_s, -42.009, 0.0005);
  g_assert_cmpfloat (source_named (sources, "access.log")->clock_offset_s, ==, 0);
}

static void
statement (FakeSource *db, double t, double duration, gboolean with_database)
{
  RcaEvent *ev = fake_event (RCA_STREAM_DB, t);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  rca_event_set_num (ev, RCA_FIELD_DURATION, (gint64)(duration * 1e9));
  rca_event_set_num (ev, RCA_FIELD_PID, 77);
  fake_str (ev, RCA_FIELD_STATEMENT, "SELECT * FROM t WHERE id = 7");
  if (with_database)
    fake_str (ev, RCA_FIELD_DB_NAME, "shop");
  fake_append (db, ev);
}

/* A quarter of an hour with a slow minute, told by three logs, each by its own clock. */
static RcaStore *
slow_minute (double access_fast, double app_fast, double db_fast)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[3] = { fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "app.log", RCA_STREAM_APP, "shop"),
                      fake_source (table, "db.log", RCA_STREAM_DB, "postgresql") };
  for (guint i = 0; i < 900; i++)
  {
    g_autofree char *id = g_strdup_printf ("%032x", i);
    gboolean slow = i >= 600 && i < 645;
    fake_request (&s[0], RCA_STREAM_ACCESS, i + access_fast, "/", 200, slow ? 3.1 : 0.02, id, NULL);
    fake_request (&s[1], RCA_STREAM_APP, i + app_fast, "/", 200, slow ? 3.05 : 0.01, id, NULL);
    if (slow || i % 90 == 0)
      statement (&s[2], i + db_fast, slow ? 3 : 0.2, FALSE);
  }
  return fake_finish (table, s, 3);
}

static void
test_clock_of_a_log_without_ids (void)
{
  g_autoptr (RcaStore) store = slow_minute (0, 0, 130);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpfloat_with_epsilon (source_named (sources, "db.log")->clock_offset_s, -130, 3);
  g_assert_cmpfloat (source_named (sources, "access.log")->clock_offset_s, ==, 0);
  g_autoptr (RcaStore) right = slow_minute (0, 0, 1);
  g_autoptr (RcaSources) same = rca_store_sources (right, NULL);
  g_assert_cmpfloat (source_named (same, "db.log")->clock_offset_s, ==, 0);
}

/* The web server against all others: it is the one to be set; the application against all: the same. */
static void
test_clock_by_consensus (void)
{
  g_autoptr (RcaStore) store = slow_minute (-60, 0, 0);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpfloat_with_epsilon (source_named (sources, "access.log")->clock_offset_s, 60, 0.1);
  g_assert_cmpfloat (source_named (sources, "app.log")->clock_offset_s, ==, 0);
  g_assert_cmpfloat (source_named (sources, "db.log")->clock_offset_s, ==, 0);
  g_autoptr (RcaStore) other = slow_minute (0, -60, 0);
  g_autoptr (RcaSources) app = rca_store_sources (other, NULL);
  g_assert_cmpfloat (source_named (app, "access.log")->clock_offset_s, ==, 0);
  g_assert_cmpfloat_with_epsilon (source_named (app, "app.log")->clock_offset_s, 60, 0.1);
}

static void
test_told_twice (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "postgresql.log", RCA_STREAM_DB, "postgresql"), fake_source (table, "postgresql.csv", RCA_STREAM_DB, "postgresql") };
  g_free (s[0].source->format);
  s[0].source->format = g_strdup ("postgres-stderr");
  g_free (s[1].source->format);
  s[1].source->format = g_strdup ("postgres-csv");
  for (guint i = 0; i < 20; i++)
  {
    statement (&s[0], i + 0.123, 0.5 + i / 1000.0, FALSE);
    statement (&s[1], i + 0.123, 0.5 + i / 1000.0, TRUE);
  }
  statement (&s[0], 30, 1, FALSE); /* the CSV was turned off before */
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_assert_cmpuint (count (store, RCA_STREAM_DB), ==, 21);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpuint (sources->note->len, ==, 1);
}

static void
test_replicas (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "worker-1.log", RCA_STREAM_APP, "worker"), fake_source (table, "worker-2.log", RCA_STREAM_APP, "worker") };
  for (guint i = 0; i < 50; i++)
    for (guint k = 0; k < 2; k++)
    {
      RcaEvent *ev = fake_event (RCA_STREAM_APP, i);
      fake_str (ev, RCA_FIELD_MESSAGE, "tick");
      fake_append (&s[k], ev);
    }
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_assert_cmpuint (count (store, RCA_STREAM_APP), ==, 100);
}

static void
test_instances (void)
{
  static const struct {
    const char *path;
    RcaStream stream;
    const char *service, *instance;
  } logs[] = {
    { "a/shop-1.log", RCA_STREAM_APP, "shop", "shop-1" },
    { "a/shop-2.log", RCA_STREAM_APP, "shop", "shop-2" },
    { "pm2/api-out.log", RCA_STREAM_APP, "api", NULL },
    { "pm2/api-error.log", RCA_STREAM_APP, "api", NULL },
    { "web1/access.log", RCA_STREAM_ACCESS, "nginx", "web1/access" },
    { "web2/access.log", RCA_STREAM_ACCESS, "nginx", "web2/access" },
    { "web1/blog.log", RCA_STREAM_ACCESS, "nginx", NULL },
    { "h1/mail.log", RCA_STREAM_APP, "mail", "h1/mail" },
    { "h2/mail.log", RCA_STREAM_APP, "mail", "h2/mail" },
  };
  RcaTable *table = rca_table_new ();
  FakeSource s[G_N_ELEMENTS (logs)];
  for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
  {
    s[i] = fake_source (table, logs[i].path, logs[i].stream, logs[i].service);
    fake_request (&s[i], logs[i].stream, i, "/", 200, 0.1, NULL, NULL);
  }
  g_autoptr (RcaStore) store = fake_finish (table, s, G_N_ELEMENTS (logs));
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
    g_assert_cmpstr (source_named (sources, logs[i].path)->instance, ==, logs[i].instance);
}

static void
test_extent (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "git.log", RCA_STREAM_CHANGE, NULL) };
  for (guint i = 0; i < 300; i++)
    fake_request (&s[0], RCA_STREAM_ACCESS, i, "/", 200, 0, NULL, NULL);
  fake_request (&s[0], RCA_STREAM_ACCESS, -1e9, "/", 200, 0, NULL, NULL);
  RcaEvent *ev = fake_event (RCA_STREAM_CHANGE, -40 * 86400);
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_DEPLOY);
  fake_append (&s[1], ev);
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpint (sources->extent.start_ns, ==, at_s (0));
  g_assert_cmpint (sources->extent.end_ns, ==, at_s (299) + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/zone/shared-request-ids-tell-it", test_zone_by_ids);
  g_test_add_func ("/zone/bursts-of-failures-tell-it", test_zone_by_bursts);
  g_test_add_func ("/zone/with-nothing-to-tell-it-the-assumed-one-is-used-and-named", test_zone_assumed);
  g_test_add_func ("/zone/what-an-earlier-part-told-holds-for-a-later-one", test_what_was_found_before_holds);
  g_test_add_func ("/clock/a-fast-clock-is-set-back-by-healthy-requests", test_clock);
  g_test_add_func ("/clock/a-log-without-ids-is-set-by-its-trouble", test_clock_of_a_log_without_ids);
  g_test_add_func ("/clock/the-one-that-stands-alone-is-set-by-the-others", test_clock_by_consensus);
  g_test_add_func ("/duplicate/what-a-database-writes-twice-is-counted-once", test_told_twice);
  g_test_add_func ("/duplicate/replicas-that-say-the-same-are-two", test_replicas);
  g_test_add_func ("/extent/old-changes-and-strays-do-not-stretch-it", test_extent);
  g_test_add_func ("/instance/files-of-one-service-are-its-instances-but-not-its-two-mouths", test_instances);
  return g_test_run ();
}
