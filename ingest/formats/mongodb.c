/* MongoDB from 4.4 on: one JSON object a line, t.$date, s (F E W I D1…), c, id, ctx, msg, attr. A
 * "Slow query" (id 51803) states durationMillis of one command. */
#include "mongodb.h"
#include "../document-shape.h"
#include "../json-scan.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

enum { LONGEST_SHAPE = 600 };

typedef struct {
  RcaStampContext context;
  RcaArena *arena;
} MongoDb;

typedef struct {
  RcaBytes date, severity, component, id, ctx, msg;
  RcaBytes ns, type, remote, app, plan, error, error_name, command, originating, user;
  gint64 duration_ms, docs_examined, returned, waited_us;
} Members;

static const RcaDbText texts[] = {
  { "too many open connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "out of memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Detected unclean shutdown", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "Fatal assertion", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Fatal Assertion", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Writing fatal message", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Invariant failure", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Got signal: 6", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Got signal: 11", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Waiting for connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "waiting for connections on port", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "Received signal", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "got signal 15", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "Starting an election", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Election succeeded", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "tepping down", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "epping down from primary", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "can't see a majority", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "Replica set state transition", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "ransition to PRIMARY complete", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "transition to primary complete", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "not primary", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "is now in state DOWN", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "is in new state", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "oo stale to", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "exceeded time limit", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "MaxTimeMSExpired", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "WriteConflict", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_DB_ERROR },
  { "LockTimeout", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "Authentication failed", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "uthentication failed", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "Checkpoint took", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "serverStatus was very slow", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
};

void
rca_mongodb_read_text (RcaBytes text, RcaEvent *ev)
{
  rca_db_text_read (texts, G_N_ELEMENTS (texts), text, ev);
}

RcaBytes
rca_mongodb_verb (RcaBytes document)
{
  RcaBytes rest = rca_bytes_skip_blank (document);
  rest = rca_bytes_skip_blank (rca_bytes_from (rest, rest.n && rest.p[0] == '{'));
  gboolean quoted = rest.n && rest.p[0] == '"';
  return rca_bytes_until (rca_bytes_from (rest, quoted), quoted ? "\"" : ": }");
}

static void
add (char *out, gsize *n, RcaBytes part)
{
  if (part.n)
    memcpy (out + *n, part.p, part.n);
  *n += part.n;
}

RcaBytes
rca_mongodb_statement (const RcaMongoCommand *c, RcaArena *arena)
{
  const struct {
    const char *before;
    RcaBytes document;
  } parts[] = { { " ", c->filter }, { " ", c->pipeline }, { " sort ", c->sort } };
  RcaBytes verb = rca_bytes (c->verb.p, MIN (c->verb.n, 40)), collection = rca_bytes (c->collection.p, MIN (c->collection.n, 200));
  char *out = rca_arena_alloc (arena, verb.n + collection.n + 1 + 3 * (LONGEST_SHAPE + 8));
  gsize n = 0;
  if (verb.n == 0)
    return verb;
  add (out, &n, verb);
  add (out, &n, RCA_BYTES (" "));
  add (out, &n, collection);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].document.n)
    {
      add (out, &n, rca_bytes_str (parts[i].before));
      add (out, &n, rca_document_shape (parts[i].document, LONGEST_SHAPE, arena));
    }
  return rca_bytes (out, n);
}

static void
take_number (RcaBytes value, gint64 *into)
{
  gint64 n;
  if (rca_parse_int (value, &n) && n >= 0)
    *into = n;
}

/* Which members are read, and where they go. */
static const struct {
  RcaBytes path;
  gsize into; /* an RcaBytes of Members */
} strings[] = {
  { { "t.$date", 7 }, offsetof (Members, date) },
  { { "s", 1 }, offsetof (Members, severity) },
  { { "c", 1 }, offsetof (Members, component) },
  { { "id", 2 }, offsetof (Members, id) },
  { { "ctx", 3 }, offsetof (Members, ctx) },
  { { "msg", 3 }, offsetof (Members, msg) },
  { { "attr.ns", 7 }, offsetof (Members, ns) },
  { { "attr.type", 9 }, offsetof (Members, type) },
  { { "attr.remote", 11 }, offsetof (Members, remote) },
  { { "attr.appName", 12 }, offsetof (Members, app) },
  { { "attr.planSummary", 16 }, offsetof (Members, plan) },
  { { "attr.errMsg", 11 }, offsetof (Members, error) },
  { { "attr.error", 10 }, offsetof (Members, error) },
  { { "attr.error.errmsg", 17 }, offsetof (Members, error) },
  { { "attr.error.codeName", 19 }, offsetof (Members, error_name) },
  { { "attr.errName", 12 }, offsetof (Members, error_name) },
  { { "attr.command", 12 }, offsetof (Members, command) },
  { { "attr.originatingCommand", 23 }, offsetof (Members, originating) },
  { { "attr.principalName", 18 }, offsetof (Members, user) },
};
static const struct {
  RcaBytes path;
  gsize into; /* a gint64 of Members */
} numbers[] = {
  { { "attr.durationMillis", 19 }, offsetof (Members, duration_ms) },
  { { "attr.docsExamined", 17 }, offsetof (Members, docs_examined) },
  { { "attr.nreturned", 14 }, offsetof (Members, returned) },
};

static gboolean
take (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Members *m = user;
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    if (type != RCA_JSON_NULL && rca_bytes_equal (path, strings[i].path))
      *(RcaBytes *)(gpointer)((char *)m + strings[i].into) = value;
  if (type == RCA_JSON_NUMBER && depth == 2)
    for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
      if (rca_bytes_equal (path, numbers[i].path))
        take_number (value, (gint64 *)(gpointer)((char *)m + numbers[i].into));
  /* attr.locks.<resource>.timeAcquiringMicros.<mode> */
  if (type == RCA_JSON_NUMBER && depth == 5 && rca_bytes_has_prefix (path, RCA_BYTES ("attr.locks."))
      && rca_bytes_find (path, RCA_BYTES (".timeAcquiringMicros.")) > 0)
  {
    gint64 us = 0;
    take_number (value, &us);
    if (us < G_MAXINT64 / 2000 && m->waited_us < G_MAXINT64 / 2000)
      m->waited_us += us;
  }
  if (type != RCA_JSON_OBJECT)
    return FALSE;
  return depth == 1 || rca_bytes_equal (path, RCA_BYTES ("attr.error")) || rca_bytes_has_prefix (path, RCA_BYTES ("attr.locks"));
}

static gboolean
read_members (RcaBytes line, RcaArena *arena, Members *m)
{
  *m = (Members){ .duration_ms = -1, .docs_examined = -1, .returned = -1 };
  rca_arena_reset (arena);
  if (line.n < 20 || line.p[0] != '{' || !rca_json_scan (line, arena, take, m))
    return FALSE;
  return m->date.n && m->severity.n && m->severity.n <= 2 && m->component.n && m->msg.n && m->ctx.n;
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
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are JSON with MongoDB's t.$date, s, c, ctx and msg", fits, lines);
}

static gpointer
mongodb_open (const RcaSampleLines *sample)
{
  MongoDb *s = g_new0 (MongoDb, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  return s;
}

static void
mongodb_close (gpointer state)
{
  MongoDb *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaSeverity
severity_of (RcaBytes word)
{
  switch (word.p[0])
  {
  case 'F':
    return RCA_SEVERITY_FATAL;
  case 'E':
    return RCA_SEVERITY_ERROR;
  case 'W':
    return RCA_SEVERITY_WARN;
  case 'I':
    return RCA_SEVERITY_INFO;
  default:
    return RCA_SEVERITY_DEBUG;
  }
}

/* The members of a command document that say what it looks for. */
static gboolean
take_command (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  RcaMongoCommand *c = user;
  if (rca_bytes_equal (key, RCA_BYTES ("filter")) || rca_bytes_equal (key, RCA_BYTES ("query")) || rca_bytes_equal (key, RCA_BYTES ("q")))
    c->filter = value;
  else if (rca_bytes_equal (key, RCA_BYTES ("pipeline")))
    c->pipeline = value;
  else if (rca_bytes_equal (key, RCA_BYTES ("sort")))
    c->sort = value;
  return FALSE;
}

/* A getMore goes on with another command, an update or remove is its own document. */
static void
read_statement (const Members *m, RcaArena *arena, RcaEvent *ev)
{
  RcaBytes command = m->originating.n ? m->originating : m->command;
  RcaMongoCommand c = { .collection = m->ns };
  if (command.n && command.p[0] == '{')
    rca_json_scan (command, arena, take_command, &c);
  gboolean write = rca_bytes_equal (m->type, RCA_BYTES ("update")) || rca_bytes_equal (m->type, RCA_BYTES ("remove"));
  c.verb = write ? m->type : command.n && command.p[0] == '{' ? rca_mongodb_verb (command) : m->type;
  if (c.verb.n == 0)
    c.verb = RCA_BYTES ("command");
  rca_event_set_str (ev, RCA_FIELD_STATEMENT, rca_mongodb_statement (&c, arena));
}

static void
read_slow (const Members *m, gint64 took_ns, RcaArena *arena, RcaEvent *ev)
{
  gint64 waited_ns;
  rca_event_set_num (ev, RCA_FIELD_DURATION, took_ns);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  if (m->docs_examined >= 0)
    rca_event_set_num (ev, RCA_FIELD_ROWS_EXAMINED, m->docs_examined);
  if (m->returned >= 0)
    rca_event_set_num (ev, RCA_FIELD_ROWS_SENT, m->returned);
  if (m->waited_us > 0 && rca_duration_of (m->waited_us, 1000, &waited_ns))
    rca_event_set_num (ev, RCA_FIELD_LOCK_TIME, waited_ns);
  read_statement (m, arena, ev);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  MongoDb *s = state;
  Members m;
  RcaStamp stamp;
  gint64 took_ns;
  if (!read_members (record, s->arena, &m) || !rca_stamp_parse (m.date, &s->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = severity_of (m.severity);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, m.msg);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, m.component);
  rca_event_set_str (ev, RCA_FIELD_SESSION, m.ctx);
  rca_event_set_str (ev, RCA_FIELD_DB_NAME, rca_bytes_until (m.ns, "."));
  rca_event_set_str (ev, RCA_FIELD_DB_USER, m.user);
  const char *port = m.remote.n ? memrchr (m.remote.p, ':', m.remote.n) : NULL;
  if (port)
    rca_event_set_str (ev, RCA_FIELD_CLIENT, rca_bytes (m.remote.p, (gsize)(port - m.remote.p)));
  rca_event_set_str (ev, RCA_FIELD_EXCEPTION, m.error_name);
  if (m.error.n && m.error.p[0] != '{')
    rca_event_set_str (ev, RCA_FIELD_EXCEPTION_MESSAGE, m.error);
  RcaSeverity logged = ev->severity;
  rca_mongodb_read_text (m.msg, ev);
  if (m.error_name.n || m.error.n)
  {
    ev->severity = MAX (logged, RCA_SEVERITY_WARN); /* a failed command is one whatever the level */
    rca_mongodb_read_text (m.error_name, ev);
    rca_mongodb_read_text (m.error, ev);
    if (m.duration_ms >= 0 && !rca_event_has (ev, RCA_FIELD_FAILURE))
      rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_DB_ERROR);
    ev->severity = logged;
  }
  if (rca_bytes_equal (m.msg, RCA_BYTES ("Slow query")) && rca_duration_of (m.duration_ms, RCA_NS_PER_MS, &took_ns))
    read_slow (&m, took_ns, s->arena, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_mongodb = {
  .name = "mongodb",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = mongodb_open,
  .close = mongodb_close,
  .decode = decode,
};
