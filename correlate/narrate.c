#include "narrate.h"
#include "advice.h"
#include "change.h"
#include <math.h>

static const double least_confidence_shown = 0.01;
static const double implicated_from = 0.1;
enum { MOST_CAUSES = 8 };

static RcaLink *
link_new (RcaKind kind, gboolean symptom, const char *subject, gint64 time_ns, const char *detail)
{
  RcaLink *l = g_new (RcaLink, 1);
  *l = (RcaLink){ kind, symptom, g_strdup (subject), time_ns, g_strdup (detail), NULL };
  return l;
}

static void
link_free (RcaLink *l)
{
  g_free (l->subject);
  g_free (l->detail);
  g_clear_pointer (&l->refs, g_array_unref);
  g_free (l);
}

static RcaCause *
cause_new (RcaKind kind, const char *subject, const char *service, double confidence)
{
  RcaCause *c = g_new0 (RcaCause, 1);
  c->kind = kind;
  c->subject = g_strdup (subject);
  c->service = g_strdup (service);
  c->confidence = confidence;
  c->evidence = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_evidence_free);
  c->chain = g_ptr_array_new_with_free_func ((GDestroyNotify) link_free);
  return c;
}

void
rca_cause_free (RcaCause *c)
{
  g_free (c->subject);
  g_free (c->service);
  g_free (c->summary);
  g_free (c->headline);
  g_free (c->remedy);
  g_free (c->undo);
  g_ptr_array_unref (c->evidence);
  g_ptr_array_unref (c->chain);
  g_free (c);
}

static const char *
kind_words (RcaKind kind)
{
  static const char *const words[RCA_N_KINDS] = {
    "deploy", "configuration change", "slow query", "lock contention", "database connections", "database fault", "application error", "resources",
    "traffic", "CDN", "network", "another service", "one instance", "batch job", "cache", "TLS", "DNS", "unknown",
  };
  return words[kind];
}

/* "slow query SELECT orders"; what the subject says already is not said twice. */
static char *
thing (RcaKind kind, const char *between, const char *subject)
{
  const char *words = kind_words (kind);
  return g_str_has_prefix (subject, words) ? g_strdup (subject) : g_strconcat (words, between, subject, NULL);
}

static char *
cause_headline (const RcaCandidate *c)
{
  GString *s = g_string_new (NULL);
  char at[16];
  g_autofree char *root = thing (c->kind, ": ", c->subject);
  g_string_append (s, root);
  if (c->change)
    g_string_append_printf (s, " at %s", rca_clock (c->onset_ns, at));
  if (c->detail)
    g_string_append_printf (s, ", %s", c->detail);
  return g_string_free (s, FALSE);
}

static char *
cause_summary (const char *headline, GPtrArray *chain)
{
  GString *s = g_string_new (headline);
  for (guint i = 0; i < chain->len; i++)
    {
      const RcaCandidate *l = g_ptr_array_index (chain, i);
      g_autofree char *what = thing (l->kind, " ", l->subject);
      g_string_append_printf (s, "; then %s%s%s", what, l->detail ? ": " : "", l->detail ? l->detail : "");
    }
  return g_string_free (s, FALSE);
}

/* The lines that speak most for @c. */
static GArray *
lines_of (const RcaCandidate *c)
{
  const RcaEvidence *best = NULL;
  for (guint i = 0; i < c->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      if (e->refs->len && e->weight > 0 && (!best || e->weight > best->weight))
        best = e;
    }
  return best ? g_array_ref (best->refs) : NULL;
}

static void
add_link (RcaCause *cause, const RcaCandidate *c)
{
  RcaLink *l = link_new (c->kind, FALSE, c->subject, c->onset_ns, c->detail);
  l->refs = lines_of (c);
  g_ptr_array_add (cause->chain, l);
}

static void
fill_chain (RcaCause *cause, const RcaCandidate *root, GPtrArray *chain, const RcaIncident *incident)
{
  add_link (cause, root);
  for (guint i = 0; i < chain->len; i++)
    add_link (cause, g_ptr_array_index (chain, i));
  g_ptr_array_add (cause->chain, link_new (RCA_KIND_UNKNOWN, TRUE, incident->summary, incident->start_ns, NULL));
}

static gint
by_weight (gconstpointer a, gconstpointer b)
{
  const RcaEvidence *x = *(RcaEvidence *const *) a, *y = *(RcaEvidence *const *) b;
  return x->weight > y->weight ? -1 : x->weight < y->weight;
}

static RcaCause *
cause_from (RcaFacts *f, RcaStory *s, RcaCandidate *c, RcaIncident *incident)
{
  g_autoptr (GPtrArray) chain = rca_story_chain (s, c);
  RcaCause *cause = cause_new (c->kind, c->subject, c->service ? c->service : NULL, c->mass);
  cause->onset_ns = c->onset_ns;
  cause->log_prior = c->log_prior;
  cause->log_weight = c->log_weight;
  cause->own_confidence = c->own;
  cause->headline = cause_headline (c);
  cause->summary = cause_summary (cause->headline, chain);
  rca_advise (f, c, cause);
  fill_chain (cause, c, chain, incident);
  g_ptr_array_unref (cause->evidence);
  cause->evidence = g_steal_pointer (&c->evidence);
  c->evidence = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_evidence_free);
  RcaEvidence *prior = g_new0 (RcaEvidence, 1);
  prior->kind = RCA_EVIDENCE_PRIOR;
  prior->weight = prior->weight_raw = c->log_prior;
  prior->text = g_strdup_printf ("how often it is a %s: %s", kind_words (c->kind), rca_prior_source (c->kind));
  prior->refs = g_array_new (FALSE, FALSE, sizeof (RcaReportRef));
  g_ptr_array_sort (cause->evidence, by_weight);
  g_ptr_array_add (cause->evidence, prior);
  return cause;
}

/* What would settle it: the streams that were not there. */
static char *
what_is_missing (const RcaFacts *f)
{
  static const struct { RcaStream stream; const char *what; } wanted[] = {
    { RCA_STREAM_APP, "the application's log" }, { RCA_STREAM_DB, "the database's log" }, { RCA_STREAM_CHANGE, "a log of deploys and changes" },
    { RCA_STREAM_MONITOR, "host metrics" }, { RCA_STREAM_ACCESS, "the web server's access log" },
  };
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (!rca_context_has_stream (f->c, wanted[i].stream))
      g_string_append_printf (s, "%s%s", s->len ? ", " : "", wanted[i].what);
  if (s->len == 0)
    g_string_append (s, "nothing in the logs read accounts for the failing; what the failing requests did is not written down (a log of calls, or of a component that was not read, would tell)");
  else
    {
      g_string_prepend (s, "no logged thing accounts for it; what would tell: ");
    }
  return g_string_free (s, FALSE);
}

static RcaCause *
unknown_cause (const RcaFacts *f, const RcaStory *s, const RcaIncident *incident)
{
  RcaCause *cause = cause_new (RCA_KIND_UNKNOWN, "unknown", NULL, s->unknown);
  cause->onset_ns = incident->start_ns;
  cause->own_confidence = NAN;
  cause->summary = what_is_missing (f);
  cause->headline = g_strdup (cause->summary);
  cause->remedy = g_strdup ("widen the window and add the missing logs, then look again");
  g_ptr_array_add (cause->chain, link_new (RCA_KIND_UNKNOWN, TRUE, incident->summary, incident->start_ns, NULL));
  return cause;
}

static void
add_share (GString *s, const RcaFacts *f, const RcaImpact *im)
{
  if (f->o->failing == RCA_FAIL_DROP)
    {
      double expected = f->o->total_excess + (double) im->requests;
      g_string_append_printf (s, "%.0f %% of the usual requests did not come (%" G_GUINT64_FORMAT " of about %.0f came)", 100 * f->o->total_excess / MAX (expected, 1), im->requests, expected);
      return;
    }
  static const char *const words[RCA_N_FAILINGS] = { [RCA_FAIL_ERROR] = "failed", [RCA_FAIL_SLOW] = "were slow", [RCA_FAIL_REFUSED] = "were turned away (4xx)",
                                                     [RCA_FAIL_LOGGED] = "left an error in the application's log, though their status does not say so" };
  const char *what = words[f->o->failing];
  guint64 n = f->o->failing == RCA_FAIL_SLOW ? im->slow : im->failed;
  g_string_append_printf (s, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests (%.1f %%) %s", n, im->requests, im->requests ? 100.0 * (double) n / (double) im->requests : 0, what);
  if (im->routes->len == 0)
    return;
  const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, 0);
  guint64 top = f->o->failing == RCA_FAIL_SLOW ? r->slow : r->failed;
  if (n && top * 2 > n)
    g_string_append_printf (s, ", most on %s", r->route);
}

static char *
incident_summary (const RcaFacts *f, const RcaIncident *incident)
{
  char from[16], to[16];
  GString *s = g_string_new (NULL);
  add_share (s, f, &incident->impact);
  g_string_append_printf (s, f->o->under_way ? ", already when the logs begin (%s UTC)" : ", from %s UTC", rca_clock (incident->start_ns, from));
  if (incident->end_ns != RCA_TIME_NONE)
    g_string_append_printf (s, " to %s", rca_clock (incident->end_ns, to));
  else
    g_string_append (s, ", going on");
  if (f->o->lingers)
    g_string_append (s, "; some requests are still slow");
  return g_string_free (s, FALSE);
}

static RcaTimelineEntry *timeline_add (GPtrArray *timeline, gint64 time_ns, const char *source, const char *format, ...) G_GNUC_PRINTF (4, 5);

static RcaTimelineEntry *
timeline_add (GPtrArray *timeline, gint64 time_ns, const char *source, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  RcaTimelineEntry *e = g_new (RcaTimelineEntry, 1);
  *e = (RcaTimelineEntry){ time_ns, g_strdup (source), g_strdup_vprintf (format, args), RCA_CHANGE_NONE, 0 };
  va_end (args);
  g_ptr_array_add (timeline, e);
  return e;
}

static gint
by_time (gconstpointer a, gconstpointer b)
{
  const RcaTimelineEntry *x = *(RcaTimelineEntry *const *) a, *y = *(RcaTimelineEntry *const *) b;
  if (x->time_ns != y->time_ns)
    return x->time_ns < y->time_ns ? -1 : 1;
  return strcmp (x->text, y->text);
}

static void
timeline_free (RcaTimelineEntry *e)
{
  g_free (e->source);
  g_free (e->text);
  g_free (e);
}

static void
fill_timeline (RcaFacts *f, RcaIncident *incident)
{
  incident->timeline = g_ptr_array_new_with_free_func ((GDestroyNotify) timeline_free);
  GPtrArray *t = incident->timeline;
  for (guint i = 0; i < f->c->changes->len; i++)
    {
      const RcaChange *change = g_ptr_array_index (f->c->changes, i);
      if (change->start_ns < f->c->span.start_ns && change->start_ns < incident->start_ns - 3600 * RCA_NS_PER_S)
        continue;
      if (change->kind == RCA_CHANGE_RESTART && (change->start_ns < incident->start_ns - 60 * RCA_NS_PER_S || change->seen_on_rows))
        continue;
      RcaTimelineEntry *e = timeline_add (t, change->start_ns, change->ref.path ? change->ref.path : "changes", "%s: %s%s%s%s%s", rca_change_kind_name (change->kind),
                    change->service ? change->service : "", change->service ? " " : "", change->version ? change->version : "",
                    change->version && change->text ? ", " : "", change->text ? change->text : "");
      e->change = change->kind;
      e->line = change->ref.path ? change->ref.line : 0;
    }
  timeline_add (t, incident->start_ns, "requests", "%s (between %.1f s before and %.1f s after this)", f->o->failing == RCA_FAIL_DROP ? "fewer requests come" : "the failing begins",
                (double) (incident->start_ns - incident->start_lo_ns) / 1e9, (double) (incident->start_hi_ns - incident->start_ns) / 1e9);
  if (incident->end_ns != RCA_TIME_NONE)
    timeline_add (t, incident->end_ns, "requests", "back to the baseline");
  if (incident->causes->len)
    {
      const RcaCause *top = g_ptr_array_index (incident->causes, 0);
      for (guint i = 0; i < top->chain->len; i++)
        {
          const RcaLink *l = g_ptr_array_index (top->chain, i);
          if (!l->symptom && !(i == 0 && (l->kind == RCA_KIND_DEPLOY || l->kind == RCA_KIND_CONFIG_CHANGE)))
            {
              g_autofree char *what = thing (l->kind, " ", l->subject);
              const RcaReportRef *ref = l->refs && l->refs->len ? &g_array_index (l->refs, RcaReportRef, 0) : NULL;
              timeline_add (t, l->time_ns, ref ? ref->path : "cause", "begins: %s", what)->line = ref ? ref->line : 0;
            }
        }
    }
  g_ptr_array_sort (t, by_time);
}

static guint
implicated_kinds (const RcaIncident *incident)
{
  guint bits = 0;
  for (guint i = 0; i < incident->causes->len; i++)
    {
      const RcaCause *c = g_ptr_array_index (incident->causes, i);
      if (c->confidence >= implicated_from)
        bits |= RCA_KIND_BIT (c->kind);
      if (i > 0 || c->kind == RCA_KIND_UNKNOWN)
        continue;
      for (guint j = 0; j < c->chain->len; j++)
        {
          const RcaLink *l = g_ptr_array_index (c->chain, j);
          if (!l->symptom)
            bits |= RCA_KIND_BIT (l->kind);
        }
    }
  return bits & ~RCA_KIND_BIT (RCA_KIND_UNKNOWN);
}

/* A kind that is ruled out stands in no cause and no chain. */
static void
drop_ruled_out (RcaIncident *incident)
{
  for (guint v = 0; v < incident->verdicts->len; v++)
    {
      const RcaVerdict *verdict = g_ptr_array_index (incident->verdicts, v);
      if (verdict->verdict != RCA_VERDICT_RULED_OUT)
        continue;
      for (guint i = incident->causes->len; i-- > 0;)
        {
          RcaCause *c = g_ptr_array_index (incident->causes, i);
          if (c->kind == verdict->kind)
            {
              g_ptr_array_remove_index (incident->causes, i);
              continue;
            }
          for (guint j = c->chain->len; j-- > 0;)
            {
              RcaLink *l = g_ptr_array_index (c->chain, j);
              if (!l->symptom && l->kind == verdict->kind)
                g_ptr_array_remove_index (c->chain, j);
            }
        }
    }
}

static const double suspect_from = 0.25;

/* Nothing is proven, but one named cause is worth a look before logs are fetched. */
static void
point_at_suspect (RcaCause *unknown, const GPtrArray *named)
{
  const RcaCause *first = named && named->len ? g_ptr_array_index (named, 0) : NULL;
  if (!first || first->confidence < suspect_from)
    return;
  g_free (unknown->remedy);
  unknown->remedy = g_strdup_printf ("not proven, but look at cause 2 first (%s): %s; add the missing logs and ask again", first->headline, first->remedy);
  unknown->undo = g_strdup (first->undo);
}

/* What was dropped or is too small to show goes to unknown: the confidences add up to one. */
static void
settle_ranks (RcaFacts *f, RcaStory *s, RcaIncident *incident, gboolean abstain)
{
  double sum = 0;
  for (guint i = 0; i < incident->causes->len; i++)
    sum += ((RcaCause *) g_ptr_array_index (incident->causes, i))->confidence;
  s->unknown = MAX (0, 1 - sum);
  gint place = abstain ? 0 : 1;
  while (place > 0 && place < (gint) incident->causes->len && ((RcaCause *) g_ptr_array_index (incident->causes, (guint) place))->confidence >= s->unknown)
    place++;
  RcaCause *unknown = unknown_cause (f, s, incident);
  point_at_suspect (unknown, place == 0 ? incident->causes : NULL);
  g_ptr_array_insert (incident->causes, place, unknown);
  for (guint i = 0; i < incident->causes->len; i++)
    ((RcaCause *) g_ptr_array_index (incident->causes, i))->rank = i + 1;
}

static char *
why_implicated (const RcaIncident *incident, RcaKind kind)
{
  for (guint i = 0; i < incident->causes->len; i++)
    {
      const RcaCause *c = g_ptr_array_index (incident->causes, i);
      if (c->kind == kind)
        return g_strdup_printf ("cause %u, %.0f %%: %s", c->rank, 100 * c->confidence, c->headline);
      for (guint j = 0; i == 0 && j < c->chain->len; j++)
        {
          const RcaLink *l = g_ptr_array_index (c->chain, j);
          if (!l->symptom && l->kind == kind)
            return g_strdup_printf ("brought about by cause 1: %s", l->subject);
        }
    }
  return NULL;
}

/* What a verdict found by itself would contradict the causes it is part of. */
static void
tell_implicated (RcaIncident *incident)
{
  for (guint i = 0; i < incident->verdicts->len; i++)
    {
      RcaVerdict *v = g_ptr_array_index (incident->verdicts, i);
      char *why = v->verdict == RCA_VERDICT_IMPLICATED ? why_implicated (incident, v->kind) : NULL;
      if (!why)
        continue;
      g_free (v->summary);
      v->summary = why;
    }
}

void
rca_narrate (RcaFacts *f, RcaStory *s, RcaIncident *incident)
{
  incident->summary = incident_summary (f, incident);
  incident->causes = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_cause_free);
  for (guint i = 0; i < s->candidates->len && incident->causes->len < MOST_CAUSES; i++)
    {
      RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      if (c->mass >= least_confidence_shown)
        g_ptr_array_add (incident->causes, cause_from (f, s, c, incident));
    }
  gboolean abstain = rca_story_abstains (s);
  incident->verdicts = rca_verdicts (f, s, implicated_kinds (incident));
  drop_ruled_out (incident);
  settle_ranks (f, s, incident, abstain);
  tell_implicated (incident);
  fill_timeline (f, incident);
}
