#include "seam.h"

G_DEFINE_QUARK (rca - store - error - quark, rca_store_error)

struct RcaStore {
  const RcaBackend *backend;
  gpointer impl;
  GPtrArray *failure; /* char* */
};

RcaStore *
rca_store_wrap (const RcaBackend *backend, gpointer impl)
{
  RcaStore *store = g_new (RcaStore, 1);
  *store = (RcaStore){ backend, impl, g_ptr_array_new_with_free_func (g_free) };
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

const GPtrArray *
rca_store_failures (RcaStore *store)
{
  return store->failure;
}

/* Callers may go on without an answer; that one is missing is not forgotten. */
static gpointer
note_failure (RcaStore *store, gpointer answer, GError *own, GError **error)
{
  if (answer)
    return answer;
  const char *why = own ? own->message : "a question to the store failed";
  if (!g_ptr_array_find_with_equal_func (store->failure, why, g_str_equal, NULL))
    g_ptr_array_add (store->failure, g_strdup (why));
  if (own)
    g_propagate_error (error, own);
  return NULL;
}

RcaSources *
rca_store_sources (RcaStore *store, GError **error)
{
  GError *own = NULL;
  gpointer answer = store->backend->sources (store->impl, &own);
  return note_failure (store, answer, own, error);
}

RcaFrame *
rca_store_frame (RcaStore *store, const RcaFrameQuery *query, GError **error)
{
  GError *own = NULL;
  gpointer answer = store->backend->frame (store->impl, query, &own);
  return note_failure (store, answer, own, error);
}

GPtrArray *
rca_store_changes (RcaStore *store, RcaSpan span, GError **error)
{
  GError *own = NULL;
  gpointer answer = store->backend->changes (store->impl, span, &own);
  return note_failure (store, answer, own, error);
}

RcaJoin *
rca_store_join (RcaStore *store, const RcaJoinQuery *query, GError **error)
{
  GError *own = NULL;
  gpointer answer = store->backend->join (store->impl, query, &own);
  return note_failure (store, answer, own, error);
}

GPtrArray *
rca_store_rows (RcaStore *store, const RcaRowQuery *query, GError **error)
{
  GError *own = NULL;
  gpointer answer = store->backend->rows (store->impl, query, &own);
  return note_failure (store, answer, own, error);
}

RcaSeenAnswer *
rca_store_seen (RcaStore *store, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error)
{
  GError *own = NULL;
  gpointer answer = store->backend->seen (store->impl, stream, dimension, value, back, &own);
  return note_failure (store, answer, own, error);
}

void
rca_store_close (RcaStore *store)
{
  if (!store)
    return;
  store->backend->close (store->impl);
  g_ptr_array_unref (store->failure);
  g_free (store);
}
