/* Requests begun and not yet answered, for logs that tell of one in two records: Rails'
 * "Started GET …" and "Completed 500 … in 12ms", Phoenix's "GET /x" and "Sent 500 in 12ms".
 * Bounded: the oldest are forgotten. */
#pragma once
#include "bytes.h"

typedef struct RcaRequestMemory RcaRequestMemory;

RcaRequestMemory *rca_request_memory_new (void);
void rca_request_memory_free (RcaRequestMemory *memory);

/* @key: a request id, or whatever the two records share. */
void rca_request_memory_put (RcaRequestMemory *memory, RcaBytes key, RcaBytes method, RcaBytes path);
/* Finds and forgets. What is returned is good until the next put. */
gboolean rca_request_memory_take (RcaRequestMemory *memory, RcaBytes key, RcaBytes *method, RcaBytes *path);
