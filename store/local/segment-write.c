#include "local/id-filter.h"
#include "local/segment-private.h"
#include "local/pack.h"
#include <unistd.h>

G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN); /* FORMAT.md: all numbers are little-endian */

char *
rca_segment_name (guint64 number)
{
  return g_strdup_printf ("segment-%06" G_GUINT64_FORMAT, number);
}

void
rca_segment_remove (const char *dir, guint64 number)
{
  g_autofree char *name = rca_segment_name (number), *path = g_build_filename (dir, name, NULL);
  unlink (path);
}

RcaSegmentWriter *
rca_segment_writer_new (const char *dir, guint64 number, GError **error)
{
  g_autofree char *name = rca_segment_name (number);
  RcaIoFile *file = rca_io_create (dir, name, error);
  if (!file || !rca_io_append (file, RCA_SEGMENT_MAGIC, 8, error))
  {
    rca_io_abandon (file);
    return NULL;
  }
  RcaSegmentWriter *w = g_new0 (RcaSegmentWriter, 1);
  w->file = file;
  w->entry = (RcaSegmentEntry){ .number = number, .min_ns = G_MAXINT64, .max_ns = G_MININT64 };
  w->context = ZSTD_createCCtx ();
  ZSTD_CCtx_setParameter (w->context, ZSTD_c_compressionLevel, 3);
  w->block = g_array_new (FALSE, FALSE, sizeof (RcaSegmentBlock));
  w->sheet = g_ptr_array_new_with_free_func ((GDestroyNotify)g_byte_array_unref);
  w->text = g_array_new (FALSE, FALSE, sizeof (RcaSegmentText));
  w->lines = g_array_new (FALSE, FALSE, sizeof (RcaSegmentLines));
  return w;
}

static void
writer_free (RcaSegmentWriter *w)
{
  ZSTD_freeCCtx (w->context);
  g_array_unref (w->block);
  g_ptr_array_unref (w->sheet);
  g_array_unref (w->text);
  g_array_unref (w->lines);
  rca_buffer_clear (&w->packed);
  g_free (w);
}

void
rca_segment_writer_abandon (RcaSegmentWriter *w)
{
  if (!w)
    return;
  rca_io_abandon (w->file);
  writer_free (w);
}

gboolean
rca_segment_put_block (RcaSegmentWriter *w, gconstpointer data, gsize n, guint *index, GError **error)
{
  gsize bound = ZSTD_compressBound (n);
  w->packed.n = 0;
  gconstpointer out = rca_buffer_room (&w->packed, bound);
  gsize stored = n ? ZSTD_compress2 (w->context, w->packed.p, bound, data, n) : 0;
  if (ZSTD_isError (stored))
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "zstd: %s", ZSTD_getErrorName (stored));
    return FALSE;
  }
  if (stored >= n)
  {
    stored = n;
    out = data;
  }
  RcaSegmentBlock b = { rca_io_position (w->file), stored, n, XXH3_64bits (out, stored) };
  *index = w->block->len;
  g_array_append_val (w->block, b);
  return rca_io_append (w->file, out, stored, error);
}

int
rca_segment_append_packed (void *data, const char *bytes, size_t n)
{
  g_byte_array_append (data, (const guint8 *)bytes, (guint)n);
  return 0;
}

guint64
rca_segment_writer_n_lines (const RcaSegmentWriter *w)
{
  return w->n_lines;
}

void
rca_segment_writer_level (RcaSegmentWriter *w, int level)
{
  ZSTD_CCtx_setParameter (w->context, ZSTD_c_compressionLevel, level);
}

gboolean
rca_segment_writer_lines (RcaSegmentWriter *w, const RcaLinesEncoded *encoded, RcaSegmentLines *lines, GError **error)
{
  lines->bytes = encoded->n_bytes;
  lines->lines = encoded->n_lines;
  lines->plain = encoded->plain;
  lines->position = w->n_lines;
  lines->first_block = w->block->len;
  lines->n_blocks = encoded->piece->len;
  for (guint i = 0; i < encoded->piece->len; i++)
  {
    const RcaBuffer *piece = &g_array_index (encoded->piece, RcaBuffer, i);
    guint index;
    if (!rca_segment_put_block (w, piece->p, piece->n, &index, error))
      return FALSE;
  }
  if (encoded->block)
    rca_id_span_of (encoded->block, &lines->span);
  g_array_append_val (w->lines, *lines);
  w->n_lines += lines->lines;
  return TRUE;
}

gboolean
rca_segment_writer_text (RcaSegmentWriter *w, RcaText *text, GError **error)
{
  for (; w->text_written < rca_text_n_blocks (text); w->text_written++)
  {
    guint64 position;
    RcaBytes bytes = rca_text_block (text, w->text_written, &position);
    RcaSegmentText t = { bytes.n, 0 };
    if (!rca_segment_put_block (w, bytes.p, bytes.n, &t.block, error))
      return FALSE;
    g_array_append_val (w->text, t);
    rca_text_release (text, w->text_written);
  }
  return TRUE;
}

/* ---- footer ---- */

static void
pack_lines (msgpack_packer *p, const GArray *lines)
{
  rca_pack_key (p, "lines");
  msgpack_pack_array (p, lines->len);
  for (guint i = 0; i < lines->len; i++)
  {
    const RcaSegmentLines *l = &g_array_index (lines, RcaSegmentLines, i);
    const guint64 number[] = { l->place, l->offset, l->bytes, l->lines, l->first_line, l->plain, l->first_block, l->n_blocks, l->ids, l->span.told, l->span.first, l->span.last };
    msgpack_pack_array (p, G_N_ELEMENTS (number));
    for (gsize k = 0; k < G_N_ELEMENTS (number); k++)
      msgpack_pack_uint64 (p, number[k]);
  }
}

static GByteArray *
pack_footer (const RcaSegmentWriter *w)
{
  GByteArray *out = g_byte_array_new ();
  msgpack_packer p;
  msgpack_packer_init (&p, out, rca_segment_append_packed);
  msgpack_pack_map (&p, 5);
  rca_pack_u64 (&p, "version", RCA_SEGMENT_VERSION);
  rca_pack_key (&p, "blocks");
  msgpack_pack_array (&p, w->block->len);
  for (guint i = 0; i < w->block->len; i++)
  {
    const RcaSegmentBlock *b = &g_array_index (w->block, RcaSegmentBlock, i);
    msgpack_pack_array (&p, 4);
    msgpack_pack_uint64 (&p, b->offset);
    msgpack_pack_uint64 (&p, b->stored);
    msgpack_pack_uint64 (&p, b->raw);
    msgpack_pack_uint64 (&p, b->checksum);
  }
  rca_pack_key (&p, "sheets");
  msgpack_pack_array (&p, w->sheet->len);
  for (guint i = 0; i < w->sheet->len; i++)
  {
    const GByteArray *sheet = g_ptr_array_index (w->sheet, i);
    g_byte_array_append (out, sheet->data, sheet->len);
  }
  rca_pack_key (&p, "text");
  msgpack_pack_array (&p, w->text->len);
  for (guint i = 0; i < w->text->len; i++)
  {
    const RcaSegmentText *t = &g_array_index (w->text, RcaSegmentText, i);
    msgpack_pack_array (&p, 2);
    msgpack_pack_uint64 (&p, t->n);
    msgpack_pack_uint32 (&p, t->block);
  }
  pack_lines (&p, w->lines);
  return out;
}

gboolean
rca_segment_writer_finish (RcaSegmentWriter *w, RcaSegmentEntry *entry, GError **error)
{
  *entry = w->entry;
  if (w->entry.rows == 0 && w->lines->len == 0)
  {
    rca_segment_writer_abandon (w);
    return TRUE;
  }
  g_autoptr (GByteArray) footer = pack_footer (w);
  RcaSegmentTrailer trailer = { footer->len, XXH3_64bits (footer->data, footer->len), RCA_SEGMENT_END };
  gboolean ok = rca_io_append (w->file, footer->data, footer->len, error) && rca_io_append (w->file, &trailer, sizeof trailer, error);
  entry->bytes = rca_io_position (w->file);
  if (!ok)
  {
    rca_segment_writer_abandon (w);
    return FALSE;
  }
  ok = rca_io_commit (w->file, error);
  writer_free (w);
  return ok;
}
