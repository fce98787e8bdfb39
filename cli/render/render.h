/* Writers of the report: one file each. All give the whole text; the caller prints it.
 * Deterministic: the same report and options give the same bytes. */
#pragma once
#include "report.h"

typedef struct {
  gboolean explain; /* the ledger of weights */
  gboolean verbose; /* all candidates */
  gboolean utc;
  gboolean unicode; /* the locale shows UTF-8 */
  gboolean color;
  guint width;      /* columns */
} RcaRenderOptions;

/* rca.report/1 (CONTRACT.md). */
char *rca_render_json (const RcaReport *report, const RcaRenderOptions *options);
/* One screen. */
char *rca_render_text (const RcaReport *report, const RcaRenderOptions *options);
/* One self-contained page with charts. */
char *rca_render_html (const RcaReport *report, const RcaRenderOptions *options);
/* For a ticket or a chat. */
char *rca_render_markdown (const RcaReport *report, const RcaRenderOptions *options);
