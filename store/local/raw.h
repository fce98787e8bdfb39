/* The bytes of a source as they are read, until they are whole blocks of lines in a segment.
 *
 * A sheet's rows and the block of lines they stand in end together, so that the one can be derived from the other. */
#pragma once
#include "event.h"
#include "local/segment.h"

/* So many bytes make a block, whatever the number of rows; so many without any record are put away. */
#define RCA_RAW_BLOCK_BYTES ((gsize)16 << 20)
#define RCA_RAW_MOST_BYTES  ((gsize)32 << 20)

typedef struct RcaRaw RcaRaw;
/* @ids: (nullable): where ids go; else they stand in the lines. Outlives @raw. */
RcaRaw *rca_raw_new (RcaSegmentWriter *segment, const RcaIdStore *ids);
void rca_raw_free (RcaRaw *raw);

/* Part @place begins: bytes before @from are not wanted, @lines_before lines stand before it. What is left of the part
 * before must have been put away. */
void rca_raw_begin (RcaRaw *raw, guint64 place, guint64 from, guint64 lines_before);
void rca_raw_add (RcaRaw *raw, guint64 offset, RcaBytes bytes);
/* Whether a hole too large to be held as zeros stands between what is held and @offset: that must be put away first. */
gboolean rca_raw_has_hole (RcaRaw *raw, guint64 offset);
gsize rca_raw_held (RcaRaw *raw);
/* Bytes in front of @offset that are held. */
gsize rca_raw_before (RcaRaw *raw, guint64 offset);

/* Where the lines of @ev are; FALSE when they are not here, or say something else than ev->raw. */
gboolean rca_raw_place (RcaRaw *raw, const RcaEvent *ev, guint64 *position, guint32 *length);

/* Writes everything up to the line that holds the byte at @offset (G_MAXUINT64: all) as a block. @block: (out) its
 * columns, good until the next call, NULL when there was nothing; @position: of its first line. */
gboolean rca_raw_put (RcaRaw *raw, guint64 offset, RcaLinesBlock **block, guint64 *position, GError **error);
/* What is held beyond @limit is not wanted. */
void rca_raw_cut (RcaRaw *raw, guint64 limit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaRaw, rca_raw_free)
