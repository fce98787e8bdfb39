#include "local/segment-private.h"
#include "local/pack.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* No footer is near that; a length beyond it is a torn file. */
#define MAX_FOOTER_BYTES (G_GUINT64_CONSTANT (1) << 30)
/* A block holds a column of 64 K rows, a dictionary or some raw lines. */
#define MAX_BLOCK_BYTES (G_GUINT64_CONSTANT (1) << 31)

struct RcaSegment {
  char *path, *name;
  int fd;
  guint64 size;
  GArray *block; /* RcaSegmentBlock */
  msgpack_unpacked footer;
  GByteArray *footer_bytes;
  GPtrArray *problem; /* of the source it was loaded into: text may turn out damaged later */
};

void
rca_segment_free (RcaSegment *s)
{
  if (!s)
    return;
  if (s->fd >= 0)
    close (s->fd);
  g_array_unref (s->block);
  msgpack_unpacked_destroy (&s->footer);
  g_byte_array_unref (s->footer_bytes);
  g_clear_pointer (&s->problem, g_ptr_array_unref);
  g_free (s->path);
  g_free (s->name);
  g_free (s);
}

static gboolean
damaged (const RcaSegment *s, GError **error, const char *what)
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
    return damaged (s, error, "too short for a segment");
  s->size = (guint64)st.st_size;
  char magic[8];
  if (!rca_io_read_at (s->fd, 0, magic, 8, error) || !rca_io_read_at (s->fd, s->size - sizeof trailer, &trailer, sizeof trailer, error))
    return FALSE;
  if (memcmp (magic, RCA_SEGMENT_MAGIC, 8) != 0 || trailer.magic != RCA_SEGMENT_END)
    return damaged (s, error, "no whole segment: its begin or end mark is missing");
  if (trailer.footer_length > MAX_FOOTER_BYTES || trailer.footer_length > s->size - 8 - sizeof trailer)
    return damaged (s, error, "footer length is impossible");
  g_byte_array_set_size (s->footer_bytes, (guint)trailer.footer_length);
  if (!rca_io_read_at (s->fd, s->size - sizeof trailer - trailer.footer_length, s->footer_bytes->data, trailer.footer_length, error))
    return FALSE;
  if (XXH3_64bits (s->footer_bytes->data, trailer.footer_length) != trailer.footer_checksum)
    return damaged (s, error, "footer: checksum differs");
  size_t at = 0;
  if (msgpack_unpack_next (&s->footer, (const char *)s->footer_bytes->data, s->footer_bytes->len, &at) != MSGPACK_UNPACK_SUCCESS)
    return damaged (s, error, "footer is no msgpack");
  return TRUE;
}

static guint64
element_u64 (const msgpack_object *array, guint i)
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
    RcaSegmentBlock b = { element_u64 (o, 0), element_u64 (o, 1), element_u64 (o, 2), element_u64 (o, 3) };
    if (b.offset > s->size || b.stored > s->size - b.offset || b.raw > MAX_BLOCK_BYTES)
      return damaged (s, error, "a block lies outside the file");
    g_array_append_val (s->block, b);
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
  s->footer_bytes = g_byte_array_new ();
  msgpack_unpacked_init (&s->footer);
  s->fd = rca_io_open (s->path, error);
  if (s->fd < 0 || !read_footer (s, error) || !read_blocks (s, error))
    return NULL;
  return g_steal_pointer (&s);
}

/* Block @index uncompressed; it must hold @want bytes unless that is G_MAXUINT64. Transfer full. */
static gpointer
read_block (RcaSegment *s, guint64 index, guint64 want, gsize *n, GError **error)
{
  if (index >= s->block->len)
  {
    damaged (s, error, "a block that is named is not there");
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
    gsize got = ZSTD_decompress (raw, b->raw, stored, b->stored);
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

/* ---- columns ---- */

static RcaColumnId
column_by_name (const msgpack_object *name)
{
  for (guint c = 0; name->type == MSGPACK_OBJECT_STR && c < RCA_N_COLUMNS; c++)
  {
    const char *known = rca_column_info ((RcaColumnId)c)->name;
    if (strlen (known) == name->via.str.size && memcmp (known, name->via.str.ptr, name->via.str.size) == 0)
      return (RcaColumnId)c;
  }
  return RCA_COL_NONE;
}

static RcaDomain
domain_by_name (const msgpack_object *name)
{
  for (guint d = 0; name->type == MSGPACK_OBJECT_STR && d < RCA_N_DOMAINS; d++)
  {
    const char *known = rca_domain_name ((RcaDomain)d);
    if (strlen (known) == name->via.str.size && memcmp (known, name->via.str.ptr, name->via.str.size) == 0)
      return (RcaDomain)d;
  }
  return RCA_DOMAIN_NONE;
}

static void
sum_up (gpointer data, guint32 n, gsize width)
{
  guint32 *small = data;
  guint64 *large = data;
  for (guint32 i = 1; i < n; i++)
    if (width == 4)
      small[i] += small[i - 1];
    else
      large[i] += large[i - 1];
}

/* Adds @base to where raw text stands: segments of one source follow each other. */
static void
shift_text (RcaSheet *sheet, guint64 base)
{
  guint64 *position = rca_sheet_column (sheet, RCA_COL_TEXT_POSITION);
  for (guint32 i = 0; base && i < sheet->n; i++)
    position[i] += base;
}

static gboolean
load_column (RcaSegment *s, RcaSheet *sheet, const msgpack_object *o, GError **error)
{
  if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 4)
    return damaged (s, error, "a column is not described");
  RcaColumnId c = column_by_name (&o->via.array.ptr[0]);
  if (c == RCA_COL_NONE)
    return TRUE; /* of a later rca */
  const RcaColumnInfo *info = rca_column_info (c);
  gsize n, width = rca_column_width (info->type);
  if (element_u64 (o, 1) != info->type)
    return damaged (s, error, "a column has another type");
  gpointer data = read_block (s, element_u64 (o, 3), (guint64)sheet->n * width, &n, error);
  if (!data)
  {
    g_prefix_error (error, "column \"%s\": ", info->name);
    return FALSE;
  }
  if (element_u64 (o, 2) == RCA_ENCODING_DIFFERENCES)
    sum_up (data, sheet->n, width);
  g_free (sheet->column[c]);
  sheet->column[c] = data;
  return TRUE;
}

static gboolean
load_dictionary (RcaSegment *s, RcaSheet *sheet, const msgpack_object *o, GError **error)
{
  if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 3)
    return damaged (s, error, "a dictionary is not described");
  RcaDomain d = domain_by_name (&o->via.array.ptr[0]);
  if (d == RCA_DOMAIN_NONE)
    return TRUE;
  gsize n;
  g_autofree char *data = read_block (s, element_u64 (o, 2), G_MAXUINT64, &n, error);
  if (!data)
  {
    g_prefix_error (error, "dictionary \"%s\": ", rca_domain_name (d));
    return FALSE;
  }
  guint64 count = element_u64 (o, 1);
  gsize at = count * 4;
  if (count > n / 4)
    return damaged (s, error, "a dictionary is too short");
  RcaDictionary *dictionary = rca_dictionary_new ();
  rca_dictionary_free (sheet->dictionary[d]);
  sheet->dictionary[d] = dictionary;
  for (guint64 i = 0; i < count; i++)
  {
    guint32 length;
    memcpy (&length, data + i * 4, 4);
    if (length == 0 || length > n - at || rca_dictionary_intern (dictionary, rca_bytes (data + at, length)) != i + 1)
      return damaged (s, error, "a dictionary does not add up");
    at += length;
  }
  return TRUE;
}

/* Codes point into their dictionary: what a checksum cannot promise of a file somebody else made. */
static gboolean
check_codes (RcaSegment *s, const RcaSheet *sheet, GError **error)
{
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
  {
    const RcaColumnInfo *info = rca_column_info ((RcaColumnId)c);
    if (!sheet->column[c] || info->type != RCA_COLUMN_CODE)
      continue;
    guint32 size = sheet->dictionary[info->domain] ? rca_dictionary_size (sheet->dictionary[info->domain]) : 1;
    const guint32 *codes = sheet->column[c];
    for (guint32 i = 0; i < sheet->n; i++)
      if (codes[i] >= size)
        return damaged (s, error, "a value is not in its dictionary");
  }
  return sheet->column[RCA_COL_TIME] ? TRUE : damaged (s, error, "rows without times");
}

static RcaSheet *
load_sheet (RcaSegment *s, const msgpack_object *o, GError **error)
{
  guint64 rows = rca_unpack_u64 (o, "rows");
  if (rows == 0 || rows > RCA_SHEET_ROWS)
  {
    damaged (s, error, "a sheet has an impossible number of rows");
    return NULL;
  }
  g_autoptr (RcaSheet) sheet = rca_sheet_new ();
  sheet->n = sheet->capacity = (guint32)rows;
  msgpack_object_array columns = rca_unpack_array (o, "columns"), dictionaries = rca_unpack_array (o, "dictionaries");
  for (guint32 i = 0; i < columns.size; i++)
    if (!load_column (s, sheet, &columns.ptr[i], error))
      return NULL;
  for (guint32 i = 0; i < dictionaries.size; i++)
    if (!load_dictionary (s, sheet, &dictionaries.ptr[i], error))
      return NULL;
  return check_codes (s, sheet, error) ? g_steal_pointer (&sheet) : NULL;
}

/* ---- text ---- */

static GBytes *
fetch_text (guint index, gpointer user)
{
  RcaSegment *s = user;
  gsize n;
  g_autoptr (GError) error = NULL;
  gpointer data = read_block (s, index, G_MAXUINT64, &n, &error);
  if (data)
    return g_bytes_new_take (data, n);
  if (s->problem)
    g_ptr_array_add (s->problem, g_strdup_printf ("%s: raw text: %s (its lines cannot be quoted)", s->path, error->message));
  return NULL;
}

void
rca_segment_load (RcaSegment *s, RcaTableSource *into, gint64 from_ns, gint64 to_ns)
{
  guint64 base = rca_text_end (into->text);
  s->problem = g_ptr_array_ref (into->problem);
  msgpack_object_array text = rca_unpack_array (&s->footer.data, "text");
  for (guint32 i = 0; i < text.size; i++)
    rca_text_add_remote (into->text, element_u64 (&text.ptr[i], 0), fetch_text, s, (guint)element_u64 (&text.ptr[i], 1));
  msgpack_object_array sheets = rca_unpack_array (&s->footer.data, "sheets");
  for (guint32 i = 0; i < sheets.size; i++)
  {
    gint64 min = rca_unpack_i64 (&sheets.ptr[i], "min"), max = rca_unpack_i64 (&sheets.ptr[i], "max");
    if (min > max || max < from_ns || min >= to_ns)
      continue;
    g_autoptr (GError) error = NULL;
    RcaSheet *sheet = load_sheet (s, &sheets.ptr[i], &error);
    if (!sheet)
    {
      g_ptr_array_add (into->problem, g_strdup_printf ("%s: sheet %u: %s (segment kept, %" G_GUINT64_FORMAT " rows skipped)", s->path, i, error->message,
                                                       rca_unpack_u64 (&sheets.ptr[i], "rows")));
      continue;
    }
    shift_text (sheet, base);
    g_ptr_array_add (into->sheet, sheet);
  }
}
