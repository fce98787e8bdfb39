#include "dimension-codes.h"
#include "agent.h"

/* A dimension is a column, a function of a column's value (so it is computed once a
 * value), or a small number that a row has and that has a name. */
typedef guint (*NumberOf) (const RcaTableSource *source, const RcaSheet *sheet, guint32 row); /* 0: no value; below MAX_NUMBER */
typedef const char *(*NameOf) (guint number, char *buffer);                                   /* buffer: 16 bytes */
typedef gsize (*ValueOf) (RcaBytes value, char *buffer);                                      /* buffer: 64 bytes */
#define MAX_NUMBER 1024

typedef struct {
  const char *name;
  RcaColumnId column;
  ValueOf value_of;
  NumberOf number_of;
  NameOf name_of;
} DimensionRow;

static guint
number_status (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u16 (sheet, RCA_COL_STATUS, row);
}

static const char *
name_number (guint number, char *buffer)
{
  g_snprintf (buffer, 16, "%u", number);
  return buffer;
}

/* Classes are numbered by what stands for them: 2 is 2xx, 499 is 499. */
static guint
class_of_status (guint status)
{
  return status == 499 || status == 429 ? status : status / 100;
}

static guint
number_status_class (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return class_of_status (rca_sheet_u16 (sheet, RCA_COL_STATUS, row));
}

static const char *
name_class (guint number, char *buffer)
{
  if (number == MAX_NUMBER - 1)
    return "none";
  g_snprintf (buffer, 16, number < 10 ? "%uxx" : "%u", number);
  return buffer;
}

static guint
number_upstream_class (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  if (rca_sheet_u8 (sheet, RCA_COL_KIND, row) != RCA_KIND_REQUEST || !((source->present >> RCA_FIELD_UPSTREAM_STATUS) & 1))
    return 0; /* this log never tells */
  guint16 status = rca_sheet_u16 (sheet, RCA_COL_UPSTREAM_STATUS, row);
  return status > 100 ? class_of_status (status - 1u) : MAX_NUMBER - 1;
}

static guint
number_failure (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_FAILURE, row);
}

static const char *
name_failure (guint number, char *buffer)
{
  return number < RCA_N_FAILURES ? rca_failure_name ((RcaFailure)number) : "";
}

static guint
number_audience (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  guint audience = rca_sheet_u8 (sheet, RCA_COL_AUDIENCE, row);
  return audience == 0 && rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST ? RCA_AUDIENCE_USER + 1 : audience;
}

static const char *
name_audience (guint number, char *buffer)
{
  return number <= RCA_N_AUDIENCES ? rca_audience_name ((RcaAudience)(number - 1)) : "";
}

static guint
number_severity (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_SEVERITY, row);
}

static const char *
name_severity (guint number, char *buffer)
{
  return number < RCA_N_SEVERITIES ? rca_severity_name ((RcaSeverity)number) : "";
}

static guint
number_db_event (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_DB_EVENT, row);
}

static const char *
name_db_event (guint number, char *buffer)
{
  return number < RCA_N_DB_EVENTS ? rca_db_event_name ((RcaDbEvent)number) : "";
}

static guint
number_metric (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_METRIC, row);
}

static const char *
name_metric (guint number, char *buffer)
{
  return number <= RCA_N_METRICS ? rca_metric_name ((RcaMetric)(number - 1)) : "";
}

static guint
number_kind (const RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_sheet_u8 (sheet, RCA_COL_KIND, row) + 1u;
}

static const char *
name_kind (guint number, char *buffer)
{
  static const char *const names[RCA_N_KINDS] = { "log", "request", "statement", "error", "sample", "change" };
  return number <= RCA_N_KINDS ? names[number - 1] : "";
}

static gsize
value_sqlstate_class (RcaBytes value, char *buffer)
{
  gsize n = MIN (value.n, 2);
  memcpy (buffer, value.p, n);
  return n;
}

#define COLUMN(name, column)                                                                                                                                   \
  {                                                                                                                                                            \
    name, RCA_COL_##column, NULL, NULL, NULL                                                                                                                   \
  }
#define NUMBER(name, number_of, name_of)                                                                                                                       \
  {                                                                                                                                                            \
    name, RCA_COL_NONE, NULL, number_of, name_of                                                                                                               \
  }
#define OF_VALUE(name, column, value_of)                                                                                                                       \
  {                                                                                                                                                            \
    name, RCA_COL_##column, value_of, NULL, NULL                                                                                                               \
  }

/* The table. ATTEMPT looks at other rows (retry.c), SOURCE at none: make_codes(). */
static const DimensionRow dimensions[RCA_N_DIMENSIONS] = {
  [RCA_DIM_ROUTE] = COLUMN ("route", ROUTE),
  [RCA_DIM_METHOD] = COLUMN ("method", METHOD),
  [RCA_DIM_STATUS] = NUMBER ("status", number_status, name_number),
  [RCA_DIM_STATUS_CLASS] = NUMBER ("class", number_status_class, name_class),
  [RCA_DIM_UPSTREAM] = COLUMN ("upstream", UPSTREAM),
  [RCA_DIM_UPSTREAM_CLASS] = NUMBER ("upstream status class", number_upstream_class, name_class),
  [RCA_DIM_FAILURE] = NUMBER ("failure kind", number_failure, name_failure),
  [RCA_DIM_ATTEMPT] = { "attempt", RCA_COL_NONE, NULL, NULL, NULL },
  [RCA_DIM_AUDIENCE] = NUMBER ("audience", number_audience, name_audience),
  [RCA_DIM_CACHE_STATUS] = COLUMN ("cache status", CACHE_STATUS),
  [RCA_DIM_EDGE_SITE] = COLUMN ("edge site", EDGE_SITE),
  [RCA_DIM_INSTANCE] = COLUMN ("instance", INSTANCE),
  [RCA_DIM_HOST] = COLUMN ("host", HOST),
  [RCA_DIM_SERVICE] = COLUMN ("service", SERVICE),
  [RCA_DIM_VERSION] = COLUMN ("version", VERSION),
  [RCA_DIM_CLIENT] = COLUMN ("client", CLIENT),
  [RCA_DIM_NETWORK] = OF_VALUE ("network", CLIENT, rca_network_of),
  [RCA_DIM_AGENT] = COLUMN ("agent family", AGENT),
  [RCA_DIM_SEVERITY] = NUMBER ("severity", number_severity, name_severity),
  [RCA_DIM_TEMPLATE] = COLUMN ("template", TEMPLATE),
  [RCA_DIM_EXCEPTION] = COLUMN ("exception", EXCEPTION),
  [RCA_DIM_PEER] = COLUMN ("peer", PEER),
  [RCA_DIM_FINGERPRINT] = COLUMN ("fingerprint", FINGERPRINT),
  [RCA_DIM_DATABASE] = COLUMN ("database", DATABASE),
  [RCA_DIM_DB_USER] = COLUMN ("database user", DB_USER),
  [RCA_DIM_DB_EVENT] = NUMBER ("database event", number_db_event, name_db_event),
  [RCA_DIM_SQLSTATE_CLASS] = OF_VALUE ("sqlstate class", SQLSTATE, value_sqlstate_class),
  [RCA_DIM_METRIC] = NUMBER ("monitor metric", number_metric, name_metric),
  [RCA_DIM_DEVICE] = COLUMN ("device", DEVICE),
  [RCA_DIM_SERVER_NAME] = COLUMN ("server name", SERVER_NAME),
  [RCA_DIM_SOURCE] = { "source", RCA_COL_NONE, NULL, NULL, NULL },
  [RCA_DIM_KIND] = NUMBER ("kind", number_kind, name_kind),
};

const char *
rca_dimension_name (RcaDimension d)
{
  return d >= 0 && d < RCA_N_DIMENSIONS ? dimensions[d].name : "";
}

static gboolean
is_column (RcaDimension d)
{
  return dimensions[d].column != RCA_COL_NONE && !dimensions[d].value_of;
}

/* ---- making the codes ---- */

static void
codes_by_number (RcaDictionary *values, const DimensionRow *dim, RcaDimension d, const RcaTableSource *source, RcaSheet *sheet)
{
  guint32 code[MAX_NUMBER] = { 0 };
  guint32 *codes = sheet->derived[d] = g_new0 (guint32, MAX (sheet->n, 1));
  char buffer[16];
  for (guint32 row = 0; row < sheet->n; row++)
  {
    guint number = dim->number_of (source, sheet, row) % MAX_NUMBER;
    if (number && !code[number])
      code[number] = rca_dictionary_intern (values, rca_bytes_str (dim->name_of (number, buffer)));
    codes[row] = code[number];
  }
}

static guint32 *
map_values (const RcaDictionary *from, RcaDictionary *to, ValueOf value_of)
{
  guint32 n = rca_dictionary_size (from);
  guint32 *map = g_new0 (guint32, n);
  char buffer[64];
  for (guint32 i = 1; i < n; i++)
    map[i] = rca_dictionary_intern (to, rca_bytes (buffer, value_of (rca_dictionary_bytes (from, i), buffer)));
  return map;
}

static void
codes_by_value (const guint32 *map, RcaColumnId column, RcaDimension d, RcaSheet *sheet)
{
  const guint32 *from = rca_sheet_get (sheet, column);
  if (!from)
    return;
  guint32 *codes = sheet->derived[d] = g_new (guint32, MAX (sheet->n, 1));
  for (guint32 row = 0; row < sheet->n; row++)
    codes[row] = map[from[row]];
}

static void
codes_of_source (RcaDictionary *values, RcaDimension d, const RcaTableSource *source, RcaSheet *sheet)
{
  guint32 code = rca_dictionary_intern (values, rca_bytes_str (source->path));
  guint32 *codes = sheet->derived[d] = g_new (guint32, MAX (sheet->n, 1));
  for (guint32 row = 0; row < sheet->n; row++)
    codes[row] = code;
}

typedef void (*EachSheet) (RcaTable *table, RcaTableSource *source, RcaSheet *sheet, RcaDimension d, gpointer data);

static void
each_sheet (RcaTable *table, RcaDimension d, EachSheet f, gpointer data)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
      f (table, source, g_ptr_array_index (source->sheet, j), d, data);
  }
}

static void
make_codes (RcaTable *table, RcaTableSource *source, RcaSheet *sheet, RcaDimension d, gpointer map)
{
  const DimensionRow *dim = &dimensions[d];
  if (d == RCA_DIM_SOURCE)
    codes_of_source (table->derived[d], d, source, sheet);
  else if (dim->value_of)
    codes_by_value (map, dim->column, d, sheet);
  else if (dim->number_of)
    codes_by_number (table->derived[d], dim, d, source, sheet);
}

void
rca_table_prepare (RcaTable *table, RcaDimension d)
{
  if (d == RCA_DIM_NONE || table->derived[d])
    return;
  if (dimensions[d].column != RCA_COL_NONE)
    rca_table_domain (table, rca_column_info (dimensions[d].column)->domain);
  if (is_column (d))
    return;
  table->derived[d] = rca_dictionary_new ();
  if (d == RCA_DIM_ATTEMPT)
  {
    rca_table_find_retries (table);
    return;
  }
  g_autofree guint32 *map = NULL;
  if (dimensions[d].value_of)
    map = map_values (table->dictionary[rca_column_info (dimensions[d].column)->domain], table->derived[d], dimensions[d].value_of);
  each_sheet (table, d, make_codes, map);
}

const guint32 *
rca_sheet_codes (const RcaSheet *sheet, RcaDimension d)
{
  return is_column (d) ? rca_sheet_get (sheet, dimensions[d].column) : sheet->derived[d];
}

const RcaDictionary *
rca_table_values (const RcaTable *table, RcaDimension d)
{
  return is_column (d) ? table->dictionary[rca_column_info (dimensions[d].column)->domain] : table->derived[d];
}
