/* What the writer and the reader of segments agree on: FORMAT.md in C. */
#pragma once
#include "local/derive.h"
#include "local/ids.h"
#include "local/io.h"
#include "local/segment.h"
#include <msgpack.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#define RCA_SEGMENT_MAGIC "RCASEG01"
#define RCA_SEGMENT_END G_GUINT64_CONSTANT (0x3130444e45414352) /* "RCAEND01" */
/* 1 had a zstd frame a column, and text in place of lines: still read. */
#define RCA_SEGMENT_VERSION 2

typedef enum {
  RCA_COLUMN_PLAIN,       /* version 1: an array of elements */
  RCA_COLUMN_DIFFERENCES, /* version 1: each less the one before */
  RCA_COLUMN_INTEGERS,    /* encodings/integers.h */
  RCA_COLUMN_RULE,        /* derive.h */
  RCA_COLUMN_FROM_LINE,   /* as INTEGERS, less the line of the row */
} RcaColumnEncoding;

/* A block whose stored length is that of its content is stored as it is. */
typedef struct {
  guint64 offset, stored, raw, checksum; /* XXH3-64 of the stored bytes */
} RcaSegmentBlock;

typedef struct {
  guint64 n;
  guint block;
} RcaSegmentText;

typedef struct {
  guint64 footer_length, footer_checksum, magic;
} RcaSegmentTrailer;

/* ---- writing ---- */

struct RcaSegmentWriter {
  RcaIoFile *file;
  RcaSegmentEntry entry;
  ZSTD_CCtx *context;
  GArray *block;      /* RcaSegmentBlock */
  GPtrArray *sheet;   /* GByteArray: packed descriptions */
  GArray *text;       /* RcaSegmentText */
  guint text_written; /* blocks of the text that are on disk */
  GArray *lines;      /* RcaSegmentLines */
  guint64 n_lines;
  RcaDeriveMemory derive;
  RcaBuffer packed;   /* room for a compressed block */
};

/* Compresses, when that pays, and appends @n bytes; @index: which block they became. */
gboolean rca_segment_put_block (RcaSegmentWriter *writer, gconstpointer data, gsize n, guint *index, GError **error);
int rca_segment_append_packed (void *byte_array, const char *bytes, size_t n);

/* ---- reading ---- */

struct RcaSegment {
  char *path, *name;
  int fd;
  guint64 size;
  GArray *block; /* RcaSegmentBlock */
  GArray *lines; /* RcaSegmentLines */
  msgpack_unpacked footer;
  GByteArray *footer_bytes;
  GPtrArray *problem; /* of the source it was loaded into: text may turn out damaged later */
  RcaLinesBlock *open; /* the block of lines read last */
  guint open_index;
  struct RcaSegmentPieces *open_pieces; /* what it reads from */
  RcaIdFiles *ids;   /* (nullable) */
};

/* What a block of lines reads from. */
typedef struct RcaSegmentPieces RcaSegmentPieces;
void rca_segment_pieces_free (RcaSegmentPieces *pieces);
/* Lets go of all but the first two, which the block itself reads from: after rca_layout_release(). */
void rca_segment_pieces_trim (RcaSegmentPieces *pieces);
/* Block of lines @index as columns, by itself; @pieces: (out): lives as long as it, freed after it. */
RcaLinesBlock *rca_segment_new_lines (RcaSegment *segment, guint index, RcaSegmentPieces **pieces, GError **error);
/* Whether block @index is as it was written. */
gboolean rca_segment_check_block (RcaSegment *segment, guint64 index, GError **error);

gboolean rca_segment_damaged (const RcaSegment *segment, GError **error, const char *what);
/* Block @index uncompressed; it must hold @want bytes unless that is G_MAXUINT64. Transfer full. */
gpointer rca_segment_get_block (RcaSegment *segment, guint64 index, guint64 want, gsize *n, GError **error);
guint64 rca_segment_number_at (const msgpack_object *array, guint i);
/* sheet-read.c */
/* Its columns are read when they are asked for; @segment outlives it. Their bytes are not looked at before:
 * rca_segment_check_block(). @text_base, @lines_base: what is added to where its text stands. What turns out to be
 * wrong is told in @segment's problems. */
RcaSheet *rca_segment_lazy_sheet (RcaSegment *segment, const msgpack_object *said, guint64 text_base, guint64 lines_base, GError **error);
/* All of it. */
RcaSheet *rca_segment_read_sheet (RcaSegment *segment, const msgpack_object *said, GError **error);
