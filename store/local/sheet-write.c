/* A sheet's columns and dictionaries: derived from the lines where they tell it, as integers where not. */
#include "local/pack.h"
#include "local/segment-private.h"
#include "text.h"

/* Smaller ones share a block. */
#define OWN_BLOCK 2048

typedef struct {
  const char *name;
  guint type, encoding, n; /* n: of a dictionary */
  gboolean is_small;
  guint64 block, offset, length;
} Place;

typedef struct {
  RcaSegmentWriter *w;
  const RcaSheet *sheet;
  RcaDeriveRows *rows; /* NULL: nothing to derive from */
  RcaRule rule[RCA_N_COLUMNS];
  gboolean ruled[RCA_N_COLUMNS];
  guint32 *code[RCA_N_DOMAINS]; /* code as filled → code as written; NULL: the same */
  GArray *word[RCA_N_DOMAINS];  /* guint32: codes as filled that are written, in order */
  RcaDictionary *distinct[RCA_N_DOMAINS]; /* their texts: codes as filled may repeat a text */
  GArray *column, *dictionary;  /* Place */
  RcaBuffer small, one;
} Writing;

static void
writing_clear (Writing *s)
{
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    rca_rule_clear (&s->rule[c]);
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
  {
    g_free (s->code[d]);
    g_clear_pointer (&s->word[d], g_array_unref);
    rca_dictionary_free (s->distinct[d]);
  }
  g_array_unref (s->column);
  g_array_unref (s->dictionary);
  rca_buffer_clear (&s->small);
  rca_buffer_clear (&s->one);
  rca_derive_rows_free (s->rows);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Writing, writing_clear)

/* ---- which columns are derived ---- */

static gboolean
is_constant (const RcaSheet *sheet, RcaColumnId c)
{
  const char *p = sheet->column[c];
  gsize width = rca_column_width (rca_column_info (c)->type);
  return sheet->n < 2 || memcmp (p, p + width, (sheet->n - 1) * width) == 0; /* each is the one before it */
}

/* Where a row stands is what the lines are found by. */
static gboolean
is_place (RcaColumnId c)
{
  return c == RCA_COL_LINE || c == RCA_COL_TEXT_POSITION || c == RCA_COL_TEXT_LENGTH || c == RCA_COL_PART;
}

static void
find_rules (Writing *s)
{
  for (guint c = 0; s->rows && c < RCA_N_COLUMNS; c++)
    if (s->sheet->column[c] && !is_place ((RcaColumnId)c) && !is_constant (s->sheet, (RcaColumnId)c))
      s->ruled[c] = rca_rule_find (&s->w->derive, s->rows, (RcaColumnId)c, &s->rule[c]);
}

/* ---- which strings are written: those that no rule makes ---- */

#define NOT_WRITTEN G_MAXUINT32

static void
use_code (Writing *s, RcaDomain d, guint64 code)
{
  guint32 *to = &s->code[d][code];
  if (code == 0 || *to != NOT_WRITTEN)
    return;
  guint32 word = (guint32)code;
  if (!s->distinct[d])
    s->distinct[d] = rca_dictionary_new ();
  *to = rca_dictionary_intern (s->distinct[d], rca_dictionary_bytes (s->sheet->dictionary[d], word));
  if (*to > s->word[d]->len)
    g_array_append_val (s->word[d], word);
}

static void
use_codes_of (Writing *s, RcaColumnId c)
{
  RcaDomain d = rca_column_info (c)->domain;
  const RcaRule *rule = &s->rule[c];
  for (guint32 r = 0; !s->ruled[c] && r < s->sheet->n; r++)
    use_code (s, d, ((const guint32 *)s->sheet->column[c])[r]);
  for (gsize i = 0; s->ruled[c] && i < rule->table.n; i++)
    if (rule->table.v[i] != G_MAXUINT64)
      use_code (s, d, rule->table.v[i]);
  for (gsize i = 0; s->ruled[c] && i < rule->set.n; i++)
    use_code (s, d, rule->set.v[i]);
}

static void
choose_words (Writing *s)
{
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
  {
    if (!s->sheet->dictionary[d])
      continue;
    guint32 n = rca_dictionary_size (s->sheet->dictionary[d]);
    s->word[d] = g_array_new (FALSE, FALSE, sizeof (guint32));
    s->code[d] = g_new (guint32, n);
    s->code[d][0] = 0;
    for (guint32 i = 1; i < n; i++)
      s->code[d][i] = NOT_WRITTEN;
  }
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (s->sheet->column[c] && rca_column_info ((RcaColumnId)c)->type == RCA_COLUMN_CODE && s->sheet->dictionary[rca_column_info ((RcaColumnId)c)->domain])
      use_codes_of (s, (RcaColumnId)c);
}

static guint64
as_written (const Writing *s, RcaColumnId c, guint64 value)
{
  const RcaColumnInfo *info = rca_column_info (c);
  if (info->type != RCA_COLUMN_CODE || !s->code[info->domain])
    return value;
  return value == G_MAXUINT64 ? 0 : s->code[info->domain][value]; /* a key that no row has */
}

/* ---- bytes ---- */

/* What is in s->one is whole. */
static gboolean
end_one (Writing *s, GArray *places, Place place, GError **error)
{
  place.length = s->one.n;
  place.is_small = s->one.n < OWN_BLOCK;
  if (place.is_small)
  {
    place.offset = s->small.n;
    rca_buffer_put (&s->small, s->one.p, s->one.n);
  }
  else
  {
    guint index;
    if (!rca_segment_put_block (s->w, s->one.p, s->one.n, &index, error))
      return FALSE;
    place.block = index;
  }
  s->one.n = 0;
  g_array_append_val (places, place);
  return TRUE;
}

static RcaColumnEncoding
put_values (Writing *s, RcaColumnId c)
{
  g_autofree guint64 *v = rca_derive_all (s->sheet, c);
  gboolean from_line = c == RCA_COL_TEXT_POSITION, codes = rca_column_info (c)->type == RCA_COLUMN_CODE;
  for (guint32 r = 0; codes && r < s->sheet->n; r++)
    v[r] = as_written (s, c, v[r]);
  for (guint32 r = 0; from_line && r < s->sheet->n; r++)
    from_line = (v[r] & RCA_TEXT_LINES) != 0;
  for (guint32 r = 0; from_line && r < s->sheet->n; r++)
    v[r] -= rca_sheet_u32 (s->sheet, RCA_COL_LINE, r);
  rca_integers_encode (v, s->sheet->n, NULL, &s->one);
  return from_line ? RCA_COLUMN_FROM_LINE : RCA_COLUMN_INTEGERS;
}

static gboolean
write_column (Writing *s, RcaColumnId c, GError **error)
{
  const RcaColumnInfo *info = rca_column_info (c);
  RcaRule *rule = &s->rule[c];
  Place place = { .name = info->name, .type = info->type, .encoding = RCA_COLUMN_RULE };
  if (s->ruled[c])
  {
    for (gsize i = 0; i < rule->table.n; i++)
      rule->table.v[i] = as_written (s, c, rule->table.v[i]);
    for (gsize i = 0; i < rule->set.n; i++)
      rule->set.v[i] = as_written (s, c, rule->set.v[i]);
    rca_rule_write (rule, &s->one);
  }
  else
    place.encoding = put_values (s, c);
  return end_one (s, s->column, place, error);
}

/* Lengths of the strings, then their bytes. */
static gboolean
write_dictionary (Writing *s, RcaDomain d, GError **error)
{
  const GArray *word = s->word[d];
  g_autofree guint64 *length = g_new (guint64, MAX (word->len, 1));
  for (guint i = 0; i < word->len; i++)
    length[i] = rca_dictionary_bytes (s->sheet->dictionary[d], g_array_index (word, guint32, i)).n;
  rca_integers_encode (length, word->len, NULL, &s->one);
  for (guint i = 0; i < word->len; i++)
  {
    RcaBytes b = rca_dictionary_bytes (s->sheet->dictionary[d], g_array_index (word, guint32, i));
    rca_buffer_put (&s->one, b.p, b.n);
  }
  Place place = { .name = rca_domain_name (d), .n = word->len };
  return end_one (s, s->dictionary, place, error);
}

/* ---- the sheet ---- */

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

static void
pack_places (msgpack_packer *p, const char *key, const GArray *places, guint small)
{
  rca_pack_key (p, key);
  msgpack_pack_array (p, places->len);
  gboolean columns = g_str_equal (key, "columns");
  for (guint i = 0; i < places->len; i++)
  {
    const Place *place = &g_array_index (places, Place, i);
    msgpack_pack_array (p, columns ? 6 : 5);
    rca_pack_key (p, place->name);
    msgpack_pack_uint32 (p, columns ? place->type : place->n);
    if (columns)
      msgpack_pack_uint32 (p, place->encoding);
    msgpack_pack_uint64 (p, place->is_small ? small : place->block);
    msgpack_pack_uint64 (p, place->offset);
    msgpack_pack_uint64 (p, place->length);
  }
}

static void
pack_sheet (Writing *s, guint small)
{
  GByteArray *out = g_byte_array_new ();
  msgpack_packer p;
  gint64 min, max;
  msgpack_packer_init (&p, out, rca_segment_append_packed);
  time_span (s->sheet, &min, &max);
  msgpack_pack_map (&p, 6);
  rca_pack_u64 (&p, "rows", s->sheet->n);
  rca_pack_i64 (&p, "min", min);
  rca_pack_i64 (&p, "max", max);
  rca_pack_u64 (&p, "lines", s->rows ? s->w->lines->len : 0);
  pack_places (&p, "columns", s->column, small);
  pack_places (&p, "dictionaries", s->dictionary, small);
  g_ptr_array_add (s->w->sheet, out);
  s->w->entry.rows += s->sheet->n;
  s->w->entry.min_ns = MIN (s->w->entry.min_ns, min);
  s->w->entry.max_ns = MAX (s->w->entry.max_ns, max);
}

gboolean
rca_segment_writer_tells (const RcaSegmentWriter *w, RcaColumnId c)
{
  return w->derive.column[c].kind == RCA_RULE_TEXT;
}

gboolean
rca_segment_writer_add (RcaSegmentWriter *w, const RcaSheet *sheet, RcaLinesBlock *block, guint64 position, GError **error)
{
  if (sheet->n == 0)
    return TRUE;
  g_auto (Writing) s = { .w = w, .sheet = sheet };
  s.column = g_array_new (FALSE, FALSE, sizeof (Place));
  s.dictionary = g_array_new (FALSE, FALSE, sizeof (Place));
  s.rows = block && !block->plain ? rca_derive_rows_new (block, sheet, position | RCA_TEXT_LINES) : NULL;
  find_rules (&s);
  choose_words (&s);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (sheet->column[c] && !write_column (&s, (RcaColumnId)c, error))
      return FALSE;
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    if (s.word[d] && s.word[d]->len && !write_dictionary (&s, (RcaDomain)d, error))
      return FALSE;
  guint small;
  if (!rca_segment_put_block (w, s.small.p, s.small.n, &small, error))
    return FALSE;
  pack_sheet (&s, small);
  return TRUE;
}
