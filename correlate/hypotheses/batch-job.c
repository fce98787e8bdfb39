/* batch_job: a job, backup, report or import that collides with the site. Predicts a statement, a
 * lock or a busy host from its start on, and recovery at its end. */
#include "change.h"

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_changes (f, RCA_KIND_BATCH_JOB, 1u << RCA_CHANGE_JOB, out);
}

const RcaHypothesis rca_hypothesis_batch_job = {
  .kind = RCA_KIND_BATCH_JOB,
  .brings_about = RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION) | RCA_KIND_BIT (RCA_KIND_RESOURCE)
                  | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_DB_FAULT) | RCA_KIND_BIT (RCA_KIND_NETWORK),
  .generate = generate,
  .remedy = "stop the job, or move it to a quiet hour",
};
