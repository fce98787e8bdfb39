#include "holds-any.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static gboolean
is_at (const char *p, const RcaBytes *words, guint n_words, gsize left)
{
  for (guint i = 0; i < n_words; i++)
    if (words[i].n <= left && *p == words[i].p[0] && memcmp (p, words[i].p, words[i].n) == 0)
      return TRUE;
  return FALSE;
}

#ifdef __SSE2__
typedef struct {
  __m128i first[RCA_HOLDS_ANY_WORDS], last[RCA_HOLDS_ANY_WORDS];
} Ends;

/* Which of sixteen places look like a word's by its first and its last byte (as rca_bytes_find() does for one word). */
static inline guint
likely_places (const char *p, const Ends *ends, const RcaBytes *words, guint n_words)
{
  const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
  __m128i any = _mm_setzero_si128 ();
  for (guint i = 0; i < n_words; i++)
  {
    __m128i behind = _mm_loadu_si128 ((const __m128i *) (const void *) (p + words[i].n - 1));
    any = _mm_or_si128 (any, _mm_and_si128 (_mm_cmpeq_epi8 (bytes, ends->first[i]), _mm_cmpeq_epi8 (behind, ends->last[i])));
  }
  return (guint) _mm_movemask_epi8 (any);
}

gboolean
rca_bytes_holds_any (RcaBytes text, const RcaBytes *words, guint n_words)
{
  enum { STEP = 16, SPARE = STEP + RCA_HOLDS_ANY_LENGTH };
  char tail[2 * SPARE] = { 0 };
  Ends ends;
  for (guint i = 0; i < n_words; i++)
  {
    ends.first[i] = _mm_set1_epi8 (words[i].p[0]);
    ends.last[i] = _mm_set1_epi8 (words[i].p[words[i].n - 1]);
  }
  const char *p = text.p;
  gsize left = text.n;
  for (; left >= SPARE; p += STEP, left -= STEP)
    for (guint mask = likely_places (p, &ends, words, n_words); mask; mask &= mask - 1)
      if (is_at (p + __builtin_ctz (mask), words, n_words, left - (gsize) __builtin_ctz (mask)))
        return TRUE;
  if (left == 0)
    return FALSE;
  memcpy (tail, p, left);
  for (p = tail; p < tail + left; p += STEP)
    for (guint mask = likely_places (p, &ends, words, n_words); mask; mask &= mask - 1)
    {
      const char *at = p + __builtin_ctz (mask);
      if (at < tail + left && is_at (at, words, n_words, (gsize) (tail + left - at)))
        return TRUE;
    }
  return FALSE;
}
#else
gboolean
rca_bytes_holds_any (RcaBytes text, const RcaBytes *words, guint n_words)
{
  for (gsize i = 0; i < text.n; i++)
    if (is_at (text.p + i, words, n_words, text.n - i))
      return TRUE;
  return FALSE;
}
#endif
