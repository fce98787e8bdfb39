#include "change.h"
#include "reversal.h"
#include "unseen.h"
#include <math.h>

static const double horizon_least_s = 3600;
static const gint64 clock_slack_ns = 5 * RCA_NS_PER_S;

gboolean
rca_change_is_edge (const RcaChange *change)
{
  static const char *const words[] = { "cdn", "edge", "varnish", "cloudfront", "fastly", "akamai", "cloudflare", "vcl", "purge", "cache rule" };
  g_autofree char *text = g_strconcat (change->service ? change->service : "", " ", change->text ? change->text : "", NULL);
  g_autofree char *low = g_ascii_strdown (text, -1);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      const char *at = strstr (low, words[i]);
      if (at && (at == low || !g_ascii_isalpha (at[-1])) && !g_ascii_isalpha (at[strlen (words[i])]))
        return TRUE;
      if (at && strlen (words[i]) > 5)
        return TRUE;
    }
  return FALSE;
}

static char *
change_subject (const RcaChange *change)
{
  switch (change->kind)
    {
    case RCA_CHANGE_DEPLOY:
    case RCA_CHANGE_ROLLBACK:
    case RCA_CHANGE_SCALE:
      if (change->service && change->version)
        return g_strdup_printf ("%s %s", change->service, change->version);
      if (change->version)
        return g_strdup (change->version);
      break;
    default:
      break;
    }
  if (change->service && change->text && !strstr (change->text, change->service))
    return g_strdup_printf ("%s: %.120s", change->service, change->text);
  return g_strdup_printf ("%.140s", change->text ? change->text : change->service ? change->service : "change");
}

static gboolean
service_known (const RcaFacts *f, const char *service)
{
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, f->services);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (rca_same_service (name, service))
      return TRUE;
  return FALSE;
}

/* A change of a service that is not the one that fails is out of scope; when services are not
 * told apart by the logs, or the change names none, it may be anything's. */
static gboolean
change_in_scope (const RcaFacts *f, const RcaChange *change)
{
  if (!change->service || g_hash_table_size (f->services) == 0)
    return TRUE;
  if (f->failing_service)
    return rca_same_service (f->failing_service, change->service) || (change->text && change->kind == RCA_CHANGE_CONFIG && !service_known (f, change->service));
  return service_known (f, change->service) || change->kind == RCA_CHANGE_CONFIG;
}

/* How likely a change touches what fails, as far as names tell. Where nothing says which service the
 * failing requests belong to, it is one of those that were changed, or another one. */
static double
scope_chance (const RcaFacts *f, const RcaCandidate *c)
{
  if (!c->in_scope)
    return 0;
  if (c->kind == RCA_KIND_CDN || !c->change->service || f->failing_service || g_hash_table_size (f->services) > 0)
    return 1;
  g_autoptr (GHashTable) named = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < f->c->changes->len; i++)
    {
      const RcaChange *other = g_ptr_array_index (f->c->changes, i);
      if (other->service)
        g_hash_table_add (named, (gpointer) other->service);
    }
  return 1.0 / (1 + g_hash_table_size (named));
}

/* Who writes of a change has a clock of its own, and no ids to set it by: mostly right, now and
 * then behind by seconds. A fifth of the probability lies in the five seconds before. */
static RcaInstant
change_instant (double t, double step)
{
  const double slack_s = (double) clock_slack_ns / 1e9, early = 0.2;
  RcaInstant at = rca_instant_uniform (t, t + step), before = rca_instant_uniform (t - slack_s, t);
  RcaInstant out = { at.n + before.n, g_new (double, at.n + before.n), g_new (double, at.n + before.n) };
  for (guint i = 0; i < out.n; i++)
    {
      const RcaInstant *from = i < before.n ? &before : &at;
      guint k = i < before.n ? i : i - before.n;
      out.t[i] = from->t[k];
      out.p[i] = from->p[k] * (i < before.n ? early : 1 - early);
    }
  rca_instant_clear (&at);
  rca_instant_clear (&before);
  return out;
}

void
rca_generate_changes (RcaFacts *f, RcaKind kind, guint kinds, GPtrArray *out)
{
  for (guint i = 0; i < f->c->changes->len; i++)
    {
      const RcaChange *change = g_ptr_array_index (f->c->changes, i);
      if (!(kinds & (1u << change->kind)))
        continue;
      gboolean edge = (change->kind == RCA_CHANGE_CONFIG || change->kind == RCA_CHANGE_FLAG) && rca_change_is_edge (change);
      if (edge != (kind == RCA_KIND_CDN))
        continue;
      gint64 acts = change->acts_ns ? change->acts_ns : change->start_ns;
      if (acts > f->span.end_ns)
        continue;
      g_autofree char *subject = change_subject (change);
      RcaCandidate *c = rca_candidate_new (kind, subject, change->service);
      c->change = change;
      c->acts_ns = acts;
      double t = rca_facts_seconds (f, acts), step = (double) MAX (change->resolution_ns, RCA_NS_PER_MS) / 1e9;
      c->onset = change_instant (t, step);
      c->onset_ns = change->start_ns;
      c->lo_ns = acts - clock_slack_ns;
      c->hi_ns = acts + change->resolution_ns;
      c->end_ns = change->end_ns > change->start_ns ? change->end_ns : RCA_TIME_NONE;
      c->in_scope = edge || change_in_scope (f, change);
      g_ptr_array_add (out, c);
    }
}

/* What a change can set off, seen as something that changed its nature. */
static gboolean
is_mechanism (const RcaCandidate *change, const RcaCandidate *m)
{
  const RcaHypothesis *h = rca_hypothesis (change->kind);
  if (m->change || m->trace || !(h->brings_about & RCA_KIND_BIT (m->kind)))
    return FALSE;
  if (m->service && change->service && !rca_same_service (m->service, change->service) && change->kind != RCA_KIND_CDN && !change->in_scope)
    return FALSE;
  return change->in_scope;
}

static double
horizon (const RcaFacts *f)
{
  double span = (double) (f->c->span.end_ns - f->c->span.start_ns) / 1e9;
  return MAX (span, horizon_least_s);
}

/* The first change of mechanism after (or with) the change: the one that explains it best. */
static RcaCandidate *
find_mechanism (const RcaFacts *f, const RcaCandidate *change, GPtrArray *candidates, double *weight)
{
  RcaCandidate *best = NULL;
  double h = horizon (f);
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *m = g_ptr_array_index (candidates, i);
      if (!is_mechanism (change, m) || m->onset.n == 0)
        continue;
      if (m->hi_ns + 2 * RCA_NS_PER_S < change->lo_ns)
        continue; /* ran like that before the change */
      double w = rca_weight_change_mechanism (&f->symptom, &change->onset, &m->onset, h);
      if (!m->new_nature && !m->unseen)
        w -= 1; /* it only became more: any load does that */
      if (!best || w > *weight)
        best = m, *weight = w;
    }
  return best;
}

/* Share of requests by the version that served them: "only the instances with the new version fail". */
static void
weigh_version (RcaFacts *f, RcaCandidate *c)
{
  if (!c->change->version)
    return;
  RcaJoin *join = rca_facts_join (f, RCA_STREAM_APP, RCA_DIM_VERSION, RCA_DIM_NONE, NULL);
  g_autoptr (GArray) tables = g_array_new (FALSE, FALSE, sizeof (RcaTable));
  double share = rca_facts_carried (join, c->change->version, tables);
  if (isnan (share))
    return;
  double bad = 0, bad_with = 0, good = 0, good_with = 0;
  for (guint i = 0; i < tables->len; i++)
    {
      const RcaTable *t = &g_array_index (tables, RcaTable, i);
      bad += t->bad, bad_with += t->bad_with, good += t->good, good_with += t->good_with;
    }
  double q = bad + good > 0 ? (bad_with + good_with) / (bad + good) : 0;
  if (bad_with + good_with == 0)
    return; /* the rows do not state versions of this form */
  RcaEvidence *e = rca_candidate_add (c, RCA_EVIDENCE_SHARE, rca_weight_share (share * f->m, f->m, q),
                                      "version %s served %.0f %% of the failing requests and %.0f %% of all", c->change->version, 100 * share, 100 * q);
  rca_evidence_cite (e, &c->change->ref); /* rows may have their version from their process's start: the change's line holds it */
}

/* The instances that a change names or that restarted with it, against those that fail. */
static gint64
requests_between (const RcaFacts *f, gint64 from, gint64 to)
{
  double n = 0;
  /* whole buckets: those of the change's own may have come before it */
  for (guint i = rca_context_bucket (f->c, from) + 1; i < rca_context_bucket (f->c, to) && i < f->c->n; i++)
    n += f->c->site->requests[i];
  return (gint64) n;
}

/* A mechanism that is code (an error, a statement) bites at once; what fills, leaks or waits may
 * take hours. Without a mechanism either is as likely. */
static double
direct_chance (const RcaCandidate *c)
{
  if (c->unclaimed)
    return 0.5;
  return c->mechanism->kind == RCA_KIND_APP_ERROR || c->mechanism->kind == RCA_KIND_SLOW_QUERY ? 1 : 0;
}

static void
weigh_dormancy (RcaFacts *f, RcaCandidate *c)
{
  double direct = direct_chance (c);
  if (direct == 0 || c->lo_ns >= f->o->lo_ns || (f->c->options->trial && f->c->options->trial->no_dormancy))
    return;
  /* a roll-out takes one instance after the other: at first few are served by it */
  gint64 at_work = c->hi_ns + (gint64) (rca_weights.mechanism_s * 1e9);
  double n = at_work < f->o->lo_ns ? (double) requests_between (f, at_work, f->o->lo_ns) : 0;
  double p1 = f->o->total_excess / MAX (1, (double) requests_between (f, f->span.start_ns, f->span.end_ns));
  double w = log (1 - direct + direct * exp (rca_weight_dormancy (n, MIN (p1, 0.9), f->o->phi)));
  if (!c->unclaimed)
    c->direct_n = n;
  if (w < -0.1)
    rca_candidate_add (c, RCA_EVIDENCE_COUNTEREXAMPLE, w, "%.0f requests went well under it before the failing began", n);
}

static const char *
mechanism_words (const RcaCandidate *m)
{
  switch (m->kind)
    {
    case RCA_KIND_SLOW_QUERY: return "statement";
    case RCA_KIND_APP_ERROR: return "error";
    case RCA_KIND_LOCK_CONTENTION: return "lock";
    case RCA_KIND_INSTANCE: return "failing instance";
    case RCA_KIND_CACHE: return "change of the hit ratio";
    case RCA_KIND_CDN: return "failing at the edge";
    default: return "change of behaviour";
    }
}

/* Two changes cannot both have set off the same thing: it is the one's that fits clearly better. */
static gboolean
fits_another_better (const RcaCandidate *c, GPtrArray *candidates)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      const RcaCandidate *other = g_ptr_array_index (candidates, i);
      if (other != c && other->change && other->mechanism == c->mechanism && other->fit > c->fit + 1)
        return TRUE;
    }
  return FALSE;
}

/* "shop 2.5.0 at 07:44:13", and when it set to work where that was another time. */
static char *
told_at (const RcaCandidate *c)
{
  char at[16], acts[16];
  gboolean later = ABS (c->acts_ns - c->onset_ns) > clock_slack_ns;
  return g_strdup_printf ("%s at %s%s%s", c->subject, rca_clock (c->onset_ns, at), later ? ", its version at work from " : "", later ? rca_clock (c->acts_ns, acts) : "");
}

/* When it was at an end: a job's and a migration's own, of the others when it was taken back (a roll-out
 * that is done has only begun to act). FALSE: not as far as is logged. */
static gboolean
change_end (const RcaFacts *f, const RcaCandidate *c, const RcaChange **back, gint64 *at_ns, gboolean *certain)
{
  gboolean ends_itself = c->change->kind == RCA_CHANGE_JOB || c->change->kind == RCA_CHANGE_MIGRATION;
  *certain = TRUE;
  *back = NULL;
  *at_ns = c->end_ns;
  if (ends_itself && c->end_ns != RCA_TIME_NONE)
    return TRUE;
  *back = rca_reversal_of (f, c->change, certain);
  if (*back)
    *at_ns = (*back)->start_ns;
  return *back != NULL;
}

/* Taken back, and the failing ended with it, or did not. */
static void
weigh_reversal (RcaFacts *f, RcaCandidate *c)
{
  char a[16], b[16];
  gint64 at;
  gboolean certain;
  const RcaChange *back;
  const RcaOutbreak *o = f->o;
  RcaEvidence *e = NULL;
  if (!change_end (f, c, &back, &at, &certain) || at < o->start_ns || at > f->c->window.end_ns)
    return;
  const char *what = back ? "taken back" : "at its end";
  if (o->end_ns == RCA_TIME_NONE)
    {
      double w = rca_weight_reversal_vain ((double) (f->c->window.end_ns - at) / 1e9);
      if (certain && w < -0.1)
        e = rca_candidate_add (c, RCA_EVIDENCE_RECOVERY, w, "it was %s at %s, and the failing goes on", what, rca_clock (at, a));
    }
  else
    {
      double width = (double) f->c->width_ns / 1e9, end = rca_facts_seconds (f, o->end_ns), t = rca_facts_seconds (f, at);
      RcaInstant ends = rca_instant_uniform (end - width, end + width), backs = change_instant (t, (double) MAX (back ? back->resolution_ns : 0, RCA_NS_PER_MS) / 1e9);
      double w = rca_weight_reversal (&ends, &backs, end - rca_facts_seconds (f, o->start_ns));
      if (w > 0.1)
        e = rca_candidate_add (c, RCA_EVIDENCE_RECOVERY, certain ? w : MIN (w, rca_weights.reversal_fix), "it was %s at %s; the failing ended at %s", certain ? what : "replaced", rca_clock (at, a), rca_clock (o->end_ns, b));
      rca_instant_clear (&ends);
      rca_instant_clear (&backs);
    }
  if (e)
    rca_evidence_cite (e, back ? &back->ref : &c->change->ref);
}

static void
weigh_change (RcaFacts *f, RcaCandidate *c, GPtrArray *candidates)
{
  char m_at[16], s_at[16];
  g_autofree char *told = told_at (c);
  gboolean blind = !rca_facts_observes (f, RCA_STREAM_APP) && !rca_facts_observes (f, RCA_STREAM_DB);
  double alone = rca_weight_change (&f->symptom, &c->onset, horizon (f), blind ? rca_weights.change_blind_most : rca_weights.change_alone_most);
  double lag = (double) (f->o->start_ns - c->acts_ns) / 1e9;
  RcaEvidence *e;
  if (c->mechanism && c->fit > alone && !fits_another_better (c, candidates))
    e = rca_candidate_add (c, RCA_EVIDENCE_PRECEDENCE, MIN (c->fit, rca_weights.change_most), "%s; the first new %s after it is %s, from %s on; requests fail from %s on", told, mechanism_words (c->mechanism), c->mechanism->subject, rca_clock (c->mechanism->onset_ns, m_at),
                           rca_clock (f->o->start_ns, s_at));
  else
    {
      c->unclaimed = TRUE;
      if (lag >= 0 || fabs (lag) * 1e9 < (double) f->c->width_ns)
        e = rca_candidate_add (c, RCA_EVIDENCE_PRECEDENCE, alone, "%s, %.0f s before the failing; %s", told, MAX (lag, 0), blind ? "what it did inside, no log read here would show" : "nothing in the logs changed its nature with it");
      else
        e = rca_candidate_add (c, RCA_EVIDENCE_PRECEDENCE, alone, "%s, %.0f s after the failing began: too late", told, -lag);
    }
  rca_evidence_cite (e, &c->change->ref);
  if (!c->in_scope)
    rca_candidate_add (c, RCA_EVIDENCE_SHARE, -4, "it changed %s; the requests fail in %s", c->change->service ? c->change->service : "something else", f->failing_service ? f->failing_service : "another service");
  if (c->kind == RCA_KIND_DEPLOY)
    weigh_version (f, c);
  weigh_dormancy (f, c);
  weigh_reversal (f, c);
}

void
rca_weigh_changes (RcaFacts *f, GPtrArray *candidates)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (candidates, i);
      if (c->change)
        c->mechanism = find_mechanism (f, c, candidates, &c->fit);
    }
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (candidates, i);
      if (c->change)
        weigh_change (f, c, candidates);
    }
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (candidates, i);
      if (c->unclaimed)
        c->mechanism = NULL;
    }
}

gboolean
rca_change_is_tied (const RcaCandidate *c)
{
  for (guint i = 0; i < c->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      if (e->kind == RCA_EVIDENCE_SHARE && e->weight_raw > 1)
        return TRUE;
      if (e->kind == RCA_EVIDENCE_RECOVERY && e->weight_raw > rca_weights.reversal_fix)
        return TRUE; /* taken back, and the failing ended */
    }
  return FALSE;
}

/* Changes a second that did nothing: those that are known, and the innocent one that is nearly always near. */
static double
innocent_rate (const RcaFacts *f, const RcaCandidate *c)
{
  double known = (double) MAX (f->c->changes->len, 1) / 86400;
  return rca_change_is_tied (c) ? known : known + 1 / rca_weights.innocent_every_s;
}

double
rca_change_takes (const RcaFacts *f, const RcaCandidate *c, const RcaCandidate *m)
{
  if (!c->in_scope || c->unclaimed || !is_mechanism (c, m) || m->onset.n == 0)
    return 0;
  double lag = (double) (m->onset_ns - c->acts_ns) / 1e9, step = (double) f->c->width_ns / 1e9;
  /* the bucket's middle is not the instant: within its range it may lie right after the change */
  if (lag < 0 && m->hi_ns >= c->lo_ns)
    lag = 0;
  else if (lag > 0 && m->lo_ns <= c->hi_ns)
    lag = MIN (lag, step);
  if (lag < 0)
    return 0;
  double l = rca_lag_density (lag);
  if (c->direct_n > 0)
    l *= exp (rca_weight_dormancy (c->direct_n, 0.1, f->o->phi));
  return scope_chance (f, c) * l / (l + innocent_rate (f, c));
}
