#include "stamp-reader.h"
#include <time.h>

#define NS_PER_DAY (86400 * RCA_NS_PER_S)

/* The clock of the machine that wrote the file's last line, read as stamps without zone are: as UTC. */
static gint64
reference_ns (const RcaStampContext *context)
{
  gint64 ns = context->mtime_ns != RCA_TIME_NONE ? context->mtime_ns : g_get_real_time () * 1000;
  time_t seconds = (time_t)(ns / RCA_NS_PER_S);
  struct tm local;
  if (localtime_r (&seconds, &local))
    ns += (gint64)local.tm_gmtoff * RCA_NS_PER_S;
  return ns;
}

static gint
year_of (gint64 time_ns)
{
  char text[32];
  return rca_stamp_four (rca_time_format (time_ns, text));
}

static gint64
distance (gint64 a, gint64 b)
{
  return a > b ? a - b : b - a;
}

static gint64
reader_ns (const RcaStampReader *r, gint year, gint month, gint day)
{
  return rca_civil_ns (year, month, day, r->hour, r->minute, r->second, r->fraction_ns) - r->offset_s * RCA_NS_PER_S;
}

/* The year that puts the record nearest to the one before, so that 31 December is
 * followed by 1 January; for the first one the last year that does not lie after
 * the file's last write (a day of grace for zones and clocks). */
static gint64
time_without_year (const RcaStampReader *r, const RcaStampContext *context)
{
  if (!context)
    return reader_ns (r, 1970, r->month, r->day);
  if (context->previous_ns != RCA_TIME_NONE)
  {
    gint year = year_of (context->previous_ns);
    gint64 best = reader_ns (r, year, r->month, r->day);
    for (gint y = year - 1; y <= year + 1; y += 2)
    {
      gint64 other = reader_ns (r, y, r->month, r->day);
      if (distance (other, context->previous_ns) < distance (best, context->previous_ns))
        best = other;
    }
    return best;
  }
  gint64 limit = reference_ns (context) + NS_PER_DAY;
  gint year = year_of (limit);
  gint64 time_ns = reader_ns (r, year, r->month, r->day);
  return time_ns > limit ? reader_ns (r, year - 1, r->month, r->day) : time_ns;
}

/* Likewise for the day: some programs write a time of day alone. */
static gint64
time_without_date (const RcaStampReader *r, const RcaStampContext *context)
{
  gint64 in_day = reader_ns (r, 1970, 1, 1);
  if (!context)
    return in_day;
  if (context->previous_ns != RCA_TIME_NONE)
  {
    gint64 nearest = (context->previous_ns - in_day + NS_PER_DAY / 2) / NS_PER_DAY;
    return nearest * NS_PER_DAY + in_day;
  }
  return (reference_ns (context) + 300 * RCA_NS_PER_S - in_day) / NS_PER_DAY * NS_PER_DAY + in_day;
}

gboolean
rca_stamp_finish (const RcaStampReader *r, const RcaStampContext *context, RcaStamp *out)
{
  out->flags = r->has_zone ? RCA_STAMP_HAS_ZONE : 0;
  if (r->month < 0)
  {
    out->time_ns = time_without_date (r, context);
    return TRUE;
  }
  if (!rca_stamp_valid_date (r->year < 0 ? 2000 : r->year, r->month, r->day))
    return FALSE;
  out->flags |= RCA_STAMP_HAS_DATE | (r->year < 0 ? 0 : RCA_STAMP_HAS_YEAR);
  out->time_ns = r->year < 0 ? time_without_year (r, context) : reader_ns (r, r->year, r->month, r->day);
  return TRUE;
}
