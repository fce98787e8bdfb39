/* Which of the next sixteen bytes are those looked for, as the bits of a mask: what long fields are skipped by.
 * Portable where the vector instructions are not there; bytes behind the end are none of them. */
#pragma once
#include "bytes.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define RCA_SCAN16 16

/* @a and @b may be the same; neither is NUL. */
static inline guint
rca_scan16_either (const char *p, gsize left, char a, char b)
{
#ifdef __SSE2__
  char copy[RCA_SCAN16];
  if (left < RCA_SCAN16)
  {
    memset (copy, 0, sizeof copy);
    memcpy (copy, p, left);
    p = copy;
  }
  const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
  return (guint) _mm_movemask_epi8 (_mm_or_si128 (_mm_cmpeq_epi8 (bytes, _mm_set1_epi8 (a)), _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 (b))));
#else
  guint mask = 0;
  for (gsize i = 0; i < MIN (left, RCA_SCAN16); i++)
    mask |= (guint) (p[i] == a || p[i] == b) << i;
  return mask;
#endif
}

/* How often @byte (not NUL) stands in @text. */
static inline gsize
rca_scan16_count (RcaBytes text, char byte)
{
  gsize n = 0;
  for (gsize i = 0; i < text.n; i += RCA_SCAN16)
    n += (gsize) __builtin_popcount (rca_scan16_either (text.p + i, text.n - i, byte, byte));
  return n;
}
