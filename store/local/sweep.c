#include "local/sweep.h"
#include "local/ids.h"
#include "local/io.h"
#include <errno.h>
#include <unistd.h>

static void
add_named (GHashTable *named, const RcaManifest *manifest)
{
  for (guint i = 0; manifest && i < manifest->source->len; i++)
  {
    const RcaManifestSource *s = g_ptr_array_index (manifest->source, i);
    for (guint k = 0; k < s->segment->len; k++)
      g_hash_table_add (named, rca_segment_name (g_array_index (s->segment, RcaSegmentEntry, k).number));
  }
  for (guint i = 0; manifest && i < manifest->ids->len; i++)
    g_hash_table_add (named, rca_ids_name (g_array_index (manifest->ids, RcaManifestIds, i).number));
}

/* FALSE when it is there and cannot be read: it may name anything. */
static gboolean
add_named_by (GHashTable *named, const char *dir, const char *name)
{
  g_autoptr (RcaManifest) manifest = rca_manifest_read_one (dir, name, NULL);
  g_autofree char *path = g_build_filename (dir, name, NULL);
  add_named (named, manifest);
  return manifest || (access (path, F_OK) != 0 && errno == ENOENT);
}

/* What a damaged manifest may have named is put aside, not removed. */
static void
remove_or_detach (const char *dir, const char *name, gboolean detach)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  if (!detach || !rca_io_detach (dir, name, NULL))
    unlink (path);
}

void
rca_sweep (const char *dir, const RcaManifest *manifest)
{
  g_autoptr (GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_named (named, manifest);
  gboolean known = add_named_by (named, dir, RCA_MANIFEST_NAME) & add_named_by (named, dir, RCA_MANIFEST_BEFORE);
  int quiet = known || manifest->fell_back ? rca_io_no_readers (dir) : -1;
  g_autoptr (GDir) listing = g_dir_open (dir, 0, NULL);
  for (const char *name; listing && (name = g_dir_read_name (listing));)
    if (g_str_has_suffix (name, ".tmp") || (quiet >= 0 && (g_str_has_prefix (name, "segment-") || g_str_has_prefix (name, "ids-")) && !g_hash_table_contains (named, name)))
      remove_or_detach (dir, name, manifest->fell_back);
  if (quiet >= 0)
    close (quiet);
}
