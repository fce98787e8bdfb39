/* The one table of dimensions: what a series can be about, and where a row has it. */
#pragma once
#include "event.h"

typedef enum {
  RCA_DIM_ROUTE,          /* "GET /users/{}" */
  RCA_DIM_METHOD,
  RCA_DIM_STATUS,         /* "503" */
  RCA_DIM_STATUS_CLASS,   /* "2xx" … "5xx", and "499", "429" apart */
  RCA_DIM_UPSTREAM,       /* peer of the last attempt, as the log writes it */
  RCA_DIM_UPSTREAM_CLASS, /* status class of the last attempt; "none" when the upstream was not asked or did not answer */
  RCA_DIM_FAILURE,        /* RcaFailure by name */
  RCA_DIM_ATTEMPT,        /* "first", "retry" */
  RCA_DIM_AUDIENCE,       /* "user", "probe", "admin", "batch", by route and agent */
  RCA_DIM_CACHE_STATUS,
  RCA_DIM_EDGE_SITE,
  RCA_DIM_INSTANCE,       /* INSTANCE, else the source's own name when several sources make one service */
  RCA_DIM_HOST,
  RCA_DIM_SERVICE,
  RCA_DIM_VERSION,
  RCA_DIM_CLIENT,
  RCA_DIM_NETWORK,        /* /24 or /48 of CLIENT */
  RCA_DIM_AGENT,          /* family of USER_AGENT */
  RCA_DIM_SEVERITY,
  RCA_DIM_TEMPLATE,
  RCA_DIM_EXCEPTION,
  RCA_DIM_PEER,           /* PEER_SERVICE: who was called */
  RCA_DIM_FINGERPRINT,    /* folded statement */
  RCA_DIM_DATABASE,
  RCA_DIM_DB_USER,
  RCA_DIM_DB_EVENT,       /* RcaDbEvent by name */
  RCA_DIM_SQLSTATE_CLASS, /* first two characters */
  RCA_DIM_METRIC,         /* RcaMetric by name */
  RCA_DIM_DEVICE,         /* a metric's device */
  RCA_DIM_SERVER_NAME,
  RCA_DIM_SOURCE,         /* path of the source */
  RCA_DIM_KIND,           /* what a row is: "request", "statement", "error", "log", "sample", "change" */
  RCA_N_DIMENSIONS,
  RCA_DIM_NONE = -1
} RcaDimension;

const char *rca_dimension_name (RcaDimension d); /* lower case, as in DESIGN.md */
