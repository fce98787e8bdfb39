#include "clock-private.h"
#include <math.h>

/* Clocks of logs that share no ids with the requests, a database's above all: when requests are in
 * trouble (slow, failing) so is what they wait for. The lag at which the two curves of trouble fit is
 * the clock's, when it fits clearly, and clearly not where the clock says. */
#define WIDEST_NS    (900 * RCA_NS_PER_S)
#define NARROW_NS    (3 * RCA_NS_PER_S) /* what works, works within: a lag below is none */
#define LEAST_NS     (5 * RCA_NS_PER_S)
#define MAX_BUCKETS  7200
#define LEAST_R      0.6
#define LEAST_GAIN   0.25
#define LEAST_MARGIN 0.1 /* above any other lag further off than the peak is wide */
#define PEAK_NS      (20 * RCA_NS_PER_S)
#define MOST_WORK_NS (60 * RCA_NS_PER_S)

typedef struct {
  gint64 start, end, width;
  guint n, active;
  double *x;
} Curve;

static void
extend (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Curve *c = user;
  gint64 t = rca_clock_row_time (source, sheet, row, TRUE) + source->clock_offset_ns;
  c->start = MIN (c->start, t);
  c->end = MAX (c->end, t);
}

static void
add (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Curve *c = user;
  gint64 i = (rca_clock_row_time (source, sheet, row, TRUE) + source->clock_offset_ns - c->start) / c->width;
  gint64 work = CLAMP (rca_sheet_i64 (sheet, RCA_COL_DURATION, row), 0, MOST_WORK_NS);
  double trouble = (double)work / RCA_NS_PER_S + (rca_sheet_failed (sheet, row) ? 1 : 0);
  if (i < 0 || i >= c->n || trouble <= 0)
    return;
  c->active += c->x[i] == 0;
  c->x[i] += trouble;
}

static gboolean
curve_of (const GPtrArray *sources, Curve *c)
{
  *c = (Curve){ .start = G_MAXINT64, .end = G_MININT64 };
  for (guint i = 0; i < sources->len; i++)
    rca_clock_each_row (g_ptr_array_index (sources, i), extend, c);
  if (c->start > c->end)
    return FALSE;
  c->width = MAX (RCA_NS_PER_S, (c->end - c->start) / MAX_BUCKETS / RCA_NS_PER_S * RCA_NS_PER_S + RCA_NS_PER_S);
  return TRUE;
}

static void
fill (const GPtrArray *sources, Curve *c, gint64 width)
{
  c->width = width;
  c->n = (guint)MIN ((c->end - c->start) / width + 1, MAX_BUCKETS + 1);
  c->x = g_new0 (double, c->n);
  for (guint i = 0; i < sources->len; i++)
    rca_clock_each_row (g_ptr_array_index (sources, i), add, c);
  for (guint i = 0; i < c->n; i++)
    c->x[i] = sqrt (c->x[i]); /* a hundred in trouble are not a hundred times the sign that one is */
}

/* Pearson's correlation of @s, moved by @lag, with @r; −1 where too little of the shorter is left. */
static double
fit (const Curve *s, const Curve *r, gint64 lag)
{
  gint64 offset = (s->start + lag - r->start) / s->width;
  double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (gint64 i = MAX (0, -offset); i < s->n && i + offset < r->n; i++)
  {
    double x = s->x[i], y = r->x[i + offset];
    n++, sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
  }
  double vx = sxx - sx * sx / MAX (n, 1), vy = syy - sy * sy / MAX (n, 1);
  return n >= 20 && n >= 0.7 * MIN (s->n, r->n) && vx > 0 && vy > 0 ? (sxy - sx * sy / n) / sqrt (vx * vy) : -1;
}

/* TRUE when the curves tell: @lag is 0 when they fit best where the clocks are, else where they fit clearly better. */
static gboolean
find_peak (const Curve *s, const Curve *r, gint64 *lag)
{
  gint64 half = WIDEST_NS / s->width, peak = 0;
  g_autofree double *at = g_new (double, 2 * half + 1);
  double here = -1, elsewhere = -1;
  for (gint64 i = -half; i <= half; i++)
  {
    double f = at[i + half] = fit (s, r, i * s->width);
    here = ABS (i) * s->width <= NARROW_NS ? MAX (here, f) : here;
    if (i == -half || f > at[peak + half] || (f == at[peak + half] && ABS (i) < ABS (peak)))
      peak = i;
  }
  for (gint64 i = -half; i <= half; i++)
    if (ABS (i - peak) * s->width > PEAK_NS)
      elsewhere = MAX (elsewhere, at[i + half]);
  double best = at[peak + half];
  *lag = peak * s->width;
  if (ABS (*lag) >= LEAST_NS)
    return best >= LEAST_R && best >= here + LEAST_GAIN && best >= elsewhere + LEAST_MARGIN;
  *lag = 0;
  return best >= LEAST_R;
}

gboolean
rca_clock_lag_by_trouble (const GPtrArray *sources, const GPtrArray *reference, gint64 *lag)
{
  Curve s, r;
  *lag = 0;
  if (!curve_of (sources, &s) || !curve_of (reference, &r))
    return FALSE;
  gint64 width = MAX (s.width, r.width);
  fill (sources, &s, width);
  fill (reference, &r, width);
  gboolean known = s.active >= 5 && r.active >= 5 && find_peak (&s, &r, lag);
  g_free (s.x);
  g_free (r.x);
  return known;
}
