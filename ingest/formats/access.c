/* Text access logs of any column order: nginx combined and its log_format variants, Apache
 * common/combined/%D, gunicorn, morgan, lighttpd, varnishncsa. */
#include "../access-line.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct
{
  RcaAccessColumns columns;
  RcaStampContext context;
} Access;

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaAccessColumns columns;
  rca_access_learn (sample, &columns);
  if (columns.fits == 0 || columns.fits * 10 < columns.lines * 5)
    return;
  out->score = 50 + (gint) (40 * columns.fits / columns.lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines split into the same %u columns: a request, a status and a time among them", columns.fits, columns.lines, columns.n);
}

static gpointer
access_open (const RcaSampleLines *sample)
{
  Access *a = g_new0 (Access, 1);
  rca_access_learn (sample, &a->columns);
  rca_stamp_context_init (&a->context, sample->mtime_ns);
  return a;
}

/* The last item of a list over attempts: "a, b : c". */
static RcaBytes
last_item (RcaBytes v, guint *items)
{
  *items = 1;
  gsize from = 0;
  for (gsize i = 0; i + 1 < v.n; i++)
    if ((v.p[i] == ',' && v.p[i + 1] == ' ') || (v.p[i] == ' ' && v.p[i + 1] == ':'))
      {
        from = v.p[i] == ',' ? i + 2 : i + 3;
        ++*items;
      }
  RcaBytes out = rca_bytes_from (v, from);
  while (out.n && out.p[0] == ' ')
    out = rca_bytes_from (out, 1);
  return out;
}

/* Sum (or longest) of a list of durations. */
static gboolean
list_duration (RcaBytes v, gint64 unit, gboolean longest, gint64 *out)
{
  gboolean any = FALSE;
  *out = 0;
  for (gsize i = 0; i < v.n;)
    {
      while (i < v.n && strchr (", :", v.p[i]))
        i++;
      gsize j = i;
      while (j < v.n && !strchr (", :", v.p[j]))
        j++;
      gint64 one;
      if (j > i && rca_parse_duration (rca_bytes (v.p + i, j - i), unit, &one))
        {
          *out = longest ? MAX (*out, one) : *out + one;
          any = TRUE;
        }
      i = MAX (j, i + 1);
    }
  return any;
}

static void
set_request (RcaEvent *ev, RcaBytes v)
{
  const char *sp = memchr (v.p, ' ', v.n);
  if (!sp)
    {
      rca_event_set_str (ev, RCA_FIELD_URL_PATH, v);
      return;
    }
  rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, rca_bytes (v.p, (gsize) (sp - v.p)));
  RcaBytes target = rca_bytes_from (v, (gsize) (sp - v.p) + 1);
  const char *end = memrchr (target.p, ' ', target.n);
  if (end && target.p + target.n - end > 5 && memcmp (end + 1, "HTTP", 4) == 0)
    target.n = (gsize) (end - target.p);
  gssize scheme = rca_bytes_find (target, RCA_BYTES ("://"));
  if (scheme > 0 && scheme < 8)
    {
      RcaBytes rest = rca_bytes_from (target, (gsize) scheme + 3);
      const char *slash = memchr (rest.p, '/', rest.n);
      rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, rca_bytes (rest.p, slash ? (gsize) (slash - rest.p) : rest.n));
      target = slash ? rca_bytes (slash, (gsize) (rest.p + rest.n - slash)) : RCA_BYTES ("/");
    }
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, target);
}

static void
set_forwarded (RcaEvent *ev, RcaBytes v)
{
  const char *comma = memchr (v.p, ',', v.n);
  RcaBytes first = comma ? rca_bytes (v.p, (gsize) (comma - v.p)) : v;
  if (first.n == 0 || (first.n == 1 && *first.p == '-'))
    return;
  if (rca_event_has (ev, RCA_FIELD_CLIENT))
    rca_event_set_str (ev, RCA_FIELD_PEER_CLIENT, rca_event_str (ev, RCA_FIELD_CLIENT));
  rca_event_set_str (ev, RCA_FIELD_CLIENT, first);
}

static void
set_duration (RcaEvent *ev, RcaField field, RcaBytes v, gint64 unit, gboolean longest)
{
  gint64 ns;
  if (list_duration (v, unit, longest, &ns))
    rca_event_set_num (ev, field, ns);
}

static gboolean
set_token (Access *a, RcaEvent *ev, guint i, const RcaAccessToken *t)
{
  RcaBytes v = t->value;
  gint64 n;
  guint items;
  switch (a->columns.role[i])
    {
    case RCA_ROLE_TIME:
      {
        RcaStamp stamp;
        if (rca_stamp_parse (v, &a->context, &stamp))
          rca_stamp_apply (&stamp, ev);
        else if (rca_stamp_parse_epoch (v, &n))
          ev->time_ns = n;
        else
          return FALSE;
        return TRUE;
      }
    case RCA_ROLE_STATUS:
      if (!rca_parse_int (v, &n))
        return v.n <= 1;
      rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, n);
      if (n == 499)
        rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_CLIENT_ABORT);
      else if (n == 429)
        rca_event_set_num (ev, RCA_FIELD_FAILURE, RCA_FAILURE_LIMIT);
      return TRUE;
    case RCA_ROLE_REQUEST: set_request (ev, v); return TRUE;
    case RCA_ROLE_METHOD: rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, v); return TRUE;
    case RCA_ROLE_PATH: rca_event_set_str (ev, RCA_FIELD_URL_PATH, v); return TRUE;
    case RCA_ROLE_CLIENT: rca_event_set_str (ev, RCA_FIELD_CLIENT, v); return TRUE;
    case RCA_ROLE_FORWARDED: set_forwarded (ev, v); return TRUE;
    case RCA_ROLE_BYTES:
      if (rca_parse_int (v, &n))
        rca_event_set_num (ev, RCA_FIELD_BODY_BYTES, n);
      return TRUE;
    case RCA_ROLE_REFERER: rca_event_set_str (ev, RCA_FIELD_REFERER, v); return TRUE;
    case RCA_ROLE_AGENT: rca_event_set_str (ev, RCA_FIELD_USER_AGENT, v); return TRUE;
    case RCA_ROLE_REQUEST_TIME: set_duration (ev, RCA_FIELD_DURATION, v, a->columns.unit_ns[i], FALSE); return TRUE;
    case RCA_ROLE_UPSTREAM_TIME: set_duration (ev, RCA_FIELD_UPSTREAM_TIME, v, a->columns.unit_ns[i], FALSE); return TRUE;
    case RCA_ROLE_CONNECT_TIME: set_duration (ev, RCA_FIELD_UPSTREAM_CONNECT, v, a->columns.unit_ns[i], TRUE); return TRUE;
    case RCA_ROLE_UPSTREAM:
      v = last_item (v, &items);
      rca_event_set_str (ev, RCA_FIELD_UPSTREAM, v);
      if (items > 1)
        rca_event_set_num (ev, RCA_FIELD_ATTEMPTS, items);
      return TRUE;
    case RCA_ROLE_UPSTREAM_STATUS:
      if (rca_parse_int (last_item (v, &items), &n))
        rca_event_set_num (ev, RCA_FIELD_UPSTREAM_STATUS, n);
      return TRUE;
    case RCA_ROLE_REQUEST_ID: rca_event_set_str (ev, RCA_FIELD_REQUEST_ID, v); return TRUE;
    case RCA_ROLE_TRACE_ID: rca_event_set_str (ev, RCA_FIELD_TRACE_ID, v); return TRUE;
    case RCA_ROLE_CACHE: rca_event_set_str (ev, RCA_FIELD_CACHE_STATUS, rca_access_cache_word (v)); return TRUE;
    case RCA_ROLE_HOST: rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, v); return TRUE;
    case RCA_ROLE_SITE: rca_event_set_str (ev, RCA_FIELD_EDGE_SITE, v); return TRUE;
    case RCA_ROLE_SERVICE: rca_event_set_str (ev, RCA_FIELD_SERVICE, v); return TRUE;
    default: return TRUE;
    }
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Access *a = state;
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  guint n = rca_access_split (record, token);
  /* columns after the first missing one are lost, what stands before it holds */
  if (n + 2 < a->columns.n || n < 4)
    return RCA_DECODE_REJECT;
  for (guint i = 0; i < MIN (n, a->columns.n); i++)
    if (!set_token (a, ev, i, &token[i]))
      return RCA_DECODE_REJECT;
  if (ev->time_ns == RCA_TIME_NONE)
    return RCA_DECODE_REJECT;
  ev->stream = a->columns.edge ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  if (a->columns.time_is_start)
    ev->flags |= RCA_EVENT_TIME_IS_START;
  emit (ev, user);
  return RCA_DECODE_OK;
}

static char *
describe (gpointer state)
{
  const Access *a = state;
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < a->columns.n; i++)
    g_string_append_printf (s, "%s%s", i ? " " : "", rca_access_role_name (a->columns.role[i]));
  return g_string_free (s, FALSE);
}

const RcaFormat rca_format_access = {
  .name = "access",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = access_open,
  .close = g_free,
  .decode = decode,
  .describe = describe,
};
