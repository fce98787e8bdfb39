/* How a history keeps its cells. */
#pragma once
#include "history.h"

enum { RCA_HISTORY_STATEMENTS = 0xff }; /* in place of a stream */

/* As GVariant lays out (uuudu). */
typedef struct {
  guint32 bucket; /* time / width */
  guint32 count, failed;
  double seconds; /* sum of durations */
  guint32 n_bins;
} RcaHistoryCell;

typedef struct {
  guint8 stream;
  char *name, *label;
  GArray *cell; /* RcaHistoryCell, by bucket */
  GArray *bin;  /* guint32: bin << 24 | count; the cells' histograms one after the other */
  GArray *at;   /* guint32: where each cell's bins begin */
} RcaHistorySeries;

struct RcaHistory {
  GPtrArray *series; /* RcaHistorySeries, in the order they came */
  GHashTable *find;  /* "stream name" → RcaHistorySeries */
  GPtrArray *source; /* RcaSourceInfo, strings in @strings */
  GPtrArray *problem, *note; /* char* */
  GStringChunk *strings;
};

RcaHistorySeries *rca_history_series (RcaHistory *history, guint8 stream, const char *name, const char *label);
RcaSourceInfo *rca_history_take_source (GStringChunk *strings, const RcaSourceInfo *from);
