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

static inline gboolean
rca_bytes_has_prefix (RcaBytes a, RcaBytes prefix)
{
  return a.n >= prefix.n && memcmp (a.p, prefix.p, prefix.n) == 0;
}

static inline gboolean
rca_bytes_has_suffix (RcaBytes a, RcaBytes suffix)
{
  return a.n >= suffix.n && memcmp (a.p + a.n - suffix.n, suffix.p, suffix.n) == 0;
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
