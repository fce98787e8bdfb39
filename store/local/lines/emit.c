/* Lines out of columns: each trie's texts in order, cursors going forward. */
#include "local/lines/layout.h"
#include "seam.h"

/* What was made so far is compared, and its room is free again. */
static void
compare (RcaLayoutOut *out)
{
  gsize n = (gsize)(out->p - out->base);
  if (n > (gsize)(out->against_end - out->against) || memcmp (out->base, out->against, n) != 0)
    out->full = TRUE;
  else
    out->against += n;
  out->p = out->base;
}

/* Near the end of the room, or raw bytes. */
static void
put_exactly (RcaLayoutOut *out, const char *p, gsize n)
{
  if (out->against && n > (gsize)(out->end - out->p))
    compare (out);
  if (out->full)
    return;
  if (n <= (gsize)(out->end - out->p))
  {
    memcpy (out->p, p, n);
    out->p += n;
  }
  else if (!out->against || n > (gsize)(out->against_end - out->against) || memcmp (p, out->against, n) != 0)
    out->full = TRUE;
  else
    out->against += n; /* longer than all the room */
}

/* @p has RCA_LAYOUT_SLACK bytes behind it. */
static inline void
put (RcaLayoutOut *out, const char *p, gsize n)
{
  if (n + RCA_LAYOUT_SLACK > (gsize)(out->end - out->p))
  {
    put_exactly (out, p, n);
    return;
  }
  memcpy (out->p, p, 16);
  if (n > 16)
    memcpy (out->p + 16, p + 16, 16);
  if (n > 32)
    memcpy (out->p + 32, p + 32, n - 32);
  out->p += n;
}

static inline void
put_line_feed (RcaLayoutOut *out)
{
  if (out->p < out->end)
    *out->p++ = '\n';
  else
    put_exactly (out, "\n", 1);
}

static inline gsize
print_to (RcaLayoutOut *out, const RcaLayoutTag *t, guint64 value, const guint8 *id, char *to)
{
  return t->kind == RCA_VARIABLE_STAMP ? rca_stamp_print (&out->stamp, t->param, value, to) : rca_variable_print (t->kind, t->param, value, id, to);
}

/* Numbers and ids: printed in place when there is room for the longest. */
static inline void
print (RcaLayoutOut *out, const RcaLayoutTag *t, guint64 value, const guint8 *id)
{
  if (out->end - out->p >= RCA_VARIABLE_BYTES)
  {
    out->p += print_to (out, t, value, id, out->p);
    return;
  }
  char text[RCA_VARIABLE_BYTES];
  put_exactly (out, text, print_to (out, t, value, id, text));
}

static inline guint64
place (const RcaLayoutOut *out)
{
  return (guint64)(out->against - out->block->told.p) + (guint64)(out->p - out->base);
}

/* A phrase of a line while it is checked: where it stands is noted. */
static void
check_phrase (RcaLayoutOut *out, RcaLayoutSlot *slot, const RcaLayoutTag *t, gsize at)
{
  if (!slot->said)
    slot->said = g_new0 (RcaLayoutSpan, t->n);
  guint64 from = place (out);
  rca_layout_emit (out, slot->phrase);
  slot->said[at] = (RcaLayoutSpan){ (guint32)from, (guint32)(place (out) - from) };
}

static void
emit_value (RcaLayoutOut *out, RcaLayoutSlot *slot)
{
  if (G_UNLIKELY (!slot->ready) && !rca_layout_ready (slot, out->lost ? NULL : out->error))
  {
    out->lost = TRUE;
    return;
  }
  RcaLayoutTag *t = &slot->tag[slot->which ? slot->which[slot->at] : 0];
  gsize at = t->at++;
  slot->at++;
  switch (t->kind)
  {
  case RCA_VALUE_WORD:
    put (out, slot->word[t->value[at]].p, slot->word[t->value[at]].n);
    break;
  case RCA_VALUE_PHRASE:
    if (out->against && !slot->holder->around)
      check_phrase (out, slot, t, at);
    else
      rca_layout_emit (out, slot->phrase);
    break;
  case RCA_VALUE_RAW:
    put_exactly (out, (const char *)t->bytes + t->at_bytes, t->value[at]);
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
    put_exactly (out, "-", 1);
    break;
  default:
    print (out, t, t->value[at], NULL);
  }
}

void
rca_layout_emit (RcaLayoutOut *out, RcaLayoutTrie *trie)
{
  guint32 leaf = trie->leaf[trie->at++];
  const RcaLayoutStep *step = &trie->step[trie->first[leaf]], *end = &trie->step[trie->first[leaf + 1]];
  for (; step < end && !out->full && !out->lost; step++)
  {
    put (out, step->literal.p, step->literal.n);
    if (step->slot)
      emit_value (out, step->slot);
  }
}

/* Made piece by piece: what is compared is still in the cache. */
#define COMPARE_BYTES 65536

gboolean
rca_layout_is (RcaLinesBlock *block, RcaBytes text)
{
  g_autofree char *room = g_malloc (COMPARE_BYTES);
  block->told = text;
  RcaLayoutOut out = { .p = room, .end = room + COMPARE_BYTES, .block = block, .against = text.p, .against_end = text.p + text.n, .base = room };
  rca_layout_rewind (block);
  for (guint64 i = 0; i < block->n_lines && !out.full && !out.lost; i++)
  {
    rca_layout_emit (&out, block->lines);
    if (i + 1 < block->n_lines || (gsize)(out.p - out.base) < (gsize)(out.against_end - out.against))
      put_line_feed (&out);
  }
  compare (&out);
  return !out.full && !out.lost && out.against == out.against_end;
}

static void
skip_value (RcaLayoutSlot *slot)
{
  RcaLayoutTag *t = &slot->tag[slot->which ? slot->which[slot->at] : 0];
  gsize at = t->at++;
  slot->at++;
  if (t->kind == RCA_VALUE_PHRASE)
    rca_layout_skip (slot->phrase);
  else if (t->kind == RCA_VALUE_RAW && rca_layout_ready (slot, NULL)) /* else it is told when the value itself is wanted */
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
  RcaLayoutOut out = { .p = text, .end = text + room, .error = error, .block = block };
  for (guint64 i = 0; i < n && !out.full && !out.lost; i++)
  {
    rca_layout_emit (&out, block->lines);
    if (block->lines->at < block->n_lines || out.p < out.end)
      put_line_feed (&out);
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
