/* Rows of a sheet as one block of ClickHouse's format Native: column after column, each with its
 * name and type. Values of a column stand side by side, as they do in a sheet; the server parses nothing. */
#pragma once
#include "table.h"

typedef struct {
  guint64 block;  /* what the commit will name */
  guint64 source; /* rca_source_number() */
  guint64 place;  /* of the first row; the others follow */
  const guint8 *speaks; /* by row */
} RcaNativeRows;

/* Appends all rows of @sheet, which is one of @source in the finished @table, with the columns of rca_schema_columns(). */
void rca_native_put_sheet (GByteArray *out, RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, const RcaNativeRows *rows);

/* @n bytes as gzip, quickly rather than small; transfer full. */
GByteArray *rca_gzip (const void *data, gsize n);
