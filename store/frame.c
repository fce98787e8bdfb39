#include "scan.h"
#include <math.h>

/* Measures that have an array of their own; the place in it. */
enum {
  M_COUNT,
  M_FAILED,
  M_BYTES,
  M_DURATION,
  M_FAILED_DURATION,
  M_CONNECT,
  M_UPSTREAM,
  M_ROWS_EXAMINED,
  M_ROWS_SENT,
  M_LOCK_TIME,
  M_CLIENTS,
  M_CLIENTS_FAILED,
  M_GAUGE,
  M_ABORTED,
  M_LIMITED,
  N_MEASURES
};

/* One client of one entity in one bucket, once. */
typedef struct {
  guint32 entity, bucket, client;
} Visit;

struct RcaFrame {
  guint n_entities, n_buckets; /* series are (n_entities + 1) × n_buckets: `other` is last */
  gint64 start_ns, width_ns;
  guint64 other_entities;
  const char **value[2], **label[2]; /* n_entities + 1 each; strings of the store */
  GHashTable *find;                  /* "value0\x1fvalue1" → entity + 1 */
  double *series[N_MEASURES], *n[N_MEASURES];
  RcaHistogram **histogram[N_MEASURES];
  GPtrArray *histogram_block;
  guint histogram_left;
  RcaGauge *gauge;
  GArray *visit[2]; /* Visit, sorted: all, failed */
};

#define HISTOGRAMS_A_BLOCK 64
/* Entities × buckets of one measure: beyond that entities go to `other`. */
#define MAX_CELLS (1u << 24)

static gint
measure_index (RcaMeasure measure)
{
  return g_bit_nth_lsf (measure, -1);
}

void
rca_frame_free (RcaFrame *f)
{
  if (!f)
    return;
  for (guint m = 0; m < N_MEASURES; m++)
  {
    g_free (f->series[m]);
    g_free (f->n[m]);
    g_free (f->histogram[m]);
  }
  for (guint i = 0; i < 2; i++)
  {
    g_free (f->value[i]);
    g_free (f->label[i]);
    g_clear_pointer (&f->visit[i], g_array_unref);
  }
  g_clear_pointer (&f->histogram_block, g_ptr_array_unref);
  g_clear_pointer (&f->find, g_hash_table_unref);
  g_free (f->gauge);
  g_free (f);
}

guint
rca_frame_n_entities (const RcaFrame *f)
{
  return f->n_entities;
}

guint
rca_frame_n_buckets (const RcaFrame *f)
{
  return f->n_buckets;
}

gint64
rca_frame_start_ns (const RcaFrame *f)
{
  return f->start_ns;
}

gint64
rca_frame_width_ns (const RcaFrame *f)
{
  return f->width_ns;
}

guint64
rca_frame_other_entities (const RcaFrame *f)
{
  return f->other_entities;
}

const char *
rca_frame_value (const RcaFrame *f, guint e, guint which)
{
  return which < 2 && e <= f->n_entities ? f->value[which][e] : "";
}

const char *
rca_frame_label (const RcaFrame *f, guint e, guint which)
{
  return which < 2 && e <= f->n_entities ? f->label[which][e] : "";
}

gint
rca_frame_find (const RcaFrame *f, const char *value0, const char *value1)
{
  g_autofree char *key = g_strconcat (value0 ? value0 : "", "\x1f", value1 ? value1 : "", NULL);
  return GPOINTER_TO_INT (g_hash_table_lookup (f->find, key)) - 1;
}

static const double *
row_of (const RcaFrame *f, const double *data, guint e)
{
  return data && e <= f->n_entities ? data + (gsize)e * f->n_buckets : NULL;
}

const double *
rca_frame_series (const RcaFrame *f, guint e, RcaMeasure measure)
{
  gint m = measure_index (measure);
  return m >= 0 && m < N_MEASURES ? row_of (f, f->series[m], e) : NULL;
}

const double *
rca_frame_series_n (const RcaFrame *f, guint e, RcaMeasure measure)
{
  gint m = measure_index (measure);
  return m >= 0 && m < N_MEASURES ? row_of (f, f->n[m], e) : NULL;
}

const RcaHistogram *
rca_frame_histogram (const RcaFrame *f, guint e, guint bucket, RcaMeasure measure)
{
  gint m = measure_index (measure);
  if (m < 0 || m >= N_MEASURES || !f->histogram[m] || e > f->n_entities || bucket >= f->n_buckets)
    return NULL;
  return f->histogram[m][(gsize)e * f->n_buckets + bucket];
}

RcaGauge
rca_frame_gauge (const RcaFrame *f, guint e, guint bucket)
{
  if (!f->gauge || e > f->n_entities || bucket >= f->n_buckets)
    return (RcaGauge){ NAN, NAN, NAN, 0 };
  RcaGauge g = f->gauge[(gsize)e * f->n_buckets + bucket];
  return g.n > 0 ? g : (RcaGauge){ NAN, NAN, NAN, 0 };
}

static gint
compare_u32 (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;
  return x < y ? -1 : x > y;
}

/* The first visit at or after (entity, bucket). */
static guint
visit_from (const GArray *visit, guint32 entity, guint32 bucket)
{
  guint low = 0, high = visit->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    const Visit *v = &g_array_index (visit, Visit, middle);
    if (v->entity < entity || (v->entity == entity && v->bucket < bucket))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

double
rca_frame_clients (const RcaFrame *f, guint e, guint from, guint to, RcaMeasure measure)
{
  const GArray *visit = f->visit[measure == RCA_MEASURE_CLIENTS_FAILED];
  if (!visit || from >= to)
    return 0;
  guint low = visit_from (visit, e, from), high = visit_from (visit, e, to);
  g_autofree guint32 *client = g_new (guint32, MAX (high - low, 1));
  for (guint i = low; i < high; i++)
    client[i - low] = g_array_index (visit, Visit, i).client;
  qsort (client, high - low, sizeof *client, compare_u32);
  guint n = 0;
  for (guint i = 0; i < high - low; i++)
    n += i == 0 || client[i] != client[i - 1];
  return n;
}

/* ---- making one ---- */

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
  c->duration += d > 0 ? (double)d / 1e9 : 0;
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
  for (guint m = 0; m < N_MEASURES; m++)
  {
    if (!((measures >> m) & 1))
      continue;
    if (m == M_GAUGE)
      f->gauge = g_new0 (RcaGauge, cells);
    else
      f->series[m] = g_new0 (double, cells);
    if (m == M_DURATION || m == M_FAILED_DURATION || m == M_CONNECT || m == M_UPSTREAM)
    {
      f->n[m] = g_new0 (double, cells);
      f->histogram[m] = g_new0 (RcaHistogram *, cells);
    }
    if (m == M_CLIENTS || m == M_CLIENTS_FAILED)
      f->visit[m - M_CLIENTS] = g_array_new (FALSE, FALSE, sizeof (Visit));
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
  f->series[m][cell] += (double)ns / 1e9;
  f->n[m][cell]++;
  if (!f->histogram[m][cell])
    f->histogram[m][cell] = new_histogram (f);
  f->histogram[m][cell]->bin[rca_histogram_bin (ns)]++;
}

static void
add_number (RcaFrame *f, guint m, gsize cell, gint64 value, double unit)
{
  if (f->series[m] && value >= 0)
    f->series[m][cell] += (double)value * unit;
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
  gint64 duration = f->series[M_DURATION] || f->series[M_FAILED_DURATION] ? rca_sheet_i64 (s, RCA_COL_DURATION, row) : -1;
  add_number (f, M_COUNT, cell, 1, 1);
  add_number (f, M_FAILED, cell, failed, 1);
  add_number (f, M_ABORTED, cell, status == 499, 1);
  add_number (f, M_LIMITED, cell, status == 429, 1);
  add_number (f, M_BYTES, cell, rca_sheet_i64 (s, RCA_COL_BYTES, row), 1);
  add_number (f, M_ROWS_EXAMINED, cell, rca_sheet_i64 (s, RCA_COL_ROWS_EXAMINED, row), 1);
  add_number (f, M_ROWS_SENT, cell, rca_sheet_i64 (s, RCA_COL_ROWS_SENT, row), 1);
  add_number (f, M_LOCK_TIME, cell, rca_sheet_i64 (s, RCA_COL_LOCK_TIME, row), 1e-9);
  add_time (f, M_DURATION, cell, duration);
  add_time (f, M_FAILED_DURATION, cell, failed ? duration : -1);
  add_time (f, M_CONNECT, cell, rca_sheet_i64 (s, RCA_COL_UPSTREAM_CONNECT, row));
  add_time (f, M_UPSTREAM, cell, rca_sheet_i64 (s, RCA_COL_UPSTREAM_TIME, row));
  if (f->gauge && rca_sheet_u8 (s, RCA_COL_METRIC, row))
    add_gauge (f, cell, rca_sheet_f64 (s, RCA_COL_VALUE, row));
  Visit visit = { entity, hit->bucket, rca_sheet_u32 (s, RCA_COL_CLIENT, row) };
  for (guint i = 0; i < 2; i++)
    if (f->visit[i] && visit.client && (i == 0 || failed))
      g_array_append_val (f->visit[i], visit);
}

static gint
compare_visit (gconstpointer a, gconstpointer b)
{
  const Visit *x = a, *y = b;
  if (x->entity != y->entity)
    return x->entity < y->entity ? -1 : 1;
  if (x->bucket != y->bucket)
    return x->bucket < y->bucket ? -1 : 1;
  return x->client < y->client ? -1 : x->client > y->client;
}

/* Sorts visits and keeps each once; their number a bucket is the series. */
static void
settle_visits (RcaFrame *f, guint which)
{
  GArray *visit = f->visit[which];
  if (!visit)
    return;
  g_array_sort (visit, compare_visit);
  guint n = 0;
  for (guint i = 0; i < visit->len; i++)
  {
    Visit *v = &g_array_index (visit, Visit, i);
    if (n && compare_visit (v, &g_array_index (visit, Visit, n - 1)) == 0)
      continue;
    f->series[M_CLIENTS + which][(gsize)v->entity * f->n_buckets + v->bucket]++;
    g_array_index (visit, Visit, n++) = *v;
  }
  g_array_set_size (visit, n);
}

static gint64
floor_to (gint64 t, gint64 width)
{
  gint64 r = t % width;
  return r < 0 ? t - r - width : t - r;
}

static RcaFrame *
frame_new (const RcaFrameQuery *q)
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
  RcaFrame *frame = frame_new (query);
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
  settle_visits (frame, 0);
  settle_visits (frame, 1);
  build_clear (&b);
  return frame;
}
