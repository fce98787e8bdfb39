/* Writers of what rca batch found. All give the whole text; deterministic. */
#pragma once
#include "batch.h"
#include "render.h"

char *rca_render_batch_json (const RcaBatch *batch, const RcaRenderOptions *options); /* rca.batch/1 */
char *rca_render_batch_text (const RcaBatch *batch, const RcaRenderOptions *options);
char *rca_render_batch_markdown (const RcaBatch *batch, const RcaRenderOptions *options);
/* The index of pages; ID.html beside it is each incident's (rca_render_html() of its report). */
char *rca_render_batch_html (const RcaBatch *batch, const RcaRenderOptions *options);

/* Incidents the worst first: const RcaIncident*, transfer container. */
GPtrArray *rca_batch_ranked (const RcaBatch *batch);
/* "deploy shop 2.6.9", "unknown"; transfer full. */
char *rca_incident_cause_words (const RcaIncident *incident);
/* "369 of 1082 requests failed (34.1 %)"; transfer full. */
char *rca_incident_impact_words (const RcaIncident *incident);
/* "30 days"; transfer full. */
char *rca_batch_extent_words (const RcaBatch *batch);
