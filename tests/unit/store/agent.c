#include "agent.h"

static void
check_family (const char *agent, const char *family)
{
  RcaBytes f = rca_agent_family (rca_bytes_str (agent));
  g_autofree char *text = g_strndup (f.p, f.n);
  g_assert_cmpstr (text, ==, family);
}

static void
test_family (void)
{
  check_family ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36", "chrome");
  check_family ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36 Edg/119.0", "edge");
  check_family ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15", "safari");
  check_family ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "googlebot");
  check_family ("my-job/2.1 (linux)", "my-job");
  check_family ("", "");
}

static void
check_audience (const char *path, const char *agent, const char *audience)
{
  g_assert_cmpstr (rca_audience_name (rca_audience (rca_bytes_str (path), rca_bytes_str (agent))), ==, audience);
}

static void
test_audience (void)
{
  check_audience ("/healthz", "", "probe");
  check_audience ("/api/v1/health", "curl/8", "probe");
  check_audience ("/health/records/7", "", "user");
  check_audience ("/orders/status", "", "user");
  check_audience ("/status?full", "", "probe");
  check_audience ("/nginx_status", "", "probe");
  check_audience ("/admin/users", "", "admin");
  check_audience ("/api/admin", "", "user");
  check_audience ("/", "kube-probe/1.29", "probe");
  check_audience ("/", "ELB-HealthChecker/2.0", "probe");
  check_audience ("/items/7", "Mozilla/5.0 Firefox/120.0", "user");
}

static void
check_network (const char *address, const char *network)
{
  char out[64];
  rca_network_of (rca_bytes_str (address), out);
  g_assert_cmpstr (out, ==, network);
}

static void
test_network (void)
{
  check_network ("203.0.113.7", "203.0.113.0/24");
  check_network ("2001:db8:1:2:3::4", "2001:db8:1::/48");
  check_network ("unix:", "unix:");
  check_network ("", "");
}

static void
check_id (const char *id, const char *normal)
{
  char out[RCA_ID_BYTES];
  RcaBytes n = rca_normal_id (rca_bytes_str (id), out);
  g_autofree char *text = g_strndup (n.p, n.n);
  g_assert_cmpstr (text, ==, normal);
}

static void
test_ids (void)
{
  check_id ("0AF7651916CD43DD8448EB211C80319C", "0af7651916cd43dd8448eb211c80319c");
  check_id ("0af76519-16cd-43dd-8448-eb211c80319c", "0af7651916cd43dd8448eb211c80319c");
  check_id ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c");
  check_id ("Root=1-67891233-abcdef012345678912345678", "Root=1-67891233-abcdef012345678912345678");
  check_id ("req-7Q", "req-7Q");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/agent/families-are-what-the-agent-is-not-what-it-claims-beside", test_family);
  g_test_add_func ("/audience/probes-and-admins-are-told-from-users-by-path-and-agent", test_audience);
  g_test_add_func ("/network/is-a-24-or-a-48", test_network);
  g_test_add_func ("/id/case-dashes-and-traceparents-do-not-matter", test_ids);
  return g_test_run ();
}
