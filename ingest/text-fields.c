#include "text-fields.h"
#include "number.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MAX_SCAN       4096 /* bytes of a message that are looked through */
#define MAX_KEY        48
#define MAX_TEXT_PAIRS 24 /* attributes out of prose */

static gboolean
is_key_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.' || c == '@';
}

static gboolean
may_precede_key (char c)
{
  return c == ' ' || c == '\t' || c == ',' || c == '(' || c == '[' || c == '{' || c == ';' || c == '|' || c == '"' || c == '<';
}

/* What prose may say of the record itself is for its prefix; the rest is welcome. */
static gboolean
is_welcome (const RcaAlias *alias)
{
  switch (alias->slot)
  {
  case RCA_SLOT_VERSION:
  case RCA_SLOT_INSTANCE:
  case RCA_SLOT_SERVICE:
    return alias->strength >= 2;
  default:
    return alias->slot > RCA_SLOT_HOST;
  }
}

static void
text_pair (RcaAppRecord *record, RcaBytes key, RcaBytes value)
{
  gint64 unit_ns = 0;
  RcaEvent *ev = record->ev;
  const RcaAlias *alias = rca_app_record_alias (record, key, &unit_ns);
  if (alias && is_welcome (alias))
  {
    if (!rca_app_record_has (record, alias->slot))
    {
      rca_app_record_set (record, alias->slot, alias->strength, value);
      record->slot[alias->slot].unit_ns = unit_ns;
    }
  }
  else if (ev->n_attributes < MAX_TEXT_PAIRS)
    ev->attribute[ev->n_attributes++] = (RcaAttribute){ key, value };
}

static inline gboolean
ends_value (char c)
{
  switch (c)
  {
  case ' ':
  case '\t':
  case ',':
  case ';':
  case ')':
  case ']':
  case '}':
  case '>':
  case '|':
  case '"':
  case '\0':
    return TRUE;
  default:
    return FALSE;
  }
}

/* The value that begins at @at: quoted, or up to a blank or bracket. Returns where it ends. */
static gsize
read_value (RcaBytes text, gsize at, RcaBytes *value)
{
  gsize i = at;
  if (at < text.n && (text.p[at] == '"' || text.p[at] == '\''))
  {
    for (i = at + 1; i < text.n && text.p[i] != text.p[at]; i++)
      if (text.p[i] == '\\')
        i++;
    gsize end = MIN (i, text.n);
    *value = rca_bytes (text.p + at + 1, end - at - 1);
    return MIN (end + 1, text.n);
  }
  while (i < text.n && !ends_value (text.p[i]))
    i++;
  *value = rca_bytes (text.p + at, i - at);
  return i;
}

static gsize
method_at (RcaBytes line, gsize at)
{
  static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS" };
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
  {
    gsize n = strlen (methods[i]);
    if (line.n - at > n + 1 && memcmp (line.p + at, methods[i], n) == 0 && (line.p[at + n] == ' ' || line.p[at + n] == ':'))
      return n;
  }
  return 0;
}

gboolean
rca_text_is_request (RcaBytes line)
{
  gsize n = line.n > 4 ? method_at (line, 0) : 0;
  return n > 0 && n + 1 < line.n && line.p[n + 1] == '/';
}

void
rca_text_pairs (RcaAppRecord *record, RcaBytes line)
{
  for (gsize at = 0; at < line.n;)
  {
    const char *equals = memchr (line.p + at, '=', line.n - at);
    if (!equals)
      return;
    gsize eq = (gsize)(equals - line.p), key = eq;
    while (key > at && is_key_char (line.p[key - 1]))
      key--;
    at = eq + 1;
    gboolean fits = key < eq && eq - key <= MAX_KEY && (g_ascii_isalpha (line.p[key]) || line.p[key] == '_') && (key == 0 || may_precede_key (line.p[key - 1]));
    if (!fits || at >= line.n || line.p[at] == '=' || line.p[at] == ' ')
      continue;
    RcaBytes value;
    at = read_value (line, at, &value);
    if (value.n > 0)
      text_pair (record, rca_bytes (line.p + key, eq - key), value);
  }
}

typedef struct {
  RcaBytes text;
  gsize at;
} Tokens;

/* The next run without blanks, brackets and quotes around it. FALSE at the end. */
static gboolean
next_token (Tokens *tokens, RcaBytes *token)
{
  RcaBytes text = tokens->text;
  gsize i = tokens->at;
  while (i < text.n && text.p[i] && rca_char_in (text.p[i], " \t\"'()[],|:=>-;{}"))
    i++;
  gsize from = i;
  while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '"' && text.p[i] != '|' && text.p[i] != '(' && text.p[i] != ')')
    i++;
  tokens->at = i;
  while (i > from && rca_char_in (text.p[i - 1], ",:;])}"))
    i--;
  *token = rca_bytes (text.p + from, i - from);
  return i > from;
}

static gboolean
is_status (RcaBytes token)
{
  return token.n == 3 && token.p[0] >= '1' && token.p[0] <= '5' && g_ascii_isdigit (token.p[1]) && g_ascii_isdigit (token.p[2]);
}

static gboolean
is_unit (RcaBytes token)
{
  static const char *const units[] = { "ms", "s", "us", "\xc2\xb5s", "ns", "msec", "msecs", "sec", "secs", "seconds", "milliseconds", "millis" };
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (rca_bytes_is (token, units[i]))
      return TRUE;
  return FALSE;
}

/* "12.3ms", "1m2.5s": a number with its unit. */
static gboolean
is_duration (RcaBytes token)
{
  gint64 ignored;
  return token.n >= 2 && g_ascii_isdigit (token.p[0]) && !g_ascii_isdigit (token.p[token.n - 1]) && rca_parse_duration (token, 0, &ignored);
}

static gboolean
is_decimal (RcaBytes token)
{
  double ignored;
  return token.n > 0 && g_ascii_isdigit (token.p[0]) && rca_parse_double (token, &ignored);
}

/* A duration among the tokens from @tokens on: "in 12ms", "12.3 ms", oslo's "time: 0.247" (seconds). */
static void
find_duration (RcaAppRecord *record, Tokens tokens, guint limit)
{
  RcaBytes token, before = { NULL, 0 };
  for (guint i = 0; i < limit && next_token (&tokens, &token); before = token, i++)
  {
    if (is_duration (token))
      rca_app_record_set (record, RCA_SLOT_DURATION, 1, token);
    else if (is_unit (token) && is_decimal (before))
      rca_app_record_set (record, RCA_SLOT_DURATION, 1, rca_bytes (before.p, (gsize)(token.p + token.n - before.p)));
    else if (is_decimal (token) && rca_bytes_equal (before, RCA_BYTES ("time")))
    {
      rca_app_record_set (record, RCA_SLOT_DURATION, 1, token);
      record->slot[RCA_SLOT_DURATION].unit_ns = RCA_NS_PER_S;
    }
    else
      continue;
    return;
  }
}

static gboolean
is_filler (RcaBytes token)
{
  static const char *const words[]
      = { "responded", "returned", "status", "with", "code", "completed", "finished", "statusCode", "status_code", "Status", "to", "answered", "failed", "in" };
  if (rca_bytes_has_prefix (token, RCA_BYTES ("HTTP/")))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_is (token, words[i]))
      return TRUE;
  return FALSE;
}

/* Behind the target: fillers, one word of another kind at most, then the status. */
static void
find_status (RcaAppRecord *record, Tokens tokens)
{
  RcaBytes token;
  guint others = 0;
  while (others < 2 && next_token (&tokens, &token))
    if (is_status (token))
    {
      rca_app_record_set (record, RCA_SLOT_STATUS, 1, token);
      return;
    }
    else if (!is_filler (token))
      others++;
}

/* Before the method: Tornado's "500 GET /x", Gin's "| 500 | 1.2ms | 10.0.0.1 | GET". */
static void
find_before (RcaAppRecord *record, RcaBytes before)
{
  Tokens tokens = { before, 0 };
  RcaBytes token, last = { NULL, 0 };
  gboolean piped = memchr (before.p, '|', before.n) != NULL;
  for (gboolean first = TRUE; next_token (&tokens, &token); first = FALSE)
  {
    if ((piped || first) && is_status (token)) /* first: Ktor's "500 Internal Server Error: GET - /x in 3ms" */
      rca_app_record_set (record, RCA_SLOT_STATUS, 1, token);
    last = token;
  }
  if (is_status (last))
    rca_app_record_set (record, RCA_SLOT_STATUS, 1, last);
  if (piped)
    find_duration (record, (Tokens){ before, 0 }, 12);
}

/* METHOD, blanks, perhaps a quote, then a path or URL. */
static gboolean
find_method (RcaBytes line, gsize *at, gsize *n, RcaBytes *target)
{
  for (gsize i = 0; i + 5 < line.n; i++)
  {
    if ((line.p[i] != 'G' && line.p[i] != 'P' && line.p[i] != 'D' && line.p[i] != 'H' && line.p[i] != 'O') || (i > 0 && !rca_char_in (line.p[i - 1], " \"'[(|<>:\t"))
        || (*n = method_at (line, i)) == 0)
      continue;
    gsize from = i + *n;
    while (from < line.n && rca_char_in (line.p[from], " \"':-"))
      from++;
    RcaBytes rest = rca_bytes_from (line, from);
    if (rest.n == 0 || (rest.p[0] != '/' && !rca_bytes_has_prefix (rest, RCA_BYTES ("http://")) && !rca_bytes_has_prefix (rest, RCA_BYTES ("https://"))))
      continue;
    gsize end = 0;
    while (end < rest.n && !rca_char_in (rest.p[end], " \t\"'|)]>,"))
      end++;
    *at = i;
    *target = rca_bytes (rest.p, end);
    return TRUE;
  }
  return FALSE;
}

/* An address at the start: uvicorn's 10.0.0.1:54321 - "GET …", oslo's 10.11.10.1 "GET …" */
static void
find_client (RcaAppRecord *record, RcaBytes before)
{
  gsize n = 0, dots = 0;
  while (n < before.n && (g_ascii_isdigit (before.p[n]) || before.p[n] == '.'))
    dots += before.p[n++] == '.';
  if (dots == 3 && n < before.n && (before.p[n] == ' ' || before.p[n] == ':'))
    rca_app_record_set (record, RCA_SLOT_CLIENT, RCA_ALIAS_WEAK, rca_bytes (before.p, n));
}

static void
find_request (RcaAppRecord *record, RcaBytes line)
{
  gsize at, n;
  RcaBytes target;
  if (rca_app_record_has (record, RCA_SLOT_METHOD) || !memchr (line.p, '/', line.n) || !find_method (line, &at, &n, &target))
    return;
  rca_app_record_set (record, RCA_SLOT_METHOD, 1, rca_bytes (line.p + at, n));
  rca_app_record_set (record, RCA_SLOT_PATH, 1, target);
  find_client (record, rca_bytes (line.p, at));
  Tokens after = { line, (gsize)(target.p - line.p) + target.n };
  if (!rca_app_record_has (record, RCA_SLOT_STATUS))
    find_status (record, after);
  if (!rca_app_record_has (record, RCA_SLOT_STATUS) && at > 3)
    find_before (record, rca_bytes (line.p, at));
  if (!rca_app_record_has (record, RCA_SLOT_DURATION) && rca_app_record_has (record, RCA_SLOT_STATUS))
    find_duration (record, after, 14);
}

/* Statement verbs with what must follow them in the next words. */
static const struct {
  const char *verb, *then;
} verbs[] = {
  { "SELECT ", " FROM " }, { "SELECT\n", "FROM " }, { "INSERT ", "INTO " }, { "UPDATE ", " SET " }, { "DELETE ", "FROM " }, { "WITH ", " AS (" },
  { "SELECT *", "FROM" },  { "select ", " from " }, { "insert ", "into " }, { "update ", " set " }, { "delete ", "from " },
};

gboolean
rca_text_is_sql (RcaBytes text)
{
  static const char *const words[] = { "select",   "insert", "update", "delete", "with",     "replace", "merge",   "call",   "begin", "commit",
                                       "rollback", "alter",  "create", "drop",   "truncate", "lock",    "explain", "vacuum", "copy" };
  while (text.n > 0 && (g_ascii_isspace (text.p[0]) || text.p[0] == '('))
    text = rca_bytes_from (text, 1);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
  {
    gsize n = strlen (words[i]);
    if (text.n > n + 2 && g_ascii_strncasecmp (text.p, words[i], n) == 0 && g_ascii_isspace (text.p[n]))
      return TRUE;
  }
  return FALSE;
}

/* Where a statement begins in @text, or -1. */
static gssize
find_sql (RcaBytes text)
{
  RcaBytes head = rca_bytes (text.p, MIN (text.n, MAX_SCAN));
  gssize best = -1;
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
  {
    gssize at = rca_bytes_find (head, rca_bytes_str (verbs[i].verb));
    if (at < 0 || (best >= 0 && at > best) || (at > 0 && g_ascii_isalnum (head.p[at - 1])))
      continue;
    if (rca_bytes_find (rca_bytes_from (head, (gsize)at), rca_bytes_str (verbs[i].then)) > 0 || rca_bytes_has_suffix (head, RCA_BYTES (" FROM")))
      best = at;
    else if (rca_bytes_find (rca_bytes_from (head, (gsize)at), RCA_BYTES ("\n")) > 0
             && rca_bytes_find (head, rca_bytes (verbs[i].then + 1, strlen (verbs[i].then) - 1)) > 0)
      best = at;
  }
  return best;
}

/* A verb's first, second and fourth letter, in either case, and the blank behind it. */
static gboolean
is_verb (const char *p)
{
  static const char second[26] = { ['d' - 'a'] = 'e', ['i' - 'a'] = 'n', ['s' - 'a'] = 'e', ['u' - 'a'] = 'p', ['w' - 'a'] = 'i' };
  guint letter = (guint)((*p | 32) - 'a');
  return letter < 26 && second[letter] && (p[1] | 32) == second[letter] && (p[3] == 'E' || p[3] == 'e' || p[3] == 'A' || p[3] == 'a' || p[3] == 'H')
         && ((p[4] == ' ' && *p == 'W') || (p[6] == ' ' || p[6] == '\n'));
}

/* Quick test: most messages hold none of the verbs. */
static gboolean
may_hold_sql (RcaBytes text)
{
  const char *p = text.p, *end = text.p + MIN (text.n, MAX_SCAN);
#ifdef __SSE2__
  /* sixteen at a time: those whose fourth letter and whose blank would fit */
  const __m128i fold = _mm_set1_epi8 (32), blank = _mm_set1_epi8 (' '), lf = _mm_set1_epi8 ('\n');
  for (; end - p >= 16 + 12; p += 16)
  {
    __m128i fourth = _mm_or_si128 (_mm_loadu_si128 ((const __m128i *)(const void *)(p + 3)), fold), seventh = _mm_loadu_si128 ((const __m128i *)(const void *)(p + 6));
    __m128i letter = _mm_or_si128 (_mm_cmpeq_epi8 (fourth, _mm_set1_epi8 ('e')), _mm_or_si128 (_mm_cmpeq_epi8 (fourth, _mm_set1_epi8 ('a')), _mm_cmpeq_epi8 (fourth, _mm_set1_epi8 ('h'))));
    __m128i behind = _mm_or_si128 (_mm_cmpeq_epi8 (_mm_loadu_si128 ((const __m128i *)(const void *)(p + 4)), blank), _mm_or_si128 (_mm_cmpeq_epi8 (seventh, blank), _mm_cmpeq_epi8 (seventh, lf)));
    for (guint mask = (guint)_mm_movemask_epi8 (_mm_and_si128 (letter, behind)); mask; mask &= mask - 1)
      if (is_verb (p + __builtin_ctz (mask)))
        return TRUE;
  }
#endif
  for (; p + 12 < end; p++)
    if (is_verb (p))
      return TRUE;
  return FALSE;
}

/* A statement an ORM or a slow-query guard wrote, with how long it took when the words before it say so. */
static void
find_statement (RcaAppRecord *record, RcaBytes message)
{
  gssize at = may_hold_sql (message) ? find_sql (message) : -1;
  if (at < 0 || rca_app_record_has (record, RCA_SLOT_STATEMENT))
    return;
  RcaBytes sql = rca_bytes_from (message, (gsize)at);
  gssize end = -1;
  if (at > 0 && message.p[at - 1] == '"')
    end = rca_bytes_find (sql, RCA_BYTES ("\""));
  else if (at > 5 && memcmp (message.p + at - 6, "(SQL: ", 6) == 0 && sql.p[sql.n - 1] == ')') /* Laravel */
    end = (gssize)sql.n - 1;
  else if (at > 5 && memcmp (message.p + at - 6, "[SQL: ", 6) == 0) /* SQLAlchemy: [SQL: …]\n[parameters: …] */
    end = rca_bytes_find (sql, RCA_BYTES ("]\n"));
  if (end > 0)
    sql.n = (gsize)end;
  rca_app_record_set (record, RCA_SLOT_STATEMENT, 2, sql);
  if (!rca_app_record_has (record, RCA_SLOT_DB_TIME) && !rca_app_record_has (record, RCA_SLOT_DURATION))
    find_duration (record, (Tokens){ rca_bytes (message.p, (gsize)at), 0 }, 16);
}

static gboolean
take_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  RcaAppRecord *record = user;
  if (type == RCA_JSON_OBJECT)
    return depth < 4;
  if (type != RCA_JSON_ARRAY)
    text_pair (record, rca_arena_copy (record->arena, path), value);
  return FALSE;
}

/* Monolog, winston, Nest and others put what they know as JSON behind the text. Returns the text's length. */
static gsize
take_json_context (RcaAppRecord *record, RcaBytes message)
{
  gssize at = rca_bytes_find (message, RCA_BYTES ("{\""));
  if (at < 0 || (at > 0 && message.p[at - 1] != ' ' && message.p[at - 1] != '\t'))
    return message.n;
  RcaBytes object = rca_bytes_from (message, (gsize)at);
  gsize n = rca_json_scan (object, record->arena, NULL, NULL);
  if (n == 0)
    return message.n;
  gsize i = n;
  while (i < object.n && rca_char_in (object.p[i], " []{}\r")) /* Monolog's extra: " []" */
    i++;
  if (i < object.n && object.p[i] != '\n')
    return message.n;
  rca_app_record_set (record, RCA_SLOT_ERROR_STACK, RCA_ALIAS_WEAK, rca_bytes_from (object, i + 1));
  rca_json_scan (object, record->arena, take_member, record);
  gsize end = (gsize)at;
  while (end > 0 && g_ascii_isspace (message.p[end - 1]))
    end--;
  return end;
}

/* Rails' "Completed 500 Internal Server Error in 12ms", Phoenix's "Sent 500 in 12ms": what was
 * asked stands in an earlier record. */
static void
find_completion (RcaAppRecord *record, RcaBytes line)
{
  static const char *const words[] = { "Completed ", "Sent ", "Chunked " };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
  {
    gsize n = strlen (words[i]);
    if (!rca_bytes_starts (line, words[i]) || line.n < n + 4 || !is_status (rca_bytes (line.p + n, 3)) || line.p[n + 3] != ' ')
      continue;
    rca_app_record_set (record, RCA_SLOT_STATUS, 1, rca_bytes (line.p + n, 3));
    find_duration (record, (Tokens){ line, n + 4 }, 10);
  }
}

void
rca_text_scan (RcaAppRecord *record, RcaBytes text)
{
  if (text.n == 0)
    return;
  const char *lf = memchr (text.p, '\n', text.n);
  RcaBytes line = rca_bytes (text.p, MIN (lf ? (gsize)(lf - text.p) : text.n, MAX_SCAN));
  rca_text_pairs (record, line);
  find_request (record, line);
  find_completion (record, line);
  find_statement (record, text);
}

void
rca_text_fields (RcaAppRecord *record, RcaBytes message)
{
  RcaBytes text = rca_bytes (message.p, take_json_context (record, message));
  rca_app_record_set (record, RCA_SLOT_MESSAGE, 5, text.n > 0 ? text : message);
  if (text.n > 0)
    rca_text_scan (record, text);
}
