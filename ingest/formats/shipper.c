/* What log shippers (Fluent Bit, fluentd, FireLens, Vector, Filebeat) make of a container's or
 * a file's lines: JSON with the line in "log" or "message", beside who wrote it. */
#include "../json-scan.h"
#include "../wrapper.h"
#include "formats.h"

typedef struct {
  RcaBytes log, message, time, stream, container, service, pod, host, tag;
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
  };
  if (type == RCA_JSON_OBJECT)
    return TRUE;
  if (type == RCA_JSON_STRING || type == RCA_JSON_NUMBER)
    for (guint i = 0; i < G_N_ELEMENTS (members); i++)
      if (rca_bytes_equal (path, rca_bytes_str (members[i].path)))
        *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
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
  out->envelope.pid = rca_bytes_equal (shipped.stream, RCA_BYTES ("stderr")) ? -2 : -1;
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

/* A shipper's mark beside the line: an application's own logger writes none of these. */
static gboolean
is_shipped (RcaBytes line)
{
  static const char *const marks[]
      = { "\"kubernetes\":{", "\"container_id\":\"", "\"container_name\":\"", "\"type\":\"filebeat\"", "\"ecs_task_arn\":\"", "\"source_type\":\"" };
  if (line.n == 0 || line.p[0] != '{' || (rca_bytes_find (line, RCA_BYTES ("\"log\":\"")) < 0 && rca_bytes_find (line, RCA_BYTES ("\"message\":\"")) < 0))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (rca_bytes_find (line, rca_bytes_str (marks[i])) > 0)
      return TRUE;
  return FALSE;
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
