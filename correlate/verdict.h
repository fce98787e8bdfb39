/* Ruling out the standing suspects: only where data that would have shown them shows them too
 * small (CORRELATE.md, Ruling out). One statistic: x, the share of the excess a suspect could
 * account for; ruled out when its 95 % upper bound is below a quarter. */
#pragma once
#include "explain.h"

/* RcaVerdict*, in the order of CONTRACT.md; kinds of @implicated (bits) are implicated. */
GPtrArray *rca_verdicts (RcaFacts *facts, const RcaStory *story, guint implicated);
/* What another incident of the report is put down to is not ruled out of the ones beside it
 * (RcaIncident*): the reader has one outage before him, and the line between the two was
 * drawn by us. */
void rca_verdicts_respect_others (GPtrArray *incidents);
void rca_verdict_free (RcaVerdict *verdict);
