#include "identity.h"

/* Reads fingerprints (sql-fingerprint.c): key words in capitals, one blank between
 * tokens, no strings and no comments. */

#define MAX_NAME   80
#define MAX_TABLES 16
#define MAX_DEPTH  32

typedef struct {
  RcaBytes text;
  guint depth; /* brackets open around it */
} Word;

typedef struct {
  RcaBytes rest;
  guint depth;
} Words;

static gboolean
word_is (RcaBytes word, const char *text)
{
  return rca_bytes_is (word, text);
}

static gboolean
word_is_one_of (RcaBytes word, const char *const *texts)
{
  for (; *texts; texts++)
    if (word_is (word, *texts))
      return TRUE;
  return FALSE;
}

/* Names with their dots in one piece; marks one by one. */
static gboolean
next_word (Words *words, Word *out)
{
  while (words->rest.n > 0 && words->rest.p[0] == ' ')
    words->rest = rca_bytes_from (words->rest, 1);
  if (words->rest.n == 0)
    return FALSE;
  const char *p = words->rest.p;
  gsize n = 0;
  while (n < words->rest.n && p[n] != ' ' && !rca_char_in (p[n], "(),[]"))
    n++;
  if (n == 0)
  {
    n = 1;
    if (*p == ')' && words->depth > 0)
      words->depth--;
  }
  *out = (Word){ rca_bytes (p, n), words->depth };
  if (*p == '(' && n == 1)
    words->depth++;
  words->rest = rca_bytes_from (words->rest, n);
  return TRUE;
}

static gboolean
is_name (RcaBytes word)
{
  return word.n > 0 && (g_ascii_isalpha (word.p[0]) || word.p[0] == '_' || (guchar)word.p[0] >= 0x80);
}

/* Words in capitals that a table's name cannot be here. */
static gboolean
is_reserved (RcaBytes word)
{
  static const char *const reserved[]
      = { "SELECT", "SET",    "WHERE", "ON",        "AS",      "USING",  "VALUES", "JOIN",          "LEFT",  "RIGHT",     "INNER",
          "OUTER",  "CROSS",  "FULL",  "NATURAL",   "GROUP",   "ORDER",  "LIMIT",  "HAVING",        "UNION", "RETURNING", "FOR",
          "NOT",    "AND",    "OR",    "DUPLICATE", "OF",      "NOWAIT", "SKIP",   "STRAIGHT_JOIN", "WITH",  "WINDOW",    "INTERSECT",
          "EXCEPT", "OFFSET", "FETCH", "DEFAULT",   "LATERAL", "FORCE",  "IGNORE", "PARTITION",     NULL };
  return word_is_one_of (word, reserved);
}

/* Without schema: shop.orders is orders. */
static RcaBytes
base_name (RcaBytes word)
{
  const char *dot = memrchr (word.p, '.', word.n);
  return dot ? rca_bytes_from (word, (gsize)(dot + 1 - word.p)) : word;
}

typedef struct {
  RcaBytes name;
  guint depth;
} Table;

typedef struct {
  Table table[MAX_TABLES];
  guint n;
  RcaBytes cte[MAX_TABLES]; /* names that WITH makes up */
  guint n_ctes;
} Tables;

static void
add_table (Tables *tables, RcaBytes word, guint depth)
{
  RcaBytes name = base_name (word);
  for (guint i = 0; i < tables->n_ctes; i++)
    if (rca_bytes_equal (tables->cte[i], word))
      return;
  for (guint i = 0; i < tables->n; i++)
    if (rca_bytes_equal (tables->table[i].name, name))
    {
      tables->table[i].depth = MIN (tables->table[i].depth, depth);
      return;
    }
  if (tables->n < MAX_TABLES)
    tables->table[tables->n++] = (Table){ name, depth };
}

/* FROM that belongs to no table: EXTRACT(epoch FROM x), IS DISTINCT FROM y */
static gboolean
is_plain_from (RcaBytes before, RcaBytes function)
{
  return !word_is (before, "DISTINCT") && !word_is (function, "EXTRACT") && !word_is (function, "SUBSTRING") && !word_is (function, "TRIM");
}

/* UPDATE that names a table: not FOR UPDATE, ON UPDATE, DO UPDATE SET, KEY UPDATE. */
static gboolean
is_plain_update (RcaBytes before)
{
  static const char *const others[] = { "FOR", "ON", "DO", "KEY", "key", NULL };
  return !word_is_one_of (before, others);
}

static gboolean
introduces_table (RcaBytes word, RcaBytes before, RcaBytes function, gboolean ddl)
{
  static const char *const always[] = { "JOIN", "STRAIGHT_JOIN", "INTO", "TABLE", "TRUNCATE", "COPY", "VACUUM", "REINDEX", "VIEW", NULL };
  if (word_is (word, "FROM"))
    return is_plain_from (before, function);
  if (word_is (word, "UPDATE"))
    return is_plain_update (before);
  if (word_is (word, "ON"))
    return ddl;
  return word_is_one_of (word, always);
}

/* Words between the introduction and the name. */
static gboolean
may_stand_between (RcaBytes word)
{
  static const char *const words[] = { "TABLE", "ONLY", "IF", "NOT", "EXISTS", "CONCURRENTLY", "LATERAL", "IGNORE", "INTO", "FULL", "ANALYZE", "VIEW", NULL };
  return word_is_one_of (word, words);
}

/* CREATE INDEX x ON t, DROP TRIGGER x ON t: ON introduces the table. */
static gboolean
is_ddl (RcaBytes fingerprint)
{
  return rca_bytes_has_prefix (fingerprint, RCA_BYTES ("CREATE ")) || rca_bytes_has_prefix (fingerprint, RCA_BYTES ("DROP "));
}

static void
collect_tables (RcaBytes fingerprint, Tables *tables)
{
  Words words = { .rest = fingerprint };
  Word word;
  RcaBytes before = { NULL, 0 }, function[MAX_DEPTH] = { { NULL, 0 } };
  gboolean expect = FALSE, list[MAX_DEPTH] = { FALSE }, insert = FALSE, ddl = is_ddl (fingerprint);
  Word candidate = { { NULL, 0 }, 0 }; /* a name, perhaps a function's or a common table expression's */

  while (next_word (&words, &word))
  {
    guint depth = MIN (word.depth, MAX_DEPTH - 1);
    if (candidate.text.n > 0)
    { /* a function in FROM is no table; INSERT INTO t(a, b) is */
      if (!word_is (word.text, "(") || insert)
        add_table (tables, candidate.text, candidate.depth);
      candidate.text.n = 0;
    }
    if (word_is (word.text, "("))
    {
      guint inner = MIN (depth + 1, MAX_DEPTH - 1);
      function[inner] = before;
      list[inner] = FALSE;
      expect = expect && !insert && list[depth]; /* FROM (a, b) */
    }
    else if (word_is (word.text, "AS") && is_name (before) && words.rest.n > 1
             && (words.rest.p[1] == '(' || rca_bytes_has_prefix (words.rest, RCA_BYTES (" MATERIALIZED ("))
                 || rca_bytes_has_prefix (words.rest, RCA_BYTES (" NOT MATERIALIZED ("))))
    {
      if (tables->n_ctes < MAX_TABLES)
        tables->cte[tables->n_ctes++] = before;
      expect = FALSE;
    }
    else if (introduces_table (word.text, before, function[depth], ddl) && !(expect && may_stand_between (word.text)))
    {
      expect = TRUE;
      list[depth] = TRUE;
      insert = word_is (word.text, "INTO") || word_is (word.text, "TABLE") || word_is (word.text, "COPY") || (ddl && word_is (word.text, "ON"));
    }
    else if (word_is (word.text, ",") && list[depth])
      expect = TRUE;
    else if (expect && may_stand_between (word.text))
      ;
    else if (expect && is_name (word.text) && !is_reserved (word.text))
    {
      candidate = (Word){ word.text, depth };
      expect = FALSE;
    }
    else if (is_reserved (word.text))
    {
      expect = FALSE;
      list[depth] = list[depth] && word_is (word.text, "AS");
    }
    before = word.text;
  }
  if (candidate.text.n > 0)
    add_table (tables, candidate.text, candidate.depth);
}

/* The main tables first, then those of sub-queries, each in the order written. */
static guint
ordered_tables (RcaBytes fingerprint, RcaBytes *table, guint max)
{
  Tables tables = { .n = 0 };
  guint n = 0;
  collect_tables (fingerprint, &tables);
  for (guint inner = 0; inner < 2; inner++)
    for (guint i = 0; i < tables.n && n < max; i++)
      if ((tables.table[i].depth > 0) == inner)
        table[n++] = tables.table[i].name;
  return n;
}

guint
rca_sql_tables (RcaBytes fingerprint, RcaBytes *table, guint max)
{
  return ordered_tables (fingerprint, table, max);
}

typedef struct {
  char *text;
  gsize n;
} Name;

static gboolean
append (Name *name, RcaBytes a, RcaBytes b)
{
  gsize room = MAX_NAME - 4; /* for " …" */
  if (name->n + a.n + b.n > room)
    return FALSE;
  memcpy (name->text + name->n, a.p, a.n);
  memcpy (name->text + name->n + a.n, b.p, b.n);
  name->n += a.n + b.n;
  return TRUE;
}

/* The words before the verb that a person would leave out, and WITH's queries. */
static RcaBytes
main_part (RcaBytes fingerprint)
{
  static const char *const verbs[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", NULL };
  Words words = { .rest = fingerprint };
  Word word;
  RcaBytes start = fingerprint;
  if (!rca_bytes_has_prefix (fingerprint, RCA_BYTES ("WITH ")) && !rca_bytes_has_prefix (fingerprint, RCA_BYTES ("EXPLAIN ")))
  {
    while (start.n > 0 && (start.p[0] == '(' || start.p[0] == ' '))
      start = rca_bytes_from (start, 1);
    return start;
  }
  while (next_word (&words, &word))
    if (word.depth == 0 && word_is_one_of (word.text, verbs))
      return rca_bytes (word.text.p, (gsize)(fingerprint.p + fingerprint.n - word.text.p));
  return start;
}

/* ALTER TABLE, CREATE UNIQUE INDEX: the kind of thing belongs to the verb. */
static void
append_object (Name *name, Words *words, Word *object)
{
  static const char *const skipped[] = { "UNIQUE", "OR", "REPLACE", "TEMPORARY", "temporary", "TEMP", "temp", "unlogged", "global", NULL };
  Word word;
  while (next_word (words, &word))
    if (!word_is_one_of (word.text, skipped))
    {
      if (is_name (word.text))
      {
        g_autofree char *upper = g_ascii_strup (word.text.p, (gssize)MIN (word.text.n, 24));
        append (name, RCA_BYTES (" "), rca_bytes_str (upper));
      }
      break;
    }
  object->text.n = 0;
  while (next_word (words, &word))
    if (is_name (word.text) && !may_stand_between (word.text) && !word_is (word.text, "ON"))
    {
      *object = word;
      break;
    }
}

static gboolean
has_object (RcaBytes verb)
{
  static const char *const verbs[] = { "ALTER", "CREATE", "DROP", "REFRESH", NULL };
  return word_is_one_of (verb, verbs);
}

/* Statements whose second word is no table: SELECT f(), CALL p, SET x, SHOW x; and what is no SQL:
 * MongoDB's "find shop.orders {…}", Redis' "HGETALL cart:?". */
static RcaBytes
second_word (RcaBytes verb, Words *words)
{
  static const char *const verbs[] = { "SELECT", "CALL", "SET", "SHOW", "EXECUTE", "NOTIFY", "LISTEN", "INSERT", NULL };
  static const char *const alone[] = { "BEGIN", "COMMIT", "ROLLBACK", "START", "END", "ABORT", "SAVEPOINT", "RELEASE", "FETCH", "DECLARE", "CLOSE", "DISCARD", NULL };
  Word word, bracket;
  RcaBytes none = { NULL, 0 };
  if (word_is_one_of (verb, alone) || (!word_is_one_of (verb, verbs) && is_reserved (verb)))
    return none;
  if (!next_word (words, &word) || !is_name (word.text) || is_reserved (word.text))
    return none;
  if (word_is (verb, "SELECT") && (!next_word (words, &bracket) || !word_is (bracket.text, "(")))
    return none;
  return base_name (word.text);
}

RcaBytes
rca_sql_name (RcaBytes fingerprint, RcaArena *arena)
{
  RcaBytes table[MAX_TABLES];
  guint n = ordered_tables (fingerprint, table, MAX_TABLES);
  Words words = { .rest = main_part (fingerprint) };
  Word verb, object = { { NULL, 0 }, 0 };
  Name name = { .text = rca_arena_alloc (arena, MAX_NAME) };

  if (!next_word (&words, &verb))
    return (RcaBytes){ "", 0 };
  g_autofree char *upper = g_ascii_strup (verb.text.p, (gssize)MIN (verb.text.n, 24));
  append (&name, RCA_BYTES (""), rca_bytes_str (upper));
  if (has_object (verb.text))
    append_object (&name, &words, &object);
  if (n == 0)
  {
    RcaBytes what = object.text.n > 0 ? base_name (object.text) : second_word (verb.text, &words);
    if (what.n > 0)
      append (&name, RCA_BYTES (" "), rca_bytes (what.p, MIN (what.n, 48)));
  }
  for (guint i = 0; i < n; i++)
    if (!append (&name, i == 0 ? RCA_BYTES (" ") : RCA_BYTES (" ⋈ "), table[i]))
    {
      memcpy (name.text + name.n, " …", 4);
      name.n += 4;
      break;
    }
  return rca_bytes (name.text, name.n);
}

/* --- comments ------------------------------------------------------------- */

static RcaBytes
url_decoded (RcaArena *arena, RcaBytes text)
{
  if (!memchr (text.p, '%', text.n))
    return text;
  char *to = rca_arena_alloc (arena, text.n);
  gsize n = 0;
  for (gsize i = 0; i < text.n; i++)
  {
    gint high = i + 2 < text.n && text.p[i] == '%' ? g_ascii_xdigit_value (text.p[i + 1]) : -1;
    gint low = high >= 0 ? g_ascii_xdigit_value (text.p[i + 2]) : -1;
    if (low >= 0)
    {
      to[n++] = (char)(high * 16 + low);
      i += 2;
    }
    else
      to[n++] = text.p[i];
  }
  return rca_bytes (to, n);
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

/* key='value',key2='value2' (sqlcommenter) or key:value,key2:value2 (marginalia) */
static void
read_tags (RcaBytes comment, RcaArena *arena, RcaSqlTag tag, gpointer user)
{
  while (comment.n > 0)
  {
    gsize mark = 0, end;
    while (mark < comment.n && comment.p[mark] != '=' && comment.p[mark] != ':' && comment.p[mark] != ',')
      mark++;
    if (mark == comment.n)
      return;
    RcaBytes key = trim (rca_bytes (comment.p, mark));
    gboolean pair = comment.p[mark] != ',';
    comment = rca_bytes_from (comment, mark + 1);
    if (!pair)
      continue;
    gboolean quoted = comment.n > 0 && comment.p[0] == '\'';
    for (end = quoted ? 1 : 0; end < comment.n && comment.p[end] != (quoted ? '\'' : ',');)
      end += quoted && comment.p[end] == '\\' ? 2 : 1;
    end = MIN (end, comment.n);
    RcaBytes value = quoted ? rca_bytes (comment.p + 1, end - 1) : trim (rca_bytes (comment.p, end));
    comment = rca_bytes_from (comment, end + (quoted ? 1 : 0));
    if (key.n > 0 && key.n <= 64 && !memchr (key.p, ' ', key.n) && value.n > 0)
      tag (url_decoded (arena, key), url_decoded (arena, value), user);
    if (comment.n > 0 && comment.p[0] == ',')
      comment = rca_bytes_from (comment, 1);
  }
}

static gboolean
comment_at (RcaBytes text, RcaBytes *comment)
{
  gssize open = rca_bytes_find (text, RCA_BYTES ("/*"));
  if (open < 0)
    return FALSE;
  RcaBytes inner = rca_bytes_from (text, (gsize)open + 2);
  gssize close = rca_bytes_find (inner, RCA_BYTES ("*/"));
  if (close < 0)
    return FALSE;
  *comment = rca_bytes (inner.p, (gsize)close);
  return TRUE;
}

void
rca_sql_comment_tags (RcaBytes statement, RcaArena *arena, RcaSqlTag tag, gpointer user)
{
  RcaBytes text = trim (statement), comment;
  while (text.n > 0 && (text.p[text.n - 1] == ';' || g_ascii_isspace (text.p[text.n - 1])))
    text.n--;
  if (rca_bytes_has_suffix (text, RCA_BYTES ("*/")))
  {
    const char *open = text.p + text.n - 2;
    while (open > text.p && !(open[0] == '/' && open[1] == '*'))
      open--;
    if (comment_at (rca_bytes (open, (gsize)(text.p + text.n - open)), &comment))
      read_tags (comment, arena, tag, user);
  }
  else if (rca_bytes_has_prefix (text, RCA_BYTES ("/*")) && comment_at (text, &comment))
    read_tags (comment, arena, tag, user);
}
