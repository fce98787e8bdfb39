#include "json-writer.h"
#include "timestamp.h"
#include <math.h>

/* Also what a terminal obeys: documents are printed there, and JSON has a spelling for it. */
static gboolean
is_escaped (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void
put_text (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_string_append_c (out, '"');
  for (const char *p = valid; *p; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", (char) c);
      else if (is_escaped (c))
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_unichar (out, c);
    }
  g_string_append_c (out, '"');
}

static void
begin (RcaJson *j, const char *key)
{
  if (j->comma)
    g_string_append (j->out, ", ");
  j->comma = TRUE;
  if (key)
    {
      put_text (j->out, key);
      g_string_append (j->out, ": ");
    }
}

void
rca_json_open (RcaJson *j, const char *key, char bracket)
{
  begin (j, key);
  g_string_append_c (j->out, bracket);
  j->comma = FALSE;
}

void
rca_json_close (RcaJson *j, char bracket)
{
  g_string_append_c (j->out, bracket);
  j->comma = TRUE;
}

void
rca_json_null (RcaJson *j, const char *key)
{
  begin (j, key);
  g_string_append (j->out, "null");
}

void
rca_json_string (RcaJson *j, const char *key, const char *value)
{
  if (!value)
    {
      rca_json_null (j, key);
      return;
    }
  begin (j, key);
  put_text (j->out, value);
}

void
rca_json_uint (RcaJson *j, const char *key, guint64 value)
{
  begin (j, key);
  g_string_append_printf (j->out, "%" G_GUINT64_FORMAT, value);
}

void
rca_json_number (RcaJson *j, const char *key, double value, guint decimals)
{
  if (!isfinite (value))
    {
      rca_json_null (j, key);
      return;
    }
  char format[8], text[G_ASCII_DTOSTR_BUF_SIZE + 300];
  g_snprintf (format, sizeof format, "%%.%uf", decimals);
  g_ascii_formatd (text, sizeof text, format, value == 0 ? 0 : value);
  if (strchr (text, '.'))
    {
      gsize n = strlen (text);
      while (text[n - 1] == '0')
        n--;
      text[text[n - 1] == '.' ? n - 1 : n] = 0;
    }
  begin (j, key);
  g_string_append (j->out, strcmp (text, "-0") == 0 ? "0" : text);
}

void
rca_json_bool (RcaJson *j, const char *key, gboolean value)
{
  begin (j, key);
  g_string_append (j->out, value ? "true" : "false");
}

void
rca_json_time (RcaJson *j, const char *key, gint64 time_ns)
{
  char text[32];
  rca_json_string (j, key, time_ns == RCA_TIME_NONE ? NULL : rca_time_format (time_ns, text));
}
