#include "trace-lines.h"

static gboolean
begins_with_one_of (RcaBytes line, const char *const *prefix)
{
  for (; *prefix; prefix++)
    if (rca_bytes_starts (line, *prefix))
      return TRUE;
  return FALSE;
}

RcaLineKind
rca_trace_line (RcaTraceState *state, RcaBytes line)
{
  static const char *const continuing[] = {
    "Caused by: ", "Suppressed: ", "... ", "During handling of the above exception", "The above exception was the direct cause", "goroutine ", "}", NULL,
  };
  static const char *const python = "Traceback (most recent call last)";
  gboolean indented = line.n > 1 && (line.p[0] == '\t' || (line.p[0] == ' ' && (line.p[1] == ' ' || line.p[1] == '\t')));
  if (rca_bytes_starts (line, python))
  {
    state->in_python = TRUE;
    return RCA_LINE_CONTINUES;
  }
  if (indented || begins_with_one_of (line, continuing))
    return RCA_LINE_CONTINUES;
  if (!state->in_python)
    return RCA_LINE_RECORD;
  state->in_python = FALSE; /* "ValueError: text" ends the trace */
  return RCA_LINE_CONTINUES;
}
