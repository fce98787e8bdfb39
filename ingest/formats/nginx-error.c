/* nginx error log: "2026/11/24 00:32:20 [error] 31529#31529: *5204 text, client: …, server: …,
 * request: "…", upstream: "…", host: "…"". Local time without a zone, bytes as they came. */
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  gint64 reload_ns;   /* when a reload was told last; RCA_TIME_NONE */
  gboolean reloading; /* its new workers have not been started yet */
} NginxError;

/* One reload is told by several records, each at a level of its own: "signal process started" (nginx
 * -s reload, whatever error_log's level), "reconfiguring", then "start worker processes". */
#define ONE_RELOAD_NS (10 * RCA_NS_PER_S)

static const struct {
  const char *word;
  RcaSeverity severity;
} levels[] = {
  { "debug", RCA_SEVERITY_DEBUG }, { "info", RCA_SEVERITY_INFO },  { "notice", RCA_SEVERITY_INFO }, { "warn", RCA_SEVERITY_WARN },
  { "error", RCA_SEVERITY_ERROR }, { "crit", RCA_SEVERITY_FATAL }, { "alert", RCA_SEVERITY_FATAL }, { "emerg", RCA_SEVERITY_FATAL },
};

/* Reads stamp, level and pid; returns where the text begins, 0 when the line is none of these. */
static gsize
read_head (RcaBytes line, RcaSeverity *severity, gint64 *pid)
{
  if (line.n < 30 || line.p[4] != '/' || line.p[7] != '/' || line.p[10] != ' ' || line.p[19] != ' ' || line.p[20] != '[')
    return 0;
  const char *close = memchr (line.p + 21, ']', MIN (line.n - 21, 10));
  if (!close)
    return 0;
  RcaBytes word = rca_bytes (line.p + 21, (gsize)(close - line.p - 21));
  guint i = 0;
  while (i < G_N_ELEMENTS (levels) && !rca_bytes_is (word, levels[i].word))
    i++;
  if (i == G_N_ELEMENTS (levels))
    return 0;
  *severity = levels[i].severity;
  gsize at = (gsize)(close - line.p) + 2, hash = at;
  while (hash < line.n && g_ascii_isdigit (line.p[hash]))
    hash++;
  if (hash >= line.n || hash == at || line.p[hash] != '#' || !rca_parse_int (rca_bytes (line.p + at, hash - at), pid))
    return 0;
  const char *colon = memchr (line.p + hash, ':', MIN (line.n - hash, 20));
  return colon && colon + 2 < line.p + line.n ? (gsize)(colon - line.p) + 2 : 0;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  RcaSeverity severity;
  gint64 pid;
  for (guint i = 0; i < sample->n_lines; i++)
    if (sample->line[i].n)
    {
      lines++;
      fits += read_head (sample->line[i], &severity, &pid) > 0;
    }
  if (fits == 0 || fits * 4 < lines)
    return;
  out->score = 60 + (gint)(39 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as nginx's error log: time [level] pid#tid:", fits, lines);
}

static gpointer
nginx_error_open (const RcaSampleLines *sample)
{
  NginxError *state = g_new0 (NginxError, 1);
  rca_stamp_context_init (&state->context, sample->mtime_ns);
  state->reload_ns = RCA_TIME_NONE;
  return state;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  RcaSeverity severity;
  gint64 pid;
  if (read_head (line, &severity, &pid))
    return RCA_LINE_RECORD;
  return line.n == 0 ? RCA_LINE_NONE : RCA_LINE_CONTINUES;
}

/* The value after ", name: ", quotes off; empty when absent. */
static RcaBytes
tail_value (RcaBytes text, RcaBytes name)
{
  gssize at = rca_bytes_find (text, name);
  if (at < 0)
    return rca_bytes (NULL, 0);
  RcaBytes rest = rca_bytes_from (text, (gsize)at + name.n);
  if (rest.n && rest.p[0] == '"')
  {
    const char *end = memchr (rest.p + 1, '"', rest.n - 1);
    return end ? rca_bytes (rest.p + 1, (gsize)(end - rest.p - 1)) : rest;
  }
  const char *end = memchr (rest.p, ',', rest.n);
  return end ? rca_bytes (rest.p, (gsize)(end - rest.p)) : rest;
}

static void
set_request (RcaEvent *ev, RcaBytes request)
{
  const char *sp = request.n ? memchr (request.p, ' ', request.n) : NULL;
  if (!sp)
    return;
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, rca_bytes (request.p, (gsize)(sp - request.p)));
  RcaBytes target = rca_bytes_from (request, (gsize)(sp - request.p) + 1);
  const char *end = memrchr (target.p, ' ', target.n);
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, end ? rca_bytes (target.p, (gsize)(end - target.p)) : target);
}

/* "http://127.0.0.1:8101/path" → "127.0.0.1:8101", "fastcgi://unix:/run/php.sock:" →
 * "unix:/run/php.sock", as $upstream_addr writes them. */
static RcaBytes
upstream_peer (RcaBytes url)
{
  if (url.n == 0)
    return url;
  gssize scheme = rca_bytes_find (url, RCA_BYTES ("://"));
  RcaBytes rest = scheme >= 0 ? rca_bytes_from (url, (gsize)scheme + 3) : url;
  gboolean local = rca_bytes_has_prefix (rest, RCA_BYTES ("unix:"));
  const char *from = rest.p + (local ? 5 : 0);
  const char *end = rest.n ? memchr (from, local ? ':' : '/', (gsize)(rest.p + rest.n - from)) : NULL;
  return end ? rca_bytes (rest.p, (gsize)(end - rest.p)) : rest;
}

static gboolean
is_new_reload (NginxError *state, gint64 time_ns)
{
  gboolean same = state->reload_ns != RCA_TIME_NONE && ABS (time_ns - state->reload_ns) <= ONE_RELOAD_NS;
  state->reload_ns = time_ns;
  state->reloading = TRUE;
  return !same;
}

static void
set_change (NginxError *state, RcaEvent *ev, RcaBytes text)
{
  if (rca_bytes_has_prefix (text, RCA_BYTES ("reconfiguring")) || rca_bytes_has_prefix (text, RCA_BYTES ("signal process started")))
  {
    if (!is_new_reload (state, ev->time_ns))
      return;
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_CONFIG);
  }
  else if (rca_bytes_has_prefix (text, RCA_BYTES ("start worker processes")))
  {
    gboolean reload = state->reloading && ABS (ev->time_ns - state->reload_ns) <= ONE_RELOAD_NS;
    state->reloading = FALSE;
    if (reload)
      return;
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_RESTART);
  }
  else
    return;
  rca_event_set_str (ev, RCA_FIELD_SERVICE, RCA_BYTES ("nginx"));
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  NginxError *state = data;
  RcaStamp stamp;
  gint64 pid = 0;
  gsize text_at = read_head (record, &ev->severity, &pid);
  if (!text_at || !rca_stamp_parse (record, &state->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->stream = RCA_STREAM_ACCESS;
  rca_event_set_num (ev, RCA_FIELD_PID, pid);
  RcaBytes text = rca_bytes_from (record, text_at);
  if (text.n && text.p[0] == '*')
  {
    const char *sp = memchr (text.p, ' ', text.n);
    text = sp ? rca_bytes_from (text, (gsize)(sp - text.p) + 1) : text;
  }
  gssize tail = rca_bytes_find (text, RCA_BYTES (", client: "));
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, tail > 0 ? rca_bytes (text.p, (gsize)tail) : text);
  if (tail > 0)
  {
    RcaBytes context = rca_bytes_from (text, (gsize)tail);
    rca_event_set_str (ev, RCA_FIELD_CLIENT, tail_value (context, RCA_BYTES (", client: ")));
    rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, tail_value (context, RCA_BYTES (", host: ")));
    rca_event_set_str (ev, RCA_FIELD_REFERER, tail_value (context, RCA_BYTES (", referrer: ")));
    set_request (ev, tail_value (context, RCA_BYTES (", request: ")));
    rca_event_set_str (ev, RCA_FIELD_UPSTREAM, upstream_peer (tail_value (context, RCA_BYTES (", upstream: "))));
  }
  set_change (state, ev, text);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_nginx_error = {
  .name = "nginx-error",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = nginx_error_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
