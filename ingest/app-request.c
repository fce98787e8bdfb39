#include "app-request.h"
#include "number.h"

typedef struct {
  RcaBytes host; /* with port; empty for a path alone */
  RcaBytes path;
} Target;

static Target
split_url (RcaBytes url)
{
  gssize scheme = rca_bytes_find (rca_bytes (url.p, MIN (url.n, 12)), RCA_BYTES ("://"));
  if (scheme <= 0)
    return (Target){ { NULL, 0 }, url };
  RcaBytes rest = rca_bytes_from (url, (gsize)scheme + 3);
  gsize n = 0;
  while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
    n++;
  RcaBytes host = rca_bytes (rest.p, n);
  const char *at = memchr (host.p, '@', host.n);
  if (at) /* user:password@ is nobody's business */
    host = rca_bytes_from (host, (gsize)(at - host.p) + 1);
  return (Target){ host, n < rest.n ? rca_bytes_from (rest, n) : RCA_BYTES ("/") };
}

/* "GET /x HTTP/1.1" in a member of its own. */
static void
split_request_line (RcaAppRecord *record)
{
  RcaBytes line = rca_app_record_get (record, RCA_SLOT_REQUEST_LINE);
  const char *space = line.n > 4 ? memchr (line.p, ' ', line.n) : NULL;
  if (!space || space - line.p > 8 || !g_ascii_isupper (line.p[0]))
    return;
  RcaBytes path = rca_bytes_from (line, (gsize)(space - line.p) + 1);
  const char *end = memchr (path.p, ' ', path.n);
  rca_app_record_set (record, RCA_SLOT_METHOD, 2, rca_bytes (line.p, (gsize)(space - line.p)));
  rca_app_record_set (record, RCA_SLOT_PATH, 2, rca_bytes (path.p, end ? (gsize)(end - path.p) : path.n));
}

static gboolean
says (RcaBytes text, const char *const *words)
{
  RcaBytes head = rca_bytes (text.p, MIN (text.n, 200));
  for (; *words; words++)
    if (rca_bytes_find (head, rca_bytes_str (*words)) >= 0)
      return TRUE;
  return FALSE;
}

/* A call to somebody else rather than a request served. */
static gboolean
is_outgoing (RcaAppRecord *record, const Target *target)
{
  static const char *const calls[] = { "upstream",    "Upstream",    "utgoing",       "utbound",      "ownstream",
                                       "alling ",     "call to",     "HTTP Request:", "client",       "etching",
                                       "request to ", "from remote", "provider",      "Sending HTTP", "Received HTTP response",
                                       NULL };
  static const char *const serves[] = { "Request finished", "Request starting", "request completed", "handled", "served", "ncoming", NULL };
  RcaBytes kind = rca_app_record_get (record, RCA_SLOT_SPAN_KIND), message = rca_event_str (record->ev, RCA_FIELD_MESSAGE);
  gboolean peer = rca_app_record_has (record, RCA_SLOT_PEER), peer_url = rca_app_record_has (record, RCA_SLOT_PEER_URL);
  if (kind.n == 0 && !peer && !peer_url && target->host.n == 0)
    return FALSE;
  if (kind.n >= 6 && (rca_bytes_has_suffix (kind, RCA_BYTES ("client")) || rca_bytes_has_suffix (kind, RCA_BYTES ("CLIENT"))))
    return TRUE;
  if (kind.n >= 6 && (rca_bytes_has_suffix (kind, RCA_BYTES ("server")) || rca_bytes_has_suffix (kind, RCA_BYTES ("SERVER"))))
    return FALSE;
  if (says (message, serves))
    return FALSE;
  if (peer_url) /* beside a client's address it is a gateway's, which served the request */
    return !(rca_app_record_has (record, RCA_SLOT_CLIENT) && rca_app_record_has (record, RCA_SLOT_METHOD));
  if (rca_app_record_has (record, RCA_SLOT_PATH) && record->slot[RCA_SLOT_PATH].strength > 3)
    return FALSE;
  if (!peer && target->host.n == 0)
    return FALSE;
  /* an absolute URL beside a client's address or user agent is a request served */
  if (rca_app_record_has (record, RCA_SLOT_CLIENT) || rca_app_record_has (record, RCA_SLOT_USER_AGENT))
    return FALSE;
  return target->host.n > 0 || says (message, calls) || target->path.n == 0;
}

static gboolean
take_status (RcaAppRecord *record, RcaSlot slot, gint64 *status)
{
  RcaBytes text = rca_app_record_get (record, slot);
  return text.n >= 3 && rca_parse_int (rca_bytes (text.p, 3), status) && *status >= 100 && *status <= 599
         && (text.n == 3 || text.p[3] == ' ' || text.p[3] == '.');
}

static void
fill_peer (RcaAppRecord *record, RcaBytes host)
{
  RcaEvent *ev = record->ev;
  gint64 value;
  RcaBytes peer = rca_app_record_get (record, RCA_SLOT_PEER);
  Target target = split_url (peer);
  if (target.host.n > 0)
    peer = target.host;
  rca_event_set_str (ev, RCA_FIELD_UPSTREAM, host.n > 0 ? host : peer);
  rca_event_set_str (ev, RCA_FIELD_PEER_SERVICE, peer.n > 0 ? peer : host);
  if (take_status (record, RCA_SLOT_PEER_STATUS, &value))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_STATUS, value);
  if (rca_app_record_duration (record, RCA_SLOT_PEER_TIME, &value))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_TIME, value);
}

static void
fill_outgoing (RcaAppRecord *record, const Target *target)
{
  RcaEvent *ev = record->ev;
  gint64 value;
  RcaBytes host = target->host;
  if (host.n == 0)
    host = split_url (rca_app_record_get (record, RCA_SLOT_PEER_URL)).host;
  fill_peer (record, host);
  if (take_status (record, RCA_SLOT_STATUS, &value))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_STATUS, value);
  if (rca_app_record_duration (record, RCA_SLOT_DURATION, &value))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_TIME, value);
}

static void
copy (RcaAppRecord *record, RcaSlot slot, RcaField field)
{
  rca_event_set_str (record->ev, field, rca_app_record_get (record, slot));
}

static gboolean
is_method (RcaBytes text)
{
  static const char *const methods[]
      = { "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PROPFIND", "REPORT", "MKCOL", "MOVE", "COPY" };
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (strlen (methods[i]) == text.n && g_ascii_strncasecmp (methods[i], text.p, text.n) == 0)
      return TRUE;
  return FALSE;
}

static void
fill_served (RcaAppRecord *record, const Target *target)
{
  RcaEvent *ev = record->ev;
  gint64 value;
  RcaBytes method = rca_app_record_get (record, RCA_SLOT_METHOD);
  if (!is_method (method)) /* a programming language's, say */
    method.n = 0;
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, method);
  if (target->path.n > 0 && (target->path.p[0] == '/' || method.n > 0 || rca_app_record_has (record, RCA_SLOT_STATUS)))
    rca_event_set_str (ev, RCA_FIELD_URL_PATH, target->path);
  gboolean took = rca_app_record_duration (record, RCA_SLOT_DURATION, &value);
  if (took)
    rca_event_set_num (ev, RCA_FIELD_DURATION, value);
  if ((took || !record->source->completion_follows) && take_status (record, RCA_SLOT_STATUS, &value))
    rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, value);
  if (rca_app_record_has (record, RCA_SLOT_BYTES) && rca_parse_int (record->slot[RCA_SLOT_BYTES].value, &value))
    rca_event_set_num (ev, RCA_FIELD_BODY_BYTES, value);
  if (rca_app_record_has (record, RCA_SLOT_PEER))
    fill_peer (record, (RcaBytes){ NULL, 0 });
  if (rca_app_record_duration (record, RCA_SLOT_PEER_CONNECT, &value))
    rca_event_set_num (ev, RCA_FIELD_UPSTREAM_CONNECT, value);
  copy (record, RCA_SLOT_USER_AGENT, RCA_FIELD_USER_AGENT);
  copy (record, RCA_SLOT_REFERER, RCA_FIELD_REFERER);
  copy (record, RCA_SLOT_SERVER_NAME, RCA_FIELD_SERVER_NAME);
}

/* Forwarded-for lists the client first. */
static void
fill_client (RcaAppRecord *record)
{
  RcaBytes client = rca_app_record_get (record, RCA_SLOT_CLIENT);
  const char *comma = client.n ? memchr (client.p, ',', client.n) : NULL;
  if (comma)
    client.n = (gsize)(comma - client.p);
  if (rca_bytes_has_prefix (client, RCA_BYTES ("::ffff:"))) /* IPv4 on an IPv6 socket */
    client = rca_bytes_from (client, 7);
  const char *colon = client.n ? memrchr (client.p, ':', client.n) : NULL;
  if (colon && memchr (client.p, '.', client.n)) /* address:port */
    client.n = (gsize)(colon - client.p);
  rca_event_set_str (record->ev, RCA_FIELD_CLIENT, client);
}

/* "code": 200 beside a method or path is a status. */
static void
take_code (RcaAppRecord *record)
{
  gint64 status;
  if (!rca_app_record_has (record, RCA_SLOT_STATUS) && (rca_app_record_has (record, RCA_SLOT_METHOD) || rca_app_record_has (record, RCA_SLOT_PATH))
      && take_status (record, RCA_SLOT_ERROR_CODE, &status))
    rca_app_record_set (record, RCA_SLOT_STATUS, RCA_ALIAS_WEAK, rca_app_record_get (record, RCA_SLOT_ERROR_CODE));
}

void
rca_app_record_request (RcaAppRecord *record)
{
  split_request_line (record);
  take_code (record);
  Target target = split_url (rca_app_record_get (record, RCA_SLOT_PATH));
  if (rca_bytes_equal (target.path, RCA_BYTES ("--"))) /* Nextcloud's nothing */
    target.path.n = 0;
  fill_client (record);
  if (is_outgoing (record, &target))
    fill_outgoing (record, &target);
  else
    fill_served (record, &target);
}
