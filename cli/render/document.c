#include "document.h"

static void
node_free (gpointer data)
{
  RcaNode *n = data;
  g_free (n->text);
  g_free (n->lead);
  g_free (n);
}

RcaDocument *
rca_document_new (const char *title)
{
  RcaDocument *d = g_new (RcaDocument, 1);
  *d = (RcaDocument){ g_strdup (title), g_ptr_array_new_with_free_func (node_free) };
  return d;
}

void
rca_document_free (RcaDocument *d)
{
  g_free (d->title);
  g_ptr_array_unref (d->nodes);
  g_free (d);
}

RcaNode *
rca_document_add (RcaDocument *d, RcaNodeKind kind, const char *text)
{
  RcaNode *n = g_new0 (RcaNode, 1);
  n->kind = kind;
  n->text = g_strdup (text);
  n->time_ns = RCA_TIME_NONE;
  g_ptr_array_add (d->nodes, n);
  return n;
}

RcaNode *
rca_document_addf (RcaDocument *d, RcaNodeKind kind, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  return rca_document_add (d, kind, text);
}

void
rca_document_lead (RcaDocument *d, const char *source, const char *format, ...)
{
  RcaNode *last = d->nodes->len ? g_ptr_array_index (d->nodes, d->nodes->len - 1) : NULL;
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  if (last && last->kind == RCA_NODE_LABEL && !last->lead)
    last->lead = g_steal_pointer (&text);
  else
    rca_document_add (d, RCA_NODE_ITEM, text)->source = source;
}
