/* What the logs can say of an incident, part by part; a template puts them in its order.
 * Each adds sentences to a document, every one with its source. */
#pragma once
#include "document.h"

/* Where a sentence without lines of its own is from; what each stands for ends the document. */
#define RCA_FROM_REQUESTS "requests"
#define RCA_FROM_LOGS "logs"
#define RCA_FROM_WEIGHING "weighing"
#define RCA_FROM_EVIDENCE "suggestion"

typedef struct {
  const RcaReport *report;
  const RcaIncident *incident;
  const RcaCause *top;   /* rank 1; NULL when there is none */
  const GArray *events;  /* RcaReportEvent */
  GPtrArray *measures;   /* char* */
} RcaStoryParts;

typedef void (*RcaPart) (RcaDocument *document, const RcaStoryParts *parts);

void rca_part_summary (RcaDocument *d, const RcaStoryParts *p);      /* one sentence of what, one of why */
void rca_part_status (RcaDocument *d, const RcaStoryParts *p);       /* ongoing, recovering, over */
void rca_part_severity (RcaDocument *d, const RcaStoryParts *p);
void rca_part_duration (RcaDocument *d, const RcaStoryParts *p);
void rca_part_impact (RcaDocument *d, const RcaStoryParts *p);
void rca_part_detection (RcaDocument *d, const RcaStoryParts *p);    /* first failing in the logs */
void rca_part_leadup (RcaDocument *d, const RcaStoryParts *p);       /* events before the onset */
void rca_part_events (RcaDocument *d, const RcaStoryParts *p);
void rca_part_actions (RcaDocument *d, const RcaStoryParts *p);      /* changes after the onset */
void rca_part_misleading (RcaDocument *d, const RcaStoryParts *p);   /* suspects, and what refutes them */
void rca_part_unsettled (RcaDocument *d, const RcaStoryParts *p);    /* what the logs cannot tell */
void rca_part_recovery (RcaDocument *d, const RcaStoryParts *p);
void rca_part_trigger (RcaDocument *d, const RcaStoryParts *p);      /* the first link of the chain */
void rca_part_chain (RcaDocument *d, const RcaStoryParts *p);
void rca_part_whys (RcaDocument *d, const RcaStoryParts *p);         /* the chain from its end, as questions */
void rca_part_cause (RcaDocument *d, const RcaStoryParts *p);        /* with its evidence */
void rca_part_less_likely (RcaDocument *d, const RcaStoryParts *p);
void rca_part_suggestions (RcaDocument *d, const RcaStoryParts *p);  /* what to do, the way back */
void rca_part_measures (RcaDocument *d, const RcaStoryParts *p);
void rca_part_logs (RcaDocument *d, const RcaStoryParts *p);         /* commands that show the lines */
void rca_part_sources (RcaDocument *d, const RcaStoryParts *p);      /* what the words in brackets stand for, what was read */
