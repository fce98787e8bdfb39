#include "templates.h"

static const RcaTemplateRow rows[] = {
  { "Issue Summary", "Duration", rca_part_duration, NULL },
  { NULL, "Impact", rca_part_severity, NULL },
  { NULL, NULL, rca_part_impact, "what it meant for the business" },
  { "Timeline", "Detection Time", rca_part_detection, "when it was noticed" },
  { NULL, "Detection Method", NULL, "an alert, a customer, a colleague" },
  { NULL, "Events in the logs", rca_part_events, NULL },
  { NULL, "Actions Taken", rca_part_actions, "what else was done, by whom" },
  { NULL, "Misleading Paths", rca_part_misleading, "what else was suspected" },
  { NULL, "Could not be settled from the logs", rca_part_unsettled, NULL },
  { NULL, "Escalation", NULL, "to whom, when" },
  { NULL, "Resolution", rca_part_recovery, "what ended it" },
  { "Root Cause and Resolution", "Root Cause", rca_part_cause, NULL },
  { NULL, "From the cause to the symptom", rca_part_chain, NULL },
  { NULL, "Less likely", rca_part_less_likely, NULL },
  { NULL, "Resolution", rca_part_suggestions, "what was changed for good" },
  { "Corrective and Preventative Measures", "Improvements/Fixes", rca_part_measures, "what else would have prevented or shortened it" },
  { NULL, "Tasks", NULL, "who does which of these until when" },
  { 0 },
};

const RcaTemplate rca_template_postmortem = { "postmortem", "Postmortem", rows };
