#include "postgres-message.h"
#include "identity.h"
#include "number.h"
#include <xxhash.h>

enum { MOST_BACKENDS = 4096 }; /* remembered; a busy server has a few hundred */

typedef struct
{
  guint64 query;
  gint64 duration_ns;
} LastPlan;

struct RcaPostgresMemory
{
  GHashTable *plans; /* pid → LastPlan* */
};

RcaPostgresMemory *
rca_postgres_memory_new (void)
{
  RcaPostgresMemory *m = g_new (RcaPostgresMemory, 1);
  m->plans = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  return m;
}

void
rca_postgres_memory_free (RcaPostgresMemory *m)
{
  g_hash_table_unref (m->plans);
  g_free (m);
}

RcaSeverity
rca_postgres_severity (RcaBytes w)
{
  static const struct
  {
    const char *word;
    RcaSeverity severity;
  } table[] = {
    { "LOG", RCA_SEVERITY_INFO }, { "ERROR", RCA_SEVERITY_ERROR }, { "FATAL", RCA_SEVERITY_FATAL }, { "PANIC", RCA_SEVERITY_FATAL }, { "WARNING", RCA_SEVERITY_WARN },
    { "NOTICE", RCA_SEVERITY_INFO }, { "INFO", RCA_SEVERITY_INFO }, { "DEBUG", RCA_SEVERITY_DEBUG },
    /* lc_messages: German, French, Spanish, Italian, Portuguese */
    { "FEHLER", RCA_SEVERITY_ERROR }, { "WARNUNG", RCA_SEVERITY_WARN }, { "HINWEIS", RCA_SEVERITY_INFO }, { "PANIK", RCA_SEVERITY_FATAL },
    { "ERREUR", RCA_SEVERITY_ERROR }, { "ATTENTION", RCA_SEVERITY_WARN }, { "ERRORE", RCA_SEVERITY_ERROR }, { "ATTENZIONE", RCA_SEVERITY_WARN },
    { "ADVERTENCIA", RCA_SEVERITY_WARN }, { "ERRO", RCA_SEVERITY_ERROR }, { "AVISO", RCA_SEVERITY_WARN },
  };
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (rca_bytes_equal (w, rca_bytes_str (table[i].word)) || (i == 7 && rca_bytes_has_prefix (w, RCA_BYTES ("DEBUG"))))
      return table[i].severity;
  return RCA_SEVERITY_NONE;
}

static RcaBytes
skip_blank (RcaBytes b)
{
  while (b.n && g_ascii_isspace (b.p[0]))
    b = rca_bytes_from (b, 1);
  return b;
}

/* A query as the log wraps it: continuation lines begin with a tab. The fingerprint folds white
 * space anyway, so the bytes stay as they are. */
static guint64
query_hash (RcaBytes query, RcaArena *arena)
{
  return rca_sql_fingerprint (query, arena).id;
}

static void
set_statement (RcaEvent *ev, RcaBytes query)
{
  query = skip_blank (query);
  while (query.n && g_ascii_isspace (query.p[query.n - 1]))
    query.n--;
  rca_event_set_str (ev, RCA_FIELD_STATEMENT, query);
}

static void
remember_plan (RcaPostgresMemory *m, gint64 pid, guint64 query, gint64 duration)
{
  if (pid <= 0)
    return;
  if (g_hash_table_size (m->plans) >= MOST_BACKENDS)
    g_hash_table_remove_all (m->plans);
  LastPlan plan = { query, duration };
  g_hash_table_insert (m->plans, g_memdup2 (&pid, sizeof pid), g_memdup2 (&plan, sizeof plan));
}

/* The plan of the very same execution stood just before: the duration of the whole contains it. */
static gboolean
told_before (RcaPostgresMemory *m, gint64 pid, guint64 query, gint64 duration)
{
  LastPlan *plan = pid > 0 ? g_hash_table_lookup (m->plans, &pid) : NULL;
  if (!plan)
    return FALSE;
  gboolean same = plan->query == query && duration >= plan->duration_ns;
  g_hash_table_remove (m->plans, &pid);
  return same;
}

/* "duration: 52.1 ms  statement: …", "… execute NAME: …", "… plan:\n\tQuery Text: …" */
static gboolean
read_duration (const RcaPostgresRecord *r, RcaPostgresMemory *m, RcaArena *arena, RcaEvent *ev)
{
  static const char head[] = "duration: ";
  gint64 ns;
  if (!rca_bytes_has_prefix (r->message, RCA_BYTES (head)))
    return FALSE;
  RcaBytes rest = rca_bytes_from (r->message, sizeof head - 1);
  const char *ms = memmem (rest.p, rest.n, " ms", 3);
  if (!ms || !rca_parse_duration (rca_bytes (rest.p, (gsize) (ms - rest.p)), RCA_NS_PER_MS, &ns))
    return FALSE;
  rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
  rest = skip_blank (rca_bytes_from (rest, (gsize) (ms - rest.p) + 3));
  if (rca_bytes_has_prefix (rest, RCA_BYTES ("plan:")))
    {
      gssize at = rca_bytes_find (rest, RCA_BYTES ("Query Text: "));
      if (at < 0)
        return TRUE;
      RcaBytes query = rca_bytes_from (rest, (gsize) at + 12);
      /* the plan begins at the first line with "(cost=" */
      gssize cost = rca_bytes_find (query, RCA_BYTES ("(cost="));
      if (cost > 0)
        {
          const char *line = memrchr (query.p, '\n', (gsize) cost);
          query.n = line ? (gsize) (line - query.p) : (gsize) cost;
        }
      set_statement (ev, query);
      rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
      remember_plan (m, r->pid, query_hash (query, arena), ns);
      return TRUE;
    }
  gboolean statement = rca_bytes_has_prefix (rest, RCA_BYTES ("statement: ")), execute = rca_bytes_has_prefix (rest, RCA_BYTES ("execute "));
  gssize colon = statement ? 9 : rca_bytes_find (rest, RCA_BYTES (": "));
  if (colon < 0)
    return TRUE;
  RcaBytes query = rca_bytes_from (rest, (gsize) colon + 2);
  set_statement (ev, query);
  if (!statement && !execute)
    return TRUE; /* parse, bind: parts of an execution */
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  if (told_before (m, r->pid, query_hash (query, arena), ns))
    ev->flags |= RCA_EVENT_DUPLICATE;
  return TRUE;
}

/* "process 123 still waiting for ShareLock on transaction 7 after 150.076 ms" + DETAIL:
 * "Process holding the lock: 12. Wait queue: 123." */
static gboolean
read_lock_wait (const RcaPostgresRecord *r, RcaEvent *ev)
{
  gssize waiting = rca_bytes_find (r->message, RCA_BYTES (" still waiting for ")), acquired = rca_bytes_find (r->message, RCA_BYTES (" acquired "));
  if (!rca_bytes_has_prefix (r->message, RCA_BYTES ("process ")) || (waiting < 0 && acquired < 0))
    return FALSE;
  gssize after = rca_bytes_find (r->message, RCA_BYTES (" after "));
  gint64 ns;
  if (after > 0)
    {
      RcaBytes text = rca_bytes_from (r->message, (gsize) after + 7);
      const char *ms = memmem (text.p, text.n, " ms", 3);
      if (ms && rca_parse_duration (rca_bytes (text.p, (gsize) (ms - text.p)), RCA_NS_PER_MS, &ns))
        {
          rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
          rca_event_set_num (ev, RCA_FIELD_LOCK_TIME, ns);
        }
    }
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_LOCK_WAIT);
  gssize holder = rca_bytes_find (r->detail, RCA_BYTES ("holding the lock: "));
  if (holder >= 0)
    {
      RcaBytes digits = rca_bytes_from (r->detail, (gsize) holder + 18);
      gsize n = 0;
      gint64 pid;
      while (n < digits.n && g_ascii_isdigit (digits.p[n]))
        n++;
      if (rca_parse_int (rca_bytes (digits.p, n), &pid))
        rca_event_set_num (ev, RCA_FIELD_HOLDER_PID, pid);
    }
  return TRUE;
}

/* The rest by their texts; first match wins. */
static const struct
{
  const char *needle;
  RcaDbEvent event;
  RcaFailure failure;
} texts[] = {
  { "deadlock detected", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "due to lock timeout", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "due to statement timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "due to conflict with recovery", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "due to idle-in-transaction timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_NONE },
  { "due to user request", RCA_DB_EVENT_CANCEL, RCA_FAILURE_NONE },
  { "due to administrator command", RCA_DB_EVENT_CANCEL, RCA_FAILURE_NONE },
  { "too many clients already", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "remaining connection slots are reserved", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "too many connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "out of memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "was terminated by signal", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "terminating any other active server processes", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "terminating connection because of crash", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "the database system is in recovery mode", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_REFUSED },
  { "the database system is starting up", RCA_DB_EVENT_START, RCA_FAILURE_DB_REFUSED },
  { "the database system is shutting down", RCA_DB_EVENT_STOP, RCA_FAILURE_DB_REFUSED },
  { "database system was interrupted", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "automatic recovery in progress", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "database system is ready to accept", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "shutdown request", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "database system is shut down", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "cannot execute", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
  { "temporary file: path", RCA_DB_EVENT_TEMP_FILE, RCA_FAILURE_NONE },
  { "checkpoint", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "restartpoint", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "automatic vacuum of table", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "automatic analyze of table", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "could not receive data from WAL stream", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "terminating walsender process", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "requested WAL segment", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "could not receive data from client", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "could not send data to client", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "unexpected EOF on client connection", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "password authentication failed", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "no pg_hba.conf entry", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
};

static void
read_text (const RcaPostgresRecord *r, RcaEvent *ev)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (rca_bytes_find (r->message, rca_bytes_str (texts[i].needle)) >= 0)
      {
        if (texts[i].event == RCA_DB_EVENT_NONE && rca_bytes_find (r->message, RCA_BYTES ("read-only")) < 0 && rca_bytes_find (r->message, RCA_BYTES ("recovery")) < 0)
          continue;
        if (texts[i].event != RCA_DB_EVENT_NONE)
          rca_event_set_num (ev, RCA_FIELD_DB_EVENT, texts[i].event);
        if (texts[i].failure != RCA_FAILURE_NONE && ev->severity >= RCA_SEVERITY_WARN)
          rca_event_set_num (ev, RCA_FIELD_FAILURE, texts[i].failure);
        return;
      }
  if (ev->severity >= RCA_SEVERITY_ERROR && r->message.n)
    rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_DB_ERROR);
}

static void
take_tag (RcaBytes key, RcaBytes value, gpointer user)
{
  RcaEvent *ev = user;
  if (rca_bytes_equal (key, RCA_BYTES ("traceparent")) && value.n >= 35)
    rca_event_set_str (ev, RCA_FIELD_TRACE_ID, rca_bytes (value.p + 3, 32));
  else if (rca_bytes_equal (key, RCA_BYTES ("request_id")))
    rca_event_set_str (ev, RCA_FIELD_REQUEST_ID, value);
  else if (rca_bytes_equal (key, RCA_BYTES ("trace_id")))
    rca_event_set_str (ev, RCA_FIELD_TRACE_ID, value);
  else if (rca_bytes_equal (key, RCA_BYTES ("application")) || rca_bytes_equal (key, RCA_BYTES ("service_name")))
    rca_event_set_str (ev, RCA_FIELD_SERVICE, value);
}

void
rca_postgres_interpret (const RcaPostgresRecord *r, RcaPostgresMemory *m, RcaArena *arena, RcaEvent *ev)
{
  ev->stream = RCA_STREAM_DB;
  ev->severity = rca_postgres_severity (r->severity);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, r->message);
  rca_event_set_str (ev, RCA_FIELD_SQLSTATE, rca_bytes_equal (r->sqlstate, RCA_BYTES ("00000")) ? rca_bytes (NULL, 0) : r->sqlstate);
  rca_event_set_str (ev, RCA_FIELD_DB_USER, r->user);
  rca_event_set_str (ev, RCA_FIELD_DB_NAME, r->database);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, r->application);
  rca_event_set_str (ev, RCA_FIELD_CLIENT, r->client);
  rca_event_set_str (ev, RCA_FIELD_SESSION, r->session);
  if (r->pid > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, r->pid);
  if (!read_duration (r, m, arena, ev))
    {
      if (r->statement.n)
        set_statement (ev, r->statement);
      if (!read_lock_wait (r, ev))
        read_text (r, ev);
    }
  if (rca_event_has (ev, RCA_FIELD_STATEMENT))
    rca_sql_comment_tags (rca_event_str (ev, RCA_FIELD_STATEMENT), arena, take_tag, ev);
}
