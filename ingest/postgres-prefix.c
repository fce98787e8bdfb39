#include "postgres-prefix.h"
#include "db-text.h"
#include "number.h"

#define MOST_TOKENS 24
#define DELIMITERS  " \t,;|"

typedef struct {
  RcaBytes text;
  gboolean bracketed; /* [x] or (x) */
} Token;

void
rca_postgres_prefix_init (RcaPostgresPrefix *learnt)
{
  *learnt = (RcaPostgresPrefix){ FALSE };
}

gboolean
rca_postgres_prefix_time (RcaBytes prefix, RcaStampContext *context, RcaStamp *stamp, RcaBytes *written)
{
  for (gsize i = 0; i + 8 < prefix.n; i++)
  {
    if (!g_ascii_isdigit (prefix.p[i]) || (i > 0 && g_ascii_isalnum (prefix.p[i - 1])))
      continue;
    RcaBytes rest = rca_bytes_from (prefix, i);
    gsize took = rca_stamp_parse (rest, context, stamp);
    if (took >= 10 && (stamp->flags & RCA_STAMP_HAS_YEAR))
    {
      *written = rca_bytes (rest.p, took);
      return TRUE;
    }
    /* %n: seconds with milliseconds since 1970 */
    gsize n = 0;
    gint64 t;
    while (n < rest.n && (g_ascii_isdigit (rest.p[n]) || rest.p[n] == '.'))
      n++;
    if (n >= 13 && n <= 17 && rest.p[10] == '.' && rca_stamp_parse_epoch (rca_bytes (rest.p, n), &t))
    {
      *stamp = (RcaStamp){ t, RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR };
      *written = rca_bytes (rest.p, n);
      return TRUE;
    }
  }
  return FALSE;
}

/* ---- parts with names: "user=app,db=shop,app=PostgreSQL JDBC Driver,client=10.0.0.1" ---- */

typedef enum { PART_USER, PART_DATABASE, PART_APPLICATION, PART_CLIENT, PART_PID, PART_SESSION, PART_SQLSTATE, PART_OTHER } Part;

static const struct {
  const char *name;
  Part part;
} part_names[] = {
  { "user", PART_USER },
  { "usr", PART_USER },
  { "username", PART_USER },
  { "u", PART_USER },
  { "role", PART_USER },
  { "db", PART_DATABASE },
  { "database", PART_DATABASE },
  { "datname", PART_DATABASE },
  { "dbname", PART_DATABASE },
  { "d", PART_DATABASE },
  { "app", PART_APPLICATION },
  { "appli", PART_APPLICATION },
  { "application", PART_APPLICATION },
  { "appname", PART_APPLICATION },
  { "application_name", PART_APPLICATION },
  { "a", PART_APPLICATION },
  { "client", PART_CLIENT },
  { "host", PART_CLIENT },
  { "remote", PART_CLIENT },
  { "ip", PART_CLIENT },
  { "rhost", PART_CLIENT },
  { "h", PART_CLIENT },
  { "r", PART_CLIENT },
  { "pid", PART_PID },
  { "p", PART_PID },
  { "process", PART_PID },
  { "session", PART_SESSION },
  { "sess", PART_SESSION },
  { "sid", PART_SESSION },
  { "session_id", PART_SESSION },
  { "c", PART_SESSION },
  { "sqlstate", PART_SQLSTATE },
  { "state", PART_SQLSTATE },
  { "err", PART_SQLSTATE },
  { "error", PART_SQLSTATE },
  { "e", PART_SQLSTATE },
  { "code", PART_SQLSTATE },
};

static Part
part_of (RcaBytes name)
{
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    if (strlen (part_names[i].name) == name.n && g_ascii_strncasecmp (part_names[i].name, name.p, name.n) == 0)
      return part_names[i].part;
  return PART_OTHER;
}

static gboolean
is_name_byte (char c)
{
  return g_ascii_isalpha (c) || c == '_';
}

/* A value with blanks in it (applications have them) ends where the next name, a bracket or the end stands. */
static gsize
value_length (RcaBytes rest, Part part)
{
  if (part != PART_APPLICATION)
    return rca_bytes_until (rest, " ,;|)").n;
  for (gsize n = 0; n < rest.n; n++)
  {
    if (rca_char_in (rest.p[n], ",;|)") || (rest.p[n] == ']' && (n == 0 || !memchr (rest.p, '[', n))))
      return n;
    if (rest.p[n] != ' ')
      continue;
    RcaBytes next = rca_bytes_skip_blank (rca_bytes_from (rest, n));
    gsize name = 0;
    while (name < next.n && is_name_byte (next.p[name]))
      name++;
    if (next.n == 0 || (name && name < next.n && next.p[name] == '=') || next.p[0] == '[' || next.p[0] == '(' || next.p[0] == '-')
      return n;
  }
  return rest.n;
}

/* What PostgreSQL writes where it knows none. */
static RcaBytes
known (RcaBytes value)
{
  value = rca_bytes_skip_blank (value);
  while (value.n && (value.p[value.n - 1] == ' ' || (value.p[value.n - 1] == ']' && !memchr (value.p, '[', value.n))))
    value.n--;
  if (rca_bytes_equal (value, RCA_BYTES ("[unknown]")) || rca_bytes_equal (value, RCA_BYTES ("[local]")) || rca_bytes_equal (value, RCA_BYTES ("unknown")))
    value.n = 0;
  return value;
}

static void
set_if_empty (RcaBytes *into, RcaBytes value)
{
  value = known (value);
  if (into->n == 0 && value.n)
    *into = value;
}

/* "10.1.91.65(3456)", "[local]": the port goes. */
static void
set_client (RcaPostgresRecord *r, RcaBytes value)
{
  set_if_empty (&r->client, rca_bytes_until (value, "("));
}

static void
set_part (RcaPostgresRecord *r, Part part, RcaBytes value)
{
  switch (part)
  {
  case PART_USER:
    set_if_empty (&r->user, value);
    break;
  case PART_DATABASE:
    set_if_empty (&r->database, value);
    break;
  case PART_APPLICATION:
    set_if_empty (&r->application, value);
    break;
  case PART_CLIENT:
    set_client (r, value);
    break;
  case PART_PID:
    r->pid = rca_leading_int (rca_bytes_from (value, value.n && value.p[0] == '['));
    break;
  case PART_SESSION:
    set_if_empty (&r->session, value);
    break;
  case PART_SQLSTATE:
    if (value.n == 5)
      set_if_empty (&r->sqlstate, value);
    break;
  case PART_OTHER:
    break;
  }
}

/* Blanks out what it took, in @scratch, so that the rest can be told by looks. */
static void
read_named (RcaBytes prefix, char *scratch, RcaPostgresRecord *r)
{
  for (gsize i = 1; i < prefix.n; i++)
  {
    if (prefix.p[i] != '=')
      continue;
    gsize start = i;
    while (start > 0 && is_name_byte (prefix.p[start - 1]))
      start--;
    if (start == i)
      continue;
    RcaBytes rest = rca_bytes_from (prefix, i + 1);
    Part part = part_of (rca_bytes (prefix.p + start, i - start));
    gsize n = value_length (rest, part);
    set_part (r, part, rca_bytes (rest.p, n));
    memset (scratch + start, ' ', i + 1 + n - start);
    i += n;
  }
}

/* ---- parts without ---- */

static gboolean
all_digits (RcaBytes text)
{
  for (gsize i = 0; i < text.n; i++)
    if (!g_ascii_isdigit (text.p[i]))
      return FALSE;
  return text.n > 0;
}

static gboolean
is_address (RcaBytes text)
{
  guint dots = 0, colons = 0;
  text = rca_bytes_until (text, "(/");
  for (gsize i = 0; i < text.n; i++)
  {
    if (!g_ascii_isxdigit (text.p[i]) && text.p[i] != '.' && text.p[i] != ':')
      return FALSE;
    dots += text.p[i] == '.';
    colons += text.p[i] == ':';
  }
  return colons >= 2 || (dots == 3 && colons == 0 && g_ascii_isdigit (text.p[0]));
}

/* %c: the session's start and its process id, both in hex. */
static gboolean
is_session (RcaBytes text, gint64 *pid)
{
  const char *dot = memchr (text.p, '.', text.n);
  if (!dot || text.n < 10 || text.n > 18 || dot - text.p != 8)
    return FALSE;
  *pid = 0;
  for (gsize i = 0; i < text.n; i++)
    if (text.p + i != dot)
    {
      if (!g_ascii_isxdigit (text.p[i]))
        return FALSE;
      if (text.p + i > dot)
        *pid = *pid * 16 + g_ascii_xdigit_value (text.p[i]);
    }
  return TRUE;
}

static gboolean
is_sqlstate (RcaBytes text)
{
  if (text.n != 5)
    return FALSE;
  for (gsize i = 0; i < 5; i++)
    if (!g_ascii_isdigit (text.p[i]) && !g_ascii_isupper (text.p[i]))
      return FALSE;
  return g_ascii_isalnum (text.p[1]);
}

/* "2001:db8::1" at the start of @text, before its port. */
static gsize
address6_length (RcaBytes text)
{
  RcaBytes address = rca_bytes_until (text, DELIMITERS "(/[@");
  return is_address (address) && memchr (address.p, ':', address.n) ? address.n : 0;
}

/* "[123]", "[123-1]", "123", "[3]:": tokens between blanks and commas, brackets off. A colon ends one
 * too (RDS: "%t:%r:%u@%d:[%p]:"), but for addresses of version 6. */
static guint
tokenize (RcaBytes text, Token *token)
{
  guint n = 0;
  for (gsize i = 0; i < text.n && n < MOST_TOKENS;)
  {
    if (rca_char_in (text.p[i], DELIMITERS ":])"))
    {
      i++;
      continue;
    }
    gboolean bracketed = text.p[i] == '[' || text.p[i] == '(';
    gsize from = i + bracketed, to = from + address6_length (rca_bytes_from (text, from));
    if (bracketed)
      while (to < text.n && text.p[to] != ']' && text.p[to] != ')')
        to++;
    else
      while (to < text.n && !rca_char_in (text.p[to], DELIMITERS ":"))
        to += text.p[to] == '[' ? rca_bytes_until (rca_bytes_from (text, to), "]").n + (to + 1 < text.n) : 1;
    to = MIN (to, text.n);
    if (to > from)
      token[n++] = (Token){ rca_bytes (text.p + from, to - from), bracketed };
    i = MAX (to, i + 1);
  }
  return n;
}

/* "app@shop", "[unknown]@[unknown]"; in brackets the pair may stand behind others ("[123] [app@shop]"). */
static gboolean
read_pair (RcaBytes text, RcaPostgresRecord *r)
{
  const char *sign = memchr (text.p, '@', text.n);
  if (!sign)
    return FALSE;
  set_if_empty (&r->user, rca_bytes (text.p, (gsize)(sign - text.p)));
  set_if_empty (&r->database, rca_bytes_from (text, (gsize)(sign - text.p) + 1));
  return TRUE;
}

/* The process id: a number in brackets, alone or before a line number ("[123-1]"); else the first bare number. */
static void
find_pid (const Token *token, guint n, RcaPostgresRecord *r)
{
  for (guint pass = 0; pass < 2 && r->pid <= 0; pass++)
    for (guint i = 0; i < n; i++)
    {
      RcaBytes head = rca_bytes_until (token[i].text, "-: /");
      if ((pass == 0) != token[i].bracketed || !all_digits (head) || head.n > 10 || (head.n != token[i].text.n && !token[i].bracketed))
        continue;
      r->pid = rca_leading_int (head);
      if (r->pid > 0)
        return;
    }
}

static gboolean
is_word (RcaBytes text)
{
  if (text.n == 0 || !(g_ascii_isalpha (text.p[0]) || text.p[0] == '_') || rca_bytes_equal (text, RCA_BYTES ("pid"))
      || rca_bytes_equal (text, RCA_BYTES ("main")))
    return FALSE; /* pgpool writes "main pid 123: " */
  for (gsize i = 0; i < text.n; i++)
    if (!g_ascii_isalnum (text.p[i]) && text.p[i] != '_' && text.p[i] != '-')
      return FALSE;
  return TRUE;
}

static void
read_tokens (const RcaPostgresPrefix *learnt, const Token *token, guint n, RcaPostgresRecord *r)
{
  RcaBytes word[2] = { { NULL, 0 }, { NULL, 0 } };
  guint words = 0;
  gint64 session_pid = 0, pid;
  find_pid (token, n, r);
  for (guint i = 0; i < n; i++)
  {
    RcaBytes text = token[i].text;
    if (read_pair (text, r))
      continue;
    if (is_session (text, &pid))
    {
      set_if_empty (&r->session, text);
      session_pid = pid;
    }
    else if (is_address (text))
      set_client (r, text);
    else if (learnt->sqlstate && is_sqlstate (text) && rca_leading_int (text) != r->pid)
      set_if_empty (&r->sqlstate, text);
    else if (is_word (text))
      words < 2 ? (void)(word[words++] = text) : (void)(words = 3);
  }
  if (r->pid <= 0)
    r->pid = session_pid;
  if (words == 2 && r->user.n == 0 && r->database.n == 0)
  { /* "%u %d", the more usual order */
    set_if_empty (&r->user, word[0]);
    set_if_empty (&r->database, word[1]);
  }
}

void
rca_postgres_prefix_learn (RcaPostgresPrefix *learnt, RcaBytes prefix)
{
  gssize at = rca_bytes_find (prefix, RCA_BYTES ("00000"));
  if (at < 0)
    return;
  gsize end = (gsize)at + 5;
  gboolean before = at == 0 || !g_ascii_isalnum (prefix.p[at - 1]), after = end >= prefix.n || !g_ascii_isalnum (prefix.p[end]);
  learnt->sqlstate |= before && after;
}

void
rca_postgres_prefix_read (const RcaPostgresPrefix *learnt, RcaBytes prefix, RcaBytes time, RcaPostgresRecord *r)
{
  char scratch[320];
  Token token[MOST_TOKENS];
  RcaBytes rest = prefix;
  if (rest.n > sizeof scratch)
    rest.n = sizeof scratch;
  memcpy (scratch, rest.p, rest.n);
  if (time.n && time.p + time.n <= rest.p + rest.n)
    memset (scratch + (time.p - rest.p), ' ', time.n);
  read_named (rest, scratch, r);
  RcaBytes left = rca_bytes (scratch, rest.n);
  guint n = tokenize (left, token);
  for (guint i = 0; i < n; i++) /* the bytes that stay are the prefix's own */
    token[i].text.p = rest.p + (token[i].text.p - scratch);
  read_tokens (learnt, token, n, r);
}
