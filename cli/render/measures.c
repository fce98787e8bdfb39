#include "measures.h"
#include "words.h"

/* By the kind of the root; %s is its subject. */
static const char *const against[RCA_N_KINDS] = {
  [RCA_KIND_DEPLOY] = "Let a release like %s meet a small part of the traffic first, and go back by itself when its failing share rises.",
  [RCA_KIND_CONFIG_CHANGE] = "Roll changes like \"%s\" out step by step, with a check of the failing share after each.",
  [RCA_KIND_SLOW_QUERY] = "Review the plan of %s (indexes, rows examined, columns fetched) and alert on its share of the database's time.",
  [RCA_KIND_LOCK_CONTENTION] = "Bound the wait for locks on %s (lock time-outs, shorter transactions) and alert on waiting sessions.",
  [RCA_KIND_DB_CONNECTIONS] = "Size pool and limit of %s from its peak use, and alert before it is full.",
  [RCA_KIND_DB_FAULT] = "Have %s watched (replication, storage, restarts) and its fail-over rehearsed.",
  [RCA_KIND_APP_ERROR] = "Cover %s with a test, and alert on error templates that were never seen before.",
  [RCA_KIND_RESOURCE] = "Alert on %s well before it is exhausted, and bound what may use it.",
  [RCA_KIND_TRAFFIC] = "Limit what one client or network may ask for (%s), and know the load at which the service stops to answer.",
  [RCA_KIND_CDN] = "Check %s from outside, and keep a way around it ready.",
  [RCA_KIND_NETWORK] = "Measure connect times on the path of %s, and alert on resets and time-outs.",
  [RCA_KIND_UPSTREAM] = "Bound the wait for %s (time-out, circuit breaker, a fallback), and log its calls.",
  [RCA_KIND_INSTANCE] = "Take an instance like %s out of rotation by itself when its failing share differs from that of its peers.",
  [RCA_KIND_BATCH_JOB] = "Run %s outside of busy hours, in small steps, and with a limit on what it may take.",
  [RCA_KIND_CACHE] = "Alert on the hit ratio of %s, and know the load its loss puts on what lies behind it.",
  [RCA_KIND_TLS] = "Alert on the expiry of certificates of %s well in advance.",
  [RCA_KIND_DNS] = "Watch the resolution of %s, and cache answers over short failures.",
};

/* By suspect: what to record, so that next time it can be told. */
static const char *const record[RCA_N_KINDS] = {
  [RCA_KIND_DEPLOY] = "Keep a log of deploys (rca deploy SERVICE VERSION is enough)",
  [RCA_KIND_SLOW_QUERY] = "Log request durations and slow statements",
  [RCA_KIND_DB_CONNECTIONS] = "Log pool and connection errors of the database",
  [RCA_KIND_RESOURCE] = "Keep host metrics (sar or vmstat every few seconds)",
  [RCA_KIND_TRAFFIC] = "Log client addresses and keep logs long enough to compare with",
  [RCA_KIND_CDN] = "Collect the edge's own logs",
  [RCA_KIND_NETWORK] = "Log connect times of each hop",
  [RCA_KIND_UPSTREAM] = "Log calls to other services with outcome and duration",
};

static char *
fill (const char *sentence, const char *subject)
{
  g_auto (GStrv) parts = g_strsplit (sentence, "%s", 2);
  return g_strconcat (parts[0], subject, parts[1], NULL);
}

GPtrArray *
rca_report_measures (const RcaReport *report, const RcaIncident *in)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  for (guint i = 0; top && i < top->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (top->chain, i);
      if (!l->symptom && against[l->kind])
        g_ptr_array_add (out, fill (against[l->kind], l->subject));
    }
  for (guint i = 0; i < in->verdicts->len; i++)
    {
      const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
      gboolean unsettled = v->verdict == RCA_VERDICT_NOT_SUPPORTED && v->kind != RCA_KIND_DEPLOY; /* its log is there */
      if ((v->verdict == RCA_VERDICT_NO_DATA || unsettled) && record[v->kind])
        g_ptr_array_add (out, g_strdup_printf ("%s: %s could not be judged this time (%s).", record[v->kind], rca_kind_words (v->kind), v->summary));
    }
  for (guint i = 0; i < report->checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (report->checked, i);
      if (c->symptom != in->symptom)
        continue;
      g_autofree char *least = rca_words_share (c->smallest_seen), *before = rca_words_share (c->baseline);
      g_ptr_array_add (out, g_strdup_printf ("Alert on %s%s%s above %s (%s is usual there).", rca_symptom_words (c->symptom), c->service && *c->service ? " at " : "", c->service ? c->service : "", least,
                                             before));
      break;
    }
  return out;
}
