/* Whether a change was taken back, and by what. */
#pragma once
#include "hypothesis.h"

/* The version that @change replaced: stated by it, else that of its service's change before. NULL: not known. */
char *rca_last_good_version (const RcaFacts *facts, const RcaChange *change);

/* The first later change that took @change back: a rollback or the version before; for what has no
 * version, a change of the same kind about the same thing that says so (a flag switched off, a job that
 * finished). Else one of the same thing that came just when the failures ended; *@certain tells the two
 * apart (or NULL). NULL: nothing that is logged. */
const RcaChange *rca_reversal_of (const RcaFacts *facts, const RcaChange *change, gboolean *certain);

/* The last change inside the incident and shortly before its end, of any service: what may have ended it.
 * NULL: none, or it is not over. */
const RcaChange *rca_ended_by (const RcaFacts *facts);
