#include "clickhouse/row-binary.h"

RcaRowReader
rca_row_reader (GBytes *answer)
{
  gsize n;
  const guint8 *p = g_bytes_get_data (answer, &n);
  return (RcaRowReader){ p, p + n, FALSE };
}

static guint64
take (RcaRowReader *r, guint width)
{
  guint64 value = 0;
  if (r->broken || (gsize)(r->end - r->p) < width)
  {
    r->broken = TRUE;
    return 0;
  }
  for (guint i = 0; i < width; i++)
    value |= (guint64)r->p[i] << (8 * i);
  r->p += width;
  return value;
}

guint8
rca_row_u8 (RcaRowReader *r)
{
  return (guint8)take (r, 1);
}

guint16
rca_row_u16 (RcaRowReader *r)
{
  return (guint16)take (r, 2);
}

guint32
rca_row_u32 (RcaRowReader *r)
{
  return (guint32)take (r, 4);
}

guint64
rca_row_u64 (RcaRowReader *r)
{
  return take (r, 8);
}

gint64
rca_row_i64 (RcaRowReader *r)
{
  return (gint64)take (r, 8);
}

double
rca_row_f64 (RcaRowReader *r)
{
  guint64 bits = take (r, 8);
  double value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static guint64
take_varint (RcaRowReader *r)
{
  guint64 value = 0;
  for (guint shift = 0; shift < 64; shift += 7)
  {
    guint8 byte = rca_row_u8 (r);
    value |= (guint64)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
  r->broken = TRUE;
  return 0;
}

RcaBytes
rca_row_str (RcaRowReader *r)
{
  guint64 n = take_varint (r);
  if (r->broken || (guint64)(r->end - r->p) < n)
  {
    r->broken = TRUE;
    return rca_bytes ("", 0);
  }
  RcaBytes value = rca_bytes ((const char *)r->p, n);
  r->p += n;
  return value;
}

char *
rca_row_dup (RcaRowReader *r)
{
  RcaBytes value = rca_row_str (r);
  return value.n ? g_strndup (value.p, value.n) : NULL;
}

guint32
rca_row_length (RcaRowReader *r)
{
  guint64 n = take_varint (r);
  if (n > (guint64)(r->end - r->p))
    r->broken = TRUE;
  return r->broken ? 0 : (guint32)n;
}

void
rca_row_put (GByteArray *out, guint64 value, guint width)
{
  guint8 bytes[8];
  for (guint i = 0; i < width; i++)
    bytes[i] = (guint8)(value >> (8 * i));
  g_byte_array_append (out, bytes, width);
}

void
rca_row_put_f64 (GByteArray *out, double value)
{
  guint64 bits;
  memcpy (&bits, &value, sizeof bits);
  rca_row_put (out, bits, 8);
}

void
rca_row_put_length (GByteArray *out, guint64 n)
{
  guint8 bytes[10];
  guint at = 0;
  for (; n >= 0x80; n >>= 7)
    bytes[at++] = (guint8)(n | 0x80);
  bytes[at++] = (guint8)n;
  g_byte_array_append (out, bytes, at);
}

void
rca_row_put_bytes (GByteArray *out, RcaBytes value)
{
  rca_row_put_length (out, value.n);
  if (value.n)
    g_byte_array_append (out, (const guint8 *)value.p, (guint)value.n);
}

void
rca_row_put_str (GByteArray *out, const char *value)
{
  rca_row_put_bytes (out, value ? rca_bytes_str (value) : rca_bytes ("", 0));
}
