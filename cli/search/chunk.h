/* The lines of a piece of text in memory, one after another; with a literal that must be in them, the
 * lines between are counted and not looked at. */
#pragma once
#include "bytes.h"
#include "search/lines.h"

typedef struct {
  const char *p, *end;
  guint64 number; /* of the line at @p */
} RcaChunk;

/* The next line, or with @literal (may be NULL) the next one that holds it. FALSE at the end. */
gboolean rca_chunk_next (RcaChunk *chunk, const char *literal, gsize literal_n, RcaLine *line);
