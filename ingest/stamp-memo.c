/* The layout learnt from the stamp before. Lines follow each other within the minute: all up to the
 * minute's colon stands there byte for byte, so only seconds, fraction and zone are read. What this
 * gives is what the general reader gives, or nothing (tests/unit/ingest/stamp-memo.c compares them). */
#include "stamp-reader.h"

/* Another year than the memo's would be nearer only to a record half a year away. */
#define SAME_YEAR_NS (180 * 86400 * RCA_NS_PER_S)

static gboolean
may_be_am_pm (const RcaStampReader *r)
{
  gsize n = rca_stamp_left (r);
  return (n > 1 && (r->p[1] | 32) == 'm') || (n > 2 && (r->p[2] | 32) == 'm') || (n > 0 && *r->p == '\xe2');
}

/* asctime's " 2026" behind the clock: the memo's year, or none where it had none. */
static gboolean
read_year_behind (RcaStampReader *r, const RcaStampMemo *memo)
{
  gsize n = rca_stamp_left (r);
  if (memo->tail == RCA_STAMP_TAIL_NO_YEAR)
    return n < 2 || *r->p != ' ' || !rca_stamp_is_digit (r->p[1]);
  if (n < 5 || memcmp (r->p, memo->year, 5) != 0)
    return FALSE;
  r->p += 5;
  return rca_stamp_at_boundary (r);
}

gsize
rca_stamp_memo_read (const RcaStampContext *context, RcaBytes text, RcaStamp *out)
{
  const RcaStampMemo *memo = &context->memo;
  gsize n = memo->n;
  if (n == 0 || text.n < n + 2u || memcmp (memo->prefix, text.p, n) != 0)
    return 0;
  RcaStampReader r = { .p = text.p + n, .end = text.p + text.n };
  r.second = rca_stamp_two (r.p);
  r.p += 2;
  if (r.second < 0 || r.second > 60 || (r.p < r.end && rca_stamp_is_digit (*r.p)))
    return 0;
  rca_stamp_read_fraction (&r);
  if (may_be_am_pm (&r))
    return 0;
  if (memo->tail != RCA_STAMP_TAIL_ZONE && !read_year_behind (&r, memo))
    return 0;
  rca_stamp_read_zone (&r);
  if (memo->tail == RCA_STAMP_TAIL_NO_YEAR && !read_year_behind (&r, memo)) /* "UTC 2026" */
    return 0;
  out->time_ns = memo->minute_ns + (r.second - r.offset_s) * RCA_NS_PER_S + r.fraction_ns;
  out->flags = memo->flags | (r.has_zone ? RCA_STAMP_HAS_ZONE : 0);
  if (!(memo->flags & RCA_STAMP_HAS_YEAR) && (context->previous_ns == RCA_TIME_NONE || ABS (out->time_ns - context->previous_ns) > SAME_YEAR_NS))
    return 0;
  return (gsize) (r.p - text.p);
}

void
rca_stamp_memo_keep (RcaStampContext *context, RcaBytes text, const RcaStampReader *r, const RcaStamp *stamp)
{
  RcaStampMemo *memo = &context->memo;
  gsize n = r->clock ? (gsize) (r->clock - text.p) + 6 : 0; /* "hh:mm:" */
  memo->n = 0;
  if (n == 0 || n > sizeof memo->prefix || r->month < 0 || r->hour > 23)
    return;
  memcpy (memo->prefix, text.p, n);
  memo->n = (guint8) n;
  memo->tail = (guint8) r->tail;
  memo->flags = (guint8) (stamp->flags & ~(guint) RCA_STAMP_HAS_ZONE);
  memo->minute_ns = stamp->time_ns - (r->second - r->offset_s) * RCA_NS_PER_S - r->fraction_ns;
  if (r->tail == RCA_STAMP_TAIL_YEAR)
    memcpy (memo->year, r->p - 5, 5);
}
