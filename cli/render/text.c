#include "render.h"

char *
rca_render_text (const RcaReport *report, const RcaRenderOptions *options)
{
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < report->incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      g_string_append_printf (s, "%s: %s\n", rca_state_name (in->state), in->summary);
      for (guint j = 0; j < in->causes->len; j++)
        {
          const RcaCause *c = g_ptr_array_index (in->causes, j);
          g_string_append_printf (s, "%u. %.0f %% %s: %s  [prior %.2f weight %.2f]\n", c->rank, 100 * c->confidence, rca_kind_name (c->kind), c->summary, c->log_prior, c->log_weight);
          for (guint k = 0; k < c->evidence->len; k++)
            {
              const RcaEvidence *e = g_ptr_array_index (c->evidence, k);
              g_string_append_printf (s, "     %+.2f (%+.2f) %s: %s", e->weight, e->weight_raw, rca_evidence_kind_name (e->kind), e->text);
              for (guint r = 0; r < e->refs->len && r < 2; r++)
                g_string_append_printf (s, " %s:%" G_GUINT64_FORMAT, g_array_index (e->refs, RcaReportRef, r).path, g_array_index (e->refs, RcaReportRef, r).line);
              g_string_append_c (s, '\n');
            }
        }
      for (guint j = 0; j < in->verdicts->len; j++)
        {
          const RcaVerdict *v = g_ptr_array_index (in->verdicts, j);
          g_string_append_printf (s, "  %s %s: %s (x < %.2f)\n", rca_kind_name (v->kind), rca_verdict_name (v->verdict), v->summary, v->share_max);
        }
    }
  return g_string_free (s, FALSE);
}
