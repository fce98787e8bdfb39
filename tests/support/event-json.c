#include "event-json.h"
#include "timestamp.h"

static void
put_string (GString *out, RcaBytes text)
{
  g_autofree char *valid = g_utf8_make_valid (text.p ?: "", (gssize)text.n);
  g_string_append_c (out, '"');
  for (const char *p = valid; *p; p++)
    switch (*p)
    {
    case '"':
      g_string_append (out, "\\\"");
      break;
    case '\\':
      g_string_append (out, "\\\\");
      break;
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    default:
      if ((guchar)*p < 0x20 || *p == 0x7f)
        g_string_append_printf (out, "\\u%04x", (guint)(guchar)*p);
      else
        g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

static const char *
enum_name (RcaField f, gint64 value)
{
  switch (f)
  {
  case RCA_FIELD_DB_EVENT:
    return rca_db_event_name ((RcaDbEvent)value);
  case RCA_FIELD_FAILURE:
    return rca_failure_name ((RcaFailure)value);
  case RCA_FIELD_CHANGE_KIND:
    return rca_change_kind_name ((RcaChangeKind)value);
  default:
    return NULL;
  }
}

static void
put_fields (const RcaEvent *ev, GString *out)
{
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
  {
    if (!rca_event_has (ev, f))
      continue;
    g_string_append_printf (out, ",\"%s\":", rca_field_name (f));
    RcaType type = rca_field_type (f);
    const char *name = type == RCA_TYPE_ENUM ? enum_name (f, ev->field[f].num) : NULL;
    if (name)
      put_string (out, rca_bytes_str (name));
    else if (type == RCA_TYPE_STR || type == RCA_TYPE_ID)
      put_string (out, ev->field[f].str);
    else
      g_string_append_printf (out, "%" G_GINT64_FORMAT, ev->field[f].num);
  }
}

static void
put_flags (const RcaEvent *ev, GString *out)
{
  static const char *const names[] = { "time_is_start", "zone_unknown", "date_unknown", "duplicate", "truncated", "kernel" };
  if (!ev->flags)
    return;
  const char *separator = ",\"flags\":[";
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (ev->flags >> i & 1)
    {
      g_string_append_printf (out, "%s\"%s\"", separator, names[i]);
      separator = ",";
    }
  g_string_append_c (out, ']');
}

static void
put_samples (const RcaEvent *ev, GString *out)
{
  const char *separator = ",\"samples\":[";
  for (guint i = 0; i < ev->n_samples; i++)
  {
    g_string_append_printf (out, "%s[\"%s\",", separator, rca_metric_name (ev->samples[i].metric));
    put_string (out, ev->samples[i].device);
    g_string_append_printf (out, ",%.6g]", ev->samples[i].value);
    separator = ",";
  }
  if (ev->n_samples)
    g_string_append_c (out, ']');
}

static void
put_attributes (const RcaEvent *ev, GString *out)
{
  const char *separator = ",\"attributes\":{";
  for (guint i = 0; i < ev->n_attributes; i++)
  {
    g_string_append (out, separator);
    put_string (out, ev->attribute[i].key);
    g_string_append_c (out, ':');
    put_string (out, ev->attribute[i].value);
    separator = ",";
  }
  if (ev->n_attributes)
    g_string_append_c (out, '}');
}

void
rca_event_to_json (const RcaEvent *ev, GString *out)
{
  char time[32];
  g_string_append_printf (out, "{\"line\":%" G_GUINT64_FORMAT, ev->line);
  if (ev->time_ns != RCA_TIME_NONE)
  {
    g_string_append_printf (out, ",\"time\":\"%s\"", rca_time_format (ev->time_ns, time));
    if (ev->time_ns % RCA_NS_PER_MS)
      g_string_append_printf (out, ",\"ns\":%" G_GINT64_FORMAT, ((ev->time_ns % RCA_NS_PER_S) + RCA_NS_PER_S) % RCA_NS_PER_S);
  }
  g_string_append_printf (out, ",\"stream\":\"%s\"", rca_stream_name (ev->stream));
  if (ev->severity != RCA_SEVERITY_NONE)
    g_string_append_printf (out, ",\"severity\":\"%s\"", rca_severity_name (ev->severity));
  put_flags (ev, out);
  put_fields (ev, out);
  put_attributes (ev, out);
  put_samples (ev, out);
  g_string_append (out, "}\n");
}
