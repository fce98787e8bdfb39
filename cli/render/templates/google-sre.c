/* The headings of the example post-mortem in "Site Reliability Engineering" (2016), appendix D. */
#include "templates.h"

static const RcaTemplateRow rows[] = {
  { "Overview", "Date", rca_part_duration, NULL },
  { NULL, "Authors", NULL, "who writes this" },
  { NULL, "Status", rca_part_status, NULL },
  { NULL, "Summary", rca_part_summary, NULL },
  { NULL, "Impact", rca_part_impact, "revenue, users, reputation" },
  { NULL, "Root Causes", rca_part_cause, NULL },
  { NULL, "Trigger", rca_part_trigger, NULL },
  { NULL, "Resolution", rca_part_recovery, "what ended it" },
  { NULL, "Detection", rca_part_detection, "how it was noticed, and when" },
  { "Action Items", NULL, rca_part_measures, "for each: type (prevent, mitigate, process), owner, bug" },
  { "Lessons Learned", "What went well", NULL, "what worked" },
  { NULL, "What went wrong", rca_part_chain, "what made it worse or longer" },
  { NULL, "Where we got lucky", NULL, "what could have been worse" },
  { "Timeline", NULL, rca_part_events, "what people saw and did, and when" },
  { "Supporting information", "Ruled out", rca_part_misleading, NULL },
  { NULL, "Not settled", rca_part_unsettled, NULL },
  { NULL, "Logs", rca_part_logs, NULL },
  { 0 },
};

const RcaTemplate rca_template_google_sre = { "google-sre", "Postmortem", rows };
