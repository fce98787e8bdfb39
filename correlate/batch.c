#include "batch.h"
#include "survey.h"
#include "timestamp.h"

static void
recurring_free (gpointer data)
{
  RcaRecurring *r = data;
  g_free (r->subject);
  g_ptr_array_unref (r->incidents);
  g_free (r->summary);
  g_free (r);
}

static void
growing_free (gpointer data)
{
  RcaGrowing *g = data;
  g_free (g->fingerprint);
  g_free (g->name);
  g_ptr_array_unref (g->routes);
  g_free (g->summary);
  g_free (g);
}

static void
regular_free (gpointer data)
{
  RcaRegular *r = data;
  g_free (r->summary);
  g_free (r);
}

RcaBatch *
rca_batch_new (void)
{
  RcaBatch *b = g_new0 (RcaBatch, 1);
  b->reports = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_report_free);
  b->incidents = g_ptr_array_new ();
  b->incident_report = g_ptr_array_new ();
  b->recurring = g_ptr_array_new_with_free_func (recurring_free);
  b->growing = g_ptr_array_new_with_free_func (growing_free);
  b->regular = g_ptr_array_new_with_free_func (regular_free);
  b->notes = g_ptr_array_new_with_free_func (g_free);
  return b;
}

void
rca_batch_free (RcaBatch *b)
{
  if (!b)
    return;
  g_ptr_array_unref (b->incidents);
  g_ptr_array_unref (b->incident_report);
  g_ptr_array_unref (b->recurring);
  g_ptr_array_unref (b->growing);
  g_ptr_array_unref (b->regular);
  g_ptr_array_unref (b->reports);
  g_ptr_array_unref (b->notes);
  g_clear_pointer (&b->sources, rca_sources_free);
  g_free (b);
}

static gboolean
is_there (const RcaBatch *b, const RcaIncident *in)
{
  for (guint i = 0; i < b->incidents->len; i++)
    {
      const RcaIncident *other = g_ptr_array_index (b->incidents, i);
      gint64 end = in->end_ns == RCA_TIME_NONE ? G_MAXINT64 : in->end_ns, other_end = other->end_ns == RCA_TIME_NONE ? G_MAXINT64 : other->end_ns;
      gboolean overlap = in->start_ns < other_end && other->start_ns < end;
      /* the same seen from two windows: its onset may differ by some seconds, so the id may */
      if (strcmp (in->id, other->id) == 0 || (overlap && in->symptom == other->symptom && g_strcmp0 (in->service, other->service) == 0 && g_strcmp0 (in->summary, other->summary) == 0))
        return TRUE;
    }
  return FALSE;
}

guint
rca_batch_add (RcaBatch *b, RcaReport *report, RcaSpan span)
{
  guint added = 0;
  g_ptr_array_add (b->reports, report);
  for (guint i = 0; i < report->incidents->len; i++)
    {
      RcaIncident *in = g_ptr_array_index (report->incidents, i);
      gint64 end = in->end_ns == RCA_TIME_NONE ? G_MAXINT64 : in->end_ns;
      if (in->start_ns >= span.end_ns || end <= span.start_ns || is_there (b, in))
        continue;
      g_ptr_array_add (b->incidents, in);
      g_ptr_array_add (b->incident_report, report);
      added++;
    }
  return added;
}

/* ---- what belongs to its hour ---- */

static gint
minute_of_day (gint64 t)
{
  return (gint) (t / (60 * RCA_NS_PER_S) % 1440);
}

/* Rises of one series that begin within an hour of each other's time of day are one habit. */
static gboolean
same_habit (const RcaSurveyRise *a, const RcaSurveyRise *b)
{
  gint apart = ABS (minute_of_day (a->start_ns) - minute_of_day (b->start_ns));
  return a->symptom == b->symptom && g_strcmp0 (a->route, b->route) == 0 && MIN (apart, 1440 - apart) <= 60;
}

static RcaRegular *
tell_habit (const RcaSurveyRise *first, guint days, double least, double most)
{
  RcaRegular *r = g_new0 (RcaRegular, 1);
  gint m = minute_of_day (first->start_ns);
  r->first_ns = first->start_ns;
  r->days = days;
  r->summary = g_strdup_printf ("about %02d:%02d UTC on %u days %.0f to %.0f %% of the requests%s%s %s: as usual for that hour, so it is not counted as an incident", m / 60, m % 60, days, 100 * least, 100 * most,
                                first->route ? " of " : "", first->route ? first->route : "", first->symptom == RCA_SYMPTOM_LATENCY ? "are slow" : "fail");
  return r;
}

void
rca_batch_tell_regular (RcaBatch *b, const GPtrArray *rises)
{
  g_autofree gboolean *told = g_new0 (gboolean, rises->len + 1);
  for (guint i = 0; i < rises->len; i++)
    {
      const RcaSurveyRise *first = g_ptr_array_index (rises, i);
      double least = first->share, most = first->share;
      guint days = 1;
      gint64 day = first->start_ns / (86400 * RCA_NS_PER_S);
      for (guint k = i + 1; k < rises->len && !told[i]; k++)
        {
          const RcaSurveyRise *r = g_ptr_array_index (rises, k);
          if (told[k] || !same_habit (first, r))
            continue;
          told[k] = TRUE;
          days += r->start_ns / (86400 * RCA_NS_PER_S) != day;
          day = r->start_ns / (86400 * RCA_NS_PER_S);
          least = MIN (least, r->share), most = MAX (most, r->share);
        }
      if (!told[i])
        g_ptr_array_add (b->regular, tell_habit (first, days, least, most));
    }
}
