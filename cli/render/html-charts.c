#include "html-charts.h"
#include "html-text.h"
#include "words.h"
#include <math.h>

char
rca_mark_letter (RcaChangeKind kind)
{
  const char *name = rca_change_kind_name (kind);
  return name && *name ? g_ascii_toupper (*name) : 'X';
}

void
rca_html_put_span (GString *out, RcaSpan span)
{
  g_string_append_printf (out, " data-from=\"%" G_GINT64_FORMAT "\" data-to=\"%" G_GINT64_FORMAT "\"", span.start_ns / 1000000, (span.end_ns + 999999) / 1000000);
}

/* ---- marks ---- */

typedef struct {
  gint64 time_ns;
  char glyph[8];
  const char *class_name, *what;
} Flag;

static gint
by_time (gconstpointer a, gconstpointer b)
{
  const Flag *x = a, *y = b;
  return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static void
add_turn (GArray *flags, gint64 time_ns, const char *glyph, const char *class_name, const char *what)
{
  Flag f = { .time_ns = time_ns, .class_name = class_name, .what = what };
  g_strlcpy (f.glyph, glyph, sizeof f.glyph);
  g_array_append_val (flags, f);
}

/* Changes, and the turns of the incidents. */
static GArray *
collect (const RcaReport *report)
{
  GArray *flags = g_array_new (FALSE, FALSE, sizeof (Flag));
  gint64 end = report->chart.start_ns + report->chart.width_ns * report->chart.n;
  for (guint i = 0; i < report->marks->len; i++)
    {
      const RcaMark *m = g_ptr_array_index (report->marks, i);
      Flag f = { m->time_ns, { rca_mark_letter (m->kind), 0 }, "change", m->label };
      if (m->time_ns >= report->chart.start_ns && m->time_ns < end)
        g_array_append_val (flags, f);
    }
  for (guint i = 0; i < report->incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      add_turn (flags, in->start_ns, "▲", "onset", "onset");
      if (in->end_ns != RCA_TIME_NONE)
        add_turn (flags, in->end_ns, "▼", "recovered", "recovered");
    }
  g_array_sort (flags, by_time);
  return flags;
}

static void
put_flag (GString *out, const Flag *f)
{
  char clock[16];
  g_string_append_printf (out, "<button type=\"button\" class=\"flag go %s\"", f->class_name);
  rca_html_put_span (out, (RcaSpan){ f->time_ns, f->time_ns });
  g_string_append (out, " aria-label=\"");
  rca_html_textf (out, "%s UTC %s", rca_words_clock (f->time_ns, clock), f->what);
  g_string_append (out, "\" title=\"");
  rca_html_textf (out, "%s UTC %s", rca_words_clock (f->time_ns, clock), f->what);
  rca_html_element (out, "\">", f->glyph, "</button>");
}

static void
put_flag_text (GString *out, const Flag *f)
{
  char clock[16];
  g_string_append (out, "<li");
  rca_html_put_span (out, (RcaSpan){ f->time_ns, f->time_ns });
  g_string_append_printf (out, "><span class=\"glyph %s\" aria-hidden=\"true\">%s</span> <time>%s</time> ", f->class_name, f->glyph, rca_words_clock (f->time_ns, clock));
  rca_html_text (out, f->what);
  g_string_append (out, "</li>\n");
}

static void
put_marks (GString *out, const GArray *flags)
{
  g_string_append (out, "<div id=\"marks\" role=\"group\" aria-label=\"Changes and turns of the incident, in time\">");
  for (guint i = 0; i < flags->len; i++)
    put_flag (out, &g_array_index (flags, Flag, i));
  g_string_append (out, "</div>\n");
}

static void
put_marks_text (GString *out, const GArray *flags)
{
  g_string_append (out, "<ul class=\"marks\">\n");
  for (guint i = 0; i < flags->len; i++)
    put_flag_text (out, &g_array_index (flags, Flag, i));
  g_string_append (out, "</ul>\n");
}

/* ---- figures ---- */

static char *
largest (const double *value, guint n, char *(*words) (double))
{
  double most = NAN;
  for (guint i = 0; i < n; i++)
    most = fmax (most, value[i]);
  return isnan (most) ? g_strdup ("not in the logs") : words (most);
}

static char *
largest_share (const RcaChart *c)
{
  g_autofree double *share = g_new (double, c->n);
  for (guint i = 0; i < c->n; i++)
    share[i] = c->requests[i] > 0 ? c->failed[i] / c->requests[i] : NAN;
  return largest (share, c->n, rca_words_share);
}

/* What a person who cannot see the chart is told: the rest is in its table. */
static char *
describe (const RcaChart *c, guint which)
{
  g_autofree char *share = largest_share (c), *p95 = largest (c->p95_s, c->n, rca_words_seconds);
  switch (which)
    {
    case 0: return g_strdup ("Line chart: requests a second over the window");
    case 1: return g_strdup_printf ("Line chart: share of requests that failed, at most %s", share);
    case 2: return g_strdup_printf ("Line chart: latency quantiles; p95 at most %s", p95);
    default: return g_strdup_printf ("Line chart: %s by statement, %u statements", c->statements_timed ? "the database's time" : "executions a second", c->statements->len);
    }
}

static void
put_figure (GString *out, const RcaChart *c, guint which)
{
  static const struct { const char *id, *title; } figures[] = {
    { "requests", "Requests" }, { "failing", "Failing share" }, { "latency", "Latency" }, { "statements", "Slow statements" },
  };
  g_autofree char *words = describe (c, which);
  g_string_append_printf (out, "<figure id=\"chart-%s\" hidden>\n<figcaption><span class=\"name\">%s</span><ul class=\"legend\"></ul></figcaption>\n", figures[which].id, figures[which].title);
  rca_html_element (out, "<div class=\"plot\" role=\"img\" aria-label=\"", words, "\"></div>\n");
  g_string_append_printf (out, "<details class=\"numbers\"><summary>Numbers<span class=\"hidden\"> behind %s</span></summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s, as a table\">"
                               "<table></table></div></details>\n",
                          figures[which].title, figures[which].title);
  if (which == 3 && c->more_statements)
    g_string_append_printf (out, "<p class=\"note\">The %u heaviest of %u statements.</p>\n", c->statements->len, c->statements->len + c->more_statements);
  g_string_append (out, "</figure>\n");
}

void
rca_html_put_charts (GString *out, const RcaReport *report)
{
  g_autoptr (GArray) flags = collect (report);
  g_string_append (out, "<section id=\"charts\" aria-labelledby=\"charts-title\" hidden>\n<div class=\"tools\"><h2 id=\"charts-title\">Over time</h2><span id=\"shown\"></span>"
                        "<span class=\"buttons\" role=\"group\" aria-label=\"Zoom\"><button type=\"button\" data-zoom=\"in\" aria-label=\"Zoom in\">+</button>"
                        "<button type=\"button\" data-zoom=\"out\" aria-label=\"Zoom out\">−</button>");
  if (report->incidents->len)
    g_string_append (out, "<button type=\"button\" data-zoom=\"incident\">Incident</button>");
  g_string_append (out, "<button type=\"button\" data-zoom=\"all\">All</button></span></div>\n");
  put_marks (out, flags);
  for (guint i = 0; i < 4; i++)
    put_figure (out, &report->chart, i);
  g_string_append (out, "<div class=\"cursor\"><label for=\"cursor\">Time</label><input type=\"range\" id=\"cursor\" min=\"0\" max=\"1\" value=\"0\"><output id=\"cursor-time\" for=\"cursor\"></output></div>\n"
                        "<p class=\"note\">Drag to zoom, Shift and drag to move, double click for all.</p>\n");
  put_marks_text (out, flags);
  g_string_append (out, "</section>\n");
}
