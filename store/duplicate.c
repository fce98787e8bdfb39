#include "table.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* The same events told by two sources: a file beside its own copy or archive, a database
 * server that writes plain text, CSV and JSON at once. Sources are compared by samples of
 * their rows first; rows are chosen by a hash of their time, so that both sources choose
 * the same ones. */
#define SAMPLE_ABOVE 2048
#define SAMPLE_SHARE 32
#define SAME_SHARE   0.9

typedef struct {
  guint64 hash;
  gint64 time;
  gboolean chosen; /* is in every sample */
} Entry;

typedef struct {
  RcaTableSource *source;
  GArray *entry[2]; /* Entry by hash: of the whole row, and of what another format tells of it too */
  gint64 first, last;
  gboolean hidden;
} Sample;

enum { WHOLE, ACROSS };

static gboolean
chosen_by_time (gint64 time)
{
  return XXH3_64bits (&time, sizeof time) % SAMPLE_SHARE == 0;
}

/* 0 when the row says too little to be told from another. */
static guint64
hash_row (const RcaSheet *s, guint32 row, guint which)
{
  guint32 fingerprint = rca_sheet_u32 (s, RCA_COL_FINGERPRINT, row), template = rca_sheet_u32 (s, RCA_COL_TEMPLATE, row);
  gint64 across[5] = { s->end[row], rca_sheet_i64 (s, RCA_COL_PID, row), rca_sheet_i64 (s, RCA_COL_DURATION, row), fingerprint, fingerprint ? 0 : template };
  if (which == ACROSS)
    return fingerprint || template ? XXH3_64bits (across, sizeof across) : 0;
  gint64 whole[] = {
    s->end[row],
    across[1],
    across[2],
    fingerprint,
    template,
    rca_sheet_u32 (s, RCA_COL_REQUEST_ID, row),
    rca_sheet_u32 (s, RCA_COL_TRACE_ID, row),
    rca_sheet_u32 (s, RCA_COL_CLIENT, row),
    rca_sheet_u32 (s, RCA_COL_PATH_HASH, row),
    rca_sheet_u16 (s, RCA_COL_STATUS, row),
    rca_sheet_i64 (s, RCA_COL_BYTES, row),
    rca_sheet_u8 (s, RCA_COL_METRIC, row),
    rca_sheet_u32 (s, RCA_COL_DEVICE, row),
    (gint64)(rca_sheet_f64 (s, RCA_COL_VALUE, row) * 1e6),
    rca_sheet_u32 (s, RCA_COL_TEXT_LENGTH, row),
    rca_sheet_u32 (s, RCA_COL_VERSION, row),
    rca_sheet_u8 (s, RCA_COL_SEVERITY, row),
  };
  return XXH3_64bits (whole, sizeof whole);
}

static gint
compare_entry (gconstpointer a, gconstpointer b)
{
  guint64 x = ((const Entry *)a)->hash, y = ((const Entry *)b)->hash;
  return x < y ? -1 : x > y;
}

static guint64
count_rows (const RcaTableSource *source)
{
  guint64 n = 0;
  for (guint i = 0; i < source->sheet->len; i++)
    n += ((RcaSheet *)g_ptr_array_index (source->sheet, i))->n;
  return n;
}

static void
take_sample (RcaTableSource *source, Sample *sample)
{
  *sample = (Sample){ .source = source, .first = G_MAXINT64, .last = G_MININT64 };
  gboolean thin = count_rows (source) > SAMPLE_ABOVE;
  for (guint k = 0; k < 2; k++)
    sample->entry[k] = g_array_new (FALSE, FALSE, sizeof (Entry));
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *s = g_ptr_array_index (source->sheet, i);
    for (guint32 row = 0; row < s->n; row++)
    {
      if (s->end[row] == RCA_TIME_NONE || rca_sheet_hidden (s, row))
        continue;
      sample->first = MIN (sample->first, s->end[row]);
      sample->last = MAX (sample->last, s->end[row]);
      gboolean chosen = chosen_by_time (s->end[row]);
      if (thin && !chosen)
        continue;
      for (guint k = 0; k < 2; k++)
      {
        Entry e = { hash_row (s, row, k), s->end[row], chosen };
        if (e.hash && (k == WHOLE || source->stream == RCA_STREAM_DB))
          g_array_append_val (sample->entry[k], e);
      }
    }
  }
  for (guint k = 0; k < 2; k++)
    g_array_sort (sample->entry[k], compare_entry);
}

static void
sample_clear (gpointer data)
{
  Sample *s = data;
  g_array_unref (s->entry[0]);
  g_array_unref (s->entry[1]);
}

/* How many of @a's entries within @b's time both have; *n: how many there are. */
static guint
shared (const Sample *a, const Sample *b, guint which, gboolean chosen_only, guint *n)
{
  const GArray *x = a->entry[which], *y = b->entry[which];
  guint both = 0, k = 0;
  *n = 0;
  for (guint i = 0; i < x->len; i++)
  {
    const Entry *e = &g_array_index (x, Entry, i);
    if (e->time < b->first || e->time > b->last || (chosen_only && !e->chosen))
      continue;
    ++*n;
    while (k < y->len && g_array_index (y, Entry, k).hash < e->hash)
      k++;
    if (k < y->len && g_array_index (y, Entry, k).hash == e->hash)
    {
      both++;
      k++;
    }
  }
  return both;
}

static gboolean
same_story (const Sample *a, const Sample *b, guint which)
{
  gboolean thin = count_rows (a->source) > SAMPLE_ABOVE || count_rows (b->source) > SAMPLE_ABOVE;
  guint n_a, n_b;
  guint both_a = shared (a, b, which, thin, &n_a), both_b = shared (b, a, which, thin, &n_b);
  /* one may tell more than the other: JSON of everything beside text of errors only */
  guint both = n_a <= n_b ? both_a : both_b, n = MIN (n_a, n_b);
  return n >= (which == WHOLE ? 1u : 5u) && both >= SAME_SHARE * n;
}

/* ---- the last doubt: the very bytes ---- */

#define PROOFS 16

typedef struct {
  guint64 hash, text;
  gboolean found;
} Proof;

static guint64
hash_text (RcaTableSource *source, const RcaSheet *s, guint32 row)
{
  RcaBytes raw = rca_table_raw (source, s, row);
  return XXH3_64bits (raw.p, raw.n);
}

static guint
take_proofs (RcaTableSource *source, Proof *proof)
{
  guint n = 0;
  guint64 every = count_rows (source) / PROOFS + 1, at = 0;
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *s = g_ptr_array_index (source->sheet, i);
    for (guint32 row = 0; row < s->n && n < PROOFS; row++)
      if (at++ % every == 0 && s->end[row] != RCA_TIME_NONE)
        proof[n++] = (Proof){ hash_row (s, row, WHOLE), hash_text (source, s, row), FALSE };
  }
  return n;
}

static void
try_row (RcaTableSource *source, const RcaSheet *s, guint32 row, Proof *proof, guint n)
{
  guint64 hash = hash_row (s, row, WHOLE);
  for (guint k = 0; k < n; k++)
    if (proof[k].hash == hash && !proof[k].found)
      proof[k].found = hash_text (source, s, row) == proof[k].text;
}

/* Two replicas may write lines that agree in all that was understood of them. Of the rows
 * tried at least a few must be there word for word (not most: the times of both may only overlap). */
static gboolean
same_bytes (RcaTableSource *of, RcaTableSource *in)
{
  Proof proof[PROOFS];
  guint n = take_proofs (of, proof), found = 0;
  for (guint i = 0; i < in->sheet->len; i++)
  {
    const RcaSheet *s = g_ptr_array_index (in->sheet, i);
    for (guint32 row = 0; row < s->n; row++)
      if (s->end[row] != RCA_TIME_NONE)
        try_row (in, s, row, proof, n);
  }
  for (guint k = 0; k < n; k++)
    found += proof[k].found;
  return found > 0 && found * 4 >= n;
}

/* ---- hiding ---- */

/* Rows of @from that @by tells too, each once for each time it tells it. */
static guint
hide_rows (RcaTableSource *from, const RcaTableSource *by, guint which)
{
  g_autoptr (GHashTable) told = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < by->sheet->len; i++)
  {
    const RcaSheet *s = g_ptr_array_index (by->sheet, i);
    for (guint32 row = 0; row < s->n; row++)
    {
      guint64 hash = s->end[row] != RCA_TIME_NONE ? hash_row (s, row, which) : 0;
      if (hash)
        g_hash_table_insert (told, g_memdup2 (&hash, sizeof hash), GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (told, &hash)) + 1));
    }
  }
  guint n = 0;
  for (guint i = 0; i < from->sheet->len; i++)
  {
    RcaSheet *s = g_ptr_array_index (from->sheet, i);
    if (!s->hidden)
      s->hidden = g_new0 (guint8, MAX (s->n, 1));
    for (guint32 row = 0; row < s->n; row++)
    {
      guint64 hash = s->end[row] != RCA_TIME_NONE ? hash_row (s, row, which) : 0;
      guint left = hash ? GPOINTER_TO_UINT (g_hash_table_lookup (told, &hash)) : 0;
      if (!left)
        continue;
      g_hash_table_insert (told, g_memdup2 (&hash, sizeof hash), GUINT_TO_POINTER (left - 1));
      s->hidden[row] = 1;
      n++;
    }
  }
  return n;
}

/* Whether @b is the one to keep: it tells more of each event, else more events. */
static gboolean
second_tells_more (const Sample *a, const Sample *b)
{
  gint fields = __builtin_popcountll (b->source->present) - __builtin_popcountll (a->source->present);
  return fields ? fields > 0 : count_rows (b->source) > count_rows (a->source);
}

static void
compare_pair (RcaTable *table, Sample *a, Sample *b)
{
  if (a->hidden || b->hidden || a->source->stream != b->source->stream || a->last < b->first || b->last < a->first)
    return;
  guint which = g_str_equal (a->source->format, b->source->format) ? WHOLE : ACROSS;
  if ((which == ACROSS && a->source->stream != RCA_STREAM_DB) || !same_story (a, b, which))
    return;
  Sample *keep = second_tells_more (a, b) ? b : a, *drop = keep == a ? b : a;
  if (which == WHOLE && !same_bytes (drop->source, keep->source))
    return;
  guint n = hide_rows (drop->source, keep->source, which);
  drop->hidden = TRUE;
  rca_table_note (table, "%s tells what %s tells: %u of its records were counted once", drop->source->path, keep->source->path, n);
}

/* ---- which pairs to compare ---- */

typedef struct {
  guint64 hash;
  guint sample;
} Place;

static gint
compare_place (gconstpointer a, gconstpointer b)
{
  const Place *x = a, *y = b;
  if (x->hash != y->hash)
    return x->hash < y->hash ? -1 : 1;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static gint
compare_u64 (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;
  return x < y ? -1 : x > y;
}

/* A row that so many sources have tells none from another. */
#define COMMON 8

static void
pair_up (const GArray *place, guint from, guint to, GArray *pairs)
{
  for (guint i = from; i < to && to - from <= COMMON; i++)
    for (guint k = i + 1; k < to; k++)
    {
      guint x = g_array_index (place, Place, i).sample, y = g_array_index (place, Place, k).sample;
      guint64 pair = ((guint64)x << 32) | y;
      if (x != y)
        g_array_append_val (pairs, pair);
    }
}

/* Pairs of sources with some row in common, as (first << 32 | second), in order: there may be
 * thousands of sources, and next to no pair has any. */
static GArray *
pairs_in_common (const GArray *samples)
{
  g_autoptr (GArray) place = g_array_new (FALSE, FALSE, sizeof (Place));
  for (guint i = 0; i < samples->len; i++)
    for (guint which = 0; which < 2; which++)
    {
      const GArray *entry = g_array_index (samples, Sample, i).entry[which];
      for (guint k = 0; k < entry->len; k++)
      {
        Place p = { g_array_index (entry, Entry, k).hash, i };
        g_array_append_val (place, p);
      }
    }
  g_array_sort (place, compare_place);
  GArray *pairs = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < place->len;)
  {
    guint from = i;
    while (i < place->len && g_array_index (place, Place, i).hash == g_array_index (place, Place, from).hash)
      i++;
    pair_up (place, from, i, pairs);
  }
  g_array_sort (pairs, compare_u64);
  return pairs;
}

/* Whether they may tell the same at all: what compare_pair() asks of their formats. */
static gboolean
may_tell_the_same (const RcaTableSource *a, const RcaTableSource *b)
{
  return a != b && a->stream == b->stream && a->sheet->len && b->sheet->len && (a->stream == RCA_STREAM_DB || g_str_equal (a->format, b->format));
}

static gboolean
has_rival (const RcaTable *table, const RcaTableSource *source)
{
  for (guint i = 0; i < table->source->len; i++)
    if (may_tell_the_same (source, g_ptr_array_index (table->source, i)))
      return TRUE;
  return FALSE;
}

void
rca_table_hide_duplicates (RcaTable *table)
{
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (Sample));
  g_array_set_clear_func (samples, sample_clear);
  for (guint i = 0; i < table->source->len; i++)
  {
    Sample s;
    if (!has_rival (table, g_ptr_array_index (table->source, i)))
      continue;
    take_sample (g_ptr_array_index (table->source, i), &s);
    g_array_append_val (samples, s);
  }
  g_autoptr (GArray) pairs = pairs_in_common (samples);
  for (guint i = 0; i < pairs->len; i++)
  {
    guint64 pair = g_array_index (pairs, guint64, i);
    if (i == 0 || pair != g_array_index (pairs, guint64, i - 1))
      compare_pair (table, &g_array_index (samples, Sample, pair >> 32), &g_array_index (samples, Sample, pair & 0xffffffff));
  }
}
