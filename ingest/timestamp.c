#include "timestamp.h"
#include "number.h"
#include <time.h>

#define NS_PER_DAY (86400 * RCA_NS_PER_S)

/* What was read so far; -1 = not written. */
typedef struct {
  const char *p, *end;
  gint year, month, day;
  gint hour, minute, second;
  gint64 fraction_ns;
  gint offset_s; /* east of Greenwich */
  gboolean has_zone;
} Reader;

static inline gboolean
is_digit (char c)
{
  return (guchar)(c - '0') < 10;
}

static inline gboolean
is_alpha (char c)
{
  return (guchar)((c | 32) - 'a') < 26;
}

static inline gsize
left (const Reader *r)
{
  return (gsize)(r->end - r->p);
}

/* Two digits at @p, -1 otherwise. */
static inline gint
two (const char *p)
{
  guint a = (guchar)(p[0] - '0'), b = (guchar)(p[1] - '0');
  return a < 10 && b < 10 ? (gint)(a * 10 + b) : -1;
}

static inline gint
four (const char *p)
{
  gint a = two (p), b = two (p + 2);
  return a < 0 || b < 0 ? -1 : a * 100 + b;
}

/* Not the middle of a number or word. */
static inline gboolean
at_boundary (const Reader *r)
{
  return r->p == r->end || !(is_digit (*r->p) || is_alpha (*r->p) || *r->p == '_');
}

static gboolean
valid_date (gint year, gint month, gint day)
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

/* Abbreviations that mean one thing wherever servers run. CST (America, China,
 * Cuba), IST (India, Ireland, Israel) and the like are left unread: better no
 * zone than a wrong one. */
static const struct {
  char name[5];
  gint16 minutes;
} zones[] = {
  { "UTC", 0 },    { "GMT", 0 },    { "CET", 60 },   { "CEST", 120 }, { "EST", -300 },  { "EDT", -240 },  { "PST", -480 }, { "PDT", -420 },
  { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 }, { "BST", 60 },   { "WET", 0 },     { "WEST", 60 },   { "EET", 120 },  { "EEST", 180 },
  { "MSK", 180 },  { "JST", 540 },  { "KST", 540 },  { "HKT", 480 },  { "SGT", 480 },   { "AEST", 600 },  { "AEDT", 660 }, { "ACST", 570 },
  { "ACDT", 630 }, { "AWST", 480 }, { "NZST", 720 }, { "NZDT", 780 }, { "AKST", -540 }, { "AKDT", -480 }, { "HST", -600 }, { "SAST", 120 },
  { "WIB", 420 },  { "EAT", 180 },  { "CAT", 120 },  { "WAT", 60 },   { "BRT", -180 },  { "UCT", 0 },     { "MET", 60 },   { "MEST", 120 },
};

/* A name ("CET", "Z") right at @r->p. */
static gboolean
read_zone_name (Reader *r)
{
  gsize n = 0;
  while (n < left (r) && n < 6 && is_alpha (r->p[n]))
    n++;
  if (n == 1 && (*r->p == 'Z' || *r->p == 'z'))
  {
    r->p++;
    r->has_zone = TRUE;
    return TRUE;
  }
  if (n < 3 || n > 4 || (n < left (r) && (is_digit (r->p[n]) || r->p[n] == '_' || r->p[n] == '/')))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    if (zones[i].name[0] == r->p[0] && memcmp (zones[i].name, r->p, n) == 0 && zones[i].name[n] == '\0')
    {
      r->p += n;
      r->offset_s = zones[i].minutes * 60;
      r->has_zone = TRUE;
      return TRUE;
    }
  return FALSE;
}

/* +hh:mm, +hhmm, +hh right at @r->p. */
static gboolean
read_zone_number (Reader *r)
{
  const char *p = r->p;
  if (left (r) < 3 || (*p != '+' && *p != '-'))
    return FALSE;
  gint sign = *p == '-' ? -1 : 1, hours = two (p + 1), minutes = 0;
  gsize n = 3;
  if (hours < 0 || hours > 18)
    return FALSE;
  if (left (r) >= 6 && p[3] == ':' && two (p + 4) >= 0)
    minutes = two (p + 4), n = 6;
  else if (left (r) >= 5 && two (p + 3) >= 0)
    minutes = two (p + 3), n = 5;
  if (minutes > 59 || (left (r) > n && (is_digit (p[n]) || is_alpha (p[n]))))
    return FALSE;
  r->p += n;
  r->offset_s = sign * (hours * 60 + minutes) * 60;
  r->has_zone = TRUE;
  return TRUE;
}

static void
read_zone (Reader *r)
{
  if (r->p == r->end)
    return;
  if (*r->p == 'Z' || *r->p == 'z' || *r->p == '+' || *r->p == '-')
  {
    if (*r->p == '+' || *r->p == '-' ? read_zone_number (r) : read_zone_name (r))
      return;
  }
  if (*r->p != ' ' || left (r) < 2)
    return;
  r->p++;
  if (!read_zone_number (r) && !read_zone_name (r))
    r->p--;
  else if (left (r) > 4 && r->p[0] == ' ' && memcmp (r->p + 1, "UTC", 3) == 0 && !is_alpha (r->p[4]))
    r->p += 4; /* Go's "+0000 UTC" */
}

/* .5 ,123 .123456789 and Java's :123; digits beyond the nanosecond are dropped. */
static void
read_fraction (Reader *r)
{
  if (left (r) < 2 || !is_digit (r->p[1]) || (*r->p != '.' && *r->p != ','))
  {
    if (left (r) < 4 || *r->p != ':' || two (r->p + 1) < 0 || !is_digit (r->p[3]) || (left (r) > 4 && is_digit (r->p[4])))
      return;
  }
  gint64 scale = 100000000;
  for (r->p++; r->p < r->end && is_digit (*r->p); r->p++)
  {
    r->fraction_ns += (*r->p - '0') * scale;
    scale /= 10;
  }
}

/* 12-hour clocks. */
static void
read_am_pm (Reader *r)
{
  const char *p = r->p;
  gsize n = left (r);
  if (n >= 5 && p[0] == '\xe2' && p[1] == '\x80' && p[2] == '\xaf') /* Java 20 and ICU 72 put U+202F there */
    p += 3, n -= 3;
  else if (n >= 3 && p[0] == ' ')
    p++, n--;
  if (n < 2 || ((p[0] | 32) != 'a' && (p[0] | 32) != 'p') || (p[1] | 32) != 'm' || (n > 2 && is_alpha (p[2])) || r->hour > 12 || r->hour < 1)
    return;
  r->hour = r->hour % 12 + ((p[0] | 32) == 'p' ? 12 : 0);
  r->p = p + 2;
}

/* hh:mm[:ss[.f]] with an hour of one or two digits, or hhmmss. */
static gboolean
read_clock (Reader *r, gboolean need_seconds)
{
  gsize hour_n = left (r) >= 2 && is_digit (r->p[0]) && is_digit (r->p[1]) ? 2 : 1;
  if (left (r) < hour_n + 3 || !is_digit (r->p[0]))
    return FALSE;
  r->hour = hour_n == 2 ? two (r->p) : r->p[0] - '0';
  char colon = r->p[hour_n];
  if (is_digit (colon) && left (r) >= 6 && hour_n == 2)
  { /* hhmmss */
    r->minute = two (r->p + 2);
    r->second = two (r->p + 4);
    r->p += 6;
    if (left (r) > 0 && is_digit (*r->p))
      return FALSE;
  }
  else if (colon == ':' || colon == '.')
  {
    const char *p = r->p + hour_n + 1;
    r->minute = two (p);
    r->second = 0;
    r->p = p + 2;
    if (left (r) >= 3 && *r->p == colon && two (r->p + 1) >= 0)
    {
      r->second = two (r->p + 1);
      r->p += 3;
    }
    else if (need_seconds || colon == '.')
      return FALSE;
  }
  else
    return FALSE;
  if (r->minute < 0 || r->minute > 59 || r->second < 0 || r->second > 60 || r->hour > 24 || (r->hour == 24 && (r->minute > 0 || r->second > 0))
      || (left (r) > 0 && is_digit (*r->p)))
    return FALSE;
  read_fraction (r);
  read_am_pm (r);
  return TRUE;
}

/* Clock and zone after a date; what may stand between: T, blanks, a comma, CLF's colon, DB2's dash. */
static gboolean
read_clock_after_date (Reader *r)
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
  if (c == ' ' && left (r) > 2 && r->p[0] == '-' && r->p[1] == ' ') /* Gin */
    r->p += 2;
  if (!read_clock (r, FALSE))
    return FALSE;
  read_zone (r);
  return TRUE;
}

static gint
full_year (gint two_digits)
{
  return two_digits < 70 ? 2000 + two_digits : 1900 + two_digits;
}

/* 2026-11-24, 2026/11/24, 2026.11.24 */
static gboolean
read_year_first (Reader *r)
{
  r->year = four (r->p);
  r->month = two (r->p + 5);
  r->day = two (r->p + 8);
  r->p += 10;
  return r->year >= 0 && r->month > 0 && read_clock_after_date (r);
}

/* 24/Nov/2026, 24-Nov-2026, 24-Nov-26 */
static gboolean
read_day_month_name (Reader *r)
{
  char mark = r->p[2];
  r->day = two (r->p);
  r->month = month_of (r->p + 3);
  if (r->month == 0 || left (r) < 9 || r->p[6] != mark)
    return FALSE;
  if (left (r) >= 11 && four (r->p + 7) >= 0)
  {
    r->year = four (r->p + 7);
    r->p += 11;
  }
  else
  {
    gint year = two (r->p + 7);
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
read_number_date (Reader *r)
{
  char mark = r->p[2];
  gint a = two (r->p), b = two (r->p + 3), c;
  if (a < 0 || b < 0 || left (r) < 8)
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
  if (left (r) >= 10 && four (r->p + 6) >= 0)
  {
    c = four (r->p + 6);
    r->p += 10;
  }
  else
  {
    c = two (r->p + 6);
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
read_day_name_year (Reader *r, gsize day_n)
{
  r->day = day_n == 2 ? two (r->p) : r->p[0] - '0';
  r->p += day_n + 1;
  if (left (r) < 9 || (r->month = month_of (r->p)) == 0)
    return FALSE;
  r->p += 3;
  while (left (r) > 0 && is_alpha (*r->p)) /* "November" */
    r->p++;
  if (left (r) >= 6 && *r->p == ' ' && four (r->p + 1) >= 0 && !is_digit (r->p[5]) && r->p[5] != ':')
  {
    r->year = four (r->p + 1);
    r->p += 5;
  }
  return read_clock_after_date (r);
}

/* 261124  0:33:00 (MariaDB), 081109 203615 (HDFS), 20261124 02:03:04, 20261124T020304Z */
static gboolean
read_compact_date (Reader *r, gsize digits)
{
  if (digits == 6)
  {
    r->year = full_year (two (r->p));
    r->month = two (r->p + 2);
    r->day = two (r->p + 4);
  }
  else
  {
    r->year = four (r->p);
    r->month = two (r->p + 4);
    r->day = two (r->p + 6);
  }
  r->p += digits == 6 ? 6 : 8;
  if (!valid_date (r->year, r->month, r->day) || r->year > 2100)
    return FALSE;
  if (digits == 14)
  {
    if (!read_clock (r, TRUE))
      return FALSE;
    read_zone (r);
    return TRUE;
  }
  return (digits == 8 || *r->p == ' ') && read_clock_after_date (r);
}

static gboolean
read_epoch (Reader *r, gsize digits, RcaStamp *out)
{
  gsize n = digits;
  if (left (r) > n + 1 && r->p[n] == '.' && is_digit (r->p[n + 1]))
    for (n++; n < left (r) && is_digit (r->p[n]);)
      n++;
  if (!rca_stamp_parse_epoch (rca_bytes (r->p, n), &out->time_ns) || out->time_ns < 1000000000 * RCA_NS_PER_S)
    return FALSE;
  r->p += n;
  out->flags = RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR;
  return at_boundary (r) && (r->p == r->end || *r->p != '.');
}

/* 02:09:19.448: no date at all */
static gboolean
read_time_of_day (Reader *r)
{
  if (!read_clock (r, TRUE) || !at_boundary (r))
    return FALSE;
  read_zone (r);
  return TRUE;
}

/* Begins with a digit and is no epoch. */
static gboolean
read_digits_first (Reader *r, gsize digits)
{
  const char *p = r->p;
  gsize n = left (r);
  if (digits == 4 && n >= 13 && p[4] == p[7] && (p[4] == '-' || p[4] == '/' || p[4] == '.'))
    return read_year_first (r);
  if (digits == 2 && n >= 8)
    switch (p[2])
    {
    case ':':
      return read_time_of_day (r);
    case '/':
    case '-':
      return is_alpha (p[3]) ? read_day_month_name (r) : read_number_date (r);
    case '.':
      return read_number_date (r);
    case ' ':
      return is_alpha (p[3]) && read_day_name_year (r, 2);
    default:
      return FALSE;
    }
  if (digits == 1 && n >= 7)
    return p[1] == ':' ? read_time_of_day (r) : p[1] == ' ' && is_alpha (p[2]) && read_day_name_year (r, 1);
  if ((digits == 6 || digits == 8 || digits == 14) && n >= 13)
    return read_compact_date (r, digits);
  return FALSE;
}

/* A year after the clock: asctime's, and date(1)'s after the zone. */
static void
read_trailing_year (Reader *r)
{
  if (left (r) < 5 || *r->p != ' ' || four (r->p + 1) < 1970 || four (r->p + 1) > 2100)
    return;
  Reader after = *r;
  after.p += 5;
  if (!at_boundary (&after))
    return;
  r->year = four (r->p + 1);
  r->p += 5;
}

/* Nov 24 02:09:13, Nov  3 …, Nov 24 2026 …, Nov 24, 2026 2:09:13 AM, Nov 24 02:09:13.069 [UTC] 2026 */
static gboolean
read_month_first (Reader *r)
{
  if (left (r) < 12 || (r->month = month_of (r->p)) == 0)
    return FALSE;
  r->p += 3;
  while (left (r) > 0 && is_alpha (*r->p))
    r->p++;
  if (left (r) < 9 || *r->p != ' ')
    return FALSE;
  while (left (r) > 0 && *r->p == ' ')
    r->p++;
  gsize day_n = left (r) >= 2 && two (r->p) >= 0 ? 2 : 1;
  if (left (r) < 8 || !is_digit (*r->p))
    return FALSE;
  r->day = day_n == 2 ? two (r->p) : *r->p - '0';
  r->p += day_n;
  if (*r->p == ',')
    r->p++;
  if (left (r) >= 6 && *r->p == ' ' && four (r->p + 1) >= 1970 && (r->p[5] == ' ' || r->p[5] == ','))
  {
    r->year = four (r->p + 1);
    r->p += 5;
  }
  if (!read_clock_after_date (r))
    return FALSE;
  if (r->year < 0)
  {
    read_trailing_year (r);
    if (r->year >= 0 && !r->has_zone)
      read_zone (r);
  }
  return TRUE;
}

/* E1124 02:10:42.934567, glog's I20261124 02:10:42.934567, CockroachDB's I261124 02:10:42.934567 */
static gboolean
read_klog (Reader *r)
{
  gsize digits = 0;
  r->p++;
  while (digits < left (r) && digits < 9 && is_digit (r->p[digits]))
    digits++;
  if (digits == 8 || (digits == 6 && left (r) > 14 && r->p[6] == ' ' && r->p[9] == ':'))
    return read_compact_date (r, digits);
  if (digits != 4 || left (r) < 13 || r->p[4] != ' ')
    return FALSE;
  r->month = two (r->p);
  r->day = two (r->p + 2);
  r->p += 4;
  return read_clock_after_date (r);
}

static gsize count_digits (const Reader *r);

/* Tue Nov 24 …; Tue, 24 Nov 2026 …; journalctl's Tue 2026-11-24 … */
static gboolean
read_weekday_first (Reader *r)
{
  r->p += 3;
  while (left (r) > 0 && is_alpha (*r->p))
    r->p++;
  if (left (r) > 0 && *r->p == ',')
    r->p++;
  if (left (r) < 12 || *r->p != ' ')
    return FALSE;
  while (left (r) > 0 && *r->p == ' ')
    r->p++;
  if (left (r) < 12)
    return FALSE;
  return is_digit (*r->p) ? read_digits_first (r, count_digits (r)) : read_month_first (r);
}

static gboolean
read_letters_first (Reader *r)
{
  if (left (r) < 12)
    return FALSE;
  if (is_digit (r->p[1]))
    return rca_char_in (*r->p, "IWEFDVC") && *r->p && read_klog (r);
  if (is_weekday (r->p))
    return read_weekday_first (r);
  return read_month_first (r);
}

static gsize
count_digits (const Reader *r)
{
  gsize n = 0;
  while (n < left (r) && n < 20 && is_digit (r->p[n]))
    n++;
  return n;
}

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
  return four (rca_time_format (time_ns, text));
}

static gint64
distance (gint64 a, gint64 b)
{
  return a > b ? a - b : b - a;
}

static gint64
reader_ns (const Reader *r, gint year, gint month, gint day)
{
  return rca_civil_ns (year, month, day, r->hour, r->minute, r->second, r->fraction_ns) - r->offset_s * RCA_NS_PER_S;
}

/* The year that puts the record nearest to the one before, so that 31 December is
 * followed by 1 January; for the first one the last year that does not lie after
 * the file's last write (a day of grace for zones and clocks). */
static gint64
time_without_year (const Reader *r, const RcaStampContext *context)
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
time_without_date (const Reader *r, const RcaStampContext *context)
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

static gboolean
finish (const Reader *r, const RcaStampContext *context, RcaStamp *out)
{
  out->flags = r->has_zone ? RCA_STAMP_HAS_ZONE : 0;
  if (r->month < 0)
  {
    out->time_ns = time_without_date (r, context);
    return TRUE;
  }
  if (!valid_date (r->year < 0 ? 2000 : r->year, r->month, r->day))
    return FALSE;
  out->flags |= RCA_STAMP_HAS_DATE | (r->year < 0 ? 0 : RCA_STAMP_HAS_YEAR);
  out->time_ns = r->year < 0 ? time_without_year (r, context) : reader_ns (r, r->year, r->month, r->day);
  return TRUE;
}

/* zerolog's console (Go's time.Kitchen): "3:04PM", a time of day to the minute */
static gboolean
read_kitchen (Reader *r, gsize digits)
{
  const char *p = r->p + digits;
  if (digits < 1 || digits > 2 || left (r) < digits + 5 || *p != ':' || !is_digit (p[1]) || !is_digit (p[2]) || (p[3] != 'A' && p[3] != 'P') || p[4] != 'M')
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
read_stamp (Reader *r, const RcaStampContext *context, RcaStamp *out)
{
  if (left (r) < 7)
    return FALSE;
  if (!is_digit (*r->p))
    return is_alpha (*r->p) && read_letters_first (r) && finish (r, context, out);
  gsize digits = count_digits (r);
  if (read_kitchen (r, digits))
    return finish (r, context, out);
  if (digits >= 10 && digits != 14)
    return read_epoch (r, digits, out);
  return read_digits_first (r, digits) && finish (r, context, out);
}

void
rca_stamp_context_init (RcaStampContext *context, gint64 mtime_ns)
{
  context->mtime_ns = mtime_ns;
  context->previous_ns = RCA_TIME_NONE;
}

gsize
rca_stamp_parse (RcaBytes text, RcaStampContext *context, RcaStamp *out)
{
  if (text.n == 0)
    return 0;
  Reader r = { .p = text.p, .end = text.p + text.n, .year = -1, .month = -1, .day = -1 };

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
    context->previous_ns = out->time_ns;
  return (gsize)(r.p - text.p);
}

/* Seconds, then a thousand times finer each: spans of 1990..2100 do not overlap. */
gboolean
rca_stamp_parse_epoch (RcaBytes digits, gint64 *time_ns)
{
  const gint64 first_s = 631152000, last_s = 4102444800; /* 1990-01-01, 2100-01-01 */
  gssize point = rca_bytes_find (digits, RCA_BYTES ("."));
  gint64 whole, scale = RCA_NS_PER_S, fraction = 0;

  if (digits.n == 0)
    return FALSE;
  if (memchr (digits.p, 'e', digits.n) || memchr (digits.p, 'E', digits.n))
  { /* a float printed by a shortest-form writer: 1.795480342791e+09 */
    double value;
    if (!rca_parse_double (digits, &value) || value < (double)first_s || value > 4.2e18)
      return FALSE;
    while (value > (double)last_s)
      value /= 1000;
    *time_ns = (gint64)(value * 1e6 + 0.5) * 1000;
    return value >= (double)first_s;
  }
  if (!is_digit (digits.p[0]) || !rca_parse_int (point < 0 ? digits : rca_bytes (digits.p, (gsize)point), &whole))
    return FALSE;
  gint64 unit = 1;
  while (whole / unit > last_s && scale > 1)
  {
    unit *= 1000;
    scale /= 1000;
  }
  if (whole / unit < first_s || whole / unit > last_s)
    return FALSE;
  if (point >= 0)
  {
    gint64 place = scale;
    for (gsize i = (gsize)point + 1; i < digits.n; i++)
    {
      if (!is_digit (digits.p[i]))
        return FALSE;
      place /= 10;
      fraction += (digits.p[i] - '0') * place;
    }
  }
  *time_ns = whole * scale + fraction;
  return TRUE;
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

gint64
rca_civil_ns (gint year, gint month, gint day, gint hour, gint minute, gint second, gint64 nanosecond)
{
  gint64 y = month <= 2 ? year - 1 : year;
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  gint64 of_era = y - era * 400;
  gint64 of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  gint64 day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
  gint64 days = era * 146097 + day_of_era - 719468;
  return (days * 86400 + hour * 3600 + minute * 60 + second) * RCA_NS_PER_S + nanosecond;
}

static void
put_digits (char *to, gint64 value, gint n)
{
  while (n-- > 0)
  {
    to[n] = (char)('0' + value % 10);
    value /= 10;
  }
}

const char *
rca_time_format (gint64 time_ns, char out[32])
{
  gint64 ms = time_ns / RCA_NS_PER_MS - (time_ns % RCA_NS_PER_MS < 0);
  gint64 days = ms / 86400000 - (ms % 86400000 < 0), in_day = ms - days * 86400000;
  /* civil from days, as above turned round */
  gint64 z = days + 719468;
  gint64 era = (z >= 0 ? z : z - 146096) / 146097;
  gint64 doe = z - era * 146097;
  gint64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  gint64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  gint64 mp = (5 * doy + 2) / 153;
  gint64 day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  gint64 year = yoe + era * 400 + (month <= 2);

  memcpy (out, "0000-00-00T00:00:00.000Z", 25);
  put_digits (out, year, 4);
  put_digits (out + 5, month, 2);
  put_digits (out + 8, day, 2);
  put_digits (out + 11, in_day / 3600000, 2);
  put_digits (out + 14, in_day / 60000 % 60, 2);
  put_digits (out + 17, in_day / 1000 % 60, 2);
  put_digits (out + 20, in_day % 1000, 3);
  return out;
}
