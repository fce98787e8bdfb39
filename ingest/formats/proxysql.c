/* ProxySQL's error log: "2026-11-24 02:09:24 MySQL_HostGroups_Manager.cpp:1234:connect(): [ERROR] text". */
#include "../db-log.h"
#include "../severity.h"
#include "formats.h"

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  if (line.n < 30 || !g_ascii_isdigit (line.p[0]) || line.p[19] != ' ')
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  RcaBytes rest = rca_bytes_skip_blank (rca_bytes_from (line, took));
  if (took != 19)
    return FALSE;
  gssize file = rca_bytes_find (rca_bytes (rest.p, MIN (rest.n, 80)), RCA_BYTES (".cpp:"));
  if (file > 0)
  {
    head->logger = rca_bytes_until (rest, " ");
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, head->logger.n));
  }
  RcaBytes level = rest.n && rest.p[0] == '[' ? rca_bytes_until (rca_bytes_from (rest, 1), "]") : rca_bytes (NULL, 0);
  if (level.n == 0 || !rca_severity_parse (level, &head->severity))
    return FALSE;
  head->stamped = TRUE;
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, level.n + 2));
  return TRUE;
}

static gboolean
is_telling (const RcaDbLogHead *head)
{
  return rca_bytes_find (head->logger, RCA_BYTES (".cpp:")) > 0 || rca_bytes_find (head->text, RCA_BYTES ("ProxySQL")) >= 0;
}

static const RcaDbText texts[] = {
  { "Max connect timeout reached", RCA_DB_EVENT_POOL, RCA_FAILURE_POOL_TIMEOUT },
  { "Max connect failure", RCA_DB_EVENT_POOL, RCA_FAILURE_DB_REFUSED },
  { "Too many connections", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "Shunning server", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "shunning", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "replication lag", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "read_only", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Lost connection to", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_DB_LOST },
  { "server has gone away", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_DB_LOST },
  { "Can't connect to", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "Access denied", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "Standard ProxySQL", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
};

static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  if (rca_bytes_has_prefix (head->text, RCA_BYTES ("Received LOAD ")) && rca_bytes_find (head->text, RCA_BYTES (" TO RUNTIME")) > 0)
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
}

static const RcaDbLogProduct product = { "ProxySQL's log", read_head, is_telling, texts, G_N_ELEMENTS (texts), read_more };

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

const RcaFormat rca_format_proxysql = {
  .name = "proxysql",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
