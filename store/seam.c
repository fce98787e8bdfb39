#include "seam.h"

G_DEFINE_QUARK (rca - store - error - quark, rca_store_error)

struct RcaStore {
  const RcaBackend *backend;
  gpointer impl;
};

RcaStore *
rca_store_wrap (const RcaBackend *backend, gpointer impl)
{
  RcaStore *store = g_new (RcaStore, 1);
  *store = (RcaStore){ backend, impl };
  return store;
}

gpointer
rca_store_impl (RcaStore *store, const RcaBackend *backend)
{
  return store->backend == backend ? store->impl : NULL;
}

gpointer
rca_store_table (RcaStore *store)
{
  return store->backend->table (store->impl);
}

RcaSources *
rca_store_sources (RcaStore *store, GError **error)
{
  return store->backend->sources (store->impl, error);
}

RcaFrame *
rca_store_frame (RcaStore *store, const RcaFrameQuery *query, GError **error)
{
  return store->backend->frame (store->impl, query, error);
}

GPtrArray *
rca_store_changes (RcaStore *store, RcaSpan span, GError **error)
{
  return store->backend->changes (store->impl, span, error);
}

RcaJoin *
rca_store_join (RcaStore *store, const RcaJoinQuery *query, GError **error)
{
  return store->backend->join (store->impl, query, error);
}

GPtrArray *
rca_store_rows (RcaStore *store, const RcaRowQuery *query, GError **error)
{
  return store->backend->rows (store->impl, query, error);
}

RcaSeenAnswer *
rca_store_seen (RcaStore *store, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error)
{
  return store->backend->seen (store->impl, stream, dimension, value, back, error);
}

void
rca_store_close (RcaStore *store)
{
  if (!store)
    return;
  store->backend->close (store->impl);
  g_free (store);
}
