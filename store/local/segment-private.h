/* What the writer and the reader of segments agree on: FORMAT.md in C. */
#pragma once
#include "local/io.h"
#include "local/segment.h"
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#define RCA_SEGMENT_MAGIC "RCASEG01"
#define RCA_SEGMENT_END G_GUINT64_CONSTANT (0x3130444e45414352) /* "RCAEND01" */
#define RCA_SEGMENT_VERSION 1

typedef enum { RCA_ENCODING_PLAIN, RCA_ENCODING_DIFFERENCES } RcaEncoding;

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
