/* The report as one page that needs no other file. */
#include "html-charts.h"
#include "html-document.h"
#include "html-incident.h"
#include "html-text.h"
#include "render.h"
#include "words.h"

static void
put_checked (GString *out, const RcaReport *report)
{
  g_string_append (out, "<section class=\"checked\">\n<h2>What was checked</h2>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">symptom</th><th scope=\"col\">before</th><th scope=\"col\">in the window</th>"
                        "<th scope=\"col\">would have shown from</th></tr></thead><tbody>\n");
  for (guint i = 0; i < report->checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (report->checked, i);
      g_autofree char *before = rca_words_share (c->baseline), *seen = rca_words_share (c->observed), *least = rca_words_share (c->smallest_seen);
      g_string_append (out, "<tr><th scope=\"row\">");
      rca_html_textf (out, "%s%s%s", rca_symptom_words (c->symptom), c->service && *c->service ? " at " : "", c->service ? c->service : "");
      g_string_append_printf (out, "</th><td>%s</td><td>%s</td><td>%s</td></tr>\n", before, seen, least);
    }
  g_string_append (out, "</tbody></table></div>\n</section>\n");
}

static void
put_sources (GString *out, const RcaReport *report)
{
  g_string_append_printf (out, "<details class=\"sources\"><summary>What was read: %u logs</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Logs read\"><table><thead><tr><th scope=\"col\">log</th>"
                               "<th scope=\"col\">format</th><th scope=\"col\">service</th><th scope=\"col\">records</th><th scope=\"col\">not understood</th></tr></thead><tbody>\n",
                          report->sources->source->len);
  for (guint i = 0; i < report->sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (report->sources->source, i);
      rca_html_element (out, "<tr><th scope=\"row\">", s->path, "</th>");
      rca_html_element (out, "<td>", s->format ? s->format : "unknown", "</td>");
      rca_html_element (out, "<td>", s->service ? s->service : "", "</td>");
      g_string_append_printf (out, "<td>%" G_GUINT64_FORMAT "</td><td>%" G_GUINT64_FORMAT "</td></tr>\n", s->records, s->rejected);
    }
  g_string_append (out, "</tbody></table></div></details>\n");
}

static void
put_notes (GString *out, const RcaReport *report)
{
  if (report->notes->len == 0)
    return;
  g_string_append_printf (out, "<details class=\"notes\"><summary>%u note%s</summary><ul>\n", report->notes->len, report->notes->len == 1 ? "" : "s");
  for (guint i = 0; i < report->notes->len; i++)
    rca_html_element (out, "<li>", g_ptr_array_index (report->notes, i), "</li>\n");
  g_string_append (out, "</ul></details>\n");
}

/* The title is the incident's, when there is one; else a sentence, and each has its own below. */
static void
put_top (GString *out, const RcaReport *report)
{
  char from[32], to[32];
  g_string_append (out, "<header>\n");
  if (report->incidents->len == 1)
    rca_html_put_headline (out, report, g_ptr_array_index (report->incidents, 0), 1);
  else if (report->incidents->len == 0)
    g_string_append (out, "<p class=\"state over\"><strong>Healthy</strong></p>\n<h1>Nothing is wrong, as far as these logs show</h1>\n");
  else
    g_string_append_printf (out, "<h1>%u incidents</h1>\n", report->incidents->len);
  g_string_append_printf (out, "<p class=\"window\">Looked at <time>%s</time> to <time>%s</time>%s</p>\n</header>\n", rca_words_time (report->window.start_ns, from), rca_words_time (report->window.end_ns, to),
                          report->degraded ? ". <strong>Some logs could not be read: see the notes.</strong>" : "");
}

static void
put_incident (GString *out, const RcaReport *report, const RcaIncident *in)
{
  gboolean only = report->incidents->len == 1;
  guint heading = only ? 2 : 3;
  if (!only)
    rca_html_put_headline (out, report, in, 2);
  rca_html_put_causes (out, report, in, heading);
  rca_html_put_verdicts (out, in, heading);
  rca_html_put_timeline (out, report, in, heading);
}

static char *
title_of (const RcaReport *report)
{
  if (report->incidents->len == 0)
    return g_strdup ("Nothing is wrong");
  const RcaIncident *in = g_ptr_array_index (report->incidents, 0);
  return g_strdup_printf ("%s%s%s: root cause analysis", rca_symptom_words (in->symptom), in->service ? " at " : "", in->service ? in->service : "");
}

char *
rca_render_html (const RcaReport *report, const RcaRenderOptions *options)
{
  g_autoptr (GString) body = g_string_new ("<main>\n");
  g_autofree char *title = title_of (report);
  put_top (body, report);
  g_string_append (body, "<div class=\"columns\">\n");
  rca_html_put_charts (body, report);
  g_string_append (body, "<div class=\"reading\">\n");
  for (guint i = 0; i < report->incidents->len; i++)
    put_incident (body, report, g_ptr_array_index (report->incidents, i));
  put_checked (body, report);
  put_sources (body, report);
  put_notes (body, report);
  g_string_append (body, "</div>\n</div>\n</main>\n");
  return rca_html_document (title, body->str, report);
}
