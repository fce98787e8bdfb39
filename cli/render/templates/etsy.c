/* What a blameless debriefing at Etsy asks for (Debriefing Facilitation Guide, 2016; the fields of Morgue). */
#include "templates.h"

static const RcaTemplateRow rows[] = {
  { "Incident", "Times", rca_part_duration, NULL },
  { NULL, "Detected", rca_part_detection, "when, and how" },
  { NULL, "Severity", rca_part_severity, NULL },
  { NULL, "Status", rca_part_status, NULL },
  { NULL, "Impact", rca_part_impact, "members affected, money" },
  { "What happened", NULL, rca_part_summary, "told by those who were there" },
  { "Timeline", NULL, rca_part_events, NULL },
  { NULL, "What each person saw, thought and did", NULL, "in their own words, without what was known only later" },
  { "Contributing conditions", NULL, rca_part_cause, NULL },
  { NULL, "In order", rca_part_chain, NULL },
  { NULL, "Less likely", rca_part_less_likely, NULL },
  { "What surprised us", "What it was not", rca_part_misleading, "what was expected instead" },
  { NULL, "What the logs cannot tell", rca_part_unsettled, NULL },
  { "How it ended", NULL, rca_part_recovery, "what made sense to try, and why" },
  { "Remediation items", NULL, rca_part_measures, "for each: owner, ticket" },
  { "Where to look", NULL, rca_part_logs, "graphs, chat, tickets" },
  { 0 },
};

const RcaTemplate rca_template_etsy = { "etsy", "Debriefing", rows };
