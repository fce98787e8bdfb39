/* A file of ids: FORMAT.md in C. */
#pragma once
#include "local/ids.h"
#include "local/io.h"

#define RCA_IDS_MAGIC "RCAIDS01"
#define RCA_IDS_END   G_GUINT64_CONSTANT (0x3130454449414352) /* "RCAIDE01" */

typedef struct {
  guint64 n, checksum; /* XXH3-64 of its n × 16 bytes */
  gint64 min_ns, max_ns;
} RcaIdBlock;

typedef struct {
  guint64 n_blocks, checksum, magic; /* of the table of RcaIdBlock before it */
} RcaIdsTrailer;

static inline guint64
rca_ids_offset (guint block)
{
  return 8 + (guint64)block * RCA_IDS_BLOCK * 16;
}

/* The table of blocks of an open file; NULL when it is damaged. Transfer full. */
RcaIdBlock *rca_ids_read_table (int fd, const char *name, guint64 *n, GError **error);
/* The ids of block @index, checked, into @id (of n × 16 bytes). */
gboolean rca_ids_read_block (int fd, const char *name, const RcaIdBlock *table, guint index, guint8 *id, GError **error);
