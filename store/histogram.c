#include "histogram.h"
#include <math.h>

/* ceil (2^(b/4)) for the four quarters of an octave, as multiples of 2^-62: the edges are
 * exact integers, computed once by integer arithmetic so that no libm's rounding moves one. */
static gint64
edge_us (guint bin)
{
  if (bin == 0)
    return 0;
  guint octave = bin / 4;
  if (bin % 4 == 0)
    return G_GINT64_CONSTANT (1) << octave;
  /* floor (2^(q/4) * 2^60), q = 1, 2, 3; none is an integer after the shift below, so ceil is +1 */
  static const gint64 quarter[4]
      = { 0, G_GINT64_CONSTANT (1371062456318104877), G_GINT64_CONSTANT (1630477228166597776), G_GINT64_CONSTANT (1938975120585633118) };
  return (quarter[bin % 4] >> (60 - octave)) + 1;
}

gint64
rca_histogram_edge_ns (guint bin)
{
  return edge_us (MIN (bin, RCA_HISTOGRAM_BINS - 1)) * 1000;
}

guint
rca_histogram_bin (gint64 duration_ns)
{
  gint64 us = duration_ns / 1000;
  if (us < 1)
    return 0;
  guint octave = 63u - (guint)__builtin_clzll ((guint64)us);
  guint bin = MIN (octave * 4, RCA_HISTOGRAM_BINS - 1);
  /* edges of small octaves coincide (2^(1/4) µs and 2^(2/4) µs are both 2): the last that fits */
  while (bin + 1 < RCA_HISTOGRAM_BINS && edge_us (bin + 1) <= us)
    bin++;
  return bin;
}

void
rca_histogram_bins_init (RcaHistogramBins *bins)
{
  for (guint b = 0; b < RCA_HISTOGRAM_BINS; b++)
    bins->edge_ns[b] = edge_us (b) * 1000;
  bins->edge_ns[RCA_HISTOGRAM_BINS] = G_MAXINT64;
  for (guint bit = 0; bit < 64; bit++)
    bins->first[bit] = (guint8)(bit < 63 ? rca_histogram_bin (G_GINT64_CONSTANT (1) << bit) : 0);
}

void
rca_histogram_add (RcaHistogram *into, const RcaHistogram *other)
{
  for (guint b = 0; b < RCA_HISTOGRAM_BINS; b++)
    into->bin[b] += other->bin[b];
}

guint64
rca_histogram_count (const RcaHistogram *h)
{
  return rca_histogram_count_from (h, 0);
}

guint64
rca_histogram_count_from (const RcaHistogram *h, guint bin)
{
  guint64 n = 0;
  gint64 from = rca_histogram_edge_ns (bin);
  for (guint b = bin; b-- > 0 && rca_histogram_edge_ns (b) >= from;)
    bin = b; /* equal edges: the bins before it hold nothing below */
  for (guint b = bin; b < RCA_HISTOGRAM_BINS; b++)
    n += h->bin[b];
  return n;
}

double
rca_histogram_quantile_s (const RcaHistogram *h, double q)
{
  guint64 total = rca_histogram_count (h);
  if (total == 0)
    return NAN;
  double want = CLAMP (q, 0.0, 1.0) * (double)total, before = 0;
  for (guint b = 0; b < RCA_HISTOGRAM_BINS; b++)
  {
    double n = h->bin[b];
    if (n > 0 && before + n >= want)
    {
      double low = (double)rca_histogram_edge_ns (b) / 1e9;
      double high = b + 1 < RCA_HISTOGRAM_BINS ? (double)rca_histogram_edge_ns (b + 1) / 1e9 : low;
      return low + (high - low) * (want - before) / n;
    }
    before += n;
  }
  return (double)rca_histogram_edge_ns (RCA_HISTOGRAM_BINS - 1) / 1e9;
}
