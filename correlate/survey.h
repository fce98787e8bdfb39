/* Months of logs at a coarse grain: first what an analysis detects with is drawn from each
 * piece of them, then where something left its baseline is found in all of it. Each such rise is
 * then looked at closely by rca_analyze() over its own window. */
#pragma once
#include "correlate.h"
#include "history.h"

/* Adds the requests and statements of @store to @into. @within: only what starts there (start ==
 * end: all). */
gboolean rca_survey_read (RcaStore *store, RcaSpan within, RcaHistory *into, GError **error);

/* A series of the user-facing stream that left its baseline. */
typedef struct {
  gint64 start_ns, end_ns; /* buckets of a minute or more */
  RcaSymptomKind symptom;  /* HTTP_5XX, LATENCY or TRAFFIC_DROP */
  char *route;             /* NULL: the site */
  double share, before;    /* failing inside, and in the baseline; of a drop, see drop.h */
  gint64 slow_ns;          /* θ, for LATENCY */
} RcaSurveyRise;

/* RcaSurveyRise*, by start, then route: of all days that @histories (RcaHistory*) hold. Those that come
 * back at the same hour on most of the days around are that hour's baseline: they go to @regular
 * (RcaSurveyRise*) instead. @jobs: threads, which change nothing in what is found. *@cancel not 0 (a signal handler sets it): what was found until then. */
GPtrArray *rca_survey_find (const GPtrArray *histories, GPtrArray *regular, guint jobs, const volatile gint *cancel, GError **error);
