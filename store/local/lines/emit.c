/* Lines out of columns: each trie's texts in order, cursors going forward. */
#include "local/lines/layout.h"
#include "seam.h"

static inline void
put (RcaLayoutOut *out, const char *p, gsize n)
{
  if (n > (gsize)(out->end - out->p))
  {
    out->full = TRUE;
    return;
  }
  if (!out->check)
    memcpy (out->p, p, n);
  else if (n && (*out->p != *p || memcmp (out->p, p, n) != 0))
    out->full = TRUE;
  out->p += n;
}

/* Numbers and ids: printed in place when there is room for the longest. */
static inline void
print (RcaLayoutOut *out, const RcaLayoutTag *t, guint64 value, const guint8 *id)
{
  if (!out->check && out->end - out->p >= RCA_VARIABLE_BYTES)
  {
    out->p += rca_variable_print (t->kind, t->param, value, id, out->p);
    return;
  }
  char text[RCA_VARIABLE_BYTES];
  put (out, text, rca_variable_print (t->kind, t->param, value, id, text));
}

static void
emit_value (RcaLayoutOut *out, RcaLayoutSlot *slot)
{
  RcaLayoutTag *t = &slot->tag[slot->which ? slot->which[slot->at] : 0];
  gsize at = t->at++;
  slot->at++;
  switch (t->kind)
  {
  case RCA_VALUE_WORD:
    put (out, slot->word[t->value[at]].p, slot->word[t->value[at]].n);
    break;
  case RCA_VALUE_PHRASE:
    rca_layout_emit (out, slot->phrase);
    break;
  case RCA_VALUE_RAW:
    put (out, (const char *)t->bytes + t->at_bytes, t->value[at]);
    t->at_bytes += t->value[at];
    break;
  case RCA_VARIABLE_ID:
  case RCA_VARIABLE_UUID:
    if (!t->id && !rca_layout_fetch (out->block, t, out->lost ? NULL : out->error))
      out->lost = TRUE;
    else
      print (out, t, 0, t->id + at * 16);
    break;
  case RCA_VARIABLE_DASH:
    put (out, "-", 1);
    break;
  default:
    print (out, t, t->value[at], NULL);
  }
}

void
rca_layout_emit (RcaLayoutOut *out, RcaLayoutTrie *trie)
{
  guint32 leaf = trie->leaf[trie->at++];
  for (guint32 i = trie->first[leaf]; i < trie->first[leaf + 1] && !out->full; i++)
  {
    const RcaLayoutStep *step = &trie->step[i];
    put (out, step->literal.p, step->literal.n);
    if (step->slot)
      emit_value (out, step->slot);
  }
}

gboolean
rca_layout_is (RcaLinesBlock *block, RcaBytes text)
{
  RcaLayoutOut out = { (char *)text.p, (char *)text.p + text.n, FALSE, FALSE, NULL, block, TRUE };
  rca_layout_rewind (block);
  for (guint64 i = 0; i < block->n_lines && !out.full && !out.lost; i++)
  {
    rca_layout_emit (&out, block->lines);
    if (i + 1 < block->n_lines || out.p < out.end)
      put (&out, "\n", 1);
  }
  return !out.full && !out.lost && out.p == out.end;
}

static void
skip_value (RcaLayoutSlot *slot)
{
  RcaLayoutTag *t = &slot->tag[slot->which ? slot->which[slot->at] : 0];
  gsize at = t->at++;
  slot->at++;
  if (t->kind == RCA_VALUE_PHRASE)
    rca_layout_skip (slot->phrase);
  else if (t->kind == RCA_VALUE_RAW)
    t->at_bytes += t->value[at];
}

void
rca_layout_skip (RcaLayoutTrie *trie)
{
  guint32 leaf = trie->leaf[trie->at++];
  for (guint32 i = trie->first[leaf]; i < trie->first[leaf + 1]; i++)
    if (trie->step[i].slot)
      skip_value (trie->step[i].slot);
}

void
rca_layout_rewind (RcaLinesBlock *block)
{
  for (guint i = 0; i < block->slot->len; i++)
  {
    RcaLayoutSlot *slot = g_ptr_array_index (block->slot, i);
    slot->at = 0;
    for (guint k = 0; k < slot->n_tags; k++)
      slot->tag[k].at = slot->tag[k].at_bytes = 0;
  }
  for (guint i = 0; i < block->trie->len; i++)
    ((RcaLayoutTrie *)g_ptr_array_index (block->trie, i))->at = 0;
}

static GBytes *
plain_some (RcaLinesBlock *block, guint64 first, guint64 n)
{
  const char *p = (const char *)block->text->p, *end = p + block->text->n, *from = p;
  for (guint64 line = 0; p < end && line < first + n; line++)
  {
    if (line == first)
      from = p;
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    p = lf ? lf + 1 : end;
  }
  return g_bytes_new (from, (gsize)(p - from));
}

/* How much room @n lines may need: they are not longer than the block. */
static GBytes *
emit_lines (RcaLinesBlock *block, guint64 n, gsize room, GError **error)
{
  char *text = g_malloc (MAX (room, 1));
  RcaLayoutOut out = { text, text + room, FALSE, FALSE, error, block, FALSE };
  for (guint64 i = 0; i < n && !out.full && !out.lost; i++)
  {
    rca_layout_emit (&out, block->lines);
    if (block->lines->at < block->n_lines || out.p < out.end)
      put (&out, "\n", 1);
  }
  if (out.lost || out.full)
  {
    g_free (text);
    if (out.full)
      g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "lines: longer than said");
    return NULL;
  }
  gsize used = (gsize)(out.p - text);
  return g_bytes_new_take (g_realloc (text, MAX (used, 1)), used);
}

GBytes *
rca_lines_text (RcaLinesBlock *block, GError **error)
{
  if (block->plain)
    return g_bytes_new (block->text->p, block->text->n);
  rca_layout_rewind (block);
  /* the last line's line feed is there when the length has room for it */
  GBytes *text = emit_lines (block, block->n_lines, block->n_bytes, error);
  if (text && g_bytes_get_size (text) != block->n_bytes)
  {
    g_bytes_unref (text);
    g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "lines: shorter than said");
    return NULL;
  }
  return text;
}

GBytes *
rca_lines_some (RcaLinesBlock *block, guint64 first, guint64 n, GError **error)
{
  if (first >= block->n_lines)
    return g_bytes_new (NULL, 0);
  n = MIN (n, block->n_lines - first);
  if (block->plain)
    return plain_some (block, first, n);
  if (block->lines->at > first)
    rca_layout_rewind (block);
  while (block->lines->at < first)
    rca_layout_skip (block->lines);
  return emit_lines (block, n, block->n_bytes + 1, error);
}
