/* What broke and when: proportions that leave their baseline (CORRELATE.md, Symptoms). */
#pragma once
#include "context.h"

typedef enum {
  RCA_FAIL_ERROR,
  RCA_FAIL_SLOW,
  RCA_FAIL_DROP,
  RCA_FAIL_REFUSED, /* turned away with a 4xx */
  RCA_FAIL_LOGGED,  /* answered well, an error in the application's log */
  RCA_N_FAILINGS
} RcaFailing;

/* The series of @traffic that counts what fails so; NULL for a drop. */
const double *rca_traffic_bad (const RcaTraffic *traffic, RcaFailing failing);

/* One series that left its baseline for a while. */
typedef struct {
  RcaFailing failing;
  const RcaTraffic *entity; /* the site or a route; borrowed */
  guint from, to;      /* buckets [from, to) that matter */
  double p0, p1, phi;  /* share before, share inside, over-dispersion */
  double excess;       /* failures above p0 */
  double requests;     /* inside */
  RcaOnset onset;
} RcaSymptom;

/* One story: symptoms that overlap. */
typedef struct {
  GPtrArray *symptoms; /* RcaSymptom*, strongest first; owned */
  guint from, to;      /* buckets, the union */
  RcaFailing failing;  /* error when errors are among them */
  gint64 start_ns, lo_ns, hi_ns; /* onset: mode and 95 % range */
  gint64 end_ns;       /* RCA_TIME_NONE: goes on */
  RcaState state;
  gboolean under_way;  /* when the data began */
  gboolean lingers;    /* the leading kind has ended, another goes on */
  double p0, phi;      /* of the leading symptom */
  double *excess;      /* per bucket: failures above what the baseline expects (site, or its routes) */
  double *bad;         /* per bucket: failed (or slow) requests */
  double *p_onset;     /* per bucket: posterior of the onset, n of the context */
  double total_excess;
} RcaOutbreak;

void rca_outbreak_free (RcaOutbreak *outbreak);

/* Finds the incidents that touch the window; sets context->quiet, θ and the slow
 * series on its way. RcaOutbreak*, by start. @checked: RcaChecked* are appended;
 * NULL: nobody asks. */
GPtrArray *rca_detect (RcaContext *context, GPtrArray *checked);

/* Bucket range and shares of a series against a baseline pool, for others that look at
 * proportions of their own: TRUE for each bucket that is in the pool. Returns p0. */
double rca_quiet_pool (const RcaSeries *series, guint n, GArray *starts, RcaFailing failing, gboolean *pool);
