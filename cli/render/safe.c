#include "safe.h"
#include "terminal.h"
#include <stdio.h>

static gboolean
is_bidi (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* What a terminal would obey instead of show; line and paragraph separators, tag characters. */
static gboolean
is_unsafe (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || is_bidi (c) || c == 0x2028 || c == 0x2029 || c == 0xfeff || (c >= 0xe0000 && c < 0xe0080);
}

/* ASCII for what the reports themselves write; "?" for the rest. */
static const char *
ascii_for (gunichar c)
{
  static const struct { gunichar c; const char *ascii; } table[] = {
    { 0x22c8, "JOIN" }, { 0x2026, "..." }, { 0x2192, "->" }, { 0x2190, "<-" }, { 0x2013, "-" }, { 0x2014, "-" }, { 0x2212, "-" },
    { 0x00d7, "x" }, { 0x2264, "<=" }, { 0x2265, ">=" }, { 0x00b5, "u" }, { 0x2018, "'" }, { 0x2019, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" },
    { 0x00b1, "+-" }, { 0x00b7, "*" }, { 0x00a0, " " }, { 0xfffd, "?" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].c == c)
      return table[i].ascii;
  return "?";
}

static void
put (GString *out, const char *text, gboolean unicode)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  for (const char *p = valid; *p; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '\t' || c == '\n')
        g_string_append_c (out, ' ');
      else if (is_unsafe (c))
        g_string_append_printf (out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      else if (c < 0x80 || unicode)
        g_string_append_unichar (out, c);
      else
        g_string_append (out, ascii_for (c));
    }
}

void
rca_put_safe (GString *out, const char *text)
{
  put (out, text, TRUE);
}

void
rca_put_safe_ascii (GString *out, const char *text)
{
  put (out, text, FALSE);
}

/* Line by line: a message may have several of its own. */
void
rca_say (const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; lines[i]; i++)
    {
      put (out, lines[i], rca_terminal_unicode ());
      g_string_append_c (out, '\n');
    }
  fputs (out->str, stderr);
}
