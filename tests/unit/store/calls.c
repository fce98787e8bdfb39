#include "fake.h"

static RcaStore *
web_and_app (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[3] = { fake_source (table, "nginx/access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "app/shop-1.log", RCA_STREAM_APP, "shop"),
                      fake_source (table, "app/shop-2.log.gz", RCA_STREAM_APP, "shop") };
  for (guint i = 0; i < 40; i++)
  {
    g_autofree char *id = g_strdup_printf ("ABCDEF%02u-0000", i), *same = g_strdup_printf ("abcdef%02u0000", i);
    gboolean bad = i % 4 == 0, queued = i == 8;
    FakeSource *app = &s[1 + i % 2];
    fake_request (&s[0], RCA_STREAM_ACCESS, i + 0.5, i % 2 ? "/a/1" : "/b", bad ? 500 : 200, 0.1, id, i % 2 ? "10.0.0.1:2" : "10.0.0.1:1");
    if (i == 12)
      continue; /* never reached the application */
    fake_request (app, RCA_STREAM_APP, i + 0.49 + (queued ? 5 : 0), i % 2 ? "/a/1" : "/b", bad && !queued ? 500 : 200, 0.08, same, NULL);
    if (!bad)
      continue;
    RcaEvent *ev = fake_event (RCA_STREAM_APP, i + 0.45);
    ev->severity = RCA_SEVERITY_ERROR;
    fake_str (ev, RCA_FIELD_REQUEST_ID, same);
    fake_str (ev, RCA_FIELD_MESSAGE, "cannot price basket");
    fake_str (ev, RCA_FIELD_EXCEPTION, "ValueError");
    fake_append (app, ev);
  }
  return fake_finish (table, s, 3);
}

static void
test_sources (void)
{
  g_autoptr (RcaStore) store = web_and_app ();
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_assert_cmpuint (sources->source->len, ==, 3);
  const RcaSourceInfo *first = g_ptr_array_index (sources->source, 0);
  g_assert_cmpstr (first->path, ==, "app/shop-1.log");
  g_assert_cmpstr (first->instance, ==, "shop-1");
  g_assert_cmpint (sources->user_facing, ==, RCA_STREAM_ACCESS);
  g_assert_cmpuint (sources->peer->len, ==, 2);
  const RcaPeer *peer = g_ptr_array_index (sources->peer, 1);
  g_assert_cmpstr (peer->upstream, ==, "10.0.0.1:2");
  g_assert_cmpstr (peer->instance, ==, "shop-2");
  g_assert_cmpstr (peer->service, ==, "shop");
}

static void
test_join (void)
{
  g_autoptr (RcaStore) store = web_and_app ();
  RcaJoinQuery q = { .span = all_time, .stream = RCA_STREAM_ACCESS, .bad = RCA_BAD_FAILED, .carrier = RCA_STREAM_APP, .thing = RCA_DIM_EXCEPTION };
  g_autoptr (RcaJoin) join = rca_store_join (store, &q, NULL);
  g_assert_true (join->by_id);
  g_assert_cmpuint (join->route->len, ==, 2);
  const RcaJoinRoute *b = &g_array_index (join->route, RcaJoinRoute, 1);
  g_assert_cmpstr (b->route, ==, "GET /b");
  g_assert_cmpuint (b->bad, ==, 8);
  g_assert_cmpuint (b->bad_queued, ==, 1);
  g_assert_cmpuint (b->bad_unjoined, ==, 1);
  g_assert_cmpuint (b->good, ==, 10);
  g_assert_cmpuint (join->cell->len, ==, 1);
  const RcaJoinCell *cell = &g_array_index (join->cell, RcaJoinCell, 0);
  g_assert_cmpstr (cell->thing, ==, "ValueError");
  g_assert_cmpuint (cell->bad_with, ==, 8);
  g_assert_cmpuint (cell->good_with, ==, 0);
}

static void
test_join_itself (void)
{
  g_autoptr (RcaStore) store = web_and_app ();
  RcaJoinQuery q = { .span = all_time,
                     .stream = RCA_STREAM_ACCESS,
                     .bad = RCA_BAD_FAILED_OR_SLOW,
                     .slow_ns = 50 * RCA_NS_PER_MS,
                     .carrier = RCA_STREAM_ACCESS,
                     .thing = RCA_DIM_UPSTREAM };
  g_autoptr (RcaJoin) join = rca_store_join (store, &q, NULL);
  g_assert_cmpuint (join->cell->len, ==, 2);
  const RcaJoinCell *cell = &g_array_index (join->cell, RcaJoinCell, 0);
  g_assert_cmpstr (cell->thing, ==, "10.0.0.1:1");
  g_assert_cmpuint (cell->bad_with, ==, 20);
}

/* Tracebacks that name no request: laid to the request of their instance that ends beside them. */
static void
test_join_near (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[3] = { fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx"), fake_source (table, "shop-1.log", RCA_STREAM_APP, "shop"),
                      fake_source (table, "shop-2.log", RCA_STREAM_APP, "shop") };
  for (guint i = 0; i < 40; i++)
  {
    gboolean bad = i % 4 == 0;
    g_autofree char *path = g_strdup_printf ("/items/%u", i);
    FakeSource *app = &s[1 + i % 2];
    fake_request (&s[0], RCA_STREAM_ACCESS, i * 0.05 + 0.001, path, bad ? 500 : 200, 0.1, NULL, NULL);
    if (bad)
    {
      RcaEvent *ev = fake_event (RCA_STREAM_APP, i * 0.05 - 0.002);
      ev->severity = RCA_SEVERITY_ERROR;
      fake_str (ev, RCA_FIELD_EXCEPTION, "KeyError");
      fake_append (app, ev);
    }
    fake_request (app, RCA_STREAM_APP, i * 0.05, path, bad ? 500 : 200, 0.08, NULL, NULL);
  }
  g_autoptr (RcaStore) store = fake_finish (table, s, 3);
  RcaJoinQuery q = { .span = all_time, .stream = RCA_STREAM_ACCESS, .bad = RCA_BAD_FAILED, .carrier = RCA_STREAM_APP, .thing = RCA_DIM_EXCEPTION };
  g_autoptr (RcaJoin) join = rca_store_join (store, &q, NULL);
  g_assert_false (join->by_id);
  g_assert_cmpuint (join->cell->len, ==, 1);
  const RcaJoinRoute *route = &g_array_index (join->route, RcaJoinRoute, 0);
  g_assert_cmpuint (route->bad, ==, 10);
  g_assert_cmpuint (route->good, ==, 30);
  const RcaJoinCell *cell = &g_array_index (join->cell, RcaJoinCell, 0);
  g_assert_cmpuint (cell->bad_with, ==, 10);
  g_assert_cmpuint (cell->good_with, ==, 0);
}

static void
test_rows (void)
{
  g_autoptr (RcaStore) store = web_and_app ();
  RcaRowQuery q = { .span = all_time, .id = "ABCDEF04-0000", .order = RCA_ROWS_BY_TIME, .limit = 10 };
  g_autoptr (GPtrArray) rows = rca_store_rows (store, &q, NULL);
  g_assert_cmpuint (rows->len, ==, 3);
  const RcaRow *first = g_ptr_array_index (rows, 0), *last = g_ptr_array_index (rows, 2);
  g_assert_cmpstr (first->ref.path, ==, "nginx/access.log");
  g_assert_cmpint (first->status, ==, 500);
  g_assert_cmpint (first->start_ns, ==, at_s (4.4));
  g_assert_cmpint (first->ref.time_ns, ==, at_s (4.5));
  g_assert_cmpstr (last->exception, ==, "ValueError");
  g_assert_cmpstr (last->ref.text, ==, "line 5 of app/shop-1.log");
  RcaRowQuery slowest = { .span = all_time, .stream = RCA_STREAM_ACCESS, .failed_only = TRUE, .order = RCA_ROWS_BY_DURATION_DESC, .limit = 3 };
  g_autoptr (GPtrArray) some = rca_store_rows (store, &slowest, NULL);
  g_assert_cmpuint (some->len, ==, 3);
}

static void
test_seen (void)
{
  g_autoptr (RcaStore) store = web_and_app ();
  const char *const values[] = { "ValueError", "KeyError", NULL };
  g_autoptr (RcaSeenAnswer) answer = rca_store_seen (store, RCA_STREAM_APP, RCA_DIM_EXCEPTION, values, all_time, NULL);
  const RcaSeen *one = g_ptr_array_index (answer->seen, 0), *none = g_ptr_array_index (answer->seen, 1);
  g_assert_cmpuint (one->count, ==, 9);
  g_assert_cmpint (one->first_ns, ==, at_s (0.45));
  g_assert_cmpuint (one->occurrence->len, ==, 1);
  g_assert_cmpuint (none->count, ==, 0);
  g_assert_cmpint (none->first_ns, ==, RCA_TIME_NONE);
}

/* ---- changes ---- */

static void
fake_change (FakeSource *f, double seconds, const char *service, const char *version, const char *outcome)
{
  RcaEvent *ev = fake_event (RCA_STREAM_CHANGE, seconds);
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_DEPLOY);
  fake_str (ev, RCA_FIELD_SERVICE, service);
  fake_str (ev, RCA_FIELD_VERSION, version);
  if (outcome)
    fake_str (ev, RCA_FIELD_OUTCOME, outcome);
  fake_append (f, ev);
}

static void
fake_versions (FakeSource *f, double from, double to, const char *version)
{
  for (double t = from; t < to; t += 1)
  {
    RcaEvent *ev = fake_event (RCA_STREAM_APP, t);
    fake_str (ev, RCA_FIELD_VERSION, version);
    fake_append (f, ev);
  }
}

static void
test_changes (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[3] = { fake_source (table, "ci.jsonl", RCA_STREAM_CHANGE, NULL), fake_source (table, "app-1.log", RCA_STREAM_APP, "shop"),
                      fake_source (table, "app-2.log", RCA_STREAM_APP, "shop") };
  fake_change (&s[0], 10, "shop", "1.0", NULL);
  fake_change (&s[0], 100, "shop", "1.1", "in_progress");
  fake_change (&s[0], 130, "shop", "1.1", "success");
  fake_change (&s[0], 140, "shop", "v1.1", NULL); /* the cluster's own word of it */
  fake_versions (&s[1], 0, 120, "1.0");
  fake_versions (&s[1], 115, 600, "1.1");
  fake_versions (&s[1], 600, 700, "1.2");
  fake_versions (&s[2], 0, 620, "1.1");
  fake_versions (&s[2], 620, 700, "1.2");
  g_autoptr (RcaStore) store = fake_finish (table, s, 3);
  g_autoptr (GPtrArray) changes = rca_store_changes (store, all_time, NULL);
  g_assert_cmpuint (changes->len, ==, 3);
  const RcaChange *second = g_ptr_array_index (changes, 1), *third = g_ptr_array_index (changes, 2);
  g_assert_cmpstr (second->version_before, ==, "1.0");
  g_assert_cmpint (second->end_ns - second->start_ns, ==, 40 * RCA_NS_PER_S);
  g_assert_cmpstr (second->outcome, ==, "success");
  g_assert_true (third->seen_on_rows);
  g_assert_cmpstr (third->version, ==, "1.2");
  g_assert_cmpint (third->start_ns, ==, at_s (600));
  g_assert_cmpint (third->end_ns, ==, at_s (620));
}

/* A text log whose only word about its version is the line of its start. */
static void
test_started (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource s[2] = { fake_source (table, "app-1.log", RCA_STREAM_APP, "shop"), fake_source (table, "deploy.log", RCA_STREAM_CHANGE, NULL) };
  const char *const versions[] = { "1.0", "1.1", "1.2" };
  for (guint k = 0; k < 3; k++)
  {
    RcaEvent *ev = fake_event (RCA_STREAM_APP, k * 1000);
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_RESTART);
    fake_str (ev, RCA_FIELD_VERSION, versions[k]);
    fake_append (&s[0], ev);
    for (guint i = 1; i < 100; i++)
      fake_append (&s[0], fake_event (RCA_STREAM_APP, k * 1000 + i));
  }
  fake_change (&s[1], 995, "shop", "1.1", NULL);
  g_autoptr (RcaStore) store = fake_finish (table, s, 2);
  g_autoptr (GPtrArray) changes = rca_store_changes (store, all_time, NULL);
  g_assert_cmpuint (changes->len, ==, 3);
  const RcaChange *first = g_ptr_array_index (changes, 0), *second = g_ptr_array_index (changes, 1), *third = g_ptr_array_index (changes, 2);
  g_assert_cmpint (first->kind, ==, RCA_CHANGE_RESTART); /* nothing is known of before it */
  g_assert_cmpint (second->kind, ==, RCA_CHANGE_DEPLOY);
  g_assert_cmpstr (second->ref.path, ==, "deploy.log");
  g_assert_cmpstr (second->version_before, ==, "1.0");
  g_assert_true (third->seen_on_rows);
  g_assert_cmpstr (third->version, ==, "1.2");
  RcaFrameQuery q
      = { .span = all_time, .width_ns = 3600 * RCA_NS_PER_S, .stream = RCA_STREAM_APP, .by = { RCA_DIM_VERSION, RCA_DIM_NONE }, .measures = RCA_MEASURE_COUNT };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_assert_cmpuint (rca_frame_n_entities (f), ==, 3);
  g_assert_cmpfloat (rca_frame_series (f, 1, RCA_MEASURE_COUNT)[1], ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sources/instances-and-their-addresses-are-learnt-from-shared-ids", test_sources);
  g_test_add_func ("/join/things-are-counted-by-id-queued-and-lost-requests-apart", test_join);
  g_test_add_func ("/join/a-request-carries-what-its-own-row-says", test_join_itself);
  g_test_add_func ("/join/records-without-an-id-go-to-the-request-that-ends-beside-them", test_join_near);
  g_test_add_func ("/rows/an-id-finds-its-rows-whatever-its-case-and-dashes", test_rows);
  g_test_add_func ("/seen/values-never-seen-are-said-to-be", test_seen);
  g_test_add_func ("/changes/a-deploy-is-told-once-and-a-version-that-no-log-tells-is-seen-on-rows", test_changes);
  g_test_add_func ("/changes/a-start-says-the-version-of-what-follows-and-repeats-its-deploy", test_started);
  return g_test_run ();
}
