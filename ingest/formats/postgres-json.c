/* PostgreSQL's jsonlog (15 on), and CloudNativePG's wrapping of it: the same members under "record". */
#include "../json-scan.h"
#include "../number.h"
#include "../postgres-message.h"
#include "../severity.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  RcaPostgresMemory *memory;
  RcaArena *arena;
} Json;

typedef struct {
  RcaPostgresRecord record;
  RcaBytes time;
  RcaBytes ts, level, msg, logger; /* of CloudNativePG's own lines */
} Members;

static gboolean
take (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Members *m = user;
  RcaPostgresRecord *r = &m->record;
  if (type == RCA_JSON_OBJECT)
    return depth == 1 && rca_bytes_equal (key, RCA_BYTES ("record"));
  const struct {
    const char *key;
    RcaBytes *into;
  } table[] = {
    { "error_severity", &r->severity },
    { "message", &r->message },
    { "detail", &r->detail },
    { "statement", &r->statement },
    { "query", &r->statement },
    { "state_code", &r->sqlstate },
    { "sql_state_code", &r->sqlstate },
    { "user", &r->user },
    { "user_name", &r->user },
    { "dbname", &r->database },
    { "database_name", &r->database },
    { "application_name", &r->application },
    { "remote_host", &r->client },
    { "connection_from", &r->client },
    { "session_id", &r->session },
    { "timestamp", &m->time },
    { "log_time", &m->time },
    { "ts", &m->ts },
    { "level", &m->level },
    { "msg", &m->msg },
    { "logger", &m->logger },
  };
  if (rca_bytes_equal (key, RCA_BYTES ("pid")) || rca_bytes_equal (key, RCA_BYTES ("process_id")))
    rca_parse_int (value, &r->pid);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (value.n && rca_bytes_is (key, table[i].key))
      *table[i].into = value;
  return FALSE;
}

static gboolean
read_members (RcaBytes line, RcaArena *arena, Members *m)
{
  *m = (Members){ .time = { NULL, 0 } };
  rca_arena_reset (arena);
  if (line.n == 0 || line.p[0] != '{' || !rca_json_scan (line, arena, take, m))
    return FALSE;
  return m->record.severity.n > 0 && m->time.n > 0 && rca_postgres_severity (m->record.severity) != RCA_SEVERITY_NONE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Members m;
    lines += sample->line[i].n > 0;
    fits += read_members (sample->line[i], arena, &m);
  }
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = 70 + (gint)(29 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are JSON with PostgreSQL's error_severity and time", fits, lines);
}

static gpointer
json_open (const RcaSampleLines *sample)
{
  Json *s = g_new0 (Json, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->memory = rca_postgres_memory_new ();
  s->arena = rca_arena_new ();
  return s;
}

static void
json_close (gpointer state)
{
  Json *s = state;
  rca_postgres_memory_free (s->memory);
  rca_arena_free (s->arena);
  g_free (s);
}

/* A line of the operator that runs the server: {"level":"info","ts":"…","logger":"…","msg":"…"}. */
static gboolean
read_operator (Json *s, const Members *m, RcaEvent *ev)
{
  RcaStamp stamp;
  if (m->msg.n == 0 || !rca_severity_parse (m->level, &ev->severity))
    return FALSE;
  if (rca_stamp_parse (m->ts, &s->context, &stamp) >= 19)
    rca_stamp_apply (&stamp, ev);
  else if (!rca_stamp_parse_epoch (m->ts, &ev->time_ns))
    return FALSE;
  ev->stream = RCA_STREAM_DB;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, m->msg);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, m->logger);
  return TRUE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Json *s = state;
  Members m;
  RcaStamp stamp;
  gboolean server = read_members (record, s->arena, &m);
  if (server && rca_stamp_parse (m.time, &s->context, &stamp))
  {
    rca_stamp_apply (&stamp, ev);
    rca_postgres_interpret (&m.record, s->memory, s->arena, ev);
  }
  else if (server || !read_operator (s, &m, ev))
    return RCA_DECODE_REJECT;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_postgres_json = {
  .name = "postgres-json",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = json_open,
  .close = json_close,
  .decode = decode,
};
