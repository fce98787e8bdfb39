#include "verdict.h"
#include "timestamp.h"
#include "change.h"
#include "stats.h"
#include <math.h>

static const double ruled_out_below = 0.25; /* a suspect that accounts for less than a quarter is not the cause */
static const double covered = 0.8;          /* of the incident, by the sources that would show it */

/* Classes that say at once what a request died of, and leave no room for others. */
#define ACCOUNTED                                                                                                                          \
  (1u << RCA_FAILURE_EXCEPTION | 1u << RCA_FAILURE_DB_ERROR | 1u << RCA_FAILURE_STATEMENT_TIMEOUT | 1u << RCA_FAILURE_LOCK_TIMEOUT          \
   | 1u << RCA_FAILURE_DEADLOCK | 1u << RCA_FAILURE_DISK_FULL | 1u << RCA_FAILURE_MEMORY | 1u << RCA_FAILURE_DB_READ_ONLY)
#define CALLS                                                                                                                              \
  (1u << RCA_FAILURE_READ_TIMEOUT | 1u << RCA_FAILURE_UPSTREAM_ERROR | 1u << RCA_FAILURE_REFUSED | 1u << RCA_FAILURE_RESET                  \
   | 1u << RCA_FAILURE_CONNECT_TIMEOUT | 1u << RCA_FAILURE_UNREACHABLE | 1u << RCA_FAILURE_NO_UPSTREAM | 1u << RCA_FAILURE_DNS | 1u << RCA_FAILURE_TLS)
#define CONNECTIONS (1u << RCA_FAILURE_POOL_TIMEOUT | 1u << RCA_FAILURE_DB_REFUSED)
#define WIRE                                                                                                                               \
  (1u << RCA_FAILURE_CONNECT_TIMEOUT | 1u << RCA_FAILURE_UNREACHABLE | 1u << RCA_FAILURE_RESET | 1u << RCA_FAILURE_REFUSED                  \
   | 1u << RCA_FAILURE_DB_LOST)

typedef struct
{
  RcaVerdictValue value;
  double x_upper;
  char *why; /* owned */
} Finding;

static Finding
found (RcaVerdictValue value, double x, const char *format, ...) G_GNUC_PRINTF (3, 4);

static Finding
found (RcaVerdictValue value, double x, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  Finding out = { value, x, g_strdup_vprintf (format, args) };
  va_end (args);
  return out;
}

static double
upper (const RcaFacts *f, double share)
{
  double n = f->bad / MAX (f->o->phi, 1);
  return isnan (share) ? NAN : rca_proportion_upper (share * n, n, 0.95);
}

/* Share of the bad requests that have a record of their own at WARN or worse. */
static double
recorded_share (RcaFacts *f)
{
  static const char *const loud[] = { "warn", "error", "fatal", NULL };
  RcaJoin *join = rca_facts_join (f, RCA_STREAM_APP, RCA_DIM_SEVERITY, RCA_DIM_SEVERITY, loud);
  double with = 0, all = 0;
  for (guint i = 0; join && i < join->route->len; i++)
    {
      const RcaJoinRoute *r = &g_array_index (join->route, RcaJoinRoute, i);
      all += r->bad + r->bad_unjoined + r->bad_queued;
    }
  double share = 0;
  for (guint k = 0; loud[k]; k++)
    {
      double s = rca_facts_carried (join, loud[k], NULL);
      share = isnan (s) ? share : MAX (share, s);
    }
  for (guint i = 0; join && i < join->route->len; i++)
    with += g_array_index (join->route, RcaJoinRoute, i).bad;
  return all > 0 ? share * with / all : NAN;
}

/* Joined share of @bits scaled to all bad requests. */
static double
share_of_bad (RcaFacts *f, guint bits)
{
  return rca_facts_failure_share (f, bits);
}

/* Part of the rows of @failure inside the incident that name no peer. */
static double
nameless_part (RcaFacts *f, RcaFailure failure)
{
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_FAILURES);
  double all = 0, nameless = 0;
  for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
    for (guint i = f->o->from; i < f->o->to && g_str_equal (rca_frame_value (frame, e, 0), rca_failure_name (failure)); i++)
      {
        double n = rca_frame_series (frame, e, RCA_MEASURE_COUNT)[i];
        all += n, nameless += *rca_frame_value (frame, e, 1) ? 0 : n;
      }
  return all > 0 ? nameless / all : 0;
}

/* ---- the suspects ------------------------------------------------------ */

static double
quiet_rate (const RcaFacts *f, double *exposure)
{
  double k = 0, e = 0;
  for (guint i = 0; i < f->o->from; i++)
    if (f->c->quiet[i] && f->c->site->requests[i] > 0)
      k += f->c->site->requests[i], e++;
  *exposure = e;
  return k;
}

/* Requests over 10 s before each bucket's end. */
static double *
ten_second_rates (const RcaFacts *f, guint w)
{
  double *rate = g_new0 (double, f->c->n), sum = 0;
  for (guint i = 0; i < f->c->n; i++)
    {
      sum += f->c->site->requests[i] - (i >= w ? f->c->site->requests[i - w] : 0);
      rate[i] = sum;
    }
  return rate;
}

/* Highest rate over 10 s carried healthily, and inside; and the share of the excess that failed
 * while, or within 10 s after, more came than was ever carried. A burst in the middle of an
 * incident does not explain what failed before it. */
static double
burst_share (const RcaFacts *f, double *healthy, double *inside)
{
  guint w = (guint) MAX (1, 10 * RCA_NS_PER_S / f->c->width_ns), hot_until = 0;
  g_autofree double *rate = ten_second_rates (f, w);
  double excess = 0, hot = 0;
  *healthy = *inside = 0;
  for (guint i = w > 0 ? w - 1 : 0; i < f->o->from; i++)
    *healthy = MAX (*healthy, rate[i]);
  double noise = 2 * sqrt (MAX (*healthy, 1)); /* the highest of many counts is itself noisy */
  for (guint i = f->o->from; i < f->o->to && i < f->c->n; i++)
    {
      if (i >= f->o->from + w - 1)
        *inside = MAX (*inside, rate[i]);
      if (rate[i] > 1.1 * *healthy + noise)
        hot_until = i + w + 1;
      excess += MAX (0, f->o->excess[i]);
      hot += i < hot_until ? MAX (0, f->o->excess[i]) : 0;
    }
  return excess > 0 ? hot / excess : 0;
}

/* Share of the bad requests that come from networks which grew: ≥ 5 requests and more than
 * three times what they would be expected to send. */
static double
concentrated (RcaFacts *f, gboolean *tested)
{
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_NETWORKS);
  guint n = frame ? rca_frame_n_entities (frame) : 0, named = 0;
  double bad = 0, grown = 0, before_len = f->o->from, in_len = f->o->to - f->o->from;
  for (guint e = 0; e <= n && frame; e++)
    {
      const double *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT), *failed = rca_frame_series (frame, e, RCA_MEASURE_FAILED);
      double in = 0, out = 0, in_bad = 0;
      for (guint i = 0; count && failed && i < f->o->to; i++)
        if (i >= f->o->from)
          in += count[i], in_bad += failed[i];
        else
          out += count[i];
      bad += in_bad;
      if (e == n || !*rca_frame_value (frame, e, 0))
        continue;
      named++;
      /* an address seldom seen is no flood: what counts is more than three times its due, and a weight of its own */
      double due = (out + 1) * in_len / MAX (before_len, 1);
      if (in >= 5 && in > 3 * due && in > 0.05 * in_len)
        grown += in_bad;
    }
  *tested = named >= 3;
  return bad > 0 ? grown / bad : 0;
}

static Finding
judge_traffic (RcaFacts *f, const RcaStory *s)
{
  double e0, k0 = quiet_rate (f, &e0), k1 = 0, e1 = f->o->to - f->o->from, phi = 1.5;
  for (guint i = f->o->from; i < f->o->to; i++)
    k1 += f->c->site->requests[i];
  if (k0 < 100 || e0 < 10)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "no quiet traffic before it to compare with");
  double ratio = (k1 / e1) / (k0 / e0), bound = rca_rate_ratio_upper (k1 / phi, e1, k0 / phi, e0, 0.95);
  double healthy, inside, burst = burst_share (f, &healthy, &inside);
  gboolean tested;
  double x = concentrated (f, &tested), xu = upper (f, tested ? MAX (x, burst) : burst);
  if (bound < 1.25 && xu < ruled_out_below)
    return found (RCA_VERDICT_RULED_OUT, xu, "%.2f times the usual requests (at most %.2f at 95 %%)%s; busiest 10 s: %.0f against %.0f", ratio, bound,
                  tested ? ", same clients" : ", clients not told apart", inside, healthy);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu,
                "the rate was %.2f times that of before (up to %.2f at 95 %%; busiest 10 s: %.0f against %.0f), %.0f %% of the failing from networks that grew; that does not settle it", ratio, bound,
                inside, healthy, 100 * x);
}

static Finding
judge_cdn (RcaFacts *f, const RcaStory *s)
{
  RcaFrame *edge = rca_facts_frame (f, RCA_FACT_EDGE), *origin = rca_facts_frame (f, RCA_FACT_ORIGIN);
  if (!edge)
    return found (RCA_VERDICT_NO_DATA, NAN, "no edge logs were read");
  if (!origin)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "no origin logs to compare the edge with");
  double edge_bad = 0, behind = 0, hit_in = 0, all_in = 0, hit_out = 0, all_out = 0;
  for (guint e = 0; e < rca_frame_n_entities (edge); e++)
    {
      gboolean hit = g_str_has_prefix (rca_frame_value (edge, e, 0), "hit");
      for (guint i = 0; i < f->o->to; i++)
        {
          double n = rca_frame_series (edge, e, RCA_MEASURE_COUNT)[i];
          if (i >= f->o->from)
            edge_bad += rca_frame_series (edge, e, RCA_MEASURE_FAILED)[i], all_in += n, hit_in += hit ? n : 0;
          else if (f->c->quiet[i])
            all_out += n, hit_out += hit ? n : 0;
        }
    }
  for (guint e = 0; e < rca_frame_n_entities (origin); e++)
    for (guint i = f->o->from; i < f->o->to; i++)
      behind += rca_frame_series (origin, e, RCA_MEASURE_FAILED)[i];
  double miss_in = all_in > 0 ? 1 - hit_in / all_in : NAN, miss_out = all_out > 0 ? 1 - hit_out / all_out : NAN;
  gboolean mix = isnan (miss_in) || isnan (miss_out) || miss_in <= miss_out + 0.1;
  if (f->o->failing == RCA_FAIL_SLOW)
    return mix ? found (RCA_VERDICT_RULED_OUT, 0.2, "the origin is slow by itself, and the edge passes it the same share of requests (%.0f %% misses, %.0f %% before)", 100 * miss_in, 100 * miss_out)
               : found (RCA_VERDICT_NOT_SUPPORTED, NAN, "the share of misses changed (%.0f %%, %.0f %% before)", 100 * miss_in, 100 * miss_out);
  if (edge_bad < 1)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "the edge logs show no failing");
  double x = CLAMP (1 - behind / edge_bad, 0, 1), xu = upper (f, x);
  if (xu < ruled_out_below && mix)
    return found (RCA_VERDICT_RULED_OUT, xu, "the origin itself gave %.0f of %.0f failures, on its usual share of requests", MIN (behind, edge_bad), edge_bad);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu, "%.0f failures at the edge, %.0f at the origin; misses %.0f %%, %.0f %% before", edge_bad, behind, 100 * miss_in, 100 * miss_out);
}

static gboolean
connect_times (RcaFacts *f, double *before_s, double *during_s)
{
  RcaFrame *up = rca_facts_frame (f, RCA_FACT_UPSTREAMS);
  RcaHistogram h[2] = { { { 0 } }, { { 0 } } };
  for (guint e = 0; up && e < rca_frame_n_entities (up); e++)
    for (guint i = 0; i < f->o->to; i++)
      {
        const RcaHistogram *b = rca_frame_histogram (up, e, i, RCA_MEASURE_CONNECT);
        if (b && (i >= f->o->from || f->c->quiet[i]))
          rca_histogram_add (&h[i >= f->o->from], b);
      }
  if (rca_histogram_count (&h[0]) < 50 || rca_histogram_count (&h[1]) < 20)
    return FALSE;
  *before_s = rca_histogram_quantile_s (&h[0], 0.95);
  *during_s = rca_histogram_quantile_s (&h[1], 0.95);
  return TRUE;
}

static Finding
judge_network (RcaFacts *f, const RcaStory *s)
{
  double before, during;
  gboolean hop = connect_times (f, &before, &during);
  double named = share_of_bad (f, WIRE), accounted = share_of_bad (f, ACCOUNTED), rec = recorded_share (f);
  if (!hop && isnan (named))
    return found (RCA_VERDICT_NO_DATA, NAN, "no connect times and no connection errors are logged");
  if (!hop)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "no hop's connect times are logged; only connection errors would show it");
  if (during > MAX (1.5 * before, before + 0.005))
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "connects took longer (95 %% within %.0f ms, %.0f ms before)", during * 1000, before * 1000);
  double x = isnan (named) ? NAN : MAX (named, 1 - accounted), xu = upper (f, x);
  if (!isnan (xu) && xu < ruled_out_below && rec >= covered)
    return found (RCA_VERDICT_RULED_OUT, xu, "connects no slower (95 %% in %.*f ms, before %.*f); %.0f %% name another reason", during < 0.01, during * 1000,
                  before < 0.01, before * 1000, 100 * accounted);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu, "web server to application as before; from there to the database not measured");
}

/* Whether lines inside the incident name one of @classes, joined to a request or not. */
static gboolean
complains (RcaFacts *f, guint classes)
{
  g_autofree double *series = rca_facts_failure_series (f, classes, TRUE);
  double before = 0, inside = 0;
  for (guint i = 0; series && i < f->o->to; i++)
    *(i >= f->o->from ? &inside : &before) += series[i];
  return inside >= 2 && inside / MAX (1, f->o->to - f->o->from) > 2 * before / MAX (1, f->o->from);
}

/* Whether one instance is slow and the others are not: its own machine or heap may be short, and samples of
 * hosts do not say whose they are. */
static gboolean
one_instance_drags (const RcaFacts *f, const RcaStory *s)
{
  for (guint i = 0; i < s->candidates->len; i++)
    {
      const RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      if (c->kind == RCA_KIND_INSTANCE && c->log_weight > 2)
        return f->o->failing == RCA_FAIL_SLOW;
    }
  return FALSE;
}

static Finding
judge_resource (RcaFacts *f, const RcaStory *s)
{
  if (!rca_context_has_stream (f->c, RCA_STREAM_MONITOR))
    return found (RCA_VERDICT_NO_DATA, NAN, "no host metrics or kernel lines were read");
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_METRICS);
  static const struct { RcaMetric metric; double limit; } limits[] = {
    { RCA_METRIC_CPU_BUSY_RATIO, 0.85 }, { RCA_METRIC_CPU_IOWAIT_RATIO, 0.4 }, { RCA_METRIC_MEM_USED_RATIO, 0.95 }, { RCA_METRIC_DISK_UTIL_RATIO, 0.95 },
    { RCA_METRIC_DISK_USED_RATIO, 0.97 }, { RCA_METRIC_FD_USED_RATIO, 0.95 }, { RCA_METRIC_CPU_STEAL_RATIO, 0.25 },
  };
  guint n = f->c->n, samples = 0, hot = 0, cpu = 0, memory = 0, parts = 0;
  double top = 0;
  for (guint i = f->o->from; i < f->o->to && i < n; i++)
    {
      gboolean any = FALSE, over = FALSE;
      for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
        for (guint k = 0; k < G_N_ELEMENTS (limits); k++)
          if (g_str_equal (rca_frame_value (frame, e, 0), rca_metric_name (limits[k].metric)))
            {
              RcaGauge g = rca_frame_gauge (frame, e, i);
              if (!(g.n > 0))
                continue;
              any = TRUE;
              cpu += k == 0, memory += k == 2, parts += k == 1 || k == 6;
              over |= g.max >= limits[k].limit;
              if (k == 0)
                top = MAX (top, g.max);
            }
      samples += any, hot += any && over;
    }
  const guint used_up = 1u << RCA_FAILURE_DISK_FULL | 1u << RCA_FAILURE_MEMORY | 1u << RCA_FAILURE_DESCRIPTORS | 1u << RCA_FAILURE_WORKERS;
  double lines = share_of_bad (f, used_up);
  if (complains (f, used_up))
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "lines of the incident complain of memory, disk, descriptors or workers");
  RcaFrame *kernel = rca_facts_frame (f, RCA_FACT_KERNEL);
  for (guint e = 0; kernel && e < rca_frame_n_entities (kernel); e++)
    if (*rca_frame_value (kernel, e, 0) && !g_str_equal (rca_frame_value (kernel, e, 0), "none"))
      return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "the kernel complained (%s)", rca_frame_value (kernel, e, 0));
  if (one_instance_drags (f, s))
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "one instance is slow and the others are not; no sample says that it is of that instance's own machine");
  if (samples < 5 || !cpu)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "only %u samples of the hosts fall into the incident", samples);
  double xu = rca_proportion_upper (hot, samples, 0.95);
  if (xu < ruled_out_below && f->o->failing == RCA_FAIL_SLOW && !parts)
    return found (RCA_VERDICT_NOT_SUPPORTED, xu, "CPU at most %.0f %% in %u samples, but neither time stolen nor time spent waiting for disks was sampled", 100 * top, samples);
  /* descriptors, ports, workers: no monitor samples them; who runs out of them says so in its own record */
  double rec = f->o->failing == RCA_FAIL_ERROR ? recorded_share (f) : 1;
  if (xu < ruled_out_below && !(rec >= covered))
    return found (RCA_VERDICT_NOT_SUPPORTED, xu, "CPU at most %.0f %% in %u samples; descriptors, ports and workers are not measured, and the failing requests have no record that would tell", 100 * top, samples);
  if (xu < ruled_out_below && !(lines > 0.05))
    return found (RCA_VERDICT_RULED_OUT, xu, "CPU at most %.0f %%, no host saturated in %u of %u samples", 100 * top, samples - hot, samples);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu, "%u of %u samples were saturated (CPU at most %.0f %%)", hot, samples, 100 * top);
}

static Finding
judge_db_connections (RcaFacts *f, const RcaStory *s)
{
  gboolean app = rca_context_has_stream (f->c, RCA_STREAM_APP), db = rca_context_has_stream (f->c, RCA_STREAM_DB);
  if (!app && !db)
    return found (RCA_VERDICT_NO_DATA, NAN, "neither application nor database logs were read");
  const guint connections = CONNECTIONS | 1u << RCA_FAILURE_DB_LOST;
  double x = share_of_bad (f, connections), rec = recorded_share (f), other = share_of_bad (f, ~connections & ~(1u << RCA_FAILURE_NONE));
  other -= nameless_part (f, RCA_FAILURE_READ_TIMEOUT) * share_of_bad (f, 1u << RCA_FAILURE_READ_TIMEOUT); /* "took too long" may be said of a connection */
  if (isnan (x) || isnan (rec) || rec < covered)
    return found (RCA_VERDICT_NOT_SUPPORTED, upper (f, x), "only %.0f %% of the failing requests have a record that would say so", isnan (rec) ? 0 : 100 * rec);
  double xu = upper (f, MAX (x, 1 - other)); /* a record that gives no reason may hide this one */
  if (xu < ruled_out_below)
    return found (RCA_VERDICT_RULED_OUT, xu, "%.0f %% of the failing name a lost or missing connection, %.0f %% another reason", 100 * x, 100 * other);
  if (x < ruled_out_below)
    return found (RCA_VERDICT_NOT_SUPPORTED, xu, "%.0f %% of the failing requests name a missing or broken database connection; only %.0f %% name any other reason", 100 * x, 100 * other);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu, "%.0f %% of the failing requests name a missing or broken database connection", 100 * x);
}

static Finding
judge_deploy (RcaFacts *f, const RcaStory *s)
{
  gboolean source = FALSE, before = FALSE;
  for (guint i = 0; i < f->c->sources->source->len; i++)
    {
      const RcaSourceInfo *info = g_ptr_array_index (f->c->sources->source, i);
      if (info->stream == RCA_STREAM_CHANGE && info->parsed > 0)
        {
          source = TRUE;
          before |= info->first_ns != RCA_TIME_NONE && info->first_ns < f->o->lo_ns;
        }
    }
  guint in_reach = 0;
  for (guint i = 0; i < f->c->changes->len; i++)
    {
      const RcaChange *change = g_ptr_array_index (f->c->changes, i);
      gboolean counts = change->kind == RCA_CHANGE_DEPLOY || change->kind == RCA_CHANGE_ROLLBACK || change->kind == RCA_CHANGE_SCALE || change->kind == RCA_CHANGE_MIGRATION
                        || change->kind == RCA_CHANGE_RESTART;
      in_reach += counts && change->start_ns <= f->o->hi_ns;
    }
  if (!source && in_reach == 0)
    return found (RCA_VERDICT_NO_DATA, NAN, "no log of deploys was read");
  if (in_reach == 0 && before)
    return found (RCA_VERDICT_RULED_OUT, 0, "no deploy in the 24 hours before it");
  if (in_reach == 0)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "no deploy before it is known, but the log of changes may begin later");
  return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "%u %s before it; nothing ties %s to the failing", in_reach, in_reach == 1 ? "deploy or restart" : "deploys or restarts", in_reach == 1 ? "it" : "them");
}

static gboolean
strong_statement (const RcaStory *s)
{
  for (guint i = 0; i < s->candidates->len; i++)
    {
      const RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      if ((c->kind == RCA_KIND_SLOW_QUERY || c->kind == RCA_KIND_LOCK_CONTENTION) && c->log_weight > 2)
        return TRUE;
    }
  return FALSE;
}

static Finding
judge_slow_query (RcaFacts *f, const RcaStory *s)
{
  double x = rca_facts_slow_share (f);
  guint waits = CONNECTIONS | 1u << RCA_FAILURE_WORKERS | 1u << RCA_FAILURE_STATEMENT_TIMEOUT | 1u << RCA_FAILURE_NO_UPSTREAM;
  double named = share_of_bad (f, waits);
  if (isnan (x))
    return rca_context_has_stream (f->c, RCA_STREAM_DB) ? found (RCA_VERDICT_NOT_SUPPORTED, NAN, "no request durations are logged")
                                                        : found (RCA_VERDICT_NO_DATA, NAN, "neither request nor statement durations are logged");
  double xu = upper (f, MAX (x, isnan (named) ? 0 : named));
  if (xu < ruled_out_below && !strong_statement (s))
    return found (RCA_VERDICT_RULED_OUT, xu, "%.0f %% of the failing took longer than healthy ones: no statement held them", 100 * x);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu, "%.0f %% of the failing requests took long enough to have waited for a statement", 100 * x);
}

static Finding
judge_upstream (RcaFacts *f, const RcaStory *s)
{
  if (!rca_context_has_stream (f->c, RCA_STREAM_APP))
    return found (RCA_VERDICT_NO_DATA, NAN, "no application logs that would tell of calls to others");
  double x = share_of_bad (f, CALLS), accounted = share_of_bad (f, ACCOUNTED | CONNECTIONS), rec = recorded_share (f);
  if (isnan (x) || rec < covered)
    return found (RCA_VERDICT_NOT_SUPPORTED, NAN, "calls to other services are not logged for the failing requests");
  double xu = upper (f, MAX (x, 1 - accounted));
  if (xu < ruled_out_below)
    return found (RCA_VERDICT_RULED_OUT, xu, "%.0f %% of the failing requests name another reason, %.0f %% a failed call", 100 * accounted, 100 * x);
  return found (RCA_VERDICT_NOT_SUPPORTED, xu, "%.0f %% of the failing requests name a failed call; the rest does not say", 100 * x);
}

static const struct
{
  RcaKind kind;
  const char *name;
  Finding (*judge) (RcaFacts *facts, const RcaStory *story);
} suspects[] = {
  { RCA_KIND_DEPLOY, "a deploy", judge_deploy },
  { RCA_KIND_SLOW_QUERY, "a slow query", judge_slow_query },
  { RCA_KIND_DB_CONNECTIONS, "database connections", judge_db_connections },
  { RCA_KIND_RESOURCE, "the hosts' resources", judge_resource },
  { RCA_KIND_TRAFFIC, "traffic", judge_traffic },
  { RCA_KIND_CDN, "the CDN", judge_cdn },
  { RCA_KIND_NETWORK, "the network", judge_network },
  { RCA_KIND_UPSTREAM, "another service", judge_upstream },
};

GPtrArray *
rca_verdicts (RcaFacts *f, const RcaStory *s, guint implicated)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_verdict_free);
  for (guint i = 0; i < G_N_ELEMENTS (suspects); i++)
    {
      Finding finding = suspects[i].judge (f, s);
      if (f->o->failing >= RCA_FAIL_DROP && finding.value == RCA_VERDICT_RULED_OUT && suspects[i].kind != RCA_KIND_DEPLOY)
        {
          /* the requests that came say nothing of those that did not */
          g_free (finding.why);
          finding = found (RCA_VERDICT_NOT_SUPPORTED, NAN, f->o->failing == RCA_FAIL_DROP ? "requests that did not come left no line that would tell" : "requests that were answered without an error of the server do not tell");
        }
      RcaVerdict *v = g_new0 (RcaVerdict, 1);
      v->kind = suspects[i].kind;
      v->verdict = implicated & RCA_KIND_BIT (v->kind) ? RCA_VERDICT_IMPLICATED : finding.value;
      v->share_max = finding.x_upper;
      v->summary = finding.why;
      v->evidence = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_evidence_free);
      g_ptr_array_add (out, v);
    }
  return out;
}

static const RcaIncident *
implicates (GPtrArray *incidents, RcaKind kind)
{
  for (guint i = 0; i < incidents->len; i++)
    {
      const RcaIncident *other = g_ptr_array_index (incidents, i);
      for (guint j = 0; j < other->verdicts->len; j++)
        {
          const RcaVerdict *v = g_ptr_array_index (other->verdicts, j);
          if (v->kind == kind && v->verdict == RCA_VERDICT_IMPLICATED)
            return other;
        }
    }
  return NULL;
}

static void
respect_others (RcaVerdict *v, GPtrArray *incidents)
{
  const RcaIncident *other = v->verdict == RCA_VERDICT_RULED_OUT ? implicates (incidents, v->kind) : NULL;
  if (!other)
    return;
  char since[32];
  rca_time_format (other->start_ns, since);
  g_autofree char *why = v->summary;
  v->summary = g_strdup_printf ("the incident that began %.8s UTC is put down to it; here %s", since + strlen ("2026-11-24T"), why);
  v->verdict = RCA_VERDICT_NOT_SUPPORTED;
}

void
rca_verdicts_respect_others (GPtrArray *incidents)
{
  for (guint i = 0; i < incidents->len; i++)
    g_ptr_array_foreach (((RcaIncident *) g_ptr_array_index (incidents, i))->verdicts, (GFunc) respect_others, incidents);
}

void
rca_verdict_free (RcaVerdict *v)
{
  g_free (v->summary);
  g_ptr_array_unref (v->evidence);
  g_free (v);
}
