/* Error and general logs of MySQL and MariaDB.
 * MySQL 5.7/8.0: "2020-08-06T14:25:02.835618Z 0 [Note] [MY-012487] [InnoDB] text"; MariaDB:
 * "2026-11-24  0:33:04 21 [Note] InnoDB: text"; 5.5: "261124  0:33:06 [Note] text".
 * General log: "2025-08-15T14:03:50.259438Z<TAB>    9 Query<TAB>text". */
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct
{
  RcaStampContext context;
} State;

static const struct
{
  const char *word;
  RcaSeverity severity;
} levels[] = {
  { "Note", RCA_SEVERITY_INFO }, { "System", RCA_SEVERITY_INFO }, { "Warning", RCA_SEVERITY_WARN }, { "ERROR", RCA_SEVERITY_ERROR }, { "Error", RCA_SEVERITY_ERROR },
};

static const struct
{
  const char *needle;
  RcaDbEvent event;
  RcaFailure failure;
} texts[] = {
  { "deadlock detected", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK }, { "Deadlock", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "Lock wait timeout", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "Too many connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED }, { "is blocked because of many connection errors", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "Aborted connection", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE }, { "Got an error reading communication packets", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "Got an error writing communication packets", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE }, { "Got timeout reading", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL }, { "is full", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Disk is full", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL }, { "OS errno 28", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Out of memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY }, { "got signal", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "crash recovery", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE }, { "Database was not shutdown normally", RCA_DB_EVENT_CRASH, RCA_FAILURE_NONE },
  { "ready for connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE }, { "Normal shutdown", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "Shutdown complete", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE }, { "shutdown initiated", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "Slave SQL", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE }, { "Slave I/O", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE }, { "Replica", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Access denied", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED }, { "read-only", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
};

typedef struct
{
  RcaStamp stamp;
  RcaSeverity severity;
  gint64 thread;
  gboolean general;
  RcaBytes text;
} Head;

static gboolean
read_level (RcaBytes word, RcaSeverity *severity)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (rca_bytes_equal (word, rca_bytes_str (levels[i].word)))
      {
        *severity = levels[i].severity;
        return TRUE;
      }
  return FALSE;
}

static RcaBytes
skip (RcaBytes b)
{
  while (b.n && (b.p[0] == ' ' || b.p[0] == '\t'))
    b = rca_bytes_from (b, 1);
  return b;
}

/* Commands of the general log. */
static gboolean
is_command (RcaBytes b)
{
  static const char *const words[] = { "Query\t", "Connect\t", "Quit\t", "Prepare\t", "Execute\t", "Init DB\t", "Close stmt\t", "Field List\t", "Statistics", "Ping", "Quit", "Binlog Dump", "Reset", "Change user" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_has_prefix (b, rca_bytes_str (words[i])))
      return TRUE;
  return FALSE;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, Head *head)
{
  *head = (Head){ 0 };
  if (line.n < 16 || !g_ascii_isdigit (line.p[0]))
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  if (took < 14)
    return FALSE;
  RcaBytes rest = skip (rca_bytes_from (line, took));
  gsize n = 0;
  while (n < rest.n && g_ascii_isdigit (rest.p[n]))
    n++;
  if (n)
    {
      rca_parse_int (rca_bytes (rest.p, n), &head->thread);
      rest = skip (rca_bytes_from (rest, n));
    }
  if (n && is_command (rest))
    {
      head->general = TRUE;
      head->severity = RCA_SEVERITY_INFO;
      const char *tab = memchr (rest.p, '\t', rest.n);
      head->text = tab ? rca_bytes_from (rest, (gsize) (tab - rest.p) + 1) : rest;
      return TRUE;
    }
  const char *close = rest.n && rest.p[0] == '[' ? memchr (rest.p, ']', rest.n) : NULL;
  if (!close || !read_level (rca_bytes (rest.p + 1, (gsize) (close - rest.p - 1)), &head->severity))
    return FALSE;
  rest = skip (rca_bytes_from (rest, (gsize) (close - rest.p) + 1));
  while (rest.n && rest.p[0] == '[' && (close = memchr (rest.p, ']', MIN (rest.n, 24))))
    rest = skip (rca_bytes_from (rest, (gsize) (close - rest.p) + 1)); /* [MY-…] [Subsystem] */
  head->text = rest;
  return TRUE;
}

static gboolean
is_banner (RcaBytes line)
{
  return (rca_bytes_find (line, RCA_BYTES (", Version: ")) > 0 && rca_bytes_find (line, RCA_BYTES ("started with")) > 0) || rca_bytes_has_prefix (line, RCA_BYTES ("Tcp port: "))
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
  out->score = 60 + (gint) (35 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as MySQL's error or general log: time, thread, [Level] or command", fits, lines);
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  State *s = g_new0 (State, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  return s;
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

static void
read_text (RcaEvent *ev, RcaBytes text)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (rca_bytes_find (text, rca_bytes_str (texts[i].needle)) >= 0)
      {
        if (texts[i].event)
          rca_event_set_num (ev, RCA_FIELD_DB_EVENT, texts[i].event);
        if (texts[i].failure && ev->severity >= RCA_SEVERITY_WARN)
          rca_event_set_num (ev, RCA_FIELD_FAILURE, texts[i].failure);
        return;
      }
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *s = state;
  Head head;
  const char *lf = memchr (record.p, '\n', record.n);
  if (!read_head (rca_bytes (record.p, lf ? (gsize) (lf - record.p) : record.n), &s->context, &head))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&head.stamp, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = head.severity;
  if (head.thread > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, head.thread);
  rca_event_set_str (ev, head.general ? RCA_FIELD_STATEMENT : RCA_FIELD_MESSAGE, head.text);
  if (!head.general)
    read_text (ev, head.text);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_mysql_error = {
  .name = "mysql-error",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = state_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
