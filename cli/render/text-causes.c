/* Why: ranked causes, their bars, the strongest evidence and the lines it stands on; with
 * --explain the ledger that leads to the confidence. */
#include "text-parts.h"
#include "words.h"
#include <math.h>

enum { BAR = 10, INDENT = 6 };

static char *
bar (const RcaPage *page, double confidence)
{
  guint full = (guint) CLAMP (lround (confidence * BAR), 0, BAR);
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < BAR; i++)
    g_string_append (s, i < full ? rca_page_glyph (page, "█", "#") : rca_page_glyph (page, "░", "."));
  return g_string_free (s, FALSE);
}

static void
put_evidence (RcaPage *page, const RcaEvidence *e)
{
  const char *sign = e->weight < 0 ? rca_page_glyph (page, "−", "-") : "+";
  g_autofree char *lead = g_strdup_printf ("      %s ", sign);
  rca_page_paragraph (page, lead, e->weight < 0 ? RCA_STYLE_WARN : RCA_STYLE_GOOD, INDENT + 2, RCA_STYLE_PLAIN, page->options->verbose ? 0 : 2, e->text);
  rca_page_refs (page, INDENT + 2, e->refs, page->options->verbose ? 0 : 2);
}

static gint
by_strength (gconstpointer a, gconstpointer b)
{
  double x = fabs ((*(RcaEvidence *const *) a)->weight), y = fabs ((*(RcaEvidence *const *) b)->weight);
  return x > y ? -1 : x < y;
}

static void
put_strongest (RcaPage *page, const RcaCause *c, guint most)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  for (guint i = 0; i < c->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      if (e->kind != RCA_EVIDENCE_PRIOR)
        g_ptr_array_add (sorted, (gpointer) e);
    }
  g_ptr_array_sort (sorted, by_strength);
  for (guint i = 0; i < sorted->len && i < most; i++)
    put_evidence (page, g_ptr_array_index (sorted, i));
}

static void
put_ledger (RcaPage *page, const RcaCause *c)
{
  for (guint i = 0; i < c->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      gboolean discounted = fabs (e->weight - e->weight_raw) > 0.005;
      g_autofree char *raw = discounted ? g_strdup_printf (" of %+.2f", e->weight_raw) : g_strdup ("");
      g_autofree char *lead = g_strdup_printf ("      %+6.2f%-10s %-14s ", e->weight, raw, rca_evidence_kind_name (e->kind));
      rca_page_paragraph (page, lead, RCA_STYLE_NOTE, rca_page_columns (lead), RCA_STYLE_PLAIN, 0, e->text);
      rca_page_refs (page, INDENT + 2, e->refs, page->options->verbose ? 0 : 3);
    }
  g_autofree char *end = rca_words_ledger (c);
  if (isnan (c->own_confidence))
    {
      rca_page_paragraph (page, "      ", RCA_STYLE_NOTE, INDENT, RCA_STYLE_NOTE, 0, end);
      return;
    }
  g_autofree char *lead = g_strdup_printf ("      %+6.2f            %-14s ", c->log_prior + c->log_weight, "sum");
  g_autofree char *text = g_strdup_printf ("log prior %+.2f, evidence %+.2f; %s", c->log_prior, c->log_weight, end);
  rca_page_paragraph (page, lead, RCA_STYLE_NOTE, rca_page_columns (lead), RCA_STYLE_NOTE, 0, text);
}

/* What it brought about, a line each; the symptom is in the headline of the page. */
static void
put_chain (RcaPage *page, const RcaCause *c)
{
  for (guint i = 1; i < c->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (c->chain, i);
      char clock[16];
      if (l->symptom)
        continue;
      g_autofree char *what = rca_words_thing (l->kind, l->subject), *lead = g_strdup_printf ("      %s %s ", rca_page_glyph (page, "→", "->"), rca_words_clock (l->time_ns, clock));
      g_autofree char *text = g_strdup_printf ("%s%s%s", what, l->detail ? ": " : "", l->detail ? l->detail : "");
      rca_page_paragraph (page, lead, RCA_STYLE_FAINT, 17, RCA_STYLE_PLAIN, page->options->verbose ? 0 : 2, text);
      if (l->refs)
        rca_page_refs (page, 17, l->refs, page->options->verbose ? 0 : 1);
    }
}

static void
put_cause (RcaPage *page, const RcaCause *c, guint evidence)
{
  g_autofree char *gauge = bar (page, c->confidence);
  g_autofree char *lead = g_strdup_printf ("%3u. %s %3.0f %%  ", c->rank, gauge, 100 * c->confidence);
  g_autofree char *whole = c->kind == RCA_KIND_UNKNOWN ? g_strdup_printf ("unknown: %s", c->headline) : g_strdup (c->headline);
  rca_page_paragraph (page, lead, c->rank == 1 ? RCA_STYLE_BAD : RCA_STYLE_NOTE, INDENT - 1, c->rank == 1 ? RCA_STYLE_STRONG : RCA_STYLE_PLAIN, page->options->verbose ? 0 : 3, whole);
  put_chain (page, c);
  if (page->options->explain)
    put_ledger (page, c);
  else
    put_strongest (page, c, evidence);
}

/* Not even worth a glance unless asked for: below this, and not first. */
static const double least_shown = 0.05;

void
rca_text_causes (RcaPage *page, const RcaIncident *in)
{
  enum { MOST = 3 };
  guint hidden = 0;
  rca_page_heading (page, "Why");
  for (guint i = 0; i < in->causes->len; i++)
    {
      const RcaCause *c = g_ptr_array_index (in->causes, i);
      gboolean all = page->options->verbose || page->options->explain;
      if (all || i == 0 || (i < MOST && c->confidence >= least_shown))
        put_cause (page, c, page->options->verbose ? G_MAXUINT : i == 0 ? 3 : 2);
      else
        hidden++;
    }
  if (hidden)
    rca_page_putf (page, RCA_STYLE_FAINT, "     %u less likely (-v shows them, --explain how the evidence adds up)", hidden), rca_page_newline (page);
}
