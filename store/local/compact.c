/* Which segments are merged, and the commits that make it count. */
#include "local/compact.h"
#include "local/io.h"
#include "local/sweep.h"
#include "store.h"
#include <unistd.h>

/* A segment that has grown to that is left alone once it is compressed well. */
#define LARGE_BYTES (G_GUINT64_CONSTANT (64) << 20)
/* No more are merged into one. */
#define MOST_BYTES (G_GUINT64_CONSTANT (256) << 20)

typedef struct {
  const char *dir;
  RcaManifest *manifest;
  RcaCompactResult *result;
} Compacting;

/* The first run of neighbours from @*from on that is worth it: several, or one that was never compressed well. Open
 * ends are replaced by the next ingest and stand in nobody's way. */
static GArray *
next_run (const GArray *segment, guint *from)
{
  GArray *run = g_array_new (FALSE, FALSE, sizeof (guint));
  guint64 bytes = 0;
  gboolean hot = FALSE;
  for (; *from < segment->len; (*from)++)
  {
    const RcaSegmentEntry *e = &g_array_index (segment, RcaSegmentEntry, *from);
    gboolean done = e->level && e->bytes >= LARGE_BYTES;
    if (e->tail)
      continue;
    if (run->len && (done || bytes + e->bytes > MOST_BYTES))
    {
      if (run->len > 1 || hot)
        return run;
      g_array_set_size (run, 0);
      bytes = 0;
    }
    if (done)
      continue;
    g_array_append_val (run, *from);
    bytes += e->bytes;
    hot |= e->level == 0;
  }
  if (run->len > 1 || hot)
    return run;
  g_array_unref (run);
  return NULL;
}

static void
replace (GArray *segment, const GArray *run, const RcaSegmentEntry *by)
{
  g_array_index (segment, RcaSegmentEntry, g_array_index (run, guint, 0)) = *by;
  for (guint i = run->len; i-- > 1;)
    g_array_remove_index (segment, g_array_index (run, guint, i));
}

/* One run of source @index, in a commit of its own. FALSE with @error when the store cannot be written. */
static gboolean
compact_run (Compacting *c, guint index, const GArray *run, GError **error)
{
  g_autoptr (RcaManifest) next = rca_manifest_copy (c->manifest);
  RcaManifestSource *source = g_ptr_array_index (next->source, index);
  g_autoptr (RcaIds) ids = rca_ids_new (c->dir, next, next->next_ids++);
  g_autoptr (RcaIdFiles) files = rca_id_files_new (c->dir);
  g_autoptr (GArray) entry = g_array_new (FALSE, FALSE, sizeof (RcaSegmentEntry));
  g_autoptr (GError) damage = NULL;
  RcaSegmentEntry made;
  for (guint i = 0; i < run->len; i++)
    g_array_append_val (entry, g_array_index (source->segment, RcaSegmentEntry, g_array_index (run, guint, i)));
  if (!rca_compact_segments (c->dir, (const RcaSegmentEntry *)(void *)entry->data, entry->len, next->next_segment++, ids, files, &made, &damage))
  {
    if (g_error_matches (damage, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE))
    {
      g_propagate_error (error, g_steal_pointer (&damage));
      return FALSE;
    }
    g_ptr_array_add (c->result->problem, g_strdup_printf ("%s: left as it is: %s", source->info->path, damage->message));
    return TRUE;
  }
  replace (source->segment, run, &made);
  if (!rca_ids_commit (ids, next, error) || !rca_manifest_write (next, c->dir, error))
    return FALSE;
  rca_manifest_free (c->manifest);
  c->manifest = g_steal_pointer (&next);
  return TRUE;
}

static gboolean
compact_source (Compacting *c, guint index, GError **error)
{
  guint from = 0;
  for (;;)
  {
    const RcaManifestSource *source = g_ptr_array_index (c->manifest->source, index);
    g_autoptr (GArray) run = next_run (source->segment, &from);
    if (!run)
      return TRUE;
    guint merged = run->len - 1, before = c->result->problem->len;
    if (!compact_run (c, index, run, error))
      return FALSE;
    if (before == c->result->problem->len)
      from -= MIN (from, merged);
  }
}

static void
measure (const RcaManifest *m, guint64 *segments, guint64 *bytes)
{
  *segments = *bytes = 0;
  for (guint i = 0; i < m->ids->len; i++)
    *bytes += g_array_index (m->ids, RcaManifestIds, i).bytes;
  for (guint i = 0; i < m->source->len; i++)
  {
    const GArray *segment = ((const RcaManifestSource *)g_ptr_array_index (m->source, i))->segment;
    *segments += segment->len;
    for (guint k = 0; k < segment->len; k++)
      *bytes += g_array_index (segment, RcaSegmentEntry, k).bytes;
  }
}

static gboolean
compact_locked (Compacting *c, GError **error)
{
  g_autofree char *note = NULL;
  if (!(c->manifest = rca_manifest_read_to_write (c->dir, &note, error)))
    return FALSE;
  if (note)
    g_ptr_array_add (c->result->problem, g_steal_pointer (&note));
  rca_sweep (c->dir, c->manifest);
  measure (c->manifest, &c->result->segments_before, &c->result->bytes_before);
  guint64 generation = c->manifest->generation;
  for (guint i = 0; i < c->manifest->source->len; i++)
    if (!compact_source (c, i, error))
      return FALSE;
  /* once more, so that the generation before names the new ones too, and the old ones can go */
  if (c->manifest->generation != generation && !rca_manifest_write (c->manifest, c->dir, error))
    return FALSE;
  rca_sweep (c->dir, c->manifest);
  measure (c->manifest, &c->result->segments_after, &c->result->bytes_after);
  return TRUE;
}

gboolean
rca_store_compact (const char *dir, RcaCompactResult *result, GError **error)
{
  *result = (RcaCompactResult){ .problem = g_ptr_array_new_with_free_func (g_free) };
  if (!rca_manifest_exists (dir))
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "store %s: there is no store here (rca ingest --store %s PATH… makes one)", dir, dir);
    return FALSE;
  }
  int lock = rca_io_lock (dir, error);
  if (lock < 0)
    return FALSE;
  Compacting c = { dir, NULL, result };
  gboolean ok = compact_locked (&c, error);
  g_clear_pointer (&c.manifest, rca_manifest_free);
  close (lock);
  return ok;
}

void
rca_compact_result_clear (RcaCompactResult *result)
{
  g_clear_pointer (&result->problem, g_ptr_array_unref);
}
