/* HAProxy's httplog and tcplog, without a syslog header (the wrapper takes that off):
 *   client:port [accept date.ms] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes … termination … "request"
 * Times are milliseconds, -1 where the phase was not reached. The accept date is when the request
 * came; it has no zone. Termination states say what it died of (HAProxy manual, 8.5). */
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

enum { MOST_TOKENS = 24 };

typedef struct {
  RcaStampContext context;
} State;

typedef struct {
  RcaBytes client, date, backend, timers, status, bytes, termination, connections, request;
  gboolean http;
} Line;

static gboolean
take (RcaBytes *rest, RcaBytes *token)
{
  while (rest->n && rest->p[0] == ' ')
    *rest = rca_bytes_from (*rest, 1);
  if (!rest->n)
    return FALSE;
  char close = rest->p[0] == '[' ? ']' : rest->p[0] == '{' ? '}' : rest->p[0] == '"' ? '"' : 0;
  const char *end = close ? memchr (rest->p + 1, close, rest->n - 1) : memchr (rest->p, ' ', rest->n);
  gsize n = end ? (gsize)(end - rest->p) + (close != 0) : rest->n;
  *token = rca_bytes (rest->p, n);
  *rest = rca_bytes_from (*rest, n);
  return TRUE;
}

static guint
count_slashes (RcaBytes v)
{
  guint n = 0;
  for (gsize i = 0; i < v.n; i++)
    n += v.p[i] == '/';
  return n;
}

static gboolean
is_timers (RcaBytes v, guint slashes)
{
  for (gsize i = 0; i < v.n; i++)
    if (!g_ascii_isdigit (v.p[i]) && !rca_char_in (v.p[i], "/-+"))
      return FALSE;
  return count_slashes (v) == slashes;
}

/* "[24/Nov/2026:02:07:13.922]" */
static gboolean
is_accept_date (RcaBytes v)
{
  return v.n >= 22 && v.p[0] == '[' && v.p[3] == '/' && v.p[7] == '/' && v.p[12] == ':' && v.p[v.n - 1] == ']';
}

static RcaBytes
unquoted (RcaBytes v)
{
  if (v.n > 0 && v.p[0] == '"')
    v = rca_bytes_from (v, 1);
  if (v.n > 0 && v.p[v.n - 1] == '"') /* absent where the line was cut */
    v.n--;
  return v;
}

/* Between cookies and queues, captured headers and TLS's words behind the request may be anything. */
static gboolean
read_http (const RcaBytes *token, guint n, Line *l)
{
  if (n < 12)
    return FALSE;
  l->status = token[5];
  l->bytes = token[6];
  l->termination = token[9];
  l->connections = token[10];
  for (guint i = 12; i < n && !l->request.n; i++)
    if (token[i].p[0] == '"')
      l->request = unquoted (token[i]);
  return l->termination.n == 4;
}

static gboolean
read_line (RcaBytes text, Line *l)
{
  RcaBytes token[MOST_TOKENS], rest = text;
  guint n = 0;
  memset (l, 0, sizeof *l);
  while (n < 2 && take (&rest, &token[n]))
    n++;
  if (n < 2 || !is_accept_date (token[1]) || !memchr (token[0].p, ':', token[0].n))
    return FALSE;
  while (n < MOST_TOKENS && take (&rest, &token[n]))
    n++;
  if (n < 8 || !memchr (token[3].p, '/', token[3].n))
    return FALSE;
  l->client = token[0];
  l->date = rca_bytes (token[1].p + 1, token[1].n - 2);
  l->backend = token[3];
  l->timers = token[4];
  l->http = is_timers (token[4], 4);
  if (l->http)
    return read_http (token, n, l);
  if (!is_timers (token[4], 2))
    return FALSE;
  l->bytes = token[5];
  l->termination = token[6];
  l->connections = token[7];
  return TRUE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Line l;
    lines += sample->line[i].n > 0;
    fits += read_line (sample->line[i], &l);
  }
  if (fits == 0 || fits * 3 < lines)
    return;
  out->score = 60 + (gint)(39 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are HAProxy's httplog or tcplog", fits, lines);
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  State *s = g_new0 (State, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  return s;
}

/* Timer @i of "a/b/c/d/e", in ns; FALSE when not reached. */
static gboolean
timer (RcaBytes v, guint i, gint64 *ns)
{
  for (; i; i--)
  {
    const char *slash = memchr (v.p, '/', v.n);
    if (!slash)
      return FALSE;
    v = rca_bytes_from (v, (gsize)(slash - v.p) + 1);
  }
  const char *slash = memchr (v.p, '/', v.n);
  gint64 ms;
  v.n = slash ? (gsize)(slash - v.p) : v.n;
  if (v.n && v.p[0] == '+')
    v = rca_bytes_from (v, 1);
  return rca_parse_int (v, &ms) && rca_duration_of (ms, RCA_NS_PER_MS, ns);
}

/* First letter: who ended the session; second: in which phase (request, queue, connection, headers, data). */
static const struct {
  char who, phase; /* 0: any */
  RcaFailure failure;
} terminations[] = {
  { 'S', 'C', RCA_FAILURE_REFUSED },
  { 's', 'C', RCA_FAILURE_CONNECT_TIMEOUT },
  { 's', 'Q', RCA_FAILURE_WORKERS },
  { 's', 0, RCA_FAILURE_READ_TIMEOUT },
  { 'S', 0, RCA_FAILURE_RESET },
  { 'C', 0, RCA_FAILURE_CLIENT_ABORT },
  { 'c', 0, RCA_FAILURE_CLIENT_ABORT },
  { 'P', 'C', RCA_FAILURE_DESCRIPTORS },
  { 'P', 'H', RCA_FAILURE_UPSTREAM_ERROR },
  { 'R', 0, RCA_FAILURE_DESCRIPTORS },
  { 'D', 0, RCA_FAILURE_RESET },
};

static RcaFailure
failure_of (const Line *l, gint64 status)
{
  RcaBytes t = l->termination;
  if (t.n < 2)
    return RCA_FAILURE_NONE;
  if (t.p[0] == 'S' && t.p[1] == 'C' && rca_bytes_has_suffix (l->backend, RCA_BYTES ("/<NOSRV>")))
    return RCA_FAILURE_NO_UPSTREAM;
  if (t.p[0] == 'P' && t.p[1] == 'R')
    return status == 403 || status == 429 ? RCA_FAILURE_LIMIT : RCA_FAILURE_NONE;
  for (guint i = 0; i < G_N_ELEMENTS (terminations); i++)
    if (terminations[i].who == t.p[0] && (!terminations[i].phase || terminations[i].phase == t.p[1]))
      return terminations[i].failure;
  return RCA_FAILURE_NONE;
}

/* "act/fe/be/srv/retries": each retry is one attempt more; "+" marks a redispatch. */
static void
set_attempts (RcaEvent *ev, RcaBytes connections)
{
  gint64 retries;
  const char *slash = connections.n ? memrchr (connections.p, '/', connections.n) : NULL;
  RcaBytes v = slash ? rca_bytes_from (connections, (gsize)(slash - connections.p) + 1) : rca_bytes (NULL, 0);
  if (rca_parse_int (v, &retries) && retries > 0)
    rca_event_set_num (ev, RCA_FIELD_ATTEMPTS, retries + 1);
}

/* What HAProxy says of its servers and of itself. */
static const struct {
  const char *first, *also;
  RcaSeverity severity;
  RcaFailure failure;
} notices[] = {
  { "Server ", " is DOWN", RCA_SEVERITY_ERROR, RCA_FAILURE_NONE },
  { "Backup Server ", " is DOWN", RCA_SEVERITY_ERROR, RCA_FAILURE_NONE },
  { "Health check for ", " failed", RCA_SEVERITY_WARN, RCA_FAILURE_NONE },
  { "", " has no server available!", RCA_SEVERITY_FATAL, RCA_FAILURE_NO_UPSTREAM },
  { "Server ", " is UP", RCA_SEVERITY_INFO, RCA_FAILURE_NONE },
  { "Backup Server ", " is UP", RCA_SEVERITY_INFO, RCA_FAILURE_NONE },
  { "Health check for ", " succeeded", RCA_SEVERITY_INFO, RCA_FAILURE_NONE },
};

static RcaFailure
failure_of_check (RcaBytes text)
{
  static const struct {
    const char *reason;
    RcaFailure failure;
  } reasons[] = {
    { "Connection refused", RCA_FAILURE_REFUSED },
    { "No route", RCA_FAILURE_UNREACHABLE },
    { "Layer4 timeout", RCA_FAILURE_CONNECT_TIMEOUT },
    { "Layer4", RCA_FAILURE_REFUSED },
    { "Layer6", RCA_FAILURE_TLS },
    { "Layer7 timeout", RCA_FAILURE_READ_TIMEOUT },
    { "Layer7", RCA_FAILURE_UPSTREAM_ERROR },
    { "Server closed", RCA_FAILURE_RESET },
  };
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (rca_bytes_find (text, rca_bytes_str (reasons[i].reason)) >= 0)
      return reasons[i].failure;
  return RCA_FAILURE_NONE;
}

static gboolean
read_notice (RcaBytes text, RcaEvent *ev)
{
  for (guint i = 0; i < G_N_ELEMENTS (notices); i++)
  {
    RcaBytes first = rca_bytes_str (notices[i].first);
    if (!rca_bytes_has_prefix (text, first) || rca_bytes_find (text, rca_bytes_str (notices[i].also)) < 0)
      continue;
    ev->stream = RCA_STREAM_ACCESS;
    ev->severity = notices[i].severity;
    rca_event_set_str (ev, RCA_FIELD_MESSAGE, text);
    RcaFailure failure = notices[i].failure ?: ev->severity >= RCA_SEVERITY_WARN ? failure_of_check (text) : RCA_FAILURE_NONE;
    if (failure)
      rca_event_set_num (ev, RCA_FIELD_FAILURE, failure);
    RcaBytes rest = rca_bytes_from (text, first.n);
    if (rca_bytes_has_prefix (rest, RCA_BYTES ("server ")))
      rest = rca_bytes_from (rest, 7);
    const char *sp = first.n && rest.n ? memchr (rest.p, ' ', rest.n) : NULL;
    if (sp && memchr (rest.p, '/', (gsize)(sp - rest.p)))
      rca_event_set_str (ev, RCA_FIELD_UPSTREAM, rca_bytes (rest.p, (gsize)(sp - rest.p)));
    return TRUE;
  }
  return FALSE;
}

/* "127.0.0.1:5000 [date] web/1: SSL handshake failure": sessions that never became one. */
static gboolean
read_session_error (State *s, RcaBytes text, RcaEvent *ev)
{
  RcaBytes client, date, where, rest = text;
  RcaStamp stamp;
  if (!take (&rest, &client) || !take (&rest, &date) || !is_accept_date (date) || !take (&rest, &where) || where.p[where.n - 1] != ':' || rest.n < 2)
    return FALSE;
  if (!rca_stamp_parse (rca_bytes_from (date, 1), &s->context, &stamp))
    return FALSE;
  rca_stamp_apply (&stamp, ev);
  ev->stream = RCA_STREAM_ACCESS;
  const char *port = memrchr (client.p, ':', client.n);
  rca_event_set_str (ev, RCA_FIELD_CLIENT, port ? rca_bytes (client.p, (gsize)(port - client.p)) : client);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, rca_bytes_from (rest, 1));
  if (rca_bytes_find (rest, RCA_BYTES ("SSL")) >= 0)
    rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_TLS);
  return TRUE;
}

static void
set_request (RcaEvent *ev, RcaBytes v)
{
  const char *sp = memchr (v.p, ' ', v.n);
  if (!sp)
    return;
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, rca_bytes (v.p, (gsize)(sp - v.p)));
  RcaBytes target = rca_bytes_from (v, (gsize)(sp - v.p) + 1);
  const char *end = memchr (target.p, ' ', target.n);
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, end ? rca_bytes (target.p, (gsize)(end - target.p)) : target);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *s = state;
  Line l;
  RcaStamp stamp;
  gint64 n;
  if (!read_line (record, &l))
  {
    if (!read_notice (record, ev) && !read_session_error (s, record, ev))
      return RCA_DECODE_REJECT;
    emit (ev, user);
    return RCA_DECODE_OK;
  }
  if (!rca_stamp_parse (l.date, &s->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->flags |= RCA_EVENT_TIME_IS_START;
  ev->stream = RCA_STREAM_ACCESS;
  const char *port = memrchr (l.client.p, ':', l.client.n);
  rca_event_set_str (ev, RCA_FIELD_CLIENT, port ? rca_bytes (l.client.p, (gsize)(port - l.client.p)) : l.client);
  if (!rca_bytes_has_suffix (l.backend, RCA_BYTES ("<NOSRV>")))
    rca_event_set_str (ev, RCA_FIELD_UPSTREAM, l.backend);
  rca_event_set_str (ev, RCA_FIELD_TERMINATION, l.termination);
  if (timer (l.timers, l.http ? 4 : 2, &n))
    rca_event_set_num (ev, RCA_FIELD_DURATION, n);
  if (timer (l.timers, l.http ? 2 : 1, &n))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_CONNECT, n);
  if (l.http && timer (l.timers, 3, &n))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_TIME, n);
  if (l.http && rca_parse_int (l.status, &n) && n >= 100)
    rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, n);
  RcaFailure failure = failure_of (&l, rca_event_num (ev, RCA_FIELD_HTTP_STATUS, 0));
  if (failure)
    rca_event_set_num (ev, RCA_FIELD_FAILURE, failure);
  set_attempts (ev, l.connections);
  if (rca_parse_int (l.bytes, &n))
    rca_event_set_num (ev, RCA_FIELD_BODY_BYTES, n);
  if (l.request.n)
    set_request (ev, l.request);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_haproxy = {
  .name = "haproxy",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = state_open,
  .close = g_free,
  .decode = decode,
};
