#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"
#include <pcre2.h>
#include <string.h>

/* Enough for any sensible pattern on a line; a catastrophic one ends after some milliseconds. */
enum { MATCH_LIMIT = 200000, HEAP_LIMIT_KIB = 64 * 1024, JIT_STACK_MOST = 1 << 20 };

struct RcaPattern {
  char *literal; /* the whole pattern, when it is a plain string; else what a match needs, or NULL */
  gsize literal_n;
  pcre2_code *code; /* NULL: the literal is all */
  pcre2_match_data *data;
  pcre2_match_context *limits;
  pcre2_jit_stack *stack;
  guint64 gave_up;
};

G_DEFINE_QUARK (rca-pattern-error-quark, rca_pattern_error)

static gboolean
is_plain (const char *text)
{
  return strpbrk (text, "\\^$.[]|()?*+{}#") == NULL;
}

static gboolean
fail (int code, size_t offset, const char *text, GError **error)
{
  PCRE2_UCHAR message[256];
  pcre2_get_error_message (code, message, sizeof message);
  g_set_error (error, RCA_PATTERN_ERROR, RCA_PATTERN_ERROR_SYNTAX, "pattern \"%s\", at character %zu: %s (-F takes it as it stands)", text, offset + 1, (const char *) message);
  return FALSE;
}

static gboolean
compile (RcaPattern *p, const char *text, uint32_t options, GError **error)
{
  int code;
  size_t offset;
  p->code = pcre2_compile ((PCRE2_SPTR) text, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);
  if (!p->code)
    return fail (code, offset, text, error);
  p->limits = pcre2_match_context_create (NULL);
  pcre2_set_match_limit (p->limits, MATCH_LIMIT);
  pcre2_set_heap_limit (p->limits, HEAP_LIMIT_KIB);
  if (pcre2_jit_compile (p->code, PCRE2_JIT_COMPLETE) == 0)
    {
      p->stack = pcre2_jit_stack_create (32 * 1024, JIT_STACK_MOST, NULL);
      pcre2_jit_stack_assign (p->limits, NULL, p->stack);
    }
  p->data = pcre2_match_data_create (1, NULL);
  return TRUE;
}

/* How many of the characters at @p one item of a pattern takes when it is an ordinary character, possibly escaped; 0: it
 * is something else. The character in @c. */
static gsize
ordinary (const char *p, char *c)
{
  *c = *p;
  if (*p == '\\' && p[1] && !g_ascii_isalnum (p[1]))
    {
      *c = p[1];
      return 2;
    }
  return *p && !strchr ("\\^$.[]|()?*+{}#", *p) ? 1 : 0;
}

static gboolean
may_be_absent (char quantifier)
{
  return quantifier == '?' || quantifier == '*' || quantifier == '{';
}

/* The end of a class in square brackets that begins at @p. */
static const char *
class_end (const char *p)
{
  p += p[1] == '^' ? 2 : 1;
  if (*p == ']')
    p++;
  for (; *p && *p != ']'; p++)
    if (*p == '\\' && p[1])
      p++;
    else if (*p == '[' && p[1] == ':')
      p = strstr (p, ":]") ? strstr (p, ":]") + 1 : p;
  return *p ? p + 1 : p;
}

/* Only patterns whose items can be told one from the next at sight: no alternatives, groups and options, no escapes
 * with more than a letter (\x41, \p{L}, \Q), no characters of several bytes. */
static gboolean
is_simple (const char *text)
{
  for (const char *p = text; *p; p++)
    {
      if (strchr ("|()#", *p) || (guchar) *p >= 0x80)
        return FALSE;
      if (*p == '\\' && (!*++p || (g_ascii_isalnum (*p) && !strchr ("dDwWsSbBAZzhHvVRX", *p))))
        return FALSE;
    }
  return TRUE;
}

/* The longest string that every match of @text holds, or NULL. */
static char *
needed_literal (const char *text)
{
  if (!is_simple (text))
    return NULL;
  g_autoptr (GString) run = g_string_new (NULL), best = g_string_new (NULL);
  for (const char *p = text;;)
    {
      char c;
      gsize n = ordinary (p, &c);
      if (n && !may_be_absent (p[n]))
        g_string_append_c (run, c);
      gboolean goes_on = n && !may_be_absent (p[n]) && p[n] != '+';
      if (!goes_on)
        {
          if (run->len > best->len)
            g_string_assign (best, run->str);
          g_string_truncate (run, 0);
        }
      if (!*p)
        break;
      p = n ? p + n : *p == '[' ? class_end (p) : *p == '\\' && p[1] ? p + 2 : *p == '{' && strchr (p, '}') ? strchr (p, '}') + 1 : p + 1;
    }
  return best->len > 1 ? g_strdup (best->str) : NULL;
}

RcaPattern *
rca_pattern_new (const char *text, gboolean fixed, gboolean ignore_case, gboolean utf8, GError **error)
{
  g_autoptr (RcaPattern) p = g_new0 (RcaPattern, 1);
  if (!ignore_case && (fixed || is_plain (text)))
    {
      p->literal = g_strdup (text);
      p->literal_n = strlen (text);
      return g_steal_pointer (&p);
    }
  uint32_t options = (fixed ? PCRE2_LITERAL : 0) | (ignore_case ? PCRE2_CASELESS : 0);
  if (utf8 && g_utf8_validate (text, -1, NULL))
    options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  if (!compile (p, text, options, error))
    return NULL;
  if (!ignore_case && (p->literal = needed_literal (text)))
    p->literal_n = strlen (p->literal);
  return g_steal_pointer (&p);
}

void
rca_pattern_free (RcaPattern *p)
{
  pcre2_match_data_free (p->data);
  pcre2_match_context_free (p->limits);
  pcre2_jit_stack_free (p->stack);
  pcre2_code_free (p->code);
  g_free (p->literal);
  g_free (p);
}

static gboolean
match_literal (const RcaPattern *p, const char *line, gsize n, gsize *start, gsize *end)
{
  const char *at = memmem (line, n, p->literal, p->literal_n);
  if (at && start)
    {
      *start = (gsize) (at - line);
      *end = *start + p->literal_n;
    }
  return at != NULL;
}

gboolean
rca_pattern_match (RcaPattern *p, const char *line, gsize n, gsize *start, gsize *end)
{
  if (!p->code)
    return match_literal (p, line, n, start, end);
  int got = pcre2_match (p->code, (PCRE2_SPTR) line, n, 0, 0, p->data, p->limits);
  if (got < 0)
    {
      p->gave_up += got != PCRE2_ERROR_NOMATCH;
      return FALSE;
    }
  if (start)
    {
      size_t *v = pcre2_get_ovector_pointer (p->data);
      *start = MIN (v[0], v[1]); /* \K can end before it begins */
      *end = MAX (v[0], v[1]);
    }
  return TRUE;
}

const char *
rca_pattern_literal (const RcaPattern *p, gsize *n)
{
  *n = p->literal_n;
  return p->literal;
}

guint64
rca_pattern_gave_up (const RcaPattern *p)
{
  return p->gave_up;
}
