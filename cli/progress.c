#include "progress.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US 500000
#define REDRAW_US   100000

struct RcaProgress {
  char *what, *unit;
  const gsize *done, *total;
  gint64 begin_us;
  gboolean stop; /* under @lock */
  GMutex lock;
  GCond wake;
  GThread *thread;
};

static char *
amount (const char *unit, gsize n)
{
  if (unit)
    return g_strdup_printf ("%" G_GSIZE_FORMAT, n);
  char *text = g_format_size_full (n, G_FORMAT_SIZE_IEC_UNITS);
  char *space = strstr (text, "\302\240"); /* one that does not break, which not every terminal shows */
  if (space)
    {
      *space = ' ';
      memmove (space + 1, space + 2, strlen (space + 2) + 1);
    }
  return text;
}

static void
add_time_left (GString *text, double left_s)
{
  if (left_s < 100)
    g_string_append_printf (text, ", %.0f s left", left_s);
  else if (left_s < 6000)
    g_string_append_printf (text, ", %.0f min left", left_s / 60);
  else
    g_string_append_printf (text, ", %.1f h left", left_s / 3600);
}

char *
rca_progress_text (const char *what, const char *unit, gsize done, gsize total, double elapsed_s)
{
  done = total ? MIN (done, total) : done;
  g_autofree char *have = amount (unit, done), *all = amount (unit, total), *rate = amount (unit, elapsed_s > 0 ? (gsize) ((double) done / elapsed_s) : 0);
  GString *text = g_string_new (what);
  g_string_append_printf (text, " %s", have);
  if (total)
    g_string_append_printf (text, " of %s", all);
  if (unit)
    g_string_append_printf (text, " %s", unit);
  if (total)
    g_string_append_printf (text, ", %.0f %%", 100.0 * (double) done / (double) total);
  g_string_append_printf (text, ", %s/s", rate);
  if (total && done)
    add_time_left (text, elapsed_s * (double) (total - done) / (double) done);
  return g_string_free (text, FALSE);
}

static gsize
load (const gsize *n)
{
  return __atomic_load_n (n, __ATOMIC_RELAXED);
}

static void
draw (const RcaProgress *p)
{
  double elapsed_s = (double) (g_get_monotonic_time () - p->begin_us) / 1e6;
  g_autofree char *text = rca_progress_text (p->what, p->unit, load (p->done), p->total ? load (p->total) : 0, elapsed_s);
  fprintf (stderr, "\r%s\033[K", text);
  fflush (stderr);
}

static gpointer
show (gpointer data)
{
  RcaProgress *p = data;
  gboolean drawn = FALSE;
  g_mutex_lock (&p->lock);
  for (gint64 next = p->begin_us + PATIENCE_US; !p->stop;)
    {
      if (g_cond_wait_until (&p->wake, &p->lock, next))
        continue; /* stopped, or woken for nothing */
      draw (p);
      drawn = TRUE;
      next = g_get_monotonic_time () + REDRAW_US;
    }
  g_mutex_unlock (&p->lock);
  if (drawn)
    fputs ("\r\033[K", stderr);
  return NULL;
}

RcaProgress *
rca_progress_new (const char *what, const char *unit, const gsize *done, const gsize *total)
{
  if (!isatty (STDERR_FILENO) || g_strcmp0 (g_getenv ("TERM"), "dumb") == 0)
    return NULL;
  RcaProgress *p = g_new0 (RcaProgress, 1);
  p->what = g_strdup (what);
  p->unit = g_strdup (unit);
  p->done = done;
  p->total = total;
  p->begin_us = g_get_monotonic_time ();
  g_mutex_init (&p->lock);
  g_cond_init (&p->wake);
  p->thread = g_thread_new ("progress", show, p);
  return p;
}

void
rca_progress_free (RcaProgress *p)
{
  if (!p)
    return;
  g_mutex_lock (&p->lock);
  p->stop = TRUE;
  g_cond_signal (&p->wake);
  g_mutex_unlock (&p->lock);
  g_thread_join (p->thread);
  g_mutex_clear (&p->lock);
  g_cond_clear (&p->wake);
  g_free (p->what);
  g_free (p->unit);
  g_free (p);
}
