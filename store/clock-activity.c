#include "clock-private.h"
#include <math.h>

#define WIDEST_ZONE (14 * 4) /* quarters */
#define MAX_BUCKETS 20000

typedef struct {
  gint64 start, end; /* of the rows, with their place known or as written */
  gint64 width;
  gint64 origin; /* time of bucket 0 */
  guint n;
  float *all, *bad;
  double sum_all, sum_bad;
  gboolean known;
} Activity;

static void
extend (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Activity *a = user;
  gint64 t = rca_clock_row_time (source, sheet, row, a->known);
  a->start = MIN (a->start, t);
  a->end = MAX (a->end, t);
}

static void
count (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Activity *a = user;
  gint64 i = (rca_clock_row_time (source, sheet, row, a->known) - a->origin) / a->width;
  if (i < 0 || i >= a->n)
    return;
  a->all[i]++;
  a->sum_all++;
  if (rca_sheet_failed (sheet, row) || rca_sheet_u8 (sheet, RCA_COL_FAILURE, row))
  {
    a->bad[i]++;
    a->sum_bad++;
  }
}

static void
activity_open (Activity *a, gint64 width)
{
  a->width = width;
  a->origin = a->start - (((a->start % RCA_QUARTER_NS) + RCA_QUARTER_NS) % RCA_QUARTER_NS);
  a->n = (guint)MIN ((a->end - a->origin) / width + 1, MAX_BUCKETS);
  a->all = g_new0 (float, a->n);
  a->bad = g_new0 (float, a->n);
}

static void
activity_clear (Activity *a)
{
  g_free (a->all);
  g_free (a->bad);
}

/* Pearson's correlation of @s moved by @offset buckets with @r, where both are. */
static double
correlate (const Activity *s, const Activity *r, gint64 offset, gboolean by_failures)
{
  const float *x = by_failures ? s->bad : s->all, *y = by_failures ? r->bad : r->all;
  double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (gint64 i = 0; i < s->n; i++)
  {
    gint64 k = i + offset;
    if (k < 0 || k >= r->n)
      continue;
    n++;
    sx += x[i];
    sy += y[k];
    sxx += (double)x[i] * x[i];
    syy += (double)y[k] * y[k];
    sxy += (double)x[i] * y[k];
  }
  double vx = sxx - sx * sx / MAX (n, 1), vy = syy - sy * sy / MAX (n, 1);
  return n >= 12 && vx > 0 && vy > 0 ? (sxy - sx * sy / n) / sqrt (vx * vy) : -1;
}

static double
overlap (const Activity *s, const Activity *r, gint64 shift)
{
  gint64 both = MIN (s->end + shift, r->end) - MAX (s->start + shift, r->start);
  gint64 shorter = MAX (MIN (s->end - s->start, r->end - r->start), RCA_NS_PER_S);
  return both < 0 ? 0 : MIN ((double)(both + RCA_NS_PER_S) / (double)shorter, 1);
}

/* The @k-th shift worth trying: zones around zero, or around whole days where the date is not written. */
static gboolean
nth_shift (const RcaTableSource *source, const Activity *s, const Activity *r, guint k, gint64 *shift)
{
  const guint zones = 2 * WIDEST_ZONE + 1;
  if (!source->dateless)
  {
    *shift = ((gint64)k - WIDEST_ZONE) * RCA_QUARTER_NS;
    return k < zones;
  }
  gint64 apart = (r->start + r->end) / 2 - (s->start + s->end) / 2;
  gint64 days = (apart + (apart >= 0 ? RCA_DAY_NS / 2 : -RCA_DAY_NS / 2)) / RCA_DAY_NS - 1 + k / zones;
  *shift = days * RCA_DAY_NS + (source->zoneless ? ((gint64)(k % zones) - WIDEST_ZONE) * RCA_QUARTER_NS : 0);
  return k < 3 * zones;
}

typedef struct {
  gint64 shift;
  double r, overlap;
} Fit;

static Fit
fit_at (const Activity *s, const Activity *r, gint64 shift, gboolean by_failures)
{
  gint64 offset = (s->origin + shift - r->origin) / s->width;
  double share = overlap (s, r, shift);
  return (Fit){ shift, share >= 0.5 ? correlate (s, r, offset, by_failures) : -1, share };
}

/* The best by correlation with the one after it, the best by overlap. Of equal ones the smaller shift. */
static void
best_fits (const RcaTableSource *source, const Activity *s, const Activity *r, gboolean by_failures, Fit *by_r, double *second_r, Fit *by_overlap)
{
  *by_r = *by_overlap = (Fit){ 0, -1, 0 };
  *second_r = -1;
  gint64 shift;
  for (guint k = 0; nth_shift (source, s, r, k, &shift); k++)
  {
    Fit f = fit_at (s, r, shift, by_failures);
    if (f.r > by_r->r + 1e-9 || (f.r > by_r->r - 1e-9 && ABS (shift) < ABS (by_r->shift)))
    {
      *second_r = by_r->r;
      *by_r = f;
    }
    else
      *second_r = MAX (*second_r, f.r);
    if (f.overlap > by_overlap->overlap + 0.02 || (f.overlap > by_overlap->overlap - 0.02 && ABS (shift) < ABS (by_overlap->shift)))
      *by_overlap = f;
  }
}

static gint64
bucket_width (gint64 length)
{
  static const gint64 widths[] = { 5, 10, 30, 60, 300, 900 };
  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++)
    if (length / (widths[i] * RCA_NS_PER_S) < MAX_BUCKETS - 1000)
      return widths[i] * RCA_NS_PER_S;
  return 900 * RCA_NS_PER_S;
}

/* How the quietest evidence decides: a correlation must be clear and stand out to outweigh the
 * assumed zone; a mere overlap only where the assumed zone has none to speak of. */
static gboolean
decide (const Fit *by_r, double second_r, const Fit *by_overlap, const Fit *as_assumed, gboolean by_failures, gint64 *shift, const char **how)
{
  if (by_r->r >= 0.5 && by_r->shift != as_assumed->shift && by_r->r > as_assumed->r + 0.15 && by_r->r > second_r + 0.15)
  {
    *shift = by_r->shift;
    *how = by_failures ? "where its failures fall on those of the other logs" : "where its bursts fall on those of the other logs";
    return TRUE;
  }
  if (by_overlap->overlap <= 0 || (as_assumed->overlap >= 0.5 * by_overlap->overlap && as_assumed->overlap > 0))
    return FALSE;
  *shift = by_overlap->shift;
  *how = "where it lies in the time of the other logs";
  return TRUE;
}

gboolean
rca_clock_place_by_activity (const RcaTableSource *source, const GPtrArray *known, gint64 assumed_shift, gint64 *shift, const char **how)
{
  Activity own = { .start = G_MAXINT64, .end = G_MININT64 }, others = { .start = G_MAXINT64, .end = G_MININT64, .known = TRUE };
  rca_clock_each_row (source, extend, &own);
  for (guint i = 0; i < known->len; i++)
    rca_clock_each_row (g_ptr_array_index (known, i), extend, &others);
  if (own.start > own.end || others.start > others.end)
    return FALSE;
  gint64 width = bucket_width (MAX (own.end - own.start, others.end - others.start));
  activity_open (&own, width);
  activity_open (&others, width);
  rca_clock_each_row (source, count, &own);
  for (guint i = 0; i < known->len; i++)
    rca_clock_each_row (g_ptr_array_index (known, i), count, &others);
  gboolean by_failures = own.sum_bad >= 5 && others.sum_bad >= 5;
  Fit by_r, by_overlap, as_assumed = fit_at (&own, &others, assumed_shift, by_failures);
  double second_r;
  best_fits (source, &own, &others, by_failures, &by_r, &second_r, &by_overlap);
  gboolean placed = decide (&by_r, second_r, &by_overlap, &as_assumed, by_failures, shift, how);
  activity_clear (&own);
  activity_clear (&others);
  return placed;
}
