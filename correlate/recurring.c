/* Which incidents come back: the same cause, or the same link in the chain of the cause; and what
 * came before each of them. */
#include "batch.h"
#include "timestamp.h"
#include <stdio.h>

enum { PRECEDED_BY_S = 3600, PRECEDED_SLACK_S = 60 };

typedef struct {
  RcaKind kind;
  char *subject;
  guint depth;          /* 0: it was the root; else how far down the chain */
  GPtrArray *incidents; /* index + 1 */
} Group;

static void
group_free (gpointer data)
{
  Group *g = data;
  g_free (g->subject);
  g_ptr_array_unref (g->incidents);
  g_free (g);
}

/* What stays the same when it comes back: not the version. */
static char *
lasting_subject (RcaKind kind, const char *subject, const RcaCause *cause)
{
  if (kind != RCA_KIND_DEPLOY)
    return g_strdup (subject);
  const char *blank = strchr (subject, ' ');
  return blank ? g_strndup (subject, (gsize) (blank - subject)) : g_strdup (cause->service ? cause->service : subject);
}

static void
add_key (GPtrArray *groups, RcaKind kind, char *subject, guint depth, guint incident)
{
  Group *found = NULL;
  for (guint i = 0; i < groups->len && !found; i++)
    {
      Group *g = g_ptr_array_index (groups, i);
      if (g->kind == kind && strcmp (g->subject, subject) == 0)
        found = g;
    }
  if (!found)
    {
      found = g_new0 (Group, 1);
      *found = (Group){ kind, g_strdup (subject), depth, g_ptr_array_new () };
      g_ptr_array_add (groups, found);
    }
  found->depth = MIN (found->depth, depth);
  gpointer one = GUINT_TO_POINTER (incident + 1);
  if (!g_ptr_array_find (found->incidents, one, NULL))
    g_ptr_array_add (found->incidents, one);
  g_free (subject);
}

/* Where no log tells the cause, what it looked like is all there is to recognise it by. */
static char *
looks (const RcaIncident *in)
{
  const char *route = in->impact.routes->len ? g_array_index (in->impact.routes, RcaRouteImpact, 0).route : "the site";
  return g_strdup_printf ("%s at %s", in->symptom == RCA_SYMPTOM_LATENCY ? "slow requests" : "failing requests", route);
}

static GPtrArray *
group_incidents (const RcaBatch *b)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (group_free);
  for (guint i = 0; i < b->incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (b->incidents, i);
      const RcaCause *cause = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
      if (!cause)
        continue;
      add_key (groups, cause->kind, cause->kind == RCA_KIND_UNKNOWN ? looks (in) : lasting_subject (cause->kind, cause->subject, cause), 0, i);
      for (guint k = 0; k < cause->chain->len; k++)
        {
          const RcaLink *l = g_ptr_array_index (cause->chain, k);
          if (!l->symptom)
            add_key (groups, l->kind, lasting_subject (l->kind, l->subject, cause), k, i);
        }
    }
  return groups;
}

static gboolean
is_subset (const GPtrArray *a, const GPtrArray *of)
{
  for (guint i = 0; i < a->len; i++)
    if (!g_ptr_array_find ((GPtrArray *) of, g_ptr_array_index (a, i), NULL))
      return FALSE;
  return TRUE;
}

static gint
compare_group (gconstpointer a, gconstpointer b)
{
  const Group *x = *(Group *const *) a, *y = *(Group *const *) b;
  if (x->incidents->len != y->incidents->len)
    return x->incidents->len > y->incidents->len ? -1 : 1;
  if (x->depth != y->depth)
    return x->depth < y->depth ? -1 : 1; /* the root names them, not what it brought about */
  if (x->incidents->pdata[0] != y->incidents->pdata[0])
    return GPOINTER_TO_UINT (x->incidents->pdata[0]) < GPOINTER_TO_UINT (y->incidents->pdata[0]) ? -1 : 1;
  return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp (x->subject, y->subject);
}

/* ---- what came before each ---- */

/* "deploy shop 2.3.1" → "deploy shop": what can come back. */
static char *
lasting_label (const RcaMark *mark)
{
  gboolean versioned = mark->kind == RCA_CHANGE_DEPLOY || mark->kind == RCA_CHANGE_ROLLBACK;
  const char *blank = versioned ? strrchr (mark->label, ' ') : NULL;
  return blank && strchr (mark->label, ' ') != blank ? g_strndup (mark->label, (gsize) (blank - mark->label)) : g_strdup (mark->label);
}

static gboolean
mark_precedes (const RcaReport *report, const RcaIncident *in, const char *label, gint64 *lag_ns)
{
  gboolean found = FALSE;
  for (guint i = 0; i < report->marks->len; i++)
    {
      const RcaMark *m = g_ptr_array_index (report->marks, i);
      gint64 lag = in->start_ns - m->time_ns;
      g_autofree char *own = lasting_label (m);
      if (lag < -PRECEDED_SLACK_S * RCA_NS_PER_S || lag > PRECEDED_BY_S * RCA_NS_PER_S || strcmp (own, label) != 0)
        continue;
      *lag_ns = MAX (lag, 0);
      found = TRUE;
    }
  return found;
}

/* Something that somebody or something did shortly before every one of them. */
static char *
common_precursor (const RcaBatch *b, const Group *g, gint64 *most_ns)
{
  const RcaReport *first = g_ptr_array_index (b->incident_report, GPOINTER_TO_UINT (g->incidents->pdata[0]) - 1);
  char *best = NULL;
  for (guint i = 0; i < first->marks->len; i++)
    {
      g_autofree char *label = lasting_label (g_ptr_array_index (first->marks, i));
      gint64 most = 0, lag;
      guint with = 0;
      for (guint k = 0; k < g->incidents->len; k++)
        {
          guint at = GPOINTER_TO_UINT (g->incidents->pdata[k]) - 1;
          if (!mark_precedes (g_ptr_array_index (b->incident_report, at), g_ptr_array_index (b->incidents, at), label, &lag))
            break;
          with++;
          most = MAX (most, lag);
        }
      if (with < g->incidents->len || (best && most >= *most_ns))
        continue;
      g_free (best);
      best = g_steal_pointer (&label);
      *most_ns = most;
    }
  return best;
}

/* ---- the sentence ---- */

static void
put_dates (GString *out, const RcaBatch *b, const Group *g)
{
  enum { MOST = 6 };
  char text[32];
  for (guint k = 0; k < g->incidents->len && k < MOST; k++)
    {
      const RcaIncident *in = g_ptr_array_index (b->incidents, GPOINTER_TO_UINT (g->incidents->pdata[k]) - 1);
      rca_time_format (in->start_ns, text);
      g_string_append_printf (out, "%s%.10s %.5s", k ? ", " : "", text, text + 11);
    }
  if (g->incidents->len > MOST)
    g_string_append_printf (out, " and %u more", g->incidents->len - MOST);
}

/* Three or more at one time of the day: "22:30 to 22:31". */
static void
put_hour (GString *out, const RcaBatch *b, const Group *g)
{
  gint low = 1440, high = -1;
  for (guint k = 0; k < g->incidents->len; k++)
    {
      const RcaIncident *in = g_ptr_array_index (b->incidents, GPOINTER_TO_UINT (g->incidents->pdata[k]) - 1);
      gint m = (gint) (in->start_ns / (60 * RCA_NS_PER_S) % 1440);
      low = MIN (low, m), high = MAX (high, m);
    }
  if (g->incidents->len < 3 || high - low > 30)
    return;
  g_string_append_printf (out, ", each time at %02d:%02d", low / 60, low % 60);
  if (high > low)
    g_string_append_printf (out, " to %02d:%02d", high / 60, high % 60);
}

static char *
summarize (const RcaBatch *b, const Group *g)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gint64 most = 0;
  const RcaIncident *first = g_ptr_array_index (b->incidents, GPOINTER_TO_UINT (g->incidents->pdata[0]) - 1);
  char since[32];
  rca_time_format (first->start_ns, since);
  gboolean is_change = g->kind == RCA_KIND_DEPLOY || g->kind == RCA_KIND_CONFIG_CHANGE || g->kind == RCA_KIND_BATCH_JOB;
  g_autofree char *before = is_change ? NULL : common_precursor (b, g, &most);
  g_string_append_printf (out, "%u times since %.10s (", g->incidents->len, since);
  put_dates (out, b, g);
  g_string_append (out, " UTC)");
  if (before)
    {
      g_autofree char *reach = most < 120 * RCA_NS_PER_S ? g_strdup_printf ("%.0f s", (double) MAX (most, RCA_NS_PER_S) / 1e9) : g_strdup_printf ("%.0f min", (double) most / 60e9);
      g_string_append_printf (out, ", each time within %s after \"%s\"", reach, before);
    }
  put_hour (out, b, g);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static RcaRecurring *
recurring_new (const RcaBatch *b, const Group *g)
{
  RcaRecurring *r = g_new0 (RcaRecurring, 1);
  r->kind = g->kind;
  r->subject = g_strdup (g->subject);
  r->incidents = g_ptr_array_new ();
  for (guint k = 0; k < g->incidents->len; k++)
    g_ptr_array_add (r->incidents, g_ptr_array_index (b->incidents, GPOINTER_TO_UINT (g->incidents->pdata[k]) - 1));
  r->summary = summarize (b, g);
  return r;
}

/* By start; the reports go along. */
static void
sort_incidents (RcaBatch *b)
{
  for (guint i = 1; i < b->incidents->len; i++)
    for (guint k = i; k > 0; k--)
      {
        RcaIncident **in = (RcaIncident **) b->incidents->pdata + k;
        gpointer *report = b->incident_report->pdata + k;
        if (in[-1]->start_ns < in[0]->start_ns || (in[-1]->start_ns == in[0]->start_ns && strcmp (in[-1]->id, in[0]->id) <= 0))
          break;
        RcaIncident *other = in[0];
        in[0] = in[-1], in[-1] = other;
        gpointer other_report = report[0];
        report[0] = report[-1], report[-1] = other_report;
      }
}

void
rca_batch_find_recurring (RcaBatch *b)
{
  sort_incidents (b);
  g_autoptr (GPtrArray) groups = group_incidents (b);
  g_autoptr (GPtrArray) told = g_ptr_array_new ();
  g_ptr_array_sort (groups, compare_group);
  for (guint i = 0; i < groups->len; i++)
    {
      const Group *g = g_ptr_array_index (groups, i);
      gboolean known = g->incidents->len < 2;
      for (guint k = 0; k < told->len && !known; k++)
        known = is_subset (g->incidents, ((const Group *) g_ptr_array_index (told, k))->incidents);
      if (known)
        continue;
      g_ptr_array_add (told, (gpointer) g);
      g_ptr_array_add (b->recurring, recurring_new (b, g));
    }
}
