/* Terminal escapes: loggers colour their lines, formats are told without. */
#pragma once
#include "bytes.h"

/* Copies @text to @out (of @text.n bytes at least) without escape sequences; returns the length. */
gsize rca_ansi_strip (RcaBytes text, char *out);

static inline gboolean
rca_ansi_present (RcaBytes text)
{
  return text.n > 0 && memchr (text.p, '\x1b', text.n) != NULL;
}
