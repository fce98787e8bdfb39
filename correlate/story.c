#include "story.h"
#include <math.h>

static const double same_story_gap_s = 60;

/* Two bursts of one fault hit the same mix of routes: the cosine of their counts is above 0.8
 * from 20 failures a side on. Two faults on different routes: near 0. */
static const double alike_cosine = 0.5;

void
rca_symptom_free (RcaSymptom *s)
{
  rca_onset_clear (&s->onset);
  g_free (s);
}

static gint
by_strength (gconstpointer a, gconstpointer b)
{
  const RcaSymptom *x = *(RcaSymptom *const *) a, *y = *(RcaSymptom *const *) b;
  if (x->failing != y->failing)
    return x->failing < y->failing ? -1 : 1; /* errors lead */
  if (x->onset.gain != y->onset.gain)
    return x->onset.gain > y->onset.gain ? -1 : 1;
  return g_strcmp0 (x->entity->name, y->entity->name);
}

static double
count (const RcaTraffic *t, RcaFailing failing, guint from, guint to)
{
  const double *series = rca_traffic_bad (t, failing);
  double sum = 0;
  for (guint i = from; series && i < to; i++)
    sum += series[i];
  return sum;
}

/* Whether the two spans hit the same routes. */
static gboolean
alike (const RcaContext *c, const RcaOutbreak *o, const RcaSymptom *s)
{
  double ab = 0, aa = 0, bb = 0;
  for (guint i = 0; i < c->routes->len; i++)
    {
      const RcaTraffic *t = g_ptr_array_index (c->routes, i);
      double a = count (t, s->failing, o->from, o->to), b = count (t, s->failing, s->from, s->to);
      ab += a * b, aa += a * a, bb += b * b;
    }
  return !(aa > 0 && bb > 0) || ab >= alike_cosine * sqrt (aa * bb);
}

static guint
gap_between (const RcaOutbreak *o, const RcaSymptom *s)
{
  return s->from > o->to ? s->from - o->to : o->from > s->to ? o->from - s->to : 0;
}

static guint
overlap (const RcaOutbreak *o, const RcaSymptom *s)
{
  guint from = MAX (o->from, s->from), to = MIN (o->to, s->to);
  return to > from ? to - from : 0;
}

/* Something that flaps: the same route in the same way, however far apart. */
static gboolean
flaps (const RcaOutbreak *o, const RcaSymptom *s)
{
  for (guint i = 0; i < o->symptoms->len; i++)
    {
      const RcaSymptom *other = g_ptr_array_index (o->symptoms, i);
      if (other->entity == s->entity && s->entity->name && other->failing == s->failing)
        return TRUE;
    }
  return FALSE;
}

/* Symptoms that overlap are one story; those less than a minute apart are when they hit the
 * same routes, or tell of another kind of failing: what is slow after the errors is their wake. */
static gboolean
same_story (const RcaContext *c, const RcaOutbreak *o, const RcaSymptom *s)
{
  guint near_by = MAX ((guint) (same_story_gap_s * 1e9 / (double) c->width_ns), (o->to - o->from) / 2);
  guint gap = gap_between (o, s);
  if (gap == 0)
    return TRUE;
  return (gap <= near_by && (o->failing != s->failing || alike (c, o, s))) || flaps (o, s);
}

/* The story that @s is part of, the one it shares most time with first; NULL: a new one. */
static RcaOutbreak *
home_of (const RcaContext *c, GPtrArray *outbreaks, const RcaSymptom *s)
{
  RcaOutbreak *home = NULL;
  for (guint i = 0; i < outbreaks->len; i++)
    {
      RcaOutbreak *o = g_ptr_array_index (outbreaks, i);
      if (!same_story (c, o, s))
        continue;
      if (!home || overlap (o, s) > overlap (home, s) || (overlap (home, s) == 0 && gap_between (o, s) < gap_between (home, s)))
        home = o;
    }
  return home;
}

static RcaOutbreak *
outbreak_new (const RcaSymptom *s)
{
  RcaOutbreak *o = g_new0 (RcaOutbreak, 1);
  o->symptoms = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_symptom_free);
  o->failing = s->failing;
  o->from = s->from, o->to = s->to;
  return o;
}

/* A story of errors keeps their span: what is slow may be slow for two of them. */
static void
join_story (RcaOutbreak *o, RcaSymptom *s)
{
  g_ptr_array_add (o->symptoms, s);
  if (s->failing != o->failing)
    return;
  o->from = MIN (o->from, s->from);
  o->to = MAX (o->to, s->to);
}

/* Errors first, then by time. */
static gint
by_kind_and_time (gconstpointer a, gconstpointer b)
{
  const RcaSymptom *x = *(RcaSymptom *const *) a, *y = *(RcaSymptom *const *) b;
  if (x->failing != y->failing)
    return x->failing < y->failing ? -1 : 1;
  if (x->from != y->from)
    return x->from < y->from ? -1 : 1;
  return by_strength (a, b);
}

static GPtrArray *
group_symptoms (const RcaContext *c, GPtrArray *symptoms)
{
  GPtrArray *outbreaks = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_outbreak_free);
  g_ptr_array_sort (symptoms, by_kind_and_time);
  for (guint i = 0; i < symptoms->len; i++)
    {
      RcaSymptom *s = g_ptr_array_index (symptoms, i);
      RcaOutbreak *home = home_of (c, outbreaks, s);
      if (!home)
        g_ptr_array_add (outbreaks, home = outbreak_new (s));
      join_story (home, s);
    }
  for (guint j = 0; j < outbreaks->len; j++)
    g_ptr_array_sort (((RcaOutbreak *) g_ptr_array_index (outbreaks, j))->symptoms, by_strength);
  return outbreaks;
}

static gint
by_start (gconstpointer a, gconstpointer b)
{
  const RcaOutbreak *x = *(RcaOutbreak *const *) a, *y = *(RcaOutbreak *const *) b;
  return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

GPtrArray *
rca_stories_tell (RcaContext *c, GPtrArray *symptoms)
{
  GPtrArray *outbreaks = group_symptoms (c, symptoms);
  for (guint i = 0; i < outbreaks->len; i++)
    rca_outbreak_settle (c, g_ptr_array_index (outbreaks, i));
  g_ptr_array_sort (outbreaks, by_start);
  return outbreaks;
}
