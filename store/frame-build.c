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

/* The rows of one sheet that are counted: places in Build's lists. */
typedef struct {
  RcaSheet *sheet;
  gsize first;
  guint32 n;
} Hits;

typedef struct {
  RcaTable *table;
  const RcaFrameQuery *query;
  RcaScan scan;
  GArray *candidate; /* Candidate */
  guint32 *by_code;  /* code, or code of the one dimension and of the other, → candidate + 1; NULL: too many */
  guint32 n_second;  /* how many codes the second dimension has */
  GHashTable *by_pair;
  GArray *hits;      /* Hits */
  GArray *row;       /* guint16, sheet after sheet */
  GArray *id;        /* guint32: the candidate of each */
} Build;

/* Pairs up to so many have a table of their own. */
#define MAX_PAIRS (1u << 20)

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
    guint32 *found = &b->by_code[(gsize)c0 * b->n_second + c1];
    if (!*found)
      *found = add_candidate (b, c0, c1) + 1;
    return *found - 1;
  }
  gint64 key = (gint64)(((guint64)c0 << 32) | c1);
  gpointer found = g_hash_table_lookup (b->by_pair, &key);
  if (found)
    return GPOINTER_TO_UINT (found) - 1;
  guint32 id = add_candidate (b, c0, c1);
  g_hash_table_insert (b->by_pair, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (id + 1));
  return id;
}

/* What decides on the order, of all rows of a sheet. */
static void
count_candidates (Build *b, const RcaSheet *sheet, const guint16 *row, const guint32 *id, guint32 n)
{
  const gint64 *duration = b->query->order == RCA_ORDER_DURATION ? rca_sheet_get (sheet, RCA_COL_DURATION) : NULL;
  Candidate *all = (Candidate *)(void *)b->candidate->data;
  for (guint32 i = 0; i < n; i++)
    all[id[i]].count++;
  for (guint32 i = 0; b->query->order == RCA_ORDER_FAILED && i < n; i++)
    all[id[i]].failed += rca_sheet_failed (sheet, row[i]);
  for (guint32 i = 0; duration && i < n; i++)
    all[id[i]].duration += duration[row[i]] > 0 ? (double)duration[row[i]] : 0; /* ns */
}

/* Rows of @span, as hits (for the frame's own span) or as counts to compare with. */
static void
collect (Build *b, gboolean against)
{
  const RcaFrameQuery *q = b->query;
  while (rca_scan_next_sheet (&b->scan))
  {
    RcaSheet *sheet = b->scan.sheet;
    const guint32 *code0 = q->by[0] != RCA_DIM_NONE ? rca_sheet_codes (sheet, q->by[0]) : NULL;
    const guint32 *code1 = q->by[1] != RCA_DIM_NONE ? rca_sheet_codes (sheet, q->by[1]) : NULL;
    Hits hits = { sheet, b->row->len, 0 };
    g_array_set_size (b->row, (guint)hits.first + sheet->n);
    guint16 *row = &g_array_index (b->row, guint16, hits.first);
    hits.n = rca_scan_rows (&b->scan, row);
    g_array_set_size (b->row, (guint)hits.first + hits.n);
    if (hits.n == 0)
      continue;
    g_array_set_size (b->id, (guint)hits.first + hits.n);
    guint32 *id = &g_array_index (b->id, guint32, hits.first);
    for (guint32 i = 0; i < hits.n; i++)
      id[i] = candidate_of (b, code0 ? code0[row[i]] : 0, code1 ? code1[row[i]] : 0);
    if (!against)
    {
      count_candidates (b, sheet, row, id, hits.n);
      g_array_append_val (b->hits, hits);
      continue;
    }
    for (guint32 i = 0; i < hits.n; i++)
      g_array_index (b->candidate, Candidate, id[i]).against++;
    g_array_set_size (b->row, (guint)hits.first);
    g_array_set_size (b->id, (guint)hits.first);
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

/* Rows of one sheet on their way into a frame. */
typedef struct {
  RcaFrame *f;
  const RcaSheet *sheet;
  const guint16 *row;
  guint32 n;
  guint32 *cell;       /* of each row: entity × buckets + bucket */
  guint8 *failed;
  RcaHistogramBins bins;
} Filling;

static void
find_cells (Filling *fill, const Build *b, const guint32 *id)
{
  const RcaFrame *f = fill->f;
  gint64 from = 0, to = 0; /* of the bucket at hand: rows follow each other in time, nearly */
  guint32 bucket = 0;
  for (guint32 i = 0; i < fill->n; i++)
  {
    gint64 t = fill->sheet->start[fill->row[i]];
    if (t < from || t >= to)
    {
      bucket = (guint32)((t - f->start_ns) / f->width_ns);
      from = f->start_ns + bucket * f->width_ns;
      to = from + f->width_ns;
    }
    fill->cell[i] = g_array_index (b->candidate, Candidate, id[i]).rank * f->n_buckets + bucket;
  }
}

static void
add_ones (const Filling *fill, guint m, const guint8 *which)
{
  double *series = fill->f->series[m];
  for (guint32 i = 0; series && i < fill->n; i++)
    series[fill->cell[i]] += which ? which[i] : 1;
}

static void
add_status (const Filling *fill, guint m, guint16 status)
{
  double *series = fill->f->series[m];
  const guint16 *of = series ? rca_sheet_get (fill->sheet, RCA_COL_STATUS) : NULL;
  for (guint32 i = 0; of && i < fill->n; i++)
    series[fill->cell[i]] += of[fill->row[i]] == status;
}

static void
add_numbers (const Filling *fill, guint m, RcaColumnId column)
{
  double *series = fill->f->series[m];
  const gint64 *value = series ? rca_sheet_get (fill->sheet, column) : NULL;
  for (guint32 i = 0; value && i < fill->n; i++)
    series[fill->cell[i]] += (double)MAX (value[fill->row[i]], 0);
}

/* @which: (nullable): only rows that it marks. */
static void
add_times (const Filling *fill, guint m, RcaColumnId column, const guint8 *which)
{
  RcaFrame *f = fill->f;
  const gint64 *ns = f->series[m] ? rca_sheet_get (fill->sheet, column) : NULL;
  for (guint32 i = 0; ns && i < fill->n; i++)
  {
    gint64 value = ns[fill->row[i]];
    guint32 cell = fill->cell[i];
    if (value < 0 || (which && !which[i]))
      continue;
    f->series[m][cell] += (double)value; /* exact in any order of rows; seconds at the end */
    f->n[m][cell]++;
    if (!f->histogram[m][cell])
      f->histogram[m][cell] = new_histogram (f);
    f->histogram[m][cell]->bin[rca_histogram_bins_find (&fill->bins, value)]++;
  }
}

static void
add_gauge (RcaGauge *g, double value)
{
  g->min = g->n > 0 ? MIN (g->min, value) : value;
  g->max = g->n > 0 ? MAX (g->max, value) : value;
  g->sum += value;
  g->n++;
}

static void
add_gauges (const Filling *fill)
{
  const guint8 *metric = fill->f->gauge ? rca_sheet_get (fill->sheet, RCA_COL_METRIC) : NULL;
  for (guint32 i = 0; metric && i < fill->n; i++)
    if (metric[fill->row[i]])
      add_gauge (&fill->f->gauge[fill->cell[i]], rca_sheet_f64 (fill->sheet, RCA_COL_VALUE, fill->row[i]));
}

static void
add_visits (const Filling *fill, guint which)
{
  GArray *visit = fill->f->visit[which];
  const guint32 *client = visit ? rca_sheet_get (fill->sheet, RCA_COL_CLIENT) : NULL;
  if (!client)
    return;
  guint n = visit->len;
  g_array_set_size (visit, n + fill->n);
  RcaVisit *to = (RcaVisit *)(void *)visit->data;
  for (guint32 i = 0; i < fill->n; i++)
  {
    to[n] = (RcaVisit){ fill->cell[i] / fill->f->n_buckets, fill->cell[i] % fill->f->n_buckets, client[fill->row[i]] };
    n += to[n].client && (which == 0 || fill->failed[i]);
  }
  g_array_set_size (visit, n);
}

/* rca_sheet_failed() of all. */
static void
find_failed (Filling *fill)
{
  const RcaFrame *f = fill->f;
  if (!f->series[RCA_FRAME_FAILED] && !f->series[RCA_FRAME_FAILED_DURATION] && !f->series[RCA_FRAME_CLIENTS_FAILED])
    return;
  const guint8 *kind = rca_sheet_get (fill->sheet, RCA_COL_KIND), *severity = rca_sheet_get (fill->sheet, RCA_COL_SEVERITY);
  const guint16 *status = rca_sheet_get (fill->sheet, RCA_COL_STATUS);
  for (guint32 i = 0; i < fill->n; i++)
  {
    guint32 row = fill->row[i];
    gboolean request = kind && kind[row] == RCA_KIND_REQUEST;
    fill->failed[i] = request ? status && status[row] >= 500 && status[row] <= 599 : severity && severity[row] >= RCA_SEVERITY_ERROR;
  }
}

static void
add_rows (Filling *fill)
{
  find_failed (fill);
  add_ones (fill, RCA_FRAME_COUNT, NULL);
  add_ones (fill, RCA_FRAME_FAILED, fill->failed);
  add_status (fill, RCA_FRAME_ABORTED, 499);
  add_status (fill, RCA_FRAME_LIMITED, 429);
  add_numbers (fill, RCA_FRAME_BYTES, RCA_COL_BYTES);
  add_numbers (fill, RCA_FRAME_ROWS_EXAMINED, RCA_COL_ROWS_EXAMINED);
  add_numbers (fill, RCA_FRAME_ROWS_SENT, RCA_COL_ROWS_SENT);
  add_numbers (fill, RCA_FRAME_LOCK_TIME, RCA_COL_LOCK_TIME);
  add_times (fill, RCA_FRAME_DURATION, RCA_COL_DURATION, NULL);
  add_times (fill, RCA_FRAME_FAILED_DURATION, RCA_COL_DURATION, fill->failed);
  add_times (fill, RCA_FRAME_CONNECT, RCA_COL_UPSTREAM_CONNECT, NULL);
  add_times (fill, RCA_FRAME_UPSTREAM, RCA_COL_UPSTREAM_TIME, NULL);
  add_gauges (fill);
  for (guint i = 0; i < 2; i++)
    add_visits (fill, i);
}

static void
fill_frame (RcaFrame *f, const Build *b)
{
  g_autofree guint32 *cell = g_new (guint32, RCA_SHEET_ROWS);
  g_autofree guint8 *failed = g_new (guint8, RCA_SHEET_ROWS);
  Filling fill = { .f = f, .cell = cell, .failed = failed };
  rca_histogram_bins_init (&fill.bins);
  for (guint i = 0; i < b->hits->len; i++)
  {
    const Hits *hits = &g_array_index (b->hits, Hits, i);
    fill.sheet = hits->sheet;
    fill.row = &g_array_index (b->row, guint16, hits->first);
    fill.n = hits->n;
    find_cells (&fill, b, &g_array_index (b->id, guint32, hits->first));
    add_rows (&fill);
  }
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

/* The same where clients are small numbers below @n_clients: by cell first, then what the cell has not seen. */
static void
settle_coded_visits (RcaFrame *f, guint which, guint32 n_clients)
{
  GArray *visit = f->visit[which];
  gsize cells = (gsize)(f->n_entities + 1) * f->n_buckets, at = 0;
  g_autofree guint32 *place = g_new0 (guint32, cells + 1), *sorted = g_new (guint32, MAX (visit->len, 1)), *seen = g_new0 (guint32, n_clients);
  const RcaVisit *v = (const RcaVisit *)(void *)visit->data;
  for (guint i = 0; i < visit->len; i++)
    place[(gsize)v[i].entity * f->n_buckets + v[i].bucket + 1]++;
  for (gsize c = 0; c < cells; c++)
    place[c + 1] += place[c];
  for (guint i = 0; i < visit->len; i++)
    sorted[place[(gsize)v[i].entity * f->n_buckets + v[i].bucket]++] = v[i].client;
  g_array_set_size (visit, 0);
  for (gsize c = 0; c < cells; c++) /* now place[c] is where the cell ends */
    for (; at < place[c]; at++)
    {
      RcaVisit one = { (guint32)(c / f->n_buckets), (guint32)(c % f->n_buckets), sorted[at] };
      if (seen[one.client] == c + 1)
        continue;
      seen[one.client] = (guint32)c + 1;
      f->series[RCA_FRAME_CLIENTS + which][c]++;
      g_array_append_val (visit, one);
    }
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
  b->hits = g_array_new (FALSE, FALSE, sizeof (Hits));
  b->row = g_array_new (FALSE, FALSE, sizeof (guint16));
  b->id = g_array_new (FALSE, FALSE, sizeof (guint32));
  gsize n[2] = { 1, 1 };
  for (guint i = 0; i < 2; i++)
  {
    rca_table_prepare (b->table, q->by[i]);
    if (q->by[i] != RCA_DIM_NONE)
      n[i] = rca_dictionary_size (rca_table_values (b->table, q->by[i]));
  }
  b->n_second = (guint32)n[1];
  if (n[1] == 1 || n[0] * n[1] <= MAX_PAIRS)
    b->by_code = g_new0 (guint32, n[0] * n[1]);
  else
    b->by_pair = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  if (q->by[0] == RCA_DIM_NONE && q->by[1] == RCA_DIM_NONE)
    candidate_of (b, 0, 0); /* the one series is there even when it is empty */
}

static void
build_clear (Build *b)
{
  g_array_unref (b->candidate);
  g_array_unref (b->hits);
  g_array_unref (b->row);
  g_array_unref (b->id);
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
  collect (&b, FALSE);
  rca_scan_clear (&b.scan);
  if (query->order == RCA_ORDER_CHANGE)
  {
    open_scan (&b, query->against);
    collect (&b, TRUE);
    rca_scan_clear (&b.scan);
  }
  choose (frame, &b);
  allocate (frame, query->measures);
  fill_frame (frame, &b);
  ns_to_seconds (frame);
  for (guint i = 0; i < 2; i++)
    if (frame->visit[i])
      settle_coded_visits (frame, i, rca_dictionary_size (rca_table_domain (table, RCA_DOMAIN_CLIENT)));
  build_clear (&b);
  return frame;
}
