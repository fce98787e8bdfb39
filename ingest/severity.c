#include "severity.h"

/* Words in lower case by their first letter: nearly every word of a text is none, and most letters begin none. */
typedef struct {
  RcaBytes word;
  RcaSeverity severity;
} LevelWord;

#define WORDS(...) ((const LevelWord[]){ __VA_ARGS__, { { NULL, 0 }, RCA_SEVERITY_NONE } })
#define WORD(text, severity) { { text, sizeof (text) - 1 }, RCA_SEVERITY_##severity }

static const LevelWord *const words[26] = {
  ['a' - 'a'] = WORDS (WORD ("alert", FATAL)),
  ['c' - 'a'] = WORDS (WORD ("config", DEBUG), WORD ("critical", FATAL), WORD ("crit", FATAL), WORD ("c", FATAL)),
  ['d' - 'a'] = WORDS (WORD ("debug", DEBUG), WORD ("dbg", DEBUG), WORD ("debug1", DEBUG), WORD ("d", DEBUG), WORD ("debu", DEBUG), WORD ("dpanic", FATAL)),
  ['e' - 'a'] = WORDS (WORD ("error", ERROR), WORD ("err", ERROR), WORD ("eror", ERROR), WORD ("e", ERROR), WORD ("emerg", FATAL), WORD ("emergency", FATAL), WORD ("erro", ERROR)),
  ['f' - 'a'] = WORDS (WORD ("finest", TRACE), WORD ("finer", TRACE), WORD ("fine", DEBUG), WORD ("failure", ERROR), WORD ("fatal", FATAL), WORD ("ftl", FATAL), WORD ("fata", FATAL), WORD ("f", FATAL)),
  ['i' - 'a'] = WORDS (WORD ("info", INFO), WORD ("information", INFO), WORD ("informational", INFO), WORD ("inf", INFO), WORD ("i", INFO)),
  ['l' - 'a'] = WORDS (WORD ("log", INFO)),
  ['n' - 'a'] = WORDS (WORD ("notice", INFO), WORD ("note", INFO)),
  ['p' - 'a'] = WORDS (WORD ("panic", FATAL), WORD ("pani", FATAL)),
  ['s' - 'a'] = WORDS (WORD ("severe", ERROR)),
  ['t' - 'a'] = WORDS (WORD ("trace", TRACE), WORD ("trac", TRACE)),
  ['v' - 'a'] = WORDS (WORD ("verbose", TRACE)),
  ['w' - 'a'] = WORDS (WORD ("warn", WARN), WORD ("warning", WARN), WORD ("wrn", WARN), WORD ("w", WARN)),
};

#define LONGEST_WORD 13

static gboolean
equals_folded (RcaBytes word, const char *lower)
{
  for (gsize i = 0; i < word.n; i++)
    if ((word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] | 32 : word.p[i]) != lower[i])
      return FALSE;
  return TRUE;
}

static gboolean
parse (RcaBytes word, gsize shortest, RcaSeverity *out)
{
  guint letter = word.n > 0 ? (guint)((word.p[0] | 32) - 'a') : 26;
  if (word.n < shortest || word.n > LONGEST_WORD || letter >= 26 || !words[letter])
    return FALSE;
  for (const LevelWord *level = words[letter]; level->word.p; level++)
    if (level->word.n == word.n && equals_folded (word, level->word.p))
    {
      *out = level->severity;
      return TRUE;
    }
  return FALSE;
}

gboolean
rca_severity_parse (RcaBytes word, RcaSeverity *out)
{
  return parse (word, 1, out);
}

static gboolean
is_upper (RcaBytes word)
{
  for (gsize i = 0; i < word.n; i++)
    if (!g_ascii_isupper (word.p[i]))
      return FALSE;
  return TRUE;
}

/* How many tokens may stand before the level: thread, pid, logger, host… */
#define LEVEL_TOKENS 8
#define LEVEL_SPAN   160

RcaSeverity
rca_severity_find (RcaBytes text)
{
  const char *p = text.p, *end = text.p + MIN (text.n, LEVEL_SPAN);
  for (guint token = 0; token < LEVEL_TOKENS && p < end; token++)
  {
    while (p < end && !g_ascii_isalpha (*p))
      p++;
    const char *word = p;
    while (p < end && g_ascii_isalnum (*p))
      p++;
    RcaSeverity severity;
    RcaBytes w = rca_bytes (word, (gsize)(p - word));
    if (!parse (w, 3, &severity))
      continue;
    char before = word > text.p ? word[-1] : ' ', after = p < text.p + text.n ? *p : ' ';
    /* "config:", "note:" and "log:" are prose more often than levels */
    gboolean bracketed = (before == '[' && after == ']') || (before == '<' && after == '>') || (before == '(' && after == ')');
    gboolean marked = after == ':' || before == '=' || (before == '|' || after == '|');
    if (bracketed || (is_upper (w) && before != '-' && before != '_' && before != '/' && before != '.' && after != '_' && after != '-')
        || (marked && (token < 2 || before == '=')))
      return severity;
  }
  return RCA_SEVERITY_NONE;
}

RcaSeverity
rca_severity_from_syslog (gint64 number)
{
  static const RcaSeverity severities[] = {
    RCA_SEVERITY_FATAL, RCA_SEVERITY_FATAL, RCA_SEVERITY_FATAL, RCA_SEVERITY_ERROR, RCA_SEVERITY_WARN, RCA_SEVERITY_INFO, RCA_SEVERITY_INFO, RCA_SEVERITY_DEBUG,
  };
  return number >= 0 && number < (gint64)G_N_ELEMENTS (severities) ? severities[number] : RCA_SEVERITY_NONE;
}

RcaSeverity
rca_severity_from_otel (gint64 number)
{
  static const RcaSeverity severities[] = {
    RCA_SEVERITY_TRACE, RCA_SEVERITY_DEBUG, RCA_SEVERITY_INFO, RCA_SEVERITY_WARN, RCA_SEVERITY_ERROR, RCA_SEVERITY_FATAL,
  };
  return number >= 1 && number <= 24 ? severities[(number - 1) / 4] : RCA_SEVERITY_NONE;
}
