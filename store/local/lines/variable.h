/* What stands between a line's constant parts, told in one pass without a regex.
 *
 * Each kind prints back to exactly the bytes it was read from; what would not is left to a wider kind. */
#pragma once
#include "bytes.h"

typedef enum {
  RCA_VARIABLE_INT,     /* digits without a leading zero, up to 18 */
  RCA_VARIABLE_PADDED,  /* param digits, leading zeros kept */
  RCA_VARIABLE_DECIMAL, /* param decimals: 0.070 */
  RCA_VARIABLE_HEX,     /* param digits, lower case, at most 16 */
  RCA_VARIABLE_HEX_UPPER,
  RCA_VARIABLE_STAMP, /* param: RcaStampLayout | fraction digits << 4 | comma << 8 */
  RCA_VARIABLE_IPV4,
  RCA_VARIABLE_DASH, /* a lone - */
  RCA_VARIABLE_ID,   /* 32 lower case hexadecimal digits: 16 bytes */
  RCA_VARIABLE_UUID, /* lower case, with dashes: 16 bytes */
  RCA_VARIABLE_TEXT, /* any bytes; the codec makes a word, a phrase or raw bytes of it */
  RCA_N_VARIABLES
} RcaVariableKind;

typedef enum { RCA_STAMP_ISO_T, RCA_STAMP_ISO_BLANK, RCA_STAMP_CLF, RCA_STAMP_SLASHES, RCA_STAMP_CLOCK, RCA_N_STAMPS } RcaStampLayout;

typedef struct {
  const char *p; /* where it stands; for TEXT its content */
  gsize n;
  RcaVariableKind kind;
  guint16 param;
  guint64 value; /* numbers, stamps (in units of the last fraction digit), addresses */
  guint8 id[16];
} RcaVariable;

/* A run of letters and digits with more changes between the two is a random token, not a name with a number: it
 * is never cut. */
#define RCA_VARIABLE_MAX_CHANGES 3

/* How deep texts nest: a line holds strings, a string words, a word numbers. */
enum { RCA_LEVEL_LINE, RCA_LEVEL_STRING, RCA_LEVEL_WORD, RCA_N_LEVELS };

/* The first variable at or after @p. FALSE: all of [@p, @end) is constant. */
gboolean rca_variable_find (const char *p, const char *end, guint level, RcaVariable *var);
/* What stands at @p, which is a digit or the first of a run of letters and digits. FALSE: no variable begins there. */
gboolean rca_variable_read (const char *p, const char *end, RcaVariable *var);
/* As ID or UUID when all of @text is one. */
gboolean rca_variable_is_id (RcaBytes text, RcaVariable *var);

/* Prints; @to has RCA_VARIABLE_BYTES of room. Returns the length. */
#define RCA_VARIABLE_BYTES 64
gsize rca_variable_print (RcaVariableKind kind, guint16 param, guint64 value, const guint8 *id, char *to);
/* Whether @param is possible for @kind (it comes from a file). */
gboolean rca_variable_valid (guint kind, guint param);

/* stamp.c: the second read or printed last. Lines come many a second, and a date costs ten times its comparison. */
typedef struct {
  guint64 seconds;
  guint8 n, layout; /* n: bytes of @text; 0: nothing yet */
  char text[24];
} RcaStampMemo;
gboolean rca_stamp_read (RcaStampMemo *memo, const char *p, const char *end, RcaVariable *var);
gsize rca_stamp_print (RcaStampMemo *memo, guint16 param, guint64 value, char *to);
/* Nanoseconds from 1970 of a stamp's value, as written (no zone); layouts without a date count from 0. */
gint64 rca_stamp_ns (guint16 param, guint64 value);
