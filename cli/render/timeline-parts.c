#include "timeline-parts.h"
#include "events.h"
#include "words.h"
#include <math.h>

enum { MOST_ROUTES = 5 };

/* "November 24, 2026, 14:30:05 UTC", as the post-mortems write it. */
static char *
date (gint64 time_ns)
{
  static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" };
  g_autoptr (GDateTime) t = g_date_time_new_from_unix_utc (time_ns / RCA_NS_PER_S);
  char clock[16];
  return g_strdup_printf ("%s %d, %d, %s UTC", months[g_date_time_get_month (t) - 1], g_date_time_get_day_of_month (t), g_date_time_get_year (t), rca_words_clock (time_ns, clock));
}

static RcaNode *
say (RcaDocument *d, const char *source, const char *text)
{
  RcaNode *n = rca_document_add (d, RCA_NODE_ITEM, text);
  n->source = source;
  return n;
}

void
rca_part_status (RcaDocument *d, const RcaStoryParts *p)
{
  g_autofree char *until = date (rca_words_known_until (p->report, p->incident));
  if (p->incident->end_ns != RCA_TIME_NONE)
    rca_document_lead (d, RCA_FROM_REQUESTS, "%s since %s", rca_state_name (p->incident->state), until);
  else
    rca_document_lead (d, RCA_FROM_REQUESTS, "%s at the end of what was read, %s", rca_state_name (p->incident->state), until);
}

void
rca_part_severity (RcaDocument *d, const RcaStoryParts *p)
{
  rca_document_lead (d, RCA_FROM_REQUESTS, "%s", rca_incident_severity_name (p->incident->severity));
}

void
rca_part_duration (RcaDocument *d, const RcaStoryParts *p)
{
  const RcaIncident *in = p->incident;
  char lo[16], hi[16];
  gint64 until = rca_words_known_until (p->report, in);
  g_autofree char *length = rca_words_duration (until - in->start_ns), *start = date (in->start_ns), *end = date (until);
  rca_document_lead (d, RCA_FROM_REQUESTS, "%s%s", length, in->end_ns == RCA_TIME_NONE ? " so far" : "");
  rca_document_addf (d, RCA_NODE_ITEM, "Start Time: %s (between %s and %s, with 95 %% probability)", start, rca_words_clock (in->start_lo_ns, lo), rca_words_clock (in->start_hi_ns, hi))->source = RCA_FROM_REQUESTS;
  if (in->end_ns == RCA_TIME_NONE)
    rca_document_addf (d, RCA_NODE_ITEM, "End Time: none in the logs: %s at the end of what was read, %s", rca_state_name (in->state), end)->source = RCA_FROM_REQUESTS;
  else
    rca_document_addf (d, RCA_NODE_ITEM, "End Time: %s", end)->source = RCA_FROM_REQUESTS;
}

void
rca_part_impact (RcaDocument *d, const RcaStoryParts *p)
{
  const RcaImpact *im = &p->incident->impact;
  g_autofree char *failed = rca_words_share (im->failed_ratio), *slow = rca_words_share (im->slow_ratio), *clients = rca_words_share (im->clients_affected_ratio);
  rca_document_addf (d, RCA_NODE_ITEM, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests failed (%s), %" G_GUINT64_FORMAT " were slow (%s)", im->failed, im->requests, failed, im->slow, slow)->source = RCA_FROM_REQUESTS;
  if (!isnan (im->clients_affected) && !isnan (im->clients))
    rca_document_addf (d, RCA_NODE_ITEM, "%.0f of %.0f clients were hit (%s)", im->clients_affected, im->clients, clients)->source = RCA_FROM_REQUESTS;
  for (guint i = 0; i < im->routes->len && i < MOST_ROUTES; i++)
    {
      const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, i);
      rca_document_addf (d, RCA_NODE_ITEM, "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests failed, %" G_GUINT64_FORMAT " were slow", r->route, r->failed, r->requests, r->slow)->source = RCA_FROM_REQUESTS;
    }
}

void
rca_part_detection (RcaDocument *d, const RcaStoryParts *p)
{
  g_autofree char *start = date (p->incident->start_ns);
  rca_document_addf (d, RCA_NODE_ITEM, "First failing in the logs: %s", start)->source = RCA_FROM_REQUESTS;
}

/* ---- events ---- */

static const char *
event_source (const RcaStoryParts *p, const RcaReportEvent *e)
{
  if (e->link)
    return RCA_FROM_LOGS;
  return e->change ? e->source : RCA_FROM_REQUESTS;
}

static void
put_event (RcaDocument *d, const RcaStoryParts *p, const RcaReportEvent *e)
{
  char clock[16];
  RcaNode *n = rca_document_addf (d, RCA_NODE_ITEM, "%s UTC: %s", rca_words_clock (e->time_ns, clock), e->text);
  n->refs = e->refs;
  n->time_ns = e->time_ns;
  n->source = event_source (p, e);
}

static void
put_events (RcaDocument *d, const RcaStoryParts *p, gboolean (*wanted) (const RcaStoryParts *p, const RcaReportEvent *e))
{
  for (guint i = 0; i < p->events->len; i++)
    {
      const RcaReportEvent *e = &g_array_index (p->events, RcaReportEvent, i);
      if (wanted (p, e))
        put_event (d, p, e);
    }
}

static gboolean
any (const RcaStoryParts *p, const RcaReportEvent *e)
{
  return TRUE;
}

static gboolean
before_onset (const RcaStoryParts *p, const RcaReportEvent *e)
{
  return e->time_ns < p->incident->start_ns;
}

static gboolean
change_after_onset (const RcaStoryParts *p, const RcaReportEvent *e)
{
  return e->change && e->time_ns > p->incident->start_hi_ns;
}

void
rca_part_events (RcaDocument *d, const RcaStoryParts *p)
{
  put_events (d, p, any);
}

void
rca_part_leadup (RcaDocument *d, const RcaStoryParts *p)
{
  put_events (d, p, before_onset);
}

void
rca_part_actions (RcaDocument *d, const RcaStoryParts *p)
{
  guint before = d->nodes->len;
  put_events (d, p, change_after_onset);
  if (d->nodes->len == before)
    say (d, RCA_FROM_LOGS, "The logs hold no change after the onset");
}

/* ---- suspects ---- */

static const GArray *
first_refs (const GPtrArray *evidence)
{
  for (guint i = 0; i < evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (evidence, i);
      if (e->refs->len)
        return e->refs;
    }
  return NULL;
}

static void
put_verdicts (RcaDocument *d, const RcaStoryParts *p, RcaVerdictValue wanted)
{
  for (guint i = 0; i < p->incident->verdicts->len; i++)
    {
      const RcaVerdict *v = g_ptr_array_index (p->incident->verdicts, i);
      if (v->verdict != wanted)
        continue;
      RcaNode *n = rca_document_addf (d, RCA_NODE_ITEM, "%s: %s", rca_kind_words (v->kind), v->summary);
      n->refs = first_refs (v->evidence);
      n->source = RCA_FROM_LOGS;
    }
}

void
rca_part_misleading (RcaDocument *d, const RcaStoryParts *p)
{
  put_verdicts (d, p, RCA_VERDICT_RULED_OUT);
}

void
rca_part_unsettled (RcaDocument *d, const RcaStoryParts *p)
{
  put_verdicts (d, p, RCA_VERDICT_NOT_SUPPORTED);
  put_verdicts (d, p, RCA_VERDICT_NO_DATA);
}
