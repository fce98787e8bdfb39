#include "inner.h"

#define QUARTER_HOUR_NS (900 * RCA_NS_PER_S)
#define ZONE_SLACK_NS   (60 * RCA_NS_PER_S) /* between writing and wrapping */

/* A local time's distance from the envelope's is its zone, but for the moment in between. */
static void
settle_time (const RcaEnvelope *envelope, RcaEvent *ev)
{
  if (envelope->time_ns == RCA_TIME_NONE)
    return;
  if (ev->time_ns == RCA_TIME_NONE)
  {
    ev->time_ns = envelope->time_ns;
    ev->flags |= envelope->flags & (RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN);
    return;
  }
  guint unsure = ev->flags & (RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN);
  if (!unsure || (envelope->flags & unsure))
    return;
  gint64 ahead = ev->time_ns - envelope->time_ns;
  gint64 quarters = (ahead + (ahead >= 0 ? QUARTER_HOUR_NS / 2 : -QUARTER_HOUR_NS / 2)) / QUARTER_HOUR_NS;
  gint64 rest = ahead - quarters * QUARTER_HOUR_NS;
  if (ABS (quarters) <= 14 * 4 && ABS (rest) <= ZONE_SLACK_NS)
    ev->time_ns -= quarters * QUARTER_HOUR_NS;
  else
    ev->time_ns = envelope->time_ns;
  ev->flags &= ~unsure;
}

void
rca_envelope_apply (const RcaEnvelope *envelope, RcaEvent *ev)
{
  settle_time (envelope, ev);
  /* a web server or database that logs JSON or key=value is no application */
  if (ev->stream == RCA_STREAM_APP && envelope->stream != RCA_STREAM_UNKNOWN)
    ev->stream = envelope->stream;
  if (ev->severity == RCA_SEVERITY_NONE)
    ev->severity = envelope->severity;
  if (!rca_event_has (ev, RCA_FIELD_SERVICE))
    rca_event_set_str (ev, RCA_FIELD_SERVICE, envelope->program);
  if (!rca_event_has (ev, RCA_FIELD_HOST))
    rca_event_set_str (ev, RCA_FIELD_HOST, envelope->host);
  if (!rca_event_has (ev, RCA_FIELD_PID) && envelope->pid > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, envelope->pid);
  if (!rca_event_has (ev, RCA_FIELD_INSTANCE))
    rca_event_set_str (ev, RCA_FIELD_INSTANCE, envelope->instance);
}
