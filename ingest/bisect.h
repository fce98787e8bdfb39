/* Finds where a span of time begins in a large plain file, without reading what stands before. */
#pragma once
#include "source.h"

/* How much later than its neighbours a line may stand in a log. */
#define RCA_LATE_NS (3600 * RCA_NS_PER_S)
/* The same for times without a zone: they may be that far from the UTC they are read as. */
#define RCA_ZONELESS_LATE_NS (15 * 3600 * RCA_NS_PER_S)

typedef struct {
  guint64 offset; /* of the first byte of a record */
  guint64 line;   /* its line number, from 1 */
  gint64 first_ns, last_ns; /* of the whole file */
  gboolean zone_known;
} RcaPlace;

/* Bisects @path, whose records are @format's as learnt from @sample, for the last record
 * that is surely older than @from_ns (RCA_TIME_NONE: the first one). FALSE when it is not worth it (a small file) or not
 * safe: not in the order of time, dates without a year, records without times. */
gboolean rca_bisect (const char *path, const RcaFormat *format, const RcaSampleLines *sample, gint64 from_ns, RcaPlace *out);
