/* The post-incident document of one incident. */
#pragma once
#include "render.h"

/* Markdown in the form of a blameless post-mortem: what the logs say, each sentence with its
 * source; what only people know is marked TODO. @incident may be NULL: nothing was found. */
char *rca_timeline_markdown (const RcaReport *report, const RcaIncident *incident);
/* rca.timeline/1 (CONTRACT.md). */
char *rca_timeline_json (const RcaReport *report, const RcaIncident *incident);
