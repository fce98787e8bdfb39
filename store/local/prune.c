#include "care.h"
#include "local/ingest-private.h"
#include "local/io.h"
#include "local/sweep.h"
#include <unistd.h>

/* Times without a zone may be that far from the UTC they are read as. */
#define ZONES_NS (14 * 3600 * RCA_NS_PER_S)

typedef struct {
  RcaManifestSource *source;
  RcaSegmentEntry entry;
} Candidate;

static gboolean
has_times (const RcaSegmentEntry *entry)
{
  return entry->min_ns <= entry->max_ns;
}

/* Oldest first; those without times by the order in which they were written, before all others. */
static gint
compare_age (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;
  gint64 s = has_times (&x->entry) ? x->entry.max_ns : G_MININT64, t = has_times (&y->entry) ? y->entry.max_ns : G_MININT64;
  if (s != t)
    return s < t ? -1 : 1;
  return x->entry.number < y->entry.number ? -1 : x->entry.number > y->entry.number;
}

static GArray *
candidates (const RcaManifest *manifest, guint64 *bytes)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Candidate));
  *bytes = 0;
  for (guint i = 0; i < manifest->source->len; i++)
  {
    RcaManifestSource *source = g_ptr_array_index (manifest->source, i);
    for (guint k = 0; k < source->segment->len; k++)
    {
      Candidate c = { source, g_array_index (source->segment, RcaSegmentEntry, k) };
      *bytes += c.entry.bytes;
      if (!c.entry.tail)
        g_array_append_val (all, c);
    }
  }
  g_array_sort (all, compare_age);
  return all;
}

static void
tell_first_time (RcaManifestSource *source)
{
  gint64 first = G_MAXINT64;
  for (guint i = 0; i < source->segment->len; i++)
  {
    const RcaSegmentEntry *entry = &g_array_index (source->segment, RcaSegmentEntry, i);
    if (has_times (entry))
      first = MIN (first, entry->min_ns);
  }
  if (first != G_MAXINT64)
    source->info->first_ns = MAX (source->info->first_ns, first);
}

static void
drop (const Candidate *c)
{
  for (guint i = 0; i < c->source->segment->len; i++)
    if (g_array_index (c->source->segment, RcaSegmentEntry, i).number == c->entry.number)
    {
      g_array_remove_index (c->source->segment, i);
      break;
    }
  rca_ingest_subtract (c->source->info, &c->entry);
  tell_first_time (c->source);
}

static void
prune (RcaManifest *manifest, const RcaPruneOptions *options, RcaPruneResult *result)
{
  guint64 bytes;
  g_autoptr (GArray) all = candidates (manifest, &bytes);
  for (guint i = 0; i < all->len; i++)
  {
    const Candidate *c = &g_array_index (all, Candidate, i);
    gboolean old = options->older_than_ns != RCA_TIME_NONE && has_times (&c->entry) && c->entry.max_ns + ZONES_NS < options->older_than_ns;
    gboolean beyond = options->most_bytes && bytes > options->most_bytes;
    if (!old && !beyond)
      continue;
    bytes -= c->entry.bytes;
    result->segments++;
    result->records += c->entry.counts.records;
    result->bytes += c->entry.bytes;
    drop (c);
  }
  result->kept_bytes = bytes;
}

gboolean
rca_store_prune (const char *dir, const RcaPruneOptions *options, RcaPruneResult *result, GError **error)
{
  *result = (RcaPruneResult){ 0 };
  g_autofree char *note = NULL;
  if (!rca_manifest_exists (dir))
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "store %s: there is no store here", dir);
    return FALSE;
  }
  int lock = options->dry_run ? -1 : rca_io_lock (dir, error);
  if (!options->dry_run && lock < 0)
    return FALSE;
  g_autoptr (RcaManifest) manifest = rca_manifest_read_to_write (dir, &note, error);
  if (manifest)
    prune (manifest, options, result);
  gboolean ok = manifest && (options->dry_run || result->segments == 0 || rca_manifest_write (manifest, dir, error));
  if (ok && !options->dry_run)
    rca_sweep (dir, manifest);
  if (lock >= 0)
    close (lock);
  return ok;
}
