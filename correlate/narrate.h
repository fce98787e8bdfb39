/* Words and report items from a story: summaries, causes, chain, timeline. Everything said is in the evidence. */
#pragma once
#include "explain.h"
#include "verdict.h"

/* Fills causes, verdicts, summary, timeline of @incident. Takes evidence out of the candidates. */
void rca_narrate (RcaFacts *facts, RcaStory *story, RcaIncident *incident);
void rca_cause_free (RcaCause *cause);
