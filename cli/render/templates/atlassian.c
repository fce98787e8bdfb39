/* The headings of Atlassian's incident post-mortem template (Incident Management Handbook). */
#include "templates.h"

static const RcaTemplateRow rows[] = {
  { "Incident summary", NULL, rca_part_summary, NULL },
  { NULL, NULL, rca_part_duration, NULL },
  { "Leadup", NULL, rca_part_leadup, "what else led up to it" },
  { "Fault", NULL, rca_part_cause, NULL },
  { "Impact", NULL, rca_part_impact, "what users could not do, support cases" },
  { "Detection", NULL, rca_part_detection, "how it was noticed, how to notice it earlier" },
  { "Response", NULL, rca_part_actions, "who responded, when, what held them up" },
  { NULL, "Ruled out", rca_part_misleading, NULL },
  { NULL, "Not settled", rca_part_unsettled, NULL },
  { "Recovery", NULL, rca_part_recovery, "what ended it" },
  { "Timeline", NULL, rca_part_events, "what people saw and did, and when" },
  { "Root cause identification: the five whys", NULL, rca_part_whys, "why was that possible" },
  { "Root cause", NULL, rca_part_trigger, NULL },
  { NULL, NULL, rca_part_less_likely, "what must change so that this class of incident does not come back" },
  { "Backlog check", NULL, NULL, "planned work that would have prevented it" },
  { "Recurrence", NULL, NULL, "earlier incidents with this cause" },
  { "Lessons learned", NULL, NULL, "what went well, what could have gone better" },
  { "Corrective actions", NULL, rca_part_measures, "for each: owner, date, ticket" },
  { 0 },
};

const RcaTemplate rca_template_atlassian = { "atlassian", "Incident post-mortem", rows };
