/* Changes as candidates: deploys, configuration, flags, jobs. Found by their kind's
 * hypothesis, weighed here once all mechanisms are known. */
#pragma once
#include "hypothesis.h"

/* A candidate for each change of the last 24 hours whose RcaChangeKind is in @kinds (bits) and which
 * belongs to @kind (edge changes are the CDN's). */
void rca_generate_changes (RcaFacts *facts, RcaKind kind, guint kinds, GPtrArray *out);

/* Whether a change is one of the edge: a CDN's configuration, cache rules, purge. */
gboolean rca_change_is_edge (const RcaChange *change);

/* Finds each change's mechanism among @candidates and adds precedence, share by version,
 * dormancy and counterexamples. */
void rca_weigh_changes (RcaFacts *facts, GPtrArray *candidates);

/* Its version, or its part of the traffic, is where the requests fail; or they stopped when it was taken back. */
gboolean rca_change_is_tied (const RcaCandidate *change);

/* How much of @mechanism's mass a change may take over: L/(L + λ); 0 out of scope. */
double rca_change_takes (const RcaFacts *facts, const RcaCandidate *change, const RcaCandidate *mechanism);
