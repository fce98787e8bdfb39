#include "hypothesis.h"

extern const RcaHypothesis rca_hypothesis_deploy, rca_hypothesis_config_change, rca_hypothesis_slow_query, rca_hypothesis_lock_contention,
    rca_hypothesis_db_connections, rca_hypothesis_db_fault, rca_hypothesis_app_error, rca_hypothesis_resource, rca_hypothesis_traffic, rca_hypothesis_cdn,
    rca_hypothesis_network, rca_hypothesis_upstream, rca_hypothesis_instance, rca_hypothesis_batch_job, rca_hypothesis_cache, rca_hypothesis_tls,
    rca_hypothesis_dns;

/* One row a kind; `network` last: it looks at what the database's own rows found. */
static const RcaHypothesis *const table[] = {
  &rca_hypothesis_deploy,
  &rca_hypothesis_config_change,
  &rca_hypothesis_batch_job,
  &rca_hypothesis_slow_query,
  &rca_hypothesis_lock_contention,
  &rca_hypothesis_db_connections,
  &rca_hypothesis_db_fault,
  &rca_hypothesis_app_error,
  &rca_hypothesis_resource,
  &rca_hypothesis_traffic,
  &rca_hypothesis_cdn,
  &rca_hypothesis_upstream,
  &rca_hypothesis_instance,
  &rca_hypothesis_cache,
  &rca_hypothesis_tls,
  &rca_hypothesis_dns,
  &rca_hypothesis_network,
};

const RcaHypothesis *const *
rca_hypotheses (guint *n)
{
  *n = G_N_ELEMENTS (table);
  return table;
}

const RcaHypothesis *
rca_hypothesis (RcaKind kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i]->kind == kind)
      return table[i];
  return NULL;
}
