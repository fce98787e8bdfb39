/* rca.report/1, member for member as in CONTRACT.md. */
#include "json-parts.h"
#include "render.h"
#include <math.h>

static void
put_refs (RcaJson *j, const GArray *refs)
{
  rca_json_open (j, "refs", '[');
  for (guint i = 0; i < refs->len; i++)
    {
      const RcaReportRef *r = &g_array_index (refs, RcaReportRef, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "path", r->path);
      rca_json_uint (j, "line", r->line);
      rca_json_time (j, "time", r->time_ns);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

static void
put_evidence (RcaJson *j, const GPtrArray *evidence)
{
  rca_json_open (j, "evidence", '[');
  for (guint i = 0; i < evidence->len; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (evidence, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "kind", rca_evidence_kind_name (e->kind));
      rca_json_number (j, "weight", e->weight, 3);
      rca_json_string (j, "text", e->text);
      put_refs (j, e->refs);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

static void
put_chain (RcaJson *j, const GPtrArray *chain)
{
  rca_json_open (j, "chain", '[');
  for (guint i = 0; i < chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (chain, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "kind", l->symptom ? "symptom" : rca_kind_name (l->kind));
      rca_json_string (j, "subject", l->subject);
      rca_json_time (j, "time", l->time_ns);
      if (l->refs)
        put_refs (j, l->refs);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

static void
put_cause (RcaJson *j, const RcaCause *c)
{
  rca_json_open (j, NULL, '{');
  rca_json_uint (j, "rank", c->rank);
  rca_json_string (j, "kind", rca_kind_name (c->kind));
  rca_json_string (j, "subject", c->subject);
  rca_json_string (j, "service", c->service ? c->service : "");
  rca_json_time (j, "onset", c->onset_ns);
  rca_json_number (j, "confidence", c->confidence, 4);
  rca_json_string (j, "summary", c->summary);
  put_evidence (j, c->evidence);
  put_chain (j, c->chain);
  rca_json_string (j, "remedy", c->remedy ? c->remedy : "");
  rca_json_string (j, "undo", c->undo);
  rca_json_close (j, '}');
}

static void
put_impact (RcaJson *j, const RcaImpact *im)
{
  rca_json_open (j, "impact", '{');
  rca_json_uint (j, "requests", im->requests);
  rca_json_uint (j, "failed", im->failed);
  rca_json_number (j, "failed_ratio", im->failed_ratio, 4);
  rca_json_uint (j, "slow", im->slow);
  rca_json_number (j, "slow_ratio", im->slow_ratio, 4);
  rca_json_number (j, "clients", im->clients, 0);
  rca_json_number (j, "clients_affected", im->clients_affected, 0);
  rca_json_number (j, "clients_affected_ratio", im->clients_affected_ratio, 4);
  rca_json_open (j, "routes", '[');
  for (guint i = 0; i < im->routes->len; i++)
    {
      const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "route", r->route);
      rca_json_uint (j, "requests", r->requests);
      rca_json_uint (j, "failed", r->failed);
      rca_json_uint (j, "slow", r->slow);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
  rca_json_close (j, '}');
}

static void
put_verdicts (RcaJson *j, const GPtrArray *verdicts)
{
  rca_json_open (j, "ruled_out", '[');
  for (guint i = 0; i < verdicts->len; i++)
    {
      const RcaVerdict *v = g_ptr_array_index (verdicts, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "kind", rca_kind_name (v->kind));
      rca_json_string (j, "verdict", rca_verdict_name (v->verdict));
      rca_json_number (j, "share_max", v->share_max, 4);
      rca_json_string (j, "summary", v->summary);
      put_evidence (j, v->evidence);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

static void
put_timeline (RcaJson *j, const GPtrArray *timeline)
{
  rca_json_open (j, "timeline", '[');
  for (guint i = 0; i < timeline->len; i++)
    {
      const RcaTimelineEntry *e = g_ptr_array_index (timeline, i);
      rca_json_open (j, NULL, '{');
      rca_json_time (j, "time", e->time_ns);
      rca_json_string (j, "source", e->source);
      rca_json_string (j, "text", e->text);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

void
rca_json_incident (RcaJson *j, const RcaIncident *in)
{
  rca_json_open (j, NULL, '{');
  rca_json_string (j, "id", in->id);
  rca_json_time (j, "start", in->start_ns);
  rca_json_open (j, "start_range", '[');
  rca_json_time (j, NULL, in->start_lo_ns);
  rca_json_time (j, NULL, in->start_hi_ns);
  rca_json_close (j, ']');
  rca_json_time (j, "end", in->end_ns);
  rca_json_string (j, "state", rca_state_name (in->state));
  rca_json_string (j, "severity", rca_incident_severity_name (in->severity));
  rca_json_open (j, "symptom", '{');
  rca_json_string (j, "kind", rca_symptom_kind_name (in->symptom));
  rca_json_string (j, "service", in->service ? in->service : "");
  rca_json_string (j, "summary", in->summary);
  rca_json_close (j, '}');
  put_impact (j, &in->impact);
  rca_json_open (j, "causes", '[');
  for (guint i = 0; i < in->causes->len; i++)
    put_cause (j, g_ptr_array_index (in->causes, i));
  rca_json_close (j, ']');
  put_verdicts (j, in->verdicts);
  put_timeline (j, in->timeline);
  rca_json_close (j, '}');
}

static void
put_checked (RcaJson *j, const GPtrArray *checked)
{
  rca_json_open (j, "checked", '[');
  for (guint i = 0; i < checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (checked, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "symptom", rca_symptom_kind_name (c->symptom));
      rca_json_string (j, "service", c->service);
      rca_json_number (j, "baseline", c->baseline, 5);
      rca_json_number (j, "observed", c->observed, 5);
      rca_json_number (j, "smallest_seen", c->smallest_seen, 5);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

void
rca_json_sources (RcaJson *j, const RcaSources *sources)
{
  rca_json_open (j, "sources", '[');
  for (guint i = 0; i < sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (sources->source, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "path", s->path);
      rca_json_string (j, "format", s->format ? s->format : "unknown");
      rca_json_string (j, "stream", rca_stream_name (s->stream));
      rca_json_string (j, "service", s->service ? s->service : "");
      rca_json_uint (j, "lines", s->lines);
      rca_json_uint (j, "records", s->records);
      rca_json_uint (j, "parsed", s->parsed);
      rca_json_uint (j, "rejected", s->rejected);
      rca_json_time (j, "first", s->first_ns);
      rca_json_time (j, "last", s->last_ns);
      rca_json_string (j, "zone", s->zone ? s->zone : "none");
      rca_json_number (j, "clock_offset_s", s->clock_offset_s, 3);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

char *
rca_render_json (const RcaReport *report, const RcaRenderOptions *options)
{
  RcaJson j = { g_string_new (NULL), FALSE };
  rca_json_open (&j, NULL, '{');
  rca_json_string (&j, "schema", "rca.report/1");
  rca_json_bool (&j, "degraded", report->degraded);
  rca_json_open (&j, "window", '{');
  rca_json_time (&j, "start", report->window.start_ns);
  rca_json_time (&j, "end", report->window.end_ns);
  rca_json_close (&j, '}');
  rca_json_open (&j, "incidents", '[');
  for (guint i = 0; i < report->incidents->len; i++)
    rca_json_incident (&j, g_ptr_array_index (report->incidents, i));
  rca_json_close (&j, ']');
  put_checked (&j, report->checked);
  rca_json_sources (&j, report->sources);
  rca_json_open (&j, "notes", '[');
  for (guint i = 0; i < report->notes->len; i++)
    rca_json_string (&j, NULL, g_ptr_array_index (report->notes, i));
  rca_json_close (&j, ']');
  rca_json_close (&j, '}');
  g_string_append_c (j.out, '\n');
  return g_string_free (j.out, FALSE);
}
