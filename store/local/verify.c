#include "care.h"
#include "local/ids.h"
#include "local/ingest-private.h"
#include "local/manifest.h"
#include "local/pack.h"
#include "local/segment-private.h"
#include <unistd.h>

void
rca_store_verdict_clear (RcaStoreVerdict *verdict)
{
  g_clear_pointer (&verdict->damage, g_ptr_array_unref);
}

static void
add_damage (RcaStoreVerdict *v, char *text)
{
  for (guint i = 0; i < v->damage->len; i++)
    if (g_str_equal (g_ptr_array_index (v->damage, i), text))
    {
      g_free (text);
      return;
    }
  g_ptr_array_add (v->damage, text);
}

static void
verify_blocks (RcaSegment *s, RcaStoreVerdict *v)
{
  for (guint i = 0; i < s->block->len; i++)
  {
    gsize n;
    g_autoptr (GError) error = NULL;
    g_autofree char *data = rca_segment_get_block (s, i, G_MAXUINT64, &n, &error);
    v->blocks++;
    if (!data)
      add_damage (v, g_strdup_printf ("%s: %s", s->path, error->message));
  }
}

/* Blocks that are whole may still not be what their description says. */
static void
verify_sheets (RcaSegment *s, RcaStoreVerdict *v, guint64 *rows)
{
  msgpack_object_array sheets = rca_unpack_array (&s->footer.data, "sheets");
  for (guint32 i = 0; i < sheets.size; i++)
  {
    g_autoptr (GError) error = NULL;
    guint64 said = rca_unpack_u64 (&sheets.ptr[i], "rows");
    g_autoptr (RcaSheet) sheet = rca_segment_read_sheet (s, &sheets.ptr[i], &error);
    *rows += said;
    if (sheet)
      continue;
    v->rows_lost += said;
    add_damage (v, g_strdup_printf ("%s: sheet %u: %s (%" G_GUINT64_FORMAT " rows)", s->path, i, error->message, said));
  }
}

static void
verify_lines (RcaSegment *s, RcaStoreVerdict *v)
{
  guint n;
  const RcaSegmentLines *lines = rca_segment_lines (s, &n);
  for (guint i = 0; i < n; i++)
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) raw = rca_segment_raw (s, i, &error);
    if (!raw)
      add_damage (v, g_strdup_printf ("%s: lines %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ": %s (they cannot be quoted)", s->path, lines[i].first_line,
                                      lines[i].first_line + lines[i].lines - 1, error->message));
  }
}

/* FALSE when nothing of it can be read. */
static gboolean
verify_segment (const char *dir, RcaIdFiles *ids, const RcaSegmentEntry *entry, RcaStoreVerdict *v)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaSegment) s = rca_segment_open (dir, entry->number, &error);
  guint64 rows = 0;
  v->segments++;
  v->bytes += entry->bytes;
  if (!s)
  {
    v->rows_lost += entry->rows;
    add_damage (v, g_strdup_printf ("%s (the whole segment, %" G_GUINT64_FORMAT " rows)", error->message, entry->rows));
    return FALSE;
  }
  rca_segment_use_ids (s, ids);
  verify_blocks (s, v);
  verify_sheets (s, v, &rows);
  verify_lines (s, v);
  if (s->size != entry->bytes || rows != entry->rows)
    add_damage (v, g_strdup_printf ("%s: holds %" G_GUINT64_FORMAT " bytes and %" G_GUINT64_FORMAT " rows; the manifest says %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT,
                                    s->path, s->size, rows, entry->bytes, entry->rows));
  return TRUE;
}

static void
verify_manifests (const char *dir, RcaStoreVerdict *v)
{
  static const char *const names[] = { RCA_MANIFEST_NAME, RCA_MANIFEST_BEFORE };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (RcaManifest) m = rca_manifest_read_one (dir, names[i], &error);
    if (!m && !g_error_matches (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN))
      add_damage (v, g_strdup (error->message));
  }
}

static guint64
bytes_of (const RcaManifest *manifest)
{
  guint64 bytes = 0;
  for (guint i = 0; i < manifest->source->len; i++)
  {
    const RcaManifestSource *source = g_ptr_array_index (manifest->source, i);
    for (guint k = 0; k < source->segment->len; k++)
      bytes += g_array_index (source->segment, RcaSegmentEntry, k).bytes;
  }
  return bytes;
}

static void
verify_ids (const char *dir, RcaIdFiles *ids, const RcaManifest *manifest, RcaStoreVerdict *v)
{
  for (guint i = 0; i < manifest->ids->len; i++)
  {
    g_autoptr (GError) error = NULL;
    const RcaManifestIds *file = &g_array_index (manifest->ids, RcaManifestIds, i);
    g_autofree char *name = rca_ids_name (file->number);
    v->bytes += file->bytes;
    if (!rca_id_files_verify (ids, file->number, &error))
      add_damage (v, g_strdup_printf ("%s/%s: %s (lines with ids of it cannot be read)", dir, name, error->message));
  }
}

/* Takes the segment out of the manifest, and its file out of the way. */
static gboolean
detach_segment (const char *dir, RcaManifestSource *source, guint k, GError **error)
{
  RcaSegmentEntry entry = g_array_index (source->segment, RcaSegmentEntry, k);
  g_autofree char *name = rca_segment_name (entry.number);
  if (!rca_io_detach (dir, name, error))
    return FALSE;
  rca_ingest_subtract (source->info, &entry);
  g_array_remove_index (source->segment, k);
  return TRUE;
}

/* @changed: (nullable): segments that cannot be read at all are detached. */
static gboolean
verify_all (const char *dir, RcaManifest *manifest, RcaReadProgress *progress, RcaStoreVerdict *v, gboolean *changed, GError **error)
{
  g_autoptr (RcaIdFiles) ids = rca_id_files_new (dir);
  verify_ids (dir, ids, manifest, v);
  for (guint i = 0; i < manifest->source->len; i++)
  {
    RcaManifestSource *source = g_ptr_array_index (manifest->source, i);
    for (guint k = source->segment->len; k-- > 0;)
    {
      const RcaSegmentEntry *entry = &g_array_index (source->segment, RcaSegmentEntry, k);
      if (progress)
        g_atomic_pointer_add (&progress->done, (gssize)entry->bytes);
      if (entry->bytes == 0 || verify_segment (dir, ids, entry, v) || !changed)
        continue;
      if (!detach_segment (dir, source, k, error))
        return FALSE;
      *changed = TRUE;
    }
  }
  return TRUE;
}

gboolean
rca_store_verify (const char *dir, gboolean detach, RcaReadProgress *progress, RcaStoreVerdict *verdict, GError **error)
{
  *verdict = (RcaStoreVerdict){ .damage = g_ptr_array_new_with_free_func (g_free) };
  g_autofree char *note = NULL;
  gboolean changed = FALSE;
  int lock = detach ? rca_io_lock (dir, error) : -1;
  if (detach && lock < 0)
    return FALSE;
  int lease = detach ? -1 : rca_io_lease (dir);
  verify_manifests (dir, verdict);
  g_autoptr (RcaManifest) manifest = detach ? rca_manifest_read_to_write (dir, &note, error) : rca_manifest_read (dir, &note, error);
  if (manifest && progress)
    g_atomic_pointer_add (&progress->total, (gssize)bytes_of (manifest));
  gboolean ok = manifest && verify_all (dir, manifest, progress, verdict, detach ? &changed : NULL, error);
  ok = ok && (!changed || rca_manifest_write (manifest, dir, error));
  if (lock >= 0)
    close (lock);
  if (lease >= 0)
    close (lease);
  return ok;
}
