#include "local/lines/layout.h"
#include "seam.h"

#define MAX_STEPS 256
#define MAX_BLOCK (G_GUINT64_CONSTANT (1) << 30)

typedef struct {
  RcaBytes literal;
  gint32 parent; /* step before; -1: none */
  RcaLayoutSlot *slot;
  guint depth;
} Edge;

typedef struct {
  RcaLinesBlock *block;
  RcaCursor shape, directory;
  RcaCursor small, column;
  guint next_piece;
  GError **error;
  gboolean bad, lost; /* lost: @error is set */
  guint depth;        /* of tries in tries */
} Reading;

static void
fail (Reading *r)
{
  r->bad = TRUE;
}

/* ---- columns ---- */

/* Where the next column stands. */
static RcaLayoutColumn
next_column (Reading *r)
{
  guint64 said = rca_cursor_varint (&r->directory), n = said >> 1;
  RcaLayoutColumn column = { 0, NULL, n };
  if (r->directory.bad || r->bad)
    fail (r);
  else if (said & 1)
  {
    column.piece = r->next_piece++;
    if (column.piece >= r->block->n_pieces)
      fail (r);
  }
  else if (!(column.p = rca_cursor_take (&r->small, n)) && n)
    fail (r);
  return column;
}

static void
open_column (Reading *r, const RcaLayoutColumn *column)
{
  gboolean at_hand = column->piece == 0 && column->p;
  r->column = rca_cursor (at_hand ? column->p : NULL, at_hand ? column->n : 0);
  if (column->piece == 0 || r->bad)
    return;
  const RcaBuffer *piece = r->block->piece (column->piece, r->block->user, r->error);
  if (!piece)
    r->lost = TRUE;
  if (!piece || piece->n != column->n)
    return fail (r);
  r->column = rca_cursor (piece->p, piece->n);
}

/* @n numbers of the column at hand; NULL when it does not hold them. */
static guint64 *
take_numbers (Reading *r, guint64 n)
{
  if (r->bad || n > r->block->n_bytes + r->block->n_lines)
  {
    fail (r);
    return NULL;
  }
  guint64 *v = g_try_new (guint64, MAX (n, 1));
  if (!v || !rca_integers_decode (&r->column, v, n))
  {
    g_free (v);
    fail (r);
    return NULL;
  }
  return v;
}

static guint64 *
read_numbers (Reading *r, guint64 n)
{
  RcaLayoutColumn column = next_column (r);
  open_column (r, &column);
  return take_numbers (r, n);
}

static void
read_which (Reading *r, RcaLayoutSlot *slot)
{
  if (slot->n_tags < 2)
    return;
  g_autofree guint64 *v = read_numbers (r, slot->n);
  if (!v)
    return;
  slot->which = g_new (guint8, MAX (slot->n, 1));
  for (guint64 i = 0; i < slot->n; i++)
  {
    if (v[i] >= slot->n_tags)
      return fail (r);
    slot->which[i] = (guint8)v[i];
    slot->tag[v[i]].n++;
  }
}

/* ---- how a column was written (plan.c) ---- */

static RcaLayoutSlot *
slot_by_number (Reading *r, guint64 number)
{
  return number < r->block->slot->len ? g_ptr_array_index (r->block->slot, number) : NULL;
}

static gint
only_tag (const RcaLayoutSlot *slot)
{
  for (guint i = 0; i < slot->n_tags; i++)
    if (slot->tag[i].n == slot->n)
      return (gint)i;
  return -1;
}

const guint64 *
rca_layout_keys (RcaLinesBlock *block, RcaLayoutSlot *slot, guint64 **made)
{
  gint only = only_tag (slot);
  *made = NULL;
  if (only < 0)
    return NULL;
  const RcaLayoutTag *t = &slot->tag[only];
  if (t->kind != RCA_VALUE_PHRASE)
    return t->kind == RCA_VARIABLE_ID || t->kind == RCA_VARIABLE_UUID ? NULL : t->value;
  if (!slot->phrase || slot->phrase->n != slot->n)
    return NULL;
  *made = g_new (guint64, MAX (slot->n, 1));
  for (guint64 i = 0; i < slot->n; i++)
    (*made)[i] = slot->phrase->leaf[i];
  return *made;
}

/* Keys of @by where @slot is of kind @tag; transfer full, NULL when they do not fit. */
static guint64 *
filtered_keys (Reading *r, const RcaLayoutSlot *slot, guint tag, RcaLayoutSlot *by)
{
  g_autofree guint64 *made = NULL;
  gboolean before = by && by->number < slot->number && by->n == slot->n;
  if (before && !rca_layout_ready (by, r->error))
  {
    r->lost = TRUE;
    return NULL;
  }
  const guint64 *keys = before ? rca_layout_keys (r->block, by, &made) : NULL;
  if (!keys)
    return NULL;
  guint64 n = slot->tag[tag].n, k = 0;
  guint64 *out = g_new (guint64, MAX (n, 1));
  for (guint64 i = 0; i < slot->n; i++)
    if (!slot->which || slot->which[i] == tag)
      out[k++] = keys[i];
  return out;
}

static guint64 *
read_predicted (Reading *r, const guint64 *keys, guint64 n)
{
  g_autofree guint64 *v = take_numbers (r, n);
  guint64 n_miss = rca_cursor_varint (&r->column);
  if (!v || n_miss > n)
    return NULL;
  g_autofree guint64 *miss = take_numbers (r, n_miss), *last = g_new0 (guint64, (gsize)1 << RCA_PREDICT_BITS);
  guint64 k = 0;
  for (guint64 i = 0; miss && i < n; i++)
  {
    guint64 *guess = &last[rca_predict_slot (keys[i])];
    if (!v[i])
    {
      if (k == n_miss)
        return NULL;
      *guess = miss[k++];
    }
    v[i] = *guess;
  }
  return miss ? g_steal_pointer (&v) : NULL;
}

static guint64 *
read_grouped (Reading *r, const guint64 *keys, guint64 n)
{
  for (guint64 i = 0; i < n; i++)
    if (keys[i] > r->block->n_lines + r->block->n_bytes)
      return NULL;
  g_autofree guint32 *order = rca_plan_order (keys, n);
  g_autofree guint64 *v = g_new (guint64, MAX (n, 1)), *rest = g_new (guint64, MAX (n, 1));
  guint64 n_rest = 0;
  for (guint64 from = 0, to; from < n; from = to)
  {
    for (to = from + 1; to < n && keys[order[to]] == keys[order[from]];)
      to++;
    if (to - from < RCA_GROUP_MIN)
    {
      for (guint64 i = from; i < to; i++)
        rest[n_rest++] = order[i];
      continue;
    }
    g_autofree guint64 *group = take_numbers (r, to - from);
    if (!group)
      return NULL;
    for (guint64 i = from; i < to; i++)
      v[order[i]] = group[i - from];
  }
  g_autofree guint64 *others = take_numbers (r, n_rest);
  for (guint64 i = 0; others && i < n_rest; i++)
    v[rest[i]] = others[i];
  return others ? g_steal_pointer (&v) : NULL;
}

static guint64 *
read_planned (Reading *r, RcaLayoutSlot *slot, guint tag)
{
  RcaLayoutTag *t = &slot->tag[tag];
  open_column (r, &t->column[0]);
  if (t->how == RCA_PLAN_PLAIN)
    return take_numbers (r, t->n);
  g_autofree guint64 *keys = filtered_keys (r, slot, tag, slot_by_number (r, t->by));
  guint64 *v = NULL;
  if (keys && t->how == RCA_PLAN_DIFFERENCE && (v = take_numbers (r, t->n)))
    for (guint64 i = 0; i < t->n; i++)
      v[i] = keys[i] - (guint64)rca_unzigzag (v[i]);
  else if (keys && t->how == RCA_PLAN_PREDICTED)
    v = read_predicted (r, keys, t->n);
  else if (keys && t->how == RCA_PLAN_GROUPED)
    v = read_grouped (r, keys, t->n);
  if (!v)
    fail (r);
  return v;
}

/* ---- values ---- */

static void
read_raw (Reading *r, RcaLayoutTag *t)
{
  open_column (r, &t->column[0]);
  t->value = take_numbers (r, t->n);
  open_column (r, &t->column[1]);
  guint64 sum = 0;
  for (guint64 i = 0; t->value && i < t->n; i++)
  {
    sum += t->value[i];
    if (t->value[i] > r->block->n_bytes || sum > r->block->n_bytes)
      return fail (r);
  }
  t->n_bytes = sum;
  t->bytes = rca_cursor_take (&r->column, sum);
  if (sum && !t->bytes)
    fail (r);
}

static void
read_ids (Reading *r, RcaLayoutTag *t)
{
  open_column (r, &t->column[0]);
  if (r->block->ids)
  {
    t->value = take_numbers (r, t->n);
    return;
  }
  t->n_bytes = t->n * 16;
  t->bytes = t->n > r->block->n_bytes ? NULL : rca_cursor_take (&r->column, t->n_bytes);
  if (t->n && !t->bytes)
    fail (r);
}

static void
read_values (Reading *r, RcaLayoutSlot *slot, guint tag)
{
  RcaLayoutTag *t = &slot->tag[tag];
  if (r->bad || t->kind == RCA_VARIABLE_DASH || t->kind == RCA_VALUE_PHRASE)
    return;
  if (t->kind == RCA_VALUE_RAW)
    read_raw (r, t);
  else if (t->kind == RCA_VARIABLE_ID || t->kind == RCA_VARIABLE_UUID)
    read_ids (r, t);
  else
    t->value = read_planned (r, slot, tag);
  for (guint64 i = 0; t->kind == RCA_VALUE_WORD && t->value && i < t->n; i++)
    if (t->value[i] >= slot->n_words)
      return fail (r);
}

/* No more than the block itself: each word stands in it at least once. */
static void
make_words (Reading *r, RcaLayoutSlot *slot)
{
  g_autofree char *scratch = g_malloc (r->block->n_bytes + 1);
  RcaLayoutOut out = { .p = scratch, .end = scratch + r->block->n_bytes, .error = r->error, .block = r->block };
  RcaLayoutTrie *entry = slot->entry;
  slot->entry = NULL; /* its cursors go forward once */
  slot->word = g_new0 (RcaBytes, slot->n_words);
  for (guint64 i = 0; i < slot->n_words && !out.full && !out.lost; i++)
  {
    char *from = out.p;
    rca_layout_emit (&out, entry);
    slot->word[i] = rca_bytes (from, (gsize)(out.p - from));
  }
  r->lost |= out.lost;
  if (out.full || out.lost)
    return fail (r);
  gsize used = (gsize)(out.p - scratch);
  slot->word_bytes = g_malloc (used + RCA_LAYOUT_SLACK);
  memcpy (slot->word_bytes, scratch, used);
  memset (slot->word_bytes + used, 0, RCA_LAYOUT_SLACK);
  for (guint64 i = 0; i < slot->n_words; i++)
    slot->word[i].p = slot->word_bytes + (slot->word[i].p - scratch);
}

static void
forget_values (RcaLayoutSlot *slot)
{
  for (guint i = 0; i < slot->n_tags; i++)
  {
    g_clear_pointer (&slot->tag[i].value, g_free);
    g_clear_pointer (&slot->tag[i].id, g_free);
    slot->tag[i].bytes = NULL;
  }
  slot->ready = FALSE;
}

static gboolean damaged (GError **error, const char *what);

gboolean
rca_layout_ready (RcaLayoutSlot *slot, GError **error)
{
  if (slot->ready)
    return TRUE;
  GError *own = NULL;
  Reading r = { .block = slot->block, .error = &own };
  if (slot->entry)
    make_words (&r, slot);
  if (slot->n_words && !slot->word_bytes)
    fail (&r);
  for (guint i = 0; !r.bad && i < slot->n_tags; i++)
    read_values (&r, slot, i);
  slot->ready = !r.bad && !r.lost;
  if (slot->ready)
    return TRUE;
  forget_values (slot);
  if (!own)
    damaged (&own, "its columns do not add up");
  g_propagate_error (error, own);
  return FALSE;
}

void
rca_layout_release (RcaLinesBlock *block)
{
  for (guint i = 0; i < block->slot->len; i++)
    forget_values (g_ptr_array_index (block->slot, i));
}

static RcaLayoutTrie *read_trie (Reading *r, guint64 n, RcaLayoutSlot *around);

static void
read_words (Reading *r, RcaLayoutSlot *slot)
{
  slot->n_words = rca_cursor_varint (&r->shape);
  if (slot->n_words == 0)
    return;
  if (slot->n_words > slot->n)
    return fail (r);
  slot->entry = read_trie (r, slot->n_words, NULL);
}

static void
find_columns (Reading *r, RcaLayoutTag *t)
{
  if (t->kind == RCA_VARIABLE_DASH || t->kind == RCA_VALUE_PHRASE)
    return;
  t->column[0] = next_column (r);
  if (t->kind == RCA_VALUE_RAW)
    t->column[1] = next_column (r);
}

/* Columns were written in this order: which, words, values by kind, phrases. The kinds stand behind the words. */
static void
read_slot (Reading *r, RcaLayoutSlot *slot)
{
  slot->number = r->block->slot->len;
  slot->block = r->block;
  g_ptr_array_add (r->block->slot, slot);
  slot->n = rca_cursor_varint (&r->shape);
  slot->n_tags = rca_cursor_u8 (&r->shape);
  if (slot->n_tags == 0 || slot->n_tags > RCA_SHAPE_TAGS || slot->n > slot->holder->n)
  {
    slot->n_tags = 0;
    return fail (r);
  }
  slot->tag = g_new0 (RcaLayoutTag, slot->n_tags);
  if (slot->n_tags == 1)
    slot->tag[0].n = slot->n;
  read_which (r, slot);
  if (!r->bad)
    read_words (r, slot);
  for (guint i = 0; !r->bad && i < slot->n_tags; i++)
  {
    RcaLayoutTag *t = &slot->tag[i];
    t->kind = rca_cursor_u8 (&r->shape);
    guint64 param = rca_cursor_varint (&r->shape);
    t->param = (guint16)param;
    t->how = rca_cursor_u8 (&r->shape);
    guint64 by = t->how ? rca_cursor_varint (&r->shape) : 0;
    t->by = (guint32)by;
    if (param > G_MAXUINT16 || by > G_MAXUINT32 || t->how >= RCA_N_PLANS || t->kind >= RCA_N_VALUES || (t->kind < RCA_VARIABLE_TEXT && !rca_variable_valid (t->kind, t->param)))
      return fail (r);
  }
  for (guint i = 0; !r->bad && i < slot->n_tags; i++)
    find_columns (r, &slot->tag[i]);
  for (guint i = 0; !r->bad && i < slot->n_tags; i++)
    if (slot->tag[i].kind == RCA_VALUE_PHRASE && slot->tag[i].n && !slot->phrase)
      slot->phrase = read_trie (r, slot->tag[i].n, slot);
}

/* ---- tries ---- */

typedef struct {
  RcaLayoutTrie *trie;
  GArray *edge;      /* Edge */
  gint32 *edge_of;   /* leaf → its last edge; -1: not met yet */
  guint64 *count_of; /* leaf → how many texts */
} Building;

static guint64 read_node (Reading *r, Building *b, gint32 parent, guint depth);

/* Returns how many texts pass this edge. */
static guint64
read_edge (Reading *r, Building *b, gint32 parent, guint depth)
{
  guint64 said = rca_cursor_varint (&r->shape);
  const guint8 *literal = rca_cursor_take (&r->shape, said >> 1);
  Edge e = { rca_bytes ((const char *)literal, literal ? said >> 1 : 0), parent, NULL, depth };
  gint32 index = (gint32)b->edge->len;
  if (r->shape.bad || depth >= MAX_STEPS)
  {
    fail (r);
    return 0;
  }
  if (said & 1)
  {
    guint64 leaf = rca_cursor_varint (&r->shape);
    if (leaf >= b->trie->n_leaves || b->edge_of[leaf] >= 0)
    {
      fail (r);
      return 0;
    }
    b->edge_of[leaf] = index;
    g_array_append_val (b->edge, e);
    return b->count_of[leaf];
  }
  e.slot = g_new0 (RcaLayoutSlot, 1);
  e.slot->holder = b->trie;
  g_array_append_val (b->edge, e);
  read_slot (r, e.slot);
  guint64 n = r->bad ? 0 : read_node (r, b, index, depth + 1);
  if (n != e.slot->n)
    fail (r);
  return n;
}

static guint64
read_node (Reading *r, Building *b, gint32 parent, guint depth)
{
  guint64 edges = rca_cursor_varint (&r->shape), n = 0;
  for (guint64 i = 0; !r->bad && !r->shape.bad && i < edges; i++)
    n += read_edge (r, b, parent, depth);
  return n;
}

/* Each leaf's way from the root as a list of steps. */
static void
list_steps (Reading *r, Building *b)
{
  RcaLayoutTrie *t = b->trie;
  t->first = g_new0 (guint32, t->n_leaves + 1);
  for (guint32 i = 0; i < t->n_leaves; i++)
  {
    if (b->edge_of[i] < 0)
      return fail (r);
    t->first[i + 1] = t->first[i] + g_array_index (b->edge, Edge, b->edge_of[i]).depth + 1;
  }
  t->step = g_new (RcaLayoutStep, MAX (t->first[t->n_leaves], 1));
  for (guint32 i = 0; i < t->n_leaves; i++)
    for (gint32 at = b->edge_of[i]; at >= 0; at = g_array_index (b->edge, Edge, at).parent)
    {
      const Edge *e = &g_array_index (b->edge, Edge, at);
      t->step[t->first[i] + e->depth] = (RcaLayoutStep){ e->literal, e->slot };
    }
}

static void
read_leaves (Reading *r, Building *b)
{
  RcaLayoutTrie *t = b->trie;
  g_autofree guint64 *leaf = read_numbers (r, t->n);
  if (!leaf)
    return;
  t->leaf = g_new (guint32, MAX (t->n, 1));
  for (guint64 i = 0; i < t->n; i++)
  {
    if (leaf[i] >= t->n_leaves)
      return fail (r);
    t->leaf[i] = (guint32)leaf[i];
    b->count_of[leaf[i]]++;
  }
}

/* @n texts; the block owns what is returned, also when it turns out bad. */
static RcaLayoutTrie *
read_trie (Reading *r, guint64 n, RcaLayoutSlot *around)
{
  RcaLayoutTrie *t = g_new0 (RcaLayoutTrie, 1);
  t->number = r->block->trie->len;
  g_ptr_array_add (r->block->trie, t);
  t->n = n;
  t->around = around;
  if (around)
    around->phrase = t; /* what stands in it may be written by its leaves */
  guint64 n_leaves = rca_cursor_varint (&r->shape);
  if (n_leaves > n || r->depth >= RCA_N_LEVELS + 1)
  {
    fail (r);
    return t;
  }
  t->n_leaves = (guint32)n_leaves;
  Building b = { t, g_array_new (FALSE, FALSE, sizeof (Edge)), g_new (gint32, n_leaves + 1), g_new0 (guint64, n_leaves + 1) };
  for (guint64 i = 0; i < n_leaves; i++)
    b.edge_of[i] = -1;
  r->depth++;
  read_leaves (r, &b);
  if (!r->bad && read_node (r, &b, -1, 0) != n)
    fail (r);
  if (!r->bad)
    list_steps (r, &b);
  r->depth--;
  g_array_unref (b.edge);
  g_free (b.edge_of);
  g_free (b.count_of);
  return t;
}

/* ---- the block ---- */

static void
slot_free (gpointer data)
{
  RcaLayoutSlot *slot = data;
  forget_values (slot);
  g_free (slot->tag);
  g_free (slot->which);
  g_free (slot->word);
  g_free (slot->said);
  g_free (slot->word_bytes);
  g_free (slot);
}

static void
trie_free (gpointer data)
{
  RcaLayoutTrie *t = data;
  g_free (t->leaf);
  g_free (t->step);
  g_free (t->first);
  g_free (t);
}

void
rca_lines_close (RcaLinesBlock *block)
{
  if (!block)
    return;
  g_ptr_array_unref (block->slot);
  g_ptr_array_unref (block->trie);
  g_free (block->shape);
  g_free (block);
}

static gboolean
damaged (GError **error, const char *what)
{
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "lines: %s", what);
  return FALSE;
}

static gboolean
read_block (RcaLinesBlock *block, guint n_pieces, RcaLinesPiece piece, gpointer user, GError **error)
{
  Reading r = { .block = block, .next_piece = 2, .error = error };
  const RcaBuffer *head = n_pieces > 0 ? piece (0, user, error) : NULL;
  if (!head)
    return n_pieces > 0 ? FALSE : damaged (error, "a block without pieces");
  if (block->plain)
  {
    block->text = head;
    return head->n == block->n_bytes || damaged (error, "a plain block has another length than said");
  }
  const RcaBuffer *small = n_pieces > 1 ? piece (1, user, error) : NULL;
  if (!small)
    return n_pieces > 1 ? FALSE : damaged (error, "a block without its small columns");
  RcaCursor all = rca_cursor (head->p, head->n);
  guint64 n_shape = rca_cursor_varint (&all);
  const guint8 *shape = rca_cursor_take (&all, n_shape);
  block->shape = g_malloc0 ((shape ? n_shape : 0) + RCA_LAYOUT_SLACK);
  if (shape)
    memcpy (block->shape, shape, n_shape);
  r.shape = rca_cursor (block->shape, shape ? n_shape : 0);
  r.directory = rca_cursor (all.p, (gsize)(all.end - all.p));
  r.small = rca_cursor (small->p, small->n);
  block->lines = read_trie (&r, block->n_lines, NULL);
  if (r.lost)
    return FALSE;
  return !(r.bad || r.shape.bad) || damaged (error, "its columns do not add up");
}

RcaLinesBlock *
rca_lines_open (guint64 n_lines, guint64 n_bytes, gboolean plain, guint n_pieces, RcaLinesPiece piece, gpointer user, const RcaIdStore *ids, GError **error)
{
  if (n_bytes > MAX_BLOCK || n_lines > n_bytes)
  {
    damaged (error, "an impossible length");
    return NULL;
  }
  g_autoptr (RcaLinesBlock) block = g_new0 (RcaLinesBlock, 1);
  block->n_lines = n_lines;
  block->n_bytes = n_bytes;
  block->plain = plain;
  block->piece = piece;
  block->user = user;
  block->n_pieces = n_pieces;
  block->slot = g_ptr_array_new_with_free_func (slot_free);
  block->trie = g_ptr_array_new_with_free_func (trie_free);
  if (ids)
  {
    block->own_ids = *ids;
    block->ids = &block->own_ids;
  }
  return read_block (block, n_pieces, piece, user, error) ? g_steal_pointer (&block) : NULL;
}

gboolean
rca_layout_fetch (RcaLinesBlock *block, RcaLayoutTag *tag, GError **error)
{
  if (tag->id || tag->n == 0)
    return TRUE;
  guint8 *id = g_malloc (tag->n * 16);
  if (!block->ids)
    memcpy (id, tag->bytes, tag->n * 16);
  else if (!block->ids->fetch (tag->value, tag->n, id, block->ids->user, error))
  {
    g_free (id);
    return FALSE;
  }
  tag->id = id;
  return TRUE;
}
