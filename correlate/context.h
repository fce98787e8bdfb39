/* What one analysis knows: the buckets, the user-facing series, the baseline. Private to this folder. */
#pragma once
#include "changepoint.h"
#include "correlate.h"

/* Requests of one entity (the site, or a route) over all buckets. */
typedef struct {
  char *name; /* route, or NULL for the site */
  double *requests, *failed, *slow, *timed; /* timed: requests that state a duration */
  double *refused; /* answered 4xx (refused.h) */
  double *logged;  /* of the site: errors that the application wrote, answered as they may be */
  gint64 slow_ns; /* θ: from here on a request is slow; G_MAXINT64 when no durations */
  gint64 p99_ns;  /* of the quiet buckets; G_MAXINT64 when they hold no durations */
  double median_s; /* of the quiet buckets; NAN */
} RcaTraffic;

typedef struct {
  RcaStore *store;
  const RcaAnalyzeOptions *options;
  RcaSources *sources;
  RcaSpan window;
  RcaSpan span;       /* baseline and window */
  gint64 width_ns;
  gint64 start_ns;    /* of bucket 0 */
  guint n;            /* buckets */
  guint first;        /* first bucket of the window */
  guint last;         /* one past the last bucket that is not censored */
  RcaStream stream;   /* user-facing */
  RcaStream timed;    /* outermost stream with durations; UNKNOWN when none */
  GPtrArray *routes;  /* RcaTraffic*, by name; with enough requests to be looked at */
  RcaTraffic *site;
  RcaFrame *site_frame;  /* stream, no dimension: clients */
  RcaFrame *route_frame; /* stream by route */
  RcaFrame *refused_frame; /* stream by route and class of status; NULL where hardly anything is turned away */
  RcaFrame *timed_frame; /* timed stream by route; may equal route_frame */
  gboolean *quiet;    /* per bucket: part of the baseline (no incident, no warm-up) */
  GHashTable *route_slow; /* route → gint64*: θ for joins */
  GPtrArray *changes; /* RcaChange*: 24 h back up to the window's end */
  GPtrArray *notes;   /* char* */
} RcaContext;

/* Which rows of a stream are requests of users: never probes or administrators, they raise no
 * incident; of one service, of one route where these are not NULL. The values live in @out. */
typedef struct {
  RcaFilter filter[4];
  const char *kind[2], *audience[3], *service[2], *route[2];
} RcaUserFilters;
guint rca_user_filters (const RcaSources *sources, RcaStream stream, const char *service, const char *route, RcaUserFilters *out);

/* Opens the frames of the user-facing stream and lays out the buckets. NULL with
 * RCA_STORE_ERROR_EMPTY when no stream carries requests or log records. */
RcaContext *rca_context_new (RcaStore *store, const RcaAnalyzeOptions *options, GError **error);
void rca_context_free (RcaContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaContext, rca_context_free)

gint64 rca_context_time (const RcaContext *context, guint bucket); /* start of a bucket */
guint rca_context_bucket (const RcaContext *context, gint64 time_ns); /* clamped to [0, n] */

/* Sets θ, p99 and the slow series from the buckets in context->quiet; @rough: those
 * buckets are not known to be quiet, θ = max (3 × median, 100 ms). */
void rca_context_learn_slow (RcaContext *context, gboolean rough);

/* A frame over the context's span and buckets, one dimension (or two). Caller frees; NULL on error (noted). */
RcaFrame *rca_context_frame (RcaContext *context, RcaStream stream, RcaDimension by, RcaDimension by2, guint measures, const RcaFilter *filter, guint n_filters, RcaOrder order);

/* Whether any source of @stream carries @field. */
gboolean rca_context_states (const RcaContext *context, RcaStream stream, RcaField field);
gboolean rca_context_has_stream (const RcaContext *context, RcaStream stream);
