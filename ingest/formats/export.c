/* What stores of logs give back when they are asked for records: CloudWatch Logs, Loki, Elasticsearch and OpenSearch,
 * Splunk, Datadog, Cloud Logging's array. An answer is one JSON document with a list, or one entry a line; each entry
 * holds the line or record that somebody wrote, which is decoded as the program's own log would be. */
#include "../arena.h"
#include "../inner.h"
#include "../json-scan.h"
#include "../severity.h"
#include "../wrapper.h"
#include "formats.h"

#define MARK_BYTES 4096

/* How an entry is built: where the record is, and what the store knows of it. */
typedef struct {
  const char *key, *value; /* a member that only such entries have, and how its value begins */
  const char *record, *time, *host;
  const char *program[3];
} Entry;

static const Entry entries[] = {
  { "ingestionTime", "", "message", "timestamp", NULL, { "logStreamName" } },                              /* CloudWatch Logs */
  { "_source", "{", "_source", NULL, NULL, { NULL } },                                                     /* Elasticsearch, OpenSearch */
  { "_raw", "\"", "result._raw", "result._time", "result.host", { "result.source" } },                     /* Splunk */
  { "labels", "{", "line", "timestamp", "labels.host", { "labels.app", "labels.container", "labels.job" } }, /* logcli */
  { "type", "\"log\"", "attributes", NULL, NULL, { NULL } },                                               /* Datadog's API */
  { "content", "{\"timestamp\"", "content", NULL, NULL, { NULL } },                                        /* Datadog's archive */
  { "logName", "\"", "textPayload", "timestamp", NULL, { "resource.labels.container_name", "resource.labels.service_name" } }, /* Cloud Logging */
  { "logName", "\"", "jsonPayload", "timestamp", NULL, { "resource.labels.container_name", "resource.labels.service_name" } },
};

/* Lists of entries, and what tells such a document from others. */
static const struct {
  const char *path, *key, *value;
} lists[] = {
  { "events", "ingestionTime", "" }, { "hits.hits", "_source", "{" }, { "data.result", "resultType", "\"streams\"" }, { "data", "type", "\"log\"" },
  { "", "logName", "\"" },
};

typedef struct {
  RcaInner *inner;
  RcaArena *arena;
  gboolean learning;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
  const char *from; /* of the record at hand, and where it stands */
  const char *counted;
  guint64 line, offset;
  guint n; /* entries understood */
} State;

static gboolean
string_at (State *state, RcaBytes entry, const char *path, RcaBytes *out)
{
  RcaJsonType type;
  return path && rca_json_get (entry, path, state->arena, &type, out) && (type == RCA_JSON_STRING || type == RCA_JSON_NUMBER) && out->n > 0;
}

static void
give (State *state, const RcaEnvelope *envelope, RcaBytes entry, RcaBytes record)
{
  state->n++;
  if (state->learning)
  {
    rca_inner_learn (state->inner, envelope->program, record);
    return;
  }
  for (const char *lf; entry.p > state->counted && (lf = memchr (state->counted, '\n', (gsize)(entry.p - state->counted))); state->counted = lf + 1)
    state->line++;
  state->ev->line = state->line;
  state->ev->offset = state->offset + (guint64)(entry.p - state->from);
  state->ev->raw = entry;
  rca_inner_decode_lines (state->inner, envelope, record, state->ev, state->emit, state->user);
}

/* A pretty-printed object on one line. */
static RcaBytes
on_one_line (State *state, RcaBytes object)
{
  char *copy = memchr (object.p, '\n', object.n) ? rca_arena_alloc (state->arena, object.n) : NULL;
  for (gsize i = 0; copy && i < object.n; i++)
    copy[i] = object.p[i] == '\n' || object.p[i] == '\r' ? ' ' : object.p[i];
  return copy ? rca_bytes (copy, object.n) : object;
}

static gboolean
take_as (State *state, const Entry *as, RcaBytes object)
{
  RcaEnvelope envelope = { .time_ns = RCA_TIME_NONE, .stream = RCA_STREAM_APP };
  RcaJsonType type;
  RcaBytes record, text;
  if (!rca_json_get (object, as->record, state->arena, &type, &record) || (type != RCA_JSON_STRING && type != RCA_JSON_OBJECT))
    return FALSE;
  if (string_at (state, object, as->time, &text))
    rca_wrapped_take_time (text, &envelope);
  if (string_at (state, object, "severity", &text))
    rca_severity_parse (text, &envelope.severity);
  for (guint i = 0; i < G_N_ELEMENTS (as->program) && as->program[i] && envelope.program.n == 0; i++)
    if (string_at (state, object, as->program[i], &text))
      envelope.program = text;
  if (string_at (state, object, as->host, &text))
    envelope.host = text;
  give (state, &envelope, object, type == RCA_JSON_OBJECT ? on_one_line (state, record) : record);
  return TRUE;
}

static gboolean
has_mark (RcaBytes text, guint list)
{
  return rca_json_mentions (rca_bytes (text.p, MIN (text.n, MARK_BYTES)), lists[list].key, lists[list].value);
}

static gboolean
take_entry (State *state, RcaBytes object)
{
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    if (rca_json_mentions (object, entries[i].key, entries[i].value) && take_as (state, &entries[i], object))
      return TRUE;
  return FALSE;
}

/* Loki's pair of nanoseconds and line. */
typedef struct {
  State *state;
  RcaEnvelope envelope;
  RcaBytes line;
} Pair;

static void
take_half (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  Pair *pair = user;
  if (index == 0)
    rca_wrapped_take_time (value, &pair->envelope);
  else if (index == 1 && type == RCA_JSON_STRING)
    pair->line = value;
}

static void
take_pair (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  Pair *pair = user;
  pair->envelope.time_ns = RCA_TIME_NONE;
  pair->line = (RcaBytes){ NULL, 0 };
  if (type == RCA_JSON_ARRAY)
    rca_json_each (value, pair->state->arena, take_half, pair);
  if (pair->line.p)
    give (pair->state, &pair->envelope, value, pair->line);
}

static gboolean
take_stream (State *state, RcaBytes object)
{
  static const char *const names[] = { "stream.app", "stream.service_name", "stream.container", "stream.job", "stream.filename" };
  Pair pair = { .state = state, .envelope = { .time_ns = RCA_TIME_NONE, .stream = RCA_STREAM_APP } };
  RcaBytes values, text;
  RcaJsonType type;
  if (!rca_json_get (object, "stream", state->arena, &type, &text) || type != RCA_JSON_OBJECT
      || !rca_json_get (object, "values", state->arena, &type, &values) || type != RCA_JSON_ARRAY)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (names) && pair.envelope.program.n == 0; i++)
    if (string_at (state, object, names[i], &text))
      pair.envelope.program = text;
  if (string_at (state, object, "stream.host", &text) || string_at (state, object, "stream.pod", &text))
    pair.envelope.instance = text;
  rca_json_each (values, state->arena, take_pair, &pair);
  return TRUE;
}

static void
take_element (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  State *state = user;
  if (type == RCA_JSON_OBJECT && !take_stream (state, value))
    take_entry (state, value);
}

static RcaBytes
trimmed (RcaBytes text)
{
  while (text.n > 0 && g_ascii_isspace (text.p[0]))
    text = rca_bytes_from (text, 1);
  return text;
}

/* The entries of the document @text, in order; or @text itself is one. FALSE when it is neither. */
static gboolean
read_record (State *state, RcaBytes text)
{
  RcaBytes list;
  RcaJsonType type;
  guint before = state->n;
  rca_arena_reset (state->arena);
  text = trimmed (text);
  if (text.n == 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
  {
    if (!has_mark (text, i))
      continue;
    if (*lists[i].path == '\0' && text.p[0] == '[')
      list = text;
    else if (text.p[0] != '{' || !rca_json_get (text, lists[i].path, state->arena, &type, &list) || type != RCA_JSON_ARRAY)
      continue;
    rca_json_each (list, state->arena, take_element, state);
    return state->n > before;
  }
  return text.p[0] == '{' && take_entry (state, text);
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  state->ev = ev;
  state->emit = emit;
  state->user = user;
  state->from = state->counted = record.p;
  state->line = ev->line;
  state->offset = ev->offset;
  return read_record (state, record) ? RCA_DECODE_NONE : RCA_DECODE_REJECT;
}

static State *
state_new (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->inner = rca_inner_new (sample);
  state->arena = rca_arena_new ();
  state->learning = TRUE;
  return state;
}

static void
state_close (gpointer data)
{
  State *state = data;
  rca_inner_free (state->inner);
  rca_arena_free (state->arena);
  g_free (state);
}

static gpointer
lines_open (const RcaSampleLines *sample)
{
  State *state = state_new (sample);
  for (guint i = 0; i < sample->n_lines; i++)
    read_record (state, sample->line[i]);
  state->learning = FALSE;
  rca_inner_learnt (state->inner);
  return state;
}

/* Of a document that goes on behind the sample the list does not end: what came before the break has been visited. */
static gpointer
document_open (const RcaSampleLines *sample)
{
  State *state = state_new (sample);
  read_record (state, sample->head);
  state->learning = FALSE;
  rca_inner_learnt (state->inner);
  return state;
}

static void
flush (gpointer data, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_inner_flush (((State *)data)->inner, ev, emit, user);
}

static char *
describe (gpointer data)
{
  return rca_inner_describe (((State *)data)->inner);
}

/* Entries of more than two lines, or documents of one line each. */
static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  State *state = state_new (sample);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    lines += sample->line[i].n > 0;
    fits += sample->line[i].n > 2 && sample->line[i].p[0] == '{' && read_record (state, sample->line[i]);
  }
  state_close (state);
  if (fits == 0 || fits * 10 < lines * 9)
    return;
  out->score = (gint)(96 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are what a store of logs gives out", fits, lines);
}

static gboolean
is_marked (RcaBytes head)
{
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (has_mark (head, i))
      return TRUE;
  return FALSE;
}

static void
sniff_document (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaBytes head = trimmed (sample->head);
  if (head.n < 3 || (head.p[0] != '[' && head.p[0] != '{') || sample->n_lines == 0 || (head.p[0] == '{' && sample->line[0].n > 2))
    return;
  State *state = state_new (sample);
  if (sample->whole ? read_record (state, head) : is_marked (head))
  {
    out->score = 97;
    g_strlcpy (out->reason, "a document of records out of a store of logs", sizeof out->reason);
  }
  state_close (state);
}

const RcaFormat rca_format_export = {
  .name = "log-export",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = lines_open,
  .close = state_close,
  .decode = decode,
  .describe = describe,
  .flush = flush,
};

const RcaFormat rca_format_export_document = {
  .name = "log-export-document",
  .stream = RCA_STREAM_APP,
  .document = TRUE,
  .sniff = sniff_document,
  .open = document_open,
  .close = state_close,
  .decode = decode,
  .describe = describe,
  .flush = flush,
};
