/* ClickHouse's server log: "2026.11.24 02:09:24.123456 [ 1234 ] {query id} <Error> executeQuery: text".
 * A query is told when it begins ("(from 10.0.0.5:1234, user: app) SELECT …"), and with its time
 * when it ends ("Read 100 rows, 1.2 KiB in 0.012 sec., …"), under one id. */
#include "../db-log.h"
#include "../number.h"
#include "../severity.h"
#include "formats.h"

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  if (line.n < 40 || !g_ascii_isdigit (line.p[0]) || line.p[4] != '.')
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  RcaBytes rest = rca_bytes_skip_blank (rca_bytes_from (line, took));
  if (took < 19 || rest.p[0] != '[')
    return FALSE;
  head->stamped = TRUE;
  head->pid = rca_leading_int (rca_bytes_skip_blank (rca_bytes_from (rest, 1)));
  const char *open = memchr (rest.p, '{', rest.n), *close = open ? memchr (open, '}', (gsize)(rest.p + rest.n - open)) : NULL;
  const char *level = close ? memchr (close, '<', (gsize)(rest.p + rest.n - close)) : NULL;
  if (!level)
    return FALSE;
  head->session = rca_bytes (open + 1, (gsize)(close - open - 1));
  rest = rca_bytes_from (rest, (gsize)(level - rest.p) + 1);
  RcaBytes word = rca_bytes_until (rest, ">");
  if (!rca_severity_parse (word, &head->severity))
    head->severity = rca_bytes_equal (word, RCA_BYTES ("Test")) ? RCA_SEVERITY_TRACE : RCA_SEVERITY_INFO;
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, word.n + 1));
  gssize colon = rca_bytes_find (head->text, RCA_BYTES (": "));
  if (colon > 0 && !memchr (head->text.p, ' ', (gsize)colon))
  {
    head->logger = rca_bytes (head->text.p, (gsize)colon);
    head->text = rca_bytes_from (head->text, (gsize)colon + 2);
  }
  return TRUE;
}

static const RcaDbText texts[] = {
  { "TOO_MANY_SIMULTANEOUS_QUERIES", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "Too many simultaneous queries", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "TIMEOUT_EXCEEDED", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "Timeout exceeded: elapsed", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "MEMORY_LIMIT_EXCEEDED", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Memory limit (", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "NOT_ENOUGH_SPACE", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "TABLE_IS_READ_ONLY", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "Table is in readonly mode", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "KEEPER_EXCEPTION", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_ERROR },
  { "Too many parts", RCA_DB_EVENT_REFUSED, RCA_FAILURE_LIMIT },
  { "AUTHENTICATION_FAILED", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "(from thread", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
  { "Ready for connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "Received termination signal", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "########################################", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
};

/* "(from 10.0.0.5:1234, user: app, …) SELECT …" */
static void
read_begin (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  gssize at = rca_bytes_find (record, RCA_BYTES ("(from "));
  RcaBytes rest = rca_bytes_from (record, (gsize)at);
  rca_event_set_str (ev, RCA_FIELD_DB_USER, rca_bytes_behind (rest, "user: ", ",)"));
  gssize close = rca_bytes_find (rest, RCA_BYTES (") "));
  if (close < 0 || head->session.n == 0)
    return;
  rca_db_log_remember (log, head->session, rca_bytes_from (rest, (gsize)close + 2));
}

static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  gint64 ns;
  if (rca_bytes_has_prefix (head->text, RCA_BYTES ("(from ")))
  {
    read_begin (log, head, record, ev);
    return;
  }
  RcaBytes query = rca_bytes_behind (record, "(in query: ", "");
  gssize end = rca_bytes_find (query, RCA_BYTES ("), Stack trace"));
  if (query.n && head->severity >= RCA_SEVERITY_ERROR)
    rca_db_set_statement (ev, end >= 0 ? rca_bytes (query.p, (gsize)end) : rca_bytes_until (query, "\n"), rca_db_log_arena (log));
  if (head->severity >= RCA_SEVERITY_ERROR && rca_bytes_find (head->text, RCA_BYTES ("DB::Exception")) >= 0)
  {
    if (!rca_event_has (ev, RCA_FIELD_FAILURE))
      rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_DB_ERROR);
    rca_db_log_take (log, head->session);
  }
  if (!rca_bytes_has_prefix (head->text, RCA_BYTES ("Read ")))
    return;
  RcaBytes seconds = rca_bytes_behind (head->text, " in ", " ");
  if (rca_bytes_find (head->text, RCA_BYTES (" sec.")) < 0 || !rca_parse_duration (seconds, RCA_NS_PER_S, &ns))
    return;
  rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
  rca_event_set_num (ev, RCA_FIELD_ROWS_EXAMINED, rca_leading_int (rca_bytes_from (head->text, 5)));
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  RcaBytes statement = rca_db_log_take (log, head->session);
  if (statement.n)
    rca_db_set_statement (ev, statement, rca_db_log_arena (log));
}

static const RcaDbLogProduct product = { "ClickHouse's server log", read_head, NULL, texts, G_N_ELEMENTS (texts), read_more };

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

const RcaFormat rca_format_clickhouse = {
  .name = "clickhouse",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
