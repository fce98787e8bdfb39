#include "html-text.h"
#include "safe.h"
#include <string.h>

enum { LONGEST = 4000 };

static void
put_escaped (GString *out, const char *safe)
{
  for (const char *p = safe; *p; p++)
    switch (*p)
      {
      case '<': g_string_append (out, "&lt;"); break;
      case '>': g_string_append (out, "&gt;"); break;
      case '&': g_string_append (out, "&amp;"); break;
      case '"': g_string_append (out, "&quot;"); break;
      case '\'': g_string_append (out, "&#39;"); break;
      default: g_string_append_c (out, *p);
      }
}

void
rca_html_text (GString *out, const char *text)
{
  gsize n = strlen (text), shown = MIN (n, LONGEST);
  while (shown < n && shown > 0 && ((guchar) text[shown] & 0xc0) == 0x80)
    shown--;
  g_autofree char *cut = g_strndup (text, shown);
  g_autoptr (GString) safe = g_string_new (NULL);
  rca_put_safe (safe, cut);
  put_escaped (out, safe->str);
  if (shown < n)
    g_string_append_printf (out, "… (%" G_GSIZE_FORMAT " more bytes)", n - shown);
}

void
rca_html_textf (GString *out, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  rca_html_text (out, text);
}

void
rca_html_element (GString *out, const char *open, const char *text, const char *close)
{
  g_string_append (out, open);
  rca_html_text (out, text);
  g_string_append (out, close);
}
