/* uWSGI's request log: "[pid: 88185|app: 0|req: 1/1] 127.0.0.1 () {38 vars in 696 bytes}
 * [Sun Mar 13 22:49:12 2016] POST /x => generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers …".
 * The date is when the request came, in local time. */
#include "../access-set.h"
#include "../number.h"
#include "formats.h"

static const char *
after (RcaBytes line, const char *from, const char *text)
{
  gssize at = rca_bytes_find (rca_bytes_from (line, (gsize)(from - line.p)), rca_bytes_str (text));
  return at < 0 ? NULL : from + at + strlen (text);
}

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
  if (fits == 0 || fits * 4 < lines)
    return;
  out->score = 60 + (gint)(39 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are uWSGI's request log", fits, lines);
}

static gpointer
uwsgi_open (const RcaSampleLines *sample)
{
  RcaAccessClock *clock = g_new0 (RcaAccessClock, 1);
  rca_access_clock_init (clock, sample->mtime_ns);
  return clock;
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

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Line l;
  gint64 pid;
  if (!read_line (record, &l) || !rca_access_set_time (state, l.date, ev))
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
  .decode = decode,
};
