#include "story.h"

static const double slow_leads_gain = 0.5;

void
rca_outbreak_free (RcaOutbreak *o)
{
  if (!o)
    return;
  g_ptr_array_unref (o->symptoms);
  g_free (o->excess);
  g_free (o->bad);
  g_free (o->p_onset);
  g_free (o);
}

/* Does the site-wide series carry it, or only some routes? Excess is summed where it is clearest. */
static void
sum_excess (const RcaContext *c, RcaOutbreak *o)
{
  o->excess = g_new0 (double, c->n);
  o->bad = g_new0 (double, c->n);
  const RcaTraffic *t = c->site;
  const RcaSymptom *base = NULL; /* of the site, in the way the outbreak is called after */
  double p0e = 0, p0s = 0;
  for (guint i = 0; i < o->symptoms->len; i++)
    {
      const RcaSymptom *s = g_ptr_array_index (o->symptoms, i);
      if (!s->entity->name && s->failing <= RCA_FAIL_SLOW)
        *(s->failing == RCA_FAIL_SLOW ? &p0s : &p0e) = s->p0;
      if (!s->entity->name && s->failing == o->failing)
        base = s;
    }
  for (guint i = 0; i < c->n; i++)
    {
      double errors = t->failed[i] - p0e * t->requests[i], slow = t->slow[i] - p0s * t->timed[i], missing = MAX (0, o->p0 - t->requests[i]);
      const double *bad = rca_traffic_bad (t, o->failing);
      double above = o->failing == RCA_FAIL_ERROR ? errors : o->failing == RCA_FAIL_SLOW ? slow : bad ? bad[i] - (base ? base->p0 : 0) * t->requests[i] : missing;
      o->bad[i] = bad ? bad[i] : missing;
      o->excess[i] = above;
      if (i >= o->from && i < o->to)
        o->total_excess += MAX (0, o->excess[i]);
    }
}

/* The first bad request of the bucket the posterior points at gives the instant. */
static void
refine_start (RcaContext *c, RcaOutbreak *o, const RcaSymptom *lead)
{
  guint at = lead->onset.mode;
  gint64 lo = rca_context_time (c, lead->onset.lo), hi = rca_context_time (c, lead->onset.hi) + c->width_ns;
  o->start_ns = rca_context_time (c, at);
  o->lo_ns = MIN (lo, o->start_ns);
  o->hi_ns = MAX (hi, o->start_ns);
  if (lead->failing == RCA_FAIL_DROP || lead->failing == RCA_FAIL_LOGGED)
    return; /* who did not come left no line */
  RcaRowQuery q = { .span = { o->start_ns - c->width_ns, o->start_ns + 3 * c->width_ns },
                    .stream = lead->failing == RCA_FAIL_SLOW ? c->timed : c->stream,
                    .failed_only = lead->failing == RCA_FAIL_ERROR,
                    .min_duration_ns = lead->failing == RCA_FAIL_SLOW ? (lead->entity->slow_ns == G_MAXINT64 ? 0 : lead->entity->slow_ns) : 0,
                    .limit = 50 };
  const char *route[2] = { lead->entity->name, NULL };
  RcaFilter filter = { RCA_DIM_ROUTE, route, FALSE };
  static const char *const refused[] = { "4xx", "429", NULL };
  RcaFilter filters[2] = { filter, { RCA_DIM_STATUS_CLASS, refused, FALSE } };
  guint skip = lead->entity->name ? 0 : 1;
  q.filter = filters + skip;
  q.n_filters = (lead->failing == RCA_FAIL_REFUSED ? 2 : 1) - skip;
  g_autoptr (GPtrArray) rows = rca_store_rows (c->store, &q, NULL);
  for (guint i = 0; rows && i < rows->len; i++)
    {
      const RcaRow *row = g_ptr_array_index (rows, i);
      if (row->start_ns < o->start_ns || row->status < 0)
        continue;
      if (row->start_ns < o->start_ns + c->width_ns)
        o->start_ns = row->start_ns;
      hi = MAX (hi, row->end_ns + RCA_NS_PER_S / 2); /* stamps are to the second in most access logs */
      break;
    }
  o->lo_ns = MIN (lo, o->start_ns);
  o->hi_ns = MAX (hi, o->start_ns);
}

/* Errors lead; when what is slow clearly began before them, users felt that first. It must be
 * of the errors' own weight: beside a clear outbreak of errors, a few slow minutes before
 * it are as likely the weather. */
static const RcaSymptom *
leading_symptom (const RcaOutbreak *o)
{
  const RcaSymptom *first = g_ptr_array_index (o->symptoms, 0), *lead = first;
  for (guint i = 1; i < o->symptoms->len; i++)
    {
      const RcaSymptom *s = g_ptr_array_index (o->symptoms, i);
      gboolean heavy = s->failing == first->failing || (s->failing != RCA_FAIL_DROP && s->onset.gain >= slow_leads_gain * first->onset.gain);
      if (heavy && s->onset.hi < lead->onset.lo)
        lead = s;
    }
  return lead;
}

/* Whether @s tells of the same failing requests as the errors: the site as a whole, or a route that had errors too. */
static gboolean
is_of_the_same (const RcaOutbreak *o, const RcaSymptom *s)
{
  gboolean same = !s->entity->name;
  for (guint i = 0; i < o->symptoms->len && !same; i++)
    {
      const RcaSymptom *other = g_ptr_array_index (o->symptoms, i);
      same = other->failing == o->failing && other->entity == s->entity;
    }
  return same;
}

/* From the first to the last bucket of the leading kind, and as far as the other kind goes on
 * without a pause. What lingers elsewhere, or comes back later in another way, would dilute
 * the share that failed and call errors going on that have stopped; settle_end() counts it as
 * recovering. */
static void
settle_span (RcaOutbreak *o, const RcaSymptom *lead)
{
  o->from = lead->from;
  o->to = lead->to;
  for (guint i = 0; i < o->symptoms->len; i++)
    {
      const RcaSymptom *s = g_ptr_array_index (o->symptoms, i);
      if (s->failing != o->failing)
        continue;
      o->from = MIN (o->from, s->from);
      o->to = MAX (o->to, s->to);
    }
  for (guint i = 0; i < o->symptoms->len; i++)
    {
      const RcaSymptom *s = g_ptr_array_index (o->symptoms, i);
      if (s->failing != o->failing && s->failing != RCA_FAIL_DROP && s->from < o->to && s->to > o->from && is_of_the_same (o, s))
        o->to = MAX (o->to, s->to);
    }
}

static gboolean
lingers (const RcaContext *c, const RcaOutbreak *o)
{
  for (guint i = 0; i < o->symptoms->len; i++)
    {
      const RcaSymptom *s = g_ptr_array_index (o->symptoms, i);
      if (s->failing != RCA_FAIL_DROP && s->to >= c->last)
        return TRUE;
    }
  return FALSE;
}

static void
settle_end (const RcaContext *c, RcaOutbreak *o)
{
  if (o->to >= c->last)
    {
      o->end_ns = RCA_TIME_NONE;
      o->state = RCA_STATE_ONGOING;
      return;
    }
  o->end_ns = rca_context_time (c, o->to);
  o->lingers = lingers (c, o);
  /* "over" needs a stretch of quiet as long as a fifth of the incident, at least 10 s */
  gint64 quiet = rca_context_time (c, c->last) - o->end_ns;
  gint64 need = MAX (10 * RCA_NS_PER_S, (gint64) (o->to - o->from) * c->width_ns / 5);
  o->state = quiet >= need && !o->lingers ? RCA_STATE_OVER : RCA_STATE_RECOVERING;
}

void
rca_outbreak_settle (RcaContext *c, RcaOutbreak *o)
{
  const RcaSymptom *first = g_ptr_array_index (o->symptoms, 0), *lead = leading_symptom (o);
  o->failing = first->failing;
  o->p0 = first->p0;
  o->phi = first->phi;
  settle_span (o, lead);
  o->under_way = lead->onset.hi == 0;
  sum_excess (c, o);
  refine_start (c, o, lead);
  o->p_onset = g_new0 (double, c->n);
  for (guint i = 0; i < lead->onset.n; i++)
    o->p_onset[lead->onset.from + i] = lead->onset.p[i];
  settle_end (c, o);
}
