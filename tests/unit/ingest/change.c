#include "change.h"

typedef struct {
  const char *text;
  RcaChangeKind kind;
  const char *service, *version, *before, *actor;
} Row;

#define K(x) RCA_CHANGE_##x

static const Row rows[] = {
  { "deployed storefront 2.4.1 by oncall (hotfix: fetch only needed columns)", K (DEPLOY), "storefront", "2.4.1", "", "oncall" },
  { "cdn change: edge cache rules updated: normalize query strings, ttl 20s", K (CONFIG), "cdn", "", "", "" },
  { "cdn change: edge configuration v118 activated", K (CONFIG), "cdn", "v118", "", "" },
  { "release boxoffice 3.0.1: new totals", K (DEPLOY), "boxoffice", "3.0.1", "", "" },
  { "release boxoffice 3.0.0: revert", K (ROLLBACK), "boxoffice", "3.0.0", "", "" },
  { "release 2.16.0: change order search query", K (DEPLOY), "", "2.16.0", "", "" },
  { "Rolled back catalog from 2.5.0 to 2.4.0", K (ROLLBACK), "catalog", "2.4.0", "2.5.0", "" },
  { "catalog 2.4.0 -> 2.5.0 deployed to production", K (DEPLOY), "catalog", "2.5.0", "2.4.0", "" },
  { "Deploying catalog@v2.5.0 to prod", K (DEPLOY), "catalog", "v2.5.0", "", "" },
  { "deploy registry.example/shop/catalog:2.5.0-rc1 started", K (DEPLOY), "catalog", "2.5.0-rc1", "", "" },
  { "Scaled up replica set storefront-c8ba0fefb to 2 (image storefront:6.3.0-rc1)", K (SCALE), "storefront", "6.3.0-rc1", "", "" },
  { "Deployed version 2.5.0 of catalog", K (DEPLOY), "catalog", "2.5.0", "", "" },
  { "feature flag new-checkout enabled for 100%", K (FLAG), "new-checkout", "", "", "" },
  { "restarted payments on host-3", K (RESTART), "payments", "", "", "" },
  { "payments: restarted by systemd", K (RESTART), "payments", "", "", "systemd" },
  { "job nightly-report started", K (JOB), "nightly-report", "", "", "" },
  { "config payments: pool size 20 -> 5", K (CONFIG), "payments", "", "", "" },
  { "migration 20261124_add_index applied to orders", K (MIGRATION), "", "", "", "" },
  { "deploy service=catalog version=2.5.0 user=ann status=success", K (DEPLOY), "catalog", "2.5.0", "", "ann" },
  { "deployed config-service 1.2.0 with new job queue", K (DEPLOY), "config-service", "1.2.0", "", "" },
  { "Branch main (at abc1234) deployed as release 20261124021104 by bob", K (DEPLOY), "", "abc1234", "", "bob" },
  { "incident 42 opened: rollback of 2.5.0 considered", K (NONE), "", "", "", "" },
  { "request completed in 5ms", K (NONE), "", "", "", "" },
  { "", K (NONE), "", "", "", "" },
};

static void
assert_bytes (RcaBytes got, const char *want, const char *text)
{
  g_autofree char *copy = g_strndup (got.n ? got.p : "", got.n);
  if (strcmp (copy, want) != 0)
    g_test_message ("%s", text);
  g_assert_cmpstr (copy, ==, want);
}

static void
test_sentences_tell_kind_service_and_versions (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaChange change;
    rca_change_read (rca_bytes_str (rows[i].text), &change);
    if (change.kind != rows[i].kind)
      g_test_message ("%s", rows[i].text);
    g_assert_cmpstr (rca_change_kind_name (change.kind), ==, rca_change_kind_name (rows[i].kind));
    assert_bytes (change.version, rows[i].version, rows[i].text);
    assert_bytes (change.version_before, rows[i].before, rows[i].text);
    if (*rows[i].service || change.kind == RCA_CHANGE_DEPLOY)
      assert_bytes (change.service, rows[i].service, rows[i].text);
    assert_bytes (change.actor, rows[i].actor, rows[i].text);
  }
}

static void
test_names_of_events_tell_the_kind (void)
{
  g_assert_cmpint (rca_change_kind (RCA_BYTES ("deployment.succeeded")), ==, RCA_CHANGE_DEPLOY);
  g_assert_cmpint (rca_change_kind (RCA_BYTES ("dev.cdevents.service.rolledback.0.3.0")), ==, RCA_CHANGE_ROLLBACK);
  g_assert_cmpint (rca_change_kind (RCA_BYTES ("feature-environment-enabled")), ==, RCA_CHANGE_FLAG);
  g_assert_cmpint (rca_change_kind (RCA_BYTES ("configChanged")), ==, RCA_CHANGE_CONFIG);
  g_assert_cmpint (rca_change_kind (RCA_BYTES ("dev.cdevents.incident.detected")), ==, RCA_CHANGE_NONE);
}

static void
test_versions_are_no_numbers_and_addresses (void)
{
  static const char *const versions[] = { "2.5.0", "v2", "v118", "6.3.0-rc1", "2026.11.24-3", "1.2" };
  static const char *const others[] = { "", "2", "10.0.0.1", "5ms", "1.5s", "v", "vector", "2026-11-24", "3rd" };
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    g_assert_true (rca_is_version (rca_bytes_str (versions[i])));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (rca_is_version (rca_bytes_str (others[i])));
}

/* Looking for a digest behind each mark made half a megabyte of them take minutes. */
static void
test_images_of_any_length_are_split_in_linear_time (void)
{
  GString *word = g_string_new ("shop");
  RcaBytes name, version;
  while (word->len < 512 * 1024)
    g_string_append (word, "-x_");
  g_assert_false (rca_split_image (rca_bytes (word->str, word->len), &name, &version));
  g_string_append (word, ":2.4.1@sha256:0123456789ab");
  g_assert_true (rca_split_image (rca_bytes (word->str, word->len), &name, &version));
  g_assert_true (rca_bytes_equal (version, RCA_BYTES ("2.4.1")));
  g_string_free (word, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/change/sentences-tell-kind-service-and-versions", test_sentences_tell_kind_service_and_versions);
  g_test_add_func ("/change/names-of-events-tell-the-kind", test_names_of_events_tell_the_kind);
  g_test_add_func ("/change/versions-are-no-numbers-and-addresses", test_versions_are_no_numbers_and_addresses);
  g_test_add_func ("/change/images-of-any-length-are-split-in-linear-time", test_images_of_any_length_are_split_in_linear_time);
  return g_test_run ();
}
