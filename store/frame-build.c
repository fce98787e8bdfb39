#include "frame-private.h"
#include "scan.h"
#include <math.h>

#define HISTOGRAMS_A_BLOCK 64
/* Entities × buckets of one measure: beyond that entities go to `other`. */
#define MAX_CELLS (1u << 24)

/* What is known of an entity before it is chosen. */
typedef struct {
  guint32 code[2];
  double count, failed, duration, against;
  guint32 rank; /* its place in the frame; n_entities for `other` */
} Candidate;

typedef struct {
  RcaSheet *sheet;
  guint32 row, candidate, bucket;
} Hit;

typedef struct {
  RcaTable *table;
  const RcaFrameQuery *query;
  RcaScan scan;
  GArray *candidate; /* Candidate */
  guint32 *by_code;  /* one dimension: code → candidate + 1 */
  GHashTable *by_pair;
  GArray *hit; /* Hit */
} Build;

static guint32
add_candidate (Build *b, guint32 c0, guint32 c1)
{
  Candidate c = { .code = { c0, c1 } };
  g_array_append_val (b->candidate, c);
  return b->candidate->len - 1;
}

static guint32
candidate_of (Build *b, guint32 c0, guint32 c1)
{
  if (b->by_code)
  {
    if (!b->by_code[c0])
      b->by_code[c0] = add_candidate (b, c0, 0) + 1;
    return b->by_code[c0] - 1;
  }
  gint64 key = (gint64)(((guint64)c0 << 32) | c1);
  gpointer found = g_hash_table_lookup (b->by_pair, &key);
  if (found)
    return GPOINTER_TO_UINT (found) - 1;
  guint32 id = add_candidate (b, c0, c1);
  g_hash_table_insert (b->by_pair, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (id + 1));
  return id;
}

static void
count_candidate (Build *b, guint32 id, const RcaSheet *sheet, guint32 row)
{
  Candidate *c = &g_array_index (b->candidate, Candidate, id);
  c->count++;
  c->failed += rca_sheet_failed (sheet, row);
  gint64 d = rca_sheet_i64 (sheet, RCA_COL_DURATION, row);
  c->duration += d > 0 ? (double)d : 0; /* ns */
}

/* Rows of @span, as hits (for the frame's own span) or as counts to compare with. */
static void
collect (Build *b, const RcaFrame *frame)
{
  const RcaFrameQuery *q = b->query;
  while (rca_scan_next_sheet (&b->scan))
  {
    RcaSheet *sheet = b->scan.sheet;
    const guint32 *code0 = q->by[0] != RCA_DIM_NONE ? rca_sheet_codes (sheet, q->by[0]) : NULL;
    const guint32 *code1 = q->by[1] != RCA_DIM_NONE ? rca_sheet_codes (sheet, q->by[1]) : NULL;
    for (guint32 row = 0; row < sheet->n; row++)
    {
      if (!rca_scan_takes (&b->scan, row))
        continue;
      guint32 id = candidate_of (b, code0 ? code0[row] : 0, code1 ? code1[row] : 0);
      if (!frame)
      {
        g_array_index (b->candidate, Candidate, id).against++;
        continue;
      }
      Hit hit = { sheet, row, id, (guint32)((sheet->start[row] - frame->start_ns) / frame->width_ns) };
      g_array_append_val (b->hit, hit);
      count_candidate (b, id, sheet, row);
    }
  }
}

/* ---- which come first ---- */

typedef struct {
  double score;
  const char *name[2];
  guint32 candidate;
} Ranked;

static double
score_of (const Build *b, const Candidate *c)
{
  double in = (double)MAX (b->query->span.end_ns - b->query->span.start_ns, 1);
  double out = (double)MAX (b->query->against.end_ns - b->query->against.start_ns, 1);
  switch (b->query->order)
  {
  case RCA_ORDER_FAILED:
    return c->failed;
  case RCA_ORDER_DURATION:
    return c->duration;
  case RCA_ORDER_CHANGE:
    return fabs (c->count / in - c->against / out) * 1e9;
  default:
    return c->count;
  }
}

static gint
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  gint by_name = strcmp (x->name[0], y->name[0]);
  return by_name ? by_name : strcmp (x->name[1], y->name[1]);
}

static const char *
value_name (const Build *b, guint which, guint32 code)
{
  RcaDimension d = b->query->by[which];
  return d == RCA_DIM_NONE ? "" : rca_dictionary_string (rca_table_values (b->table, d), code);
}

static const char *
label_of (const Build *b, guint which, const char *value)
{
  return b->query->by[which] == RCA_DIM_FINGERPRINT ? rca_table_statement_name (b->table, value) : value;
}

static void
name_entity (RcaFrame *f, const Build *b, guint e, const Ranked *r)
{
  for (guint i = 0; i < 2; i++)
  {
    f->value[i][e] = r->name[i];
    f->label[i][e] = label_of (b, i, r->name[i]);
  }
  g_hash_table_insert (f->find, g_strconcat (r->name[0], "\x1f", r->name[1], NULL), GUINT_TO_POINTER (e + 1));
}

static void
choose (RcaFrame *f, Build *b)
{
  g_autoptr (GArray) ranked = g_array_new (FALSE, FALSE, sizeof (Ranked));
  for (guint32 i = 0; i < b->candidate->len; i++)
  {
    Candidate *c = &g_array_index (b->candidate, Candidate, i);
    if (c->count == 0 && b->query->by[0] != RCA_DIM_NONE)
      continue; /* only in the span compared with */
    Ranked r = { score_of (b, c), { value_name (b, 0, c->code[0]), value_name (b, 1, c->code[1]) }, i };
    g_array_append_val (ranked, r);
  }
  g_array_sort (ranked, compare_ranked);
  guint room = MAX (MAX_CELLS / MAX (f->n_buckets, 1), 2) - 1;
  f->n_entities = MIN (MIN (ranked->len, room), b->query->k ? b->query->k : 1000);
  f->other_entities = ranked->len - f->n_entities;
  for (guint i = 0; i < 2; i++)
  {
    f->value[i] = g_new (const char *, f->n_entities + 1);
    f->label[i] = g_new (const char *, f->n_entities + 1);
    f->value[i][f->n_entities] = f->label[i][f->n_entities] = "other";
  }
  for (guint i = 0; i < ranked->len; i++)
  {
    const Ranked *r = &g_array_index (ranked, Ranked, i);
    g_array_index (b->candidate, Candidate, r->candidate).rank = MIN (i, f->n_entities);
    if (i < f->n_entities)
      name_entity (f, b, i, r);
  }
}

/* ---- filling ---- */

static void
allocate (RcaFrame *f, guint measures)
{
  gsize cells = (gsize)(f->n_entities + 1) * f->n_buckets;
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
  {
    if (!((measures >> m) & 1))
      continue;
    if (m == RCA_FRAME_GAUGE)
      f->gauge = g_new0 (RcaGauge, cells);
    else
      f->series[m] = g_new0 (double, cells);
    if (m == RCA_FRAME_DURATION || m == RCA_FRAME_FAILED_DURATION || m == RCA_FRAME_CONNECT || m == RCA_FRAME_UPSTREAM)
    {
      f->n[m] = g_new0 (double, cells);
      f->histogram[m] = g_new0 (RcaHistogram *, cells);
    }
    if (m == RCA_FRAME_CLIENTS || m == RCA_FRAME_CLIENTS_FAILED)
      f->visit[m - RCA_FRAME_CLIENTS] = g_array_new (FALSE, FALSE, sizeof (RcaVisit));
  }
}

static RcaHistogram *
new_histogram (RcaFrame *f)
{
  if (!f->histogram_block)
    f->histogram_block = g_ptr_array_new_with_free_func (g_free);
  if (f->histogram_left == 0)
  {
    g_ptr_array_add (f->histogram_block, g_new0 (RcaHistogram, HISTOGRAMS_A_BLOCK));
    f->histogram_left = HISTOGRAMS_A_BLOCK;
  }
  RcaHistogram *block = g_ptr_array_index (f->histogram_block, f->histogram_block->len - 1);
  return &block[HISTOGRAMS_A_BLOCK - f->histogram_left--];
}

static void
add_time (RcaFrame *f, guint m, gsize cell, gint64 ns)
{
  if (!f->series[m] || ns < 0)
    return;
  f->series[m][cell] += (double)ns; /* exact in any order of rows; seconds at the end */
  f->n[m][cell]++;
  if (!f->histogram[m][cell])
    f->histogram[m][cell] = new_histogram (f);
  f->histogram[m][cell]->bin[rca_histogram_bin (ns)]++;
}

static void
add_number (RcaFrame *f, guint m, gsize cell, gint64 value)
{
  if (f->series[m] && value >= 0)
    f->series[m][cell] += (double)value;
}

static void
add_gauge (RcaFrame *f, gsize cell, double value)
{
  RcaGauge *g = &f->gauge[cell];
  g->min = g->n > 0 ? MIN (g->min, value) : value;
  g->max = g->n > 0 ? MAX (g->max, value) : value;
  g->sum += value;
  g->n++;
}

static void
add_row (RcaFrame *f, const Build *b, const Hit *hit)
{
  const RcaSheet *s = hit->sheet;
  guint32 row = hit->row;
  guint32 entity = g_array_index (b->candidate, Candidate, hit->candidate).rank;
  gsize cell = (gsize)entity * f->n_buckets + hit->bucket;
  gboolean failed = rca_sheet_failed (s, row);
  guint16 status = rca_sheet_u16 (s, RCA_COL_STATUS, row);
  gint64 duration = f->series[RCA_FRAME_DURATION] || f->series[RCA_FRAME_FAILED_DURATION] ? rca_sheet_i64 (s, RCA_COL_DURATION, row) : -1;
  add_number (f, RCA_FRAME_COUNT, cell, 1);
  add_number (f, RCA_FRAME_FAILED, cell, failed);
  add_number (f, RCA_FRAME_ABORTED, cell, status == 499);
  add_number (f, RCA_FRAME_LIMITED, cell, status == 429);
  add_number (f, RCA_FRAME_BYTES, cell, rca_sheet_i64 (s, RCA_COL_BYTES, row));
  add_number (f, RCA_FRAME_ROWS_EXAMINED, cell, rca_sheet_i64 (s, RCA_COL_ROWS_EXAMINED, row));
  add_number (f, RCA_FRAME_ROWS_SENT, cell, rca_sheet_i64 (s, RCA_COL_ROWS_SENT, row));
  add_number (f, RCA_FRAME_LOCK_TIME, cell, rca_sheet_i64 (s, RCA_COL_LOCK_TIME, row));
  add_time (f, RCA_FRAME_DURATION, cell, duration);
  add_time (f, RCA_FRAME_FAILED_DURATION, cell, failed ? duration : -1);
  add_time (f, RCA_FRAME_CONNECT, cell, rca_sheet_i64 (s, RCA_COL_UPSTREAM_CONNECT, row));
  add_time (f, RCA_FRAME_UPSTREAM, cell, rca_sheet_i64 (s, RCA_COL_UPSTREAM_TIME, row));
  if (f->gauge && rca_sheet_u8 (s, RCA_COL_METRIC, row))
    add_gauge (f, cell, rca_sheet_f64 (s, RCA_COL_VALUE, row));
  RcaVisit visit = { entity, hit->bucket, rca_sheet_u32 (s, RCA_COL_CLIENT, row) };
  for (guint i = 0; i < 2; i++)
    if (f->visit[i] && visit.client && (i == 0 || failed))
      g_array_append_val (f->visit[i], visit);
}

static void
ns_to_seconds (RcaFrame *f)
{
  static const guint times[] = { RCA_FRAME_DURATION, RCA_FRAME_FAILED_DURATION, RCA_FRAME_CONNECT, RCA_FRAME_UPSTREAM, RCA_FRAME_LOCK_TIME };
  gsize cells = (gsize)(f->n_entities + 1) * f->n_buckets;
  for (gsize k = 0; k < G_N_ELEMENTS (times); k++)
    for (gsize i = 0; f->series[times[k]] && i < cells; i++)
      f->series[times[k]][i] /= 1e9;
}

static gint
compare_visit (gconstpointer a, gconstpointer b)
{
  const RcaVisit *x = a, *y = b;
  if (x->entity != y->entity)
    return x->entity < y->entity ? -1 : 1;
  if (x->bucket != y->bucket)
    return x->bucket < y->bucket ? -1 : 1;
  return x->client < y->client ? -1 : x->client > y->client;
}

/* Sorts visits and keeps each once; their number a bucket is the series. */
void
rca_frame_settle_visits (RcaFrame *f, guint which)
{
  GArray *visit = f->visit[which];
  if (!visit)
    return;
  g_array_sort (visit, compare_visit);
  guint n = 0;
  for (guint i = 0; i < visit->len; i++)
  {
    RcaVisit *v = &g_array_index (visit, RcaVisit, i);
    if (n && compare_visit (v, &g_array_index (visit, RcaVisit, n - 1)) == 0)
      continue;
    f->series[RCA_FRAME_CLIENTS + which][(gsize)v->entity * f->n_buckets + v->bucket]++;
    g_array_index (visit, RcaVisit, n++) = *v;
  }
  g_array_set_size (visit, n);
}

static gint64
floor_to (gint64 t, gint64 width)
{
  gint64 r = t % width;
  return r < 0 ? t - r - width : t - r;
}

RcaFrame *
rca_frame_new (const RcaFrameQuery *q)
{
  RcaFrame *f = g_new0 (RcaFrame, 1);
  f->width_ns = MAX (q->width_ns, RCA_NS_PER_S);
  f->start_ns = floor_to (q->span.start_ns, f->width_ns);
  f->n_buckets = (guint)CLAMP ((q->span.end_ns - f->start_ns + f->width_ns - 1) / f->width_ns, 0, 1 << 20);
  f->find = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return f;
}

/* @span, and only the buckets there is room for. */
static void
open_scan (Build *b, RcaSpan span)
{
  const RcaFrameQuery *q = b->query;
  rca_scan_init (&b->scan, b->table, q->stream, span, q->filter, q->n_filters);
  gboolean by_kind = q->by[0] == RCA_DIM_KIND || q->by[1] == RCA_DIM_KIND;
  if ((q->stream == RCA_STREAM_ACCESS || q->stream == RCA_STREAM_CDN) && !by_kind)
    rca_scan_requests_only (&b->scan, q->filter, q->n_filters);
}

static void
prepare_candidates (Build *b)
{
  const RcaFrameQuery *q = b->query;
  b->candidate = g_array_new (FALSE, TRUE, sizeof (Candidate));
  b->hit = g_array_new (FALSE, FALSE, sizeof (Hit));
  for (guint i = 0; i < 2; i++)
    rca_table_prepare (b->table, q->by[i]);
  if (q->by[1] == RCA_DIM_NONE)
    b->by_code = g_new0 (guint32, q->by[0] == RCA_DIM_NONE ? 1 : rca_dictionary_size (rca_table_values (b->table, q->by[0])));
  else
    b->by_pair = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  if (q->by[0] == RCA_DIM_NONE && q->by[1] == RCA_DIM_NONE)
    candidate_of (b, 0, 0); /* the one series is there even when it is empty */
}

static void
build_clear (Build *b)
{
  g_array_unref (b->candidate);
  g_array_unref (b->hit);
  g_free (b->by_code);
  g_clear_pointer (&b->by_pair, g_hash_table_unref);
}

RcaFrame *
rca_table_frame (RcaTable *table, const RcaFrameQuery *query)
{
  RcaFrame *frame = rca_frame_new (query);
  Build b = { .table = table, .query = query };
  prepare_candidates (&b);
  RcaSpan span = query->span;
  span.end_ns = MIN (span.end_ns, frame->start_ns + (gint64)frame->n_buckets * frame->width_ns);
  open_scan (&b, span);
  collect (&b, frame);
  rca_scan_clear (&b.scan);
  if (query->order == RCA_ORDER_CHANGE)
  {
    open_scan (&b, query->against);
    collect (&b, NULL);
    rca_scan_clear (&b.scan);
  }
  choose (frame, &b);
  allocate (frame, query->measures);
  for (guint i = 0; i < b.hit->len; i++)
    add_row (frame, &b, &g_array_index (b.hit, Hit, i));
  ns_to_seconds (frame);
  rca_frame_settle_visits (frame, 0);
  rca_frame_settle_visits (frame, 1);
  build_clear (&b);
  return frame;
}
