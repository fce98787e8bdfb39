#include "identity.h"
#include <xxhash.h>

/* The constant part is bounded, not the message: two messages that differ in the
 * LENGTH of their variables alone must be cut at the same word. */
#define MAX_CONSTANT       256
#define MAX_MESSAGE        4096
#define MAX_ROUTE_SEGMENTS 8
#define MAX_SEGMENT        64

enum {
  DIGIT = 1 << 0,
  HEX = 1 << 1,   /* a-f, either case */
  ALPHA = 1 << 2, /* any letter; bytes of UTF-8 count */
  WORD = 1 << 3,  /* holds a token together */
};

static inline guint
class_of (char c)
{
  guchar u = (guchar)c;
  if ((guchar)(u - '0') < 10)
    return DIGIT | WORD;
  guchar lower = u | 32;
  if ((guchar)(lower - 'a') < 26)
    return ALPHA | WORD | (lower <= 'f' ? HEX : 0);
  if (u >= 0x80)
    return ALPHA | WORD;
  switch (c)
  {
  case '_':
  case '-':
  case '.':
  case ':':
  case '/':
  case '@':
  case '%':
  case '+':
  case '~':
  case '$':
  case '\\':
    return WORD;
  default:
    return 0;
  }
}

typedef struct {
  char *text;
  gsize n, max;
  gboolean open; /* the last thing written is a placeholder */
} Writer;

static void
put (Writer *w, RcaBytes bytes)
{
  gsize n = MIN (bytes.n, w->max - w->n);
  if (n == 0)
    return;
  memcpy (w->text + w->n, bytes.p, n);
  w->n += n;
  w->open = FALSE;
}

/* {} — and "{}.{}", "{}, {}" are one variable: an address, a version, a list. */
static void
put_variable (Writer *w)
{
  gsize n = w->n;
  while (n > 0 && w->n - n < 2 && rca_char_in (w->text[n - 1], ".:,-+/ x") && !(w->text[n - 1] == ' ' && (n < 2 || w->text[n - 2] != ',')))
    n--;
  if (n >= 2 && w->text[n - 1] == '}' && w->text[n - 2] == '{')
  {
    w->n = n;
    w->open = TRUE;
    return;
  }
  put (w, RCA_BYTES ("{}"));
  w->open = TRUE;
}

static RcaIdentity
identity_of (const char *text, gsize n)
{
  return (RcaIdentity){ XXH3_64bits (text, n), rca_bytes (text, n) };
}

static gboolean
is_uuid (const char *p, gsize n)
{
  if (n < 36)
    return FALSE;
  for (guint i = 0; i < 36; i++)
    if (i == 8 || i == 13 || i == 18 || i == 23 ? p[i] != '-' : !(class_of (p[i]) & (DIGIT | HEX)))
      return FALSE;
  return n == 36 || !(class_of (p[36]) & (DIGIT | ALPHA));
}

/* Units that follow a number without a blank; they belong to the variable ("900ms" and "1.2s" are one template). */
static gsize
unit_length (const char *p, gsize n)
{
  static const char *const units[]
      = { "ms", "s", "us", "ns", "m", "h", "d", "min", "sec", "b", "k", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "g", "\xc2\xb5s", "\xce\xbcs" };
  gsize letters = 0;
  while (letters < n && letters < 4 && (class_of (p[letters]) & ALPHA))
    letters++;
  for (guint i = 0; letters > 0 && i < G_N_ELEMENTS (units); i++)
    if (strlen (units[i]) == letters && g_ascii_strncasecmp (units[i], p, letters) == 0)
      return letters;
  return 0;
}

/* Error codes are names, though they hold digits: AH00957, ORA-00942, MY-010116. */
static gsize
code_length (const char *p, gsize n)
{
  static const char *const prefixes[] = { "AH", "ORA-", "MY-", "PLS-", "TNS-", "WFLY", "HHH", "ARJUNA", "SQL" };
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
  {
    gsize at = strlen (prefixes[i]), digits = 0;
    if (n <= at || memcmp (p, prefixes[i], at) != 0)
      continue;
    while (at < n && (class_of (p[at]) & DIGIT))
      at++, digits++;
    if (digits >= 4 && digits <= 6 && (at == n || !(class_of (p[at]) & ALPHA)))
      return at;
  }
  return 0;
}

/* What one run of letters and digits is made of. */
typedef struct {
  gsize n;
  gsize digits, hex, upper, lower;
  guint turns; /* between letters and digits */
} Run;

static Run
measure_run (const char *p, gsize n)
{
  Run run = { 0 };
  guint before = 0;
  for (; run.n < n; run.n++)
  {
    guint c = class_of (p[run.n]) & (DIGIT | ALPHA | HEX);
    if (!c)
      break;
    guint kind = c & (DIGIT | ALPHA);
    run.turns += before && kind != before;
    before = kind;
    run.digits += (c & DIGIT) != 0;
    run.hex += (c & HEX) != 0;
    run.upper += p[run.n] >= 'A' && p[run.n] <= 'Z';
    run.lower += p[run.n] >= 'a' && p[run.n] <= 'z';
  }
  return run;
}

/* Ids look like nothing a person would write. */
static gboolean
is_opaque (const Run *run)
{
  if (run->digits == 0)
    return (run->n >= 16 && run->hex == run->n) || run->n >= 40;
  return run->digits == run->n || (run->n >= 6 && run->digits + run->hex == run->n) || (run->n >= 8 && run->turns >= 3) || run->n >= 24;
}

/* One run with its digits masked; what stays of it is written. */
static gsize
put_run (Writer *w, const char *p, gsize n)
{
  Run run = measure_run (p, n);
  gsize code = run.digits > 0 ? code_length (p, n) : 0;
  if (code > 0)
  {
    put (w, rca_bytes (p, code));
    return code;
  }
  if (run.n >= 3 && p[0] == '0' && (p[1] | 32) == 'x' && run.hex + run.digits == run.n - 1)
  {
    put_variable (w);
    return run.n;
  }
  if (run.digits == 0 && !is_opaque (&run))
  {
    put (w, rca_bytes (p, run.n));
    return run.n;
  }
  if (is_opaque (&run))
  {
    put_variable (w);
    return run.n;
  }
  gboolean quantity = TRUE; /* numbers and units so far: 1m30s */
  for (gsize i = 0; i < run.n;)
  {
    gsize from = i;
    gboolean digit = class_of (p[i]) & DIGIT;
    while (i < run.n && ((class_of (p[i]) & DIGIT) != 0) == (digit != 0))
      i++;
    if (!digit)
    {
      put (w, rca_bytes (p + from, i - from));
      quantity = FALSE;
      continue;
    }
    put_variable (w);
    gsize unit = quantity ? unit_length (p + i, run.n - i) : 0;
    if (unit > 0 && (i + unit == run.n || (class_of (p[i + unit]) & DIGIT)))
      i += unit;
  }
  return run.n;
}

/* IPv6: at least two colons, nothing but hex digits between them. */
static gboolean
is_ipv6 (const char *p, gsize n)
{
  guint colons = 0, digits = 0;
  for (gsize i = 0; i < n; i++)
    if (p[i] == ':')
      colons++;
    else if (class_of (p[i]) & (DIGIT | HEX))
      digits++;
    else if (p[i] != '.')
      return FALSE;
  return colons >= 2 && digits > 0 && colons <= 8;
}

static gboolean
is_email (const char *p, gsize n)
{
  const char *at = memchr (p, '@', n);
  return at && at > p && memchr (at, '.', n - (gsize)(at - p)) && !memchr (p, '/', n) && !memchr (p, ':', (gsize)(at - p));
}

/* api/v1: a version is part of the name */
static gboolean
is_version_segment (const char *p, gsize n)
{
  return n >= 2 && n <= 3 && (p[0] | 32) == 'v' && (class_of (p[1]) & DIGIT) && (n == 2 || (class_of (p[2]) & DIGIT));
}

static gboolean
has_digit (const char *p, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (class_of (p[i]) & DIGIT)
      return TRUE;
  return FALSE;
}

/* One segment of a path: with a digit in it, it is a variable as a whole. */
static void
put_segment (Writer *w, const char *p, gsize n)
{
  Run run = measure_run (p, n);
  if ((has_digit (p, n) && !is_version_segment (p, n)) || (run.n == n && is_opaque (&run)))
    put_variable (w);
  else
    put (w, rca_bytes (p, n));
}

/* A path or URL: host and port by runs, then segment by segment. */
static void
put_path (Writer *w, const char *p, gsize n)
{
  gsize i = 0;
  const char *scheme = memmem (p, n, "://", 3);
  gboolean in_host = scheme || p[0] != '/';
  if (scheme)
  {
    i = (gsize)(scheme - p) + 3;
    put (w, rca_bytes (p, i));
  }
  while (i < n)
  {
    gsize from = i;
    if (p[i] == '/')
    {
      while (i < n && p[i] == '/')
        i++;
      put (w, RCA_BYTES ("/"));
      in_host = FALSE;
      continue;
    }
    while (i < n && p[i] != '/')
      i++;
    if (!in_host)
      put_segment (w, p + from, i - from);
    else
      while (from < i)
        if (class_of (p[from]) & (DIGIT | ALPHA))
          from += put_run (w, p + from, i - from);
        else
        {
          put (w, rca_bytes (p + from, 1));
          from++;
        }
  }
}

/* A token that holds together, without blanks, quotes, brackets, commas and equal signs. */
static void
put_token (Writer *w, const char *p, gsize n)
{
  if (is_uuid (p, n) && n == 36)
  {
    put_variable (w);
    return;
  }
  if (is_email (p, n) || is_ipv6 (p, n))
  {
    put_variable (w);
    return;
  }
  if (memchr (p, '/', n) && n > 1)
  {
    put_path (w, p, n);
    return;
  }
  gsize i = 0;
  if (n > 1 && (p[0] == '-' || p[0] == '+') && (class_of (p[1]) & DIGIT))
    i = 1; /* a sign */
  while (i < n)
    if (is_uuid (p + i, n - i))
    {
      put_variable (w);
      i += 36;
    }
    else if (class_of (p[i]) & (DIGIT | ALPHA))
      i += put_run (w, p + i, n - i);
    else
    {
      put (w, rca_bytes (p + i, 1));
      i++;
    }
}

/* The closing partner of the quote at @p, 0 when it opens nothing ("don't"). */
static gsize
quoted_length (const char *p, gsize n)
{
  for (gsize i = 1; i < n; i++)
    if (p[i] == '\\' && i + 1 < n)
      i++;
    else if (p[i] == p[0] && (i + 1 == n || !(class_of (p[i + 1]) & (ALPHA | DIGIT))))
      return i + 1;
  return 0;
}

/* The value after an equal sign: to the next blank or what closes it. */
static gsize
value_length (const char *p, gsize n)
{
  gsize i = 0;
  if (n > 0 && (*p == '"' || *p == '\'' || *p == '`'))
  {
    gsize quoted = quoted_length (p, n);
    return quoted > 0 ? quoted : n;
  }
  while (i < n && !rca_char_in (p[i], " \t,;&)]}\"'>"))
    i++;
  return i;
}

static gsize
first_line (RcaBytes message)
{
  const char *end = memchr (message.p, '\n', message.n);
  gsize n = end ? (gsize)(end - message.p) : message.n;
  while (n > 0 && (message.p[n - 1] == '\r' || message.p[n - 1] == ' '))
    n--;
  return MIN (n, MAX_MESSAGE);
}

/* At a character that is part of no token. Returns how many bytes it took. */
static gsize
put_mark (Writer *w, const char *p, gsize n, gboolean after_word)
{
  gsize taken;
  switch (*p)
  {
  case '"':
  case '\'':
  case '`':
    taken = after_word ? 0 : quoted_length (p, n);
    if (taken == 0)
      break;
    put (w, rca_bytes (p, 1));
    put (w, RCA_BYTES ("{}"));
    put (w, rca_bytes (p, 1));
    return taken;
  case '=':
    taken = after_word && n > 1 && p[1] != '=' ? value_length (p + 1, n - 1) : 0;
    put (w, RCA_BYTES ("="));
    if (taken > 0)
      put_variable (w);
    return taken + 1;
  case '?':
    if (!after_word || n < 2 || !(class_of (p[1]) & WORD))
      break;
    /* a query: which parameters are there varies too */
    for (taken = 1; taken < n && !rca_char_in (p[taken], " \t\"')]>");)
      taken++;
    put (w, RCA_BYTES ("?{}"));
    return taken;
  case ' ':
  case '\t':
    for (taken = 1; taken < n && (p[taken] == ' ' || p[taken] == '\t');)
      taken++;
    put (w, RCA_BYTES (" "));
    return taken;
  default:
    break;
  }
  put (w, rca_bytes (*p == '\0' ? " " : p, 1));
  return 1;
}

RcaIdentity
rca_template (RcaBytes message, RcaArena *arena)
{
  gsize n = first_line (message), i = 0;
  const char *p = message.p;
  Writer w = { .text = rca_arena_alloc (arena, MAX_CONSTANT), .max = MAX_CONSTANT };

  while (i < n && (p[i] == ' ' || p[i] == '\t'))
    i++;
  while (i < n && w.n < w.max)
  {
    gsize from = i;
    while (i < n && (class_of (p[i]) & WORD))
      i++;
    gboolean word = i > from;
    gsize token = i - from;
    while (token > 1 && rca_char_in (p[from + token - 1], ".:-"))
      token--; /* a sentence's end, not the token's */
    if (word)
      put_token (&w, p + from, token);
    if (from + token < i)
      put (&w, rca_bytes (p + from + token, i - from - token));
    if (i < n && w.n < w.max)
      i += put_mark (&w, p + i, n - i, word);
  }
  return identity_of (w.text, w.n);
}

/* Names of things that happen to hold a digit. */
static gboolean
is_known_segment (const char *p, gsize n)
{
  static const char *const known[]
      = { "oauth2", "s3",     "2fa", "mp3",    "mp4",  "3ds",  "k8s", "i18n",  "l10n", "a11y", "b2b", "b2c", "c2c",   "p2p", "ipv4",    "ipv6",
          "sha1",   "sha256", "md5", "base64", "web3", "mfa2", "h2",  "auth0", "3d",   "page1", "ec2", "v1beta1", "v1alpha1" };
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strlen (known[i]) == n && g_ascii_strncasecmp (known[i], p, n) == 0)
      return TRUE;
  return is_version_segment (p, n);
}

static gboolean
is_variable_segment (const char *p, gsize n)
{
  Run run = measure_run (p, n);
  if (n > MAX_SEGMENT || memchr (p, '@', n) || memchr (p, '%', n) || memchr (p, '=', n) || memchr (p, ',', n))
    return TRUE;
  for (gsize i = 0; i < n; i++)
    if ((guchar)p[i] < 0x21 || p[i] == '"' || p[i] == '\\' || p[i] == '<')
      return TRUE;
  if (has_digit (p, n))
    return !is_known_segment (p, n);
  return run.n == n && (is_opaque (&run) || (n >= 20 && run.upper >= 3 && run.lower >= 3));
}

/* The stem is judged, the extension stays: {}.js */
static void
put_route_segment (Writer *w, const char *p, gsize n)
{
  const char *dot = memrchr (p, '.', n);
  gsize stem = dot && dot > p ? (gsize)(dot - p) : n, extension = n - stem;
  if (extension < 2 || extension > 6 || has_digit (p + stem, extension) || memchr (p, '@', n))
    stem = n, extension = 0;
  if (is_variable_segment (p, stem))
    put (w, RCA_BYTES ("{}"));
  else
    put (w, rca_bytes (p, stem));
  put (w, rca_bytes (p + stem, extension));
}

static RcaBytes
path_only (RcaBytes path)
{
  const char *scheme = path.n > 8 && path.p[0] != '/' ? memmem (path.p, MIN (path.n, 16), "://", 3) : NULL;
  if (scheme)
  {
    gsize host = (gsize)(scheme - path.p) + 3;
    const char *slash = memchr (path.p + host, '/', path.n - host);
    path = slash ? rca_bytes_from (path, (gsize)(slash - path.p)) : RCA_BYTES ("/");
  }
  for (gsize i = 0; i < path.n; i++)
    if (path.p[i] == '?' || path.p[i] == '#' || path.p[i] == ';')
      path.n = i;
  return path;
}

RcaIdentity
rca_route (RcaBytes method, RcaBytes path, RcaArena *arena)
{
  gsize max = 16 + 1 + MAX_ROUTE_SEGMENTS * (MAX_SEGMENT + 8) + 8, i = 0;
  Writer w = { .text = rca_arena_alloc (arena, max), .max = max };
  guint segments = 0;

  for (gsize k = 0; k < method.n && k < 16; k++)
    w.text[w.n++] = g_ascii_toupper (method.p[k]);
  if (method.n > 0)
    w.text[w.n++] = ' ';
  path = path_only (path);
  if (path.n == 0 || path.p[0] != '/')
  {
    put (&w, path.n == 1 && path.p[0] == '*' ? RCA_BYTES ("*") : RCA_BYTES ("{}"));
    return identity_of (w.text, w.n);
  }
  gsize head = w.n;
  while (i < path.n)
  {
    while (i < path.n && path.p[i] == '/')
      i++;
    gsize from = i;
    while (i < path.n && path.p[i] != '/')
      i++;
    if (i == from)
      break;
    put (&w, RCA_BYTES ("/"));
    if (++segments > MAX_ROUTE_SEGMENTS)
    {
      put (&w, RCA_BYTES ("…"));
      break;
    }
    put_route_segment (&w, path.p + from, i - from);
  }
  if (w.n == head)
    put (&w, RCA_BYTES ("/"));
  return identity_of (w.text, w.n);
}
