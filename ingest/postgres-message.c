#include "postgres-message.h"
#include "db-text.h"
#include "identity.h"
#include "number.h"
#include "postgres-memory.h"

enum { LONGEST_REMEMBERED = 16384 };

static guint64
query_hash (RcaBytes query, RcaArena *arena)
{
  return rca_sql_fingerprint (query, arena).id;
}

/* ---- durations ---- */

/* auto_explain's text: "Query Text: …" up to the plan or "Query Parameters: "; JSON, YAML and XML
 * plans quote it. */
static RcaBytes
plan_query (RcaBytes plan)
{
  static const struct {
    const char *before, *after;
  } forms[] = { { "\"Query Text\": \"", "\",\n" }, { "<Query-Text>", "</Query-Text>" }, { "Query Text: \"", "\"\n" } };
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
  {
    gssize at = rca_bytes_find (plan, rca_bytes_str (forms[i].before));
    if (at < 0)
      continue;
    RcaBytes query = rca_bytes_from (plan, (gsize)at + strlen (forms[i].before));
    gssize end = rca_bytes_find (query, rca_bytes_str (forms[i].after));
    return end < 0 ? query : rca_bytes (query.p, (gsize)end);
  }
  gssize at = rca_bytes_find (plan, RCA_BYTES ("Query Text: "));
  if (at < 0)
    return rca_bytes (NULL, 0);
  RcaBytes query = rca_bytes_from (plan, (gsize)at + 12);
  gssize parameters = rca_bytes_find (query, RCA_BYTES ("Query Parameters: ")), cost = rca_bytes_find (query, RCA_BYTES ("(cost="));
  gssize cut = parameters >= 0 && (cost < 0 || parameters < cost) ? parameters : cost;
  const char *line = cut > 0 ? memrchr (query.p, '\n', (gsize)cut) : NULL;
  if (line)
    query.n = (gsize)(line - query.p);
  return query;
}

static void
read_plan (RcaPostgresMemory *memory, gint64 pid, RcaBytes plan, gint64 ns, RcaArena *arena, RcaEvent *ev)
{
  RcaBytes query = plan_query (plan);
  if (query.n == 0)
    return;
  rca_db_set_statement (ev, query, arena);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  RcaPostgresBackend *backend = rca_postgres_memory_backend (memory, pid, TRUE);
  if (backend)
  {
    backend->plan_query = query_hash (rca_event_str (ev, RCA_FIELD_STATEMENT), arena);
    backend->plan_ns = ns;
  }
}

/* The plan of the very same execution stood just before: the duration of the whole contains it. */
static gboolean
told_before (RcaPostgresMemory *memory, gint64 pid, RcaBytes query, gint64 ns, RcaArena *arena)
{
  RcaPostgresBackend *backend = rca_postgres_memory_backend (memory, pid, FALSE);
  if (!backend || backend->plan_query == 0)
    return FALSE;
  gboolean same = ns >= backend->plan_ns && backend->plan_query == query_hash (query, arena);
  backend->plan_query = 0;
  return same;
}

/* log_statement wrote the text before: "duration: 12.1 ms" alone is its time. Where the server tells
 * most statements with their time, these are odd ones out and no slow statements. */
static void
read_bare_duration (RcaPostgresMemory *memory, gint64 pid, gint64 ns, RcaArena *arena, RcaEvent *ev)
{
  RcaPostgresBackend *backend = rca_postgres_memory_backend (memory, pid, FALSE);
  if (!backend || backend->text->len == 0)
    return;
  gboolean counts = rca_postgres_memory_told_apart (memory);
  RcaBytes query = rca_arena_copy (arena, rca_bytes (backend->text->str, backend->text->len));
  g_string_truncate (backend->text, 0);
  rca_db_set_statement (ev, query, arena);
  if (!counts)
    return;
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  if (told_before (memory, pid, query, ns, arena))
    ev->flags |= RCA_EVENT_DUPLICATE;
}

/* "statement: Q", "execute NAME: Q", "parse NAME: Q", "bind NAME: Q"; a name may hold a colon
 * without a blank. Only the first two are executions. */
static RcaBytes
query_of (RcaBytes text, gboolean *executes)
{
  gsize statement = rca_postgres_statement_word (text);
  *executes = TRUE;
  if (statement)
    return rca_bytes_from (text, statement);
  *executes = rca_bytes_has_prefix (text, RCA_BYTES ("execute "));
  if (!*executes && !rca_bytes_has_prefix (text, RCA_BYTES ("parse ")) && !rca_bytes_has_prefix (text, RCA_BYTES ("bind ")))
    return rca_bytes (NULL, 0);
  gssize colon = rca_bytes_find (text, RCA_BYTES (": "));
  return colon < 0 ? rca_bytes (NULL, 0) : rca_bytes_from (text, (gsize)colon + 2);
}

static gboolean
read_duration (const RcaPostgresRecord *r, RcaPostgresMemory *memory, RcaArena *arena, RcaEvent *ev)
{
  gint64 ns;
  RcaBytes rest;
  gboolean executes;
  if (!rca_postgres_duration (r->message, &ns, &rest))
    return FALSE;
  rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
  if (rca_bytes_has_prefix (rest, RCA_BYTES ("plan:")))
  {
    read_plan (memory, r->pid, rest, ns, arena, ev);
    return TRUE;
  }
  RcaBytes query = query_of (rest, &executes);
  if (!query.p)
  {
    read_bare_duration (memory, r->pid, ns, arena, ev);
    return TRUE;
  }
  rca_postgres_memory_told_together (memory);
  rca_db_set_statement (ev, query, arena);
  if (!executes)
    return TRUE;
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  if (told_before (memory, r->pid, rca_event_str (ev, RCA_FIELD_STATEMENT), ns, arena))
    ev->flags |= RCA_EVENT_DUPLICATE;
  return TRUE;
}

/* log_statement's "statement: Q" and "execute NAME: Q". */
static gboolean
read_logged_statement (const RcaPostgresRecord *r, RcaPostgresMemory *memory, RcaArena *arena, RcaEvent *ev)
{
  gboolean executes;
  RcaBytes query = query_of (r->message, &executes);
  if (!query.p || !executes || ev->severity != RCA_SEVERITY_INFO)
    return FALSE;
  rca_db_set_statement (ev, query, arena);
  RcaPostgresBackend *backend = rca_postgres_memory_backend (memory, r->pid, TRUE);
  if (backend)
  {
    g_string_truncate (backend->text, 0);
    g_string_append_len (backend->text, query.p, (gssize)MIN (query.n, LONGEST_REMEMBERED));
  }
  return TRUE;
}

/* ---- locks ---- */

/* "process 123 still waiting for ShareLock on transaction 7 after 150.076 ms" + DETAIL:
 * "Process holding the lock: 12. Wait queue: 123." */
static gboolean
read_lock_wait (const RcaPostgresRecord *r, RcaEvent *ev)
{
  static const char *const verbs[]
      = { " still waiting for ", " acquired ", " detected deadlock while waiting for ", " avoided deadlock for ", " failed to acquire " };
  gboolean known = FALSE;
  gint64 ns;
  if (!rca_bytes_has_prefix (r->message, RCA_BYTES ("process ")))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    known |= rca_bytes_find (r->message, rca_bytes_str (verbs[i])) > 0;
  if (!known)
    return FALSE;
  RcaBytes after = rca_bytes_behind (r->message, " after ", " ");
  if (after.n && rca_parse_duration (after, RCA_NS_PER_MS, &ns))
  {
    rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
    rca_event_set_num (ev, RCA_FIELD_LOCK_TIME, ns);
  }
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_LOCK_WAIT);
  gint64 holder = rca_leading_int (rca_bytes_behind (r->detail, "holding the lock: ", "."));
  if (holder == 0) /* several share it */
    holder = rca_leading_int (rca_bytes_behind (r->detail, "holding the locks: ", "."));
  if (holder > 0)
    rca_event_set_num (ev, RCA_FIELD_HOLDER_PID, holder);
  return TRUE;
}

/* A deadlock's DETAIL: "Process 1 waits for ShareLock on transaction 7; blocked by process 2." */
static void
read_deadlock_holder (const RcaPostgresRecord *r, RcaEvent *ev)
{
  gint64 holder = rca_leading_int (rca_bytes_behind (r->detail, "blocked by process ", "."));
  if (holder > 0)
    rca_event_set_num (ev, RCA_FIELD_HOLDER_PID, holder);
}

/* ---- the rest by their texts; first match wins ---- */

static const RcaDbText texts[] = {
  { "deadlock detected", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "(Deadlock)", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK }, /* in most translations */
  { "due to lock timeout", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "could not obtain lock on", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "due to statement timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "due to transaction timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "due to conflict with recovery", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "due to idle-in-transaction timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },
  { "due to idle-session timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },
  { "due to user request", RCA_DB_EVENT_CANCEL, RCA_FAILURE_NONE },
  { "terminating walsender process", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "terminating walreceiver", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "due to administrator command", RCA_DB_EVENT_CANCEL, RCA_FAILURE_DB_LOST },
  { "too many clients already", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "remaining connection slots are reserved", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "too many connections for", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Disk quota exceeded", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "out of memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "out of shared memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Cannot allocate memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "was terminated by signal", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "terminating any other active server processes", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "terminating connection because of crash", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "the database system is in recovery mode", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_REFUSED },
  { "the database system is starting up", RCA_DB_EVENT_START, RCA_FAILURE_DB_REFUSED },
  { "the database system is not yet accepting", RCA_DB_EVENT_START, RCA_FAILURE_DB_REFUSED },
  { "the database system is not accepting", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "the database system is shutting down", RCA_DB_EVENT_STOP, RCA_FAILURE_DB_REFUSED },
  { "is not currently accepting connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "database system was interrupted", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "database system was not properly shut down", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "automatic recovery in progress", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "database system is ready to accept", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "shutdown request", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "database system is shut down", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "in a read-only transaction", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
  { "during recovery", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
  { "temporary file: path", RCA_DB_EVENT_TEMP_FILE, RCA_FAILURE_NONE },
  { "checkpoint", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "restartpoint", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "automatic vacuum of table", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "automatic aggressive vacuum", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "automatic analyze of table", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "to prevent wraparound", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "must be vacuumed within", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "database is not accepting commands", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_READ_ONLY },
  { "could not receive data from WAL stream", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "could not connect to the primary server", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "requested WAL segment", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "received promote request", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "selected new timeline", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "could not receive data from client", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "could not send data to client", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "connection to client lost", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "unexpected EOF on client connection", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "authentication failed", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "no pg_hba.conf entry", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "pg_hba.conf rejects", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
};

/* Where the text is translated, its code is not (PostgreSQL manual, appendix A). */
static const RcaDbText codes[] = {
  { "40P01", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },   { "55P03", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "57014", RCA_DB_EVENT_CANCEL, RCA_FAILURE_NONE },         { "53300", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "53100", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL }, { "53200", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "57P01", RCA_DB_EVENT_CANCEL, RCA_FAILURE_DB_LOST },      { "57P02", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "57P03", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },  { "57P05", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },
  { "25P03", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },     { "25006", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
  { "28P01", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },     { "28000", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
};

static void
read_text (const RcaPostgresRecord *r, RcaArena *arena, RcaEvent *ev)
{
  gboolean known = rca_db_text_read (texts, G_N_ELEMENTS (texts), rca_bytes_until (r->message, "\n"), ev);
  if (!known && r->sqlstate.n == 5)
    known = rca_db_text_read (codes, G_N_ELEMENTS (codes), r->sqlstate, ev);
  if (rca_event_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_NONE) == RCA_DB_EVENT_DEADLOCK)
    read_deadlock_holder (r, ev);
  if (!known && ev->severity >= RCA_SEVERITY_ERROR && r->message.n)
    rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_DB_ERROR);
  /* a backend that crashed: DETAIL says at what */
  RcaBytes crashed = rca_bytes_behind (r->detail, "Failed process was running: ", "");
  if (crashed.n)
    rca_db_set_statement (ev, crashed, arena);
}

/* `parameter "work_mem" changed to "64MB"`, after a reload. */
static gboolean
is_setting (RcaBytes message)
{
  return rca_bytes_has_prefix (message, RCA_BYTES ("parameter \""))
         && (rca_bytes_find (message, RCA_BYTES ("\" changed to ")) > 0 || rca_bytes_find (message, RCA_BYTES ("removed from configuration file")) > 0);
}

/* "10.0.0.5:50000" (csvlog) without its port, "[local]" not at all. */
static RcaBytes
client_address (RcaBytes client)
{
  const char *port = client.n ? memrchr (client.p, ':', client.n) : NULL;
  if (client.n && client.p[0] == '[')
    client.n = 0;
  else if (port && memchr (client.p, '.', client.n)) /* of version 6 the last part cannot be told from a port */
    client.n = (gsize)(port - client.p);
  return client;
}

void
rca_postgres_interpret (const RcaPostgresRecord *r, RcaPostgresMemory *memory, RcaArena *arena, RcaEvent *ev)
{
  ev->stream = RCA_STREAM_DB;
  ev->severity = rca_postgres_severity (r->severity);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, r->message);
  rca_event_set_str (ev, RCA_FIELD_SQLSTATE, rca_bytes_equal (r->sqlstate, RCA_BYTES ("00000")) ? rca_bytes (NULL, 0) : r->sqlstate);
  rca_event_set_str (ev, RCA_FIELD_DB_USER, r->user);
  rca_event_set_str (ev, RCA_FIELD_DB_NAME, r->database);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, r->application);
  rca_event_set_str (ev, RCA_FIELD_CLIENT, client_address (r->client));
  rca_event_set_str (ev, RCA_FIELD_SESSION, r->session);
  if (r->pid > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, r->pid);
  if (read_duration (r, memory, arena, ev) || read_logged_statement (r, memory, arena, ev))
    return;
  if (r->statement.n)
    rca_db_set_statement (ev, r->statement, arena);
  if (!read_lock_wait (r, ev))
    read_text (r, arena, ev);
  if (is_setting (r->message))
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
}
