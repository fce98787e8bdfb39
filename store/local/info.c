#include "care.h"
#include "local/io.h"
#include "local/manifest.h"
#include <glib/gstdio.h>

static void
source_free (gpointer data)
{
  RcaStoreSource *s = data;
  g_free (s->path);
  g_free (s->format);
  g_free (s->problem);
  g_free (s);
}

void
rca_store_info_free (RcaStoreInfo *info)
{
  if (!info)
    return;
  g_ptr_array_unref (info->source);
  g_ptr_array_unref (info->problem);
  g_free (info);
}

/* How many of the newest parts may still grow. */
#define LIVE_PARTS 3

/* What stands in its file now behind the place up to which it was read. Of a compressed part that did not change,
 * nothing; of a file that has the name of another by now, all. */
static guint64
behind (const RcaManifestPart *part)
{
  GStatBuf st;
  if (g_stat (part->path, &st) != 0 || !S_ISREG (st.st_mode))
    return 0;
  guint64 size = (guint64)st.st_size;
  if (part->inode && ((guint64)st.st_ino != part->inode || (guint64)st.st_dev != part->device))
    return size;
  if (part->before_n || part->offset == 0) /* a plain file */
    return size > part->offset ? size - part->offset : size < part->offset ? size : 0;
  return size == part->size ? 0 : size;
}

static RcaStoreSource *
source_of (const RcaManifestSource *from)
{
  const RcaTableSource *info = from->info;
  RcaStoreSource *s = g_new0 (RcaStoreSource, 1);
  *s = (RcaStoreSource){ g_strdup (info->path), g_strdup (info->format), info->problem->len ? g_strdup (info->problem->pdata[0]) : NULL, info->stream,
                         info->records, info->lines, from->segment->len, 0, info->first_ns, info->last_ns, 0, 0 };
  for (guint i = 0; i < from->segment->len; i++)
    s->bytes_on_disk += g_array_index (from->segment, RcaSegmentEntry, i).bytes;
  for (guint i = 0; i < from->part->len; i++)
  {
    const RcaManifestPart *part = g_ptr_array_index (from->part, i);
    s->read_ns = MAX (s->read_ns, part->read_ns);
    if (i + LIVE_PARTS >= from->part->len)
      s->behind_bytes += behind (part);
  }
  return s;
}

static void
count_detached (const char *dir, RcaStoreInfo *info)
{
  g_autofree char *path = g_build_filename (dir, "detached", NULL);
  g_autoptr (GDir) listing = g_dir_open (path, 0, NULL);
  for (const char *name; listing && (name = g_dir_read_name (listing));)
  {
    GStatBuf st;
    g_autofree char *file = g_build_filename (path, name, NULL);
    info->detached_files++;
    info->detached_bytes += g_stat (file, &st) == 0 ? (guint64)st.st_size : 0;
  }
}

RcaStoreInfo *
rca_store_info (const char *dir, GError **error)
{
  g_autofree char *note = NULL;
  g_autoptr (RcaManifest) manifest = rca_manifest_read (dir, &note, error);
  if (!manifest)
    return NULL;
  RcaStoreInfo *info = g_new0 (RcaStoreInfo, 1);
  info->generation = manifest->generation;
  info->source = g_ptr_array_new_with_free_func (source_free);
  info->problem = g_ptr_array_new_with_free_func (g_free);
  info->writer = rca_io_lock_holder (dir, &info->writer_alive_ns);
  if (note)
    g_ptr_array_add (info->problem, g_steal_pointer (&note));
  for (guint i = 0; i < manifest->source->len; i++)
  {
    RcaStoreSource *s = source_of (g_ptr_array_index (manifest->source, i));
    info->records += s->records;
    info->segments += s->segments;
    info->bytes_on_disk += s->bytes_on_disk;
    g_ptr_array_add (info->source, s);
  }
  for (guint i = 0; i < manifest->ids->len; i++)
    info->bytes_on_disk += g_array_index (manifest->ids, RcaManifestIds, i).bytes;
  count_detached (dir, info);
  return info;
}
