#include "arena.h"

typedef struct Block Block;
struct Block {
  Block *next; /* older */
  gsize size;
  gsize used;
  /* the bytes follow; the header is a multiple of 8 long, so they are aligned */
};

G_STATIC_ASSERT (sizeof (Block) % 8 == 0);

struct RcaArena {
  Block *current;
};

#define FIRST_BLOCK_BYTES  ((gsize)16 * 1024)
#define LARGEST_STEP_BYTES ((gsize)1024 * 1024) /* blocks double up to here */

static Block *
block_new (gsize size, Block *next)
{
  Block *block = g_malloc (sizeof (Block) + size);
  block->next = next;
  block->size = size;
  block->used = 0;
  return block;
}

static void
free_chain (Block *block)
{
  while (block)
  {
    Block *next = block->next;
    g_free (block);
    block = next;
  }
}

RcaArena *
rca_arena_new (void)
{
  return g_new0 (RcaArena, 1);
}

void
rca_arena_free (RcaArena *arena)
{
  if (!arena)
    return;
  free_chain (arena->current);
  g_free (arena);
}

void
rca_arena_reset (RcaArena *arena)
{
  if (!arena->current)
    return;
  if (arena->current->next)
  { /* sizes never shrink along the way, but one huge request may stand before a small block */
    Block *keep = arena->current, *block = arena->current->next;
    keep->next = NULL;
    while (block)
    {
      Block *next = block->next;
      Block *smaller = block->size > keep->size ? keep : block;
      keep = smaller == block ? keep : block;
      g_free (smaller);
      block = next;
    }
    keep->next = NULL;
    arena->current = keep;
  }
  arena->current->used = 0;
}

gpointer
rca_arena_alloc (RcaArena *arena, gsize n)
{
  gsize need = (n + 7) & ~(gsize)7;
  Block *block = arena->current;
  g_assert (need >= n);
  if (!block || block->size - block->used < need)
  {
    gsize step = block ? MIN (block->size * 2, LARGEST_STEP_BYTES) : FIRST_BLOCK_BYTES;
    block = arena->current = block_new (MAX (need, step), block);
  }
  gpointer at = (char *)(block + 1) + block->used;
  block->used += need;
  return at;
}

RcaBytes
rca_arena_copy (RcaArena *arena, RcaBytes bytes)
{
  if (bytes.n == 0)
    return (RcaBytes){ "", 0 };
  char *at = rca_arena_alloc (arena, bytes.n);
  memcpy (at, bytes.p, bytes.n);
  return rca_bytes (at, bytes.n);
}
