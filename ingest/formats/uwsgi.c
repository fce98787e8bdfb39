/* uWSGI's request log: "[pid: 88185|app: 0|req: 1/1] 127.0.0.1 () {38 vars in 696 bytes}
 * [Sun Mar 13 22:49:12 2016] POST /x => generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers …".
 * The date is when the request came, in local time. What the server says of itself while it starts
 * (some forty lines in 2.0.21) is a banner; what it says of its workers' fate is a record. */
#include "../access-set.h"
#include "../number.h"
#include "../trace-lines.h"
#include "formats.h"

static const char *
after (RcaBytes line, const char *from, const char *text)
{
  gssize at = rca_bytes_find (rca_bytes_from (line, (gsize)(from - line.p)), rca_bytes_str (text));
  return at < 0 ? NULL : from + at + strlen (text);
}

typedef struct {
  RcaAccessClock clock;
  RcaTraceState trace;
} Uwsgi;

typedef struct {
  RcaBytes pid, client, date, request, bytes, duration, status;
} Line;

static RcaBytes
until (RcaBytes line, const char *from, char stop)
{
  RcaBytes rest = rca_bytes_from (line, (gsize)(from - line.p));
  const char *end = rest.n ? memchr (rest.p, stop, rest.n) : NULL;
  return end ? rca_bytes (rest.p, (gsize)(end - rest.p)) : rca_bytes (NULL, 0);
}

static gboolean
read_line (RcaBytes line, Line *l)
{
  const char *p;
  if (!rca_bytes_has_prefix (line, RCA_BYTES ("[pid: ")))
    return FALSE;
  l->pid = until (line, line.p + 6, '|');
  if (!(p = after (line, line.p, "] ")))
    return FALSE;
  l->client = until (line, p, ' ');
  if (!(p = after (line, p, "} [")))
    return FALSE;
  l->date = until (line, p, ']');
  const char *request = after (line, p, "] "), *arrow = request ? after (line, request, " => generated ") : NULL;
  if (!arrow)
    return FALSE;
  l->request = rca_bytes (request, (gsize)(arrow - request) - strlen (" => generated "));
  l->bytes = until (line, arrow, ' ');
  const char *in = after (line, arrow, " bytes in "), *proto = in ? after (line, in, " (") : NULL;
  if (!proto)
    return FALSE;
  l->duration = rca_bytes (in, (gsize)(proto - in) - 2);
  RcaBytes answer = until (line, proto, ')');
  const char *sp = answer.n ? memrchr (answer.p, ' ', answer.n) : NULL;
  l->status = sp ? rca_bytes_from (answer, (gsize)(sp - answer.p) + 1) : answer;
  return l->status.n == 3;
}

/* "*** Starting uWSGI 2.0.21-debian (64bit) on [Tue Nov 24 12:01:12 2026] ***" */
static RcaBytes
start_date (RcaBytes line)
{
  if (!rca_bytes_has_prefix (line, RCA_BYTES ("*** Starting uWSGI ")))
    return rca_bytes (NULL, 0);
  const char *p = after (line, line.p, " on [");
  return p ? until (line, p, ']') : rca_bytes (NULL, 0);
}

/* How the lines begin that the server prints while it starts. */
static gboolean
is_banner (RcaBytes line)
{
  static const char *const begins[] = {
    "compiled with version: ", "os: ", "nodename: ", "machine: ", "clock source: ", "pcre jit ", "detected ", "current working directory: ",
    "uWSGI running as ", "*** WARNING: you are running uWSGI ", "your ", "lock engine: ", "thunder lock: ", "uwsgi socket ", "uWSGI http bound ",
    "Python version: ", "Python main interpreter ", "*** Python threads support ", "python threads support ", "Python ", "PEP 405 virtualenv ",
    "mapped ", "*** Operational MODE: ", "WSGI app ", "*** uWSGI is running in ", "spawned uWSGI ", "Set PythonHome to ", "[uWSGI] getting ",
    "*** Stats server enabled ", "setgid() to ", "setuid() to ", "cores: ", "initialized ", "added ", "dropping root ", "chdir() to ", "limiting ",
    "binary reloading ", "closing all non-uwsgi ", "found fd ", "running /", "gracefully (RE)spawned ",
  };
  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    if (rca_bytes_starts (line, begins[i]))
      return TRUE;
  return FALSE;
}

/* What the master says of its workers and its queue, with how bad it is. */
static RcaSeverity
say (RcaBytes line)
{
  static const struct {
    const char *words;
    RcaSeverity severity;
  } sayings[] = {
    { "DAMN ! worker ", RCA_SEVERITY_ERROR },
    { "uWSGI listen queue of socket ", RCA_SEVERITY_ERROR },
    { "*** HARAKIRI ON WORKER ", RCA_SEVERITY_ERROR },
    { " screams: UAAAAAAH", RCA_SEVERITY_ERROR },
    { "no python application found", RCA_SEVERITY_ERROR },
    { "...The work of process ", RCA_SEVERITY_INFO },
    { "Respawned uWSGI worker ", RCA_SEVERITY_WARN },
    { "worker ", RCA_SEVERITY_INFO },
    { "...gracefully killing workers", RCA_SEVERITY_INFO },
    { "SIGINT/SIGTERM received", RCA_SEVERITY_INFO },
    { "SIGINT/SIGQUIT received", RCA_SEVERITY_INFO },
    { "...brutally killing workers", RCA_SEVERITY_WARN },
    { "goodbye to uWSGI", RCA_SEVERITY_INFO },
    { "VACUUM: ", RCA_SEVERITY_INFO },
    { "HARAKIRI: ", RCA_SEVERITY_ERROR },
    { "chain reloading ", RCA_SEVERITY_INFO },
  };
  for (guint i = 0; i < G_N_ELEMENTS (sayings); i++)
    if (rca_bytes_starts (line, sayings[i].words) || (i < 5 && rca_bytes_find (line, rca_bytes_str (sayings[i].words)) >= 0))
      return sayings[i].severity;
  return RCA_SEVERITY_NONE;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Uwsgi *uwsgi = state;
  return is_banner (line) ? RCA_LINE_NONE : rca_trace_line (&uwsgi->trace, line);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  gboolean started = FALSE;
  Uwsgi scratch = { .trace = { 0 } };
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Line l;
    started |= start_date (sample->line[i]).n > 0;
    lines += line_kind (&scratch, sample->line[i]) == RCA_LINE_RECORD;
    fits += read_line (sample->line[i], &l);
  }
  if (fits == 0 && started) /* a server without a request yet */
    fits = lines;
  if (fits == 0 || fits * 4 < lines)
    return;
  out->score = 60 + (gint)(39 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are uWSGI's request log", fits, lines);
}

static gpointer
uwsgi_open (const RcaSampleLines *sample)
{
  Uwsgi *uwsgi = g_new0 (Uwsgi, 1);
  rca_access_clock_init (&uwsgi->clock, sample->mtime_ns);
  return uwsgi;
}

/* "129 msecs", "68 micros". */
static void
set_duration (RcaBytes v, RcaEvent *ev)
{
  gint64 ns;
  const char *sp = memchr (v.p, ' ', v.n);
  if (!sp)
    return;
  gboolean micros = rca_bytes_equal (rca_bytes_from (v, (gsize)(sp - v.p) + 1), RCA_BYTES ("micros"));
  if (rca_access_duration (rca_bytes (v.p, (gsize)(sp - v.p)), micros ? 1000 : RCA_NS_PER_MS, FALSE, &ns))
    rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
}

static gboolean
decode_saying (Uwsgi *uwsgi, RcaBytes record, RcaEvent *ev)
{
  RcaBytes started = start_date (record);
  RcaSeverity severity = say (record);
  if (started.n == 0 && severity == RCA_SEVERITY_NONE)
    return FALSE;
  ev->stream = RCA_STREAM_APP;
  ev->severity = severity ?: RCA_SEVERITY_INFO;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, record);
  if (started.n > 0 && rca_access_set_time (&uwsgi->clock, started, ev))
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_RESTART);
  return TRUE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Uwsgi *uwsgi = state;
  Line l;
  gint64 pid;
  if (decode_saying (uwsgi, record, ev))
  {
    emit (ev, user);
    return RCA_DECODE_OK;
  }
  if (!read_line (record, &l) || !rca_access_set_time (&uwsgi->clock, l.date, ev))
    return RCA_DECODE_REJECT;
  ev->stream = RCA_STREAM_ACCESS;
  ev->flags |= RCA_EVENT_TIME_IS_START;
  if (rca_parse_int (l.pid, &pid))
    rca_event_set_num (ev, RCA_FIELD_PID, pid);
  rca_access_set (&(RcaAccessColumn){ .role = RCA_ROLE_CLIENT }, l.client, ev);
  rca_access_set (&(RcaAccessColumn){ .role = RCA_ROLE_REQUEST }, l.request, ev);
  rca_access_set (&(RcaAccessColumn){ .role = RCA_ROLE_BYTES }, l.bytes, ev);
  rca_access_set (&(RcaAccessColumn){ .role = RCA_ROLE_STATUS }, l.status, ev);
  set_duration (l.duration, ev);
  rca_access_finish (ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_uwsgi = {
  .name = "uwsgi",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = uwsgi_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
