#include "local/encodings/integers.h"
#include <math.h>

#define SAMPLE 4096
/* Below it the modes differ by less than their trial costs. */
#define FEW 24
/* Codes that go on: a dictionary within a dictionary is never worth it. */
#define MAX_DEPTH 3

static void encode (const guint64 *v, gsize n, RcaIntegersPlan *plan, RcaBuffer *out, guint depth);
static gboolean decode (RcaCursor *in, guint64 *v, gsize n, guint depth);

/* ---- what a column is like ---- */

typedef struct {
  guint64 min, max;
  gsize runs;
} Look;

static Look
look (const guint64 *v, gsize n)
{
  Look l = { v[0], v[0], 1 };
  for (gsize i = 1; i < n; i++)
  {
    l.min = MIN (l.min, v[i]);
    l.max = MAX (l.max, v[i]);
    l.runs += v[i] != v[i - 1];
  }
  return l;
}

static guint
width_of (guint64 range)
{
  guint width = 1;
  while (width < 8 && range >> (8 * width))
    width++;
  return width;
}

static double
entropy_bytes (const guint32 count[256], gsize n)
{
  double bits = 0;
  for (guint i = 0; i < 256; i++)
    if (count[i])
      bits += count[i] * log2 ((double)n / count[i]);
  return bits / 8;
}

/* Bytes of planes of @n values less @base, from a sample's entropy. */
static double
planes_cost (const guint64 *v, gsize n, guint64 base, guint64 range)
{
  guint width = width_of (range);
  guint32 count[8][256] = { 0 };
  gsize step = n > SAMPLE ? n / SAMPLE : 1, taken = 0;
  for (gsize i = 0; i < n; i += step, taken++)
    for (guint b = 0; b < width; b++)
      count[b][((v[i] - base) >> (8 * b)) & 0xff]++;
  double bytes = 0;
  for (guint b = 0; b < width; b++)
    bytes += entropy_bytes (count[b], taken);
  return bytes * (double)n / (double)taken;
}

static guint64 *
deltas (const guint64 *v, gsize n)
{
  guint64 *d = g_new (guint64, n);
  for (gsize i = 1; i < n; i++)
    d[i - 1] = rca_zigzag ((gint64)(v[i] - v[i - 1]));
  return d;
}

double
rca_integers_estimate (const guint64 *v, gsize n)
{
  if (n == 0)
    return 0;
  Look l = look (v, n);
  return l.min == l.max ? 2 : l.runs < n / 16 ? (double)l.runs * 2 : planes_cost (v, n, l.min, l.max - l.min);
}

/* ---- dictionary ---- */

typedef struct {
  guint64 value;
  guint32 n, code;
} Distinct;

typedef struct {
  Distinct *item;
  guint32 n, capacity;
  guint32 *slot; /* item + 1 */
  guint32 mask;
} Set;

static inline guint32
hash_u64 (guint64 x)
{
  x *= G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return (guint32)(x >> 32);
}

static void
set_grow (Set *s)
{
  guint32 mask = s->mask * 2 + 1;
  g_free (s->slot);
  s->slot = g_new0 (guint32, (gsize)mask + 1);
  s->mask = mask;
  for (guint32 i = 0; i < s->n; i++)
  {
    guint32 at = hash_u64 (s->item[i].value) & mask;
    while (s->slot[at])
      at = (at + 1) & mask;
    s->slot[at] = i + 1;
  }
}

static guint32
set_add (Set *s, guint64 value)
{
  guint32 at = hash_u64 (value) & s->mask;
  while (s->slot[at] && s->item[s->slot[at] - 1].value != value)
    at = (at + 1) & s->mask;
  if (s->slot[at])
    return s->slot[at] - 1;
  if (s->n == s->capacity)
  {
    s->capacity *= 2;
    s->item = g_renew (Distinct, s->item, s->capacity);
  }
  s->item[s->n] = (Distinct){ value, 0, 0 };
  s->slot[at] = ++s->n;
  if (s->n > s->mask / 2)
    set_grow (s);
  return s->n - 1;
}

static void
set_clear (Set *s)
{
  g_free (s->item);
  g_free (s->slot);
}

/* Distinct values of @v in @s, @index: which one each is; FALSE when there are more than @most. */
static gboolean
gather (const guint64 *v, gsize n, guint32 most, Set *s, guint32 *index)
{
  *s = (Set){ .capacity = 256, .mask = 1023 };
  s->item = g_new (Distinct, s->capacity);
  s->slot = g_new0 (guint32, (gsize)s->mask + 1);
  for (gsize i = 0; i < n; i++)
  {
    guint32 k = i && v[i] == v[i - 1] ? index[i - 1] : set_add (s, v[i]);
    if (s->n > most)
      return FALSE;
    s->item[k].n++;
    index[i] = k;
  }
  return TRUE;
}

static guint
class_of (guint32 n)
{
  return 31u - (guint)__builtin_clz (n);
}

static gint
by_class_then_value (gconstpointer a, gconstpointer b, gpointer user)
{
  const Distinct *item = user, *x = &item[*(const guint32 *)a], *y = &item[*(const guint32 *)b];
  guint p = class_of (x->n), q = class_of (y->n);
  if (p != q)
    return p > q ? -1 : 1;
  return x->value < y->value ? -1 : x->value > y->value;
}

static void
encode_dictionary (const Set *s, const guint32 *index, gsize n, RcaBuffer *out, guint depth)
{
  g_autofree guint32 *order = g_new (guint32, s->n);
  g_autofree guint64 *codes = g_new (guint64, MAX (n, s->n));
  for (guint32 i = 0; i < s->n; i++)
    order[i] = i;
  g_qsort_with_data (order, (gint)s->n, sizeof *order, by_class_then_value, s->item);
  rca_buffer_put_u8 (out, RCA_INTEGERS_DICTIONARY);
  rca_buffer_put_varint (out, s->n);
  for (guint32 i = 0; i < s->n; i++)
  {
    s->item[order[i]].code = i;
    codes[i] = s->item[order[i]].value;
  }
  encode (codes, s->n, NULL, out, depth + 1);
  for (gsize i = 0; i < n; i++)
    codes[i] = s->item[index[i]].code;
  encode (codes, n, NULL, out, depth + 1);
}

/* ---- choosing ---- */

static RcaIntegersMode
choose (const guint64 *v, gsize n, const Look *l, guint depth)
{
  if (l->min == l->max)
    return RCA_INTEGERS_CONSTANT;
  if (depth >= MAX_DEPTH || n < FEW)
    return RCA_INTEGERS_PLANES;
  if (l->runs < n / 16)
    return RCA_INTEGERS_RUNS;
  if (l->max - l->min == 1)
    return RCA_INTEGERS_BITS;
  g_autofree guint64 *d = deltas (v, n);
  Look of = look (d, n - 1);
  double plain = planes_cost (v, n, l->min, l->max - l->min), delta = planes_cost (d, n - 1, of.min, of.max - of.min);
  if (of.runs < n / 16)
    delta = MIN (delta, 2.0 * (double)of.runs);
  double least = MIN (plain, delta);
  if (depth == 0 && n >= 256 && l->max - l->min > 0xff && least > 1.2 * (double)n)
  {
    Set s;
    g_autofree guint32 *index = g_new (guint32, n);
    double cost = G_MAXDOUBLE;
    if (gather (v, n, (guint32)MIN (n / 2, G_MAXUINT32), &s, index))
    {
      double bits = 0;
      for (guint32 i = 0; i < s.n; i++)
        bits += s.item[i].n * log2 ((double)n / s.item[i].n);
      double entry = log2 ((double)(l->max - l->min) / s.n + 1) + 2;
      cost = bits / 8 * 1.08 + s.n * entry / 8;
    }
    set_clear (&s);
    if (cost < 0.95 * least)
      return RCA_INTEGERS_DICTIONARY;
  }
  return delta < 0.97 * plain ? RCA_INTEGERS_DELTA : RCA_INTEGERS_PLANES;
}

/* Whether what paid before can still be written: everything but a change of nature can. */
static RcaIntegersMode
remembered (RcaIntegersMode mode, const Look *l, gsize n)
{
  if (l->min == l->max)
    return RCA_INTEGERS_CONSTANT;
  if (mode == RCA_INTEGERS_CONSTANT || (mode == RCA_INTEGERS_BITS && l->max - l->min > 1))
    return RCA_N_INTEGERS;
  if (mode == RCA_INTEGERS_RUNS && l->runs >= n / 4)
    return RCA_N_INTEGERS;
  return mode;
}

/* ---- writing ---- */

static void
put_planes (const guint64 *v, gsize n, guint64 base, guint64 range, RcaBuffer *out)
{
  guint width = width_of (range);
  rca_buffer_put_varint (out, base);
  rca_buffer_put_u8 (out, (guint8)width);
  for (guint b = 0; b < width; b++)
  {
    guint8 *to = rca_buffer_room (out, n);
    guint shift = 8 * b;
    for (gsize i = 0; i < n; i++)
      to[i] = (guint8)((v[i] - base) >> shift);
    out->n += n;
  }
}

static void
put_bits (const guint64 *v, gsize n, guint64 base, RcaBuffer *out)
{
  rca_buffer_put_varint (out, base);
  gsize bytes = (n + 7) / 8;
  guint8 *to = rca_buffer_room (out, bytes);
  memset (to, 0, bytes);
  for (gsize i = 0; i < n; i++)
    to[i / 8] |= (guint8)((v[i] - base) << (i % 8));
  out->n += bytes;
}

static void
put_runs (const guint64 *v, gsize n, gsize runs, RcaBuffer *out, guint depth)
{
  g_autofree guint64 *value = g_new (guint64, runs), *length = g_new (guint64, runs);
  gsize k = 0;
  for (gsize i = 0; i < n; k++)
  {
    gsize from = i;
    while (i < n && v[i] == v[from])
      i++;
    value[k] = v[from];
    length[k] = i - from;
  }
  rca_buffer_put_varint (out, runs);
  encode (value, runs, NULL, out, depth + 1);
  encode (length, runs, NULL, out, depth + 1);
}

static void
encode (const guint64 *v, gsize n, RcaIntegersPlan *plan, RcaBuffer *out, guint depth)
{
  if (n == 0)
    return;
  Look l = look (v, n);
  RcaIntegersMode mode = plan && plan->age && plan->age < RCA_PLAN_BLOCKS ? remembered (plan->mode, &l, n) : RCA_N_INTEGERS;
  if (mode == RCA_N_INTEGERS)
  {
    mode = choose (v, n, &l, depth);
    if (plan)
      *plan = (RcaIntegersPlan){ (guint8)mode, 0 };
  }
  if (plan)
    plan->age++;
  if (mode == RCA_INTEGERS_DICTIONARY)
  {
    Set s;
    g_autofree guint32 *index = g_new (guint32, n);
    gather (v, n, G_MAXUINT32, &s, index);
    encode_dictionary (&s, index, n, out, depth);
    set_clear (&s);
    return;
  }
  rca_buffer_put_u8 (out, (guint8)mode);
  if (mode == RCA_INTEGERS_CONSTANT)
    rca_buffer_put_varint (out, l.min);
  else if (mode == RCA_INTEGERS_PLANES)
    put_planes (v, n, l.min, l.max - l.min, out);
  else if (mode == RCA_INTEGERS_BITS)
    put_bits (v, n, l.min, out);
  else if (mode == RCA_INTEGERS_RUNS)
    put_runs (v, n, l.runs, out, depth);
  else
  {
    g_autofree guint64 *d = deltas (v, n);
    rca_buffer_put_varint (out, v[0]);
    encode (d, n - 1, NULL, out, MAX (depth + 1, 1));
  }
}

void
rca_integers_encode (const guint64 *v, gsize n, RcaIntegersPlan *plan, RcaBuffer *out)
{
  encode (v, n, plan, out, 0);
}

/* ---- reading ---- */

static gboolean
get_planes (RcaCursor *in, guint64 *v, gsize n)
{
  guint64 base = rca_cursor_varint (in);
  guint width = rca_cursor_u8 (in);
  if (width < 1 || width > 8)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    v[i] = base;
  for (guint b = 0; b < width; b++)
  {
    const guint8 *from = rca_cursor_take (in, n);
    if (!from)
      return FALSE;
    guint shift = 8 * b;
    for (gsize i = 0; i < n; i++)
      v[i] += (guint64)from[i] << shift;
  }
  return TRUE;
}

static gboolean
get_bits (RcaCursor *in, guint64 *v, gsize n)
{
  guint64 base = rca_cursor_varint (in);
  const guint8 *from = rca_cursor_take (in, (n + 7) / 8);
  for (gsize i = 0; from && i < n; i++)
    v[i] = base + ((from[i / 8] >> (i % 8)) & 1);
  return from != NULL;
}

static gboolean
get_runs (RcaCursor *in, guint64 *v, gsize n, guint depth)
{
  guint64 runs = rca_cursor_varint (in);
  if (runs == 0 || runs > n)
    return FALSE;
  g_autofree guint64 *value = g_new (guint64, runs), *length = g_new (guint64, runs);
  if (!decode (in, value, runs, depth + 1) || !decode (in, length, runs, depth + 1))
    return FALSE;
  gsize at = 0;
  for (gsize k = 0; k < runs; k++)
  {
    if (length[k] > n - at)
      return FALSE;
    for (guint64 i = 0; i < length[k]; i++)
      v[at++] = value[k];
  }
  return at == n;
}

static gboolean
get_dictionary (RcaCursor *in, guint64 *v, gsize n, guint depth)
{
  guint64 distinct = rca_cursor_varint (in);
  if (distinct == 0 || distinct > n)
    return FALSE;
  g_autofree guint64 *value = g_new (guint64, distinct);
  if (!decode (in, value, distinct, depth + 1) || !decode (in, v, n, depth + 1))
    return FALSE;
  for (gsize i = 0; i < n; i++)
  {
    if (v[i] >= distinct)
      return FALSE;
    v[i] = value[v[i]];
  }
  return TRUE;
}

static gboolean
get_delta (RcaCursor *in, guint64 *v, gsize n, guint depth)
{
  v[0] = rca_cursor_varint (in);
  if (!decode (in, v + 1, n - 1, depth + 1))
    return FALSE;
  for (gsize i = 1; i < n; i++)
    v[i] = v[i - 1] + (guint64)rca_unzigzag (v[i]);
  return TRUE;
}

static gboolean
decode (RcaCursor *in, guint64 *v, gsize n, guint depth)
{
  if (n == 0)
    return TRUE;
  gboolean ok = depth <= MAX_DEPTH + 1;
  switch (ok ? rca_cursor_u8 (in) : RCA_N_INTEGERS)
  {
  case RCA_INTEGERS_CONSTANT:
    v[0] = rca_cursor_varint (in);
    for (gsize i = 1; i < n; i++)
      v[i] = v[0];
    break;
  case RCA_INTEGERS_PLANES:
    ok = get_planes (in, v, n);
    break;
  case RCA_INTEGERS_DELTA:
    ok = get_delta (in, v, n, depth);
    break;
  case RCA_INTEGERS_BITS:
    ok = get_bits (in, v, n);
    break;
  case RCA_INTEGERS_RUNS:
    ok = get_runs (in, v, n, depth);
    break;
  case RCA_INTEGERS_DICTIONARY:
    ok = get_dictionary (in, v, n, depth);
    break;
  default:
    ok = FALSE;
  }
  in->bad |= !ok;
  return !in->bad;
}

gboolean
rca_integers_decode (RcaCursor *in, guint64 *v, gsize n)
{
  return decode (in, v, n, 0);
}

gboolean
rca_integers_are_linear (RcaCursor in, gsize n, guint64 *first, guint64 *step)
{
  guint8 mode = n ? rca_cursor_u8 (&in) : RCA_N_INTEGERS;
  *first = mode == RCA_INTEGERS_CONSTANT || mode == RCA_INTEGERS_DELTA ? rca_cursor_varint (&in) : 0;
  *step = 0;
  if (mode == RCA_INTEGERS_DELTA && n > 1)
    *step = rca_cursor_u8 (&in) == RCA_INTEGERS_CONSTANT ? (guint64)rca_unzigzag (rca_cursor_varint (&in)) : (in.bad = TRUE);
  return !in.bad && (mode == RCA_INTEGERS_CONSTANT || mode == RCA_INTEGERS_DELTA);
}
