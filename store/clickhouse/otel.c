#include "clickhouse/otel.h"
#include "clickhouse/mapping.h"
#include "clickhouse/otel-spool.h"
#include "clickhouse/row-binary.h"
#include "clickhouse/statement.h"

/* Without a window so many rows are read, not more. */
#define MOST_ROWS    5000000
#define ROWS_A_SLICE 100000
/* Records reach the Collector late, and begin before they are logged. */
#define BEFORE_NS (60 * RCA_NS_PER_S)
#define AFTER_NS  (900 * RCA_NS_PER_S)
#define DAY_NS    (86400 * RCA_NS_PER_S)

typedef struct {
  RcaClickhouse *clickhouse;
  RcaServer *server;
  RcaMapping mapping;
  RcaSpan span;
  RcaOtelSpool *spool;
  RcaStore *files;
} Otel;

/* ---- what is there ---- */

static const char *
type_of (const Otel *o, const char *column)
{
  const char *type = g_hash_table_lookup (o->server->column, column);
  return type ? type : "";
}

/* A column or an expression that has the type of DateTime. */
static const char *
time_column (const Otel *o)
{
  return o->mapping.expression[RCA_MAPPED_TIME] ? o->mapping.expression[RCA_MAPPED_TIME] : "Timestamp";
}

static gboolean
has_fractions (const Otel *o)
{
  return g_str_has_prefix (type_of (o, time_column (o)), "DateTime64");
}

static char *
text_column (const Otel *o, RcaMapped mapped, const char *column)
{
  if (mapped != RCA_N_MAPPED && o->mapping.expression[mapped])
    return g_strdup_printf ("toString(%s)", o->mapping.expression[mapped]);
  return *type_of (o, column) ? g_strdup_printf ("toString(%s)", column) : g_strdup ("''");
}

/* Keys and values of a Map; other shapes give none. */
static char *
map_columns (const Otel *o, const char *column)
{
  if (g_str_has_prefix (type_of (o, column), "Map("))
    return g_strdup_printf ("CAST(mapKeys(%s) AS Array(String)), CAST(mapValues(%s) AS Array(String))", column, column);
  return g_strdup ("emptyArrayString(), emptyArrayString()");
}

/* ---- statements ---- */

static void
append_time (GString *sql, const Otel *o, const char *operator, gint64 ns)
{
  if (has_fractions (o))
    g_string_append_printf (sql, "%s %s fromUnixTimestamp64Nano(toInt64(%" G_GINT64_FORMAT "))", time_column (o), operator, ns);
  else
    g_string_append_printf (sql, "%s %s toDateTime(%" G_GINT64_FORMAT ")", time_column (o), operator, ns / RCA_NS_PER_S);
}

/* On the time, and on what the table is sorted by where that is something else made of it: the
 * exporter's generations differ, and a predicate too many costs nothing. */
static void
append_span (GString *sql, const Otel *o, RcaSpan span)
{
  gint64 from = span.start_ns / RCA_NS_PER_S, to = span.end_ns / RCA_NS_PER_S + 1;
  g_string_append (sql, " WHERE ");
  append_time (sql, o, ">=", span.start_ns);
  g_string_append (sql, " AND ");
  append_time (sql, o, "<", span.end_ns);
  if (*type_of (o, "TimestampTime"))
    g_string_append_printf (sql, " AND TimestampTime >= toDateTime(%" G_GINT64_FORMAT ") AND TimestampTime <= toDateTime(%" G_GINT64_FORMAT ")", from, to);
  const char *key = o->server->sorting_key && !o->mapping.expression[RCA_MAPPED_TIME] ? o->server->sorting_key : "";
  if (strstr (key, "toStartOfFiveMinutes(Timestamp)"))
    g_string_append_printf (sql,
                            " AND toStartOfFiveMinutes(Timestamp) >= toStartOfFiveMinutes(toDateTime(%" G_GINT64_FORMAT
                            ")) AND toStartOfFiveMinutes(Timestamp) <= toStartOfFiveMinutes(toDateTime(%" G_GINT64_FORMAT "))",
                            from, to);
  if (strstr (key, "toUnixTimestamp(Timestamp)"))
    g_string_append_printf (sql, " AND toUnixTimestamp(Timestamp) >= %" G_GINT64_FORMAT " AND toUnixTimestamp(Timestamp) <= %" G_GINT64_FORMAT, from, to);
}

static char *
rows_statement (const Otel *o, RcaSpan span)
{
  const char *table = rca_clickhouse_address (o->clickhouse)->table;
  static const struct {
    RcaMapped mapped;
    const char *column; /* of the exporter */
  } texts[] = {
    { RCA_MAPPED_SERVICE, "ServiceName" }, { RCA_MAPPED_SEVERITY, "SeverityText" }, { RCA_MAPPED_TRACE_ID, "TraceId" }, { RCA_N_MAPPED, "SpanId" },
    { RCA_MAPPED_MESSAGE, "Body" },        { RCA_MAPPED_HOST, "" },                 { RCA_MAPPED_FILE, "" },
  };
  GString *sql = g_string_new ("SELECT ");
  g_string_append_printf (sql, has_fractions (o) ? "toInt64(toUnixTimestamp64Nano(CAST(%s AS DateTime64(9))))" : "toInt64(toUnixTimestamp(%s)) * 1000000000", time_column (o));
  g_string_append (sql, *type_of (o, "SeverityNumber") ? ", toInt32(SeverityNumber)" : ", toInt32(0)");
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
  {
    g_autofree char *column = text_column (o, texts[i].mapped, texts[i].column);
    g_string_append_printf (sql, ", %s", column);
  }
  for (guint m = RCA_MAPPED_FIRST_EXTRA; m < RCA_N_MAPPED; m++)
    if (o->mapping.expression[m])
      g_string_append_printf (sql, ", toString(%s)", o->mapping.expression[m]);
  g_autofree char *resource = map_columns (o, "ResourceAttributes"), *log = map_columns (o, "LogAttributes");
  g_string_append_printf (sql, ", %s, %s FROM %s", resource, log, table);
  append_span (sql, o, span);
  g_string_append_printf (sql, " ORDER BY %s FORMAT RowBinary", time_column (o));
  return g_string_free (sql, FALSE);
}

/* ---- reading ---- */

static GPtrArray *
take_strings (RcaRowReader *r)
{
  GPtrArray *strings = g_ptr_array_new_with_free_func (g_free);
  for (guint32 n = rca_row_length (r); n-- > 0;)
  {
    RcaBytes s = rca_row_str (r);
    g_ptr_array_add (strings, g_strndup (s.p, s.n));
  }
  return strings;
}

static void
take_row (Otel *o, RcaRowReader *r)
{
  RcaOtelRecord record = { .time_ns = rca_row_i64 (r) };
  record.severity = (gint32)rca_row_u32 (r);
  record.service = rca_row_dup (r);
  record.level = rca_row_dup (r);
  record.trace_id = rca_row_dup (r);
  record.span_id = rca_row_dup (r);
  record.body = rca_row_str (r);
  record.host = rca_row_dup (r);
  record.file = rca_row_dup (r);
  for (guint m = RCA_MAPPED_FIRST_EXTRA; m < RCA_N_MAPPED; m++)
    record.extra[m] = o->mapping.expression[m] ? rca_row_dup (r) : NULL;
  record.resource_key = take_strings (r);
  record.resource_value = take_strings (r);
  record.log_key = take_strings (r);
  record.log_value = take_strings (r);
  if (!r->broken && record.resource_key->len == record.resource_value->len && record.log_key->len == record.log_value->len)
    rca_otel_spool_add (o->spool, &record);
  rca_otel_record_clear (&record);
}

static gboolean
read_slice (Otel *o, RcaSpan span, GError **error)
{
  g_autofree char *sql = rows_statement (o, span);
  g_autoptr (GBytes) answer = rca_clickhouse_ask (o->clickhouse, sql, error);
  if (!answer)
    return FALSE;
  RcaRowReader r = rca_row_reader (answer);
  while (rca_row_more (&r))
    take_row (o, &r);
  if (r.broken)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "%s: the rows are not of the columns that were asked for", rca_clickhouse_address (o->clickhouse)->shown);
  return !r.broken;
}

typedef struct {
  gint64 minute;
  guint64 n;
} Minute;

/* How many rows each minute of the span has. */
static GArray *
count_minutes (Otel *o, GError **error)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  g_string_append_printf (sql, "SELECT toInt64(intDiv(toUnixTimestamp(%s), 60)) AS minute, toUInt64(count())", time_column (o));
  g_string_append_printf (sql, " FROM %s", rca_clickhouse_address (o->clickhouse)->table);
  if (o->span.start_ns < o->span.end_ns)
    append_span (sql, o, o->span);
  g_string_append (sql, " GROUP BY minute ORDER BY minute FORMAT RowBinary");
  g_autoptr (GBytes) answer = rca_clickhouse_ask (o->clickhouse, sql->str, error);
  if (!answer)
    return NULL;
  GArray *minutes = g_array_new (FALSE, FALSE, sizeof (Minute));
  RcaRowReader r = rca_row_reader (answer);
  while (rca_row_more (&r))
  {
    Minute m = { .minute = rca_row_i64 (&r) };
    m.n = rca_row_u64 (&r);
    g_array_append_val (minutes, m);
  }
  return minutes;
}

static gboolean
may_be_read (Otel *o, const GArray *minutes, GError **error)
{
  const char *shown = rca_clickhouse_address (o->clickhouse)->shown;
  guint64 rows = 0;
  for (guint i = 0; i < minutes->len; i++)
    rows += g_array_index (minutes, Minute, i).n;
  if (rows == 0)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "%s: no record there is of that time", shown);
  else if (rows > MOST_ROWS)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN,
                 "%s: %" G_GUINT64_FORMAT " records would have to be fetched, %d at most are; name a shorter window (--window 10m), or keep the logs in a table of rca's (rca ingest --store)",
                 shown, rows, MOST_ROWS);
  return rows > 0 && rows <= MOST_ROWS;
}

static gboolean
read_rows (Otel *o, GError **error)
{
  g_autoptr (GArray) minutes = count_minutes (o, error);
  if (!minutes || !may_be_read (o, minutes, error))
    return FALSE;
  for (guint i = 0; i < minutes->len;)
  {
    guint64 rows = 0;
    gint64 from = g_array_index (minutes, Minute, i).minute;
    while (i < minutes->len && (rows == 0 || rows + g_array_index (minutes, Minute, i).n <= ROWS_A_SLICE))
      rows += g_array_index (minutes, Minute, i++).n;
    gint64 to = g_array_index (minutes, Minute, i - 1).minute + 1;
    RcaSpan slice = { from * 60 * RCA_NS_PER_S, to * 60 * RCA_NS_PER_S };
    if (o->span.start_ns < o->span.end_ns)
      slice = (RcaSpan){ MAX (slice.start_ns, o->span.start_ns), MIN (slice.end_ns, o->span.end_ns) };
    if (!read_slice (o, slice, error))
      return FALSE;
  }
  return rca_otel_spool_flush (o->spool, error);
}

/* ---- the backend: as the files it made ---- */

static RcaSources *
sources (gpointer impl, GError **error)
{
  return rca_store_sources (((Otel *)impl)->files, error);
}

static RcaFrame *
frame (gpointer impl, const RcaFrameQuery *query, GError **error)
{
  return rca_store_frame (((Otel *)impl)->files, query, error);
}

static GPtrArray *
changes (gpointer impl, RcaSpan span, GError **error)
{
  return rca_store_changes (((Otel *)impl)->files, span, error);
}

static RcaJoin *
join (gpointer impl, const RcaJoinQuery *query, GError **error)
{
  return rca_store_join (((Otel *)impl)->files, query, error);
}

static GPtrArray *
rows (gpointer impl, const RcaRowQuery *query, GError **error)
{
  return rca_store_rows (((Otel *)impl)->files, query, error);
}

static RcaSeenAnswer *
seen (gpointer impl, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error)
{
  return rca_store_seen (((Otel *)impl)->files, stream, dimension, value, back, error);
}

static gpointer
table_of (gpointer impl)
{
  return rca_store_table (((Otel *)impl)->files);
}

static void
close_store (gpointer impl)
{
  Otel *o = impl;
  g_clear_pointer (&o->files, rca_store_close);
  g_clear_pointer (&o->spool, rca_otel_spool_free);
  g_clear_pointer (&o->server, rca_server_free);
  g_clear_pointer (&o->clickhouse, rca_clickhouse_free);
  rca_mapping_clear (&o->mapping);
  g_free (o);
}

static const RcaBackend backend = { "otel", sources, frame, changes, join, rows, seen, close_store, table_of };

RcaStore *
rca_otel_open (RcaClickhouse *clickhouse, RcaServer *server, const RcaOpenOptions *options, GError **error)
{
  Otel *o = g_new0 (Otel, 1);
  *o = (Otel){ .clickhouse = clickhouse, .server = server, .span = options->span };
  if (o->span.start_ns < o->span.end_ns)
    o->span = (RcaSpan){ o->span.start_ns - BEFORE_NS, o->span.end_ns + AFTER_NS };
  if (rca_mapping_parse (&o->mapping, options->columns, error))
    o->spool = rca_otel_spool_new (rca_clickhouse_address (clickhouse)->table, error);
  if (o->spool && read_rows (o, error))
    o->files = rca_otel_spool_open (o->spool, options, error);
  if (o->files)
  {
    RcaClickhouseTraffic traffic = rca_clickhouse_traffic (clickhouse);
    g_debug ("%" G_GUINT64_FORMAT " bytes of %s crossed the wire", traffic.bytes_in, rca_clickhouse_address (clickhouse)->shown);
    return rca_store_wrap (&backend, o);
  }
  close_store (o);
  return NULL;
}
