#include "json-scan.h"
#include "bounds.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MAX_DEPTH RCA_BOUND_JSON_DEPTH
#define MAX_PATH  512 /* bytes of a dotted path; what is longer is cut, so that it matches no name */

#define MAX_INNER 32 /* containers whose ends are kept; of more, each is measured when it is reached */

typedef struct {
  const char *at, *after;
} Extent;

typedef struct {
  const char *p, *end;
  RcaArena *arena;
  RcaJsonVisit visit; /* NULL: skip */
  gpointer user;
  /* the containers within the last one that was measured, in their order: so that no depth is measured twice */
  Extent inner[MAX_INNER];
  guint n_inner, next_inner;
  char path[MAX_PATH];
} Scan;

static void
skip_blank (Scan *s)
{
  while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
    s->p++;
}

static int
hex4 (const char *p)
{
  int value = 0;
  for (int i = 0; i < 4; i++)
  {
    int digit = g_ascii_xdigit_value (p[i]);
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

static char *
put_utf8 (char *out, guint32 c)
{
  if (c < 0x80)
    *out++ = (char)c;
  else if (c < 0x800)
  {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 63));
  }
  else if (c < 0x10000)
  {
    *out++ = (char)(0xe0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  else
  {
    *out++ = (char)(0xf0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 63));
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  return out;
}

/* One \uXXXX at @p (after the u), perhaps the first of a pair; a lone surrogate becomes U+FFFD. */
static const char *
unescape_unicode (const char *p, const char *end, char **out)
{
  int c = end - p < 4 ? -1 : hex4 (p);
  if (c < 0)
  { /* not JSON, but somebody wrote it: keep the letters */
    *(*out)++ = 'u';
    return p;
  }
  p += 4;
  if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u')
  {
    int low = hex4 (p + 2);
    if (low >= 0xdc00 && low < 0xe000)
    {
      *out = put_utf8 (*out, 0x10000 + ((guint32)(c - 0xd800) << 10) + (guint32)(low - 0xdc00));
      return p + 6;
    }
  }
  *out = put_utf8 (*out, c >= 0xd800 && c < 0xe000 ? 0xfffd : (guint32)c);
  return p;
}

static RcaBytes
unescape (RcaArena *arena, const char *p, const char *end)
{
  char *to = rca_arena_alloc (arena, (gsize)(end - p)), *out = to;
  while (p < end)
  {
    const char *slash = memchr (p, '\\', (gsize)(end - p));
    gsize run = (gsize)((slash ? slash : end) - p);
    memcpy (out, p, run);
    out += run;
    p += run;
    if (p == end || ++p == end)
      break;
    char c = *p++;
    switch (c)
    {
    case 'n':
      *out++ = '\n';
      break;
    case 't':
      *out++ = '\t';
      break;
    case 'r':
      *out++ = '\r';
      break;
    case 'b':
      *out++ = '\b';
      break;
    case 'f':
      *out++ = '\f';
      break;
    case 'u':
      p = unescape_unicode (p, end, &out);
      break;
    default:
      *out++ = c;
      break;
    }
  }
  return rca_bytes (to, (gsize)(out - to));
}

/* The first quote or backslash from @p on, or @end. */
static inline const char *
quote_or_slash (const char *p, const char *end)
{
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8 ('"'), slash = _mm_set1_epi8 ('\\');
  for (; end - p >= 16; p += 16)
  {
    __m128i bytes = _mm_loadu_si128 ((const __m128i *)(const void *)p);
    guint mask = (guint)_mm_movemask_epi8 (_mm_or_si128 (_mm_cmpeq_epi8 (bytes, quote), _mm_cmpeq_epi8 (bytes, slash)));
    if (mask)
      return p + __builtin_ctz (mask);
  }
#endif
  while (p < end && *p != '"' && *p != '\\')
    p++;
  return p;
}

/* @p is at a quote. Returns what follows the closing one (NULL: there is none), and whether there are escapes. */
static const char *
string_end (const char *p, const char *end, gboolean *escaped)
{
  *escaped = FALSE;
  for (p = quote_or_slash (p + 1, end); p < end; p = quote_or_slash (p + 2, end))
  {
    if (*p == '"')
      return p + 1;
    *escaped = TRUE;
    if (end - p < 2)
      break;
  }
  return NULL;
}

static gboolean
scan_string (Scan *s, RcaBytes *raw, gboolean *escaped)
{
  const char *after = string_end (s->p, s->end, escaped);
  if (!after)
    return FALSE;
  *raw = rca_bytes (s->p + 1, (gsize)(after - s->p) - 2);
  s->p = after;
  return TRUE;
}

/* NaN and Infinity are not JSON, but Python and Prometheus write them. */
static gboolean
scan_word (Scan *s, RcaJsonType *type)
{
  static const struct {
    RcaBytes word;
    RcaJsonType type;
  } words[] = {
    { { "null", 4 }, RCA_JSON_NULL }, { { "true", 4 }, RCA_JSON_TRUE },     { { "false", 5 }, RCA_JSON_FALSE },
    { { "NaN", 3 }, RCA_JSON_NULL },  { { "Infinity", 8 }, RCA_JSON_NULL }, { { "-Infinity", 9 }, RCA_JSON_NULL },
  };
  RcaBytes rest = rca_bytes (s->p, (gsize)(s->end - s->p));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_has_prefix (rest, words[i].word))
    {
      *type = words[i].type;
      s->p += words[i].word.n;
      return TRUE;
    }
  return FALSE;
}

static gboolean
scan_number (Scan *s)
{
  const char *from = s->p;
  gboolean digit = FALSE;
  for (; s->p < s->end; s->p++)
  {
    char c = *s->p;
    if (c >= '0' && c <= '9')
      digit = TRUE;
    else if (c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E')
      break;
  }
  return digit && s->p > from;
}

static gboolean scan_container (Scan *s, guint depth, gsize path_n);

/* At a bracket. Returns what follows its partner, NULL when there is none: only brackets and strings matter. */
static const char *
measure (Scan *s)
{
  guint open = 0, above[MAX_DEPTH + 1]; /* the extents that are open */
  const char *p = s->p, *end = s->end;
  s->n_inner = s->next_inner = 0;
  while (p < end)
  {
    char c = *p;
    if (c == '"')
    {
      gboolean escaped;
      if (!(p = string_end (p, end, &escaped)))
        return NULL;
      continue;
    }
    p++;
    if (c == '{' || c == '[')
    {
      if (open > 0 && open <= MAX_DEPTH)
        above[open] = s->n_inner;
      if (open > 0 && open <= MAX_DEPTH && s->n_inner < MAX_INNER)
        s->inner[s->n_inner++] = (Extent){ p - 1, NULL };
      open++;
    }
    else if (c == '}' || c == ']')
    {
      if (--open == 0)
        return p;
      if (open <= MAX_DEPTH && above[open] < MAX_INNER)
        s->inner[above[open]].after = p;
    }
  }
  s->n_inner = 0;
  return NULL;
}

static const char *
container_end (Scan *s)
{
  while (s->next_inner < s->n_inner && s->inner[s->next_inner].at < s->p) /* within what was skipped */
    s->next_inner++;
  if (s->next_inner < s->n_inner && s->inner[s->next_inner].at == s->p && s->inner[s->next_inner].after)
    return s->inner[s->next_inner++].after;
  return measure (s);
}

static gsize
path_push (Scan *s, gsize path_n, RcaBytes key)
{
  gsize at = path_n;
  if (at > 0 && at < MAX_PATH)
    s->path[at++] = '.';
  gsize n = MIN (key.n, MAX_PATH - at);
  memcpy (s->path + at, key.p, n);
  return at + n;
}

static gboolean
scan_container_value (Scan *s, RcaBytes key, guint depth, gsize path_n)
{
  const char *after = container_end (s);
  RcaJsonType type = *s->p == '{' ? RCA_JSON_OBJECT : RCA_JSON_ARRAY;
  if (!after)
    return FALSE;
  RcaBytes value = rca_bytes (s->p, (gsize)(after - s->p));
  if (!s->visit || !s->visit (rca_bytes (s->path, path_n), key, type, value, depth, s->user) || depth >= MAX_DEPTH)
  {
    s->p = after;
    return TRUE;
  }
  return scan_container (s, depth + 1, path_n);
}

static gboolean
scan_value (Scan *s, RcaBytes key, guint depth, gsize path_n)
{
  skip_blank (s);
  if (s->p >= s->end)
    return FALSE;
  const char *from = s->p;
  RcaJsonType type = RCA_JSON_NUMBER;
  RcaBytes value;
  gboolean escaped;

  switch (*from)
  {
  case '{':
  case '[':
    return scan_container_value (s, key, depth, path_n);
  case '"':
    if (!scan_string (s, &value, &escaped))
      return FALSE;
    if (escaped && s->visit)
      value = unescape (s->arena, value.p, value.p + value.n);
    type = RCA_JSON_STRING;
    break;
  default:
    if (!scan_word (s, &type) && !scan_number (s))
      return FALSE;
    value = rca_bytes (from, (gsize)(s->p - from));
  }
  if (s->visit)
    s->visit (rca_bytes (s->path, path_n), key, type, value, depth, s->user);
  return TRUE;
}

static gboolean
scan_member_key (Scan *s, RcaBytes *key)
{
  gboolean escaped;
  skip_blank (s);
  if (s->p >= s->end || *s->p != '"' || !scan_string (s, key, &escaped))
    return FALSE;
  if (escaped)
    *key = unescape (s->arena, key->p, key->p + key->n);
  skip_blank (s);
  if (s->p >= s->end || *s->p != ':')
    return FALSE;
  s->p++;
  return TRUE;
}

/* At a bracket. @depth is that of its members. */
static gboolean
scan_container (Scan *s, guint depth, gsize path_n)
{
  gboolean object = *s->p++ == '{';
  char close = object ? '}' : ']';
  for (guint index = 0;; index++)
  {
    char number[12];
    RcaBytes key;
    skip_blank (s);
    if (s->p < s->end && *s->p == close)
      break;
    if (index > 0)
    {
      if (s->p >= s->end || *s->p != ',')
        return FALSE;
      s->p++;
    }
    if (object)
    {
      if (!scan_member_key (s, &key))
        return FALSE;
    }
    else
    {
      char *digit = number + sizeof number;
      guint left = index;
      do
        *--digit = (char)('0' + left % 10);
      while (left /= 10);
      key = rca_bytes (digit, (gsize)(number + sizeof number - digit));
    }
    if (!scan_value (s, key, depth, path_push (s, path_n, key)))
      return FALSE;
  }
  s->p++;
  return TRUE;
}

gsize
rca_json_scan (RcaBytes text, RcaArena *arena, RcaJsonVisit visit, gpointer user)
{
  Scan s; /* its path is not cleared on purpose: this is called for every line */
  if (text.n == 0)
    return 0;
  s.p = text.p;
  s.end = text.p + text.n;
  s.arena = arena;
  s.visit = visit;
  s.user = user;
  s.n_inner = s.next_inner = 0;
  skip_blank (&s);
  if (s.p >= s.end)
    return 0;
  gboolean whole = *s.p == '{' || *s.p == '[' ? scan_container (&s, 1, 0) : scan_value (&s, (RcaBytes){ "", 0 }, 0, 0);
  return whole ? (gsize)(s.p - text.p) : 0;
}

typedef struct {
  RcaBytes path;
  gboolean found;
  RcaJsonType type;
  RcaBytes value;
} Wanted;

static gboolean
take_wanted (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Wanted *wanted = user;
  if (rca_bytes_equal (path, wanted->path))
  {
    wanted->found = TRUE;
    wanted->type = type;
    wanted->value = value;
    return FALSE;
  }
  return wanted->path.n > path.n && wanted->path.p[path.n] == '.' && rca_bytes_has_prefix (wanted->path, path);
}

gboolean
rca_json_get (RcaBytes text, const char *path, RcaArena *arena, RcaJsonType *type, RcaBytes *value)
{
  Wanted wanted = { .path = rca_bytes_str (path) };
  if (rca_json_scan (text, arena, take_wanted, &wanted) == 0 || !wanted.found)
    return FALSE;
  if (type)
    *type = wanted.type;
  if (value)
    *value = wanted.value;
  return TRUE;
}

typedef struct {
  RcaJsonEach each;
  gpointer user;
  guint n;
} Elements;

static gboolean
take_element (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Elements *elements = user;
  elements->each (elements->n++, type, value, elements->user);
  return FALSE;
}

guint
rca_json_each (RcaBytes array, RcaArena *arena, RcaJsonEach each, gpointer user)
{
  Elements elements = { .each = each, .user = user };
  gsize at = 0;
  while (at < array.n && g_ascii_isspace (array.p[at]))
    at++;
  if (at < array.n && array.p[at] == '[')
    rca_json_scan (array, arena, take_element, &elements);
  return elements.n;
}

static gsize
skip_blanks (RcaBytes text, gsize at)
{
  while (at < text.n && g_ascii_isspace (text.p[at]))
    at++;
  return at;
}

gboolean
rca_json_mentions (RcaBytes text, const char *key, const char *prefix)
{
  RcaBytes name = rca_bytes_str (key), wanted = rca_bytes_str (prefix);
  gssize found;
  for (gsize from = 0; (found = rca_bytes_find (rca_bytes_from (text, from), name)) >= 0; from += (gsize)found + 1)
  {
    gsize begin = from + (gsize)found, at = begin + name.n;
    if (begin == 0 || text.p[begin - 1] != '"' || at >= text.n || text.p[at] != '"')
      continue;
    at = skip_blanks (text, at + 1);
    if (at >= text.n || text.p[at] != ':')
      continue;
    if (rca_bytes_has_prefix (rca_bytes_from (text, skip_blanks (text, at + 1)), wanted))
      return TRUE;
  }
  return FALSE;
}
