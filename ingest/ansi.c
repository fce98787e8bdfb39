#include "ansi.h"

/* The length of the sequence at the start of @rest, which begins with ESC (ECMA-48: CSI, OSC, two-byte ones). */
static gsize
sequence (RcaBytes rest)
{
  gsize i = 2;
  if (rest.n < 2)
    return rest.n;
  if (rest.p[1] == '[')
  {
    while (i < rest.n && (rest.p[i] < 0x40 || rest.p[i] > 0x7e) && rest.p[i] != '\n')
      i++;
    return i < rest.n && rest.p[i] != '\n' ? i + 1 : i;
  }
  if (rest.p[1] == ']')
  {
    while (i < rest.n && rest.p[i] != '\a' && rest.p[i] != '\x1b' && rest.p[i] != '\n')
      i++;
    return i < rest.n && rest.p[i] == '\a' ? i + 1 : i;
  }
  return rest.p[1] == '\n' ? 1 : 2;
}

gsize
rca_ansi_strip (RcaBytes text, char *out)
{
  gsize n = 0;
  for (gsize i = 0; i < text.n;)
    if (text.p[i] == '\x1b')
      i += sequence (rca_bytes_from (text, i));
    else
      out[n++] = text.p[i++];
  return n;
}
