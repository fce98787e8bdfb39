/* A run of bytes that somebody else owns: (pointer, length), never NUL-terminated. */
#pragma once
#include <glib.h>
#include <string.h>

typedef struct {
  const char *p;
  gsize n;
} RcaBytes;

#define RCA_BYTES(literal) ((RcaBytes){ (literal), sizeof (literal) - 1 })

static inline RcaBytes
rca_bytes (const char *p, gsize n)
{
  return (RcaBytes){ p, n };
}

static inline RcaBytes
rca_bytes_str (const char *s)
{
  return (RcaBytes){ s, s ? strlen (s) : 0 };
}

static inline gboolean
rca_bytes_equal (RcaBytes a, RcaBytes b)
{
  return a.n == b.n && (a.n == 0 || memcmp (a.p, b.p, a.n) == 0);
}

/* Most answers are no, and the first byte gives them: no call for that. */
static inline gboolean
rca_bytes_has_prefix (RcaBytes a, RcaBytes prefix)
{
  return a.n >= prefix.n && (prefix.n == 0 || (a.p[0] == prefix.p[0] && memcmp (a.p, prefix.p, prefix.n) == 0));
}

/* @a begins with @word (NULL: as an empty one). For tables of words: they are not measured before they are compared. */
static inline gboolean
rca_bytes_starts (RcaBytes a, const char *word)
{
  gsize i = 0;
  word = word ?: "";
  while (word[i] && i < a.n && a.p[i] == word[i])
    i++;
  return word[i] == '\0';
}

/* @a is @word (NULL: as an empty one). */
static inline gboolean
rca_bytes_is (RcaBytes a, const char *word)
{
  gsize i = 0;
  word = word ?: "";
  while (word[i] && i < a.n && a.p[i] == word[i])
    i++;
  return word[i] == '\0' && i == a.n;
}

/* One of the ASCII characters of @set (a literal: the compiler makes two masks of it), or NUL, as strchr() has it. */
static inline __attribute__ ((always_inline)) gboolean
rca_char_in (char c, const char *set)
{
  guint64 low = 1, high = 0;
  guchar u = (guchar)c;
#pragma GCC unroll 32
  for (gsize i = 0, n = __builtin_strlen (set); i < n; i++)
  {
    low |= (guchar)set[i] < 64 ? G_GUINT64_CONSTANT (1) << ((guchar)set[i] & 63) : 0;
    high |= (guchar)set[i] < 64 ? 0 : G_GUINT64_CONSTANT (1) << ((guchar)set[i] & 63);
  }
  return u < 128 && ((u < 64 ? low : high) >> (u & 63) & 1);
}

static inline gboolean
rca_bytes_has_suffix (RcaBytes a, RcaBytes suffix)
{
  return a.n >= suffix.n && (suffix.n == 0 || (a.p[a.n - 1] == suffix.p[suffix.n - 1] && memcmp (a.p + a.n - suffix.n, suffix.p, suffix.n) == 0));
}

/* The first place of @needle in @hay, or -1 (also for an empty needle). */
gssize rca_bytes_find (RcaBytes hay, RcaBytes needle);

/* @a from @from on; empty when @from lies beyond its end. */
static inline RcaBytes
rca_bytes_from (RcaBytes a, gsize from)
{
  if (a.n == 0) /* its pointer may be NULL, to which not even 0 may be added */
    return a;
  return from >= a.n ? (RcaBytes){ a.p + a.n, 0 } : (RcaBytes){ a.p + from, a.n - from };
}
