/* Apache's error log: 2.4 "[Tue Nov 24 02:09:13.069360 2026] [proxy:error] [pid 1:tid 2] [client …] AH00957: text",
 * 2.2 "[Sun Dec 04 04:47:44 2005] [error] [client …] text". Local time without a zone. */
#include "../number.h"
#include "../severity.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  gboolean reloading; /* a graceful restart was asked for */
} State;

typedef struct {
  RcaBytes date, level, text, client;
  gint64 pid;
} Line;

static RcaBytes
bracket (RcaBytes *rest)
{
  while (rest->n && rest->p[0] == ' ')
    *rest = rca_bytes_from (*rest, 1);
  const char *close = rest->n && rest->p[0] == '[' ? memchr (rest->p, ']', MIN (rest->n, 120)) : NULL;
  if (!close)
    return rca_bytes (NULL, 0);
  RcaBytes out = rca_bytes (rest->p + 1, (gsize)(close - rest->p - 1));
  *rest = rca_bytes_from (*rest, (gsize)(close - rest->p) + 1);
  return out;
}

static gboolean
read_line (RcaBytes line, Line *l)
{
  static const char days[] = "SunMonTueWedThuFriSat";
  memset (l, 0, sizeof *l);
  if (line.n < 36 || line.p[0] != '[' || !memmem (days, sizeof days - 1, line.p + 1, 3) || line.p[4] != ' ')
    return FALSE;
  RcaBytes rest = line, b;
  RcaSeverity severity;
  l->date = bracket (&rest);
  l->level = bracket (&rest);
  const char *colon = l->level.n ? memchr (l->level.p, ':', l->level.n) : NULL; /* module:level */
  if (colon)
    l->level = rca_bytes_from (l->level, (gsize)(colon - l->level.p) + 1);
  if (!l->date.n || !l->level.n || (!rca_severity_parse (l->level, &severity) && !rca_bytes_has_prefix (l->level, RCA_BYTES ("trace"))))
    return FALSE;
  for (RcaBytes before = rest; (b = bracket (&rest)).n; before = rest)
  {
    if (rca_bytes_has_prefix (b, RCA_BYTES ("client ")))
      l->client = rca_bytes_from (b, 7);
    else if (rca_bytes_has_prefix (b, RCA_BYTES ("pid ")))
    {
      const char *end = memchr (b.p + 4, ':', b.n - 4);
      rca_parse_int (rca_bytes (b.p + 4, end ? (gsize)(end - b.p - 4) : b.n - 4), &l->pid);
    }
    else if (!rca_bytes_has_prefix (b, RCA_BYTES ("remote ")))
    {
      rest = before; /* the text's own bracket */
      break;
    }
  }
  while (rest.n && rest.p[0] == ' ')
    rest = rca_bytes_from (rest, 1);
  l->text = rest;
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
  if (fits == 0 || fits * 4 < lines)
    return;
  out->score = 60 + (gint)(38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as Apache's error log: [date] [module:level]", fits, lines);
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  State *s = g_new0 (State, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  return s;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Line l;
  return read_line (line, &l) ? RCA_LINE_RECORD : line.n ? RCA_LINE_CONTINUES : RCA_LINE_NONE;
}

/* The word after @text. */
static RcaBytes
word_after (RcaBytes text, RcaBytes what)
{
  gssize at = rca_bytes_find (text, what);
  if (at < 0)
    return rca_bytes (NULL, 0);
  RcaBytes rest = rca_bytes_from (text, (gsize)at + what.n);
  gsize n = 0;
  while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ',' && rest.p[n] != ']')
    n++;
  return rca_bytes (rest.p, n);
}

/* mod_proxy names the server it could not reach or read from. */
static void
set_upstream (RcaEvent *ev, RcaBytes text)
{
  static const char *const before[] = { "attempt to connect to ", "status line from remote server " };
  for (guint i = 0; i < G_N_ELEMENTS (before) && !rca_event_has (ev, RCA_FIELD_UPSTREAM); i++)
    rca_event_set_str (ev, RCA_FIELD_UPSTREAM, word_after (text, rca_bytes_str (before[i])));
}

/* A graceful restart is a new configuration; what resumes operations otherwise is a start. */
static void
set_change (State *s, RcaEvent *ev, RcaBytes text)
{
  gboolean reload = rca_bytes_find (text, RCA_BYTES ("raceful restart")) >= 0 || rca_bytes_find (text, RCA_BYTES ("SIGHUP received")) >= 0;
  gboolean resumes = rca_bytes_find (text, RCA_BYTES ("resuming normal operations")) >= 0;
  if (reload)
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
  else if (resumes && !s->reloading)
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_RESTART);
  if (reload || resumes)
  {
    s->reloading = reload;
    rca_event_set_str (ev, RCA_FIELD_SERVICE, RCA_BYTES ("apache"));
  }
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *s = state;
  Line l;
  RcaStamp stamp;
  if (!read_line (record, &l) || !rca_stamp_parse (l.date, &s->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->stream = RCA_STREAM_ACCESS;
  if (!rca_severity_parse (l.level, &ev->severity))
    ev->severity = RCA_SEVERITY_TRACE;
  if (l.pid)
    rca_event_set_num (ev, RCA_FIELD_PID, l.pid);
  if (!l.client.n)
    l.client = word_after (l.text, RCA_BYTES ("[client "));
  const char *port = l.client.n ? memrchr (l.client.p, ':', l.client.n) : NULL;
  rca_event_set_str (ev, RCA_FIELD_CLIENT, port && memchr (l.client.p, '.', l.client.n) ? rca_bytes (l.client.p, (gsize)(port - l.client.p)) : l.client);
  gssize referer = rca_bytes_find (l.text, RCA_BYTES (", referer: "));
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, referer > 0 ? rca_bytes (l.text.p, (gsize)referer) : l.text);
  rca_event_set_str (ev, RCA_FIELD_REFERER, word_after (l.text, RCA_BYTES (", referer: ")));
  set_upstream (ev, l.text);
  set_change (s, ev, l.text);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_apache_error = {
  .name = "apache-error",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = state_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
