/* Whether a block of lines may hold an id, told without reading it.
 *
 * Ids stand once in the store's files of ids, and lines refer to them by their place (local/ids.h): looking an id up
 * there (a scan at memory speed, 16 bytes an id) gives its few places, and each block says which places it refers to at
 * least and at most. A filter a block would cost 12 bits an id and source, more than everything else of it. */
#pragma once
#include "local/lines/lines.h"

/* What a block says of the ids in its lines. */
typedef struct {
  guint64 told;        /* 0: nothing; 1: every id in it is a variable by itself; 2: longer words may hold one */
  guint64 first, last; /* smallest and largest reference; first > last: none */
} RcaIdSpan;
void rca_id_span_of (RcaLinesBlock *block, RcaIdSpan *span);

/* Whether @text is an id that spans know: 32 lower case hexadecimal digits, no plain number. Written
 * in any other way than as an id (within a longer word) it would stand in the block as text, which
 * the span says. */
gboolean rca_id_filter_knows (RcaBytes text, guint8 id[16]);
typedef enum {
  RCA_ID_ABSENT, /* no line of the block holds its digits */
  RCA_ID_AS_ID,  /* if a line holds them, then as an id */
  RCA_ID_UNKNOWN
} RcaIdHold;
/* @reference: guint64, all places of the id. @refers: the block's ids are references, not bytes. */
RcaIdHold rca_id_span_ask (const RcaIdSpan *span, gboolean refers, const GArray *reference);

/* The lines (guint64, from 0, ascending) of @block that hold @id, which has the places @reference, as an id. FALSE: not
 * told by columns alone. */
gboolean rca_id_filter_lines (RcaLinesBlock *block, const guint8 id[16], const GArray *reference, GArray *line);
