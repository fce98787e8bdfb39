#include "timestamp.h"

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
