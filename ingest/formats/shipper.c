/* What log shippers (Fluent Bit, fluentd, FireLens, Vector, Filebeat; rsyslog and syslog-ng writing
 * JSON) make of a container's, a file's or a program's lines: JSON with the line in "log", "message"
 * or "msg", beside who wrote it. */
#include "../json-scan.h"
#include "../number.h"
#include "../severity.h"
#include "../wrapper.h"
#include "formats.h"

typedef struct {
  RcaBytes log, message, time, stream, container, service, pod, host, tag, severity, pid;
} Shipped;

static gboolean
visit (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  static const struct {
    const char *path;
    gsize offset;
  } members[] = {
    { "log", offsetof (Shipped, log) },
    { "message", offsetof (Shipped, message) },
    { "time", offsetof (Shipped, time) },
    { "@timestamp", offsetof (Shipped, time) },
    { "timestamp", offsetof (Shipped, time) },
    { "date", offsetof (Shipped, time) },
    { "stream", offsetof (Shipped, stream) },
    { "source", offsetof (Shipped, stream) },
    { "logtag", offsetof (Shipped, tag) },
    { "_p", offsetof (Shipped, tag) },
    { "container_name", offsetof (Shipped, container) },
    { "container.name", offsetof (Shipped, container) },
    { "kubernetes.container_name", offsetof (Shipped, container) },
    { "kubernetes.container.name", offsetof (Shipped, container) },
    { "kubernetes.labels.app", offsetof (Shipped, service) },
    { "kubernetes.labels.app_kubernetes_io/name", offsetof (Shipped, service) },
    { "kubernetes.labels.app.kubernetes.io/name", offsetof (Shipped, service) },
    { "kubernetes.pod_labels.app", offsetof (Shipped, service) },
    { "service.name", offsetof (Shipped, service) },
    { "kubernetes.pod_name", offsetof (Shipped, pod) },
    { "kubernetes.pod.name", offsetof (Shipped, pod) },
    { "kubernetes.host", offsetof (Shipped, host) },
    { "kubernetes.pod_node_name", offsetof (Shipped, host) },
    { "host.name", offsetof (Shipped, host) },
    /* rsyslog's property names, in its own JSON and in the usual templates */
    { "msg", offsetof (Shipped, message) },
    { "timereported", offsetof (Shipped, time) },
    { "timestamp-rfc3339", offsetof (Shipped, time) },
    { "programname", offsetof (Shipped, container) },
    { "app-name", offsetof (Shipped, container) },
    { "hostname", offsetof (Shipped, host) },
    { "procid", offsetof (Shipped, pid) },
    { "syslogseverity-text", offsetof (Shipped, severity) },
    { "severity", offsetof (Shipped, severity) },
    { "syslogseverity", offsetof (Shipped, severity) },
    /* syslog-ng's macros */
    { "MESSAGE", offsetof (Shipped, message) },
    { "PROGRAM", offsetof (Shipped, container) },
    { "HOST", offsetof (Shipped, host) },
    { "PID", offsetof (Shipped, pid) },
    { "PRIORITY", offsetof (Shipped, severity) },
    { "DATE", offsetof (Shipped, time) },
    { "ISODATE", offsetof (Shipped, time) },
  };
  if (type == RCA_JSON_OBJECT)
    return TRUE;
  if (type == RCA_JSON_STRING || type == RCA_JSON_NUMBER)
    for (guint i = 0; i < G_N_ELEMENTS (members); i++)
      if (rca_bytes_is (path, members[i].path))
        *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
}

/* Syslog's word or number. */
static RcaSeverity
severity_of (RcaBytes text)
{
  gint64 number;
  RcaSeverity severity = RCA_SEVERITY_NONE;
  if (text.n > 0 && rca_parse_int (text, &number))
    return rca_severity_from_syslog (number);
  if (text.n > 0)
    rca_severity_parse (text, &severity);
  return severity;
}

static gboolean
unwrap (RcaWrapper *wrapper, RcaBytes line, RcaWrapped *out)
{
  Shipped shipped = { 0 };
  if (line.p[0] != '{' || rca_json_scan (line, wrapper->arena, visit, &shipped) == 0)
    return FALSE;
  out->payload = shipped.log.p ? shipped.log : shipped.message;
  if (!out->payload.p)
    return FALSE;
  rca_wrapped_take_time (shipped.time, &out->envelope);
  if (!rca_parse_int (shipped.pid, &out->envelope.pid))
    out->envelope.pid = rca_bytes_equal (shipped.stream, RCA_BYTES ("stderr")) ? -2 : -1;
  out->envelope.severity = severity_of (shipped.severity);
  while (out->payload.n > 0 && out->payload.p[0] == ' ') /* rsyslog's msg keeps the blank behind the tag */
    out->payload = rca_bytes_from (out->payload, 1);
  if (shipped.service.n || shipped.container.n)
    out->envelope.program = shipped.service.n ? shipped.service : shipped.container;
  if (out->envelope.program.n && out->envelope.program.p[0] == '/')
    out->envelope.program = rca_bytes_from (out->envelope.program, 1);
  if (shipped.pod.n)
    out->envelope.instance = shipped.pod;
  out->envelope.host = shipped.host;
  out->piece = rca_bytes_equal (shipped.tag, RCA_BYTES ("P")) ? RCA_PIECE_PARTIAL : RCA_PIECE_WHOLE;
  rca_wrapped_trim (out);
  return TRUE;
}

typedef struct {
  const char *key, *value;
} Member;

static gboolean
holds_any (RcaBytes line, const Member *member, guint n)
{
  for (guint i = 0; i < n; i++)
    if (rca_json_mentions (line, member[i].key, member[i].value))
      return TRUE;
  return FALSE;
}

/* A shipper's mark beside the line: an application's own logger writes none of these. */
static gboolean
is_shipped (RcaBytes line)
{
  static const Member texts[] = { { "log", "\"" }, { "message", "\"" }, { "msg", "\"" }, { "MESSAGE", "\"" } };
  static const Member marks[] = { { "kubernetes", "{" },    { "container_id", "\"" }, { "container_name", "\"" }, { "type", "\"filebeat\"" }, { "ecs_task_arn", "\"" },
                                  { "source_type", "\"" }, { "programname", "\"" },  { "syslogtag", "\"" },      { "PROGRAM", "\"" },         { "app-name", "\"" },
                                  { "beat", "" } };
  return line.n > 0 && line.p[0] == '{' && holds_any (line, texts, G_N_ELEMENTS (texts)) && holds_any (line, marks, G_N_ELEMENTS (marks));
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    lines += sample->line[i].n > 0;
    fits += is_shipped (sample->line[i]);
  }
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = (gint)(97 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are a log shipper's: a line of text and who wrote it", fits, lines);
}

static gpointer
shipper_open (const RcaSampleLines *sample)
{
  return rca_wrapper_new (sample, unwrap);
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return rca_wrapper_decode (data, unwrap, record, ev, emit, user);
}

const RcaFormat rca_format_shipper = {
  .name = "shipper",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = shipper_open,
  .close = rca_wrapper_free,
  .decode = decode,
  .describe = rca_wrapper_describe,
  .flush = rca_wrapper_flush,
};
