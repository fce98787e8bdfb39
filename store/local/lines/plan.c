/* What pays for a column of numbers, tried on the data: by itself, as the difference from another
 * column, predicted from another, or sorted by another. The other is always one that has a value
 * wherever this one has (a variable further left in the same lines), so it is known first when reading.
 * A trial costs about what writing ten columns costs; its outcome is kept for RCA_PLAN_BLOCKS blocks. */
#include "local/lines/shape.h"

/* Columns looked at as the other one: further left there is rarely anything. */
#define MAX_OTHERS 12
/* Fewer values than that gain nothing that pays for saying so. */
#define FEW          64
#define MAX_GROUPS   4096
#define GROUP_HEADER 6

guint32 *
rca_plan_order (const guint64 *keys, gsize n)
{
  guint32 *order = g_new (guint32, MAX (n, 1));
  guint64 max = 0;
  for (gsize i = 0; i < n; i++)
    max = MAX (max, keys[i]);
  g_assert (max < G_MAXUINT32 - 1);
  g_autofree guint32 *start = g_new0 (guint32, max + 2);
  for (gsize i = 0; i < n; i++)
    start[keys[i] + 1]++;
  for (guint64 k = 0; k <= max; k++)
    start[k + 1] += start[k];
  for (gsize i = 0; i < n; i++)
    order[start[keys[i]]++] = (guint32)i;
  return order;
}

const guint64 *
rca_plan_keys (const RcaShapeSlot *slot)
{
  if (slot->only < 0)
    return NULL;
  const RcaShapeTag *t = &slot->tag[slot->only];
  if (t->kind == RCA_VALUE_PHRASE)
    return slot->phrase->leaf.v;
  return t->value.n == slot->which.n ? t->value.v : NULL;
}

static gboolean
is_small_set (const RcaShapeSlot *other)
{
  const RcaShapeTag *t = &other->tag[other->only];
  return (t->kind == RCA_VALUE_WORD && other->words.n <= MAX_GROUPS) || (t->kind == RCA_VALUE_PHRASE && other->phrase->n_leaves <= MAX_GROUPS);
}

/* @keys where @slot's value is of the kind of @t; transfer full. */
static guint64 *
filter (const RcaShapeSlot *slot, const RcaShapeTag *t, const guint64 *keys)
{
  guint64 *out = g_new (guint64, MAX (t->value.n, 1));
  guint8 tag = (guint8)(t - slot->tag);
  gsize k = 0;
  for (gsize i = 0; i < slot->which.n && k < t->value.n; i++)
    if (slot->which.p[i] == tag)
      out[k++] = keys[i];
  return out;
}

/* ---- the four ways ---- */

static guint64 *
differences (const RcaNumbers *v, const guint64 *keys)
{
  guint64 *d = g_new (guint64, v->n);
  for (gsize i = 0; i < v->n; i++)
    d[i] = rca_zigzag ((gint64)(keys[i] - v->v[i]));
  return d;
}

/* Hits as 0 or 1 into @hit, what it was instead into @miss; returns how many. */
static gsize
predict (const RcaNumbers *v, const guint64 *keys, guint64 *hit, guint64 *miss)
{
  g_autofree guint64 *last = g_new0 (guint64, (gsize)1 << RCA_PREDICT_BITS);
  gsize n = 0;
  for (gsize i = 0; i < v->n; i++)
  {
    guint64 *guess = &last[rca_predict_slot (keys[i])];
    hit[i] = *guess == v->v[i];
    if (!hit[i])
      miss[n++] = *guess = v->v[i];
  }
  return n;
}

typedef void (*EachGroup) (const guint64 *v, gsize n, gpointer user);

/* Groups of RCA_GROUP_MIN values and more by themselves, then all others as one. */
static void
each_group (const RcaNumbers *v, const guint64 *keys, EachGroup each, gpointer user)
{
  g_autofree guint32 *order = rca_plan_order (keys, v->n);
  g_autofree guint64 *sorted = g_new (guint64, v->n), *rest = g_new (guint64, v->n);
  gsize n_rest = 0;
  for (gsize i = 0; i < v->n; i++)
    sorted[i] = v->v[order[i]];
  for (gsize from = 0, to; from < v->n; from = to)
  {
    for (to = from + 1; to < v->n && keys[order[to]] == keys[order[from]];)
      to++;
    if (to - from >= RCA_GROUP_MIN)
      each (sorted + from, to - from, user);
    else
    {
      memcpy (rest + n_rest, sorted + from, (to - from) * sizeof *rest);
      n_rest += to - from;
    }
  }
  each (rest, n_rest, user);
}

static void
add_estimate (const guint64 *v, gsize n, gpointer user)
{
  double *cost = user;
  *cost += n ? rca_integers_estimate (v, n) + GROUP_HEADER : 0;
}

static void
put_group (const guint64 *v, gsize n, gpointer user)
{
  rca_integers_encode (v, n, NULL, user);
}

/* ---- choosing ---- */

typedef struct {
  RcaPlanHow how;
  RcaShapeSlot *by;
  double cost;
} Choice;

static void
consider (Choice *best, RcaPlanHow how, RcaShapeSlot *by, double cost)
{
  if (cost < 0.93 * best->cost)
    *best = (Choice){ how, by, cost };
}

static void
try_other (Choice *best, const RcaShapeSlot *slot, const RcaShapeTag *t, RcaShapeSlot *other, const guint64 *all)
{
  const RcaShapeTag *its = &other->tag[other->only];
  gsize n = t->value.n;
  g_autofree guint64 *keys = filter (slot, t, all);
  if (its->kind == t->kind && its->param == t->param && t->kind <= RCA_VARIABLE_DECIMAL)
  {
    g_autofree guint64 *d = differences (&t->value, keys);
    consider (best, RCA_PLAN_DIFFERENCE, other, rca_integers_estimate (d, n));
  }
  if (t->kind == RCA_VALUE_WORD)
  {
    g_autofree guint64 *hit = g_new (guint64, n), *miss = g_new (guint64, n);
    gsize n_miss = predict (&t->value, keys, hit, miss);
    double miss_ratio = (double)n_miss / (double)n;
    double bits = n_miss * 8 < n ? miss_ratio * 6 : 1;
    consider (best, RCA_PLAN_PREDICTED, other, (double)n * bits / 8 + rca_integers_estimate (miss, n_miss));
  }
  else if (is_small_set (other))
  {
    double cost = 0;
    RcaNumbers v = { t->value.v, n, n };
    each_group (&v, keys, add_estimate, &cost);
    consider (best, RCA_PLAN_GROUPED, other, cost);
  }
}

/* The next column to the left that has as many values; NULL: there is none. */
static RcaShapeSlot *
left_of (const RcaShapeSlot *slot)
{
  gsize n = slot->which.n;
  RcaShapeSlot *left = slot->above;
  if (!left && !slot->in_entry && slot->around && slot->around->only >= 0 && slot->around->which.n == n)
    left = slot->around;
  return left && left->which.n == n ? left : NULL;
}

static void
choose (RcaShapeSlot *slot, RcaShapeTag *t)
{
  gsize n = t->value.n;
  Choice best = { RCA_PLAN_PLAIN, NULL, rca_integers_estimate (t->value.v, n) };
  gboolean worth = n >= FEW && t->kind != RCA_VARIABLE_STAMP && t->kind != RCA_VALUE_RAW && best.cost > (double)n / 16;
  guint tried = 0;
  for (RcaShapeSlot *other = left_of (slot); worth && other && tried < MAX_OTHERS; other = left_of (other), tried++)
  {
    const guint64 *keys = rca_plan_keys (other);
    if (keys)
      try_other (&best, slot, t, other, keys);
  }
  t->how = (guint8)best.how;
  t->by = best.by;
}

/* What was chosen before holds for this block too: the other still stands beside it. */
static gboolean
still_fits (const RcaShapeSlot *slot, const RcaShapeTag *t)
{
  for (RcaShapeSlot *other = left_of (slot); other; other = left_of (other))
    if (other == t->by)
      return rca_plan_keys (other) && (t->how != RCA_PLAN_GROUPED || is_small_set (other));
  return t->how == RCA_PLAN_PLAIN;
}

void
rca_plan_encode (RcaShapeSlot *slot, RcaShapeTag *t, RcaBuffer *out)
{
  gsize n = t->value.n;
  if (t->age == 0 || t->age >= RCA_PLAN_BLOCKS || !still_fits (slot, t))
  {
    choose (slot, t);
    t->plan.age = 0;
    t->age = n >= FEW; /* a column of few values says nothing of the next block */
  }
  else
    t->age++;
  if (t->how == RCA_PLAN_PLAIN)
  {
    rca_integers_encode (t->value.v, n, &t->plan, out);
    return;
  }
  g_autofree guint64 *keys = filter (slot, t, rca_plan_keys (t->by));
  if (t->how == RCA_PLAN_DIFFERENCE)
  {
    g_autofree guint64 *d = differences (&t->value, keys);
    rca_integers_encode (d, n, &t->plan, out);
  }
  else if (t->how == RCA_PLAN_PREDICTED)
  {
    g_autofree guint64 *hit = g_new (guint64, n), *miss = g_new (guint64, n);
    gsize n_miss = predict (&t->value, keys, hit, miss);
    rca_integers_encode (hit, n, NULL, out);
    rca_buffer_put_varint (out, n_miss);
    rca_integers_encode (miss, n_miss, &t->plan, out);
  }
  else
    each_group (&t->value, keys, put_group, out);
}
