#include "clickhouse/writer.h"
#include "clickhouse/connect.h"
#include "clickhouse/native.h"
#include "clickhouse/open.h"
#include "dimension-codes.h"

#define TRIES       4
#define BACK_OFF_MS 250
#define PLACE_BITS  40

struct RcaClickhouseWriter {
  RcaClickhouse *clickhouse;
  RcaServer *server;
  RcaOpenOptions options;
  RcaLedger *ledger;     /* as committed last; NULL: not known */
  guint64 next_block;
  char *insert, *commit; /* statements */
  GPtrArray *problem;    /* char*: what is wrong with the paths */
  GHashTable *told;      /* char*: sources of which something was read */
};

typedef struct {
  RcaClickhouseWriter *writer;
  RcaTable *table;
  GPtrArray *gathered; /* RcaGathered */
  GPtrArray *news;     /* RcaSourceNews */
  guint64 run;
} Pass;

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

/* ---- what a commit tells ---- */

#define DAY_NS (86400 * RCA_NS_PER_S)

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

static gboolean
send_once (RcaClickhouseWriter *w, GByteArray *block, guint64 token, gboolean *again, GError **error)
{
  gboolean gzip = rca_clickhouse_address (w->clickhouse)->gzip, uncertain;
  g_autoptr (GByteArray) packed = gzip ? rca_gzip (block->data, block->len) : g_byte_array_ref (block);
  RcaClickhouseInsert insert = { w->insert, packed->data, packed->len, gzip, token };
  gboolean ok = rca_clickhouse_insert (w->clickhouse, &insert, &uncertain, error);
  *again = !ok && rca_clickhouse_may_succeed (w->clickhouse);
  return ok;
}

/* A sheet as one block. When it is not sure that the server took it, it is sent again as another
 * block: only that one will be named by the commit, so nothing counts twice. */
static gboolean
send_sheet (Pass *p, RcaTableSource *source, const RcaSheet *s, guint64 place, RcaSourceNews *news, GError **error)
{
  RcaClickhouseWriter *w = p->writer;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *speaks = speaking (s);
  RcaNativeRows rows = { 0, rca_source_number (source->path), place, speaks };
  for (guint try = 0;; try++)
  {
    gboolean again;
    g_autoptr (GError) why = NULL;
    rows.block = w->next_block++;
    g_byte_array_set_size (out, 0);
    rca_native_put_sheet (out, p->table, source, s, &rows);
    if (send_once (w, out, rows.block, &again, &why))
    {
      g_array_append_val (news->block, rows.block);
      return TRUE;
    }
    if (!again || try + 1 >= TRIES)
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
    g_usleep ((BACK_OFF_MS << (2 * try)) * 1000);
  }
}

static gboolean
send_source (Pass *p, const RcaGathered *gathered, GError **error)
{
  RcaTableSource *source = gathered->into;
  RcaSourceNews *n = g_new0 (RcaSourceNews, 1);
  n->source = source;
  n->part = gathered->part;
  n->block = g_array_new (FALSE, FALSE, sizeof (guint64));
  n->day[0] = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  n->day[1] = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  g_ptr_array_add (p->news, n);
  guint64 place = p->run << PLACE_BITS; /* what is read later stands behind */
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *s = g_ptr_array_index (source->sheet, i);
    for (guint32 row = 0; row < s->n; row++)
      count_row (n, s, row);
    if (s->n && !send_sheet (p, source, s, place, n, error))
      return FALSE;
    place += s->n;
  }
  return TRUE;
}

/* ---- the commit ---- */

/* Whether it arrived, of one whose acknowledgement did not; and that nobody else commits meanwhile. */
static gboolean
look_for_commit (Pass *p, guint64 token, gboolean *is_there, GError **error)
{
  guint64 last_run;
  if (!rca_ledger_ask (p->writer->clickhouse, token, is_there, &last_run, error))
    return FALSE;
  if (*is_there || last_run < p->run)
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_LOCKED, "%s: another rca ingest wrote there meanwhile: nothing of this one counts, what it read is read again the next time; one at a time",
               rca_clickhouse_address (p->writer->clickhouse)->shown);
  return FALSE;
}

static gboolean
commit_once (RcaClickhouseWriter *w, GByteArray *rows, guint64 token, gboolean *again, GError **error)
{
  gboolean uncertain;
  RcaClickhouseInsert insert = { w->commit, rows->data, rows->len, FALSE, token };
  gboolean ok = rca_clickhouse_insert (w->clickhouse, &insert, &uncertain, error);
  *again = !ok && rca_clickhouse_may_succeed (w->clickhouse);
  return ok;
}

static gboolean
commit (Pass *p, GError **error)
{
  RcaClickhouseWriter *w = p->writer;
  guint64 token = w->next_block++;
  g_autoptr (GByteArray) out = rca_ledger_encode (p->table, p->news, p->run, token);
  for (guint try = 0;; try++)
  {
    gboolean is_there = FALSE, again = TRUE;
    g_autoptr (GError) why = NULL;
    if (!look_for_commit (p, token, &is_there, error))
      return FALSE;
    if (is_there || commit_once (w, out, token, &again, &why))
      break;
    if (!again || try + 1 >= TRIES)
    {
      g_propagate_error (error, g_steal_pointer (&why));
      g_clear_pointer (&w->ledger, rca_ledger_free); /* whether it arrived is asked before anything else is done */
      return FALSE;
    }
    g_usleep ((BACK_OFF_MS << (2 * try)) * 1000);
  }
  g_autoptr (GBytes) taken = g_byte_array_free_to_bytes (g_steal_pointer (&out));
  rca_ledger_take (w->ledger, taken);
  return TRUE;
}

static gboolean
send_all (Pass *p, GError **error)
{
  static const RcaDimension derived[] = { RCA_DIM_NETWORK, RCA_DIM_ATTEMPT, RCA_DIM_UPSTREAM_CLASS };
  for (gsize i = 0; i < G_N_ELEMENTS (derived); i++)
    rca_table_prepare (p->table, derived[i]);
  for (guint i = 0; i < p->gathered->len; i++)
    if (!send_source (p, g_ptr_array_index (p->gathered, i), error))
      return FALSE;
  return commit (p, error);
}

static void
add_problem (GPtrArray *problem, const char *text)
{
  if (!g_ptr_array_find_with_equal_func (problem, text, g_str_equal, NULL))
    g_ptr_array_add (problem, g_strdup (text));
}

static void
tell (const Pass *p, RcaIngestResult *result)
{
  for (guint i = 0; i < p->gathered->len; i++)
  {
    const RcaGathered *gathered = g_ptr_array_index (p->gathered, i);
    const RcaTableSource *s = gathered->into;
    g_hash_table_add (p->writer->told, g_strdup (s->path));
    result->lines += s->lines;
    result->records += s->records;
    result->bytes_in += gathered->bytes;
    for (guint k = 0; k < s->problem->len; k++)
      add_problem (result->problem, g_ptr_array_index (s->problem, k));
  }
  for (guint i = 0; i < p->table->problem->len; i++)
    add_problem (result->problem, g_ptr_array_index (p->table->problem, i));
  result->sources = g_hash_table_size (p->writer->told);
  result->bytes_on_disk = rca_clickhouse_traffic (p->writer->clickhouse).bytes_out;
}

/* ---- a pass ---- */

static gboolean
is_cancelled (const RcaClickhouseWriter *w)
{
  return w->options.read.cancelled && g_atomic_int_get (w->options.read.cancelled);
}

static gboolean
read_ledger (RcaClickhouseWriter *w, GError **error)
{
  w->ledger = w->ledger ? w->ledger : rca_ledger_read (w->clickhouse, error);
  return w->ledger != NULL;
}

gboolean
rca_clickhouse_writer_pass (RcaClickhouseWriter *w, const GPtrArray *found, const RcaGatherHow *how, RcaIngestResult *result, GError **error)
{
  if (!read_ledger (w, error))
    return FALSE;
  g_autoptr (RcaTable) table = rca_table_new ();
  g_autoptr (GPtrArray) gathered = rca_gather (table, w->ledger, found, &w->options, how), news = g_ptr_array_new_with_free_func (news_free);
  if (is_cancelled (w))
    return FALSE;
  for (guint i = 0; i < w->problem->len; i++)
    rca_table_problem (table, "%s", (char *)w->problem->pdata[i]);
  if (!gathered->len && !table->problem->len)
    return TRUE; /* nothing new */
  RcaTableOptions finish = { { 0, 0 }, w->options.assumed_zone, 0 };
  rca_table_finish (table, &finish);
  Pass p = { w, table, gathered, news, w->ledger->runs + 1 };
  if (!send_all (&p, error))
    return FALSE;
  tell (&p, result);
  return TRUE;
}

/* ---- the writer ---- */

static guint64
random_block (void)
{
  return ((guint64)g_random_int () << 32 | g_random_int ()) & ~G_GUINT64_CONSTANT (0xfffff);
}

RcaClickhouseWriter *
rca_clickhouse_writer_new (const char *address, const RcaOpenOptions *options, GError **error)
{
  g_autoptr (RcaClickhouseWriter) w = g_new0 (RcaClickhouseWriter, 1);
  w->options = *options;
  w->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  w->problem = g_ptr_array_new_with_free_func (g_free);
  w->clickhouse = rca_clickhouse_connect (address, FALSE, &w->server, error);
  if (w->clickhouse && w->server->is_otel)
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "%s: that table is somebody else's and is asked as it is; rca ingest makes one of its own: leave ?table= out, or name one that is not there",
                 rca_clickhouse_address (w->clickhouse)->shown);
    return NULL;
  }
  if (w->clickhouse && w->server->readonly)
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "%s: this account may only read: asking works with it, ingesting needs one that may INSERT",
                 rca_clickhouse_address (w->clickhouse)->shown);
    return NULL;
  }
  if (!w->clickhouse || !rca_schema_create (w->clickhouse, w->server, error) || !read_ledger (w, error))
    return NULL;
  const char *table = rca_clickhouse_address (w->clickhouse)->table;
  g_autofree char *rows = rca_schema_columns (), *facts = rca_ledger_columns ();
  w->insert = g_strdup_printf ("INSERT INTO %s (%s) FORMAT Native", table, rows);
  w->commit = g_strdup_printf ("INSERT INTO %s_sources (%s) FORMAT RowBinary", table, facts);
  w->next_block = random_block ();
  return g_steal_pointer (&w);
}

void
rca_clickhouse_writer_free (RcaClickhouseWriter *w)
{
  if (!w)
    return;
  g_clear_pointer (&w->ledger, rca_ledger_free);
  g_clear_pointer (&w->server, rca_server_free);
  g_clear_pointer (&w->clickhouse, rca_clickhouse_free);
  g_hash_table_unref (w->told);
  g_ptr_array_unref (w->problem);
  g_free (w->insert);
  g_free (w->commit);
  g_free (w);
}

guint64
rca_clickhouse_writer_pass_bytes (const RcaClickhouseWriter *w)
{
  return rca_clickhouse_address (w->clickhouse)->pass_bytes;
}

GPtrArray *
rca_clickhouse_writer_problems (RcaClickhouseWriter *w)
{
  return w->problem;
}

/* ---- all that is there, once ---- */

static GPtrArray *
those_of (const GPtrArray *found, GHashTable *wanted)
{
  GPtrArray *some = g_ptr_array_new ();
  for (guint i = 0; i < found->len; i++)
    if (g_hash_table_contains (wanted, found->pdata[i]))
      g_ptr_array_add (some, found->pdata[i]);
  return some;
}

gboolean
rca_clickhouse_ingest (const char *address, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error)
{
  g_autoptr (RcaClickhouseWriter) w = rca_clickhouse_writer_new (address, options, error);
  if (!w)
    return FALSE;
  g_autoptr (GPtrArray) found = rca_sources_find (paths, n_paths, w->problem), due = g_ptr_array_new ();
  g_ptr_array_extend (due, found, NULL, NULL);
  gboolean ok = TRUE;
  for (gboolean goes_on = FALSE; ok && (due->len || !goes_on); goes_on = TRUE)
  {
    g_autoptr (GHashTable) again = g_hash_table_new (NULL, NULL), later = g_hash_table_new (NULL, NULL);
    RcaGatherHow how = { rca_clickhouse_writer_pass_bytes (w), again, later };
    ok = rca_clickhouse_writer_pass (w, due, &how, result, error);
    g_ptr_array_unref (due);
    due = those_of (found, again);
  }
  return ok;
}
