#include "dictionary.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#define CHUNK_BYTES 65536

typedef struct {
  const char *p; /* NUL-terminated, in a chunk */
  guint32 n;
  guint64 hash;
} Entry;

struct RcaDictionary {
  Entry *entry;
  guint32 n, capacity;
  guint32 *slot; /* id, 0 = free */
  guint32 mask;
  GPtrArray *chunk;
  gsize left;
  char *at;
};

RcaDictionary *
rca_dictionary_new (void)
{
  RcaDictionary *d = g_new0 (RcaDictionary, 1);
  d->capacity = 16;
  d->entry = g_new (Entry, d->capacity);
  d->entry[0] = (Entry){ "", 0, 0 };
  d->n = 1;
  d->mask = 31;
  d->slot = g_new0 (guint32, d->mask + 1);
  return d;
}

void
rca_dictionary_free (RcaDictionary *d)
{
  if (!d)
    return;
  g_clear_pointer (&d->chunk, g_ptr_array_unref);
  g_free (d->entry);
  g_free (d->slot);
  g_free (d);
}

static const char *
keep (RcaDictionary *d, RcaBytes bytes)
{
  gsize need = bytes.n + 1;
  if (need > d->left)
  {
    /* chunks grow with the dictionary: a dictionary of three words costs 256 bytes */
    gsize size = MAX (need, MIN ((gsize)CHUNK_BYTES, 256 + (gsize)d->n * 64));
    if (!d->chunk)
      d->chunk = g_ptr_array_new_with_free_func (g_free);
    d->at = g_malloc (size);
    d->left = size;
    g_ptr_array_add (d->chunk, d->at);
  }
  char *p = d->at;
  memcpy (p, bytes.p, bytes.n);
  p[bytes.n] = '\0';
  d->at += need;
  d->left -= need;
  return p;
}

static void
grow_slots (RcaDictionary *d)
{
  guint32 mask = (d->mask << 2) | 3;
  guint32 *slot = g_new0 (guint32, (gsize)mask + 1);
  for (guint32 id = 1; id < d->n; id++)
  {
    guint32 at = (guint32)d->entry[id].hash & mask;
    while (slot[at])
      at = (at + 1) & mask;
    slot[at] = id;
  }
  g_free (d->slot);
  d->slot = slot;
  d->mask = mask;
}

/* The slot that holds @bytes, or the free one where it belongs. */
static guint32
probe (const RcaDictionary *d, RcaBytes bytes, guint64 hash)
{
  guint32 at = (guint32)hash & d->mask;
  while (d->slot[at])
  {
    const Entry *e = &d->entry[d->slot[at]];
    if (e->hash == hash && e->n == bytes.n && memcmp (e->p, bytes.p, bytes.n) == 0)
      break;
    at = (at + 1) & d->mask;
  }
  return at;
}

static guint32
intern (RcaDictionary *d, RcaBytes bytes, guint64 hash)
{
  guint32 at = probe (d, bytes, hash);
  if (d->slot[at])
    return d->slot[at];
  if (d->n == d->capacity)
  {
    d->capacity *= 2;
    d->entry = g_renew (Entry, d->entry, d->capacity);
  }
  guint32 id = d->n++;
  d->entry[id] = (Entry){ keep (d, bytes), (guint32)bytes.n, hash };
  d->slot[at] = id;
  if (d->n > d->mask / 2)
    grow_slots (d);
  return id;
}

guint32
rca_dictionary_intern (RcaDictionary *d, RcaBytes bytes)
{
  return bytes.n ? intern (d, bytes, XXH3_64bits (bytes.p, bytes.n)) : 0;
}

/* Slots are met in no order, each a cache miss in a large dictionary: they are asked for ahead. */
#define AHEAD 16

guint32 *
rca_dictionary_merge (RcaDictionary *d, const RcaDictionary *from)
{
  guint32 *map = g_new (guint32, from->n);
  map[0] = 0;
  for (guint32 i = 1; i < from->n; i++)
  {
    if (i + AHEAD < from->n)
      __builtin_prefetch (&d->slot[(guint32)from->entry[i + AHEAD].hash & d->mask]);
    map[i] = intern (d, rca_bytes (from->entry[i].p, from->entry[i].n), from->entry[i].hash);
  }
  return map;
}

guint32
rca_dictionary_find (const RcaDictionary *d, RcaBytes bytes)
{
  return bytes.n ? d->slot[probe (d, bytes, XXH3_64bits (bytes.p, bytes.n))] : 0;
}

guint32
rca_dictionary_size (const RcaDictionary *d)
{
  return d->n;
}

RcaBytes
rca_dictionary_bytes (const RcaDictionary *d, guint32 id)
{
  return rca_bytes (d->entry[id].p, d->entry[id].n);
}

const char *
rca_dictionary_string (const RcaDictionary *d, guint32 id)
{
  return d->entry[id].p;
}
