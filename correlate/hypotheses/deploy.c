/* deploy: a version of a service, rolled out or back. Predicts that something changed its nature in
 * its own service right after it (a statement, an error, a lock, a version on the failing
 * instances). Refuted by coming after the failing, or by touching another service. */
#include "change.h"

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_changes (f, RCA_KIND_DEPLOY, 1u << RCA_CHANGE_DEPLOY | 1u << RCA_CHANGE_ROLLBACK | 1u << RCA_CHANGE_SCALE | 1u << RCA_CHANGE_MIGRATION, out);
}

const RcaHypothesis rca_hypothesis_deploy = {
  .kind = RCA_KIND_DEPLOY,
  .brings_about = RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION)
                  | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_RESOURCE)
                  | RCA_KIND_BIT (RCA_KIND_CACHE),
  .generate = generate,
  .remedy = "roll it back",
};
