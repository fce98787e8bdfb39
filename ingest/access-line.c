#include "access-line.h"
#include "number.h"
#include "timestamp.h"

static const char *const role_names[RCA_N_ROLES] = {
  "-", "client", "forwarded", "user", "time", "request", "method", "path", "status", "bytes", "referer", "agent", "request_time", "upstream_time", "connect_time",
  "header_time", "upstream", "upstream_status", "request_id", "trace_id", "cache", "host", "site", "service",
};

const char *
rca_access_role_name (RcaAccessRole role)
{
  return role_names[role];
}

/* Reads one value at @p: quoted, bracketed or bare. */
static const char *
split_value (const char *p, const char *end, RcaAccessToken *token)
{
  if (p < end && (*p == '"' || *p == '['))
    {
      char close = *p == '"' ? '"' : ']';
      const char *q = p + 1;
      for (;;)
        {
          q = memchr (q, close, (gsize) (end - q));
          if (!q)
            break;
          const char *b = q;
          while (b > p + 1 && b[-1] == '\\')
            b--;
          if (close == ']' || (q - b) % 2 == 0)
            break;
          q++;
        }
      if (q)
        {
          token->quote = *p;
          token->value = rca_bytes (p + 1, (gsize) (q - p - 1));
          return q + 1;
        }
    }
  const char *q = memchr (p, ' ', (gsize) (end - p));
  token->quote = 0;
  token->value = rca_bytes (p, (gsize) ((q ? q : end) - p));
  return q ? q : end;
}

/* "rt=0.002", "ua="…"": a short name of letters before the sign. */
static gsize
key_length (const char *p, const char *end)
{
  const char *q = p;
  while (q < end && q - p < 40 && (g_ascii_isalnum (*q) || *q == '_' || *q == '-' || *q == '.'))
    q++;
  return q > p && q < end && *q == '=' && g_ascii_isalpha (*p) ? (gsize) (q - p) : 0;
}

/* Another attempt follows: "a, b" or "a : b". */
static gboolean
list_goes_on (const char *p, const char *end, const RcaAccessToken *token)
{
  if (token->quote || token->value.n < 2)
    return FALSE;
  if (token->value.p[token->value.n - 1] == ',')
    return p + 1 < end && *p == ' ';
  return end - p > 3 && memcmp (p, " : ", 3) == 0;
}

guint
rca_access_split (RcaBytes line, RcaAccessToken *token)
{
  const char *p = line.p, *end = line.p + line.n;
  guint n = 0;
  while (n < RCA_ACCESS_MAX_TOKENS)
    {
      while (p < end && (*p == ' ' || *p == '\t'))
        p++;
      if (p >= end || *p == '\r')
        break;
      RcaAccessToken *t = &token[n++];
      gsize key = key_length (p, end);
      t->key = rca_bytes (p, key);
      p = split_value (p + (key ? key + 1 : 0), end, t);
      while (list_goes_on (p, end, t))
        {
          const char *start = t->value.p;
          const char *next = *p == ' ' && end - p > 3 && memcmp (p, " : ", 3) == 0 ? p + 3 : p + 1;
          RcaAccessToken more;
          p = split_value (next, end, &more);
          t->value = rca_bytes (start, (gsize) (p - start));
          if (more.quote || more.value.n == 0)
            break;
        }
    }
  return n;
}

/* ---- what a value looks like ------------------------------------------- */

static gboolean
is_absent (RcaBytes v)
{
  return v.n == 0 || (v.n == 1 && v.p[0] == '-');
}

static gboolean
is_address (RcaBytes v)
{
  guint dots = 0, colons = 0, digits = 0;
  for (gsize i = 0; i < v.n; i++)
    if (v.p[i] == '.')
      dots++;
    else if (v.p[i] == ':')
      colons++;
    else if (g_ascii_isdigit (v.p[i]))
      digits++;
    else if (!g_ascii_isxdigit (v.p[i]) || !colons)
      {
        if (!g_ascii_isxdigit (v.p[i]))
          return FALSE;
      }
  return v.n >= 2 && ((dots == 3 && colons == 0 && digits >= 4 && digits + dots == v.n) || (colons >= 2 && v.n <= 45));
}

static gboolean
is_request (RcaBytes v)
{
  const char *sp = memchr (v.p, ' ', v.n);
  if (!sp || sp == v.p || sp - v.p > 20)
    return FALSE;
  for (const char *p = v.p; p < sp; p++)
    if (!g_ascii_isupper (*p) && *p != '-' && *p != '_')
      return FALSE;
  RcaBytes rest = rca_bytes_from (v, (gsize) (sp - v.p) + 1);
  return rest.n && (rest.p[0] == '/' || rest.p[0] == '*' || rca_bytes_find (rest, RCA_BYTES ("://")) > 0 || rca_bytes_find (rest, RCA_BYTES (" HTTP/")) > 0);
}

static gboolean
is_method (RcaBytes v)
{
  static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "PURGE", "CONNECT", "TRACE" };
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (rca_bytes_equal (v, rca_bytes_str (methods[i])))
      return TRUE;
  return FALSE;
}

static gboolean
is_status (RcaBytes v)
{
  gint64 n;
  return v.n == 3 && rca_parse_int (v, &n) && n >= 100 && n <= 599;
}

static gboolean
is_integer (RcaBytes v)
{
  gint64 n;
  return rca_parse_int (v, &n) && n >= 0;
}

/* "0.002", and lists of them over attempts ("0.001, 0.002", "-"). */
static gboolean
is_fraction (RcaBytes v)
{
  gboolean dot = FALSE;
  for (gsize i = 0; i < v.n; i++)
    if (v.p[i] == '.')
      dot = TRUE;
    else if (!g_ascii_isdigit (v.p[i]) && !strchr (", :-", v.p[i]))
      return FALSE;
  return dot && g_ascii_isdigit (v.p[v.n - 1]);
}

static gboolean
is_hex_id (RcaBytes v)
{
  guint hex = 0, dashes = 0;
  for (gsize i = 0; i < v.n; i++)
    if (g_ascii_isxdigit (v.p[i]))
      hex++;
    else if (v.p[i] == '-')
      dashes++;
    else
      return FALSE;
  return hex >= 16 && hex <= 64 && dashes <= 5 && hex + dashes == v.n;
}

static gboolean
is_peer (RcaBytes v)
{
  const char *colon = memrchr (v.p, ':', v.n);
  if (rca_bytes_has_prefix (v, RCA_BYTES ("unix:")))
    return TRUE;
  gint64 port;
  return colon && colon > v.p && rca_parse_int (rca_bytes (colon + 1, (gsize) (v.p + v.n - colon - 1)), &port) && port > 0 && port < 65536 && !memchr (v.p, '/', v.n);
}

static const char *const cache_words[] = { "hit", "miss", "expired", "stale", "updating", "revalidated", "bypass", "pass", "hitmiss", "hitpass", "synth", "pipe", "dynamic", "tcp_hit", "tcp_miss", "refreshhit", "error" };

static gint
find_cache_word (RcaBytes v)
{
  for (guint i = 0; i < G_N_ELEMENTS (cache_words); i++)
    if (v.n == strlen (cache_words[i]) && g_ascii_strncasecmp (v.p, cache_words[i], v.n) == 0)
      return (gint) i;
  return -1;
}

static gboolean
is_cache_word (RcaBytes v)
{
  return find_cache_word (v) >= 0;
}

RcaBytes
rca_access_cache_word (RcaBytes v)
{
  gint i = find_cache_word (v);
  return i >= 0 ? rca_bytes_str (cache_words[i]) : v;
}

static gboolean
is_host (RcaBytes v)
{
  gboolean dot = FALSE;
  for (gsize i = 0; i < v.n; i++)
    if (v.p[i] == '.')
      dot = TRUE;
    else if (!g_ascii_isalnum (v.p[i]) && v.p[i] != '-' && v.p[i] != ':')
      return FALSE;
  return v.n > 3 && dot && g_ascii_isalpha (v.p[v.n - 1]);
}

static gboolean
is_stamp (RcaBytes v)
{
  RcaStamp stamp;
  if (v.n < 10)
    return FALSE;
  gsize took = rca_stamp_parse (v, NULL, &stamp);
  gint64 t;
  if (took >= v.n - 1 && (stamp.flags & RCA_STAMP_HAS_DATE))
    return TRUE;
  return rca_parse_int (v, &t) ? v.n >= 10 && rca_stamp_parse_epoch (v, &t) : memchr (v.p, '.', v.n) == v.p + 10 && rca_stamp_parse_epoch (v, &t);
}

/* ---- names of key=value ------------------------------------------------- */

static const struct
{
  const char *key;
  RcaAccessRole role;
} keys[] = {
  { "rt", RCA_ROLE_REQUEST_TIME }, { "request_time", RCA_ROLE_REQUEST_TIME }, { "req_time", RCA_ROLE_REQUEST_TIME }, { "duration", RCA_ROLE_REQUEST_TIME },
  { "time_taken", RCA_ROLE_REQUEST_TIME }, { "took", RCA_ROLE_REQUEST_TIME }, { "total", RCA_ROLE_REQUEST_TIME }, { "reqtime", RCA_ROLE_REQUEST_TIME },
  { "response_time", RCA_ROLE_REQUEST_TIME }, { "latency", RCA_ROLE_REQUEST_TIME }, { "elapsed", RCA_ROLE_REQUEST_TIME }, { "d", RCA_ROLE_REQUEST_TIME },
  { "urt", RCA_ROLE_UPSTREAM_TIME }, { "upstream_time", RCA_ROLE_UPSTREAM_TIME }, { "upstream_response_time", RCA_ROLE_UPSTREAM_TIME }, { "uptime", RCA_ROLE_UPSTREAM_TIME },
  { "upstream_rt", RCA_ROLE_UPSTREAM_TIME }, { "up_rt", RCA_ROLE_UPSTREAM_TIME }, { "uresp", RCA_ROLE_UPSTREAM_TIME },
  { "uct", RCA_ROLE_CONNECT_TIME }, { "upstream_connect_time", RCA_ROLE_CONNECT_TIME }, { "connect_time", RCA_ROLE_CONNECT_TIME }, { "ct", RCA_ROLE_CONNECT_TIME },
  { "uht", RCA_ROLE_HEADER_TIME }, { "upstream_header_time", RCA_ROLE_HEADER_TIME },
  { "us", RCA_ROLE_UPSTREAM_STATUS }, { "upstream_status", RCA_ROLE_UPSTREAM_STATUS }, { "ust", RCA_ROLE_UPSTREAM_STATUS }, { "up_status", RCA_ROLE_UPSTREAM_STATUS },
  { "upstream", RCA_ROLE_UPSTREAM }, { "upstream_addr", RCA_ROLE_UPSTREAM }, { "up", RCA_ROLE_UPSTREAM }, { "uaddr", RCA_ROLE_UPSTREAM }, { "backend", RCA_ROLE_UPSTREAM },
  { "rid", RCA_ROLE_REQUEST_ID }, { "request_id", RCA_ROLE_REQUEST_ID }, { "req_id", RCA_ROLE_REQUEST_ID }, { "reqid", RCA_ROLE_REQUEST_ID }, { "id", RCA_ROLE_REQUEST_ID },
  { "x_request_id", RCA_ROLE_REQUEST_ID }, { "correlation_id", RCA_ROLE_REQUEST_ID }, { "trace", RCA_ROLE_TRACE_ID }, { "trace_id", RCA_ROLE_TRACE_ID }, { "traceid", RCA_ROLE_TRACE_ID },
  { "cs", RCA_ROLE_CACHE }, { "cache", RCA_ROLE_CACHE }, { "cache_status", RCA_ROLE_CACHE }, { "upstream_cache_status", RCA_ROLE_CACHE }, { "x_cache", RCA_ROLE_CACHE },
  { "host", RCA_ROLE_HOST }, { "vhost", RCA_ROLE_HOST }, { "server_name", RCA_ROLE_HOST }, { "h", RCA_ROLE_HOST },
  { "xff", RCA_ROLE_FORWARDED }, { "x_forwarded_for", RCA_ROLE_FORWARDED }, { "forwarded", RCA_ROLE_FORWARDED },
  { "remote_addr", RCA_ROLE_CLIENT }, { "client", RCA_ROLE_CLIENT }, { "ip", RCA_ROLE_CLIENT }, { "client_ip", RCA_ROLE_CLIENT },
  { "status", RCA_ROLE_STATUS }, { "code", RCA_ROLE_STATUS }, { "bytes", RCA_ROLE_BYTES }, { "size", RCA_ROLE_BYTES }, { "body_bytes_sent", RCA_ROLE_BYTES }, { "sent", RCA_ROLE_BYTES },
  { "method", RCA_ROLE_METHOD }, { "path", RCA_ROLE_PATH }, { "uri", RCA_ROLE_PATH }, { "url", RCA_ROLE_PATH }, { "request", RCA_ROLE_REQUEST }, { "req", RCA_ROLE_REQUEST },
  { "referer", RCA_ROLE_REFERER }, { "ref", RCA_ROLE_REFERER }, { "agent", RCA_ROLE_AGENT }, { "user_agent", RCA_ROLE_AGENT }, { "time", RCA_ROLE_TIME }, { "ts", RCA_ROLE_TIME },
  { "pop", RCA_ROLE_SITE }, { "edge", RCA_ROLE_SITE }, { "service", RCA_ROLE_SERVICE }, { "svc", RCA_ROLE_SERVICE },
};

static RcaAccessRole
role_of_key (RcaBytes key)
{
  char low[40];
  if (key.n == 0 || key.n >= sizeof low)
    return RCA_ROLE_NONE;
  for (gsize i = 0; i < key.n; i++)
    low[i] = key.p[i] == '-' ? '_' : g_ascii_tolower (key.p[i]);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strlen (keys[i].key) == key.n && memcmp (keys[i].key, low, key.n) == 0)
      return keys[i].role;
  return RCA_ROLE_NONE;
}

/* ---- learning ----------------------------------------------------------- */

typedef struct
{
  guint seen, absent, address, request, method, status, integer, fraction, hex, peer, cache, host, stamp, absolute, path, agent, addresses;
  gdouble sum, max;
  RcaBytes key;
  char quote;
} Column;

static void
observe (Column *c, const RcaAccessToken *t)
{
  RcaBytes v = t->value;
  c->seen++;
  c->key = t->key;
  c->quote = t->quote;
  if (is_absent (v))
    {
      c->absent++;
      return;
    }
  c->address += is_address (v);
  c->request += is_request (v);
  c->method += is_method (v);
  c->status += is_status (v);
  c->integer += is_integer (v);
  c->fraction += is_fraction (v);
  c->hex += is_hex_id (v);
  c->peer += is_peer (v);
  c->cache += is_cache_word (v);
  c->host += is_host (v);
  c->stamp += is_stamp (v);
  c->path += v.p[0] == '/';
  c->absolute += is_request (v) && rca_bytes_find (v, RCA_BYTES ("://")) > 0;
  c->agent += rca_bytes_find (v, RCA_BYTES ("/")) >= 0 && !is_request (v) && v.p[0] != '/' && !rca_bytes_has_prefix (v, RCA_BYTES ("http"));
  const char *comma = memchr (v.p, ',', v.n);
  c->addresses += comma ? is_address (rca_bytes (v.p, (gsize) (comma - v.p))) : is_address (v);
  double x;
  if (rca_parse_double (v, &x))
    c->sum += x, c->max = MAX (c->max, x);
}

static gboolean
mostly (guint n, const Column *c)
{
  guint present = c->seen - c->absent;
  return present > 0 && n * 10 >= present * 8;
}

/* Bare positional columns, in order, by what they look like and what is taken already. */
static RcaAccessRole
guess_role (const Column *c, const gboolean *taken, gboolean after_request)
{
  if (c->key.n)
    {
      RcaAccessRole role = role_of_key (c->key);
      gboolean ua = c->key.n == 2 && g_ascii_strncasecmp (c->key.p, "ua", 2) == 0;
      if (ua)
        return mostly (c->peer, c) ? RCA_ROLE_UPSTREAM : RCA_ROLE_AGENT;
      if (role == RCA_ROLE_NONE && mostly (c->hex, c))
        return RCA_ROLE_REQUEST_ID;
      if (role == RCA_ROLE_NONE && mostly (c->peer, c))
        return RCA_ROLE_UPSTREAM;
      return role;
    }
  if (mostly (c->request, c) && !taken[RCA_ROLE_REQUEST])
    return RCA_ROLE_REQUEST;
  if (mostly (c->stamp, c) && !taken[RCA_ROLE_TIME])
    return RCA_ROLE_TIME;
  if (mostly (c->address, c) && !after_request)
    return taken[RCA_ROLE_CLIENT] ? RCA_ROLE_FORWARDED : RCA_ROLE_CLIENT;
  if (mostly (c->method, c) && !taken[RCA_ROLE_REQUEST])
    return RCA_ROLE_METHOD;
  if (mostly (c->path, c) && taken[RCA_ROLE_METHOD] && !taken[RCA_ROLE_PATH])
    return RCA_ROLE_PATH;
  if (mostly (c->hex, c) && c->fraction == 0 && !mostly (c->integer, c))
    return taken[RCA_ROLE_REQUEST_ID] ? RCA_ROLE_TRACE_ID : RCA_ROLE_REQUEST_ID;
  if (mostly (c->cache, c))
    return RCA_ROLE_CACHE;
  if (!after_request && c->host && !taken[RCA_ROLE_HOST] && mostly (c->host, c))
    return RCA_ROLE_HOST;
  if (!after_request)
    return RCA_ROLE_NONE;
  if (mostly (c->status, c))
    return taken[RCA_ROLE_STATUS] ? (taken[RCA_ROLE_UPSTREAM_STATUS] ? RCA_ROLE_NONE : RCA_ROLE_UPSTREAM_STATUS) : RCA_ROLE_STATUS;
  if (mostly (c->integer, c) && !taken[RCA_ROLE_BYTES])
    return RCA_ROLE_BYTES;
  if (mostly (c->peer, c))
    return RCA_ROLE_UPSTREAM;
  if (c->quote == '"' && mostly (c->addresses, c))
    return RCA_ROLE_FORWARDED;
  if (mostly (c->fraction, c))
    return taken[RCA_ROLE_REQUEST_TIME] ? (taken[RCA_ROLE_UPSTREAM_TIME] ? RCA_ROLE_CONNECT_TIME : RCA_ROLE_UPSTREAM_TIME) : RCA_ROLE_REQUEST_TIME;
  if (c->quote == '"' && !taken[RCA_ROLE_REFERER] && !taken[RCA_ROLE_AGENT])
    return RCA_ROLE_REFERER;
  if (c->quote == '"' && !taken[RCA_ROLE_AGENT])
    return RCA_ROLE_AGENT;
  if (mostly (c->host, c) && !taken[RCA_ROLE_HOST])
    return RCA_ROLE_HOST;
  return RCA_ROLE_NONE;
}

/* Apache's %D: a bare integer after the agent is the duration in microseconds. */
static gboolean
is_trailing_duration (const RcaAccessColumns *columns, guint i, const Column *c, const gboolean *taken)
{
  return columns->role[i] == RCA_ROLE_NONE && !c->key.n && mostly (c->integer, c) && taken[RCA_ROLE_AGENT] && taken[RCA_ROLE_BYTES] && !taken[RCA_ROLE_REQUEST_TIME];
}

static gint64
unit_of (const Column *c, RcaAccessRole role)
{
  if (role != RCA_ROLE_REQUEST_TIME && role != RCA_ROLE_UPSTREAM_TIME && role != RCA_ROLE_CONNECT_TIME && role != RCA_ROLE_HEADER_TIME)
    return 0;
  if (c->fraction)
    return RCA_NS_PER_S;
  double mean = c->seen > c->absent ? c->sum / (c->seen - c->absent) : 0;
  return mean > 2000 && !c->key.n ? 1000 : mean > 3 ? RCA_NS_PER_MS : RCA_NS_PER_S;
}

/* Two fractions in the other order: what the upstream took is never more than the whole. */
static void
order_times (RcaAccessColumns *columns, const Column *c)
{
  gint whole = -1, part = -1;
  for (guint i = 0; i < columns->n; i++)
    {
      if (c[i].key.n)
        continue;
      if (columns->role[i] == RCA_ROLE_REQUEST_TIME)
        whole = (gint) i;
      else if (columns->role[i] == RCA_ROLE_UPSTREAM_TIME)
        part = (gint) i;
    }
  if (whole >= 0 && part >= 0 && c[whole].sum < c[part].sum * 0.999)
    {
      columns->role[whole] = RCA_ROLE_UPSTREAM_TIME;
      columns->role[part] = RCA_ROLE_REQUEST_TIME;
    }
}

/* key=value throughout, with a level or a message: an application's logfmt, whatever it tells of requests. */
static gboolean
is_logfmt (const RcaSampleLines *sample)
{
  guint hits = 0, lines = 0;
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  for (guint i = 0; i < sample->n_lines && i < 50; i++)
    {
      guint n = rca_access_split (sample->line[i], token);
      lines += n > 0;
      for (guint t = 0; t < n; t++)
        if (rca_bytes_equal (token[t].key, RCA_BYTES ("level")) || rca_bytes_equal (token[t].key, RCA_BYTES ("lvl")) || rca_bytes_equal (token[t].key, RCA_BYTES ("msg"))
            || rca_bytes_equal (token[t].key, RCA_BYTES ("message")) || rca_bytes_equal (token[t].key, RCA_BYTES ("severity")))
          {
            hits++;
            break;
          }
    }
  return hits * 2 > lines;
}

static guint
usual_count (const RcaSampleLines *sample, guint *lines)
{
  guint count[RCA_ACCESS_MAX_TOKENS + 1] = { 0 }, best = 0;
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  *lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    if (sample->line[i].n)
      {
        count[rca_access_split (sample->line[i], token)]++;
        ++*lines;
      }
  for (guint i = 1; i <= RCA_ACCESS_MAX_TOKENS; i++)
    if (count[i] > count[best])
      best = i;
  return best;
}

static guint
count_fits (const RcaSampleLines *sample, const RcaAccessColumns *columns)
{
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  guint fits = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    {
      if (rca_access_split (sample->line[i], token) != columns->n)
        continue;
      gboolean ok = TRUE;
      for (guint t = 0; t < columns->n && ok; t++)
        if (columns->role[t] == RCA_ROLE_STATUS)
          ok = is_status (token[t].value) || is_absent (token[t].value) || rca_bytes_equal (token[t].value, RCA_BYTES ("000"));
        else if (columns->role[t] == RCA_ROLE_TIME)
          ok = is_stamp (token[t].value);
      fits += ok;
    }
  return fits;
}

void
rca_access_learn (const RcaSampleLines *sample, RcaAccessColumns *columns)
{
  *columns = (RcaAccessColumns){ 0 };
  if (is_logfmt (sample))
    return;
  columns->n = usual_count (sample, &columns->lines);
  if (columns->n < 4)
    return;
  g_autofree Column *c = g_new0 (Column, columns->n);
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  for (guint i = 0; i < sample->n_lines; i++)
    if (rca_access_split (sample->line[i], token) == columns->n)
      for (guint t = 0; t < columns->n; t++)
        observe (&c[t], &token[t]);
  gboolean taken[RCA_N_ROLES] = { FALSE };
  guint absolute = 0;
  for (guint t = 0; t < columns->n; t++)
    {
      gboolean after = taken[RCA_ROLE_REQUEST] || taken[RCA_ROLE_METHOD];
      RcaAccessRole role = guess_role (&c[t], taken, after);
      columns->role[t] = role;
      taken[role] = TRUE;
      absolute += role == RCA_ROLE_REQUEST ? c[t].absolute : 0;
    }
  for (guint t = 0; t < columns->n; t++)
    if (is_trailing_duration (columns, t, &c[t], taken))
      columns->role[t] = RCA_ROLE_REQUEST_TIME, taken[RCA_ROLE_REQUEST_TIME] = TRUE, columns->time_is_start = TRUE;
  order_times (columns, c);
  for (guint t = 0; t < columns->n; t++)
    columns->unit_ns[t] = unit_of (&c[t], columns->role[t]);
  if (!(taken[RCA_ROLE_REQUEST] || (taken[RCA_ROLE_METHOD] && taken[RCA_ROLE_PATH])) || !taken[RCA_ROLE_STATUS] || !taken[RCA_ROLE_TIME])
    return;
  columns->edge = absolute * 2 > columns->lines || (taken[RCA_ROLE_CACHE] && !taken[RCA_ROLE_UPSTREAM] && !taken[RCA_ROLE_UPSTREAM_TIME]);
  /* varnishncsa's %t is when the request arrived; nginx writes its lines at the end */
  columns->time_is_start |= columns->edge && absolute * 2 > columns->lines;
  columns->fits = count_fits (sample, columns);
}
