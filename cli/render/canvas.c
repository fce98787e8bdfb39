#include "canvas.h"
#include "event.h"

static const char *const styles[] = { "", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m" };

static gboolean
is_harmful (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

void
rca_put_safe (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  for (const char *p = valid; *p; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '\n' || c == '\t')
        g_string_append_c (out, ' ');
      else if (is_harmful (c))
        g_string_append_printf (out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      else
        g_string_append_unichar (out, c);
    }
}

void
rca_put_styled (GString *out, const RcaRenderOptions *o, RcaStyle style, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  gboolean on = o->color && style != RCA_STYLE_PLAIN;
  if (on)
    g_string_append (out, styles[style]);
  rca_put_safe (out, text);
  if (on)
    g_string_append (out, "\033[0m");
}

void
rca_put_wrapped (GString *out, const RcaRenderOptions *o, const char *first, const char *text)
{
  g_autoptr (GString) safe = g_string_new (NULL);
  rca_put_safe (safe, text);
  glong indent = g_utf8_strlen (first, -1), at = indent;
  g_string_append (out, first);
  g_auto (GStrv) words = g_strsplit (safe->str, " ", -1);
  gboolean fresh = TRUE;
  for (char **w = words; *w; w++)
    {
      glong n = g_utf8_strlen (*w, -1);
      if (n == 0)
        continue;
      if (!fresh && at + 1 + n > (glong) o->width)
        {
          g_string_append_printf (out, "\n%*s", (int) indent, "");
          at = indent;
          fresh = TRUE;
        }
      if (!fresh)
        g_string_append_c (out, ' '), at++;
      g_string_append (out, *w);
      at += n;
      fresh = FALSE;
    }
  g_string_append_c (out, '\n');
}

static char *
format_time (const RcaRenderOptions *o, gint64 t, const char *format)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (t / RCA_NS_PER_S);
  g_autoptr (GDateTime) local = o->utc ? g_date_time_ref (utc) : g_date_time_to_local (utc);
  return g_date_time_format (local, format);
}

char *
rca_put_clock (const RcaRenderOptions *o, gint64 t)
{
  return format_time (o, t, "%H:%M:%S");
}

char *
rca_put_date (const RcaRenderOptions *o, gint64 t)
{
  return format_time (o, t, "%Y-%m-%d %H:%M:%S");
}
