#include "number.h"
#include "bounds.h"
#include <math.h>
#include <stdlib.h>

static inline gboolean
is_digit (char c)
{
  return (guchar)(c - '0') < 10;
}

gboolean
rca_parse_int (RcaBytes text, gint64 *out)
{
  gsize i = 0;
  gboolean negative = FALSE;
  guint64 value = 0;

  if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+'))
    negative = text.p[i++] == '-';
  if (i == text.n)
    return FALSE;
  if (text.n <= 18) /* too few digits to overflow */
  {
    for (; i < text.n; i++)
    {
      guint digit = (guchar)(text.p[i] - '0');
      if (digit > 9)
        return FALSE;
      value = value * 10 + digit;
    }
    *out = negative ? -(gint64)value : (gint64)value;
    return TRUE;
  }
  guint64 limit = (guint64)G_MAXINT64 + (negative ? 1 : 0);
  for (; i < text.n; i++)
  {
    if (!is_digit (text.p[i]))
      return FALSE;
    guint64 digit = (guint64)(text.p[i] - '0');
    if (value > (limit - digit) / 10)
      return FALSE;
    value = value * 10 + digit;
  }
  *out = negative ? (gint64)(0 - value) : (gint64)value;
  return TRUE;
}

/* Exact in a double: 10^22 is the last power of ten that is (Clinger, 1990). */
static const double exact_powers[]
    = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* What the quick way cannot give exactly: the C library's answer, of a bounded copy. */
static gboolean
parse_double_slow (RcaBytes text, double *out)
{
  char copy[512];
  char *end;
  if (text.n >= sizeof copy)
    return FALSE;
  memcpy (copy, text.p, text.n);
  copy[text.n] = '\0';
  *out = g_ascii_strtod (copy, &end);
  return end == copy + text.n && isfinite (*out);
}

gboolean
rca_parse_double (RcaBytes text, double *out)
{
  gsize i = 0, digits = 0;
  gboolean negative = FALSE;
  guint64 mantissa = 0;
  int exponent = 0;

  if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+'))
    negative = text.p[i++] == '-';
  for (; i < text.n && is_digit (text.p[i]); i++, digits++)
    if (mantissa < G_GUINT64_CONSTANT (100000000000000000))
      mantissa = mantissa * 10 + (guint64)(text.p[i] - '0');
    else
      exponent++;
  if (i < text.n && text.p[i] == '.')
    for (i++; i < text.n && is_digit (text.p[i]); i++, digits++)
      if (mantissa < G_GUINT64_CONSTANT (100000000000000000))
        mantissa = mantissa * 10 + (guint64)(text.p[i] - '0'), exponent--;
  if (digits == 0)
    return FALSE;
  if (i < text.n && (text.p[i] == 'e' || text.p[i] == 'E'))
  {
    gint64 written;
    if (!rca_parse_int (rca_bytes_from (text, i + 1), &written) || written > 400 || written < -400)
      return FALSE;
    exponent += (int)written;
    i = text.n;
  }
  if (i != text.n)
    return FALSE;
  if (mantissa > (G_GUINT64_CONSTANT (1) << 53) || exponent < -22 || exponent > 22)
    return parse_double_slow (text, out);
  double value = (double)mantissa;
  value = exponent < 0 ? value / exact_powers[-exponent] : value * exact_powers[exponent];
  *out = negative ? -value : value;
  return TRUE;
}

static const struct {
  RcaBytes name;
  gint64 ns;
} units[] = {
  { { "ms", 2 }, 1000000 },
  { { "s", 1 }, 1000000000 },
  { { "us", 2 }, 1000 },
  { { "\xc2\xb5s", 3 }, 1000 }, /* U+00B5, Go's own */
  { { "\xce\xbcs", 3 }, 1000 }, /* U+03BC */
  { { "ns", 2 }, 1 },
  { { "m", 1 }, 60 * G_GINT64_CONSTANT (1000000000) },
  { { "h", 1 }, 3600 * G_GINT64_CONSTANT (1000000000) },
  { { "d", 1 }, 86400 * G_GINT64_CONSTANT (1000000000) },
  { { "sec", 3 }, 1000000000 },
  { { "secs", 4 }, 1000000000 },
  { { "second", 6 }, 1000000000 },
  { { "seconds", 7 }, 1000000000 },
  { { "msec", 4 }, 1000000 },
  { { "msecs", 5 }, 1000000 },
  { { "millis", 6 }, 1000000 },
  { { "millisecond", 11 }, 1000000 },
  { { "milliseconds", 12 }, 1000000 },
  { { "usec", 4 }, 1000 },
  { { "micros", 6 }, 1000 },
  { { "microseconds", 12 }, 1000 },
  { { "nanos", 5 }, 1 },
  { { "nanoseconds", 11 }, 1 },
  { { "min", 3 }, 60 * G_GINT64_CONSTANT (1000000000) },
  { { "mins", 4 }, 60 * G_GINT64_CONSTANT (1000000000) },
  { { "minute", 6 }, 60 * G_GINT64_CONSTANT (1000000000) },
  { { "minutes", 7 }, 60 * G_GINT64_CONSTANT (1000000000) },
  { { "hour", 4 }, 3600 * G_GINT64_CONSTANT (1000000000) },
  { { "hours", 5 }, 3600 * G_GINT64_CONSTANT (1000000000) },
};

static gint64
unit_of (RcaBytes name)
{
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (units[i].name.n == name.n && g_ascii_strncasecmp (units[i].name.p, name.p, name.n) == 0)
      return units[i].ns;
  return 0;
}

/* scaled() of digits and a point, few enough not to overflow: nearly all that is written. FALSE: it may still be a number. */
static gboolean
scaled_quickly (RcaBytes number, gint64 unit_ns, gint64 *out_ns)
{
  gint64 whole = 0, scale = unit_ns, fraction = 0;
  gsize i = 0;
  if (number.n == 0 || number.n > 12 || unit_ns <= 0 || unit_ns > G_GINT64_CONSTANT (1000000000))
    return FALSE;
  for (; i < number.n && is_digit (number.p[i]); i++)
    whole = whole * 10 + (number.p[i] - '0');
  if (whole >= 1000000000 || (i < number.n && (number.p[i] != '.' || number.n == 1)))
    return FALSE;
  for (i++; i < number.n; i++)
  {
    if (!is_digit (number.p[i]))
      return FALSE;
    fraction += (number.p[i] - '0') * scale / 10;
    scale /= 10;
  }
  *out_ns = whole * unit_ns + fraction;
  return TRUE;
}

/* Whole part and fraction by themselves: 1.1 s is 1100000000 ns, which a double would miss. */
static gboolean
scaled (RcaBytes number, gint64 unit_ns, gint64 *out_ns)
{
  if (scaled_quickly (number, unit_ns, out_ns))
    return TRUE;
  gssize point = rca_bytes_find (number, RCA_BYTES ("."));
  gint64 whole = 0, scale = unit_ns, fraction = 0;
  RcaBytes head = point < 0 ? number : rca_bytes (number.p, (gsize)point);

  for (gsize i = 0; i < number.n; i++)
    if (!is_digit (number.p[i]) && (gssize)i != point)
    {
      double value; /* an exponent: exactness is not at stake */
      if (!rca_parse_double (number, &value) || value < 0 || value * (double)unit_ns > (double)RCA_BOUND_DURATION_NS)
        return FALSE;
      *out_ns = (gint64)(value * (double)unit_ns + 0.5);
      return TRUE;
    }
  if (number.n == 0 || (point >= 0 && number.n == 1) || (head.n > 0 && !rca_parse_int (head, &whole)))
    return FALSE;
  if (whole < 0 || whole > (RCA_BOUND_DURATION_NS - unit_ns) / MAX (unit_ns, 1))
    return FALSE;
  if (point >= 0)
    for (gsize i = (gsize)point + 1; i < number.n && scale > 0; i++)
    {
      gint64 digit = number.p[i] - '0';
      fraction += digit * scale / 10;
      scale /= 10;
    }
  *out_ns = whole * unit_ns + fraction;
  return TRUE;
}

gboolean
rca_duration_of (gint64 count, gint64 unit_ns, gint64 *out_ns)
{
  if (count < 0 || count > RCA_BOUND_DURATION_NS / unit_ns)
    return FALSE;
  *out_ns = count * unit_ns;
  return TRUE;
}

/* [D-|D ]H:MM:SS[.f] and MM:SS[.f] */
static gboolean
parse_clock (RcaBytes text, gint64 *out_ns)
{
  gint64 total = 0;
  guint parts = 0;
  while (TRUE)
  {
    gssize colon = rca_bytes_find (text, RCA_BYTES (":"));
    gint64 part;
    if (colon < 0)
      break;
    if (!rca_parse_int (rca_bytes (text.p, (gsize)colon), &part) || part < 0 || part > 1000000 || ++parts > 2)
      return FALSE;
    total = (total + part) * 60;
    text = rca_bytes_from (text, (gsize)colon + 1);
  }
  gint64 seconds;
  if (parts == 0 || !scaled (text, 1000000000, &seconds) || seconds >= 60 * G_GINT64_CONSTANT (1000000000) || total > RCA_BOUND_DURATION_NS / 1000000000 - 60)
    return FALSE;
  *out_ns = total * 1000000000 + seconds;
  return TRUE;
}

gboolean
rca_parse_duration (RcaBytes text, gint64 unit_ns, gint64 *out_ns)
{
  gint64 total = 0;
  gsize at = 0;
  guint parts = 0;

  while (text.n > 0 && text.p[0] == ' ')
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && text.p[text.n - 1] == ' ')
    text.n--;
  if (text.n == 0 || text.p[0] == '-' || text.p[0] == '+')
    return FALSE;
  if (is_digit (text.p[0]) && scaled_quickly (text, unit_ns, out_ns))
    return TRUE;
  if (memchr (text.p, ':', text.n))
    return parse_clock (text, out_ns);
  while (at < text.n)
  {
    gsize from = at, name;
    gint64 part, unit = unit_ns;
    while (at < text.n && (is_digit (text.p[at]) || text.p[at] == '.'))
      at++;
    if (at + 1 < text.n && at > from && (text.p[at] == 'e' || text.p[at] == 'E')
        && (is_digit (text.p[at + 1]) || text.p[at + 1] == '-' || text.p[at + 1] == '+'))
      for (at += 2; at < text.n && is_digit (text.p[at]);)
        at++;
    RcaBytes number = rca_bytes (text.p + from, at - from);
    while (at < text.n && text.p[at] == ' ')
      at++;
    for (name = at; at < text.n && !is_digit (text.p[at]) && text.p[at] != ' ' && text.p[at] != '.';)
      at++;
    if (at > name)
      unit = unit_of (rca_bytes (text.p + name, at - name));
    else if (parts > 0) /* "1m30": a bare number means nothing after a unit */
      return FALSE;
    if (unit == 0 || !scaled (number, unit, &part) || total > RCA_BOUND_DURATION_NS - part)
      return FALSE;
    total += part;
    parts++;
    while (at < text.n && text.p[at] == ' ')
      at++;
  }
  *out_ns = total;
  return parts > 0;
}
