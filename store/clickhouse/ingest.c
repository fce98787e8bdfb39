#include "clickhouse/open.h"
#include "clickhouse/connect.h"
#include "clickhouse/gather.h"
#include "clickhouse/ledger.h"
#include "clickhouse/row-binary.h"
#include "dimension-codes.h"

#define TRIES       4
#define BACK_OFF_MS 250
#define PLACE_BITS  40

typedef struct {
  RcaClickhouse *clickhouse;
  RcaServer *server;
  RcaTable *table;
  GPtrArray *gathered; /* RcaGathered */
  guint64 run, next_block;
  char *insert; /* statement */
  guint64 rows, bytes;
} Ingest;

/* ---- what a row says of versions ---- */

typedef struct {
  guint32 begin, last, version, instance, service;
  gint64 begin_end, last_end;
} Run;

static gboolean
goes_on (const Run *run, const RcaSheet *s, guint32 row)
{
  return run->version == rca_sheet_u32 (s, RCA_COL_VERSION, row) && run->instance == rca_sheet_u32 (s, RCA_COL_INSTANCE, row)
         && run->service == rca_sheet_u32 (s, RCA_COL_SERVICE, row) && s->end[row] >= run->begin_end;
}

/* The first and the last row of each run of rows that say one version, as version.c follows them. */
static guint8 *
speaking (const RcaSheet *s)
{
  guint8 *speaks = g_new0 (guint8, MAX (s->n, 1));
  Run run = { 0 };
  for (guint32 row = 0; s->column[RCA_COL_VERSION] && row < s->n; row++)
  {
    if (!rca_sheet_u32 (s, RCA_COL_VERSION, row) || rca_sheet_u8 (s, RCA_COL_STREAM, row) != RCA_STREAM_APP || rca_sheet_hidden (s, row) || s->start[row] == RCA_TIME_NONE)
      continue;
    if (!run.version || !goes_on (&run, s, row))
    {
      if (run.version)
        speaks[run.last] = 1;
      speaks[row] = 1;
      run = (Run){ row, row, rca_sheet_u32 (s, RCA_COL_VERSION, row), rca_sheet_u32 (s, RCA_COL_INSTANCE, row), rca_sheet_u32 (s, RCA_COL_SERVICE, row), s->end[row], s->end[row] };
    }
    else if (s->end[row] >= run.last_end)
    {
      run.last = row;
      run.last_end = s->end[row];
    }
  }
  if (run.version)
    speaks[run.last] = 1;
  return speaks;
}

/* ---- one row ---- */

#define DAY_NS (86400 * RCA_NS_PER_S)

static guint16
day_of (const RcaSheet *s, guint32 row)
{
  gint64 start = s->start[row];
  if (start < 0 || start / DAY_NS > G_MAXUINT16 || rca_sheet_u8 (s, RCA_COL_STREAM, row) == RCA_STREAM_CHANGE)
    return 0;
  return (guint16)(start / DAY_NS);
}

static guint8
bin_of (const RcaSheet *s, RcaColumnId column, guint32 row)
{
  gint64 ns = rca_sheet_i64 (s, column, row);
  return ns >= 0 ? (guint8)rca_histogram_bin (ns) : 0;
}

static void
put_dimension (GByteArray *out, const RcaTable *table, const RcaSheet *s, RcaDimension d, guint32 row)
{
  const guint32 *codes = rca_sheet_codes (s, d);
  rca_row_put_bytes (out, codes ? rca_dictionary_bytes (rca_table_values (table, d), codes[row]) : rca_bytes ("", 0));
}

static void
put_column (GByteArray *out, const RcaTable *table, const RcaSheet *s, RcaColumnId c, guint32 row)
{
  const RcaColumnInfo *info = rca_column_info (c);
  switch (info->type)
  {
  case RCA_COLUMN_CODE:
    rca_row_put_bytes (out, rca_dictionary_bytes (table->dictionary[info->domain], rca_sheet_u32 (s, c, row)));
    break;
  case RCA_COLUMN_I64:
    rca_row_put (out, (guint64)rca_sheet_i64 (s, c, row), 8);
    break;
  case RCA_COLUMN_F64:
    rca_row_put_f64 (out, rca_sheet_f64 (s, c, row));
    break;
  case RCA_COLUMN_U8:
    rca_row_put (out, rca_sheet_u8 (s, c, row), 1);
    break;
  case RCA_COLUMN_U16:
    rca_row_put (out, rca_sheet_u16 (s, c, row), 2);
    break;
  case RCA_COLUMN_U32:
    rca_row_put (out, rca_sheet_u32 (s, c, row), 4);
    break;
  default:
    rca_row_put (out, rca_sheet_u64 (s, c, row), 8);
  }
}

static void
put_row (GByteArray *out, const Ingest *in, RcaTableSource *source, const RcaSheet *s, guint32 row, guint64 block, guint64 number, guint64 place, guint8 speaks)
{
  rca_row_put (out, block, 8);
  rca_row_put (out, number, 8);
  rca_row_put (out, place, 8);
  rca_row_put (out, day_of (s, row), 2);
  rca_row_put (out, (guint64)s->start[row], 8);
  rca_row_put (out, (guint64)s->end[row], 8);
  rca_row_put (out, rca_sheet_hidden (s, row), 1);
  rca_row_put (out, speaks, 1);
  rca_row_put (out, bin_of (s, RCA_COL_DURATION, row), 1);
  rca_row_put (out, bin_of (s, RCA_COL_UPSTREAM_CONNECT, row), 1);
  rca_row_put (out, bin_of (s, RCA_COL_UPSTREAM_TIME, row), 1);
  put_dimension (out, in->table, s, RCA_DIM_NETWORK, row);
  put_dimension (out, in->table, s, RCA_DIM_ATTEMPT, row);
  put_dimension (out, in->table, s, RCA_DIM_UPSTREAM_CLASS, row);
  rca_row_put_bytes (out, rca_text_get (source->text, rca_sheet_u64 (s, RCA_COL_TEXT_POSITION, row), rca_sheet_u32 (s, RCA_COL_TEXT_LENGTH, row)));
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (rca_column_is_stored ((RcaColumnId)c))
      put_column (out, in->table, s, (RcaColumnId)c, row);
}

/* ---- what a commit tells ---- */

static void
news_free (gpointer data)
{
  RcaSourceNews *n = data;
  g_array_unref (n->block);
  g_array_unref (n->day[0]);
  g_array_unref (n->day[1]);
  g_free (n);
}

static RcaDay *
day_at (GArray *days, gint64 number)
{
  for (guint i = days->len; i-- > 0;)
    if (g_array_index (days, RcaDay, i).day == number)
      return &g_array_index (days, RcaDay, i);
  RcaDay fresh = { number, G_MAXINT64, G_MININT64, 0 };
  g_array_append_val (days, fresh);
  return &g_array_index (days, RcaDay, days->len - 1);
}

static void
count_row (RcaSourceNews *n, const RcaSheet *s, guint32 row)
{
  guint8 stream = rca_sheet_u8 (s, RCA_COL_STREAM, row), kind = rca_sheet_u8 (s, RCA_COL_KIND, row);
  gint64 start = s->start[row];
  if (start == RCA_TIME_NONE || rca_sheet_hidden (s, row))
    return;
  RcaDay *day = day_at (n->day[stream == RCA_STREAM_CHANGE || kind == RCA_KIND_CHANGE], start / DAY_NS);
  day->n++;
  day->start = MIN (day->start, start);
  day->end = MAX (day->end, s->end[row] + 1);
  if (kind != RCA_KIND_REQUEST || stream >= RCA_N_STREAMS)
    return;
  RcaRequests *q = &n->requests[stream];
  q->span.start_ns = q->n ? MIN (q->span.start_ns, start) : start;
  q->span.end_ns = q->n ? MAX (q->span.end_ns, start) : start;
  q->n++;
}

/* ---- sending ---- */

/* A sheet as one block. When it is not sure that the server took it, it is sent again as another
 * block: only that one will be named by the commit, so nothing counts twice. */
static gboolean
send_sheet (Ingest *in, RcaTableSource *source, const RcaSheet *s, guint64 place, RcaSourceNews *news, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *speaks = speaking (s);
  guint64 number = rca_source_number (source->path);
  for (guint try = 0;; try++)
  {
    guint64 block = in->next_block++;
    gboolean uncertain;
    g_autoptr (GError) why = NULL;
    g_byte_array_set_size (out, 0);
    for (guint32 row = 0; row < s->n; row++)
      put_row (out, in, source, s, row, block, number, place + row, speaks[row]);
    if (rca_clickhouse_insert (in->clickhouse, in->insert, out->data, out->len, &uncertain, &why))
    {
      g_array_append_val (news->block, block);
      in->rows += s->n;
      in->bytes += out->len;
      return TRUE;
    }
    if (!rca_clickhouse_may_succeed (in->clickhouse) || try + 1 >= TRIES)
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
    g_usleep ((BACK_OFF_MS << (2 * try)) * 1000);
  }
}

static gboolean
send_source (Ingest *in, const RcaGathered *gathered, GPtrArray *news, GError **error)
{
  RcaTableSource *source = gathered->into;
  RcaSourceNews *n = g_new0 (RcaSourceNews, 1);
  n->source = source;
  n->part = gathered->part;
  n->block = g_array_new (FALSE, FALSE, sizeof (guint64));
  n->day[0] = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  n->day[1] = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  g_ptr_array_add (news, n);
  guint64 place = in->run << PLACE_BITS; /* what is read later stands behind */
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *s = g_ptr_array_index (source->sheet, i);
    for (guint32 row = 0; row < s->n; row++)
      count_row (n, s, row);
    if (s->n && !send_sheet (in, source, s, place, n, error))
      return FALSE;
    place += s->n;
  }
  return TRUE;
}

static gboolean
commit (Ingest *in, const GPtrArray *news, GError **error)
{
  g_autofree char *columns = rca_ledger_columns ();
  g_autofree char *sql = g_strdup_printf ("INSERT INTO %s_sources (%s) FORMAT RowBinary", rca_clickhouse_address (in->clickhouse)->table, columns);
  g_autoptr (GByteArray) out = rca_ledger_encode (in->table, news, in->run);
  gboolean uncertain;
  if (rca_clickhouse_insert (in->clickhouse, sql, out->data, out->len, &uncertain, error))
    return TRUE;
  if (uncertain)
    g_prefix_error (error, "it is not sure that the commit arrived (rca sources --store … tells): ");
  return FALSE;
}

static gboolean
send_all (Ingest *in, GError **error)
{
  static const RcaDimension derived[] = { RCA_DIM_NETWORK, RCA_DIM_ATTEMPT, RCA_DIM_UPSTREAM_CLASS };
  g_autofree char *columns = rca_schema_columns ();
  in->insert = g_strdup_printf ("INSERT INTO %s (%s) FORMAT RowBinary", rca_clickhouse_address (in->clickhouse)->table, columns);
  for (gsize i = 0; i < G_N_ELEMENTS (derived); i++)
    rca_table_prepare (in->table, derived[i]);
  g_autoptr (GPtrArray) news = g_ptr_array_new_with_free_func (news_free);
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < in->gathered->len; i++)
    ok = send_source (in, g_ptr_array_index (in->gathered, i), news, error);
  ok = ok && commit (in, news, error);
  g_free (in->insert);
  return ok;
}

static void
tell (const Ingest *in, RcaIngestResult *result)
{
  for (guint i = 0; i < in->table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (in->table->source, i);
    result->sources++;
    result->lines += s->lines;
    result->records += s->records;
    for (guint k = 0; k < s->problem->len; k++)
      g_ptr_array_add (result->problem, g_strdup (g_ptr_array_index (s->problem, k)));
  }
  for (guint i = 0; i < in->table->problem->len; i++)
    g_ptr_array_add (result->problem, g_strdup (g_ptr_array_index (in->table->problem, i)));
  result->bytes_on_disk = rca_clickhouse_traffic (in->clickhouse).bytes_out;
}

static guint64
random_block (void)
{
  return ((guint64)g_random_int () << 32 | g_random_int ()) & ~G_GUINT64_CONSTANT (0xfffff);
}

gboolean
rca_clickhouse_ingest (const char *address, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error)
{
  RcaServer *server = NULL;
  g_autoptr (RcaClickhouse) clickhouse = rca_clickhouse_connect (address, &server, error);
  g_autoptr (RcaServer) owned = server;
  if (!clickhouse || !rca_schema_create (clickhouse, server, error))
    return FALSE;
  g_autoptr (RcaLedger) ledger = rca_ledger_read (clickhouse, error);
  if (!ledger)
    return FALSE;
  g_autoptr (RcaTable) table = rca_table_new ();
  g_autoptr (GPtrArray) gathered = rca_gather (table, ledger, paths, n_paths, options);
  if (!gathered->len && !table->problem->len)
    return TRUE; /* nothing new */
  RcaTableOptions finish = { { 0, 0 }, options->assumed_zone };
  rca_table_finish (table, &finish);
  Ingest in = { .clickhouse = clickhouse, .server = server, .table = table, .gathered = gathered, .run = ledger->runs + 1, .next_block = random_block () };
  gboolean ok = send_all (&in, error);
  if (ok)
    tell (&in, result);
  return ok;
}
