/* From a store and a window to a report: all that the command line knows of this folder. */
#pragma once
#include "report.h"

typedef struct {
  RcaSpan window;
  RcaSpan baseline;    /* start == end: chosen from the data (CORRELATE.md) */
  const char *service; /* look at this service only, or NULL */
  const char *route;   /* look at this route only, or NULL */
} RcaAnalyzeOptions;

/* How far before @window an analysis may look: what a store should have at hand
 * (baseline, and changes of the 24 hours before). */
RcaSpan rca_analyze_reach (RcaSpan window);

RcaReport *rca_analyze (RcaStore *store, const RcaAnalyzeOptions *options, GError **error);
