#include "sheet.h"

RcaBytes
rca_normal_id (RcaBytes id, char out[RCA_ID_BYTES])
{
  gsize n = 0;
  if (id.n == 55 && id.p[2] == '-' && id.p[35] == '-')
    id = rca_bytes (id.p + 3, 32); /* a W3C traceparent: version-trace-span-flags */
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
