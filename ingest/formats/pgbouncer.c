/* PgBouncer: "2026-11-24 02:09:26.251 UTC [22155] WARNING C-0x55…: shop/app@10.0.0.1:37972 pooler
 * error: …"; before 1.13 the pid stands without brackets, before 1.9 no zone is written. Through
 * syslog only the text is left. With log_stats a line every stats_period tells how long clients
 * waited for a connection. */
#include "../db-text.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  RcaBytes refused; /* the client that was turned away last, as logged: its "pooler error" tells the same again */
  char refused_bytes[32];
} PgBouncer;

typedef struct {
  gboolean stamped;
  RcaStamp stamp;
  gint64 pid;
  RcaSeverity severity;
  RcaBytes text;
} Head;

static const struct {
  const char *word;
  RcaSeverity severity;
} levels[] = {
  { "LOG ", RCA_SEVERITY_INFO },    { "WARNING ", RCA_SEVERITY_WARN }, { "ERROR ", RCA_SEVERITY_ERROR },
  { "FATAL ", RCA_SEVERITY_FATAL }, { "DEBUG ", RCA_SEVERITY_DEBUG },  { "NOISE ", RCA_SEVERITY_TRACE },
};

/* Why a client was turned away or a server connection was lost; first match wins. */
static const RcaDbText reasons[] = {
  { "query_wait_timeout", RCA_DB_EVENT_POOL, RCA_FAILURE_POOL_TIMEOUT },
  { "no more connections allowed", RCA_DB_EVENT_POOL, RCA_FAILURE_DB_REFUSED },
  { "client_login_timeout", RCA_DB_EVENT_POOL, RCA_FAILURE_POOL_TIMEOUT },
  { "client_idle_timeout", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
  { "query_timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "query timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_STATEMENT_TIMEOUT },
  { "idle transaction timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },
  { "idle_transaction_timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },
  { "transaction timeout", RCA_DB_EVENT_TIMEOUT, RCA_FAILURE_DB_LOST },
  { "too many clients already", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "remaining connection slots are reserved", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "the database system is", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "server login has been failing", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "server_login_retry", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "cannot connect to server", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "connect failed", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "connect timeout", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "server DNS lookup failed", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DNS },
  { "server conn crashed", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_DB_LOST },
  { "server_idle_timeout", RCA_DB_EVENT_NONE, RCA_FAILURE_NONE },
  { "terminating connection", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_DB_LOST },
  { "login timeout", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "login failed", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DB_REFUSED },
  { "unexpected eof", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "client disconnect while server was not ready", RCA_DB_EVENT_DISCONNECT, RCA_FAILURE_NONE },
  { "auth failed", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "authentication failed", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "no such user", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "no such database", RCA_DB_EVENT_AUTH, RCA_FAILURE_DB_REFUSED },
  { "accept() failed", RCA_DB_EVENT_REFUSED, RCA_FAILURE_DESCRIPTORS },
  { "process up: ", RCA_DB_EVENT_START, RCA_FAILURE_NONE },
  { "got SIGTERM", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
  { "got SIGINT", RCA_DB_EVENT_STOP, RCA_FAILURE_NONE },
};

/* "C-0x55…" a client, "S-0x55…" a server. */
static gboolean
is_socket (RcaBytes text)
{
  return text.n > 5 && (text.p[0] == 'C' || text.p[0] == 'S') && text.p[1] == '-' && text.p[2] == '0' && text.p[3] == 'x';
}

static gboolean
is_stats (RcaBytes text)
{
  return (rca_bytes_has_prefix (text, RCA_BYTES ("stats: ")) || rca_bytes_has_prefix (text, RCA_BYTES ("Stats: ")))
         && rca_bytes_find (text, RCA_BYTES (" us")) > 0;
}

static gboolean
read_level (RcaBytes text, Head *head)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (rca_bytes_starts (text, levels[i].word))
    {
      head->severity = levels[i].severity;
      head->text = rca_bytes_from (text, strlen (levels[i].word));
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, Head *head)
{
  *head = (Head){ .text = line };
  if (is_socket (line) || is_stats (line))
    return TRUE;
  if (line.n < 24 || !g_ascii_isdigit (line.p[0]))
    return FALSE;
  gsize took = rca_stamp_parse (line, context, &head->stamp);
  if (took < 19)
    return FALSE;
  head->stamped = TRUE;
  RcaBytes rest = rca_bytes_skip_blank (rca_bytes_from (line, took));
  gboolean bracket = rest.n && rest.p[0] == '[';
  if (bracket)
    rest = rca_bytes_from (rest, 1);
  head->pid = rca_leading_int (rest);
  gsize digits = rca_bytes_until (rest, "] ").n;
  return head->pid > 0 && read_level (rca_bytes_skip_blank (rca_bytes_from (rest, digits + bracket)), head);
}

static gboolean
is_telling (RcaBytes text)
{
  static const char *const starts[]
      = { "process up: PgBouncer", "kernel file descriptor limit", "File descriptor limit", "listening on ", "pooler error: ", "got SIG", NULL };
  if (is_socket (text) || is_stats (text))
    return TRUE;
  for (guint i = 0; starts[i]; i++)
    if (rca_bytes_starts (text, starts[i]))
      return TRUE;
  return FALSE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, telling = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    lines += sample->line[i].n > 0;
    if (!read_head (sample->line[i], &context, &head))
      continue;
    fits++;
    telling += is_telling (head.text);
  }
  if (telling == 0 || fits * 2 < lines)
    return;
  out->score = 60 + (gint)(38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as PgBouncer's, %u name its sockets or statistics", fits, lines, telling);
}

static gpointer
pgbouncer_open (const RcaSampleLines *sample)
{
  PgBouncer *s = g_new0 (PgBouncer, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  return s;
}

/* "shop/app@10.0.0.1:37972 text"; names that are not known yet stand in parentheses. */
static RcaBytes
read_socket (RcaBytes text, RcaEvent *ev)
{
  gboolean client = text.p[0] == 'C';
  RcaBytes id = rca_bytes_until (text, ": "), rest = rca_bytes_skip_blank (rca_bytes_from (text, id.n + 1));
  rca_event_set_str (ev, RCA_FIELD_SESSION, id);
  RcaBytes who = rca_bytes_until (rest, " ");
  const char *slash = memchr (who.p, '/', who.n), *at = memrchr (who.p, '@', who.n);
  if (!slash || !at || at < slash)
    return rest;
  if (who.p[0] != '(')
    rca_event_set_str (ev, RCA_FIELD_DB_NAME, rca_bytes (who.p, (gsize)(slash - who.p)));
  if (slash[1] != '(')
    rca_event_set_str (ev, RCA_FIELD_DB_USER, rca_bytes (slash + 1, (gsize)(at - slash - 1)));
  RcaBytes address = rca_bytes_from (who, (gsize)(at - who.p) + 1);
  const char *port = memrchr (address.p, ':', address.n);
  if (client && port)
    rca_event_set_str (ev, RCA_FIELD_CLIENT, rca_bytes (address.p, (gsize)(port - address.p)));
  else if (!client)
    rca_event_set_str (ev, RCA_FIELD_PEER_SERVICE, address);
  return rca_bytes_skip_blank (rca_bytes_from (rest, who.n));
}

static gint64
stat_of (RcaBytes text, const char *name)
{
  return rca_leading_int (rca_bytes_behind (text, name, ","));
}

/* "stats: 61 xacts/s, 61 queries/s, in 1523 B/s, out 1244 B/s, xact 9200 us, query 9200 us, wait 14318 us".
 * Clients that wait longer for a connection than they use it: the pool is the bottleneck. */
static void
read_stats (RcaBytes text, RcaEvent *ev)
{
  gint64 wait = stat_of (text, ", wait "), transaction = stat_of (text, ", xact "), query = stat_of (text, ", query ");
  gint64 wait_ns;
  if (wait > 0 && rca_duration_of (wait, 1000, &wait_ns))
    rca_event_set_num (ev, RCA_FIELD_LOCK_TIME, wait_ns);
  if (wait > MAX (transaction, query) && wait > 1000)
    rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_POOL);
}

/* A client that is turned away is told of twice: "closing because: R" and "pooler error: R". */
static void
read_reason (PgBouncer *s, RcaBytes text, RcaEvent *ev)
{
  gboolean closing = rca_bytes_has_prefix (text, RCA_BYTES ("closing because: ")), pooler = rca_bytes_has_prefix (text, RCA_BYTES ("pooler error: "));
  RcaBytes id = rca_event_str (ev, RCA_FIELD_SESSION);
  RcaSeverity logged = ev->severity;
  ev->severity = RCA_SEVERITY_WARN; /* a closed client is a failure whatever the level */
  gboolean known = rca_db_text_read (reasons, G_N_ELEMENTS (reasons), text, ev);
  ev->severity = logged;
  if (!known && pooler)
    rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_POOL);
  if (pooler && known && s->refused.n && rca_bytes_equal (s->refused, id))
    ev->flags |= RCA_EVENT_DUPLICATE;
  s->refused.n = 0;
  if (closing && rca_event_has (ev, RCA_FIELD_DB_EVENT) && id.n <= sizeof s->refused_bytes)
  {
    memcpy (s->refused_bytes, id.p, id.n);
    s->refused = rca_bytes (s->refused_bytes, id.n);
  }
}

static gboolean
is_reload (RcaBytes text)
{
  return rca_bytes_has_prefix (text, RCA_BYTES ("got SIGHUP")) || rca_bytes_has_prefix (text, RCA_BYTES ("RELOAD command issued"));
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  PgBouncer *s = state;
  Head head;
  if (!read_head (record, &s->context, &head))
    return RCA_DECODE_REJECT;
  if (head.stamped)
    rca_stamp_apply (&head.stamp, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = head.severity;
  if (head.pid)
    rca_event_set_num (ev, RCA_FIELD_PID, head.pid);
  RcaBytes text = is_socket (head.text) ? read_socket (head.text, ev) : head.text;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, text);
  if (is_stats (text))
    read_stats (text, ev);
  else
    read_reason (s, text, ev);
  if (is_reload (text))
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_pgbouncer = {
  .name = "pgbouncer",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = pgbouncer_open,
  .close = g_free,
  .decode = decode,
};
