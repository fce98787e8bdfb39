#include "detect.h"
#include "drop.h"
#include "refused.h"
#include "story.h"
#include "stats.h"
#include <math.h>

/* Thresholds of an incident, one place (CORRELATE.md, "An incident"). */
enum
{
  LEAST_EXCESS = 20,        /* failures above the baseline: below this an on-call is not woken */
  LEAST_EXCESS_STEEP = 5,   /* … unless half of the requests fail: sparse traffic */
  LEAST_CLIENTS = 5,        /* one broken client is no outage */
  LEAST_ROUTE_REQUESTS = 50 /* in the segment: a route with three requests has a 33 % error ratio */
};
static const double least_client_share = 0.2;
static const double least_error_step = 0.01;
static const double least_slow_share = 0.2;
static const double least_refused_step = 0.2; /* wrong passwords and stale links come and go */
static const double absolute_error_share = 0.01; /* with no baseline at all */
static const gint64 warm_up_ns = 30 * RCA_NS_PER_S;
static const double pool_share = 0.1;            /* of all requests: what a baseline needs */

const double *
rca_traffic_bad (const RcaTraffic *t, RcaFailing failing)
{
  const double *const series[RCA_N_FAILINGS] = { [RCA_FAIL_ERROR] = t->failed, [RCA_FAIL_SLOW] = t->slow, [RCA_FAIL_REFUSED] = t->refused, [RCA_FAIL_LOGGED] = t->logged };
  return series[failing];
}

static gboolean
matters (RcaFailing failing, double p, double p0, double excess)
{
  if (!(excess >= LEAST_EXCESS || (excess >= LEAST_EXCESS_STEEP && p >= 0.5)))
    return FALSE;
  if (failing == RCA_FAIL_SLOW)
    return p >= least_slow_share && p >= 2 * p0;
  if (failing != RCA_FAIL_ERROR)
    return p >= MAX (2 * p0, p0 + least_refused_step);
  return p >= MAX (3 * p0, p0 + least_error_step);
}

typedef struct
{
  guint from, to;
  double rate;
} Segment;

static gint
by_rate (gconstpointer a, gconstpointer b)
{
  const Segment *x = a, *y = b;
  if (x->rate != y->rate)
    return x->rate < y->rate ? -1 : 1;
  return x->from < y->from ? -1 : x->from > y->from;
}

static GArray *
segments_of (const RcaSeries *s, guint n, const GArray *starts)
{
  GArray *segments = g_array_new (FALSE, FALSE, sizeof (Segment));
  for (guint i = 0; i < starts->len; i++)
    {
      guint from = g_array_index (starts, guint, i), to = i + 1 < starts->len ? g_array_index (starts, guint, i + 1) : n;
      Segment seg = { from, to, rca_series_rate (s, from, to) };
      g_array_append_val (segments, seg);
    }
  return segments;
}

/* Segments in ascending order of their rate, until a tenth of the requests is in, and on as
 * long as the next one does not matter against the pool: the single quietest segment gives
 * a p₀ too low and false alarms on autocorrelated traffic. */
double
rca_quiet_pool (const RcaSeries *s, guint n, GArray *starts, RcaFailing failing, gboolean *pool)
{
  g_autoptr (GArray) segments = segments_of (s, n, starts);
  g_array_sort (segments, by_rate);
  double all = rca_series_exposure (s, 0, n), k = 0, e = 0;
  memset (pool, 0, n * sizeof *pool);
  for (guint i = 0; i < segments->len; i++)
    {
      const Segment *seg = &g_array_index (segments, Segment, i);
      double sk = rca_series_k (s, seg->from, seg->to), se = rca_series_exposure (s, seg->from, seg->to);
      double p0 = e > 0 ? k / e : 0;
      if (e >= pool_share * all && e > 0 && matters (failing, seg->rate, p0, sk - se * p0))
        break;
      /* what fails in absolute terms is never called quiet just because nothing else is there */
      if (e == 0 && failing == RCA_FAIL_ERROR && seg->rate > 0.2)
        break;
      k += sk, e += se;
      for (guint b = seg->from; b < seg->to; b++)
        pool[b] = TRUE;
    }
  return e > 0 ? k / e : NAN;
}

/* A series under scan: its likelihood, its segments, its baseline. */
typedef struct
{
  RcaSeries *series;
  GArray *starts;
  gboolean *pool;
  double p0, phi;
} Scan;

static void
scan_clear (Scan *scan)
{
  rca_series_free (scan->series);
  g_clear_pointer (&scan->starts, g_array_unref);
  g_free (scan->pool);
}

static void
scan_segment (Scan *scan, guint n, guint n_series)
{
  g_clear_pointer (&scan->starts, g_array_unref);
  scan->starts = rca_changepoints (scan->series, 0, n, scan->phi, rca_change_penalty (n, n_series));
}

/* Baseline and over-dispersion need each other: twice round. */
static void
scan_init (Scan *scan, const double *k, const double *e, guint n, guint n_series, RcaFailing failing, RcaSpan named, const RcaContext *c)
{
  *scan = (Scan){ .series = rca_series_new (RCA_MODEL_BINOMIAL, k, e, n), .pool = g_new0 (gboolean, n), .phi = 1 };
  for (guint round = 0; round < 2; round++)
    {
      scan_segment (scan, n, n_series);
      scan->p0 = rca_quiet_pool (scan->series, n, scan->starts, failing, scan->pool);
      if (named.start_ns < named.end_ns)
        {
          double bk = 0, be = 0;
          for (guint i = 0; i < n; i++)
            {
              gint64 t = rca_context_time (c, i);
              scan->pool[i] = t >= named.start_ns && t < named.end_ns;
              if (scan->pool[i])
                bk += k[i], be += e[i];
            }
          scan->p0 = be > 0 ? bk / be : NAN;
        }
      scan->phi = rca_overdispersion (scan->series, scan->pool);
    }
  scan_segment (scan, n, n_series);
}

static gboolean
enough_clients (const RcaContext *c, const RcaTraffic *entity, guint from, guint to)
{
  const RcaFrame *frame = entity->name ? c->route_frame : c->site_frame;
  gint e = entity->name ? rca_frame_find (frame, entity->name, NULL) : (rca_frame_n_entities (frame) ? 0 : -1);
  if (e < 0)
    return TRUE;
  double all = rca_frame_clients (frame, (guint) e, from, to, RCA_MEASURE_CLIENTS);
  double hit = rca_frame_clients (frame, (guint) e, from, to, RCA_MEASURE_CLIENTS_FAILED);
  if (!(all > 1))
    return TRUE; /* addresses unknown, or a proxy's: not tested */
  return hit >= LEAST_CLIENTS || hit >= least_client_share * all;
}

static RcaSymptom *
symptom_new (const RcaContext *c, const RcaTraffic *entity, RcaFailing failing, const Scan *scan, guint from, guint to)
{
  RcaSymptom *s = g_new0 (RcaSymptom, 1);
  double p0 = isnan (scan->p0) ? 0 : scan->p0;
  while (from + 1 < to && rca_series_exposure (scan->series, from, from + 1) <= 0)
    from++; /* before the first request there was nothing to fail */
  s->failing = failing;
  s->entity = entity;
  s->from = from;
  s->to = to;
  s->p0 = p0;
  s->phi = scan->phi;
  s->requests = rca_series_exposure (scan->series, from, to);
  double k = rca_series_k (scan->series, from, to);
  s->p1 = s->requests > 0 ? k / s->requests : 0;
  s->excess = k - s->requests * p0;
  return s;
}

/* Under way when the data begin: the onset is there or before, whatever wavers inside. */
static void
onset_before_the_data (RcaSymptom *s)
{
  s->onset = (RcaOnset){ .from = s->from, .n = 1, .p = g_new (double, 1), .mode = s->from, .lo = s->from, .hi = s->from };
  s->onset.p[0] = 1;
}

/* Looks for the instant between the segment @before and the end of the first one that matters. */
static void
symptom_onset (RcaSymptom *s, const Scan *scan, const Segment *before, guint first_end)
{
  if (!before || !rca_onset_find (scan->series, before->from, first_end, s->phi, &s->onset))
    onset_before_the_data (s);
}

/* Slow only while a process was warming up: caches fill, pools connect, code is compiled. */
static gboolean
is_warm_up (const RcaContext *c, const RcaSymptom *s)
{
  gint64 from = rca_context_time (c, s->from), to = rca_context_time (c, s->to);
  for (guint i = 0; s->failing == RCA_FAIL_SLOW && i < c->changes->len; i++)
    {
      const RcaChange *change = g_ptr_array_index (c->changes, i);
      if (change->kind == RCA_CHANGE_RESTART && change->start_ns <= from + MAX (2 * c->width_ns, 2 * RCA_NS_PER_S) && to <= change->start_ns + warm_up_ns)
        return TRUE;
    }
  return FALSE;
}

static gboolean
symptom_counts (const RcaContext *c, const RcaSymptom *s, gboolean no_baseline)
{
  if (is_warm_up (c, s))
    return FALSE;
  if (s->to <= c->first)
    return FALSE; /* over before the window */
  if (s->entity->name && s->requests < LEAST_ROUTE_REQUESTS)
    return FALSE;
  if (no_baseline)
    return s->failing == RCA_FAIL_ERROR && s->p1 >= absolute_error_share && s->excess >= LEAST_EXCESS && enough_clients (c, s->entity, s->from, s->to);
  if (!matters (s->failing, s->p1, s->p0, s->excess))
    return FALSE;
  if (s->failing == RCA_FAIL_REFUSED)
    return rca_refused_counts (c, s);
  return s->failing != RCA_FAIL_ERROR || enough_clients (c, s->entity, s->from, s->to);
}

/* Log of how much better the tail from bucket @b on fits the share inside than the baseline. */
static double
tail_fit (const Scan *scan, guint b, guint to, double inside, double before)
{
  return (rca_series_log_likelihood_at (scan->series, b, to, inside) - rca_series_log_likelihood_at (scan->series, b, to, before)) / scan->phi;
}

/* A sparse series has too few requests after its end for another change to pass the penalty, and would
 * be called going on. Both shares are known by now, only the instant is asked for: the bucket from
 * which on the tail speaks most for the baseline, when it does so 20 to 1. */
static void
trim_end (const RcaContext *c, RcaSymptom *s, const Scan *scan)
{
  const double least = log (20);
  if (s->to < c->last || s->to - s->from < 2)
    return;
  double before = MAX (s->p0, 0.5 / (s->requests + 1));
  for (guint round = 0; round < 3; round++)
    {
      guint best = s->to;
      double least_fit = -least;
      for (guint b = s->from + 1; b < s->to; b++)
        {
          double fit = tail_fit (scan, b, s->to, s->p1, before);
          if (fit < least_fit)
            least_fit = fit, best = b;
        }
      if (best == s->to)
        return;
      s->to = best;
      s->requests = rca_series_exposure (scan->series, s->from, s->to);
      double k = rca_series_k (scan->series, s->from, s->to);
      s->p1 = s->requests > 0 ? k / s->requests : 0;
      s->excess = k - s->requests * s->p0;
    }
}

/* Runs of consecutive segments above the baseline that matter. */
static void
collect_symptoms (const RcaContext *c, const RcaTraffic *entity, RcaFailing failing, const Scan *scan, GPtrArray *out)
{
  g_autoptr (GArray) segments = segments_of (scan->series, c->n, scan->starts);
  gboolean no_baseline = isnan (scan->p0);
  double p0 = no_baseline ? 0 : scan->p0;
  for (guint i = 0; i < segments->len;)
    {
      guint j = i;
      for (; j < segments->len; j++)
        {
          const Segment *seg = &g_array_index (segments, Segment, j);
          double excess = rca_series_k (scan->series, seg->from, seg->to) - rca_series_exposure (scan->series, seg->from, seg->to) * p0;
          if (!matters (failing, seg->rate, p0, excess))
            break;
        }
      if (j == i)
        {
          i++;
          continue;
        }
      const Segment *a = &g_array_index (segments, Segment, i), *b = &g_array_index (segments, Segment, j - 1);
      RcaSymptom *s = symptom_new (c, entity, failing, scan, a->from, b->to);
      trim_end (c, s, scan);
      if (symptom_counts (c, s, no_baseline))
        {
          symptom_onset (s, scan, i > 0 ? &g_array_index (segments, Segment, i - 1) : NULL, a->to);
          g_ptr_array_add (out, s);
        }
      else
        rca_symptom_free (s);
      i = j;
    }
}

static void
mark_quiet (const RcaContext *c, const Scan *scan, gboolean *quiet)
{
  for (guint i = 0; i < c->n; i++)
    quiet[i] = quiet[i] && scan->pool[i];
}

/* The smallest lasting rise over the window that would have been called an incident. */
static void
note_checked (const RcaContext *c, const Scan *scan, RcaFailing failing, GPtrArray *checked)
{
  double n = rca_series_exposure (scan->series, c->first, c->n);
  if (n <= 0)
    return;
  double p0 = isnan (scan->p0) ? 0 : scan->p0;
  double by_rule = failing == RCA_FAIL_SLOW ? MAX (least_slow_share, 2 * p0) : MAX (3 * p0, p0 + least_error_step);
  double by_noise = p0 + sqrt (scan->phi * rca_change_penalty (c->n, c->routes->len + 1) * MAX (p0, 1 / n) / n);
  double by_count = p0 + LEAST_EXCESS / n;
  RcaChecked *entry = g_new0 (RcaChecked, 1);
  entry->symptom = failing == RCA_FAIL_SLOW ? RCA_SYMPTOM_LATENCY : RCA_SYMPTOM_HTTP_5XX;
  entry->service = g_strdup (c->options->service ? c->options->service : "site");
  entry->baseline = p0;
  entry->observed = rca_series_rate (scan->series, c->first, c->n);
  entry->smallest_seen = MIN (1, MAX (by_rule, MAX (by_noise, by_count)));
  g_ptr_array_add (checked, entry);
}

static void
scan_entity (RcaContext *c, const RcaTraffic *t, RcaFailing failing, guint n_series, GPtrArray *symptoms, gboolean *quiet, GPtrArray *checked)
{
  const double *k = rca_traffic_bad (t, failing), *e = failing == RCA_FAIL_SLOW ? t->timed : t->requests;
  double sum = 0, all = 0;
  for (guint i = 0; i < c->n; i++)
    sum += k[i], all += e[i];
  if (t->name && (sum < LEAST_EXCESS_STEEP || all < LEAST_ROUTE_REQUESTS))
    return;
  Scan scan;
  scan_init (&scan, k, e, c->n, n_series, failing, c->options->baseline, c);
  if (symptoms)
    collect_symptoms (c, t, failing, &scan, symptoms);
  if (quiet)
    mark_quiet (c, &scan, quiet);
  if (checked && !t->name)
    note_checked (c, &scan, failing, checked);
  scan_clear (&scan);
}

static guint
count_series (const RcaContext *c)
{
  guint n = 1;
  for (guint i = 0; i < c->routes->len; i++)
    {
      const RcaTraffic *t = g_ptr_array_index (c->routes, i);
      double sum = 0;
      for (guint b = 0; b < c->n; b++)
        sum += t->requests[b];
      n += sum >= LEAST_ROUTE_REQUESTS;
    }
  return n;
}

static void
scan_all (RcaContext *c, RcaFailing failing, GPtrArray *symptoms, gboolean *quiet, GPtrArray *checked)
{
  guint n_series = count_series (c);
  scan_entity (c, c->site, failing, n_series, symptoms, quiet, checked);
  for (guint i = 0; symptoms && i < c->routes->len; i++)
    scan_entity (c, g_ptr_array_index (c->routes, i), failing, n_series, symptoms, NULL, NULL);
}

/* Takes @quiet over as the baseline, unless hardly anything of it is left. */
static gboolean
narrow_quiet (RcaContext *c, const gboolean *quiet)
{
  guint n_quiet = 0;
  for (guint i = 0; i < c->n; i++)
    n_quiet += quiet[i];
  if (n_quiet * 10 < c->n)
    return FALSE;
  memcpy (c->quiet, quiet, c->n * sizeof *quiet);
  return TRUE;
}

/* What only some routes feel, too few requests to be loud for the site, is no baseline either:
 * their own θ would be learnt from it and hide it. Only what is loud at the rough threshold;
 * at the fine one any busy minute would shrink the baseline, and with it θ. */
static void
mark_loud_routes (RcaContext *c)
{
  g_autofree gboolean *quiet = g_memdup2 (c->quiet, c->n * sizeof *c->quiet);
  guint n_series = count_series (c);
  for (guint i = 0; i < c->routes->len; i++)
    scan_entity (c, g_ptr_array_index (c->routes, i), RCA_FAIL_SLOW, n_series, NULL, quiet, NULL);
  narrow_quiet (c, quiet);
}

/* θ needs a baseline and the baseline of latency needs θ: begin with all buckets
 * that have no errors, then once more with what proved quiet. */
static void
learn_latency (RcaContext *c)
{
  rca_context_learn_slow (c, TRUE);
  if (c->timed == RCA_STREAM_UNKNOWN)
    return;
  mark_loud_routes (c);
  for (guint round = 0; round < 2; round++)
    {
      g_autofree gboolean *quiet = g_memdup2 (c->quiet, c->n * sizeof *c->quiet);
      scan_all (c, RCA_FAIL_SLOW, NULL, quiet, NULL);
      if (!narrow_quiet (c, quiet))
        break;
      rca_context_learn_slow (c, FALSE);
    }
}

/* What no 5xx and no clock tells of, where there is no louder word for it. */
static void
find_quiet_failing (RcaContext *c, GPtrArray *symptoms)
{
  rca_refused_read (c);
  scan_all (c, RCA_FAIL_REFUSED, symptoms, NULL, NULL);
  if (symptoms->len == 0)
    scan_entity (c, c->site, RCA_FAIL_LOGGED, 1, symptoms, NULL, NULL);
}

GPtrArray *
rca_detect (RcaContext *c, GPtrArray *checked)
{
  g_autoptr (GPtrArray) symptoms = g_ptr_array_new ();
  scan_all (c, RCA_FAIL_ERROR, symptoms, c->quiet, checked);
  learn_latency (c);
  if (c->timed != RCA_STREAM_UNKNOWN)
    scan_all (c, RCA_FAIL_SLOW, symptoms, NULL, checked);
  if (c->stream == RCA_STREAM_ACCESS || c->stream == RCA_STREAM_CDN)
    rca_drop_find (c, symptoms, checked);
  find_quiet_failing (c, symptoms);
  return rca_stories_tell (c, symptoms);
}
