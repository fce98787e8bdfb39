/* What `rca sources` prints. */
#pragma once
#include "source.h"

/* Text for people; transfer full. @sources: RcaSource; @explain: how formats, columns and parts were found. */
char *rca_render_sources_text (const GPtrArray *sources, gboolean explain);
/* The document rca.sources/1; @notes: char*. */
char *rca_render_sources_json (const GPtrArray *sources, const GPtrArray *notes);
