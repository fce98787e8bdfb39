#include "clickhouse/statement.h"
#include "agent.h"

const char rca_sql_failed[] = "if(kind = 1, status >= 500 AND status <= 599, severity >= 5)";
G_STATIC_ASSERT (RCA_KIND_REQUEST == 1 && RCA_SEVERITY_ERROR == 5);

void
rca_sql_string (GString *sql, const char *text)
{
  g_string_append_c (sql, '\'');
  for (; *text; text++)
  {
    if (*text == '\'' || *text == '\\')
      g_string_append_c (sql, '\\');
    g_string_append_c (sql, *text);
  }
  g_string_append_c (sql, '\'');
}

/* ---- dimensions ---- */

typedef const char *(*NameOf) (guint number);

static const char *
name_failure (guint n)
{
  return n >= 1 && n < RCA_N_FAILURES ? rca_failure_name ((RcaFailure)n) : NULL;
}

static const char *
name_audience (guint n)
{
  return n >= 1 && n <= RCA_N_AUDIENCES ? rca_audience_name ((RcaAudience)(n - 1)) : NULL;
}

static const char *
name_severity (guint n)
{
  return n >= 1 && n < RCA_N_SEVERITIES ? rca_severity_name ((RcaSeverity)n) : NULL;
}

static const char *
name_db_event (guint n)
{
  return n >= 1 && n < RCA_N_DB_EVENTS ? rca_db_event_name ((RcaDbEvent)n) : NULL;
}

static const char *
name_metric (guint n)
{
  return n >= 1 && n <= RCA_N_METRICS ? rca_metric_name ((RcaMetric)(n - 1)) : NULL;
}

static const char *
name_kind (guint n)
{
  static const char *const names[RCA_N_KINDS] = { "log", "request", "statement", "error", "sample", "change" };
  return n < RCA_N_KINDS ? names[n] : NULL;
}

/* A dimension is an expression, or a small number (also an expression) that has a name; without one it is ''. */
static const struct {
  const char *expression;
  NameOf name_of;
  gboolean few;
} dimensions[RCA_N_DIMENSIONS] = {
  [RCA_DIM_ROUTE] = { "route", NULL, FALSE },
  [RCA_DIM_METHOD] = { "method", NULL, TRUE },
  [RCA_DIM_STATUS] = { "if(status = 0, '', toString(status))", NULL, TRUE },
  [RCA_DIM_STATUS_CLASS] = { "multiIf(status IN (429, 499), toString(status), status < 100, '', concat(toString(intDiv(status, 100)), 'xx'))", NULL, TRUE },
  [RCA_DIM_UPSTREAM] = { "upstream", NULL, TRUE },
  [RCA_DIM_UPSTREAM_CLASS] = { "upstream_class", NULL, TRUE },
  [RCA_DIM_FAILURE] = { "failure", name_failure, TRUE },
  [RCA_DIM_ATTEMPT] = { "attempt", NULL, TRUE },
  [RCA_DIM_AUDIENCE] = { "if(audience = 0 AND kind = 1, 1, audience)", name_audience, TRUE },
  [RCA_DIM_CACHE_STATUS] = { "cache_status", NULL, TRUE },
  [RCA_DIM_EDGE_SITE] = { "edge_site", NULL, TRUE },
  [RCA_DIM_INSTANCE] = { "instance", NULL, TRUE },
  [RCA_DIM_HOST] = { "host", NULL, TRUE },
  [RCA_DIM_SERVICE] = { "service", NULL, TRUE },
  [RCA_DIM_VERSION] = { "version", NULL, TRUE },
  [RCA_DIM_CLIENT] = { "client", NULL, FALSE },
  [RCA_DIM_NETWORK] = { "network", NULL, FALSE },
  [RCA_DIM_AGENT] = { "agent", NULL, FALSE },
  [RCA_DIM_SEVERITY] = { "severity", name_severity, TRUE },
  [RCA_DIM_TEMPLATE] = { "template", NULL, FALSE },
  [RCA_DIM_EXCEPTION] = { "exception", NULL, FALSE },
  [RCA_DIM_PEER] = { "peer", NULL, TRUE },
  [RCA_DIM_FINGERPRINT] = { "fingerprint", NULL, FALSE },
  [RCA_DIM_DATABASE] = { "`database`", NULL, TRUE },
  [RCA_DIM_DB_USER] = { "db_user", NULL, TRUE },
  [RCA_DIM_DB_EVENT] = { "db_event", name_db_event, TRUE },
  [RCA_DIM_SQLSTATE_CLASS] = { "substring(sqlstate, 1, 2)", NULL, TRUE },
  [RCA_DIM_METRIC] = { "metric", name_metric, TRUE },
  [RCA_DIM_DEVICE] = { "device", NULL, FALSE },
  [RCA_DIM_SERVER_NAME] = { "server_name", NULL, FALSE },
  [RCA_DIM_SOURCE] = { NULL, NULL, TRUE },
  [RCA_DIM_KIND] = { "kind", name_kind, TRUE },
};

/* transform(number, [0,1,…], ['…','…',…], '') */
static char *
named_number (const char *expression, NameOf name_of)
{
  g_autoptr (GString) from = g_string_new (NULL), to = g_string_new (NULL);
  for (guint n = 0; n < 256; n++)
  {
    const char *name = name_of (n);
    if (!name)
      continue;
    g_string_append_printf (from, "%s%u", from->len ? "," : "", n);
    g_string_append (to, to->len ? "," : "");
    rca_sql_string (to, name);
  }
  return g_strdup_printf ("transform(%s, [%s], [%s], '')", expression, from->str, to->str);
}

static char *
path_of_source (const RcaClickhouseStore *store)
{
  g_autoptr (GString) from = g_string_new (NULL), to = g_string_new (NULL);
  for (guint i = 0; i < store->table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (store->table->source, i);
    g_string_append_printf (from, "%s%" G_GUINT64_FORMAT, from->len ? "," : "", rca_source_number (s->path));
    g_string_append (to, to->len ? "," : "");
    rca_sql_string (to, s->path);
  }
  return g_strdup_printf ("transform(source, [%s], [%s], '')", from->str, to->str);
}

char *
rca_sql_dimension (const RcaClickhouseStore *store, RcaDimension d)
{
  if (d == RCA_DIM_NONE)
    return g_strdup ("''");
  if (d == RCA_DIM_SOURCE)
    return path_of_source (store);
  return dimensions[d].name_of ? named_number (dimensions[d].expression, dimensions[d].name_of) : g_strdup (dimensions[d].expression);
}

gboolean
rca_sql_has_few_values (RcaDimension d)
{
  return d == RCA_DIM_NONE || dimensions[d].few;
}

/* ---- predicates ---- */

#define DAY_NS (86400 * RCA_NS_PER_S)

/* Changes count for a day before the store's span, as they do in every store. */
static void
append_store_span (GString *sql, const RcaClickhouseStore *store)
{
  if (store->span.start_ns >= store->span.end_ns)
    return;
  g_string_append_printf (sql, " AND start_ns >= %" G_GINT64_FORMAT " - if(kind = 5, %" G_GINT64_FORMAT ", 0) AND start_ns < %" G_GINT64_FORMAT, store->span.start_ns,
                          (gint64)DAY_NS, store->span.end_ns);
  G_STATIC_ASSERT (RCA_KIND_CHANGE == 5);
}

/* The partition: rows of day 0 are of any time. */
static void
append_days (GString *sql, RcaSpan span)
{
  gint64 from = CLAMP (span.start_ns / DAY_NS - (span.start_ns % DAY_NS < 0), 0, 65535), to = CLAMP ((span.end_ns - 1) / DAY_NS, 0, 65535);
  g_string_append_printf (sql, " AND ((day >= toDate(%" G_GINT64_FORMAT ") AND day <= toDate(%" G_GINT64_FORMAT ")) OR day = toDate(0))", from, to);
}

void
rca_sql_where (GString *sql, const RcaClickhouseStore *store, RcaStream stream, RcaSpan span)
{
  const RcaClickhouseAddress *a = rca_clickhouse_address (store->clickhouse);
  if (store->span.start_ns < store->span.end_ns)
    span = (RcaSpan){ MAX (span.start_ns, store->span.start_ns - DAY_NS), MIN (span.end_ns, store->span.end_ns) };
  span.start_ns = MAX (span.start_ns, RCA_TIME_NONE + 1); /* rows without a time are in no span */
  g_string_append_printf (sql, " WHERE hidden = 0 AND start_ns >= %" G_GINT64_FORMAT " AND start_ns < %" G_GINT64_FORMAT, span.start_ns, span.end_ns);
  if (stream != RCA_STREAM_UNKNOWN)
    g_string_append_printf (sql, " AND stream = %d", stream);
  append_days (sql, span);
  append_store_span (sql, store);
  g_string_append_printf (sql, " AND block GLOBAL IN (SELECT arrayJoin(blocks) FROM %s_sources)", a->table);
}

static void
append_filter (GString *sql, const RcaClickhouseStore *store, const RcaFilter *f)
{
  g_autofree char *expression = rca_sql_dimension (store, f->dimension);
  if (!f->value || !*f->value)
  {
    g_string_append (sql, f->negate ? "" : " AND 0");
    return;
  }
  g_string_append_printf (sql, " AND %s %sIN (", expression, f->negate ? "NOT " : "");
  for (const char *const *value = f->value; *value; value++)
  {
    g_string_append (sql, value == f->value ? "" : ",");
    rca_sql_string (sql, *value);
  }
  g_string_append_c (sql, ')');
}

void
rca_sql_filters (GString *sql, const RcaClickhouseStore *store, const RcaFilter *filter, guint n_filters)
{
  for (guint i = 0; i < n_filters; i++)
    append_filter (sql, store, &filter[i]);
}

void
rca_sql_requests_only (GString *sql, const RcaFilter *filter, guint n_filters)
{
  for (guint i = 0; i < n_filters; i++)
    if (filter[i].dimension == RCA_DIM_KIND)
      return;
  g_string_append (sql, " AND kind = 1");
}

GBytes *
rca_sql_ask (RcaClickhouseStore *store, GString *sql, GError **error)
{
  g_string_append (sql, " FORMAT RowBinary");
  return rca_clickhouse_ask (store->clickhouse, sql->str, error);
}

void
rca_sql_set_broken (RcaClickhouseStore *store, const char *what, GError **error)
{
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "%s: the answer about %s is not of the columns that were asked for", rca_clickhouse_address (store->clickhouse)->shown,
               what);
}
