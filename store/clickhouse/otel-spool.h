/* Records of an OpenTelemetry log table as files that the decoders read, in a folder of their own
 * that goes away with it.
 *
 * One file a service, host, instance and log file that the records name. A body that is a whole
 * log line (the Collector's filelog receiver: attributes say nothing but where it was read) is
 * written as it is; one of which the configuration says what its columns mean as a JSON line, others
 * as a line of OTLP JSON each. */
#pragma once
#include "clickhouse/mapping.h"
#include "store.h"

typedef struct {
  gint64 time_ns;
  gint32 severity; /* OpenTelemetry's number, 0: none */
  char *service, *level, *trace_id, *span_id; /* or NULL */
  RcaBytes body;
  char *host, *file; /* told by the mapping, or NULL */
  char *extra[RCA_N_MAPPED]; /* or NULL; of RCA_MAPPED_FIRST_EXTRA on */
  GPtrArray *resource_key, *resource_value, *log_key, *log_value; /* char* */
} RcaOtelRecord;

void rca_otel_record_clear (RcaOtelRecord *record);

typedef struct RcaOtelSpool RcaOtelSpool;

/* @root: what paths begin with when they are shown. */
RcaOtelSpool *rca_otel_spool_new (const char *root, GError **error);
void rca_otel_spool_free (RcaOtelSpool *spool);
void rca_otel_spool_add (RcaOtelSpool *spool, const RcaOtelRecord *record); /* in the order of time */
gboolean rca_otel_spool_flush (RcaOtelSpool *spool, GError **error);
/* All files as a store; close it before the spool is freed. */
RcaStore *rca_otel_spool_open (RcaOtelSpool *spool, const RcaOpenOptions *options, GError **error);
