/* Ruling out the standing suspects: only where data that would have shown them shows them too
 * small (CORRELATE.md, Ruling out). One statistic: x, the share of the excess a suspect could
 * account for; ruled out when its 95 % upper bound is below a quarter. */
#pragma once
#include "explain.h"

/* RcaVerdict*, in the order of CONTRACT.md; kinds of @implicated (bits) are implicated. */
GPtrArray *rca_verdicts (RcaFacts *facts, const RcaStory *story, guint implicated);
void rca_verdict_free (RcaVerdict *verdict);
