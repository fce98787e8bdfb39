#include "local/ingest-session.h"
#include "clickhouse/address.h"
#include "clickhouse/open.h"

/* A file that is written anew while it is read is read once more; one that always is, is left for the next time. */
#define TRIES 3

static gboolean
ingest (RcaIngestSession *session, const char *dir, const char *const *paths, guint n_paths, RcaIngestResult *result, GError **error)
{
  RcaIngestPassOptions how = { .thorough = TRUE, .always = TRUE };
  g_auto (RcaIngestPassResult) outcome = { NULL, NULL };
  for (guint i = 0; i < TRIES && (i == 0 || g_hash_table_size (outcome.again)); i++)
  {
    g_ptr_array_set_size (result->problem, i ? 0 : result->problem->len);
    g_autoptr (GPtrArray) found = rca_sources_find (paths, n_paths, result->problem);
    rca_ingest_leave_out_store (found, dir);
    rca_ingest_session_add_absent (session, paths, n_paths, found);
    if (!rca_ingest_session_pass (session, found, &how, result, &outcome, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
rca_store_ingest (const char *dir, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error)
{
  static const RcaOpenOptions none = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE } };
  *result = (RcaIngestResult){ .problem = g_ptr_array_new_with_free_func (g_free) };
  options = options ? options : &none;
  if (rca_clickhouse_is_address (dir))
    return rca_clickhouse_ingest (dir, paths, n_paths, options, result, error);
  g_autoptr (RcaIngestSession) session = rca_ingest_session_open (dir, options, result->problem, error);
  return session && ingest (session, dir, paths, n_paths, result, error);
}

void
rca_ingest_result_clear (RcaIngestResult *result)
{
  g_clear_pointer (&result->problem, g_ptr_array_unref);
}
