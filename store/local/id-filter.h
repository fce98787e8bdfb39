/* Which ids a block of lines may hold: a Bloom filter in blocks of a cache line (Putze, Sanders,
 * Singler 2007, "Cache-, hash- and space-efficient Bloom filters"), 12 bits an id, near 1 in 200 wrong.
 *
 * For searching one id in a store of any size: a block that cannot hold it costs 64 bytes. */
#pragma once
#include "local/lines/lines.h"

/* The filter of all ids of @block (there may be none); empty when it cannot be told: then the block must be read. */
void rca_id_filter_build (RcaLinesBlock *block, RcaBuffer *out);

/* Whether @text is an id that filters know: 32 lower case hexadecimal digits, no plain number. Written
 * in any other way than as an id (within a longer word) it would stand in the block as text, which
 * the filter says of itself. */
gboolean rca_id_filter_knows (RcaBytes text, guint8 id[16]);
typedef enum {
  RCA_ID_ABSENT, /* no line of the block holds its digits */
  RCA_ID_AS_ID,  /* if a line holds them, then as an id */
  RCA_ID_UNKNOWN
} RcaIdHold;
RcaIdHold rca_id_filter_ask (RcaBytes filter, const guint8 id[16]);

/* The lines (guint64, from 0, ascending) of @block that hold @id as an id. FALSE: not told by columns alone. */
gboolean rca_id_filter_lines (RcaLinesBlock *block, const guint8 id[16], GArray *line);
