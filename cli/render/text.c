/* The report for a terminal: is it still going on, what broke, why, what it was not, what to do. */
#include "canvas.h"
#include "chart.h"
#include <math.h>

static const char *
kind_title (RcaKind kind)
{
  static const char *const titles[RCA_N_KINDS] = {
    "deploy", "configuration change", "slow query", "lock contention", "database connections", "database fault", "application error", "resource",
    "traffic", "CDN", "network", "upstream service", "one instance", "batch job", "cache", "TLS", "DNS", "unknown",
  };
  return titles[kind];
}

static void
put_state (GString *out, const RcaIncident *in, const RcaRenderOptions *o)
{
  g_autofree char *from = rca_put_date (o, in->start_ns);
  g_autofree char *to = in->end_ns == RCA_TIME_NONE ? NULL : rca_put_clock (o, in->end_ns);
  const char *zone = o->utc ? "UTC" : "local time";
  if (in->state == RCA_STATE_ONGOING)
    rca_put_styled (out, o, RCA_STYLE_RED, "STILL GOING ON since %s %s", from, zone);
  else if (in->state == RCA_STATE_RECOVERING)
    rca_put_styled (out, o, RCA_STYLE_YELLOW, "RECOVERING, failing from %s to %s %s", from, to, zone);
  else
    rca_put_styled (out, o, RCA_STYLE_GREEN, "OVER, failing from %s to %s %s", from, to, zone);
  rca_put_styled (out, o, RCA_STYLE_BOLD, "  [%s, %s]", rca_incident_severity_name (in->severity), in->id);
  g_string_append_c (out, '\n');
}

static void
put_impact (GString *out, const RcaIncident *in, const RcaRenderOptions *o)
{
  const RcaImpact *im = &in->impact;
  g_autoptr (GString) s = g_string_new (NULL);
  g_string_append_printf (s, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests failed (%.1f %%)", im->failed, im->requests, 100 * im->failed_ratio);
  if (im->slow)
    g_string_append_printf (s, ", %" G_GUINT64_FORMAT " were slow (%.1f %%)", im->slow, 100 * im->slow_ratio);
  if (!isnan (im->clients_affected))
    g_string_append_printf (s, "; %.0f of %.0f clients met a failure (%.0f %%)", im->clients_affected, im->clients, 100 * im->clients_affected_ratio);
  rca_put_wrapped (out, o, "  ", s->str);
  g_string_truncate (s, 0);
  for (guint i = 0; i < im->routes->len && i < 3; i++)
    {
      const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, i);
      g_string_append_printf (s, "%s%s %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, i ? ", " : "worst: ", r->route, MAX (r->failed, in->symptom == RCA_SYMPTOM_LATENCY ? r->slow : 0), r->requests);
    }
  if (s->len)
    rca_put_wrapped (out, o, "  ", s->str);
}

static void
put_bar (GString *out, double share, const RcaRenderOptions *o)
{
  for (guint i = 0; i < 10; i++)
    g_string_append (out, share * 10 >= i + 0.5 ? (o->unicode ? "█" : "#") : (o->unicode ? "░" : "."));
}

static void
put_evidence (GString *out, const RcaEvidence *e, const RcaRenderOptions *o)
{
  g_autoptr (GString) s = g_string_new (e->text);
  for (guint i = 0; i < e->refs->len && i < 2; i++)
    {
      const RcaReportRef *r = &g_array_index (e->refs, RcaReportRef, i);
      g_string_append_printf (s, "%s%s:%" G_GUINT64_FORMAT, i ? ", " : "  → ", r->path, r->line);
    }
  g_autofree char *first = o->explain ? g_strdup_printf ("       %+5.1f  ", e->weight) : g_strdup (o->unicode ? "     · " : "     - ");
  rca_put_wrapped (out, o, first, s->str);
}

static void
put_ledger (GString *out, const RcaCause *c, const RcaRenderOptions *o)
{
  g_autofree char *text = g_strdup_printf ("%+5.1f  = prior %+.1f and evidence %+.1f (natural logarithms; what it takes over from its consequences not included)", c->log_prior + c->log_weight,
                                           c->log_prior, c->log_weight);
  rca_put_wrapped (out, o, "       ", text);
}

static void
put_chain (GString *out, const RcaCause *c, const RcaRenderOptions *o)
{
  if (c->chain->len < 3)
    return;
  g_autoptr (GString) s = g_string_new ("chain: ");
  for (guint i = 0; i < c->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (c->chain, i);
      g_autofree char *at = rca_put_clock (o, l->time_ns);
      g_string_append_printf (s, "%s%s %s", i ? (o->unicode ? " → " : " -> ") : "", at, l->symptom ? "requests fail" : l->subject);
    }
  rca_put_wrapped (out, o, "     ", s->str);
}

static void
put_cause (GString *out, const RcaCause *c, const RcaRenderOptions *o)
{
  g_string_append_printf (out, "  %u. ", c->rank);
  put_bar (out, c->confidence, o);
  rca_put_styled (out, o, RCA_STYLE_BOLD, " %3.0f %%  %s: %s", 100 * c->confidence, kind_title (c->kind), c->kind == RCA_KIND_UNKNOWN ? "" : c->subject);
  g_string_append_c (out, '\n');
  if (c->rank > 1 && !o->verbose && !o->explain)
    return;
  rca_put_wrapped (out, o, "     ", c->summary);
  guint most = o->explain || o->verbose ? c->evidence->len : 3, shown = 0;
  for (guint i = 0; i < c->evidence->len && shown < most; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      if (!o->explain && (e->kind == RCA_EVIDENCE_PRIOR || e->kind == RCA_EVIDENCE_MAGNITUDE))
        continue;
      put_evidence (out, e, o);
      shown++;
    }
  if (o->explain)
    put_ledger (out, c, o);
  put_chain (out, c, o);
}

static const char *
verdict_words (RcaVerdictValue v)
{
  static const char *const words[] = { "ruled out", "not settled", "no data", "implicated" };
  return words[v];
}

static void
put_verdicts (GString *out, const RcaIncident *in, const RcaRenderOptions *o)
{
  rca_put_styled (out, o, RCA_STYLE_BOLD, "What it was not");
  g_string_append_c (out, '\n');
  for (guint order = 0; order < 3; order++)
    for (guint i = 0; i < in->verdicts->len; i++)
      {
        static const RcaVerdictValue wanted[] = { RCA_VERDICT_RULED_OUT, RCA_VERDICT_NOT_SUPPORTED, RCA_VERDICT_NO_DATA };
        const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
        if (v->verdict != wanted[order])
          continue;
        g_autofree char *first = g_strdup_printf ("  %-11s %-20s ", verdict_words (v->verdict), kind_title (v->kind));
        rca_put_wrapped (out, o, first, v->summary);
      }
}

/* The commands that show the very lines. */
static void
put_next (GString *out, const RcaIncident *in, const RcaRenderOptions *o)
{
  const RcaCause *top = g_ptr_array_index (in->causes, 0);
  rca_put_styled (out, o, RCA_STYLE_BOLD, "What to do now");
  g_string_append_c (out, '\n');
  if (top->remedy)
    rca_put_wrapped (out, o, "  suggestion: ", top->remedy);
  if (top->undo)
    rca_put_wrapped (out, o, "  way back:   ", top->undo);
  for (guint i = 0; i < top->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (top->evidence, i);
      if (e->refs->len == 0)
        continue;
      const RcaReportRef *r = &g_array_index (e->refs, RcaReportRef, 0);
      const char *cat = g_str_has_suffix (r->path, ".gz") ? "zcat" : g_str_has_suffix (r->path, ".zst") ? "zstdcat" : g_str_has_suffix (r->path, ".xz") ? "xzcat" : g_str_has_suffix (r->path, ".bz2") ? "bzcat" : "cat";
      g_autofree char *quoted = g_shell_quote (r->path);
      g_autofree char *line = g_strdup_printf ("%s %s | sed -n '%" G_GUINT64_FORMAT ",+3p'", cat, quoted, r->line);
      rca_put_wrapped (out, o, "  read:       ", line);
      break;
    }
}

static void
put_incident (GString *out, const RcaReport *report, const RcaIncident *in, const RcaRenderOptions *o)
{
  put_state (out, in, o);
  put_impact (out, in, o);
  g_string_append_c (out, '\n');
  rca_put_chart (out, report, in, o);
  g_string_append_c (out, '\n');
  rca_put_styled (out, o, RCA_STYLE_BOLD, "Why");
  g_string_append_c (out, '\n');
  for (guint i = 0; i < in->causes->len; i++)
    {
      const RcaCause *c = g_ptr_array_index (in->causes, i);
      if (c->rank == 1 || c->confidence >= 0.05 || o->verbose)
        put_cause (out, c, o);
    }
  g_string_append_c (out, '\n');
  put_verdicts (out, in, o);
  g_string_append_c (out, '\n');
  put_next (out, in, o);
}

static void
put_healthy (GString *out, const RcaReport *report, const RcaRenderOptions *o)
{
  g_autofree char *from = rca_put_date (o, report->window.start_ns), *to = rca_put_date (o, report->window.end_ns);
  rca_put_styled (out, o, RCA_STYLE_GREEN, "Nothing wrong between %s and %s %s", from, to, o->utc ? "UTC" : "local time");
  g_string_append (out, "\n\n");
  rca_put_chart (out, report, NULL, o);
  g_string_append_c (out, '\n');
  for (guint i = 0; i < report->checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (report->checked, i);
      g_autofree char *text = g_strdup_printf ("%s, %s: %.2f %% in the window, %.2f %% in its quiet part; a lasting rise to %.1f %% would have shown", c->symptom == RCA_SYMPTOM_LATENCY ? "slow requests" : "failed requests",
                                               c->service, 100 * c->observed, 100 * c->baseline, 100 * c->smallest_seen);
      rca_put_wrapped (out, o, "  looked at ", text);
    }
}

static void
put_sources (GString *out, const RcaReport *report, const RcaRenderOptions *o)
{
  guint64 records = 0, rejected = 0;
  guint streams = 0;
  g_autoptr (GString) s = g_string_new (NULL);
  for (guint i = 0; i < report->sources->source->len; i++)
    {
      const RcaSourceInfo *info = g_ptr_array_index (report->sources->source, i);
      records += info->records, rejected += info->rejected;
      streams |= 1u << info->stream;
    }
  g_string_append_printf (s, "%u logs, %" G_GUINT64_FORMAT " records read", report->sources->source->len, records);
  if (rejected)
    g_string_append_printf (s, ", %" G_GUINT64_FORMAT " not understood (rca sources tells which)", rejected);
  g_autoptr (GString) missing = g_string_new (NULL);
  for (guint k = RCA_STREAM_ACCESS; k < RCA_N_STREAMS; k++)
    if (!(streams & (1u << k)))
      g_string_append_printf (missing, "%s%s", missing->len ? ", " : "", rca_stream_name ((RcaStream) k));
  if (missing->len)
    g_string_append_printf (s, "; none of: %s", missing->str);
  g_string_append_c (out, '\n');
  rca_put_wrapped (out, o, "", s->str);
  for (guint i = 0; i < report->notes->len && i < (o->verbose ? 1000 : 4); i++)
    rca_put_wrapped (out, o, "note: ", g_ptr_array_index (report->notes, i));
}

char *
rca_render_text (const RcaReport *report, const RcaRenderOptions *o)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < report->incidents->len; i++)
    {
      if (i)
        g_string_append_c (out, '\n');
      put_incident (out, report, g_ptr_array_index (report->incidents, i), o);
    }
  if (report->incidents->len == 0)
    put_healthy (out, report, o);
  put_sources (out, report, o);
  return g_string_free (out, FALSE);
}
