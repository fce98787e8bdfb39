/* Patroni's log: "2026-11-24 02:09:24,123 INFO: no action. I am (db1), the leader with the lock". */
#include "../db-log.h"
#include "../severity.h"
#include "formats.h"

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  if (line.n < 30 || !g_ascii_isdigit (line.p[0]) || line.p[19] != ',')
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  RcaBytes rest = rca_bytes_from (line, took + 1), level = rca_bytes_until (rest, ": ");
  if (took < 23 || !rca_severity_parse (level, &head->severity) || level.n + 2 > rest.n || rest.p[level.n] != ':')
    return FALSE;
  head->stamped = TRUE;
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, level.n + 1));
  return TRUE;
}

static gboolean
is_telling (const RcaDbLogHead *head)
{
  static const char *const marks[] = { "I am (", "the leader with the lock", "Lock owner: ", "promoted self to leader", "following a different leader", "establishing a new patroni", "Patroni", "/patroni" };
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (rca_bytes_find (head->text, rca_bytes_str (marks[i])) >= 0)
      return TRUE;
  return FALSE;
}

static const RcaDbText texts[] = {
  { "no action", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
  { "promoted self to leader", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "demoted self", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "demoting self", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "emoting leader", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_READ_ONLY },
  { "cleared rewind state", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "following a different leader", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "failover", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "switchover", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "DCS is not accessible", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_REFUSED },
  { "postmaster is not running", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "postgres is not running", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "starting as a secondary", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
};

static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  if (rca_bytes_has_prefix (head->text, RCA_BYTES ("Changed ")) && rca_bytes_find (head->text, RCA_BYTES (" from ")) > 0)
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
}

static const RcaDbLogProduct product = { "Patroni's log", read_head, is_telling, texts, G_N_ELEMENTS (texts), read_more };

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

const RcaFormat rca_format_patroni = {
  .name = "patroni",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
