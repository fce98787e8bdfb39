#include "local/ids-private.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Blocks kept after they were read, 1 MiB each: references of neighbouring lines lie in one or two. */
#define KEPT 12

char *
rca_ids_name (guint64 number)
{
  return g_strdup_printf ("ids-%06" G_GUINT64_FORMAT, number);
}

static gboolean
damaged (GError **error, const char *name, const char *what)
{
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: %s", name, what);
  return FALSE;
}

static gboolean
table_is_right (const RcaIdBlock *table, guint64 n, guint64 size)
{
  guint64 sum = 0;
  for (guint64 i = 0; i < n; i++)
  {
    if (table[i].n == 0 || table[i].n > RCA_IDS_BLOCK || (i + 1 < n && table[i].n != RCA_IDS_BLOCK))
      return FALSE;
    sum += table[i].n;
  }
  return size == 8 + sum * 16 + n * sizeof *table + sizeof (RcaIdsTrailer);
}

RcaIdBlock *
rca_ids_read_table (int fd, const char *name, guint64 *n, GError **error)
{
  struct stat st;
  RcaIdsTrailer trailer;
  char magic[8];
  if (fstat (fd, &st) != 0 || st.st_size < (off_t)(8 + sizeof trailer))
  {
    damaged (error, name, "too short for a file of ids");
    return NULL;
  }
  guint64 size = (guint64)st.st_size;
  if (!rca_io_read_at (fd, 0, magic, 8, error) || !rca_io_read_at (fd, size - sizeof trailer, &trailer, sizeof trailer, error))
    return NULL;
  if (memcmp (magic, RCA_IDS_MAGIC, 8) != 0 || trailer.magic != RCA_IDS_END || trailer.n_blocks > size / sizeof (RcaIdBlock))
  {
    damaged (error, name, "no whole file of ids: its begin or end mark is missing");
    return NULL;
  }
  gsize bytes = trailer.n_blocks * sizeof (RcaIdBlock);
  if (bytes > size - 8 - sizeof trailer)
  {
    damaged (error, name, "its table of blocks is impossible");
    return NULL;
  }
  g_autofree RcaIdBlock *table = g_malloc (MAX (bytes, 1));
  if (!rca_io_read_at (fd, size - sizeof trailer - bytes, table, bytes, error))
    return NULL;
  if (XXH3_64bits (table, bytes) != trailer.checksum || !table_is_right (table, trailer.n_blocks, size))
  {
    damaged (error, name, "table of blocks: checksum differs");
    return NULL;
  }
  *n = trailer.n_blocks;
  return g_steal_pointer (&table);
}

gboolean
rca_ids_read_block (int fd, const char *name, const RcaIdBlock *table, guint index, guint8 *id, GError **error)
{
  gsize bytes = table[index].n * 16;
  if (!rca_io_read_at (fd, rca_ids_offset (index), id, bytes, error))
    return FALSE;
  if (XXH3_64bits (id, bytes) == table[index].checksum)
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: block %u: checksum differs", name, index);
  return FALSE;
}

/* ---- the files of a store ---- */

typedef struct {
  guint64 number, n_blocks;
  int fd;
  RcaIdBlock *table;
} File;

typedef struct {
  const File *file;
  guint block;
  guint64 used;
  guint8 *id;
} Kept;

struct RcaIdFiles {
  gint references;
  char *dir;
  GMutex lock;
  GPtrArray *file; /* File */
  Kept kept[KEPT];
  guint64 clock;
};

static void
file_free (gpointer data)
{
  File *f = data;
  if (f->fd >= 0)
    close (f->fd);
  g_free (f->table);
  g_free (f);
}

RcaIdFiles *
rca_id_files_new (const char *dir)
{
  RcaIdFiles *files = g_new0 (RcaIdFiles, 1);
  files->references = 1;
  files->dir = g_strdup (dir);
  files->file = g_ptr_array_new_with_free_func (file_free);
  g_mutex_init (&files->lock);
  return files;
}

RcaIdFiles *
rca_id_files_ref (RcaIdFiles *files)
{
  g_atomic_int_inc (&files->references);
  return files;
}

void
rca_id_files_unref (RcaIdFiles *files)
{
  if (!files || !g_atomic_int_dec_and_test (&files->references))
    return;
  for (guint i = 0; i < KEPT; i++)
    g_free (files->kept[i].id);
  g_ptr_array_unref (files->file);
  g_mutex_clear (&files->lock);
  g_free (files->dir);
  g_free (files);
}

static const File *
open_file (RcaIdFiles *files, guint64 number, GError **error)
{
  for (guint i = 0; i < files->file->len; i++)
    if (((const File *)g_ptr_array_index (files->file, i))->number == number)
      return g_ptr_array_index (files->file, i);
  g_autofree char *name = rca_ids_name (number), *path = g_build_filename (files->dir, name, NULL);
  int fd = rca_io_open (path, error);
  if (fd < 0)
    return NULL;
  guint64 n;
  RcaIdBlock *table = rca_ids_read_table (fd, path, &n, error);
  if (!table)
  {
    close (fd);
    return NULL;
  }
  File *f = g_new (File, 1);
  *f = (File){ number, n, fd, table };
  g_ptr_array_add (files->file, f);
  return f;
}

static const guint8 *
get_block (RcaIdFiles *files, const File *f, guint block, GError **error)
{
  Kept *oldest = &files->kept[0];
  for (guint i = 0; i < KEPT; i++)
  {
    Kept *k = &files->kept[i];
    if (k->id && k->file == f && k->block == block)
    {
      k->used = ++files->clock;
      return k->id;
    }
    if (k->used < oldest->used)
      oldest = k;
  }
  g_autofree char *name = rca_ids_name (f->number);
  if (!oldest->id)
    oldest->id = g_malloc (RCA_IDS_BLOCK * 16);
  oldest->file = NULL;
  if (!rca_ids_read_block (f->fd, name, f->table, block, oldest->id, error))
    return NULL;
  *oldest = (Kept){ f, block, ++files->clock, oldest->id };
  return oldest->id;
}

static gboolean
fetch (RcaIdFiles *files, const guint64 *reference, gsize n, guint8 *ids, GError **error)
{
  const File *f = NULL;
  const guint8 *block = NULL;
  guint at = 0;
  for (gsize i = 0; i < n; i++)
  {
    guint64 number = reference[i] >> 32;
    guint64 index = reference[i] & G_MAXUINT32;
    if (!f || f->number != number)
    {
      f = open_file (files, number, error);
      block = NULL;
    }
    if (f && (!block || at != index / RCA_IDS_BLOCK))
    {
      at = (guint)(index / RCA_IDS_BLOCK);
      block = at < f->n_blocks && index % RCA_IDS_BLOCK < f->table[at].n ? get_block (files, f, at, error) : NULL;
      if (!block && error && !*error)
        damaged (error, files->dir, "an id that is referred to is not there");
    }
    if (!f || !block || index % RCA_IDS_BLOCK >= f->table[at].n)
      return error && *error ? FALSE : damaged (error, files->dir, "an id that is referred to is not there");
    memcpy (ids + 16 * i, block + 16 * (index % RCA_IDS_BLOCK), 16);
  }
  return TRUE;
}

gboolean
rca_id_files_fetch (RcaIdFiles *files, const guint64 *reference, gsize n, guint8 *ids, GError **error)
{
  g_autoptr (GError) own = NULL;
  g_mutex_lock (&files->lock);
  gboolean ok = fetch (files, reference, n, ids, &own);
  g_mutex_unlock (&files->lock);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&own));
  return ok;
}

gboolean
rca_id_files_verify (RcaIdFiles *files, guint64 number, GError **error)
{
  g_mutex_lock (&files->lock);
  g_autofree guint8 *id = g_malloc (RCA_IDS_BLOCK * 16);
  g_autofree char *name = rca_ids_name (number);
  const File *f = open_file (files, number, error);
  gboolean ok = f != NULL;
  for (guint i = 0; ok && i < f->n_blocks; i++)
    ok = rca_ids_read_block (f->fd, name, f->table, i, id, error);
  g_mutex_unlock (&files->lock);
  return ok;
}

static void
find_in_block (const guint8 *block, guint64 n, const guint8 *id, guint64 first, GArray *reference)
{
  guint64 want[2], one;
  memcpy (want, id, 16);
  for (guint64 i = 0; i < n; i++)
  {
    memcpy (&one, block + 16 * i, 8);
    if (one == want[0] && memcmp (block + 16 * i + 8, &want[1], 8) == 0)
    {
      guint64 place = first + i;
      g_array_append_val (reference, place);
    }
  }
}

gboolean
rca_id_files_find (RcaIdFiles *files, guint64 number, const guint8 id[16], GArray *reference, GError **error)
{
  g_mutex_lock (&files->lock);
  g_autofree guint8 *block = g_malloc (RCA_IDS_BLOCK * 16);
  g_autofree char *name = rca_ids_name (number);
  const File *f = open_file (files, number, error);
  gboolean ok = f != NULL;
  for (guint i = 0; ok && i < f->n_blocks; i++)
  {
    ok = rca_ids_read_block (f->fd, name, f->table, i, block, error);
    if (ok)
      find_in_block (block, f->table[i].n, id, rca_id_reference (number, (guint64)i * RCA_IDS_BLOCK), reference);
  }
  g_mutex_unlock (&files->lock);
  return ok;
}
