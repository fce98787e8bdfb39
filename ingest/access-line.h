/* Access log lines of web servers, balancers and caches whose columns are not declared: split
 * into tokens, and what each token is, learnt from a sample.
 *
 * A token is a run without blanks, or quoted ("…" with backslash escapes), or bracketed
 * ([…]); lists that nginx writes over several attempts ("a, b : c") are one token. */
#pragma once
#include "format.h"

#define RCA_ACCESS_MAX_TOKENS 64

typedef struct {
  RcaBytes key;   /* of key=value; empty for a bare value */
  RcaBytes value; /* without quotes and brackets */
  char quote;     /* '"', '[' or 0 */
} RcaAccessToken;

/* Splits @line; returns how many tokens (at most RCA_ACCESS_MAX_TOKENS). */
guint rca_access_split (RcaBytes line, RcaAccessToken *token);

typedef enum {
  RCA_ROLE_NONE, RCA_ROLE_CLIENT, RCA_ROLE_FORWARDED, RCA_ROLE_USER, RCA_ROLE_TIME, RCA_ROLE_REQUEST, RCA_ROLE_METHOD, RCA_ROLE_PATH, RCA_ROLE_STATUS,
  RCA_ROLE_BYTES, RCA_ROLE_REFERER, RCA_ROLE_AGENT, RCA_ROLE_REQUEST_TIME, RCA_ROLE_UPSTREAM_TIME, RCA_ROLE_CONNECT_TIME, RCA_ROLE_HEADER_TIME,
  RCA_ROLE_UPSTREAM, RCA_ROLE_UPSTREAM_STATUS, RCA_ROLE_REQUEST_ID, RCA_ROLE_TRACE_ID, RCA_ROLE_CACHE, RCA_ROLE_HOST, RCA_ROLE_SITE, RCA_ROLE_SERVICE,
  RCA_N_ROLES
} RcaAccessRole;
const char *rca_access_role_name (RcaAccessRole role);

typedef struct {
  guint n;                                    /* tokens a line */
  RcaAccessRole role[RCA_ACCESS_MAX_TOKENS];
  gint64 unit_ns[RCA_ACCESS_MAX_TOKENS];      /* of a bare number in a time role */
  gboolean edge;                              /* a CDN's or cache's own log */
  gboolean time_is_start;
  guint fits, lines;                          /* of the sample */
} RcaAccessColumns;

/* What the tokens are; columns->fits = 0 when the sample is no access log. */
void rca_access_learn (const RcaSampleLines *sample, RcaAccessColumns *columns);

/* The cache status @value in lower case when it is a known word, else as it is. */
RcaBytes rca_access_cache_word (RcaBytes value);
