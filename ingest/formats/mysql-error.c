/* Error log of MySQL and MariaDB.
 * MySQL 5.7/8.0: "2020-08-06T14:25:02.835618Z 0 [Note] [MY-012487] [InnoDB] text"; MariaDB:
 * "2026-11-24  0:33:04 21 [Note] InnoDB: text"; 5.5: "261124  0:33:06 [Note] text". A crash is told as
 * "2026-11-24T00:33:06Z UTC - mysqld got signal 11 ;" with a backtrace that names the statement. */
#include "../db-text.h"
#include "../timestamp.h"
#include "formats.h"
#include "mysql-error.h"

typedef struct {
  RcaStampContext context;
  RcaArena *arena;
} State;

static const struct {
  const char *word;
  RcaSeverity severity;
} levels[] = {
  { "Note", RCA_SEVERITY_INFO },   { "System", RCA_SEVERITY_INFO }, { "Warning", RCA_SEVERITY_WARN },
  { "ERROR", RCA_SEVERITY_ERROR }, { "Error", RCA_SEVERITY_ERROR }, { "FATAL", RCA_SEVERITY_FATAL },
};

static const RcaDbText texts[] = {
  { "ransactions deadlock detected", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "Deadlock found", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "Lock wait timeout", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "Long semaphore wait", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "A long semaphore wait", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "Semaphore wait has lasted", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Too many connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "because of many connection errors", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "max_user_connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "Can't create thread to handle new connection", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Disk is full", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "OS errno 28", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Errcode: 28", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "errno: 28", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "error number 28", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "' is full", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Out of memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Cannot allocate memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "errno 12", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "got signal ", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "got exception 0x", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Assertion failure", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "crash recovery", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "was not shutdown normally", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "was not shut down normally", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "ready for connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "Received SHUTDOWN from user", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "ormal shutdown", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "hutdown complete", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "hutdown completed", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
  { "Initiated by: ", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "intended loop took", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "checkpoint age", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "Aborted connection", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "communication packets", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "Access denied", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "read-only", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
};

/* Replication and clusters note every start of theirs: only what they warn of tells. */
static const RcaDbText warnings[] = {
  { "Slave", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Replica", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "connecting to master", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "connecting to source", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "group_replication", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Semi-sync", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "WSREP", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
};
static const RcaDbText notes[] = {
  { "non-Primary", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "NON_PRIM", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
};

typedef struct {
  RcaStamp stamp;
  RcaSeverity severity;
  gint64 thread;
  RcaBytes text;
} Head;

static gboolean
read_level (RcaBytes word, RcaSeverity *severity)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (rca_bytes_is (word, levels[i].word))
    {
      *severity = levels[i].severity;
      return TRUE;
    }
  return FALSE;
}

/* "UTC - mysqld got signal 11 ;" */
static gboolean
read_crash (RcaBytes rest, Head *head)
{
  if (rca_bytes_has_prefix (rest, RCA_BYTES ("UTC - ")))
    rest = rca_bytes_from (rest, 6);
  gssize at = rca_bytes_find (rca_bytes (rest.p, MIN (rest.n, 40)), RCA_BYTES (" got signal "));
  if (at <= 0 || memchr (rest.p, ' ', (gsize)at))
    return FALSE;
  head->severity = RCA_SEVERITY_FATAL;
  head->text = rest;
  return TRUE;
}

/* InnoDB of 5.5 and 5.6 by itself: "7f1234567890 InnoDB: Error: page 1 …". */
static gboolean
read_innodb (RcaBytes rest, Head *head)
{
  gsize n = 0;
  while (n < rest.n && g_ascii_isxdigit (rest.p[n]))
    n++;
  RcaBytes text = rca_bytes_from (rest, n + 1);
  if (n < 8 || n > 16 || !rca_bytes_has_prefix (text, RCA_BYTES ("InnoDB: ")))
    return FALSE;
  RcaBytes said = rca_bytes_from (text, 8);
  head->severity = rca_bytes_starts (said, "Error") || rca_bytes_starts (said, "ERROR") ? RCA_SEVERITY_ERROR
                   : rca_bytes_starts (said, "Warning")                                ? RCA_SEVERITY_WARN
                                                                                       : RCA_SEVERITY_INFO;
  head->text = text;
  return TRUE;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, Head *head)
{
  *head = (Head){ .thread = 0 };
  if (line.n < 16 || !g_ascii_isdigit (line.p[0]))
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  if (took < 8)
    return FALSE;
  RcaBytes rest = rca_bytes_skip_blank (rca_bytes_from (line, took));
  if (read_crash (rest, head) || read_innodb (rest, head))
    return TRUE;
  gsize digits = 0;
  while (digits < rest.n && g_ascii_isdigit (rest.p[digits]))
    digits++;
  head->thread = rca_leading_int (rest);
  rest = rca_bytes_skip_blank (rca_bytes_from (rest, digits));
  const char *close = took >= 14 && rest.n && rest.p[0] == '[' ? memchr (rest.p, ']', MIN (rest.n, 12)) : NULL;
  if (!close || !read_level (rca_bytes (rest.p + 1, (gsize)(close - rest.p - 1)), &head->severity))
    return FALSE;
  rest = rca_bytes_skip_blank (rca_bytes_from (rest, (gsize)(close - rest.p) + 1));
  while (rest.n && rest.p[0] == '[' && (close = memchr (rest.p, ']', MIN (rest.n, 24))))
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, (gsize)(close - rest.p) + 1)); /* [MY-…] [Subsystem] */
  head->text = rest;
  return TRUE;
}

static gboolean
is_banner (RcaBytes line)
{
  return (rca_bytes_find (line, RCA_BYTES (", Version: ")) > 0 && rca_bytes_find (line, RCA_BYTES ("started with")) > 0)
         || rca_bytes_has_prefix (line, RCA_BYTES ("Tcp port: "))
         || (rca_bytes_has_prefix (line, RCA_BYTES ("Time")) && rca_bytes_find (line, RCA_BYTES ("Command")) > 0);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    lines += sample->line[i].n > 0;
    fits += read_head (sample->line[i], &context, &head);
  }
  if (fits == 0 || fits * 10 < lines)
    return;
  out->score = 76 + (gint)(22 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as MySQL's error log: time, thread, [Level]", fits, lines);
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  State *s = g_new0 (State, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  return s;
}

static void
state_close (gpointer state)
{
  State *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  State *s = state;
  Head head;
  RcaStampContext scratch = s->context;
  if (line.n == 0 || is_banner (line))
    return RCA_LINE_NONE;
  return read_head (line, &scratch, &head) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

/* "Aborted connection 12 to db: 'shop' user: 'app' host: '10.0.0.5' (…)", "Access denied for user
 * 'app'@'10.0.0.5'". */
static void
read_names (RcaBytes text, RcaEvent *ev)
{
  static const struct {
    const char *mark;
    RcaField field;
  } marks[] = {
    { "to db: '", RCA_FIELD_DB_NAME },   { " user: '", RCA_FIELD_DB_USER }, { " host: '", RCA_FIELD_CLIENT },
    { "for user '", RCA_FIELD_DB_USER }, { "'@'", RCA_FIELD_CLIENT },       { " to database '", RCA_FIELD_DB_NAME },
  };
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
  {
    RcaBytes value = rca_bytes_behind (text, marks[i].mark, "'\n");
    if (value.n && !rca_bytes_equal (value, RCA_BYTES ("unconnected")))
      rca_event_set_str (ev, marks[i].field, value);
  }
  gint64 thread = rca_leading_int (rca_bytes_behind (text, "Aborted connection ", " "));
  if (thread > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, thread);
}

void
rca_mysql_error_read (RcaBytes text, RcaEvent *ev)
{
  gboolean known = rca_db_text_read (texts, G_N_ELEMENTS (texts), text, ev) || rca_db_text_read (notes, G_N_ELEMENTS (notes), text, ev);
  if (!known && ev->severity >= RCA_SEVERITY_WARN)
    rca_db_text_read (warnings, G_N_ELEMENTS (warnings), text, ev);
  if (ev->severity >= RCA_SEVERITY_WARN || rca_event_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_NONE) == RCA_DB_EVENT_DISCONNECT)
    read_names (text, ev);
  /* a client's address without a name costs nothing and fails nothing */
  if (rca_bytes_has_prefix (text, RCA_BYTES ("IP address '")) || rca_bytes_has_prefix (text, RCA_BYTES ("Hostname '")))
    rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_NONE);
}

/* A crash's backtrace: "Query (0x7f…): SELECT …". */
static void
read_crashed_statement (RcaBytes record, RcaArena *arena, RcaEvent *ev)
{
  RcaBytes query = rca_bytes_behind (record, "\nQuery (", "\n");
  gssize colon = rca_bytes_find (query, RCA_BYTES ("): "));
  if (colon > 0 && !rca_bytes_has_prefix (rca_bytes_from (query, (gsize)colon + 3), RCA_BYTES ("is an invalid pointer")))
    rca_db_set_statement (ev, rca_bytes_from (query, (gsize)colon + 3), arena);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *s = state;
  Head head;
  if (!read_head (rca_bytes_until (record, "\n"), &s->context, &head))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&head.stamp, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = head.severity;
  if (head.thread > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, head.thread);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, head.text);
  rca_mysql_error_read (head.text, ev);
  if (rca_event_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_NONE) == RCA_DB_EVENT_CRASH)
  {
    rca_arena_reset (s->arena);
    read_crashed_statement (record, s->arena, ev);
  }
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_mysql_error = {
  .name = "mysql-error",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = state_open,
  .close = state_close,
  .line = line_kind,
  .decode = decode,
};
