#include "seen-private.h"
#include "clickhouse/calls.h"
#include "clickhouse/row-binary.h"

typedef struct {
  RcaClickhouseStore *store;
  RcaStream stream;
  char *by; /* the dimension, as SQL */
  const char *const *value;
  guint n_values;
  RcaSpan back;
} Seen;

enum { WHAT_SIGHTINGS = 1, WHAT_BOUNDS, WHAT_SINGLETONS };

static void
append_source (GString *sql, const Seen *s)
{
  g_string_append_printf (sql, " FROM %s", rca_clickhouse_address (s->store->clickhouse)->table);
  rca_sql_where (sql, s->store, s->stream, s->back);
}

/* Rows of one minute are always of one occurrence: it suffices to know the first and the last. */
static void
append_sightings (GString *sql, const Seen *s)
{
  g_string_append_printf (sql,
                          "SELECT toUInt8(%d) AS what, toString(%s) AS v, min(start_ns) AS a, max(start_ns) AS b, toUInt64(count()) AS n, "
                          "toInt64(sum(if(kind = %d, if(duration > 0, duration, 0), %" G_GINT64_FORMAT "))) AS ns",
                          WHAT_SIGHTINGS, s->by, RCA_KIND_STATEMENT, (gint64)RCA_NS_PER_S);
  append_source (sql, s);
  g_string_append_printf (sql, " AND %s IN (", s->by);
  for (guint i = 0; i < s->n_values; i++)
  {
    g_string_append (sql, i ? "," : "");
    rca_sql_string (sql, s->value[i]);
  }
  g_string_append_printf (sql, ") AND %s != '' GROUP BY v, intDiv(start_ns, %" G_GINT64_FORMAT ")", s->by, (gint64)RCA_SEEN_MERGE_NS);
}

static void
append_bounds (GString *sql, const Seen *s)
{
  g_string_append_printf (sql, "SELECT toUInt8(%d) AS what, '' AS v, min(start_ns) AS a, max(start_ns) AS b, toUInt64(count()) AS n, toInt64(0) AS ns", WHAT_BOUNDS);
  append_source (sql, s);
}

/* How many values the first half (or the whole, when it is short) saw once. */
static void
append_singletons (GString *sql, const Seen *s)
{
  g_string_append_printf (sql, "SELECT toUInt8(%d) AS what, '' AS v, toInt64(0) AS a, toInt64(0) AS b, toUInt64(count()) AS n, toInt64(0) AS ns FROM (SELECT %s AS one, count() AS times",
                          WHAT_SINGLETONS, s->by);
  append_source (sql, s);
  g_string_append_printf (sql,
                          " AND %s != '' AND start_ns < (SELECT if(max(start_ns) + 1 - min(start_ns) >= %" G_GINT64_FORMAT
                          ", min(start_ns) + intDiv(max(start_ns) + 1 - min(start_ns), 2), max(start_ns) + 1)",
                          s->by, (gint64)(2 * RCA_SEEN_SHORT_NS));
  append_source (sql, s);
  g_string_append (sql, ") GROUP BY one HAVING times = 1)");
}

static gint
index_of (const Seen *s, RcaBytes value)
{
  for (guint i = 0; i < s->n_values; i++)
    if (rca_bytes_equal (rca_bytes_str (s->value[i]), value))
      return (gint)i;
  return -1;
}

typedef struct {
  GArray *sighting; /* RcaSighting */
  guint64 *count;
  RcaSpan looked;
  guint64 singletons;
} Answer;

static void
take_row (RcaRowReader *r, const Seen *s, Answer *a)
{
  guint8 what = rca_row_u8 (r);
  RcaBytes value = rca_row_str (r);
  gint64 first = rca_row_i64 (r), last = rca_row_i64 (r);
  guint64 n = rca_row_u64 (r);
  double seconds = (double)rca_row_i64 (r) / 1e9;
  if (r->broken)
    return;
  if (what == WHAT_SINGLETONS)
    a->singletons = n;
  else if (what == WHAT_BOUNDS && n)
    a->looked = (RcaSpan){ first, last + 1 };
  gint at = what == WHAT_SIGHTINGS ? index_of (s, value) : -1;
  if (at < 0)
    return;
  RcaSighting one = { (guint32)at, first, seconds }, other = { (guint32)at, last, 0 };
  g_array_append_val (a->sighting, one);
  g_array_append_val (a->sighting, other);
  a->count[at] += n;
}

static gint
compare_sighting (gconstpointer a, gconstpointer b)
{
  const RcaSighting *x = a, *y = b;
  if (x->value != y->value)
    return x->value < y->value ? -1 : 1;
  return x->start < y->start ? -1 : x->start > y->start;
}

static RcaSeenAnswer *
answer_of (const Seen *s, const Answer *a)
{
  RcaSeenAnswer *answer = g_new0 (RcaSeenAnswer, 1);
  answer->looked = a->looked;
  RcaSpan half = a->looked;
  if (half.end_ns - half.start_ns >= 2 * RCA_SEEN_SHORT_NS)
    half.end_ns = half.start_ns + (half.end_ns - half.start_ns) / 2;
  double seconds = (double)(half.end_ns - half.start_ns) / 1e9;
  answer->singletons_per_s = seconds > 0 ? (double)a->singletons / seconds : 0;
  answer->seen = g_ptr_array_new_with_free_func (rca_seen_free);
  g_array_sort (a->sighting, compare_sighting);
  for (guint i = 0, at = 0; i < s->n_values; i++)
  {
    RcaSeen *seen = rca_seen_new (s->value[i]);
    guint from = at;
    while (at < a->sighting->len && g_array_index (a->sighting, RcaSighting, at).value == i)
      at++;
    rca_seen_gather (seen, &g_array_index (a->sighting, RcaSighting, from), at - from);
    seen->count = a->count[i];
    g_ptr_array_add (answer->seen, seen);
  }
  return answer;
}

RcaSeenAnswer *
rca_clickhouse_seen (gpointer impl, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error)
{
  RcaClickhouseStore *store = impl;
  g_autofree char *by = rca_sql_dimension (store, dimension);
  Seen s = { store, stream, by, value, g_strv_length ((char **)value), back };
  g_autoptr (GString) sql = g_string_new (NULL);
  if (s.n_values)
  {
    append_sightings (sql, &s);
    g_string_append (sql, " UNION ALL ");
  }
  append_bounds (sql, &s);
  g_string_append (sql, " UNION ALL ");
  append_singletons (sql, &s);
  g_autoptr (GBytes) bytes = rca_sql_ask (store, sql, error);
  if (!bytes)
    return NULL;
  g_autoptr (GArray) sighting = g_array_new (FALSE, FALSE, sizeof (RcaSighting));
  g_autofree guint64 *count = g_new0 (guint64, s.n_values + 1);
  Answer a = { sighting, count, { back.start_ns, back.start_ns }, 0 };
  RcaRowReader r = rca_row_reader (bytes);
  while (rca_row_more (&r))
    take_row (&r, &s, &a);
  if (!r.broken)
    return answer_of (&s, &a);
  rca_sql_set_broken (store, "what was seen", error);
  return NULL;
}
