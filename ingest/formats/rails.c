/* Rails' development log: no times but the one of "Started", no levels; a request is the lines from
 * "Started GET "/x" for 10.0.0.9 at 2026-11-24 11:02:01 +0000" over "Completed 200 OK in 35ms (…)"
 * to the next "Started", with its statements, renderings and the exception that ended it. */
#include "../app-record.h"
#include "../number.h"
#include "../text-fields.h"
#include "formats.h"

typedef struct {
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
  gboolean seen;
} Rails;

typedef struct {
  RcaBytes method, path, client, time;
} Start;

static RcaBytes
between (RcaBytes line, gsize from, const char *end)
{
  gssize n = rca_bytes_find (rca_bytes_from (line, from), rca_bytes_str (end));
  return n < 0 ? rca_bytes (NULL, 0) : rca_bytes (line.p + from, (gsize)n);
}

static gboolean
read_start (RcaBytes line, Start *start)
{
  if (!rca_bytes_has_prefix (line, RCA_BYTES ("Started ")))
    return FALSE;
  start->method = between (line, 8, " \"");
  gsize at = 8 + start->method.n + 2;
  start->path = between (line, at, "\" for ");
  if (start->method.n == 0 || start->method.n > 8 || start->path.n == 0)
    return FALSE;
  at += start->path.n + strlen ("\" for ");
  start->client = between (line, at, " at ");
  start->time = rca_bytes_from (line, at + start->client.n + 4);
  return start->client.n > 0 && start->time.n >= 19;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint starts = 0, completed = 0, processing = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Start start;
    starts += read_start (sample->line[i], &start);
    completed += rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("Completed "));
    processing += rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("Processing by "));
  }
  if (starts == 0 || completed + processing == 0)
    return;
  out->score = 95;
  g_snprintf (out->reason, sizeof out->reason, "%u requests from Rails' \"Started\" to its \"Completed\"", starts);
}

static gpointer
rails_open (const RcaSampleLines *sample)
{
  Rails *state = g_new0 (Rails, 1);
  rca_app_source_init (&state->source, sample->mtime_ns);
  state->arena = rca_arena_new ();
  return state;
}

static void
rails_close (gpointer data)
{
  Rails *state = data;
  rca_app_source_clear (&state->source);
  rca_arena_free (state->arena);
  g_free (state);
}

static RcaLineKind
line_kind (gpointer data, RcaBytes line)
{
  Rails *state = data;
  Start start;
  if (line.n == 0)
    return RCA_LINE_NONE;
  if (read_start (line, &start))
  {
    state->seen = TRUE;
    return RCA_LINE_RECORD;
  }
  return state->seen ? RCA_LINE_CONTINUES : RCA_LINE_NONE;
}

/* "500 Internal Server Error in 1220ms (ActiveRecord: 1204.0ms | …)" */
static void
take_completed (Rails *state, RcaBytes rest)
{
  rca_app_record_set (&state->record, RCA_SLOT_STATUS, 3, rca_bytes (rest.p, MIN (rest.n, 3)));
  gssize in = rca_bytes_find (rest, RCA_BYTES (" in "));
  if (in >= 0)
  {
    RcaBytes duration = rca_bytes_from (rest, (gsize)in + 4);
    const char *blank = memchr (duration.p, ' ', duration.n);
    rca_app_record_set (&state->record, RCA_SLOT_DURATION, 3, rca_bytes (duration.p, blank ? (gsize)(blank - duration.p) : duration.n));
  }
  gssize db = rca_bytes_find (rest, RCA_BYTES ("ActiveRecord: "));
  if (db >= 0)
    rca_app_record_set (&state->record, RCA_SLOT_DB_TIME, 3, between (rest, (gsize)db + 14, "ms"));
}

/* "ActiveRecord::StatementInvalid (PG::ConnectionBad: …):" behind what was completed */
static gboolean
take_exception (Rails *state, RcaBytes line)
{
  gsize n = 0;
  while (n < line.n && (g_ascii_isalnum (line.p[n]) || line.p[n] == ':' || line.p[n] == '_'))
    n++;
  if (n < 4 || n + 3 >= line.n || !g_ascii_isupper (line.p[0]) || line.p[n] != ' ' || line.p[n + 1] != '(' || line.p[line.n - 1] != ':')
    return FALSE;
  rca_app_record_set (&state->record, RCA_SLOT_ERROR_TYPE, 3, rca_bytes (line.p, n));
  rca_app_record_set (&state->record, RCA_SLOT_ERROR_MESSAGE, 3, rca_bytes (line.p + n + 2, line.n - n - 4));
  return TRUE;
}

static void
read_lines (Rails *state, RcaBytes text)
{
  gboolean completed = FALSE;
  while (text.n > 0)
  {
    const char *lf = memchr (text.p, '\n', text.n);
    RcaBytes line = rca_bytes (text.p, lf ? (gsize)(lf - text.p) : text.n);
    text = rca_bytes_from (text, line.n + 1);
    if (rca_bytes_has_prefix (line, RCA_BYTES ("Completed ")))
    {
      take_completed (state, rca_bytes_from (line, 10));
      completed = TRUE;
    }
    else if (completed && take_exception (state, line))
      state->record.ev->severity = RCA_SEVERITY_ERROR;
  }
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Rails *state = data;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes line = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  Start start;
  RcaStamp stamp;
  if (!read_start (line, &start) || rca_stamp_parse (start.time, &state->source.stamps, &stamp) == 0)
    return RCA_DECODE_REJECT;
  rca_arena_reset (state->arena);
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  rca_stamp_apply (&stamp, ev);
  ev->flags |= RCA_EVENT_TIME_IS_START;
  rca_app_record_set (&state->record, RCA_SLOT_METHOD, 3, start.method);
  rca_app_record_set (&state->record, RCA_SLOT_PATH, 3, start.path);
  rca_app_record_set (&state->record, RCA_SLOT_CLIENT, 3, start.client);
  rca_app_record_set (&state->record, RCA_SLOT_MESSAGE, 3, line);
  read_lines (state, rca_bytes_from (record, line.n + 1));
  rca_app_record_end (&state->record);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_rails = {
  .name = "rails",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = rails_open,
  .close = rails_close,
  .line = line_kind,
  .decode = decode,
};
