/* Access logs as JSON lines: nginx escape=json with any names, Caddy, Traefik, Envoy, HAProxy;
 * at the edge Cloudflare Logpush, Fastly, CloudFront real-time.
 *
 * Names are compared without case and punctuation. What tells it from an application's log: a
 * status and a target, and no level or message (or a web server's own logger). */
#include "../access-line.h"
#include "../json-scan.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

enum { LONGEST_NAME = 48 };

typedef enum { UNIT_LEARN, UNIT_S, UNIT_MS, UNIT_US, UNIT_NS } Unit;
static const gint64 unit_ns[] = { 0, 1000000000, 1000000, 1000, 1 };

/* Strength: of two members for one role the greater wins. */
static const struct
{
  const char *name;
  RcaAccessRole role;
  guint8 strength, unit;
  gboolean edge;
} names[] = {
  { "msec", RCA_ROLE_TIME, 4, 0, FALSE }, { "time", RCA_ROLE_TIME, 2, 0, FALSE }, { "ts", RCA_ROLE_TIME, 2, 0, FALSE }, { "timestamp", RCA_ROLE_TIME, 2, 0, FALSE },
  { "@timestamp", RCA_ROLE_TIME, 3, 0, FALSE }, { "timelocal", RCA_ROLE_TIME, 2, 0, FALSE }, { "timeiso8601", RCA_ROLE_TIME, 3, 0, FALSE }, { "date", RCA_ROLE_TIME, 1, 0, FALSE },
  { "starttime", RCA_ROLE_TIME, 2, 0, FALSE }, { "startutc", RCA_ROLE_TIME, 4, 0, FALSE }, { "edgestarttimestamp", RCA_ROLE_TIME, 4, 0, TRUE }, { "timetimestamp", RCA_ROLE_TIME, 2, 0, TRUE },
  { "status", RCA_ROLE_STATUS, 3, 0, FALSE }, { "statuscode", RCA_ROLE_STATUS, 3, 0, FALSE }, { "responsecode", RCA_ROLE_STATUS, 3, 0, FALSE }, { "code", RCA_ROLE_STATUS, 1, 0, FALSE },
  { "downstreamstatus", RCA_ROLE_STATUS, 4, 0, FALSE }, { "edgeresponsestatus", RCA_ROLE_STATUS, 4, 0, TRUE }, { "responsestatus", RCA_ROLE_STATUS, 3, 0, FALSE }, { "scstatus", RCA_ROLE_STATUS, 3, 0, TRUE },
  { "httpstatus", RCA_ROLE_STATUS, 3, 0, FALSE }, { "httpresponsestatuscode", RCA_ROLE_STATUS, 4, 0, FALSE }, { "respstatus", RCA_ROLE_STATUS, 3, 0, FALSE },
  { "method", RCA_ROLE_METHOD, 3, 0, FALSE }, { "requestmethod", RCA_ROLE_METHOD, 3, 0, FALSE }, { "clientrequestmethod", RCA_ROLE_METHOD, 4, 0, TRUE }, { "httpmethod", RCA_ROLE_METHOD, 3, 0, FALSE },
  { "csmethod", RCA_ROLE_METHOD, 3, 0, TRUE }, { "reqmethod", RCA_ROLE_METHOD, 3, 0, FALSE }, { "httprequestmethod", RCA_ROLE_METHOD, 3, 0, FALSE }, { "verb", RCA_ROLE_METHOD, 1, 0, FALSE },
  { "uri", RCA_ROLE_PATH, 3, 0, FALSE }, { "url", RCA_ROLE_PATH, 3, 0, FALSE }, { "path", RCA_ROLE_PATH, 3, 0, FALSE }, { "requesturi", RCA_ROLE_PATH, 4, 0, FALSE }, { "requestpath", RCA_ROLE_PATH, 3, 0, FALSE },
  { "clientrequesturi", RCA_ROLE_PATH, 4, 0, TRUE }, { "csuristem", RCA_ROLE_PATH, 3, 0, TRUE }, { "requesturl", RCA_ROLE_PATH, 3, 0, FALSE }, { "httppath", RCA_ROLE_PATH, 3, 0, FALSE }, { "urlpath", RCA_ROLE_PATH, 3, 0, FALSE },
  { "reqpath", RCA_ROLE_PATH, 3, 0, FALSE }, { "urlpathoriginal", RCA_ROLE_PATH, 2, 0, FALSE },
  { "request", RCA_ROLE_REQUEST, 3, 0, FALSE }, { "requestline", RCA_ROLE_REQUEST, 3, 0, FALSE }, { "httprequest", RCA_ROLE_REQUEST, 3, 0, FALSE },
  { "requesttime", RCA_ROLE_REQUEST_TIME, 4, UNIT_S, FALSE }, { "duration", RCA_ROLE_REQUEST_TIME, 3, 0, FALSE }, { "durationms", RCA_ROLE_REQUEST_TIME, 4, UNIT_MS, FALSE }, { "responsetime", RCA_ROLE_REQUEST_TIME, 2, 0, FALSE },
  { "timetaken", RCA_ROLE_REQUEST_TIME, 3, 0, FALSE }, { "latency", RCA_ROLE_REQUEST_TIME, 2, 0, FALSE }, { "totaltime", RCA_ROLE_REQUEST_TIME, 3, 0, FALSE }, { "elapsed", RCA_ROLE_REQUEST_TIME, 2, 0, FALSE },
  { "timeelapsed", RCA_ROLE_REQUEST_TIME, 3, 0, FALSE }, { "timeelapsedmsec", RCA_ROLE_REQUEST_TIME, 4, UNIT_MS, TRUE }, { "requesttimeseconds", RCA_ROLE_REQUEST_TIME, 4, UNIT_S, FALSE }, { "ttfb", RCA_ROLE_REQUEST_TIME, 1, 0, FALSE },
  { "edgetimetofirstbytems", RCA_ROLE_REQUEST_TIME, 2, UNIT_MS, TRUE }, { "elapsedms", RCA_ROLE_REQUEST_TIME, 4, UNIT_MS, FALSE }, { "latencyms", RCA_ROLE_REQUEST_TIME, 4, UNIT_MS, FALSE }, { "rt", RCA_ROLE_REQUEST_TIME, 3, UNIT_S, FALSE },
  { "upstreamresponsetime", RCA_ROLE_UPSTREAM_TIME, 4, UNIT_S, FALSE }, { "upstreamtime", RCA_ROLE_UPSTREAM_TIME, 3, UNIT_S, FALSE }, { "upstreamservicetime", RCA_ROLE_UPSTREAM_TIME, 3, UNIT_MS, FALSE }, { "urt", RCA_ROLE_UPSTREAM_TIME, 3, UNIT_S, FALSE },
  { "originduration", RCA_ROLE_UPSTREAM_TIME, 3, UNIT_NS, FALSE }, { "originresponsedurationms", RCA_ROLE_UPSTREAM_TIME, 4, UNIT_MS, TRUE }, { "originresponsetime", RCA_ROLE_UPSTREAM_TIME, 3, UNIT_NS, TRUE },
  { "upstreamconnecttime", RCA_ROLE_CONNECT_TIME, 4, UNIT_S, FALSE }, { "uct", RCA_ROLE_CONNECT_TIME, 3, UNIT_S, FALSE }, { "origintcphandshakedurationms", RCA_ROLE_CONNECT_TIME, 4, UNIT_MS, TRUE },
  { "upstreamaddr", RCA_ROLE_UPSTREAM, 4, 0, FALSE }, { "upstreamhost", RCA_ROLE_UPSTREAM, 3, 0, FALSE }, { "upstream", RCA_ROLE_UPSTREAM, 3, 0, FALSE }, { "serviceaddr", RCA_ROLE_UPSTREAM, 4, 0, FALSE }, { "originip", RCA_ROLE_UPSTREAM, 3, 0, TRUE },
  { "backend", RCA_ROLE_UPSTREAM, 2, 0, FALSE }, { "upstreamaddress", RCA_ROLE_UPSTREAM, 4, 0, FALSE },
  { "upstreamstatus", RCA_ROLE_UPSTREAM_STATUS, 4, 0, FALSE }, { "originstatus", RCA_ROLE_UPSTREAM_STATUS, 4, 0, FALSE }, { "originresponsestatus", RCA_ROLE_UPSTREAM_STATUS, 4, 0, TRUE },
  { "requestid", RCA_ROLE_REQUEST_ID, 4, 0, FALSE }, { "reqid", RCA_ROLE_REQUEST_ID, 4, 0, FALSE }, { "rid", RCA_ROLE_REQUEST_ID, 3, 0, FALSE }, { "xrequestid", RCA_ROLE_REQUEST_ID, 4, 0, FALSE }, { "correlationid", RCA_ROLE_REQUEST_ID, 3, 0, FALSE },
  { "rayid", RCA_ROLE_REQUEST_ID, 2, 0, TRUE }, { "xedgerequestid", RCA_ROLE_REQUEST_ID, 2, 0, TRUE }, { "traceid", RCA_ROLE_TRACE_ID, 4, 0, FALSE }, { "trace", RCA_ROLE_TRACE_ID, 2, 0, FALSE },
  { "remoteaddr", RCA_ROLE_CLIENT, 3, 0, FALSE }, { "client", RCA_ROLE_CLIENT, 3, 0, FALSE }, { "clientip", RCA_ROLE_CLIENT, 4, 0, FALSE }, { "remoteip", RCA_ROLE_CLIENT, 3, 0, FALSE }, { "clienthost", RCA_ROLE_CLIENT, 3, 0, FALSE }, { "clientaddr", RCA_ROLE_CLIENT, 2, 0, FALSE },
  { "ip", RCA_ROLE_CLIENT, 2, 0, FALSE }, { "cip", RCA_ROLE_CLIENT, 3, 0, TRUE }, { "downstreamremoteaddress", RCA_ROLE_CLIENT, 3, 0, FALSE }, { "remote", RCA_ROLE_CLIENT, 1, 0, FALSE },
  { "xff", RCA_ROLE_FORWARDED, 3, 0, FALSE }, { "xforwardedfor", RCA_ROLE_FORWARDED, 3, 0, FALSE }, { "httpxforwardedfor", RCA_ROLE_FORWARDED, 3, 0, FALSE },
  { "bytes", RCA_ROLE_BYTES, 3, 0, FALSE }, { "bytessent", RCA_ROLE_BYTES, 3, 0, FALSE }, { "bodybytessent", RCA_ROLE_BYTES, 4, 0, FALSE }, { "size", RCA_ROLE_BYTES, 2, 0, FALSE }, { "edgeresponsebytes", RCA_ROLE_BYTES, 4, 0, TRUE }, { "downstreamcontentsize", RCA_ROLE_BYTES, 3, 0, FALSE },
  { "referer", RCA_ROLE_REFERER, 3, 0, FALSE }, { "referrer", RCA_ROLE_REFERER, 3, 0, FALSE }, { "httpreferer", RCA_ROLE_REFERER, 3, 0, FALSE }, { "httpreferrer", RCA_ROLE_REFERER, 3, 0, FALSE }, { "clientrequestreferer", RCA_ROLE_REFERER, 3, 0, TRUE },
  { "useragent", RCA_ROLE_AGENT, 3, 0, FALSE }, { "httpuseragent", RCA_ROLE_AGENT, 3, 0, FALSE }, { "agent", RCA_ROLE_AGENT, 2, 0, FALSE }, { "ua", RCA_ROLE_AGENT, 2, 0, FALSE }, { "clientrequestuseragent", RCA_ROLE_AGENT, 3, 0, TRUE },
  { "host", RCA_ROLE_HOST, 2, 0, FALSE }, { "vhost", RCA_ROLE_HOST, 3, 0, FALSE }, { "servername", RCA_ROLE_HOST, 3, 0, FALSE }, { "requesthost", RCA_ROLE_HOST, 3, 0, FALSE }, { "clientrequesthost", RCA_ROLE_HOST, 3, 0, TRUE }, { "authority", RCA_ROLE_HOST, 3, 0, FALSE },
  { "upstreamcachestatus", RCA_ROLE_CACHE, 4, 0, FALSE }, { "cachestatus", RCA_ROLE_CACHE, 3, 0, FALSE }, { "cachecachestatus", RCA_ROLE_CACHE, 4, 0, TRUE }, { "fastlycachestate", RCA_ROLE_CACHE, 3, 0, TRUE }, { "cachestate", RCA_ROLE_CACHE, 3, 0, TRUE }, { "xcache", RCA_ROLE_CACHE, 3, 0, TRUE },
  { "xedgeresulttype", RCA_ROLE_CACHE, 3, 0, TRUE }, { "fastlyisedge", RCA_ROLE_NONE, 1, 0, TRUE },
  { "edgecolocode", RCA_ROLE_SITE, 3, 0, TRUE }, { "pop", RCA_ROLE_SITE, 3, 0, TRUE }, { "serverdatacenter", RCA_ROLE_SITE, 3, 0, TRUE }, { "datacenter", RCA_ROLE_SITE, 2, 0, TRUE }, { "xedgelocation", RCA_ROLE_SITE, 3, 0, TRUE }, { "fastlyserver", RCA_ROLE_SITE, 2, 0, TRUE },
};

typedef struct
{
  RcaBytes value[RCA_N_ROLES];
  guint8 strength[RCA_N_ROLES];
  guint8 unit[RCA_N_ROLES];
  guint edge;
  gboolean level, message, web_logger;
} Members;

typedef struct
{
  RcaStampContext context;
  RcaArena *arena;
  GHashTable *index; /* name → row + 1 */
  gboolean edge;
  gint64 learnt_ns; /* unit of durations whose name does not tell */
} Json;

static GHashTable *
make_index (void)
{
  GHashTable *index = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_hash_table_insert (index, (gpointer) names[i].name, GUINT_TO_POINTER (i + 1));
  return index;
}

typedef struct
{
  Members *members;
  GHashTable *index;
} Scan;

static gboolean
take (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Scan *scan = user;
  Members *m = scan->members;
  if (type == RCA_JSON_OBJECT)
    return depth <= 2;
  char name[LONGEST_NAME];
  gsize n = 0;
  for (gsize i = 0; i < key.n && n < sizeof name - 1; i++)
    if (g_ascii_isalnum (key.p[i]) || key.p[i] == '@')
      name[n++] = g_ascii_tolower (key.p[i]);
  name[n] = 0;
  m->level |= g_str_equal (name, "level") || g_str_equal (name, "severity") || g_str_equal (name, "lvl");
  m->message |= (g_str_equal (name, "msg") || g_str_equal (name, "message")) && value.n > 0;
  m->web_logger |= g_str_equal (name, "logger") && rca_bytes_has_prefix (value, RCA_BYTES ("http.log"));
  m->web_logger |= g_str_equal (name, "routername") || g_str_equal (name, "downstreamstatus");
  guint row = GPOINTER_TO_UINT (g_hash_table_lookup (scan->index, name));
  if (!row || type == RCA_JSON_ARRAY)
    return FALSE;
  row--;
  m->edge += names[row].edge;
  RcaAccessRole role = names[row].role;
  if (value.n && names[row].strength > m->strength[role])
    {
      m->value[role] = value;
      m->strength[role] = names[row].strength;
      m->unit[role] = names[row].unit;
    }
  return FALSE;
}

static gboolean
read_members (RcaBytes line, RcaArena *arena, GHashTable *index, Members *m)
{
  *m = (Members){ 0 };
  Scan scan = { m, index };
  rca_arena_reset (arena);
  return line.n && line.p[0] == '{' && rca_json_scan (line, arena, take, &scan) > 0;
}

static gboolean
is_access (const Members *m)
{
  gboolean request = m->strength[RCA_ROLE_PATH] || m->strength[RCA_ROLE_REQUEST];
  if (!request || !m->strength[RCA_ROLE_STATUS] || !m->strength[RCA_ROLE_TIME])
    return FALSE;
  return m->web_logger || m->edge >= 2 || (!m->level && !m->message);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  g_autoptr (GHashTable) index = make_index ();
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines && lines < 60; i++)
    {
      Members m;
      lines += sample->line[i].n > 0;
      fits += read_members (sample->line[i], arena, index, &m) && is_access (&m);
    }
  if (fits == 0 || fits * 10 < lines * 6)
    return;
  out->score = 60 + (gint) (38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are JSON with a status, a request and a time, and no level or message", fits, lines);
}

static gpointer
json_open (const RcaSampleLines *sample)
{
  Json *s = g_new0 (Json, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  s->index = make_index ();
  double sum = 0;
  guint n = 0, fractions = 0, edge = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    {
      Members m;
      double x;
      if (!read_members (sample->line[i], s->arena, s->index, &m) || !is_access (&m))
        continue;
      lines++, edge += m.edge >= 2;
      RcaBytes v = m.value[RCA_ROLE_REQUEST_TIME];
      if (v.n && !m.unit[RCA_ROLE_REQUEST_TIME] && rca_parse_double (v, &x))
        sum += x, n++, fractions += memchr (v.p, '.', v.n) != NULL;
    }
  double mean = n ? sum / n : 0;
  s->edge = edge * 2 > lines;
  s->learnt_ns = fractions * 2 > n && mean < 60 ? RCA_NS_PER_S : mean > 200000 ? 1 : mean > 20000 ? 1000 : RCA_NS_PER_MS;
  return s;
}

static void
json_close (gpointer state)
{
  Json *s = state;
  rca_arena_free (s->arena);
  g_hash_table_unref (s->index);
  g_free (s);
}

static void
set_duration (const Json *s, const Members *m, RcaAccessRole role, RcaField field, RcaEvent *ev)
{
  gint64 ns, unit = unit_ns[m->unit[role]];
  RcaBytes v = m->value[role];
  gint64 sum = 0;
  gboolean any = FALSE;
  while (v.n)
    {
      const char *comma = memchr (v.p, ',', v.n);
      RcaBytes one = rca_bytes (v.p, comma ? (gsize) (comma - v.p) : v.n);
      while (one.n && one.p[0] == ' ')
        one = rca_bytes_from (one, 1);
      if (rca_parse_duration (one, unit ? unit : s->learnt_ns, &ns))
        sum = field == RCA_FIELD_UPSTREAM_CONNECT ? MAX (sum, ns) : sum + ns, any = TRUE;
      v = comma ? rca_bytes_from (v, (gsize) (comma - v.p) + 1) : rca_bytes (NULL, 0);
    }
  if (any)
    rca_event_set_num (ev, field, sum);
}

static RcaBytes
last_of_list (RcaBytes v)
{
  const char *comma = v.n ? memrchr (v.p, ',', v.n) : NULL;
  if (comma)
    v = rca_bytes_from (v, (gsize) (comma - v.p) + 1);
  while (v.n && v.p[0] == ' ')
    v = rca_bytes_from (v, 1);
  return v;
}

static void
set_target (const Members *m, RcaEvent *ev)
{
  RcaBytes path = m->value[RCA_ROLE_PATH], method = m->value[RCA_ROLE_METHOD], line = m->value[RCA_ROLE_REQUEST];
  const char *sp = line.n ? memchr (line.p, ' ', line.n) : NULL;
  if (!path.n && sp)
    {
      path = rca_bytes_from (line, (gsize) (sp - line.p) + 1);
      const char *end = memchr (path.p, ' ', path.n);
      path.n = end ? (gsize) (end - path.p) : path.n;
    }
  if (!method.n && sp)
    method = rca_bytes (line.p, (gsize) (sp - line.p));
  gssize scheme = path.n ? rca_bytes_find (path, RCA_BYTES ("://")) : -1;
  if (scheme > 0 && scheme < 8)
    {
      RcaBytes rest = rca_bytes_from (path, (gsize) scheme + 3);
      const char *slash = memchr (rest.p, '/', rest.n);
      rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, rca_bytes (rest.p, slash ? (gsize) (slash - rest.p) : rest.n));
      path = slash ? rca_bytes_from (rest, (gsize) (slash - rest.p)) : RCA_BYTES ("/");
    }
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, method);
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, path);
}

static void
set_client (const Members *m, RcaEvent *ev)
{
  RcaBytes client = m->value[RCA_ROLE_CLIENT], forwarded = m->value[RCA_ROLE_FORWARDED];
  const char *comma = forwarded.n ? memchr (forwarded.p, ',', forwarded.n) : NULL;
  if (comma)
    forwarded.n = (gsize) (comma - forwarded.p);
  if (forwarded.n > 1)
    {
      rca_event_set_str (ev, RCA_FIELD_PEER_CLIENT, client);
      client = forwarded;
    }
  rca_event_set_str (ev, RCA_FIELD_CLIENT, client);
}

static void
set_status (const Members *m, RcaEvent *ev, gboolean edge)
{
  gint64 n;
  if (rca_parse_int (m->value[RCA_ROLE_STATUS], &n))
    {
      rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, n);
      if (n == 499 || n == 429)
        rca_event_set_num (ev, RCA_FIELD_FAILURE, n == 499 ? RCA_FAILURE_CLIENT_ABORT : RCA_FAILURE_LIMIT);
    }
  if (m->value[RCA_ROLE_UPSTREAM_STATUS].n && rca_parse_int (last_of_list (m->value[RCA_ROLE_UPSTREAM_STATUS]), &n))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_STATUS, n);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Json *s = state;
  Members m;
  gint64 n;
  if (!read_members (record, s->arena, s->index, &m) || !is_access (&m))
    return RCA_DECODE_REJECT;
  RcaBytes time = m.value[RCA_ROLE_TIME];
  RcaStamp stamp;
  if (!rca_stamp_parse_epoch (time, &ev->time_ns))
    {
      if (!rca_stamp_parse (time, &s->context, &stamp))
        return RCA_DECODE_REJECT;
      rca_stamp_apply (&stamp, ev);
    }
  ev->stream = s->edge ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  if (m.strength[RCA_ROLE_TIME] == 4 && (s->edge || m.web_logger))
    ev->flags |= RCA_EVENT_TIME_IS_START;
  set_target (&m, ev);
  set_client (&m, ev);
  set_status (&m, ev, s->edge);
  set_duration (s, &m, RCA_ROLE_REQUEST_TIME, RCA_FIELD_DURATION, ev);
  set_duration (s, &m, RCA_ROLE_UPSTREAM_TIME, RCA_FIELD_UPSTREAM_TIME, ev);
  set_duration (s, &m, RCA_ROLE_CONNECT_TIME, RCA_FIELD_UPSTREAM_CONNECT, ev);
  if (m.value[RCA_ROLE_BYTES].n && rca_parse_int (m.value[RCA_ROLE_BYTES], &n))
    rca_event_set_num (ev, RCA_FIELD_BODY_BYTES, n);
  rca_event_set_str (ev, RCA_FIELD_UPSTREAM, last_of_list (m.value[RCA_ROLE_UPSTREAM]));
  rca_event_set_str (ev, RCA_FIELD_REQUEST_ID, m.value[RCA_ROLE_REQUEST_ID]);
  rca_event_set_str (ev, RCA_FIELD_TRACE_ID, m.value[RCA_ROLE_TRACE_ID]);
  rca_event_set_str (ev, RCA_FIELD_USER_AGENT, m.value[RCA_ROLE_AGENT]);
  rca_event_set_str (ev, RCA_FIELD_REFERER, m.value[RCA_ROLE_REFERER]);
  if (!rca_event_has (ev, RCA_FIELD_SERVER_NAME))
    rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, m.value[RCA_ROLE_HOST]);
  rca_event_set_str (ev, RCA_FIELD_CACHE_STATUS, rca_access_cache_word (m.value[RCA_ROLE_CACHE]));
  rca_event_set_str (ev, RCA_FIELD_EDGE_SITE, m.value[RCA_ROLE_SITE]);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_access_json = {
  .name = "access-json",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = json_open,
  .close = json_close,
  .decode = decode,
};
