/* SQL Server's ERRORLOG: "2026-11-24 02:09:24.12 spid52      text". An error is told in two lines,
 * "Error: 1205, Severity: 13, State: 51." and its text, of the same time and session. */
#include "../db-log.h"
#include "formats.h"

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  if (line.n < 34 || !g_ascii_isdigit (line.p[0]) || line.p[22] != ' ' || line.p[19] != '.')
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  RcaBytes rest = rca_bytes_skip_blank (rca_bytes_from (line, took)), source = rca_bytes_until (rest, " ");
  if (took != 22 || source.n == 0 || rest.n < 12)
    return FALSE;
  gboolean session = rca_bytes_has_prefix (source, RCA_BYTES ("spid"));
  if (!session && !rca_bytes_equal (source, RCA_BYTES ("Server")) && !rca_bytes_equal (source, RCA_BYTES ("Logon"))
      && !rca_bytes_equal (source, RCA_BYTES ("Backup")))
    return FALSE;
  head->stamped = TRUE;
  head->logger = source;
  head->pid = session ? rca_leading_int (rca_bytes_from (source, 4)) : 0;
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, source.n));
  gint64 severity = rca_leading_int (rca_bytes_behind (head->text, ", Severity: ", ","));
  if (rca_bytes_has_prefix (head->text, RCA_BYTES ("Error: ")) && severity > 10)
    head->severity = severity >= 20 ? RCA_SEVERITY_FATAL : RCA_SEVERITY_ERROR; /* 20 on end the connection (sys.messages) */
  return TRUE;
}

static const RcaDbText texts[] = {
  { "Error: 1205,", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "Error: 1222,", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "Error: 9002,", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Error: 1105,", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Error: 1101,", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Error: 701,", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Error: 802,", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Error: 17300,", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Error: 17809,", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "Error: 18456,", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "Error: 3906,", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_READ_ONLY },
  { "FlushCache: cleaned up", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "taking longer than 15 seconds", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "paged out", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "deadlock-list", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "Deadlock encountered", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "is changing roles from", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "SQL Server is now ready for client connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "SQL Server is terminating", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "SQL Server shutdown", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "Stack Dump being sent", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "SqlDumpExceptionHandler", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Configuration option '", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
};

static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  if (head->severity >= RCA_SEVERITY_ERROR && !rca_event_has (ev, RCA_FIELD_FAILURE))
    rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_DB_ERROR);
  if (head->severity >= RCA_SEVERITY_ERROR)
    rca_event_set_str (ev, RCA_FIELD_SQLSTATE, rca_bytes_behind (head->text, "Error: ", ","));
  if (rca_bytes_has_prefix (head->text, RCA_BYTES ("Configuration option '")) && rca_bytes_find (head->text, RCA_BYTES (" changed from ")) > 0)
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
  rca_event_set_str (ev, RCA_FIELD_DB_USER, rca_bytes_behind (head->text, "Login failed for user '", "'"));
  rca_event_set_str (ev, RCA_FIELD_CLIENT, rca_bytes_behind (head->text, "[CLIENT: ", "]"));
}

static const RcaDbLogProduct product = { "SQL Server's error log", read_head, NULL, texts, G_N_ELEMENTS (texts), read_more };

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  rca_db_log_sniff (&product, sample, out);
}

static gpointer
log_open (const RcaSampleLines *sample)
{
  return rca_db_log_open (&product, sample);
}

const RcaFormat rca_format_sql_server = {
  .name = "sql-server",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
