/* Times as loggers write them, as one number. Only what prints back exactly is one:
 * no 24:00, no second 60, no 31st of June. */
#include "local/lines/variable.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static inline gboolean
two (const char *p, guint *value)
{
  guint a = (guint)(guchar)p[0] - '0', b = (guint)(guchar)p[1] - '0';
  *value = a * 10 + b;
  return a < 10 && b < 10;
}

static inline gboolean
four (const char *p, guint *value)
{
  guint low;
  gboolean ok = two (p, value) && two (p + 2, &low);
  *value = *value * 100 + low;
  return ok;
}

/* Days from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms", 2013). */
static gint64
days_from (guint year, guint month, guint day)
{
  gint64 y = (gint64)year - (month <= 2);
  gint64 era = y / 400;
  gint64 yoe = y - era * 400;
  gint64 doy = (153 * ((gint64)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
date_of (gint64 days, guint *year, guint *month, guint *day)
{
  gint64 z = days + 719468;
  gint64 era = z / 146097;
  gint64 doe = z - era * 146097;
  gint64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  gint64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  *day = (guint)(doy - (153 * mp + 2) / 5 + 1);
  *month = (guint)(mp < 10 ? mp + 3 : mp - 9);
  *year = (guint)(yoe + era * 400 + (*month <= 2));
}

static gboolean
is_date (guint year, guint month, guint day)
{
  static const guint8 longest[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return year >= 1970 && year <= 9900 && month >= 1 && month <= 12 && day >= 1 && day <= (guint)(longest[month - 1] + (leap && month == 2));
}

static gboolean
read_clock (const char *p, guint64 *seconds)
{
  guint h, m, s;
  if (p[2] != ':' || p[5] != ':' || !two (p, &h) || !two (p + 3, &m) || !two (p + 6, &s) || h > 23 || m > 59 || s > 59)
    return FALSE;
  *seconds = h * 3600 + m * 60 + s;
  return TRUE;
}

static guint
month_of (const char *p)
{
  for (guint i = 0; i < 12; i++)
    if (memcmp (months + 3 * i, p, 3) == 0)
      return i + 1;
  return 0;
}

/* The date at @p, its layout, and how many bytes until its clock. */
static gsize
read_date (const char *p, gsize n, RcaStampLayout *layout, gint64 *days)
{
  guint year, month, day;
  if (n >= 19 && p[4] == '-' && p[7] == '-' && (p[10] == 'T' || p[10] == ' ') && four (p, &year) && two (p + 5, &month) && two (p + 8, &day))
    *layout = p[10] == 'T' ? RCA_STAMP_ISO_T : RCA_STAMP_ISO_BLANK;
  else if (n >= 20 && p[2] == '/' && p[6] == '/' && p[11] == ':' && two (p, &day) && four (p + 7, &year))
  {
    month = month_of (p + 3);
    *layout = RCA_STAMP_CLF;
  }
  else if (n >= 19 && p[4] == '/' && p[7] == '/' && p[10] == ' ' && four (p, &year) && two (p + 5, &month) && two (p + 8, &day))
    *layout = RCA_STAMP_SLASHES;
  else
    return 0;
  if (!is_date (year, month, day))
    return 0;
  *days = days_from (year, month, day);
  return *layout == RCA_STAMP_CLF ? 12 : 11;
}

/* Date and clock at @p, from @memo when they stand there again. Returns their length; 0: there are none. */
static gsize
read_seconds (RcaStampMemo *memo, const char *p, gsize n)
{
  if (memo->n && n >= memo->n && memcmp (p, memo->text, memo->n) == 0)
    return memo->n;
  RcaStampLayout layout = RCA_STAMP_CLOCK;
  gint64 days = 0;
  guint64 seconds;
  gsize at = read_date (p, n, &layout, &days);
  if (n < at + 8 || !read_clock (p + at, &seconds))
    return 0;
  memo->seconds = (guint64)days * 86400 + seconds;
  memo->layout = (guint8)layout;
  memo->n = (guint8)(at + 8);
  memcpy (memo->text, p, memo->n);
  return memo->n;
}

gboolean
rca_stamp_read (RcaStampMemo *memo, const char *p, const char *end, RcaVariable *var)
{
  gsize n = (gsize)(end - p), at = read_seconds (memo, p, n);
  if (!at)
    return FALSE;
  guint64 value = memo->seconds;
  guint digits = 0;
  gboolean comma = at < n && p[at] == ',';
  if (at + 1 < n && (p[at] == '.' || comma) && g_ascii_isdigit (p[at + 1]))
    while (digits < 9 && at + 1 + digits < n && g_ascii_isdigit (p[at + 1 + digits]))
      value = value * 10 + (guint64)(p[at + 1 + digits++] - '0');
  at += digits ? digits + 1 : 0;
  if (at < n && g_ascii_isdigit (p[at]))
    return FALSE;
  var->p = p;
  var->n = at;
  var->kind = RCA_VARIABLE_STAMP;
  var->param = (guint16)(memo->layout | digits << 4 | (guint)(digits && comma) << 8);
  var->value = value;
  return TRUE;
}

static inline char *
put_two (char *to, guint value)
{
  to[0] = (char)('0' + value / 10 % 10);
  to[1] = (char)('0' + value % 10);
  return to + 2;
}

static char *
put_date (RcaStampLayout layout, gint64 days, char *to)
{
  guint year, month, day;
  date_of (days, &year, &month, &day);
  if (layout == RCA_STAMP_CLF)
  {
    to = put_two (to, day);
    *to++ = '/';
    memcpy (to, months + 3 * (month - 1), 3);
    to[3] = '/';
    to = put_two (put_two (to + 4, year / 100), year % 100);
    *to++ = ':';
    return to;
  }
  char between = layout == RCA_STAMP_SLASHES ? '/' : '-';
  to = put_two (put_two (to, year / 100), year % 100);
  *to++ = between;
  to = put_two (to, month);
  *to++ = between;
  to = put_two (to, day);
  *to++ = layout == RCA_STAMP_ISO_T ? 'T' : ' ';
  return to;
}

static inline guint64
split_fraction (guint16 param, guint64 value, guint64 *fraction)
{
  static const guint64 units[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
  guint digits = (param >> 4) & 15;
  *fraction = 0;
  if (digits == 0)
    return value;
  guint64 unit = units[MIN (digits, 9)];
  *fraction = value % unit;
  return value / unit;
}

static gsize
print_seconds (RcaStampLayout layout, guint64 seconds, char *to)
{
  char *from = to;
  if (layout != RCA_STAMP_CLOCK)
    to = put_date (layout, (gint64)MIN (seconds / 86400, 2900000), to); /* to the year 9909: four digits */
  guint clock = (guint)(seconds % 86400);
  to = put_two (to, clock / 3600);
  *to++ = ':';
  to = put_two (to, clock / 60 % 60);
  *to++ = ':';
  return (gsize)(put_two (to, clock % 60) - from);
}

gsize
rca_stamp_print (RcaStampMemo *memo, guint16 param, guint64 value, char *to)
{
  guint64 fraction, seconds = split_fraction (param, value, &fraction);
  guint digits = (param >> 4) & 15;
  if (!memo->n || memo->seconds != seconds || memo->layout != (param & 15))
  {
    memo->layout = param & 15;
    memo->seconds = seconds;
    memo->n = (guint8)print_seconds (param & 15, seconds, memo->text);
  }
  memcpy (to, memo->text, sizeof memo->text); /* more than its length: @to has room */
  to += memo->n;
  if (digits)
    *to++ = param >> 8 ? ',' : '.';
  for (guint i = digits; i > 0; i--, fraction /= 10)
    to[i - 1] = (char)('0' + fraction % 10);
  return memo->n + (digits ? 1 + digits : 0);
}

gint64
rca_stamp_ns (guint16 param, guint64 value)
{
  guint64 fraction, seconds = split_fraction (param, value, &fraction);
  for (guint i = (param >> 4) & 15; i < 9; i++)
    fraction *= 10;
  return (gint64)(seconds * 1000000000u + fraction);
}
