#include "events.h"

/* The link of the first cause's chain that begins at @e. */
static const RcaLink *
find_link (const RcaIncident *in, const RcaTimelineEntry *e, const GArray **refs)
{
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  for (guint i = 0; top && i < top->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (top->chain, i);
      if (l->symptom || l->time_ns != e->time_ns || !strstr (e->text, l->subject))
        continue;
      *refs = l->refs;
      return l;
    }
  return NULL;
}

static GArray *
one_ref (const RcaTimelineEntry *e)
{
  GArray *refs = g_array_new (FALSE, FALSE, sizeof (RcaReportRef));
  RcaReportRef ref = { e->source, e->line, e->time_ns, NULL };
  g_array_append_val (refs, ref);
  return refs;
}

static RcaReportEvent
describe (const RcaIncident *in, const RcaTimelineEntry *e)
{
  RcaReportEvent event = { e->time_ns, e->source, "change", e->text, NULL, FALSE, FALSE };
  if (e->change != RCA_CHANGE_NONE)
    {
      event.kind = rca_change_kind_name (e->change);
      event.refs = e->line ? one_ref (e) : NULL;
      event.change = TRUE;
      return event;
    }
  const RcaLink *link = find_link (in, e, &event.refs);
  event.link = link != NULL;
  event.kind = link ? rca_kind_name (link->kind) : e->time_ns == in->start_ns ? "onset" : "recovery";
  if (event.refs)
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
rca_report_events (const RcaIncident *incident)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (RcaReportEvent));
  g_array_set_clear_func (events, event_clear);
  for (guint i = 0; i < incident->timeline->len; i++)
    {
      RcaReportEvent e = describe (incident, g_ptr_array_index (incident->timeline, i));
      g_array_append_val (events, e);
    }
  return events;
}
