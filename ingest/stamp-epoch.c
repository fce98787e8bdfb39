#include "stamp-reader.h"
#include "number.h"

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
  if (!rca_stamp_is_digit (digits.p[0]) || !rca_parse_int (point < 0 ? digits : rca_bytes (digits.p, (gsize)point), &whole))
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
      if (!rca_stamp_is_digit (digits.p[i]))
        return FALSE;
      place /= 10;
      fraction += (digits.p[i] - '0') * place;
    }
  }
  *time_ns = whole * scale + fraction;
  return TRUE;
}
