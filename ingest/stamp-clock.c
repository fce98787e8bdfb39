#include "stamp-reader.h"

void
rca_stamp_read_fraction (RcaStampReader *r)
{
  if (rca_stamp_left (r) < 2 || !rca_stamp_is_digit (r->p[1]) || (*r->p != '.' && *r->p != ','))
  {
    if (rca_stamp_left (r) < 4 || *r->p != ':' || rca_stamp_two (r->p + 1) < 0 || !rca_stamp_is_digit (r->p[3]) || (rca_stamp_left (r) > 4 && rca_stamp_is_digit (r->p[4])))
      return;
  }
  gint64 scale = 100000000;
  for (r->p++; r->p < r->end && rca_stamp_is_digit (*r->p); r->p++)
  {
    r->fraction_ns += (*r->p - '0') * scale;
    scale /= 10;
  }
}

/* 12-hour clocks. */
static void
read_am_pm (RcaStampReader *r)
{
  const char *p = r->p;
  gsize n = rca_stamp_left (r);
  if (n >= 5 && p[0] == '\xe2' && p[1] == '\x80' && p[2] == '\xaf') /* Java 20 and ICU 72 put U+202F there */
    p += 3, n -= 3;
  else if (n >= 3 && p[0] == ' ')
    p++, n--;
  if (n < 2 || ((p[0] | 32) != 'a' && (p[0] | 32) != 'p') || (p[1] | 32) != 'm' || (n > 2 && rca_stamp_is_alpha (p[2])) || r->hour > 12 || r->hour < 1)
    return;
  r->hour = r->hour % 12 + ((p[0] | 32) == 'p' ? 12 : 0);
  r->p = p + 2;
  r->clock = NULL;
}

gboolean
rca_stamp_read_clock (RcaStampReader *r, gboolean need_seconds)
{
  gsize hour_n = rca_stamp_left (r) >= 2 && rca_stamp_is_digit (r->p[0]) && rca_stamp_is_digit (r->p[1]) ? 2 : 1;
  if (rca_stamp_left (r) < hour_n + 3 || !rca_stamp_is_digit (r->p[0]))
    return FALSE;
  r->hour = hour_n == 2 ? rca_stamp_two (r->p) : r->p[0] - '0';
  char colon = r->p[hour_n];
  if (rca_stamp_is_digit (colon) && rca_stamp_left (r) >= 6 && hour_n == 2)
  { /* hhmmss */
    r->minute = rca_stamp_two (r->p + 2);
    r->second = rca_stamp_two (r->p + 4);
    r->p += 6;
    if (rca_stamp_left (r) > 0 && rca_stamp_is_digit (*r->p))
      return FALSE;
  }
  else if (colon == ':' || colon == '.')
  {
    const char *p = r->p + hour_n + 1;
    r->minute = rca_stamp_two (p);
    r->second = 0;
    r->p = p + 2;
    if (rca_stamp_left (r) >= 3 && *r->p == colon && rca_stamp_two (r->p + 1) >= 0)
    {
      r->clock = hour_n == 2 && colon == ':' ? r->p - 5 : NULL;
      r->second = rca_stamp_two (r->p + 1);
      r->p += 3;
    }
    else if (need_seconds || colon == '.')
      return FALSE;
  }
  else
    return FALSE;
  if (r->minute < 0 || r->minute > 59 || r->second < 0 || r->second > 60 || r->hour > 24 || (r->hour == 24 && (r->minute > 0 || r->second > 0))
      || (rca_stamp_left (r) > 0 && rca_stamp_is_digit (*r->p)))
    return FALSE;
  rca_stamp_read_fraction (r);
  read_am_pm (r);
  return TRUE;
}
