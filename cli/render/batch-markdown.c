/* An archive as Markdown: for the review at the quarter's end. */
#include "render-batch.h"
#include "markdown-text.h"
#include "words.h"

static void
put_cell (GString *out, const char *text)
{
  g_string_append (out, " ");
  rca_markdown_text (out, text);
  g_string_append (out, " |");
}

static void
put_incidents (GString *out, const RcaBatch *b)
{
  g_autoptr (GPtrArray) ranked = rca_batch_ranked (b);
  if (ranked->len == 0)
    return;
  g_string_append (out, "\n## Incidents, the worst first\n\n| severity | start (UTC) | lasted | impact | cause | id |\n|---|---|---|---|---|---|\n");
  for (guint i = 0; i < ranked->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (ranked, i);
      char start[32];
      g_autofree char *cause = rca_incident_cause_words (in), *impact = rca_incident_impact_words (in);
      g_autofree char *lasted = in->end_ns == RCA_TIME_NONE ? g_strdup ("no end seen") : rca_words_duration (in->end_ns - in->start_ns);
      rca_words_time (in->start_ns, start);
      start[16] = 0;
      const char *cells[] = { rca_incident_severity_name (in->severity), start, lasted, impact, cause, in->id };
      g_string_append (out, "|");
      for (guint k = 0; k < G_N_ELEMENTS (cells); k++)
        put_cell (out, cells[k]);
      g_string_append_c (out, '\n');
    }
}

static void
put_item (GString *out, const char *strong, const char *text)
{
  g_string_append (out, "* ");
  if (strong)
    {
      g_string_append (out, "**");
      rca_markdown_text (out, strong);
      g_string_append (out, "**: ");
    }
  rca_markdown_text (out, text);
  g_string_append_c (out, '\n');
}

static void
put_recurring (GString *out, const RcaBatch *b)
{
  if (b->recurring->len)
    g_string_append (out, "\n## What keeps coming back\n\n");
  for (guint i = 0; i < b->recurring->len; i++)
    {
      const RcaRecurring *r = g_ptr_array_index (b->recurring, i);
      g_autofree char *what = g_strdup_printf ("%s %s", rca_kind_words (r->kind), r->subject);
      put_item (out, what, r->summary);
    }
}

char *
rca_render_batch_markdown (const RcaBatch *b, const RcaRenderOptions *options)
{
  GString *out = g_string_new (NULL);
  char from[32], to[32];
  g_autofree char *extent = rca_batch_extent_words (b), *share = rca_words_share (b->requests > 0 ? b->failed / b->requests : 0);
  rca_words_time (b->window.start_ns, from);
  rca_words_time (b->window.end_ns, to);
  if (b->incidents->len)
    g_string_append_printf (out, "# %u incident%s in %s\n", b->incidents->len, b->incidents->len == 1 ? "" : "s", extent);
  else
    g_string_append_printf (out, "# No incident in %s\n", extent);
  g_string_append_printf (out, "\n%s to %s: %.0f requests, %.0f failed (%s).\n", from, to, b->requests, b->failed, share);
  put_incidents (out, b);
  put_recurring (out, b);
  if (b->growing->len)
    g_string_append (out, "\n## What grows, before it hurts\n\n");
  for (guint i = 0; i < b->growing->len; i++)
    put_item (out, NULL, ((const RcaGrowing *) g_ptr_array_index (b->growing, i))->summary);
  if (b->regular->len)
    g_string_append (out, "\n## What is always so at its hour\n\n");
  for (guint i = 0; i < b->regular->len; i++)
    put_item (out, NULL, ((const RcaRegular *) g_ptr_array_index (b->regular, i))->summary);
  return g_string_free (out, FALSE);
}
