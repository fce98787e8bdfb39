/* A following ingest that fills TABLE. */
#include "clickhouse/writer.h"
#include "local/follow-target.h"

/* Each commit makes parts, which the server has to merge: its makers want one INSERT a second at most. */
#define LEAST_PAUSE_US (2 * G_USEC_PER_SEC)

static gpointer
open_writer (const char *address, const RcaOpenOptions *options, GPtrArray *problem, GError **error)
{
  return rca_clickhouse_writer_new (address, options, error);
}

static gboolean
pass (gpointer writer, GPtrArray *found, const RcaIngestPassOptions *how, RcaIngestResult *result, RcaIngestPassResult *outcome, GError **error)
{
  rca_ingest_pass_result_clear (outcome);
  *outcome = (RcaIngestPassResult){ g_hash_table_new (NULL, NULL), g_hash_table_new (NULL, NULL) };
  RcaGatherHow gather = { rca_clickhouse_writer_pass_bytes (writer), outcome->again, outcome->later };
  return rca_clickhouse_writer_pass (writer, found, &gather, result, error);
}

static void
free_writer (gpointer writer)
{
  rca_clickhouse_writer_free (writer);
}

const RcaFollowTarget rca_clickhouse_follow_target = { open_writer, pass, NULL, NULL, NULL, free_writer, LEAST_PAUSE_US };
