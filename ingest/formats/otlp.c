/* OpenTelemetry logs as JSON: the body of POST /v1/logs, or the collector's file exporter
 * (one such document a line). Each log record is an event; its attributes are fields where
 * semantic conventions name them. A body that is a whole log line of a format of its own
 * (the collector's filelog receiver) is decoded as that. */
#include "formats.h"
#include "../inner.h"
#include "../json-scan.h"
#include "../number.h"
#include "../otlp-proto.h"
#include "../program.h"
#include "../severity.h"
#include "../timestamp.h"

#define MAX_COMMON 32 /* resource attributes */

typedef struct {
  RcaBytes key, value;
} Pair;

typedef struct {
  RcaInner *inner;
  RcaArena *arena;
  GString *json; /* of a protobuf body */
  /* while a document is read */
  gboolean learning;
  Pair common[MAX_COMMON];
  guint n_common;
  RcaBytes scope;
  guint64 n_records;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
} State;

/* Older or other names of what field.def calls by its present one. */
static const struct {
  const char *name;
  RcaField field;
} aliases[] = {
  { "http.status_code", RCA_FIELD_HTTP_STATUS },
  { "http.method", RCA_FIELD_HTTP_METHOD },
  { "http.target", RCA_FIELD_URL_PATH },
  { "http.route", RCA_FIELD_URL_PATH },
  { "db.statement", RCA_FIELD_STATEMENT },
  { "db.name", RCA_FIELD_DB_NAME },
  { "net.peer.name", RCA_FIELD_PEER_SERVICE },
  { "k8s.pod.name", RCA_FIELD_INSTANCE },
  { "k8s.container.name", RCA_FIELD_SERVICE },
  { "net.peer.ip", RCA_FIELD_PEER_CLIENT },
  { "http.client_ip", RCA_FIELD_CLIENT },
  { "http.user_agent", RCA_FIELD_USER_AGENT },
  { "deployment.environment", RCA_FIELD_ENVIRONMENT },
  { "k8s.node.name", RCA_FIELD_HOST },
  { "request.id", RCA_FIELD_REQUEST_ID },
  { "request_id", RCA_FIELD_REQUEST_ID },
  { "http.request_id", RCA_FIELD_REQUEST_ID },
};

static RcaField
field_of (RcaBytes name)
{
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    if (rca_bytes_is (name, rca_field_name (f)))
      return f;
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (rca_bytes_is (name, aliases[i].name))
      return aliases[i].field;
  return RCA_N_FIELDS;
}

static gboolean
first_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Pair *pair = user;
  if (pair->key.p == NULL)
    *pair = (Pair){ key, value };
  return FALSE;
}

/* An AnyValue: {"stringValue": "x"}, {"intValue": "5"}…; of lists and maps the JSON text. */
static RcaBytes
any_value (RcaBytes object, RcaArena *arena)
{
  Pair pair = { 0 };
  rca_json_scan (object, arena, first_member, &pair);
  return pair.value;
}

static gboolean
visit_attribute (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Pair *pair = user;
  if (rca_bytes_equal (key, RCA_BYTES ("key")) && type == RCA_JSON_STRING)
    pair->key = value;
  else if (rca_bytes_equal (key, RCA_BYTES ("value")) && type == RCA_JSON_OBJECT)
    pair->value = value;
  return FALSE;
}

typedef struct {
  Pair *pair;
  guint n, max;
  RcaArena *arena;
} Pairs;

static void
take_attribute (guint index, RcaJsonType type, RcaBytes text, gpointer user)
{
  Pairs *pairs = user;
  Pair pair = { 0 };
  if (type != RCA_JSON_OBJECT || pairs->n >= pairs->max)
    return;
  rca_json_scan (text, pairs->arena, visit_attribute, &pair);
  pair.value = any_value (pair.value, pairs->arena);
  if (pair.key.n && pair.value.n)
    pairs->pair[pairs->n++] = pair;
}

static void
set_attribute (RcaEvent *ev, const Pair *pair)
{
  RcaField field = field_of (pair->key);
  gint64 number;
  if (field < RCA_N_FIELDS && rca_event_has (ev, field))
    return;
  if (field < RCA_N_FIELDS && (rca_field_type (field) == RCA_TYPE_STR || rca_field_type (field) == RCA_TYPE_ID))
    rca_event_set_str (ev, field, pair->value);
  else if (field < RCA_N_FIELDS && rca_field_type (field) == RCA_TYPE_INT && rca_parse_int (pair->value, &number))
    rca_event_set_num (ev, field, number);
  else if (ev->n_attributes < RCA_MAX_ATTRIBUTES)
    ev->attribute[ev->n_attributes++] = (RcaAttribute){ pair->key, pair->value };
}

/* One LogRecord. */
typedef struct {
  RcaBytes time, observed, number, level, body, attributes, trace_id, span_id;
} Log;

static gboolean
visit_log (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  static const struct {
    const char *key;
    gsize offset;
  } members[] = {
    { "timeUnixNano", offsetof (Log, time) },
    { "observedTimeUnixNano", offsetof (Log, observed) },
    { "severityNumber", offsetof (Log, number) },
    { "severityText", offsetof (Log, level) },
    { "body", offsetof (Log, body) },
    { "attributes", offsetof (Log, attributes) },
    { "traceId", offsetof (Log, trace_id) },
    { "spanId", offsetof (Log, span_id) },
  };
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (rca_bytes_is (key, members[i].key) && type != RCA_JSON_NULL)
      *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
}

static RcaBytes
common_value (const State *state, const char *key)
{
  for (guint i = 0; i < state->n_common; i++)
    if (rca_bytes_is (state->common[i].key, key))
      return state->common[i].value;
  return rca_bytes (NULL, 0);
}

static gint64
time_of (const Log *log)
{
  gint64 time_ns;
  return rca_stamp_parse_epoch (log->time, &time_ns) || rca_stamp_parse_epoch (log->observed, &time_ns) ? time_ns : RCA_TIME_NONE;
}

static RcaSeverity
severity_of (const Log *log)
{
  gint64 number;
  RcaSeverity severity = rca_parse_int (log->number, &number) ? rca_severity_from_otel (number) : RCA_SEVERITY_NONE;
  if (severity == RCA_SEVERITY_NONE)
    rca_severity_parse (log->level, &severity);
  return severity;
}

/* Attributes that only say where a line was read. */
static gboolean
is_bare_line (const Pairs *attributes)
{
  for (guint i = 0; i < attributes->n; i++)
    if (!rca_bytes_has_prefix (attributes->pair[i].key, RCA_BYTES ("log.")))
      return FALSE;
  return TRUE;
}

static RcaBytes
channel_name (const State *state, const Pairs *attributes)
{
  RcaBytes service = common_value (state, "service.name");
  for (guint i = 0; i < attributes->n && !service.n; i++)
    if (rca_bytes_has_prefix (attributes->pair[i].key, RCA_BYTES ("log.file.")))
      service = attributes->pair[i].value;
  return service;
}

static void
emit_log (State *state, const Log *log, RcaBytes body, const Pairs *attributes)
{
  RcaEvent *ev = state->ev;
  rca_event_clear (ev);
  ev->time_ns = time_of (log);
  ev->severity = severity_of (log);
  ev->stream = RCA_STREAM_APP;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, body);
  rca_event_set_str (ev, RCA_FIELD_TRACE_ID, log->trace_id);
  rca_event_set_str (ev, RCA_FIELD_SPAN_ID, log->span_id);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, state->scope);
  for (guint i = 0; i < attributes->n; i++)
    set_attribute (ev, &attributes->pair[i]);
  for (guint i = 0; i < state->n_common; i++)
    if (field_of (state->common[i].key) < RCA_N_FIELDS)
      set_attribute (ev, &state->common[i]);
  state->emit (ev, state->user);
}

static void
take_log (guint index, RcaJsonType type, RcaBytes text, gpointer user)
{
  State *state = user;
  Log log = { 0 };
  Pair pair[RCA_MAX_ATTRIBUTES];
  Pairs attributes = { pair, 0, G_N_ELEMENTS (pair), state->arena };
  if (type != RCA_JSON_OBJECT)
    return;
  rca_json_scan (text, state->arena, visit_log, &log);
  rca_json_each (log.attributes, state->arena, take_attribute, &attributes);
  RcaBytes body = any_value (log.body, state->arena);
  state->n_records++;
  RcaEnvelope envelope = { .time_ns = time_of (&log), .severity = severity_of (&log), .program = channel_name (state, &attributes), .stream = RCA_STREAM_APP };
  gboolean bare = is_bare_line (&attributes) && log.trace_id.n == 0 && body.n > 0;
  if (state->learning)
  {
    if (bare)
      rca_inner_learn (state->inner, envelope.program, body);
    return;
  }
  if (!bare || !rca_inner_has_format (state->inner, envelope.program))
  {
    emit_log (state, &log, body, &attributes);
    return;
  }
  envelope.host = common_value (state, "host.name");
  envelope.instance = common_value (state, "k8s.pod.name");
  rca_inner_decode_lines (state->inner, &envelope, body, state->ev, state->emit, state->user);
}

static gboolean
visit_scope (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  State *state = user;
  if (rca_bytes_equal (path, RCA_BYTES ("scope.name")) && type == RCA_JSON_STRING)
    state->scope = value;
  else if ((rca_bytes_equal (key, RCA_BYTES ("logRecords")) || rca_bytes_equal (key, RCA_BYTES ("log_records"))) && type == RCA_JSON_ARRAY)
    rca_json_each (value, state->arena, take_log, state);
  return type == RCA_JSON_OBJECT;
}

static void
take_scope (guint index, RcaJsonType type, RcaBytes text, gpointer user)
{
  State *state = user;
  state->scope = rca_bytes (NULL, 0);
  if (type == RCA_JSON_OBJECT)
    rca_json_scan (text, state->arena, visit_scope, state);
}

static void
take_resource (guint index, RcaJsonType type, RcaBytes text, gpointer user)
{
  State *state = user;
  RcaJsonType kind;
  RcaBytes value;
  Pairs common = { state->common, 0, MAX_COMMON, state->arena };
  if (type != RCA_JSON_OBJECT)
    return;
  if (rca_json_get (text, "resource.attributes", state->arena, &kind, &value) && kind == RCA_JSON_ARRAY)
    rca_json_each (value, state->arena, take_attribute, &common);
  state->n_common = common.n;
  if ((rca_json_get (text, "scopeLogs", state->arena, &kind, &value) || rca_json_get (text, "instrumentationLibraryLogs", state->arena, &kind, &value))
      && kind == RCA_JSON_ARRAY)
    rca_json_each (value, state->arena, take_scope, state);
}

/* FALSE when @record is no OTLP document. */
static gboolean
read_document (State *state, RcaBytes record)
{
  RcaJsonType type;
  RcaBytes resources;
  rca_arena_reset (state->arena);
  if (!rca_json_get (record, "resourceLogs", state->arena, &type, &resources) || type != RCA_JSON_ARRAY)
    return FALSE;
  rca_json_each (resources, state->arena, take_resource, state);
  return TRUE;
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  state->ev = ev;
  state->emit = emit;
  state->user = user;
  return read_document (state, record) ? RCA_DECODE_NONE : RCA_DECODE_REJECT;
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->inner = rca_inner_new (sample);
  state->arena = rca_arena_new ();
  state->json = g_string_new (NULL);
  state->learning = TRUE;
  if (sample->n_lines > 0 && !read_document (state, sample->line[0]) && sample->whole)
    read_document (state, sample->head);
  for (guint i = 1; i < sample->n_lines; i++)
    read_document (state, sample->line[i]);
  state->learning = FALSE;
  rca_inner_learnt (state->inner);
  return state;
}

static void
state_close (gpointer data)
{
  State *state = data;
  rca_inner_free (state->inner);
  rca_arena_free (state->arena);
  g_string_free (state->json, TRUE);
  g_free (state);
}

static void
flush (gpointer data, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_inner_flush (((State *)data)->inner, ev, emit, user);
}

static gboolean
is_otlp_line (RcaBytes line)
{
  return line.n > 2 && line.p[0] == '{' && rca_bytes_find (rca_bytes (line.p, MIN (line.n, 4096)), RCA_BYTES ("\"resourceLogs\"")) > 0;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    lines += sample->line[i].n > 0;
    fits += is_otlp_line (sample->line[i]);
  }
  if (fits == 0 || (fits == 1 && lines > 3))
    return;
  out->score = (gint)(99 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are OTLP log documents", fits, lines);
}

/* The same document over several lines (pretty-printed). */
static void
sniff_document (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaBytes head = rca_bytes (sample->head.p, MIN (sample->head.n, 4096));
  const char *lf = memchr (head.p, '\n', head.n);
  if (head.n == 0 || head.p[0] != '{' || !lf || lf - head.p > 2 || rca_bytes_find (head, RCA_BYTES ("\"resourceLogs\"")) < 0)
    return;
  out->score = 99;
  g_strlcpy (out->reason, "one OTLP log document", sizeof out->reason);
}

const RcaFormat rca_format_otlp = {
  .name = "otlp",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = state_open,
  .close = state_close,
  .decode = decode,
  .flush = flush,
};

const RcaFormat rca_format_otlp_document = {
  .name = "otlp-document",
  .stream = RCA_STREAM_APP,
  .document = TRUE,
  .sniff = sniff_document,
  .open = state_open,
  .close = state_close,
  .decode = decode,
  .flush = flush,
};

/* --- the protobuf of it --- */

static RcaDecodeResult
decode_proto (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  g_string_truncate (state->json, 0);
  if (!rca_otlp_json_of_proto (record, state->json))
    return RCA_DECODE_REJECT;
  return decode (state, rca_bytes (state->json->str, state->json->len), ev, emit, user);
}

/* A body cut by the sample: a resource of logs that begins with the resource, which names its service. */
static gboolean
begins_with_resource (RcaBytes head)
{
  gsize i = 1;
  while (i < 8 && (guchar)head.p[i] >= 0x80)
    i++;
  return i > 1 && head.p[i + 1] == 0x0a && rca_bytes_find (rca_bytes (head.p, MIN (head.n, 1024)), RCA_BYTES ("service.name")) > 0;
}

static void
sniff_proto (const RcaSampleLines *sample, RcaSniff *out)
{
  if (sample->head.n < 16 || sample->head.p[0] != 0x0a)
    return;
  g_autoptr (GString) json = g_string_new (NULL);
  gboolean fits = sample->whole ? rca_otlp_json_of_proto (sample->head, json) && strstr (json->str, "UnixNano\":\"") != NULL
                                : begins_with_resource (sample->head);
  if (!fits)
    return;
  out->score = 97;
  g_strlcpy (out->reason, "OTLP logs as protobuf", sizeof out->reason);
}

static gpointer
proto_open (const RcaSampleLines *sample)
{
  State *state = state_open (&(RcaSampleLines){ .path = sample->path, .conf = sample->conf, .mtime_ns = sample->mtime_ns, .formats = sample->formats });
  state->learning = TRUE;
  if (sample->whole && rca_otlp_json_of_proto (sample->head, state->json))
    read_document (state, rca_bytes (state->json->str, state->json->len));
  state->learning = FALSE;
  rca_inner_learnt (state->inner);
  return state;
}

const RcaFormat rca_format_otlp_proto = {
  .name = "otlp-protobuf",
  .stream = RCA_STREAM_APP,
  .document = TRUE,
  .sniff = sniff_proto,
  .open = proto_open,
  .close = state_close,
  .decode = decode_proto,
  .flush = flush,
};
