/* Access logs as JSON lines: nginx escape=json with any names, Caddy, Traefik, Envoy, HAProxy;
 * at the edge Cloudflare Logpush, Fastly, CloudFront real-time, Akamai DataStream, Azure Front Door.
 *
 * What tells it from an application's log: a status and a target, and no level or message (or a
 * web server's own logger). Caddy writes its access lines among its other records; those are
 * read as any JSON logger's, but they are the web server's. */
#include "../access-names.h"
#include "../access-set.h"
#include "../json-scan.h"
#include "../number.h"
#include "../severity.h"
#include "formats.h"

typedef struct {
  RcaBytes value[RCA_N_ROLES];
  guint strength[RCA_N_ROLES];
  gint64 unit_ns[RCA_N_ROLES];
  guint edge;
  gboolean message, web_logger, start_time;
  RcaBytes level;
} Members;

typedef enum { SIGN_NONE, SIGN_LEVEL, SIGN_MESSAGE, SIGN_LOGGER, SIGN_OWN, SIGN_START } Sign;

/* Lines of one writer have the same members in the same order: what a name means is looked up
 * once for each place. */
typedef struct {
  char text[48];
  gsize n; /* 0: nothing is known for this place yet */
  gboolean known;
  RcaAccessName name;
  Sign sign;
} Place;

enum { N_PLACES = 64 };

typedef struct {
  RcaAccessClock clock;
  RcaArena *arena;
  Place place[N_PLACES];
  gboolean edge;
  gint64 learnt_ns; /* unit of durations whose name does not tell */
} Json;

/* The last name in "request.headers.User-Agent.0". */
static RcaBytes
member_name (RcaBytes path, RcaBytes key)
{
  if (key.n == 0 || key.n > 2 || !g_ascii_isdigit (key.p[0]) || path.n <= key.n + 1)
    return key;
  RcaBytes parent = rca_bytes (path.p, path.n - key.n - 1);
  const char *dot = memrchr (parent.p, '.', parent.n);
  return dot ? rca_bytes_from (parent, (gsize)(dot - parent.p) + 1) : parent;
}

static gboolean
is_any_of (RcaBytes name, const char *const *words)
{
  for (; *words; words++)
    if (name.n == strlen (*words) && g_ascii_strncasecmp (name.p, *words, name.n) == 0)
      return TRUE;
  return FALSE;
}

/* Members that tell whose log it is. */
static Sign
sign_of (RcaBytes name)
{
  static const char *const levels[] = { "level", "severity", "lvl", NULL };
  static const char *const messages[] = { "msg", "message", NULL };
  static const char *const loggers[] = { "logger", NULL };
  static const char *const own[] = { "RouterName", "DownstreamStatus", "statusDetails", "response_flags", "EdgeResponseStatus", NULL };
  static const char *const starts[] = { "StartUTC", "StartLocal", "EdgeStartTimestamp", "start_time", "reqTimeSec", "accept_date", NULL };
  return is_any_of (name, levels)     ? SIGN_LEVEL
         : is_any_of (name, messages) ? SIGN_MESSAGE
         : is_any_of (name, loggers)  ? SIGN_LOGGER
         : is_any_of (name, own)      ? SIGN_OWN
         : is_any_of (name, starts)   ? SIGN_START
                                      : SIGN_NONE;
}

static void
take_sign (Members *m, Sign sign, RcaBytes value)
{
  switch (sign)
  {
  case SIGN_LEVEL:
    m->level = value;
    break;
  case SIGN_MESSAGE:
    m->message |= value.n > 0;
    break;
  case SIGN_LOGGER:
    m->web_logger |= rca_bytes_has_prefix (value, RCA_BYTES ("http.log.access"));
    break;
  case SIGN_OWN:
    m->web_logger = TRUE;
    break;
  case SIGN_START:
    m->start_time = TRUE;
    break;
  case SIGN_NONE:
    break;
  }
}

typedef struct {
  Members *members;
  Place *place;
  guint at;
} Scan;

static const Place *
look_up (Scan *scan, RcaBytes path, RcaBytes key)
{
  RcaBytes name = path.n ? path : key;
  Place *place = &scan->place[scan->at++ % N_PLACES];
  if (place->n == name.n && memcmp (place->text, name.p, name.n) == 0 && name.n)
    return place;
  place->n = name.n <= sizeof place->text ? name.n : 0;
  memcpy (place->text, name.p, place->n);
  /* the whole of "url.original" says more than its end, which for "request.uri" says enough */
  place->known = rca_access_name (name, &place->name) || rca_access_name (member_name (path, key), &place->name);
  place->sign = sign_of (member_name (path, key));
  return place;
}

static gboolean
take (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Scan *scan = user;
  Members *m = scan->members;
  if (type == RCA_JSON_OBJECT)
    return depth <= 3 && !rca_bytes_has_prefix (key, RCA_BYTES ("resp_headers"));
  if (type == RCA_JSON_ARRAY)
    return depth <= 4;
  const Place *place = look_up (scan, path, key);
  take_sign (m, place->sign, value);
  if (!place->known)
    return FALSE;
  RcaAccessRole role = place->name.role;
  if (role == RCA_ROLE_REQUEST_TIME && type == RCA_JSON_STRING && memchr (value.p, ':', value.n))
    role = RCA_ROLE_TIME; /* API Gateway's requestTime is a date */
  m->edge += place->name.edge;
  gboolean told = value.n || (role == RCA_ROLE_PATH && place->name.edge);
  if (told && place->name.strength > m->strength[role] && type != RCA_JSON_NULL)
  {
    m->value[role] = value;
    m->strength[role] = place->name.strength;
    m->unit_ns[role] = place->name.unit_ns;
  }
  return FALSE;
}

static gboolean
read_members (RcaBytes line, RcaArena *arena, Place *place, Members *m)
{
  Scan scan = { m, place, 0 };
  memset (m, 0, sizeof *m);
  rca_arena_reset (arena);
  return line.n && line.p[0] == '{' && rca_json_scan (line, arena, take, &scan) > 0;
}

static gboolean
is_access (const Members *m)
{
  gboolean request = m->strength[RCA_ROLE_PATH] || m->strength[RCA_ROLE_REQUEST];
  if (!request || !m->strength[RCA_ROLE_STATUS] || !m->strength[RCA_ROLE_TIME])
    return FALSE;
  return m->web_logger || m->edge >= 2 || (!m->level.n && !m->message);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  g_autofree Place *place = g_new0 (Place, N_PLACES);
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines && lines < 60; i++)
  {
    Members m;
    lines += sample->line[i].n > 0;
    fits += read_members (sample->line[i], arena, place, &m) && is_access (&m);
  }
  if (fits == 0 || fits * 10 < lines * 6)
    return;
  out->score = 60 + (gint)(38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are JSON with a status, a request and a time, and no level or message", fits, lines);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Seconds have a fraction and are small; whole numbers are milliseconds until they are too many. */
static gint64
learn_unit (double *value, guint n, guint fractions)
{
  if (n == 0)
    return RCA_NS_PER_MS;
  qsort (value, n, sizeof *value, compare_doubles);
  double median = value[n / 2];
  if (fractions * 2 > n && median < 30)
    return RCA_NS_PER_S;
  return median > 200000 ? 1 : median > 3000 && value[0] > 50 ? 1000 : RCA_NS_PER_MS;
}

static gpointer
json_open (const RcaSampleLines *sample)
{
  Json *s = g_new0 (Json, 1);
  rca_access_clock_init (&s->clock, sample->mtime_ns);
  s->arena = rca_arena_new ();
  g_autofree double *value = g_new (double, sample->n_lines + 1);
  guint n = 0, fractions = 0, edge = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Members m;
    if (!read_members (sample->line[i], s->arena, s->place, &m) || !is_access (&m))
      continue;
    lines++, edge += m.edge >= 2;
    RcaBytes v = m.value[RCA_ROLE_REQUEST_TIME];
    if (v.n && !m.unit_ns[RCA_ROLE_REQUEST_TIME] && rca_parse_double (v, &value[n]))
      n++, fractions += memchr (v.p, '.', v.n) != NULL;
  }
  s->edge = edge * 2 > lines;
  s->learnt_ns = learn_unit (value, n, fractions);
  return s;
}

static void
json_close (gpointer state)
{
  Json *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static gint64
unit_of (const Json *s, const Members *m, RcaAccessRole role)
{
  return m->unit_ns[role] ?: s->learnt_ns;
}

/* PATH says the target better than the request line, which then only tells the method. */
static void
set_members (const Json *s, Members *m, RcaEvent *ev)
{
  static const RcaAccessRole order[]
      = { RCA_ROLE_REQUEST,      RCA_ROLE_METHOD,        RCA_ROLE_PATH,         RCA_ROLE_STATUS,      RCA_ROLE_CLIENT,     RCA_ROLE_FORWARDED,
          RCA_ROLE_BYTES,        RCA_ROLE_REFERER,       RCA_ROLE_AGENT,        RCA_ROLE_HOST,        RCA_ROLE_UPSTREAM,   RCA_ROLE_UPSTREAM_STATUS,
          RCA_ROLE_REQUEST_TIME, RCA_ROLE_UPSTREAM_TIME, RCA_ROLE_CONNECT_TIME, RCA_ROLE_HEADER_TIME, RCA_ROLE_REQUEST_ID, RCA_ROLE_TRACE_ID,
          RCA_ROLE_SPAN_ID,      RCA_ROLE_CACHE,         RCA_ROLE_SITE,         RCA_ROLE_SERVICE,     RCA_ROLE_INSTANCE,   RCA_ROLE_TERMINATION };
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
  {
    if (!m->value[order[i]].n || (order[i] == RCA_ROLE_SERVICE && m->web_logger)) /* a proxy's service is whom it asks */
      continue;
    RcaAccessColumn column = { .role = order[i], .unit_ns = unit_of (s, m, order[i]) };
    rca_access_set (&column, m->value[order[i]], ev);
  }
}

/* Akamai leaves the first slash out and writes hits as numbers. */
static void
complete (const Json *s, Members *m)
{
  RcaBytes *path = &m->value[RCA_ROLE_PATH], *cache = &m->value[RCA_ROLE_CACHE];
  if (!s->edge || !m->strength[RCA_ROLE_PATH])
    return;
  if (path->n == 0 || (path->p[0] != '/' && rca_bytes_find (*path, RCA_BYTES ("://")) < 0))
  {
    char *whole = rca_arena_alloc (s->arena, path->n + 1);
    whole[0] = '/';
    memcpy (whole + 1, path->p, path->n);
    *path = rca_bytes (whole, path->n + 1);
  }
  if (cache->n == 1 && (cache->p[0] == '0' || cache->p[0] == '1'))
    *cache = cache->p[0] == '1' ? RCA_BYTES ("hit") : RCA_BYTES ("miss");
}

static gboolean
decode_members (Json *s, Members *m, RcaEvent *ev)
{
  if (!is_access (m) || !rca_access_set_time (&s->clock, m->value[RCA_ROLE_TIME], ev))
    return FALSE;
  ev->stream = s->edge ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  if (m->start_time)
    ev->flags |= RCA_EVENT_TIME_IS_START;
  complete (s, m);
  set_members (s, m, ev);
  if (m->value[RCA_ROLE_OTHER_TIME].n)
  {
    /* the distance of both ends is exact; a time to the first byte is not the whole */
    if (m->strength[RCA_ROLE_REQUEST_TIME] < 3)
      ev->present &= ~(G_GUINT64_CONSTANT (1) << RCA_FIELD_DURATION);
    rca_access_set_other_time (&s->clock, m->value[RCA_ROLE_OTHER_TIME], ev);
  }
  rca_access_finish (ev);
  return TRUE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Json *s = state;
  Members m;
  if (!read_members (record, s->arena, s->place, &m) || !decode_members (s, &m, ev))
    return RCA_DECODE_REJECT;
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

/* ---- Caddy -------------------------------------------------------------- */

typedef struct {
  Json *access;
  gpointer rest; /* json-lines' state */
} Caddy;

typedef struct {
  RcaEmit emit;
  gpointer user;
  RcaBytes record;
} Emission;

/* Caddy's own words (v2.6 to v2.9). */
static gboolean
is_caddy (RcaBytes line)
{
  static const char *const words[] = { "\"logger\":\"http.log.",
                                       "\"msg\":\"admin endpoint ",
                                       "\"msg\":\"serving initial configuration\"",
                                       "\"msg\":\"using provided configuration\"",
                                       "\"msg\":\"using config from file\"",
                                       "\"logger\":\"tls.cache.maintenance\"" };
  for (guint i = 0; line.n && line.p[0] == '{' && i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_find (line, rca_bytes_str (words[i])) > 0)
      return TRUE;
  return FALSE;
}

static void
caddy_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint own = 0, objects = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    lines += sample->line[i].n > 0;
    objects += sample->line[i].n && sample->line[i].p[0] == '{';
    own += is_caddy (sample->line[i]);
  }
  if (own == 0 || objects * 10 < lines * 9)
    return;
  out->score = 99;
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are Caddy's own JSON records", own, lines);
}

static gpointer
caddy_open (const RcaSampleLines *sample)
{
  Caddy *c = g_new0 (Caddy, 1);
  c->access = json_open (sample);
  c->access->learnt_ns = RCA_NS_PER_S; /* "duration" of its default encoder; names it as seconds */
  c->access->edge = FALSE;
  c->rest = rca_format_json_lines.open (sample);
  return c;
}

static void
caddy_close (gpointer state)
{
  Caddy *c = state;
  json_close (c->access);
  rca_format_json_lines.close (c->rest);
  g_free (c);
}

static void
emit_runtime (RcaEvent *ev, gpointer user)
{
  const Emission *emission = user;
  const guint64 own = G_GUINT64_CONSTANT (1) << RCA_FIELD_HTTP_STATUS | G_GUINT64_CONSTANT (1) << RCA_FIELD_DURATION;
  ev->stream = RCA_STREAM_ACCESS;
  ev->present &= ~own; /* the access line tells the answer; this one why */
  if (rca_bytes_find (emission->record, RCA_BYTES ("\"serving initial configuration\"")) > 0)
  {
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_RESTART);
    rca_event_set_str (ev, RCA_FIELD_SERVICE, RCA_BYTES ("caddy"));
  }
  emission->emit (ev, emission->user);
}

static RcaDecodeResult
caddy_decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Caddy *c = state;
  Members m;
  if (read_members (record, c->access->arena, c->access->place, &m) && m.web_logger && decode_members (c->access, &m, ev))
  {
    rca_severity_parse (m.level, &ev->severity);
    emit (ev, user);
    return RCA_DECODE_OK;
  }
  Emission emission = { emit, user, record };
  rca_event_clear (ev);
  return rca_format_json_lines.decode (c->rest, record, ev, emit_runtime, &emission);
}

const RcaFormat rca_format_caddy = {
  .name = "caddy",
  .stream = RCA_STREAM_ACCESS,
  .sniff = caddy_sniff,
  .open = caddy_open,
  .close = caddy_close,
  .decode = caddy_decode,
};
