#include "access-shape.h"
#include "number.h"
#include "timestamp.h"

gboolean
rca_shape_absent (RcaBytes v)
{
  return v.n == 0 || (v.n == 1 && v.p[0] == '-');
}

gboolean
rca_shape_address (RcaBytes v)
{
  guint dots = 0, colons = 0, digits = 0, hex = 0;
  if (v.n > 2 && v.p[0] == '[' && v.p[v.n - 1] == ']')
    v = rca_bytes (v.p + 1, v.n - 2);
  if (v.n < 2 || v.n > 45)
    return FALSE;
  for (gsize i = 0; i < v.n; i++)
    if (v.p[i] == '.')
      dots++;
    else if (v.p[i] == ':')
      colons++;
    else if (g_ascii_isdigit (v.p[i]))
      digits++;
    else if (g_ascii_isxdigit (v.p[i]))
      hex++;
    else
      return FALSE;
  return (dots == 3 && colons == 0 && hex == 0 && digits >= 4 && digits <= 12) || colons >= 2;
}

gboolean
rca_shape_peer (RcaBytes v)
{
  gint64 port;
  if (rca_bytes_has_prefix (v, RCA_BYTES ("unix:")))
    return TRUE;
  const char *colon = v.n ? memrchr (v.p, ':', v.n) : NULL;
  if (!colon || colon == v.p || memchr (v.p, '/', v.n) || memchr (v.p, ' ', v.n))
    return FALSE;
  return rca_parse_int (rca_bytes_from (v, (gsize)(colon - v.p) + 1), &port) && port > 0 && port < 65536;
}

/* Calls @shape for each item of "a, b : c"; how many fit, and @n how many there are. */
static guint
count_items (RcaBytes v, gboolean (*shape) (RcaBytes), guint *n)
{
  guint fits = 0;
  *n = 0;
  for (gsize i = 0; i <= v.n;)
  {
    gsize j = i;
    while (j < v.n && !(v.p[j] == ',' || (v.p[j] == ' ' && j + 1 < v.n && v.p[j + 1] == ':')))
      j++;
    RcaBytes item = rca_bytes (v.p + i, j - i);
    fits += shape (item) || rca_shape_absent (item);
    ++*n;
    i = j < v.n && v.p[j] == ' ' ? j + 2 : j + 1;
    while (i < v.n && v.p[i] == ' ')
      i++;
  }
  return fits;
}

gboolean
rca_shape_peers (RcaBytes v)
{
  guint n, fits = count_items (v, rca_shape_peer, &n);
  return fits == n || (n > 1 && fits == n - 1);
}

gboolean
rca_shape_host (RcaBytes v)
{
  gboolean dot = FALSE, letter = FALSE;
  for (gsize i = 0; i < v.n; i++)
    if (v.p[i] == '.')
      dot = TRUE;
    else if (g_ascii_isalpha (v.p[i]))
      letter = TRUE;
    else if (!g_ascii_isdigit (v.p[i]) && v.p[i] != '-' && v.p[i] != ':' && v.p[i] != '_')
      return FALSE;
  return v.n > 3 && dot && letter && g_ascii_isalpha (v.p[0]);
}

gboolean
rca_shape_request (RcaBytes v)
{
  const char *sp = v.n ? memchr (v.p, ' ', v.n) : NULL;
  if (!sp || sp == v.p || sp - v.p > 20)
    return FALSE;
  for (const char *p = v.p; p < sp; p++)
    if (!g_ascii_isupper (*p) && *p != '-' && *p != '_')
      return FALSE;
  RcaBytes rest = rca_bytes_from (v, (gsize)(sp - v.p) + 1);
  return rest.n && (rest.p[0] == '/' || rest.p[0] == '*' || rca_bytes_find (rest, RCA_BYTES ("://")) > 0 || rca_bytes_find (rest, RCA_BYTES (" HTTP/")) > 0);
}

gboolean
rca_shape_method (RcaBytes v)
{
  static const char *const methods[]
      = { "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "PURGE", "CONNECT", "TRACE", "PROPFIND", "REPORT", "MKCOL" };
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (rca_bytes_is (v, methods[i]))
      return TRUE;
  return FALSE;
}

/* Ranges out of RFC 9110, WebDAV, nginx (444, 494-499), Cloudflare (520-530), AWS (460-464, 561), 000. */
gboolean
rca_shape_status (RcaBytes v)
{
  static const struct {
    gint16 from, to;
  } known[] = { { 0, 0 },     { 100, 103 }, { 200, 208 }, { 226, 226 }, { 300, 308 }, { 400, 431 }, { 440, 452 },
                { 460, 464 }, { 494, 499 }, { 500, 511 }, { 520, 530 }, { 561, 561 }, { 598, 599 } };
  gint64 n;
  if (v.n != 3 || !rca_parse_int (v, &n))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (n >= known[i].from && n <= known[i].to)
      return TRUE;
  return FALSE;
}

gboolean
rca_shape_statuses (RcaBytes v)
{
  guint n, fits = count_items (v, rca_shape_status, &n);
  return fits == n;
}

gboolean
rca_shape_integer (RcaBytes v)
{
  gint64 n;
  return v.n && g_ascii_isdigit (v.p[0]) && rca_parse_int (v, &n);
}

gboolean
rca_shape_fraction (RcaBytes v, guint *decimals)
{
  gsize dot = 0;
  for (gsize i = 0; i < v.n; i++)
    if (v.p[i] == '.')
      dot = i;
    else if (!g_ascii_isdigit (v.p[i]) && !rca_char_in (v.p[i], ", :-"))
      return FALSE;
  if (dot == 0 || !g_ascii_isdigit (v.p[0]))
    return FALSE;
  for (*decimals = 0; dot + 1 + *decimals < v.n && g_ascii_isdigit (v.p[dot + 1 + *decimals]);)
    ++*decimals;
  return *decimals > 0;
}

gboolean
rca_shape_duration (RcaBytes v)
{
  gint64 ns;
  return v.n > 1 && g_ascii_isdigit (v.p[0]) && !g_ascii_isdigit (v.p[v.n - 1]) && rca_parse_duration (v, RCA_NS_PER_S, &ns);
}

gboolean
rca_shape_id (RcaBytes v)
{
  guint hex = 0, dashes = 0;
  for (gsize i = 0; i < v.n; i++)
    if (g_ascii_isxdigit (v.p[i]))
      hex++;
    else if (v.p[i] == '-')
      dashes++;
    else
      return FALSE;
  return hex >= 16 && hex <= 64 && dashes <= 5;
}

gboolean
rca_shape_trace (RcaBytes v)
{
  return (v.n == 55 && v.p[2] == '-' && v.p[35] == '-' && v.p[52] == '-' && rca_shape_id (rca_bytes (v.p + 3, 32)))
         || rca_bytes_has_prefix (v, RCA_BYTES ("Root=1-"));
}

gboolean
rca_shape_stamp (RcaBytes v)
{
  RcaStamp stamp;
  gint64 t;
  if (v.n < 10)
    return FALSE;
  gsize digits = 0;
  while (digits < v.n && g_ascii_isdigit (v.p[digits]))
    digits++;
  if (digits >= 10)
  {
    gsize i = digits + (digits < v.n && v.p[digits] == '.');
    while (i < v.n && g_ascii_isdigit (v.p[i]))
      i++;
    return i == v.n && rca_stamp_parse_epoch (v, &t);
  }
  return rca_stamp_parse (v, NULL, &stamp) + 1 >= v.n && (stamp.flags & RCA_STAMP_HAS_YEAR);
}

gboolean
rca_shape_agent (RcaBytes v)
{
  const char *slash = v.n ? memchr (v.p, '/', v.n) : NULL;
  return slash && slash > v.p && slash + 1 < v.p + v.n && g_ascii_isalpha (v.p[0]) && slash[1] != '/' && !rca_shape_request (v);
}

/* Longer words before those they begin with. */
static const char *const cache_words[]
    = { "hitmiss",    "hitpass",  "hit_stale",     "hit-front",        "hit-cluster",     "hit",         "misscluster", "miss", "expired",
        "stale",      "updating", "revalidated",   "bypass",           "passthrough",     "pass",        "synth",       "pipe", "dynamic",
        "refreshhit", "redirect", "limitexceeded", "capacityexceeded", "originshieldhit", "uncacheable", "error" };

/* "TCP_MEM_HIT", "TCP_MISS_ABORTED", "cp_hit": Squid's and Akamai's codes. */
static RcaBytes
squid_word (RcaBytes v)
{
  if (!rca_bytes_has_prefix (v, RCA_BYTES ("TCP_")) && !rca_bytes_has_prefix (v, RCA_BYTES ("UDP_")))
    return RCA_BYTES ("");
  if (rca_bytes_find (v, RCA_BYTES ("HIT")) > 0)
    return RCA_BYTES ("hit");
  if (rca_bytes_find (v, RCA_BYTES ("MISS")) > 0)
    return RCA_BYTES ("miss");
  if (rca_bytes_find (v, RCA_BYTES ("REFRESH")) > 0)
    return RCA_BYTES ("expired");
  return rca_bytes_find (v, RCA_BYTES ("DENIED")) > 0 ? RCA_BYTES ("denied") : RCA_BYTES ("pass");
}

RcaBytes
rca_shape_cache (RcaBytes v)
{
  const char *comma = v.n ? memrchr (v.p, ',', v.n) : NULL; /* of several caches the last is the one nearest the client */
  if (comma)
    v = rca_bytes_from (v, (gsize)(comma - v.p) + 1);
  while (v.n && v.p[0] == ' ')
    v = rca_bytes_from (v, 1);
  for (guint i = 0; i < G_N_ELEMENTS (cache_words); i++)
  {
    gsize n = strlen (cache_words[i]);
    if (v.n >= n && g_ascii_strncasecmp (v.p, cache_words[i], n) == 0 && (v.n == n || v.p[n] == ' ' || v.p[n] == '/' || v.p[n] == ':'))
      return rca_bytes (cache_words[i], n);
  }
  return squid_word (v);
}
