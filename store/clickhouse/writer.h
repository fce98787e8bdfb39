/* Filling TABLE: passes over logs, each of which is one commit or nothing.
 *
 * A pass reads a bounded share of what is new, sends it sheet by sheet as blocks, and then commits:
 * one INSERT into TABLE_sources names the blocks and how far each file is read. Whoever is killed in
 * between leaves blocks that nobody names; what they hold is read again. */
#pragma once
#include "clickhouse/gather.h"

typedef struct RcaClickhouseWriter RcaClickhouseWriter;

/* Connects, makes the tables when they are absent, and reads how far everything was read. */
RcaClickhouseWriter *rca_clickhouse_writer_new (const char *address, const RcaOpenOptions *options, GError **error);
void rca_clickhouse_writer_free (RcaClickhouseWriter *writer);
/* Of raw logs in one pass. */
guint64 rca_clickhouse_writer_pass_bytes (const RcaClickhouseWriter *writer);
/* What is wrong with the paths (char*), for the caller to fill before a pass. */
GPtrArray *rca_clickhouse_writer_problems (RcaClickhouseWriter *writer);

/* Reads what is new in @found (RcaSource) and commits it. On failure the table is as it was, and
 * the pass can be tried again. @result's numbers grow. FALSE without an error: it was cancelled. */
gboolean rca_clickhouse_writer_pass (RcaClickhouseWriter *writer, const GPtrArray *found, const RcaGatherHow *how, RcaIngestResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaClickhouseWriter, rca_clickhouse_writer_free)
