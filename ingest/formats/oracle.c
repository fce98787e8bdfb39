/* Oracle's alert log in text: a line that holds nothing but a time ("2026-11-24T02:09:24.123456+01:00",
 * before 12.2 "Tue Nov 24 02:09:24 2026") begins a record, its text follows. */
#include "../db-log.h"
#include "../timestamp.h"
#include "formats.h"

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  while (line.n && g_ascii_isspace (line.p[line.n - 1]))
    line.n--;
  gsize took = line.n >= 19 && line.n <= 40 ? rca_stamp_parse (line, context, &head->stamp) : 0;
  head->stamped = took > 0 && took == line.n;
  return head->stamped;
}

static const RcaDbText texts[] = {
  { "ORA-00060", RCA_DB_EVENT_DEADLOCK, RCA_FAILURE_DEADLOCK },
  { "ORA-00054", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_LOCK_TIMEOUT },
  { "ORA-00018", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "ORA-00020", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "ORA-01653", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-01654", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-1653", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-1654", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-01652", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-1652", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-19809", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-00257", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "ORA-04031", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "ORA-04030", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "ORA-00600", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_ERROR },
  { "ORA-07445", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "ORA-01555", RCA_DB_EVENT_NONE, RCA_FAILURE_DB_ERROR },
  { "terminating the instance", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Instance terminated by", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
  { "Shutting down instance", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "Completed: ALTER DATABASE OPEN", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "Starting ORACLE instance", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "Checkpoint not complete", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "TNS-12535", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
};

static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes text = lf ? rca_bytes_from (record, (gsize)(lf - record.p) + 1) : rca_bytes (NULL, 0);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, text);
  gssize at = rca_bytes_find (text, RCA_BYTES ("ORA-"));
  if (at >= 0)
  {
    ev->severity = RCA_SEVERITY_ERROR;
    rca_event_set_str (ev, RCA_FIELD_SQLSTATE, rca_bytes_until (rca_bytes_from (text, (gsize)at), ": \n"));
    rca_db_text_read (texts, G_N_ELEMENTS (texts), text, ev);
    if (!rca_event_has (ev, RCA_FIELD_FAILURE))
      rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_DB_ERROR);
  }
  if (rca_bytes_has_prefix (text, RCA_BYTES ("ALTER SYSTEM SET ")))
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
}

static const RcaDbLogProduct product = { "Oracle's alert log: times on lines of their own", read_head, NULL, texts, G_N_ELEMENTS (texts), read_more };

/* Other programs put times on lines of their own as well: Oracle's words must be there. */
static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  static const char *const words[]
      = { "ORA-", "ALTER DATABASE", "ALTER SYSTEM", "ORACLE instance", "Thread 1 advanced to log sequence", "TNS-", "Current log#", "LGWR" };
  for (guint i = 0; i < sample->n_lines; i++)
    for (guint k = 0; k < G_N_ELEMENTS (words); k++)
      if (rca_bytes_find (sample->line[i], rca_bytes_str (words[k])) >= 0)
      {
        rca_db_log_sniff (&product, sample, out);
        return;
      }
}

static gpointer
log_open (const RcaSampleLines *sample)
{
  return rca_db_log_open (&product, sample);
}

const RcaFormat rca_format_oracle = {
  .name = "oracle-alert",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
