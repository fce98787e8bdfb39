/* Times as logs write them.
 *
 * One hand-written scanner for every syntax met (RFC 3339 with . or , fractions;
 * CLF 24/Nov/2026:00:32:20 +0000; nginx error 2026/11/24 00:32:20; syslog
 * Mmm d hh:mm:ss; asctime; MariaDB 261124  0:33:00; klog MMDD; epoch s, ms, us,
 * ns; time of day alone), all in UTC nanoseconds since 1970. Zone abbreviations
 * that are unambiguous in practice (UTC, GMT, Z, CET, CEST, EST, PDT, IST is not)
 * are understood. Leap seconds (:60) and 24:00:00 are taken. */
#pragma once
#include "event.h"

typedef enum {
  RCA_STAMP_HAS_ZONE = 1 << 0,
  RCA_STAMP_HAS_DATE = 1 << 1, /* day and month */
  RCA_STAMP_HAS_YEAR = 1 << 2,
} RcaStampFlags;

typedef struct {
  gint64 time_ns; /* UTC; without a zone the written time read as UTC; without a date relative to RcaStampContext */
  guint flags;    /* RcaStampFlags */
} RcaStamp;

/* The layout of the stamp read last, and its minute (stamp-memo.c): most stamps differ from the
 * one before in their seconds only. */
typedef struct {
  gint64 minute_ns; /* UTC, or as written where no zone is */
  guint8 n;         /* of @prefix; 0: none */
  guint8 tail, flags;
  char year[5];     /* " 2026" behind the clock */
  char prefix[40];  /* up to and with the minute's colon */
} RcaStampMemo;

/* What fills in a missing year or date: where the file's last write lies, and the
 * record before. Kept by a decoder, one a source; start with rca_stamp_context_init(). */
typedef struct {
  gint64 mtime_ns;    /* RCA_TIME_NONE when unknown: then today */
  gint64 previous_ns; /* the record before; RCA_TIME_NONE at first */
  RcaStampMemo memo;
} RcaStampContext;

void rca_stamp_context_init (RcaStampContext *context, gint64 mtime_ns);

/* Reads a time at the very start of @text (leading blanks and one '[' or '"' allowed).
 * Returns how many bytes it took (a closing ']' or '"' not included), 0 when there
 * is none. @context may be NULL: then a missing year or date makes it fail to 1970. */
gsize rca_stamp_parse (RcaBytes text, RcaStampContext *context, RcaStamp *out);

/* A number that is a time: seconds, milliseconds, microseconds or nanoseconds since
 * 1970 told apart by size; fractions kept to the nanosecond. FALSE: not plausible
 * (before 1990 or after 2100). */
gboolean rca_stamp_parse_epoch (RcaBytes digits, gint64 *time_ns);

/* Puts @stamp into @ev: time and the flags ZONE_UNKNOWN, DATE_UNKNOWN. */
void rca_stamp_apply (const RcaStamp *stamp, RcaEvent *ev);

/* UTC nanoseconds from a civil date (proleptic Gregorian; days from civil,
 * H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
gint64 rca_civil_ns (gint year, gint month, gint day, gint hour, gint minute, gint second, gint64 nanosecond);

/* "2026-11-24T00:32:20.602Z": RFC 3339, UTC, milliseconds; @out holds 25 bytes at least. */
const char *rca_time_format (gint64 time_ns, char out[32]);
