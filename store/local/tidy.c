#include "local/tidy.h"
#include "local/compact.h"
#include <sys/resource.h>
#include <unistd.h>

/* So many neighbours below a size are merged: each record is then written about once a size. */
#define FEWEST 16
#define MOST   64
static const guint64 sizes[] = { (guint64)1 << 20, (guint64)16 << 20 };

typedef struct {
  char *dir, *path; /* the source's */
  GArray *entry;    /* RcaSegmentEntry */
  guint64 number;
  RcaIds *ids;
  RcaIdFiles *files;
  RcaSegmentEntry made;
  gboolean ok;
  gint done; /* atomic */
} Job;

struct RcaTidy {
  char *dir;
  Job *job; /* at work, or ready */
};

static void
job_free (Job *job)
{
  g_free (job->dir);
  g_free (job->path);
  g_array_unref (job->entry);
  rca_ids_free (job->ids);
  rca_id_files_unref (job->files);
  g_free (job);
}

RcaTidy *
rca_tidy_new (const char *dir)
{
  RcaTidy *tidy = g_new0 (RcaTidy, 1);
  tidy->dir = g_strdup (dir);
  return tidy;
}

void
rca_tidy_free (RcaTidy *tidy)
{
  if (!tidy)
    return;
  if (rca_tidy_is_ready (tidy))
    job_free (tidy->job);
  g_free (tidy->dir);
  g_free (tidy);
}

gboolean
rca_tidy_is_ready (RcaTidy *tidy)
{
  return tidy->job && g_atomic_int_get (&tidy->job->done);
}

/* ---- what to merge ---- */

/* The first run of neighbours below @size; open ends stand in nobody's way. NULL: there is none. */
static GArray *
find_run (const GArray *segment, guint64 size)
{
  GArray *run = g_array_new (FALSE, FALSE, sizeof (RcaSegmentEntry));
  for (guint i = 0; i < segment->len && run->len < MOST; i++)
  {
    const RcaSegmentEntry *e = &g_array_index (segment, RcaSegmentEntry, i);
    if (e->tail)
      continue;
    if (e->bytes < size)
      g_array_append_val (run, *e);
    else if (run->len >= FEWEST)
      break;
    else
      g_array_set_size (run, 0);
  }
  if (run->len >= FEWEST)
    return run;
  g_array_unref (run);
  return NULL;
}

/* ---- the thread ---- */

static gpointer
work (gpointer data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;
  setpriority (PRIO_PROCESS, (id_t)gettid (), 19);
  job->ok = rca_compact_segments (job->dir, (const RcaSegmentEntry *)(void *)job->entry->data, job->entry->len, job->number, job->ids, job->files, &job->made, &error);
  if (!job->ok)
    g_debug ("%s: its segments are left as they are: %s", job->path, error->message);
  g_atomic_int_set (&job->done, 1);
  return NULL;
}

void
rca_tidy_begin (RcaTidy *tidy, RcaManifest *manifest)
{
  for (guint s = 0; s < G_N_ELEMENTS (sizes) && !tidy->job; s++)
    for (guint i = 0; i < manifest->source->len && !tidy->job; i++)
    {
      const RcaManifestSource *source = g_ptr_array_index (manifest->source, i);
      GArray *run = find_run (source->segment, sizes[s]);
      if (!run)
        continue;
      Job *job = tidy->job = g_new0 (Job, 1);
      job->dir = g_strdup (tidy->dir);
      job->path = g_strdup (source->info->path);
      job->entry = run;
      job->number = manifest->next_segment++;
      job->ids = rca_ids_new (tidy->dir, manifest, manifest->next_ids++);
      job->files = rca_id_files_new (tidy->dir);
      g_thread_unref (g_thread_new ("tidy", work, job));
    }
}

/* ---- the commit ---- */

static gint
place_of (const GArray *segment, guint64 number)
{
  for (guint i = 0; i < segment->len; i++)
    if (g_array_index (segment, RcaSegmentEntry, i).number == number)
      return (gint)i;
  return -1;
}

/* The source whose segments they are, by whatever name it goes now; NULL when not all of them are there any more. */
static GArray *
segments_of (const Job *job, const RcaManifest *manifest)
{
  for (guint i = 0; i < manifest->source->len; i++)
  {
    GArray *segment = ((RcaManifestSource *)g_ptr_array_index (manifest->source, i))->segment;
    guint found = 0;
    for (guint k = 0; k < job->entry->len; k++)
      found += place_of (segment, g_array_index (job->entry, RcaSegmentEntry, k).number) >= 0;
    if (found == job->entry->len)
      return segment;
  }
  return NULL;
}

static void
replace (const Job *job, GArray *segment, GArray *retired)
{
  for (guint k = 0; k < job->entry->len; k++)
  {
    guint64 number = g_array_index (job->entry, RcaSegmentEntry, k).number;
    guint at = (guint)place_of (segment, number);
    if (k == 0)
      g_array_index (segment, RcaSegmentEntry, at) = job->made;
    else
      g_array_remove_index (segment, at);
    g_array_append_val (retired, number);
  }
}

gboolean
rca_tidy_finish (RcaTidy *tidy, RcaManifest *next, GArray *retired)
{
  g_autofree char *name = rca_segment_name (tidy->job->number), *path = g_build_filename (tidy->dir, name, NULL);
  Job *job = g_steal_pointer (&tidy->job);
  GArray *segment = job->ok ? segments_of (job, next) : NULL;
  /* it belongs to no commit yet: a pass that failed meanwhile may have swept it away */
  gboolean ok = segment && access (path, F_OK) == 0 && rca_ids_commit (job->ids, next, NULL);
  if (ok)
    replace (job, segment, retired);
  job_free (job);
  return ok;
}
