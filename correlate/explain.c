#include "explain.h"
#include "change.h"
#include "stats.h"
#include "unseen.h"
#include <math.h>

RcaCandidate *
rca_candidate_root (RcaCandidate *c)
{
  while (c->parent)
    c = c->parent;
  return c;
}

static gboolean
is_ancestor (const RcaCandidate *c, const RcaCandidate *of)
{
  for (; of; of = of->parent)
    if (of == c)
      return TRUE;
  return FALSE;
}

gboolean
rca_is_saturation (RcaKind kind)
{
  return kind == RCA_KIND_RESOURCE || kind == RCA_KIND_SLOW_QUERY || kind == RCA_KIND_DB_CONNECTIONS || kind == RCA_KIND_INSTANCE
         || kind == RCA_KIND_NETWORK || kind == RCA_KIND_LOCK_CONTENTION;
}

static gboolean
arrow (RcaKind a, RcaKind b)
{
  const RcaHypothesis *h = rca_hypothesis (a);
  return h && (h->brings_about & RCA_KIND_BIT (b));
}

/* a before b, or not to be told apart. */
static gboolean
not_after (const RcaFacts *f, const RcaCandidate *a, const RcaCandidate *b)
{
  return a->lo_ns <= b->hi_ns && a->onset_ns <= b->hi_ns + 2 * f->c->width_ns;
}

/* Where the arrow may go both ways: new natures cause, the rest follows; else the clock decides. */
static gboolean
comes_first (const RcaFacts *f, const RcaCandidate *a, const RcaCandidate *b)
{
  if (!arrow (b->kind, a->kind))
    return TRUE;
  if (a->new_nature != b->new_nature)
    return a->new_nature;
  if (a->hi_ns < b->lo_ns || b->hi_ns < a->lo_ns)
    return a->onset_ns < b->onset_ns;
  return a->score > b->score || (a->score == b->score && a->onset_ns < b->onset_ns);
}

/* What few of the failing requests show (a handful of broken connections) did not bring about what most of
 * them show, unless it changed its nature. */
static double
reach (const RcaCandidate *a)
{
  const double enough = 0.25; /* below it a suspect is ruled out */
  return isnan (a->share) || a->new_nature ? 1 : MIN (1, a->share / enough);
}

/* The share of b's mass that a takes over; 0: b is no consequence of a. */
static double
takes (const RcaFacts *f, const RcaCandidate *a, const RcaCandidate *b)
{
  if (a == b || b->change)
    return 0;
  double strength = 1 / (1 + exp (2 - a->log_weight)); /* a must stand on its own feet */
  if (a->change)
    return a->log_weight > 0 ? strength * rca_change_takes (f, a, b) : 0;
  if (!arrow (a->kind, b->kind) || !not_after (f, a, b) || !comes_first (f, a, b))
    return 0;
  if (b->kind == RCA_KIND_SLOW_QUERY && b->new_nature && rca_is_saturation (a->kind))
    return 0;
  return rca_weights.takes_most * strength * reach (a);
}

static void
find_parents (const RcaFacts *f, GPtrArray *candidates, double *share)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *b = g_ptr_array_index (candidates, i);
      double best = 0;
      for (guint j = 0; j < candidates->len; j++)
        {
          RcaCandidate *a = g_ptr_array_index (candidates, j);
          double r = takes (f, a, b);
          if (r < 0.3 || is_ancestor (b, a))
            continue;
          /* of two changes the one that fits better, also beyond what a ledger counts */
          double better = a->change && a->fit > 8 ? a->fit - 8 : 0;
          double worth = r * exp (CLAMP (a->score + better, -30, 30));
          if (worth > best)
            best = worth, b->parent = a, share[i] = r;
        }
    }
}

/* Masses flow up the tree: leaves first. */
static double
settle_mass (GPtrArray *candidates, const double *share, RcaCandidate *c)
{
  double total = c->mass;
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *child = g_ptr_array_index (candidates, i);
      if (child->parent != c)
        continue;
      double below = settle_mass (candidates, share, child);
      total += share[i] * below;
      child->mass = (1 - share[i]) * below;
    }
  c->mass = total;
  return total;
}

static gint
by_mass (gconstpointer a, gconstpointer b)
{
  const RcaCandidate *x = *(RcaCandidate *const *) a, *y = *(RcaCandidate *const *) b;
  if (x->mass != y->mass)
    return x->mass > y->mass ? -1 : 1;
  if (x->onset_ns != y->onset_ns)
    return x->onset_ns < y->onset_ns ? -1 : 1;
  if (x->kind != y->kind)
    return (gint) x->kind - (gint) y->kind;
  return g_strcmp0 (x->subject, y->subject);
}

/* π_i = π_KIND / n_KIND: two hundred innocent statements must not drown one deploy. */
static void
set_priors (const RcaTrial *trial, GPtrArray *candidates)
{
  gboolean flat = trial && trial->without & (1u << RCA_EVIDENCE_PRIOR);
  guint n[RCA_N_KINDS] = { 0 };
  for (guint i = 0; i < candidates->len; i++)
    n[((RcaCandidate *) g_ptr_array_index (candidates, i))->kind]++;
  for (guint i = 0; i < candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (candidates, i);
      c->log_prior = log ((flat ? 1.0 / RCA_N_KINDS : rca_prior (c->kind)) / n[c->kind]);
    }
}

static double
untouched_share (const RcaFacts *f, GPtrArray *candidates)
{
  double touched = 0;
  for (guint i = 0; i < candidates->len; i++)
    {
      const RcaCandidate *c = g_ptr_array_index (candidates, i);
      if (c->log_weight <= 0 || c->trace || (c->change && !c->mechanism))
        continue;
      touched = MAX (touched, isnan (c->share) || c->shared ? 1 : c->share);
    }
  return rca_proportion_lower ((1 - touched) * f->m, f->m, 0.95);
}

static void
normalise (RcaStory *s)
{
  double log_unknown = log (rca_weights.unknown_prior) + 4 * s->untouched - 1, top = log_unknown;
  for (guint i = 0; i < s->candidates->len; i++)
    top = MAX (top, ((RcaCandidate *) g_ptr_array_index (s->candidates, i))->score);
  double sum = s->unknown = exp (log_unknown - top);
  for (guint i = 0; i < s->candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      sum += c->mass = exp (c->score - top);
    }
  for (guint i = 0; i < s->candidates->len; i++)
    ((RcaCandidate *) g_ptr_array_index (s->candidates, i))->mass *= (1 - rca_weights.unknown_floor) / sum;
  for (guint i = 0; i < s->candidates->len; i++)
    ((RcaCandidate *) g_ptr_array_index (s->candidates, i))->own = ((RcaCandidate *) g_ptr_array_index (s->candidates, i))->mass;
  s->unknown = (1 - rca_weights.unknown_floor) * s->unknown / sum + rca_weights.unknown_floor;
}

/* The temperature: beliefs to the power of the sharpening, but for what no model foresees. */
static void
sharpen (RcaStory *s)
{
  double power = rca_weights.sharpening, floor = rca_weights.unknown_floor;
  double rest = pow (MAX (0, s->unknown - floor), power), sum = rest;
  for (guint i = 0; i < s->candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      sum += c->mass = pow (c->mass, power);
    }
  double scale = sum > 0 ? (1 - floor) / sum : 0;
  for (guint i = 0; i < s->candidates->len; i++)
    ((RcaCandidate *) g_ptr_array_index (s->candidates, i))->mass *= scale;
  s->unknown = sum > 0 ? rest * scale + floor : 1;
}

RcaStory *
rca_explain (RcaFacts *f)
{
  RcaStory *s = g_new0 (RcaStory, 1);
  const RcaTrial *trial = f->c->options->trial;
  guint n;
  const RcaHypothesis *const *table = rca_hypotheses (&n);
  s->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_candidate_free);
  for (guint i = 0; i < n; i++)
    table[i]->generate (f, s->candidates);
  rca_weigh_changes (f, s->candidates);
  set_priors (trial, s->candidates);
  for (guint i = 0; i < s->candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      c->log_weight = rca_evidence_settle (c->evidence, trial ? trial->without : 0);
      c->score = c->log_prior + c->log_weight;
    }
  s->untouched = untouched_share (f, s->candidates);
  normalise (s);
  g_autofree double *share = g_new0 (double, s->candidates->len + 1);
  if (!trial || !trial->no_explaining)
    find_parents (f, s->candidates, share);
  for (guint i = 0; i < s->candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      if (!c->parent)
        settle_mass (s->candidates, share, c);
    }
  s->unknown += rca_leave_to_unseen (f, s->candidates);
  sharpen (s);
  g_ptr_array_sort (s->candidates, by_mass);
  return s;
}

void
rca_story_free (RcaStory *s)
{
  g_ptr_array_unref (s->candidates);
  g_free (s);
}

static gint
by_onset (gconstpointer a, gconstpointer b)
{
  const RcaCandidate *x = *(RcaCandidate *const *) a, *y = *(RcaCandidate *const *) b;
  return x->onset_ns < y->onset_ns ? -1 : x->onset_ns > y->onset_ns ? 1 : (gint) x->kind - (gint) y->kind;
}

GPtrArray *
rca_story_chain (const RcaStory *s, const RcaCandidate *root)
{
  GPtrArray *chain = g_ptr_array_new ();
  for (guint i = 0; i < s->candidates->len; i++)
    {
      RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      if (c != root && c->log_weight > 0 && rca_candidate_root (c) == root)
        g_ptr_array_add (chain, c);
    }
  g_ptr_array_sort (chain, by_onset);
  /* one link a kind: the strongest; four at the most */
  for (guint i = 0; i < chain->len; i++)
    for (guint j = chain->len - 1; j > i; j--)
      {
        RcaCandidate *a = g_ptr_array_index (chain, i), *b = g_ptr_array_index (chain, j);
        if (a->kind != b->kind)
          continue;
        if (b->score > a->score)
          chain->pdata[i] = b;
        g_ptr_array_remove_index (chain, j);
      }
  g_ptr_array_sort (chain, by_onset);
  if (chain->len > 4)
    g_ptr_array_set_size (chain, 4);
  return chain;
}

gboolean
rca_story_abstains (const RcaStory *s)
{
  if (s->candidates->len == 0)
    return TRUE;
  const RcaCandidate *top = g_ptr_array_index (s->candidates, 0);
  double sum = 0;
  for (guint i = 0; i < s->candidates->len; i++)
    {
      const RcaCandidate *c = g_ptr_array_index (s->candidates, i);
      if (c->kind == top->kind && g_strcmp0 (c->service, top->service) == 0)
        sum += c->mass;
    }
  return sum < 0.5;
}
