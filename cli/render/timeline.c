#include "timeline.h"
#include "events.h"
#include "measures.h"
#include "words.h"

static char *
title_of (const RcaIncident *in, const RcaTemplate *form)
{
  if (!in)
    return g_strdup_printf ("%s: no incident found", form->title);
  return g_strdup_printf ("%s: %s%s%s (%s)", form->title, rca_symptom_words (in->symptom), in->service ? " at " : "", in->service ? in->service : "", in->id);
}

static gboolean
is_end (const RcaTemplateRow *row)
{
  return !row->heading && !row->label && !row->part && !row->todo;
}

/* A label with nothing under it says less than none. */
static void
put_row (RcaDocument *d, const RcaTemplateRow *row, const RcaStoryParts *parts)
{
  if (row->heading)
    rca_document_add (d, RCA_NODE_HEADING, row->heading);
  RcaNode *label = row->label ? rca_document_add (d, RCA_NODE_LABEL, row->label) : NULL;
  guint before = d->nodes->len;
  if (row->part)
    row->part (d, parts);
  if (row->todo)
    rca_document_add (d, RCA_NODE_TODO, row->todo);
  if (label && !label->lead && d->nodes->len == before)
    g_ptr_array_remove_index (d->nodes, before - 1);
}

static RcaDocument *
nothing_found (const RcaReport *report, RcaDocument *d)
{
  char from[32], to[32];
  rca_document_addf (d, RCA_NODE_ITEM, "The logs show none from %s to %s", rca_words_time (report->window.start_ns, from), rca_words_time (report->window.end_ns, to))->source = RCA_FROM_LOGS;
  return d;
}

/* The document borrows the lines of @events. */
static RcaDocument *
compose (const RcaReport *report, const RcaIncident *in, const RcaTemplate *form, const GArray *events)
{
  g_autofree char *title = title_of (in, form);
  RcaDocument *d = rca_document_new (title);
  if (!in)
    return nothing_found (report, d);
  g_autoptr (GPtrArray) measures = rca_report_measures (report, in);
  RcaStoryParts parts = { report, in, in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL, events, measures };
  for (const RcaTemplateRow *row = form->rows; !is_end (row); row++)
    put_row (d, row, &parts);
  rca_part_sources (d, &parts);
  return d;
}

static char *
compose_and_write (const RcaReport *report, const RcaIncident *in, const RcaTemplate *form, gboolean html)
{
  g_autoptr (GArray) events = in ? rca_report_events (in) : NULL;
  g_autoptr (RcaDocument) d = compose (report, in, form, events);
  return html ? rca_document_html (d, report) : rca_document_markdown (d);
}

char *
rca_timeline_markdown (const RcaReport *report, const RcaIncident *in, const RcaTemplate *form)
{
  return compose_and_write (report, in, form, FALSE);
}

char *
rca_timeline_html (const RcaReport *report, const RcaIncident *in, const RcaTemplate *form)
{
  return compose_and_write (report, in, form, TRUE);
}
