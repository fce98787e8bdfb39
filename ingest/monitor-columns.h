/* The columns that sysstat's programs print (sar, mpstat, sadf -d, iostat, pidstat): one table
 * from their names to gauges. */
#pragma once
#include "event.h"

/* Gauges of one row: @name and @value are its columns, in order. Reads the row's device
 * (CPU, DEV, IFACE, FILESYSTEM, …) out of the columns, too. Adds at most @max to @out; returns how many.
 * A row of one CPU among several, or with no known column, gives one RCA_METRIC_OTHER. */
guint rca_monitor_columns (const RcaBytes *name, const RcaBytes *value, guint n, RcaSample *out, guint max);

/* Splits @line at blanks; returns how many words (at most @max). */
guint rca_monitor_words (RcaBytes line, RcaBytes *word, guint max);
