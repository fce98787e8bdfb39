#include "identity.h"
#include <xxhash.h>

/* A statement becomes its tokens, one blank between them, with what varies as "?".
 * PostgreSQL and MySQL write the same statement with other quotes and place
 * holders; after this they are equal bytes. */

#define MAX_FINGERPRINT 2048 /* a longer one ends in "…" */

typedef enum {
  TOKEN_END,
  TOKEN_WORD,   /* an identifier or key word, without quotes */
  TOKEN_QUOTED, /* an identifier that stood in quotes: never a key word */
  TOKEN_LITERAL,
  TOKEN_MARK, /* operators and punctuation */
} TokenType;

typedef struct {
  TokenType type;
  RcaBytes text;
} Token;

typedef struct {
  const char *p, *end;
  gboolean backticks;   /* MySQL: double quotes hold strings */
  gboolean wants_value; /* what came before asks for a value: = "x" */
} Lexer;

typedef struct {
  char *text;
  gsize n;
  gboolean full;
  Token last, before;    /* as written */
  guint depth;           /* of round brackets */
  guint values_depth;    /* depth + 1 of the rows after VALUES, 0 outside */
  gboolean row_closed;   /* one row of VALUES is written: the others say nothing new */
  guint skip;            /* brackets open in a row that is being skipped */
  RcaBytes pending_sign; /* a + or - that may belong to a number */
} Writer;

/* Written in capitals. Only words that carry structure: what may as well be a
 * column (user, date, name, status…) stays as it was written. */
static const char *const keywords[] = {
  "ADD",     "ALL",           "ALTER",     "ANALYZE",   "AND",          "ANY",         "AS",         "ASC",     "BEGIN",   "BETWEEN", "BY",         "CALL",
  "CASCADE", "CASE",          "CAST",      "COMMIT",    "CONCURRENTLY", "CONFLICT",    "CONSTRAINT", "COPY",    "CREATE",  "CROSS",   "DEALLOCATE", "DECLARE",
  "DEFAULT", "DELETE",        "DESC",      "DISTINCT",  "DO",           "DROP",        "DUPLICATE",  "ELSE",    "END",     "EXCEPT",  "EXECUTE",    "EXISTS",
  "EXPLAIN", "FETCH",         "FOR",       "FORCE",     "FROM",         "FULL",        "GROUP",      "HAVING",  "IF",      "IGNORE",  "ILIKE",      "IN",
  "INDEX",   "INNER",         "INSERT",    "INTERSECT", "INTO",         "IS",          "JOIN",       "LATERAL", "LEFT",    "LIKE",    "LIMIT",      "LISTEN",
  "LOCK",    "MATERIALIZED",  "MERGE",     "NATURAL",   "NOT",          "NOTHING",     "NOTIFY",     "NOWAIT",  "NULL",    "NULLS",   "OF",         "OFFSET",
  "ON",      "ONLY",          "OR",        "ORDER",     "OUTER",        "OVER",        "PARTITION",  "PREPARE", "REFRESH", "REGEXP",  "REINDEX",    "RELEASE",
  "RENAME",  "REPLACE",       "RETURNING", "RIGHT",     "ROLLBACK",     "SAVEPOINT",   "SELECT",     "SET",     "SHOW",    "SIMILAR", "SKIP",       "SOME",
  "START",   "STRAIGHT_JOIN", "TABLE",     "THEN",      "TO",           "TRANSACTION", "TRUNCATE",   "UNION",   "UNIQUE",  "UPDATE",  "USING",      "VACUUM",
  "VALUES",  "VIEW",          "WHEN",      "WHERE",     "WINDOW",       "WITH",
};

/* Functions everyone writes in either case; in capitals too, but without a blank before their bracket. */
static const char *const functions[]
    = { "AVG", "COALESCE", "CONCAT", "COUNT", "LOWER", "MAX", "MIN", "NOW", "SUM", "UPPER", "EXTRACT", "SUBSTRING", "TRIM", "LENGTH", "ROUND" };

static gboolean
begins_alike (const char *name, RcaBytes word)
{
  return (name[0] | 32) == (word.p[0] | 32);
}

static const char *
lookup (const char *const *table, guint n, RcaBytes word)
{
  for (guint i = 0; i < n; i++)
    if (begins_alike (table[i], word) && strlen (table[i]) == word.n && g_ascii_strncasecmp (table[i], word.p, word.n) == 0)
      return table[i];
  return NULL;
}

/* Among those of its first letter: they are sorted, and every word of a statement is looked up. */
static const char *
lookup_keyword (RcaBytes word)
{
  guint low = 0, high = G_N_ELEMENTS (keywords), end;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    if ((keywords[middle][0] | 32) < (word.p[0] | 32))
      low = middle + 1;
    else
      high = middle;
  }
  for (end = low; end < G_N_ELEMENTS (keywords) && begins_alike (keywords[end], word); end++)
    ;
  return lookup (keywords + low, end - low, word);
}

static gboolean
is_word (RcaBytes word, const char *name)
{
  return word.n == strlen (name) && g_ascii_strncasecmp (word.p, name, word.n) == 0;
}

static inline gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '$' || (guchar)c >= 0x80;
}

/* --- reading ------------------------------------------------------------- */

/* Blanks and comments. "--" needs a blank in MySQL; without one it is rather a comment than a double minus.
 * '#' begins a comment in MySQL and an operator in PostgreSQL: with a blank behind it, it is a comment. */
static void
skip_blank (Lexer *l)
{
  while (l->p < l->end)
  {
    gsize n = (gsize)(l->end - l->p);
    if (g_ascii_isspace (*l->p) || *l->p == '\0')
      l->p++;
    else if (n >= 2 && l->p[0] == '/' && l->p[1] == '*')
    {
      const char *close = memmem (l->p + 2, n - 2, "*/", 2);
      l->p = close ? close + 2 : l->end;
    }
    else if ((n >= 2 && l->p[0] == '-' && l->p[1] == '-') || (n >= 2 && l->p[0] == '#' && l->p[1] == ' '))
    {
      const char *line = memchr (l->p, '\n', n);
      l->p = line ? line + 1 : l->end;
    }
    else
      break;
  }
}

/* PostgreSQL takes a backslash as it is, MySQL as an escape: '\' before something
 * that can only follow a string is a whole string (LIKE x ESCAPE '\'). */
static gboolean
lone_backslash (const char *p, const char *end)
{
  return end - p >= 3 && p[1] == '\\' && p[2] == '\'' && (end - p == 3 || p[3] == ' ' || p[3] == ')' || p[3] == ';' || p[3] == '\n');
}

/* What follows the string or quoted name at @p; @end when it is not closed. */
static const char *
quoted_end (const char *p, const char *end)
{
  char quote = *p;
  if (quote == '\'' && lone_backslash (p, end))
    return p + 3;
  for (p++; p < end; p++)
    if (*p == '\\' && quote != '`')
      p++;
    else if (*p == quote)
    {
      if (p + 1 < end && p[1] == quote)
        p++;
      else
        return p + 1;
    }
  return end;
}

/* $tag$ … $tag$, NULL when @p begins none. */
static const char *
dollar_end (const char *p, const char *end)
{
  const char *q = p + 1;
  while (q < end && (g_ascii_isalnum (*q) || *q == '_'))
    q++;
  if (q == end || *q != '$' || g_ascii_isdigit (p[1]))
    return NULL;
  gsize tag = (gsize)(q + 1 - p);
  const char *close = memmem (q + 1, (gsize)(end - q - 1), p, tag);
  return close ? close + tag : end;
}

static gboolean
looks_like_name (RcaBytes text)
{
  if (text.n == 0 || text.n > 63 || g_ascii_isdigit (text.p[0]))
    return FALSE;
  for (gsize i = 0; i < text.n; i++)
    if (!is_name_char (text.p[i]) && text.p[i] != ' ' && text.p[i] != '-')
      return FALSE;
  return TRUE;
}

/* Between double quotes PostgreSQL has names, MySQL has strings. */
static Token
read_double_quoted (Lexer *l)
{
  const char *from = l->p, *after = quoted_end (l->p, l->end);
  RcaBytes inner = rca_bytes (from + 1, (gsize)(after - from) - (after - from >= 2 && after[-1] == '"' ? 2 : 1));
  gboolean dotted = after < l->end && *after == '.';
  l->p = after;
  if (l->backticks || !looks_like_name (inner) || (l->wants_value && !dotted))
    return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
  return (Token){ TOKEN_QUOTED, inner };
}

static Token
read_number (Lexer *l)
{
  if (l->end - l->p > 2 && l->p[0] == '0' && (l->p[1] | 32) == 'x')
    l->p += 2;
  while (l->p < l->end && (is_name_char (*l->p) || *l->p == '.' || ((*l->p == '-' || *l->p == '+') && (l->p[-1] | 32) == 'e')))
    l->p++;
  return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
}

static Token
read_word (Lexer *l)
{
  const char *from = l->p;
  while (l->p < l->end && is_name_char (*l->p))
    l->p++;
  RcaBytes word = rca_bytes (from, (gsize)(l->p - from));
  /* E'…', N'…', B'…', X'…', _utf8'…', and DATE '…' stays two tokens */
  if (l->p < l->end && *l->p == '\'' && (word.n == 1 || word.p[0] == '_'))
  {
    l->p = quoted_end (l->p, l->end);
    return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
  }
  if (is_word (word, "true") || is_word (word, "false"))
    return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
  return (Token){ TOKEN_WORD, word };
}

/* $1 %s %(name)s :name @p1 ? — but ::type is a cast, := an assignment, @@x a variable, a % b a remainder. */
static gboolean
read_placeholder (Lexer *l)
{
  const char *p = l->p;
  gsize n = (gsize)(l->end - p), i = 1;
  switch (*p)
  {
  case '?':
    if (n > 1 && (p[1] == '|' || p[1] == '&'))
      return FALSE;
    break;
  case '$':
  case ':':
  case '@':
    if (n < 2 || !is_name_char (p[1]))
      return FALSE;
    while (i < n && is_name_char (p[i]))
      i++;
    break;
  case '%':
    if (n >= 2 && (p[1] == 's' || p[1] == 'd') && (n == 2 || !is_name_char (p[2])))
      i = 2;
    else if (n >= 4 && p[1] == '(')
    {
      const char *close = memchr (p, ')', MIN (n, 80));
      if (!close || close + 1 >= l->end || close[1] != 's')
        return FALSE;
      i = (gsize)(close + 2 - p);
    }
    else
      return FALSE;
    break;
  default:
    return FALSE;
  }
  l->p += i;
  return TRUE;
}

static Token
read_mark (Lexer *l)
{
  static const char *const marks[] = { "!~~*", "->>", "#>>", "<=>", "!~*", "~~*", "!~~", "::", ":=", "<=", ">=", "<>", "!=", "||",
                                       "->",   "#>",  "@>",  "<@",  "&&",  "~*",  "!~",  "~~", "?|", "?&", "@@", "<<", ">>" };
  RcaBytes rest = rca_bytes (l->p, (gsize)(l->end - l->p));
  gboolean is_longer = rest.n > 1 && memchr ("!-#<:>|@&~?", rest.p[0], 11); /* what those begin with; most marks are brackets and commas */
  for (guint i = 0; is_longer && i < G_N_ELEMENTS (marks); i++)
    if (rca_bytes_starts (rest, marks[i]))
    {
      l->p += strlen (marks[i]);
      return (Token){ TOKEN_MARK, rca_bytes_str (strcmp (marks[i], "!=") == 0 ? "<>" : marks[i]) };
    }
  l->p++;
  return (Token){ TOKEN_MARK, rca_bytes (rest.p, 1) };
}

static Token
next_token (Lexer *l)
{
  skip_blank (l);
  if (l->p >= l->end)
    return (Token){ TOKEN_END, { NULL, 0 } };
  char c = *l->p;
  const char *after;
  if (c == '\'')
  {
    l->p = quoted_end (l->p, l->end);
    return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
  }
  if (c == '"')
    return read_double_quoted (l);
  if (c == '`')
  {
    after = quoted_end (l->p, l->end);
    RcaBytes inner = rca_bytes (l->p + 1, (gsize)(after - l->p) - (after - l->p >= 2 && after[-1] == '`' ? 2 : 1));
    l->p = after;
    return (Token){ TOKEN_QUOTED, inner };
  }
  if (c == '$' && l->end - l->p > 1 && (after = dollar_end (l->p, l->end)))
  {
    l->p = after;
    return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
  }
  if (g_ascii_isdigit (c) || (c == '.' && l->end - l->p > 1 && g_ascii_isdigit (l->p[1])))
    return read_number (l);
  if (read_placeholder (l))
    return (Token){ TOKEN_LITERAL, RCA_BYTES ("?") };
  if (is_name_char (c))
    return read_word (l);
  return read_mark (l);
}

/* --- writing ------------------------------------------------------------- */

static gboolean
is_mark (Token token, const char *text)
{
  return token.type == TOKEN_MARK && token.text.n == strlen (text) && memcmp (token.text.p, text, token.text.n) == 0;
}

static gboolean
is_key (Token token, const char *text)
{
  return token.type == TOKEN_WORD && rca_bytes_is (token.text, text);
}

static void
put (Writer *w, RcaBytes bytes)
{
  if (w->full)
    return;
  if (w->n + bytes.n > MAX_FINGERPRINT)
  {
    memcpy (w->text + w->n, "…", 3);
    w->n += 3;
    w->full = TRUE;
    return;
  }
  memcpy (w->text + w->n, bytes.p, bytes.n);
  w->n += bytes.n;
}

static gboolean
is_keyword (Token token)
{
  return token.type == TOKEN_WORD && lookup_keyword (token.text);
}

/* One blank between tokens, but: f(x), a.b, x::type, a[1], "a, b" */
static gboolean
needs_blank (const Writer *w, Token token)
{
  if (w->last.type == TOKEN_END || is_mark (w->last, "(") || is_mark (w->last, ".") || is_mark (w->last, "::") || is_mark (w->last, "["))
    return FALSE;
  if (is_mark (token, "(") || is_mark (token, "["))
    return w->last.type == TOKEN_MARK ? !is_mark (w->last, ")") : w->last.type == TOKEN_LITERAL || is_keyword (w->last);
  return !(is_mark (token, ",") || is_mark (token, ")") || is_mark (token, ".") || is_mark (token, "]") || is_mark (token, "::"));
}

static void
put_token (Writer *w, Token token)
{
  if (needs_blank (w, token))
    put (w, RCA_BYTES (" "));
  put (w, token.text);
  w->before = w->last;
  w->last = token;
}

/* After these a sign belongs to the number behind it. */
static gboolean
sign_may_follow (Token last)
{
  return last.type == TOKEN_END || (last.type == TOKEN_MARK && !is_mark (last, ")") && !is_mark (last, "]")) || is_keyword (last);
}

static void
put_literal (Writer *w, Token token)
{
  w->pending_sign.n = 0;
  if (is_mark (w->last, ",") && w->before.type == TOKEN_LITERAL)
  { /* a list is as one value, however long */
    w->n -= w->full ? 0 : 1;
    w->last = w->before;
    return;
  }
  put_token (w, token);
}

static void
flush_sign (Writer *w)
{
  if (w->pending_sign.n == 0)
    return;
  Token sign = { TOKEN_MARK, w->pending_sign };
  w->pending_sign.n = 0;
  put_token (w, sign);
}

/* Names that a driver makes up for each use. */
static gboolean
is_made_up_name (const Writer *w)
{
  return is_key (w->last, "SAVEPOINT") || is_key (w->last, "DEALLOCATE") || (is_key (w->last, "TO") && is_key (w->before, "ROLLBACK"))
         || (is_key (w->last, "RELEASE"));
}

static void
put_word (Writer *w, Token token)
{
  const char *name = NULL;
  flush_sign (w);
  if (token.type == TOKEN_WORD)
  {
    name = lookup_keyword (token.text);
    if (!name)
      name = lookup (functions, G_N_ELEMENTS (functions), token.text);
    if (name && !is_mark (w->last, "."))
      token.text = rca_bytes_str (name);
    else
      name = NULL;
  }
  if (name && strcmp (name, "NULL") == 0 && !is_key (w->last, "IS") && !is_key (w->last, "NOT") && !is_key (w->last, "DEFAULT"))
  {
    put_literal (w, (Token){ TOKEN_LITERAL, RCA_BYTES ("?") });
    return;
  }
  if (!name && is_made_up_name (w))
  {
    put_literal (w, (Token){ TOKEN_LITERAL, RCA_BYTES ("?") });
    return;
  }
  if (name && strcmp (name, "VALUES") == 0)
  {
    w->values_depth = w->depth + 1;
    w->row_closed = FALSE;
  }
  else if (w->values_depth == w->depth + 1)
    w->values_depth = 0;
  put_token (w, token);
}

/* The rows after the first. TRUE: @token was swallowed. */
static gboolean
skip_row (Writer *w, Token token)
{
  if (w->skip > 0)
  {
    if (is_mark (token, "("))
      w->skip++;
    else if (is_mark (token, ")"))
      w->skip--;
    return TRUE;
  }
  if (w->values_depth == 0 || w->values_depth != w->depth + 1 || !w->row_closed)
    return FALSE;
  if (is_mark (token, ","))
    return TRUE;
  if (!is_mark (token, "("))
    return FALSE;
  w->skip = 1;
  return TRUE;
}

static void
put_punctuation (Writer *w, Token token)
{
  if ((is_mark (token, "-") || is_mark (token, "+")) && sign_may_follow (w->last))
  {
    flush_sign (w);
    w->pending_sign = token.text;
    return;
  }
  flush_sign (w);
  if (is_mark (token, "("))
    w->depth++;
  else if (is_mark (token, ")") && w->depth > 0)
  {
    w->depth--;
    if (w->values_depth == w->depth + 1)
      w->row_closed = TRUE;
  }
  put_token (w, token);
}

/* Whether a value is due: after a comparison, LIKE, IN (, VALUES (, or a value and a comma. */
static gboolean
wants_value (const Writer *w)
{
  static const char *const marks[] = { "=", "<>", "<", ">", "<=", ">=", "<=>" };
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (is_mark (w->last, marks[i]))
      return TRUE;
  if (is_key (w->last, "LIKE") || is_key (w->last, "BETWEEN"))
    return TRUE;
  if (is_mark (w->last, "("))
    return is_key (w->before, "IN") || is_key (w->before, "VALUES");
  return is_mark (w->last, ",") && w->before.type == TOKEN_LITERAL;
}

RcaIdentity
rca_sql_fingerprint (RcaBytes statement, RcaArena *arena)
{
  Lexer l = { .p = statement.p, .end = statement.p + statement.n };
  Writer w = { .text = rca_arena_alloc (arena, MAX_FINGERPRINT + 8) };
  Token token;

  l.backticks = statement.n > 0 && memchr (statement.p, '`', statement.n) != NULL;
  while (!w.full && (token = next_token (&l)).type != TOKEN_END)
  {
    if (w.skip > 0 || token.type == TOKEN_MARK)
      if (skip_row (&w, token))
        continue;
    switch (token.type)
    {
    case TOKEN_LITERAL:
      put_literal (&w, token);
      break;
    case TOKEN_MARK:
      if (!is_mark (token, ";"))
        put_punctuation (&w, token);
      break;
    default:
      put_word (&w, token);
      break;
    }
    l.wants_value = wants_value (&w);
  }
  while (w.n > 0 && w.text[w.n - 1] == ' ')
    w.n--;
  return (RcaIdentity){ XXH3_64bits (w.text, w.n), rca_bytes (w.text, w.n) };
}
