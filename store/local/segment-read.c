#include "local/segment-private.h"
#include "framing.h"
#include "local/pack.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* No footer is near that; a length beyond it is a torn file. */
#define MAX_FOOTER_BYTES (G_GUINT64_CONSTANT (1) << 30)
/* A block holds a column of 64 K rows, a dictionary or some raw lines. */
#define MAX_BLOCK_BYTES (G_GUINT64_CONSTANT (1) << 31)

static void
close_lines (RcaSegment *s)
{
  g_clear_pointer (&s->open, rca_lines_close);
  g_clear_pointer (&s->open_pieces, rca_segment_pieces_free);
}

void
rca_segment_free (RcaSegment *s)
{
  if (!s)
    return;
  if (s->fd >= 0)
    close (s->fd);
  close_lines (s);
  rca_segment_use_ids (s, NULL);
  g_array_unref (s->block);
  g_array_unref (s->lines);
  msgpack_unpacked_destroy (&s->footer);
  g_byte_array_unref (s->footer_bytes);
  g_clear_pointer (&s->problem, g_ptr_array_unref);
  g_free (s->path);
  g_free (s->name);
  g_free (s);
}

gboolean
rca_segment_damaged (const RcaSegment *s, GError **error, const char *what)
{
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: %s", s->path, what);
  return FALSE;
}

static gboolean
read_footer (RcaSegment *s, GError **error)
{
  struct stat st;
  RcaSegmentTrailer trailer;
  if (fstat (s->fd, &st) != 0 || st.st_size < (off_t)(8 + sizeof trailer))
    return rca_segment_damaged (s, error, "too short for a segment");
  s->size = (guint64)st.st_size;
  char magic[8];
  if (!rca_io_read_at (s->fd, 0, magic, 8, error) || !rca_io_read_at (s->fd, s->size - sizeof trailer, &trailer, sizeof trailer, error))
    return FALSE;
  if (memcmp (magic, RCA_SEGMENT_MAGIC, 8) != 0 || trailer.magic != RCA_SEGMENT_END)
    return rca_segment_damaged (s, error, "no whole segment: its begin or end mark is missing");
  if (trailer.footer_length > MAX_FOOTER_BYTES || trailer.footer_length > s->size - 8 - sizeof trailer)
    return rca_segment_damaged (s, error, "footer length is impossible");
  g_byte_array_set_size (s->footer_bytes, (guint)trailer.footer_length);
  if (!rca_io_read_at (s->fd, s->size - sizeof trailer - trailer.footer_length, s->footer_bytes->data, trailer.footer_length, error))
    return FALSE;
  if (XXH3_64bits (s->footer_bytes->data, trailer.footer_length) != trailer.footer_checksum)
    return rca_segment_damaged (s, error, "footer: checksum differs");
  size_t at = 0;
  if (msgpack_unpack_next (&s->footer, (const char *)s->footer_bytes->data, s->footer_bytes->len, &at) != MSGPACK_UNPACK_SUCCESS)
    return rca_segment_damaged (s, error, "footer is no msgpack");
  return TRUE;
}

guint64
rca_segment_number_at (const msgpack_object *array, guint i)
{
  if (array->type != MSGPACK_OBJECT_ARRAY || i >= array->via.array.size || array->via.array.ptr[i].type != MSGPACK_OBJECT_POSITIVE_INTEGER)
    return 0;
  return array->via.array.ptr[i].via.u64;
}

static gboolean
read_blocks (RcaSegment *s, GError **error)
{
  if (rca_unpack_u64 (&s->footer.data, "version") > RCA_SEGMENT_VERSION)
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_VERSION, "%s: written by a newer rca", s->path);
    return FALSE;
  }
  msgpack_object_array blocks = rca_unpack_array (&s->footer.data, "blocks");
  for (guint32 i = 0; i < blocks.size; i++)
  {
    const msgpack_object *o = &blocks.ptr[i];
    RcaSegmentBlock b = { rca_segment_number_at (o, 0), rca_segment_number_at (o, 1), rca_segment_number_at (o, 2), rca_segment_number_at (o, 3) };
    if (b.offset > s->size || b.stored > s->size - b.offset || b.raw > MAX_BLOCK_BYTES)
      return rca_segment_damaged (s, error, "a block lies outside the file");
    g_array_append_val (s->block, b);
  }
  return TRUE;
}

static gboolean
read_lines (RcaSegment *s, GError **error)
{
  guint64 position = 0;
  msgpack_object_array lines = rca_unpack_array (&s->footer.data, "lines");
  for (guint32 i = 0; i < lines.size; i++)
  {
    const msgpack_object *o = &lines.ptr[i];
    RcaSegmentLines l = { 0 };
    guint64 *const number[] = { &l.place, &l.offset, &l.bytes, &l.lines, &l.first_line, &l.plain, &l.first_block, &l.n_blocks, &l.ids, &l.span.told, &l.span.first, &l.span.last };
    for (guint k = 0; k < G_N_ELEMENTS (number); k++)
      *number[k] = rca_segment_number_at (o, k);
    l.position = position;
    if (l.first_block > s->block->len || l.n_blocks > s->block->len - l.first_block || l.bytes > MAX_BLOCK_BYTES || l.lines > l.bytes)
      return rca_segment_damaged (s, error, "a block of lines is not there");
    position += l.lines;
    g_array_append_val (s->lines, l);
  }
  return TRUE;
}

RcaSegment *
rca_segment_open (const char *dir, guint64 number, GError **error)
{
  g_autoptr (RcaSegment) s = g_new0 (RcaSegment, 1);
  s->name = rca_segment_name (number);
  s->path = g_build_filename (dir, s->name, NULL);
  s->block = g_array_new (FALSE, FALSE, sizeof (RcaSegmentBlock));
  s->lines = g_array_new (FALSE, FALSE, sizeof (RcaSegmentLines));
  s->footer_bytes = g_byte_array_new ();
  msgpack_unpacked_init (&s->footer);
  s->fd = rca_io_open (s->path, error);
  if (s->fd < 0 || !read_footer (s, error) || !read_blocks (s, error) || !read_lines (s, error))
    return NULL;
  return g_steal_pointer (&s);
}

gboolean
rca_segment_check_block (RcaSegment *s, guint64 index, GError **error)
{
  if (index >= s->block->len)
    return rca_segment_damaged (s, error, "a block that is named is not there");
  const RcaSegmentBlock *b = &g_array_index (s->block, RcaSegmentBlock, index);
  g_autofree char *stored = g_malloc (MAX (b->stored, 1));
  if (!rca_io_read_at (s->fd, b->offset, stored, b->stored, error))
    return FALSE;
  if (XXH3_64bits (stored, b->stored) == b->checksum)
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "block %" G_GUINT64_FORMAT ": checksum differs", index);
  return FALSE;
}

gpointer
rca_segment_get_block (RcaSegment *s, guint64 index, guint64 want, gsize *n, GError **error)
{
  if (index >= s->block->len)
  {
    rca_segment_damaged (s, error, "a block that is named is not there");
    return NULL;
  }
  const RcaSegmentBlock *b = &g_array_index (s->block, RcaSegmentBlock, index);
  g_autofree char *stored = g_malloc (MAX (b->stored, 1));
  if (!rca_io_read_at (s->fd, b->offset, stored, b->stored, error))
    return NULL;
  const char *wrong = XXH3_64bits (stored, b->stored) != b->checksum ? "checksum differs"
                      : want != G_MAXUINT64 && b->raw != want        ? "has another length than said"
                                                                     : NULL;
  g_autofree char *raw = wrong ? NULL : g_malloc (MAX (b->raw, 1));
  if (!wrong)
  {
    gsize got = b->raw;
    if (b->stored == b->raw)
      memcpy (raw, stored, b->raw);
    else
      got = ZSTD_decompress (raw, b->raw, stored, b->stored);
    wrong = ZSTD_isError (got) || got != b->raw ? "cannot be uncompressed" : NULL;
  }
  if (wrong)
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "block %" G_GUINT64_FORMAT ": %s", index, wrong);
    return NULL;
  }
  *n = b->raw;
  return g_steal_pointer (&raw);
}

/* ---- lines ---- */

const RcaSegmentLines *
rca_segment_lines (const RcaSegment *s, guint *n)
{
  *n = s->lines->len;
  return (const RcaSegmentLines *)(void *)s->lines->data;
}

struct RcaSegmentPieces {
  RcaSegment *s;
  guint64 first_block;
  GPtrArray *piece; /* RcaBuffer */
};

static void
piece_free (gpointer data)
{
  RcaBuffer *piece = data;
  rca_buffer_clear (piece);
  g_free (piece);
}

void
rca_segment_pieces_free (RcaSegmentPieces *pieces)
{
  if (!pieces)
    return;
  g_ptr_array_unref (pieces->piece);
  g_free (pieces);
}

void
rca_segment_pieces_trim (RcaSegmentPieces *pieces)
{
  g_ptr_array_set_size (pieces->piece, (gint)MIN (pieces->piece->len, 2));
}

static const RcaBuffer *
get_piece (guint index, gpointer user, GError **error)
{
  RcaSegmentPieces *pieces = user;
  gsize n;
  guint8 *data = rca_segment_get_block (pieces->s, pieces->first_block + index, G_MAXUINT64, &n, error);
  if (!data)
    return NULL;
  RcaBuffer *piece = g_new (RcaBuffer, 1);
  *piece = (RcaBuffer){ data, n, n };
  g_ptr_array_add (pieces->piece, piece);
  return piece;
}

void
rca_segment_use_ids (RcaSegment *s, RcaIdFiles *files)
{
  g_clear_pointer (&s->ids, rca_id_files_unref);
  s->ids = files ? rca_id_files_ref (files) : NULL;
}

static gboolean
fetch_ids (const guint64 *reference, gsize n, guint8 *ids, gpointer user, GError **error)
{
  RcaSegment *s = user;
  if (s->ids)
    return rca_id_files_fetch (s->ids, reference, n, ids, error);
  return rca_segment_damaged (s, error, "the ids of its lines are not at hand");
}

RcaLinesBlock *
rca_segment_new_lines (RcaSegment *s, guint index, RcaSegmentPieces **pieces, GError **error)
{
  if (index >= s->lines->len)
  {
    rca_segment_damaged (s, error, "a block of lines that is named is not there");
    return NULL;
  }
  const RcaSegmentLines *l = &g_array_index (s->lines, RcaSegmentLines, index);
  const RcaIdStore ids = { NULL, fetch_ids, s };
  RcaSegmentPieces *p = g_new (RcaSegmentPieces, 1);
  *p = (RcaSegmentPieces){ s, l->first_block, g_ptr_array_new_with_free_func (piece_free) };
  RcaLinesBlock *block = rca_lines_open (l->lines, l->bytes, l->plain != 0, (guint)l->n_blocks, get_piece, p, l->ids ? &ids : NULL, error);
  if (block)
    *pieces = p;
  else
  {
    rca_segment_pieces_free (p);
    g_prefix_error (error, "lines %u: ", index);
  }
  return block;
}

RcaLinesBlock *
rca_segment_open_lines (RcaSegment *s, guint index, GError **error)
{
  if (s->open && s->open_index == index)
    return s->open;
  close_lines (s);
  s->open_index = index;
  return s->open = rca_segment_new_lines (s, index, &s->open_pieces, error);
}

GBytes *
rca_segment_raw (RcaSegment *s, guint index, GError **error)
{
  RcaLinesBlock *block = rca_segment_open_lines (s, index, error);
  return block ? rca_lines_text (block, error) : NULL;
}

/* ---- text ---- */

static void
tell_lost (RcaSegment *s, const GError *error)
{
  if (s->problem)
    g_ptr_array_add (s->problem, g_strdup_printf ("%s: raw text: %s (its lines cannot be quoted)", s->path, error->message));
}

/* Lines as the record they are: cleaned as the framer does it. */
static GBytes *
fetch_lines (guint index, guint64 first, guint64 n, gpointer user)
{
  RcaSegment *s = user;
  g_autoptr (GError) error = NULL;
  RcaLinesBlock *block = rca_segment_open_lines (s, index, &error);
  g_autoptr (GBytes) raw = block ? rca_lines_some (block, first, n, &error) : NULL;
  if (!raw)
  {
    tell_lost (s, error);
    return NULL;
  }
  gsize length;
  const char *p = g_bytes_get_data (raw, &length);
  char *clean = g_malloc (MAX (length, 1));
  return g_bytes_new_take (clean, rca_record_clean (rca_bytes (p, length), clean));
}

static GBytes *
fetch_text (guint index, gpointer user)
{
  RcaSegment *s = user;
  gsize n;
  g_autoptr (GError) error = NULL;
  gpointer data = rca_segment_get_block (s, index, G_MAXUINT64, &n, &error);
  if (data)
    return g_bytes_new_take (data, n);
  tell_lost (s, error);
  return NULL;
}

/* All that a sheet is read from, before any of it is believed. */
static gboolean
check_sheet (RcaSegment *s, const msgpack_object *said, GError **error)
{
  static const struct {
    const char *list;
    guint at;
  } lists[] = { { "dictionaries", 2 }, { "columns", 3 } };
  g_autofree guint8 *checked = g_new0 (guint8, s->block->len + 1);
  for (guint k = 0; k < G_N_ELEMENTS (lists); k++)
  {
    msgpack_object_array all = rca_unpack_array (said, lists[k].list);
    for (guint32 i = 0; i < all.size; i++)
    {
      guint64 index = rca_segment_number_at (&all.ptr[i], lists[k].at);
      if (index < s->block->len && checked[index]++)
        continue;
      if (!rca_segment_check_block (s, index, error))
        return FALSE;
    }
  }
  guint64 lines = rca_unpack_u64 (said, "lines");
  const RcaSegmentLines *l = lines && lines <= s->lines->len ? &g_array_index (s->lines, RcaSegmentLines, lines - 1) : NULL;
  for (guint64 i = 0; l && i < l->n_blocks; i++)
    if (!rca_segment_check_block (s, l->first_block + i, error))
    {
      g_prefix_error (error, "lines %" G_GUINT64_FORMAT ": ", lines - 1);
      return FALSE;
    }
  return TRUE;
}

void
rca_segment_load (RcaSegment *s, RcaTableSource *into, gint64 from_ns, gint64 to_ns)
{
  guint64 base = rca_text_end (into->text), lines_base = rca_text_lines_end (into->text) & ~RCA_TEXT_LINES;
  s->problem = g_ptr_array_ref (into->problem);
  msgpack_object_array text = rca_unpack_array (&s->footer.data, "text");
  for (guint32 i = 0; i < text.size; i++)
    rca_text_add_remote (into->text, rca_segment_number_at (&text.ptr[i], 0), fetch_text, s, (guint)rca_segment_number_at (&text.ptr[i], 1));
  for (guint i = 0; i < s->lines->len; i++)
    rca_text_add_lines (into->text, g_array_index (s->lines, RcaSegmentLines, i).lines, fetch_lines, s, i);
  msgpack_object_array sheets = rca_unpack_array (&s->footer.data, "sheets");
  for (guint32 i = 0; i < sheets.size; i++)
  {
    gint64 min = rca_unpack_i64 (&sheets.ptr[i], "min"), max = rca_unpack_i64 (&sheets.ptr[i], "max");
    if (min > max || max < from_ns || min >= to_ns)
      continue;
    g_autoptr (GError) error = NULL;
    RcaSheet *sheet = check_sheet (s, &sheets.ptr[i], &error) ? rca_segment_lazy_sheet (s, &sheets.ptr[i], base, lines_base, &error) : NULL;
    if (!sheet)
    {
      g_ptr_array_add (into->problem, g_strdup_printf ("%s: sheet %u: %s (segment kept, %" G_GUINT64_FORMAT " rows skipped)", s->path, i, error->message,
                                                       rca_unpack_u64 (&sheets.ptr[i], "rows")));
      continue;
    }
    g_ptr_array_add (into->sheet, sheet);
  }
}

/* ---- for those who write it anew ---- */

guint
rca_segment_n_sheets (const RcaSegment *s)
{
  return rca_unpack_array (&s->footer.data, "sheets").size;
}

guint64
rca_segment_sheet_lines (const RcaSegment *s, guint index)
{
  return rca_unpack_u64 (&rca_unpack_array (&s->footer.data, "sheets").ptr[index], "lines");
}

RcaSheet *
rca_segment_sheet (RcaSegment *s, guint index, GError **error)
{
  return rca_segment_read_sheet (s, &rca_unpack_array (&s->footer.data, "sheets").ptr[index], error);
}

GBytes *
rca_segment_text (RcaSegment *s, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  msgpack_object_array text = rca_unpack_array (&s->footer.data, "text");
  for (guint32 i = 0; i < text.size; i++)
  {
    gsize n;
    g_autofree guint8 *data = rca_segment_get_block (s, rca_segment_number_at (&text.ptr[i], 1), rca_segment_number_at (&text.ptr[i], 0), &n, error);
    if (!data)
      return NULL;
    g_byte_array_append (all, data, (guint)n);
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&all));
}
