/* What the columns of an access log are, from the data: by name where they have one, by what
 * the values look like, by how many there are of them, and by how columns relate (a request
 * takes no less than its upstream, an upstream's status is nearly always the answer's). */
#include "access-line.h"
#include "access-names.h"
#include "access-shape.h"
#include "number.h"
#include "severity.h"
#include <math.h>

#define MAX_ROWS     200
#define MAX_DISTINCT 32

enum {
  SHAPE_ADDRESS,
  SHAPE_PEER,
  SHAPE_HOST,
  SHAPE_REQUEST,
  SHAPE_METHOD,
  SHAPE_PATH,
  SHAPE_STATUS,
  SHAPE_INTEGER,
  SHAPE_FRACTION,
  SHAPE_DURATION,
  SHAPE_ID,
  SHAPE_TRACE,
  SHAPE_STAMP,
  SHAPE_AGENT,
  SHAPE_CACHE,
  SHAPE_URL,
  SHAPE_ADDRESSES,
  SHAPE_LEVEL,
  SHAPE_GROUP,
  N_SHAPES
};

typedef struct {
  RcaBytes key;
  char quote;
  guint seen, absent, n[N_SHAPES];
  guint absolute, lists, decimals;
  guint distinct; /* at most MAX_DISTINCT */
  RcaBytes value[MAX_DISTINCT];
  double *number; /* a row each; NAN when absent */
  double sum, least, most, median;
  guint zeros;
  gboolean ascending;
} Column;

typedef struct {
  RcaAccessColumns *out;
  Column column[RCA_ACCESS_MAX_TOKENS];
  guint rows;
  gboolean named[RCA_ACCESS_MAX_TOKENS]; /* by a name that is known */
  guint strength[RCA_N_ROLES];           /* 0: no column has the role yet */
  gint place[RCA_N_ROLES];
  gboolean edge_names;
} Learning;

static void
observe_distinct (Column *c, RcaBytes v)
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
observe_number (Column *c, guint row, RcaBytes v)
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
observe (Column *c, guint row, const RcaAccessToken *t)
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

static guint
present (const Column *c)
{
  return c->seen - c->absent;
}

static gboolean
mostly (const Column *c, guint shape)
{
  return present (c) > 0 && c->n[shape] * 10 >= present (c) * 8;
}

static gboolean
is_peers (const Column *c)
{
  guint peers = c->n[SHAPE_PEER];
  return peers * 4 >= MAX (present (c), 1) && (peers + c->n[SHAPE_GROUP]) * 10 >= present (c) * 9;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void
settle_median (Learning *l, Column *c)
{
  g_autofree double *sorted = g_new (double, l->rows + 1);
  guint n = 0;
  for (guint r = 0; r < l->rows; r++)
    if (!isnan (c->number[r]))
      sorted[n++] = c->number[r];
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  c->median = n ? sorted[n / 2] : 0;
}

/* ---- giving roles ------------------------------------------------------- */

static gboolean
taken (const Learning *l, RcaAccessRole role)
{
  return l->strength[role] > 0;
}

static gboolean
is_free (const Learning *l, guint i)
{
  return l->out->column[i].role == RCA_ROLE_NONE && l->column[i].key.n == 0;
}

/* Also with a name, as long as that says nothing. */
static gboolean
is_unnamed (const Learning *l, guint i)
{
  return l->out->column[i].role == RCA_ROLE_NONE && !l->named[i];
}

static void
give (Learning *l, guint i, RcaAccessRole role, guint strength, gint64 unit_ns)
{
  if (taken (l, role))
    l->out->column[l->place[role]].role = RCA_ROLE_NONE;
  l->out->column[i].role = role;
  l->out->column[i].unit_ns = unit_ns;
  l->strength[role] = strength;
  l->place[role] = (gint)i;
}

static gboolean
is_time_role (RcaAccessRole role)
{
  return role == RCA_ROLE_REQUEST_TIME || role == RCA_ROLE_UPSTREAM_TIME || role == RCA_ROLE_CONNECT_TIME || role == RCA_ROLE_HEADER_TIME;
}

/* The unit of plain numbers whose name does not tell it. Seconds are written with a fraction
 * (nginx, gunicorn: 0.012); whole numbers are milliseconds, or microseconds where even the
 * quickest took some tens of them. */
static gint64
unit_of (const Column *c)
{
  if (c->n[SHAPE_FRACTION])
    return c->median > 50 ? RCA_NS_PER_MS : RCA_NS_PER_S;
  if (c->least >= 30 && c->median >= 100)
    return 1000;
  return c->zeros * 10 >= present (c) * 9 && c->most < 100 ? RCA_NS_PER_S : RCA_NS_PER_MS;
}

/* Named columns must also look like what their name says. */
static gboolean
fits_role (const Column *c, RcaAccessRole role)
{
  if (present (c) == 0)
    return TRUE;
  switch (role)
  {
  case RCA_ROLE_TIME:
  case RCA_ROLE_OTHER_TIME:
    return mostly (c, SHAPE_STAMP);
  case RCA_ROLE_STATUS:
  case RCA_ROLE_UPSTREAM_STATUS:
    return mostly (c, SHAPE_STATUS);
  case RCA_ROLE_REQUEST_TIME:
  case RCA_ROLE_UPSTREAM_TIME:
  case RCA_ROLE_CONNECT_TIME:
  case RCA_ROLE_HEADER_TIME:
    return c->n[SHAPE_FRACTION] + c->n[SHAPE_INTEGER] + c->n[SHAPE_DURATION] > 0;
  case RCA_ROLE_AGENT:
    return !is_peers (c);
  case RCA_ROLE_HOST:
    return !(mostly (c, SHAPE_ADDRESS) && c->distinct > 1);
  case RCA_ROLE_BYTES:
    return mostly (c, SHAPE_INTEGER);
  case RCA_ROLE_REQUEST:
    return mostly (c, SHAPE_REQUEST);
  case RCA_ROLE_METHOD:
    return mostly (c, SHAPE_METHOD);
  case RCA_ROLE_CACHE:
    return mostly (c, SHAPE_CACHE);
  default:
    return TRUE;
  }
}

/* What a name that says nothing, or something else than the values, is by its values. */
static RcaAccessRole
role_of_values (const Column *c)
{
  if (mostly (c, SHAPE_TRACE))
    return RCA_ROLE_TRACE_ID;
  if (mostly (c, SHAPE_ID) && c->distinct > 1 && !mostly (c, SHAPE_INTEGER))
    return RCA_ROLE_REQUEST_ID;
  if (is_peers (c))
    return RCA_ROLE_UPSTREAM;
  if (mostly (c, SHAPE_CACHE))
    return RCA_ROLE_CACHE;
  if (mostly (c, SHAPE_REQUEST))
    return RCA_ROLE_REQUEST;
  if (mostly (c, SHAPE_STAMP) && !mostly (c, SHAPE_ID))
    return RCA_ROLE_TIME;
  return RCA_ROLE_NONE;
}

static void
give_named (Learning *l)
{
  for (guint i = 0; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    RcaAccessName name = { 0 };
    if (!c->key.n)
      continue;
    l->named[i] = rca_access_name (c->key, &name) && fits_role (c, name.role);
    if (!l->named[i] && name.role == RCA_ROLE_HOST)
      name = (RcaAccessName){ .role = RCA_ROLE_CLIENT, .strength = 1 }; /* LTSV's "host" is the peer */
    else if (!l->named[i])
      name = (RcaAccessName){ .role = role_of_values (c), .strength = 1 };
    l->edge_names |= name.edge;
    if (!name.role || l->strength[name.role] >= name.strength)
      continue;
    gint64 unit = name.unit_ns;
    if (is_time_role (name.role) && (!unit || (unit == RCA_NS_PER_S && present (c) && !c->n[SHAPE_FRACTION])))
      unit = unit_of (c);
    give (l, i, name.role, name.strength, unit);
  }
}

/* The most exact of the columns that are times. */
static void
give_time (Learning *l)
{
  gint best = -1, best_score = 0;
  if (taken (l, RCA_ROLE_TIME))
    return;
  for (guint i = 0; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (!is_free (l, i) || !mostly (c, SHAPE_STAMP) || c->absent > 0)
      continue;
    gint score = (c->decimals ? 2 : 0) + (c->quote == '[') + 1;
    if (score > best_score)
      best = (gint)i, best_score = score;
  }
  if (best >= 0)
    give (l, (guint)best, RCA_ROLE_TIME, 1, 0);
}

static void
give_request (Learning *l)
{
  for (guint i = 0; i < l->out->n && !taken (l, RCA_ROLE_REQUEST) && !taken (l, RCA_ROLE_PATH); i++)
    if (is_free (l, i) && l->column[i].n[SHAPE_REQUEST] * 2 >= MAX (present (&l->column[i]), 1))
      give (l, i, RCA_ROLE_REQUEST, 1, 0);
  if (taken (l, RCA_ROLE_REQUEST))
    return;
  for (guint i = 0; i < l->out->n && !taken (l, RCA_ROLE_METHOD); i++)
    if (is_free (l, i) && mostly (&l->column[i], SHAPE_METHOD))
      give (l, i, RCA_ROLE_METHOD, 1, 0);
  for (guint i = 0; i < l->out->n && taken (l, RCA_ROLE_METHOD) && !taken (l, RCA_ROLE_PATH); i++)
    if (is_free (l, i) && mostly (&l->column[i], SHAPE_PATH) && l->column[i].quote != '"')
      give (l, i, RCA_ROLE_PATH, 1, 0);
}

static guint
request_place (const Learning *l)
{
  RcaAccessRole role = taken (l, RCA_ROLE_REQUEST) ? RCA_ROLE_REQUEST : RCA_ROLE_PATH;
  return taken (l, role) ? (guint)l->place[role] : 0;
}

static gboolean
is_status_column (const Learning *l, guint i)
{
  const Column *c = &l->column[i];
  return is_unnamed (l, i) && present (c) * 10 >= c->seen * 9 && c->n[SHAPE_STATUS] * 100 >= present (c) * 95;
}

static void
give_status (Learning *l)
{
  for (guint i = request_place (l); i < l->out->n && !taken (l, RCA_ROLE_STATUS); i++)
    if (is_status_column (l, i) && !l->column[i].lists)
      give (l, i, RCA_ROLE_STATUS, 1, 0);
  for (guint i = 0; i < l->out->n && !taken (l, RCA_ROLE_STATUS); i++)
    if (is_status_column (l, i) && !l->column[i].lists)
      give (l, i, RCA_ROLE_STATUS, 1, 0);
}

/* Nearly always the same as the answer's status, or a list. */
static void
give_upstream_status (Learning *l)
{
  const Column *status = taken (l, RCA_ROLE_STATUS) ? &l->column[l->place[RCA_ROLE_STATUS]] : NULL;
  for (guint i = 0; status && i < l->out->n && !taken (l, RCA_ROLE_UPSTREAM_STATUS); i++)
  {
    const Column *c = &l->column[i];
    guint same = 0, both = 0;
    if (!is_unnamed (l, i) || !mostly (c, SHAPE_STATUS))
      continue;
    for (guint r = 0; r < l->rows; r++)
      if (!isnan (c->number[r]) && !isnan (status->number[r]))
      {
        both++;
        same += c->number[r] >= status->number[r] && c->number[r] <= status->number[r];
      }
    if (same * 2 > both)
      give (l, i, RCA_ROLE_UPSTREAM_STATUS, 1, 0);
  }
}

/* The client is the first address; a server's own address is always the same. */
static void
give_client (Learning *l)
{
  guint request = request_place (l);
  for (guint i = 0; i < l->out->n && !taken (l, RCA_ROLE_CLIENT); i++)
    if (is_free (l, i) && mostly (&l->column[i], SHAPE_ADDRESS) && !l->column[i].lists)
      give (l, i, RCA_ROLE_CLIENT, 1, 0);
  for (guint i = 0; i < request && !taken (l, RCA_ROLE_CLIENT); i++)
    if (is_free (l, i) && is_peers (&l->column[i]) && l->column[i].distinct > 1)
      give (l, i, RCA_ROLE_CLIENT, 1, 0);
  if (!taken (l, RCA_ROLE_CLIENT) && request > 2 && is_free (l, 0) && l->column[1].absent * 2 > l->column[1].seen && l->column[0].absent == 0)
    give (l, 0, RCA_ROLE_CLIENT, 1, 0); /* names looked up, sockets */
  for (guint i = 0; i < l->out->n && taken (l, RCA_ROLE_CLIENT) && !taken (l, RCA_ROLE_FORWARDED); i++)
  {
    const Column *c = &l->column[i];
    if (is_free (l, i) && mostly (c, SHAPE_ADDRESSES) && !is_peers (c) && (c->distinct > 1 || c->lists || c->quote == '"'))
      give (l, i, RCA_ROLE_FORWARDED, 1, 0);
  }
}

static void
give_upstream (Learning *l)
{
  guint request = request_place (l);
  for (guint i = 0; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (!is_free (l, i) || !is_peers (c))
      continue;
    if (i < request && c->distinct == 1 && i < 2)
      give (l, i, RCA_ROLE_HOST, 1, 0); /* vhost:port, as Apache's vhost_combined begins */
    else if (!taken (l, RCA_ROLE_UPSTREAM))
      give (l, i, RCA_ROLE_UPSTREAM, 1, 0);
  }
}

static void
give_words (Learning *l)
{
  for (guint i = 0; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (!is_unnamed (l, i) || present (c) == 0)
      continue;
    if (mostly (c, SHAPE_CACHE) && !taken (l, RCA_ROLE_CACHE))
      give (l, i, RCA_ROLE_CACHE, 1, 0);
    else if (mostly (c, SHAPE_TRACE) && !taken (l, RCA_ROLE_TRACE_ID))
      give (l, i, RCA_ROLE_TRACE_ID, 1, 0);
    else if (mostly (c, SHAPE_ID) && !mostly (c, SHAPE_INTEGER) && c->distinct * 2 > MIN (present (c), MAX_DISTINCT))
    {
      if (!taken (l, RCA_ROLE_REQUEST_ID))
        give (l, i, RCA_ROLE_REQUEST_ID, 1, 0);
      else if (!taken (l, RCA_ROLE_TRACE_ID))
        give (l, i, RCA_ROLE_TRACE_ID, 1, 0);
    }
  }
}

/* Referer and agent: by what they hold, else in the order of the combined format. */
static void
give_quoted (Learning *l)
{
  for (guint i = 0; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (!is_free (l, i) || present (c) == 0 || (c->quote != '"' && l->out->separator == ' '))
      continue;
    if (mostly (c, SHAPE_URL) && !taken (l, RCA_ROLE_REFERER))
      give (l, i, RCA_ROLE_REFERER, 1, 0);
    else if (mostly (c, SHAPE_AGENT) && !taken (l, RCA_ROLE_AGENT))
      give (l, i, RCA_ROLE_AGENT, 1, 0);
  }
  for (guint i = request_place (l) + 1; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (!is_free (l, i) || c->quote != '"' || c->n[SHAPE_INTEGER] || c->n[SHAPE_FRACTION])
      continue;
    if (!taken (l, RCA_ROLE_REFERER) && (!taken (l, RCA_ROLE_AGENT) || (gint)i < l->place[RCA_ROLE_AGENT]))
      give (l, i, RCA_ROLE_REFERER, 1, 0);
    else if (!taken (l, RCA_ROLE_AGENT))
      give (l, i, RCA_ROLE_AGENT, 1, 0);
    else if (!taken (l, RCA_ROLE_FORWARDED) && (gint)i > l->place[RCA_ROLE_AGENT] && present (c) == c->n[SHAPE_ADDRESSES])
      give (l, i, RCA_ROLE_FORWARDED, 1, 0);
  }
}

static void
give_host (Learning *l)
{
  for (guint i = 0; i < l->out->n && !taken (l, RCA_ROLE_HOST); i++)
    if (is_free (l, i) && mostly (&l->column[i], SHAPE_HOST) && !mostly (&l->column[i], SHAPE_STAMP))
      give (l, i, RCA_ROLE_HOST, 1, 0);
}

/* ---- durations ---------------------------------------------------------- */

/* "12.3 ms": the unit stands alone in the next column. */
static gint64
unit_word (const Learning *l, guint i)
{
  static const struct {
    const char *word;
    gint64 ns;
  } words[] = { { "ms", RCA_NS_PER_MS }, { "msec", RCA_NS_PER_MS }, { "msecs", RCA_NS_PER_MS }, { "s", RCA_NS_PER_S }, { "sec", RCA_NS_PER_S },
                { "us", 1000 },          { "micros", 1000 },        { "\xc2\xb5s", 1000 } };
  const Column *c = i + 1 < l->out->n ? &l->column[i + 1] : NULL;
  if (!c || c->distinct != 1)
    return 0;
  for (guint w = 0; w < G_N_ELEMENTS (words); w++)
    if (rca_bytes_equal (c->value[0], rca_bytes_str (words[w].word)))
      return words[w].ns;
  return 0;
}

/* nginx writes times with three places, others with six; two are a ratio, one a version. */
static gboolean
is_duration_column (const Learning *l, guint i)
{
  const Column *c = &l->column[i];
  if (!is_unnamed (l, i) || present (c) == 0 || mostly (c, SHAPE_ADDRESS) || mostly (c, SHAPE_STAMP))
    return FALSE;
  return mostly (c, SHAPE_DURATION) || unit_word (l, i) || (c->n[SHAPE_FRACTION] * 10 >= present (c) * 8 && c->decimals >= 3);
}

/* Row by row @a is no less than @b, but for rounding. */
static gboolean
dominates (const Learning *l, const Column *a, const Column *b)
{
  guint both = 0, no_less = 0;
  for (guint r = 0; r < l->rows; r++)
    if (!isnan (a->number[r]) && !isnan (b->number[r]))
    {
      both++;
      no_less += a->number[r] >= b->number[r] * 0.999 - 0.0011;
    }
  return both == 0 || no_less * 100 >= both * 97;
}

static gint64
duration_unit (const Learning *l, guint i)
{
  const Column *c = &l->column[i];
  return mostly (c, SHAPE_DURATION) ? RCA_NS_PER_S : unit_word (l, i) ?: unit_of (c);
}

/* The whole request: never absent, and no less than any other. */
static gint
find_whole (const Learning *l, const guint *duration, guint n)
{
  gint best = -1;
  for (guint i = 0; i < n; i++)
  {
    const Column *c = &l->column[duration[i]];
    gboolean whole = c->absent == 0 && !c->lists;
    for (guint k = 0; k < n && whole; k++)
      whole = k == i || dominates (l, c, &l->column[duration[k]]);
    if (whole && (best < 0 || c->sum > l->column[best].sum * 1.001))
      best = (gint)duration[i];
  }
  return best;
}

/* What is left are the upstream's: its whole time, the time to its header, the time to connect. */
static void
give_upstream_times (Learning *l, guint *duration, guint n)
{
  for (guint i = 1; i < n; i++) /* by their sums, the largest first; equals stay in order */
    for (guint k = i; k > 0 && l->column[duration[k]].sum > l->column[duration[k - 1]].sum * 1.001; k--)
    {
      guint t = duration[k];
      duration[k] = duration[k - 1];
      duration[k - 1] = t;
    }
  if (n > 0 && !taken (l, RCA_ROLE_UPSTREAM_TIME))
    give (l, duration[0], RCA_ROLE_UPSTREAM_TIME, 1, duration_unit (l, duration[0]));
  if (n == 2 && l->column[duration[1]].sum > l->column[duration[0]].sum * 0.5)
    give (l, duration[1], RCA_ROLE_HEADER_TIME, 1, duration_unit (l, duration[1]));
  else if (n >= 2 && !taken (l, RCA_ROLE_CONNECT_TIME))
    give (l, duration[n - 1], RCA_ROLE_CONNECT_TIME, 1, duration_unit (l, duration[n - 1]));
  if (n >= 3 && !taken (l, RCA_ROLE_HEADER_TIME))
    give (l, duration[1], RCA_ROLE_HEADER_TIME, 1, duration_unit (l, duration[1]));
}

static void
give_durations (Learning *l)
{
  guint duration[RCA_ACCESS_MAX_TOKENS], n = 0;
  for (guint i = 0; i < l->out->n; i++)
    if (is_duration_column (l, i))
      duration[n++] = i;
  if (!taken (l, RCA_ROLE_REQUEST_TIME))
  {
    gint whole = find_whole (l, duration, n);
    if (whole < 0)
      for (guint i = 0; i < n; i++)
        if (l->column[duration[i]].absent == 0 && (whole < 0 || l->column[duration[i]].sum > l->column[whole].sum))
          whole = (gint)duration[i];
    if (whole >= 0)
    {
      give (l, (guint)whole, RCA_ROLE_REQUEST_TIME, 1, duration_unit (l, (guint)whole));
      guint kept = 0;
      for (guint i = 0; i < n; i++)
        if ((gint)duration[i] != whole)
          duration[kept++] = duration[i];
      n = kept;
    }
  }
  give_upstream_times (l, duration, n);
}

/* ---- whole numbers ------------------------------------------------------ */

static gboolean
is_count_column (const Learning *l, guint i)
{
  return is_free (l, i) && mostly (&l->column[i], SHAPE_INTEGER) && !mostly (&l->column[i], SHAPE_STAMP);
}

/* nginx's $request_length: some hundred bytes, never none. */
static gboolean
is_request_length (const Column *c, const Column *next)
{
  return c->absent == 0 && c->least >= 30 && c->most <= 8192 && next->absent == 0 && next->zeros == 0 && next->median > c->median;
}

/* The body's size follows the status, but for a request's length between them. */
static void
give_bytes (Learning *l)
{
  guint from = taken (l, RCA_ROLE_STATUS) ? (guint)l->place[RCA_ROLE_STATUS] + 1 : 0, i = from;
  if (taken (l, RCA_ROLE_BYTES) || !taken (l, RCA_ROLE_STATUS))
    return;
  while (i < l->out->n && !(is_count_column (l, i) && !l->column[i].quote))
    i++;
  if (i >= l->out->n)
    return;
  guint next = i + 1 < l->out->n && is_count_column (l, i + 1) && (gint)i + 1 < (taken (l, RCA_ROLE_AGENT) ? l->place[RCA_ROLE_AGENT] : 64) ? i + 1 : i;
  give (l, next != i && is_request_length (&l->column[i], &l->column[next]) ? next : i, RCA_ROLE_BYTES, 1, 0);
}

/* mod_logio's %O: the body and its headers. */
static gboolean
is_body_with_headers (const Learning *l, const Column *c)
{
  const Column *bytes = taken (l, RCA_ROLE_BYTES) ? &l->column[l->place[RCA_ROLE_BYTES]] : NULL;
  guint both = 0, near = 0;
  for (guint r = 0; bytes && r < l->rows; r++)
    if (!isnan (c->number[r]) && !isnan (bytes->number[r]))
    {
      both++;
      near += c->number[r] > bytes->number[r] && c->number[r] <= bytes->number[r] + 2048 + bytes->number[r] * 0.02;
    }
  return both > 2 && near * 100 >= both * 95;
}

/* A serial, a port, a constant, or a number too even to be a time. */
static gboolean
is_no_duration (const Learning *l, guint i)
{
  const Column *c = &l->column[i];
  if (c->ascending && c->distinct > 3)
    return TRUE;
  if (i > 0 && mostly (&l->column[i - 1], SHAPE_ADDRESS) && c->most < 65536 && c->least >= 80)
    return TRUE;
  if (c->distinct == 1 && l->rows >= 4 && c->most > 3)
    return TRUE;
  return c->least > 1024 && c->most - c->least < 200;
}

/* Apache's %D, Tomcat's %D, %T: a whole number that is no size, serial or port, behind the rest
 * or right before the request. */
static void
give_whole_duration (Learning *l)
{
  gint found = -1;
  if (taken (l, RCA_ROLE_REQUEST_TIME) || !taken (l, RCA_ROLE_BYTES) || !taken (l, RCA_ROLE_TIME))
    return;
  for (guint i = (guint)l->place[RCA_ROLE_TIME] + 1; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (!is_count_column (l, i) || (i > request_place (l) && (gint)i < l->place[RCA_ROLE_BYTES]))
      continue;
    if (is_body_with_headers (l, c))
      found = -1; /* the number before it is mod_logio's %I */
    else if (!is_no_duration (l, i))
      found = (gint)i;
  }
  if (found < 0)
    return;
  gint64 unit = unit_of (&l->column[found]);
  give (l, (guint)found, RCA_ROLE_REQUEST_TIME, 1, unit);
  l->out->time_is_start |= unit == 1000; /* Apache's, whose %t is when the request came */
}

/* ---- the whole ---------------------------------------------------------- */

static guint
usual_count (const RcaSampleLines *sample, char separator, guint *lines)
{
  guint count[RCA_ACCESS_MAX_TOKENS + 1] = { 0 }, best = 0;
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  *lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    if (sample->line[i].n)
    {
      count[rca_access_split (sample->line[i], separator, token)]++;
      ++*lines;
    }
  for (guint i = 1; i <= RCA_ACCESS_MAX_TOKENS; i++)
    if (count[i] > count[best] || (count[i] == count[best] && count[i] > 0))
      best = i;
  return count[best] ? best : 0;
}

static void
observe_sample (Learning *l, const RcaSampleLines *sample)
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

static guint
count_fits (const RcaSampleLines *sample, const RcaAccessColumns *out)
{
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  guint fits = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    if (rca_access_split (sample->line[i], out->separator, token) != out->n)
      continue;
    gboolean ok = TRUE;
    for (guint t = 0; t < out->n && ok; t++)
      if (out->column[t].role == RCA_ROLE_STATUS)
        ok = rca_shape_status (token[t].value) || rca_shape_absent (token[t].value);
      else if (out->column[t].role == RCA_ROLE_TIME)
        ok = rca_shape_stamp (token[t].value);
    fits += ok;
  }
  return fits;
}

/* A level word before an unquoted request, or a level or message by name (logfmt): an
 * application's own line about it. */
static gboolean
is_application (const Learning *l)
{
  static const char *const names[] = { "level", "lvl", "severity", "msg", "message" };
  gboolean quoted = taken (l, RCA_ROLE_REQUEST) && l->column[l->place[RCA_ROLE_REQUEST]].quote == '"';
  for (guint i = 0; i < l->out->n; i++)
  {
    const Column *c = &l->column[i];
    if (mostly (c, SHAPE_LEVEL) && (c->key.n || !quoted))
      return TRUE;
    for (guint n = 0; c->key.n && n < G_N_ELEMENTS (names); n++)
      if (rca_bytes_equal (c->key, rca_bytes_str (names[n])))
        return TRUE;
  }
  return FALSE;
}

static gboolean
is_whole (Learning *l)
{
  gboolean request = taken (l, RCA_ROLE_REQUEST) || taken (l, RCA_ROLE_PATH);
  if (!request || !taken (l, RCA_ROLE_STATUS))
    return FALSE;
  /* words of a program's own line, if it does not even say whose request it was */
  if (!taken (l, RCA_ROLE_REQUEST) && !taken (l, RCA_ROLE_CLIENT) && taken (l, RCA_ROLE_TIME) && l->out->separator == ' ')
    return FALSE;
  /* morgan's short forms: method, path, status and a time taken, no time */
  l->out->without_time = !taken (l, RCA_ROLE_TIME);
  return !l->out->without_time || (l->place[RCA_ROLE_METHOD] == 0 && taken (l, RCA_ROLE_METHOD) && taken (l, RCA_ROLE_REQUEST_TIME));
}

/* An edge sees absolute URLs (varnishncsa) or tells hits from misses without asking upstreams. */
static void
settle_edge (Learning *l, const RcaSampleLines *sample)
{
  const Column *request = &l->column[request_place (l)];
  gboolean absolute = request->absolute * 2 > present (request);
  gboolean upstream = taken (l, RCA_ROLE_UPSTREAM) || taken (l, RCA_ROLE_UPSTREAM_TIME) || taken (l, RCA_ROLE_UPSTREAM_STATUS);
  gboolean cache = taken (l, RCA_ROLE_CACHE) && !upstream && !(sample->path && strstr (sample->path, "nginx"));
  l->out->edge = absolute || cache || (l->edge_names && !upstream);
  l->out->time_is_start |= absolute;
}

static void
keep_keys (Learning *l)
{
  RcaAccessColumns *out = l->out;
  out->keys = g_string_chunk_new (256);
  for (guint i = 0; i < out->n; i++)
  {
    RcaBytes key = l->column[i].key;
    if (key.n)
      out->column[i].key = rca_bytes (g_string_chunk_insert_len (out->keys, key.p, (gssize)key.n), key.n);
  }
}

static gboolean
learn_with (const RcaSampleLines *sample, char separator, RcaAccessColumns *out)
{
  *out = (RcaAccessColumns){ .separator = separator };
  out->n = usual_count (sample, separator, &out->lines);
  if (out->n < 4)
    return FALSE;
  g_autofree Learning *l = g_new0 (Learning, 1);
  l->out = out;
  observe_sample (l, sample);
  give_named (l);
  give_time (l);
  give_request (l);
  give_status (l);
  give_upstream_status (l);
  give_client (l);
  give_upstream (l);
  give_words (l);
  give_quoted (l);
  give_host (l);
  give_durations (l);
  give_bytes (l);
  give_whole_duration (l);
  gboolean ok = is_whole (l) && !is_application (l);
  if (ok)
  {
    settle_edge (l, sample);
    keep_keys (l);
    out->fits = count_fits (sample, out);
  }
  for (guint i = 0; i < out->n; i++)
    g_free (l->column[i].number);
  return ok;
}

RcaAccessColumns *
rca_access_learn (const RcaSampleLines *sample)
{
  static const char separators[] = { ' ', '\t', '|', ';' };
  RcaAccessColumns *out = g_new0 (RcaAccessColumns, 1);
  if (rca_access_read_conf (sample, out) || rca_access_find_layout (sample, out))
    return out;
  for (guint i = 0; i < G_N_ELEMENTS (separators); i++)
  {
    if (learn_with (sample, separators[i], out) && out->fits * 2 >= out->lines && out->fits > 0)
      return out;
    g_clear_pointer (&out->keys, g_string_chunk_free);
  }
  g_free (out);
  return NULL;
}

void
rca_access_columns_free (RcaAccessColumns *columns)
{
  if (!columns)
    return;
  if (columns->keys)
    g_string_chunk_free (columns->keys);
  g_free (columns->before);
  g_free (columns);
}
