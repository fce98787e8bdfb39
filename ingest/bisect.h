/* Finds where a span of time begins in a large plain file, without reading what stands before. */
#pragma once
#include "source.h"

/* How much later than its neighbours a line may stand in a log: at most what is allowed for, at
 * least what is allowed for a log in which every line that was looked at stands in order. */
#define RCA_LATE_NS    (3600 * RCA_NS_PER_S)
#define RCA_IN_TIME_NS (300 * RCA_NS_PER_S) /* so much a clock may be off as well */
/* The same for times without a zone: they may be that far from the UTC they are read as. */
#define RCA_ZONELESS_LATE_NS (15 * 3600 * RCA_NS_PER_S)

typedef struct {
  guint64 offset; /* of the first byte of a record */
  guint64 end;    /* from here on nothing began before @to_ns any more; G_MAXUINT64: to the end of the file */
  gint64 stop_ns; /* a time of which the same is true; RCA_TIME_NONE without @to_ns */
  gint64 first_ns, last_ns; /* of the whole file */
  gint64 late_ns; /* how much later than its neighbours a line may stand in this file */
  gboolean zone_known;
} RcaPlace;

/* Bisects @path, whose records are @format's as learnt from @sample, for the last record
 * that is surely older than @from_ns (RCA_TIME_NONE: the first one), and for the first that
 * tells of nothing that began before @to_ns (RCA_TIME_NONE: all matter). FALSE when it is not worth it (a small file) or not
 * safe: not in the order of time, dates without a year, records without times. */
gboolean rca_bisect (const char *path, const RcaFormat *format, const RcaSampleLines *sample, gint64 from_ns, gint64 to_ns, RcaPlace *out);

/* How many line feeds stand before byte @end of @path. */
guint64 rca_count_lines (const char *path, guint64 end);
/* The same between @from and @end of the open file @fd. */
guint64 rca_count_feeds (int fd, guint64 from, guint64 end);
