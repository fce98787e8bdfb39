/* Latency histogram in quarter octaves, mergeable by addition.
 *
 * Bin b holds durations d (µs, rounded down) with edge[b] <= d < edge[b + 1];
 * edge[b] = ceil (2^(b/4)) µs for b >= 1, edge[0] = 0: integer microseconds, so that SQL
 * computes the same bins. 136 bins reach 2^34 µs (4.7 h); the last one is open. */
#pragma once
#include <glib.h>

#define RCA_HISTOGRAM_BINS 136

typedef struct {
  guint32 bin[RCA_HISTOGRAM_BINS];
} RcaHistogram;

guint rca_histogram_bin (gint64 duration_ns);

/* The same for many durations: edges at hand. */
typedef struct {
  gint64 edge_ns[RCA_HISTOGRAM_BINS + 1]; /* lower edges, then what nothing reaches */
  guint8 first[64];                       /* by the highest bit of a duration: the bin of its smallest */
} RcaHistogramBins;
void rca_histogram_bins_init (RcaHistogramBins *bins);

static inline guint
rca_histogram_bins_find (const RcaHistogramBins *bins, gint64 duration_ns)
{
  guint bin = duration_ns > 0 ? bins->first[63 - __builtin_clzll ((guint64)duration_ns)] : 0;
  while (bins->edge_ns[bin + 1] <= duration_ns)
    bin++;
  return bin;
}

gint64 rca_histogram_edge_ns (guint bin); /* lower edge */
void rca_histogram_add (RcaHistogram *into, const RcaHistogram *other);
guint64 rca_histogram_count (const RcaHistogram *h);
/* Durations in bins whose lower edge is at or above that of @bin. */
guint64 rca_histogram_count_from (const RcaHistogram *h, guint bin);
/* Quantile @q by linear interpolation inside its bin, in seconds; NAN when empty. */
double rca_histogram_quantile_s (const RcaHistogram *h, double q);
