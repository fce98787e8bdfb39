#include "local/lines-find.h"
#include "local/lines/layout.h"

/* Shorter ones stand in stamps (Mar, UTC), too. */
#define LEAST_LETTERS 4

static gboolean
is_hexadecimal (char c)
{
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Letters that hexadecimal numbers have do not count alone: with digits beside them they may be one. */
RcaBytes
rca_lines_find_word (RcaBytes literal)
{
  RcaBytes best = { literal.p, 0 };
  for (gsize from = 0, to; from < literal.n; from = to + 1)
  {
    gboolean plain = FALSE;
    for (to = from; to < literal.n && g_ascii_isalpha (literal.p[to]); to++)
      plain |= !is_hexadecimal (literal.p[to]);
    if (plain && to - from >= LEAST_LETTERS && to - from > best.n)
      best = rca_bytes (literal.p + from, to - from);
  }
  return best;
}

/* What holds the word. */
typedef struct {
  RcaBytes word;
  GPtrArray *leaf;  /* guint8* by number of a trie: by leaf, whether constant text on its way does */
  GPtrArray *code;  /* guint8* by number of a slot: by code of its words; NULL without words */
  GPtrArray *value; /* guint8* by number of a slot: by place among its raw values; NULL without */
  gboolean any, lost;
} Marks;

static gboolean
holds (const Marks *m, RcaBytes text)
{
  return text.n >= m->word.n && memmem (text.p, text.n, m->word.p, m->word.n);
}

static void
mark_trie (Marks *m, RcaLayoutTrie *trie)
{
  guint8 *mark = g_new0 (guint8, trie->n_leaves + 1);
  for (guint32 leaf = 0; leaf < trie->n_leaves; leaf++)
  {
    for (guint32 i = trie->first[leaf]; i < trie->first[leaf + 1] && !mark[leaf]; i++)
      mark[leaf] = holds (m, trie->step[i].literal) != FALSE;
    m->any |= mark[leaf];
  }
  g_ptr_array_add (m->leaf, mark);
}

static guint8 *
mark_words (Marks *m, const RcaLayoutSlot *slot)
{
  if (slot->n_words == 0)
    return NULL;
  guint8 *mark = g_new0 (guint8, slot->n_words);
  gboolean any = FALSE;
  for (guint64 i = 0; i < slot->n_words; i++)
    any |= mark[i] = holds (m, slot->word[i]) != FALSE;
  m->any |= any;
  return mark;
}

static guint8 *
mark_raw (Marks *m, const RcaLayoutTag *t)
{
  guint8 *mark = g_new0 (guint8, MAX (t->n, 1));
  const char *p = (const char *)t->bytes;
  if (!holds (m, rca_bytes (p, t->n_bytes)))
    return mark;
  for (guint64 i = 0; i < t->n; p += t->value[i++])
    m->any |= mark[i] = holds (m, rca_bytes (p, t->value[i])) != FALSE;
  return mark;
}

/* Of numbers nothing is read: no word stands in them. */
static gboolean
holds_texts (const RcaLayoutSlot *slot)
{
  gboolean any = slot->n_words > 0;
  for (guint i = 0; i < slot->n_tags; i++)
    any |= slot->tag[i].kind == RCA_VALUE_RAW;
  return any;
}

static void
mark_slot (Marks *m, RcaLayoutSlot *slot)
{
  guint8 *value = NULL;
  m->lost |= holds_texts (slot) && !rca_layout_ready (slot, NULL);
  if (m->lost)
    return;
  for (guint i = 0; i < slot->n_tags; i++)
    if (slot->tag[i].kind == RCA_VALUE_RAW && !value) /* a slot has one tag of raw bytes */
      value = mark_raw (m, &slot->tag[i]);
  g_ptr_array_add (m->code, mark_words (m, slot));
  g_ptr_array_add (m->value, value);
}

static gboolean passes (Marks *m, RcaLayoutTrie *trie);

static gboolean
passes_value (Marks *m, RcaLayoutSlot *slot)
{
  RcaLayoutTag *t = &slot->tag[slot->which ? slot->which[slot->at] : 0];
  gsize at = t->at++;
  slot->at++;
  switch (t->kind)
  {
  case RCA_VALUE_WORD:
    return ((const guint8 *)m->code->pdata[slot->number])[t->value[at]];
  case RCA_VALUE_PHRASE:
    return passes (m, slot->phrase);
  case RCA_VALUE_RAW:
    t->at_bytes += t->value[at];
    return ((const guint8 *)m->value->pdata[slot->number])[at];
  default:
    return FALSE;
  }
}

/* Goes over the next text of @trie, as rca_layout_skip() does. */
static gboolean
passes (Marks *m, RcaLayoutTrie *trie)
{
  guint32 leaf = trie->leaf[trie->at++];
  gboolean any = ((const guint8 *)m->leaf->pdata[trie->number])[leaf];
  for (guint32 i = trie->first[leaf]; i < trie->first[leaf + 1]; i++)
    if (trie->step[i].slot)
      any |= passes_value (m, trie->step[i].slot);
  return any;
}

gboolean
rca_lines_find (RcaLinesBlock *block, RcaBytes word, GArray *line)
{
  if (block->plain)
    return FALSE;
  Marks m = { word, g_ptr_array_new_with_free_func (g_free), g_ptr_array_new_with_free_func (g_free), g_ptr_array_new_with_free_func (g_free), FALSE, FALSE };
  for (guint i = 0; i < block->trie->len; i++)
    mark_trie (&m, g_ptr_array_index (block->trie, i));
  for (guint i = 0; i < block->slot->len; i++)
    mark_slot (&m, g_ptr_array_index (block->slot, i));
  rca_layout_rewind (block);
  for (guint64 i = 0; m.any && !m.lost && i < block->n_lines; i++)
    if (passes (&m, block->lines))
      g_array_append_val (line, i);
  g_ptr_array_unref (m.leaf);
  g_ptr_array_unref (m.code);
  g_ptr_array_unref (m.value);
  return !m.lost;
}
