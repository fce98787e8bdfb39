#include "document.h"
#include "markdown-text.h"

enum { MOST_REFS = 3 };

static void
put_source (GString *out, const RcaNode *n)
{
  if (n->refs && n->refs->len)
    rca_markdown_refs (out, n->refs, MOST_REFS);
  else if (n->source)
    {
      g_string_append (out, " (");
      rca_markdown_text (out, n->source);
      g_string_append_c (out, ')');
    }
}

static void
put_heading (GString *out, const RcaNode *n, gboolean first)
{
  g_string_append (out, first ? "## " : "\n## ");
  rca_markdown_text (out, n->text);
  g_string_append (out, "\n\n");
}

static void
put_label (GString *out, const RcaNode *n)
{
  g_string_append (out, "- **");
  rca_markdown_text (out, n->text);
  g_string_append (out, ":**");
  if (n->lead)
    {
      g_string_append_c (out, ' ');
      rca_markdown_text (out, n->lead);
    }
  g_string_append_c (out, '\n');
}

char *
rca_document_markdown (const RcaDocument *d)
{
  GString *out = g_string_new ("# ");
  gboolean labelled = FALSE;
  rca_markdown_text (out, d->title);
  g_string_append (out, "\n\n");
  for (guint i = 0; i < d->nodes->len; i++)
    {
      const RcaNode *n = g_ptr_array_index (d->nodes, i);
      if (n->kind == RCA_NODE_HEADING)
        put_heading (out, n, i == 0);
      else if (n->kind == RCA_NODE_LABEL)
        put_label (out, n);
      else
        {
          g_string_append (out, labelled ? "  - " : "- ");
          g_string_append (out, n->kind == RCA_NODE_TODO ? "TODO: " : "");
          rca_markdown_text (out, n->text);
          put_source (out, n);
          g_string_append_c (out, '\n');
        }
      labelled = n->kind == RCA_NODE_LABEL || (labelled && n->kind != RCA_NODE_HEADING);
    }
  return g_string_free (out, FALSE);
}
