#include "table.h"
#include "identity.h"
#include "redact.h"

const char *
rca_table_statement_name (RcaTable *table, const char *fingerprint)
{
  if (!*fingerprint)
    return "";
  g_autoptr (RcaArena) arena = rca_arena_new ();
  RcaBytes name = rca_sql_name (rca_bytes_str (fingerprint), arena);
  g_autofree char *text = g_strndup (name.p, name.n);
  return g_string_chunk_insert_const (table->strings, text);
}

char *
rca_table_quote (RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  return rca_redact_line (rca_table_raw (source, sheet, row), table->no_redact);
}

static const char *
part_path (const RcaTableSource *source, guint part)
{
  return part < source->part->len ? g_ptr_array_index (source->part, part) : source->path;
}

static guint64
line_of (RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  guint part = rca_sheet_u16 (sheet, RCA_COL_PART, row);
  guint64 line = rca_sheet_u32 (sheet, RCA_COL_LINE, row);
  if (!source->origin || part >= source->origin->parts->len)
    return line;
  if (source->lines_before[part] == G_MAXUINT64)
    source->lines_before[part] = source->lines_number[part] >= 0 ? rca_line_count_get (source->lines_of, (guint)source->lines_number[part])
                                                                  : rca_source_lines_before (source->origin, part);
  return line + source->lines_before[part];
}

RcaRef
rca_table_ref (RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  g_autofree char *text = rca_table_quote (table, source, sheet, row);
  return (RcaRef){
    .path = part_path (source, rca_sheet_u16 (sheet, RCA_COL_PART, row)),
    .line = line_of (source, sheet, row),
    .time_ns = rca_sheet_u8 (sheet, RCA_COL_FLAGS, row) & RCA_EVENT_TIME_IS_START ? sheet->start[row] : sheet->end[row],
    .text = g_string_chunk_insert_const (table->strings, text),
  };
}
