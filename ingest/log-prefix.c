#include "log-prefix.h"
#include "number.h"
#include "severity.h"

typedef enum {
  PART_NONE,
  PART_LEVEL,
  PART_NUMBER,  /* a pid or thread number */
  PART_NAME,    /* a logger, followed by ':', " - ", " : " or two blanks */
  PART_BRACKET, /* [anything] */
  PART_PLACE,   /* file.go:12:, (U.java:4) */
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

/* A level word at @at, bracketed or not; 0 when there is none. */
static gsize
level_at (RcaBytes line, gsize at, RcaSeverity *severity)
{
  gsize i = at, from;
  gboolean bracket = i < line.n && strchr ("[<(", line.p[i]) && line.p[i];
  i = skip_blanks (line, i + bracket);
  for (from = i; i < line.n && g_ascii_isalpha (line.p[i]);)
    i++;
  RcaBytes word = rca_bytes (line.p + from, i - from);
  gboolean upper = word.n > 0 && g_ascii_isupper (word.p[word.n - 1]);
  if (word.n < (bracket || upper ? 1 : 3) || word.n > 13 || !rca_severity_parse (word, severity))
    return 0;
  if (!bracket && !upper && i < line.n && line.p[i] != ':' && line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '|' && line.p[i] != ']')
    return 0;
  if (!bracket && word.n == 1 && (i >= line.n || !strchr (" \t/|:,", line.p[i])))
    return 0;
  while (!bracket && i < line.n && line.p[i] == '+') /* slog's ERROR+2 */
    while (++i < line.n && g_ascii_isdigit (line.p[i]))
      ;
  if (bracket)
  {
    i = skip_blanks (line, i);
    if (i >= line.n || !strchr ("]>)", line.p[i]))
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
  if (!dot || colon == text.p + text.n - 1 || memchr (text.p, ' ', text.n))
    return FALSE;
  for (const char *p = colon + 1; p < text.p + text.n; p++)
    if (!g_ascii_isdigit (*p))
      return FALSE;
  return TRUE;
}

/* A word at @at; where it ends. A "::" belongs to it. */
static gsize
word_end (RcaBytes line, gsize at)
{
  gsize i = at;
  while (i < line.n)
    if (is_word_char (line.p[i]))
      i++;
    else if (line.p[i] == ':' && i + 2 < line.n && line.p[i + 1] == ':' && is_word_char (line.p[i + 2]))
      i += 2;
    else if (line.p[i] == ':' && i > at && i + 1 < line.n && g_ascii_isdigit (line.p[i + 1]))
      i++; /* name:line */
    else
      break;
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

/* loguru's module:function:line behind a word at @at; 0 when it is none. */
static gsize
function_and_line (RcaBytes line, gsize at)
{
  gsize i = at;
  if (i + 3 >= line.n || line.p[i] != ':' || !(g_ascii_isalpha (line.p[i + 1]) || line.p[i + 1] == '_' || line.p[i + 1] == '<'))
    return 0;
  for (i++; i < line.n && (g_ascii_isalnum (line.p[i]) || strchr ("_<>.", line.p[i]));)
    i++;
  if (i + 1 >= line.n || line.p[i] != ':' || !g_ascii_isdigit (line.p[i + 1]))
    return 0;
  for (i++; i < line.n && g_ascii_isdigit (line.p[i]);)
    i++;
  return i;
}

/* What follows a word says whether it is a name: ": ", " : ", " - ", " | ", or blanks that align columns. */
static gboolean
name_end (RcaBytes line, RcaBytes word, gsize *end)
{
  gsize i = *end, next = skip_blanks (line, i);
  if (i < line.n && line.p[i] == ':' && (i + 1 == line.n || line.p[i + 1] == ' ' || line.p[i + 1] == '\t'))
  {
    *end = i + 1;
    return TRUE;
  }
  if (next > i && next + 1 < line.n && strchr (":-|", line.p[next]) && (line.p[next + 1] == ' ' || line.p[next + 1] == '\t'))
  {
    *end = next + 1;
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
  if (is_all_digits (word))
  {
    part->kind = PART_NUMBER;
    return word.n <= 20 && (end >= line.n || strchr (" \t]|:", line.p[end]));
  }
  if (is_place (word))
  {
    part->kind = PART_PLACE;
    part->end += end < line.n && line.p[end] == ':';
    return TRUE;
  }
  part->kind = PART_NAME;
  gsize place = function_and_line (line, end);
  if (place > 0)
  {
    part->end = place;
    return TRUE;
  }
  return (g_ascii_isalpha (word.p[0]) || word.p[0] == '_' || (guchar)word.p[0] >= 0x80) && name_end (line, word, &part->end);
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
  while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
    i++;
  *part = (Part){ PART_MARK, rca_bytes (line.p + at, i - at), i };
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
    *part = (Part){ PART_LEVEL, rca_bytes (line.p + at, n - at), n };
    if (n < line.n && (line.p[n] == ':' || line.p[n] == ','))
      part->end++;
    return TRUE;
  }
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
  if (strchr ("-|:>/,;#*~", c))
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
  if (!have_level && read_pair (line, at, part))
    return TRUE;
  return read_word (line, at, part);
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

static gboolean
is_request_id (RcaBytes text)
{
  if (is_hex_id (text))
    return TRUE;
  RcaBytes rest
      = rca_bytes_has_prefix (text, RCA_BYTES ("req-")) || rca_bytes_has_prefix (text, RCA_BYTES ("req_")) ? rca_bytes_from (text, 4) : (RcaBytes){ NULL, 0 };
  return rest.n >= 4 && !memchr (rest.p, ' ', rest.n);
}

static gboolean
is_thread (RcaBytes name)
{
  static const char *const words[] = { "main",    "MainThread", "thread", "Thread", "exec",     "pool",        "worker", "Worker",
                                       "preinit", "scheduling", "task-",  "nio",    "executor", "MainProcess", "-thread" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_find (name, rca_bytes_str (words[i])) >= 0)
      return memchr (name.p, ':', name.n) == NULL || name.n > 40;
  return FALSE;
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
  if (is_request_id (head)) /* oslo: [req-… user project - - -] */
    rca_app_record_set (record, RCA_SLOT_REQUEST_ID, 2, head);
  else if (is_all_digits (text))
    rca_app_record_set (record, RCA_SLOT_PID, 2, text);
  else if (memchr (text.p, '=', text.n) || take_trace_bracket (record, text))
    return; /* pairs are found with the message's */
  else
    take_name (record, blank && !is_thread (text) ? head : text);
}

static void
take_part (RcaAppRecord *record, const Part *part, RcaSeverity severity)
{
  switch (part->kind)
  {
  case PART_LEVEL:
    record->ev->severity = severity;
    break;
  case PART_NUMBER:
    rca_app_record_set (record, RCA_SLOT_PID, 1, part->text);
    break;
  case PART_NAME:
    take_name (record, part->text);
    break;
  case PART_BRACKET:
    take_bracket (record, part->text);
    break;
  default:
    break;
  }
}

gsize
rca_prefix_read (RcaBytes line, guint limit, RcaAppRecord *record, RcaPrefixShape *shape)
{
  gboolean have_level = record && record->ev->severity != RCA_SEVERITY_NONE;
  gsize at = skip_blanks (line, 0);
  guint n = 0;
  while (at < line.n && n < MIN (limit, RCA_PREFIX_MAX_PARTS))
  {
    Part part = { 0 };
    RcaSeverity severity = RCA_SEVERITY_NONE;
    if (!read_part (line, at, have_level, &part, &severity) || part.end <= at)
      break;
    have_level |= part.kind == PART_LEVEL;
    if (record)
      take_part (record, &part, severity);
    if (shape)
      shape->kind[n] = (guint8)part.kind;
    n++;
    at = skip_blanks (line, part.end);
  }
  if (shape)
    shape->n = n;
  return at;
}

/* The longest beginning that nine of ten shapes with it share. */
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
    if (most * 10 < n * 8)
      break;
    longest = length;
  }
  return longest;
}
