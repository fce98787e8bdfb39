#include "hypothesis.h"
#include "stats.h"
#include "timestamp.h"
#include <math.h>

RcaCandidate *
rca_candidate_new (RcaKind kind, const char *subject, const char *service)
{
  RcaCandidate *c = g_new0 (RcaCandidate, 1);
  c->kind = kind;
  c->subject = g_strdup (subject);
  c->service = service && *service ? g_strdup (service) : NULL;
  c->end_ns = RCA_TIME_NONE;
  c->share = c->share_of_all = NAN;
  c->in_scope = TRUE;
  c->evidence = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_evidence_free);
  return c;
}

void
rca_candidate_free (RcaCandidate *c)
{
  g_free (c->subject);
  g_free (c->service);
  g_free (c->intensity);
  g_free (c->detail);
  g_free (c->remedy);
  g_free (c->undo);
  rca_instant_clear (&c->onset);
  g_ptr_array_unref (c->evidence);
  g_free (c);
}

void
rca_candidate_take_rise (RcaCandidate *c, RcaRise *rise)
{
  c->onset = rise->onset;
  rise->onset = (RcaInstant){ 0 };
  c->onset_ns = rise->onset_ns;
  c->lo_ns = rise->lo_ns;
  c->hi_ns = rise->hi_ns;
  c->end_ns = rise->end_ns;
  c->gain = rise->gain;
  c->unseen = rise->unseen;
}

static void
ref_clear (gpointer data)
{
  RcaReportRef *ref = data;
  g_free (ref->path);
  g_free (ref->text);
}

RcaEvidence *
rca_candidate_add (RcaCandidate *c, RcaEvidenceKind kind, double weight, const char *format, ...)
{
  RcaEvidence *e = g_new0 (RcaEvidence, 1);
  va_list args;
  va_start (args, format);
  e->text = g_strdup_vprintf (format, args);
  va_end (args);
  e->kind = kind;
  e->weight_raw = e->weight = weight;
  e->refs = g_array_new (FALSE, FALSE, sizeof (RcaReportRef));
  g_array_set_clear_func (e->refs, ref_clear);
  g_ptr_array_add (c->evidence, e);
  return e;
}

void
rca_evidence_free (RcaEvidence *e)
{
  g_free (e->text);
  g_array_unref (e->refs);
  g_free (e);
}

void
rca_evidence_cite (RcaEvidence *e, const RcaRef *ref)
{
  RcaReportRef own = { g_strdup (ref->path), ref->line, ref->time_ns, g_strdup (ref->text) };
  g_array_append_val (e->refs, own);
}

GPtrArray *
rca_facts_cite (RcaFacts *f, const RcaRowQuery *query, RcaEvidence *e)
{
  GPtrArray *rows = rca_store_rows (f->c->store, query, NULL);
  for (guint i = 0; e && rows && i < rows->len && e->refs->len < 3; i++)
    rca_evidence_cite (e, &((RcaRow *) g_ptr_array_index (rows, i))->ref);
  return rows ? rows : g_ptr_array_new ();
}

GPtrArray *
rca_facts_cite_value (RcaFacts *f, RcaStream stream, RcaDimension dimension, const char *value, gint64 from_ns, guint limit, RcaEvidence *e)
{
  const char *values[2] = { value, NULL };
  RcaFilter filter = { dimension, values, FALSE };
  RcaRowQuery q = { .span = { from_ns, MAX (f->span.end_ns, from_ns + f->c->width_ns) }, .stream = stream, .filter = &filter, .n_filters = 1, .limit = limit };
  return rca_facts_cite (f, &q, e);
}

const char *
rca_clock (gint64 t, char out[16])
{
  char full[32];
  rca_time_format (t, full);
  memcpy (out, full + 11, 8);
  out[8] = 0;
  return out;
}

gboolean
rca_same_service (const char *a, const char *b)
{
  if (!a || !b)
    return FALSE;
  g_autofree char *x = g_ascii_strdown (a, -1), *y = g_ascii_strdown (b, -1);
  if (g_str_equal (x, y))
    return TRUE;
  const char *needle = strlen (x) < strlen (y) ? x : y, *hay = needle == x ? y : x;
  gsize n = strlen (needle);
  if (n < 3)
    return FALSE;
  for (const char *at = strstr (hay, needle); at; at = strstr (at + 1, needle))
    if ((at == hay || !g_ascii_isalnum (at[-1])) && !g_ascii_isalnum (at[n]))
      return TRUE; /* a whole word of the longer name */
  return FALSE;
}

/* Of an outcome on both ends: recovered together, or the candidate went away and the failing stayed. */
static void
weigh_recovery (RcaFacts *f, RcaCandidate *c, const char *what, double horizon)
{
  RcaOutbreak *o = f->o;
  char a[16], b[16];
  if (o->end_ns == RCA_TIME_NONE)
    {
      if (c->end_ns == RCA_TIME_NONE || c->end_ns > o->start_ns + (gint64) (0.7 * (double) (f->span.end_ns - o->start_ns)))
        return;
      rca_candidate_add (c, RCA_EVIDENCE_RECOVERY, -2, "%s ended at %s, the failing went on", what, rca_clock (c->end_ns, a));
      return;
    }
  if (c->end_ns == RCA_TIME_NONE)
    {
      /* what goes on after the symptom has gone is no sufficient cause; censored data say less */
      if (f->c->window.end_ns - o->end_ns > 30 * RCA_NS_PER_S)
        rca_candidate_add (c, RCA_EVIDENCE_RECOVERY, -1.5, "%s goes on after the recovery at %s", what, rca_clock (o->end_ns, b));
      return;
    }
  double width = (double) f->c->width_ns / 1e9, mid = rca_facts_seconds (f, o->end_ns);
  RcaInstant s = rca_instant_uniform (mid - 2 * width, mid + 2 * width);
  double end = rca_facts_seconds (f, c->end_ns);
  RcaInstant t = rca_instant_uniform (end - 2 * width, end + 2 * width);
  double w = CLAMP (rca_weight_together (&s, &t, INFINITY, horizon), -3, 4);
  rca_candidate_add (c, RCA_EVIDENCE_RECOVERY, w, "%s ended at %s, the failing at %s", what, rca_clock (c->end_ns, a), rca_clock (o->end_ns, b));
  rca_instant_clear (&s);
  rca_instant_clear (&t);
}

static void
weigh_precedence (RcaFacts *f, RcaCandidate *c, const char *what, double horizon)
{
  char a[16], b[16];
  double w = rca_weight_together (&f->symptom, &c->onset, f->hi_s, horizon);
  double lag = (double) (f->o->start_ns - c->onset_ns) / 1e9;
  const char *order = fabs (lag) * 1e9 <= (double) f->c->width_ns ? "together with" : lag > 0 ? "before" : "after";
  if (fabs (lag) * 1e9 <= (double) f->c->width_ns)
    rca_candidate_add (c, RCA_EVIDENCE_PRECEDENCE, w, "%s began at %s, together with the failing (%s)", what, rca_clock (c->onset_ns, a), rca_clock (f->o->start_ns, b));
  else
    rca_candidate_add (c, RCA_EVIDENCE_PRECEDENCE, w, "%s began at %s, %.0f s %s the failing (%s)", what, rca_clock (c->onset_ns, a), fabs (lag), order, rca_clock (f->o->start_ns, b));
}

static void
weigh_dose (RcaFacts *f, RcaCandidate *c, const char *what)
{
  guint from = f->o->from, all = f->o->to - from;
  if (!c->intensity || all < 10)
    return;
  /* requests count at their start, what they died of at its own time: groups of buckets keep the
   * two together; some twenty groups are left to compare */
  guint each = MAX (1, all / 20), n = all / each;
  g_autofree double *x = g_new0 (double, n), *y = g_new0 (double, n), *z = g_new0 (double, n);
  for (guint i = 0; i < n * each; i++)
    {
      x[i / each] += c->intensity[from + i];
      y[i / each] += f->o->excess[from + i];
      z[i / each] += f->c->site->requests[from + i];
    }
  double w = MAX (rca_weight_dose (x, y, z, n), -1.5); /* a coarse look may miss a dose that is there */
  if (fabs (w) >= 0.1)
    rca_candidate_add (c, RCA_EVIDENCE_DOSE, w, w > 0 ? "inside the incident %s and the failing rise and fall together" : "inside the incident %s and the failing do not move together", what);
}

void
rca_candidate_weigh_series (RcaFacts *f, RcaCandidate *c, const char *what)
{
  double horizon = MAX (3600, (double) (f->c->span.end_ns - f->c->span.start_ns) / 1e9);
  weigh_precedence (f, c, what, horizon);
  rca_candidate_add (c, RCA_EVIDENCE_MAGNITUDE, rca_weight_magnitude (c->gain, f->c->n), "%s: a clear step, not noise", what);
  weigh_dose (f, c, what);
  if (!isnan (c->share) && !isnan (c->share_of_all))
    {
      double w = rca_weight_share (c->share * f->m, f->m, c->share_of_all);
      if (c->shared)
        w = MAX (w, 0);
      rca_candidate_add (c, RCA_EVIDENCE_SHARE, w, "%.0f %% of the failing requests are touched by it, against %.0f %% of all", 100 * c->share, 100 * c->share_of_all);
    }
  weigh_recovery (f, c, what, horizon);
}

/* ---- failure classes --------------------------------------------------- */

static guint
class_bits (const RcaFailure *classes)
{
  guint bits = 0;
  for (; *classes != RCA_FAILURE_NONE; classes++)
    bits |= 1u << *classes;
  return bits;
}

static gint
failure_by_name (const char *name)
{
  for (gint i = 1; i < RCA_N_FAILURES; i++)
    if (g_str_equal (name, rca_failure_name ((RcaFailure) i)))
      return i;
  return 0;
}

double
rca_facts_failure_share (RcaFacts *f, guint classes)
{
  static const char *const loud[] = { "warn", "error", "fatal", NULL };
  RcaJoin *join = rca_facts_join (f, RCA_STREAM_APP, RCA_DIM_FAILURE, RCA_DIM_SEVERITY, loud);
  double sum = 0, any = NAN;
  for (gint i = 1; join && i < RCA_N_FAILURES; i++)
    {
      double share = rca_facts_carried (join, rca_failure_name ((RcaFailure) i), NULL);
      if (isnan (share))
        return NAN;
      any = 0;
      if (classes & (1u << i))
        sum += share;
    }
  return isnan (any) ? NAN : MIN (1, sum);
}

static void
add_frame_series (RcaFrame *frame, guint e, double *into, guint n)
{
  const double *series = rca_frame_series (frame, e, RCA_MEASURE_COUNT);
  for (guint i = 0; series && i < n; i++)
    into[i] += series[i];
}

double *
rca_facts_failure_series (RcaFacts *f, guint classes, gboolean web)
{
  g_autofree double *sum = g_new0 (double, f->c->n);
  RcaFrame *frames[2] = { rca_facts_frame (f, RCA_FACT_FAILURES), web ? rca_facts_frame (f, RCA_FACT_WEB_FAILURES) : NULL };
  gboolean any = FALSE;
  for (guint t = 0; t < 2; t++)
    for (guint e = 0; frames[t] && e < rca_frame_n_entities (frames[t]); e++)
      if (classes & (1u << failure_by_name (rca_frame_value (frames[t], e, 0))))
        add_frame_series (frames[t], e, sum, f->c->n), any = TRUE;
  return any ? g_steal_pointer (&sum) : NULL;
}

static gint
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* "It took too long", and nobody says who: a pool, a queue, a call. As likely a call as anything else. */
static const double names_nobody = 0;

/* Whether rows of @failure that name @peer tell of the rule's kind. */
static gboolean
counts (RcaFacts *f, const RcaFailureRule *rule, guint failure, const char *peer)
{
  gboolean foreign = *peer && !rca_facts_is_own (f, peer);
  return !((rule->foreign & failure) && !foreign) && !((rule->domestic & failure) && foreign);
}

/* One group: all rows of a rule's classes that name one peer (or all of them). */
static void
generate_group (RcaFacts *f, const RcaFailureRule *rule, const char *peer, double *series, GPtrArray *out)
{
  RcaRise rise;
  if (!rca_rise_find (f, series, NULL, RCA_MODEL_POISSON, 20, &rise))
    return;
  double inside = 0;
  for (guint i = f->o->from; i < f->o->to; i++)
    inside += series[i];
  if (inside < 1)
    {
      rca_rise_clear (&rise);
      return;
    }
  RcaCandidate *c = rca_candidate_new (rule->kind, peer && *peer ? peer : rule->subject, f->failing_service);
  rca_candidate_take_rise (c, &rise);
  c->failures = class_bits (rule->classes);
  c->shared = rule->shared;
  c->intensity = g_memdup2 (series, f->c->n * sizeof *series);
  double share = rca_facts_failure_share (f, c->failures);
  double counted = MIN (1, inside / MAX (f->bad, 1));
  c->share = isnan (share) ? counted : rule->by_peer && peer && *peer ? MIN (share, counted) : share;
  c->share_of_all = 0.02; /* healthy requests do not die of it; the rate of stray ones */
  c->detail = g_strdup_printf ("%.0f %s", inside, rule->what);
  if (rule->by_peer && rule->nameless && !(peer && *peer))
    rca_candidate_add (c, RCA_EVIDENCE_SHARE, names_nobody, "%.0f %% of the failing requests wrote so; no record names who was called", 100 * c->share);
  else
    rca_candidate_weigh_series (f, c, rule->what);
  g_ptr_array_add (out, c);

  /* cite the first lines of the class inside the incident */
  for (const RcaFailure *k = rule->classes; *k != RCA_FAILURE_NONE; k++)
    {
      const char *value[2] = { rca_failure_name (*k), NULL }, *host[2] = { peer, NULL };
      RcaFilter filter[2] = { { RCA_DIM_FAILURE, value, FALSE }, { RCA_DIM_PEER, host, FALSE } };
      RcaRowQuery q = { .span = { c->lo_ns, f->span.end_ns }, .filter = filter, .n_filters = rule->by_peer && peer && *peer ? 2 : 1, .limit = 2 };
      RcaEvidence *e = g_ptr_array_index (c->evidence, 0);
      g_autoptr (GPtrArray) rows = rca_facts_cite (f, &q, e);
      if (e->refs->len >= 3)
        break;
    }
}

void
rca_generate_failures (RcaFacts *f, const RcaFailureRule *rule, GPtrArray *out)
{
  guint bits = class_bits (rule->classes);
  g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  RcaFrame *frames[2] = { rca_facts_frame (f, RCA_FACT_FAILURES), rule->web ? rca_facts_frame (f, RCA_FACT_WEB_FAILURES) : NULL };
  for (guint t = 0; t < 2; t++)
    for (guint e = 0; frames[t] && e < rca_frame_n_entities (frames[t]); e++)
      {
        guint failure = 1u << failure_by_name (rca_frame_value (frames[t], e, 0));
        if (!(bits & failure) || !counts (f, rule, failure, rca_frame_value (frames[t], e, 1)))
          continue;
        const char *peer = rule->by_peer ? rca_frame_value (frames[t], e, 1) : "";
        if (*peer && !rule->own_peers && rca_facts_is_own (f, peer))
          continue;
        double *series = g_hash_table_lookup (groups, peer);
        if (!series)
          {
            char *key = g_strdup (peer);
            g_ptr_array_add (names, key);
            g_hash_table_insert (groups, key, series = g_new0 (double, f->c->n));
          }
        add_frame_series (frames[t], e, series, f->c->n);
      }
  g_ptr_array_sort (names, by_name);
  for (guint i = 0; i < names->len; i++)
    generate_group (f, rule, g_ptr_array_index (names, i), g_hash_table_lookup (groups, g_ptr_array_index (names, i)), out);
}

double
rca_facts_slow_share (RcaFacts *f)
{
  RcaContext *c = f->c;
  if (!c->timed_frame || c->timed == RCA_STREAM_UNKNOWN)
    return NAN;
  if (f->o->failing == RCA_FAIL_SLOW)
    return 1;
  double all = 0, slow = 0;
  for (guint e = 0; e < rca_frame_n_entities (c->timed_frame); e++)
    {
      const RcaTraffic *route = NULL;
      for (guint i = 0; i < c->routes->len && !route; i++)
        if (g_str_equal (((RcaTraffic *) g_ptr_array_index (c->routes, i))->name, rca_frame_value (c->timed_frame, e, 0)))
          route = g_ptr_array_index (c->routes, i);
      gint64 p99 = route && route->p99_ns != G_MAXINT64 ? route->p99_ns : c->site->p99_ns;
      guint bin = rca_histogram_bin (p99 == G_MAXINT64 ? 100 * RCA_NS_PER_MS : MAX (p99, 100 * RCA_NS_PER_MS));
      for (guint b = f->o->from; b < f->o->to; b++)
        {
          const RcaHistogram *h = rca_frame_histogram (c->timed_frame, e, b, RCA_MEASURE_FAILED_DURATION);
          if (!h)
            continue;
          all += (double) rca_histogram_count (h);
          slow += (double) rca_histogram_count_from (h, bin);
        }
    }
  return all > 0 ? slow / all : NAN;
}
