/* What it was not, and why: honest words, one line each. */
#include "text-parts.h"
#include "words.h"
#include <math.h>

static const struct { const char *unicode, *ascii; RcaStyle style; } signs[] = {
  [RCA_VERDICT_RULED_OUT] = { "✗", "x", RCA_STYLE_GOOD },
  [RCA_VERDICT_NOT_SUPPORTED] = { "?", "?", RCA_STYLE_WARN },
  [RCA_VERDICT_NO_DATA] = { "∅", "o", RCA_STYLE_FAINT },
  [RCA_VERDICT_IMPLICATED] = { "!", "!", RCA_STYLE_BAD },
};

static void
put_verdict (RcaPage *page, const RcaVerdict *v)
{
  enum { INDENT = 41 };
  g_autofree char *lead = g_strdup_printf ("   %s %-20s %-14s ", rca_page_glyph (page, signs[v->verdict].unicode, signs[v->verdict].ascii), rca_kind_words (v->kind),
                                           rca_verdict_words (v->verdict));
  guint lines = page->options->verbose ? 0 : page->options->width < 120 ? 2 : 1;
  rca_page_paragraph (page, lead, signs[v->verdict].style, INDENT, RCA_STYLE_PLAIN, lines, v->summary);
  for (guint i = 0; page->options->verbose && i < v->evidence->len; i++)
    rca_page_refs (page, INDENT, ((RcaEvidence *) g_ptr_array_index (v->evidence, i))->refs, 0);
}

void
rca_text_verdicts (RcaPage *page, const RcaIncident *in)
{
  static const RcaVerdictValue order[] = { RCA_VERDICT_RULED_OUT, RCA_VERDICT_NOT_SUPPORTED, RCA_VERDICT_NO_DATA, RCA_VERDICT_IMPLICATED };
  rca_page_heading (page, "What it was not, and what cannot be told");
  for (guint o = 0; o < G_N_ELEMENTS (order); o++)
    for (guint i = 0; i < in->verdicts->len; i++)
      {
        const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
        if (v->verdict == order[o] && (v->verdict != RCA_VERDICT_IMPLICATED || page->options->verbose))
          put_verdict (page, v);
      }
}
