/* Columns of lines as rows see them. */
#include "local/derive.h"
#include "text.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

guint64
rca_derive_absent (RcaColumnId c)
{
  if (c == RCA_COL_TIME)
    return (guint64)RCA_TIME_NONE;
  return rca_column_info (c)->type == RCA_COLUMN_I64 ? G_MAXUINT64 : 0;
}

guint64
rca_derive_get (const RcaSheet *sheet, RcaColumnId c, guint32 row)
{
  switch (rca_column_width (rca_column_info (c)->type))
  {
  case 1:
    return ((const guint8 *)sheet->column[c])[row];
  case 2:
    return ((const guint16 *)sheet->column[c])[row];
  case 4:
    return ((const guint32 *)sheet->column[c])[row];
  default:
    return ((const guint64 *)sheet->column[c])[row];
  }
}

guint64 *
rca_derive_all (const RcaSheet *sheet, RcaColumnId c)
{
  guint64 *all = g_new (guint64, MAX (sheet->n, 1));
  gsize width = rca_column_width (rca_column_info (c)->type);
  for (guint32 r = 0; width == 1 && r < sheet->n; r++)
    all[r] = ((const guint8 *)sheet->column[c])[r];
  for (guint32 r = 0; width == 2 && r < sheet->n; r++)
    all[r] = ((const guint16 *)sheet->column[c])[r];
  for (guint32 r = 0; width == 4 && r < sheet->n; r++)
    all[r] = ((const guint32 *)sheet->column[c])[r];
  if (width == 8)
    memcpy (all, sheet->column[c], sheet->n * width);
  return all;
}

/* ---- views ---- */

static void
view_free (gpointer data)
{
  RcaDeriveView *view = data;
  if (!view)
    return;
  if (view->line != view->shared)
    g_free (view->line);
  if ((const guint32 *)view->value != view->shared)
    g_free (view->value);
  g_free (view->rank);
  g_free (view);
}

RcaDeriveRows *
rca_derive_rows_new (RcaLinesBlock *block, const RcaSheet *sheet, guint64 first)
{
  RcaDeriveRows *rows = g_new0 (RcaDeriveRows, 1);
  rows->block = block;
  rows->sheet = sheet;
  rows->first = first;
  rows->view = g_ptr_array_new_with_free_func (view_free);
  g_ptr_array_set_size (rows->view, (gint)rca_derive_n_slots (rows));
  return rows;
}

void
rca_derive_rows_free (RcaDeriveRows *rows)
{
  if (!rows)
    return;
  g_ptr_array_unref (rows->view);
  g_free (rows->counting);
  g_free (rows);
}

void
rca_derive_rows_linear (RcaDeriveRows *rows, guint64 from)
{
  rows->linear = TRUE;
  rows->from = from;
}

static guint32 *
counting (RcaDeriveRows *rows)
{
  if (rows->counting)
    return rows->counting;
  guint64 n = MAX (rows->block->n_lines, rows->sheet->n);
  rows->counting = g_new (guint32, MAX (n, 1));
  for (guint64 i = 0; i < n; i++)
    rows->counting[i] = (guint32)i;
  return rows->counting;
}

guint
rca_derive_n_slots (const RcaDeriveRows *rows)
{
  return rows->block->slot->len + 1;
}

static gboolean
passes (const RcaLayoutTrie *trie, guint32 leaf, const RcaLayoutSlot *slot)
{
  for (guint32 i = trie->first[leaf]; i < trie->first[leaf + 1]; i++)
    if (trie->step[i].slot == slot)
      return TRUE;
  return FALSE;
}

/* The line of each text of @trie, shared where it is its own number; NULL: of none. */
static guint32 *
lines_of_trie (RcaDeriveRows *rows, const RcaLayoutTrie *trie)
{
  guint32 *line = NULL;
  guint64 k = 0;
  if (trie == rows->block->lines)
    return counting (rows);
  const RcaDeriveView *around = trie->around ? rca_derive_view (rows, trie->around->number) : NULL;
  if (!around)
    return NULL;
  line = g_new (guint32, MAX (trie->n, 1));
  const RcaLayoutSlot *slot = trie->around;
  for (guint64 i = 0; i < slot->n && k < trie->n; i++)
    if (slot->tag[slot->which ? slot->which[i] : 0].kind == RCA_VALUE_PHRASE)
      line[k++] = around->line[i];
  return line;
}

static guint32 *
lines_of_slot (RcaDeriveRows *rows, const RcaLayoutSlot *slot)
{
  const RcaLayoutTrie *trie = slot->holder;
  guint32 *line = lines_of_trie (rows, trie);
  if (!line || slot->n == trie->n)
    return line;
  g_autofree guint8 *has = g_new0 (guint8, MAX (trie->n_leaves, 1));
  for (guint32 i = 0; i < trie->n_leaves; i++)
    has[i] = passes (trie, i, slot) ? 1 : 0;
  guint32 *own = line == rows->counting ? g_new (guint32, MAX (trie->n, 1)) : line;
  guint64 k = 0;
  for (guint64 i = 0; i < trie->n; i++)
  {
    own[k] = line[i];
    k += has[trie->leaf[i]];
  }
  return own;
}

static guint32 *
ranks (const RcaLayoutSlot *slot)
{
  guint32 next[RCA_SHAPE_TAGS] = { 0 };
  if (!slot->which)
    return NULL;
  guint32 *rank = g_new (guint32, MAX (slot->n, 1));
  for (guint64 i = 0; i < slot->n; i++)
    rank[i] = next[slot->which[i]]++;
  return rank;
}

/* The lines of @row; FALSE when it stands in none of the block. */
static gboolean
lines_of_row (const RcaDeriveRows *rows, guint32 row, guint64 *from, guint64 *to)
{
  guint64 position = rca_sheet_u64 (rows->sheet, RCA_COL_TEXT_POSITION, row);
  if (!(position & RCA_TEXT_LINES) || position < rows->first || position - rows->first >= rows->block->n_lines)
    return FALSE;
  *from = position - rows->first;
  *to = *from + rca_sheet_u32 (rows->sheet, RCA_COL_TEXT_LENGTH, row);
  return TRUE;
}

/* Each row a line: the other way round, the values say which rows have them. */
static gint32 *
values_of_lines (RcaDeriveRows *rows, const RcaDeriveView *view)
{
  if (view->line == rows->counting && rows->from == 0 && view->n >= rows->sheet->n)
    return (gint32 *)rows->counting;
  gint32 *value = g_new (gint32, MAX (rows->sheet->n, 1));
  memset (value, 0xff, rows->sheet->n * sizeof *value);
  for (guint64 i = view->n; i-- > 0;)
    if (view->line[i] >= rows->from && view->line[i] - rows->from < rows->sheet->n)
      value[view->line[i] - rows->from] = (gint32)i;
  return value;
}

static gint32 *
values_of_rows (RcaDeriveRows *rows, const RcaDeriveView *view)
{
  if (rows->linear)
    return values_of_lines (rows, view);
  gint32 *value = g_new (gint32, rows->sheet->n);
  guint64 at = 0, before = 0;
  for (guint32 r = 0; r < rows->sheet->n; r++)
  {
    guint64 from, to;
    value[r] = -1;
    if (!lines_of_row (rows, r, &from, &to))
      continue;
    if (from < before)
      at = 0; /* rows out of order are rare */
    before = from;
    while (at < view->n && view->line[at] < from)
      at++;
    if (at < view->n && view->line[at] < to)
      value[r] = (gint32)at;
  }
  return value;
}

const RcaDeriveView *
rca_derive_view (RcaDeriveRows *rows, guint number)
{
  if (number >= rows->view->len || rows->block->plain)
    return NULL;
  if (rows->view->pdata[number])
    return rows->view->pdata[number];
  gboolean templates = number == rows->block->slot->len;
  RcaLayoutSlot *slot = templates ? NULL : g_ptr_array_index (rows->block->slot, number);
  if (slot && !rca_layout_ready (slot, NULL))
    return NULL;
  guint32 *line = templates ? lines_of_trie (rows, rows->block->lines) : lines_of_slot (rows, slot);
  if (!line)
    return NULL;
  RcaDeriveView *view = g_new0 (RcaDeriveView, 1);
  view->slot = slot;
  view->n = templates ? rows->block->n_lines : slot->n;
  view->line = line;
  view->rank = templates ? NULL : ranks (slot);
  view->shared = rows->counting;
  view->value = values_of_rows (rows, view);
  rows->view->pdata[number] = view;
  return view;
}

void
rca_derive_forget (RcaDeriveRows *rows, guint most)
{
  guint n = 0;
  for (guint i = 0; i < rows->view->len; i++)
    n += rows->view->pdata[i] != NULL;
  for (guint i = 0; n > most && i < rows->view->len; i++)
    g_clear_pointer (&rows->view->pdata[i], view_free);
}

/* ---- values ---- */

static inline RcaLayoutTag *
tag_of (const RcaDeriveView *view, gint32 value, guint64 *rank)
{
  *rank = view->rank ? view->rank[value] : (guint64)value;
  return &view->slot->tag[view->slot->which ? view->slot->which[value] : 0];
}

void
rca_derive_keys (const RcaDeriveView *view, const RcaLinesBlock *block, RcaDeriveKeys *keys)
{
  keys->start[0] = 1;
  keys->n = 1 + block->lines->n_leaves;
  if (!view->slot)
    return;
  keys->n = 1;
  for (guint i = 0; i < view->slot->n_tags; i++)
  {
    const RcaLayoutTag *t = &view->slot->tag[i];
    keys->start[i] = keys->n;
    keys->n += t->kind == RCA_VALUE_WORD ? view->slot->n_words : t->kind == RCA_VALUE_PHRASE && view->slot->phrase ? view->slot->phrase->n_leaves : 1;
  }
}

guint64
rca_derive_key (const RcaDeriveKeys *keys, const RcaDeriveView *view, const RcaLinesBlock *block, gint32 value)
{
  if (value < 0)
    return 0;
  if (!view->slot)
    return 1 + block->lines->leaf[value];
  guint64 rank;
  const RcaLayoutTag *t = tag_of (view, value, &rank);
  guint64 start = keys->start[t - view->slot->tag];
  return start + (t->kind == RCA_VALUE_WORD ? t->value[rank] : t->kind == RCA_VALUE_PHRASE ? view->slot->phrase->leaf[rank] : 0);
}

static const gint64 tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };

gboolean
rca_derive_number (const RcaDeriveView *view, gint32 value, guint scale, gint64 *number)
{
  if (value < 0 || !view->slot)
    return FALSE;
  guint64 rank;
  const RcaLayoutTag *t = tag_of (view, value, &rank);
  if (t->kind == RCA_VARIABLE_STAMP)
    *number = rca_stamp_ns (t->param, t->value[rank]);
  else if (t->kind == RCA_VARIABLE_INT || t->kind == RCA_VARIABLE_PADDED)
    *number = (gint64)(t->value[rank] * (guint64)tens[MIN (scale, 9)]);
  else if (t->kind == RCA_VARIABLE_DECIMAL && scale >= t->param)
    *number = (gint64)(t->value[rank] * (guint64)tens[MIN (scale - t->param, 9)]);
  else
    return FALSE;
  return TRUE;
}

gboolean
rca_derive_text (RcaDeriveRows *rows, const RcaDeriveView *view, gint32 value, char buffer[RCA_VARIABLE_BYTES], RcaBytes *text)
{
  if (value < 0 || !view->slot)
    return FALSE;
  guint64 rank;
  RcaLayoutTag *t = tag_of (view, value, &rank);
  switch (t->kind)
  {
  case RCA_VALUE_WORD:
    *text = view->slot->word[t->value[rank]];
    return TRUE;
  case RCA_VARIABLE_ID:
  case RCA_VARIABLE_UUID:
    if (!rca_layout_fetch (rows->block, t, NULL))
      return FALSE;
    *text = rca_bytes (buffer, rca_variable_print (RCA_VARIABLE_ID, 0, 0, t->id + rank * 16, buffer));
    return TRUE;
  case RCA_VARIABLE_INT:
  case RCA_VARIABLE_PADDED:
  case RCA_VARIABLE_HEX:
  case RCA_VARIABLE_IPV4:
    *text = rca_bytes (buffer, rca_variable_print (t->kind, t->param, t->value[rank], NULL, buffer));
    return TRUE;
  default:
    return FALSE;
  }
}

/* ---- hashes of paths ---- */

static guint32
hash_path (RcaBytes text, guint word)
{
  for (; word > 0; word--)
  {
    const char *blank = memchr (text.p, ' ', text.n);
    if (!blank)
      return 0;
    text = rca_bytes_from (text, (gsize)(blank + 1 - text.p));
  }
  gsize n = 0;
  while (n < text.n && text.p[n] != '?' && text.p[n] != '#' && text.p[n] != ' ')
    n++;
  return (guint32)(XXH3_64bits (text.p, n) | 1);
}

#define LONGEST_PATH 65536

/* The text of the next phrase of @slot, its number @rank: where it stands, or made. FALSE: too long. */
static gboolean
phrase_text (RcaDeriveRows *rows, RcaLayoutSlot *slot, guint64 rank, char *buffer, RcaBytes *text)
{
  if (slot->said)
  {
    *text = rca_bytes (rows->block->told.p + slot->said[rank].at, slot->said[rank].n);
    return text->n <= LONGEST_PATH;
  }
  RcaLayoutOut out = { .p = buffer, .end = buffer + LONGEST_PATH, .block = rows->block };
  rca_layout_emit (&out, slot->phrase);
  *text = rca_bytes (buffer, (gsize)(out.p - buffer));
  return !out.full && !out.lost;
}

guint32 *
rca_derive_hashes (RcaDeriveRows *rows, const RcaDeriveView *view, guint word)
{
  RcaLayoutSlot *slot = view->slot;
  guint32 *hash = g_new0 (guint32, MAX (view->n, 1));
  g_autofree guint32 *of_word = g_new0 (guint32, MAX (slot->n_words, 1));
  g_autofree char *buffer = g_malloc (LONGEST_PATH);
  for (guint64 i = 0; i < slot->n_words; i++)
    of_word[i] = hash_path (slot->word[i], word);
  rca_layout_rewind (rows->block);
  for (guint64 i = 0; i < view->n; i++)
  {
    guint64 rank;
    RcaBytes text;
    const RcaLayoutTag *t = tag_of (view, (gint32)i, &rank);
    if (t->kind == RCA_VALUE_WORD)
      hash[i] = of_word[t->value[rank]];
    else if (t->kind == RCA_VALUE_PHRASE && phrase_text (rows, slot, rank, buffer, &text))
      hash[i] = hash_path (text, word);
  }
  rca_layout_rewind (rows->block);
  return hash;
}
