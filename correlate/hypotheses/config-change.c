/* config_change: configuration, feature flags, packages. Like a deploy without a version; what it
 * sets off may be a limit as well. */
#include "change.h"

static const RcaFailure limits[] = { RCA_FAILURE_LIMIT, RCA_FAILURE_NONE };
static const RcaFailureRule limit_rule = { .kind = RCA_KIND_CONFIG_CHANGE, .classes = limits, .own_peers = TRUE, .web = TRUE, .what = "requests turned away by a limit",
                                           .subject = "a rate or connection limit", .domestic = 1u << RCA_FAILURE_LIMIT };

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_changes (f, RCA_KIND_CONFIG_CHANGE, 1u << RCA_CHANGE_CONFIG | 1u << RCA_CHANGE_FLAG | 1u << RCA_CHANGE_PACKAGE, out);
  rca_generate_failures (f, &limit_rule, out); /* a limit that nobody logged, or one set wrong */
}

const RcaHypothesis rca_hypothesis_config_change = {
  .kind = RCA_KIND_CONFIG_CHANGE,
  .brings_about = RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION)
                  | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_RESOURCE)
                  | RCA_KIND_BIT (RCA_KIND_CACHE) | RCA_KIND_BIT (RCA_KIND_TRAFFIC) | RCA_KIND_BIT (RCA_KIND_CONFIG_CHANGE),
  .generate = generate,
  .remedy = "take it back",
};
