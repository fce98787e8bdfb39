#include "fake.h"
#include <math.h>

static RcaStore *
two_routes (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource web = fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx");
  for (guint i = 0; i < 40; i++)
    fake_request (&web, RCA_STREAM_ACCESS, i + 0.5, "/a/1", i < 10 ? 503 : 200, 0.010, NULL, i % 2 ? "10.0.0.1:80" : "10.0.0.2:80");
  for (guint i = 0; i < 20; i++)
    fake_request (&web, RCA_STREAM_ACCESS, i + 0.5, "/b", 200, 2.0, NULL, NULL);
  RcaEvent *error = fake_event (RCA_STREAM_ACCESS, 5);
  error->severity = RCA_SEVERITY_ERROR;
  fake_str (error, RCA_FIELD_MESSAGE, "connect() failed");
  fake_append (&web, error);
  return fake_finish (table, &web, 1);
}

static double
sum (const double *values, guint n)
{
  double s = 0;
  for (guint i = 0; i < n; i++)
    s += values[i];
  return s;
}

static void
test_counts (void)
{
  g_autoptr (RcaStore) store = two_routes ();
  RcaFrameQuery q = { .span = { at_s (-10), at_s (100) },
                      .width_ns = 10 * RCA_NS_PER_S,
                      .stream = RCA_STREAM_ACCESS,
                      .by = { RCA_DIM_ROUTE, RCA_DIM_NONE },
                      .measures = RCA_MEASURE_COUNT | RCA_MEASURE_FAILED | RCA_MEASURE_DURATION };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_assert_cmpuint (rca_frame_n_entities (f), ==, 2);
  g_assert_cmpstr (rca_frame_value (f, 0, 0), ==, "GET /a/{}");
  g_assert_cmpstr (rca_frame_value (f, 1, 0), ==, "GET /b");
  guint n = rca_frame_n_buckets (f);
  g_assert_cmpuint (n, ==, 11);
  g_assert_cmpfloat (sum (rca_frame_series (f, 0, RCA_MEASURE_COUNT), n), ==, 40);
  g_assert_cmpfloat (sum (rca_frame_series (f, 0, RCA_MEASURE_FAILED), n), ==, 10);
  g_assert_cmpfloat (sum (rca_frame_series (f, 1, RCA_MEASURE_COUNT), n), ==, 20);
  /* counted where they began: two seconds before the log line */
  g_assert_cmpfloat (rca_frame_series (f, 1, RCA_MEASURE_COUNT)[0], ==, 2);
  g_assert_cmpfloat_with_epsilon (sum (rca_frame_series (f, 1, RCA_MEASURE_DURATION), n), 40, 1e-9);
  const RcaHistogram *h = rca_frame_histogram (f, 1, 1, RCA_MEASURE_DURATION);
  g_assert_nonnull (h);
  g_assert_cmpuint (rca_histogram_count_from (h, rca_histogram_bin (2 * RCA_NS_PER_S)), ==, 10);
  g_assert_null (rca_frame_histogram (f, 0, 10, RCA_MEASURE_DURATION));
  g_assert_cmpint (rca_frame_find (f, "GET /b", NULL), ==, 1);
  g_assert_cmpint (rca_frame_find (f, "GET /c", NULL), ==, -1);
}

static void
test_other (void)
{
  g_autoptr (RcaStore) store = two_routes ();
  RcaFrameQuery q = { .span = all_time,
                      .width_ns = 3600 * RCA_NS_PER_S,
                      .stream = RCA_STREAM_ACCESS,
                      .by = { RCA_DIM_ROUTE, RCA_DIM_UPSTREAM },
                      .measures = RCA_MEASURE_COUNT,
                      .k = 1 };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_assert_cmpuint (rca_frame_n_entities (f), ==, 1);
  g_assert_cmpuint (rca_frame_other_entities (f), ==, 2);
  guint n = rca_frame_n_buckets (f);
  /* three pairs of twenty: the first by name is the one without an upstream? no: by route, then upstream */
  g_assert_cmpstr (rca_frame_value (f, 0, 0), ==, "GET /a/{}");
  g_assert_cmpstr (rca_frame_value (f, 0, 1), ==, "10.0.0.1:80");
  g_assert_cmpfloat (sum (rca_frame_series (f, 0, RCA_MEASURE_COUNT), n), ==, 20);
  g_assert_cmpfloat (sum (rca_frame_series (f, 1, RCA_MEASURE_COUNT), n), ==, 40);
}

static void
test_filter (void)
{
  g_autoptr (RcaStore) store = two_routes ();
  const char *const routes[] = { "GET /b", NULL }, *const errors[] = { "error", NULL };
  RcaFilter not_b = { RCA_DIM_ROUTE, routes, TRUE };
  RcaFrameQuery q = { .span = all_time,
                      .width_ns = 3600 * RCA_NS_PER_S,
                      .stream = RCA_STREAM_ACCESS,
                      .by = { RCA_DIM_NONE, RCA_DIM_NONE },
                      .filter = &not_b,
                      .n_filters = 1,
                      .measures = RCA_MEASURE_COUNT };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_assert_cmpfloat (sum (rca_frame_series (f, 0, RCA_MEASURE_COUNT), rca_frame_n_buckets (f)), ==, 40);
  RcaFilter kind = { RCA_DIM_KIND, errors, FALSE };
  q.filter = &kind;
  g_autoptr (RcaFrame) e = rca_store_frame (store, &q, NULL);
  g_assert_cmpfloat (sum (rca_frame_series (e, 0, RCA_MEASURE_COUNT), rca_frame_n_buckets (e)), ==, 1);
}

static void
test_empty (void)
{
  g_autoptr (RcaStore) store = two_routes ();
  RcaFrameQuery q = { .span = { at_s (500), at_s (600) },
                      .width_ns = RCA_NS_PER_S,
                      .stream = RCA_STREAM_DB,
                      .by = { RCA_DIM_NONE, RCA_DIM_NONE },
                      .measures = RCA_MEASURE_COUNT | RCA_MEASURE_GAUGE };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_assert_cmpuint (rca_frame_n_entities (f), ==, 1);
  g_assert_cmpfloat (sum (rca_frame_series (f, 0, RCA_MEASURE_COUNT), 100), ==, 0);
  g_assert_true (isnan (rca_frame_gauge (f, 0, 0).min));
}

static void
test_clients (void)
{
  RcaTable *table = rca_table_new ();
  FakeSource web = fake_source (table, "access.log", RCA_STREAM_ACCESS, "nginx");
  for (guint i = 0; i < 100; i++)
  {
    RcaEvent *ev = fake_event (RCA_STREAM_ACCESS, i);
    g_autofree char *client = g_strdup_printf ("10.0.%u.%u", i % 4, i % 20);
    fake_str (ev, RCA_FIELD_CLIENT, client);
    rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, i % 20 == 3 ? 500 : 200);
    fake_append (&web, ev);
  }
  g_autoptr (RcaStore) store = fake_finish (table, &web, 1);
  RcaFrameQuery q = { .span = { at_s (0), at_s (100) },
                      .width_ns = 10 * RCA_NS_PER_S,
                      .stream = RCA_STREAM_ACCESS,
                      .by = { RCA_DIM_NONE, RCA_DIM_NONE },
                      .measures = RCA_MEASURE_CLIENTS | RCA_MEASURE_CLIENTS_FAILED };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_assert_cmpfloat (rca_frame_series (f, 0, RCA_MEASURE_CLIENTS)[0], ==, 10);
  g_assert_cmpfloat (rca_frame_clients (f, 0, 0, 10, RCA_MEASURE_CLIENTS), ==, 20);
  g_assert_cmpfloat (rca_frame_clients (f, 0, 0, 1, RCA_MEASURE_CLIENTS), ==, 10);
  g_assert_cmpfloat (rca_frame_clients (f, 0, 0, 10, RCA_MEASURE_CLIENTS_FAILED), ==, 1);
  q.by[0] = RCA_DIM_NETWORK;
  g_autoptr (RcaFrame) by_network = rca_store_frame (store, &q, NULL);
  g_assert_cmpuint (rca_frame_n_entities (by_network), ==, 4);
  g_assert_cmpint (rca_frame_find (by_network, "10.0.3.0/24", NULL), >=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/requests-are-counted-at-their-start-by-route", test_counts);
  g_test_add_func ("/frame/what-does-not-fit-is-other-and-ties-go-by-name", test_other);
  g_test_add_func ("/frame/filters-keep-or-leave-out-and-error-rows-only-count-when-asked-for", test_filter);
  g_test_add_func ("/frame/a-frame-of-nothing-has-its-one-series", test_empty);
  g_test_add_func ("/frame/clients-are-distinct-over-any-span-of-buckets", test_clients);
  return g_test_run ();
}
