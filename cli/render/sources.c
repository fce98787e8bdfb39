#include "sources.h"
#include "explain.h"
#include "redact.h"
#include "safe.h"
#include "json-writer.h"
#include "timestamp.h"
#include <math.h>

static const char *
format_name (const RcaSource *source)
{
  return source->format ? source->format->name : "unknown";
}

/* What an analysis of all sources together found of @source's clock; NULL without. */
static const RcaSourceInfo *
clock_of (const RcaSources *clocks, const RcaSource *source)
{
  for (guint i = 0; clocks && i < clocks->source->len; i++)
  {
    const RcaSourceInfo *info = clocks->source->pdata[i];
    if (strcmp (info->path, source->path) == 0)
      return info;
  }
  return NULL;
}

static const char *
zone_name (const RcaSource *source, const RcaSourceInfo *clock)
{
  if (clock && clock->zone && !source->zone_known && source->first_ns != RCA_TIME_NONE)
    return clock->zone;
  return source->first_ns == RCA_TIME_NONE ? "none" : source->zone_known ? "written" : "unknown, read as UTC";
}

/* Changes and samples are about others: the name of their file is no service. */
static const char *
service_name (const RcaSource *source)
{
  return source->stream == RCA_STREAM_CHANGE || source->stream == RCA_STREAM_MONITOR || source->stream == RCA_STREAM_UNKNOWN ? NULL : source->service;
}

static void
put_fields (RcaJson *json, guint64 present)
{
  rca_json_open (json, "fields", '[');
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    if (present >> f & 1)
      rca_json_string (json, NULL, rca_field_name (f));
  rca_json_close (json, ']');
}

static void
put_counts (RcaJson *json, const RcaSource *source)
{
  rca_json_open (json, "counts", '{');
  rca_json_uint (json, "http_5xx", source->http_5xx);
  rca_json_uint (json, "errors", source->errors);
  rca_json_uint (json, "slow", source->slow);
  rca_json_uint (json, "changes", source->changes);
  rca_json_uint (json, "samples", source->samples);
  rca_json_close (json, '}');
}

static void
put_source (RcaJson *json, const RcaSource *source, const RcaSourceInfo *clock)
{
  rca_json_open (json, NULL, '{');
  rca_json_string (json, "path", source->path);
  rca_json_string (json, "format", format_name (source));
  rca_json_string (json, "stream", rca_stream_name (source->stream));
  rca_json_string (json, "service", service_name (source) ?: "");
  rca_json_uint (json, "lines", source->lines);
  rca_json_uint (json, "records", source->records);
  rca_json_uint (json, "parsed", source->parsed);
  rca_json_uint (json, "rejected", source->rejected);
  rca_json_time (json, "first", clock && source->first_ns != RCA_TIME_NONE ? clock->first_ns : source->first_ns);
  rca_json_time (json, "last", clock && source->first_ns != RCA_TIME_NONE ? clock->last_ns : source->last_ns);
  rca_json_string (json, "zone", zone_name (source, clock));
  rca_json_number (json, "clock_offset_s", clock ? clock->clock_offset_s : 0, 3);
  put_fields (json, source->present);
  put_counts (json, source);
  rca_json_string (json, "why", source->why);
  rca_json_close (json, '}');
}

char *
rca_render_sources_json (const GPtrArray *sources, const RcaSources *clocks, const GPtrArray *notes)
{
  RcaJson json = { .out = g_string_new (NULL) };
  rca_json_open (&json, NULL, '{');
  rca_json_string (&json, "schema", "rca.sources/1");
  rca_json_open (&json, "sources", '[');
  for (guint i = 0; i < sources->len; i++)
    put_source (&json, sources->pdata[i], clock_of (clocks, sources->pdata[i]));
  rca_json_close (&json, ']');
  rca_json_open (&json, "notes", '[');
  for (guint i = 0; i < notes->len; i++)
    rca_json_string (&json, NULL, notes->pdata[i]);
  rca_json_close (&json, ']');
  rca_json_close (&json, '}');
  g_string_append_c (json.out, '\n');
  return g_string_free (json.out, FALSE);
}

/* "5998 records, all understood", "4 of 47 records understood". */
static void
put_understood (GString *out, const RcaSource *source)
{
  if (source->records == 0)
    g_string_append (out, "no records");
  else if (source->rejected == 0)
    g_string_append_printf (out, "%" G_GUINT64_FORMAT " records, all understood", source->records);
  else
    g_string_append_printf (out, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records understood", source->parsed, source->records);
}

/* ", 864 answered 5xx": what there is none of is left out. */
static void
put_found (GString *out, guint64 count, const char *what)
{
  if (count > 0)
    g_string_append_printf (out, ", %" G_GUINT64_FORMAT " %s", count, what);
}

static void
put_span (GString *out, const RcaSource *source, const RcaSourceInfo *clock)
{
  char first[32], last[32];
  if (source->first_ns == RCA_TIME_NONE)
    return;
  g_string_append_printf (out, "    %s .. %s", rca_time_format (clock ? clock->first_ns : source->first_ns, first),
                          rca_time_format (clock ? clock->last_ns : source->last_ns, last));
  if (!source->zone_known && clock && clock->zone)
    g_string_append_printf (out, " (no zone written: %s)", clock->zone);
  else if (!source->zone_known)
    g_string_append (out, " (no zone written: read as UTC)");
  if (clock && fabs (clock->clock_offset_s) >= 0.0005)
    g_string_append_printf (out, ", its clock set right by %+.3f s", clock->clock_offset_s);
  g_string_append_c (out, '\n');
}

static void
put_line (GString *out, const char *label, const char *text)
{
  g_string_append_printf (out, "    %s: ", label);
  rca_put_safe (out, text);
  g_string_append_c (out, '\n');
}

static void
put_explanation (GString *out, const RcaSource *source)
{
  put_line (out, "why", source->why);
  if (source->columns)
    put_line (out, "columns", source->columns);
  for (guint i = 0; source->parts->len > 1 && i < source->parts->len; i++)
  {
    const RcaSourcePart *part = source->parts->pdata[i];
    put_line (out, "part", part->path);
  }
}

char *
rca_render_sources_text (const GPtrArray *sources, const RcaSources *clocks, const GPtrArray *explanations, gboolean keep_secrets)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < sources->len; i++)
  {
    const RcaSource *source = sources->pdata[i];
    rca_put_safe (out, source->path);
    g_string_append_printf (out, "\n    %s (%s", format_name (source), rca_stream_name (source->stream));
    if (service_name (source))
    {
      g_string_append (out, ", ");
      rca_put_safe (out, service_name (source));
    }
    g_string_append (out, "): ");
    put_understood (out, source);
    put_found (out, source->http_5xx, "answered 5xx");
    put_found (out, source->errors, "errors");
    put_found (out, source->slow, "statements with their duration");
    put_found (out, source->changes, "changes");
    put_found (out, source->samples, "samples");
    g_string_append_c (out, '\n');
    put_span (out, source, clock_of (clocks, source));
    if (explanations)
    {
      put_explanation (out, source);
      rca_explanation_put (explanations->pdata[i], source, out);
    }
    if (source->first_rejected)
    {
      g_autofree char *line = rca_redact_line (rca_bytes_str (source->first_rejected), keep_secrets);
      put_line (out, "first line not understood", line);
    }
  }
  return g_string_free (out, FALSE);
}
