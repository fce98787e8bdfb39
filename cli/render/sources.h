/* What `rca sources` prints. */
#pragma once
#include "source.h"

/* Text for people; transfer full. @sources: RcaSource; @explanations: RcaExplanation, one a source,
 * when it is to be told how formats, columns and parts were found; else NULL. */
char *rca_render_sources_text (const GPtrArray *sources, const GPtrArray *explanations, gboolean keep_secrets);
/* The document rca.sources/1; @notes: char*. */
char *rca_render_sources_json (const GPtrArray *sources, const GPtrArray *notes);
