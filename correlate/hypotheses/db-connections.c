/* db_connections: the pool or the server has no connection left. As a root only when nothing made
 * the connections slow to come back: a slow statement, a lock, a leak that came with a deploy. */
#include "hypothesis.h"

static const RcaFailure classes[] = { RCA_FAILURE_POOL_TIMEOUT, RCA_FAILURE_DB_REFUSED, RCA_FAILURE_NONE };
static const RcaFailureRule rule = { .kind = RCA_KIND_DB_CONNECTIONS, .classes = classes, .what = "failures for want of a database connection", .subject = "database connections" };

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_failures (f, &rule, out);
}

const RcaHypothesis rca_hypothesis_db_connections = {
  .kind = RCA_KIND_DB_CONNECTIONS,
  .brings_about = RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_UPSTREAM),
  .generate = generate,
  .remedy = "see who holds the connections (pg_stat_activity, SHOW PROCESSLIST); raise the pool only when the database has room",
};
