#include "events.h"
#include "json-writer.h"
#include "timeline.h"

static void
put_event (RcaJson *j, const char *incident, const RcaReportEvent *e)
{
  rca_json_open (j, NULL, '{');
  if (incident)
    rca_json_string (j, "incident", incident);
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
rca_timeline_json (const RcaReport *report, const RcaIncident *in, const RcaTemplate *form)
{
  RcaJson j = { g_string_new (NULL), FALSE };
  g_autoptr (GArray) events = in ? rca_report_events (in) : NULL;
  rca_json_open (&j, NULL, '{');
  rca_json_string (&j, "schema", "rca.timeline/1");
  rca_json_string (&j, "incident", in ? in->id : "");
  rca_json_open (&j, "events", '[');
  for (guint i = 0; events && i < events->len; i++)
    put_event (&j, NULL, &g_array_index (events, RcaReportEvent, i));
  rca_json_close (&j, ']');
  rca_json_close (&j, '}');
  g_string_append_c (j.out, '\n');
  return g_string_free (j.out, FALSE);
}

char *
rca_timeline_jsonl (const RcaReport *report, const RcaIncident *in, const RcaTemplate *form)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GArray) events = in ? rca_report_events (in) : NULL;
  for (guint i = 0; events && i < events->len; i++)
    {
      RcaJson j = { out, FALSE };
      put_event (&j, in->id, &g_array_index (events, RcaReportEvent, i));
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}
