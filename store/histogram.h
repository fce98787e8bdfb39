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
gint64 rca_histogram_edge_ns (guint bin); /* lower edge */
void rca_histogram_add (RcaHistogram *into, const RcaHistogram *other);
guint64 rca_histogram_count (const RcaHistogram *h);
/* Durations in bins whose lower edge is at or above that of @bin. */
guint64 rca_histogram_count_from (const RcaHistogram *h, guint bin);
/* Quantile @q by linear interpolation inside its bin, in seconds; NAN when empty. */
double rca_histogram_quantile_s (const RcaHistogram *h, double q);
