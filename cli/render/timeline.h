/* The post-incident document of one incident: what the logs say, each sentence with its
 * source; what only people know is marked TODO. @incident may be NULL: nothing was found. */
#pragma once
#include "report.h"
#include "templates/templates.h"

char *rca_timeline_markdown (const RcaReport *report, const RcaIncident *incident, const RcaTemplate *form);
char *rca_timeline_html (const RcaReport *report, const RcaIncident *incident, const RcaTemplate *form);
/* rca.timeline/1 (CONTRACT.md); the form has no say. */
char *rca_timeline_json (const RcaReport *report, const RcaIncident *incident, const RcaTemplate *form);
/* The same events, one a line; each names its incident. */
char *rca_timeline_jsonl (const RcaReport *report, const RcaIncident *incident, const RcaTemplate *form);
