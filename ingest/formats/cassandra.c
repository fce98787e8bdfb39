/* Cassandra's and ScyllaDB-like system.log: "WARN  [ReadStage-2] 2026-11-24 02:09:24,123
 * ReadCommand.java:520 - text". Slow statements come several to a record, each with its time. */
#include "../db-log.h"
#include "../number.h"
#include "../severity.h"
#include "formats.h"

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  RcaBytes level = rca_bytes_until (line, " "), rest = rca_bytes_skip_blank (rca_bytes_from (line, level.n));
  if (level.n < 4 || level.n > 5 || rest.n < 30 || rest.p[0] != '[' || !rca_severity_parse (level, &head->severity))
    return FALSE;
  head->session = rca_bytes_until (rca_bytes_from (rest, 1), "]");
  rest = rca_bytes_skip_blank (rca_bytes_from (rest, head->session.n + 2));
  gsize took = rca_stamp_parse (rest, context, &head->stamp);
  if (took < 19)
    return FALSE;
  head->stamped = TRUE;
  rest = rca_bytes_skip_blank (rca_bytes_from (rest, took));
  head->logger = rca_bytes_until (rest, " ");
  gssize dash = rca_bytes_find (rest, RCA_BYTES (" - "));
  head->text = dash > 0 ? rca_bytes_from (rest, (gsize)dash + 3) : rest;
  return dash > 0 && rca_bytes_find (head->logger, RCA_BYTES (".java:")) > 0;
}

static gboolean
is_telling (const RcaDbLogHead *head)
{
  static const char *const files[] = { "CassandraDaemon",  "StorageService",        "Gossiper",          "GCInspector",       "MonitoringTask",
                                       "ReadCommand",      "CompactionTask",        "CompactionManager", "ColumnFamilyStore", "HintsDispatch",
                                       "MessagingService", "StatusLogger",          "Memtable",          "CommitLog",         "QueryProcessor",
                                       "FailureDetector",  "OutboundTcpConnection", "DroppedMessages",   "BatchStatement",    "NoSpamLogger" };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (rca_bytes_starts (head->logger, files[i]))
      return TRUE;
  return FALSE;
}

static const RcaDbText texts[] = {
  { "OutOfMemoryError", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Not enough space for compaction", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "messages were dropped", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "ReadTimeoutException", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "WriteTimeoutException", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "UnavailableException", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_REFUSED },
  { "is now DOWN", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { " GC in ", RCA_DB_EVENT_MEMORY, RCA_FAILURE_NONE },
  { "ompacted ", RCA_DB_EVENT_VACUUM, RCA_FAILURE_NONE },
  { "Starting listening for CQL clients", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "Stop listening for CQL clients", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "JVM state determined to be unstable", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
};

/* "1 operations were slow in the last 4998 msecs:\n<SELECT …>, time 1012 msec - slow timeout 500 msec". */
static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  gint64 ns;
  if (rca_bytes_find (head->text, RCA_BYTES ("operations were slow in the last")) < 0)
    return;
  gssize open = rca_bytes_find (record, RCA_BYTES ("\n<")), close = rca_bytes_find (record, RCA_BYTES (">, "));
  if (close < open)
    return;
  RcaBytes rest = rca_bytes_from (record, (gsize)MAX (close, 0)), ms = rca_bytes_behind (rest, "time ", " ");
  if (ms.n == 0) /* "was slow 3 times: avg/min/max 700/600/900 msec" */
    ms = rca_bytes_behind (rest, "avg/min/max ", "/");
  if (open < 0 || !rca_parse_duration (ms, RCA_NS_PER_MS, &ns))
    return;
  rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  rca_db_set_statement (ev, rca_bytes (record.p + open + 2, (gsize)(close - open - 2)), rca_db_log_arena (log));
}

static const RcaDbLogProduct product = { "Cassandra's log", read_head, is_telling, texts, G_N_ELEMENTS (texts), read_more };

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

const RcaFormat rca_format_cassandra = {
  .name = "cassandra",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
