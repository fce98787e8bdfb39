/* What it was not, and why; what cannot be told, and for want of what: one line each where there is room. */
#include "text-parts.h"
#include "words.h"

static const struct { const char *unicode, *ascii; RcaStyle style; } signs[] = {
  [RCA_VERDICT_RULED_OUT] = { "✗", "x", RCA_STYLE_GOOD },
  [RCA_VERDICT_NOT_SUPPORTED] = { "?", "?", RCA_STYLE_WARN },
  [RCA_VERDICT_NO_DATA] = { "∅", "o", RCA_STYLE_FAINT },
  [RCA_VERDICT_IMPLICATED] = { "!", "!", RCA_STYLE_BAD },
};

/* Below these headings, so that the verdict is not said again in each line. */
static const struct { const char *title; guint verdicts; gboolean when_verbose; } groups[] = {
  { "What it was not", 1u << RCA_VERDICT_RULED_OUT, FALSE },
  { "What cannot be told (?: the data could not settle it, %s: no data)", 1u << RCA_VERDICT_NOT_SUPPORTED | 1u << RCA_VERDICT_NO_DATA, FALSE },
  { "Part of it", 1u << RCA_VERDICT_IMPLICATED, TRUE },
};

static void
put_verdict (RcaPage *page, const RcaVerdict *v)
{
  enum { INDENT = 26, ROOMY = 100 };
  g_autofree char *lead = g_strdup_printf ("   %s %-20s ", rca_page_glyph (page, signs[v->verdict].unicode, signs[v->verdict].ascii), rca_kind_words (v->kind));
  rca_page_paragraph (page, lead, signs[v->verdict].style, INDENT, RCA_STYLE_PLAIN, page->options->verbose ? 0 : page->options->width < ROOMY ? 2 : 1, v->summary);
  for (guint i = 0; page->options->verbose && i < v->evidence->len; i++)
    rca_page_refs (page, INDENT, ((RcaEvidence *) g_ptr_array_index (v->evidence, i))->refs, 0);
}

static void
put_title (RcaPage *page, guint group)
{
  g_auto (GStrv) parts = g_strsplit (groups[group].title, "%s", 2);
  g_autofree char *title = g_strjoinv (rca_page_glyph (page, signs[RCA_VERDICT_NO_DATA].unicode, signs[RCA_VERDICT_NO_DATA].ascii), parts);
  rca_page_heading (page, title);
}

void
rca_text_verdicts (RcaPage *page, const RcaIncident *in)
{
  for (guint g = 0; g < G_N_ELEMENTS (groups); g++)
    for (guint v = 0, n = 0; v < G_N_ELEMENTS (signs) && (!groups[g].when_verbose || page->options->verbose); v++)
      for (guint i = 0; groups[g].verdicts >> v & 1 && i < in->verdicts->len; i++)
        {
          const RcaVerdict *verdict = g_ptr_array_index (in->verdicts, i);
          if (verdict->verdict != v)
            continue;
          if (n++ == 0)
            put_title (page, g);
          put_verdict (page, verdict);
        }
}
