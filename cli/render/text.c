/* The terminal report: one screen, what matters at 3 a.m. first. */
#include "text-parts.h"

static void
incident_details (RcaPage *page, const RcaReport *report, const RcaIncident *incident)
{
  rca_text_causes (page, incident);
  rca_text_verdicts (page, incident);
  rca_text_next (page, report, incident);
  if (page->options->verbose)
    rca_text_timeline (page, incident);
}

char *
rca_render_text (const RcaReport *report, const RcaRenderOptions *options)
{
  RcaPage page = { g_string_new (NULL), options };
  guint n = report->incidents->len;
  for (guint i = 0; i < n; i++)
    rca_text_headline (&page, report, g_ptr_array_index (report->incidents, i));
  if (n == 0)
    rca_text_checked (&page, report);
  rca_text_chart (&page, report);
  for (guint i = 0; i < n; i++)
    {
      if (n > 1)
        {
          g_autofree char *title = g_strdup_printf ("Incident %u of %u: %s", i + 1, n, ((RcaIncident *) g_ptr_array_index (report->incidents, i))->summary);
          rca_page_heading (&page, title);
        }
      incident_details (&page, report, g_ptr_array_index (report->incidents, i));
    }
  if (n > 0 && options->verbose)
    rca_text_checked (&page, report);
  rca_text_sources (&page, report);
  return g_string_free (page.out, FALSE);
}
