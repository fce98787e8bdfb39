#include "local/lines/shape.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* More variables in one text than that: the rest is raw bytes. It bounds the depth of the trie, too. */
#define MAX_VARIABLES 250
#define FEW_EDGES 8
#define MAX_LITERAL 65535
/* After so many strings it is settled whether they repeat. */
#define SETTLE 1024

/* ---- making and freeing ---- */

static void
node_clear (RcaShapeNode *node);

static void
slot_free (RcaShapeSlot *slot)
{
  if (!slot)
    return;
  for (guint i = 0; i < slot->n_tags; i++)
  {
    rca_numbers_clear (&slot->tag[i].value);
    rca_buffer_clear (&slot->tag[i].bytes);
  }
  g_free (slot->tag);
  rca_buffer_clear (&slot->which);
  rca_shape_trie_free (slot->phrase);
  rca_shape_trie_free (slot->entry);
  g_free (slot->words.slot);
  g_free (slot);
}

static void
node_clear (RcaShapeNode *node)
{
  for (guint i = 0; i < node->n_edges; i++)
  {
    RcaShapeEdge *e = node->edge[i];
    if (e->node)
    {
      node_clear (e->node);
      g_free (e->node);
    }
    g_free (e->literal);
    g_free (e);
  }
  g_free (node->edge);
  g_free (node->by_hash);
  slot_free (node->slot);
}

RcaShapeTrie *
rca_shape_trie_new (guint *budget)
{
  RcaShapeTrie *trie = g_new0 (RcaShapeTrie, 1);
  trie->budget = budget;
  return trie;
}

void
rca_shape_trie_free (RcaShapeTrie *trie)
{
  if (!trie)
    return;
  node_clear (&trie->root);
  rca_numbers_clear (&trie->leaf);
  g_free (trie->order);
  g_free (trie);
}

static void
reset_words (RcaShapeWords *w)
{
  if (w->n && w->slot)
    memset (w->slot, 0, ((gsize)w->mask + 1) * sizeof *w->slot);
  w->n = 0;
}

static void
reset_slot (RcaShapeSlot *slot)
{
  for (guint i = 0; i < slot->n_tags; i++)
    slot->tag[i].value.n = slot->tag[i].bytes.n = 0;
  slot->which.n = 0;
  reset_words (&slot->words);
  if (slot->phrase)
    rca_shape_trie_reset (slot->phrase);
  if (slot->entry)
    rca_shape_trie_reset (slot->entry);
}

static void
reset_node (RcaShapeNode *node)
{
  if (node->slot && node->slot->which.n == 0)
    return; /* nothing came by since the last block */
  if (node->slot)
    reset_slot (node->slot);
  for (guint i = 0; i < node->n_edges; i++)
  {
    node->edge[i]->leaf = 0;
    if (node->edge[i]->node)
      reset_node (node->edge[i]->node);
  }
}

void
rca_shape_trie_reset (RcaShapeTrie *trie)
{
  reset_node (&trie->root);
  trie->leaf.n = 0;
  trie->n_leaves = 0;
}

/* ---- edges ---- */

static void
index_edges (RcaShapeNode *node)
{
  guint mask = node->mask ? node->mask * 2 + 1 : FEW_EDGES * 4 - 1;
  g_free (node->by_hash);
  node->by_hash = g_new0 (guint32, mask + 1);
  node->mask = mask;
  for (guint i = 0; i < node->n_edges; i++)
  {
    guint at = node->edge[i]->hash & mask;
    while (node->by_hash[at])
      at = (at + 1) & mask;
    node->by_hash[at] = i + 1;
  }
}

static inline gboolean
edge_is (const RcaShapeEdge *e, RcaBytes literal, guint32 hash, gboolean ends)
{
  return e->hash == hash && e->n == literal.n && (e->node == NULL) == ends && memcmp (e->literal, literal.p, literal.n) == 0;
}

static RcaShapeEdge *
find_edge (const RcaShapeNode *node, RcaBytes literal, guint32 hash, gboolean ends)
{
  if (!node->by_hash)
  {
    for (guint i = 0; i < node->n_edges; i++)
      if (edge_is (node->edge[i], literal, hash, ends))
        return node->edge[i];
    return NULL;
  }
  for (guint at = hash & node->mask; node->by_hash[at]; at = (at + 1) & node->mask)
    if (edge_is (node->edge[node->by_hash[at] - 1], literal, hash, ends))
      return node->edge[node->by_hash[at] - 1];
  return NULL;
}

static RcaShapeEdge *
add_edge (RcaShapeTrie *trie, RcaShapeNode *node, RcaBytes literal, guint32 hash, gboolean ends, RcaShapeSlot *around, gboolean in_entry)
{
  RcaShapeEdge *e = g_new0 (RcaShapeEdge, 1);
  e->literal = g_memdup2 (literal.n ? literal.p : "", MAX (literal.n, 1));
  e->n = (guint32)literal.n;
  e->hash = hash;
  if (!ends)
  {
    e->node = g_new0 (RcaShapeNode, 1);
    e->node->slot = g_new0 (RcaShapeSlot, 1);
    e->node->slot->above = node->slot;
    e->node->slot->around = around;
    e->node->slot->in_entry = in_entry;
  }
  *trie->budget -= *trie->budget > 0;
  if ((node->n_edges & (node->n_edges - 1)) == 0)
    node->edge = g_renew (RcaShapeEdge *, node->edge, MAX (1, node->n_edges * 2));
  node->edge[node->n_edges++] = e;
  if (node->n_edges > FEW_EDGES && node->n_edges > node->mask / 2)
    index_edges (node);
  else if (node->by_hash)
  {
    guint at = hash & node->mask;
    while (node->by_hash[at])
      at = (at + 1) & node->mask;
    node->by_hash[at] = node->n_edges;
  }
  return e;
}

/* ---- values ---- */

static RcaShapeTag *
tag_for (RcaShapeSlot *slot, guint kind, guint param)
{
  if (slot->n_tags && slot->tag[slot->recent].kind == kind && slot->tag[slot->recent].param == param)
    return &slot->tag[slot->recent];
  for (guint i = 0; i < slot->n_tags; i++)
    if (slot->tag[i].kind == kind && slot->tag[i].param == param)
    {
      slot->recent = i;
      return &slot->tag[i];
    }
  /* the last places are for strings, which take anything */
  if (slot->n_tags >= RCA_SHAPE_TAGS - 3 && kind < RCA_VARIABLE_TEXT)
    return NULL;
  if ((slot->n_tags & (slot->n_tags - 1)) == 0)
    slot->tag = g_renew (RcaShapeTag, slot->tag, MAX (1, slot->n_tags * 2));
  slot->recent = slot->n_tags++;
  slot->tag[slot->recent] = (RcaShapeTag){ 0 };
  slot->tag[slot->recent].kind = (guint8)kind;
  slot->tag[slot->recent].param = (guint16)param;
  return &slot->tag[slot->recent];
}

static inline void
note_tag (RcaShapeSlot *slot)
{
  rca_buffer_put_u8 (&slot->which, (guint8)slot->recent);
}

static void
push_raw (RcaShapeSlot *slot, RcaBytes text)
{
  RcaShapeTag *t = tag_for (slot, RCA_VALUE_RAW, 0);
  rca_numbers_push (&t->value, text.n);
  rca_buffer_put (&t->bytes, text.p, text.n);
  note_tag (slot);
}

static void
push_word (RcaShapeSlot *slot, RcaBytes text, guint level, guint *budget)
{
  gboolean fresh;
  guint32 code = rca_shape_word (&slot->words, text, &fresh);
  if (fresh)
  {
    if (!slot->entry)
      slot->entry = rca_shape_trie_new (budget);
    rca_shape_parse (slot->entry, text, RCA_LEVEL_WORD, slot, TRUE);
  }
  RcaShapeTag *t = tag_for (slot, RCA_VALUE_WORD, 0);
  rca_numbers_push (&t->value, code);
  note_tag (slot);
  if (slot->seen < SETTLE)
  {
    slot->seen++;
    slot->distinct += fresh;
    slot->phrases = slot->seen == SETTLE && slot->distinct > SETTLE / 2 && level < RCA_LEVEL_WORD;
  }
}

#define MAX_WORD 4096

static void
push_text (RcaShapeSlot *slot, RcaBytes text, guint level, guint *budget)
{
  RcaVariable var;
  if ((text.n == 32 || text.n == 36) && rca_variable_is_id (text, &var))
  {
    RcaShapeTag *t = tag_for (slot, var.kind, 0);
    if (t)
    {
      rca_buffer_put (&t->bytes, var.id, 16);
      note_tag (slot);
      return;
    }
  }
  if (level >= RCA_LEVEL_WORD)
    push_raw (slot, text);
  else if (slot->phrases)
  {
    if (!slot->phrase)
      slot->phrase = rca_shape_trie_new (budget);
    rca_shape_parse (slot->phrase, text, level + 1, slot, FALSE);
    tag_for (slot, RCA_VALUE_PHRASE, 0);
    note_tag (slot);
  }
  else if (text.n <= MAX_WORD)
    push_word (slot, text, level, budget);
  else
    push_raw (slot, text);
}

static void
push (RcaShapeSlot *slot, const RcaVariable *var, guint level, guint *budget)
{
  if (var->kind == RCA_VARIABLE_TEXT)
  {
    push_text (slot, rca_bytes (var->p, var->n), level, budget);
    return;
  }
  RcaShapeTag *t = tag_for (slot, var->kind, var->param);
  if (!t)
    push_raw (slot, rca_bytes (var->p, var->n));
  else
  {
    if (var->kind >= RCA_VARIABLE_ID)
      rca_buffer_put (&t->bytes, var->id, 16);
    else if (var->kind != RCA_VARIABLE_DASH)
      rca_numbers_push (&t->value, var->value);
    note_tag (slot);
  }
}

/* ---- parsing ---- */

static void
push_leaf (RcaShapeTrie *trie, RcaShapeEdge *e)
{
  if (!e->leaf)
  {
    if (trie->n_leaves == trie->order_capacity)
    {
      trie->order_capacity = MAX (16, trie->order_capacity * 2);
      trie->order = g_renew (RcaShapeEdge *, trie->order, trie->order_capacity);
    }
    trie->order[trie->n_leaves++] = e;
    e->leaf = trie->n_leaves;
  }
  rca_numbers_push (&trie->leaf, e->leaf - 1);
}

static inline guint32
hash_literal (RcaBytes literal)
{
  return (guint32)XXH3_64bits (literal.p, literal.n);
}

/* Follows, or makes, the edge with @literal. NULL when the trie is full. */
static RcaShapeEdge *
follow (RcaShapeTrie *trie, RcaShapeNode *node, RcaBytes literal, gboolean ends, RcaShapeSlot *around, gboolean in_entry)
{
  guint32 hash = hash_literal (literal);
  RcaShapeEdge *e = find_edge (node, literal, hash, ends);
  if (e || (literal.n && (literal.n > MAX_LITERAL || *trie->budget == 0)))
    return e;
  return add_edge (trie, node, literal, hash, ends, around, in_entry);
}

/* The common case without looking for variables: the edge taken last fits, and the variable behind it is what it
 * was the last time, with a delimiter after it. Returns where it ends; NULL: look properly. */
static const char *
fast_variable (RcaShapeSlot *slot, const char *p, const char *end, guint level, gboolean quoted, RcaVariable *var);

void
rca_shape_parse (RcaShapeTrie *trie, RcaBytes text, guint level, RcaShapeSlot *around, gboolean in_entry)
{
  RcaShapeNode *node = &trie->root;
  const char *p = text.p, *end = text.p + text.n;
  for (guint depth = 0;; depth++)
  {
    RcaVariable var;
    RcaShapeEdge *e = node->recent;
    const char *next;
    if (e && e->node && depth < MAX_VARIABLES && e->n < (gsize)(end - p) && memcmp (e->literal, p, e->n) == 0 && (next = fast_variable (e->node->slot, p + e->n, end, level, e->n && e->literal[e->n - 1] == '"', &var)))
    {
      push (e->node->slot, &var, level, trie->budget);
      node = e->node;
      p = next;
      continue;
    }
    gboolean ends = level < RCA_N_LEVELS && !rca_variable_find (p, end, level, &var);
    RcaBytes literal = rca_bytes (p, ends || level >= RCA_N_LEVELS ? (gsize)(end - p) : (gsize)(var.p - p));
    e = level < RCA_N_LEVELS && (depth < MAX_VARIABLES || ends) ? follow (trie, node, literal, ends, around, in_entry) : NULL;
    if (!e)
    { /* no room for another constant text: the rest as raw bytes, then the end */
      e = follow (trie, node, rca_bytes (p, 0), FALSE, around, in_entry);
      push_raw (e->node->slot, rca_bytes (p, (gsize)(end - p)));
      push_leaf (trie, follow (trie, e->node, rca_bytes (end, 0), TRUE, around, in_entry));
      return;
    }
    if (ends)
    {
      push_leaf (trie, e);
      return;
    }
    node->recent = e;
    push (e->node->slot, &var, level, trie->budget);
    node = e->node;
    p = var.p + var.n;
  }
}

static inline gboolean
is_delimiter (const char *p, const char *end)
{
  if (p == end)
    return TRUE;
  switch (*p)
  {
  case ' ':
  case '"':
  case ',':
  case ']':
  case ')':
  case '}':
  case '\'':
  case '&':
  case ';':
    return TRUE;
  default:
    return FALSE;
  }
}

/* A quoted string without escaped or doubled quotes. */
static const char *
fast_string (const char *p, const char *end, guint level, gboolean quoted, RcaVariable *var)
{
  if (level != RCA_LEVEL_LINE || !quoted)
    return NULL;
  const char *close = memchr (p, '"', (gsize)(end - p));
  if (!close || (close > p && close[-1] == '\\'))
    return NULL;
  /* it may be a key, or go on: looked at properly */
  if (close + 1 < end && (close[1] == '"' || close[1] == ':' || (close[1] == ' ' && close + 2 < end && close[2] == ':')))
    return NULL;
  *var = (RcaVariable){ .p = p, .n = (gsize)(close - p), .kind = RCA_VARIABLE_TEXT };
  return close;
}

static const char *
fast_variable (RcaShapeSlot *slot, const char *p, const char *end, guint level, gboolean quoted, RcaVariable *var)
{
  if (!slot->n_tags)
    return NULL;
  const RcaShapeTag *t = &slot->tag[slot->recent];
  const char *q = p;
  guint64 value = 0;
  switch (t->kind)
  {
  case RCA_VARIABLE_INT:
    for (; q < end && (guchar)(*q - '0') < 10; q++)
      value = value * 10 + (guint64)(*q - '0');
    if (q == p || q - p > 18 || (*p == '0' && q - p > 1) || !is_delimiter (q, end))
      return NULL;
    break;
  case RCA_VARIABLE_DECIMAL:
    for (; q < end && (guchar)(*q - '0') < 10; q++)
      value = value * 10 + (guint64)(*q - '0');
    if (q == p || q == end || *q != '.' || (*p == '0' && q - p > 1))
      return NULL;
    for (q++; q < end && (guchar)(*q - '0') < 10; q++)
      value = value * 10 + (guint64)(*q - '0');
    if (q - p > 18 || !is_delimiter (q, end))
      return NULL;
    var->param = (guint16)(q - 1 - (const char *)memchr (p, '.', (gsize)(q - p)));
    if (var->param < 1 || var->param > 9)
      return NULL;
    *var = (RcaVariable){ .p = p, .n = (gsize)(q - p), .kind = RCA_VARIABLE_DECIMAL, .param = var->param, .value = value };
    return q;
  case RCA_VARIABLE_STAMP:
    return rca_stamp_read (&slot->stamp, p, end, var) && is_delimiter (p + var->n, end) ? p + var->n : NULL;
  case RCA_VARIABLE_ID:
    if (end - p < 32 || !is_delimiter (p + 32, end) || !rca_variable_is_id (rca_bytes (p, 32), var))
      return NULL;
    return p + 32;
  case RCA_VARIABLE_IPV4:
    for (guint dots = 0;; dots++, q++)
    {
      guint part = 0, digits = 0;
      for (; q < end && (guchar)(*q - '0') < 10 && digits < 4; q++, digits++)
        part = part * 10 + (guint)(*q - '0');
      if (digits == 0 || digits > 3 || part > 255 || (digits > 1 && q[-(gssize)digits] == '0'))
        return NULL;
      value = value << 8 | part;
      if (dots == 3)
        break;
      if (q == end || *q != '.')
        return NULL;
    }
    if (!is_delimiter (q, end))
      return NULL;
    break;
  case RCA_VALUE_WORD:
  case RCA_VALUE_PHRASE:
    return fast_string (p, end, level, quoted, var);
  case RCA_VARIABLE_DASH:
    if (*p != '-' || (p + 1 < end && p[1] != ' '))
      return NULL;
    q++;
    break;
  default:
    return NULL;
  }
  *var = (RcaVariable){ .p = p, .n = (gsize)(q - p), .kind = t->kind, .param = t->param, .value = value };
  return q;
}
