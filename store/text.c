#include "text.h"
#include <zstd.h>

typedef struct {
  guint64 position;
  gsize n;          /* uncompressed */
  char *raw;        /* or NULL */
  GBytes *squeezed; /* or NULL */
  RcaTextFetch fetch;
  gpointer user;
  guint index;
} Block;

typedef struct {
  guint64 first, n; /* lines */
  RcaTextLines fetch;
  gpointer user;
  guint index;
} Lines;

struct RcaText {
  GArray *block;  /* Block */
  GArray *lines;  /* Lines */
  GBytes *cut;    /* the lines asked for last */
  gsize capacity; /* of the last block's raw */
  gboolean squeeze;
  gint cached; /* index of the block in @cache, or -1 */
  GBytes *cache;
};

RcaText *
rca_text_new (void)
{
  RcaText *text = g_new0 (RcaText, 1);
  text->block = g_array_new (FALSE, FALSE, sizeof (Block));
  text->lines = g_array_new (FALSE, FALSE, sizeof (Lines));
  text->cached = -1;
  return text;
}

void
rca_text_free (RcaText *text)
{
  if (!text)
    return;
  for (guint i = 0; i < text->block->len; i++)
  {
    Block *b = &g_array_index (text->block, Block, i);
    g_free (b->raw);
    g_clear_pointer (&b->squeezed, g_bytes_unref);
  }
  g_array_unref (text->block);
  g_array_unref (text->lines);
  g_clear_pointer (&text->cache, g_bytes_unref);
  g_clear_pointer (&text->cut, g_bytes_unref);
  g_free (text);
}

static Block *
last_block (RcaText *text)
{
  return text->block->len ? &g_array_index (text->block, Block, text->block->len - 1) : NULL;
}

static void
squeeze_block (Block *b)
{
  if (!b->raw)
    return;
  gsize bound = ZSTD_compressBound (b->n);
  char *out = g_malloc (bound);
  gsize n = ZSTD_compress (out, bound, b->raw, b->n, 1);
  if (ZSTD_isError (n))
  {
    g_free (out);
    return;
  }
  b->squeezed = g_bytes_new_take (g_realloc (out, MAX (n, 1)), n);
  g_clear_pointer (&b->raw, g_free);
}

void
rca_text_squeeze (RcaText *text)
{
  if (text->squeeze)
    return;
  text->squeeze = TRUE;
  for (guint i = 0; i + 1 < text->block->len; i++)
    squeeze_block (&g_array_index (text->block, Block, i));
}

guint64
rca_text_take (RcaText *text, RcaText *from)
{
  guint64 shift = rca_text_end (text);
  for (guint i = 0; i < from->block->len; i++)
  {
    Block b = g_array_index (from->block, Block, i);
    b.position += shift;
    g_array_append_val (text->block, b);
  }
  if (from->block->len)
  {
    text->capacity = from->capacity;
    g_array_set_size (from->block, 0);
  }
  return shift;
}

guint64
rca_text_memory (const RcaText *text)
{
  guint64 n = 0;
  for (guint i = 0; i < text->block->len; i++)
  {
    const Block *b = &g_array_index (text->block, Block, i);
    n += b->raw ? b->n : b->squeezed ? g_bytes_get_size (b->squeezed) : 0;
  }
  return n;
}

static Block *
new_block (RcaText *text, gsize at_least)
{
  Block *last = last_block (text);
  Block b = { .position = last ? last->position + last->n : 0 };
  if (last && text->squeeze)
    squeeze_block (last);
  /* the first block of a source is small: most change logs are a few lines */
  text->capacity = MAX (at_least, last ? RCA_TEXT_BLOCK_BYTES : 4096);
  b.raw = g_malloc (text->capacity);
  g_array_append_val (text->block, b);
  return last_block (text);
}

guint64
rca_text_append (RcaText *text, RcaBytes bytes)
{
  Block *b = last_block (text);
  if (!b || !b->raw)
    b = new_block (text, bytes.n);
  else if (b->n + bytes.n > text->capacity && b->n + bytes.n <= RCA_TEXT_BLOCK_BYTES)
  {
    text->capacity = MIN (RCA_TEXT_BLOCK_BYTES, MAX (b->n + bytes.n, text->capacity * 4));
    b->raw = g_realloc (b->raw, text->capacity);
  }
  else if (b->n + bytes.n > text->capacity)
    b = new_block (text, bytes.n);
  if (bytes.n)
    memcpy (b->raw + b->n, bytes.p, bytes.n);
  b->n += bytes.n;
  return b->position + b->n - bytes.n;
}

void
rca_text_add_remote (RcaText *text, gsize n, RcaTextFetch fetch, gpointer user, guint index)
{
  Block *last = last_block (text);
  Block b = { .position = last ? last->position + last->n : 0, .n = n, .fetch = fetch, .user = user, .index = index };
  g_array_append_val (text->block, b);
}

static GBytes *
unsqueeze (const Block *b)
{
  char *out = g_malloc (MAX (b->n, 1));
  gsize n = ZSTD_decompress (out, b->n, g_bytes_get_data (b->squeezed, NULL), g_bytes_get_size (b->squeezed));
  if (!ZSTD_isError (n) && n == b->n)
    return g_bytes_new_take (out, n);
  g_free (out);
  return NULL;
}

guint
rca_text_n_blocks (const RcaText *text)
{
  return text->block->len;
}

RcaBytes
rca_text_block (RcaText *text, guint index, guint64 *position)
{
  Block *b = &g_array_index (text->block, Block, index);
  *position = b->position;
  if (b->raw)
    return rca_bytes (b->raw, b->n);
  if (text->cached != (gint)index)
  {
    g_clear_pointer (&text->cache, g_bytes_unref);
    text->cache = b->squeezed ? unsqueeze (b) : b->fetch ? b->fetch (b->index, b->user) : NULL;
    text->cached = (gint)index;
  }
  if (!text->cache || g_bytes_get_size (text->cache) != b->n)
    return rca_bytes (NULL, 0);
  return rca_bytes (g_bytes_get_data (text->cache, NULL), b->n);
}

/* The last block that begins at or before @position. */
static guint
find_block (const RcaText *text, guint64 position)
{
  guint low = 0, high = text->block->len;
  while (high - low > 1)
  {
    guint middle = (low + high) / 2;
    if (g_array_index (text->block, Block, middle).position <= position)
      low = middle;
    else
      high = middle;
  }
  return low;
}

void
rca_text_add_lines (RcaText *text, guint64 n, RcaTextLines fetch, gpointer user, guint index)
{
  Lines l = { rca_text_lines_end (text) & ~RCA_TEXT_LINES, n, fetch, user, index };
  g_array_append_val (text->lines, l);
}

guint64
rca_text_lines_end (const RcaText *text)
{
  if (text->lines->len == 0)
    return RCA_TEXT_LINES;
  const Lines *last = &g_array_index (text->lines, Lines, text->lines->len - 1);
  return RCA_TEXT_LINES | (last->first + last->n);
}

static RcaBytes
get_lines (RcaText *text, guint64 line, gsize n)
{
  guint low = 0, high = text->lines->len;
  while (high - low > 1)
  {
    guint middle = (low + high) / 2;
    if (g_array_index (text->lines, Lines, middle).first <= line)
      low = middle;
    else
      high = middle;
  }
  g_clear_pointer (&text->cut, g_bytes_unref);
  const Lines *l = high ? &g_array_index (text->lines, Lines, low) : NULL;
  if (l && line >= l->first && line - l->first < l->n)
    text->cut = l->fetch (l->index, line - l->first, MIN (n, l->n - (line - l->first)), l->user);
  if (!text->cut)
    return rca_bytes (NULL, 0);
  gsize length;
  const char *p = g_bytes_get_data (text->cut, &length);
  return rca_bytes (p, length);
}

RcaBytes
rca_text_get (RcaText *text, guint64 position, gsize n)
{
  if (position & RCA_TEXT_LINES)
    return get_lines (text, position & ~RCA_TEXT_LINES, n);
  if (text->block->len == 0)
    return rca_bytes (NULL, 0);
  guint64 from;
  RcaBytes block = rca_text_block (text, find_block (text, position), &from);
  if (position < from || position - from >= block.n)
    return rca_bytes (NULL, 0);
  return rca_bytes (block.p + (position - from), MIN (n, block.n - (position - from)));
}

void
rca_text_release (RcaText *text, guint index)
{
  Block *b = &g_array_index (text->block, Block, index);
  g_clear_pointer (&b->raw, g_free);
  g_clear_pointer (&b->squeezed, g_bytes_unref);
}

guint64
rca_text_end (const RcaText *text)
{
  if (text->block->len == 0)
    return 0;
  const Block *b = &g_array_index (text->block, Block, text->block->len - 1);
  return b->position + b->n;
}
