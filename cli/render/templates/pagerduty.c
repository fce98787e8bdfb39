/* The headings of PagerDuty's post-mortem template (response.pagerduty.com). */
#include "templates.h"

static const RcaTemplateRow rows[] = {
  { "Overview", NULL, rca_part_summary, NULL },
  { "What Happened", NULL, rca_part_chain, "the story in a few sentences" },
  { "Contributing Factors", NULL, rca_part_cause, NULL },
  { NULL, NULL, rca_part_less_likely, "what else contributed" },
  { NULL, "Ruled out", rca_part_misleading, NULL },
  { NULL, "Not settled", rca_part_unsettled, NULL },
  { "Resolution", NULL, rca_part_recovery, "what ended it" },
  { "Impact", "Time in severity", rca_part_duration, NULL },
  { NULL, "Severity", rca_part_severity, NULL },
  { NULL, "Requests", rca_part_impact, "customers affected, tickets, money" },
  { "Responders", NULL, NULL, "who led, who wrote, who helped" },
  { "Timeline", NULL, rca_part_events, "what people saw and did, and when" },
  { "How'd We Do?", "What Went Well?", NULL, "what worked" },
  { NULL, "What Didn't Go So Well?", NULL, "what did not" },
  { "Action Items", NULL, rca_part_measures, "for each: owner, ticket" },
  { "Messaging", "Internal", NULL, "the message to colleagues" },
  { NULL, "External", NULL, "the message to customers" },
  { 0 },
};

const RcaTemplate rca_template_pagerduty = { "pagerduty", "Postmortem", rows };
