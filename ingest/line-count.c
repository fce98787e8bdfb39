#include "line-count.h"
#include "bisect.h"

/* A step is some milliseconds of work: so long does the end of a program wait. */
#define STEP_BYTES ((guint64)16 << 20)

typedef struct {
  int fd;
  guint number;
  guint64 bytes;
  guint n_steps, n_begun, n_done; /* under the lock, as @lines is */
  guint64 lines;
} File;

struct RcaLineCount {
  GArray *file; /* File, by number until started, then the smaller first: more of them are done early */
  GPtrArray *thread;
  GMutex lock;
  GCond done;
  gint stop;
};

RcaLineCount *
rca_line_count_new (void)
{
  RcaLineCount *count = g_new0 (RcaLineCount, 1);
  count->file = g_array_new (FALSE, FALSE, sizeof (File));
  count->thread = g_ptr_array_new ();
  g_mutex_init (&count->lock);
  g_cond_init (&count->done);
  return count;
}

void
rca_line_count_free (RcaLineCount *count)
{
  if (!count)
    return;
  g_atomic_int_set (&count->stop, 1);
  for (guint i = 0; i < count->thread->len; i++)
    g_thread_join (g_ptr_array_index (count->thread, i));
  g_ptr_array_unref (count->thread);
  g_array_unref (count->file);
  g_mutex_clear (&count->lock);
  g_cond_clear (&count->done);
  g_free (count);
}

guint
rca_line_count_add (RcaLineCount *count, int fd, guint64 bytes)
{
  File file = { .fd = fd, .number = count->file->len, .bytes = bytes, .n_steps = (guint)((bytes + STEP_BYTES - 1) / STEP_BYTES) };
  g_array_append_val (count->file, file);
  return file.number;
}

/* Does the next step of @file. FALSE when all are begun. */
static gboolean
step (RcaLineCount *count, File *file)
{
  g_mutex_lock (&count->lock);
  gboolean more = file->n_begun < file->n_steps;
  guint64 from = file->n_begun * STEP_BYTES;
  file->n_begun += more;
  g_mutex_unlock (&count->lock);
  if (!more)
    return FALSE;
  guint64 lines = rca_count_feeds (file->fd, from, MIN (from + STEP_BYTES, file->bytes));
  g_mutex_lock (&count->lock);
  file->lines += lines;
  file->n_done++;
  g_cond_broadcast (&count->done);
  g_mutex_unlock (&count->lock);
  return TRUE;
}

static gpointer
work (gpointer user)
{
  RcaLineCount *count = user;
  for (guint i = 0; i < count->file->len; i++)
    while (!g_atomic_int_get (&count->stop) && step (count, &g_array_index (count->file, File, i)))
      ;
  return NULL;
}

static gint
compare_sizes (gconstpointer a, gconstpointer b)
{
  const File *x = a, *y = b;
  return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

void
rca_line_count_start (RcaLineCount *count, guint n_threads)
{
  g_array_sort (count->file, compare_sizes);
  for (guint i = 0; i < n_threads && count->file->len; i++)
    g_ptr_array_add (count->thread, g_thread_new ("count", work, count));
}

guint64
rca_line_count_get (RcaLineCount *count, guint number)
{
  File *file = NULL;
  for (guint i = 0; i < count->file->len && !file; i++)
    if (g_array_index (count->file, File, i).number == number)
      file = &g_array_index (count->file, File, i);
  while (step (count, file))
    ;
  g_mutex_lock (&count->lock);
  while (file->n_done < file->n_steps)
    g_cond_wait (&count->done, &count->lock);
  guint64 lines = file->lines;
  g_mutex_unlock (&count->lock);
  return lines;
}
