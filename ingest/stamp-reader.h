/* What the readers of time stamps share: the place in the text, and what was read so far. */
#pragma once
#include "timestamp.h"

/* What may follow the clock and still tell of the time. */
typedef enum {
  RCA_STAMP_TAIL_ZONE,      /* a.m. or p.m., then a zone */
  RCA_STAMP_TAIL_NO_YEAR,   /* likewise, then a year, which did not come */
  RCA_STAMP_TAIL_YEAR,      /* the year right behind the clock: asctime's */
} RcaStampTail;

/* What was read so far; -1 = not written. */
typedef struct {
  const char *p, *end;
  const char *clock; /* where a plain hh:mm:ss began; NULL: another clock, or what followed changed its meaning */
  RcaStampTail tail;
  gint year, month, day;
  gint hour, minute, second;
  gint64 fraction_ns;
  gint offset_s; /* east of Greenwich */
  gboolean has_zone;
} RcaStampReader;

static inline gboolean
rca_stamp_is_digit (char c)
{
  return (guchar)(c - '0') < 10;
}

static inline gboolean
rca_stamp_is_alpha (char c)
{
  return (guchar)((c | 32) - 'a') < 26;
}

static inline gsize
rca_stamp_left (const RcaStampReader *r)
{
  return (gsize)(r->end - r->p);
}

/* Two digits at @p, -1 otherwise. */
static inline gint
rca_stamp_two (const char *p)
{
  guint a = (guchar)(p[0] - '0'), b = (guchar)(p[1] - '0');
  return a < 10 && b < 10 ? (gint)(a * 10 + b) : -1;
}

static inline gint
rca_stamp_four (const char *p)
{
  gint a = rca_stamp_two (p), b = rca_stamp_two (p + 2);
  return a < 0 || b < 0 ? -1 : a * 100 + b;
}

/* Not the middle of a number or word. */
static inline gboolean
rca_stamp_at_boundary (const RcaStampReader *r)
{
  return r->p == r->end || !(rca_stamp_is_digit (*r->p) || rca_stamp_is_alpha (*r->p) || *r->p == '_');
}

/* hh:mm[:ss[.f]] with an hour of one or two digits, or hhmmss; its fraction and a.m. or p.m. */
gboolean rca_stamp_read_clock (RcaStampReader *r, gboolean need_seconds);

/* .5 ,123 .123456789 and Java's :123; digits beyond the nanosecond are dropped. */
void rca_stamp_read_fraction (RcaStampReader *r);

/* "Z", "+01:00", " CET", " +0000 UTC"; leaves the reader where it is when there is none. */
void rca_stamp_read_zone (RcaStampReader *r);

/* What begins with a date, in any of the syntaxes; @digits: how many digits the text begins with. */
gboolean rca_stamp_read_digits_first (RcaStampReader *r, gsize digits);
gboolean rca_stamp_read_letters_first (RcaStampReader *r);
gsize rca_stamp_count_digits (const RcaStampReader *r);

gboolean rca_stamp_valid_date (gint year, gint month, gint day);

/* The time that @r read, with year and date filled in from @context where they are not written. FALSE: no date of the calendar. */
gboolean rca_stamp_finish (const RcaStampReader *r, const RcaStampContext *context, RcaStamp *out);

/* The layout of the stamp before, read again (stamp-memo.c). How many bytes it took; 0: it is another
 * layout or minute, to be read in full. */
gsize rca_stamp_memo_read (const RcaStampContext *context, RcaBytes text, RcaStamp *out);

/* Keeps how @text was read by @r, when that is of use. */
void rca_stamp_memo_keep (RcaStampContext *context, RcaBytes text, const RcaStampReader *r, const RcaStamp *stamp);
