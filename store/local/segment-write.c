#include "local/segment-private.h"
#include "local/pack.h"
#include <unistd.h>

G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN); /* FORMAT.md: all numbers are little-endian */

struct RcaSegmentWriter {
  RcaIoFile *file;
  RcaSegmentEntry entry;
  ZSTD_CCtx *context;
  GArray *block;      /* RcaSegmentBlock */
  GPtrArray *sheet;   /* GByteArray: packed descriptions */
  GArray *text;       /* RcaSegmentText */
  guint text_written; /* blocks of the text that are on disk */
};

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
  return w;
}

static void
writer_free (RcaSegmentWriter *w)
{
  ZSTD_freeCCtx (w->context);
  g_array_unref (w->block);
  g_ptr_array_unref (w->sheet);
  g_array_unref (w->text);
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

/* Compresses and appends @n bytes; @index: which block they became. */
static gboolean
write_block (RcaSegmentWriter *w, gconstpointer data, gsize n, guint *index, GError **error)
{
  gsize bound = ZSTD_compressBound (n);
  g_autofree char *out = g_malloc (bound);
  gsize stored = ZSTD_compress2 (w->context, out, bound, data, n);
  if (ZSTD_isError (stored))
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "zstd: %s", ZSTD_getErrorName (stored));
    return FALSE;
  }
  RcaSegmentBlock b = { rca_io_position (w->file), stored, n, XXH3_64bits (out, stored) };
  *index = w->block->len;
  g_array_append_val (w->block, b);
  return rca_io_append (w->file, out, stored, error);
}

/* ---- columns ---- */

/* Numbers that mostly grow are written as differences: zstd then sees small ones. */
static gboolean
is_growing (RcaColumnId c)
{
  return c == RCA_COL_TIME || c == RCA_COL_LINE || c == RCA_COL_TEXT_POSITION;
}

static gpointer
differences (const RcaSheet *sheet, RcaColumnId c)
{
  if (rca_column_width (rca_column_info (c)->type) == 4)
  {
    const guint32 *from = sheet->column[c];
    guint32 *to = g_new (guint32, sheet->n);
    for (guint32 i = 0; i < sheet->n; i++)
      to[i] = from[i] - (i ? from[i - 1] : 0);
    return to;
  }
  const guint64 *from = sheet->column[c];
  guint64 *to = g_new (guint64, sheet->n);
  for (guint32 i = 0; i < sheet->n; i++)
    to[i] = from[i] - (i ? from[i - 1] : 0);
  return to;
}

static gboolean
write_column (RcaSegmentWriter *w, msgpack_packer *p, const RcaSheet *sheet, RcaColumnId c, GError **error)
{
  const RcaColumnInfo *info = rca_column_info (c);
  g_autofree gpointer changed = is_growing (c) ? differences (sheet, c) : NULL;
  guint block;
  if (!write_block (w, changed ? changed : sheet->column[c], sheet->n * rca_column_width (info->type), &block, error))
    return FALSE;
  msgpack_pack_array (p, 4);
  rca_pack_key (p, info->name);
  msgpack_pack_uint32 (p, info->type);
  msgpack_pack_uint32 (p, changed ? RCA_ENCODING_DIFFERENCES : RCA_ENCODING_PLAIN);
  msgpack_pack_uint32 (p, block);
  return TRUE;
}

/* Lengths of all strings, then their bytes; id 0 (the empty string) is not written. */
static GByteArray *
flatten (const RcaDictionary *dictionary)
{
  guint32 n = rca_dictionary_size (dictionary);
  GByteArray *out = g_byte_array_new ();
  for (guint32 i = 1; i < n; i++)
  {
    guint32 length = (guint32)rca_dictionary_bytes (dictionary, i).n;
    g_byte_array_append (out, (const guint8 *)&length, sizeof length);
  }
  for (guint32 i = 1; i < n; i++)
  {
    RcaBytes b = rca_dictionary_bytes (dictionary, i);
    g_byte_array_append (out, (const guint8 *)b.p, (guint)b.n);
  }
  return out;
}

static gboolean
write_dictionary (RcaSegmentWriter *w, msgpack_packer *p, RcaDomain d, const RcaDictionary *dictionary, GError **error)
{
  g_autoptr (GByteArray) flat = flatten (dictionary);
  guint block;
  if (!write_block (w, flat->data, flat->len, &block, error))
    return FALSE;
  msgpack_pack_array (p, 3);
  rca_pack_key (p, rca_domain_name (d));
  msgpack_pack_uint32 (p, rca_dictionary_size (dictionary) - 1);
  msgpack_pack_uint32 (p, block);
  return TRUE;
}

static void
time_span (const RcaSheet *sheet, gint64 *min, gint64 *max)
{
  const gint64 *time = sheet->column[RCA_COL_TIME];
  *min = G_MAXINT64;
  *max = G_MININT64;
  for (guint32 i = 0; i < sheet->n; i++)
    if (time[i] != RCA_TIME_NONE)
    {
      *min = MIN (*min, time[i]);
      *max = MAX (*max, time[i]);
    }
}

static int
append_packed (void *data, const char *bytes, size_t n)
{
  g_byte_array_append (data, (const guint8 *)bytes, (guint)n);
  return 0;
}

gboolean
rca_segment_writer_add (RcaSegmentWriter *w, const RcaSheet *sheet, GError **error)
{
  if (sheet->n == 0)
    return TRUE;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  msgpack_packer p;
  msgpack_packer_init (&p, out, append_packed);
  gint64 min, max;
  time_span (sheet, &min, &max);
  guint n_columns = 0, n_dictionaries = 0;
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    n_columns += sheet->column[c] != NULL;
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    n_dictionaries += sheet->dictionary[d] != NULL;
  msgpack_pack_map (&p, 5);
  rca_pack_u64 (&p, "rows", sheet->n);
  rca_pack_i64 (&p, "min", min);
  rca_pack_i64 (&p, "max", max);
  rca_pack_key (&p, "columns");
  msgpack_pack_array (&p, n_columns);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (sheet->column[c] && !write_column (w, &p, sheet, (RcaColumnId)c, error))
      return FALSE;
  rca_pack_key (&p, "dictionaries");
  msgpack_pack_array (&p, n_dictionaries);
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    if (sheet->dictionary[d] && !write_dictionary (w, &p, (RcaDomain)d, sheet->dictionary[d], error))
      return FALSE;
  g_ptr_array_add (w->sheet, g_steal_pointer (&out));
  w->entry.rows += sheet->n;
  w->entry.min_ns = MIN (w->entry.min_ns, min);
  w->entry.max_ns = MAX (w->entry.max_ns, max);
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
    if (!write_block (w, bytes.p, bytes.n, &t.block, error))
      return FALSE;
    g_array_append_val (w->text, t);
    rca_text_release (text, w->text_written);
  }
  return TRUE;
}

/* ---- footer ---- */

static GByteArray *
pack_footer (const RcaSegmentWriter *w)
{
  GByteArray *out = g_byte_array_new ();
  msgpack_packer p;
  msgpack_packer_init (&p, out, append_packed);
  msgpack_pack_map (&p, 4);
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
  return out;
}

gboolean
rca_segment_writer_finish (RcaSegmentWriter *w, RcaSegmentEntry *entry, GError **error)
{
  *entry = w->entry;
  if (w->entry.rows == 0)
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
