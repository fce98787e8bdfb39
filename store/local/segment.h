/* A segment: rows of one source in one file that is never changed. FORMAT.md has its bytes. */
#pragma once
#include "table.h"

/* What a segment adds to the counts of its source. */
typedef struct {
  guint64 lines, records, parsed, rejected, http_5xx, errors, slow, changes, samples, zoneless, dateless;
} RcaSegmentCounts;

typedef struct {
  guint64 number; /* names the file: segment-000017 */
  guint64 rows, bytes;
  gint64 min_ns, max_ns; /* of times as logged; min > max: none */
  guint64 tail;          /* 1 + place of the part whose open end this is: the next look at that part replaces it; 0: kept for good */
  RcaSegmentCounts counts;
} RcaSegmentEntry;

char *rca_segment_name (guint64 number);

/* Removes its file, which no manifest names any more. */
void rca_segment_remove (const char *dir, guint64 number);

typedef struct RcaSegmentWriter RcaSegmentWriter;
RcaSegmentWriter *rca_segment_writer_new (const char *dir, guint64 number, GError **error);
/* Writes @sheet as it was filled (its own dictionaries), not yet merged into a table. */
gboolean rca_segment_writer_add (RcaSegmentWriter *writer, const RcaSheet *sheet, GError **error);
/* Writes the blocks of @text that were not written yet and lets go of their memory. */
gboolean rca_segment_writer_text (RcaSegmentWriter *writer, RcaText *text, GError **error);
/* Frees @writer. A segment without rows is not kept: @entry->rows is then 0. */
gboolean rca_segment_writer_finish (RcaSegmentWriter *writer, RcaSegmentEntry *entry, GError **error);
void rca_segment_writer_abandon (RcaSegmentWriter *writer);

typedef struct RcaSegment RcaSegment;
RcaSegment *rca_segment_open (const char *dir, guint64 number, GError **error);
void rca_segment_free (RcaSegment *segment);
/* Adds the sheets that may hold rows of [@from_ns, @to_ns) to @into, and all of the text. What is
 * damaged is named in @into->problem and left out. @segment must outlive @into. */
void rca_segment_load (RcaSegment *segment, RcaTableSource *into, gint64 from_ns, gint64 to_ns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSegment, rca_segment_free)
