/* What the columns of a log table that is not ours mean: NAME=EXPRESSION pairs of the configuration
 * (clickhouse-columns), where EXPRESSION is a column or SQL over the table's columns
 * (LogAttributes['http_status'], took_ms / 1000). What is not named is read as the Collector's
 * exporter calls it. */
#pragma once
#include <glib.h>

typedef enum {
  RCA_MAPPED_TIME,
  RCA_MAPPED_SERVICE,
  RCA_MAPPED_HOST,
  RCA_MAPPED_FILE,
  RCA_MAPPED_SEVERITY,
  RCA_MAPPED_MESSAGE,
  RCA_MAPPED_TRACE_ID,
  /* from here on: what makes a row a record of its own, whatever its message */
  RCA_MAPPED_STATUS,
  RCA_MAPPED_METHOD,
  RCA_MAPPED_PATH,
  RCA_MAPPED_DURATION, /* seconds */
  RCA_MAPPED_CLIENT,
  RCA_MAPPED_AGENT,
  RCA_MAPPED_BYTES,
  RCA_MAPPED_UPSTREAM,
  RCA_MAPPED_REQUEST_ID,
  RCA_MAPPED_VERSION,
  RCA_MAPPED_INSTANCE,
  RCA_MAPPED_EXCEPTION,
  RCA_N_MAPPED
} RcaMapped;

#define RCA_MAPPED_FIRST_EXTRA RCA_MAPPED_STATUS

typedef struct {
  char *expression[RCA_N_MAPPED]; /* or NULL */
  gboolean any;
} RcaMapping;

/* @pairs: (nullable). Fails, naming what is known, on a name that is not. */
gboolean rca_mapping_parse (RcaMapping *mapping, const char *const *pairs, GError **error);
void rca_mapping_clear (RcaMapping *mapping);
/* The key under which the decoders of JSON lines know it: "status", "request_time" … */
const char *rca_mapped_key (RcaMapped mapped);
