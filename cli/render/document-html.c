#include "document.h"
#include "html-charts.h"
#include "html-document.h"
#include "html-text.h"

enum { MOST_REFS = 6 };

static void
put_source (GString *out, const RcaNode *n)
{
  for (guint i = 0; n->refs && i < n->refs->len && i < MOST_REFS; i++)
    {
      const RcaReportRef *r = &g_array_index (n->refs, RcaReportRef, i);
      g_string_append (out, " <code class=\"ref\">");
      rca_html_textf (out, "%s:%" G_GUINT64_FORMAT, r->path, r->line);
      g_string_append (out, "</code>");
    }
  if (!(n->refs && n->refs->len) && n->source)
    rca_html_element (out, " <small>(", n->source, ")</small>");
}

static void
put_item (GString *out, const RcaNode *n)
{
  g_string_append (out, n->kind == RCA_NODE_TODO ? "<li class=\"todo\"" : "<li");
  if (n->time_ns != RCA_TIME_NONE)
    rca_html_put_span (out, (RcaSpan){ n->time_ns, n->time_ns });
  g_string_append (out, n->kind == RCA_NODE_TODO ? "><strong>TODO</strong> " : ">");
  rca_html_text (out, n->text);
  put_source (out, n);
  g_string_append (out, "</li>\n");
}

static void
put_label (GString *out, const RcaNode *n)
{
  rca_html_element (out, "<h3>", n->text, "");
  if (n->lead)
    rca_html_element (out, " <span class=\"lead\">", n->lead, "</span>");
  g_string_append (out, "</h3>\n");
}

static void
put_nodes (GString *out, const RcaDocument *d)
{
  gboolean list = FALSE, section = FALSE;
  for (guint i = 0; i < d->nodes->len; i++)
    {
      const RcaNode *n = g_ptr_array_index (d->nodes, i);
      gboolean item = n->kind == RCA_NODE_ITEM || n->kind == RCA_NODE_TODO;
      if (list != item)
        g_string_append (out, item ? "<ul>\n" : "</ul>\n");
      list = item;
      if (n->kind == RCA_NODE_HEADING)
        {
          g_string_append (out, section ? "</section>\n<section>\n" : "<section>\n");
          rca_html_element (out, "<h2>", n->text, "</h2>\n");
          section = TRUE;
        }
      else if (n->kind == RCA_NODE_LABEL)
        put_label (out, n);
      else
        put_item (out, n);
    }
  g_string_append (out, list ? "</ul>\n" : "");
  g_string_append (out, section ? "</section>\n" : "");
}

char *
rca_document_html (const RcaDocument *d, const RcaReport *report)
{
  g_autoptr (GString) body = g_string_new ("<main class=\"document\">\n<header>\n");
  rca_html_element (body, "<h1>", d->title, "</h1>\n</header>\n<div class=\"columns\">\n");
  rca_html_put_charts (body, report);
  g_string_append (body, "<div class=\"reading\">\n");
  put_nodes (body, d);
  g_string_append (body, "</div>\n</div>\n</main>\n");
  return rca_html_document (d->title, body->str, report);
}
