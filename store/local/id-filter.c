#include "local/id-filter.h"
#include "local/lines/layout.h"

#define ID_DIGITS 32

enum { NOTHING_TOLD, ALL_TOLD, MORE_AS_TEXT };

static gboolean
is_id_tag (const RcaLayoutTag *t)
{
  return t->kind == RCA_VARIABLE_ID && t->n > 0;
}

static gboolean
is_digit (char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether 32 such digits stand in @text next to each other. */
static gboolean
holds_digits (RcaBytes text)
{
  gsize run = 0;
  for (gsize i = 0; i < text.n; i++)
  {
    /* most texts are shorter words: where the digit that would end a run is none, none ends before it */
    if (run == 0 && (text.n - i < ID_DIGITS || !is_digit (text.p[i + ID_DIGITS - 1])))
    {
      i += text.n - i < ID_DIGITS ? text.n - i : ID_DIGITS - 1;
      continue;
    }
    run = is_digit (text.p[i]) ? run + 1 : 0;
    if (run == ID_DIGITS)
      return TRUE;
  }
  return FALSE;
}

static gboolean
slot_holds_text (RcaLayoutSlot *slot)
{
  if (!rca_layout_ready (slot, NULL))
    return TRUE;
  for (guint k = 0; k < slot->n_tags; k++)
    if (slot->tag[k].kind == RCA_VALUE_RAW && holds_digits (rca_bytes ((const char *)slot->tag[k].bytes, slot->tag[k].n_bytes)))
      return TRUE;
  return FALSE;
}

static gboolean
trie_holds_text (const RcaLayoutTrie *trie)
{
  for (guint32 i = 0; i < trie->first[trie->n_leaves]; i++)
    if (holds_digits (trie->step[i].literal))
      return TRUE;
  return FALSE;
}

/* An id that is not one variable by itself stands as it is in raw bytes or in constant text: a word
 * with so many changes between letters and digits is never cut (variable.c). Words are texts of a trie too. */
static gboolean
block_holds_text (const RcaLinesBlock *block)
{
  for (guint i = 0; i < block->slot->len; i++)
    if (slot_holds_text (g_ptr_array_index (block->slot, i)))
      return TRUE;
  for (guint i = 0; i < block->trie->len; i++)
    if (trie_holds_text (g_ptr_array_index (block->trie, i)))
      return TRUE;
  return FALSE;
}

void
rca_id_span_of (RcaLinesBlock *block, RcaIdSpan *span)
{
  *span = (RcaIdSpan){ NOTHING_TOLD, G_MAXUINT64, 0 };
  if (block->plain)
    return;
  span->told = block_holds_text (block) ? MORE_AS_TEXT : ALL_TOLD;
  for (guint i = 0; block->ids && i < block->slot->len; i++)
  {
    RcaLayoutSlot *slot = g_ptr_array_index (block->slot, i);
    for (guint k = 0; k < slot->n_tags; k++)
      for (guint64 at = 0; is_id_tag (&slot->tag[k]) && rca_layout_ready (slot, NULL) && at < slot->tag[k].n; at++)
      {
        span->first = MIN (span->first, slot->tag[k].value[at]);
        span->last = MAX (span->last, slot->tag[k].value[at]);
      }
  }
}

gboolean
rca_id_filter_knows (RcaBytes text, guint8 id[16])
{
  RcaVariable var;
  guint changes = 0;
  if (text.n != ID_DIGITS || !rca_variable_is_id (text, &var))
    return FALSE;
  for (gsize i = 1; i < text.n; i++)
    changes += (text.p[i] <= '9') != (text.p[i - 1] <= '9');
  memcpy (id, var.id, 16);
  return changes > RCA_VARIABLE_MAX_CHANGES;
}

RcaIdHold
rca_id_span_ask (const RcaIdSpan *span, gboolean refers, const GArray *reference)
{
  if (span->told != ALL_TOLD)
    return RCA_ID_UNKNOWN;
  if (!refers)
    return RCA_ID_AS_ID;
  for (guint i = 0; i < reference->len; i++)
    if (g_array_index (reference, guint64, i) >= span->first && g_array_index (reference, guint64, i) <= span->last)
      return RCA_ID_AS_ID;
  return RCA_ID_ABSENT;
}

/* ---- where ---- */

/* A value that is the id. */
typedef struct {
  RcaLayoutTag *tag;
  guint64 at;
  gboolean met;
} Hit;

static gboolean
is_at (const RcaLinesBlock *block, const RcaLayoutTag *t, guint64 at, const guint8 *id, const GArray *reference)
{
  if (!block->ids)
    return memcmp (t->bytes + at * 16, id, 16) == 0;
  for (guint i = 0; i < reference->len; i++)
    if (t->value[at] == g_array_index (reference, guint64, i))
      return TRUE;
  return FALSE;
}

static gboolean
has_ids (const RcaLayoutSlot *slot)
{
  for (guint k = 0; k < slot->n_tags; k++)
    if (is_id_tag (&slot->tag[k]))
      return TRUE;
  return FALSE;
}

/* FALSE: not all could be read. */
static gboolean
find_hits (RcaLinesBlock *block, const guint8 *id, const GArray *reference, GArray *hit)
{
  for (guint i = 0; i < block->slot->len; i++)
  {
    RcaLayoutSlot *slot = g_ptr_array_index (block->slot, i);
    if (!has_ids (slot))
      continue;
    if (!rca_layout_ready (slot, NULL))
      return FALSE;
    for (guint k = 0; k < slot->n_tags; k++)
      for (guint64 at = 0; is_id_tag (&slot->tag[k]) && at < slot->tag[k].n; at++)
        if (is_at (block, &slot->tag[k], at, id, reference))
        {
          Hit h = { &slot->tag[k], at, FALSE };
          g_array_append_val (hit, h);
        }
  }
  return TRUE;
}

/* What the line just passed took of the hits. */
static gboolean
passes (GArray *hit)
{
  gboolean any = FALSE;
  for (guint i = 0; i < hit->len; i++)
  {
    Hit *h = &g_array_index (hit, Hit, i);
    any |= !h->met && h->tag->at > h->at;
    h->met |= h->tag->at > h->at;
  }
  return any;
}

#define MOST_HITS 256 /* more are read as lines */

gboolean
rca_id_filter_lines (RcaLinesBlock *block, const guint8 id[16], const GArray *reference, GArray *line)
{
  g_autoptr (GArray) hit = g_array_new (FALSE, FALSE, sizeof (Hit));
  gboolean all_met = TRUE;
  if (block->plain)
    return FALSE;
  if (!find_hits (block, id, reference, hit) || hit->len > MOST_HITS)
    return FALSE;
  rca_layout_rewind (block);
  for (guint64 i = 0; hit->len && i < block->n_lines; i++)
  {
    rca_layout_skip (block->lines);
    if (passes (hit))
      g_array_append_val (line, i);
  }
  for (guint i = 0; i < hit->len; i++)
    all_met &= g_array_index (hit, Hit, i).met; /* else it stands in a word, which any line may use */
  return all_met;
}
