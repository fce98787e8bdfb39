/* JSON lines of any logger: pino, bunyan, winston, zap, zerolog, logrus, slog, structlog,
 * Logback, Log4j2, ECS, Serilog, .NET, Rust tracing, Monolog, GCP, Lambda…
 *
 * One object a line, or one pretty-printed over several. Names are looked up in alias.c;
 * what a logger's members mean together is settled in app-record.c. Lines of plain text
 * between the objects (banners, a runtime's last words) are records of their own. */
#include "../app-record.h"
#include "../stack-trace.h"
#include "../text-fields.h"
#include "../json-scan.h"
#include "formats.h"

#define MAX_NESTING 6
#define SNIFF_LINES 60

typedef struct {
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
} JsonLines;

static RcaBytes
trim_start (RcaBytes line)
{
  while (line.n > 0 && g_ascii_isspace (line.p[0]))
    line = rca_bytes_from (line, 1);
  return line;
}

static gboolean
take_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  RcaAppRecord *record = user;
  if (type == RCA_JSON_OBJECT)
    return depth < MAX_NESTING;
  rca_app_record_pair (record, depth == 1 ? key : path, value, type);
  return FALSE;
}

/* Scans the object at the start of @text into the state's record. Returns its length, 0 when broken. */
static gsize
scan_object (JsonLines *state, RcaBytes text, RcaEvent *ev)
{
  rca_arena_reset (state->arena);
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  return rca_json_scan (text, state->arena, take_member, &state->record);
}

static gboolean
has (const JsonLines *state, RcaSlot slot)
{
  return rca_app_record_has (&state->record, slot);
}

/* What a log record has at least: when, and what or how bad. */
static gboolean
is_log_record (const JsonLines *state)
{
  return has (state, RCA_SLOT_TIME) && (has (state, RCA_SLOT_MESSAGE) || has (state, RCA_SLOT_LEVEL) || has (state, RCA_SLOT_LEVEL_OTEL));
}

static gpointer
json_lines_new (gint64 mtime_ns)
{
  JsonLines *state = g_new0 (JsonLines, 1);
  rca_app_source_init (&state->source, mtime_ns);
  state->arena = rca_arena_new ();
  return state;
}

static void
json_lines_close (gpointer data)
{
  JsonLines *state = data;
  rca_app_source_clear (&state->source);
  rca_arena_free (state->arena);
  g_free (state);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint lines = 0, objects = 0, records = 0, known = 0;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  JsonLines *state = json_lines_new (sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && lines < SNIFF_LINES; i++)
  {
    RcaBytes line = trim_start (sample->line[i]);
    if (line.n == 0)
      continue;
    lines++;
    rca_event_clear (ev);
    if (line.p[0] != '{' || scan_object (state, line, ev) == 0)
      continue;
    objects++;
    records += is_log_record (state);
    known += has (state, RCA_SLOT_TIME) || has (state, RCA_SLOT_MESSAGE) || has (state, RCA_SLOT_LEVEL);
  }
  json_lines_close (state);
  if (objects * 4 < lines || objects == 0)
    return;
  out->score = (gint)((records * 60 + (known - records) * 40 + (objects - known) * 25) / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are JSON objects, %u of them with the members of a log record", objects, lines, records);
}

static void
learn (JsonLines *state, const RcaSampleLines *sample)
{
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  rca_app_source_learn (&state->source);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = trim_start (sample->line[i]);
    rca_event_clear (ev);
    if (line.n > 0 && line.p[0] == '{' && scan_object (state, line, ev) > 0)
      rca_app_record_end (&state->record);
  }
  rca_app_source_learnt (&state->source);
}

/* Members that Nextcloud writes side by side, and whose logger nobody else uses. */
static gboolean
is_nextcloud (const RcaSampleLines *sample)
{
  return rca_json_mentions (sample->head, "reqId", "") && rca_json_mentions (sample->head, "remoteAddr", "")
         && rca_json_mentions (sample->head, "userAgent", "");
}

/* zap's production encoder: "ts":1795486242.934413 */
static gboolean
has_zap_times (const RcaSampleLines *sample)
{
  gssize at = rca_bytes_find (sample->head, RCA_BYTES ("\"ts\":1"));
  RcaBytes rest = rca_bytes_from (sample->head, at < 0 ? sample->head.n : (gsize)at + 5);
  return rest.n > 11 && rest.p[10] == '.';
}

/* Fastify logs a failed request twice under one reqId: by its error handler (with err and the
 * status that will be answered), then as "request completed" with the time it took. */
static gboolean
is_fastify (const RcaSampleLines *sample)
{
  return rca_bytes_find (sample->head, RCA_BYTES ("\"msg\":\"incoming request\"")) >= 0 && rca_bytes_find (sample->head, RCA_BYTES ("\"reqId\":")) >= 0;
}

static gpointer
json_lines_open (const RcaSampleLines *sample)
{
  JsonLines *state = json_lines_new (sample->mtime_ns);
  state->source.levels_count_up = is_nextcloud (sample);
  state->source.zap_times = has_zap_times (sample);
  state->source.completion_follows = is_fastify (sample);
  learn (state, sample);
  return state;
}

static RcaLineKind
json_lines_line (gpointer data, RcaBytes line)
{
  RcaBytes text = trim_start (line);
  if (text.n == 0)
    return RCA_LINE_NONE;
  if (line.p[0] == '{')
    return RCA_LINE_RECORD;
  return text.p != line.p || rca_stack_trace_continues (line) ? RCA_LINE_CONTINUES : RCA_LINE_RECORD;
}

/* Plain text between the objects. */
static void
decode_text (JsonLines *state, RcaBytes text, RcaEvent *ev)
{
  rca_arena_reset (state->arena);
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  rca_text_fields (&state->record, text);
  rca_app_record_end (&state->record);
}

static RcaDecodeResult
json_lines_decode (gpointer data, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  JsonLines *state = data;
  if (text.n == 0 || text.p[0] != '{')
    decode_text (state, text, ev);
  else
  {
    gsize n = scan_object (state, text, ev);
    if (n == 0 && !is_log_record (state))
      return RCA_DECODE_REJECT;
    RcaBytes rest = n > 0 ? trim_start (rca_bytes_from (text, n)) : (RcaBytes){ NULL, 0 };
    rca_app_record_set (&state->record, RCA_SLOT_ERROR_STACK, 1, rest);
    RcaBytes message = rca_app_record_get (&state->record, RCA_SLOT_MESSAGE);
    if (message.n > 0)
      rca_text_scan (&state->record, message);
    rca_app_record_end (&state->record);
  }
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_json_lines = {
  .name = "json-lines",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = json_lines_open,
  .close = json_lines_close,
  .line = json_lines_line,
  .decode = json_lines_decode,
};
