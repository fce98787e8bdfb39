#include "progress.h"
#include <stdio.h>
#include <unistd.h>

#define QUIET_US 500000 /* what takes less needs no progress */
#define EVERY_US 100000

struct RcaBatchProgress {
  GMutex lock;
  gboolean terminal, drawn, bytes;
  const char *doing, *noun;
  guint64 total, done;
  gint64 began_us, drawn_us;
};

RcaBatchProgress *
rca_batch_progress_new (void)
{
  RcaBatchProgress *p = g_new0 (RcaBatchProgress, 1);
  g_mutex_init (&p->lock);
  p->terminal = isatty (STDERR_FILENO);
  return p;
}

static void
wipe (RcaBatchProgress *p)
{
  if (p->drawn)
    fputs ("\r\033[K", stderr);
  p->drawn = FALSE;
}

void
rca_batch_progress_begin (RcaBatchProgress *p, const char *doing, guint64 total, gboolean bytes, const char *noun)
{
  g_mutex_lock (&p->lock);
  wipe (p);
  p->doing = doing;
  p->noun = noun;
  p->total = total;
  p->bytes = bytes;
  p->done = 0;
  p->began_us = p->drawn_us = g_get_monotonic_time ();
  g_mutex_unlock (&p->lock);
}

static char *
amount (const RcaBatchProgress *p)
{
  if (!p->bytes)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s", p->done, p->total, p->noun);
  g_autofree char *done = g_format_size (p->done), *total = g_format_size (p->total);
  return g_strdup_printf ("%s of %s", done, total);
}

static void
draw (RcaBatchProgress *p, gint64 now)
{
  g_autofree char *what = amount (p);
  double left_s = p->done ? (double) (now - p->began_us) / 1e6 * (double) (p->total - MIN (p->done, p->total)) / (double) p->done : 0;
  fprintf (stderr, "\r\033[Krca batch: %s %s, about ", p->doing, what);
  if (left_s < 90)
    fprintf (stderr, "%.0f s left", left_s);
  else
    fprintf (stderr, "%.0f min left", left_s / 60);
  fflush (stderr);
  p->drawn = TRUE;
  p->drawn_us = now;
}

void
rca_batch_progress_add (RcaBatchProgress *p, guint64 done)
{
  g_mutex_lock (&p->lock);
  gint64 now = g_get_monotonic_time ();
  p->done += done;
  if (p->terminal && now - p->began_us > QUIET_US && now - p->drawn_us > EVERY_US)
    draw (p, now);
  g_mutex_unlock (&p->lock);
}

void
rca_batch_progress_free (RcaBatchProgress *p)
{
  if (!p)
    return;
  wipe (p);
  g_mutex_clear (&p->lock);
  g_free (p);
}
