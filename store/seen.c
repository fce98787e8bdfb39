#include "scan.h"
#include "seen-private.h"

#define KEEP_OCCURRENCES 64

static gint
compare_sighting (gconstpointer a, gconstpointer b)
{
  const RcaSighting *x = a, *y = b;
  if (x->value != y->value)
    return x->value < y->value ? -1 : 1;
  return x->start < y->start ? -1 : x->start > y->start;
}

RcaSeen *
rca_seen_new (const char *value)
{
  RcaSeen *seen = g_new0 (RcaSeen, 1);
  *seen = (RcaSeen){ g_strdup (value), RCA_TIME_NONE, RCA_TIME_NONE, 0, g_array_new (FALSE, FALSE, sizeof (RcaOccurrence)) };
  return seen;
}

void
rca_seen_free (gpointer data)
{
  RcaSeen *s = data;
  g_array_unref (s->occurrence);
  g_free ((char *)s->value);
  g_free (s);
}

void
rca_seen_answer_free (RcaSeenAnswer *answer)
{
  if (!answer)
    return;
  g_ptr_array_unref (answer->seen);
  g_free (answer);
}

/* An occurrence is at least a second long: one row is no infinite rate. */
static void
close_occurrence (RcaSeen *seen, RcaSpan span, double amount)
{
  double seconds = MAX ((double)(span.end_ns - span.start_ns) / 1e9, 1.0);
  RcaOccurrence o = { span, amount / seconds };
  if (seen->occurrence->len == KEEP_OCCURRENCES)
    g_array_remove_index (seen->occurrence, 0);
  g_array_append_val (seen->occurrence, o);
}

void
rca_seen_gather (RcaSeen *seen, const RcaSighting *s, guint n)
{
  seen->count = n;
  if (n == 0)
    return;
  seen->first_ns = s[0].start;
  seen->last_ns = s[n - 1].start;
  RcaSpan span = { s[0].start, s[0].start };
  double amount = 0;
  for (guint i = 0; i < n; i++)
  {
    if (s[i].start - span.end_ns >= RCA_SEEN_MERGE_NS)
    {
      close_occurrence (seen, span, amount);
      span.start_ns = s[i].start;
      amount = 0;
    }
    span.end_ns = s[i].start;
    amount += s[i].seconds >= 0 ? s[i].seconds : 1;
  }
  close_occurrence (seen, span, amount);
}

typedef struct {
  RcaTable *table;
  RcaStream stream;
  RcaDimension dimension;
  RcaSpan looked, half; /* half: where singletons are counted */
  const guint32 *asked; /* code → index + 1 */
  GArray *sighting;
  guint32 *times; /* code → rows within @half, at most 2 */
} Look;

static void
look (Look *l)
{
  RcaScan scan;
  rca_scan_init (&scan, l->table, l->stream, l->looked, NULL, 0);
  while (rca_scan_next_sheet (&scan))
  {
    const guint32 *codes = rca_sheet_codes (scan.sheet, l->dimension);
    for (guint32 row = 0; codes && row < scan.sheet->n; row++)
    {
      guint32 code = codes[row];
      if (!code || !rca_scan_takes (&scan, row))
        continue;
      gint64 start = scan.sheet->start[row];
      if (start >= l->half.start_ns && start < l->half.end_ns && l->times[code] < 2)
        l->times[code]++;
      if (!l->asked[code])
        continue;
      gboolean statement = rca_sheet_u8 (scan.sheet, RCA_COL_KIND, row) == RCA_KIND_STATEMENT;
      RcaSighting s = { l->asked[code] - 1, start, statement ? (double)MAX (rca_sheet_i64 (scan.sheet, RCA_COL_DURATION, row), 0) / 1e9 : -1 };
      g_array_append_val (l->sighting, s);
    }
  }
  rca_scan_clear (&scan);
  g_array_sort (l->sighting, compare_sighting);
}

/* What of @back the streams' records cover. */
static RcaSpan
covered (RcaTable *table, RcaStream stream, RcaSpan back)
{
  RcaSpan span = { G_MAXINT64, G_MININT64 };
  RcaScan scan;
  rca_scan_init (&scan, table, stream, back, NULL, 0);
  while (rca_scan_next_sheet (&scan))
  {
    span.start_ns = MIN (span.start_ns, scan.sheet->min_start);
    span.end_ns = MAX (span.end_ns, scan.sheet->max_start + 1);
  }
  rca_scan_clear (&scan);
  if (span.start_ns >= span.end_ns)
    return (RcaSpan){ back.start_ns, back.start_ns };
  return (RcaSpan){ MAX (span.start_ns, back.start_ns), MIN (span.end_ns, back.end_ns) };
}

static double
singleton_rate (const Look *l, guint32 n_codes)
{
  guint n = 0;
  for (guint32 c = 1; c < n_codes; c++)
    n += l->times[c] == 1;
  double seconds = (double)(l->half.end_ns - l->half.start_ns) / 1e9;
  return seconds > 0 ? n / seconds : 0;
}

RcaSeenAnswer *
rca_table_seen (RcaTable *table, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back)
{
  rca_table_prepare (table, dimension);
  const RcaDictionary *values = rca_table_values (table, dimension);
  guint32 n_codes = rca_dictionary_size (values);
  g_autofree guint32 *asked = g_new0 (guint32, n_codes);
  g_autofree guint32 *times = g_new0 (guint32, n_codes);
  guint n_values = 0;
  for (; value[n_values]; n_values++)
  {
    guint32 code = rca_dictionary_find (values, rca_bytes_str (value[n_values]));
    if (code && !asked[code])
      asked[code] = n_values + 1;
  }
  RcaSpan looked = covered (table, stream, back), half = looked;
  if (looked.end_ns - looked.start_ns >= 2 * RCA_SEEN_SHORT_NS)
    half.end_ns = looked.start_ns + (looked.end_ns - looked.start_ns) / 2;
  g_autoptr (GArray) sighting = g_array_new (FALSE, FALSE, sizeof (RcaSighting));
  Look l = { table, stream, dimension, looked, half, asked, sighting, times };
  look (&l);
  RcaSeenAnswer *answer = g_new0 (RcaSeenAnswer, 1);
  answer->looked = looked;
  answer->singletons_per_s = singleton_rate (&l, n_codes);
  answer->seen = g_ptr_array_new_with_free_func (rca_seen_free);
  for (guint i = 0, at = 0; i < n_values; i++)
  {
    RcaSeen *seen = rca_seen_new (value[i]);
    guint from = at;
    while (at < sighting->len && g_array_index (sighting, RcaSighting, at).value == i)
      at++;
    rca_seen_gather (seen, &g_array_index (sighting, RcaSighting, from), at - from);
    g_ptr_array_add (answer->seen, seen);
  }
  return answer;
}
