/* Google Cloud Logging's LogEntry, one a line: textPayload or jsonPayload with timestamp,
 * severity and resource.labels. */
#include "../severity.h"
#include "../wrapper.h"
#include "../json-scan.h"
#include "formats.h"

typedef struct {
  RcaBytes text, json, time, severity, container, pod, project_part, host;
} LogEntry;

static gboolean
visit_entry (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  static const struct {
    const char *path;
    gsize offset;
  } members[] = {
    { "textPayload", offsetof (LogEntry, text) },
    { "timestamp", offsetof (LogEntry, time) },
    { "severity", offsetof (LogEntry, severity) },
    { "resource.labels.container_name", offsetof (LogEntry, container) },
    { "resource.labels.service_name", offsetof (LogEntry, container) },
    { "resource.labels.database_id", offsetof (LogEntry, project_part) },
    { "resource.labels.module_id", offsetof (LogEntry, container) },
    { "resource.labels.pod_name", offsetof (LogEntry, pod) },
    { "resource.labels.instance_id", offsetof (LogEntry, host) },
  };
  if (type == RCA_JSON_OBJECT && rca_bytes_equal (path, RCA_BYTES ("jsonPayload")))
    ((LogEntry *)user)->json = value;
  else if (type == RCA_JSON_OBJECT)
    return depth < 3;
  if (type == RCA_JSON_STRING)
    for (guint i = 0; i < G_N_ELEMENTS (members); i++)
      if (rca_bytes_is (path, members[i].path))
        *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
}

static gboolean
unwrap_entry (RcaWrapper *wrapper, RcaBytes line, RcaWrapped *out)
{
  LogEntry entry = { 0 };
  if (line.p[0] != '{' || rca_json_scan (line, wrapper->arena, visit_entry, &entry) == 0 || (!entry.text.p && !entry.json.p))
    return FALSE;
  rca_wrapped_take_time (entry.time, &out->envelope);
  if (entry.severity.n > 1)
    rca_severity_parse (entry.severity, &out->envelope.severity);
  const char *colon = memchr (entry.project_part.p ?: "", ':', entry.project_part.n);
  if (entry.container.n)
    out->envelope.program = entry.container;
  else if (entry.project_part.n) /* PROJECT:INSTANCE */
    out->envelope.program = colon ? rca_bytes_from (entry.project_part, (gsize)(colon + 1 - entry.project_part.p)) : entry.project_part;
  out->envelope.instance = entry.pod;
  out->envelope.host = entry.host;
  out->payload = entry.text.p ? entry.text : entry.json;
  rca_wrapped_trim (out);
  return TRUE;
}

static void
entry_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    lines += line.n > 0;
    fits += line.n && line.p[0] == '{' && rca_json_mentions (line, "logName", "\"")
            && (rca_json_mentions (line, "textPayload", "") || rca_json_mentions (line, "jsonPayload", ""));
  }
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = (gint)(97 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are Cloud Logging entries", fits, lines);
}

static gpointer
entry_open (const RcaSampleLines *sample)
{
  return rca_wrapper_new (sample, unwrap_entry);
}

static RcaDecodeResult
entry_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return rca_wrapper_decode (data, unwrap_entry, record, ev, emit, user);
}

const RcaFormat rca_format_cloud_logging = {
  .name = "cloud-logging",
  .stream = RCA_STREAM_APP,
  .sniff = entry_sniff,
  .open = entry_open,
  .close = rca_wrapper_free,
  .decode = entry_decode,
  .describe = rca_wrapper_describe,
  .flush = rca_wrapper_flush,
};
