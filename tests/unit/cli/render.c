/* Renderers against files that a person can read: tests/golden/report. RCA_UPDATE_GOLDEN=1 writes
 * them anew. */
#include "render.h"
#include "report-fixture.h"
#include "timeline.h"
#include <string.h>

typedef char *(*Write) (void);

static char *
text_of (RcaReport *report, guint width, gboolean unicode, gboolean explain, gboolean verbose, gboolean color)
{
  RcaRenderOptions o = { .utc = TRUE, .width = width, .unicode = unicode, .explain = explain, .verbose = verbose, .color = color };
  return rca_render_text (report, &o);
}

static char *incident_80 (void) { return text_of (rca_fixture_incident (), 80, TRUE, FALSE, FALSE, FALSE); }
static char *incident_100 (void) { return text_of (rca_fixture_incident (), 100, TRUE, FALSE, FALSE, FALSE); }
static char *incident_200 (void) { return text_of (rca_fixture_incident (), 200, TRUE, FALSE, FALSE, FALSE); }
static char *incident_160 (void) { return text_of (rca_fixture_incident (), 160, TRUE, FALSE, FALSE, FALSE); }
static char *incident_ascii (void) { return text_of (rca_fixture_incident (), 100, FALSE, FALSE, FALSE, FALSE); }
static char *incident_explain (void) { return text_of (rca_fixture_incident (), 100, TRUE, TRUE, FALSE, FALSE); }
static char *incident_verbose (void) { return text_of (rca_fixture_incident (), 100, TRUE, FALSE, TRUE, FALSE); }
static char *incident_color (void) { return text_of (rca_fixture_incident (), 100, TRUE, FALSE, FALSE, TRUE); }
static char *latency_100 (void) { return text_of (rca_fixture_latency (), 100, TRUE, FALSE, FALSE, FALSE); }
static char *healthy_100 (void) { return text_of (rca_fixture_healthy (), 100, TRUE, FALSE, FALSE, FALSE); }
static char *incident_json (void) { return rca_render_json (rca_fixture_incident (), &(RcaRenderOptions){ 0 }); }
static char *latency_json (void) { return rca_render_json (rca_fixture_latency (), &(RcaRenderOptions){ 0 }); }
static char *healthy_json (void) { return rca_render_json (rca_fixture_healthy (), &(RcaRenderOptions){ 0 }); }
static char *incident_markdown (void) { return rca_render_markdown (rca_fixture_incident (), &(RcaRenderOptions){ 0 }); }
static char *healthy_markdown (void) { return rca_render_markdown (rca_fixture_healthy (), &(RcaRenderOptions){ 0 }); }

static char *
timeline_of (RcaReport *report, const char *form, char *(*write) (const RcaReport *, const RcaIncident *, const RcaTemplate *))
{
  return write (report, report->incidents->len ? g_ptr_array_index (report->incidents, 0) : NULL, rca_template_find (form));
}

static char *timeline_markdown (void) { return timeline_of (rca_fixture_incident (), NULL, rca_timeline_markdown); }
static char *timeline_over_markdown (void) { return timeline_of (rca_fixture_latency (), NULL, rca_timeline_markdown); }
static char *timeline_none_markdown (void) { return timeline_of (rca_fixture_healthy (), NULL, rca_timeline_markdown); }
static char *timeline_google_sre (void) { return timeline_of (rca_fixture_incident (), "google-sre", rca_timeline_markdown); }
static char *timeline_pagerduty (void) { return timeline_of (rca_fixture_incident (), "pagerduty", rca_timeline_markdown); }
static char *timeline_atlassian (void) { return timeline_of (rca_fixture_latency (), "atlassian", rca_timeline_markdown); }
static char *timeline_etsy (void) { return timeline_of (rca_fixture_latency (), "etsy", rca_timeline_markdown); }
static char *timeline_jsonl (void) { return timeline_of (rca_fixture_incident (), NULL, rca_timeline_jsonl); }
static char *timeline_json (void) { return timeline_of (rca_fixture_incident (), NULL, rca_timeline_json); }

static const struct { const char *file; Write write; } golden[] = {
  { "incident-80.txt", incident_80 },
  { "incident-100.txt", incident_100 },
  { "incident-160.txt", incident_160 },
  { "incident-200.txt", incident_200 },
  { "incident-ascii.txt", incident_ascii },
  { "incident-color.txt", incident_color },
  { "incident-explain.txt", incident_explain },
  { "incident-verbose.txt", incident_verbose },
  { "latency-100.txt", latency_100 },
  { "healthy-100.txt", healthy_100 },
  { "incident.json", incident_json },
  { "latency.json", latency_json },
  { "healthy.json", healthy_json },
  { "incident.md", incident_markdown },
  { "healthy.md", healthy_markdown },
  { "timeline.md", timeline_markdown },
  { "timeline-over.md", timeline_over_markdown },
  { "timeline-none.md", timeline_none_markdown },
  { "timeline-google-sre.md", timeline_google_sre },
  { "timeline-pagerduty.md", timeline_pagerduty },
  { "timeline-atlassian.md", timeline_atlassian },
  { "timeline-etsy.md", timeline_etsy },
  { "timeline.json", timeline_json },
  { "timeline.jsonl", timeline_jsonl },
};

static void
is_as_in_its_file (gconstpointer row)
{
  guint i = GPOINTER_TO_UINT (row);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "report", golden[i].file, NULL);
  g_autofree char *text = golden[i].write (), *wanted = NULL;
  g_autoptr (GError) error = NULL;
  if (g_getenv ("RCA_UPDATE_GOLDEN"))
    g_file_set_contents (path, text, -1, &error);
  else if (g_file_get_contents (path, &wanted, NULL, &error))
    g_assert_cmpstr (text, ==, wanted);
  g_assert_no_error (error);
  rca_fixture_free ();
}

/* What a terminal would obey must not come out of any writer, whatever the logs hold. */
static void
nothing_from_a_log_reaches_a_terminal_raw (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (golden); i++)
    {
      g_autofree char *text = golden[i].write ();
      gboolean colored = golden[i].write == incident_color;
      g_test_message ("%s", golden[i].file);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      for (const char *p = text; *p; p = g_utf8_next_char (p))
        {
          gunichar c = g_utf8_get_char (p);
          g_assert_true (c >= 0x20 || c == '\n' || (colored && c == 033));
          g_assert_false (c >= 0x7f && c < 0xa0);
          g_assert_false (c >= 0x202a && c <= 0x202e);
        }
      rca_fixture_free ();
    }
}

static void
no_line_is_wider_than_the_terminal (void)
{
  static const struct { Write write; glong width; } pages[] = { { incident_80, 80 }, { incident_100, 100 }, { incident_160, 160 }, { incident_200, 200 }, { latency_100, 100 } };
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autofree char *text = pages[i].write ();
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
      for (guint l = 0; lines[l]; l++)
        {
          g_test_message ("%s", lines[l]);
          if (!strstr (lines[l], "rca search")) /* commands are there to be copied */
            g_assert_cmpint (g_utf8_strlen (lines[l], -1), <=, pages[i].width);
        }
      rca_fixture_free ();
    }
}

static void
without_utf8_the_page_is_ascii (void)
{
  g_autofree char *text = incident_ascii ();
  for (const char *p = text; *p; p++)
    g_assert_cmpint ((guchar) *p, <, 0x80);
  rca_fixture_free ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (golden); i++)
    {
      g_autofree char *name = g_strdup_printf ("/render/golden/%s", golden[i].file);
      g_test_add_data_func (name, GUINT_TO_POINTER (i), is_as_in_its_file);
    }
  g_test_add_func ("/render/nothing-from-a-log-reaches-a-terminal-raw", nothing_from_a_log_reaches_a_terminal_raw);
  g_test_add_func ("/render/no-line-is-wider-than-the-terminal", no_line_is_wider_than_the_terminal);
  g_test_add_func ("/render/without-utf8-the-page-is-ascii", without_utf8_the_page_is_ascii);
  return g_test_run ();
}
