/* Why: the causes with their evidence, the lines cited, the ledger, and what to do. */
#include "evidence-span.h"
#include "html-charts.h"
#include "html-incident.h"
#include "html-text.h"
#include "read-next.h"
#include "words.h"
#include <math.h>

static void
put_refs (GString *out, const GArray *refs)
{
  gboolean quoted = FALSE;
  for (guint i = 0; i < refs->len; i++)
    quoted |= g_array_index (refs, RcaReportRef, i).text != NULL;
  if (refs->len == 0)
    return;
  g_string_append (out, "<details class=\"cited\"><summary>");
  for (guint i = 0; i < refs->len; i++)
    {
      const RcaReportRef *r = &g_array_index (refs, RcaReportRef, i);
      const RcaReportRef *before = i ? &g_array_index (refs, RcaReportRef, i - 1) : NULL;
      if (before && g_strcmp0 (before->path, r->path) == 0)
        rca_html_textf (out, ", %" G_GUINT64_FORMAT, r->line);
      else
        rca_html_textf (out, "%s%s:%" G_GUINT64_FORMAT, before ? " " : "", r->path, r->line);
    }
  g_string_append (out, "</summary>");
  for (guint i = 0; i < refs->len && quoted; i++)
    {
      const RcaReportRef *r = &g_array_index (refs, RcaReportRef, i);
      if (r->text)
        rca_html_element (out, "<pre tabindex=\"0\">", r->text, "</pre>");
    }
  g_string_append (out, "</details>\n");
}

static void
put_evidence (GString *out, const RcaReport *report, const RcaIncident *in, const RcaCause *c, const RcaEvidence *e)
{
  g_string_append_printf (out, "<li class=\"%s\"", e->weight < 0 ? "against" : "for");
  rca_html_put_span (out, rca_evidence_span (report, in, c, e));
  g_string_append_printf (out, "><span class=\"sign\" aria-hidden=\"true\">%s</span><div><span class=\"hidden\">%s: </span>", e->weight < 0 ? "−" : "+", e->weight < 0 ? "Against it" : "For it");
  rca_html_element (out, "", e->text, "\n");
  put_refs (out, e->refs);
  rca_html_element (out, "</div><button type=\"button\" class=\"go show\">show<span class=\"hidden\"> on the charts: ", rca_evidence_words (e->kind), "</span></button></li>\n");
}

static gint
by_strength (gconstpointer a, gconstpointer b)
{
  double x = fabs ((*(RcaEvidence *const *) a)->weight), y = fabs ((*(RcaEvidence *const *) b)->weight);
  return x > y ? -1 : x < y;
}

static void
put_all_evidence (GString *out, const RcaReport *report, const RcaIncident *in, const RcaCause *c)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_copy (c->evidence, NULL, NULL);
  g_ptr_array_set_free_func (sorted, NULL);
  g_ptr_array_sort (sorted, by_strength);
  guint n = 0;
  for (guint i = 0; i < sorted->len; i++)
    if (((RcaEvidence *) g_ptr_array_index (sorted, i))->kind != RCA_EVIDENCE_PRIOR)
      {
        g_string_append (out, n++ ? "" : "<ul class=\"evidence\">\n");
        put_evidence (out, report, in, c, g_ptr_array_index (sorted, i));
      }
  g_string_append (out, n ? "</ul>\n" : "");
}

static void
put_chain (GString *out, const RcaCause *c)
{
  if (c->chain->len < 3)
    return;
  g_string_append (out, "<ol class=\"chain\" aria-label=\"From the cause to the symptom\">\n");
  for (guint i = 0; i < c->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (c->chain, i);
      char clock[16];
      g_string_append_printf (out, "<li><time>%s</time> <b>%s</b> ", rca_words_clock (l->time_ns, clock), l->symptom ? "symptom" : rca_kind_words (l->kind));
      rca_html_element (out, "", g_strcmp0 (l->subject, rca_kind_words (l->kind)) == 0 ? "" : l->subject, "");
      if (l->detail && i > 0)
        rca_html_element (out, "<small>", l->detail, "</small>");
      if (l->refs && i > 0)
        put_refs (out, l->refs);
      g_string_append (out, "</li>\n");
    }
  g_string_append (out, "</ol>\n");
}

/* The sum of the rows is the cause's log odds before all causes are made to add up to one. */
static void
put_ledger (GString *out, const RcaCause *c)
{
  if (c->evidence->len == 0)
    return;
  g_autofree char *end = rca_words_ledger (c);
  g_string_append (out, "<details class=\"ledger\"><summary>How the evidence adds up</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Ledger of ");
  rca_html_textf (out, "cause %u, %s", c->rank, c->subject);
  g_string_append (out, "\"><table><thead><tr><th scope=\"col\">weight</th>"
                        "<th scope=\"col\">before discount</th><th scope=\"col\">asked</th><th scope=\"col\">found</th></tr></thead><tbody>\n");
  for (guint i = 0; i < c->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      g_string_append_printf (out, "<tr><td>%+.2f</td><td>%+.2f</td><th scope=\"row\">%s</th>", e->weight, e->weight_raw, rca_evidence_words (e->kind));
      rca_html_element (out, "<td>", e->text, "</td></tr>\n");
    }
  g_string_append_printf (out, "</tbody><tfoot><tr><td>%+.2f</td><td></td><th scope=\"row\">sum</th><td>Weights are natural logarithms of likelihood ratios; ", c->log_prior + c->log_weight);
  rca_html_element (out, "", end, ".</td></tr></tfoot></table></div></details>\n");
}

static void
put_steps (GString *out, const RcaReport *report, const RcaIncident *in, const RcaCause *c)
{
  g_autoptr (GPtrArray) commands = rca_read_next (report, in, 3);
  g_string_append (out, "<dl class=\"steps\">\n");
  if (c->remedy && *c->remedy)
    rca_html_element (out, in->state == RCA_STATE_OVER || c->kind == RCA_KIND_UNKNOWN ? "<dt>To do</dt><dd>" : "<dt>Do now</dt><dd>", c->remedy, "</dd>\n");
  if (c->undo)
    rca_html_element (out, "<dt>The way back</dt><dd>", c->undo, " <small>(a suggestion drawn from the logs: check it first)</small></dd>\n");
  for (guint i = 0; i < commands->len; i++)
    rca_html_element (out, i ? "<dd><code>" : "<dt>Read next</dt><dd><code>", g_ptr_array_index (commands, i), "</code></dd>\n");
  g_string_append (out, "</dl>\n");
}

static void
put_cause (GString *out, const RcaReport *report, const RcaIncident *in, const RcaCause *c, guint heading)
{
  g_autofree char *share = g_strdup_printf ("%.0f", 100 * c->confidence);
  g_string_append_printf (out, "<article class=\"cause%s\">\n<div class=\"sure\"><b>%s %%</b><meter min=\"0\" max=\"100\" value=\"%s\" aria-label=\"confidence\">%s %%</meter></div>\n<h%u>", c->rank == 1 ? " first" : "", share,
                          share, share, heading + 1);
  g_string_append_printf (out, "<span class=\"kind\">%s</span> ", rca_kind_words (c->kind));
  rca_html_text (out, c->kind == RCA_KIND_UNKNOWN ? "no logged cause" : c->subject);
  g_string_append_printf (out, "</h%u>\n", heading + 1);
  rca_html_element (out, "<p>", c->headline, "</p>\n");
  put_chain (out, c);
  if (c->rank == 1)
    put_steps (out, report, in, c);
  put_all_evidence (out, report, in, c);
  put_ledger (out, c);
  g_string_append (out, "</article>\n");
}

void
rca_html_put_causes (GString *out, const RcaReport *report, const RcaIncident *in, guint heading)
{
  g_string_append_printf (out, "<section class=\"causes\">\n<h%u>Why</h%u>\n", heading, heading);
  for (guint i = 0; i < in->causes->len; i++)
    put_cause (out, report, in, g_ptr_array_index (in->causes, i), heading);
  g_string_append (out, "</section>\n");
}
