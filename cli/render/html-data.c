#include "html-data.h"
#include "json-writer.h"

/* Milliseconds since 1970, as JavaScript counts. */
static void
put_ms (RcaJson *j, const char *key, gint64 time_ns)
{
  if (time_ns == RCA_TIME_NONE)
    rca_json_null (j, key);
  else
    rca_json_uint (j, key, (guint64) MAX (time_ns, 0) / 1000000);
}

static void
put_series (RcaJson *j, const char *key, const double *value, guint n, guint decimals)
{
  rca_json_open (j, key, '[');
  for (guint i = 0; i < n; i++)
    rca_json_number (j, NULL, value[i], decimals);
  rca_json_close (j, ']');
}

/* Several fingerprints may have one name: what a chart's legend shows must tell them apart. */
static char *
statement_name (const GPtrArray *statements, guint which)
{
  const RcaChartStatement *s = g_ptr_array_index (statements, which);
  guint same = 1;
  for (guint i = 0; i < which; i++)
    same += g_strcmp0 (((RcaChartStatement *) g_ptr_array_index (statements, i))->name, s->name) == 0;
  return same > 1 ? g_strdup_printf ("%.120s (%u)", s->name, same) : g_strdup_printf ("%.120s", s->name);
}

static void
put_statements (RcaJson *j, const RcaChart *c)
{
  rca_json_open (j, "statements", '[');
  for (guint i = 0; i < c->statements->len; i++)
    {
      const RcaChartStatement *s = g_ptr_array_index (c->statements, i);
      g_autofree char *name = statement_name (c->statements, i);
      rca_json_open (j, NULL, '{');
      rca_json_string (j, "name", name);
      put_series (j, "seconds", s->seconds, c->n, 3);
      put_series (j, "count", s->count, c->n, 0);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
}

static void
put_chart (RcaJson *j, const RcaChart *c)
{
  rca_json_open (j, "chart", '{');
  put_ms (j, "start", c->start_ns);
  rca_json_uint (j, "width", (guint64) c->width_ns / 1000000);
  rca_json_uint (j, "n", c->n);
  put_series (j, "requests", c->requests, c->n, 0);
  put_series (j, "failed", c->failed, c->n, 0);
  put_series (j, "p50", c->p50_s, c->n, 4);
  put_series (j, "p95", c->p95_s, c->n, 4);
  put_series (j, "p99", c->p99_s, c->n, 4);
  rca_json_bool (j, "statementsTimed", c->statements_timed);
  put_statements (j, c);
  rca_json_close (j, '}');
}

static void
put_times (RcaJson *j, const RcaReport *report)
{
  rca_json_open (j, "incidents", '[');
  for (guint i = 0; i < report->incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      rca_json_open (j, NULL, '{');
      put_ms (j, "start", in->start_ns);
      put_ms (j, "end", in->end_ns);
      rca_json_close (j, '}');
    }
  rca_json_close (j, ']');
  rca_json_open (j, "marks", '[');
  for (guint i = 0; i < report->marks->len; i++)
    put_ms (j, NULL, ((RcaMark *) g_ptr_array_index (report->marks, i))->time_ns);
  rca_json_close (j, ']');
}

/* In JSON these stand only inside strings, where they have another spelling. */
static void
put_without_markup (GString *out, const char *json)
{
  for (const char *p = json; *p; p++)
    if (*p == '<' || *p == '>' || *p == '&')
      g_string_append_printf (out, "\\u%04x", (guint) *p);
    else
      g_string_append_c (out, *p);
}

void
rca_html_put_data (GString *out, const RcaReport *report)
{
  RcaJson j = { g_string_new (NULL), FALSE };
  rca_json_open (&j, NULL, '{');
  put_chart (&j, &report->chart);
  put_times (&j, report);
  rca_json_close (&j, '}');
  put_without_markup (out, j.out->str);
  g_string_free (j.out, TRUE);
}
