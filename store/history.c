#include "history-private.h"
#include <math.h>

#define BIN_SHIFT 24
#define MOST_IN_A_BIN ((1u << BIN_SHIFT) - 1)

static void
series_free (gpointer data)
{
  RcaHistorySeries *s = data;
  g_free (s->name);
  g_free (s->label);
  g_array_unref (s->cell);
  g_array_unref (s->bin);
  g_array_unref (s->at);
  g_free (s);
}

RcaHistory *
rca_history_new (void)
{
  RcaHistory *h = g_new0 (RcaHistory, 1);
  h->series = g_ptr_array_new_with_free_func (series_free);
  h->find = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  h->source = g_ptr_array_new_with_free_func (g_free);
  h->problem = g_ptr_array_new_with_free_func (g_free);
  h->note = g_ptr_array_new_with_free_func (g_free);
  h->strings = g_string_chunk_new (1024);
  return h;
}

void
rca_history_free (RcaHistory *h)
{
  if (!h)
    return;
  g_ptr_array_unref (h->series);
  g_hash_table_unref (h->find);
  g_ptr_array_unref (h->source);
  g_ptr_array_unref (h->problem);
  g_ptr_array_unref (h->note);
  g_string_chunk_free (h->strings);
  g_free (h);
}

RcaHistorySeries *
rca_history_series (RcaHistory *h, guint8 stream, const char *name, const char *label)
{
  char *key = g_strdup_printf ("%u %s", stream, name);
  RcaHistorySeries *s = g_hash_table_lookup (h->find, key);
  if (s)
  {
    g_free (key);
    return s;
  }
  s = g_new0 (RcaHistorySeries, 1);
  s->stream = stream;
  s->name = g_strdup (name);
  s->label = g_strdup (label);
  s->cell = g_array_new (FALSE, FALSE, sizeof (RcaHistoryCell));
  s->bin = g_array_new (FALSE, FALSE, sizeof (guint32));
  s->at = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_ptr_array_add (h->series, s);
  g_hash_table_insert (h->find, key, s);
  return s;
}

static void
add_bins (RcaHistorySeries *s, RcaHistoryCell *cell, const RcaHistogram *h)
{
  g_array_append_val (s->at, s->bin->len);
  for (guint32 b = 0; h && b < RCA_HISTOGRAM_BINS; b++)
    if (h->bin[b])
    {
      guint32 packed = b << BIN_SHIFT | MIN (h->bin[b], MOST_IN_A_BIN);
      g_array_append_val (s->bin, packed);
      cell->n_bins++;
    }
}

static void
add_frame (RcaHistory *h, guint8 stream, const RcaFrame *frame)
{
  guint n_buckets = rca_frame_n_buckets (frame), n_entities = rca_frame_n_entities (frame);
  gint64 first = rca_frame_start_ns (frame) / rca_frame_width_ns (frame);
  for (guint e = 0; e <= n_entities; e++)
  {
    const double *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT), *failed = rca_frame_series (frame, e, RCA_MEASURE_FAILED), *seconds = rca_frame_series (frame, e, RCA_MEASURE_DURATION);
    RcaHistorySeries *s = NULL;
    for (guint i = 0; count && i < n_buckets; i++)
    {
      if (count[i] <= 0)
        continue;
      /* what was folded keeps a name of its own: no route is called so */
      if (!s)
        s = rca_history_series (h, stream, e < n_entities ? rca_frame_value (frame, e, 0) : "\x1fother", e < n_entities ? rca_frame_label (frame, e, 0) : "other");
      RcaHistoryCell cell = { (guint32)(first + i), (guint32)count[i], failed ? (guint32)failed[i] : 0, seconds ? seconds[i] : 0, 0 };
      add_bins (s, &cell, rca_frame_histogram (frame, e, i, RCA_MEASURE_DURATION));
      g_array_append_val (s->cell, cell);
    }
  }
}

void
rca_history_add_requests (RcaHistory *h, RcaStream stream, const RcaFrame *frame)
{
  g_return_if_fail (rca_frame_width_ns (frame) == RCA_HISTORY_REQUEST_WIDTH_NS);
  add_frame (h, (guint8)stream, frame);
}

void
rca_history_add_statements (RcaHistory *h, const RcaFrame *frame)
{
  g_return_if_fail (rca_frame_width_ns (frame) == RCA_HISTORY_STATEMENT_WIDTH_NS);
  add_frame (h, RCA_HISTORY_STATEMENTS, frame);
}

static const char *
keep (GStringChunk *strings, const char *text)
{
  return text ? g_string_chunk_insert_const (strings, text) : NULL;
}

RcaSourceInfo *
rca_history_take_source (GStringChunk *strings, const RcaSourceInfo *from)
{
  RcaSourceInfo *i = g_memdup2 (from, sizeof *from);
  const char **texts[] = { &i->path, &i->format, &i->service, &i->host, &i->instance, &i->zone, &i->why, &i->columns };
  for (gsize k = 0; k < G_N_ELEMENTS (texts); k++)
    *texts[k] = keep (strings, *texts[k]);
  return i;
}

void
rca_history_add_sources (RcaHistory *h, const RcaSources *sources)
{
  for (guint i = 0; i < sources->source->len; i++)
    g_ptr_array_add (h->source, rca_history_take_source (h->strings, g_ptr_array_index (sources->source, i)));
  for (guint i = 0; i < sources->problem->len; i++)
    g_ptr_array_add (h->problem, g_strdup (g_ptr_array_index (sources->problem, i)));
  for (guint i = 0; i < sources->note->len; i++)
    g_ptr_array_add (h->note, g_strdup (g_ptr_array_index (sources->note, i)));
}

void
rca_history_add_problem (RcaHistory *h, const char *problem)
{
  g_ptr_array_add (h->problem, g_strdup (problem));
}

const GPtrArray *
rca_history_sources (const RcaHistory *h)
{
  return h->source;
}

/* ---- statements ---- */

static void
statement_free (gpointer data)
{
  RcaStatementHistory *s = data;
  g_array_unref (s->hour);
  g_free (s);
}

static gint
compare_hour (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const RcaStatementHour *)a)->start_ns, y = ((const RcaStatementHour *)b)->start_ns;
  return x < y ? -1 : x > y;
}

static gint
compare_statement (gconstpointer a, gconstpointer b)
{
  const RcaStatementHistory *x = *(RcaStatementHistory *const *)a, *y = *(RcaStatementHistory *const *)b;
  gint by_name = strcmp (x->name, y->name);
  return by_name ? by_name : strcmp (x->fingerprint, y->fingerprint);
}

/* Pieces of an archive meet inside an hour: its two halves are one. */
static void
merge_hours (GArray *hour)
{
  g_array_sort (hour, compare_hour);
  guint n = 0;
  for (guint i = 0; i < hour->len; i++)
  {
    RcaStatementHour *h = &g_array_index (hour, RcaStatementHour, i), *last = n ? &g_array_index (hour, RcaStatementHour, n - 1) : NULL;
    if (last && last->start_ns == h->start_ns)
      last->calls += h->calls, last->seconds += h->seconds;
    else
      g_array_index (hour, RcaStatementHour, n++) = *h;
  }
  g_array_set_size (hour, n);
}

static void
collect_hours (GHashTable *by_fingerprint, GPtrArray *out, const RcaHistorySeries *series)
{
  RcaStatementHistory *s = g_hash_table_lookup (by_fingerprint, series->name);
  if (!s)
  {
    s = g_new0 (RcaStatementHistory, 1);
    *s = (RcaStatementHistory){ series->name, series->label, g_array_new (FALSE, FALSE, sizeof (RcaStatementHour)) };
    g_hash_table_insert (by_fingerprint, series->name, s);
    g_ptr_array_add (out, s);
  }
  for (guint i = 0; i < series->cell->len; i++)
  {
    const RcaHistoryCell *c = &g_array_index (series->cell, RcaHistoryCell, i);
    RcaStatementHour hour = { c->bucket * RCA_HISTORY_STATEMENT_WIDTH_NS, c->count, c->seconds };
    g_array_append_val (s->hour, hour);
  }
}

GPtrArray *
rca_history_statements (const GPtrArray *histories)
{
  g_autoptr (GHashTable) by_fingerprint = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *out = g_ptr_array_new_with_free_func (statement_free);
  for (guint i = 0; i < histories->len; i++)
  {
    const RcaHistory *h = g_ptr_array_index (histories, i);
    for (guint k = 0; k < h->series->len; k++)
    {
      const RcaHistorySeries *s = g_ptr_array_index (h->series, k);
      if (s->stream == RCA_HISTORY_STATEMENTS && s->name[0] != '\x1f' && s->name[0])
        collect_hours (by_fingerprint, out, s);
    }
  }
  for (guint i = 0; i < out->len; i++)
    merge_hours (((RcaStatementHistory *)g_ptr_array_index (out, i))->hour);
  g_ptr_array_sort (out, compare_statement);
  return out;
}
