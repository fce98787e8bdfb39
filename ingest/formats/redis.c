/* The server log of Redis, Valkey, KeyDB and Sentinel: "22092:M 24 Nov 2026 02:09:19.450 * text", role
 * M primary, S replica, C child, X sentinel; level . debug, - verbose, * notice, # warning (there is
 * none above). 2.x wrote "[22092] 24 Nov 02:09:19.450 * text". Times are local without zone; a signal
 * handler's line ("22092:signal-handler (1795486163) text") has an epoch, which gives the zone away. */
#include "../db-text.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  gboolean begun; /* the logo above the first record is a banner */
  gboolean zone_known;
  gint64 zone_ns; /* local less UTC */
} Redis;

typedef struct {
  gboolean stamped, epoch;
  RcaStamp stamp;
  gint64 epoch_ns;
  gint64 pid;
  char role; /* 0: not written */
  RcaSeverity severity;
  RcaBytes text;
} Head;

static const RcaDbText texts[] = {
  { "crashed by signal", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "BUG REPORT START", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "Guru Meditation", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "Out Of Memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Cannot allocate memory", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "OOM command not allowed", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "max number of clients reached", RCA_DB_EVENT_REFUSED, RCA_FAILURE_CACHE },
  { "Too many open files", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DESCRIPTORS },
  { "output buffer limits", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_CACHE },
  { "is smaller than the current memory usage", RCA_DB_EVENT_EVICTION, RCA_FAILURE_NONE },
  { "still in execution after", RCA_DB_EVENT_LOCK_WAIT, RCA_FAILURE_NONE },
  { "Connection with master lost", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_CACHE },
  { "Connection with replica", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Disconnecting timedout replica", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Disconnecting timedout slave", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "Timeout connecting to the MASTER", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_CACHE },
  { "MASTER timeout", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_CACHE },
  { "Error condition on socket for SYNC", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_CACHE },
  { "MASTER aborted replication", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_CACHE },
  { "Failover election won", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "MASTER MODE enabled", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "+switch-master", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "+odown", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "+sdown", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "Cluster state changed: fail", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "as failing (quorum reached)", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "FAIL message received", RCA_DB_EVENT_CRASH, RCA_FAILURE_CACHE },
  { "Ready to accept connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "ready to accept connections", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "User requested shutdown", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "is taking too long (disk is busy?)", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "Background saving started", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "Background append only file rewriting started", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_NONE },
  { "Background saving error", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_CACHE },
  { "Write error saving DB on disk", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_CACHE },
  { "Error writing to the AOF file", RCA_DB_EVENT_CHECKPOINT, RCA_FAILURE_CACHE },
  { "SECURITY ATTACK", RCA_DB_EVENT_AUTH, RCA_FAILURE_NONE },
};

static gboolean
read_level (char c, RcaSeverity *severity)
{
  static const RcaSeverity by_sign[] = { RCA_SEVERITY_DEBUG, RCA_SEVERITY_INFO, RCA_SEVERITY_INFO, RCA_SEVERITY_WARN };
  const char *sign = c ? strchr (".-*#", c) : NULL;
  if (sign)
    *severity = by_sign[sign - ".-*#"];
  return sign != NULL;
}

/* "signal-handler (1795486163) Received SIGTERM scheduling shutdown..." */
static gboolean
read_signal (RcaBytes rest, Head *head)
{
  static const char mark[] = "signal-handler (";
  if (!rca_bytes_has_prefix (rest, RCA_BYTES (mark)))
    return FALSE;
  RcaBytes digits = rca_bytes_until (rca_bytes_from (rest, sizeof mark - 1), ")");
  if (!rca_stamp_parse_epoch (digits, &head->epoch_ns))
    return FALSE;
  head->epoch = TRUE;
  head->severity = RCA_SEVERITY_WARN;
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, sizeof mark + digits.n));
  return TRUE;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, Head *head)
{
  *head = (Head){ 0 };
  gboolean bracket = line.n && line.p[0] == '[';
  RcaBytes rest = rca_bytes_from (line, bracket);
  gsize digits = 0;
  while (digits < rest.n && digits < 11 && g_ascii_isdigit (rest.p[digits]))
    digits++;
  if (digits == 0 || digits > 10 || digits + 20 > rest.n || rest.p[digits] != (bracket ? ']' : ':'))
    return FALSE;
  head->pid = rca_leading_int (rest);
  rest = rca_bytes_from (rest, digits + 1);
  if (!bracket)
  {
    if (read_signal (rest, head))
      return TRUE;
    while (rest.n > 22 && g_ascii_isdigit (rest.p[0])) /* KeyDB's thread: "1:17:M" */
      rest = rca_bytes_from (rest, 1 + (rest.p[1] == ':'));
    if (!rca_char_in (rest.p[0], "MSCXHT") || rest.p[1] != ' ')
      return FALSE;
    head->role = rest.p[0];
    rest = rca_bytes_from (rest, 1);
  }
  rest = rca_bytes_skip_blank (rest);
  gsize took = rca_stamp_parse (rest, context, &head->stamp);
  if (took < 10 || took + 2 > rest.n || rest.p[took] != ' ' || !read_level (rest.p[took + 1], &head->severity))
    return FALSE;
  head->stamped = TRUE;
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, took + 2));
  return TRUE;
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
  if (fits == 0 || fits * 5 < lines)
    return;
  out->score = 60 + (gint)(38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as Redis writes: pid:role date level sign", fits, lines);
}

/* The signal handler's epoch against the local time written around it. */
static void
learn_zone (Redis *s, const RcaSampleLines *sample)
{
  gint64 quarter = 900 * RCA_NS_PER_S, epoch = RCA_TIME_NONE, written = RCA_TIME_NONE;
  RcaStampContext context = s->context;
  for (guint i = 0; i < sample->n_lines && !s->zone_known; i++)
  {
    Head head;
    if (!read_head (sample->line[i], &context, &head))
      continue;
    if (head.epoch)
      epoch = head.epoch_ns;
    else if (!(head.stamp.flags & RCA_STAMP_HAS_ZONE))
      written = head.stamp.time_ns;
    if (epoch == RCA_TIME_NONE || written == RCA_TIME_NONE)
      continue;
    gint64 apart = written - epoch + quarter / 2, zone = apart / quarter * quarter - (apart < 0 ? quarter : 0);
    s->zone_known = ABS (zone) <= 14 * 3600 * RCA_NS_PER_S && ABS (written - epoch - zone) < 120 * RCA_NS_PER_S;
    s->zone_ns = s->zone_known ? zone : 0;
    written = RCA_TIME_NONE;
  }
}

static gpointer
redis_open (const RcaSampleLines *sample)
{
  Redis *s = g_new0 (Redis, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  learn_zone (s, sample);
  return s;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Redis *s = state;
  RcaStampContext scratch = s->context;
  Head head;
  if (line.n == 0)
    return RCA_LINE_NONE;
  gboolean record = read_head (line, &scratch, &head);
  s->begun |= record;
  return record ? RCA_LINE_RECORD : s->begun ? RCA_LINE_CONTINUES : RCA_LINE_NONE; /* a logo, a crash report */
}

static void
settle_time (const Redis *s, const Head *head, RcaEvent *ev)
{
  if (head->epoch)
    ev->time_ns = head->epoch_ns;
  else
    rca_stamp_apply (&head->stamp, ev);
  if (s->zone_known && (ev->flags & RCA_EVENT_ZONE_UNKNOWN))
  {
    ev->time_ns -= s->zone_ns;
    ev->flags &= ~(guint)RCA_EVENT_ZONE_UNKNOWN;
  }
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Redis *s = state;
  Head head;
  if (!read_head (rca_bytes_until (record, "\n"), &s->context, &head))
    return RCA_DECODE_REJECT;
  settle_time (s, &head, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = head.severity;
  rca_event_set_num (ev, RCA_FIELD_PID, head.pid);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, head.text);
  rca_event_set_str (ev, RCA_FIELD_VERSION, rca_bytes_behind (head.text, "Redis version=", ", "));
  rca_db_text_read (texts, G_N_ELEMENTS (texts), head.text, ev);
  gint64 ms = rca_leading_int (rca_bytes_behind (head.text, "still in execution after ", "\n"));
  if (ms > 0 && ms < G_MAXINT32)
    rca_event_set_num (ev, RCA_FIELD_LOCK_TIME, ms * RCA_NS_PER_MS);
  if (rca_bytes_has_prefix (head.text, RCA_BYTES ("CONFIG SET")) || rca_bytes_has_prefix (head.text, RCA_BYTES ("CONFIG REWRITE executed")))
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_redis = {
  .name = "redis",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = redis_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
