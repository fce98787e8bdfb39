#include "drop.h"
#include <math.h>

/* A drop is easily imagined: the end of a surge, a load that stops, a night. Each of these
 * conditions is one of them kept out. */
static const double most_left = 0.5;     /* half of the traffic stays away, at least */
static const double steady_within = 1.6; /* what it is compared with differs by less among itself: no surge that ends */
static const double steady_share = 0.5;  /* and is half of the time looked at: the rule, not the exception */
static const double least_s = 30;        /* shorter gaps are a restart's, a log's that was flushed late */
static const double abrupt_s = 300;      /* users leave over hours in the evening; what keeps them out does so at once */
enum
{
  LEAST_MISSING = 100, /* requests that should have come: ten standard deviations */
  LEAST_BEFORE = 50    /* requests right before it, or its abruptness cannot be told */
};

typedef struct
{
  guint from, to;
  double rate; /* requests a bucket */
} Stretch;

static GArray *
stretches_of (const RcaContext *c, RcaSeries *series, double phi)
{
  g_autoptr (GArray) starts = rca_changepoints (series, 0, c->last, phi, rca_change_penalty (c->n, 1));
  GArray *out = g_array_new (FALSE, FALSE, sizeof (Stretch));
  for (guint i = 0; i < starts->len; i++)
    {
      guint from = g_array_index (starts, guint, i), to = i + 1 < starts->len ? g_array_index (starts, guint, i + 1) : c->last;
      Stretch s = { from, to, rca_series_rate (series, from, to) };
      g_array_append_val (out, s);
    }
  return out;
}

/* The rate that holds for most of the time: a run of stretches that differ by less than
 * steady_within around the longest one. 0: there is none. */
static double
steady_rate (const RcaContext *c, const GArray *stretches)
{
  const Stretch *longest = NULL;
  for (guint i = 0; i < stretches->len; i++)
    {
      const Stretch *s = &g_array_index (stretches, Stretch, i);
      if (!longest || s->to - s->from > longest->to - longest->from)
        longest = s;
    }
  double k = 0, n = 0;
  for (guint i = 0; longest && i < stretches->len; i++)
    {
      const Stretch *s = &g_array_index (stretches, Stretch, i);
      if (s->rate * steady_within < longest->rate || s->rate > longest->rate * steady_within)
        continue;
      k += s->rate * (s->to - s->from);
      n += s->to - s->from;
    }
  return n >= steady_share * c->last && n > 0 ? k / n : 0;
}

/* Any stretch above the steady rate (a surge) takes the fall after it for its own end. */
static gboolean
follows_a_surge (const GArray *stretches, guint at, double steady)
{
  return at > 0 && g_array_index (stretches, Stretch, at - 1).rate > steady * steady_within;
}

/* The 95 % bound of a count. */
static double
upper (double count)
{
  return count + 2 * sqrt (count) + 2;
}

static gboolean
is_abrupt (const RcaContext *c, RcaSeries *series, const Stretch *s)
{
  guint reach = (guint) (abrupt_s * 1e9 / (double) c->width_ns);
  reach = MIN (MIN (reach, s->from), s->to - s->from);
  if (reach == 0)
    return FALSE; /* buckets longer than that cannot tell */
  double before = rca_series_k (series, s->from - reach, s->from), after = rca_series_k (series, s->from, s->from + reach);
  return before >= LEAST_BEFORE && upper (after) < most_left * before;
}

static gboolean
is_drop (const RcaContext *c, RcaSeries *series, const GArray *stretches, guint at, double steady)
{
  const Stretch *s = &g_array_index (stretches, Stretch, at);
  double length_s = (double) (s->to - s->from) * (double) c->width_ns / 1e9, expected = steady * (s->to - s->from);
  double most = upper (s->rate * (s->to - s->from));
  /* nothing at all: the log fell silent, which says nothing of the users */
  return at > 0 && s->to > c->first && s->rate > 0 && length_s >= least_s && most < most_left * expected && expected - most >= LEAST_MISSING
         && !follows_a_surge (stretches, at, steady) && is_abrupt (c, series, s);
}

static RcaSymptom *
drop_new (const RcaContext *c, const Stretch *s, double steady, double phi, guint before)
{
  RcaSymptom *out = g_new0 (RcaSymptom, 1);
  *out = (RcaSymptom){ .failing = RCA_FAIL_DROP, .entity = c->site, .from = s->from, .to = s->to, .p0 = steady, .p1 = s->rate / steady, .phi = phi };
  out->requests = s->rate * (s->to - s->from);
  out->excess = (steady - s->rate) * (s->to - s->from);
  g_autofree double *missing = g_new0 (double, c->n);
  for (guint i = 0; i < c->n; i++)
    missing[i] = MAX (0, steady - c->site->requests[i]);
  g_autoptr (RcaSeries) series = rca_series_new (RCA_MODEL_POISSON, missing, NULL, c->n);
  if (rca_onset_find (series, before, s->to, phi, &out->onset))
    return out;
  out->onset = (RcaOnset){ .from = s->from, .n = 1, .p = g_new (double, 1), .mode = s->from, .lo = s->from, .hi = s->from };
  out->onset.p[0] = 1;
  return out;
}

/* Of the window what the log covers: before its first and after its last request nothing is missing. */
static double
missing_share (const RcaContext *c, RcaSeries *series, double steady)
{
  guint from = c->first, to = c->last;
  while (from < to && c->site->requests[from] <= 0)
    from++;
  while (from < to && c->site->requests[to - 1] <= 0)
    to--;
  return from < to ? MAX (0, 1 - rca_series_rate (series, from, to) / steady) : 0;
}

static void
note_checked (const RcaContext *c, RcaSeries *series, double steady, GPtrArray *checked)
{
  RcaChecked *entry = g_new0 (RcaChecked, 1);
  entry->symptom = RCA_SYMPTOM_TRAFFIC_DROP;
  entry->service = g_strdup (c->options->service ? c->options->service : "site");
  entry->baseline = 0;
  entry->observed = missing_share (c, series, steady);
  entry->smallest_seen = most_left;
  g_ptr_array_add (checked, entry);
}

void
rca_drop_find (RcaContext *c, GPtrArray *symptoms, GPtrArray *checked)
{
  if (c->last <= c->first)
    return;
  g_autofree double *one = g_new (double, c->n);
  for (guint i = 0; i < c->n; i++)
    one[i] = 1;
  g_autoptr (RcaSeries) series = rca_series_new (RCA_MODEL_POISSON, c->site->requests, one, c->n);
  double phi = rca_overdispersion (series, c->quiet);
  g_autoptr (GArray) stretches = stretches_of (c, series, phi);
  double steady = steady_rate (c, stretches);
  if (steady <= 0)
    return; /* nothing to compare with, which is not said to be checked */
  if (checked)
    note_checked (c, series, steady, checked);
  for (guint i = 0; i < stretches->len; i++)
    if (is_drop (c, series, stretches, i, steady))
      g_ptr_array_add (symptoms, drop_new (c, &g_array_index (stretches, Stretch, i), steady, phi, g_array_index (stretches, Stretch, i - 1).from));
}
