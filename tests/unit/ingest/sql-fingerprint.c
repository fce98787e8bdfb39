#include "identity.h"

static char *
fingerprint (const char *statement)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  RcaIdentity id = rca_sql_fingerprint (rca_bytes_str (statement), arena);
  return g_strndup (id.text.p, id.text.n);
}

static void
assert_fingerprint (const char *statement, const char *want)
{
  g_autofree char *got = fingerprint (statement);
  g_assert_cmpstr (got, ==, want);
}

static void
test_literals_and_lists_are_folded (void)
{
  assert_fingerprint ("select * from orders where id = 42 and name='O''Brien' ;", "SELECT * FROM orders WHERE id = ? AND name = ?");
  assert_fingerprint ("SELECT a,b FROM t WHERE id IN (1, 2,3) AND x=-5 AND y = a -5", "SELECT a, b FROM t WHERE id IN (?) AND x = ? AND y = a - ?");
  assert_fingerprint ("INSERT INTO stock(sku, n) VALUES ('a', 1), ('b', 2),(NULL, now()) ON CONFLICT (sku) DO UPDATE SET n = 3",
                      "INSERT INTO stock(sku, n) VALUES (?) ON CONFLICT (sku) DO UPDATE SET n = ?");
  assert_fingerprint ("SELECT count(*), Max(x) FROM t WHERE d > '2026-01-01'::date AND e IS NOT NULL AND f = TRUE",
                      "SELECT COUNT(*), MAX(x) FROM t WHERE d > ?::date AND e IS NOT NULL AND f = ?");
  assert_fingerprint ("SELECT 1.5e3, 0xFF, .5, E'a\\'b', $$x'y$$, $t$z$t$", "SELECT ?");
  assert_fingerprint ("SELECT x -> 'a' ->> 'b' FROM t WHERE j @> '{}' AND a!=1", "SELECT x -> ? ->> ? FROM t WHERE j @> ? AND a <> ?");
  assert_fingerprint ("SELECT x FROM t WHERE a LIKE $1 ESCAPE '\\' AND b = 'c'", "SELECT x FROM t WHERE a LIKE ? ESCAPE ? AND b = ?");
  assert_fingerprint ("UPDATE t SET a = NULL, b = \"c\" WHERE d = \"t\".\"e\"", "UPDATE t SET a = ?, b = ? WHERE d = t.e");
  assert_fingerprint ("SELECT 'unclosed", "SELECT ?");
  assert_fingerprint ("", "");
}

static void
test_both_dialects_and_all_drivers_look_equal (void)
{
  static const char *const same[] = {
    "SELECT o.id, i.sku FROM orders o JOIN items i ON i.order_id = o.id WHERE o.user_id = $1 AND o.state IN ($2, $3) LIMIT 10",
    "select \"o\".\"id\", \"i\".\"sku\"\n  from \"orders\" \"o\" join \"items\" \"i\" on \"i\".\"order_id\" = \"o\".\"id\"\n where \"o\".\"user_id\" = 7 and "
    "\"o\".\"state\" in ('a') limit 20;",
    "SELECT `o`.`id`, `i`.`sku` FROM `orders` `o` JOIN `items` `i` ON `i`.`order_id` = `o`.`id` WHERE `o`.`user_id` = \"bob\" AND `o`.`state` IN "
    "(\"x\",\"y\",\"z\") LIMIT 5 /*route='%2Fa'*/",
    "SELECT o.id, i.sku FROM orders o JOIN items i ON i.order_id=o.id WHERE o.user_id=%s AND o.state IN (%s, %s) LIMIT ? -- tail",
    "/* app:web */ SELECT o.id, i.sku FROM orders o JOIN items i ON i.order_id = o.id WHERE o.user_id = :user AND o.state IN (@p0, @p1) LIMIT %(n)s",
  };
  g_autofree char *first = fingerprint (same[0]);
  for (guint i = 1; i < G_N_ELEMENTS (same); i++)
    assert_fingerprint (same[i], first);
}

static void
test_names_a_driver_makes_up_are_folded (void)
{
  assert_fingerprint ("SAVEPOINT \"s1234_x1\"", "SAVEPOINT ?");
  assert_fingerprint ("RELEASE SAVEPOINT s1234_x1", "RELEASE SAVEPOINT ?");
  assert_fingerprint ("ROLLBACK TO SAVEPOINT s1", "ROLLBACK TO SAVEPOINT ?");
}

static void
test_long_and_hostile_statements_are_bounded (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  g_autoptr (GString) text = g_string_new ("INSERT INTO t VALUES ");
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf (text, "%s(%u, 'x', f(%u))", i ? ", " : "", i, i);
  g_assert_cmpuint (rca_sql_fingerprint (rca_bytes (text->str, text->len), arena).text.n, <, 60);
  g_string_assign (text, "SELECT a");
  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (text, ", column_%u", i);
  g_assert_cmpuint (rca_sql_fingerprint (rca_bytes (text->str, text->len), arena).text.n, <=, 2048 + 3);
  GRand *rand = g_rand_new_with_seed (1);
  for (guint round = 0; round < 5000; round++)
  {
    gsize n = (gsize)g_rand_int_range (rand, 0, 200);
    g_autofree char *bytes = g_malloc (n);
    for (gsize i = 0; i < n; i++)
      bytes[i] = g_rand_int_range (rand, 0, 4) ? "SELECT FROM,()'\"`$?:%@-+/*#\\;.=0a"[g_rand_int_range (rand, 0, 33)] : (char)g_rand_int (rand);
    RcaIdentity id = rca_sql_fingerprint (rca_bytes (bytes, n), arena);
    g_assert_cmpuint (rca_sql_name (id.text, arena).n, <=, 80);
    rca_arena_reset (arena);
  }
  g_rand_free (rand);
}

static void
test_a_statement_has_a_name (void)
{
  static const char *const rows[][2] = {
    { "SELECT * FROM shop.orders o JOIN items ON items.order_id = o.id", "SELECT orders ⋈ items" },
    { "select 1 from a, b as c, only d where x in (select y from e)", "SELECT a ⋈ b ⋈ d ⋈ e" },
    { "UPDATE stock SET n = n - 1 WHERE sku = 'x'", "UPDATE stock" },
    { "INSERT INTO orders (a, b) SELECT a, b FROM carts ON DUPLICATE KEY UPDATE a = 1", "INSERT orders ⋈ carts" },
    { "DELETE FROM sessions WHERE expires < now()", "DELETE sessions" },
    { "WITH recent AS (SELECT * FROM events WHERE t > $1), x AS (SELECT 1 FROM logs) SELECT * FROM recent JOIN users u ON true",
      "SELECT users ⋈ events ⋈ logs" },
    { "ALTER TABLE orders ADD COLUMN x int", "ALTER TABLE orders" },
    { "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_x ON orders (x)", "CREATE INDEX orders" },
    { "create table if not exists t2 (a int)", "CREATE TABLE t2" },
    { "DROP INDEX orders_x", "DROP INDEX orders_x" },
    { "TRUNCATE TABLE carts", "TRUNCATE carts" },
    { "SELECT pg_sleep(5)", "SELECT pg_sleep" },
    { "SELECT 1", "SELECT" },
    { "BEGIN", "BEGIN" },
    { "commit;", "COMMIT" },
    { "SELECT extract(epoch FROM created) FROM orders WHERE a IS DISTINCT FROM b FOR UPDATE", "SELECT orders" },
    { "SELECT * FROM generate_series(1, 10) g", "SELECT" },
    { "SELECT * FROM (SELECT id FROM inner_t) s JOIN outer_t ON 1 = 1", "SELECT outer_t ⋈ inner_t" },
    { "LOCK TABLE orders IN EXCLUSIVE MODE", "LOCK orders" },
    { "VACUUM ANALYZE orders", "VACUUM orders" },
    { "COPY public.orders (id, x) TO stdout", "COPY orders" },
    { "REFRESH MATERIALIZED VIEW CONCURRENTLY daily", "REFRESH MATERIALIZED daily" },
    { "EXPLAIN ANALYZE SELECT * FROM orders", "SELECT orders" },
    { "REPLACE INTO cache VALUES (1)", "REPLACE cache" },
    { "CALL rebuild(1)", "CALL rebuild" },
    { "", "" },
  };
  g_autoptr (RcaArena) arena = rca_arena_new ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaBytes name = rca_sql_name (rca_sql_fingerprint (rca_bytes_str (rows[i][0]), arena).text, arena);
    g_autofree char *got = g_strndup (name.p, name.n);
    g_assert_cmpstr (got, ==, rows[i][1]);
  }
}

static void
print_tag (RcaBytes key, RcaBytes value, gpointer user)
{
  g_string_append_printf (user, "%.*s=%.*s;", (int)key.n, key.p, (int)value.n, value.p);
}

static void
test_comments_tell_the_route (void)
{
  static const char *const rows[][2] = {
    { "SELECT 1 /*action='show',framework='django%3A4',route='%2Fpolls%2F1',traceparent='00-5bd6-01'*/;",
      "action=show;framework=django:4;route=/polls/1;traceparent=00-5bd6-01;" },
    { "SELECT 1 /*application:Shop,controller:cart,action:show*/", "application=Shop;controller=cart;action=show;" },
    { "/*controller:cart*/ SELECT 1", "controller=cart;" },
    { "SELECT 1 /* just words, no more */", "" },
    { "SELECT 1", "" },
    { "*/", "" },
  };
  g_autoptr (RcaArena) arena = rca_arena_new ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    g_autoptr (GString) got = g_string_new (NULL);
    rca_sql_comment_tags (rca_bytes_str (rows[i][0]), arena, print_tag, got);
    g_assert_cmpstr (got->str, ==, rows[i][1]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sql/literals-and-lists-are-folded", test_literals_and_lists_are_folded);
  g_test_add_func ("/sql/both-dialects-and-all-drivers-look-equal", test_both_dialects_and_all_drivers_look_equal);
  g_test_add_func ("/sql/names-a-driver-makes-up-are-folded", test_names_a_driver_makes_up_are_folded);
  g_test_add_func ("/sql/long-and-hostile-statements-are-bounded", test_long_and_hostile_statements_are_bounded);
  g_test_add_func ("/sql/a-statement-has-a-name", test_a_statement_has_a_name);
  g_test_add_func ("/sql/comments-tell-the-route", test_comments_tell_the_route);
  return g_test_run ();
}
