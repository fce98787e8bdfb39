/* What `rca sources` prints. */
#pragma once
#include "seam.h"
#include "source.h"

/* Text for people; transfer full. @sources: RcaSource; @explanations: RcaExplanation, one a source,
 * when it is to be told how formats, columns and parts were found; else NULL. */
char *rca_render_sources_text (const GPtrArray *sources, const RcaSources *clocks, const GPtrArray *explanations, gboolean keep_secrets);
/* The document rca.sources/1; @notes: char*. @clocks: (nullable): what an analysis of them finds of zones and clocks. */
char *rca_render_sources_json (const GPtrArray *sources, const RcaSources *clocks, const GPtrArray *notes);
