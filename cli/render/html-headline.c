/* Is it still going on, what is it, whom does it hit. */
#include "html-incident.h"
#include "html-text.h"
#include "words.h"
#include <math.h>

static const char *const states[] = {
  [RCA_STATE_ONGOING] = "Still going on",
  [RCA_STATE_RECOVERING] = "Recovering",
  [RCA_STATE_OVER] = "Over",
};

static void
put_figure (GString *out, const char *value, const char *what, const char *detail)
{
  rca_html_element (out, "<li><b>", value, "</b> ");
  rca_html_element (out, "<span>", what, "</span>");
  rca_html_element (out, "<small>", detail, "</small></li>\n");
}

static void
put_share (GString *out, double ratio, const char *what, guint64 hit, guint64 all)
{
  g_autofree char *share = rca_words_share (ratio);
  g_autofree char *detail = g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests", hit, all);
  put_figure (out, share, what, detail);
}

static void
put_impact (GString *out, const RcaReport *report, const RcaIncident *in)
{
  const RcaImpact *im = &in->impact;
  char from[32], to[32];
  g_autofree char *length = rca_words_duration (rca_words_known_until (report, in) - in->start_ns);
  g_autofree char *when = g_strdup_printf ("from %s%s%s", rca_words_clock (in->start_ns, from), in->end_ns == RCA_TIME_NONE ? " on" : " to ", in->end_ns == RCA_TIME_NONE ? "" : rca_words_clock (in->end_ns, to));
  g_string_append (out, "<ul class=\"impact\">\n");
  put_figure (out, length, in->end_ns == RCA_TIME_NONE ? "so far" : "long", when);
  put_share (out, im->failed_ratio, "failed", im->failed, im->requests);
  if (im->slow)
    put_share (out, im->slow_ratio, "slow", im->slow, im->requests);
  if (!isnan (im->clients_affected) && !isnan (im->clients))
    {
      g_autofree char *share = rca_words_share (im->clients_affected_ratio), *detail = g_strdup_printf ("%.0f of %.0f clients", im->clients_affected, im->clients);
      put_figure (out, share, "of clients hit", detail);
    }
  g_string_append (out, "</ul>\n");
}

static void
put_routes (GString *out, const RcaIncident *in)
{
  enum { MOST = 5 };
  const GArray *routes = in->impact.routes;
  if (routes->len == 0)
    return;
  g_string_append (out, "<details class=\"routes\"><summary>By route</summary><div class=\"scroll\"><table><thead><tr><th scope=\"col\">route</th><th scope=\"col\">requests</th><th scope=\"col\">failed</th>"
                        "<th scope=\"col\">slow</th></tr></thead><tbody>\n");
  for (guint i = 0; i < routes->len && i < MOST; i++)
    {
      const RcaRouteImpact *r = &g_array_index (routes, RcaRouteImpact, i);
      rca_html_element (out, "<tr><th scope=\"row\">", r->route, "</th>");
      g_string_append_printf (out, "<td>%" G_GUINT64_FORMAT "</td><td>%" G_GUINT64_FORMAT "</td><td>%" G_GUINT64_FORMAT "</td></tr>\n", r->requests, r->failed, r->slow);
    }
  g_string_append (out, "</tbody></table></div></details>\n");
}

void
rca_html_put_headline (GString *out, const RcaReport *report, const RcaIncident *in, guint heading)
{
  char when[32];
  g_autofree char *what = g_strdup_printf ("%s%s%s", rca_symptom_words (in->symptom), in->service ? " at " : "", in->service ? in->service : "");
  g_string_append_printf (out, "<p class=\"state %s\"><strong>%s</strong> <span class=\"severity\">%s incident %s</span></p>\n<h%u>", rca_state_name (in->state), states[in->state],
                          rca_incident_severity_name (in->severity), in->id, heading);
  what[0] = g_ascii_toupper (what[0]);
  rca_html_text (out, what);
  g_string_append_printf (out, "</h%u>\n<p class=\"when\">since <time>%s</time></p>\n", heading, rca_words_time (in->start_ns, when));
  put_impact (out, report, in);
  put_routes (out, in);
}
