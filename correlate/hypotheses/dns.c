/* dns: names do not resolve. Predicts failures that say so, usually for one name. */
#include "hypothesis.h"

static const RcaFailure classes[] = { RCA_FAILURE_DNS, RCA_FAILURE_NONE };
static const RcaFailureRule rule = { .kind = RCA_KIND_DNS, .classes = classes, .by_peer = TRUE, .own_peers = TRUE, .web = TRUE, .what = "failed look-ups", .subject = "name resolution" };

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_failures (f, &rule, out);
}

const RcaHypothesis rca_hypothesis_dns = {
  .kind = RCA_KIND_DNS,
  .brings_about = RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_NETWORK) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS),
  .generate = generate,
  .remedy = "check the resolver and the record; pin the address for now",
};
