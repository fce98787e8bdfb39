/* The report for a ticket or a chat. What comes from logs cannot become markup: every
 * character that Markdown or HTML gives a meaning to is escaped. */
#include "markdown-text.h"
#include "read-next.h"
#include "render.h"
#include "words.h"
#include <math.h>

static void
put_line (GString *out, const char *before, const char *text, const char *after)
{
  if (!text || !*text)
    return;
  g_string_append (out, before);
  rca_markdown_text (out, text);
  g_string_append (out, after);
}

static void
put_evidence (GString *out, const GPtrArray *evidence, guint most)
{
  for (guint i = 0, n = 0; i < evidence->len && n < most; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (evidence, i);
      if (e->kind == RCA_EVIDENCE_PRIOR)
        continue;
      put_line (out, e->weight < 0 ? "   - against it: " : "   - ", e->text, "");
      rca_markdown_refs (out, e->refs, 2);
      g_string_append_c (out, '\n');
      n++;
    }
}

static void
put_chain (GString *out, const RcaCause *c)
{
  for (guint i = 1; i < c->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (c->chain, i);
      char clock[16];
      if (l->symptom)
        continue;
      g_autofree char *what = rca_words_thing (l->kind, l->subject);
      g_string_append_printf (out, "   - → %s ", rca_words_clock (l->time_ns, clock));
      put_line (out, "", what, "");
      put_line (out, ": ", l->detail, "");
      if (l->refs)
        rca_markdown_refs (out, l->refs, 1);
      g_string_append_c (out, '\n');
    }
}

static void
put_cause (GString *out, const RcaCause *c)
{
  g_string_append_printf (out, "%u. **%.0f %%** ", c->rank, 100 * c->confidence);
  put_line (out, c->kind == RCA_KIND_UNKNOWN ? "unknown: " : "", c->headline, "\n");
  put_chain (out, c);
  put_evidence (out, c->evidence, c->rank == 1 ? 4 : 2);
}

static void
put_steps (GString *out, const RcaReport *report, const RcaIncident *in)
{
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  g_autoptr (GPtrArray) commands = rca_read_next (report, in, 2);
  if (!top)
    return;
  put_line (out, in->state == RCA_STATE_OVER ? "\n- **To do:** " : "\n- **Do now:** ", top->remedy, "\n");
  put_line (out, "- **The way back** (a suggestion drawn from the logs, check it first): ", top->undo, "\n");
  for (guint i = 0; i < commands->len; i++)
    {
      g_string_append (out, "- **Read next:** ");
      rca_markdown_code (out, g_ptr_array_index (commands, i));
      g_string_append_c (out, '\n');
    }
}

static void
put_impact (GString *out, const RcaIncident *in)
{
  enum { MOST_ROUTES = 3 };
  const RcaImpact *im = &in->impact;
  put_line (out, "- **Impact:** ", in->summary, "");
  if (!isnan (im->clients_affected) && !isnan (im->clients))
    g_string_append_printf (out, "; %.0f of %.0f clients", im->clients_affected, im->clients);
  for (guint i = 0; i < im->routes->len && i < MOST_ROUTES; i++)
    {
      const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, i);
      put_line (out, i ? ", " : "; by route: ", r->route, "");
      g_string_append_printf (out, " %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, in->symptom == RCA_SYMPTOM_LATENCY ? r->slow : r->failed, r->requests);
    }
  g_string_append_c (out, '\n');
}

static void
put_verdicts (GString *out, const RcaIncident *in)
{
  g_string_append (out, "\n### What it was not, and what cannot be told\n\n| suspect | verdict | why |\n|---|---|---|\n");
  for (guint i = 0; i < in->verdicts->len; i++)
    {
      const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
      if (v->verdict == RCA_VERDICT_IMPLICATED)
        continue;
      g_string_append_printf (out, "| %s | %s | ", rca_kind_words (v->kind), rca_verdict_words (v->verdict));
      put_line (out, "", v->summary, "");
      g_string_append (out, " |\n");
    }
  g_string_append_c (out, '\n');
}

static void
put_incident (GString *out, const RcaReport *report, const RcaIncident *in)
{
  static const char *const states[] = { [RCA_STATE_ONGOING] = "Ongoing", [RCA_STATE_RECOVERING] = "Recovering", [RCA_STATE_OVER] = "Over" };
  char from[32];
  g_autofree char *length = rca_words_duration (rca_words_known_until (report, in) - in->start_ns);
  g_string_append_printf (out, "## %s: %s incident, %s", states[in->state], rca_incident_severity_name (in->severity), rca_symptom_words (in->symptom));
  put_line (out, " at ", in->service, "");
  g_string_append_printf (out, "\n\n- **When:** %s %s, %s (`%s`)\n", in->end_ns == RCA_TIME_NONE ? "since" : "from", rca_words_time (in->start_ns, from), length, in->id);
  put_impact (out, in);
  g_string_append (out, "\n### Why\n\n");
  for (guint i = 0; i < in->causes->len; i++)
    put_cause (out, g_ptr_array_index (in->causes, i));
  put_steps (out, report, in);
  put_verdicts (out, in);
}

static void
put_checked (GString *out, const RcaReport *report)
{
  g_string_append (out, "### What was checked\n\n| symptom | service | before | in the window | would have shown from |\n|---|---|---|---|---|\n");
  for (guint i = 0; i < report->checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (report->checked, i);
      g_autofree char *before = rca_words_share (c->baseline), *seen = rca_words_share (c->observed), *least = rca_words_share (c->smallest_seen);
      g_string_append_printf (out, "| %s | ", rca_symptom_words (c->symptom));
      rca_markdown_text (out, c->service ? c->service : "");
      g_string_append_printf (out, " | %s | %s | %s |\n", before, seen, least);
    }
}

char *
rca_render_markdown (const RcaReport *report, const RcaRenderOptions *options)
{
  char from[32], to[32];
  GString *out = g_string_new ("# Root cause analysis\n\n");
  g_string_append_printf (out, "Window: %s to %s.%s\n\n", rca_words_time (report->window.start_ns, from), rca_words_time (report->window.end_ns, to),
                          report->degraded ? " **Degraded: some logs could not be read.**" : "");
  for (guint i = 0; i < report->incidents->len; i++)
    put_incident (out, report, g_ptr_array_index (report->incidents, i));
  if (report->incidents->len == 0)
    g_string_append (out, "Nothing is wrong, as far as these logs show.\n\n");
  put_checked (out, report);
  return g_string_free (out, FALSE);
}
