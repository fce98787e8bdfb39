#include "dictionary.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#define CHUNK_BYTES 65536

typedef struct {
  const char *p; /* NUL-terminated, in a chunk */
  guint32 n;
  guint64 hash;
} Entry;

/* In @n of an entry: @p is the 16 bytes that its text, 32 hexadecimal digits, stands for. */
#define PACKED (1u << 31)
#define PACKED_TEXT 32

#define NOTES 65536
typedef struct {
  guint64 key;
  guint32 id;
} Note;

struct RcaDictionary {
  Note *note; /* NULL until there is one */
  gboolean packs; /* 32 hexadecimal digits are kept as 16 bytes until their text is asked for */
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

RcaDictionary *
rca_dictionary_new_ids (void)
{
  RcaDictionary *d = rca_dictionary_new ();
  d->packs = TRUE;
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
  g_free (d->note);
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
  guint32 mask = d->mask;
  while (d->n > mask / 2) /* what was appended may be more than doubles it */
    mask = (mask << 2) | 3;
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
push (RcaDictionary *d, Entry entry)
{
  if (d->n == d->capacity)
  {
    d->capacity *= 2;
    d->entry = g_renew (Entry, d->entry, d->capacity);
  }
  d->entry[d->n] = entry;
  return d->n++;
}

/* Adds an entry whose free slot is @at. */
static guint32
add (RcaDictionary *d, guint32 at, Entry entry)
{
  guint32 id = push (d, entry);
  d->slot[at] = id;
  if (d->n > d->mask / 2)
    grow_slots (d);
  return id;
}

guint32
rca_dictionary_append (RcaDictionary *d, RcaBytes bytes)
{
  g_assert (!d->packs && bytes.n);
  return push (d, (Entry){ keep (d, bytes), (guint32)bytes.n, XXH3_64bits (bytes.p, bytes.n) });
}

static guint32
intern (RcaDictionary *d, RcaBytes bytes, guint64 hash)
{
  guint32 at = probe (d, bytes, hash);
  return d->slot[at] ? d->slot[at] : add (d, at, (Entry){ keep (d, bytes), (guint32)bytes.n, hash });
}

/* ---- ids as 16 bytes ---- */

static gint
digit (char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static gboolean
pack (RcaBytes text, guint8 id[16])
{
  if (text.n != PACKED_TEXT)
    return FALSE;
  for (gsize i = 0; i < 16; i++)
  {
    gint high = digit (text.p[2 * i]), low = digit (text.p[2 * i + 1]);
    if (high < 0 || low < 0)
      return FALSE;
    id[i] = (guint8)(high << 4 | low);
  }
  return TRUE;
}

static guint64
hash_id (const guint8 id[16])
{
  guint64 part[2];
  memcpy (part, id, 16); /* most are random; those that count upwards spread by the product */
  guint64 h = (part[0] ^ (part[1] * G_GUINT64_CONSTANT (0xc2b2ae3d27d4eb4f))) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return h ^ (h >> 32);
}

static gboolean
is_id (const Entry *e, const guint8 id[16])
{
  guint8 own[16];
  if (e->n & PACKED)
    return memcmp (e->p, id, 16) == 0;
  return pack (rca_bytes (e->p, e->n), own) && memcmp (own, id, 16) == 0;
}

/* The slot that holds @id, or the free one where it belongs. */
static guint32
probe_id (const RcaDictionary *d, const guint8 id[16], guint64 hash)
{
  guint32 at = (guint32)hash & d->mask;
  while (d->slot[at] && !(d->entry[d->slot[at]].hash == hash && is_id (&d->entry[d->slot[at]], id)))
    at = (at + 1) & d->mask;
  return at;
}

guint32
rca_dictionary_intern_id (RcaDictionary *d, const guint8 id[16])
{
  g_assert (d->packs);
  guint64 hash = hash_id (id);
  guint32 at = probe_id (d, id, hash);
  return d->slot[at] ? d->slot[at] : add (d, at, (Entry){ keep (d, rca_bytes ((const char *)id, 16)), PACKED_TEXT | PACKED, hash });
}

/* The entry of @id with its text. */
static const Entry *
with_text (const RcaDictionary *dictionary, guint32 id)
{
  static const char hex[] = "0123456789abcdef";
  Entry *e = &dictionary->entry[id];
  if (!(e->n & PACKED))
    return e;
  char text[PACKED_TEXT];
  for (gsize i = 0; i < 16; i++)
  {
    text[2 * i] = hex[(guint8)e->p[i] >> 4];
    text[2 * i + 1] = hex[(guint8)e->p[i] & 15];
  }
  e->p = keep ((RcaDictionary *)dictionary, rca_bytes (text, PACKED_TEXT));
  e->n = PACKED_TEXT;
  return e;
}

guint32
rca_dictionary_intern (RcaDictionary *d, RcaBytes bytes)
{
  guint8 id[16];
  if (d->packs && pack (bytes, id))
    return rca_dictionary_intern_id (d, id);
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
    map[i] = d->packs ? rca_dictionary_intern (d, rca_dictionary_bytes (from, i)) : intern (d, rca_bytes (from->entry[i].p, from->entry[i].n), from->entry[i].hash);
  }
  return map;
}

guint32 *
rca_dictionary_note (RcaDictionary *d, guint64 key)
{
  if (!d->note)
    d->note = g_new0 (Note, NOTES);
  Note *n = &d->note[(key * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 48];
  if (n->key != key)
    *n = (Note){ key, 0 };
  return &n->id;
}

guint32
rca_dictionary_find (const RcaDictionary *d, RcaBytes bytes)
{
  guint8 id[16];
  if (d->packs && pack (bytes, id))
    return d->slot[probe_id (d, id, hash_id (id))];
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
  const Entry *e = with_text (d, id);
  return rca_bytes (e->p, e->n);
}

const char *
rca_dictionary_string (const RcaDictionary *d, guint32 id)
{
  return with_text (d, id)->p;
}
