/* tls: handshakes fail (expired certificate, unknown authority). Predicts failures that say so, on one host. */
#include "hypothesis.h"

static const RcaFailure classes[] = { RCA_FAILURE_TLS, RCA_FAILURE_NONE };
static const RcaFailureRule rule = { .kind = RCA_KIND_TLS, .classes = classes, .by_peer = TRUE, .own_peers = TRUE, .web = TRUE, .what = "failed TLS handshakes", .subject = "a TLS peer" };

static void
generate (RcaFacts *f, GPtrArray *out)
{
  rca_generate_failures (f, &rule, out);
}

const RcaHypothesis rca_hypothesis_tls = {
  .kind = RCA_KIND_TLS,
  .brings_about = RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_NETWORK) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_CDN),
  .generate = generate,
  .remedy = "renew or roll back the certificate; check its dates with openssl s_client",
};
