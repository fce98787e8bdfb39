/* An archive on a terminal: how it went, the incidents, what comes back, what grows. */
#include "render-batch.h"
#include "page.h"
#include "words.h"

static const RcaStyle severity_style[] = { RCA_STYLE_BAD, RCA_STYLE_WARN, RCA_STYLE_PLAIN };

static void
put_line (RcaPage *page, const char *lead, RcaStyle style, guint indent, const char *text)
{
  rca_page_paragraph (page, lead, style, indent, RCA_STYLE_PLAIN, 0, text);
}

static void
put_headline (RcaPage *page, const RcaBatch *b)
{
  char from[32], to[32];
  g_autofree char *extent = rca_batch_extent_words (b), *share = rca_words_share (b->requests > 0 ? b->failed / b->requests : 0);
  rca_words_time (b->window.start_ns, from);
  rca_words_time (b->window.end_ns, to);
  if (b->incidents->len)
    rca_page_putf (page, RCA_STYLE_STRONG, "%u incident%s in %s", b->incidents->len, b->incidents->len == 1 ? "" : "s", extent);
  else
    rca_page_putf (page, RCA_STYLE_GOOD, "No incident in %s", extent);
  rca_page_newline (page);
  g_autofree char *text = g_strdup_printf ("%s to %s: %.0f requests, %.0f failed (%s)", from, to, b->requests, b->failed, share);
  put_line (page, "  ", RCA_STYLE_PLAIN, 2, text);
}

static void
put_incident (RcaPage *page, const RcaIncident *in)
{
  char start[32];
  g_autofree char *cause = rca_incident_cause_words (in), *impact = rca_incident_impact_words (in);
  g_autofree char *lasted = in->end_ns == RCA_TIME_NONE ? g_strdup ("no end seen") : rca_words_duration (in->end_ns - in->start_ns);
  rca_words_time (in->start_ns, start);
  rca_page_putf (page, severity_style[in->severity], "  %-8s", rca_incident_severity_name (in->severity));
  g_autofree char *head = g_strdup_printf ("%.16s  %s, %s%s%s  [%s]", start, lasted, impact, in->service ? " at " : "", in->service ? in->service : "", in->id);
  rca_page_paragraph (page, " ", RCA_STYLE_PLAIN, 1, RCA_STYLE_PLAIN, 0, head);
  put_line (page, NULL, RCA_STYLE_PLAIN, 11, cause);
}

static void
put_recurring (RcaPage *page, const RcaRecurring *r)
{
  g_autofree char *what = g_strdup_printf ("%s: %s, %s", rca_kind_words (r->kind), r->subject, r->summary);
  g_autofree char *lead = g_strdup_printf ("  %ux ", r->incidents->len);
  put_line (page, lead, RCA_STYLE_WARN, 7, what);
}

static void
put_read (RcaPage *page, const RcaBatch *b)
{
  guint64 records = 0;
  for (guint i = 0; i < b->sources->source->len; i++)
    records += ((const RcaSourceInfo *) g_ptr_array_index (b->sources->source, i))->records;
  rca_page_newline (page);
  rca_page_putf (page, RCA_STYLE_FAINT, "Read %u log%s: %" G_GUINT64_FORMAT " records", b->sources->source->len, b->sources->source->len == 1 ? "" : "s", records);
  rca_page_newline (page);
}

char *
rca_render_batch_text (const RcaBatch *b, const RcaRenderOptions *options)
{
  RcaPage page = { g_string_new (NULL), options };
  g_autoptr (GPtrArray) ranked = rca_batch_ranked (b);
  put_headline (&page, b);
  if (ranked->len)
    rca_page_heading (&page, "Incidents, the worst first (times are UTC)");
  for (guint i = 0; i < ranked->len; i++)
    put_incident (&page, g_ptr_array_index (ranked, i));
  if (b->recurring->len)
    rca_page_heading (&page, "What keeps coming back");
  for (guint i = 0; i < b->recurring->len; i++)
    put_recurring (&page, g_ptr_array_index (b->recurring, i));
  if (b->growing->len)
    rca_page_heading (&page, "What grows, before it hurts");
  for (guint i = 0; i < b->growing->len; i++)
    put_line (&page, "  - ", RCA_STYLE_NOTE, 4, ((const RcaGrowing *) g_ptr_array_index (b->growing, i))->summary);
  if (b->regular->len)
    rca_page_heading (&page, "What is always so at its hour");
  for (guint i = 0; i < b->regular->len; i++)
    put_line (&page, "  - ", RCA_STYLE_NOTE, 4, ((const RcaRegular *) g_ptr_array_index (b->regular, i))->summary);
  put_read (&page, b);
  return g_string_free (page.out, FALSE);
}
