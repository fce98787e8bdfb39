/* From weighed candidates to one story: explaining away, ranking, abstaining. */
#pragma once
#include "hypothesis.h"

typedef struct {
  GPtrArray *candidates; /* RcaCandidate*, by mass; owned */
  double unknown;        /* probability that no logged thing is the cause */
  double untouched;      /* u: lower bound of the share of the excess that no candidate touches */
} RcaStory;

/* Generates, weighs, explains away. Free with rca_story_free(). */
RcaStory *rca_explain (RcaFacts *facts);
void rca_story_free (RcaStory *story);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaStory, rca_story_free)

/* The candidate at the root of @candidate's parents. */
RcaCandidate *rca_candidate_root (RcaCandidate *candidate);
/* What @root brings about, in the order of time; GPtrArray of RcaCandidate*, caller frees. */
GPtrArray *rca_story_chain (const RcaStory *story, const RcaCandidate *root);
/* Whether rank 1 is `unknown`: no cause reaches 0.5, alternatives of one kind and service summed. */
gboolean rca_story_abstains (const RcaStory *story);
