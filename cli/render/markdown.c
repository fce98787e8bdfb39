/* The report for a ticket or a chat. What comes from logs cannot become markup: every
 * character that Markdown or HTML gives a meaning to is escaped. */
#include "markdown-text.h"
#include "render.h"
#include "words.h"

static void
put_evidence (GString *out, const GPtrArray *evidence, guint most)
{
  for (guint i = 0, n = 0; i < evidence->len && n < most; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (evidence, i);
      if (e->kind == RCA_EVIDENCE_PRIOR)
        continue;
      g_string_append (out, "   - ");
      rca_markdown_text (out, e->text);
      rca_markdown_refs (out, e->refs, 2);
      g_string_append_c (out, '\n');
      n++;
    }
}

static void
put_cause (GString *out, const RcaCause *c)
{
  g_string_append_printf (out, "%u. **%.0f %%** ", c->rank, 100 * c->confidence);
  if (c->kind == RCA_KIND_UNKNOWN)
    g_string_append (out, "unknown: ");
  rca_markdown_text (out, c->summary);
  g_string_append_c (out, '\n');
  put_evidence (out, c->evidence, c->rank == 1 ? 4 : 2);
  if (c->rank == 1 && c->remedy && *c->remedy)
    {
      g_string_append (out, "   - What to do: ");
      rca_markdown_text (out, c->remedy);
      g_string_append_c (out, '\n');
    }
}

static void
put_incident (GString *out, const RcaIncident *in)
{
  char from[32], to[32];
  g_string_append_printf (out, "## %s: %s incident, %s", in->state == RCA_STATE_OVER ? "Over" : in->state == RCA_STATE_ONGOING ? "Ongoing" : "Recovering",
                          rca_incident_severity_name (in->severity), rca_symptom_words (in->symptom));
  if (in->service)
    {
      g_string_append (out, " at ");
      rca_markdown_text (out, in->service);
    }
  g_string_append_printf (out, "\n\n%s to %s. ", rca_words_time (in->start_ns, from), in->end_ns == RCA_TIME_NONE ? "now" : rca_words_time (in->end_ns, to));
  rca_markdown_text (out, in->summary);
  g_string_append (out, ".\n\n### Why\n\n");
  for (guint i = 0; i < in->causes->len; i++)
    put_cause (out, g_ptr_array_index (in->causes, i));
  g_string_append (out, "\n### What it was not\n\n| suspect | verdict | why |\n|---|---|---|\n");
  for (guint i = 0; i < in->verdicts->len; i++)
    {
      const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
      g_string_append_printf (out, "| %s | %s | ", rca_kind_words (v->kind), rca_verdict_words (v->verdict));
      rca_markdown_text (out, v->summary);
      g_string_append (out, " |\n");
    }
  g_string_append_c (out, '\n');
}

char *
rca_render_markdown (const RcaReport *report, const RcaRenderOptions *options)
{
  char from[32], to[32];
  GString *out = g_string_new ("# Root cause analysis\n\n");
  g_string_append_printf (out, "Window: %s to %s.%s\n\n", rca_words_time (report->window.start_ns, from), rca_words_time (report->window.end_ns, to),
                          report->degraded ? " **Degraded: some logs could not be read.**" : "");
  for (guint i = 0; i < report->incidents->len; i++)
    put_incident (out, g_ptr_array_index (report->incidents, i));
  if (report->incidents->len == 0)
    g_string_append (out, "Nothing is wrong, as far as these logs show.\n\n");
  g_string_append (out, "### What was checked\n\n| symptom | service | before | in the window | would have shown from |\n|---|---|---|---|---|\n");
  for (guint i = 0; i < report->checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (report->checked, i);
      g_autofree char *before = rca_words_share (c->baseline), *seen = rca_words_share (c->observed), *least = rca_words_share (c->smallest_seen);
      g_string_append_printf (out, "| %s | ", rca_symptom_words (c->symptom));
      rca_markdown_text (out, c->service ? c->service : "");
      g_string_append_printf (out, " | %s | %s | %s |\n", before, seen, least);
    }
  return g_string_free (out, FALSE);
}
