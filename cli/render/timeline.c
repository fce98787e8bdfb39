#include "timeline.h"
#include "events.h"
#include "json-writer.h"
#include "markdown-text.h"
#include "measures.h"
#include "timestamp.h"
#include "words.h"
#include <math.h>

enum { MOST_REFS = 3, MOST_EVIDENCE = 6 };

/* "November 24, 2026, 14:30:05 UTC", as the post-mortems write it. */
static void
put_date (GString *out, gint64 time_ns)
{
  static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" };
  g_autoptr (GDateTime) t = g_date_time_new_from_unix_utc (time_ns / RCA_NS_PER_S);
  char clock[16];
  g_string_append_printf (out, "%s %d, %d, %s UTC", months[g_date_time_get_month (t) - 1], g_date_time_get_day_of_month (t), g_date_time_get_year (t), rca_words_clock (time_ns, clock));
}

static void
put_item (GString *out, const char *text, const GArray *refs)
{
  g_string_append (out, "  - ");
  rca_markdown_text (out, text);
  if (refs)
    rca_markdown_refs (out, refs, MOST_REFS);
  g_string_append_c (out, '\n');
}

static void
put_itemf (GString *out, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
put_itemf (GString *out, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  put_item (out, text, NULL);
}

static void
put_todo (GString *out, const char *what)
{
  g_string_append_printf (out, "  - TODO: %s\n", what);
}

static void
put_duration (GString *out, const RcaReport *report, const RcaIncident *in)
{
  char lo[16], hi[16];
  g_autofree char *length = rca_words_duration (rca_words_known_until (report, in) - in->start_ns);
  g_string_append (out, "- **Duration:** ");
  g_string_append_printf (out, "%s%s\n  - Start Time: ", length, in->end_ns == RCA_TIME_NONE ? " so far" : "");
  put_date (out, in->start_ns);
  g_string_append_printf (out, " (between %s and %s, with 95 %% probability)\n  - End Time: ", rca_words_clock (in->start_lo_ns, lo), rca_words_clock (in->start_hi_ns, hi));
  if (in->end_ns == RCA_TIME_NONE)
    g_string_append_printf (out, "none in the logs: %s at the end of what was read, ", rca_state_name (in->state));
  put_date (out, rca_words_known_until (report, in));
  g_string_append_c (out, '\n');
}

static void
put_impact (GString *out, const RcaIncident *in)
{
  const RcaImpact *im = &in->impact;
  g_autofree char *failed = rca_words_share (im->failed_ratio), *slow = rca_words_share (im->slow_ratio), *clients = rca_words_share (im->clients_affected_ratio);
  g_string_append_printf (out, "- **Impact:** %s\n", rca_incident_severity_name (in->severity));
  put_item (out, in->summary, NULL);
  put_itemf (out, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests failed (%s), %" G_GUINT64_FORMAT " were slow (%s)", im->failed, im->requests, failed, im->slow, slow);
  if (!isnan (im->clients_affected) && !isnan (im->clients))
    put_itemf (out, "%.0f of %.0f clients were hit (%s)", im->clients_affected, im->clients, clients);
  for (guint i = 0; i < im->routes->len && i < 5; i++)
    {
      const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, i);
      put_itemf (out, "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests failed, %" G_GUINT64_FORMAT " were slow", r->route, r->failed, r->requests, r->slow);
    }
  put_todo (out, "what it meant for the business");
}

static void
put_events (GString *out, const RcaIncident *in, const GArray *events)
{
  g_string_append (out, "- **Events in the logs:**\n");
  for (guint i = 0; i < events->len; i++)
    {
      const RcaReportEvent *e = &g_array_index (events, RcaReportEvent, i);
      char clock[16];
      g_autofree char *text = g_strdup_printf ("%s UTC: %s", rca_words_clock (e->time_ns, clock), e->text);
      put_item (out, text, e->refs);
    }
  g_string_append (out, "- **Actions Taken:**\n");
  guint n = 0;
  for (guint i = 0; i < events->len; i++)
    {
      const RcaReportEvent *e = &g_array_index (events, RcaReportEvent, i);
      char clock[16];
      if (!e->change || e->time_ns <= in->start_hi_ns)
        continue;
      g_autofree char *text = g_strdup_printf ("%s UTC: %s", rca_words_clock (e->time_ns, clock), e->text);
      put_item (out, text, e->refs);
      n++;
    }
  put_todo (out, n ? "what else was done, by whom" : "what was done, by whom (the logs hold no change after the onset)");
}

static const GArray *
first_refs (const GPtrArray *evidence)
{
  for (guint i = 0; i < evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (evidence, i);
      if (e->refs->len)
        return e->refs;
    }
  return NULL;
}

static void
put_verdicts (GString *out, const RcaIncident *in, const char *title, RcaVerdictValue wanted)
{
  guint n = 0;
  for (guint i = 0; i < in->verdicts->len; i++)
    {
      const RcaVerdict *v = g_ptr_array_index (in->verdicts, i);
      if (v->verdict != wanted)
        continue;
      if (n++ == 0)
        g_string_append_printf (out, "- **%s:**\n", title);
      g_autofree char *text = g_strdup_printf ("%s: %s", rca_kind_words (v->kind), v->summary);
      put_item (out, text, first_refs (v->evidence));
    }
}

static void
put_recovery (GString *out, const RcaIncident *in)
{
  g_string_append (out, "- **Resolution:**\n");
  if (in->end_ns != RCA_TIME_NONE)
    {
      g_string_append (out, "  - The failing share was back at its baseline at ");
      put_date (out, in->end_ns);
      g_string_append_c (out, '\n');
    }
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  for (guint i = 0; top && i < top->evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (top->evidence, i);
      if (e->kind == RCA_EVIDENCE_RECOVERY)
        put_item (out, e->text, e->refs);
    }
  put_todo (out, "what ended it");
}

static void
put_root (GString *out, const RcaIncident *in)
{
  g_string_append (out, "## Root Cause and Resolution\n\n- **Root Cause:**\n");
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  if (!top)
    {
      put_todo (out, "the root cause");
      return;
    }
  g_autofree char *sure = rca_words_share (top->confidence);
  g_autofree char *summary = g_strdup_printf ("%s%s (confidence %s)", top->kind == RCA_KIND_UNKNOWN ? "Not known: " : "", top->summary, sure);
  put_item (out, summary, NULL);
  for (guint i = 0, n = 0; i < top->evidence->len && n < MOST_EVIDENCE; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (top->evidence, i);
      if (e->kind == RCA_EVIDENCE_PRIOR || e->kind == RCA_EVIDENCE_RECOVERY)
        continue;
      g_autofree char *text = g_strdup_printf ("%s%s", e->weight < 0 ? "Against it: " : "", e->text);
      put_item (out, text, e->refs);
      n++;
    }
  for (guint i = 1; i < in->causes->len && i < 3; i++)
    {
      const RcaCause *c = g_ptr_array_index (in->causes, i);
      if (c->kind != RCA_KIND_UNKNOWN && c->confidence >= 0.05)
        put_itemf (out, "Less likely (%.0f %%): %s", 100 * c->confidence, c->summary);
    }
  g_string_append (out, "- **Resolution:**\n");
  if (top->remedy && *top->remedy)
    put_itemf (out, "Suggestion: %s", top->remedy);
  if (top->undo)
    put_itemf (out, "Suggestion for the way back: %s", top->undo);
  put_todo (out, "what was changed for good");
}

static void
put_measures (GString *out, const RcaReport *report, const RcaIncident *in)
{
  g_autoptr (GPtrArray) measures = rca_report_measures (report, in);
  g_string_append (out, "\n## Corrective and Preventative Measures\n\n- **Improvements/Fixes:**\n");
  for (guint i = 0; i < measures->len; i++)
    put_item (out, g_ptr_array_index (measures, i), NULL);
  put_todo (out, "what else would have prevented or shortened it");
  g_string_append (out, "- **Tasks:**\n");
  put_todo (out, "who does which of these until when");
}

char *
rca_timeline_markdown (const RcaReport *report, const RcaIncident *in)
{
  GString *out = g_string_new ("# Postmortem: ");
  if (!in)
    {
      g_string_append (out, "no incident found\n\nThe logs show none from ");
      put_date (out, report->window.start_ns);
      g_string_append (out, " to ");
      put_date (out, report->window.end_ns);
      g_string_append (out, ".\n");
      return g_string_free (out, FALSE);
    }
  g_autoptr (GArray) events = rca_report_events (report, in);
  g_string_append (out, rca_symptom_words (in->symptom));
  if (in->service)
    {
      g_string_append (out, " at ");
      rca_markdown_text (out, in->service);
    }
  g_string_append_printf (out, " (%s)\n\n## Issue Summary\n\n", in->id);
  put_duration (out, report, in);
  put_impact (out, in);
  g_string_append (out, "\n## Timeline\n\n- **Detection Time:**\n  - First failing in the logs: ");
  put_date (out, in->start_ns);
  g_string_append_c (out, '\n');
  put_todo (out, "when it was noticed");
  g_string_append (out, "- **Detection Method:**\n");
  put_todo (out, "an alert, a customer, a colleague");
  put_events (out, in, events);
  put_verdicts (out, in, "Misleading Paths", RCA_VERDICT_RULED_OUT);
  put_verdicts (out, in, "Could not be settled from the logs", RCA_VERDICT_NOT_SUPPORTED);
  g_string_append (out, "- **Escalation:**\n");
  put_todo (out, "to whom, when");
  put_recovery (out, in);
  g_string_append_c (out, '\n');
  put_root (out, in);
  put_measures (out, report, in);
  return g_string_free (out, FALSE);
}

static void
put_event_json (RcaJson *j, const RcaReportEvent *e)
{
  rca_json_open (j, NULL, '{');
  rca_json_time (j, "time", e->time_ns);
  rca_json_string (j, "source", e->source);
  rca_json_string (j, "kind", e->kind);
  rca_json_string (j, "text", e->text);
  rca_json_open (j, "refs", '[');
  for (guint i = 0; e->refs && i < e->refs->len; i++)
    {
      const RcaReportRef *r = &g_array_index (e->refs, RcaReportRef, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "path", r->path);
      rca_json_uint (j, "line", r->line);
      rca_json_time (j, "time", r->time_ns);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
  rca_json_close (j, '}');
}

char *
rca_timeline_json (const RcaReport *report, const RcaIncident *in)
{
  RcaJson j = { g_string_new (NULL), FALSE };
  g_autoptr (GArray) events = in ? rca_report_events (report, in) : NULL;
  rca_json_open (&j, NULL, '{');
  rca_json_string (&j, "schema", "rca.timeline/1");
  rca_json_string (&j, "incident", in ? in->id : "");
  rca_json_open (&j, "events", '[');
  for (guint i = 0; events && i < events->len; i++)
    put_event_json (&j, &g_array_index (events, RcaReportEvent, i));
  rca_json_close (&j, ']');
  rca_json_close (&j, '}');
  g_string_append_c (j.out, '\n');
  return g_string_free (j.out, FALSE);
}
