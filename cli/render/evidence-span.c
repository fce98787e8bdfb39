#include "evidence-span.h"
#include "words.h"

static void
widen (RcaSpan *span, gint64 time_ns)
{
  if (time_ns == RCA_TIME_NONE)
    return;
  span->start_ns = MIN (span->start_ns, time_ns);
  span->end_ns = MAX (span->end_ns, time_ns);
}

/* What compares times speaks of the time between them; all else of the incident. */
RcaSpan
rca_evidence_span (const RcaReport *report, const RcaIncident *in, const RcaCause *cause, const RcaEvidence *e)
{
  gint64 until = rca_words_known_until (report, in), width = report->chart.width_ns;
  RcaSpan span = { in->start_ns, until };
  if (e->kind == RCA_EVIDENCE_PRECEDENCE)
    {
      span = (RcaSpan){ in->start_ns, in->start_ns + width };
      widen (&span, cause->onset_ns);
    }
  else if (e->kind == RCA_EVIDENCE_RECOVERY)
    span = (RcaSpan){ until - 2 * width, until + 2 * width };
  for (guint i = 0; i < e->refs->len; i++)
    widen (&span, g_array_index (e->refs, RcaReportRef, i).time_ns);
  return span;
}
