/* Traces as JSON: OpenTelemetry's (POST /v1/traces, the collector's file exporter), Zipkin's v2
 * and Jaeger's. Documents of many spans, one a line or pretty-printed, or one span a line. Each
 * span is an event: a request served (kind server), a call made (client), or work within. */
#include "../app-record.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
  /* while a document is read */
  RcaBytes resource;  /* OTLP: array of attributes */
  RcaBytes scope;     /* OTLP: its name */
  RcaBytes processes; /* Jaeger: object of processes by id */
  guint n_spans;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
} Spans;

/* What the three dialects call a span's members. */
typedef struct {
  RcaBytes name, kind, start, end, duration;
  gboolean error;
} Span;

static RcaBytes
member (Spans *state, RcaBytes object, const char *path)
{
  RcaBytes value = { NULL, 0 };
  RcaJsonType type;
  if (!rca_json_get (object, path, state->arena, &type, &value) || type == RCA_JSON_NULL)
    value.n = 0;
  return value;
}

static gboolean
take_value (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  RcaBytes *out = user;
  if (type != RCA_JSON_OBJECT && type != RCA_JSON_ARRAY && type != RCA_JSON_NULL)
    *out = value;
  return type == RCA_JSON_OBJECT;
}

/* An attribute or tag: {"key":K,"value":V} with V bare (Jaeger) or {"stringValue":V} (OTLP). */
static void
take_attribute (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  RcaBytes key = member (state, object, "key"), typed = { NULL, 0 }, value;
  RcaJsonType value_type;
  if (key.n == 0 || !rca_json_get (object, "value", state->arena, &value_type, &value))
    return;
  if (value_type == RCA_JSON_OBJECT)
  {
    rca_json_scan (value, state->arena, take_value, &typed);
    value = typed;
  }
  else if (value_type == RCA_JSON_ARRAY)
    return;
  rca_app_record_pair (&state->record, key, value, RCA_JSON_STRING);
}

static gboolean
take_tag (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Spans *state = user;
  if (type != RCA_JSON_OBJECT && type != RCA_JSON_ARRAY)
    rca_app_record_pair (&state->record, key, value, RCA_JSON_STRING);
  return FALSE;
}

/* OTLP events and Jaeger logs: an exception stands among them. */
static void
take_span_event (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  RcaBytes attributes = member (state, object, "attributes");
  if (attributes.n == 0)
    attributes = member (state, object, "fields");
  if (rca_bytes_find (attributes, RCA_BYTES ("exception.")) >= 0)
    rca_json_each (attributes, state->arena, take_attribute, state);
}

static void
set (Spans *state, RcaSlot slot, RcaBytes value)
{
  rca_app_record_set (&state->record, slot, 9, value);
}

static gboolean
is (RcaBytes text, const char *word)
{
  return text.n == strlen (word) && g_ascii_strncasecmp (text.p, word, text.n) == 0;
}

/* Server, client or neither, by number, name or constant's name. */
static RcaBytes
kind_name (RcaBytes kind)
{
  if (is (kind, "2") || is (kind, "server") || is (kind, "SPAN_KIND_SERVER"))
    return RCA_BYTES ("server");
  if (is (kind, "3") || is (kind, "client") || is (kind, "SPAN_KIND_CLIENT"))
    return RCA_BYTES ("client");
  return (RcaBytes){ NULL, 0 };
}

static gint64
span_duration_ns (const Span *span, gint64 unit_ns)
{
  gint64 start, end, duration;
  if (span->duration.n > 0 && rca_parse_duration (span->duration, unit_ns, &duration))
    return duration;
  if (!rca_stamp_parse_epoch (span->start, &start) || !rca_stamp_parse_epoch (span->end, &end))
    return -1;
  return rca_duration_of (end - start, 1, &duration) ? duration : -1;
}

static RcaBytes
print_ns (RcaArena *arena, gint64 ns)
{
  char *text = rca_arena_alloc (arena, 24);
  return rca_bytes (text, (gsize)g_snprintf (text, 24, "%" G_GINT64_FORMAT, ns));
}

static void
emit_span (Spans *state, const Span *span, gint64 unit_ns)
{
  RcaEvent *ev = state->ev;
  RcaAppRecord *record = &state->record;
  gint64 duration = span_duration_ns (span, unit_ns);
  RcaBytes kind = kind_name (span->kind.n > 0 ? span->kind : rca_app_record_get (record, RCA_SLOT_SPAN_KIND));
  if (rca_bytes_equal (kind, RCA_BYTES ("client"))) /* server.address is the other side's */
    rca_app_record_set (record, RCA_SLOT_PEER, RCA_ALIAS_WEAK, rca_app_record_get (record, RCA_SLOT_SERVER_NAME));
  set (state, RCA_SLOT_SPAN_KIND, kind.n > 0 ? kind : RCA_BYTES ("internal"));
  set (state, RCA_SLOT_TIME, span->start);
  set (state, RCA_SLOT_MESSAGE, span->name);
  set (state, RCA_SLOT_LOGGER, state->scope);
  if (duration >= 0)
  {
    set (state, RCA_SLOT_DURATION, print_ns (state->arena, duration));
    record->slot[RCA_SLOT_DURATION].unit_ns = 1;
  }
  if (span->error)
    ev->severity = RCA_SEVERITY_ERROR;
  rca_app_record_end (record);
  if (duration >= 0)
    rca_event_set_num (ev, RCA_FIELD_DURATION, duration);
  ev->flags |= RCA_EVENT_TIME_IS_START;
  state->n_spans++;
  state->emit (ev, state->user);
}

static void
begin_span (Spans *state)
{
  rca_event_clear (state->ev);
  rca_app_record_begin (&state->record, state->ev, state->arena, &state->source);
}

static void
take_otlp_span (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  RcaBytes code = member (state, object, "status.code");
  begin_span (state);
  set (state, RCA_SLOT_TRACE_ID, member (state, object, "traceId"));
  set (state, RCA_SLOT_SPAN_ID, member (state, object, "spanId"));
  set (state, RCA_SLOT_PARENT_ID, member (state, object, "parentSpanId"));
  rca_json_each (member (state, object, "attributes"), state->arena, take_attribute, state);
  rca_json_each (member (state, object, "events"), state->arena, take_span_event, state);
  rca_json_each (state->resource, state->arena, take_attribute, state);
  Span span = { .name = member (state, object, "name"),
                .kind = member (state, object, "kind"),
                .start = member (state, object, "startTimeUnixNano"),
                .end = member (state, object, "endTimeUnixNano"),
                .error = is (code, "2") || is (code, "STATUS_CODE_ERROR") };
  if (span.error)
    rca_app_record_set (&state->record, RCA_SLOT_ERROR_MESSAGE, RCA_ALIAS_WEAK, member (state, object, "status.message"));
  emit_span (state, &span, 1);
}

static void
take_otlp_scope (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  state->scope = member (state, object, "scope.name");
  rca_json_each (member (state, object, "spans"), state->arena, take_otlp_span, state);
}

static void
take_otlp_resource (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  state->resource = member (state, object, "resource.attributes");
  rca_json_each (member (state, object, "scopeSpans"), state->arena, take_otlp_scope, state);
  rca_json_each (member (state, object, "instrumentationLibrarySpans"), state->arena, take_otlp_scope, state);
}

static void
take_zipkin_span (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  begin_span (state);
  set (state, RCA_SLOT_TRACE_ID, member (state, object, "traceId"));
  set (state, RCA_SLOT_SPAN_ID, member (state, object, "id"));
  set (state, RCA_SLOT_PARENT_ID, member (state, object, "parentId"));
  set (state, RCA_SLOT_SERVICE, member (state, object, "localEndpoint.serviceName"));
  RcaBytes peer = member (state, object, "remoteEndpoint.serviceName");
  Span span = { .name = member (state, object, "name"),
                .kind = member (state, object, "kind"),
                .start = member (state, object, "timestamp"),
                .duration = member (state, object, "duration") };
  set (state, rca_bytes_equal (kind_name (span.kind), RCA_BYTES ("client")) ? RCA_SLOT_PEER : RCA_SLOT_CLIENT,
       peer.n > 0 ? peer : member (state, object, "remoteEndpoint.ipv4"));
  RcaBytes tags = member (state, object, "tags");
  rca_json_scan (tags, state->arena, take_tag, state);
  span.error = rca_app_record_has (&state->record, RCA_SLOT_ERROR);
  emit_span (state, &span, 1000);
}

static void
take_jaeger_span (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  begin_span (state);
  RcaBytes process = member (state, object, "process"), id = member (state, object, "processID");
  if (process.n == 0 && id.n > 0 && id.n < 32)
  {
    char name[32];
    memcpy (name, id.p, id.n);
    name[id.n] = '\0';
    process = member (state, state->processes, name);
  }
  set (state, RCA_SLOT_TRACE_ID, member (state, object, "traceID"));
  set (state, RCA_SLOT_SPAN_ID, member (state, object, "spanID"));
  RcaBytes parent = member (state, object, "references.0.spanID");
  set (state, RCA_SLOT_PARENT_ID, parent.n > 0 ? parent : member (state, object, "parentSpanID"));
  set (state, RCA_SLOT_SERVICE, member (state, process, "serviceName"));
  rca_json_each (member (state, object, "tags"), state->arena, take_attribute, state);
  rca_json_each (member (state, object, "logs"), state->arena, take_span_event, state);
  rca_json_each (member (state, process, "tags"), state->arena, take_attribute, state);
  RcaBytes error = rca_app_record_get (&state->record, RCA_SLOT_ERROR);
  Span span = { .name = member (state, object, "operationName"),
                .start = member (state, object, "startTime"),
                .duration = member (state, object, "duration"),
                .error = error.n > 0 && !is (error, "false") };
  emit_span (state, &span, 1000);
}

static void
take_jaeger_trace (guint index, RcaJsonType type, RcaBytes object, gpointer user)
{
  Spans *state = user;
  state->processes = member (state, object, "processes");
  rca_json_each (member (state, object, "spans"), state->arena, take_jaeger_span, state);
}

/* The dialects, by members that stand in no other's. */
static const struct {
  RcaBytes mark[2];
  const char *list; /* of documents; NULL: the object is a span itself, or the text an array of them */
  RcaJsonEach take;
} dialects[] = {
  { { { "\"resourceSpans\"", 15 }, { "\"resource", 9 } }, "resourceSpans", take_otlp_resource },
  { { { "\"operationName\"", 15 }, { "\"processes\"", 11 } }, "data", take_jaeger_trace },
  { { { "\"operationName\"", 15 }, { "\"traceID\"", 9 } }, NULL, take_jaeger_span },
  { { { "\"localEndpoint\"", 15 }, { "\"traceId\"", 9 } }, NULL, take_zipkin_span },
  { { { "\"startTimeUnixNano\"", 19 }, { "\"spanId\"", 8 } }, NULL, take_otlp_span },
};

static gint
dialect_of (RcaBytes text)
{
  for (guint i = 0; i < G_N_ELEMENTS (dialects); i++)
    if (rca_bytes_find (text, dialects[i].mark[0]) >= 0 && rca_bytes_find (text, dialects[i].mark[1]) >= 0)
      return (gint)i;
  return -1;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  if (sample->head.n == 0 || (sample->head.p[0] != '{' && sample->head.p[0] != '[') || dialect_of (sample->head) < 0)
    return;
  out->score = 85;
  g_strlcpy (out->reason, "JSON with the members of trace spans", sizeof out->reason);
}

static gpointer
spans_open (const RcaSampleLines *sample)
{
  Spans *state = g_new0 (Spans, 1);
  rca_app_source_init (&state->source, sample->mtime_ns);
  state->arena = rca_arena_new ();
  return state;
}

static void
spans_close (gpointer data)
{
  Spans *state = data;
  rca_app_source_clear (&state->source);
  rca_arena_free (state->arena);
  g_free (state);
}

static RcaLineKind
spans_line (gpointer data, RcaBytes line)
{
  if (line.n == 0)
    return RCA_LINE_NONE;
  return line.p[0] == '{' || line.p[0] == '[' ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

static RcaDecodeResult
spans_decode (gpointer data, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Spans *state = data;
  gint dialect = dialect_of (text);
  rca_arena_reset (state->arena);
  if (dialect < 0 || rca_json_scan (text, state->arena, NULL, NULL) == 0)
    return RCA_DECODE_REJECT;
  state->resource = state->scope = state->processes = (RcaBytes){ NULL, 0 };
  state->n_spans = 0;
  state->ev = ev;
  state->emit = emit;
  state->user = user;
  if (text.p[0] == '[')
    rca_json_each (text, state->arena, dialects[dialect].take, state);
  else if (dialects[dialect].list)
    rca_json_each (member (state, text, dialects[dialect].list), state->arena, dialects[dialect].take, state);
  else
    dialects[dialect].take (0, RCA_JSON_OBJECT, text, state);
  return state->n_spans > 0 ? RCA_DECODE_OK : RCA_DECODE_NONE;
}

const RcaFormat rca_format_spans = {
  .name = "spans",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = spans_open,
  .close = spans_close,
  .line = spans_line,
  .decode = spans_decode,
};
