/* Whether a text holds any of a few words, two to sixteen bytes each: one pass over the text for all of them.
 * @words and @n_words are constants, so that the words' ends become part of the code. */
#pragma once
#include "bytes.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define RCA_HOLDS_ANY_LENGTH 16

static inline gboolean
rca_holds_any_at (const char *p, const RcaBytes *words, guint n_words, gsize left)
{
  for (guint i = 0; i < n_words; i++)
    if (words[i].n <= left && *p == words[i].p[0] && memcmp (p, words[i].p, words[i].n) == 0)
      return TRUE;
  return FALSE;
}

#ifdef __SSE2__
/* Which of sixteen places look like a word's by its first and its last byte (as rca_bytes_find() does for one word). */
static inline __attribute__ ((always_inline)) guint
rca_holds_any_places (const char *p, const RcaBytes *words, guint n_words)
{
  const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
  __m128i any = _mm_setzero_si128 ();
#pragma GCC unroll 16
  for (guint i = 0; i < n_words; i++)
  {
    const __m128i first = _mm_set1_epi8 (words[i].p[0]), last = _mm_set1_epi8 (words[i].p[words[i].n - 1]);
    __m128i behind = _mm_loadu_si128 ((const __m128i *) (const void *) (p + words[i].n - 1));
    any = _mm_or_si128 (any, _mm_and_si128 (_mm_cmpeq_epi8 (bytes, first), _mm_cmpeq_epi8 (behind, last)));
  }
  return (guint) _mm_movemask_epi8 (any);
}

static inline __attribute__ ((always_inline)) gboolean
rca_bytes_holds_any (RcaBytes text, const RcaBytes *words, guint n_words)
{
  enum { STEP = 16, SPARE = STEP + RCA_HOLDS_ANY_LENGTH };
  char tail[2 * SPARE] = { 0 };
  const char *p = text.p;
  gsize left = text.n;
  for (; left >= SPARE; p += STEP, left -= STEP)
    for (guint mask = rca_holds_any_places (p, words, n_words); mask; mask &= mask - 1)
      if (rca_holds_any_at (p + __builtin_ctz (mask), words, n_words, left - (gsize) __builtin_ctz (mask)))
        return TRUE;
  if (left == 0)
    return FALSE;
  memcpy (tail, p, left);
  for (p = tail; p < tail + left; p += STEP)
    for (guint mask = rca_holds_any_places (p, words, n_words); mask; mask &= mask - 1)
    {
      const char *at = p + __builtin_ctz (mask);
      if (at < tail + left && rca_holds_any_at (at, words, n_words, (gsize) (tail + left - at)))
        return TRUE;
    }
  return FALSE;
}
#else
static inline __attribute__ ((always_inline)) gboolean
rca_bytes_holds_any (RcaBytes text, const RcaBytes *words, guint n_words)
{
  for (gsize i = 0; i < text.n; i++)
    if (rca_holds_any_at (text.p + i, words, n_words, text.n - i))
      return TRUE;
  return FALSE;
}
#endif
