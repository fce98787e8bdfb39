/* W3C extended logs: columns named by "#Fields:". IIS (blanks, time-taken in ms), CloudFront's
 * standard logs (tabs, time-taken in s). Date and time are UTC unless the names say local. */
#include "../access-line.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef enum { W3C_NONE, W3C_DATE, W3C_TIME, W3C_ROLE } Part;

typedef struct
{
  Part part;
  RcaAccessRole role;
  gint64 unit_ns;
} Column;

typedef struct
{
  RcaStampContext context;
  Column column[RCA_ACCESS_MAX_TOKENS];
  guint n;
  gboolean tabs, local, edge, query_apart;
  char joined[64];
} W3c;

static const struct
{
  const char *name;
  RcaAccessRole role;
  gint64 unit_ns;
} fields[] = {
  { "cs-method", RCA_ROLE_METHOD, 0 }, { "cs-uri-stem", RCA_ROLE_PATH, 0 }, { "cs-uri", RCA_ROLE_PATH, 0 }, { "sc-status", RCA_ROLE_STATUS, 0 }, { "c-ip", RCA_ROLE_CLIENT, 0 },
  { "cs(User-Agent)", RCA_ROLE_AGENT, 0 }, { "cs(Referer)", RCA_ROLE_REFERER, 0 }, { "cs(Host)", RCA_ROLE_HOST, 0 }, { "cs-host", RCA_ROLE_HOST, 0 }, { "sc-bytes", RCA_ROLE_BYTES, 0 },
  { "time-taken", RCA_ROLE_REQUEST_TIME, 0 }, { "TimeTakenMS", RCA_ROLE_REQUEST_TIME, RCA_NS_PER_MS }, { "x-edge-result-type", RCA_ROLE_CACHE, 0 }, { "x-edge-location", RCA_ROLE_SITE, 0 },
  { "x-edge-request-id", RCA_ROLE_REQUEST_ID, 0 }, { "x-forwarded-for", RCA_ROLE_FORWARDED, 0 }, { "x-host-header", RCA_ROLE_HOST, 0 }, { "cs-protocol", RCA_ROLE_NONE, 0 },
};

static void
read_fields (W3c *w, RcaBytes line)
{
  RcaBytes rest = rca_bytes_from (line, 8);
  w->n = 0;
  w->edge = FALSE;
  while (rest.n && w->n < RCA_ACCESS_MAX_TOKENS)
    {
      while (rest.n && g_ascii_isspace (rest.p[0]))
        rest = rca_bytes_from (rest, 1);
      gsize n = 0;
      while (n < rest.n && !g_ascii_isspace (rest.p[n]))
        n++;
      if (n == 0)
        break;
      RcaBytes name = rca_bytes (rest.p, n);
      Column *c = &w->column[w->n++];
      *c = (Column){ W3C_NONE, RCA_ROLE_NONE, 0 };
      if (rca_bytes_has_prefix (name, RCA_BYTES ("date")))
        c->part = W3C_DATE, w->local |= rca_bytes_find (name, RCA_BYTES ("local")) > 0;
      else if (rca_bytes_equal (name, RCA_BYTES ("time")) || rca_bytes_has_prefix (name, RCA_BYTES ("time-local")) || rca_bytes_equal (name, RCA_BYTES ("time-utc")))
        c->part = W3C_TIME;
      for (guint i = 0; i < G_N_ELEMENTS (fields) && c->part == W3C_NONE; i++)
        if (rca_bytes_equal (name, rca_bytes_str (fields[i].name)))
          *c = (Column){ W3C_ROLE, fields[i].role, fields[i].unit_ns };
      w->edge |= rca_bytes_has_prefix (name, RCA_BYTES ("x-edge-"));
      rest = rca_bytes_from (rest, n);
    }
}

static gboolean
is_fields (RcaBytes line)
{
  return rca_bytes_has_prefix (line, RCA_BYTES ("#Fields:"));
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  for (guint i = 0; i < sample->n_lines; i++)
    if (is_fields (sample->line[i]) && rca_bytes_find (sample->line[i], RCA_BYTES ("status")) > 0)
      {
        out->score = 97;
        g_snprintf (out->reason, sizeof out->reason, "a #Fields: line names the columns (W3C extended)");
        return;
      }
}

static gpointer
w3c_open (const RcaSampleLines *sample)
{
  W3c *w = g_new0 (W3c, 1);
  rca_stamp_context_init (&w->context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && !w->n; i++)
    if (is_fields (sample->line[i]))
      read_fields (w, sample->line[i]);
  for (guint i = 0; i < sample->n_lines; i++)
    if (sample->line[i].n && sample->line[i].p[0] != '#')
      w->tabs |= memchr (sample->line[i].p, '\t', sample->line[i].n) != NULL;
  return w;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  W3c *w = state;
  if (is_fields (line))
    read_fields (w, line); /* rotated and restarted servers write them anew */
  return line.n == 0 || line.p[0] == '#' ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

static guint
split (const W3c *w, RcaBytes line, RcaBytes *value)
{
  guint n = 0;
  if (!w->tabs)
    {
      RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
      n = rca_access_split (line, token);
      for (guint i = 0; i < n; i++)
        value[i] = token[i].key.n ? rca_bytes (token[i].key.p, (gsize) (token[i].value.p + token[i].value.n - token[i].key.p)) : token[i].value;
      return n;
    }
  while (n < RCA_ACCESS_MAX_TOKENS)
    {
      const char *tab = memchr (line.p, '\t', line.n);
      value[n++] = tab ? rca_bytes (line.p, (gsize) (tab - line.p)) : line;
      if (!tab)
        break;
      line = rca_bytes_from (line, (gsize) (tab - line.p) + 1);
    }
  return n;
}

static void
set_role (const W3c *w, RcaEvent *ev, const Column *c, RcaBytes v)
{
  gint64 n;
  switch (c->role)
    {
    case RCA_ROLE_METHOD: rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, v); break;
    case RCA_ROLE_PATH: rca_event_set_str (ev, RCA_FIELD_URL_PATH, v); break;
    case RCA_ROLE_CLIENT: rca_event_set_str (ev, RCA_FIELD_CLIENT, v); break;
    case RCA_ROLE_FORWARDED: rca_event_set_str (ev, RCA_FIELD_CLIENT, v); break;
    case RCA_ROLE_AGENT: rca_event_set_str (ev, RCA_FIELD_USER_AGENT, v); break;
    case RCA_ROLE_REFERER: rca_event_set_str (ev, RCA_FIELD_REFERER, v); break;
    case RCA_ROLE_HOST: rca_event_set_str (ev, RCA_FIELD_SERVER_NAME, v); break;
    case RCA_ROLE_SITE: rca_event_set_str (ev, RCA_FIELD_EDGE_SITE, v); break;
    case RCA_ROLE_REQUEST_ID: rca_event_set_str (ev, RCA_FIELD_REQUEST_ID, v); break;
    case RCA_ROLE_CACHE: rca_event_set_str (ev, RCA_FIELD_CACHE_STATUS, rca_access_cache_word (v)); break;
    case RCA_ROLE_STATUS:
      if (rca_parse_int (v, &n) && n >= 100)
        rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, n);
      break;
    case RCA_ROLE_BYTES:
      if (rca_parse_int (v, &n))
        rca_event_set_num (ev, RCA_FIELD_BODY_BYTES, n);
      break;
    case RCA_ROLE_REQUEST_TIME:
      if (rca_parse_duration (v, c->unit_ns ? c->unit_ns : w->edge ? RCA_NS_PER_S : RCA_NS_PER_MS, &n))
        rca_event_set_num (ev, RCA_FIELD_DURATION, n);
      break;
    default: break;
    }
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  W3c *w = state;
  RcaBytes value[RCA_ACCESS_MAX_TOKENS], date = { 0 }, time = { 0 };
  RcaStamp stamp;
  guint n = split (w, record, value);
  if (w->n == 0 || n < w->n)
    return RCA_DECODE_REJECT;
  for (guint i = 0; i < w->n; i++)
    if (w->column[i].part == W3C_DATE)
      date = value[i];
    else if (w->column[i].part == W3C_TIME)
      time = value[i];
    else if (w->column[i].part == W3C_ROLE && value[i].n && !(value[i].n == 1 && value[i].p[0] == '-'))
      set_role (w, ev, &w->column[i], value[i]);
  int length = g_snprintf (w->joined, sizeof w->joined, "%.*s %.*s%s", (int) MIN (date.n, 20), date.p ? date.p : "", (int) MIN (time.n, 20), time.p ? time.p : "", w->local ? "" : "Z");
  if (!time.n || !rca_stamp_parse (rca_bytes (w->joined, (gsize) length), &w->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->stream = w->edge ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_w3c = {
  .name = "w3c",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = w3c_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
