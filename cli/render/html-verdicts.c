/* What it was not and why; and what happened, in time. */
#include "events.h"
#include "html-charts.h"
#include "html-incident.h"
#include "html-text.h"
#include "words.h"

void
rca_html_put_verdicts (GString *out, const RcaIncident *in, guint heading)
{
  static const RcaVerdictValue order[] = { RCA_VERDICT_RULED_OUT, RCA_VERDICT_NOT_SUPPORTED, RCA_VERDICT_NO_DATA };
  static const char *const signs[] = { [RCA_VERDICT_RULED_OUT] = "✗", [RCA_VERDICT_NOT_SUPPORTED] = "?", [RCA_VERDICT_NO_DATA] = "∅" };
  g_string_append_printf (out, "<section class=\"verdicts\">\n<h%u>What it was not, and what cannot be told</h%u>\n<dl>\n", heading, heading);
  for (guint o = 0; o < G_N_ELEMENTS (order); o++)
    for (guint i = 0; i < in->verdicts->len; i++)
      {
        const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
        if (v->verdict != order[o])
          continue;
        g_string_append_printf (out, "<div class=\"%s\"><dt><span class=\"sign\" aria-hidden=\"true\">%s</span> %s <small>%s</small></dt>", rca_verdict_name (v->verdict), signs[v->verdict], rca_kind_words (v->kind),
                                rca_verdict_words (v->verdict));
        rca_html_element (out, "<dd>", v->summary, "</dd></div>\n");
      }
  g_string_append (out, "</dl>\n</section>\n");
}

void
rca_html_put_timeline (GString *out, const RcaReport *report, const RcaIncident *in, guint heading)
{
  g_autoptr (GArray) events = rca_report_events (in);
  g_string_append_printf (out, "<section class=\"timeline\">\n<h%u>Timeline</h%u>\n<ol>\n", heading, heading);
  for (guint i = 0; i < events->len; i++)
    {
      const RcaReportEvent *e = &g_array_index (events, RcaReportEvent, i);
      char clock[16];
      g_string_append (out, "<li");
      rca_html_put_span (out, (RcaSpan){ e->time_ns, e->time_ns });
      g_string_append_printf (out, "><time>%s</time> <div>", rca_words_clock (e->time_ns, clock));
      rca_html_text (out, e->text);
      rca_html_element (out, " <small>", e->source, "");
      if (e->refs && e->refs->len && g_strcmp0 (g_array_index (e->refs, RcaReportRef, 0).path, e->source) == 0)
        g_string_append_printf (out, ":%" G_GUINT64_FORMAT, g_array_index (e->refs, RcaReportRef, 0).line);
      g_string_append (out, "</small></div></li>\n");
    }
  g_string_append (out, "</ol>\n</section>\n");
}
