/* rca batch from end to end: read, survey, look closely, put together. */
#pragma once
#include "batch.h"
#include "request.h"

typedef struct {
  RcaRequest request;
  char *state; /* kept folder; NULL: one of its own */
} RcaBatchRequest;

/* NULL with RCA_BATCH_ERROR_INTERRUPTED when a signal ended it: what was read is kept. */
#define RCA_BATCH_ERROR (rca_batch_error_quark ())
GQuark rca_batch_error_quark (void);
typedef enum { RCA_BATCH_ERROR_INTERRUPTED } RcaBatchError;

RcaBatch *rca_batch_run (const RcaBatchRequest *request, GError **error);
