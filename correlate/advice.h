/* What to do now and how to undo it, out of what the logs hold: what was changed, and whether it was taken back. */
#pragma once
#include "hypothesis.h"

/* Fills @cause's remedy and undo from the candidate it is told from. */
void rca_advise (const RcaFacts *facts, const RcaCandidate *candidate, RcaCause *cause);
