#include "log-prefix.h"
#include "holds-any.h"
#include "number.h"
#include "severity.h"
#include "stack-trace.h"

typedef enum {
  PART_NONE,
  PART_LEVEL,
  PART_NUMBER,  /* a pid or thread number */
  PART_NAME,    /* a logger, followed by ':', " - ", " : " or two blanks */
  PART_BRACKET, /* [anything] */
  PART_PLACE,   /* file.go:12:, (U.java:4) */
  PART_PROGRAM, /* name[pid */
  PART_MARK     /* -, ---, |, : */
} PartKind;

typedef struct {
  PartKind kind;
  RcaBytes text;
  gsize end; /* where the next part begins */
} Part;

static gsize
skip_blanks (RcaBytes line, gsize at)
{
  while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
    at++;
  return at;
}

static gboolean
is_word_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '.' || c == '$' || c == '-' || c == '/' || c == '#' || c == '@' || c == '*' || c == '&' || (guchar)c >= 0x80;
}

/* What some loggers add to the usual words. */
static gboolean
parse_level (RcaBytes word, RcaSeverity *severity)
{
  static const struct {
    RcaBytes word;
    RcaSeverity severity;
  } more[] = { { { "SUCCESS", 7 }, RCA_SEVERITY_INFO }, { { "VRB", 3 }, RCA_SEVERITY_TRACE },  { { "fail", 4 }, RCA_SEVERITY_ERROR },
               { { "trce", 4 }, RCA_SEVERITY_TRACE },   { { "dbug", 4 }, RCA_SEVERITY_DEBUG }, { { "http", 4 }, RCA_SEVERITY_INFO },
               { { "silly", 5 }, RCA_SEVERITY_TRACE } };
  if (rca_severity_parse (word, severity))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    if (rca_bytes_equal (more[i].word, word))
    {
      *severity = more[i].severity;
      return TRUE;
    }
  return FALSE;
}

/* "error vpxd[7F1] …" */
static gboolean
before_program (RcaBytes line, gsize at)
{
  gsize i = skip_blanks (line, at), from = i;
  while (i < line.n && g_ascii_islower (line.p[i]))
    i++;
  return i > from + 2 && from > at && i + 2 < line.n && line.p[i] == '[' && g_ascii_isxdigit (line.p[i + 1]);
}

/* A level word at @at, bracketed or not; 0 when there is none. */
static gsize
level_at (RcaBytes line, gsize at, RcaSeverity *severity)
{
  gsize i = at, from;
  gboolean bracket = i < line.n && rca_char_in (line.p[i], "[<(") && line.p[i];
  i = skip_blanks (line, i + bracket);
  for (from = i; i < line.n && g_ascii_isalpha (line.p[i]);)
    i++;
  RcaBytes word = rca_bytes (line.p + from, i - from);
  gboolean upper = word.n > 0 && g_ascii_isupper (word.p[word.n - 1]);
  if (word.n < (bracket || upper ? 1 : 3) || word.n > 13 || !parse_level (word, severity))
    return 0;
  if (!bracket && !upper && !before_program (line, i) && !(i < line.n && (rca_char_in (line.p[i], ":|]\t") || (i + 1 < line.n && line.p[i] == ' ' && rca_char_in (line.p[i + 1], " [(-|")))))
    return 0; /* "error connecting to …" is prose */
  if (!bracket && word.n == 1 && (i >= line.n || !rca_char_in (line.p[i], " \t/|:,")))
    return 0;
  while (!bracket && i < line.n && line.p[i] == '+') /* slog's ERROR+2 */
    while (++i < line.n && g_ascii_isdigit (line.p[i]))
      ;
  if (!bracket && word.n == 4 && i + 5 < line.n && line.p[i] == '[' && line.p[i + 5] == ']' && g_ascii_isdigit (line.p[i + 1]) && g_ascii_isdigit (line.p[i + 4]))
    i += 6; /* logrus on a terminal: INFO[0012], seconds since it began */
  if (bracket)
  {
    i = skip_blanks (line, i);
    if (i >= line.n || !rca_char_in (line.p[i], "]>)"))
      return 0;
    i++;
  }
  if (i < line.n && (is_word_char (line.p[i]) && line.p[i] != '/' && line.p[i] != '-'))
    return 0;
  return i;
}

/* [..] with brackets inside matched; 0 when it does not close on this line. */
static gsize
bracket_end (RcaBytes line, gsize at)
{
  guint open = 0;
  for (gsize i = at; i < line.n && i < at + 240; i++)
    if (line.p[i] == '[')
      open++;
    else if (line.p[i] == ']' && --open == 0)
      return i + 1;
  return 0;
}

static gboolean
is_place (RcaBytes text)
{
  const char *colon = text.n > 3 ? memrchr (text.p, ':', text.n - 1) : NULL;
  const char *dot = colon ? memchr (text.p, '.', (gsize)(colon - text.p)) : NULL;
  if (!dot || g_ascii_isdigit (text.p[0]) || colon == text.p + text.n - 1 || memchr (text.p, ' ', text.n))
    return FALSE;
  for (const char *p = colon + 1; p < text.p + text.n; p++)
    if (!g_ascii_isdigit (*p))
      return FALSE;
  return TRUE;
}

/* A word at @at; where it ends. A "::" belongs to it, and so do brackets behind dots:
 * Tomcat's loggers are called org.apache.….[Catalina].[localhost].[/].[dispatcherServlet]. */
static gsize
word_end (RcaBytes line, gsize at)
{
  guint open = 0;
  gsize i = at;
  while (i < line.n)
  {
    char c = line.p[i];
    if (c == '[' && i > at && line.p[i - 1] == '.')
      open++;
    else if (c == ']' && open > 0)
      open--;
    else if (c == ':' && i + 2 < line.n && line.p[i + 1] == ':' && is_word_char (line.p[i + 2]))
      i++;
    else if (c == ':' && i > at && i + 1 < line.n && g_ascii_isdigit (line.p[i + 1]))
      ; /* name:line */
    else if (!is_word_char (c))
      break;
    i++;
  }
  return i;
}

/* A name by its looks: qualified, or in more than one part. */
static gboolean
looks_like_name (RcaBytes word)
{
  guint uppers = 0;
  for (gsize i = 1; i < word.n; i++)
    uppers += g_ascii_isupper (word.p[i]) && g_ascii_islower (word.p[i - 1]);
  return memchr (word.p, '.', word.n) != NULL || rca_bytes_find (word, RCA_BYTES ("::")) > 0 || (uppers > 0 && g_ascii_isupper (word.p[0]))
         || memchr (word.p, '_', word.n) != NULL;
}

static gboolean
is_all_digits (RcaBytes word)
{
  for (gsize i = 0; i < word.n; i++)
    if (!g_ascii_isdigit (word.p[i]))
      return FALSE;
  return word.n > 0;
}

/* WebSphere's thread: 0000002c */
static gboolean
is_hex_thread (RcaBytes word)
{
  for (gsize i = 0; i < word.n; i++)
    if (!g_ascii_isdigit (word.p[i]) && !(word.p[i] >= 'a' && word.p[i] <= 'f'))
      return FALSE;
  return word.n == 8 && g_ascii_isdigit (word.p[0]);
}

/* loguru's module:function:line behind a word at @at; 0 when it is none. */
static gsize
function_and_line (RcaBytes line, gsize at)
{
  gsize i = at;
  if (i + 3 >= line.n || line.p[i] != ':' || !(g_ascii_isalpha (line.p[i + 1]) || line.p[i + 1] == '_' || line.p[i + 1] == '<'))
    return 0;
  for (i++; i < line.n && (g_ascii_isalnum (line.p[i]) || rca_char_in (line.p[i], "_<>."));)
    i++;
  if (i + 1 >= line.n || line.p[i] != ':' || !g_ascii_isdigit (line.p[i + 1]))
    return 0;
  for (i++; i < line.n && g_ascii_isdigit (line.p[i]);)
    i++;
  return i;
}

/* What follows a word says whether it is a name: ": ", " : ", " - ", " | ", or blanks that align columns. */
static gboolean
name_end (RcaBytes line, RcaBytes word, gboolean at_start, gsize *end)
{
  gsize i = *end, next = skip_blanks (line, i);
  if (i < line.n && line.p[i] == ':' && (i + 1 == line.n || line.p[i + 1] == ' ' || line.p[i + 1] == '\t'))
  {
    *end = i + 1;
    return TRUE;
  }
  if (next > i && next + 1 < line.n && rca_char_in (line.p[next], ":-|") && (line.p[next + 1] == ' ' || line.p[next + 1] == '\t'))
  {
    *end = next + 1;
    return TRUE;
  }
  if (i < line.n && line.p[i] == ':' && at_start) /* Python's LEVEL:name:message */
  {
    *end = i + 1;
    return TRUE;
  }
  if (i < line.n && (line.p[i] == '|' || line.p[i] == ']'))
  {
    *end = i + 1;
    return TRUE;
  }
  RcaSeverity severity;
  if (next > i && level_at (line, next, &severity) > 0 && g_ascii_isupper (line.p[next] == '[' && next + 1 < line.n ? line.p[next + 1] : line.p[next]))
    return TRUE;
  if ((next >= i + 2 || (i < line.n && line.p[i] == '\t')) && looks_like_name (word))
    return TRUE;
  return i < line.n && (line.p[i] == ' ' || line.p[i] == ']') && rca_bytes_find (word, RCA_BYTES (".")) > 0 && looks_like_name (word) && word.n > 6;
}

static gboolean
read_word (RcaBytes line, gsize at, Part *part)
{
  gsize end = word_end (line, at);
  RcaBytes word = rca_bytes (line.p + at, end - at);
  if (word.n == 0 || word.n > 120)
    return FALSE;
  part->text = word;
  part->end = end;
  if (is_all_digits (word) || is_hex_thread (word))
  {
    part->kind = PART_NUMBER;
    gsize next = skip_blanks (line, end);
    if (next < line.n && line.p[next] == '|') /* Gin's status */
      return FALSE;
    return word.n <= 20 && (end >= line.n || rca_char_in (line.p[end], " \t]|:"));
  }
  if (is_place (word))
  {
    part->kind = PART_PLACE;
    part->end += end < line.n && line.p[end] == ':';
    return TRUE;
  }
  part->kind = PART_NAME;
  if (rca_exception_is_type (word)) /* the message begins with it */
    return FALSE;
  gsize place = function_and_line (line, end);
  if (place > 0)
  {
    part->end = place;
    return TRUE;
  }
  return (g_ascii_isalpha (word.p[0]) || word.p[0] == '_' || (guchar)word.p[0] >= 0x80) && name_end (line, word, at == 0, &part->end);
}

/* "PHP Fatal error:  Uncaught …" */
static gboolean
read_php_level (RcaBytes line, gsize at, Part *part, RcaSeverity *severity)
{
  static const struct {
    RcaBytes words;
    RcaSeverity severity;
  } levels[] = {
    { { "PHP Fatal error:", 16 }, RCA_SEVERITY_FATAL },
    { { "PHP Parse error:", 16 }, RCA_SEVERITY_FATAL },
    { { "PHP Recoverable fatal error:", 28 }, RCA_SEVERITY_ERROR },
    { { "PHP Catchable fatal error:", 26 }, RCA_SEVERITY_ERROR },
    { { "PHP Warning:", 12 }, RCA_SEVERITY_WARN },
    { { "PHP Deprecated:", 15 }, RCA_SEVERITY_INFO },
    { { "PHP Notice:", 11 }, RCA_SEVERITY_INFO },
  };
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (rca_bytes_has_prefix (rca_bytes_from (line, at), levels[i].words))
    {
      *part = (Part){ PART_LEVEL, (RcaBytes){ line.p + at, 0 }, at + levels[i].words.n };
      *severity = levels[i].severity;
      return TRUE;
    }
  return FALSE;
}

/* Monolog's channel.LEVEL: — the part's text is the channel. */
static gboolean
read_channel_level (RcaBytes line, gsize at, Part *part, RcaSeverity *severity)
{
  gsize end = at;
  while (end < line.n && is_word_char (line.p[end]))
    end++;
  RcaBytes word = rca_bytes (line.p + at, end - at);
  const char *dot = word.n ? memrchr (word.p, '.', word.n) : NULL;
  if (!dot || end >= line.n || line.p[end] != ':')
    return FALSE;
  RcaBytes level = rca_bytes_from (word, (gsize)(dot - word.p) + 1);
  if (level.n < 4 || !g_ascii_isupper (level.p[0]) || !g_ascii_isupper (level.p[level.n - 1]) || !rca_severity_parse (level, severity))
    return FALSE;
  *part = (Part){ PART_LEVEL, rca_bytes (word.p, (gsize)(dot - word.p)), end + 1 };
  return TRUE;
}

/* Ruby's #pid] behind the stamp in its bracket */
static gboolean
read_ruby_pid (RcaBytes line, gsize at, Part *part)
{
  gsize i = at + 1;
  while (i < line.n && g_ascii_isdigit (line.p[i]))
    i++;
  if (i == at + 1 || i >= line.n || line.p[i] != ']')
    return FALSE;
  *part = (Part){ PART_NUMBER, rca_bytes (line.p + at + 1, i - at - 1), i + 1 };
  return TRUE;
}

/* Elixir's metadata before the level: request_id=F1x */
static gboolean
read_pair (RcaBytes line, gsize at, Part *part)
{
  gsize i = at;
  while (i < line.n && (g_ascii_isalnum (line.p[i]) || line.p[i] == '_'))
    i++;
  if (i == at || i + 1 >= line.n || line.p[i] != '=' || line.p[i + 1] == ' ')
    return FALSE;
  const char *close = line.p[i + 1] == '"' ? memchr (line.p + i + 2, '"', line.n - i - 2) : NULL;
  i = close ? (gsize)(close + 1 - line.p) : i;
  while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
    i++;
  *part = (Part){ PART_MARK, rca_bytes (line.p + at, i - at), i };
  return TRUE;
}

/* Rust tracing's spans: "request{method=GET uri=/x}: ", several in a row; their pairs are found later. */
static gboolean
read_span (RcaBytes line, gsize at, Part *part)
{
  gsize i = at;
  while (i < line.n && (g_ascii_isalnum (line.p[i]) || line.p[i] == '_'))
    i++;
  gssize close = i > at && i < line.n && line.p[i] == '{' ? rca_bytes_find (rca_bytes_from (line, i), RCA_BYTES ("}:")) : -1;
  if (close < 0)
    return FALSE;
  *part = (Part){ PART_MARK, rca_bytes (line.p + at, i - at + (gsize)close), i + (gsize)close + 2 };
  return TRUE;
}

/* "shop[4242] " or "shop[4242]: ", as syslog's: a program and its pid. */
static gboolean
read_program (RcaBytes line, gsize at, Part *part)
{
  gsize name = at, i;
  while (name < line.n && (g_ascii_isalnum (line.p[name]) || rca_char_in (line.p[name], "_-./")))
    name++;
  for (i = name + 1; i < line.n && g_ascii_isdigit (line.p[i]);)
    i++;
  if (name == at || i == name + 1 || i + 1 >= line.n || line.p[name] != '[' || line.p[i] != ']' || (line.p[i + 1] != ':' && line.p[i + 1] != ' '))
    return FALSE;
  *part = (Part){ PART_PROGRAM, rca_bytes (line.p + at, i - at), i + 1 + (line.p[i + 1] == ':') };
  return TRUE;
}

/* Flask's "ERROR in app: text" */
static gboolean
read_flask_module (RcaBytes line, gsize at, Part *part)
{
  if (!rca_bytes_has_prefix (rca_bytes_from (line, at), RCA_BYTES ("in ")))
    return FALSE;
  gsize end = word_end (line, at + 3);
  if (end == at + 3 || end + 1 >= line.n || line.p[end] != ':' || line.p[end + 1] != ' ')
    return FALSE;
  *part = (Part){ PART_NAME, rca_bytes (line.p + at + 3, end - at - 3), end + 1 };
  return TRUE;
}

static gboolean
read_part (RcaBytes line, gsize at, gboolean have_level, Part *part, RcaSeverity *severity)
{
  char c = line.p[at];
  gsize n;
  if (!have_level && (n = level_at (line, at, severity)) > 0)
  {
    *part = (Part){ PART_LEVEL, (RcaBytes){ line.p + at, 0 }, n };
    if (n < line.n && (line.p[n] == ':' || line.p[n] == ','))
      part->end++;
    return TRUE;
  }
  if (!have_level && (read_php_level (line, at, part, severity) || read_channel_level (line, at, part, severity)))
    return TRUE;
  if (c == '#' && read_ruby_pid (line, at, part))
    return TRUE;
  if (c == '[' && (n = bracket_end (line, at)) > 0)
  {
    *part = (Part){ PART_BRACKET, rca_bytes (line.p + at + 1, n - at - 2), n };
    if (n < line.n && line.p[n] == ':')
      part->end++;
    return TRUE;
  }
  if (c == '(')
  {
    const char *close = memchr (line.p + at, ')', MIN (line.n - at, 80));
    *part = (Part){ PART_PLACE, rca_bytes (line.p + at + 1, close ? (gsize)(close - line.p) - at - 1 : 0), close ? (gsize)(close - line.p) + 1 : 0 };
    return close && (is_place (part->text) || is_all_digits (part->text) || !memchr (part->text.p, ' ', part->text.n));
  }
  if (c == '{') /* Airflow's {scheduler.py:708} */
  {
    const char *close = memchr (line.p + at, '}', MIN (line.n - at, 80));
    *part = (Part){ PART_PLACE, rca_bytes (line.p + at + 1, close ? (gsize)(close - line.p) - at - 1 : 0), close ? (gsize)(close - line.p) + 1 : 0 };
    return close && is_place (part->text);
  }
  if (rca_char_in (c, "-|:>/,;#*~"))
  {
    n = at;
    while (n < line.n && line.p[n] == c)
      n++;
    *part = (Part){ PART_MARK, rca_bytes (line.p + at, n - at), n };
    return n >= line.n || line.p[n] == ' ' || line.p[n] == '\t' || c == '|' || c == '/' || c == ':' || c == ']';
  }
  if (c == ']') /* env_logger's and Celery's stamp, level and name share one bracket */
  {
    *part = (Part){ PART_MARK, rca_bytes (line.p + at, 1), at + 1 + (at + 1 < line.n && line.p[at + 1] == ':') };
    return TRUE;
  }
  if (have_level && read_flask_module (line, at, part))
    return TRUE;
  if (have_level && read_span (line, at, part))
    return TRUE;
  if (!have_level && read_pair (line, at, part))
    return TRUE;
  return (!have_level && read_program (line, at, part)) || read_word (line, at, part);
}

static gboolean
is_hex_id (RcaBytes text)
{
  gsize digits = 0;
  for (gsize i = 0; i < text.n; i++)
    if (text.p[i] == '-')
      continue;
    else if (g_ascii_isxdigit (text.p[i]))
      digits++;
    else
      return FALSE;
  return digits == 32 || digits == 16 || digits == 24;
}

/* Micrometer's trace-span */
static gboolean
is_trace_and_span (RcaBytes text)
{
  return text.n == 49 && text.p[32] == '-' && is_hex_id (rca_bytes (text.p, 32)) && is_hex_id (rca_bytes (text.p + 33, 16));
}

static gboolean
is_request_id (RcaBytes text)
{
  if (is_hex_id (text))
    return TRUE;
  RcaBytes rest
      = rca_bytes_has_prefix (text, RCA_BYTES ("req-")) || rca_bytes_has_prefix (text, RCA_BYTES ("req_")) ? rca_bytes_from (text, 4) : (RcaBytes){ NULL, 0 };
  return rest.n >= 4 && !memchr (rest.p, ' ', rest.n);
}

/* main, worker-3, http-nio-8080-exec-1, ForkPoolWorker-1, Thread-6, [QuorumPeer…]: pools number their threads. */
static gboolean
is_thread (RcaBytes name)
{
  static const RcaBytes words[] = { { "hread", 5 },       { "exec", 4 },  { "pool", 4 }, { "orker", 5 },   { "preinit", 7 },
                                    { "scheduling", 10 }, { "task-", 5 }, { "nio-", 4 }, { "Process", 7 } };
  if (memchr (name.p, '.', name.n) || (memchr (name.p, ':', name.n) && name.n <= 40))
    return FALSE;
  if (name.n >= 4 && (memcmp (name.p, "main", 4) == 0 || memcmp (name.p, "Main", 4) == 0))
    return TRUE;
  if (!memchr (name.p, '-', name.n) && !memchr (name.p, 'h', name.n) && !memchr (name.p, 'k', name.n)) /* none of the words without more */
    return FALSE;
  return rca_bytes_holds_any (name, words, G_N_ELEMENTS (words));
}

static RcaBytes
trim (RcaBytes text)
{
  while (text.n > 0 && g_ascii_isspace (text.p[0]))
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && g_ascii_isspace (text.p[text.n - 1]))
    text.n--;
  return text;
}

/* A qualified name beats a bare one, a bare one beats a thread's, the later the earlier. */
static void
take_name (RcaAppRecord *record, RcaBytes name)
{
  name = trim (name);
  if (is_place (name)) /* "shop.orders:20" */
    name.n = (gsize)((const char *)memrchr (name.p, ':', name.n) - name.p);
  if (name.n == 0 || name.n > 160 || rca_bytes_equal (name, RCA_BYTES ("-")))
    return;
  guint8 strength = is_thread (name) ? 1 : memchr (name.p, '.', name.n) || rca_bytes_find (name, RCA_BYTES ("::")) > 0 ? 3 : 2;
  if (strength == 1)
  {
    RcaEvent *ev = record->ev;
    if (ev->n_attributes < RCA_MAX_ATTRIBUTES)
      ev->attribute[ev->n_attributes++] = (RcaAttribute){ RCA_BYTES ("thread"), name };
    return;
  }
  if (rca_app_record_has (record, RCA_SLOT_LOGGER) && record->slot[RCA_SLOT_LOGGER].strength == strength)
    record->present &= ~(G_GUINT64_CONSTANT (1) << RCA_SLOT_LOGGER);
  rca_app_record_set (record, RCA_SLOT_LOGGER, strength, name);
}

/* Spring Cloud Sleuth's [service,trace,span(,true)] and Micrometer's [trace-span] */
static gboolean
take_trace_bracket (RcaAppRecord *record, RcaBytes text)
{
  const char *comma = memchr (text.p, ',', text.n);
  if (!comma)
    return FALSE;
  RcaBytes service = rca_bytes (text.p, (gsize)(comma - text.p)), rest = rca_bytes_from (text, service.n + 1);
  const char *next = memchr (rest.p, ',', rest.n);
  RcaBytes trace = rca_bytes (rest.p, next ? (gsize)(next - rest.p) : rest.n);
  RcaBytes span = next ? rca_bytes_from (rest, trace.n + 1) : (RcaBytes){ NULL, 0 };
  const char *last = span.n ? memchr (span.p, ',', span.n) : NULL;
  if (last)
    span.n = (gsize)(last - span.p);
  if ((trace.n > 0 && !is_hex_id (trim (trace))) || memchr (service.p, ' ', service.n))
    return FALSE;
  if (is_hex_id (service))
    rca_app_record_set (record, RCA_SLOT_TRACE_ID, 2, service);
  else
    rca_app_record_set (record, RCA_SLOT_SERVICE, 3, service);
  rca_app_record_set (record, is_hex_id (service) ? RCA_SLOT_SPAN_ID : RCA_SLOT_TRACE_ID, 3, trim (trace));
  rca_app_record_set (record, RCA_SLOT_SPAN_ID, 2, trim (span));
  return TRUE;
}

static void
take_bracket (RcaAppRecord *record, RcaBytes text)
{
  text = trim (text);
  const char *blank = memchr (text.p, ' ', text.n);
  RcaBytes head = rca_bytes (text.p, blank ? (gsize)(blank - text.p) : text.n);
  if (head.n == 0 || rca_bytes_equal (head, RCA_BYTES ("-")))
    return;
  if (is_trace_and_span (head))
  {
    rca_app_record_set (record, RCA_SLOT_TRACE_ID, 3, rca_bytes (head.p, 32));
    rca_app_record_set (record, RCA_SLOT_SPAN_ID, 3, rca_bytes (head.p + 33, 16));
  }
  else if (is_request_id (head)) /* oslo: [req-… user project - - -] */
    rca_app_record_set (record, RCA_SLOT_REQUEST_ID, 2, head);
  else if (is_all_digits (text))
    rca_app_record_set (record, RCA_SLOT_PID, 2, text);
  else if (memchr (text.p, '=', text.n) || take_trace_bracket (record, text))
    return; /* pairs are found with the message's */
  else
    take_name (record, blank && !is_thread (text) ? head : text);
}

static void
take_program (RcaAppRecord *record, RcaBytes text)
{
  const char *open = memchr (text.p, '[', text.n);
  gsize n = (gsize)(open - text.p);
  rca_app_record_set (record, RCA_SLOT_SERVICE, 1, rca_bytes (text.p, n));
  rca_app_record_set (record, RCA_SLOT_PID, 2, rca_bytes_from (text, n + 1));
}

static void
take_part (RcaAppRecord *record, const Part *part, RcaSeverity severity)
{
  switch (part->kind)
  {
  case PART_LEVEL:
    record->ev->severity = severity;
    take_name (record, part->text);
    break;
  case PART_NUMBER:
    rca_app_record_set (record, RCA_SLOT_PID, 1, part->text);
    break;
  case PART_NAME:
    take_name (record, part->text);
    break;
  case PART_PROGRAM:
    take_program (record, part->text);
    break;
  case PART_BRACKET:
    take_bracket (record, part->text);
    break;
  default:
    break;
  }
}

/* Sure without having been learnt: they stand in some records and not in others. */
static gboolean
is_sure (RcaBytes line, const Part *part)
{
  switch (part->kind)
  {
  case PART_LEVEL:
    return TRUE;
  case PART_PLACE:
    return is_place (part->text);
  case PART_MARK: /* pairs and spans */
    return part->text.n > 3 && memchr (part->text.p, '=', part->text.n) != NULL && part->text.p[0] != '=';
  case PART_BRACKET:
    return is_request_id (trim (part->text)) || is_trace_and_span (part->text);
  case PART_NAME:
    return rca_bytes_find (part->text, RCA_BYTES ("::")) > 0 || (part->end < line.n && line.p[part->end] == '\t' && looks_like_name (part->text));
  default:
    return FALSE;
  }
}

/* A level within the next parts: all before it is prefix as well. */
static gboolean
level_ahead (RcaBytes line, gsize at)
{
  for (guint i = 0; i < 3; i++)
  {
    Part part = { 0 };
    RcaSeverity severity;
    at = skip_blanks (line, at);
    if (at >= line.n || !read_part (line, at, FALSE, &part, &severity) || part.end <= at)
      return FALSE;
    if (part.kind == PART_LEVEL)
      return TRUE;
    at = part.end;
  }
  return FALSE;
}

gsize
rca_prefix_read (RcaBytes line, guint limit, RcaAppRecord *record, RcaPrefixShape *shape)
{
  gboolean have_level = record && record->ev->severity != RCA_SEVERITY_NONE;
  gsize at = skip_blanks (line, 0);
  guint n = 0, sure = 0;
  while (at < line.n && n < RCA_PREFIX_MAX_PARTS)
  {
    Part part = { 0 };
    RcaSeverity severity = RCA_SEVERITY_NONE;
    if (!read_part (line, at, have_level, &part, &severity) || part.end <= at)
      break;
    if (is_sure (line, &part))
      sure++; /* counts for nothing: what is learnt of the others holds as well */
    else if (n - sure >= limit && (have_level || !level_ahead (line, part.end)))
      break;
    have_level |= part.kind == PART_LEVEL;
    if (record)
      take_part (record, &part, severity);
    if (shape && !is_sure (line, &part))
      shape->kind[n - sure] = (guint8)part.kind;
    n++;
    at = skip_blanks (line, part.end);
  }
  if (shape)
    shape->n = n - sure;
  return at;
}

gsize
rca_prefix_level (RcaBytes line, RcaSeverity *severity)
{
  gsize at = level_at (line, 0, severity);
  if (at == 0 || line.p[0] == ' ')
    return 0;
  gboolean bracket = !g_ascii_isalpha (line.p[0]);
  if (at < line.n && rca_char_in (line.p[at], ":,|/"))
    at++;
  else if (!bracket && at < line.n && line.p[at] != ' ' && line.p[at] != '\t')
    return 0;
  return at;
}

/* The longest beginning that most shapes share. */
guint
rca_prefix_learn (const RcaPrefixShape *shapes, guint n)
{
  guint longest = 0;
  for (guint length = 1; length <= RCA_PREFIX_MAX_PARTS; length++)
  {
    guint most = 0;
    for (guint i = 0; i < MIN (n, 40); i++)
    {
      guint same = 0;
      if (shapes[i].n < length)
        continue;
      for (guint j = 0; j < n; j++)
        same += shapes[j].n >= length && memcmp (shapes[i].kind, shapes[j].kind, length) == 0;
      most = MAX (most, same);
    }
    if (most * 10 < n * 6)
      break;
    longest = length;
  }
  return longest;
}
