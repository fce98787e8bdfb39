#include "access-learn-private.h"
#include "access-shape.h"
#include "number.h"
#include "severity.h"

static void
observe_distinct (RcaLearnColumn *c, RcaBytes v)
{
  for (guint i = 0; i < c->distinct; i++)
    if (rca_bytes_equal (c->value[i], v))
      return;
  if (c->distinct < MAX_DISTINCT)
    c->value[c->distinct++] = v;
}

static RcaBytes
first_item (RcaBytes v)
{
  const char *comma = v.n ? memchr (v.p, ',', v.n) : NULL;
  return comma ? rca_bytes (v.p, (gsize)(comma - v.p)) : v;
}

/* The name of an upstream group, which nginx writes when none of its servers was live. */
static gboolean
is_word (RcaBytes v)
{
  for (gsize i = 0; i < v.n; i++)
    if (!g_ascii_isalnum (v.p[i]) && v.p[i] != '_' && v.p[i] != '-' && v.p[i] != '.')
      return FALSE;
  return g_ascii_isalpha (v.p[0]);
}

static void
observe_number (RcaLearnColumn *c, guint row, RcaBytes v)
{
  double x;
  gsize n = 0;
  while (n < v.n && (g_ascii_isdigit (v.p[n]) || v.p[n] == '.'))
    n++;
  if (n == 0 || !rca_parse_double (rca_bytes (v.p, n), &x))
    return;
  if (row > 0 && !(x >= c->number[row - 1]))
    c->ascending = FALSE;
  c->number[row] = x;
  c->sum += x;
  c->zeros += x <= 0;
  c->least = c->seen - c->absent == 1 ? x : MIN (c->least, x);
  c->most = MAX (c->most, x);
}

static void
observe (RcaLearnColumn *c, guint row, const RcaAccessToken *t)
{
  RcaBytes v = t->value;
  guint decimals = 0;
  RcaSeverity severity;
  c->seen++;
  c->key = t->key;
  c->quote = t->quote ?: c->quote;
  c->number[row] = NAN;
  if (rca_shape_absent (v))
  {
    c->absent++;
    return;
  }
  observe_distinct (c, v);
  gboolean request = rca_shape_request (v);
  c->n[SHAPE_ADDRESS] += rca_shape_address (v);
  c->n[SHAPE_PEER] += rca_shape_peers (v);
  c->n[SHAPE_HOST] += rca_shape_host (v);
  c->n[SHAPE_REQUEST] += request;
  c->n[SHAPE_METHOD] += rca_shape_method (v);
  c->n[SHAPE_PATH] += v.p[0] == '/' || rca_bytes_has_prefix (v, RCA_BYTES ("http"));
  c->n[SHAPE_STATUS] += rca_shape_statuses (v);
  c->n[SHAPE_INTEGER] += rca_shape_integer (v);
  c->n[SHAPE_FRACTION] += rca_shape_fraction (v, &decimals);
  c->n[SHAPE_DURATION] += rca_shape_duration (v);
  c->n[SHAPE_ID] += rca_shape_id (v);
  c->n[SHAPE_TRACE] += rca_shape_trace (v);
  c->n[SHAPE_STAMP] += rca_shape_stamp (v);
  c->n[SHAPE_AGENT] += rca_shape_agent (v);
  c->n[SHAPE_CACHE] += rca_shape_cache (v).n > 0;
  c->n[SHAPE_URL] += rca_bytes_has_prefix (v, RCA_BYTES ("http://")) || rca_bytes_has_prefix (v, RCA_BYTES ("https://"));
  c->n[SHAPE_ADDRESSES] += rca_shape_address (first_item (v));
  c->n[SHAPE_GROUP] += is_word (v);
  c->n[SHAPE_LEVEL] += v.n >= 4 && g_ascii_isalpha (v.p[0]) && rca_severity_parse (v, &severity);
  c->absolute += (request || v.p[0] == 'h') && rca_bytes_find (v, RCA_BYTES ("://")) > 0;
  c->lists += rca_bytes_find (v, RCA_BYTES (", ")) > 0 || rca_bytes_find (v, RCA_BYTES (" : ")) > 0;
  c->decimals = MAX (c->decimals, decimals);
  observe_number (c, row, v);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void
settle_median (RcaLearning *l, RcaLearnColumn *c)
{
  g_autofree double *sorted = g_new (double, l->rows + 1);
  guint n = 0;
  for (guint r = 0; r < l->rows; r++)
    if (!isnan (c->number[r]))
      sorted[n++] = c->number[r];
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  c->median = n ? sorted[n / 2] : 0;
}

void
rca_learn_observe (RcaLearning *l, const RcaSampleLines *sample)
{
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  RcaAccessColumns *out = l->out;
  for (guint i = 0; i < out->n; i++)
  {
    l->column[i].number = g_new (double, MAX_ROWS);
    l->column[i].ascending = TRUE;
  }
  for (guint i = 0; i < sample->n_lines && l->rows < MAX_ROWS; i++)
    if (rca_access_split (sample->line[i], out->separator, token) == out->n)
    {
      for (guint t = 0; t < out->n; t++)
        observe (&l->column[t], l->rows, &token[t]);
      l->rows++;
    }
  for (guint i = 0; i < out->n; i++)
    settle_median (l, &l->column[i]);
}
