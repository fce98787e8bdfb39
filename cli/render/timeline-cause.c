/* The parts that tell why, and what follows from it. */
#include "events.h"
#include "read-next.h"
#include "timeline-parts.h"
#include "words.h"

enum { MOST_EVIDENCE = 6, MOST_LESS_LIKELY = 2 };
static const double least_said = 0.05;

static const char *
unknown_or_not (const RcaCause *c)
{
  return c->kind == RCA_KIND_UNKNOWN ? "Not known: " : "";
}

void
rca_part_summary (RcaDocument *d, const RcaStoryParts *p)
{
  rca_document_add (d, RCA_NODE_ITEM, p->incident->summary)->source = RCA_FROM_REQUESTS;
  if (p->top)
    rca_document_addf (d, RCA_NODE_ITEM, "%s%s (confidence %.0f %%)", unknown_or_not (p->top), p->top->summary, 100 * p->top->confidence)->source = RCA_FROM_WEIGHING;
}

static void
put_evidence (RcaDocument *d, const RcaEvidence *e)
{
  RcaNode *n = rca_document_addf (d, RCA_NODE_ITEM, "%s%s", e->weight < 0 ? "Against it: " : "", e->text);
  n->refs = e->refs;
  n->source = RCA_FROM_LOGS;
}

void
rca_part_cause (RcaDocument *d, const RcaStoryParts *p)
{
  if (!p->top)
    return;
  g_autofree char *sure = rca_words_share (p->top->confidence);
  rca_document_addf (d, RCA_NODE_ITEM, "%s%s (confidence %s)", unknown_or_not (p->top), p->top->summary, sure)->source = RCA_FROM_WEIGHING;
  for (guint i = 0, n = 0; i < p->top->evidence->len && n < MOST_EVIDENCE; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (p->top->evidence, i);
      if (e->kind == RCA_EVIDENCE_PRIOR || e->kind == RCA_EVIDENCE_RECOVERY)
        continue;
      put_evidence (d, e);
      n++;
    }
}

void
rca_part_less_likely (RcaDocument *d, const RcaStoryParts *p)
{
  for (guint i = 1, n = 0; i < p->incident->causes->len && n < MOST_LESS_LIKELY; i++)
    {
      const RcaCause *c = g_ptr_array_index (p->incident->causes, i);
      if (c->kind == RCA_KIND_UNKNOWN || c->confidence < least_said)
        continue;
      rca_document_addf (d, RCA_NODE_ITEM, "Less likely (%.0f %%): %s", 100 * c->confidence, c->summary)->source = RCA_FROM_WEIGHING;
      n++;
    }
}

/* What was changed last before it ended: nearness, no proof. */
static void
put_last_change (RcaDocument *d, const RcaStoryParts *p)
{
  const RcaReportEvent *last = NULL;
  char clock[16];
  for (guint i = 0; i < p->events->len; i++)
    {
      const RcaReportEvent *e = &g_array_index (p->events, RcaReportEvent, i);
      if (e->change && e->time_ns > p->incident->start_hi_ns && e->time_ns <= p->incident->end_ns)
        last = e;
    }
  if (!last)
    return;
  RcaNode *n = rca_document_addf (d, RCA_NODE_ITEM, "The last change before that: %s UTC, %s", rca_words_clock (last->time_ns, clock), last->text);
  n->refs = last->refs;
  n->time_ns = last->time_ns;
  n->source = last->source;
}

void
rca_part_recovery (RcaDocument *d, const RcaStoryParts *p)
{
  char clock[16];
  if (p->incident->end_ns != RCA_TIME_NONE)
    {
      RcaNode *n = rca_document_addf (d, RCA_NODE_ITEM, "The failing share was back at its baseline at %s UTC", rca_words_clock (p->incident->end_ns, clock));
      n->source = RCA_FROM_REQUESTS;
      n->time_ns = p->incident->end_ns;
      put_last_change (d, p);
    }
  for (guint i = 0; p->top && i < p->top->evidence->len; i++)
    if (((RcaEvidence *) g_ptr_array_index (p->top->evidence, i))->kind == RCA_EVIDENCE_RECOVERY)
      put_evidence (d, g_ptr_array_index (p->top->evidence, i));
}

/* ---- the chain ---- */

static void
put_link (RcaDocument *d, const RcaStoryParts *p, const RcaLink *l)
{
  char clock[16];
  g_autofree char *what = l->symptom ? g_strdup_printf ("symptom: %s", l->subject) : rca_words_thing (l->kind, l->subject);
  RcaNode *n = rca_document_addf (d, RCA_NODE_ITEM, "%s UTC: %s", rca_words_clock (l->time_ns, clock), what);
  n->time_ns = l->time_ns;
  n->source = l->symptom ? RCA_FROM_REQUESTS : RCA_FROM_WEIGHING;
  n->refs = l->refs;
}

void
rca_part_trigger (RcaDocument *d, const RcaStoryParts *p)
{
  if (p->top && p->top->kind != RCA_KIND_UNKNOWN && p->top->chain->len)
    put_link (d, p, g_ptr_array_index (p->top->chain, 0));
}

void
rca_part_chain (RcaDocument *d, const RcaStoryParts *p)
{
  for (guint i = 0; p->top && i < p->top->chain->len; i++)
    put_link (d, p, g_ptr_array_index (p->top->chain, i));
}

static char *
named (const RcaLink *l)
{
  return l->symptom ? g_strdup (l->subject) : rca_words_thing (l->kind, l->subject);
}

void
rca_part_whys (RcaDocument *d, const RcaStoryParts *p)
{
  for (guint i = p->top ? p->top->chain->len : 0; i-- > 1;)
    {
      g_autofree char *effect = named (g_ptr_array_index (p->top->chain, i)), *cause = named (g_ptr_array_index (p->top->chain, i - 1));
      rca_document_addf (d, RCA_NODE_ITEM, "Why \"%s\"? Because of %s", effect, cause)->source = RCA_FROM_WEIGHING;
    }
}

/* ---- what follows ---- */

void
rca_part_suggestions (RcaDocument *d, const RcaStoryParts *p)
{
  if (p->top && p->top->remedy && *p->top->remedy)
    rca_document_addf (d, RCA_NODE_ITEM, "%s", p->top->remedy)->source = RCA_FROM_EVIDENCE;
  if (p->top && p->top->undo)
    rca_document_addf (d, RCA_NODE_ITEM, "The way back: %s", p->top->undo)->source = RCA_FROM_EVIDENCE;
}

void
rca_part_measures (RcaDocument *d, const RcaStoryParts *p)
{
  for (guint i = 0; i < p->measures->len; i++)
    rca_document_add (d, RCA_NODE_ITEM, g_ptr_array_index (p->measures, i))->source = RCA_FROM_EVIDENCE;
}

void
rca_part_logs (RcaDocument *d, const RcaStoryParts *p)
{
  g_autoptr (GPtrArray) commands = rca_read_next (p->report, p->incident, 3);
  for (guint i = 0; i < commands->len; i++)
    rca_document_add (d, RCA_NODE_ITEM, g_ptr_array_index (commands, i))->source = RCA_FROM_EVIDENCE;
}

/* "logs/nginx/access.log, logs/nginx/access.log.1" */
static char *
paths_of (const RcaReport *report, gboolean requests_only)
{
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < report->sources->source->len; i++)
    {
      const RcaSourceInfo *info = g_ptr_array_index (report->sources->source, i);
      if (info->records && (!requests_only || info->stream == report->sources->user_facing))
        g_string_append_printf (s, "%s%s", s->len ? ", " : "", info->path);
    }
  return g_string_free (s, FALSE);
}

void
rca_part_sources (RcaDocument *d, const RcaStoryParts *p)
{
  g_autofree char *requests = paths_of (p->report, TRUE), *all = paths_of (p->report, FALSE);
  rca_document_add (d, RCA_NODE_HEADING, "Sources");
  rca_document_addf (d, RCA_NODE_ITEM, "%s: counted in %s", RCA_FROM_REQUESTS, *requests ? requests : all);
  rca_document_addf (d, RCA_NODE_ITEM, "%s: counted over all that was read: %s", RCA_FROM_LOGS, all);
  rca_document_addf (d, RCA_NODE_ITEM, "%s: the evidence for and against each cause, added up by rca " RCA_VERSION " (rca --explain shows the sum)", RCA_FROM_WEIGHING);
  rca_document_addf (d, RCA_NODE_ITEM, "%s: drawn from the evidence above; check it first", RCA_FROM_EVIDENCE);
}
