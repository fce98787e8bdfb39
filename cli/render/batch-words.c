/* What the writers of a batch say alike. */
#include "render-batch.h"
#include "words.h"

static gint
compare_worse (gconstpointer a, gconstpointer b)
{
  const RcaIncident *x = *(RcaIncident *const *) a, *y = *(RcaIncident *const *) b;
  guint64 hit_x = x->impact.failed + x->impact.slow, hit_y = y->impact.failed + y->impact.slow;
  if (x->severity != y->severity)
    return x->severity < y->severity ? -1 : 1;
  if (hit_x != hit_y)
    return hit_x > hit_y ? -1 : 1;
  return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

GPtrArray *
rca_batch_ranked (const RcaBatch *b)
{
  GPtrArray *ranked = g_ptr_array_new ();
  for (guint i = 0; i < b->incidents->len; i++)
    g_ptr_array_add (ranked, g_ptr_array_index (b->incidents, i));
  g_ptr_array_sort (ranked, compare_worse);
  return ranked;
}

char *
rca_incident_cause_words (const RcaIncident *in)
{
  const RcaCause *c = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  if (!c || c->kind == RCA_KIND_UNKNOWN)
    return g_strdup ("cause unknown");
  g_autofree char *share = rca_words_share (c->confidence);
  return g_strdup_printf ("%s: %s (%s)", rca_kind_words (c->kind), c->subject, share);
}

char *
rca_incident_impact_words (const RcaIncident *in)
{
  gboolean slow = in->symptom == RCA_SYMPTOM_LATENCY;
  g_autofree char *share = rca_words_share (slow ? in->impact.slow_ratio : in->impact.failed_ratio);
  return g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests %s (%s)", slow ? in->impact.slow : in->impact.failed, in->impact.requests, slow ? "slow" : "failed", share);
}

char *
rca_batch_extent_words (const RcaBatch *b)
{
  double days = (double) (b->window.end_ns - b->window.start_ns) / 86400e9;
  return days >= 2 ? g_strdup_printf ("%.0f days", days) : rca_words_duration (b->window.end_ns - b->window.start_ns);
}
