/* A block: lines into tries, tries into pieces. FORMAT.md, "lines", has the bytes. */
#include "local/lines/layout.h"

/* Constant texts a codec learns at most. */
#define MAX_NODES 32768
/* Lines looked at before the first block is written: whether strings repeat is then known. */
#define TRAINING_LINES 3000
/* A column of that many bytes is compressed by itself; smaller ones together. */
#define OWN_PIECE 2048
/* Longer lines are no lines of a logger; they stay as they are. */
#define MAX_LINE 65536

struct RcaLinesCodec {
  guint budget;
  RcaShapeTrie *lines;
  gboolean trained;
};

typedef struct {
  RcaLinesEncoded *out;
  RcaBuffer shape, directory, small, column;
  const RcaIdStore *ids;
  GError **error;
  gboolean failed;
} Writing;

RcaLinesCodec *
rca_lines_codec_new (void)
{
  RcaLinesCodec *codec = g_new0 (RcaLinesCodec, 1);
  codec->budget = MAX_NODES;
  codec->lines = rca_shape_trie_new (&codec->budget);
  return codec;
}

void
rca_lines_codec_free (RcaLinesCodec *codec)
{
  if (!codec)
    return;
  rca_shape_trie_free (codec->lines);
  g_free (codec);
}

static void
clear_piece (gpointer data)
{
  rca_buffer_clear (data);
}

void
rca_lines_encoded_clear (RcaLinesEncoded *encoded)
{
  g_clear_pointer (&encoded->block, rca_lines_close);
  g_clear_pointer (&encoded->piece, g_array_unref);
}

/* ---- lines ---- */

static guint64
parse_lines (RcaShapeTrie *trie, RcaBytes raw, guint64 most)
{
  guint64 n = 0;
  for (const char *p = raw.p, *end = raw.p + raw.n; p < end && n < most; n++)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    const char *stop = lf ? lf : end;
    rca_shape_parse (trie, rca_bytes (p, (gsize)(stop - p)), stop - p > MAX_LINE ? RCA_N_LEVELS : RCA_LEVEL_LINE, NULL, FALSE);
    p = lf ? lf + 1 : end;
  }
  return n;
}

/* ---- numbering: what of the tries this block uses ---- */

static gint
only_tag (const RcaBuffer *which)
{
  for (gsize i = 1; i < which->n; i++)
    if (which->p[i] != which->p[0])
      return -1;
  return which->n ? which->p[0] : -1;
}

static gboolean
is_used (const RcaShapeEdge *e)
{
  return e->node ? e->node->slot->which.n > 0 : e->leaf > 0;
}

static void number_trie (RcaShapeTrie *trie, guint32 *next);

static void
number_node (RcaShapeNode *node, guint32 *next)
{
  RcaShapeSlot *slot = node->slot;
  if (slot)
  {
    slot->number = (*next)++;
    slot->only = only_tag (&slot->which);
    if (slot->entry && slot->entry->leaf.n)
      number_trie (slot->entry, next);
    if (slot->phrase && slot->phrase->leaf.n)
      number_trie (slot->phrase, next);
  }
  for (guint i = 0; i < node->n_edges; i++)
    if (node->edge[i]->node && is_used (node->edge[i]))
      number_node (node->edge[i]->node, next);
}

static void
number_trie (RcaShapeTrie *trie, guint32 *next)
{
  number_node (&trie->root, next);
}

/* ---- columns ---- */

/* The column at hand is whole: alone in a piece, or with the other small ones. */
static void
end_column (Writing *w)
{
  gboolean own = w->column.n >= OWN_PIECE;
  rca_buffer_put_varint (&w->directory, w->column.n << 1 | own);
  if (own)
  {
    g_array_append_val (w->out->piece, w->column);
    w->column = (RcaBuffer){ 0 };
    return;
  }
  rca_buffer_put (&w->small, w->column.p, w->column.n);
  w->column.n = 0;
}

static void
put_numbers (Writing *w, const guint64 *v, gsize n, RcaIntegersPlan *plan)
{
  rca_integers_encode (v, n, plan, &w->column);
  end_column (w);
}

static void
put_which (Writing *w, RcaShapeSlot *slot)
{
  if (slot->n_tags < 2)
    return;
  g_autofree guint64 *v = g_new (guint64, MAX (slot->which.n, 1));
  for (gsize i = 0; i < slot->which.n; i++)
    v[i] = slot->which.p[i];
  put_numbers (w, v, slot->which.n, &slot->which_plan);
}

static void
put_ids (Writing *w, RcaShapeTag *t)
{
  gsize n = t->bytes.n / 16;
  if (!w->ids || w->failed)
  {
    rca_buffer_put (&w->column, t->bytes.p, t->bytes.n);
    end_column (w);
    return;
  }
  g_autofree guint64 *reference = g_new (guint64, MAX (n, 1));
  w->failed = n && !w->ids->name (t->bytes.p, n, reference, w->ids->user, w->error);
  if (!w->failed)
    put_numbers (w, reference, n, &t->plan);
}

static void write_trie (Writing *w, RcaShapeTrie *trie);

static void
put_values (Writing *w, RcaShapeSlot *slot, RcaShapeTag *t)
{
  switch (t->kind)
  {
  case RCA_VARIABLE_DASH:
  case RCA_VALUE_PHRASE:
    return;
  case RCA_VARIABLE_ID:
  case RCA_VARIABLE_UUID:
    put_ids (w, t);
    return;
  case RCA_VALUE_RAW:
    put_numbers (w, t->value.v, t->value.n, &t->plan);
    rca_buffer_put (&w->column, t->bytes.p, t->bytes.n);
    end_column (w);
    return;
  default:
    rca_plan_encode (slot, t, &w->column);
    end_column (w);
  }
}

static void
write_slot (Writing *w, RcaShapeSlot *slot)
{
  put_which (w, slot);
  rca_buffer_put_varint (&w->shape, slot->which.n);
  rca_buffer_put_u8 (&w->shape, (guint8)slot->n_tags);
  rca_buffer_put_varint (&w->shape, slot->words.n);
  if (slot->words.n)
    write_trie (w, slot->entry);
  for (guint i = 0; i < slot->n_tags; i++)
    put_values (w, slot, &slot->tag[i]);
  for (guint i = 0; i < slot->n_tags; i++)
  {
    const RcaShapeTag *t = &slot->tag[i];
    rca_buffer_put_u8 (&w->shape, t->kind);
    rca_buffer_put_varint (&w->shape, t->param);
    rca_buffer_put_u8 (&w->shape, t->how);
    if (t->how)
      rca_buffer_put_varint (&w->shape, t->by->number);
  }
  if (slot->phrase && slot->phrase->leaf.n)
    write_trie (w, slot->phrase);
}

static void
write_node (Writing *w, RcaShapeNode *node)
{
  guint used = 0;
  for (guint i = 0; i < node->n_edges; i++)
    used += is_used (node->edge[i]);
  rca_buffer_put_varint (&w->shape, used);
  for (guint i = 0; i < node->n_edges; i++)
  {
    RcaShapeEdge *e = node->edge[i];
    if (!is_used (e))
      continue;
    rca_buffer_put_varint (&w->shape, (guint64)e->n << 1 | (e->node == NULL));
    rca_buffer_put (&w->shape, e->literal, e->n);
    if (!e->node)
    {
      rca_buffer_put_varint (&w->shape, e->leaf - 1);
      continue;
    }
    write_slot (w, e->node->slot);
    write_node (w, e->node);
  }
}

static void
write_trie (Writing *w, RcaShapeTrie *trie)
{
  rca_buffer_put_varint (&w->shape, trie->n_leaves);
  put_numbers (w, trie->leaf.v, trie->leaf.n, NULL);
  write_node (w, &trie->root);
}

/* ---- the block ---- */

static void
put_plain (RcaBytes raw, RcaLinesEncoded *out)
{
  RcaBuffer piece = { 0 };
  rca_buffer_put (&piece, raw.p, raw.n);
  g_array_set_size (out->piece, 0);
  g_array_append_val (out->piece, piece);
  out->plain = TRUE;
}

static const RcaBuffer *
piece_of (guint index, gpointer user, GError **error)
{
  const RcaLinesEncoded *e = user;
  return &g_array_index (e->piece, RcaBuffer, index);
}

/* Losslessness is checked, not believed. */
static gboolean
regenerates (RcaBytes raw, RcaLinesEncoded *out, const RcaIdStore *ids)
{
  g_autoptr (RcaLinesBlock) block = rca_lines_open (out->n_lines, out->n_bytes, FALSE, out->piece->len, piece_of, out, ids, NULL);
  if (!block || !rca_layout_is (block, raw))
    return FALSE;
  out->block = g_steal_pointer (&block);
  return TRUE;
}

gboolean
rca_lines_encode (RcaLinesCodec *codec, RcaBytes raw, const RcaIdStore *ids, RcaLinesEncoded *out, GError **error)
{
  *out = (RcaLinesEncoded){ .n_bytes = raw.n, .piece = g_array_new (FALSE, TRUE, sizeof (RcaBuffer)) };
  g_array_set_clear_func (out->piece, clear_piece);
  if (!codec->trained)
    parse_lines (codec->lines, raw, TRAINING_LINES);
  codec->trained = TRUE;
  rca_shape_trie_reset (codec->lines);
  out->n_lines = parse_lines (codec->lines, raw, G_MAXUINT64);
  Writing w = { .out = out, .ids = ids, .error = error };
  RcaBuffer none = { 0 };
  g_array_append_val (out->piece, none); /* the description and the small columns come last, but are read first */
  g_array_append_val (out->piece, none);
  guint32 next = 0;
  number_trie (codec->lines, &next);
  write_trie (&w, codec->lines);
  RcaBuffer *head = &g_array_index (out->piece, RcaBuffer, 0);
  rca_buffer_put_varint (head, w.shape.n);
  rca_buffer_put (head, w.shape.p, w.shape.n);
  rca_buffer_put (head, w.directory.p, w.directory.n);
  g_array_index (out->piece, RcaBuffer, 1) = w.small;
  rca_buffer_clear (&w.shape);
  rca_buffer_clear (&w.directory);
  rca_buffer_clear (&w.column);
  if (w.failed)
    return FALSE;
  if (!regenerates (raw, out, ids))
    put_plain (raw, out);
  return TRUE;
}
