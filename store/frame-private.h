/* What a frame is made of: filled by frame-build.c, read by frame.c. */
#pragma once
#include "seam.h"

/* Measures that have an array of their own, in the order of the bits of RcaMeasure. */
enum {
  RCA_FRAME_COUNT,
  RCA_FRAME_FAILED,
  RCA_FRAME_BYTES,
  RCA_FRAME_DURATION,
  RCA_FRAME_FAILED_DURATION,
  RCA_FRAME_CONNECT,
  RCA_FRAME_UPSTREAM,
  RCA_FRAME_ROWS_EXAMINED,
  RCA_FRAME_ROWS_SENT,
  RCA_FRAME_LOCK_TIME,
  RCA_FRAME_CLIENTS,
  RCA_FRAME_CLIENTS_FAILED,
  RCA_FRAME_GAUGE,
  RCA_FRAME_ABORTED,
  RCA_FRAME_LIMITED,
  RCA_FRAME_N_MEASURES
};

/* One client of one entity in one bucket, once. */
typedef struct {
  guint32 entity, bucket, client;
} RcaVisit;

struct RcaFrame {
  guint n_entities, n_buckets; /* series are (n_entities + 1) × n_buckets: `other` is last */
  gint64 start_ns, width_ns;
  guint64 other_entities;
  const char **value[2], **label[2]; /* n_entities + 1 each; strings of the store */
  GHashTable *find;                  /* "value0\x1fvalue1" → entity + 1 */
  double *series[RCA_FRAME_N_MEASURES], *n[RCA_FRAME_N_MEASURES];
  RcaHistogram **histogram[RCA_FRAME_N_MEASURES];
  GPtrArray *histogram_block;
  guint histogram_left;
  RcaGauge *gauge;
  GArray *visit[2]; /* RcaVisit, sorted: all, failed */
};

/* An empty frame with the buckets of @query. */
RcaFrame *rca_frame_new (const RcaFrameQuery *query);
/* Sorts visits (0: all, 1: failed) and keeps each once; their number a bucket is the series. */
void rca_frame_settle_visits (RcaFrame *frame, guint which);
