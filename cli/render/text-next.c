/* What to do now, how to undo it, what to read next; and the end of the page. */
#include "read-next.h"
#include "text-parts.h"
#include "timestamp.h"
#include "words.h"
#include <string.h>

static void
put_item (RcaPage *page, const char *lead, const char *text)
{
  if (text && *text)
    rca_page_paragraph (page, lead, RCA_STYLE_STRONG, 11, RCA_STYLE_PLAIN, 3, text);
}

/* Never wrapped: they are there to be copied. */
static void
put_commands (RcaPage *page, const RcaReport *report, const RcaIncident *in)
{
  enum { MOST = 2 };
  g_autoptr (GPtrArray) commands = rca_read_next (report, in, MOST);
  for (guint i = 0; i < commands->len; i++)
    {
      g_autofree char *safe = rca_page_safe (page, g_ptr_array_index (commands, i));
      rca_page_put (page, RCA_STYLE_STRONG, i ? "           " : "Read next  ");
      rca_page_put (page, RCA_STYLE_PLAIN, safe);
      rca_page_newline (page);
    }
}

void
rca_text_next (RcaPage *page, const RcaReport *report, const RcaIncident *in)
{
  if (in->causes->len == 0)
    return;
  const RcaCause *top = g_ptr_array_index (in->causes, 0);
  rca_page_newline (page);
  put_item (page, in->state == RCA_STATE_OVER || top->kind == RCA_KIND_UNKNOWN ? "To do " : "Do now ", top->remedy);
  if (top->undo)
    {
      g_autofree char *undo = g_strdup_printf ("%s (a suggestion drawn from the logs: check it first)", top->undo);
      put_item (page, "Undo ", undo);
    }
  put_commands (page, report, in);
}

void
rca_text_timeline (RcaPage *page, const RcaIncident *in)
{
  rca_page_heading (page, "Timeline (UTC)");
  for (guint i = 0; i < in->timeline->len; i++)
    {
      const RcaTimelineEntry *e = g_ptr_array_index (in->timeline, i);
      char clock[16];
      g_autofree char *line = e->line ? g_strdup_printf (":%" G_GUINT64_FORMAT, e->line) : g_strdup ("");
      g_autofree char *lead = g_strdup_printf ("   %s ", rca_words_clock (e->time_ns, clock)), *text = g_strdup_printf ("%s (%s%s)", e->text, e->source, line);
      rca_page_paragraph (page, lead, RCA_STYLE_FAINT, 12, RCA_STYLE_PLAIN, 2, text);
    }
}

static const char *
checked_words (RcaSymptomKind kind)
{
  static const char *const words[] = { "failing requests (5xx)", "slow requests", "missing requests", "application errors", "database errors" };
  return words[kind];
}

void
rca_text_checked (RcaPage *page, const RcaReport *report)
{
  char from[32], to[32];
  if (report->incidents->len == 0)
    {
      g_autofree char *when = g_strdup_printf ("from %s to %s, as far as these logs show.", rca_words_time (report->window.start_ns, from), rca_words_time (report->window.end_ns, to));
      rca_page_paragraph (page, "Nothing is wrong ", RCA_STYLE_GOOD, 0, RCA_STYLE_PLAIN, 0, when);
    }
  rca_page_heading (page, "What was checked, and how small a rise would have shown");
  for (guint i = 0; i < report->checked->len; i++)
    {
      const RcaChecked *c = g_ptr_array_index (report->checked, i);
      g_autofree char *before = rca_words_share (c->baseline), *seen = rca_words_share (c->observed), *least = rca_words_share (c->smallest_seen);
      g_autofree char *text = g_strdup_printf ("%s%s%s: %s in this window, %s before; a rise to %s would have shown", checked_words (c->symptom), c->service && *c->service ? " of " : "",
                                               c->service ? c->service : "", seen, before, least);
      rca_page_paragraph (page, "   - ", RCA_STYLE_PLAIN, 5, RCA_STYLE_PLAIN, 2, text);
    }
}

void
rca_text_sources (RcaPage *page, const RcaReport *report)
{
  guint64 records = 0, rejected = 0;
  g_autoptr (GString) s = g_string_new (NULL);
  guint streams[RCA_N_STREAMS] = { 0 };
  for (guint i = 0; i < report->sources->source->len; i++)
    {
      const RcaSourceInfo *info = g_ptr_array_index (report->sources->source, i);
      records += info->records;
      rejected += info->rejected;
      streams[info->stream]++;
    }
  g_string_append_printf (s, "Read %u logs", report->sources->source->len);
  for (guint i = 0, n = 0; i < RCA_N_STREAMS; i++)
    if (streams[i])
      g_string_append_printf (s, "%s%u %s", n++ ? ", " : " (", streams[i], rca_stream_name (i));
  g_string_append_printf (s, "%s: %" G_GUINT64_FORMAT " records", report->sources->source->len ? ")" : "", records);
  if (rejected)
    g_string_append_printf (s, ", %" G_GUINT64_FORMAT " of them not understood (rca sources tells which)", rejected);
  if (report->degraded)
    g_string_append (s, "; something could not be read, see the warnings");
  rca_page_newline (page);
  rca_page_paragraph (page, NULL, RCA_STYLE_PLAIN, 0, RCA_STYLE_FAINT, 0, s->str);
}
