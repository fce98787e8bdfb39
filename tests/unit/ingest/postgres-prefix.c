#include "postgres-prefix.h"

static char *
parts_of (const char *prefix)
{
  RcaPostgresPrefix learnt;
  RcaPostgresRecord r = { .pid = 0 };
  RcaStampContext context;
  RcaStamp stamp;
  RcaBytes time = { NULL, 0 };
  rca_postgres_prefix_init (&learnt);
  learnt.sqlstate = TRUE;
  rca_stamp_context_init (&context, RCA_TIME_NONE);
  rca_postgres_prefix_time (rca_bytes_str (prefix), &context, &stamp, &time);
  rca_postgres_prefix_read (&learnt, rca_bytes_str (prefix), time, &r);
  return g_strdup_printf ("pid %d user %.*s db %.*s app %.*s client %.*s state %.*s", (int)r.pid, (int)r.user.n, r.user.p, (int)r.database.n, r.database.p,
                          (int)r.application.n, r.application.p, (int)r.client.n, r.client.p, (int)r.sqlstate.n, r.sqlstate.p);
}

static void
expect (const char *prefix, const char *parts)
{
  g_autofree char *got = parts_of (prefix);
  g_assert_cmpstr (got, ==, parts);
}

static void
parts_of_usual_prefixes_are_told_apart (void)
{
  expect ("2026-11-24 02:09:24.100 UTC [4711] ", "pid 4711 user  db  app  client  state ");
  expect ("2026-11-24 02:09:24.100 UTC [4711] app@shop ", "pid 4711 user app db shop app  client  state ");
  expect ("2026-11-24 02:09:24 UTC [4711]: [3-1] user=app,db=shop,app=PostgreSQL JDBC Driver,client=10.0.0.5 ",
          "pid 4711 user app db shop app PostgreSQL JDBC Driver client 10.0.0.5 state ");
  expect ("2026-11-24 02:09:24 UTC:10.0.0.5(5432):app@shop:[4711]:", "pid 4711 user app db shop app  client 10.0.0.5 state ");
  expect ("[4711] [2026-11-24 02:09:24 UTC] app shop ", "pid 4711 user app db shop app  client  state ");
  expect ("1795486164.100 6563f0a1.1267 ", "pid 4711 user  db  app  client  state ");
  expect ("2026-11-24 02:09:24 UTC [4711] 57014 app@shop ", "pid 4711 user app db shop app  client  state 57014");
}

static void
what_the_server_does_not_know_stays_empty (void)
{
  expect ("2026-11-24 02:09:24 UTC [4711] [unknown]@[unknown] ", "pid 4711 user  db  app  client  state ");
  expect ("2026-11-24 02:09:24 UTC [4711]: user=,db=,app=[unknown],client=[local] ", "pid 4711 user  db  app  client  state ");
  expect ("", "pid 0 user  db  app  client  state ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/postgres-prefix/parts-of-usual-prefixes-are-told-apart", parts_of_usual_prefixes_are_told_apart);
  g_test_add_func ("/postgres-prefix/what-the-server-does-not-know-stays-empty", what_the_server_does_not_know_stays_empty);
  return g_test_run ();
}
