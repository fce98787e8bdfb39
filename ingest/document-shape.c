#include "document-shape.h"

enum { DEEPEST = 32 };

typedef struct {
  RcaBytes in;
  gsize at;
  char *out;
  gsize n, most;
  guint depth;
} Shape;

static void
put (Shape *s, RcaBytes text)
{
  gsize n = MIN (text.n, s->most - s->n);
  memcpy (s->out + s->n, text.p, n);
  s->n += n;
}

static gboolean
at_end (const Shape *s)
{
  return s->at >= s->in.n || s->n >= s->most;
}

static char
peek (Shape *s)
{
  while (s->at < s->in.n && g_ascii_isspace (s->in.p[s->at]))
    s->at++;
  return s->at < s->in.n ? s->in.p[s->at] : 0;
}

static RcaBytes
read_quoted (Shape *s)
{
  char quote = s->in.p[s->at++];
  gsize from = s->at;
  while (s->at < s->in.n && s->in.p[s->at] != quote)
    s->at += s->in.p[s->at] == '\\' ? 2 : 1;
  s->at = MIN (s->at, s->in.n);
  RcaBytes text = rca_bytes (s->in.p + from, s->at - from);
  s->at += s->at < s->in.n;
  return text;
}

static RcaBytes
read_key (Shape *s)
{
  if (peek (s) == '"' || peek (s) == '\'')
    return read_quoted (s);
  gsize from = s->at;
  while (s->at < s->in.n && !rca_char_in (s->in.p[s->at], ":,}] \n"))
    s->at++;
  return rca_bytes (s->in.p + from, s->at - from);
}

/* A number, a word, ObjectId('…'), new Date(…), a string. */
static void
skip_scalar (Shape *s)
{
  guint parentheses = 0;
  for (char c = peek (s); s->at < s->in.n; c = s->in.p[s->at])
  {
    if (c == '"' || c == '\'')
    {
      read_quoted (s);
      if (s->at >= s->in.n)
        return;
      continue;
    }
    if (parentheses == 0 && (c == ',' || c == '}' || c == ']'))
      return;
    parentheses += c == '(';
    parentheses -= c == ')' && parentheses > 0;
    if (++s->at >= s->in.n)
      return;
  }
}

static void read_value (Shape *s);

/* Extended JSON writes scalars as documents of one member: {"$oid": …}, {"$date": …}. */
static gboolean
is_scalar_document (const Shape *s)
{
  static const char *const names[] = { "$oid",  "$date",      "$numberLong",        "$numberInt", "$numberDouble", "$numberDecimal", "$binary",
                                       "$uuid", "$timestamp", "$regularExpression", "$undefined", "$minKey",       "$maxKey",        NULL };
  RcaBytes rest = rca_bytes_from (s->in, s->at + 1);
  while (rest.n && (rest.p[0] == ' ' || rest.p[0] == '"'))
    rest = rca_bytes_from (rest, 1);
  for (guint i = 0; names[i]; i++)
    if (rca_bytes_starts (rest, names[i]))
      return TRUE;
  return FALSE;
}

static void
read_document (Shape *s)
{
  gboolean scalar = is_scalar_document (s);
  gsize begin = s->n;
  s->at++;
  put (s, RCA_BYTES ("{"));
  for (gboolean first = TRUE; !at_end (s) && peek (s) != '}'; first = FALSE)
  {
    gsize from = s->at;
    if (!first)
      put (s, RCA_BYTES (", "));
    put (s, read_key (s));
    if (peek (s) == ':')
    {
      s->at++;
      put (s, RCA_BYTES (": "));
      read_value (s);
    }
    if (peek (s) == ',')
      s->at++;
    if (s->at == from)
      s->at++; /* no document after all: go on */
  }
  s->at++;
  put (s, RCA_BYTES ("}"));
  if (scalar && s->n < s->most)
  {
    s->n = begin;
    put (s, RCA_BYTES ("?"));
  }
}

static void
read_array (Shape *s)
{
  s->at++;
  put (s, RCA_BYTES ("["));
  gsize begin = s->n, last = begin, last_n = 0;
  while (!at_end (s) && peek (s) != ']')
  {
    gsize from = s->at, item = s->n;
    if (item > begin)
      put (s, RCA_BYTES (", "));
    gsize shape = s->n;
    read_value (s);
    if (last_n == s->n - shape && last_n && memcmp (s->out + last, s->out + shape, last_n) == 0)
      s->n = item; /* like the one before */
    else
    {
      last = shape;
      last_n = s->n - shape;
    }
    if (peek (s) == ',')
      s->at++;
    if (s->at == from)
      s->at++;
  }
  s->at++;
  put (s, RCA_BYTES ("]"));
}

static void
read_value (Shape *s)
{
  char c = peek (s);
  if ((c == '{' || c == '[') && s->depth < DEEPEST)
  {
    s->depth++;
    if (c == '{')
      read_document (s);
    else
      read_array (s);
    s->depth--;
    return;
  }
  if (c == '{' || c == '[')
  {
    s->at = s->in.n;
    return;
  }
  skip_scalar (s);
  put (s, RCA_BYTES ("?"));
}

RcaBytes
rca_document_shape (RcaBytes document, gsize most, RcaArena *arena)
{
  Shape s = { .in = document, .out = rca_arena_alloc (arena, most), .most = most };
  read_value (&s);
  return rca_bytes (s.out, s.n);
}
