#include "search/chunk.h"
#include <string.h>

static void
skip_to (RcaChunk *c, const char *literal, gsize literal_n)
{
  const char *at = memmem (c->p, (gsize) (c->end - c->p), literal, literal_n);
  if (!at)
    {
      c->p = c->end;
      return;
    }
  for (const char *feed; (feed = memchr (c->p, '\n', (gsize) (at - c->p)));)
    {
      c->p = feed + 1;
      c->number++;
    }
}

gboolean
rca_chunk_next (RcaChunk *c, const char *literal, gsize literal_n, RcaLine *line)
{
  if (literal && literal_n > 0 && c->p < c->end)
    skip_to (c, literal, literal_n);
  if (c->p >= c->end)
    return FALSE;
  const char *feed = memchr (c->p, '\n', (gsize) (c->end - c->p));
  *line = (RcaLine){ c->p, (gsize) ((feed ? feed : c->end) - c->p), c->number++ };
  c->p = feed ? feed + 1 : c->end;
  return TRUE;
}
