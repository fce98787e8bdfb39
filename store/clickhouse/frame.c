/* A frame is one GROUP BY: entity × bucket, and per measure what merges by addition. */
#include "clickhouse/calls.h"
#include "clickhouse/row-binary.h"
#include "frame-private.h"
#include <math.h>

#define HISTOGRAMS_A_BLOCK 64
/* As frame-build.c: beyond that entities go to `other`. */
#define MAX_CELLS (1u << 24)

/* ---- what a measure is in SQL, and how it comes back ---- */

typedef enum { SHAPE_COUNT, SHAPE_NS, SHAPE_TIME, SHAPE_CLIENTS, SHAPE_GAUGE } Shape;

#define SUM(column)            "toInt64(sum(if(" column " >= 0, " column ", 0)))"
#define TIME(column, bin, if_) "toInt64(sumIf(" column ", " column " >= 0" if_ ")), toUInt64(countIf(" column " >= 0" if_ ")), sumMapIf([" bin "], [toUInt64(1)], " column " >= 0" if_ ")"
#define CLIENTS(if_)           "groupUniqArrayIf(cityHash64(client), client != ''" if_ ")"
#define FAILED                 "if(kind = 1, status >= 500 AND status <= 599, severity >= 5)"

static const struct {
  Shape shape;
  const char *sql;
} measures[RCA_FRAME_N_MEASURES] = {
  [RCA_FRAME_COUNT] = { SHAPE_COUNT, "toInt64(count())" },
  [RCA_FRAME_FAILED] = { SHAPE_COUNT, "toInt64(countIf(" FAILED "))" },
  [RCA_FRAME_BYTES] = { SHAPE_COUNT, SUM ("bytes") },
  [RCA_FRAME_DURATION] = { SHAPE_TIME, TIME ("duration", "duration_bin", "") },
  [RCA_FRAME_FAILED_DURATION] = { SHAPE_TIME, TIME ("duration", "duration_bin", " AND " FAILED) },
  [RCA_FRAME_CONNECT] = { SHAPE_TIME, TIME ("upstream_connect", "upstream_connect_bin", "") },
  [RCA_FRAME_UPSTREAM] = { SHAPE_TIME, TIME ("upstream_time", "upstream_time_bin", "") },
  [RCA_FRAME_ROWS_EXAMINED] = { SHAPE_COUNT, SUM ("rows_examined") },
  [RCA_FRAME_ROWS_SENT] = { SHAPE_COUNT, SUM ("rows_sent") },
  [RCA_FRAME_LOCK_TIME] = { SHAPE_NS, SUM ("lock_time") },
  [RCA_FRAME_CLIENTS] = { SHAPE_CLIENTS, CLIENTS ("") },
  [RCA_FRAME_CLIENTS_FAILED] = { SHAPE_CLIENTS, CLIENTS (" AND " FAILED) },
  [RCA_FRAME_GAUGE] = { SHAPE_GAUGE, "minIf(value, metric != 0), maxIf(value, metric != 0), sumIf(value, metric != 0), toUInt64(countIf(metric != 0))" },
  [RCA_FRAME_ABORTED] = { SHAPE_COUNT, "toInt64(countIf(status = 499))" },
  [RCA_FRAME_LIMITED] = { SHAPE_COUNT, "toInt64(countIf(status = 429))" },
};

typedef struct {
  const char *value[2];
  guint64 count, failed;
  gint64 duration_ns;
  guint64 against;
  double score;
  guint32 rank;
} Entity;

typedef struct {
  guint32 entity, bucket;
  RcaRowReader measures; /* where its measures begin */
} Cell;

typedef struct {
  RcaClickhouseStore *store;
  RcaTable *strings; /* owns the names of entities */
  const RcaFrameQuery *q;
  RcaFrame *f;
  GArray *entity, *cell;
  GHashTable *place; /* "value0\x1fvalue1" → index + 1 */
  guint64 folded; /* entities in all, when the server folds */
  GHashTable *client;
} Build;

/* ---- the statement ---- */

static guint
limit_of (const Build *b)
{
  guint room = MAX (MAX_CELLS / MAX (b->f->n_buckets, 1), 2) - 1;
  return MIN (room, b->q->k ? b->q->k : 1000);
}

static void
append_source (GString *sql, const Build *b, RcaSpan span)
{
  const RcaFrameQuery *q = b->q;
  g_string_append_printf (sql, " FROM %s", rca_clickhouse_address (b->store->clickhouse)->table);
  rca_sql_where (sql, b->store, q->stream, span);
  rca_sql_filters (sql, b->store, q->filter, q->n_filters);
  gboolean by_kind = q->by[0] == RCA_DIM_KIND || q->by[1] == RCA_DIM_KIND;
  if ((q->stream == RCA_STREAM_ACCESS || q->stream == RCA_STREAM_CDN) && !by_kind)
    rca_sql_requests_only (sql, q->filter, q->n_filters);
}

static RcaSpan
frame_span (const Build *b)
{
  RcaSpan span = b->q->span;
  span.end_ns = MIN (span.end_ns, b->f->start_ns + (gint64)b->f->n_buckets * b->f->width_ns);
  return span;
}

/* Too many entities to send: the server ranks as choose() does and folds the rest. */
static gboolean
server_folds (const Build *b)
{
  return b->q->order != RCA_ORDER_CHANGE && !(rca_sql_has_few_values (b->q->by[0]) && rca_sql_has_few_values (b->q->by[1]));
}

static void
append_ranking (GString *sql, const Build *b, char *const by[2])
{
  static const char *const score[] = { [RCA_ORDER_COUNT] = "count()", [RCA_ORDER_FAILED] = "countIf(" FAILED ")", [RCA_ORDER_DURATION] = "sum(if(duration > 0, duration, 0))" };
  g_string_append_printf (sql, "SELECT r0, r1 FROM (SELECT toString(%s) AS r0, toString(%s) AS r1, toInt64(%s) AS score", by[0], by[1], score[b->q->order]);
  append_source (sql, b, frame_span (b));
  g_string_append_printf (sql, " GROUP BY r0, r1 ORDER BY score DESC, r0, r1 LIMIT %u)", limit_of (b));
}

static void
append_entity (GString *sql, const Build *b, char *const by[2])
{
  if (!server_folds (b))
  {
    g_string_append_printf (sql, "toUInt8(1) AS chosen, toString(%s) AS d0, toString(%s) AS d1, toUInt64(0)", by[0], by[1]);
    return;
  }
  g_string_append_printf (sql, "toUInt8((toString(%s), toString(%s)) GLOBAL IN (", by[0], by[1]);
  append_ranking (sql, b, by);
  g_string_append_printf (sql, ")) AS chosen, if(chosen = 1, toString(%s), '') AS d0, if(chosen = 1, toString(%s), '') AS d1, toUInt64(assumeNotNull((SELECT count() FROM (SELECT toString(%s) AS r0, toString(%s) AS r1",
                          by[0], by[1], by[0], by[1]);
  append_source (sql, b, frame_span (b));
  g_string_append (sql, " GROUP BY r0, r1))))");
}

static void
append_measures (GString *sql, guint wanted)
{
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
    if ((wanted >> m) & 1)
      g_string_append_printf (sql, ", %s", measures[m].sql);
}

static GString *
statement (const Build *b)
{
  char *by[2] = { rca_sql_dimension (b->store, b->q->by[0]), rca_sql_dimension (b->store, b->q->by[1]) };
  GString *sql = g_string_new ("SELECT ");
  append_entity (sql, b, by);
  g_string_append_printf (sql,
                          ", toUInt32(intDiv(start_ns - %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")) AS bucket, toUInt64(count()), toUInt64(countIf(" FAILED
                          ")), toInt64(sum(if(duration > 0, duration, 0)))",
                          b->f->start_ns, b->f->width_ns);
  append_measures (sql, b->q->measures);
  append_source (sql, b, frame_span (b));
  g_string_append (sql, " GROUP BY chosen, d0, d1, bucket");
  g_free (by[0]);
  g_free (by[1]);
  return sql;
}

/* ---- the answer ---- */

static void
skip_measure (RcaRowReader *r, Shape shape)
{
  switch (shape)
  {
  case SHAPE_TIME:
    rca_row_i64 (r);
    rca_row_u64 (r);
    for (guint32 n = rca_row_length (r); n-- > 0;)
      rca_row_u8 (r);
    for (guint32 n = rca_row_length (r); n-- > 0;)
      rca_row_u64 (r);
    break;
  case SHAPE_CLIENTS:
    for (guint32 n = rca_row_length (r); n-- > 0;)
      rca_row_u64 (r);
    break;
  case SHAPE_GAUGE:
    for (guint i = 0; i < 4; i++)
      rca_row_u64 (r);
    break;
  default:
    rca_row_i64 (r);
  }
}

static const char *
keep (Build *b, RcaBytes value)
{
  g_autofree char *text = g_strndup (value.p, value.n);
  return g_string_chunk_insert_const (b->strings->strings, text);
}

static Entity *
entity_at (Build *b, guint32 e)
{
  return &g_array_index (b->entity, Entity, e);
}

static guint32
entity_of (Build *b, RcaBytes v0, RcaBytes v1)
{
  g_autofree char *key = g_strdup_printf ("%.*s\x1f%.*s", (int)v0.n, v0.p, (int)v1.n, v1.p);
  guint at = GPOINTER_TO_UINT (g_hash_table_lookup (b->place, key));
  if (at)
    return at - 1;
  Entity e = { .value = { keep (b, v0), keep (b, v1) } };
  g_array_append_val (b->entity, e);
  g_hash_table_insert (b->place, g_steal_pointer (&key), GUINT_TO_POINTER (b->entity->len));
  return b->entity->len - 1;
}

#define OTHER G_MAXUINT32

static void
take_cell (Build *b, RcaRowReader *r)
{
  guint8 chosen = rca_row_u8 (r);
  RcaBytes v0 = rca_row_str (r), v1 = rca_row_str (r);
  b->folded = rca_row_u64 (r);
  Cell cell = { .entity = OTHER };
  cell.bucket = rca_row_u32 (r);
  guint64 count = rca_row_u64 (r), failed = rca_row_u64 (r);
  gint64 duration = rca_row_i64 (r);
  cell.measures = *r;
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
    if ((b->q->measures >> m) & 1)
      skip_measure (r, measures[m].shape);
  if (r->broken || cell.bucket >= b->f->n_buckets)
    return;
  if (chosen)
  {
    cell.entity = entity_of (b, v0, v1);
    Entity *e = entity_at (b, cell.entity);
    e->count += count;
    e->failed += failed;
    e->duration_ns += duration;
  }
  g_array_append_val (b->cell, cell);
}

static gint
compare_entity (gconstpointer a, gconstpointer b, gpointer user)
{
  const GArray *all = user;
  const Entity *x = &g_array_index (all, Entity, *(const guint32 *)a), *y = &g_array_index (all, Entity, *(const guint32 *)b);
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  gint by_name = strcmp (x->value[0], y->value[0]);
  return by_name ? by_name : strcmp (x->value[1], y->value[1]);
}

static double
score_of (const RcaFrameQuery *q, const Entity *e)
{
  double in = (double)MAX (q->span.end_ns - q->span.start_ns, 1), out = (double)MAX (q->against.end_ns - q->against.start_ns, 1);
  switch (q->order)
  {
  case RCA_ORDER_FAILED:
    return (double)e->failed;
  case RCA_ORDER_DURATION:
    return (double)e->duration_ns / 1e9;
  case RCA_ORDER_CHANGE:
    return fabs ((double)e->count / in - (double)e->against / out) * 1e9;
  default:
    return (double)e->count;
  }
}

static void
name_entity (Build *b, guint rank, const Entity *e)
{
  RcaFrame *f = b->f;
  for (guint i = 0; i < 2; i++)
  {
    f->value[i][rank] = e->value[i];
    f->label[i][rank] = b->q->by[i] == RCA_DIM_FINGERPRINT ? rca_table_statement_name (b->strings, e->value[i]) : e->value[i];
  }
  g_hash_table_insert (f->find, g_strconcat (e->value[0], "\x1f", e->value[1], NULL), GUINT_TO_POINTER (rank + 1));
}

static void
choose (Build *b)
{
  RcaFrame *f = b->f;
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint32 i = 0; i < b->entity->len; i++)
  {
    entity_at (b, i)->score = score_of (b->q, entity_at (b, i));
    if (entity_at (b, i)->count || b->q->by[0] == RCA_DIM_NONE)
      g_array_append_val (order, i);
  }
  g_array_sort_with_data (order, compare_entity, b->entity);
  f->n_entities = MIN (order->len, limit_of (b));
  f->other_entities = b->folded > order->len ? b->folded - order->len : order->len - f->n_entities;
  for (guint i = 0; i < 2; i++)
  {
    f->value[i] = g_new (const char *, f->n_entities + 1);
    f->label[i] = g_new (const char *, f->n_entities + 1);
    f->value[i][f->n_entities] = f->label[i][f->n_entities] = "other";
  }
  for (guint i = 0; i < order->len; i++)
  {
    Entity *e = entity_at (b, g_array_index (order, guint32, i));
    e->rank = MIN (i, f->n_entities);
    if (i < f->n_entities)
      name_entity (b, i, e);
  }
}

/* ---- filling ---- */

static void
allocate (RcaFrame *f, guint wanted)
{
  gsize cells = (gsize)(f->n_entities + 1) * f->n_buckets;
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
  {
    if (!((wanted >> m) & 1))
      continue;
    Shape shape = measures[m].shape;
    if (shape == SHAPE_GAUGE)
      f->gauge = g_new0 (RcaGauge, cells);
    else
      f->series[m] = g_new0 (double, cells);
    if (shape == SHAPE_TIME)
    {
      f->n[m] = g_new0 (double, cells);
      f->histogram[m] = g_new0 (RcaHistogram *, cells);
    }
    if (shape == SHAPE_CLIENTS)
      f->visit[m - RCA_FRAME_CLIENTS] = g_array_new (FALSE, FALSE, sizeof (RcaVisit));
  }
}

static RcaHistogram *
histogram_at (RcaFrame *f, guint m, gsize cell)
{
  if (f->histogram[m][cell])
    return f->histogram[m][cell];
  if (!f->histogram_block)
    f->histogram_block = g_ptr_array_new_with_free_func (g_free);
  if (f->histogram_left == 0)
  {
    g_ptr_array_add (f->histogram_block, g_new0 (RcaHistogram, HISTOGRAMS_A_BLOCK));
    f->histogram_left = HISTOGRAMS_A_BLOCK;
  }
  RcaHistogram *block = g_ptr_array_index (f->histogram_block, f->histogram_block->len - 1);
  return f->histogram[m][cell] = &block[HISTOGRAMS_A_BLOCK - f->histogram_left--];
}

static void
add_times (RcaFrame *f, guint m, gsize cell, RcaRowReader *r)
{
  f->series[m][cell] += (double)rca_row_i64 (r); /* ns: made seconds at the end */
  f->n[m][cell] += (double)rca_row_u64 (r);
  guint8 bin[256];
  guint32 n = rca_row_length (r); /* keys of a map: each bin once */
  for (guint32 i = 0; i < n; i++)
  {
    guint8 value = rca_row_u8 (r);
    if (i < 256)
      bin[i] = value;
  }
  for (guint32 i = 0, counts = rca_row_length (r); i < counts; i++)
  {
    guint64 count = rca_row_u64 (r);
    if (i < n && i < 256 && bin[i] < RCA_HISTOGRAM_BINS)
      histogram_at (f, m, cell)->bin[bin[i]] += (guint32)count;
  }
}

static guint32
client_number (Build *b, guint64 hash)
{
  gpointer found = g_hash_table_lookup (b->client, &hash);
  if (!found)
  {
    found = GUINT_TO_POINTER (g_hash_table_size (b->client) + 1);
    g_hash_table_insert (b->client, g_memdup2 (&hash, sizeof hash), found);
  }
  return GPOINTER_TO_UINT (found);
}

static void
add_clients (Build *b, guint which, guint32 entity, guint32 bucket, RcaRowReader *r)
{
  for (guint32 n = rca_row_length (r); n-- > 0;)
  {
    RcaVisit visit = { entity, bucket, client_number (b, rca_row_u64 (r)) };
    g_array_append_val (b->f->visit[which], visit);
  }
}

static void
add_gauge (RcaFrame *f, gsize cell, RcaRowReader *r)
{
  RcaGauge more = { 0 };
  more.min = rca_row_f64 (r);
  more.max = rca_row_f64 (r);
  more.sum = rca_row_f64 (r);
  more.n = (double)rca_row_u64 (r);
  RcaGauge *g = &f->gauge[cell];
  if (more.n <= 0)
    return;
  g->min = g->n > 0 ? MIN (g->min, more.min) : more.min;
  g->max = g->n > 0 ? MAX (g->max, more.max) : more.max;
  g->sum += more.sum;
  g->n += more.n;
}

static void
add_cell (Build *b, const Cell *c)
{
  RcaFrame *f = b->f;
  guint32 entity = c->entity == OTHER ? f->n_entities : entity_at (b, c->entity)->rank;
  gsize cell = (gsize)entity * f->n_buckets + c->bucket;
  RcaRowReader r = c->measures;
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
  {
    if (!((b->q->measures >> m) & 1))
      continue;
    if (measures[m].shape == SHAPE_TIME)
      add_times (f, m, cell, &r);
    else if (measures[m].shape == SHAPE_CLIENTS)
      add_clients (b, m - RCA_FRAME_CLIENTS, entity, c->bucket, &r);
    else if (measures[m].shape == SHAPE_GAUGE)
      add_gauge (f, cell, &r);
    else
      f->series[m][cell] += (double)rca_row_i64 (&r);
  }
}

static void
ns_to_seconds (RcaFrame *f)
{
  gsize cells = (gsize)(f->n_entities + 1) * f->n_buckets;
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
    if (f->series[m] && (measures[m].shape == SHAPE_TIME || measures[m].shape == SHAPE_NS))
      for (gsize i = 0; i < cells; i++)
        f->series[m][i] /= 1e9;
}

/* ---- against ---- */

/* How often each entity occurs in the span compared with. */
static gboolean
compare_against (Build *b, GError **error)
{
  if (b->q->order != RCA_ORDER_CHANGE)
    return TRUE;
  char *by[2] = { rca_sql_dimension (b->store, b->q->by[0]), rca_sql_dimension (b->store, b->q->by[1]) };
  g_autoptr (GString) sql = g_string_new (NULL);
  g_string_append_printf (sql, "SELECT toString(%s) AS d0, toString(%s) AS d1, toUInt64(count())", by[0], by[1]);
  append_source (sql, b, b->q->against);
  g_string_append (sql, " GROUP BY d0, d1");
  g_free (by[0]);
  g_free (by[1]);
  g_autoptr (GBytes) answer = rca_sql_ask (b->store, sql, error);
  if (!answer)
    return FALSE;
  RcaRowReader r = rca_row_reader (answer);
  while (rca_row_more (&r))
  {
    RcaBytes v0 = rca_row_str (&r), v1 = rca_row_str (&r);
    guint64 n = rca_row_u64 (&r);
    if (!r.broken)
      entity_at (b, entity_of (b, v0, v1))->against += n;
  }
  if (r.broken)
    rca_sql_set_broken (b->store, "a frame", error);
  return !r.broken;
}

/* ---- the whole ---- */

static gboolean
read_cells (Build *b, GBytes *answer, GError **error)
{
  RcaRowReader r = rca_row_reader (answer);
  while (rca_row_more (&r))
    take_cell (b, &r);
  if (r.broken)
    rca_sql_set_broken (b->store, "a frame", error);
  return !r.broken;
}

static void
fill (Build *b)
{
  choose (b);
  allocate (b->f, b->q->measures);
  for (guint i = 0; i < b->cell->len; i++)
    add_cell (b, &g_array_index (b->cell, Cell, i));
  ns_to_seconds (b->f);
  rca_frame_settle_visits (b->f, 0);
  rca_frame_settle_visits (b->f, 1);
}

RcaFrame *
rca_clickhouse_frame (gpointer impl, const RcaFrameQuery *query, GError **error)
{
  RcaClickhouseStore *store = impl;
  Build b = { .store = store, .strings = store->table, .q = query, .f = rca_frame_new (query) };
  b.entity = g_array_new (FALSE, TRUE, sizeof (Entity));
  b.cell = g_array_new (FALSE, FALSE, sizeof (Cell));
  b.place = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  b.client = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  if (query->by[0] == RCA_DIM_NONE && query->by[1] == RCA_DIM_NONE)
    entity_of (&b, rca_bytes ("", 0), rca_bytes ("", 0)); /* the one series is there even when it is empty */
  g_autoptr (GString) sql = statement (&b);
  g_autoptr (GBytes) answer = rca_sql_ask (store, sql, error);
  if (answer && read_cells (&b, answer, error) && compare_against (&b, error))
    fill (&b);
  else
    g_clear_pointer (&b.f, rca_frame_free);
  g_array_unref (b.entity);
  g_array_unref (b.cell);
  g_hash_table_unref (b.place);
  g_hash_table_unref (b.client);
  return b.f;
}
