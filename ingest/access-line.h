/* Access log lines of web servers, balancers and caches whose columns are not declared: split
 * into tokens, and what each token is: known layouts, an nginx.conf, or learnt from a sample.
 *
 * A token is a run without blanks, or quoted ("…" with backslash escapes), or bracketed
 * ([…]); lists that nginx writes over several attempts ("a, b : c") and dates with a blank
 * in them are one token. Where a line is parted by tabs, bars or semicolons, tokens may
 * hold blanks, and LTSV's label:value is a key with its value. */
#pragma once
#include "format.h"

#define RCA_ACCESS_MAX_TOKENS 64

typedef struct {
  RcaBytes key;   /* of key=value; empty for a bare value */
  RcaBytes value; /* without quotes and brackets */
  char quote;     /* '"', '[' or 0 */
} RcaAccessToken;

/* Splits @line at @separator (' ', or one of "\t|;"); returns how many tokens (at most RCA_ACCESS_MAX_TOKENS). */
guint rca_access_split (RcaBytes line, char separator, RcaAccessToken *token);

typedef enum {
  RCA_ROLE_NONE,
  RCA_ROLE_CLIENT,
  RCA_ROLE_FORWARDED,
  RCA_ROLE_TIME,
  RCA_ROLE_OTHER_TIME, /* beside TIME: the request's other end; their distance is its duration */
  RCA_ROLE_REQUEST,    /* "GET /path HTTP/1.1" */
  RCA_ROLE_METHOD,
  RCA_ROLE_PATH,
  RCA_ROLE_STATUS,
  RCA_ROLE_BYTES,
  RCA_ROLE_REFERER,
  RCA_ROLE_AGENT,
  RCA_ROLE_REQUEST_TIME,
  RCA_ROLE_TIME_PART, /* one of several that add up to the request's time (AWS) */
  RCA_ROLE_UPSTREAM_TIME,
  RCA_ROLE_CONNECT_TIME,
  RCA_ROLE_HEADER_TIME,
  RCA_ROLE_UPSTREAM,
  RCA_ROLE_UPSTREAM_STATUS,
  RCA_ROLE_REQUEST_ID,
  RCA_ROLE_TRACE_ID,
  RCA_ROLE_SPAN_ID,
  RCA_ROLE_CACHE,
  RCA_ROLE_CACHE_STATUS, /* "TCP_MISS/200" */
  RCA_ROLE_HOST,
  RCA_ROLE_SITE,
  RCA_ROLE_SERVICE,
  RCA_ROLE_INSTANCE,
  RCA_ROLE_TERMINATION, /* Envoy's flags, CloudFront's detailed result */
  RCA_N_ROLES
} RcaAccessRole;
const char *rca_access_role_name (RcaAccessRole role);

typedef struct {
  RcaAccessRole role;
  gint64 unit_ns; /* of a bare number in a time role; 0 for the others */
  RcaBytes key;   /* of key=value columns: they are found by it wherever they stand; owned by the columns */
} RcaAccessColumn;

typedef struct {
  const char *layout; /* "AWS ALB", or NULL when learnt */
  char separator;
  guint n; /* tokens a line */
  RcaAccessColumn column[RCA_ACCESS_MAX_TOKENS];
  gboolean edge; /* a CDN's or cache's own log */
  gboolean time_is_start;
  gboolean without_time; /* no column holds one (morgan's short forms): a wrapper may know */
  guint fits, lines;     /* of the sample */
  RcaBytes *before; /* of an nginx.conf: the text before each column and behind the last; else NULL */
  GStringChunk *keys;
} RcaAccessColumns;

/* What the tokens are; NULL when the sample is no access log. */
RcaAccessColumns *rca_access_learn (const RcaSampleLines *sample);
void rca_access_columns_free (RcaAccessColumns *columns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaAccessColumns, rca_access_columns_free)

/* A layout whose columns are fixed by its program; FALSE when @sample has none of them. */
gboolean rca_access_find_layout (const RcaSampleLines *sample, RcaAccessColumns *columns);

/* The log_format of sample->conf that @sample's lines have; FALSE when there is none. */
gboolean rca_access_format_is_whole (const char *format); /* an nginx format string that tells time, status and what was asked; or "combined", "common" */
gboolean rca_access_read_conf (const RcaSampleLines *sample, RcaAccessColumns *columns);
/* Splits @line at the texts of such a format; 0 when it does not match. */
guint rca_access_match (const RcaAccessColumns *columns, RcaBytes line, RcaAccessToken *token);
