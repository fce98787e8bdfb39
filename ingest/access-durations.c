/* Which numbers are times, which are sizes: by their form, and by how columns relate. */
#include "access-learn-private.h"
#include "access-shape.h"

/* The unit of plain numbers whose name does not tell it. Seconds are written with a fraction
 * (nginx, gunicorn: 0.012); whole numbers are milliseconds, or microseconds where even the
 * quickest took some tens of them, or half of them would have taken ten seconds. */
gint64
rca_learn_unit (const RcaLearnColumn *c)
{
  if (c->n[SHAPE_FRACTION])
    return c->median > 50 ? RCA_NS_PER_MS : RCA_NS_PER_S;
  if ((c->least >= 30 && c->median >= 100) || c->median >= 10000)
    return 1000;
  return c->zeros * 10 >= rca_learn_present (c) * 9 && c->most < 100 ? RCA_NS_PER_S : RCA_NS_PER_MS;
}

/* "12.3 ms": the unit stands alone in the next column. */
static gint64
unit_word (const RcaLearning *l, guint i)
{
  static const struct {
    const char *word;
    gint64 ns;
  } words[] = { { "ms", RCA_NS_PER_MS }, { "msec", RCA_NS_PER_MS }, { "msecs", RCA_NS_PER_MS }, { "s", RCA_NS_PER_S }, { "sec", RCA_NS_PER_S },
                { "us", 1000 },          { "micros", 1000 },        { "\xc2\xb5s", 1000 } };
  const RcaLearnColumn *c = i + 1 < l->out->n ? &l->column[i + 1] : NULL;
  if (!c || c->distinct != 1)
    return 0;
  for (guint w = 0; w < G_N_ELEMENTS (words); w++)
    if (rca_bytes_is (c->value[0], words[w].word))
      return words[w].ns;
  return 0;
}

/* nginx writes times with three places, others with six; two are a ratio, one a version. */
static gboolean
is_duration_column (const RcaLearning *l, guint i)
{
  const RcaLearnColumn *c = &l->column[i];
  if (!rca_learn_is_unnamed (l, i) || rca_learn_present (c) == 0 || rca_learn_mostly (c, SHAPE_ADDRESS) || rca_learn_mostly (c, SHAPE_STAMP))
    return FALSE;
  return rca_learn_mostly (c, SHAPE_DURATION) || unit_word (l, i) || (c->n[SHAPE_FRACTION] * 10 >= rca_learn_present (c) * 8 && c->decimals >= 3);
}

/* Row by row @a is no less than @b, but for rounding. */
static gboolean
dominates (const RcaLearning *l, const RcaLearnColumn *a, const RcaLearnColumn *b)
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
duration_unit (const RcaLearning *l, guint i)
{
  const RcaLearnColumn *c = &l->column[i];
  return rca_learn_mostly (c, SHAPE_DURATION) ? RCA_NS_PER_S : unit_word (l, i) ?: rca_learn_unit (c);
}

/* The whole request: never absent, and no less than any other. */
static gint
find_whole (const RcaLearning *l, const guint *duration, guint n)
{
  gint best = -1;
  for (guint i = 0; i < n; i++)
  {
    const RcaLearnColumn *c = &l->column[duration[i]];
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
give_upstream_times (RcaLearning *l, guint *duration, guint n)
{
  for (guint i = 1; i < n; i++) /* by their sums, the largest first; equals stay in order */
    for (guint k = i; k > 0 && l->column[duration[k]].sum > l->column[duration[k - 1]].sum * 1.001; k--)
    {
      guint t = duration[k];
      duration[k] = duration[k - 1];
      duration[k - 1] = t;
    }
  if (n > 0 && !rca_learn_taken (l, RCA_ROLE_UPSTREAM_TIME))
    rca_learn_give (l, duration[0], RCA_ROLE_UPSTREAM_TIME, 1, duration_unit (l, duration[0]));
  if (n == 2 && l->column[duration[1]].sum > l->column[duration[0]].sum * 0.5)
    rca_learn_give (l, duration[1], RCA_ROLE_HEADER_TIME, 1, duration_unit (l, duration[1]));
  else if (n >= 2 && !rca_learn_taken (l, RCA_ROLE_CONNECT_TIME))
    rca_learn_give (l, duration[n - 1], RCA_ROLE_CONNECT_TIME, 1, duration_unit (l, duration[n - 1]));
  if (n >= 3 && !rca_learn_taken (l, RCA_ROLE_HEADER_TIME))
    rca_learn_give (l, duration[1], RCA_ROLE_HEADER_TIME, 1, duration_unit (l, duration[1]));
}

void
rca_learn_durations (RcaLearning *l)
{
  guint duration[RCA_ACCESS_MAX_TOKENS], n = 0;
  for (guint i = 0; i < l->out->n; i++)
    if (is_duration_column (l, i))
      duration[n++] = i;
  if (!rca_learn_taken (l, RCA_ROLE_REQUEST_TIME))
  {
    gint whole = find_whole (l, duration, n);
    if (whole < 0)
      for (guint i = 0; i < n; i++)
        if (l->column[duration[i]].absent == 0 && (whole < 0 || l->column[duration[i]].sum > l->column[whole].sum))
          whole = (gint)duration[i];
    if (whole >= 0)
    {
      rca_learn_give (l, (guint)whole, RCA_ROLE_REQUEST_TIME, 1, duration_unit (l, (guint)whole));
      guint kept = 0;
      for (guint i = 0; i < n; i++)
        if ((gint)duration[i] != whole)
          duration[kept++] = duration[i];
      n = kept;
    }
  }
  give_upstream_times (l, duration, n);
}

static gboolean
is_count_column (const RcaLearning *l, guint i)
{
  return rca_learn_is_free (l, i) && rca_learn_mostly (&l->column[i], SHAPE_INTEGER) && !rca_learn_mostly (&l->column[i], SHAPE_STAMP);
}

/* nginx's $request_length: some hundred bytes, never none. */
static gboolean
is_request_length (const RcaLearnColumn *c, const RcaLearnColumn *next)
{
  return c->absent == 0 && c->least >= 30 && c->most <= 8192 && next->absent == 0 && next->zeros == 0 && next->median > c->median;
}

/* The body's size follows the status, but for a request's length between them. */
void
rca_learn_bytes (RcaLearning *l)
{
  guint from = rca_learn_taken (l, RCA_ROLE_STATUS) ? (guint)l->place[RCA_ROLE_STATUS] + 1 : 0, i = from;
  if (rca_learn_taken (l, RCA_ROLE_BYTES) || !rca_learn_taken (l, RCA_ROLE_STATUS))
    return;
  while (i < l->out->n && !(is_count_column (l, i) && !l->column[i].quote))
    i++;
  if (i >= l->out->n)
    return;
  guint next
      = i + 1 < l->out->n && is_count_column (l, i + 1) && (gint)i + 1 < (rca_learn_taken (l, RCA_ROLE_AGENT) ? l->place[RCA_ROLE_AGENT] : 64) ? i + 1 : i;
  rca_learn_give (l, next != i && is_request_length (&l->column[i], &l->column[next]) ? next : i, RCA_ROLE_BYTES, 1, 0);
}

/* mod_logio's %O: the body and its headers. */
static gboolean
is_body_with_headers (const RcaLearning *l, const RcaLearnColumn *c)
{
  const RcaLearnColumn *bytes = rca_learn_taken (l, RCA_ROLE_BYTES) ? &l->column[l->place[RCA_ROLE_BYTES]] : NULL;
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
is_no_duration (const RcaLearning *l, guint i)
{
  const RcaLearnColumn *c = &l->column[i];
  if (c->ascending && c->distinct > 3)
    return TRUE;
  if (i > 0 && rca_learn_mostly (&l->column[i - 1], SHAPE_ADDRESS) && c->most < 65536 && c->least >= 80)
    return TRUE;
  if (c->distinct == 1 && l->rows >= 4 && c->most > 3)
    return TRUE;
  return c->least > 1024 && c->most - c->least < 200;
}

/* Apache's %D, Tomcat's %D, %T: a whole number that is no size, serial or port, behind the rest
 * or right before the request. */
void
rca_learn_whole_duration (RcaLearning *l)
{
  gint found = -1;
  if (rca_learn_taken (l, RCA_ROLE_REQUEST_TIME) || !rca_learn_taken (l, RCA_ROLE_BYTES) || !rca_learn_taken (l, RCA_ROLE_TIME))
    return;
  for (guint i = (guint)l->place[RCA_ROLE_TIME] + 1; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (!is_count_column (l, i) || (i > rca_learn_request_place (l) && (gint)i < l->place[RCA_ROLE_BYTES]))
      continue;
    if (is_body_with_headers (l, c))
      found = -1; /* the number before it is mod_logio's %I */
    else if (!is_no_duration (l, i))
      found = (gint)i;
  }
  if (found < 0)
    return;
  gint64 unit = rca_learn_unit (&l->column[found]);
  rca_learn_give (l, (guint)found, RCA_ROLE_REQUEST_TIME, 1, unit);
  l->out->time_is_start |= unit == 1000; /* Apache's, whose %t is when the request came */
}
