#include "clickhouse/schema.h"
#include "clickhouse/row-binary.h"
#include "clickhouse/statement.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

const RcaExtraInfo rca_extra_columns[RCA_N_EXTRAS] = {
  [RCA_EXTRA_BLOCK] = { "block", "UInt64" },
  [RCA_EXTRA_SOURCE] = { "source", "UInt64" },
  [RCA_EXTRA_PLACE] = { "place", "UInt64" },
  [RCA_EXTRA_DAY] = { "day", "Date" },
  [RCA_EXTRA_START] = { "start_ns", "Int64" },
  [RCA_EXTRA_END] = { "end_ns", "Int64" },
  [RCA_EXTRA_HIDDEN] = { "hidden", "UInt8" },
  [RCA_EXTRA_SPEAKS] = { "speaks", "UInt8" },
  [RCA_EXTRA_DURATION_BIN] = { "duration_bin", "UInt8" },
  [RCA_EXTRA_CONNECT_BIN] = { "upstream_connect_bin", "UInt8" },
  [RCA_EXTRA_UPSTREAM_BIN] = { "upstream_time_bin", "UInt8" },
  [RCA_EXTRA_NETWORK] = { "network", "String" },
  [RCA_EXTRA_ATTEMPT] = { "attempt", "String" },
  [RCA_EXTRA_UPSTREAM_CLASS] = { "upstream_class", "String" },
  [RCA_EXTRA_TEXT] = { "text", "String" },
};

gboolean
rca_column_is_stored (RcaColumnId column)
{
  return column != RCA_COL_TEXT_LENGTH && column != RCA_COL_TEXT_POSITION;
}

const char *
rca_column_sql_type (RcaColumnId column)
{
  static const char *const types[] = {
    [RCA_COLUMN_U8] = "UInt8",   [RCA_COLUMN_U16] = "UInt16",  [RCA_COLUMN_U32] = "UInt32",  [RCA_COLUMN_U64] = "UInt64",
    [RCA_COLUMN_I64] = "Int64", [RCA_COLUMN_F64] = "Float64", [RCA_COLUMN_CODE] = "String",
  };
  return types[rca_column_info (column)->type];
}

/* Ids and texts are hardly ever the same twice. */
static gboolean
repeats (RcaColumnId column)
{
  RcaDomain d = rca_column_info (column)->domain;
  return d != RCA_DOMAIN_NONE && d != RCA_DOMAIN_ID && d != RCA_DOMAIN_SESSION && d != RCA_DOMAIN_MESSAGE && d != RCA_DOMAIN_CHANGE_ID && d != RCA_DOMAIN_CLIENT;
}

guint64
rca_source_number (const char *path)
{
  return XXH3_64bits (path, strlen (path));
}

char *
rca_schema_columns (void)
{
  GString *out = g_string_new (NULL);
  for (guint e = 0; e < RCA_N_EXTRAS; e++)
    g_string_append_printf (out, "%s`%s`", out->len ? "," : "", rca_extra_columns[e].name);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (rca_column_is_stored ((RcaColumnId)c))
      g_string_append_printf (out, ",`%s`", rca_column_info ((RcaColumnId)c)->name);
  return g_string_free (out, FALSE);
}

/* ---- what is there ---- */

/* Sent when the server knows them. */
static const char *const used_settings[] = { "max_execution_time", "enable_http_compression", "cancel_http_readonly_queries_on_client_close", "max_partitions_per_insert_block", "insert_distributed_sync", "distributed_foreground_insert",
                                             "distributed_product_mode", "insert_deduplication_token" };

static char *
probe_statement (const RcaClickhouseAddress *a)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (used_settings); i++)
    g_string_append_printf (names, "%s'%s'", i ? "," : "", used_settings[i]);
  return g_strdup_printf ("SELECT toUInt8(1) AS what, version() AS a, '' AS b"
                          " UNION ALL SELECT toUInt8(2), name, value FROM system.settings WHERE name = 'readonly' OR name IN (%s)"
                          " UNION ALL SELECT toUInt8(3), name, '' FROM system.data_type_families WHERE name IN ('LowCardinality','DateTime64')"
                          " UNION ALL SELECT toUInt8(4), name, sorting_key FROM system.tables WHERE database = '%s' AND name IN ('%s','%s_sources')"
                          " UNION ALL SELECT toUInt8(5), name, type FROM system.columns WHERE database = '%s' AND table = '%s'"
                          " FORMAT RowBinary",
                          names->str, a->database, a->table, a->table, a->database, a->table);
}

typedef struct {
  guint tables, families;
} Counted;

static void
take_fact (RcaServer *s, const RcaClickhouseAddress *a, guint8 what, char *name, char *value, Counted *counted)
{
  switch (what)
  {
  case 1:
    s->version = g_strdup (name);
    break;
  case 2:
    if (g_strcmp0 (name, "readonly") == 0)
      s->readonly = g_strcmp0 (value, "1") == 0;
    else
      g_hash_table_add (s->setting, g_strdup (name));
    break;
  case 3:
    counted->families++;
    break;
  case 4:
    counted->tables++;
    if (g_strcmp0 (name, a->table) == 0)
    {
      g_free (s->sorting_key);
      s->sorting_key = g_strdup (value ? value : "");
    }
    break;
  default:
    g_hash_table_insert (s->column, g_strdup (name), g_strdup (value ? value : ""));
  }
}

/* What a column is beneath LowCardinality. */
static gboolean
is_of_type (const char *type, const char *wanted)
{
  g_autofree char *low = g_strdup_printf ("LowCardinality(%s)", wanted);
  return g_str_equal (type, wanted) || g_str_equal (type, low);
}

static gboolean
check_column (const RcaServer *s, const char *table, const char *name, const char *wanted, GError **error)
{
  const char *type = g_hash_table_lookup (s->column, name);
  if (type && is_of_type (type, wanted))
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "table %s has %s%s where its column \"%s\" should be %s: it is not what rca ingest makes; ?table= names another", table,
               type ? "type " : "nothing", type ? type : "", name, wanted);
  return FALSE;
}

static gboolean
check_columns (const RcaServer *s, const RcaClickhouseAddress *a, GError **error)
{
  for (guint e = 0; e < RCA_N_EXTRAS; e++)
    if (!check_column (s, a->table, rca_extra_columns[e].name, rca_extra_columns[e].type, error))
      return FALSE;
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (rca_column_is_stored ((RcaColumnId)c) && !check_column (s, a->table, rca_column_info ((RcaColumnId)c)->name, rca_column_sql_type ((RcaColumnId)c), error))
      return FALSE;
  return TRUE;
}

static gboolean
looks_like_otel (const RcaServer *s)
{
  return g_hash_table_contains (s->column, "Body") && g_hash_table_contains (s->column, "Timestamp");
}

static gboolean
judge (RcaServer *s, const RcaClickhouseAddress *a, const Counted *counted, gboolean mapped, GError **error)
{
  s->low_cardinality = counted->families == 2;
  gboolean empty = g_hash_table_size (s->column) == 0, ours = g_hash_table_contains (s->column, "block") && g_hash_table_contains (s->column, "duration_bin");
  s->is_otel = !ours && !empty && (mapped || looks_like_otel (s));
  s->has_table = counted->tables == 2;
  if (s->is_otel || empty)
    return TRUE;
  return check_columns (s, a, error);
}

RcaServer *
rca_server_probe (RcaClickhouse *c, gboolean mapped, GError **error)
{
  const RcaClickhouseAddress *a = rca_clickhouse_address (c);
  g_autofree char *sql = probe_statement (a);
  g_autoptr (GBytes) answer = rca_clickhouse_ask (c, sql, error);
  if (!answer)
    return NULL;
  g_autoptr (RcaServer) s = g_new0 (RcaServer, 1);
  s->column = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  s->setting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  RcaRowReader r = rca_row_reader (answer);
  Counted counted = { 0, 0 };
  while (rca_row_more (&r))
  {
    guint8 what = rca_row_u8 (&r);
    g_autofree char *name = rca_row_dup (&r), *value = rca_row_dup (&r);
    if (!r.broken && name)
      take_fact (s, a, what, name, value, &counted);
  }
  if (r.broken || !s->version)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "%s: what answers there is no ClickHouse", a->shown);
  else if (judge (s, a, &counted, mapped, error))
    return g_steal_pointer (&s);
  else
    g_prefix_error (error, "%s: ", a->shown);
  return NULL;
}

void
rca_server_free (RcaServer *s)
{
  if (!s)
    return;
  g_free (s->version);
  g_free (s->sorting_key);
  g_hash_table_unref (s->column);
  g_hash_table_unref (s->setting);
  g_free (s);
}

/* ---- making the tables ---- */

static void
append_column (GString *sql, const RcaServer *s, const char *name, const char *type, gboolean low)
{
  g_string_append_printf (sql, "%s`%s` %s%s%s", sql->str[sql->len - 1] == '(' ? "" : ",", name, low && s->low_cardinality ? "LowCardinality(" : "", type,
                          low && s->low_cardinality ? ")" : "");
}

static char *
rows_columns (const RcaServer *s)
{
  GString *sql = g_string_new ("(");
  for (guint e = 0; e < RCA_N_EXTRAS; e++)
    append_column (sql, s, rca_extra_columns[e].name, rca_extra_columns[e].type, e >= RCA_EXTRA_NETWORK && e < RCA_EXTRA_TEXT);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (rca_column_is_stored ((RcaColumnId)c))
      append_column (sql, s, rca_column_info ((RcaColumnId)c)->name, rca_column_sql_type ((RcaColumnId)c), repeats ((RcaColumnId)c));
  g_string_append (sql, ") ENGINE = MergeTree PARTITION BY day ORDER BY (stream, start_ns)");
  return g_string_free (sql, FALSE);
}

/* On a cluster the rows of one source stay on one shard; the facts, small, go to any. */
static gboolean
make_table (RcaClickhouse *c, const char *table, const char *definition, const char *shard_by, GError **error)
{
  const RcaClickhouseAddress *a = rca_clickhouse_address (c);
  if (!a->cluster)
  {
    g_autofree char *sql = g_strdup_printf ("CREATE TABLE IF NOT EXISTS %s %s", table, definition);
    return rca_clickhouse_do (c, sql, error);
  }
  g_autofree char *local = g_strdup_printf ("CREATE TABLE IF NOT EXISTS %s.%s_local ON CLUSTER %s %s", a->database, table, a->cluster, definition);
  g_autofree char *over = g_strdup_printf ("CREATE TABLE IF NOT EXISTS %s.%s ON CLUSTER %s AS %s.%s_local ENGINE = Distributed(%s, %s, %s_local, %s)", a->database, table, a->cluster,
                                           a->database, table, a->cluster, a->database, table, shard_by);
  return rca_clickhouse_do (c, local, error) && rca_clickhouse_do (c, over, error);
}

gboolean
rca_schema_create (RcaClickhouse *c, const RcaServer *s, GError **error)
{
  const char *table = rca_clickhouse_address (c)->table;
  g_autofree char *facts_table = g_strconcat (table, "_sources", NULL), *rows = rows_columns (s), *facts = rca_ledger_definition ();
  return s->has_table || (make_table (c, table, rows, "source", error) && make_table (c, facts_table, facts, "run", error));
}
