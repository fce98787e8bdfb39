/* One column's value into an event: what all access logs share, text or JSON. */
#pragma once
#include "access-line.h"
#include "timestamp.h"

/* The time last read, as written: lines of one second share it. */
typedef struct {
  RcaStampContext context;
  char text[40];
  gsize n;
  RcaStamp stamp;
} RcaAccessClock;

void rca_access_clock_init (RcaAccessClock *clock, gint64 mtime_ns);

/* Reads @value as the request's time. FALSE when it is none. */
gboolean rca_access_set_time (RcaAccessClock *clock, RcaBytes value, RcaEvent *ev);

/* The distance between the event's time and @value becomes DURATION when none is set. */
void rca_access_set_other_time (RcaAccessClock *clock, RcaBytes value, RcaEvent *ev);

/* The sum (or the longest) of a list of durations over attempts; FALSE when it holds none. */
gboolean rca_access_duration (RcaBytes value, gint64 unit_ns, gboolean longest, gint64 *out_ns);

/* Sets what @column says; absent values are left out. Times are not for here. */
void rca_access_set (const RcaAccessColumn *column, RcaBytes value, RcaEvent *ev);

/* When all columns are set: FAILURE out of the status and the termination flags. */
void rca_access_finish (RcaEvent *ev);
