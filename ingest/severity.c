#include "severity.h"

static const struct {
  const char *word; /* lower case */
  RcaSeverity severity;
} words[] = {
  { "trace", RCA_SEVERITY_TRACE },        { "finest", RCA_SEVERITY_TRACE }, { "finer", RCA_SEVERITY_TRACE },     { "verbose", RCA_SEVERITY_TRACE },
  { "debug", RCA_SEVERITY_DEBUG },        { "fine", RCA_SEVERITY_DEBUG },   { "dbg", RCA_SEVERITY_DEBUG },       { "debug1", RCA_SEVERITY_DEBUG },
  { "config", RCA_SEVERITY_DEBUG },       { "d", RCA_SEVERITY_DEBUG },      { "info", RCA_SEVERITY_INFO },       { "information", RCA_SEVERITY_INFO },
  { "informational", RCA_SEVERITY_INFO }, { "inf", RCA_SEVERITY_INFO },     { "notice", RCA_SEVERITY_INFO },     { "note", RCA_SEVERITY_INFO },
  { "log", RCA_SEVERITY_INFO },           { "i", RCA_SEVERITY_INFO },       { "warn", RCA_SEVERITY_WARN },       { "warning", RCA_SEVERITY_WARN },
  { "wrn", RCA_SEVERITY_WARN },           { "w", RCA_SEVERITY_WARN },       { "error", RCA_SEVERITY_ERROR },     { "err", RCA_SEVERITY_ERROR },
  { "eror", RCA_SEVERITY_ERROR },         { "severe", RCA_SEVERITY_ERROR }, { "failure", RCA_SEVERITY_ERROR },   { "e", RCA_SEVERITY_ERROR },
  { "fatal", RCA_SEVERITY_FATAL },        { "ftl", RCA_SEVERITY_FATAL },    { "critical", RCA_SEVERITY_FATAL },  { "crit", RCA_SEVERITY_FATAL },
  { "alert", RCA_SEVERITY_FATAL },        { "emerg", RCA_SEVERITY_FATAL },  { "emergency", RCA_SEVERITY_FATAL }, { "panic", RCA_SEVERITY_FATAL },
  { "erro", RCA_SEVERITY_ERROR },         { "fata", RCA_SEVERITY_FATAL },   { "pani", RCA_SEVERITY_FATAL },     { "trac", RCA_SEVERITY_TRACE },
  { "debu", RCA_SEVERITY_DEBUG },         { "dpanic", RCA_SEVERITY_FATAL },       { "f", RCA_SEVERITY_FATAL },      { "c", RCA_SEVERITY_FATAL },
};

#define LONGEST_WORD 13

static gboolean
parse (RcaBytes word, gsize shortest, RcaSeverity *out)
{
  char lower[LONGEST_WORD + 1];
  if (word.n < shortest || word.n > LONGEST_WORD)
    return FALSE;
  for (gsize i = 0; i < word.n; i++)
    lower[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] | 32 : word.p[i]);
  lower[word.n] = 0;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (words[i].word[0] == lower[0] && strcmp (words[i].word, lower) == 0)
    {
      *out = words[i].severity;
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
