/* What nobody could have seen: causes whose own log was not read. */
#pragma once
#include "hypothesis.h"

/* Takes from each root among @candidates what may as well belong to a cause that would be written in a
 * source that is absent; returns the sum, which belongs to unknown. */
double rca_leave_to_unseen (RcaFacts *facts, GPtrArray *candidates);

/* Whether records of @stream tell of the time of the incident: a log that begins after it, or was read
 * with a clock that puts it elsewhere, is as good as none. A log of changes counts from its first line. */
gboolean rca_facts_observes (const RcaFacts *facts, RcaStream stream);
