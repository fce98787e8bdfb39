#include "local/lines/shape.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

static void
grow (RcaShapeWords *w)
{
  guint32 mask = w->mask ? w->mask * 4 + 3 : 255;
  g_free (w->slot);
  w->slot = g_new0 (guint32, (gsize)mask + 1);
  w->mask = mask;
  for (guint32 i = 0; i < w->n; i++)
  {
    guint32 at = w->hash[i] & mask;
    while (w->slot[at])
      at = (at + 1) & mask;
    w->slot[at] = i + 1;
  }
}

guint32
rca_shape_word (RcaShapeWords *w, RcaBytes text, gboolean *fresh)
{
  if (w->n >= w->mask / 2)
    grow (w);
  guint32 hash = (guint32)XXH3_64bits (text.p, text.n);
  guint32 at = hash & w->mask;
  for (; w->slot[at]; at = (at + 1) & w->mask)
  {
    guint32 code = w->slot[at] - 1;
    if (w->hash[code] == hash && rca_bytes_equal (w->text[code], text))
    {
      *fresh = FALSE;
      return code;
    }
  }
  if (w->n == w->capacity)
  {
    w->capacity = MAX (64, w->capacity * 2);
    w->text = g_renew (RcaBytes, w->text, w->capacity);
    w->hash = g_renew (guint32, w->hash, w->capacity);
  }
  w->text[w->n] = text;
  w->hash[w->n] = hash;
  w->slot[at] = w->n + 1;
  *fresh = TRUE;
  return w->n++;
}
