/* Segments written anew as one: longer blocks of lines, fuller sheets, zstd's highest level. */
#pragma once
#include "local/ids.h"
#include "local/manifest.h"

/* Writes the segments @entry (n of them, neighbours) as segment @number. FALSE when one of them is damaged, or
 * writing fails (RCA_STORE_ERROR_WRITE): nothing was changed then. */
gboolean rca_compact_segments (const char *dir, const RcaSegmentEntry *entry, guint n, guint64 number, RcaIds *ids, RcaIdFiles *files, RcaSegmentEntry *out, GError **error);
