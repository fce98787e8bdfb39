#include "local/ids.h"
#include "local/io.h"
#include "local/manifest.h"
#include "local/marker.h"
#include "store.h"

/* Changes are wanted a day back. */
#define DAY_NS (86400 * RCA_NS_PER_S)
/* Where some source writes no zone, times are placed by what sources have in common, and none is settled yet when
 * segments are chosen. */
#define UNSETTLED_NS DAY_NS
/* Else only clocks may be off, and what began in the span is logged when it ends. */
#define SETTLED_NS (300 * RCA_NS_PER_S)

typedef struct {
  RcaManifestSource *from;
  RcaTableSource *into;
  const char *dir;
  RcaSpan span;
  gint64 slack_ns;
  GPtrArray *segment; /* RcaSegment: outlive the table */
  RcaIdFiles *ids;
} Loading;

static RcaTableSource *
take_info (RcaManifestSource *from)
{
  RcaTableSource *info = from->info;
  from->info = rca_table_source_new (info->path);
  return info;
}

static gboolean
prunable (const RcaTableSource *source)
{
  return source->dateless == 0;
}

/* The times as logged of rows that the span may want. */
static void
choose_times (const Loading *l, gint64 *from, gint64 *to)
{
  *from = G_MININT64;
  *to = G_MAXINT64;
  if (l->span.start_ns >= l->span.end_ns || !prunable (l->into))
    return;
  *from = l->span.start_ns - l->slack_ns - (l->into->changes ? DAY_NS : 0);
  *to = l->span.end_ns + l->slack_ns;
}

static gint64
slack (const RcaManifest *manifest)
{
  for (guint i = 0; i < manifest->source->len; i++)
  {
    const RcaTableSource *info = ((RcaManifestSource *)g_ptr_array_index (manifest->source, i))->info;
    if (info->zoneless || info->dateless)
      return UNSETTLED_NS;
  }
  return SETTLED_NS;
}

static void
load (gpointer data, gpointer user)
{
  Loading *l = data;
  gint64 from, to;
  choose_times (l, &from, &to);
  for (guint i = 0; i < l->from->segment->len; i++)
  {
    const RcaSegmentEntry *e = &g_array_index (l->from->segment, RcaSegmentEntry, i);
    if (e->max_ns < from || e->min_ns >= to || e->rows == 0)
      continue;
    g_autoptr (GError) error = NULL;
    RcaSegment *segment = rca_segment_open (l->dir, e->number, &error);
    if (!segment)
    {
      g_ptr_array_add (l->into->problem, g_strdup_printf ("%s (%" G_GUINT64_FORMAT " rows skipped)", error->message, e->rows));
      continue;
    }
    rca_segment_use_ids (segment, l->ids);
    g_ptr_array_add (l->segment, segment);
    rca_segment_load (segment, l->into, from, to);
  }
}

static void
load_all (GArray *loading, guint jobs)
{
  guint n = jobs ? jobs : MAX (1, g_get_num_processors () / 2);
  GThreadPool *pool = n > 1 && loading->len > 1 ? g_thread_pool_new (load, NULL, (gint)n, FALSE, NULL) : NULL;
  for (guint i = 0; i < loading->len; i++)
  {
    Loading *l = &g_array_index (loading, Loading, i);
    if (pool)
      g_thread_pool_push (pool, l, NULL);
    else
      load (l, NULL);
  }
  if (pool)
    g_thread_pool_free (pool, FALSE, TRUE);
}

RcaStore *
rca_store_open_local (const char *dir, const RcaOpenOptions *options, GError **error)
{
  static const RcaOpenOptions none = { 0 };
  options = options ? options : &none;
  g_autofree char *note = NULL;
  /* what is opened only when it is asked for is there until the store is closed */
  g_autoptr (GPtrArray) lease = rca_io_hold_lease (dir);
  g_autoptr (RcaManifest) manifest = rca_manifest_exists (dir) ? rca_manifest_read (dir, &note, error) : rca_manifest_new ();
  if (!manifest)
    return NULL;
  g_autoptr (RcaTable) table = rca_table_new ();
  if (note)
    rca_table_problem (table, "%s", note);
  g_ptr_array_add (table->keep, g_ptr_array_ref (lease));
  g_autoptr (RcaIdFiles) ids = rca_id_files_new (dir);
  g_autoptr (GArray) loading = g_array_new (FALSE, TRUE, sizeof (Loading));
  gint64 slack_ns = slack (manifest);
  for (guint i = 0; i < manifest->source->len; i++)
  {
    RcaManifestSource *from = g_ptr_array_index (manifest->source, i);
    Loading l = { from, take_info (from), dir, options->span, slack_ns, g_ptr_array_new_with_free_func ((GDestroyNotify)rca_segment_free), ids };
    g_array_append_val (loading, l);
  }
  load_all (loading, options->jobs);
  for (guint i = 0; i < loading->len; i++)
  {
    Loading *l = &g_array_index (loading, Loading, i);
    rca_table_add (table, l->into);
    g_ptr_array_add (table->keep, l->segment);
  }
  table->no_redact = options->no_redact;
  rca_markers_read (table, dir);
  if (table->source->len == 0 && table->mark->len == 0)
  {
    g_set_error (error, RCA_STORE_ERROR, rca_manifest_exists (dir) ? RCA_STORE_ERROR_EMPTY : RCA_STORE_ERROR_OPEN,
                 rca_manifest_exists (dir) ? "store %s: nothing is in it yet (rca ingest --store %s PATH… fills it)"
                                           : "store %s: there is no store here (rca ingest --store %s PATH… makes one)",
                 dir, dir);
    return NULL;
  }
  RcaTableOptions finish = { options->span, options->assumed_zone, 0 };
  rca_table_finish (table, &finish);
  return rca_store_wrap (&rca_table_backend, g_steal_pointer (&table));
}

gboolean
rca_store_is_local (const char *dir)
{
  return rca_manifest_exists (dir);
}
