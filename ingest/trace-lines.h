/* Lines that continue a record without any time stamp to tell: stack traces of the
 * common languages, indented blocks. For text of no known format. */
#pragma once
#include "format.h"

typedef struct {
  gboolean in_python; /* between "Traceback" and the line that names the exception */
} RcaTraceState;

/* RECORD, or CONTINUES for a line that belongs to the one before it. */
RcaLineKind rca_trace_line (RcaTraceState *state, RcaBytes line);
