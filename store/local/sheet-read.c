/* Sheets out of segments: stored columns, dictionaries, and what the lines tell. */
#include "local/pack.h"
#include "local/segment-private.h"
#include "text.h"

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

/* ---- where columns lie ---- */

typedef struct {
  RcaSegment *s;
  RcaSheet *sheet;
  RcaDeriveRows *rows;
  GError **error;
  guint64 index; /* of the block at hand, which many small columns share */
  guint8 *data;
  gsize n;
} Loading;

static void
loading_clear (Loading *l)
{
  rca_derive_rows_free (l->rows);
  g_free (l->data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loading, loading_clear)

/* The bytes that @o names from its element @at on: block, offset, length. */
static gboolean
get_bytes (Loading *l, const msgpack_object *o, guint at, RcaCursor *in)
{
  guint64 index = rca_segment_number_at (o, at), offset = rca_segment_number_at (o, at + 1), length = rca_segment_number_at (o, at + 2);
  if (!l->data || l->index != index)
  {
    g_clear_pointer (&l->data, g_free);
    l->data = rca_segment_get_block (l->s, index, G_MAXUINT64, &l->n, l->error);
    l->index = index;
    if (!l->data)
      return FALSE;
  }
  if (offset > l->n || length > l->n - offset)
    return rca_segment_damaged (l->s, l->error, "a column lies outside its block");
  *in = rca_cursor (l->data + offset, length);
  return TRUE;
}

/* ---- columns ---- */

static gboolean
load_old_column (Loading *l, RcaColumnId c, guint64 encoding, const msgpack_object *o)
{
  gsize n, width = rca_column_width (rca_column_info (c)->type);
  gpointer data = rca_segment_get_block (l->s, rca_segment_number_at (o, 3), (guint64)l->sheet->n * width, &n, l->error);
  if (!data)
    return FALSE;
  if (encoding == RCA_COLUMN_DIFFERENCES)
    sum_up (data, l->sheet->n, width);
  g_free (l->sheet->column[c]);
  l->sheet->column[c] = data;
  return TRUE;
}

static void
put_all (RcaSheet *sheet, RcaColumnId c, const guint64 *v)
{
  gpointer data = rca_sheet_column (sheet, c);
  gsize width = rca_column_width (rca_column_info (c)->type);
  for (guint32 r = 0; r < sheet->n; r++)
    memcpy ((char *)data + r * width, &v[r], width); /* little-endian: the low bytes stand first */
}

static gboolean
load_integers (Loading *l, RcaColumnId c, gboolean from_line, RcaCursor *in)
{
  g_autofree guint64 *v = g_new (guint64, l->sheet->n);
  if (!rca_integers_decode (in, v, l->sheet->n))
    return rca_segment_damaged (l->s, l->error, "its numbers do not add up");
  for (guint32 r = 0; from_line && r < l->sheet->n; r++)
    v[r] += rca_sheet_u32 (l->sheet, RCA_COL_LINE, r);
  put_all (l->sheet, c, v);
  return TRUE;
}

static gboolean
load_rule (Loading *l, RcaColumnId c, RcaCursor *in)
{
  if (!l->rows)
    return rca_segment_damaged (l->s, l->error, "a rule without lines");
  return rca_rule_read (in, l->rows, l->sheet, c, l->error);
}

/* @rules: only columns that are derived, or only those that are not. */
static gboolean
load_column (Loading *l, const msgpack_object *o, gboolean rules)
{
  if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 4)
    return rca_segment_damaged (l->s, l->error, "a column is not described");
  RcaColumnId c = column_by_name (&o->via.array.ptr[0]);
  guint64 encoding = rca_segment_number_at (o, 2);
  if (c == RCA_COL_NONE || (encoding == RCA_COLUMN_RULE) != rules)
    return TRUE; /* of a later rca, or of the other turn */
  RcaCursor in;
  if (rca_segment_number_at (o, 1) != rca_column_info (c)->type || encoding > RCA_COLUMN_FROM_LINE)
    return rca_segment_damaged (l->s, l->error, "a column has another type");
  gboolean ok = encoding <= RCA_COLUMN_DIFFERENCES ? load_old_column (l, c, encoding, o)
                : !get_bytes (l, o, 3, &in)        ? FALSE
                : rules                            ? load_rule (l, c, &in)
                                                   : load_integers (l, c, encoding == RCA_COLUMN_FROM_LINE, &in);
  if (!ok)
    g_prefix_error (l->error, "column \"%s\": ", rca_column_info (c)->name);
  return ok;
}

/* ---- dictionaries ---- */

static gboolean
intern_all (Loading *l, RcaDomain d, const guint64 *length, guint64 n, RcaCursor *in)
{
  RcaDictionary *dictionary = rca_dictionary_new ();
  rca_dictionary_free (l->sheet->dictionary[d]);
  l->sheet->dictionary[d] = dictionary;
  for (guint64 i = 0; i < n; i++)
  {
    const guint8 *text = rca_cursor_take (in, length[i]);
    if (!text || length[i] == 0 || rca_dictionary_intern (dictionary, rca_bytes ((const char *)text, length[i])) != i + 1)
      return rca_segment_damaged (l->s, l->error, "a dictionary does not add up");
  }
  return TRUE;
}

/* Version 1: lengths as 32 bits. */
static gboolean
load_old_dictionary (Loading *l, RcaDomain d, guint64 n, const msgpack_object *o)
{
  gsize got;
  g_autofree guint8 *data = rca_segment_get_block (l->s, rca_segment_number_at (o, 2), G_MAXUINT64, &got, l->error);
  if (!data || n > got / 4)
    return data ? rca_segment_damaged (l->s, l->error, "a dictionary is too short") : FALSE;
  g_autofree guint64 *length = g_new0 (guint64, MAX (n, 1));
  for (guint64 i = 0; i < n; i++)
    memcpy (&length[i], data + i * 4, 4);
  RcaCursor in = rca_cursor (data + n * 4, got - n * 4);
  return intern_all (l, d, length, n, &in);
}

static gboolean
load_dictionary (Loading *l, const msgpack_object *o)
{
  if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 3)
    return rca_segment_damaged (l->s, l->error, "a dictionary is not described");
  RcaDomain d = domain_by_name (&o->via.array.ptr[0]);
  guint64 n = rca_segment_number_at (o, 1);
  RcaCursor in;
  if (d == RCA_DOMAIN_NONE)
    return TRUE;
  gboolean ok;
  if (o->via.array.size == 3)
    ok = load_old_dictionary (l, d, n, o);
  else
  {
    /* a row has at most a word of each column, and each column a table of at most that size */
    g_autofree guint64 *length = n <= RCA_SHEET_ROWS * RCA_N_COLUMNS ? g_new (guint64, MAX (n, 1)) : NULL;
    ok = length && get_bytes (l, o, 2, &in) && (rca_integers_decode (&in, length, n) || rca_segment_damaged (l->s, l->error, "its lengths do not add up"))
         && intern_all (l, d, length, n, &in);
    if (!length)
      rca_segment_damaged (l->s, l->error, "a dictionary has an impossible length");
  }
  if (!ok)
    g_prefix_error (l->error, "dictionary \"%s\": ", rca_domain_name (d));
  return ok;
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
        return rca_segment_damaged (s, error, "a value is not in its dictionary");
  }
  return sheet->column[RCA_COL_TIME] ? TRUE : rca_segment_damaged (s, error, "rows without times");
}

static gboolean
load_parts (Loading *l, const msgpack_object *o)
{
  msgpack_object_array columns = rca_unpack_array (o, "columns"), dictionaries = rca_unpack_array (o, "dictionaries");
  for (guint32 i = 0; i < dictionaries.size; i++)
    if (!load_dictionary (l, &dictionaries.ptr[i]))
      return FALSE;
  for (guint32 i = 0; i < columns.size; i++)
    if (!load_column (l, &columns.ptr[i], FALSE))
      return FALSE;
  guint64 lines = rca_unpack_u64 (o, "lines");
  if (lines)
  {
    RcaLinesBlock *block = rca_segment_open_lines (l->s, (guint)MIN (lines - 1, G_MAXUINT), l->error);
    if (!block)
      return FALSE;
    guint n;
    l->rows = rca_derive_rows_new (block, l->sheet, rca_segment_lines (l->s, &n)[lines - 1].position | RCA_TEXT_LINES);
  }
  for (guint32 i = 0; i < columns.size; i++)
    if (!load_column (l, &columns.ptr[i], TRUE))
      return FALSE;
  return TRUE;
}

RcaSheet *
rca_segment_read_sheet (RcaSegment *s, const msgpack_object *o, GError **error)
{
  guint64 rows = rca_unpack_u64 (o, "rows");
  if (rows == 0 || rows > RCA_SHEET_ROWS)
  {
    rca_segment_damaged (s, error, "a sheet has an impossible number of rows");
    return NULL;
  }
  g_autoptr (RcaSheet) sheet = rca_sheet_new ();
  sheet->n = sheet->capacity = (guint32)rows;
  g_auto (Loading) l = { .s = s, .sheet = sheet, .error = error };
  return load_parts (&l, o) && check_codes (s, sheet, error) ? g_steal_pointer (&sheet) : NULL;
}
