#include "bytes.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__
/* Compares the needle's first and last byte at sixteen places at once (W. Muła, "SIMD-friendly
 * algorithms for substring searching", 2016); glibc's memmem works a byte at a time. There
 * are at least sixteen places; the last sixteen are looked at together, though some of them a second time. */
static gssize
find_wide (RcaBytes hay, RcaBytes needle)
{
  gsize n = needle.n, last_at = hay.n - n - 15;
  const __m128i first = _mm_set1_epi8 (needle.p[0]), last = _mm_set1_epi8 (needle.p[n - 1]);
  for (gsize i = 0;; i = MIN (i + 16, last_at))
    {
      __m128i a = _mm_cmpeq_epi8 (first, _mm_loadu_si128 ((const __m128i *) (const void *) (hay.p + i)));
      __m128i b = _mm_cmpeq_epi8 (last, _mm_loadu_si128 ((const __m128i *) (const void *) (hay.p + i + n - 1)));
      for (guint mask = (guint) _mm_movemask_epi8 (_mm_and_si128 (a, b)); mask; mask &= mask - 1)
        {
          gsize at = i + (gsize) __builtin_ctz (mask);
          if (memcmp (hay.p + at + 1, needle.p + 1, n - 2) == 0)
            return (gssize) at;
        }
      if (i == last_at)
        return -1;
    }
}
#endif

gssize
rca_bytes_find (RcaBytes hay, RcaBytes needle)
{
  gsize n = needle.n;
  if (n == 0 || hay.n < n)
    return -1;
  if (n == 1)
    {
      const char *at = memchr (hay.p, needle.p[0], hay.n);
      return at ? (gssize) (at - hay.p) : -1;
    }
#ifdef __SSE2__
  if (hay.n >= n + 15)
    return find_wide (hay, needle);
#endif
  for (gsize i = 0; i + n <= hay.n; i++)
    if (hay.p[i] == needle.p[0] && hay.p[i + n - 1] == needle.p[n - 1] && memcmp (hay.p + i + 1, needle.p + 1, n - 2) == 0)
      return (gssize) i;
  return -1;
}
