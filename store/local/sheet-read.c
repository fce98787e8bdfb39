/* Sheets out of segments: stored columns, dictionaries, and what the lines tell, each when it is first asked for. */
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

/* Brings the columns of a sheet, one by one. */
typedef struct {
  RcaSegment *s;
  RcaSheet *sheet;
  const msgpack_object *column[RCA_N_COLUMNS], *dictionary[RCA_N_DOMAINS];
  guint64 lines;         /* 1 + the block of lines that its rules speak of */
  guint64 text_base, lines_base; /* what comes before the segment's text and lines in the source's */
  RcaLinesBlock *block;
  RcaSegmentPieces *pieces;
  RcaDeriveRows *rows;
  guint32 *code[RCA_N_DOMAINS]; /* of its words in sheet->into */
  guint32 n_codes[RCA_N_DOMAINS];
  GHashTable *raw;       /* block → RcaBuffer: what many small columns share */
  GError *error;         /* what was wrong first */
} Bringing;

static void
buffer_free (gpointer data)
{
  rca_buffer_clear (data);
  g_free (data);
}

static void
bringing_free (gpointer data)
{
  Bringing *b = data;
  rca_derive_rows_free (b->rows);
  rca_lines_close (b->block);
  rca_segment_pieces_free (b->pieces);
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    g_free (b->code[d]);
  g_hash_table_unref (b->raw);
  g_clear_error (&b->error);
  g_free (b);
}

/* The bytes that @o names from its element @at on: block, offset, length. */
static gboolean
get_bytes (Bringing *b, const msgpack_object *o, guint at, RcaCursor *in, GError **error)
{
  guint64 index = rca_segment_number_at (o, at), offset = rca_segment_number_at (o, at + 1), length = rca_segment_number_at (o, at + 2);
  RcaBuffer *raw = g_hash_table_lookup (b->raw, GSIZE_TO_POINTER (index));
  if (!raw)
  {
    gsize n;
    guint8 *data = rca_segment_get_block (b->s, index, G_MAXUINT64, &n, error);
    if (!data)
      return FALSE;
    raw = g_new (RcaBuffer, 1);
    *raw = (RcaBuffer){ data, n, n };
    g_hash_table_insert (b->raw, GSIZE_TO_POINTER (index), raw);
  }
  if (offset > raw->n || length > raw->n - offset)
    return rca_segment_damaged (b->s, error, "a column lies outside its block");
  *in = rca_cursor (raw->p + offset, length);
  return TRUE;
}

/* ---- dictionaries ---- */

static gboolean
intern_all (Bringing *b, RcaDomain d, const guint64 *length, guint64 n, RcaCursor *in, GError **error)
{
  RcaDictionary *own = b->sheet->into ? NULL : rca_dictionary_new ();
  if (own)
  {
    rca_dictionary_free (b->sheet->dictionary[d]);
    b->sheet->dictionary[d] = own;
  }
  else
  {
    b->code[d] = g_new0 (guint32, n + 1);
    b->n_codes[d] = (guint32)n + 1;
  }
  for (guint64 i = 0; i < n; i++)
  {
    const guint8 *text = rca_cursor_take (in, length[i]);
    RcaBytes bytes = rca_bytes ((const char *)text, text ? length[i] : 0);
    if (!bytes.n || (own && rca_dictionary_intern (own, bytes) != i + 1))
      return rca_segment_damaged (b->s, error, "a dictionary does not add up");
    if (!own)
      b->code[d][i + 1] = rca_dictionary_intern (b->sheet->into[d], bytes);
  }
  return TRUE;
}

/* Version 1: lengths as 32 bits. */
static gboolean
load_old_dictionary (Bringing *b, RcaDomain d, guint64 n, const msgpack_object *o, GError **error)
{
  gsize got;
  g_autofree guint8 *data = rca_segment_get_block (b->s, rca_segment_number_at (o, 2), G_MAXUINT64, &got, error);
  if (!data || n > got / 4)
    return data ? rca_segment_damaged (b->s, error, "a dictionary is too short") : FALSE;
  g_autofree guint64 *length = g_new0 (guint64, MAX (n, 1));
  for (guint64 i = 0; i < n; i++)
    memcpy (&length[i], data + i * 4, 4);
  RcaCursor in = rca_cursor (data + n * 4, got - n * 4);
  return intern_all (b, d, length, n, &in, error);
}

static gboolean
load_words (Bringing *b, RcaDomain d, const msgpack_object *o, GError **error)
{
  guint64 n = rca_segment_number_at (o, 1);
  RcaCursor in;
  if (o->via.array.size == 3)
    return load_old_dictionary (b, d, n, o, error);
  /* a row has at most a word of each column, and each column a table of at most that size */
  if (n > RCA_SHEET_ROWS * RCA_N_COLUMNS)
    return rca_segment_damaged (b->s, error, "a dictionary has an impossible length");
  g_autofree guint64 *length = g_new (guint64, MAX (n, 1));
  return get_bytes (b, o, 2, &in, error) && (rca_integers_decode (&in, length, n) || rca_segment_damaged (b->s, error, "its lengths do not add up"))
         && intern_all (b, d, length, n, &in, error);
}

static gboolean
load_dictionary (Bringing *b, RcaDomain d, GError **error)
{
  const msgpack_object *o = b->dictionary[d];
  b->dictionary[d] = NULL;
  if (o && !load_words (b, d, o, error))
  {
    g_prefix_error (error, "dictionary \"%s\": ", rca_domain_name (d));
    return FALSE;
  }
  if (b->sheet->into && !b->code[d])
  {
    b->code[d] = g_new0 (guint32, 1);
    b->n_codes[d] = 1;
  }
  return TRUE;
}

/* ---- columns ---- */

static gboolean
load_old_column (Bringing *b, RcaColumnId c, guint64 encoding, const msgpack_object *o, GError **error)
{
  gsize n, width = rca_column_width (rca_column_info (c)->type);
  gpointer data = rca_segment_get_block (b->s, rca_segment_number_at (o, 3), (guint64)b->sheet->n * width, &n, error);
  if (!data)
    return FALSE;
  if (encoding == RCA_COLUMN_DIFFERENCES)
    sum_up (data, b->sheet->n, width);
  g_free (b->sheet->column[c]);
  b->sheet->column[c] = data;
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
load_integers (Bringing *b, RcaColumnId c, gboolean from_line, RcaCursor *in, GError **error)
{
  gboolean wide = rca_column_width (rca_column_info (c)->type) == sizeof (guint64);
  g_autofree guint64 *own = wide ? NULL : g_new (guint64, b->sheet->n);
  guint64 *v = wide ? rca_sheet_column (b->sheet, c) : own;
  if (!rca_integers_decode (in, v, b->sheet->n))
    return rca_segment_damaged (b->s, error, "its numbers do not add up");
  for (guint32 r = 0; from_line && r < b->sheet->n; r++)
    v[r] += rca_sheet_u32 (b->sheet, RCA_COL_LINE, r);
  if (!wide)
    put_all (b->sheet, c, v);
  return TRUE;
}

static RcaDomain
domain_of (RcaColumnId c)
{
  return rca_column_info (c)->type == RCA_COLUMN_CODE ? rca_column_info (c)->domain : RCA_DOMAIN_NONE;
}

/* Codes point into their dictionary: what a checksum cannot promise of a file somebody else made. */
static gboolean
settle_codes (Bringing *b, RcaColumnId c, GError **error)
{
  RcaDomain d = domain_of (c);
  const guint32 *map = b->sheet->into ? b->code[d] : NULL;
  guint32 size = map ? b->n_codes[d] : b->sheet->dictionary[d] ? rca_dictionary_size (b->sheet->dictionary[d]) : 1;
  guint32 *codes = b->sheet->column[c];
  for (guint32 i = 0; i < b->sheet->n; i++)
  {
    if (codes[i] >= size)
      return rca_segment_damaged (b->s, error, "a value is not in its dictionary");
    if (map)
      codes[i] = map[codes[i]];
  }
  return TRUE;
}

/* Whether row i is line i of what follows: said by two columns that are nothing but sums, and one that is 1. */
static gboolean
rows_are_lines (Bringing *b, guint64 *from, GError **error)
{
  const RcaColumnId place[] = { RCA_COL_LINE, RCA_COL_TEXT_POSITION, RCA_COL_TEXT_LENGTH };
  static const guint64 encoding[] = { RCA_COLUMN_INTEGERS, RCA_COLUMN_FROM_LINE, RCA_COLUMN_INTEGERS };
  guint64 first[3], step[3];
  for (guint i = 0; i < 3; i++)
  {
    const msgpack_object *o = b->column[place[i]];
    RcaCursor in;
    if (!o || o->via.array.size < 6 || rca_segment_number_at (o, 2) != encoding[i] || !get_bytes (b, o, 3, &in, error)
        || !rca_integers_are_linear (in, b->sheet->n, &first[i], &step[i]))
      return FALSE;
  }
  *from = first[0] + first[1] + b->lines_base - b->rows->first;
  return step[0] == 1 && step[1] == 0 && first[2] == 1 && step[2] == 0 && *from < b->block->n_lines && b->block->n_lines - *from >= b->sheet->n;
}

static gboolean
open_rows (Bringing *b, GError **error)
{
  if (b->rows)
    return TRUE;
  if (!b->lines)
    return rca_segment_damaged (b->s, error, "a rule without lines");
  b->block = rca_segment_new_lines (b->s, (guint)MIN (b->lines - 1, G_MAXUINT), &b->pieces, error);
  if (!b->block)
    return FALSE;
  guint n;
  guint64 from;
  g_autoptr (GError) ignored = NULL;
  b->rows = rca_derive_rows_new (b->block, b->sheet, (rca_segment_lines (b->s, &n)[b->lines - 1].position + b->lines_base) | RCA_TEXT_LINES);
  if (rows_are_lines (b, &from, &ignored))
    rca_derive_rows_linear (b->rows, from);
  return TRUE;
}

static gboolean
load_rule (Bringing *b, RcaColumnId c, RcaCursor *in, GError **error)
{
  RcaDomain d = domain_of (c);
  if (!open_rows (b, error))
    return FALSE;
  if (d != RCA_DOMAIN_NONE && !b->sheet->into && !b->sheet->dictionary[d])
    b->sheet->dictionary[d] = rca_dictionary_new ();
  const RcaRuleCodes codes = { d == RCA_DOMAIN_NONE ? NULL : b->sheet->into ? b->sheet->into[d] : b->sheet->dictionary[d],
                               d == RCA_DOMAIN_NONE || !b->sheet->into ? NULL : b->code[d], d == RCA_DOMAIN_NONE ? 0 : b->n_codes[d] };
  gboolean ok = rca_rule_read (in, b->rows, b->sheet, c, &codes, error);
  rca_derive_forget (b->rows, 0);
  rca_layout_release (b->block);
  rca_segment_pieces_trim (b->pieces);
  return ok;
}

/* Segments of one source follow each other: where raw text stands is moved behind what is there. */
static void
shift_text (Bringing *b)
{
  guint64 *position = b->sheet->column[RCA_COL_TEXT_POSITION];
  for (guint32 i = 0; i < b->sheet->n; i++)
    position[i] += position[i] & RCA_TEXT_LINES ? b->lines_base : b->text_base;
}

static gboolean
load_column (Bringing *b, RcaColumnId c, GError **error)
{
  const msgpack_object *o = b->column[c];
  guint64 encoding = rca_segment_number_at (o, 2);
  RcaDomain d = domain_of (c);
  RcaCursor in;
  if (d != RCA_DOMAIN_NONE && (b->dictionary[d] || (b->sheet->into && !b->code[d])) && !load_dictionary (b, d, error))
    return FALSE;
  gboolean ok = encoding <= RCA_COLUMN_DIFFERENCES   ? load_old_column (b, c, encoding, o, error)
                : !get_bytes (b, o, 3, &in, error)   ? FALSE
                : encoding == RCA_COLUMN_RULE        ? load_rule (b, c, &in, error)
                                                     : load_integers (b, c, encoding == RCA_COLUMN_FROM_LINE, &in, error);
  if (ok && d != RCA_DOMAIN_NONE && (encoding != RCA_COLUMN_RULE || !b->sheet->into))
    ok = settle_codes (b, c, error);
  if (ok && c == RCA_COL_TEXT_POSITION)
    shift_text (b);
  if (!ok)
    g_prefix_error (error, "column \"%s\": ", rca_column_info (c)->name);
  return ok;
}

static void
bring (RcaSheet *sheet, RcaColumnId c, gpointer user)
{
  Bringing *b = user;
  g_autoptr (GError) error = NULL;
  if (!b->column[c] || load_column (b, c, &error))
    return;
  g_clear_pointer (&sheet->column[c], g_free);
  if (b->s->problem)
    g_ptr_array_add (b->s->problem, g_strdup_printf ("%s: %s (left out in %u rows)", b->s->path, error->message, sheet->n));
  if (!b->error)
    b->error = g_steal_pointer (&error);
}

/* ---- sheets ---- */

static gboolean
list_parts (Bringing *b, const msgpack_object *o, GError **error)
{
  msgpack_object_array columns = rca_unpack_array (o, "columns"), dictionaries = rca_unpack_array (o, "dictionaries");
  for (guint32 i = 0; i < dictionaries.size; i++)
  {
    const msgpack_object *said = &dictionaries.ptr[i];
    if (said->type != MSGPACK_OBJECT_ARRAY || said->via.array.size < 3)
      return rca_segment_damaged (b->s, error, "a dictionary is not described");
    RcaDomain d = domain_by_name (&said->via.array.ptr[0]);
    if (d != RCA_DOMAIN_NONE) /* else of a later rca */
      b->dictionary[d] = said;
  }
  for (guint32 i = 0; i < columns.size; i++)
  {
    const msgpack_object *said = &columns.ptr[i];
    if (said->type != MSGPACK_OBJECT_ARRAY || said->via.array.size < 4)
      return rca_segment_damaged (b->s, error, "a column is not described");
    RcaColumnId c = column_by_name (&said->via.array.ptr[0]);
    if (c == RCA_COL_NONE)
      continue;
    if (rca_segment_number_at (said, 1) != rca_column_info (c)->type || rca_segment_number_at (said, 2) > RCA_COLUMN_FROM_LINE)
    {
      rca_segment_damaged (b->s, error, "a column has another type");
      g_prefix_error (error, "column \"%s\": ", rca_column_info (c)->name);
      return FALSE;
    }
    b->column[c] = said;
    b->sheet->pending |= G_GUINT64_CONSTANT (1) << c;
  }
  return b->column[RCA_COL_TIME] ? TRUE : rca_segment_damaged (b->s, error, "rows without times");
}

RcaSheet *
rca_segment_lazy_sheet (RcaSegment *s, const msgpack_object *o, guint64 text_base, guint64 lines_base, GError **error)
{
  guint64 rows = rca_unpack_u64 (o, "rows");
  if (rows == 0 || rows > RCA_SHEET_ROWS)
  {
    rca_segment_damaged (s, error, "a sheet has an impossible number of rows");
    return NULL;
  }
  g_autoptr (RcaSheet) sheet = rca_sheet_new ();
  sheet->n = sheet->capacity = (guint32)rows;
  Bringing *b = g_new0 (Bringing, 1);
  *b = (Bringing){ .s = s, .sheet = sheet, .lines = rca_unpack_u64 (o, "lines"), .text_base = text_base, .lines_base = lines_base };
  b->raw = g_hash_table_new_full (NULL, NULL, NULL, buffer_free);
  sheet->origin = (RcaSheetOrigin){ bring, bringing_free, b };
  return list_parts (b, o, error) ? g_steal_pointer (&sheet) : NULL;
}

RcaSheet *
rca_segment_read_sheet (RcaSegment *s, const msgpack_object *o, GError **error)
{
  g_autoptr (RcaSheet) sheet = rca_segment_lazy_sheet (s, o, 0, 0, error);
  if (!sheet)
    return NULL;
  rca_sheet_bring_all (sheet);
  Bringing *b = sheet->origin.user;
  if (b->error)
  {
    g_propagate_error (error, g_steal_pointer (&b->error));
    return NULL;
  }
  sheet->origin.free (b);
  sheet->origin = (RcaSheetOrigin){ NULL };
  return g_steal_pointer (&sheet);
}
