#include "stamp-reader.h"

static gboolean
read_epoch (RcaStampReader *r, gsize digits, RcaStamp *out)
{
  gsize n = digits;
  if (rca_stamp_left (r) > n + 1 && r->p[n] == '.' && rca_stamp_is_digit (r->p[n + 1]))
    for (n++; n < rca_stamp_left (r) && rca_stamp_is_digit (r->p[n]);)
      n++;
  if (!rca_stamp_parse_epoch (rca_bytes (r->p, n), &out->time_ns) || out->time_ns < 1000000000 * RCA_NS_PER_S)
    return FALSE;
  r->p += n;
  out->flags = RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR;
  return rca_stamp_at_boundary (r) && (r->p == r->end || *r->p != '.');
}

/* zerolog's console (Go's time.Kitchen): "3:04PM", a time of day to the minute */
static gboolean
read_kitchen (RcaStampReader *r, gsize digits)
{
  const char *p = r->p + digits;
  if (digits < 1 || digits > 2 || rca_stamp_left (r) < digits + 5 || *p != ':' || !rca_stamp_is_digit (p[1]) || !rca_stamp_is_digit (p[2]) || (p[3] != 'A' && p[3] != 'P') || p[4] != 'M')
    return FALSE;
  gint hour = digits == 1 ? r->p[0] - '0' : (r->p[0] - '0') * 10 + r->p[1] - '0', minute = (p[1] - '0') * 10 + p[2] - '0';
  if (hour < 1 || hour > 12 || minute > 59)
    return FALSE;
  r->hour = hour % 12 + (p[3] == 'P' ? 12 : 0);
  r->minute = minute;
  r->p = p + 5;
  return TRUE;
}

static gboolean
read_stamp (RcaStampReader *r, const RcaStampContext *context, RcaStamp *out)
{
  if (rca_stamp_left (r) < 7)
    return FALSE;
  if (!rca_stamp_is_digit (*r->p))
    return rca_stamp_is_alpha (*r->p) && rca_stamp_read_letters_first (r) && rca_stamp_finish (r, context, out);
  gsize digits = rca_stamp_count_digits (r);
  if (read_kitchen (r, digits))
    return rca_stamp_finish (r, context, out);
  if (digits >= 10 && digits != 14)
    return read_epoch (r, digits, out);
  return rca_stamp_read_digits_first (r, digits) && rca_stamp_finish (r, context, out);
}

void
rca_stamp_context_init (RcaStampContext *context, gint64 mtime_ns)
{
  context->mtime_ns = mtime_ns;
  context->previous_ns = RCA_TIME_NONE;
  context->memo.n = 0;
}

gsize
rca_stamp_parse (RcaBytes text, RcaStampContext *context, RcaStamp *out)
{
  if (text.n == 0)
    return 0;
  gsize took = context ? rca_stamp_memo_read (context, text, out) : 0;
  if (took > 0)
  {
    context->previous_ns = out->time_ns;
    return took;
  }
  RcaStampReader r = { .p = text.p, .end = text.p + text.n, .year = -1, .month = -1, .day = -1 };

  while (r.p < r.end && (*r.p == ' ' || *r.p == '\t'))
    r.p++;
  if (r.p < r.end && (*r.p == '[' || *r.p == '"'))
  {
    r.p++;
    if (r.p < r.end && *r.p == ' ')
      r.p++;
  }
  if (!read_stamp (&r, context, out))
    return 0;
  if (context)
  {
    context->previous_ns = out->time_ns;
    rca_stamp_memo_keep (context, text, &r, out);
  }
  return (gsize)(r.p - text.p);
}

void
rca_stamp_apply (const RcaStamp *stamp, RcaEvent *ev)
{
  ev->time_ns = stamp->time_ns;
  if (!(stamp->flags & RCA_STAMP_HAS_ZONE))
    ev->flags |= RCA_EVENT_ZONE_UNKNOWN;
  if (!(stamp->flags & RCA_STAMP_HAS_DATE) || !(stamp->flags & RCA_STAMP_HAS_YEAR))
    ev->flags |= RCA_EVENT_DATE_UNKNOWN;
}
