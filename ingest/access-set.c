#include "access-set.h"
#include "access-shape.h"
#include "number.h"

void
rca_access_clock_init (RcaAccessClock *clock, gint64 mtime_ns)
{
  rca_stamp_context_init (&clock->context, mtime_ns);
  clock->n = 0;
}

static gboolean
read_time (RcaAccessClock *clock, RcaBytes v, RcaStamp *stamp)
{
  if (v.n == clock->n && memcmp (v.p, clock->text, v.n) == 0 && v.n > 0)
  {
    *stamp = clock->stamp;
    return TRUE;
  }
  if (v.n >= 10 && g_ascii_isdigit (v.p[0]) && g_ascii_isdigit (v.p[4]) && g_ascii_isdigit (v.p[9]) && rca_stamp_parse_epoch (v, &stamp->time_ns))
    stamp->flags = RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR;
  else if (!rca_stamp_parse (v, &clock->context, stamp))
    return FALSE;
  clock->n = v.n <= sizeof clock->text ? v.n : 0;
  memcpy (clock->text, v.p, clock->n);
  clock->stamp = *stamp;
  return TRUE;
}

gboolean
rca_access_set_time (RcaAccessClock *clock, RcaBytes v, RcaEvent *ev)
{
  RcaStamp stamp;
  if (!read_time (clock, v, &stamp))
    return FALSE;
  rca_stamp_apply (&stamp, ev);
  return TRUE;
}

void
rca_access_set_other_time (RcaAccessClock *clock, RcaBytes v, RcaEvent *ev)
{
  RcaStamp stamp;
  gint64 ns;
  if (ev->time_ns == RCA_TIME_NONE || rca_event_has (ev, RCA_FIELD_DURATION))
    return;
  if (!rca_stamp_parse_epoch (v, &stamp.time_ns) && !rca_stamp_parse (v, &clock->context, &stamp))
    return;
  ns = ABS (stamp.time_ns - ev->time_ns);
  if (ns < 3600 * RCA_NS_PER_S)
    rca_event_set_num (ev, RCA_FIELD_DURATION, ns);
}

/* The last of a list over attempts, "a, b : c", and how many there are. */
static RcaBytes
last_item (RcaBytes v, guint *items)
{
  gsize from = 0;
  *items = 1;
  if (v.n < 30 && !memchr (v.p, ' ', v.n) && !memchr (v.p, ',', v.n))
    return v;
  for (gsize i = 0; i + 1 < v.n; i++)
    if (v.p[i] == ',' || (v.p[i] == ' ' && v.p[i + 1] == ':'))
    {
      from = v.p[i] == ',' ? i + 1 : i + 2;
      ++*items;
    }
  while (from < v.n && v.p[from] == ' ')
    from++;
  return rca_bytes_from (v, from);
}

/* "0.002" in seconds without a detour through doubles; FALSE for anything else. */
static inline gboolean
plain_decimal (const char *p, gsize n, gint64 unit_ns, gint64 *out)
{
  gint64 whole = 0, part = 0, scale = unit_ns;
  gsize i = 0;
  if (n > 15)
    return FALSE;
  for (; i < n && g_ascii_isdigit (p[i]); i++)
    whole = whole * 10 + (p[i] - '0');
  if (i == 0 || whole > 100000000)
    return FALSE;
  if (i < n && p[i] == '.')
    for (i++; i < n && g_ascii_isdigit (p[i]); i++)
    {
      scale /= 10;
      part += (p[i] - '0') * scale;
    }
  *out = whole * unit_ns + part;
  return i == n;
}

gboolean
rca_access_duration (RcaBytes v, gint64 unit_ns, gboolean longest, gint64 *out)
{
  gboolean any = FALSE;
  *out = 0;
  for (gsize i = 0; i < v.n;)
  {
    while (i < v.n && (v.p[i] == ' ' || v.p[i] == ',' || v.p[i] == ':'))
      i++;
    gsize j = i;
    while (j < v.n && v.p[j] != ' ' && v.p[j] != ',')
      j++;
    gint64 one;
    if (j > i && (plain_decimal (v.p + i, j - i, unit_ns, &one) || rca_parse_duration (rca_bytes (v.p + i, j - i), unit_ns, &one)))
    {
      *out = longest ? MAX (*out, one) : *out + one;
      any = TRUE;
    }
    i = j + 1;
  }
  return any;
}

static void
set_duration (RcaEvent *ev, RcaField field, RcaBytes v, gint64 unit_ns, gboolean longest)
{
  gint64 ns;
  if (rca_access_duration (v, unit_ns ?: RCA_NS_PER_S, longest, &ns))
    rca_event_set_num (ev, field, ns);
}

/* Absolute URLs are cut to the path; their host is the server's name. */
static void
set_target (RcaEvent *ev, RcaBytes target)
{
  if (target.n && target.p[0] != '/')
  {
    gssize scheme = rca_bytes_find (rca_bytes (target.p, MIN (target.n, 10)), RCA_BYTES ("://"));
    if (scheme > 0)
    {
      RcaBytes rest = rca_bytes_from (target, (gsize)scheme + 3);
      const char *slash = rest.n ? memchr (rest.p, '/', rest.n) : NULL;
      rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, rca_bytes (rest.p, slash ? (gsize)(slash - rest.p) : rest.n));
      target = slash ? rca_bytes_from (rest, (gsize)(slash - rest.p)) : RCA_BYTES ("/");
    }
  }
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, target);
}

/* "GET /path HTTP/1.1", "GET /path", or whatever a scanner sent. */
static void
set_request (RcaEvent *ev, RcaBytes v)
{
  const char *sp = v.n ? memchr (v.p, ' ', v.n) : NULL;
  if (!sp)
  {
    rca_event_set_str (ev, RCA_FIELD_URL_PATH, v);
    return;
  }
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, rca_bytes (v.p, (gsize)(sp - v.p)));
  RcaBytes target = rca_bytes_from (v, (gsize)(sp - v.p) + 1);
  const char *end = target.n ? memrchr (target.p, ' ', target.n) : NULL;
  if (end && rca_bytes_has_prefix (rca_bytes_from (target, (gsize)(end - target.p) + 1), RCA_BYTES ("HTTP")))
    target.n = (gsize)(end - target.p);
  set_target (ev, target);
}

static RcaBytes
without_port (RcaBytes v)
{
  if (v.n > 2 && v.p[0] == '[')
  {
    const char *close = memchr (v.p, ']', v.n);
    return close ? rca_bytes (v.p + 1, (gsize)(close - v.p - 1)) : v;
  }
  const char *colon = v.n ? memchr (v.p, ':', v.n) : NULL;
  return colon && !memchr (colon + 1, ':', (gsize)(v.p + v.n - colon - 1)) ? rca_bytes (v.p, (gsize)(colon - v.p)) : v;
}

static void
set_client (RcaEvent *ev, RcaBytes v)
{
  v = without_port (v);
  if (rca_event_has (ev, RCA_FIELD_CLIENT)) /* told by a forwarded-for */
    rca_event_set_str (ev, RCA_FIELD_PEER_CLIENT, v);
  else
    rca_event_set_str (ev, RCA_FIELD_CLIENT, v);
}

static void
set_forwarded (RcaEvent *ev, RcaBytes v)
{
  const char *comma = v.n ? memchr (v.p, ',', v.n) : NULL;
  RcaBytes first = without_port (comma ? rca_bytes (v.p, (gsize)(comma - v.p)) : v);
  if (rca_shape_absent (first))
    return;
  if (rca_event_has (ev, RCA_FIELD_CLIENT) && !rca_bytes_equal (first, rca_event_str (ev, RCA_FIELD_CLIENT)))
    rca_event_set_str (ev, RCA_FIELD_PEER_CLIENT, rca_event_str (ev, RCA_FIELD_CLIENT));
  rca_event_set_str (ev, RCA_FIELD_CLIENT, first);
}

/* nginx ends the list with the group's name when none of its servers was left to try. */
static void
set_upstream (RcaEvent *ev, RcaBytes v)
{
  guint items;
  v = last_item (v, &items);
  if (rca_bytes_has_prefix (v, RCA_BYTES ("http://")) || rca_bytes_has_prefix (v, RCA_BYTES ("https://")))
  {
    v = rca_bytes_from (v, v.p[4] == 's' ? 8 : 7);
    const char *slash = v.n ? memchr (v.p, '/', v.n) : NULL;
    v.n = slash ? (gsize)(slash - v.p) : v.n;
  }
  else if (rca_bytes_has_prefix (v, RCA_BYTES ("HIER_")) || rca_bytes_has_prefix (v, RCA_BYTES ("FIRST"))) /* Squid's way to it */
  {
    const char *slash = memchr (v.p, '/', v.n);
    v = slash ? rca_bytes_from (v, (gsize)(slash - v.p) + 1) : v;
  }
  rca_event_set_str (ev, RCA_FIELD_UPSTREAM, v);
  if (items > 1)
    rca_event_set_num (ev, RCA_FIELD_ATTEMPTS, items);
}

static void
set_cache (RcaEvent *ev, RcaBytes v)
{
  RcaBytes word = rca_shape_cache (v);
  rca_event_set_str (ev, RCA_FIELD_CACHE_STATUS, word.n ? word : v);
}

static void
set_number (RcaEvent *ev, RcaField field, RcaBytes v, gint64 least)
{
  gint64 n;
  if (rca_parse_int (v, &n) && n >= least)
    rca_event_set_num (ev, field, n);
}

static void
set_cache_status (RcaEvent *ev, RcaBytes v)
{
  const char *slash = memchr (v.p, '/', v.n);
  set_cache (ev, slash ? rca_bytes (v.p, (gsize)(slash - v.p)) : v);
  if (slash)
    set_number (ev, RCA_FIELD_HTTP_STATUS, rca_bytes_from (v, (gsize)(slash - v.p) + 1), 100);
}

/* "00-TRACE-SPAN-01" and AWS's "Root=1-…-…;Self=…" hold the id, others are it. */
static void
set_trace (RcaEvent *ev, RcaBytes v)
{
  if (v.n == 55 && v.p[2] == '-' && v.p[35] == '-')
  {
    rca_event_set_str (ev, RCA_FIELD_SPAN_ID, rca_bytes (v.p + 36, 16));
    v = rca_bytes (v.p + 3, 32);
  }
  else if (rca_bytes_has_prefix (v, RCA_BYTES ("Root=")))
  {
    v = rca_bytes_from (v, 5);
    const char *end = memchr (v.p, ';', v.n);
    v.n = end ? (gsize)(end - v.p) : v.n;
  }
  rca_event_set_str (ev, RCA_FIELD_TRACE_ID, v);
}

void
rca_access_set (const RcaAccessColumn *column, RcaBytes v, RcaEvent *ev)
{
  guint items;
  if (rca_shape_absent (v))
    return;
  switch (column->role)
  {
  case RCA_ROLE_CLIENT:
    set_client (ev, v);
    break;
  case RCA_ROLE_FORWARDED:
    set_forwarded (ev, v);
    break;
  case RCA_ROLE_REQUEST:
    set_request (ev, v);
    break;
  case RCA_ROLE_METHOD:
    rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, v);
    break;
  case RCA_ROLE_PATH:
    set_target (ev, v);
    break;
  case RCA_ROLE_STATUS:
    set_number (ev, RCA_FIELD_HTTP_STATUS, v, 0);
    break;
  case RCA_ROLE_BYTES:
    set_number (ev, RCA_FIELD_BODY_BYTES, v, 0);
    break;
  case RCA_ROLE_REFERER:
    rca_event_set_str (ev, RCA_FIELD_REFERER, v);
    break;
  case RCA_ROLE_AGENT:
    rca_event_set_str (ev, RCA_FIELD_USER_AGENT, v);
    break;
  case RCA_ROLE_REQUEST_TIME:
    set_duration (ev, RCA_FIELD_DURATION, v, column->unit_ns, FALSE);
    break;
  case RCA_ROLE_UPSTREAM_TIME:
    set_duration (ev, RCA_FIELD_UPSTREAM_TIME, v, column->unit_ns, FALSE);
    break;
  case RCA_ROLE_HEADER_TIME:
    if (!rca_event_has (ev, RCA_FIELD_UPSTREAM_TIME))
      set_duration (ev, RCA_FIELD_UPSTREAM_TIME, v, column->unit_ns, FALSE);
    break;
  case RCA_ROLE_CONNECT_TIME:
    set_duration (ev, RCA_FIELD_UPSTREAM_CONNECT, v, column->unit_ns, TRUE);
    break;
  case RCA_ROLE_UPSTREAM:
    set_upstream (ev, v);
    break;
  case RCA_ROLE_UPSTREAM_STATUS:
    set_number (ev, RCA_FIELD_UPSTREAM_STATUS, last_item (v, &items), 0);
    break;
  case RCA_ROLE_REQUEST_ID:
    rca_event_set_str (ev, RCA_FIELD_REQUEST_ID, v);
    break;
  case RCA_ROLE_TRACE_ID:
    set_trace (ev, v);
    break;
  case RCA_ROLE_SPAN_ID:
    rca_event_set_str (ev, RCA_FIELD_SPAN_ID, v);
    break;
  case RCA_ROLE_CACHE:
    set_cache (ev, v);
    break;
  case RCA_ROLE_CACHE_STATUS:
    set_cache_status (ev, v);
    break;
  case RCA_ROLE_HOST:
    if (!rca_event_has (ev, RCA_FIELD_SERVER_NAME))
      rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, v);
    break;
  case RCA_ROLE_SITE:
    rca_event_set_str (ev, RCA_FIELD_EDGE_SITE, v);
    break;
  case RCA_ROLE_SERVICE:
    rca_event_set_str (ev, RCA_FIELD_SERVICE, v);
    break;
  case RCA_ROLE_INSTANCE:
    rca_event_set_str (ev, RCA_FIELD_INSTANCE, v);
    break;
  case RCA_ROLE_TERMINATION:
    rca_event_set_str (ev, RCA_FIELD_TERMINATION, v);
    break;
  default:
    break; /* times are the caller's */
  }
}

/* Envoy's response flags (the first of a list), CloudFront's detailed results, Google's status
 * details, Azure Front Door's error information. */
static const struct {
  const char *flag;
  RcaFailure failure;
} flags[] = {
  { "UF", RCA_FAILURE_REFUSED },
  { "UH", RCA_FAILURE_NO_UPSTREAM },
  { "UO", RCA_FAILURE_LIMIT },
  { "NR", RCA_FAILURE_NO_UPSTREAM },
  { "NC", RCA_FAILURE_NO_UPSTREAM },
  { "LH", RCA_FAILURE_NO_UPSTREAM },
  { "UT", RCA_FAILURE_READ_TIMEOUT },
  { "DT", RCA_FAILURE_READ_TIMEOUT },
  { "UC", RCA_FAILURE_RESET },
  { "UR", RCA_FAILURE_RESET },
  { "LR", RCA_FAILURE_RESET },
  { "URX", RCA_FAILURE_UPSTREAM_ERROR },
  { "UPE", RCA_FAILURE_UPSTREAM_ERROR },
  { "DF", RCA_FAILURE_DNS },
  { "DC", RCA_FAILURE_CLIENT_ABORT },
  { "RL", RCA_FAILURE_LIMIT },
  { "OM", RCA_FAILURE_MEMORY },
  { "OriginConnectError", RCA_FAILURE_REFUSED },
  { "OriginDnsError", RCA_FAILURE_DNS },
  { "OriginCommError", RCA_FAILURE_RESET },
  { "OriginReadError", RCA_FAILURE_RESET },
  { "OriginWriteError", RCA_FAILURE_RESET },
  { "OriginHeaderTooBigError", RCA_FAILURE_UPSTREAM_ERROR },
  { "OriginInvalidResponseError", RCA_FAILURE_UPSTREAM_ERROR },
  { "OriginZeroSizeObjectError", RCA_FAILURE_UPSTREAM_ERROR },
  { "SlowReadOriginError", RCA_FAILURE_READ_TIMEOUT },
  { "OriginError", RCA_FAILURE_UPSTREAM_ERROR },
  { "AbortedOrigin", RCA_FAILURE_RESET },
  { "ClientCommError", RCA_FAILURE_CLIENT_ABORT },
  { "ClientHungUpRequest", RCA_FAILURE_CLIENT_ABORT },
  { "LimitExceeded", RCA_FAILURE_LIMIT },
  { "CapacityExceeded", RCA_FAILURE_LIMIT },
  { "failed_to_connect_to_backend", RCA_FAILURE_REFUSED },
  { "failed_to_pick_backend", RCA_FAILURE_NO_UPSTREAM },
  { "backend_timeout", RCA_FAILURE_READ_TIMEOUT },
  { "backend_connection_closed_before_data_sent_to_client", RCA_FAILURE_RESET },
  { "backend_connection_closed_after_partial_response_sent", RCA_FAILURE_RESET },
  { "client_disconnected_before_any_response", RCA_FAILURE_CLIENT_ABORT },
  { "client_disconnected_after_partial_response", RCA_FAILURE_CLIENT_ABORT },
  { "denied_by_security_policy", RCA_FAILURE_LIMIT },
  { "OriginConnectionRefused", RCA_FAILURE_REFUSED },
  { "OriginConnectionError", RCA_FAILURE_REFUSED },
  { "OriginConnectionAborted", RCA_FAILURE_RESET },
  { "OriginTimeout", RCA_FAILURE_READ_TIMEOUT },
  { "DNSFailure", RCA_FAILURE_DNS },
  { "DNSNameNotResolved", RCA_FAILURE_DNS },
  { "DNSTimeout", RCA_FAILURE_DNS },
  { "SSLHandshakeError", RCA_FAILURE_TLS },
  { "ClientDisconnected", RCA_FAILURE_CLIENT_ABORT },
};

static RcaFailure
failure_of_flags (RcaBytes v)
{
  const char *comma = v.n ? memchr (v.p, ',', v.n) : NULL;
  RcaBytes first = comma ? rca_bytes (v.p, (gsize)(comma - v.p)) : v;
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (rca_bytes_is (first, flags[i].flag))
      return flags[i].failure;
  return RCA_FAILURE_NONE;
}

/* Statuses that are no application's answer: nginx 499, AWS 460, Cloudflare 52x and 530. */
static RcaFailure
failure_of_status (gint64 status)
{
  switch (status)
  {
  case 429:
    return RCA_FAILURE_LIMIT;
  case 460:
  case 499:
    return RCA_FAILURE_CLIENT_ABORT;
  case 520:
    return RCA_FAILURE_UPSTREAM_ERROR;
  case 521:
    return RCA_FAILURE_REFUSED;
  case 522:
    return RCA_FAILURE_CONNECT_TIMEOUT;
  case 523:
    return RCA_FAILURE_UNREACHABLE;
  case 524:
    return RCA_FAILURE_READ_TIMEOUT;
  case 525:
  case 526:
    return RCA_FAILURE_TLS;
  case 530:
    return RCA_FAILURE_DNS;
  default:
    return RCA_FAILURE_NONE;
  }
}

/* nginx answers for a group without a live server, whose name then stands where an address would. */
static gboolean
asked_no_server (const RcaEvent *ev)
{
  RcaBytes upstream = rca_event_str (ev, RCA_FIELD_UPSTREAM);
  gint64 status = rca_event_num (ev, RCA_FIELD_HTTP_STATUS, 0);
  return upstream.n && status >= 502 && status <= 503 && !memchr (upstream.p, ':', upstream.n) && !memchr (upstream.p, '/', upstream.n)
         && !memchr (upstream.p, '.', upstream.n);
}

void
rca_access_finish (RcaEvent *ev)
{
  RcaFailure failure = RCA_FAILURE_NONE;
  if (rca_event_has (ev, RCA_FIELD_TERMINATION))
    failure = failure_of_flags (rca_event_str (ev, RCA_FIELD_TERMINATION));
  gint64 status = rca_event_num (ev, RCA_FIELD_HTTP_STATUS, 0);
  if (!failure && status >= 429)
    failure = failure_of_status (status);
  if (!failure && status >= 500 && asked_no_server (ev))
    failure = RCA_FAILURE_NO_UPSTREAM;
  if (failure)
    rca_event_set_num (ev, RCA_FIELD_FAILURE, failure);
}
