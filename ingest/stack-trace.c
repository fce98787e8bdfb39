#include "stack-trace.h"

#define MAX_TYPE 200

static RcaBytes
trim (RcaBytes text)
{
  while (text.n > 0 && g_ascii_isspace (text.p[0]))
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && g_ascii_isspace (text.p[text.n - 1]))
    text.n--;
  return text;
}

/* Cuts the first line off @rest. */
static gboolean
next_line (RcaBytes *rest, RcaBytes *line)
{
  if (rest->n == 0)
    return FALSE;
  const char *lf = memchr (rest->p, '\n', rest->n);
  gsize n = lf ? (gsize)(lf - rest->p) : rest->n;
  *line = rca_bytes (rest->p, n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n);
  *rest = rca_bytes_from (*rest, n + 1);
  return TRUE;
}

static gsize
indent_of (RcaBytes line)
{
  gsize i = 0;
  while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
    i++;
  return i;
}

static gboolean
starts (RcaBytes text, const char *prefix)
{
  return rca_bytes_starts (text, prefix);
}

/* Letters, digits, and what joins the parts of a qualified name: . :: \ $ _ ` < > */
static gsize
type_length (RcaBytes text)
{
  gsize i = 0;
  if (text.n == 0 || !(g_ascii_isalpha (text.p[0]) || text.p[0] == '_' || text.p[0] == '\\'))
    return 0;
  while (i < text.n && i < MAX_TYPE)
  {
    char c = text.p[i];
    gboolean joint = c == ':' && i + 2 < text.n && text.p[i + 1] == ':' && g_ascii_isalpha (text.p[i + 2]);
    if (joint)
      i++;
    else if (!g_ascii_isalnum (c) && c != '.' && c != '_' && c != '$' && c != '\\' && c != '`' && c != '/' && c != '-')
      break;
    i++;
  }
  while (i > 0 && (text.p[i - 1] == '.' || text.p[i - 1] == '-' || text.p[i - 1] == '/'))
    i--;
  return i < MAX_TYPE ? i : 0;
}

/* Where the last component of a qualified name begins. */
static gsize
last_component (RcaBytes type)
{
  for (gsize i = type.n; i > 0; i--)
    if (rca_char_in (type.p[i - 1], ".:\\$/"))
      return i;
  return 0;
}

static gboolean
ends_like_exception (RcaBytes type)
{
  static const RcaBytes endings[] = {
    { "Error", 5 }, { "Exception", 9 }, { "Failure", 7 }, { "Fault", 5 }, { "Timeout", 7 }, { "Interrupt", 9 }, { "Canceled", 8 },
    { "Cancelled", 9 }, { "Refused", 7 }, { "NotFound", 8 }, { "Panic", 5 }, { "Throwable", 9 }, { "Aborted", 7 }, { "Unavailable", 11 },
    { "Deadlock", 8 }, { "ConnectionBad", 13 }, { "Err", 3 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (rca_bytes_has_suffix (type, endings[i]))
      return TRUE;
  return FALSE;
}

/* A type by its looks alone: ends as exceptions do ("KeyError"), or is qualified and
 * capitalised ("psycopg2.errors.QueryCanceled", "PG::ConnectionBad"). */
static gboolean
looks_like_type (RcaBytes type, gboolean qualified_will_do)
{
  gsize last = last_component (type);
  if (type.n < 3 || last >= type.n || !g_ascii_isupper (type.p[last]) || memchr (type.p, '/', type.n) || memchr (type.p, '-', type.n))
    return FALSE;
  if (ends_like_exception (type))
    return TRUE;
  return qualified_will_do && last > 0 && !(type.p[last - 1] == '.' && last == 1);
}

/* " (0x80004005)", " [ERR_INVALID_ARG_TYPE]": what .NET and Node put behind the type. */
static gsize
skip_code (RcaBytes text, gsize at)
{
  if (at + 2 >= text.n || text.p[at] != ' ' || (text.p[at + 1] != '[' && text.p[at + 1] != '('))
    return at;
  const char *close = memchr (text.p + at, text.p[at + 1] == '[' ? ']' : ')', text.n - at);
  gsize after = close ? (gsize)(close - text.p) + 1 : at;
  return after < text.n && after - at < 48 && text.p[after] == ':' ? after : at;
}

/* Ruby on Rails: "Outer (message):", where the message may name an inner type. */
static gboolean
rails_header (RcaBytes line, gsize type_n, RcaException *out)
{
  if (type_n + 4 > line.n || line.p[type_n] != ' ' || line.p[type_n + 1] != '(')
    return FALSE;
  RcaBytes inside = rca_bytes_from (line, type_n + 2);
  if (rca_bytes_has_suffix (inside, RCA_BYTES ("):")))
    inside.n -= 2;
  else if (rca_bytes_has_suffix (inside, RCA_BYTES (")")))
    inside.n -= 1;
  else
    return FALSE;
  gsize inner = type_length (inside);
  out->type = rca_bytes (line.p, type_n);
  out->message = inside;
  if (inner > 0 && inner + 1 < inside.n && inside.p[inner] == ':' && looks_like_type (rca_bytes (inside.p, inner), TRUE))
  {
    out->type = rca_bytes (inside.p, inner);
    out->message = trim (rca_bytes_from (inside, inner + 1));
    out->cause = TRUE;
  }
  return TRUE;
}

/* SQLAlchemy: "sqlalchemy.exc.OperationalError: (psycopg2.errors.QueryCanceled) message" */
static void
take_wrapped_type (RcaException *out)
{
  RcaBytes text = out->message;
  const char *close = text.n > 4 && text.p[0] == '(' ? memchr (text.p, ')', text.n) : NULL;
  gsize n = close ? (gsize)(close - text.p) - 1 : 0;
  if (n == 0 || type_length (rca_bytes_from (text, 1)) != n || !looks_like_type (rca_bytes (text.p + 1, n), TRUE))
    return;
  out->type = rca_bytes (text.p + 1, n);
  out->message = trim (rca_bytes_from (text, n + 2));
  out->cause = TRUE;
}

/* "Type: message" or "Type" alone at the start of @line. @any: its looks do not matter. */
static gboolean
header (RcaBytes line, gboolean any, RcaException *out)
{
  gsize n = type_length (line);
  if (n == 0)
    return FALSE;
  RcaBytes type = rca_bytes (line.p, n);
  if (!any && !looks_like_type (type, TRUE))
    return FALSE;
  out->cause = FALSE;
  if (rails_header (line, n, out))
    return TRUE;
  gsize at = skip_code (line, n);
  if (at < line.n && line.p[at] != ':')
    return FALSE;
  if (at + 1 < line.n && line.p[at] == ':' && line.p[at + 1] != ' ')
    return FALSE;
  out->type = type;
  out->message = trim (rca_bytes_from (line, at + 1));
  take_wrapped_type (out);
  return TRUE;
}

/* .NET puts inner exceptions behind arrows, on their own lines or on the same. */
static void
follow_arrows (RcaException *out)
{
  gssize arrow;
  while ((arrow = rca_bytes_find (out->message, RCA_BYTES (" ---> "))) >= 0)
  {
    RcaException inner;
    if (!header (rca_bytes_from (out->message, (gsize)arrow + 6), FALSE, &inner))
      return;
    *out = inner;
    out->cause = TRUE;
  }
}

/* Monolog: "[object] (Type(code: 0): message at /file:12)" */
static gboolean
monolog_object (RcaBytes line, RcaException *out)
{
  gssize at = rca_bytes_find (line, RCA_BYTES ("[object] ("));
  if (at < 0)
    return FALSE;
  RcaBytes rest = rca_bytes_from (line, (gsize)at + 10);
  gsize n = type_length (rest);
  gssize text = rca_bytes_find (rest, RCA_BYTES ("): "));
  if (n == 0 || text < 0)
    return FALSE;
  out->type = rca_bytes (rest.p, n);
  out->message = rca_bytes_from (rest, (gsize)text + 3);
  gssize place = rca_bytes_find (out->message, RCA_BYTES (" at /"));
  if (place > 0)
    out->message.n = (gsize)place;
  return TRUE;
}

/* PHP: "Uncaught Type: message in /file:12" */
static gboolean
uncaught (RcaBytes line, RcaException *out)
{
  gssize at = rca_bytes_find (line, RCA_BYTES ("Uncaught "));
  if (at < 0)
    return FALSE;
  RcaBytes rest = rca_bytes_from (line, (gsize)at + 9);
  if (starts (rest, "exception '")) /* PHP 5 */
  {
    rest = rca_bytes_from (rest, 11);
    const char *quote = memchr (rest.p, '\'', rest.n);
    if (!quote)
      return FALSE;
    out->type = rca_bytes (rest.p, (gsize)(quote - rest.p));
    out->message = (RcaBytes){ quote, 0 };
    return TRUE;
  }
  if (!header (rest, TRUE, out))
    return FALSE;
  gssize place = rca_bytes_find (out->message, RCA_BYTES (" in /"));
  if (place > 0)
    out->message.n = (gsize)place;
  return TRUE;
}

/* Elixir: "** (DBConnection.ConnectionError) connection not available" */
static gboolean
elixir (RcaBytes line, RcaException *out)
{
  gssize at = rca_bytes_find (line, RCA_BYTES ("** ("));
  const char *close = at < 0 ? NULL : memchr (line.p + at, ')', line.n - (gsize)at);
  if (!close)
    return FALSE;
  RcaBytes type = rca_bytes (line.p + at + 4, (gsize)(close - line.p) - (gsize)at - 4);
  if (type.n == 0 || type_length (type) != type.n)
    return FALSE;
  out->type = type;
  out->message = trim (rca_bytes_from (line, (gsize)(close - line.p) + 1));
  return TRUE;
}

/* Go: "panic: …", "fatal error: …"; Rust: "thread 'main' panicked at src/main.rs:4:5:" and the text on the next line. */
static gboolean
panic (RcaBytes line, RcaBytes rest, RcaException *out)
{
  static const char *const words[] = { "panic: ", "fatal error: " };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (starts (line, words[i]))
    {
      gsize n = strlen (words[i]);
      out->type = rca_bytes (line.p, n - 2);
      out->message = trim (rca_bytes_from (line, n));
      return TRUE;
    }
  gssize at = rca_bytes_find (line, RCA_BYTES ("' panicked at "));
  if (at < 0)
    return FALSE;
  RcaBytes said = rca_bytes_from (line, (gsize)at + 14), next;
  out->type = RCA_BYTES ("panic");
  if (said.n > 1 && said.p[0] == '\'') /* before Rust 1.73 */
  {
    gssize end = rca_bytes_find (rca_bytes_from (said, 1), RCA_BYTES ("', "));
    out->message = rca_bytes (said.p + 1, end < 0 ? said.n - 1 : (gsize)end);
  }
  else
    out->message = next_line (&rest, &next) ? trim (next) : (RcaBytes){ line.p, 0 };
  return TRUE;
}

static gboolean
is_frame (RcaBytes line)
{
  static const char *const starts_of[] = { "at ", "from ", "#0 ", "#1 ", "File \"", "in ", "... ", "goroutine ", "Stack trace:", "[stacktrace]" };
  if (starts (line, "! at "))
    return TRUE;
  gsize indent = indent_of (line);
  RcaBytes text = rca_bytes_from (line, indent);
  for (guint i = 0; i < G_N_ELEMENTS (starts_of); i++)
    if (starts (text, starts_of[i]))
      return indent > 0 || text.p[0] == '#' || text.p[0] == 'S' || text.p[0] == '[' || text.p[0] == 'g';
  /* Ruby: app/models/order.rb:12:in `total' */
  return rca_bytes_find (text, RCA_BYTES (":in `")) > 0 || rca_bytes_find (text, RCA_BYTES (":in '")) > 0;
}

gboolean
rca_stack_trace_continues (RcaBytes line)
{
  static const char *const words[] = { "Caused by",
                                       "Traceback (most recent",
                                       "The above exception",
                                       "During handling of",
                                       "Suppressed:",
                                       "Wrapped by:",
                                       "Stack trace:",
                                       "[stacktrace]",
                                       "[previous exception]",
                                       "goroutine ",
                                       "... ",
                                       "--- End of",
                                       " ---> ",
                                       "#0 ",
                                       "#1 ",
                                       "DETAIL:",
                                       "HINT:",
                                       "CONTEXT:",
                                       "LINE 1:" };
  if (line.n > 0 && (line.p[0] == '\t' || line.p[0] == ' '))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (starts (line, words[i]))
      return TRUE;
  return line.n > 0 && (line.p[0] == '}' || line.p[0] == ']' || line.p[0] == ')');
}

typedef struct {
  RcaException first, cause;
  gboolean has_first, has_cause;
  gboolean first_line;  /* a record's own text rather than what follows it */
  gssize python_indent; /* of the "Traceback" line whose exception has not come yet; -1: none */
} Chain;

static void
take_cause (Chain *chain, const RcaException *exception)
{
  chain->cause = *exception;
  chain->has_cause = TRUE;
}

static gboolean
is_python_end (const Chain *chain, RcaBytes line, gsize indent)
{
  return chain->python_indent >= 0 && (gsize)chain->python_indent == indent && indent < line.n && !starts (rca_bytes_from (line, indent), "Traceback (");
}

/* Lines that name an exception by the words before it. */
static gboolean
take_marked (Chain *chain, RcaBytes line, RcaBytes rest)
{
  static const char *const marks[] = { "Caused by: ", "caused by: ", "[cause]: ", "---> " };
  RcaException e = { 0 };
  gsize indent = indent_of (line);
  RcaBytes text = rca_bytes_from (line, indent);
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (starts (text, marks[i]) && (indent == 0 || i >= 2) && header (rca_bytes_from (text, strlen (marks[i])), TRUE, &e))
    {
      follow_arrows (&e);
      take_cause (chain, &e);
      return TRUE;
    }
  if (elixir (text, &e) || (starts (text, "[previous exception]") && monolog_object (text, &e)))
  {
    take_cause (chain, &e);
    return TRUE;
  }
  if (!chain->has_first && (monolog_object (text, &e) || uncaught (text, &e) || panic (text, rest, &e)))
  {
    chain->first = e;
    chain->has_first = TRUE;
    return TRUE;
  }
  return FALSE;
}

static void
take_line (Chain *chain, RcaBytes line, RcaBytes rest, gboolean sure)
{
  RcaException e = { 0 };
  if (starts (line, "! ")) /* Dropwizard marks what belongs to a trace */
    line = rca_bytes_from (line, 2);
  gsize indent = indent_of (line);
  RcaBytes text = rca_bytes_from (line, indent), next = rest, following = { NULL, 0 };
  if (rca_bytes_find (text, RCA_BYTES ("Traceback (most recent call last)")) >= 0)
  {
    chain->python_indent = (gssize)(starts (text, "Traceback") ? indent : 0);
    return;
  }
  if (is_python_end (chain, line, indent))
  {
    chain->python_indent = -1;
    if (header (text, TRUE, &e))
      take_cause (chain, &e);
    return;
  }
  if (chain->python_indent >= 0 || take_marked (chain, line, rest) || chain->has_first)
    return;
  gsize type_n = indent == 0 && !chain->first_line ? type_length (text) : 0;
  gboolean named = type_n > 0 && last_component (rca_bytes (text.p, type_n)) > 0 && ends_like_exception (rca_bytes (text.p, type_n));
  sure = sure || named || (next_line (&next, &following) && is_frame (following));
  if (!sure)
    return;
  gssize java = rca_bytes_find (text, RCA_BYTES ("Exception in thread \""));
  const char *quote = java < 0 ? NULL : memchr (text.p + java + 21, '"', text.n - (gsize)java - 21);
  if (quote)
    text = trim (rca_bytes_from (text, (gsize)(quote - text.p) + 1));
  if (header (text, FALSE, &e) || rca_exception_in_line (text, &e))
  {
    follow_arrows (&e);
    chain->first = e;
    chain->has_first = TRUE;
  }
}

static gboolean
in_lines (RcaBytes text, gboolean sure, RcaException *out)
{
  Chain chain = { .python_indent = -1 };
  RcaBytes rest = text, line;
  for (chain.first_line = TRUE; next_line (&rest, &line); chain.first_line = FALSE)
    take_line (&chain, line, rest, sure && chain.first_line);
  if (chain.has_cause)
  {
    *out = chain.cause;
    out->cause = TRUE;
  }
  else if (chain.has_first)
    *out = chain.first;
  return chain.has_cause || chain.has_first;
}

gboolean
rca_exception_in_trace (RcaBytes text, RcaException *out)
{
  return in_lines (text, FALSE, out);
}

gboolean
rca_exception_in_stack (RcaBytes text, RcaException *out)
{
  return in_lines (text, TRUE, out);
}

static gboolean
begins_word (RcaBytes line, gsize i)
{
  return i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '(' || line.p[i - 1] == '[' || line.p[i - 1] == '"';
}

gboolean
rca_exception_in_line (RcaBytes line, RcaException *out)
{
  gsize first = type_length (line);
  if (first > 0 && ends_like_exception (rca_bytes (line.p, first)) && header (line, FALSE, out))
  {
    follow_arrows (out);
    return TRUE;
  }
  for (gsize i = 0; i < line.n; i++)
  {
    if (!begins_word (line, i)) /* what a type is made of ends no word: no byte is gone over twice */
      continue;
    gsize n = type_length (rca_bytes_from (line, i));
    RcaBytes type = rca_bytes (line.p + i, n);
    if (n > 0 && looks_like_type (type, i == 0))
    {
      gsize at = skip_code (line, i + n);
      if (at < line.n && line.p[at] == ':' && (at + 1 == line.n || line.p[at + 1] == ' '))
      {
        *out = (RcaException){ type, trim (rca_bytes_from (line, at + 1)), FALSE };
        follow_arrows (out);
        return TRUE;
      }
      if (at == line.n || rca_bytes_has_suffix (line, RCA_BYTES (")")))
        if (at >= line.n - 1)
        { /* Ruby: "message (Type)" */
          *out = (RcaException){ type, i > 2 ? trim (rca_bytes (line.p, i - 1)) : (RcaBytes){ line.p, 0 }, FALSE };
          return ends_like_exception (type);
        }
    }
  }
  return FALSE;
}

gboolean
rca_exception_is_type (RcaBytes word)
{
  gsize last = last_component (word);
  return last < word.n && g_ascii_isupper (word.p[last]) && type_length (word) == word.n && ends_like_exception (word) && looks_like_type (word, TRUE);
}
