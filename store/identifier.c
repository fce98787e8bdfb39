#include "sheet.h"

/* 32 digits in lower case: what nearly every id is. */
static gboolean
is_plain (const char *p)
{
  guint other = 0;
  for (guint i = 0; i < 32; i++)
    other |= !((guchar)(p[i] - '0') < 10 || (guchar)(p[i] - 'a') < 6);
  return !other;
}

RcaBytes
rca_normal_id (RcaBytes id, char out[RCA_ID_BYTES])
{
  gsize n = 0;
  if (id.n == 55 && id.p[2] == '-' && id.p[35] == '-')
    id = rca_bytes (id.p + 3, 32); /* a W3C traceparent: version-trace-span-flags */
  if (id.n == 32 && is_plain (id.p))
    return id;
  for (gsize i = 0; i < id.n && n < RCA_ID_BYTES; i++)
  {
    char c = id.p[i];
    if (g_ascii_isxdigit (c))
      out[n++] = g_ascii_tolower (c);
    else if (c != '-' || i == 0)
      return rca_bytes (id.p, MIN (id.n, RCA_ID_BYTES));
  }
  return rca_bytes (out, n);
}
