/* Histories behind the seam. */
#include "frame-private.h"
#include "history-private.h"

typedef struct {
  GPtrArray *history; /* borrowed RcaHistory* */
} Histories;

/* ---- sources ---- */

static gint
compare_info (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RcaSourceInfo *const *)a)->path, (*(RcaSourceInfo *const *)b)->path);
}

static gint64
earlier (gint64 a, gint64 b)
{
  return a == RCA_TIME_NONE ? b : b == RCA_TIME_NONE ? a : MIN (a, b);
}

/* Pieces of one log are one source. */
static void
merge_info (RcaSourceInfo *into, const RcaSourceInfo *from)
{
  guint64 *to_n[] = { &into->lines, &into->records, &into->parsed, &into->rejected, &into->http_5xx, &into->errors, &into->slow, &into->changes, &into->samples };
  guint64 n[] = { from->lines, from->records, from->parsed, from->rejected, from->http_5xx, from->errors, from->slow, from->changes, from->samples };
  for (guint i = 0; i < G_N_ELEMENTS (n); i++)
    *to_n[i] += n[i];
  into->first_ns = earlier (into->first_ns, from->first_ns);
  into->last_ns = MAX (into->last_ns, from->last_ns);
  into->present |= from->present;
  if (g_strcmp0 (into->format, "unknown") == 0)
    into->format = from->format, into->stream = from->stream, into->why = from->why;
  const char **to_text[] = { &into->service, &into->host, &into->instance, &into->columns };
  const char *text[] = { from->service, from->host, from->instance, from->columns };
  for (guint i = 0; i < G_N_ELEMENTS (text); i++)
    if (!*to_text[i])
      *to_text[i] = text[i];
}

static void
merge_sources (const Histories *all, RcaSources *out)
{
  g_autoptr (GHashTable) by_path = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < all->history->len; i++)
  {
    const RcaHistory *h = g_ptr_array_index (all->history, i);
    for (guint k = 0; k < h->source->len; k++)
    {
      const RcaSourceInfo *from = g_ptr_array_index (h->source, k);
      RcaSourceInfo *into = g_hash_table_lookup (by_path, from->path);
      if (into)
      {
        merge_info (into, from);
        continue;
      }
      into = rca_history_take_source (out->owner, from);
      g_ptr_array_add (out->source, into);
      g_hash_table_insert (by_path, (gpointer)into->path, into);
    }
  }
  g_ptr_array_sort (out->source, compare_info);
}

/* Each text once, in the order of the pieces. */
static void
merge_texts (GHashTable *seen, GPtrArray *into, const GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    if (g_hash_table_add (seen, g_strdup (g_ptr_array_index (from, i))))
      g_ptr_array_add (into, g_strdup (g_ptr_array_index (from, i)));
}

typedef struct {
  gint64 n, start_ns, end_ns;
} Requests;

static Requests
requests_of (const Histories *all, RcaStream stream)
{
  Requests r = { 0, G_MAXINT64, G_MININT64 };
  for (guint i = 0; i < all->history->len; i++)
  {
    const RcaHistory *h = g_ptr_array_index (all->history, i);
    for (guint k = 0; k < h->series->len; k++)
    {
      const RcaHistorySeries *s = g_ptr_array_index (h->series, k);
      if (s->stream != stream || s->cell->len == 0)
        continue;
      r.n += s->cell->len;
      r.start_ns = MIN (r.start_ns, g_array_index (s->cell, RcaHistoryCell, 0).bucket * RCA_HISTORY_REQUEST_WIDTH_NS);
      r.end_ns = MAX (r.end_ns, (g_array_index (s->cell, RcaHistoryCell, s->cell->len - 1).bucket + G_GINT64_CONSTANT (1)) * RCA_HISTORY_REQUEST_WIDTH_NS);
    }
  }
  return r;
}

/* The rule of peer.c: the edge, unless its logs cover less than half of the time the web server's do. */
static RcaStream
user_facing (const Histories *all, RcaSpan *extent)
{
  const RcaStream order[] = { RCA_STREAM_CDN, RCA_STREAM_ACCESS, RCA_STREAM_APP };
  Requests r[G_N_ELEMENTS (order)];
  guint pick = G_N_ELEMENTS (order);
  for (guint i = G_N_ELEMENTS (order); i-- > 0;)
  {
    r[i] = requests_of (all, order[i]);
    if (r[i].n)
      pick = i;
  }
  if (pick == 0 && r[1].n && (MIN (r[0].end_ns, r[1].end_ns) - MAX (r[0].start_ns, r[1].start_ns)) * 2 < r[1].end_ns - r[1].start_ns)
    pick = 1;
  if (pick == G_N_ELEMENTS (order))
    return RCA_STREAM_UNKNOWN;
  *extent = (RcaSpan){ r[pick].start_ns, r[pick].end_ns };
  return order[pick];
}

static RcaSources *
sources (gpointer impl, GError **error)
{
  const Histories *all = impl;
  RcaSources *out = g_new0 (RcaSources, 1);
  out->source = g_ptr_array_new_with_free_func (g_free);
  out->peer = g_ptr_array_new_with_free_func (g_free);
  out->problem = g_ptr_array_new_with_free_func (g_free);
  out->note = g_ptr_array_new_with_free_func (g_free);
  out->owner = g_string_chunk_new (1024);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  merge_sources (all, out);
  for (guint i = 0; i < all->history->len; i++)
  {
    const RcaHistory *h = g_ptr_array_index (all->history, i);
    merge_texts (seen, out->problem, h->problem);
    merge_texts (seen, out->note, h->note);
  }
  out->user_facing = user_facing (all, &out->extent);
  return out;
}

/* ---- frames ---- */

typedef struct {
  const char *name;
  double count;
  guint rank;
  GPtrArray *series; /* RcaHistorySeries of each piece */
} Entity;

static void
entity_free (gpointer data)
{
  Entity *e = data;
  g_ptr_array_unref (e->series);
  g_free (e);
}

static guint
first_cell (const RcaHistorySeries *s, guint32 bucket)
{
  guint low = 0, high = s->cell->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    if (g_array_index (s->cell, RcaHistoryCell, middle).bucket < bucket)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

typedef struct {
  guint32 from, to; /* buckets of the history */
} Range;

gboolean
rca_history_has_requests (const GPtrArray *histories, RcaStream stream, RcaSpan span)
{
  guint32 from = (guint32)(span.start_ns / RCA_HISTORY_REQUEST_WIDTH_NS), to = (guint32)(span.end_ns / RCA_HISTORY_REQUEST_WIDTH_NS);
  for (guint i = 0; i < histories->len; i++)
  {
    const RcaHistory *h = g_ptr_array_index (histories, i);
    for (guint k = 0; k < h->series->len; k++)
    {
      const RcaHistorySeries *s = g_ptr_array_index (h->series, k);
      guint at = s->stream == (guint8)stream ? first_cell (s, from) : s->cell->len;
      if (at < s->cell->len && g_array_index (s->cell, RcaHistoryCell, at).bucket < to)
        return TRUE;
    }
  }
  return FALSE;
}

static double
count_in (const RcaHistorySeries *s, Range range)
{
  double n = 0;
  for (guint i = first_cell (s, range.from); i < s->cell->len; i++)
  {
    const RcaHistoryCell *c = &g_array_index (s->cell, RcaHistoryCell, i);
    if (c->bucket >= range.to)
      break;
    n += c->count;
  }
  return n;
}

static gint
compare_entity (gconstpointer a, gconstpointer b)
{
  const Entity *x = *(Entity *const *)a, *y = *(Entity *const *)b;
  gboolean fx = x->name[0] == '\x1f', fy = y->name[0] == '\x1f';
  if (fx != fy)
    return fx ? 1 : -1; /* what was folded stays folded */
  if (x->count != y->count)
    return x->count > y->count ? -1 : 1;
  return strcmp (x->name, y->name);
}

static GPtrArray *
collect_entities (const Histories *all, const RcaFrameQuery *q, Range range)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *out = g_ptr_array_new_with_free_func (entity_free);
  for (guint i = 0; i < all->history->len; i++)
  {
    const RcaHistory *h = g_ptr_array_index (all->history, i);
    for (guint k = 0; k < h->series->len; k++)
    {
      RcaHistorySeries *s = g_ptr_array_index (h->series, k);
      double n = s->stream == (guint8)q->stream ? count_in (s, range) : 0;
      if (n == 0)
        continue;
      const char *name = q->by[0] == RCA_DIM_ROUTE ? s->name : "";
      Entity *e = g_hash_table_lookup (by_name, name);
      if (!e)
      {
        e = g_new0 (Entity, 1);
        *e = (Entity){ name, 0, 0, g_ptr_array_new () };
        g_hash_table_insert (by_name, (gpointer)name, e);
        g_ptr_array_add (out, e);
      }
      e->count += n;
      g_ptr_array_add (e->series, s);
    }
  }
  g_ptr_array_sort (out, compare_entity);
  return out;
}

static void
name_entities (RcaFrame *f, const GPtrArray *entities, guint k)
{
  guint named = 0;
  while (named < entities->len && ((Entity *)g_ptr_array_index (entities, named))->name[0] != '\x1f')
    named++;
  f->n_entities = MIN (named, k);
  f->other_entities = entities->len - f->n_entities;
  for (guint i = 0; i < 2; i++)
  {
    f->value[i] = g_new (const char *, f->n_entities + 1);
    f->label[i] = g_new (const char *, f->n_entities + 1);
    for (guint e = 0; e <= f->n_entities; e++)
      f->value[i][e] = f->label[i][e] = e == f->n_entities ? "other" : i ? "" : ((Entity *)g_ptr_array_index (entities, e))->name;
  }
  for (guint e = 0; e < entities->len; e++)
  {
    Entity *entity = g_ptr_array_index (entities, e);
    entity->rank = MIN (e, f->n_entities);
    if (e < f->n_entities)
      g_hash_table_insert (f->find, g_strconcat (entity->name, "\x1f", NULL), GUINT_TO_POINTER (e + 1));
  }
}

static void
add_histogram (RcaFrame *f, gsize at, const guint32 *bin, guint n)
{
  RcaHistogram **h = &f->histogram[RCA_FRAME_DURATION][at];
  if (!*h)
  {
    *h = g_new0 (RcaHistogram, 1);
    g_ptr_array_add (f->histogram_block, *h);
  }
  for (guint i = 0; i < n; i++)
  {
    (*h)->bin[bin[i] >> 24] += bin[i] & 0xffffff;
    f->n[RCA_FRAME_DURATION][at] += bin[i] & 0xffffff;
  }
}

static void
add_series (RcaFrame *f, guint rank, const RcaHistorySeries *s, Range range)
{
  for (guint i = first_cell (s, range.from); i < s->cell->len; i++)
  {
    const RcaHistoryCell *c = &g_array_index (s->cell, RcaHistoryCell, i);
    if (c->bucket >= range.to)
      break;
    gint64 bucket = (c->bucket * RCA_HISTORY_REQUEST_WIDTH_NS - f->start_ns) / f->width_ns;
    gsize at = (gsize)rank * f->n_buckets + (gsize)MAX (bucket, 0);
    if (f->series[RCA_FRAME_COUNT])
      f->series[RCA_FRAME_COUNT][at] += c->count;
    if (f->series[RCA_FRAME_FAILED])
      f->series[RCA_FRAME_FAILED][at] += c->failed;
    if (!f->series[RCA_FRAME_DURATION] || c->n_bins == 0)
      continue;
    f->series[RCA_FRAME_DURATION][at] += c->seconds;
    add_histogram (f, at, &g_array_index (s->bin, guint32, g_array_index (s->at, guint32, i)), c->n_bins);
  }
}

static void
allocate (RcaFrame *f, guint measures)
{
  static const guint kept[] = { RCA_FRAME_COUNT, RCA_FRAME_FAILED, RCA_FRAME_DURATION };
  gsize cells = (gsize)(f->n_entities + 1) * f->n_buckets;
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if ((measures >> kept[i]) & 1)
      f->series[kept[i]] = g_new0 (double, cells);
  f->histogram_block = g_ptr_array_new_with_free_func (g_free);
  if (!f->series[RCA_FRAME_DURATION])
    return;
  f->n[RCA_FRAME_DURATION] = g_new0 (double, cells);
  f->histogram[RCA_FRAME_DURATION] = g_new0 (RcaHistogram *, cells);
}

static RcaFrame *
frame (gpointer impl, const RcaFrameQuery *q, GError **error)
{
  if (q->by[1] != RCA_DIM_NONE || (q->by[0] != RCA_DIM_NONE && q->by[0] != RCA_DIM_ROUTE) || q->width_ns % RCA_HISTORY_REQUEST_WIDTH_NS)
  {
    g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "a history holds requests a minute by route, nothing else");
    return NULL;
  }
  RcaFrame *f = g_new0 (RcaFrame, 1);
  gint64 r = q->span.start_ns % q->width_ns;
  f->width_ns = q->width_ns;
  f->start_ns = q->span.start_ns - r;
  f->n_buckets = (guint)CLAMP ((q->span.end_ns - f->start_ns + f->width_ns - 1) / f->width_ns, 0, 1 << 20);
  f->find = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gint64 end = f->start_ns + (gint64)f->n_buckets * f->width_ns;
  Range range = { (guint32)(f->start_ns / RCA_HISTORY_REQUEST_WIDTH_NS), (guint32)(end / RCA_HISTORY_REQUEST_WIDTH_NS) };
  g_autoptr (GPtrArray) entities = collect_entities (impl, q, range);
  name_entities (f, entities, q->k ? q->k : 1000);
  allocate (f, q->measures);
  for (guint e = 0; e < entities->len; e++)
  {
    const Entity *entity = g_ptr_array_index (entities, e);
    for (guint k = 0; k < entity->series->len; k++)
      add_series (f, entity->rank, g_ptr_array_index (entity->series, k), range);
  }
  return f;
}

/* ---- the rest: a history holds none of it ---- */

static GPtrArray *
changes (gpointer impl, RcaSpan span, GError **error)
{
  return g_ptr_array_new ();
}

static GPtrArray *
rows (gpointer impl, const RcaRowQuery *query, GError **error)
{
  return g_ptr_array_new ();
}

static RcaJoin *
join (gpointer impl, const RcaJoinQuery *query, GError **error)
{
  g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "a history holds no requests to join");
  return NULL;
}

static RcaSeenAnswer *
seen (gpointer impl, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error)
{
  g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "a history holds no values");
  return NULL;
}

static void
close_histories (gpointer impl)
{
  Histories *all = impl;
  g_ptr_array_unref (all->history);
  g_free (all);
}

static gpointer
no_table (gpointer impl)
{
  return NULL;
}

static const RcaBackend history_backend = {
  .name = "history", .sources = sources, .frame = frame, .changes = changes, .join = join, .rows = rows, .seen = seen, .close = close_histories, .table = no_table
};

RcaStore *
rca_store_open_history (const GPtrArray *histories)
{
  Histories *all = g_new0 (Histories, 1);
  all->history = g_ptr_array_new ();
  for (guint i = 0; i < histories->len; i++)
    g_ptr_array_add (all->history, g_ptr_array_index (histories, i));
  return rca_store_wrap (&history_backend, all);
}
