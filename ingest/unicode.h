/* UTF-16 to UTF-8 on the way in, and byte-order marks. */
#pragma once
#include "bytes.h"

typedef enum { RCA_ENCODING_UTF8, RCA_ENCODING_UTF16LE, RCA_ENCODING_UTF16BE } RcaEncoding;

typedef struct {
  RcaEncoding encoding;
  guint8 unit[2];   /* half a code unit */
  guint n_unit;
  guint16 surrogate; /* a high surrogate that waits for its low one; 0 = none */
  gboolean lossy;    /* something became U+FFFD */
} RcaUnicode;

typedef gssize (*RcaRawRead) (gpointer user, char *buffer, gsize n, GError **error);

/* Tells the encoding of a file that begins with @head: by its mark, or by NULs in every
 * second place. Returns the length of the mark. */
gsize rca_unicode_detect (RcaUnicode *unicode, RcaBytes head);

/* Reads UTF-16 by @read, gives UTF-8; unpaired surrogates become U+FFFD. */
gssize rca_unicode_read (RcaUnicode *unicode, RcaRawRead read, gpointer user, char *buffer, gsize n, GError **error);

/* The other way round: @text in @encoding, appended to @out. */
void rca_unicode_write (RcaEncoding encoding, RcaBytes text, GString *out);
