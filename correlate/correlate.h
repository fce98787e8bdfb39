/* From a store and a window to a report: all that the command line knows of this folder. */
#pragma once
#include "report.h"

/* What to leave out of the reckoning, to measure what it is worth (tests/lab/trial.c); never set in use. */
typedef struct {
  guint without;       /* bits of RcaEvidenceKind; without the prior all kinds are as likely */
  gboolean no_dormancy, no_explaining;
  double unseen;       /* factor on the rate of causes whose log was not read; 1 in use */
} RcaTrial;

typedef struct {
  RcaSpan window;
  RcaSpan baseline;    /* start == end: chosen from the data (CORRELATE.md) */
  const char *service; /* look at this service only, or NULL */
  const char *route;   /* look at this route only, or NULL */
  const RcaTrial *trial; /* NULL: everything counts */
} RcaAnalyzeOptions;

/* How far before @window an analysis may look: what a store should have at hand
 * (baseline, and changes of the 24 hours before). */
RcaSpan rca_analyze_reach (RcaSpan window);

/* One analysis holds this much, at an hour a bucket with its baseline; a longer window is refused. */
#define RCA_LONGEST_WINDOW_NS (365 * 24 * 3600 * RCA_NS_PER_S)

RcaReport *rca_analyze (RcaStore *store, const RcaAnalyzeOptions *options, GError **error);
