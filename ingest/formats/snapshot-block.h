/* What a block of a monitoring command's output says: tables of iostat and df, top, free, uptime,
 * ss -s, /proc/pressure/…, node_exporter's text. */
#pragma once
#include "../event.h"

enum { RCA_SNAPSHOT_COLUMNS = 48, RCA_SNAPSHOT_SAMPLES = 256 };

/* While one block is read. Zeroed but for @ev and @sample to begin with. */
typedef struct {
  RcaEvent *ev;
  RcaSample *sample;                     /* RCA_SNAPSHOT_SAMPLES of them */
  RcaBytes header[RCA_SNAPSHOT_COLUMNS]; /* of the table that is open */
  guint n_header;
  RcaBytes about; /* which of the pressure files */
  double mem_total, mem_available, files, files_max;
} RcaSnapshotBlock;

/* Whether @line says something known; its gauges are added to the block's event. */
gboolean rca_snapshot_read_line (RcaSnapshotBlock *block, RcaBytes line);

/* How many lines of @text say something known. */
guint rca_snapshot_read (RcaSnapshotBlock *block, RcaBytes text);

void rca_snapshot_add (RcaSnapshotBlock *block, RcaMetric metric, RcaBytes device, double value);
