#include "stamp-reader.h"

gboolean
rca_stamp_valid_date (gint year, gint month, gint day)
{
  static const gint8 days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  return year >= 1970 && year <= 2200 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/* 1..12, 0 when @p begins with no English month's first three letters. */
static gint
month_of (const char *p)
{
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (gint i = 0; i < 12; i++)
    if ((p[0] | 32) == names[i * 3] && (p[1] | 32) == names[i * 3 + 1] && (p[2] | 32) == names[i * 3 + 2])
      return i + 1;
  return 0;
}

static gboolean
is_weekday (const char *p)
{
  static const char names[] = "montuewedthufrisatsun";
  for (gint i = 0; i < 7; i++)
    if ((p[0] | 32) == names[i * 3] && (p[1] | 32) == names[i * 3 + 1] && (p[2] | 32) == names[i * 3 + 2])
      return TRUE;
  return FALSE;
}

/* Clock and zone after a date; what may stand between: T, blanks, a comma, CLF's colon, DB2's dash. */
static gboolean
read_clock_after_date (RcaStampReader *r)
{
  if (r->p == r->end)
    return FALSE;
  char c = *r->p;
  if (c == ',')
  {
    r->p++;
    c = r->p < r->end ? *r->p : '\0';
  }
  if (c != ' ' && c != 'T' && c != '\t' && c != ':' && c != '-' && c != 't' && c != '_')
    return FALSE;
  r->p++;
  while (c == ' ' && r->p < r->end && *r->p == ' ')
    r->p++;
  if (c == ' ' && rca_stamp_left (r) > 2 && r->p[0] == '-' && r->p[1] == ' ') /* Gin */
    r->p += 2;
  if (!rca_stamp_read_clock (r, FALSE))
    return FALSE;
  rca_stamp_read_zone (r);
  return TRUE;
}

static gint
full_year (gint two_digits)
{
  return two_digits < 70 ? 2000 + two_digits : 1900 + two_digits;
}

/* 2026-11-24, 2026/11/24, 2026.11.24 */
static gboolean
read_year_first (RcaStampReader *r)
{
  r->year = rca_stamp_four (r->p);
  r->month = rca_stamp_two (r->p + 5);
  r->day = rca_stamp_two (r->p + 8);
  r->p += 10;
  return r->year >= 0 && r->month > 0 && read_clock_after_date (r);
}

/* 24/Nov/2026, 24-Nov-2026, 24-Nov-26 */
static gboolean
read_day_month_name (RcaStampReader *r)
{
  char mark = r->p[2];
  r->day = rca_stamp_two (r->p);
  r->month = month_of (r->p + 3);
  if (r->month == 0 || rca_stamp_left (r) < 9 || r->p[6] != mark)
    return FALSE;
  if (rca_stamp_left (r) >= 11 && rca_stamp_four (r->p + 7) >= 0)
  {
    r->year = rca_stamp_four (r->p + 7);
    r->p += 11;
  }
  else
  {
    gint year = rca_stamp_two (r->p + 7);
    if (year < 0)
      return FALSE;
    r->year = full_year (year);
    r->p += 9;
  }
  return read_clock_after_date (r);
}

/* Three numbers with a mark between: which one is the year or the day is told by
 * size, else they are month/day/year for a slash and day-month-year for a dash or dot. */
static gboolean
read_number_date (RcaStampReader *r)
{
  char mark = r->p[2];
  gint a = rca_stamp_two (r->p), b = rca_stamp_two (r->p + 3), c;
  if (a < 0 || b < 0 || rca_stamp_left (r) < 8)
    return FALSE;
  if (mark == '-' && r->p[5] == ' ')
  { /* Android: 11-24 02:10:42.934 */
    r->month = a;
    r->day = b;
    r->p += 5;
    return read_clock_after_date (r);
  }
  if (r->p[5] != mark)
    return FALSE;
  if (rca_stamp_left (r) >= 10 && rca_stamp_four (r->p + 6) >= 0)
  {
    c = rca_stamp_four (r->p + 6);
    r->p += 10;
  }
  else
  {
    c = rca_stamp_two (r->p + 6);
    if (c < 0)
      return FALSE;
    r->p += 8;
    if (a > 12 && b <= 12 && (a > 31 || mark == '/'))
    { /* 26/11/24: Hadoop's and Spark's yy/MM/dd */
      r->year = full_year (a);
      r->month = b;
      r->day = c;
      return read_clock_after_date (r);
    }
    c = full_year (c);
  }
  gboolean month_first = b > 12 || (a <= 12 && mark == '/');
  r->year = c;
  r->month = month_first ? a : b;
  r->day = month_first ? b : a;
  return read_clock_after_date (r);
}

/* 24 Nov 2026 02:09:19.448; Redis before 3: 24 Nov 02:09:19.448 */
static gboolean
read_day_name_year (RcaStampReader *r, gsize day_n)
{
  r->day = day_n == 2 ? rca_stamp_two (r->p) : r->p[0] - '0';
  r->p += day_n + 1;
  if (rca_stamp_left (r) < 9 || (r->month = month_of (r->p)) == 0)
    return FALSE;
  r->p += 3;
  while (rca_stamp_left (r) > 0 && rca_stamp_is_alpha (*r->p)) /* "November" */
    r->p++;
  if (rca_stamp_left (r) >= 6 && *r->p == ' ' && rca_stamp_four (r->p + 1) >= 0 && !rca_stamp_is_digit (r->p[5]) && r->p[5] != ':')
  {
    r->year = rca_stamp_four (r->p + 1);
    r->p += 5;
  }
  return read_clock_after_date (r);
}

/* 261124  0:33:00 (MariaDB), 081109 203615 (HDFS), 20261124 02:03:04, 20261124T020304Z */
static gboolean
read_compact_date (RcaStampReader *r, gsize digits)
{
  if (digits == 6)
  {
    r->year = full_year (rca_stamp_two (r->p));
    r->month = rca_stamp_two (r->p + 2);
    r->day = rca_stamp_two (r->p + 4);
  }
  else
  {
    r->year = rca_stamp_four (r->p);
    r->month = rca_stamp_two (r->p + 4);
    r->day = rca_stamp_two (r->p + 6);
  }
  r->p += digits == 6 ? 6 : 8;
  if (!rca_stamp_valid_date (r->year, r->month, r->day) || r->year > 2100)
    return FALSE;
  if (digits == 14)
  {
    if (!rca_stamp_read_clock (r, TRUE))
      return FALSE;
    rca_stamp_read_zone (r);
    return TRUE;
  }
  return (digits == 8 || *r->p == ' ') && read_clock_after_date (r);
}

/* 02:09:19.448: no date at all */
static gboolean
read_time_of_day (RcaStampReader *r)
{
  if (!rca_stamp_read_clock (r, TRUE) || !rca_stamp_at_boundary (r))
    return FALSE;
  rca_stamp_read_zone (r);
  return TRUE;
}

/* Begins with a digit and is no epoch. */
gboolean
rca_stamp_read_digits_first (RcaStampReader *r, gsize digits)
{
  const char *p = r->p;
  gsize n = rca_stamp_left (r);
  if (digits == 4 && n >= 13 && p[4] == p[7] && (p[4] == '-' || p[4] == '/' || p[4] == '.'))
    return read_year_first (r);
  if (digits == 2 && n >= 8)
    switch (p[2])
    {
    case ':':
      return read_time_of_day (r);
    case '/':
    case '-':
      return rca_stamp_is_alpha (p[3]) ? read_day_month_name (r) : read_number_date (r);
    case '.':
      return read_number_date (r);
    case ' ':
      return rca_stamp_is_alpha (p[3]) && read_day_name_year (r, 2);
    default:
      return FALSE;
    }
  if (digits == 1 && n >= 7)
    return p[1] == ':' ? read_time_of_day (r) : p[1] == ' ' && rca_stamp_is_alpha (p[2]) && read_day_name_year (r, 1);
  if ((digits == 6 || digits == 8 || digits == 14) && n >= 13)
    return read_compact_date (r, digits);
  return FALSE;
}

/* A year after the clock: asctime's, and date(1)'s after the zone. */
static void
read_trailing_year (RcaStampReader *r)
{
  if (rca_stamp_left (r) < 5 || *r->p != ' ' || rca_stamp_four (r->p + 1) < 1970 || rca_stamp_four (r->p + 1) > 2100)
    return;
  RcaStampReader after = *r;
  after.p += 5;
  if (!rca_stamp_at_boundary (&after))
    return;
  r->year = rca_stamp_four (r->p + 1);
  r->p += 5;
  r->tail = RCA_STAMP_TAIL_YEAR;
}

/* Nov 24 02:09:13, Nov  3 …, Nov 24 2026 …, Nov 24, 2026 2:09:13 AM, Nov 24 02:09:13.069 [UTC] 2026 */
static gboolean
read_month_first (RcaStampReader *r)
{
  if (rca_stamp_left (r) < 12 || (r->month = month_of (r->p)) == 0)
    return FALSE;
  r->p += 3;
  while (rca_stamp_left (r) > 0 && rca_stamp_is_alpha (*r->p))
    r->p++;
  if (rca_stamp_left (r) < 9 || *r->p != ' ')
    return FALSE;
  while (rca_stamp_left (r) > 0 && *r->p == ' ')
    r->p++;
  gsize day_n = rca_stamp_left (r) >= 2 && rca_stamp_two (r->p) >= 0 ? 2 : 1;
  if (rca_stamp_left (r) < 8 || !rca_stamp_is_digit (*r->p))
    return FALSE;
  r->day = day_n == 2 ? rca_stamp_two (r->p) : *r->p - '0';
  r->p += day_n;
  if (*r->p == ',')
    r->p++;
  if (rca_stamp_left (r) >= 6 && *r->p == ' ' && rca_stamp_four (r->p + 1) >= 1970 && (r->p[5] == ' ' || r->p[5] == ','))
  {
    r->year = rca_stamp_four (r->p + 1);
    r->p += 5;
  }
  if (!read_clock_after_date (r))
    return FALSE;
  if (r->year < 0)
  {
    r->tail = RCA_STAMP_TAIL_NO_YEAR;
    read_trailing_year (r);
    if (r->has_zone && r->year >= 0) /* "UTC 2026": rare, and read in full each time */
      r->clock = NULL;
    else if (r->year >= 0)
    {
      const char *behind_year = r->p;
      rca_stamp_read_zone (r);
      r->clock = r->p == behind_year ? r->clock : NULL;
    }
  }
  return TRUE;
}

/* E1124 02:10:42.934567, glog's I20261124 02:10:42.934567, CockroachDB's I261124 02:10:42.934567 */
static gboolean
read_klog (RcaStampReader *r)
{
  gsize digits = 0;
  r->p++;
  while (digits < rca_stamp_left (r) && digits < 9 && rca_stamp_is_digit (r->p[digits]))
    digits++;
  if (digits == 8 || (digits == 6 && rca_stamp_left (r) > 14 && r->p[6] == ' ' && r->p[9] == ':'))
    return read_compact_date (r, digits);
  if (digits != 4 || rca_stamp_left (r) < 13 || r->p[4] != ' ')
    return FALSE;
  r->month = rca_stamp_two (r->p);
  r->day = rca_stamp_two (r->p + 2);
  r->p += 4;
  return read_clock_after_date (r);
}

/* Tue Nov 24 …; Tue, 24 Nov 2026 …; journalctl's Tue 2026-11-24 … */
static gboolean
read_weekday_first (RcaStampReader *r)
{
  r->p += 3;
  while (rca_stamp_left (r) > 0 && rca_stamp_is_alpha (*r->p))
    r->p++;
  if (rca_stamp_left (r) > 0 && *r->p == ',')
    r->p++;
  if (rca_stamp_left (r) < 12 || *r->p != ' ')
    return FALSE;
  while (rca_stamp_left (r) > 0 && *r->p == ' ')
    r->p++;
  if (rca_stamp_left (r) < 12)
    return FALSE;
  return rca_stamp_is_digit (*r->p) ? rca_stamp_read_digits_first (r, rca_stamp_count_digits (r)) : read_month_first (r);
}

gboolean
rca_stamp_read_letters_first (RcaStampReader *r)
{
  if (rca_stamp_left (r) < 12)
    return FALSE;
  if (rca_stamp_is_digit (r->p[1]))
    return rca_char_in (*r->p, "IWEFDVC") && *r->p && read_klog (r);
  if (is_weekday (r->p))
    return read_weekday_first (r);
  return read_month_first (r);
}

gsize
rca_stamp_count_digits (const RcaStampReader *r)
{
  gsize n = 0;
  while (n < rca_stamp_left (r) && n < 20 && rca_stamp_is_digit (r->p[n]))
    n++;
  return n;
}
