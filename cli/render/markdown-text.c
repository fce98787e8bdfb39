#include "markdown-text.h"
#include "page.h"
#include <string.h>

static const RcaRenderOptions utf8 = { .unicode = TRUE, .width = 200 };

static char *
safe (const char *text)
{
  RcaPage page = { NULL, &utf8 };
  return rca_page_safe (&page, text);
}

void
rca_markdown_text (GString *out, const char *text)
{
  g_autofree char *shown = safe (text);
  for (const char *p = shown; *p; p++)
    switch (*p)
      {
      case '<': g_string_append (out, "&lt;"); break;
      case '>': g_string_append (out, "&gt;"); break;
      case '&': g_string_append (out, "&amp;"); break;
      default:
        if (strchr ("\\`*_[]|#!~", *p))
          g_string_append_c (out, '\\');
        g_string_append_c (out, *p);
      }
}

/* A code span cannot hold its own fence: such paths are rare, the back-quote is shown as an apostrophe. */
static void
put_code (GString *out, const char *text)
{
  g_autofree char *shown = safe (text);
  g_string_append (out, g_strdelimit (shown, "`|", '\''));
}

void
rca_markdown_code (GString *out, const char *text)
{
  g_string_append_c (out, '`');
  put_code (out, text);
  g_string_append_c (out, '`');
}

void
rca_markdown_refs (GString *out, const GArray *refs, guint most)
{
  for (guint i = 0; i < refs->len && i < most; i++)
    {
      const RcaReportRef *r = &g_array_index (refs, RcaReportRef, i);
      g_string_append (out, i ? ", `" : " (`");
      put_code (out, r->path);
      g_string_append_printf (out, ":%" G_GUINT64_FORMAT "`", r->line);
    }
  if (refs->len && most)
    g_string_append_c (out, ')');
}
