#include "events.h"

static const RcaMark *
find_mark (const RcaReport *report, const RcaTimelineEntry *e)
{
  for (guint i = 0; i < report->marks->len; i++)
    {
      const RcaMark *m = g_ptr_array_index (report->marks, i);
      if (m->time_ns == e->time_ns && g_strcmp0 (m->ref.path, e->source) == 0)
        return m;
    }
  return NULL;
}

/* The link of the first cause's chain that begins at @e; the lines of its root are those of
 * the first evidence that has some. */
static const RcaLink *
find_link (const RcaIncident *in, const RcaTimelineEntry *e, const GArray **refs)
{
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  for (guint i = 0; top && i < top->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (top->chain, i);
      if (l->symptom || l->time_ns != e->time_ns || !strstr (e->text, l->subject))
        continue;
      for (guint j = 0; i == 0 && j < top->evidence->len && !*refs; j++)
        {
          const RcaEvidence *evidence = g_ptr_array_index (top->evidence, j);
          if (evidence->refs->len)
            *refs = evidence->refs;
        }
      return l;
    }
  return NULL;
}

static GArray *
one_ref (const RcaMark *mark)
{
  GArray *refs = g_array_new (FALSE, FALSE, sizeof (RcaReportRef));
  if (mark->ref.path && mark->ref.line)
    g_array_append_val (refs, mark->ref);
  return refs;
}

static RcaReportEvent
describe (const RcaReport *report, const RcaIncident *in, const RcaTimelineEntry *e)
{
  RcaReportEvent event = { e->time_ns, e->source, "change", e->text, NULL, FALSE, FALSE };
  const RcaMark *mark = find_mark (report, e);
  const RcaLink *link = mark ? NULL : find_link (in, e, &event.refs);
  if (mark)
    {
      event.kind = rca_change_kind_name (mark->kind);
      event.refs = one_ref (mark);
      event.change = TRUE;
    }
  else if (link)
    {
      event.kind = rca_kind_name (link->kind);
      event.link = TRUE;
    }
  else if (g_strcmp0 (e->source, "requests") == 0)
    event.kind = e->time_ns == in->start_ns ? "onset" : "recovery";
  else
    event.change = TRUE;
  if (event.refs && !mark)
    g_array_ref ((GArray *) event.refs);
  return event;
}

static void
event_clear (gpointer event)
{
  RcaReportEvent *e = event;
  if (e->refs)
    g_array_unref ((GArray *) e->refs);
}

GArray *
rca_report_events (const RcaReport *report, const RcaIncident *incident)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (RcaReportEvent));
  g_array_set_clear_func (events, event_clear);
  for (guint i = 0; i < incident->timeline->len; i++)
    {
      RcaReportEvent e = describe (report, incident, g_ptr_array_index (incident->timeline, i));
      g_array_append_val (events, e);
    }
  return events;
}
