/* W3C extended logs: columns named by "#Fields:". IIS (blanks, time-taken in ms), CloudFront's
 * standard logs (tabs, time-taken in s), Tomcat's extended valve. Date and time are UTC unless
 * the names say local; they tell when the answer was given. Zeek's http.log names its columns alike ("#fields"). */
#include "../access-set.h"
#include "../access-shape.h"
#include "../timestamp.h"
#include "formats.h"

typedef enum { W3C_NONE, W3C_DATE, W3C_TIME, W3C_EPOCH, W3C_QUERY, W3C_ROLE } Part;

typedef struct {
  Part part;
  RcaAccessColumn column;
} Field;

typedef struct {
  RcaAccessClock clock;
  Field field[RCA_ACCESS_MAX_TOKENS];
  guint n;
  gboolean tabs, local, edge;
  char date[16]; /* of the last "#Date:" header, for fields without a date */
  char joined[64];
  GString *target;
} W3c;

static const struct {
  const char *name;
  RcaAccessRole role;
  gint64 unit_ns;
} fields[] = {
  { "cs-method", RCA_ROLE_METHOD, 0 },
  { "cs-uri-stem", RCA_ROLE_PATH, 0 },
  { "cs-uri", RCA_ROLE_PATH, 0 },
  { "sc-status", RCA_ROLE_STATUS, 0 },
  { "c-ip", RCA_ROLE_CLIENT, 0 },
  { "cs(User-Agent)", RCA_ROLE_AGENT, 0 },
  { "cs(Referer)", RCA_ROLE_REFERER, 0 },
  { "x-host-header", RCA_ROLE_HOST, 0 },
  { "cs(Host)", RCA_ROLE_HOST, 0 },
  { "cs-host", RCA_ROLE_HOST, 0 },
  { "sc-bytes", RCA_ROLE_BYTES, 0 },
  { "bytes", RCA_ROLE_BYTES, 0 },
  { "time-taken", RCA_ROLE_REQUEST_TIME, 0 },
  { "TimeTakenMS", RCA_ROLE_REQUEST_TIME, RCA_NS_PER_MS },
  { "x-edge-result-type", RCA_ROLE_CACHE, 0 },
  { "x-edge-detailed-result-type", RCA_ROLE_TERMINATION, 0 },
  { "x-edge-location", RCA_ROLE_SITE, 0 },
  { "x-edge-request-id", RCA_ROLE_REQUEST_ID, 0 },
  { "x-forwarded-for", RCA_ROLE_FORWARDED, 0 },
  { "X-Forwarded-For", RCA_ROLE_FORWARDED, 0 },
  { "cs(X-Forwarded-For)", RCA_ROLE_FORWARDED, 0 },
  { "s-computername", RCA_ROLE_INSTANCE, 0 },
  { "method", RCA_ROLE_METHOD, 0 }, /* Zeek's from here on */
  { "uri", RCA_ROLE_PATH, 0 },
  { "status_code", RCA_ROLE_STATUS, 0 },
  { "id.orig_h", RCA_ROLE_CLIENT, 0 },
  { "host", RCA_ROLE_HOST, 0 },
  { "user_agent", RCA_ROLE_AGENT, 0 },
  { "referrer", RCA_ROLE_REFERER, 0 },
  { "response_body_len", RCA_ROLE_BYTES, 0 },
};

static gboolean
is_fields (RcaBytes line)
{
  return rca_bytes_has_prefix (line, RCA_BYTES ("#Fields:")) || rca_bytes_has_prefix (line, RCA_BYTES ("#fields\t"));
}

static Field
field_of (W3c *w, RcaBytes name)
{
  if (rca_bytes_has_prefix (name, RCA_BYTES ("date")))
  {
    w->local |= rca_bytes_find (name, RCA_BYTES ("local")) > 0;
    return (Field){ .part = W3C_DATE };
  }
  if (rca_bytes_equal (name, RCA_BYTES ("time")) || rca_bytes_has_prefix (name, RCA_BYTES ("time-local")) || rca_bytes_equal (name, RCA_BYTES ("time-utc")))
    return (Field){ .part = W3C_TIME };
  if (rca_bytes_equal (name, RCA_BYTES ("ts")))
    return (Field){ .part = W3C_EPOCH };
  if (rca_bytes_equal (name, RCA_BYTES ("cs-uri-query")))
    return (Field){ .part = W3C_QUERY };
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (rca_bytes_is (name, fields[i].name))
      return (Field){ .part = W3C_ROLE, .column = { .role = fields[i].role, .unit_ns = fields[i].unit_ns } };
  return (Field){ .part = W3C_NONE };
}

/* CloudFront's cs(Host) is the distribution's own name, x-host-header what the viewer asked for. */
static void
prefer_viewer_host (W3c *w, gint viewer)
{
  for (gint i = 0; viewer >= 0 && i < (gint)w->n; i++)
    if (i != viewer && w->field[i].column.role == RCA_ROLE_HOST)
      w->field[i] = (Field){ .part = W3C_NONE };
}

static void
read_fields (W3c *w, RcaBytes line)
{
  gint viewer = -1;
  w->n = 0;
  w->edge = w->local = FALSE;
  for (RcaBytes rest = rca_bytes_from (line, strlen ("#Fields:")); w->n < RCA_ACCESS_MAX_TOKENS;)
  {
    while (rest.n && g_ascii_isspace (rest.p[0]))
      rest = rca_bytes_from (rest, 1);
    gsize n = 0;
    while (n < rest.n && !g_ascii_isspace (rest.p[n]))
      n++;
    if (n == 0)
      break;
    RcaBytes name = rca_bytes (rest.p, n);
    w->edge |= rca_bytes_has_prefix (name, RCA_BYTES ("x-edge-"));
    if (rca_bytes_equal (name, RCA_BYTES ("x-host-header")))
      viewer = (gint)w->n;
    w->field[w->n++] = field_of (w, name);
    rest = rca_bytes_from (rest, n);
  }
  prefer_viewer_host (w, viewer);
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

/* "#Date: 2026-11-24 00:00:12" stands before lines that have a time alone. */
static void
read_date (W3c *w, RcaBytes line)
{
  if (rca_bytes_has_prefix (line, RCA_BYTES ("#Date: ")) && line.n >= 17)
    g_snprintf (w->date, sizeof w->date, "%.10s", line.p + 7);
}

static gpointer
w3c_open (const RcaSampleLines *sample)
{
  W3c *w = g_new0 (W3c, 1);
  rca_access_clock_init (&w->clock, sample->mtime_ns);
  w->target = g_string_new (NULL);
  for (guint i = 0; i < sample->n_lines && !w->n; i++)
  {
    read_date (w, sample->line[i]);
    if (is_fields (sample->line[i]))
      read_fields (w, sample->line[i]);
  }
  for (guint i = 0; i < sample->n_lines; i++)
    if (sample->line[i].n && sample->line[i].p[0] != '#')
      w->tabs |= memchr (sample->line[i].p, '\t', sample->line[i].n) != NULL;
  return w;
}

static void
w3c_close (gpointer state)
{
  W3c *w = state;
  g_string_free (w->target, TRUE);
  g_free (w);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  W3c *w = state;
  if (is_fields (line))
    read_fields (w, line); /* rotated and restarted servers write them anew */
  else if (line.n && line.p[0] == '#')
    read_date (w, line);
  return line.n == 0 || line.p[0] == '#' ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

/* The value at the start of @rest, up to @separator; quotes off (IIS Advanced Logging). */
static RcaBytes
take_value (RcaBytes *rest, char separator)
{
  const char *end = NULL;
  if (separator == ' ' && rest->n > 1 && rest->p[0] == '"' && (end = memchr (rest->p + 1, '"', rest->n - 1)) && (end + 1 == rest->p + rest->n || end[1] == ' '))
  {
    RcaBytes quoted = rca_bytes (rest->p + 1, (gsize)(end - rest->p) - 1);
    *rest = rca_bytes_from (*rest, quoted.n + 3);
    return quoted;
  }
  end = rest->n ? memchr (rest->p, separator, rest->n) : NULL;
  RcaBytes value = end ? rca_bytes (rest->p, (gsize)(end - rest->p)) : *rest;
  *rest = rca_bytes_from (*rest, value.n + 1);
  if (value.n && value.p[value.n - 1] == '\r')
    value.n--;
  return value;
}

static guint
split (const W3c *w, RcaBytes line, RcaBytes *value)
{
  guint n = 0;
  while (line.n && n < RCA_ACCESS_MAX_TOKENS)
    value[n++] = take_value (&line, w->tabs ? '\t' : ' ');
  return n;
}

/* Microsoft counts milliseconds, the standard seconds (CloudFront, Tomcat: with a fraction). */
static gint64
taken_unit (const W3c *w, const RcaAccessColumn *column, RcaBytes v)
{
  return column->unit_ns ?: w->edge || memchr (v.p, '.', v.n) ? RCA_NS_PER_S : RCA_NS_PER_MS;
}

static void
join_query (W3c *w, RcaBytes query, RcaEvent *ev)
{
  RcaBytes path = rca_event_str (ev, RCA_FIELD_URL_PATH);
  if (rca_shape_absent (query) || !path.n)
    return;
  g_string_truncate (w->target, 0);
  g_string_append_len (w->target, path.p, (gssize)path.n);
  g_string_append_c (w->target, '?');
  g_string_append_len (w->target, query.p, (gssize)query.n);
  rca_event_set_str (ev, RCA_FIELD_URL_PATH, rca_bytes (w->target->str, w->target->len));
}

static gboolean
set_time (W3c *w, RcaBytes date, RcaBytes time, RcaEvent *ev)
{
  if (!date.n)
    date = rca_bytes_str (w->date);
  if (!time.n || time.n > 20 || date.n > 20)
    return FALSE;
  int n = g_snprintf (w->joined, sizeof w->joined, "%.*s %.*s%s", (int)date.n, date.n ? date.p : "", (int)time.n, time.p, w->local ? "" : "Z");
  return rca_access_set_time (&w->clock, rca_bytes (w->joined, (gsize)n), ev);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  W3c *w = state;
  RcaBytes value[RCA_ACCESS_MAX_TOKENS], date = { 0 }, time = { 0 }, query = { 0 };
  gboolean timed = FALSE;
  guint n = split (w, record, value);
  if (w->n == 0 || n < w->n)
    return RCA_DECODE_REJECT;
  for (guint i = 0; i < w->n; i++)
  {
    RcaAccessColumn column = w->field[i].column;
    switch (w->field[i].part)
    {
    case W3C_DATE:
      date = value[i];
      break;
    case W3C_TIME:
      time = value[i];
      break;
    case W3C_EPOCH:
      timed = rca_stamp_parse_epoch (value[i], &ev->time_ns);
      break;
    case W3C_QUERY:
      query = value[i];
      break;
    case W3C_ROLE:
      if (column.role == RCA_ROLE_REQUEST_TIME)
        column.unit_ns = taken_unit (w, &column, value[i]);
      rca_access_set (&column, value[i], ev);
      break;
    case W3C_NONE:
      break;
    }
  }
  if (!timed && !set_time (w, date, time, ev))
    return RCA_DECODE_REJECT;
  join_query (w, query, ev);
  rca_access_finish (ev);
  ev->stream = w->edge ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_w3c = {
  .name = "w3c",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = w3c_open,
  .close = w3c_close,
  .line = line_kind,
  .decode = decode,
};
