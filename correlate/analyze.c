#include "chart.h"
#include "detect.h"
#include "explain.h"
#include "impact.h"
#include "narrate.h"
#include "timestamp.h"
#include "verdict.h"
#include <math.h>

static RcaSymptomKind
symptom_kind (const RcaContext *c, const RcaOutbreak *o)
{
  if (o->failing == RCA_FAIL_SLOW)
    return RCA_SYMPTOM_LATENCY;
  if (o->failing == RCA_FAIL_DROP)
    return RCA_SYMPTOM_TRAFFIC_DROP;
  if (o->failing != RCA_FAIL_ERROR)
    return RCA_SYMPTOM_APP_ERRORS;
  gboolean requests = c->stream == RCA_STREAM_ACCESS || c->stream == RCA_STREAM_CDN || c->sources->user_facing == RCA_STREAM_APP;
  return requests ? RCA_SYMPTOM_HTTP_5XX : RCA_SYMPTOM_APP_ERRORS;
}

/* CONTRACT.md: the first 12 hex digits of SHA-256 (start minute, symptom, service). */
static void
incident_id (RcaIncident *incident)
{
  char time[32];
  rca_time_format (incident->start_ns, time);
  g_autofree char *key = g_strdup_printf ("%.16s\n%s\n%s", time, rca_symptom_kind_name (incident->symptom), incident->service ? incident->service : "");
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  memcpy (incident->id, sum, 12);
  incident->id[12] = 0;
}

static RcaIncident *
incident_new (RcaContext *c, RcaOutbreak *o)
{
  RcaIncident *incident = g_new0 (RcaIncident, 1);
  g_autoptr (RcaFacts) facts = rca_facts_new (c, o);
  incident->start_ns = o->start_ns;
  incident->start_lo_ns = o->lo_ns;
  incident->start_hi_ns = o->hi_ns;
  incident->end_ns = o->end_ns;
  incident->state = o->state;
  incident->symptom = symptom_kind (c, o);
  incident->service = g_strdup (facts->failing_service);
  incident_id (incident);
  rca_impact_measure (c, o, &incident->impact);
  incident->severity = rca_impact_severity (o, &incident->impact);
  g_autoptr (RcaStory) story = rca_explain (facts);
  rca_narrate (facts, story, incident);
  return incident;
}

static void
mark_free (RcaMark *mark)
{
  g_free (mark->label);
  g_free (mark->ref.path);
  g_free (mark->ref.text);
  g_free (mark);
}

static void
fill_marks (const RcaContext *c, GPtrArray *marks)
{
  for (guint i = 0; i < c->changes->len; i++)
    {
      const RcaChange *change = g_ptr_array_index (c->changes, i);
      if (change->start_ns < c->span.start_ns || change->start_ns >= c->span.end_ns || change->kind == RCA_CHANGE_RESTART)
        continue;
      RcaMark *mark = g_new0 (RcaMark, 1);
      mark->time_ns = change->start_ns;
      mark->kind = change->kind;
      mark->label = g_strdup_printf ("%s %s%s%s", rca_change_kind_name (change->kind), change->service ? change->service : "", change->service && change->version ? " " : "",
                                     change->version ? change->version : !change->service && change->text ? change->text : "");
      mark->ref = (RcaReportRef){ g_strdup (change->ref.path), change->ref.line, change->ref.time_ns, g_strdup (change->ref.text) };
      g_ptr_array_add (marks, mark);
    }
}

static void
incident_free (RcaIncident *incident)
{
  g_free (incident->service);
  g_free (incident->summary);
  g_clear_pointer (&incident->impact.routes, g_array_unref);
  g_clear_pointer (&incident->causes, g_ptr_array_unref);
  g_clear_pointer (&incident->verdicts, g_ptr_array_unref);
  g_clear_pointer (&incident->timeline, g_ptr_array_unref);
  g_free (incident);
}

static void
checked_free (RcaChecked *checked)
{
  g_free (checked->service);
  g_free (checked);
}

void
rca_report_free (RcaReport *report)
{
  if (!report)
    return;
  g_ptr_array_unref (report->incidents);
  g_ptr_array_unref (report->checked);
  g_ptr_array_unref (report->notes);
  g_ptr_array_unref (report->marks);
  g_free (report->store);
  g_clear_pointer (&report->sources, rca_sources_free);
  rca_chart_clear (&report->chart);
  g_free (report);
}

static void
copy_notes (GPtrArray *into, const GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (into, g_strdup (g_ptr_array_index (from, i)));
}

RcaReport *
rca_analyze (RcaStore *store, const RcaAnalyzeOptions *options, GError **error)
{
  g_autoptr (RcaContext) c = rca_context_new (store, options, error);
  if (!c)
    return NULL;
  RcaReport *report = g_new0 (RcaReport, 1);
  report->window = options->window;
  report->baseline = (RcaSpan){ c->span.start_ns, c->window.start_ns };
  report->incidents = g_ptr_array_new_with_free_func ((GDestroyNotify) incident_free);
  report->checked = g_ptr_array_new_with_free_func ((GDestroyNotify) checked_free);
  report->notes = g_ptr_array_new_with_free_func (g_free);
  report->marks = g_ptr_array_new_with_free_func ((GDestroyNotify) mark_free);
  g_autoptr (GPtrArray) outbreaks = rca_detect (c, report->checked);
  for (guint i = 0; i < outbreaks->len; i++)
    g_ptr_array_add (report->incidents, incident_new (c, g_ptr_array_index (outbreaks, i)));
  rca_verdicts_respect_others (report->incidents);
  rca_chart_fill (c, report->incidents, &report->chart);
  fill_marks (c, report->marks);
  copy_notes (report->notes, c->sources->problem);
  copy_notes (report->notes, c->sources->note);
  copy_notes (report->notes, c->notes);
  const GPtrArray *failures = rca_store_failures (store);
  for (guint i = 0; i < failures->len; i++)
    if (!g_ptr_array_find_with_equal_func (report->notes, failures->pdata[i], g_str_equal, NULL))
      g_ptr_array_add (report->notes, g_strdup (failures->pdata[i]));
  report->degraded = c->sources->problem->len > 0 || failures->len > 0;
  report->sources = g_steal_pointer (&c->sources);
  return report;
}
