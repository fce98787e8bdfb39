/* What file names tell: which files are one log, and whose it is. */
#include "rotation.h"
#include "tally.h"

static void
test_rotated_names (void)
{
  static const struct {
    const char *name, *log, *date;
    int number;
  } rows[] = {
    { "access.log", "access.log", NULL, -1 },
    { "access.log.1", "access.log", NULL, 1 },
    { "access.log.12.gz", "access.log", NULL, 12 },
    { "access.log.gz", "access.log", NULL, -1 },
    { "access.log-20261124.zst", "access.log", "20261124", -1 },
    { "access.log-1795480342", "access.log", "1795480342", -1 },
    { "access-20261124.log", "access.log", "20261124", -1 },
    { "app.2026-11-24.0.log.gz", "app.log", "202611240", -1 },
    { "postgresql-2026-11-24_000000.log", "postgresql.log", "20261124000000", -1 },
    { "postgresql-Mon.log", "postgresql.log", "0", -1 },
    { "app.1.log", "app.log", NULL, 1 },
    { "shop-1.log", "shop-1.log", NULL, -1 },
    { "shop-2-20261124.log", "shop-2.log", "20261124", -1 },
    { "postgresql-15-main.log", "postgresql-15-main.log", NULL, -1 },
    { "syslog.2.gz", "syslog", NULL, 2 },
    { "report-99999999.log", "report-99999999.log", NULL, -1 }, /* no date */
    { ".1", ".1", NULL, -1 },
    { "-20261124", "-20261124", NULL, -1 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaRotation rotation;
    rca_rotation_parse (rows[i].name, &rotation);
    g_test_message ("%s", rows[i].name);
    g_assert_cmpstr (rotation.log, ==, rows[i].log);
    g_assert_cmpstr (rotation.date, ==, rows[i].date);
    g_assert_cmpint (rotation.number, ==, rows[i].number);
    rca_rotation_clear (&rotation);
  }
}

static void
test_service_of_a_path (void)
{
  static const char *const rows[][2] = {
    { "/var/log/nginx/access.log", "nginx" },
    { "/var/log/nginx/error.log.2.gz", "nginx" },
    { "logs/app/storefront-2.log", "storefront" },
    { "logs/orders_api.json", "orders_api" },
    { "/var/log/postgresql/postgresql-15-main.log", "postgresql" },
    { "mysql-slow.log", "mysql" },
    { "access.log", NULL },
    { "/dev/fd/63", NULL },
    { "-", NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    g_autofree char *service = rca_service_from_path (rows[i][0]);
    g_test_message ("%s", rows[i][0]);
    g_assert_cmpstr (service, ==, rows[i][1]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/names/rotated-siblings-have-the-name-of-their-log", test_rotated_names);
  g_test_add_func ("/names/a-path-tells-the-service", test_service_of_a_path);
  return g_test_run ();
}
