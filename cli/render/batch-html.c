/* The index of an archive's incidents: each leads to its own page. */
#include "html-document.h"
#include "html-text.h"
#include "render-batch.h"
#include "words.h"

static const char *const severity_class[] = { "ongoing", "recovering", "over" };

static void
put_top (GString *out, const RcaBatch *b)
{
  char from[32], to[32];
  g_autofree char *extent = rca_batch_extent_words (b), *share = rca_words_share (b->requests > 0 ? b->failed / b->requests : 0);
  g_string_append (out, "<header>\n");
  if (b->incidents->len)
    g_string_append_printf (out, "<h1>%u incident%s in %s</h1>\n", b->incidents->len, b->incidents->len == 1 ? "" : "s", extent);
  else
    g_string_append_printf (out, "<p class=\"state over\"><strong>Healthy</strong></p>\n<h1>No incident in %s</h1>\n", extent);
  g_string_append_printf (out, "<p class=\"window\"><time>%s</time> to <time>%s</time>: %.0f requests, %.0f failed (%s)%s</p>\n</header>\n", rca_words_time (b->window.start_ns, from),
                          rca_words_time (b->window.end_ns, to), b->requests, b->failed, share, b->degraded ? ". <strong>Some logs could not be read: see the notes.</strong>" : "");
}

static void
put_incident (GString *out, const RcaIncident *in)
{
  char start[32];
  g_autofree char *cause = rca_incident_cause_words (in), *impact = rca_incident_impact_words (in);
  g_autofree char *lasted = in->end_ns == RCA_TIME_NONE ? g_strdup ("no end seen") : rca_words_duration (in->end_ns - in->start_ns);
  rca_words_time (in->start_ns, start);
  g_string_append_printf (out, "<tr><td class=\"state %s\"><strong>%s</strong></td><th scope=\"row\"><a href=\"%s.html\"><time>%.16s</time></a></th><td>%s</td>", severity_class[in->severity],
                          rca_incident_severity_name (in->severity), in->id, start, lasted);
  rca_html_element (out, "<td>", in->service ? in->service : "", "</td>");
  rca_html_element (out, "<td>", impact, "</td>");
  rca_html_element (out, "<td>", cause, "</td></tr>\n");
}

static void
put_incidents (GString *out, const RcaBatch *b)
{
  g_autoptr (GPtrArray) ranked = rca_batch_ranked (b);
  if (ranked->len == 0)
    return;
  g_string_append (out, "<section>\n<h2>Incidents, the worst first</h2>\n<table><thead><tr><th scope=\"col\">severity</th><th scope=\"col\">start (UTC)</th>"
                        "<th scope=\"col\">lasted</th><th scope=\"col\">service</th><th scope=\"col\">impact</th><th scope=\"col\">cause</th></tr></thead><tbody>\n");
  for (guint i = 0; i < ranked->len; i++)
    put_incident (out, g_ptr_array_index (ranked, i));
  g_string_append (out, "</tbody></table>\n</section>\n");
}

static void
put_recurring (GString *out, const RcaBatch *b)
{
  if (b->recurring->len)
    g_string_append (out, "<section>\n<h2>What keeps coming back</h2>\n<ul>\n");
  for (guint i = 0; i < b->recurring->len; i++)
    {
      const RcaRecurring *r = g_ptr_array_index (b->recurring, i);
      g_string_append (out, "<li><strong>");
      rca_html_textf (out, "%s: %s", rca_kind_words (r->kind), r->subject);
      rca_html_element (out, "</strong>, ", r->summary, ":");
      for (guint k = 0; k < r->incidents->len; k++)
        {
          const RcaIncident *in = g_ptr_array_index (r->incidents, k);
          char start[32];
          g_string_append_printf (out, "%s <a href=\"%s.html\">%.10s</a>", k ? "," : "", in->id, rca_words_time (in->start_ns, start));
        }
      g_string_append (out, "</li>\n");
    }
  if (b->recurring->len)
    g_string_append (out, "</ul>\n</section>\n");
}

typedef const char *(*Sentence) (gconstpointer item);

static const char *
growing_sentence (gconstpointer item)
{
  return ((const RcaGrowing *) item)->summary;
}

static const char *
regular_sentence (gconstpointer item)
{
  return ((const RcaRegular *) item)->summary;
}

static const char *
note_sentence (gconstpointer item)
{
  return item;
}

static void
put_list (GString *out, const char *heading, const GPtrArray *items, Sentence sentence)
{
  if (items->len == 0)
    return;
  rca_html_element (out, "<section>\n<h2>", heading, "</h2>\n<ul>\n");
  for (guint i = 0; i < items->len; i++)
    rca_html_element (out, "<li>", sentence (g_ptr_array_index (items, i)), "</li>\n");
  g_string_append (out, "</ul>\n</section>\n");
}

char *
rca_render_batch_html (const RcaBatch *b, const RcaRenderOptions *options)
{
  g_autoptr (GString) body = g_string_new ("<main>\n");
  put_top (body, b);
  put_incidents (body, b);
  put_recurring (body, b);
  put_list (body, "What grows, before it hurts", b->growing, growing_sentence);
  put_list (body, "What is always so at its hour", b->regular, regular_sentence);
  put_list (body, "Notes", b->notes, note_sentence);
  g_string_append (body, "</main>\n");
  return rca_html_plain_document ("Incidents", body->str);
}
