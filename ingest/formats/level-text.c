/* Text logs without times: a level begins each record. Python's BASIC_FORMAT, uvicorn, winston
 * simple, .NET's console, "[ERROR] …". Traces and indented lines continue the record before;
 * other lines (print, puts) are records of their own. */
#include "../app-record.h"
#include "../log-prefix.h"
#include "../text-fields.h"
#include "../text-message.h"
#include "../text-program.h"
#include "../trace-lines.h"
#include "formats.h"

#define MAX_SHAPES 200

typedef struct {
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
  RcaStream stream;
  RcaTraceState trace;
  guint parts; /* of the prefix, behind the level */
} LevelText;

static LevelText *
level_text_new (gint64 mtime_ns)
{
  LevelText *state = g_new0 (LevelText, 1);
  rca_app_source_init (&state->source, mtime_ns);
  state->arena = rca_arena_new ();
  return state;
}

static void
level_text_close (gpointer data)
{
  LevelText *state = data;
  rca_app_source_clear (&state->source);
  rca_arena_free (state->arena);
  g_free (state);
}

/* The shapes of lines that begin with a level; *@requests: lines that begin with
 * a request ("GET /x 200", morgan dev); *@others: those that begin a record otherwise. */
static guint
collect_shapes (LevelText *state, const RcaSampleLines *sample, RcaPrefixShape shapes[MAX_SHAPES], guint *requests, guint *others)
{
  RcaTraceState trace = { 0 };
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  guint n = 0;
  *requests = *others = 0;
  for (guint i = 0; i < sample->n_lines && n < MAX_SHAPES; i++)
  {
    RcaBytes line = sample->line[i];
    RcaSeverity severity;
    if (line.n == 0)
      continue;
    gsize level = rca_prefix_level (line, &severity);
    RcaLineKind kind = rca_trace_line (&trace, line);
    if (level == 0)
    {
      *requests += rca_text_is_request (line);
      *others += kind == RCA_LINE_RECORD && !rca_text_is_request (line);
      continue;
    }
    rca_event_clear (ev);
    rca_app_record_begin (&state->record, ev, state->arena, &state->source);
    ev->severity = severity;
    rca_prefix_read (rca_bytes_from (line, level), RCA_PREFIX_MAX_PARTS, &state->record, &shapes[n++]);
  }
  return n;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaPrefixShape shapes[MAX_SHAPES];
  guint requests, others;
  LevelText *state = level_text_new (sample->mtime_ns);
  guint n = collect_shapes (state, sample, shapes, &requests, &others);
  level_text_close (state);
  n += requests;
  if (n < 2 || n <= others)
    return;
  out->score = (gint)(62 * n / (n + others));
  g_snprintf (out->reason, sizeof out->reason, "%u records begin with a level or a request and no time, %u do not", n, others);
}

static gpointer
level_text_open (const RcaSampleLines *sample)
{
  RcaPrefixShape shapes[MAX_SHAPES];
  guint requests, others;
  LevelText *state = level_text_new (sample->mtime_ns);
  guint n = collect_shapes (state, sample, shapes, &requests, &others);
  state->parts = rca_prefix_learn (shapes, n);
  state->stream = rca_text_program_stream (sample);
  return state;
}

static RcaLineKind
level_text_line (gpointer data, RcaBytes line)
{
  LevelText *state = data;
  RcaSeverity severity;
  if (line.n == 0)
    return RCA_LINE_NONE;
  RcaLineKind kind = rca_trace_line (&state->trace, line);
  return rca_prefix_level (line, &severity) > 0 || rca_text_is_request (line) ? RCA_LINE_RECORD : kind;
}

static RcaDecodeResult
level_text_decode (gpointer data, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  LevelText *state = data;
  const char *lf = memchr (text.p, '\n', text.n);
  RcaBytes line = rca_bytes (text.p, lf ? (gsize)(lf - text.p) : text.n);
  rca_arena_reset (state->arena);
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  gsize at = rca_prefix_level (line, &ev->severity);
  if (at > 0)
    at += rca_prefix_read (rca_bytes_from (line, at), state->parts, &state->record, NULL);
  rca_text_pairs (&state->record, rca_bytes (line.p, at));
  rca_text_message (&state->record, rca_bytes_from (text, at));
  rca_app_record_end (&state->record);
  ev->stream = state->stream;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_level_text = {
  .name = "level-text",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = level_text_open,
  .close = level_text_close,
  .line = level_text_line,
  .decode = level_text_decode,
};
