/* A document before it has a form: headings, labels, sentences with what they stand on, and
 * what only people know. Written as Markdown (document-markdown.c) or HTML (document-html.c). */
#pragma once
#include "report.h"

typedef enum {
  RCA_NODE_HEADING,
  RCA_NODE_LABEL,    /* of the items that follow, up to the next label or heading */
  RCA_NODE_ITEM,
  RCA_NODE_TODO
} RcaNodeKind;

typedef struct {
  RcaNodeKind kind;
  char *text;
  char *lead;          /* of a label: what stands beside it; or NULL */
  const char *source;  /* of an item without lines: where it is from; borrowed; or NULL */
  const GArray *refs;  /* of an item: RcaReportRef, borrowed; or NULL */
  gint64 time_ns;      /* of an item: when; or RCA_TIME_NONE */
} RcaNode;

typedef struct {
  char *title;
  GPtrArray *nodes; /* RcaNode* */
} RcaDocument;

RcaDocument *rca_document_new (const char *title);
void rca_document_free (RcaDocument *document);

RcaNode *rca_document_add (RcaDocument *document, RcaNodeKind kind, const char *text);
RcaNode *rca_document_addf (RcaDocument *document, RcaNodeKind kind, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Beside the label that was added last; without one it becomes an item of its own. */
void rca_document_lead (RcaDocument *document, const char *source, const char *format, ...) G_GNUC_PRINTF (3, 4);

char *rca_document_markdown (const RcaDocument *document);
/* With the charts of @report, which may be NULL-incident: then without. */
char *rca_document_html (const RcaDocument *document, const RcaReport *report);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaDocument, rca_document_free)
