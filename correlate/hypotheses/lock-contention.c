/* lock_contention: sessions wait for one that holds a lock, or deadlock. Predicts lock waits before
 * and during the failing; statements that only wait are its consequence. */
#include "hypothesis.h"
#include "identity.h"
#include <math.h>

static const char *const events[] = { "lock_wait", "deadlock", NULL };

static const char *const ddl[] = { "ALTER", "CREATE", "DROP", "LOCK", "TRUNCATE", "VACUUM", "REINDEX", "CLUSTER", "OPTIMIZE", "RENAME" };

static gboolean
is_ddl (const char *fingerprint)
{
  for (guint i = 0; i < G_N_ELEMENTS (ddl); i++)
    if (g_str_has_prefix (fingerprint, ddl[i]))
      return TRUE;
  return FALSE;
}

static gboolean
same_table (const char *a, const char *b)
{
  RcaBytes x[4], y[4];
  guint n = rca_sql_tables (rca_bytes_str (a), x, 4), m = rca_sql_tables (rca_bytes_str (b), y, 4);
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < m; j++)
      if (rca_bytes_equal (x[i], y[j]))
        return TRUE;
  return FALSE;
}

/* Seconds a call inside the outbreak, rows examined a call; FALSE when it did not run there. */
static gboolean
inside_means (const RcaFacts *f, RcaFrame *frame, guint e, double *seconds, double *rows)
{
  const double *n = rca_frame_series_n (frame, e, RCA_MEASURE_DURATION), *busy = rca_frame_series (frame, e, RCA_MEASURE_DURATION),
               *examined = rca_context_states (f->c, RCA_STREAM_DB, RCA_FIELD_ROWS_EXAMINED) ? rca_frame_series (frame, e, RCA_MEASURE_ROWS_EXAMINED) : NULL;
  double calls = 0, sum = 0, read = 0;
  for (guint i = f->o->from; i < f->o->to && n && busy; i++)
    {
      calls += n[i], sum += busy[i];
      if (examined)
        read += examined[i];
    }
  *seconds = calls > 0 ? sum / calls : 0;
  *rows = examined && calls > 0 ? read / calls : -1;
  return calls > 0;
}

/* Statements that took long without a lock being logged: those that examined no row in all that
 * time, and those on a table that a schema change is busy with. */
static void
add_silent_waits (RcaFacts *f, RcaFrame *frame, double *sum)
{
  guint n = rca_frame_n_entities (frame);
  for (guint e = 0; e < n; e++)
    {
      const char *print = rca_frame_value (frame, e, 0);
      double seconds, rows;
      if (!*print || is_ddl (print) || !inside_means (f, frame, e, &seconds, &rows) || seconds < 0.5)
        continue;
      gboolean waits = rows >= 0 && rows < 1 && rca_sql_tables (rca_bytes_str (print), (RcaBytes[1]){ { 0 } }, 1) > 0;
      for (guint d = 0; d < n && !waits; d++)
        {
          double held, unused;
          const char *other = rca_frame_value (frame, d, 0);
          waits = *other && is_ddl (other) && inside_means (f, frame, d, &held, &unused) && held > 2 && same_table (other, print);
        }
      for (guint i = 0; waits && i < f->c->n; i++)
        sum[i] += rca_frame_series (frame, e, RCA_MEASURE_COUNT)[i];
    }
}

/* Waits and deadlocks a bucket: what databases log, what applications die of, and time spent
 * waiting (slow logs state it), in seconds. */
static double *
lock_series (RcaFacts *f)
{
  double *sum = rca_facts_failure_series (f, 1u << RCA_FAILURE_LOCK_TIMEOUT | 1u << RCA_FAILURE_DEADLOCK, FALSE);
  if (!sum)
    sum = g_new0 (double, f->c->n);
  RcaFrame *frame = rca_facts_frame (f, RCA_FACT_DB_EVENTS);
  for (guint e = 0; frame && e < rca_frame_n_entities (frame); e++)
    if (g_strv_contains (events, rca_frame_value (frame, e, 0)))
      for (guint i = 0; i < f->c->n; i++)
        sum[i] += rca_frame_series (frame, e, RCA_MEASURE_COUNT)[i];
  RcaFrame *statements = rca_facts_frame (f, RCA_FACT_STATEMENTS);
  for (guint e = 0; statements && e < rca_frame_n_entities (statements); e++)
    {
      const double *wait = rca_frame_series (statements, e, RCA_MEASURE_LOCK_TIME);
      for (guint i = 0; wait && i < f->c->n; i++)
        sum[i] += wait[i] >= 0.05 ? wait[i] : 0; /* microseconds of table locks are everyday life */
    }
  if (statements)
    add_silent_waits (f, statements, sum);
  return sum;
}

static char *
first_tables (const char *fingerprint)
{
  RcaBytes table[2];
  guint n = fingerprint ? rca_sql_tables (rca_bytes_str (fingerprint), table, 2) : 0;
  return n ? g_strndup (table[0].p, table[0].n) : NULL;
}

/* Who holds it: the statement of the backend that waiters name, else a long or schema-changing one. */
static char *
find_holder (RcaFacts *f, GPtrArray *waits, gint64 from, RcaEvidence *e)
{
  for (guint i = 0; i < waits->len; i++)
    {
      const RcaRow *wait = g_ptr_array_index (waits, i);
      if (wait->holder_pid <= 0)
        continue;
      RcaRowQuery q = { .span = { f->c->span.start_ns, f->c->window.end_ns }, .stream = RCA_STREAM_DB, .pid = wait->holder_pid, .limit = 50 };
      g_autoptr (GPtrArray) rows = rca_store_rows (f->c->store, &q, NULL);
      const RcaRow *best = NULL;
      for (guint j = 0; rows && j < rows->len; j++)
        {
          const RcaRow *row = g_ptr_array_index (rows, j);
          if (row->fingerprint && row->start_ns <= wait->ref.time_ns && row->end_ns >= from - 5 * RCA_NS_PER_S && (!best || row->duration_ns > best->duration_ns))
            best = row;
        }
      if (best)
        {
          rca_evidence_cite (e, &best->ref);
          return g_strdup_printf ("%s, process %" G_GINT64_FORMAT, best->fingerprint_name ? best->fingerprint_name : best->fingerprint, wait->holder_pid);
        }
      return g_strdup_printf ("process %" G_GINT64_FORMAT, wait->holder_pid);
    }
  RcaRowQuery q = { .span = { from - 30 * RCA_NS_PER_S, f->span.end_ns }, .stream = RCA_STREAM_DB, .order = RCA_ROWS_BY_TIME, .limit = 400 };
  g_autoptr (GPtrArray) rows = rca_store_rows (f->c->store, &q, NULL);
  for (guint j = 0; rows && j < rows->len; j++)
    {
      const RcaRow *row = g_ptr_array_index (rows, j);
      if (row->fingerprint && is_ddl (row->fingerprint) && row->start_ns <= from + 2 * RCA_NS_PER_S && row->end_ns > from)
        {
          rca_evidence_cite (e, &row->ref);
          return g_strdup (row->fingerprint_name ? row->fingerprint_name : row->fingerprint);
        }
    }
  return NULL;
}

static void
generate (RcaFacts *f, GPtrArray *out)
{
  g_autofree double *series = lock_series (f);
  double inside = 0, all = 0;
  for (guint i = 0; i < f->c->n; i++)
    all += series[i], inside += i >= f->o->from && i < f->o->to ? series[i] : 0;
  RcaRise rise;
  if (inside < 2 || !rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, 10, &rise))
    return;
  const char *values[] = { "lock_wait", "deadlock", NULL };
  RcaFilter filter = { RCA_DIM_DB_EVENT, values, FALSE };
  RcaRowQuery q = { .span = { rise.lo_ns - 5 * RCA_NS_PER_S, f->span.end_ns }, .stream = RCA_STREAM_DB, .filter = &filter, .n_filters = 1, .limit = 20 };
  RcaCandidate *c = rca_candidate_new (RCA_KIND_LOCK_CONTENTION, "locks", NULL);
  rca_candidate_take_rise (c, &rise);
  c->new_nature = TRUE; /* a lock is somebody's doing, not load */
  c->intensity = g_steal_pointer (&series);
  c->shared = TRUE;
  c->failures = 1u << RCA_FAILURE_LOCK_TIMEOUT | 1u << RCA_FAILURE_DEADLOCK;
  double named = rca_facts_failure_share (f, c->failures), slow = rca_facts_slow_share (f);
  c->share = isnan (slow) ? named : isnan (named) ? slow : MAX (slow, named);
  c->share_of_all = 0.02;
  c->detail = g_strdup_printf ("%.0f lock waits or deadlocks", inside);
  rca_candidate_weigh_series (f, c, "the lock waits");
  RcaEvidence *first = g_ptr_array_index (c->evidence, 0);
  g_autoptr (GPtrArray) waits = rca_facts_cite (f, &q, first);
  if (waits->len && waits->len >= 1)
    {
      /* the wait is logged when it has lasted: it began before */
      const RcaRow *row = g_ptr_array_index (waits, 0);
      if (row->duration_ns > 0 && row->start_ns < c->lo_ns)
        c->lo_ns = row->start_ns;
    }
  c->lo_ns -= 2 * RCA_NS_PER_S; /* deadlock_timeout and the slow log speak of waits when they have lasted a second or so */
  g_autofree char *table = NULL;
  for (guint i = 0; i < waits->len && !table; i++)
    table = first_tables (((RcaRow *) g_ptr_array_index (waits, i))->fingerprint);
  if (!table)
    {
      RcaRowQuery named_q = { .span = { c->lo_ns, f->span.end_ns }, .stream = RCA_STREAM_DB, .order = RCA_ROWS_BY_DURATION_DESC, .limit = 20 };
      g_autoptr (GPtrArray) rows = rca_store_rows (f->c->store, &named_q, NULL);
      for (guint i = 0; rows && i < rows->len && !table; i++)
        table = first_tables (((RcaRow *) g_ptr_array_index (rows, i))->fingerprint);
    }
  g_autofree char *holder = find_holder (f, waits, c->lo_ns, first);
  g_free (c->subject);
  c->subject = holder ? g_strdup_printf ("%s, held by %s", table ? table : "rows", holder) : g_strdup (table ? table : "rows");
  if (holder)
    {
      c->remedy = g_strdup_printf ("end the holder (%s)", holder);
      c->undo = g_strdup_printf ("SELECT pg_terminate_backend(…) or KILL … of %s", holder);
    }
  g_ptr_array_add (out, c);
}

const RcaHypothesis rca_hypothesis_lock_contention = {
  .kind = RCA_KIND_LOCK_CONTENTION,
  .brings_about = RCA_KIND_BIT (RCA_KIND_SLOW_QUERY) | RCA_KIND_BIT (RCA_KIND_DB_CONNECTIONS) | RCA_KIND_BIT (RCA_KIND_APP_ERROR) | RCA_KIND_BIT (RCA_KIND_UPSTREAM) | RCA_KIND_BIT (RCA_KIND_INSTANCE),
  .generate = generate,
  .remedy = "find the holder (pg_locks, SHOW ENGINE INNODB STATUS) and end it; set lock_timeout for migrations",
};
