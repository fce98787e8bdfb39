#include "local/id-filter.h"
#include "local/lines/layout.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#define LINE_BYTES   64
#define BITS_AN_ID   12
#define PROBES       6
#define ID_DIGITS    32

/* First byte of a filter. */
enum { ALL_TOLD = 0, MORE_AS_TEXT = 1 /* longer words hold hexadecimal digits enough for an id: it may stand in one */ };

static guint8 *
line_of (guint8 *lines, guint64 n_lines, guint64 hash)
{
  return lines + (guint64)(((unsigned __int128)hash * n_lines) >> 64) * LINE_BYTES;
}

static void
add (guint8 *lines, guint64 n_lines, const guint8 *id)
{
  guint64 hash = XXH3_64bits (id, 16), bits = XXH3_64bits_withSeed (id, 16, 1);
  guint8 *line = line_of (lines, n_lines, hash);
  for (guint i = 0; i < PROBES; i++, bits >>= 9)
    line[(bits & 511) / 8] |= (guint8)(1u << (bits & 7));
}

static gboolean
is_id_tag (const RcaLayoutTag *t)
{
  return t->kind == RCA_VARIABLE_ID && t->n > 0;
}

static guint64
count_ids (const RcaLinesBlock *block)
{
  guint64 n = 0;
  for (guint i = 0; i < block->slot->len; i++)
  {
    const RcaLayoutSlot *slot = g_ptr_array_index (block->slot, i);
    for (guint k = 0; k < slot->n_tags; k++)
      n += is_id_tag (&slot->tag[k]) ? slot->tag[k].n : 0;
  }
  return n;
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
slot_holds_text (const RcaLayoutSlot *slot)
{
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
rca_id_filter_build (RcaLinesBlock *block, RcaBuffer *out)
{
  out->n = 0;
  if (block->plain)
    return;
  guint64 n_lines = count_ids (block) * BITS_AN_ID / (LINE_BYTES * 8) + 1;
  rca_buffer_put_u8 (out, block_holds_text (block) ? MORE_AS_TEXT : ALL_TOLD);
  guint8 *lines = rca_buffer_room (out, n_lines * LINE_BYTES);
  memset (lines, 0, n_lines * LINE_BYTES);
  out->n += n_lines * LINE_BYTES;
  for (guint i = 0; i < block->slot->len; i++)
  {
    RcaLayoutSlot *slot = g_ptr_array_index (block->slot, i);
    for (guint k = 0; k < slot->n_tags; k++)
    {
      if (!is_id_tag (&slot->tag[k]))
        continue;
      if (!rca_layout_fetch (block, &slot->tag[k], NULL))
      {
        out->n = 0; /* the lines are searched without */
        return;
      }
      for (guint64 i_id = 0; i_id < slot->tag[k].n; i_id++)
        add (lines, n_lines, slot->tag[k].id + i_id * 16);
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
rca_id_filter_ask (RcaBytes filter, const guint8 id[16])
{
  if (filter.n <= LINE_BYTES || (filter.n - 1) % LINE_BYTES != 0 || filter.p[0] != ALL_TOLD)
    return RCA_ID_UNKNOWN;
  guint64 hash = XXH3_64bits (id, 16), bits = XXH3_64bits_withSeed (id, 16, 1);
  const guint8 *line = line_of ((guint8 *)filter.p + 1, (filter.n - 1) / LINE_BYTES, hash);
  for (guint i = 0; i < PROBES; i++, bits >>= 9)
    if (!(line[(bits & 511) / 8] & (1u << (bits & 7))))
      return RCA_ID_ABSENT;
  return RCA_ID_AS_ID;
}

/* ---- where ---- */

/* A value that is the id. */
typedef struct {
  RcaLayoutTag *tag;
  guint64 at;
  gboolean met;
} Hit;

static gboolean
find_hits (RcaLinesBlock *block, const guint8 *id, GArray *hit)
{
  for (guint i = 0; i < block->slot->len; i++)
  {
    RcaLayoutSlot *slot = g_ptr_array_index (block->slot, i);
    for (guint k = 0; k < slot->n_tags; k++)
    {
      RcaLayoutTag *t = &slot->tag[k];
      if (!is_id_tag (t))
        continue;
      if (!rca_layout_fetch (block, t, NULL))
        return FALSE;
      for (guint64 at = 0; at < t->n; at++)
        if (memcmp (t->id + at * 16, id, 16) == 0)
        {
          Hit h = { t, at, FALSE };
          g_array_append_val (hit, h);
        }
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
rca_id_filter_lines (RcaLinesBlock *block, const guint8 id[16], GArray *line)
{
  g_autoptr (GArray) hit = g_array_new (FALSE, FALSE, sizeof (Hit));
  gboolean all_met = TRUE;
  if (block->plain || !find_hits (block, id, hit) || hit->len > MOST_HITS)
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
