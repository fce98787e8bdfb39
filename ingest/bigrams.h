/* Which pairs of neighbouring bytes a text holds, perhaps with some that it does not: a quick
 * no to most of a long table of needles, for one pass over the text. */
#pragma once
#include "bytes.h"

#define RCA_BIGRAM_BITS 2048

typedef struct {
  guint64 word[RCA_BIGRAM_BITS / 64];
} RcaBigrams;

static inline guint
rca_bigram (const char *p)
{
  return ((guint)(guchar)p[0] * 37 + (guchar)p[1] * 8u) % RCA_BIGRAM_BITS;
}

static inline void
rca_bigrams_fill (RcaBigrams *set, RcaBytes text)
{
  memset (set, 0, sizeof *set);
  for (gsize i = 0; i + 1 < text.n; i++)
  {
    guint bit = rca_bigram (text.p + i);
    set->word[bit / 64] |= G_GUINT64_CONSTANT (1) << bit % 64;
  }
}

static inline gboolean
rca_bigrams_has (const RcaBigrams *set, const char *p)
{
  guint bit = rca_bigram (p);
  return set->word[bit / 64] >> bit % 64 & 1;
}

/* FALSE: the text does not hold @needle. TRUE: it may. */
static inline gboolean
rca_bigrams_may_hold (const RcaBigrams *set, const char *needle)
{
  for (; needle[0] && needle[1]; needle++)
    if (!rca_bigrams_has (set, needle))
      return FALSE;
  return TRUE;
}
