#include "access-line.h"

static const char *const role_names[RCA_N_ROLES] = {
  "-",        "client",  "forwarded",    "time",         "other_time",    "request",      "method",      "path",     "status",          "bytes",
  "referer",  "agent",   "request_time", "time_part",    "upstream_time", "connect_time", "header_time", "upstream", "upstream_status", "request_id",
  "trace_id", "span_id", "cache",        "cache/status", "host",          "site",         "service",     "instance", "termination",
};

const char *
rca_access_role_name (RcaAccessRole role)
{
  return role_names[role];
}

/* Where the quoted or bracketed text that begins at @p ends; NULL when it does not. */
static const char *
closing (const char *p, const char *end)
{
  char close = *p == '"' ? '"' : ']';
  for (const char *q = p + 1; (q = memchr (q, close, (gsize)(end - q))); q++)
  {
    const char *b = q;
    while (b > p + 1 && b[-1] == '\\')
      b--;
    if (close == ']' || (q - b) % 2 == 0)
      return q;
  }
  return NULL;
}

/* Reads one value at @p: quoted, bracketed or bare. */
static const char *
split_value (const char *p, const char *end, RcaAccessToken *token)
{
  if (p < end && (*p == '"' || *p == '['))
  {
    const char *q = closing (p, end);
    /* "[::1]:8080" is an address */
    if (q && (*p == '"' || q + 1 == end || q[1] == ' '))
    {
      token->quote = *p;
      token->value = rca_bytes (p + 1, (gsize)(q - p - 1));
      return q + 1;
    }
  }
  const char *q = memchr (p, ' ', (gsize)(end - p));
  token->quote = 0;
  token->value = rca_bytes (p, (gsize)((q ?: end) - p));
  return q ?: end;
}

/* "rt=0.002", "ua="…"": a short name of letters before the sign. */
static inline gsize
key_length (const char *p, const char *end, char sign)
{
  if (!g_ascii_isalpha (*p) && *p != '$')
    return 0;
  const char *q = p + 1;
  while (q < end && q - p < 40 && (g_ascii_isalnum (*q) || *q == '_' || *q == '-' || *q == '.'))
    q++;
  return q < end && *q == sign ? (gsize)(q - p) : 0;
}

/* Another attempt follows: "a, b" or "a : b". */
static inline gboolean
list_goes_on (const char *p, const char *end, const RcaAccessToken *token)
{
  if (token->quote || token->value.n == 0)
    return FALSE;
  if (token->value.p[token->value.n - 1] == ',')
    return token->value.n > 1 && p + 1 < end && *p == ' ';
  return end - p > 3 && p[1] == ':' && p[2] == ' ';
}

/* "24/Nov/2026:00:32:20 +0000", "2026-11-24 00:32:20" without brackets or quotes. */
static inline gboolean
date_goes_on (const char *p, const char *end, const RcaAccessToken *token)
{
  RcaBytes v = token->value;
  if (token->quote || end - p < 6)
    return FALSE;
  if (v.n == 20 && v.p[2] == '/' && v.p[11] == ':')
    return p[1] == '+' || p[1] == '-';
  return v.n == 10 && (v.p[4] == '-' || v.p[4] == '/') && (v.p[7] == '-' || v.p[7] == '/') && g_ascii_isdigit (p[1]) && p[3] == ':' && g_ascii_isdigit (v.p[0]);
}

static guint
split_blanks (const char *p, const char *end, RcaAccessToken *token)
{
  guint n = 0;
  while (n < RCA_ACCESS_MAX_TOKENS)
  {
    while (p < end && (*p == ' ' || *p == '\t'))
      p++;
    if (p >= end || *p == '\r')
      break;
    RcaAccessToken *t = &token[n++];
    gsize key = key_length (p, end, '=');
    t->key = rca_bytes (p, key);
    p = split_value (p + (key ? key + 1 : 0), end, t);
    while (p < end && (list_goes_on (p, end, t) || date_goes_on (p, end, t)))
    {
      const char *start = t->value.p;
      RcaAccessToken more;
      p = split_value (end - p > 3 && p[1] == ':' && p[2] == ' ' ? p + 3 : p + 1, end, &more);
      t->value = rca_bytes (start, (gsize)(p - start));
      if (more.quote || more.value.n == 0)
        break;
    }
  }
  return n;
}

static void
trim (RcaBytes *v)
{
  while (v->n && (v->p[0] == ' ' || v->p[0] == '\r'))
    *v = rca_bytes_from (*v, 1);
  while (v->n && (v->p[v->n - 1] == ' ' || v->p[v->n - 1] == '\r'))
    v->n--;
}

/* LTSV's "status:200"; no address with a port, no URL. */
static gsize
label_length (RcaBytes v)
{
  gsize n = key_length (v.p, v.p + v.n, ':');
  return n && !memchr (v.p, '.', n) && !rca_bytes_has_prefix (rca_bytes_from (v, n), RCA_BYTES ("://")) ? n : 0;
}

/* Where the value at the start of @rest ends: in a list by commas a value in quotes may hold some. */
static const char *
next_cut (RcaBytes rest, char separator)
{
  const char *close = separator == ',' && rest.n > 1 && rest.p[0] == '"' ? closing (rest.p, rest.p + rest.n) : NULL;
  gsize from = close ? (gsize)(close - rest.p) : 0;
  return from < rest.n ? memchr (rest.p + from, separator, rest.n - from) : NULL;
}

static guint
split_at (RcaBytes line, char separator, RcaAccessToken *token)
{
  guint n = 0;
  for (RcaBytes rest = line; n < RCA_ACCESS_MAX_TOKENS;)
  {
    const char *cut = next_cut (rest, separator);
    RcaAccessToken *t = &token[n++];
    RcaBytes v = cut ? rca_bytes (rest.p, (gsize)(cut - rest.p)) : rest;
    trim (&v);
    gsize key = v.n ? key_length (v.p, v.p + v.n, '=') ?: (separator == '\t' ? label_length (v) : 0) : 0;
    *t = (RcaAccessToken){ .key = rca_bytes (v.p, key), .value = rca_bytes_from (v, key ? key + 1 : 0) };
    v = t->value;
    if (v.n > 1 && ((v.p[0] == '"' && v.p[v.n - 1] == '"') || (v.p[0] == '[' && v.p[v.n - 1] == ']')))
    {
      t->quote = v.p[0];
      t->value = rca_bytes (v.p + 1, v.n - 2);
    }
    if (!cut)
      break;
    rest = rca_bytes_from (rest, (gsize)(cut - rest.p) + 1);
  }
  return n;
}

guint
rca_access_split (RcaBytes line, char separator, RcaAccessToken *token)
{
  if (separator == ' ')
    return line.n ? split_blanks (line.p, line.p + line.n, token) : 0;
  return split_at (line, separator, token);
}
