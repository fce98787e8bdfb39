/* A segment: rows of one source in one file that is never changed. FORMAT.md has its bytes. */
#pragma once
#include "local/id-filter.h"
#include "local/lines/lines.h"
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
  guint64 ids_first, ids_last; /* numbers of the files of ids that its lines refer to, and those between; 0: none */
  guint64 level; /* of zstd: 0 as it was read, else compacted */
  RcaSegmentCounts counts;
} RcaSegmentEntry;

char *rca_segment_name (guint64 number);

/* Removes its file, which no manifest names any more. */
void rca_segment_remove (const char *dir, guint64 number);

typedef struct RcaSegmentWriter RcaSegmentWriter;
RcaSegmentWriter *rca_segment_writer_new (const char *dir, guint64 number, GError **error);
/* A block of lines, and of which bytes of which part they are. */
typedef struct {
  guint64 place, offset, bytes, lines;
  guint64 first_line;        /* in the part, from 1 */
  guint64 position;          /* of its first line among the segment's lines */
  guint64 plain;             /* 1: as text */
  guint64 first_block, n_blocks;
  guint64 ids;               /* 1: its ids are references to the store's */
  RcaIdSpan span;
} RcaSegmentLines;
/* Writes @encoded, which are the @bytes, @lines and so on of @lines; fills in the rest of it. */
gboolean rca_segment_writer_lines (RcaSegmentWriter *writer, const RcaLinesEncoded *encoded, RcaSegmentLines *lines, GError **error);
guint64 rca_segment_writer_n_lines (const RcaSegmentWriter *writer);
/* Compresses harder from now on (zstd's levels; 3 at first). */
void rca_segment_writer_level (RcaSegmentWriter *writer, int level);

/* Writes @sheet as it was filled (its own dictionaries), not yet merged into a table. @block (nullable): the lines
 * that its rows stand in, the first of them at @position: what they tell is not written again. */
gboolean rca_segment_writer_add (RcaSegmentWriter *writer, const RcaSheet *sheet, RcaLinesBlock *block, guint64 position, GError **error);
/* Whether the column's texts stood in the lines of the sheet written last, and nowhere else. */
gboolean rca_segment_writer_tells (const RcaSegmentWriter *writer, RcaColumnId column);
/* Writes the blocks of @text that were not written yet and lets go of their memory. */
gboolean rca_segment_writer_text (RcaSegmentWriter *writer, RcaText *text, GError **error);
/* Frees @writer. A segment without rows and lines is not kept: @entry->bytes is then 0. */
gboolean rca_segment_writer_finish (RcaSegmentWriter *writer, RcaSegmentEntry *entry, GError **error);
void rca_segment_writer_abandon (RcaSegmentWriter *writer);

typedef struct RcaSegment RcaSegment;
RcaSegment *rca_segment_open (const char *dir, guint64 number, GError **error);
void rca_segment_free (RcaSegment *segment);
/* Where the ids of its lines are; without, lines that refer to them are not read. */
struct RcaIdFiles;
void rca_segment_use_ids (RcaSegment *segment, struct RcaIdFiles *files);
/* Adds the sheets that may hold rows of [@from_ns, @to_ns) to @into, and all of the text. What is
 * damaged is named in @into->problem and left out. @segment must outlive @into. */
void rca_segment_load (RcaSegment *segment, RcaTableSource *into, gint64 from_ns, gint64 to_ns);

guint rca_segment_n_sheets (const RcaSegment *segment);
/* 1 + the block of lines that the rows of sheet @index stand in; 0: none. */
guint64 rca_segment_sheet_lines (const RcaSegment *segment, guint index);
/* Sheet @index as it was filled; NULL when damaged. */
RcaSheet *rca_segment_sheet (RcaSegment *segment, guint index, GError **error);
/* All text that is not in lines, in order; NULL when damaged. */
GBytes *rca_segment_text (RcaSegment *segment, GError **error);
/* Its blocks of lines, in order. */
const RcaSegmentLines *rca_segment_lines (const RcaSegment *segment, guint *n);
/* Its @index-th block of lines as columns; good until another one is opened. */
RcaLinesBlock *rca_segment_open_lines (RcaSegment *segment, guint index, GError **error);
/* All bytes of block of lines @index; NULL when it is damaged. */
GBytes *rca_segment_raw (RcaSegment *segment, guint index, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaSegment, rca_segment_free)
