/* resource: a host runs out of processor, memory, disk, descriptors. Predicts saturated samples or
 * lines that say so (OOM, ENOSPC) before the failing; a host busy with one statement is an effect. */
#include "hypothesis.h"
#include "stats.h"
#include <math.h>

static const RcaFailure classes[] = { RCA_FAILURE_DISK_FULL, RCA_FAILURE_MEMORY, RCA_FAILURE_DESCRIPTORS, RCA_FAILURE_WORKERS, RCA_FAILURE_NONE };

/* From here on a gauge counts as saturated (CORRELATE.md: CPU ≥ 85 %). */
typedef struct
{
  RcaMetric metric;
  double limit;
  const char *what;
} Limit;

static const Limit limits[] = {
  { RCA_METRIC_CPU_STEAL_RATIO, 0.25, "CPU stolen by the hypervisor" }, /* before the CPU: what is stolen counts as busy */
  { RCA_METRIC_CPU_BUSY_RATIO, 0.85, "CPU" },        { RCA_METRIC_CPU_IOWAIT_RATIO, 0.4, "waiting for the disk" },
  { RCA_METRIC_MEM_USED_RATIO, 0.95, "memory" },     { RCA_METRIC_DISK_UTIL_RATIO, 0.95, "disk busy" },
  { RCA_METRIC_DISK_USED_RATIO, 0.97, "disk full" }, { RCA_METRIC_FD_USED_RATIO, 0.95, "file descriptors" },
  { RCA_METRIC_PSI_CPU_RATIO, 0.5, "CPU pressure" }, { RCA_METRIC_PSI_IO_RATIO, 0.5, "I/O pressure" }, { RCA_METRIC_PSI_MEM_RATIO, 0.2, "memory pressure" },
};

typedef struct
{
  guint cool_before, cool_inside, hot_inside, last_cool, first_hot, cool_after;
} Samples;

/* FALSE when it was saturated before. */
static gboolean
count_samples (const RcaFacts *f, const double *hot, const double *all, Samples *s)
{
  *s = (Samples){ .cool_after = f->c->n };
  for (guint i = 0; i < f->c->n; i++)
    {
      if (all[i] <= 0)
        continue;
      if (hot[i] > 0 && i < f->o->from)
        return FALSE;
      if (hot[i] > 0 && i < f->o->to && s->hot_inside++ == 0)
        s->first_hot = i;
      else if (!(hot[i] > 0) && i >= f->o->to)
        s->cool_after = MIN (s->cool_after, i);
      else if (!(hot[i] > 0) && s->hot_inside == 0)
        s->last_cool = i;
      s->cool_before += i < f->o->from;
      s->cool_inside += !(hot[i] > 0) && i >= f->o->from && i < f->o->to;
    }
  return TRUE;
}

/* A handful of samples is too short a series for a change point: never saturated before, and nearly always
 * inside, says as much. The rise lies between the last cool sample and the first hot one. */
static gboolean
few_samples_rise (RcaFacts *f, const double *hot, const double *all, RcaRise *out)
{
  enum { LEAST_BEFORE = 5, LEAST_HOT = 2 };
  Samples s;
  if (!count_samples (f, hot, all, &s) || s.cool_before < LEAST_BEFORE || s.hot_inside < LEAST_HOT || s.hot_inside < 4 * s.cool_inside)
    return FALSE;
  *out = (RcaRise){ .unseen = TRUE, .bucket = s.first_hot, .during = 1 };
  out->end_ns = s.cool_after < f->c->n ? rca_context_time (f->c, s.cool_after) : RCA_TIME_NONE;
  out->lo_ns = rca_context_time (f->c, s.last_cool);
  out->onset_ns = out->hi_ns = rca_context_time (f->c, s.first_hot) + f->c->width_ns;
  out->onset = rca_instant_uniform (rca_facts_seconds (f, out->lo_ns), rca_facts_seconds (f, out->hi_ns));
  /* 2Δℓ of two rates (0, 1) over one, φ as where it cannot be learnt */
  double n = s.cool_before + s.cool_inside + s.hot_inside, p = s.hot_inside / n;
  out->gain = -2 * (s.hot_inside * log (p) + (n - s.hot_inside) * log1p (-p)) / 1.5;
  return TRUE;
}

/* Saturated samples and all samples a bucket. A sample stands for the time since the one before. */
static void
generate_gauge (RcaFacts *f, RcaFrame *frame, guint e, const Limit *limit, GPtrArray *out)
{
  g_autofree double *hot = g_new0 (double, f->c->n), *all = g_new0 (double, f->c->n);
  double before_sum = 0, before_n = 0, in_sum = 0, in_n = 0, in_hot = 0, before_hot = 0, top = 0;
  for (guint i = 0; i < f->c->n; i++)
    {
      RcaGauge g = rca_frame_gauge (frame, e, i);
      if (!(g.n > 0))
        continue;
      double v = *rca_frame_value (frame, e, 1) ? g.sum / g.n : g.max; /* of hosts without a name, the one that is full */
      hot[i] = v >= limit->limit;
      all[i] = 1;
      if (i >= f->o->from && i < f->o->to)
        in_sum += v, in_n++, in_hot += hot[i], top = MAX (top, g.max);
      else if (i < f->o->from)
        before_sum += v, before_n++, before_hot += hot[i];
    }
  if (in_n < 2 || in_hot / in_n < 0.5 || (before_n > 0 && before_hot / before_n > 0.5))
    return;
  RcaRise rise;
  if (!rca_rise_find (f, hot, all, RCA_MODEL_BINOMIAL, 20, &rise) && !few_samples_rise (f, hot, all, &rise))
    return;
  const char *host = rca_frame_value (frame, e, 1);
  g_autofree char *subject = *host ? g_strdup_printf ("%s %s", host, limit->what) : g_strdup (limit->what);
  RcaCandidate *c = rca_candidate_new (RCA_KIND_RESOURCE, subject, NULL);
  rca_candidate_take_rise (c, &rise);
  c->shared = TRUE;
  c->share = in_hot / in_n;
  c->share_of_all = before_n > 0 ? CLAMP (before_hot / before_n, 0.02, 1) : 0.1;
  c->detail = before_n > 0 ? g_strdup_printf ("%.0f %% on average during the failing, %.0f %% before", 100 * in_sum / in_n, 100 * before_sum / before_n)
                           : g_strdup_printf ("%.0f %% on average during the failing", 100 * in_sum / in_n);
  rca_candidate_weigh_series (f, c, "the saturation");
  const char *metric[2] = { rca_metric_name (limit->metric), NULL };
  RcaFilter filter = { RCA_DIM_METRIC, metric, FALSE };
  RcaRowQuery q = { .span = { c->lo_ns, f->span.end_ns }, .stream = RCA_STREAM_MONITOR, .filter = &filter, .n_filters = 1, .limit = 2 };
  g_autoptr (GPtrArray) rows = rca_facts_cite (f, &q, g_ptr_array_index (c->evidence, 0));
  g_ptr_array_add (out, c);
}

static gboolean
is_stolen (GPtrArray *out, const char *host)
{
  for (guint i = 0; i < out->len; i++)
    {
      const RcaCandidate *c = g_ptr_array_index (out, i);
      if (c->kind == RCA_KIND_RESOURCE && g_str_has_prefix (c->subject, host) && strstr (c->subject, "stolen"))
        return TRUE;
    }
  return FALSE;
}

static void
generate_gauges (RcaFacts *f, GPtrArray *out)
{
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_METRICS);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
      if (g_str_equal (rca_frame_value (frame, e, 0), rca_metric_name (limits[i].metric)) && !(limits[i].metric == RCA_METRIC_CPU_BUSY_RATIO && is_stolen (out, rca_frame_value (frame, e, 1))))
        generate_gauge (f, frame, e, &limits[i], out);
}

/* What stands in a line says more than its class. */
static const struct
{
  const char *text, *subject;
} finer[] = {
  { "conntrack", "connection tracking table full" },
  { "assign requested address", "local ports" },
  { "EADDRNOTAVAIL", "local ports" },
  { "worker_connections", "worker_connections" },
  { "GC pause", "garbage collection" },
  { "pause in JVM", "garbage collection" },
};

static const char *
finer_subject (GPtrArray *rows)
{
  const RcaRow *row = rows->len ? g_ptr_array_index (rows, 0) : NULL;
  for (guint i = 0; row && row->ref.text && i < G_N_ELEMENTS (finer); i++)
    if (strstr (row->ref.text, finer[i].text))
      return finer[i].subject;
  return NULL;
}

static const char *
subject_of (guint k)
{
  switch (k)
    {
    case RCA_FAILURE_DISK_FULL: return "disk full";
    case RCA_FAILURE_MEMORY: return "out of memory";
    case RCA_FAILURE_DESCRIPTORS: return "file descriptors";
    default: return "worker processes";
    }
}

/* Lines that say so: of the application, the web server, the database, the kernel. */
static void
generate_lines (RcaFacts *f, RcaFailure k, GPtrArray *out)
{
  g_autofree double *series = rca_facts_failure_series (f, 1u << k, TRUE);
  RcaFrame *kernel = rca_facts_frame (f, RCA_FACT_KERNEL), *db = rca_facts_frame (f, RCA_FACT_DB_EVENTS);
  const char *db_event = k == RCA_FAILURE_DISK_FULL ? "disk_full" : k == RCA_FAILURE_MEMORY ? "memory" : "";
  gboolean hard = FALSE;
  if (!series)
    series = g_new0 (double, f->c->n);
  const char *host = "";
  for (guint t = 0; t < 2; t++)
    {
      RcaFrame *frame = t ? db : kernel;
      const char *want = t ? db_event : rca_failure_name (k);
      for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
        if (*want && g_str_equal (rca_frame_value (frame, e, 0), want))
          {
            const double *n = rca_frame_series (frame, e, RCA_MEASURE_COUNT);
            for (guint i = 0; i < f->c->n; i++)
              {
                series[i] += t ? n[i] : 5 * n[i]; /* a kernel's word is rare and final */
                hard |= n[i] > 0 && i < f->o->to;
              }
            if (!t)
              host = rca_frame_value (frame, e, 1);
          }
    }
  double inside = 0;
  for (guint i = 0; i < f->o->to; i++)
    inside += i + 60 >= f->o->from ? series[i] : 0;
  RcaRise rise;
  if (inside < 1 || !rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, 10, &rise))
    return;
  g_autofree char *subject = *host ? g_strdup_printf ("%s %s", host, subject_of (k)) : g_strdup (subject_of (k));
  RcaCandidate *c = rca_candidate_new (RCA_KIND_RESOURCE, subject, NULL);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = hard && k != RCA_FAILURE_WORKERS;
  c->shared = TRUE;
  c->failures = 1u << k;
  c->share = rca_facts_failure_share (f, c->failures);
  c->share_of_all = 0.02;
  c->intensity = g_steal_pointer (&series);
  c->detail = g_strdup_printf ("%.0f lines say so", inside);
  rca_candidate_weigh_series (f, c, subject_of (k));
  if (hard)
    rca_candidate_add (c, RCA_EVIDENCE_NOVELTY, 2, "the system itself says so");
  const char *value[2] = { rca_failure_name (k), NULL };
  RcaFilter filter = { RCA_DIM_FAILURE, value, FALSE };
  RcaRowQuery q = { .span = { c->lo_ns, f->span.end_ns }, .filter = &filter, .n_filters = 1, .limit = 3 };
  g_autoptr (GPtrArray) rows = rca_facts_cite (f, &q, g_ptr_array_index (c->evidence, 0));
  if (finer_subject (rows))
    {
      g_free (c->subject);
      c->subject = *host ? g_strdup_printf ("%s %s", host, finer_subject (rows)) : g_strdup (finer_subject (rows));
    }
  g_ptr_array_add (out, c);
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  generate_gauges (f, out);
  for (guint i = 0; classes[i] != RCA_FAILURE_NONE; i++)
    generate_lines (f, classes[i], out);
}

const RcaHypothesis rca_hypothesis_resource = {
  .kind = RCA_KIND_RESOURCE,
  .brings_about = RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_DB_FAULT) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_APP_ERROR)
                  | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_CACHE) | RCA_KIND_BIT (RCA_KIND_RESOURCE) | RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION) | RCA_KIND_BIT (RCA_KIND_UPSTREAM),
  .generate = generate,
  .remedy = "free it (files, memory, processes), then find what used it up",
};
