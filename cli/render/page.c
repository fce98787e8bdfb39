#include "page.h"
#include "safe.h"
#include <string.h>

static const char *const sgr[] = { "", "\033[1m", "\033[2m", "\033[1;31m", "\033[33m", "\033[32m", "\033[36m" };

char *
rca_page_safe (const RcaPage *page, const char *text)
{
  GString *out = g_string_new (NULL);
  (page->options->unicode ? rca_put_safe : rca_put_safe_ascii) (out, text);
  return g_string_free (out, FALSE);
}

static guint
char_columns (gunichar c)
{
  return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
}

guint
rca_page_columns (const char *text)
{
  guint n = 0;
  for (; *text; text = g_utf8_next_char (text))
    n += char_columns (g_utf8_get_char (text));
  return n;
}

static void
put_styled (RcaPage *page, RcaStyle style, const char *safe, gsize n)
{
  gboolean color = page->options->color && style != RCA_STYLE_PLAIN && n > 0;
  if (color)
    g_string_append (page->out, sgr[style]);
  g_string_append_len (page->out, safe, (gssize) n);
  if (color)
    g_string_append (page->out, "\033[0m");
}

void
rca_page_put (RcaPage *page, RcaStyle style, const char *text)
{
  g_autofree char *safe = rca_page_safe (page, text);
  put_styled (page, style, safe, strlen (safe));
}

void
rca_page_putf (RcaPage *page, RcaStyle style, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  rca_page_put (page, style, text);
}

void
rca_page_newline (RcaPage *page)
{
  g_string_append_c (page->out, '\n');
}

void
rca_page_heading (RcaPage *page, const char *text)
{
  rca_page_newline (page);
  rca_page_put (page, RCA_STYLE_STRONG, text);
  rca_page_newline (page);
}

const char *
rca_page_glyph (const RcaPage *page, const char *unicode, const char *ascii)
{
  return page->options->unicode ? unicode : ascii;
}

/* Bytes of @text that fit into @room columns: to the last blank within it, or, for a word
 * that is longer than a line, to its edge. */
static gsize
line_bytes (const char *text, guint room)
{
  const char *blank = NULL, *p = text;
  guint used = 0;
  while (*p)
    {
      guint w = char_columns (g_utf8_get_char (p));
      if (used + w > room)
        return (gsize) ((*p == ' ' && p[1] != '%' ? p : blank && blank > text ? blank : p) - text);
      if (*p == ' ' && p[1] != '%') /* a number keeps its per cent */
        blank = p;
      used += w;
      p = g_utf8_next_char (p);
    }
  return (gsize) (p - text);
}

static void
put_cut (RcaPage *page, RcaStyle style, const char *text, guint room)
{
  const char *dots = rca_page_glyph (page, "…", "...");
  put_styled (page, style, text, line_bytes (text, room - rca_page_columns (dots)));
  put_styled (page, style, dots, strlen (dots));
}

void
rca_page_paragraph (RcaPage *page, const char *lead, RcaStyle lead_style, guint indent, RcaStyle style, guint max_lines, const char *text)
{
  g_autofree char *safe = rca_page_safe (page, text), *safe_lead = rca_page_safe (page, lead ? lead : "");
  guint width = page->options->width, at = rca_page_columns (safe_lead);
  const char *p = g_strchug (safe);
  put_styled (page, lead_style, safe_lead, strlen (safe_lead));
  for (guint line = 1;; line++)
    {
      g_string_append_printf (page->out, "%*s", (int) (at < indent ? indent - at : 0), "");
      guint from = MAX (at, indent), room = width > from + 16 ? width - from : 16;
      gsize n = line_bytes (p, room);
      gboolean more = p[n] != 0;
      if (more && line == max_lines)
        {
          put_cut (page, style, p, room);
          break;
        }
      put_styled (page, style, p, n);
      if (!more)
        break;
      p += n;
      p += strspn (p, " ");
      at = 0;
      rca_page_newline (page);
    }
  rca_page_newline (page);
}

/* A path is never broken: it is there to be copied. */
void
rca_page_refs (RcaPage *page, guint indent, const GArray *refs, guint most)
{
  g_autoptr (GString) line = g_string_new (NULL);
  const char *path = NULL;
  for (guint i = 0; i < refs->len && (most == 0 || i < most); i++)
    {
      const RcaReportRef *r = &g_array_index (refs, RcaReportRef, i);
      g_autofree char *safe = rca_page_safe (page, r->path);
      if (g_strcmp0 (path, r->path) == 0)
        g_string_append_printf (line, ",%" G_GUINT64_FORMAT, r->line);
      else
        g_string_append_printf (line, "%s%*s%s:%" G_GUINT64_FORMAT, i ? "\n" : "", (int) indent, "", safe, r->line);
      path = r->path;
    }
  if (line->len == 0)
    return;
  put_styled (page, RCA_STYLE_FAINT, line->str, line->len);
  rca_page_newline (page);
}
