#include "local/ids-private.h"
#include <fcntl.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Blocks with their index in memory: 1.5 MiB each. */
#define RESIDENT 20
/* Blocks that one id is looked for in: beside those, it is met a second time too late. */
#define NEAR 8
/* Two logs tell of one request that far apart at most, their clocks included. */
#define NEAR_NS (G_GINT64_CONSTANT (600) * 1000000000)

#define SLOTS (RCA_IDS_BLOCK * 2)
/* Of a slot, the bits that say which id of the block it is; those above are of the id's hash, so that another id's slot
 * is passed by without a look at it. */
#define INDEX_BITS 17
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
/* Slots lie anywhere in memory: they are asked for so many ids ahead. */
#define AHEAD 12

G_STATIC_ASSERT (RCA_IDS_BLOCK < 1 << INDEX_BITS);

typedef struct {
  guint8 *id;    /* NULL: not in memory */
  guint32 *slot; /* id + 1, and bits of its hash; 0: free */
  guint64 used;
} Resident;

typedef struct {
  guint64 number;
  guint index; /* in its file */
  RcaIdBlock said;
  gint resident; /* -1: none */
} Block;

struct RcaIds {
  char *dir;
  GMutex lock;
  guint64 number, n; /* of the file being written */
  RcaIoFile *file;
  int reread; /* the same, for blocks that are in memory no more; -1 */
  GArray *block; /* Block: of the files before, then of the one being written */
  guint own;     /* the first of those */
  Resident resident[RESIDENT];
  guint64 clock;
};

static void
add_known (RcaIds *ids, guint64 number)
{
  g_autofree char *name = rca_ids_name (number), *path = g_build_filename (ids->dir, name, NULL);
  int fd = rca_io_open (path, NULL);
  guint64 n = 0;
  g_autofree RcaIdBlock *table = fd >= 0 ? rca_ids_read_table (fd, name, &n, NULL) : NULL;
  if (fd >= 0)
    close (fd);
  for (guint64 i = 0; table && i < n; i++)
  {
    Block b = { number, (guint)i, table[i], -1 };
    g_array_append_val (ids->block, b);
  }
}

RcaIds *
rca_ids_new (const char *dir, const RcaManifest *manifest, guint64 number)
{
  RcaIds *ids = g_new0 (RcaIds, 1);
  ids->dir = g_strdup (dir);
  ids->number = number;
  ids->reread = -1;
  g_mutex_init (&ids->lock);
  ids->block = g_array_new (FALSE, FALSE, sizeof (Block));
  for (guint i = 0; i < manifest->ids->len; i++)
    add_known (ids, g_array_index (manifest->ids, RcaManifestIds, i).number);
  ids->own = ids->block->len;
  return ids;
}

void
rca_ids_free (RcaIds *ids)
{
  if (!ids)
    return;
  rca_io_abandon (ids->file);
  if (ids->reread >= 0)
    close (ids->reread);
  for (guint i = 0; i < RESIDENT; i++)
  {
    g_free (ids->resident[i].id);
    g_free (ids->resident[i].slot);
  }
  g_array_unref (ids->block);
  g_mutex_clear (&ids->lock);
  g_free (ids->dir);
  g_free (ids);
}

/* ---- blocks in memory ---- */

static inline guint32
hash_of (const guint8 *id)
{
  guint64 part[2];
  memcpy (part, id, 16);
  return (guint32)(((part[0] ^ (part[1] << 1)) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32);
}

static inline guint32
slot_of (guint32 hash)
{
  return hash >> (32 - 17);
}
G_STATIC_ASSERT (SLOTS == 1 << 17);

static void
put_in_index (Resident *r, guint32 index)
{
  guint32 hash = hash_of (r->id + 16 * (gsize)index), at = slot_of (hash);
  while (r->slot[at])
    at = (at + 1) % SLOTS;
  r->slot[at] = hash << INDEX_BITS | (index + 1);
}

/* Room for block @at; the one used longest ago makes place, never the last block, which grows. */
static Resident *
make_room (RcaIds *ids, guint at)
{
  gint oldest = -1;
  for (gint i = 0; i < RESIDENT; i++)
  {
    const Block *last = ids->block->len ? &g_array_index (ids->block, Block, ids->block->len - 1) : NULL;
    gboolean grows = last && last->resident == i && at != ids->block->len - 1;
    if (!grows && (oldest < 0 || ids->resident[i].used < ids->resident[oldest].used))
      oldest = i;
  }
  Resident *r = &ids->resident[oldest];
  for (guint i = 0; i < ids->block->len; i++)
    if (g_array_index (ids->block, Block, i).resident == oldest)
      g_array_index (ids->block, Block, i).resident = -1;
  if (!r->id)
  {
    r->id = g_malloc (RCA_IDS_BLOCK * 16);
    r->slot = g_new (guint32, SLOTS);
  }
  memset (r->slot, 0, SLOTS * sizeof *r->slot);
  g_array_index (ids->block, Block, at).resident = oldest;
  r->used = ++ids->clock;
  return r;
}

static gboolean
read_again (RcaIds *ids, const Block *b, Resident *r)
{
  if (b->number == ids->number)
    return rca_io_read_at (ids->reread, rca_ids_offset (b->index), r->id, b->said.n * 16, NULL);
  g_autofree char *name = rca_ids_name (b->number), *path = g_build_filename (ids->dir, name, NULL);
  int fd = rca_io_open (path, NULL);
  gboolean ok = fd >= 0 && rca_io_read_at (fd, rca_ids_offset (b->index), r->id, b->said.n * 16, NULL) && XXH3_64bits (r->id, b->said.n * 16) == b->said.checksum;
  if (fd >= 0)
    close (fd);
  return ok;
}

/* Block @at in memory; NULL when it cannot be read again: then its ids are written once more. */
static Resident *
resident (RcaIds *ids, guint at)
{
  Block *b = &g_array_index (ids->block, Block, at);
  if (b->resident >= 0)
  {
    ids->resident[b->resident].used = ++ids->clock;
    return &ids->resident[b->resident];
  }
  Resident *r = make_room (ids, at);
  if (!read_again (ids, b, r))
  {
    b->resident = -1;
    r->used = 0;
    return NULL;
  }
  for (guint32 i = 0; i < b->said.n; i++)
    put_in_index (r, i);
  return r;
}

/* ---- naming ---- */

static gboolean
write_block (RcaIds *ids, Block *b, GError **error)
{
  const guint8 *id = ids->resident[b->resident].id;
  b->said.checksum = XXH3_64bits (id, b->said.n * 16);
  return rca_io_append (ids->file, id, b->said.n * 16, error);
}

static gboolean
begin_file (RcaIds *ids, GError **error)
{
  g_autofree char *name = rca_ids_name (ids->number), *temporary = g_strdup_printf ("%s/%s.tmp", ids->dir, name);
  ids->file = rca_io_create (ids->dir, name, error);
  if (!ids->file || !rca_io_append (ids->file, RCA_IDS_MAGIC, 8, error))
    return FALSE;
  ids->reread = rca_io_open (temporary, error);
  return ids->reread >= 0;
}

/* The block that takes new ids. */
static gboolean
open_block (RcaIds *ids, GError **error)
{
  if (!ids->file && !begin_file (ids, error))
    return FALSE;
  if (ids->block->len > ids->own)
  {
    Block *last = &g_array_index (ids->block, Block, ids->block->len - 1);
    if (last->said.n < RCA_IDS_BLOCK)
      return TRUE;
    if (!write_block (ids, last, error))
      return FALSE;
  }
  Block b = { ids->number, ids->block->len - ids->own, { 0, 0, G_MAXINT64, G_MININT64 }, -1 };
  g_array_append_val (ids->block, b);
  make_room (ids, ids->block->len - 1);
  return TRUE;
}

static gboolean
add (RcaIds *ids, const RcaIdNamer *namer, const guint8 *id, guint64 *reference, GError **error)
{
  if (!open_block (ids, error))
    return FALSE;
  Block *b = &g_array_index (ids->block, Block, ids->block->len - 1);
  Resident *r = &ids->resident[b->resident];
  memcpy (r->id + 16 * b->said.n, id, 16);
  put_in_index (r, (guint32)b->said.n);
  b->said.n++;
  b->said.min_ns = MIN (b->said.min_ns, namer->min_ns);
  b->said.max_ns = MAX (b->said.max_ns, namer->max_ns);
  *reference = rca_id_reference (ids->number, ids->n++);
  return TRUE;
}

static gboolean
find_in (const Block *b, const Resident *r, const guint8 *id, guint64 *reference)
{
  guint32 hash = hash_of (id);
  for (guint32 at = slot_of (hash); r->slot[at]; at = (at + 1) % SLOTS)
  {
    guint32 index = (r->slot[at] & INDEX_MASK) - 1;
    if ((r->slot[at] ^ hash << INDEX_BITS) >> INDEX_BITS == 0 && memcmp (r->id + 16 * (gsize)index, id, 16) == 0)
    {
      *reference = rca_id_reference (b->number, (guint64)b->index * RCA_IDS_BLOCK + index);
      return TRUE;
    }
  }
  return FALSE;
}

static inline void
ask_for (const RcaIds *ids, const guint *near, guint n_near, guint before, const guint8 *id)
{
  guint32 at = slot_of (hash_of (id));
  for (guint k = before; k < ids->block->len; k++)
    if (g_array_index (ids->block, Block, k).resident >= 0)
      __builtin_prefetch (&ids->resident[g_array_index (ids->block, Block, k).resident].slot[at]);
  for (guint k = 0; k < n_near; k++)
    if (g_array_index (ids->block, Block, near[k]).resident >= 0)
      __builtin_prefetch (&ids->resident[g_array_index (ids->block, Block, near[k]).resident].slot[at]);
}

/* How far apart in time a block and the lines are; 0 when they overlap by their middles. */
static gint64
distance (const RcaIdBlock *said, const RcaIdNamer *namer)
{
  return ABS (said->min_ns / 2 + said->max_ns / 2 - (namer->min_ns / 2 + namer->max_ns / 2));
}

/* Blocks around the time of the lines, the nearest ones. */
static guint
choose_near (const RcaIds *ids, const RcaIdNamer *namer, guint near[NEAR])
{
  guint n = 0;
  for (guint i = 0; i < ids->block->len; i++)
  {
    const RcaIdBlock *said = &g_array_index (ids->block, Block, i).said;
    if (said->min_ns > said->max_ns || said->min_ns - NEAR_NS > namer->max_ns || said->max_ns + NEAR_NS < namer->min_ns)
      continue;
    if (n == NEAR && distance (said, namer) >= distance (&g_array_index (ids->block, Block, near[n - 1]).said, namer))
      continue;
    guint at = n < NEAR ? n++ : NEAR - 1;
    for (; at > 0 && distance (said, namer) < distance (&g_array_index (ids->block, Block, near[at - 1]).said, namer); at--)
      near[at] = near[at - 1];
    near[at] = i;
  }
  return n;
}

/* Ids looked at to see which blocks the batch meets. */
#define GLANCE 256

/* Of the blocks around, those that hold none of a sample of the batch: most sources' ids are all new. */
static guint
drop_strangers (RcaIds *ids, const guint8 *id, gsize n, guint near[NEAR], guint n_near)
{
  guint kept = 0;
  for (guint k = 0; k < n_near; k++)
  {
    const Resident *r = resident (ids, near[k]);
    gboolean met = FALSE;
    guint64 reference;
    for (gsize i = 0; r && i < n && !met; i += MAX (n / GLANCE, 1))
      met = find_in (&g_array_index (ids->block, Block, near[k]), r, id + 16 * i, &reference);
    if (met)
      near[kept++] = near[k];
  }
  return kept;
}

static gboolean
name_locked (RcaIdNamer *namer, const guint8 *id, gsize n, guint64 *reference, GError **error)
{
  RcaIds *ids = namer->ids;
  guint near[NEAR], n_near = choose_near (ids, namer, near);
  guint before = ids->block->len - (ids->block->len > ids->own); /* the block that grows is always looked into */
  n_near = drop_strangers (ids, id, n, near, n_near);
  for (gsize i = 0; i < n; i++)
  {
    gboolean found = FALSE;
    if (i + AHEAD < n)
      ask_for (ids, near, n_near, before, id + 16 * (i + AHEAD));
    /* what was added since is found in the blocks that are new */
    for (guint k = ids->block->len; k-- > before && !found;)
    {
      const Resident *r = resident (ids, k);
      found = r && find_in (&g_array_index (ids->block, Block, k), r, id + 16 * i, &reference[i]);
    }
    for (guint k = 0; k < n_near && !found; k++)
    {
      const Block *b = &g_array_index (ids->block, Block, near[k]);
      found = b->resident >= 0 && find_in (b, &ids->resident[b->resident], id + 16 * i, &reference[i]);
    }
    if (!found && !add (ids, namer, id + 16 * i, &reference[i], error))
      return FALSE;
    guint64 number = reference[i] >> 32;
    namer->first = namer->first ? MIN (namer->first, number) : number;
    namer->last = MAX (namer->last, number);
  }
  return TRUE;
}

static gboolean
name (const guint8 *id, gsize n, guint64 *reference, gpointer user, GError **error)
{
  RcaIdNamer *namer = user;
  g_mutex_lock (&namer->ids->lock);
  gboolean ok = name_locked (namer, id, n, reference, error);
  g_mutex_unlock (&namer->ids->lock);
  return ok;
}

static guint
block_of (const RcaIds *ids, guint64 reference, guint guess)
{
  guint64 number = reference >> 32;
  guint index = (guint)((reference & G_MAXUINT32) / RCA_IDS_BLOCK);
  for (guint k = 0; k <= ids->block->len; k++)
  {
    guint i = k ? k - 1 : guess;
    if (i < ids->block->len && g_array_index (ids->block, Block, i).number == number && g_array_index (ids->block, Block, i).index == index)
      return i;
  }
  return G_MAXUINT;
}

static gboolean
fetch (const guint64 *reference, gsize n, guint8 *id, gpointer user, GError **error)
{
  RcaIdNamer *namer = user;
  RcaIds *ids = namer->ids;
  gboolean ok = TRUE;
  g_mutex_lock (&ids->lock);
  for (gsize i = 0; i < n && ok; i++)
  {
    namer->at = block_of (ids, reference[i], namer->at);
    const Resident *r = namer->at < ids->block->len ? resident (ids, namer->at) : NULL;
    ok = r != NULL;
    if (ok)
      memcpy (id + 16 * i, r->id + 16 * (reference[i] & G_MAXUINT32 & (RCA_IDS_BLOCK - 1)), 16);
  }
  g_mutex_unlock (&ids->lock);
  if (!ok)
    g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "an id cannot be read again");
  return ok;
}

void
rca_id_namer_init (RcaIdNamer *namer, RcaIds *ids)
{
  *namer = (RcaIdNamer){ { name, fetch, namer }, ids, G_MAXINT64, G_MININT64, 0, 0, 0 };
}

gboolean
rca_ids_commit (RcaIds *ids, RcaManifest *manifest, GError **error)
{
  if (!ids->file)
    return TRUE;
  guint n = ids->block->len - ids->own;
  if (n && !write_block (ids, &g_array_index (ids->block, Block, ids->block->len - 1), error))
    return FALSE;
  g_autofree RcaIdBlock *table = g_new (RcaIdBlock, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    table[i] = g_array_index (ids->block, Block, ids->own + i).said;
  RcaIdsTrailer trailer = { n, XXH3_64bits (table, n * sizeof *table), RCA_IDS_END };
  if (!rca_io_append (ids->file, table, n * sizeof *table, error) || !rca_io_append (ids->file, &trailer, sizeof trailer, error))
    return FALSE;
  RcaManifestIds entry = { ids->number, ids->n, rca_io_position (ids->file) };
  RcaIoFile *file = g_steal_pointer (&ids->file);
  if (!rca_io_commit (file, error))
    return FALSE;
  g_array_append_val (manifest->ids, entry);
  return TRUE;
}
