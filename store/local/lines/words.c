#include "local/lines/shape.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

static inline RcaShapeWord *
find (const RcaShapeWords *w, guint64 hash)
{
  guint32 at = (guint32)hash & w->mask;
  while (w->slot[at].code && w->slot[at].hash != hash)
    at = (at + 1) & w->mask;
  return &w->slot[at];
}

static void
grow (RcaShapeWords *w)
{
  RcaShapeWords more = { NULL, w->n, w->mask ? w->mask * 4 + 3 : 255 };
  more.slot = g_new0 (RcaShapeWord, (gsize)more.mask + 1);
  for (gsize i = 0; w->slot && i <= w->mask; i++)
    if (w->slot[i].code)
      *find (&more, w->slot[i].hash) = w->slot[i];
  g_free (w->slot);
  *w = more;
}

guint32
rca_shape_word (RcaShapeWords *w, RcaBytes text, gboolean *fresh)
{
  if (w->n >= w->mask / 2)
    grow (w);
  guint64 hash = XXH3_64bits (text.p, text.n);
  RcaShapeWord *word = find (w, hash);
  *fresh = word->code == 0;
  if (*fresh)
    *word = (RcaShapeWord){ hash, ++w->n };
  return word->code - 1;
}
