#include "files/whole.h"

typedef struct {
  RcaTableSource *into;
  RcaTableWriter *writer;
} Piece;

struct RcaFilesWhole {
  RcaSource *source;
  RcaTableSource *into;
  RcaPieces *pieces;
  Piece *piece;
};

RcaFilesWhole *
rca_files_whole_cut (RcaSource *source, RcaTableSource *into, const RcaReadOptions *options)
{
  RcaPieces *pieces = rca_pieces_cut (source, options, RCA_PIECE_BYTES);
  if (!pieces)
    return NULL;
  RcaFilesWhole *whole = g_new0 (RcaFilesWhole, 1);
  whole->source = source;
  whole->into = into;
  whole->pieces = pieces;
  whole->piece = g_new0 (Piece, rca_pieces_n (pieces));
  return whole;
}

void
rca_files_whole_free (RcaFilesWhole *whole)
{
  if (!whole)
    return;
  for (guint i = 0; i < rca_pieces_n (whole->pieces); i++)
    rca_table_source_free (whole->piece[i].into);
  rca_pieces_free (whole->pieces);
  g_free (whole->piece);
  g_free (whole);
}

guint
rca_files_whole_n (const RcaFilesWhole *whole)
{
  return rca_pieces_n (whole->pieces);
}

static void
take_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  rca_table_writer_append (((Piece *)user)->writer, part, ev);
}

void
rca_files_whole_read (RcaFilesWhole *whole, guint i)
{
  Piece *piece = &whole->piece[i];
  piece->into = rca_table_source_new (whole->source->path);
  piece->writer = rca_table_writer_new (piece->into);
  /* the lines stand in the file of the whole, which stays open */
  rca_table_writer_leave_raw (piece->writer, whole->source);
  rca_pieces_read (whole->pieces, i, take_event, piece);
  g_clear_pointer (&piece->writer, rca_table_writer_free);
}

static void
shift_rows (RcaSheet *sheet, gint64 lines, guint64 text)
{
  guint32 *line = sheet->column[RCA_COL_LINE];
  guint64 *position = text ? rca_sheet_column (sheet, RCA_COL_TEXT_POSITION) : NULL;
  for (guint32 row = 0; line && row < sheet->n; row++)
    line[row] = (guint32)CLAMP (line[row] + lines, 0, G_MAXUINT32);
  for (guint32 row = 0; text && row < sheet->n; row++)
    if (rca_raw_offset (sheet, row) == G_MAXUINT64)
      position[row] += text;
}

static void
add_rows (RcaTableSource *into, RcaTableSource *from, gint64 lines)
{
  guint64 text = rca_text_take (into->text, from->text);
  for (guint i = 0; i < from->sheet->len; i++)
    shift_rows (g_ptr_array_index (from->sheet, i), lines, text);
  while (from->sheet->len)
    g_ptr_array_add (into->sheet, g_ptr_array_steal_index (from->sheet, 0));
  into->stamp_digits |= from->stamp_digits;
  into->zoneless += from->zoneless;
  into->dateless += from->dateless;
}

gboolean
rca_files_whole_join (RcaFilesWhole *whole)
{
  guint n = rca_pieces_n (whole->pieces);
  g_autofree gint64 *lines_before = g_new0 (gint64, n);
  if (!rca_pieces_join (whole->pieces, lines_before))
    return FALSE;
  for (guint i = 0; i < n; i++)
    add_rows (whole->into, whole->piece[i].into, lines_before[i]);
  return TRUE;
}
