/* slow_query: a statement that takes (or came to be called) more than before. Split into "called
 * more" and "costs more": Δ(calls·mean) = mean₀·Δcalls + calls₁·Δmean. Predicts that failing
 * requests took long; refuted when they failed in milliseconds. */
#include "hypothesis.h"
#include "stats.h"
#include <math.h>

/* DDL and session statements are somebody's lock or nobody's load; locks have their own row. */
static gboolean
is_query (const char *fingerprint)
{
  static const char *const verbs[] = { "SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "CALL", "EXEC", "REFRESH", "COPY",
                                       "find", "aggregate", "count", "distinct", "update", "delete", "getMore", "FT.", "KEYS", "SCAN", "EVAL", "LRANGE", "SMEMBERS", "HGETALL", "ZRANGE", "SORT", "SUNION", "(SELECT" };
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_str_has_prefix (fingerprint, verbs[i]))
      return TRUE;
  return FALSE;
}

typedef struct
{
  const double *count, *busy, *timed, *rows;
  double calls0, calls1, seconds0, seconds1, timed0, timed1, rows0, rows1;
  double rows_stated;  /* calls inside that state the rows they examined */
  double span0, span1; /* buckets before and inside */
} Statement;

static void
read_statement (const RcaFacts *f, RcaFrame *frame, guint e, guint onset, Statement *s)
{
  *s = (Statement){ .count = rca_frame_series (frame, e, RCA_MEASURE_COUNT),
                    .busy = rca_frame_series (frame, e, RCA_MEASURE_DURATION),
                    .timed = rca_frame_series_n (frame, e, RCA_MEASURE_DURATION),
                    .rows = rca_frame_series (frame, e, RCA_MEASURE_ROWS_EXAMINED) };
  const double *stated = rca_context_states (f->c, RCA_STREAM_DB, RCA_FIELD_ROWS_EXAMINED) ? s->timed : NULL;
  for (guint i = 0; i < f->c->n; i++)
    {
      gboolean inside = i >= onset && i < f->o->to;
      if (i >= f->o->to)
        continue;
      *(inside ? &s->calls1 : &s->calls0) += s->count[i];
      *(inside ? &s->seconds1 : &s->seconds0) += s->busy ? s->busy[i] : 0;
      *(inside ? &s->timed1 : &s->timed0) += s->timed ? s->timed[i] : 0;
      *(inside ? &s->rows1 : &s->rows0) += s->rows ? s->rows[i] : 0;
      *(inside ? &s->span1 : &s->span0) += 1;
      s->rows_stated += inside && stated ? stated[i] : 0;
    }
}

static double
mean (double sum, double n)
{
  return n > 0 ? sum / n : NAN;
}

/* The rise of calls or of seconds, whichever is clearer. */
static gboolean
statement_rise (const RcaFacts *f, RcaFrame *frame, guint e, guint n_series, RcaRise *best, double **intensity)
{
  const double *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT), *busy = rca_frame_series (frame, e, RCA_MEASURE_DURATION),
               *timed = rca_frame_series_n (frame, e, RCA_MEASURE_DURATION);
  gboolean found = rca_rise_find (f, count, NULL, RCA_MODEL_POISSON, n_series, best);
  double sum = 0, n = 0;
  for (guint i = 0; i < f->c->n && busy && timed; i++)
    sum += busy[i], n += timed[i];
  *intensity = g_memdup2 (count, f->c->n * sizeof *count);
  if (n < 5 || sum <= 0)
    return found;
  g_autofree double *load = g_new (double, f->c->n);
  for (guint i = 0; i < f->c->n; i++) /* in units of one mean statement, cancelled ones (no duration) at that mean */
    load[i] = busy[i] / (sum / n) + (count[i] - timed[i]);
  RcaRise other;
  if (rca_rise_find (f, load, NULL, RCA_MODEL_POISSON, n_series, &other))
    {
      if (!found || other.gain > best->gain)
        {
          rca_rise_clear (best);
          *best = other;
          g_free (*intensity);
          *intensity = g_steal_pointer (&load);
          return TRUE;
        }
      rca_rise_clear (&other);
    }
  return found;
}

static void
describe (RcaCandidate *c, const Statement *s)
{
  char at[16];
  double before = mean (s->seconds0, s->timed0), during = mean (s->seconds1, s->timed1);
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%.0f times since %s", s->calls1, rca_clock (c->onset_ns, at));
  if (s->calls0 == 0)
    g_string_append (text, ", never before in what the logs hold");
  else
    g_string_append_printf (text, " (%.0f times in the %.0f buckets before)", s->calls0, s->span0);
  if (!isnan (during))
    g_string_append_printf (text, ", %.0f ms each", during * 1000);
  if (!isnan (during) && !isnan (before))
    g_string_append_printf (text, " against %.0f ms before", before * 1000);
  if (s->rows1 > 0 && s->calls1 > 0)
    g_string_append_printf (text, ", %.0f rows examined a call", s->rows1 / s->calls1);
  c->detail = g_string_free (text, FALSE);
}

/* Whether most of its time inside went by waiting for a lock, where the slow log states that. */
static gboolean
is_mostly_lock_time (const RcaFacts *f, RcaFrame *frame, guint e)
{
  const double *wait = rca_frame_series (frame, e, RCA_MEASURE_LOCK_TIME), *busy = rca_frame_series (frame, e, RCA_MEASURE_DURATION);
  double waited = 0, took = 0;
  for (guint i = f->o->from; wait && busy && i < f->o->to; i++)
    waited += wait[i], took += busy[i];
  return took > 0 && waited > 0.5 * took;
}

/* Whether a good part of its executions is known to have waited for a lock. */
static gboolean
waits_for_locks (RcaFacts *f, const char *print, const Statement *s)
{
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_STATEMENT_WAITS);
  gint e = frame ? rca_frame_find (frame, print, NULL) : -1;
  double n = 0;
  for (guint i = f->o->from; e >= 0 && i < f->o->to; i++)
    n += rca_frame_series (frame, (guint) e, RCA_MEASURE_COUNT)[i];
  return n >= 2 && n >= 0.3 * s->calls1;
}

/* Unseen, or calls or rows examined per call at least doubled: its own doing, not saturation's. */
static gboolean
new_nature (const Statement *s, const RcaRise *rise)
{
  /* seconds without a row examined: it waited for something, it did not work */
  if (s->rows && s->rows_stated > 0 && s->rows1 < s->rows_stated && s->seconds1 > 0.3 * s->timed1)
    return FALSE;
  if (rise->unseen)
    return TRUE;
  double rate0 = mean (s->calls0, s->span0), rate1 = mean (s->calls1, s->span1);
  double rows0 = mean (s->rows0, s->calls0), rows1 = mean (s->rows1, s->calls1);
  return (s->calls0 >= 5 && rate1 > 3 * rate0 && s->timed0 >= 5) || (rows0 > 0 && rows1 > 2 * rows0);
}

static double
busy_excess (const RcaFacts *f, RcaFrame *frame, guint e)
{
  const double *busy = rca_frame_series (frame, e, RCA_MEASURE_DURATION), *count = rca_frame_series (frame, e, RCA_MEASURE_COUNT),
               *timed = rca_frame_series_n (frame, e, RCA_MEASURE_DURATION);
  double in = 0, out = 0, n_in = 0, n_out = 0, sum = 0, n = 0;
  for (guint i = 0; i < f->c->n && busy; i++)
    sum += busy[i], n += timed[i];
  double each = n > 0 ? sum / n : 0.5; /* a cancelled statement ran until its time-out */
  for (guint i = 0; i < f->c->n && busy; i++)
    {
      double s = busy[i] + (count[i] - timed[i]) * each;
      if (i >= f->o->from && i < f->o->to)
        in += s, n_in++;
      else if (i < f->o->from)
        out += s, n_out++;
    }
  return MAX (0, in - (n_out > 0 ? out / n_out * n_in : 0));
}

static void
add_statement (RcaFacts *f, RcaFrame *frame, RcaStream stream, guint e, guint n_series, double all_excess, GPtrArray *out)
{
  RcaRise rise;
  g_autofree double *intensity = NULL;
  if (!statement_rise (f, frame, e, n_series, &rise, &intensity))
    return;
  if (rise.onset_ns >= f->span.end_ns || rise.during <= rise.before)
    {
      rca_rise_clear (&rise);
      return;
    }
  const char *print = rca_frame_value (frame, e, 0);
  Statement s;
  read_statement (f, frame, e, rise.bucket, &s);
  RcaCandidate *c = rca_candidate_new (RCA_KIND_SLOW_QUERY, rca_frame_label (frame, e, 0), NULL);
  c->new_nature = new_nature (&s, &rise) && !waits_for_locks (f, print, &s) && !is_mostly_lock_time (f, frame, e);
  rca_candidate_take_rise (c, &rise);
  c->intensity = g_steal_pointer (&intensity);
  c->shared = TRUE;
  c->failures = 1u << RCA_FAILURE_STATEMENT_TIMEOUT;
  describe (c, &s);
  double slow = rca_facts_slow_share (f), named = rca_facts_failure_share (f, c->failures);
  c->share = isnan (slow) ? named : isnan (named) ? slow : MAX (slow, named);
  c->share_of_all = 0.02;
  rca_candidate_weigh_series (f, c, "the statement");
  RcaEvidence *first = g_ptr_array_index (c->evidence, 0);
  g_autoptr (GPtrArray) rows = rca_facts_cite_value (f, stream, RCA_DIM_FINGERPRINT, print, c->lo_ns, 3, first);
  if (rows->len && ((RcaRow *) g_ptr_array_index (rows, 0))->service)
    c->service = g_strdup (((RcaRow *) g_ptr_array_index (rows, 0))->service);
  if (!isnan (c->share) && c->share < 0.2 && f->bad >= 10)
    rca_candidate_add (c, RCA_EVIDENCE_COUNTEREXAMPLE, rca_weight_share (c->share * f->m, f->m, 0.02),
                       "only %.0f %% of the failing requests took long enough to have waited for a statement", 100 * c->share);
  double part = c->load_share = all_excess > 0 ? busy_excess (f, frame, e) / all_excess : 0;
  rca_candidate_add (c, RCA_EVIDENCE_JOIN, CLAMP (log ((part + 0.01) / 0.1), -4, 2.3), "%.0f %% of the additional time the database spent", 100 * part);
  if (c->unseen && stream == RCA_STREAM_DB)
    {
      double reach = MAX (60, (double) (c->lo_ns - f->c->span.start_ns) / 1e9);
      rca_candidate_add (c, RCA_EVIDENCE_NOVELTY, rca_weight_novelty (0.5 / reach, 30), "not seen in the %.0f s of logs before", reach);
    }
  g_ptr_array_add (out, c);
}

/* An application's record that only quotes a statement (a source line in a trace) is no execution of it. */
static gboolean
states_durations (const RcaFacts *f, RcaFrame *frame, guint e)
{
  const double *n = rca_frame_series_n (frame, e, RCA_MEASURE_DURATION);
  for (guint i = 0; n && i < f->c->n; i++)
    if (n[i] > 0)
      return TRUE;
  return FALSE;
}

static void
generate_from (RcaFacts *f, RcaFact fact, RcaStream stream, GPtrArray *out)
{
  RcaFrame *frame = rca_facts_frame (f, fact);
  guint n = frame ? rca_frame_n_entities (frame) : 0;
  double all = 0;
  for (guint e = 0; e < n; e++)
    if (is_query (rca_frame_value (frame, e, 0)))
      all += busy_excess (f, frame, e);
  for (guint e = 0; e < n; e++)
    if (is_query (rca_frame_value (frame, e, 0)) && (stream == RCA_STREAM_DB || states_durations (f, frame, e)))
      add_statement (f, frame, stream, e, n, all, out);
}

/* Many statements that change together, none of which is most of the load: what they share made
 * them slow (the machine, a lock, the way to it), not one of them. */
static void
weigh_fan_out (RcaFacts *f, GPtrArray *out, guint from)
{
  guint n = out->len - from;
  for (guint i = from; i < out->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (out, i);
      guint together = 0;
      for (guint j = from; j < out->len; j++)
        {
          RcaCandidate *other = g_ptr_array_index (out, j);
          together += other->onset_ns <= c->hi_ns + 2 * RCA_NS_PER_S && other->onset_ns >= c->lo_ns - 2 * RCA_NS_PER_S && other->load_share < 0.5;
        }
      if (n < 3 || together < 3 || c->load_share >= 0.5)
        continue;
      c->new_nature = FALSE;
      rca_candidate_add (c, RCA_EVIDENCE_COUNTEREXAMPLE, -log (together) - 1, "%u statements changed together and none is most of the load: what they share made them so", together);
    }
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  guint before = out->len;
  generate_from (f, RCA_FACT_STATEMENTS, RCA_STREAM_DB, out);
  if (out->len == before)
    generate_from (f, RCA_FACT_APP_STATEMENTS, RCA_STREAM_APP, out);
  weigh_fan_out (f, out, before);
}

const RcaHypothesis rca_hypothesis_slow_query = {
  .kind = RCA_KIND_SLOW_QUERY,
  .brings_about = RCA_KIND_BIT (RCA_KIND_LOCK_CONTENTION) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_RESOURCE)
                  | RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_DB_FAULT)
                  | RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_INSTANCE) | RCA_KIND_BIT (RCA_KIND_NETWORK),
  .generate = generate,
  .remedy = "EXPLAIN it; add the missing index, or switch the feature that sends it off; cancel the running ones",
};
