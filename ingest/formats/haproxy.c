/* HAProxy's httplog and tcplog, without a syslog header (the wrapper takes that off):
 *   client:port [accept date.ms] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes … termination … "request"
 * Times are milliseconds, -1 where the phase was not reached. The accept date is when the request
 * came; it has no zone. Termination states say what it died of (HAProxy manual, 8.5). */
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

enum { MOST_TOKENS = 24 };

typedef struct
{
  RcaStampContext context;
} State;

typedef struct
{
  RcaBytes client, date, backend, timers, status, bytes, termination, request;
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
  gsize n = end ? (gsize) (end - rest->p) + (close != 0) : rest->n;
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
    if (!g_ascii_isdigit (v.p[i]) && !strchr ("/-+", v.p[i]))
      return FALSE;
  return count_slashes (v) == slashes;
}

static gboolean
read_line (RcaBytes text, Line *l)
{
  RcaBytes token[MOST_TOKENS], rest = text;
  guint n = 0;
  memset (l, 0, sizeof *l);
  const char *colon = memchr (text.p, ':', MIN (text.n, 60));
  if (!colon || text.n < 60 || !memchr (text.p, '[', MIN (text.n, 80)))
    return FALSE;
  while (n < MOST_TOKENS && take (&rest, &token[n]))
    n++;
  if (n < 10 || token[1].p[0] != '[' || !memchr (token[3].p, '/', token[3].n))
    return FALSE;
  l->http = is_timers (token[4], 4);
  if (!l->http && !is_timers (token[4], 2))
    return FALSE;
  l->client = token[0];
  l->date = rca_bytes (token[1].p + 1, token[1].n - 2);
  l->backend = token[3];
  l->timers = token[4];
  if (!l->http)
    {
      l->bytes = token[5];
      l->termination = token[6];
      return TRUE;
    }
  l->status = token[5];
  l->bytes = token[6];
  for (guint i = 7; i < n; i++)
    if (token[i].n == 4 && !l->termination.n && i >= 9)
      l->termination = token[i];
  l->request = token[n - 1].p[0] == '"' ? rca_bytes (token[n - 1].p + 1, token[n - 1].n - 2) : rca_bytes (NULL, 0);
  return l->request.n > 0;
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
  out->score = 60 + (gint) (39 * fits / lines);
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
      v = rca_bytes_from (v, (gsize) (slash - v.p) + 1);
    }
  const char *slash = memchr (v.p, '/', v.n);
  gint64 ms;
  v.n = slash ? (gsize) (slash - v.p) : v.n;
  if (v.n && v.p[0] == '+')
    v = rca_bytes_from (v, 1);
  if (!rca_parse_int (v, &ms) || ms < 0)
    return FALSE;
  *ns = ms * RCA_NS_PER_MS;
  return TRUE;
}

static RcaFailure
failure_of (RcaBytes t)
{
  if (t.n < 2)
    return RCA_FAILURE_NONE;
  char first = t.p[0], second = t.p[1];
  if (first == 'S' && second == 'C')
    return RCA_FAILURE_REFUSED;
  if (first == 's' && second == 'C')
    return RCA_FAILURE_CONNECT_TIMEOUT;
  if (first == 's' && second == 'Q')
    return RCA_FAILURE_WORKERS;
  if (first == 's')
    return RCA_FAILURE_READ_TIMEOUT;
  if (first == 'S')
    return RCA_FAILURE_RESET;
  if (first == 'C' || first == 'c')
    return RCA_FAILURE_CLIENT_ABORT;
  if (first == 'P')
    return RCA_FAILURE_LIMIT;
  if (first == 'R')
    return RCA_FAILURE_DESCRIPTORS;
  return RCA_FAILURE_NONE;
}

static void
set_request (RcaEvent *ev, RcaBytes v)
{
  const char *sp = memchr (v.p, ' ', v.n);
  if (!sp)
    return;
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, rca_bytes (v.p, (gsize) (sp - v.p)));
  RcaBytes target = rca_bytes_from (v, (gsize) (sp - v.p) + 1);
  const char *end = memchr (target.p, ' ', target.n);
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, end ? rca_bytes (target.p, (gsize) (end - target.p)) : target);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *s = state;
  Line l;
  RcaStamp stamp;
  gint64 n;
  if (!read_line (record, &l) || !rca_stamp_parse (l.date, &s->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->flags |= RCA_EVENT_TIME_IS_START;
  ev->stream = RCA_STREAM_ACCESS;
  const char *port = memrchr (l.client.p, ':', l.client.n);
  rca_event_set_str (ev, RCA_FIELD_CLIENT, port ? rca_bytes (l.client.p, (gsize) (port - l.client.p)) : l.client);
  if (!rca_bytes_has_suffix (l.backend, RCA_BYTES ("<NOSRV>")))
    rca_event_set_str (ev, RCA_FIELD_UPSTREAM, l.backend);
  rca_event_set_str (ev, RCA_FIELD_TERMINATION, l.termination);
  RcaFailure failure = failure_of (l.termination);
  if (failure)
    rca_event_set_num (ev, RCA_FIELD_FAILURE, failure);
  if (timer (l.timers, l.http ? 4 : 2, &n))
    rca_event_set_num (ev, RCA_FIELD_DURATION, n);
  if (timer (l.timers, l.http ? 2 : 1, &n))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_CONNECT, n);
  if (l.http && timer (l.timers, 3, &n))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_TIME, n);
  if (l.http && rca_parse_int (l.status, &n) && n >= 100)
    rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, n);
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
