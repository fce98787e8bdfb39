#include "unicode.h"

#define RAW_BYTES 8192
#define LONGEST   4 /* bytes of one character in UTF-8 */

static RcaEncoding
guess_unmarked (RcaBytes head)
{
  gsize pairs = MIN (head.n, 256) / 2, low = 0, high = 0;
  for (gsize i = 0; i < pairs; i++)
  {
    low += head.p[2 * i] == 0 && head.p[2 * i + 1] != 0;
    high += head.p[2 * i + 1] == 0 && head.p[2 * i] != 0;
  }
  if (pairs < 8)
    return RCA_ENCODING_UTF8;
  return high * 10 >= pairs * 9 ? RCA_ENCODING_UTF16LE : low * 10 >= pairs * 9 ? RCA_ENCODING_UTF16BE : RCA_ENCODING_UTF8;
}

gsize
rca_unicode_detect (RcaUnicode *unicode, RcaBytes head)
{
  memset (unicode, 0, sizeof *unicode);
  if (rca_bytes_has_prefix (head, RCA_BYTES ("\xef\xbb\xbf")))
    return 3;
  if (rca_bytes_has_prefix (head, RCA_BYTES ("\xff\xfe")))
  {
    unicode->encoding = RCA_ENCODING_UTF16LE;
    return 2;
  }
  if (rca_bytes_has_prefix (head, RCA_BYTES ("\xfe\xff")))
  {
    unicode->encoding = RCA_ENCODING_UTF16BE;
    return 2;
  }
  unicode->encoding = guess_unmarked (head);
  return 0;
}

static gsize
put (char *out, gunichar c)
{
  return (gsize)g_unichar_to_utf8 (c, out);
}

/* One code unit in; returns bytes put. */
static gsize
convert_unit (RcaUnicode *unicode, guint16 unit, char *out)
{
  gsize n = 0;
  gboolean is_low = (unit & 0xfc00) == 0xdc00, is_high = (unit & 0xfc00) == 0xd800;
  if (unicode->surrogate)
  {
    guint16 high = unicode->surrogate;
    unicode->surrogate = 0;
    if (is_low)
      return put (out, 0x10000 + ((gunichar)(high & 0x3ff) << 10) + (unit & 0x3ff));
    n = put (out, 0xfffd);
    unicode->lossy = TRUE;
  }
  if (is_high)
    unicode->surrogate = unit;
  else
    n += put (out + n, is_low ? 0xfffd : unit);
  unicode->lossy |= is_low;
  return n;
}

gssize
rca_unicode_read (RcaUnicode *unicode, RcaRawRead read, gpointer user, char *buffer, gsize n, GError **error)
{
  char raw[RAW_BYTES];
  gsize out = 0;
  if (n < 2 * LONGEST)
    return 0;
  while (out == 0)
  {
    /* a unit gives at most 2 × 3 bytes when a surrogate before it was unpaired */
    gssize got = read (user, raw, MIN (sizeof raw, n / LONGEST), error);
    if (got <= 0)
      return got;
    for (gssize i = 0; i < got; i++)
    {
      unicode->unit[unicode->n_unit++] = (guint8)raw[i];
      if (unicode->n_unit < 2)
        continue;
      unicode->n_unit = 0;
      guint first = unicode->unit[0], second = unicode->unit[1];
      guint16 unit = (guint16)(unicode->encoding == RCA_ENCODING_UTF16LE ? second << 8 | first : first << 8 | second);
      out += convert_unit (unicode, unit, buffer + out);
    }
  }
  return (gssize)out;
}

static void
put_unit (RcaEncoding encoding, gunichar unit, GString *out)
{
  char low = (char)(unit & 0xff), high = (char)(unit >> 8);
  g_string_append_c (out, encoding == RCA_ENCODING_UTF16LE ? low : high);
  g_string_append_c (out, encoding == RCA_ENCODING_UTF16LE ? high : low);
}

void
rca_unicode_write (RcaEncoding encoding, RcaBytes text, GString *out)
{
  if (encoding == RCA_ENCODING_UTF8)
  {
    g_string_append_len (out, text.p, (gssize)text.n);
    return;
  }
  for (const char *p = text.p, *end = text.p + text.n; p < end;)
  {
    gunichar c = g_utf8_get_char_validated (p, end - p);
    if (c >= 0x110000)
      break; /* not made by rca_unicode_read() */
    p = g_utf8_next_char (p);
    if (c >= 0x10000)
      put_unit (encoding, 0xd800 + ((c - 0x10000) >> 10), out);
    put_unit (encoding, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c, out);
  }
}
