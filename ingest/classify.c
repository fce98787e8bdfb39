#include "classify.h"
#include "bigrams.h"

enum {
  WHOLE = 1 << 0,       /* no letter or digit right before or behind */
  WHOLE_START = 1 << 1, /* none right before */
  HINT_DB = 1 << 2,
  HINT_CACHE = 1 << 3,
  OWN = 1 << 4,         /* may be the status of the request that the record is of */
};

typedef struct {
  RcaFailure failure;
  const char *text;
  const char *also;
  guint flags;
} Row;

static const Row rows[] = {
#define X(failure, text, also, flags) { RCA_FAILURE_##failure, text, also, flags },
#include "failure-texts.def"
#undef X
};

#define N_ROWS        G_N_ELEMENTS (rows)
#define KEY_BYTES     4
#define N_BUCKETS     8192
#define MAX_TEXT      2048 /* of a record's text: what counts stands at its beginning */
#define MAX_EXCEPTION 256
#define MAX_CAUSES    8

/* Finds all rows in one pass: rows by the hash of their first four bytes. Built
 * once out of the table above, never changed. */
typedef struct {
  guint16 head[N_BUCKETS]; /* row + 1; 0 = none */
  guint16 next[N_ROWS];
  guint8 length[N_ROWS];
} Index;

static inline guint
bucket_of (const char *p)
{
  guint32 key;
  memcpy (&key, p, KEY_BYTES);
  return (key * 2654435761u) >> 19;
}

G_STATIC_ASSERT (N_BUCKETS == 1 << (32 - 19));

static gpointer
build_index (gpointer unused)
{
  Index *index = g_new0 (Index, 1);
  for (guint i = N_ROWS; i-- > 0;)
  { /* backwards, so that each chain runs from the first row to the last */
    guint bucket = bucket_of (rows[i].text);
    g_assert (strlen (rows[i].text) >= KEY_BYTES && strlen (rows[i].text) < 256);
    index->length[i] = (guint8)strlen (rows[i].text);
    index->next[i] = index->head[bucket];
    index->head[bucket] = (guint16)(i + 1);
  }
  return index;
}

static const Index *
the_index (void)
{
  static GOnce once = G_ONCE_INIT;
  return g_once (&once, build_index, NULL);
}

/* Lower-case copy of what is searched: exception, line feed, text; the text can be
 * found again in the original by its offset. */
typedef struct {
  char lower[MAX_EXCEPTION + MAX_TEXT + 2];
  gsize n;
  gsize text_at;
  RcaBytes text; /* original */
} Haystack;

static void
append_lower (Haystack *hay, RcaBytes bytes, gsize max)
{
  gsize n = MIN (bytes.n, max);
  for (gsize i = 0; i < n; i++) /* not g_ascii_tolower(): a call for each byte */
    hay->lower[hay->n + i] = (char)(bytes.p[i] >= 'A' && bytes.p[i] <= 'Z' ? bytes.p[i] | 32 : bytes.p[i]);
  hay->n += n;
}

static void
fill_haystack (Haystack *hay, RcaBytes exception, RcaBytes text)
{
  hay->n = 0;
  append_lower (hay, exception, MAX_EXCEPTION);
  hay->lower[hay->n++] = '\n';
  hay->text_at = hay->n;
  hay->text = rca_bytes (text.p, MIN (text.n, MAX_TEXT));
  append_lower (hay, text, MAX_TEXT);
}

static gboolean
occurs (const Haystack *hay, const char *needle)
{
  return memmem (hay->lower, hay->n, needle, strlen (needle)) != NULL;
}

static gboolean
row_holds (const Haystack *hay, guint row, gsize at, gsize length)
{
  guint flags = rows[row].flags;
  if ((flags & (WHOLE | WHOLE_START)) && at > 0 && g_ascii_isalnum (hay->lower[at - 1]) && g_ascii_isalnum (hay->lower[at]))
    return FALSE;
  if ((flags & WHOLE) && at + length < hay->n && g_ascii_isalnum (hay->lower[at + length]))
    return FALSE;
  return rows[row].also[0] == '\0' || occurs (hay, rows[row].also);
}

/* The first row that holds (N_ROWS: none) and has none of @but, and the hints met. */
static guint
best_row (const Haystack *hay, guint but, guint *hints)
{
  const Index *index = the_index ();
  guint best = N_ROWS;
  for (gsize at = 0; at + KEY_BYTES <= hay->n; at++)
    for (guint entry = index->head[bucket_of (hay->lower + at)]; entry; entry = index->next[entry - 1])
    {
      guint row = entry - 1, hint = rows[row].flags & (HINT_DB | HINT_CACHE);
      gsize length = index->length[row];
      if ((hint ? (*hints & hint) == hint : row >= best || rows[row].flags & but) || hay->n - at < length || memcmp (hay->lower + at, rows[row].text, length) != 0
          || !row_holds (hay, row, at, length))
        continue;
      if (hint)
        *hints |= hint;
      else
        best = row;
    }
  return best;
}

/* The same failure of a connection means more when it went to a database or cache. */
static RcaFailure
with_hints (RcaFailure failure, guint hints)
{
  if ((hints & HINT_CACHE) && !(hints & HINT_DB))
    switch (failure)
    {
    case RCA_FAILURE_REFUSED:
    case RCA_FAILURE_RESET:
    case RCA_FAILURE_CONNECT_TIMEOUT:
    case RCA_FAILURE_READ_TIMEOUT:
    case RCA_FAILURE_POOL_TIMEOUT:
    case RCA_FAILURE_MEMORY:
    case RCA_FAILURE_EXCEPTION:
      return RCA_FAILURE_CACHE;
    default:
      return failure;
    }
  if (!(hints & HINT_DB))
    return failure;
  if (failure == RCA_FAILURE_REFUSED)
    return RCA_FAILURE_DB_REFUSED;
  if (failure == RCA_FAILURE_RESET)
    return RCA_FAILURE_DB_LOST;
  return failure;
}

/* --- who was called -------------------------------------------------------- */

/* What stands right before a peer's name; the first one that a record holds wins. */
static const char *const before_peer[] = {
  "upstream: \"",
  "host='",
  "://",
  "dial tcp: lookup ",
  "lookup ",
  "dial tcp ",
  "dial udp ",
  "getaddrinfo enotfound ",
  "getaddrinfo eai_again ",
  "enotfound ",
  "econnrefused ",
  "etimedout ",
  "ehostunreach ",
  "enetunreach ",
  "econnreset ",
  "unknownhostexception: ",
  "connection to server at \"",
  "host name \"",
  "on host \"",
  "mysql server on '",
  "server host '",
  "database server at `",
  "database server at ",
  "host not found in upstream \"",
  "failed to resolve '",
  "resolve host: ",
  "resolve host '",
  "resolve host name ",
  "resolve host ",
  "tcp connection to ",
  "connection refused - connect(2) for \"",
  "error connecting to ",
  "connecting to ",
  "failed to connect to ",
  "cannot connect to host ",
  "could not connect to ",
  "couldn't connect to ",
  "connect to host ",
  "connect to ",
  "connection to ",
  "no such host is known. (",
  "connection refused (",
  "timed out connecting to ",
  "reading from ",
  "upstream=",
  "peer=",
  "host=",
  "addr=",
};

static gboolean
is_host_char (char c)
{
  return g_ascii_isalnum (c) || c == '.' || c == '-' || c == '_' || c == ':';
}

/* Words that stand there and name nobody. */
static gboolean
is_common_word (RcaBytes word)
{
  static const char *const words[]
      = { "the", "a",           "an",     "database", "server", "host",   "upstream", "remote", "backend", "peer",       "it",        "any",
          "all", "localhost:0", "socket", "tcp",      "udp",    "client", "on",       "via",        "mysql",     "postgresql",
          "connection", "os" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i]) == word.n && g_ascii_strncasecmp (words[i], word.p, word.n) == 0)
      return TRUE;
  return FALSE;
}

/* host, host:port or [address]:port at the start of @text */
static RcaBytes
host_at (RcaBytes text)
{
  gsize n = 0;
  const char *at = memchr (text.p, '@', MIN (text.n, 128));
  if (at && !memchr (text.p, ' ', (gsize)(at - text.p)) && !memchr (text.p, '/', (gsize)(at - text.p)))
    text = rca_bytes_from (text, (gsize)(at + 1 - text.p)); /* user:password@ */
  if (text.n > 0 && (text.p[0] == '"' || text.p[0] == '\'' || text.p[0] == '`' || text.p[0] == '/'))
    text = rca_bytes_from (text, 1); /* Java writes name/10.0.0.1:80 and /10.0.0.1:80 */
  if (text.n > 0 && text.p[0] == '[')
    while (n < text.n && n < 48 && text.p[n] != ']')
      n++;
  if (n > 0)
    n++;
  while (n < text.n && n < 253 && is_host_char (text.p[n]))
    n++;
  n = MIN (n, text.n);
  while (n > 0 && rca_char_in (text.p[n - 1], ".:-_"))
    n--;
  RcaBytes host = rca_bytes (text.p, n);
  return n < 2 || is_common_word (host) ? (RcaBytes){ NULL, 0 } : host;
}

/* The word that ends right before @needle: "payments could not be resolved" */
static RcaBytes
host_before (const Haystack *hay, const char *needle)
{
  const char *found = memmem (hay->lower + hay->text_at, hay->n - hay->text_at, needle, strlen (needle));
  if (!found)
    return (RcaBytes){ NULL, 0 };
  gsize end = (gsize)(found - hay->lower) - hay->text_at, from = end;
  while (from > 0 && is_host_char (hay->text.p[from - 1]))
    from--;
  return host_at (rca_bytes (hay->text.p + from, end - from));
}

static RcaBytes
find_peer (const Haystack *hay)
{
  static const char *const after_peer[] = { " could not be resolved", ": name or service not known", ": temporary failure in name resolution",
                                            ": no address associated", ": nodename nor servname", " unavailable: " };
  RcaBytes lower = rca_bytes (hay->lower + hay->text_at, hay->n - hay->text_at), peer;
  RcaBigrams pairs;
  rca_bigrams_fill (&pairs, lower);
  for (guint i = 0; i < G_N_ELEMENTS (before_peer); i++)
  {
    gssize at = rca_bigrams_may_hold (&pairs, before_peer[i]) ? rca_bytes_find (lower, rca_bytes_str (before_peer[i])) : -1;
    if (at < 0)
      continue;
    peer = rca_bytes_from (hay->text, (gsize)at + strlen (before_peer[i]));
    gssize scheme = rca_bytes_find (rca_bytes (peer.p, MIN (peer.n, 24)), RCA_BYTES ("://"));
    if (scheme >= 0)
      peer = rca_bytes_from (peer, (gsize)scheme + 3);
    peer = host_at (peer);
    if (peer.n > 0)
      return peer;
  }
  for (guint i = 0; i < G_N_ELEMENTS (after_peer); i++)
    if (rca_bigrams_may_hold (&pairs, after_peer[i]) && (peer = host_before (hay, after_peer[i])).n > 0)
      return peer;
  return (RcaBytes){ NULL, 0 };
}

/* Failures of somebody else, who may be named. */
static gboolean
has_peer (RcaFailure failure)
{
  return (failure >= RCA_FAILURE_REFUSED && failure <= RCA_FAILURE_LIMIT) || (failure >= RCA_FAILURE_POOL_TIMEOUT && failure <= RCA_FAILURE_DB_LOST)
         || failure == RCA_FAILURE_CACHE;
}

/* @own: the record states the status of a request that it is of: without a peer's name a status in
 * its text is that one. */
static RcaFailure
classify (RcaBytes exception, RcaBytes text, gboolean own, RcaBytes *peer)
{
  Haystack hay;
  guint hints = 0;
  fill_haystack (&hay, exception, text);
  guint row = best_row (&hay, own ? OWN : 0, &hints);
  if (own && row == N_ROWS && text.n > 0 && find_peer (&hay).n > 0)
    row = best_row (&hay, 0, &hints);
  RcaFailure failure = row < N_ROWS ? rows[row].failure : exception.n > 0 ? RCA_FAILURE_EXCEPTION : RCA_FAILURE_NONE;
  failure = with_hints (failure, hints);
  if (peer)
    *peer = has_peer (failure) && text.n > 0 ? find_peer (&hay) : (RcaBytes){ NULL, 0 };
  return failure;
}

RcaFailure
rca_classify (RcaBytes exception, RcaBytes text, RcaBytes *peer)
{
  return classify (exception, text, FALSE, peer);
}

/* What a finer text may overrule. */
static gint
telling (RcaFailure failure)
{
  return failure == RCA_FAILURE_NONE ? 0 : failure == RCA_FAILURE_EXCEPTION ? 1 : failure == RCA_FAILURE_DB_ERROR ? 2 : 3;
}

static void
consider (RcaFailure *failure, RcaBytes *peer, RcaBytes exception, RcaBytes text, gboolean own)
{
  RcaBytes other;
  if (telling (*failure) == 3)
    return;
  RcaFailure found = classify (exception, text, own, &other);
  if (telling (found) > telling (*failure))
  {
    *failure = found;
    *peer = other;
  }
}

/* Java's traces name the root last; a trace inside a JSON string has \n for its line ends. */
static void
consider_causes (RcaFailure *failure, RcaBytes *peer, RcaBytes raw)
{
  const RcaBytes mark = RCA_BYTES ("Caused by: ");
  for (guint i = 0; i < MAX_CAUSES && telling (*failure) < 3; i++)
  {
    gssize at = rca_bytes_find (raw, mark);
    if (at < 0)
      return;
    raw = rca_bytes_from (raw, (gsize)at + mark.n);
    gsize n = 0;
    while (n < raw.n && raw.p[n] != '\n' && !(raw.p[n] == '\\' && n + 1 < raw.n && raw.p[n + 1] == 'n'))
      n++;
    consider (failure, peer, (RcaBytes){ NULL, 0 }, rca_bytes (raw.p, n), FALSE);
  }
}

void
rca_classify_event (RcaEvent *ev)
{
  RcaBytes none = { NULL, 0 }, peer = none, exception = rca_event_str (ev, RCA_FIELD_EXCEPTION);
  RcaFailure failure = RCA_FAILURE_NONE;

  if (rca_event_has (ev, RCA_FIELD_FAILURE) || (ev->severity < RCA_SEVERITY_WARN && exception.n == 0))
    return;
  if (rca_event_has (ev, RCA_FIELD_EXCEPTION_MESSAGE))
    consider (&failure, &peer, exception, rca_event_str (ev, RCA_FIELD_EXCEPTION_MESSAGE), FALSE);
  consider (&failure, &peer, exception, rca_event_str (ev, RCA_FIELD_MESSAGE), rca_event_has (ev, RCA_FIELD_HTTP_STATUS));
  if (failure != RCA_FAILURE_NONE && ev->raw.n > 0)
    consider_causes (&failure, &peer, ev->raw);
  if (failure == RCA_FAILURE_NONE)
    return;
  /* a request's own record states its own status: that names no peer that answered so */
  if (failure == RCA_FAILURE_UPSTREAM_ERROR && exception.n == 0 && rca_event_has (ev, RCA_FIELD_HTTP_STATUS))
    return;
  rca_event_set_num (ev, RCA_FIELD_FAILURE, failure);
  if (peer.n > 0 && !rca_event_has (ev, RCA_FIELD_PEER_SERVICE))
    rca_event_set_str (ev, RCA_FIELD_PEER_SERVICE, peer);
}
