/* The failing share (and latency, and requests) over the window, on one time axis with the
 * onset, the changes and the recovery. */
#include "text-parts.h"
#include "timestamp.h"
#include "words.h"
#include <math.h>
#include <string.h>

enum { GUTTER = 18, MOST_COLUMNS = 140, TALL = 3, EIGHTHS = 8 };

typedef struct {
  const RcaChart *chart;
  guint columns;
  gint64 end_ns;
} Axis;

static guint
column_of (const Axis *a, gint64 time_ns)
{
  gint64 span = a->end_ns - a->chart->start_ns;
  double at = (double) (time_ns - a->chart->start_ns) / (double) span * a->columns;
  return (guint) CLAMP (at, 0, a->columns - 1);
}

/* ---- series, one value a column; NAN where there is nothing ---- */

typedef double (*Reduce) (const RcaChart *chart, guint from, guint to);

static double
failing_share (const RcaChart *c, guint from, guint to)
{
  double n = 0, k = 0;
  for (guint i = from; i < to; i++)
    {
      n += isnan (c->requests[i]) ? 0 : c->requests[i];
      k += isnan (c->failed[i]) ? 0 : c->failed[i];
    }
  return n > 0 ? k / n : NAN;
}

static double
worst_p95 (const RcaChart *c, guint from, guint to)
{
  double worst = NAN;
  for (guint i = from; i < to; i++)
    worst = fmax (worst, c->p95_s[i]);
  return worst;
}

static double
request_rate (const RcaChart *c, guint from, guint to)
{
  double n = 0;
  for (guint i = from; i < to; i++)
    n += isnan (c->requests[i]) ? 0 : c->requests[i];
  return n / ((double) (to - from) * (double) c->width_ns / 1e9);
}

static char *
rate_words (double rate)
{
  return g_strdup_printf (rate < 9.95 ? "%.1f/s" : "%.0f/s", rate);
}

/* What is drawn: the row of the symptom is tall, the others are one line. */
static const struct {
  const char *name;
  Reduce reduce;
  char *(*words) (double value);
  guint tall_for; /* bits of RcaSymptomKind */
  double least;   /* the scale reaches at least so far */
} rows[] = {
  { "failed", failing_share, rca_words_share, ~(1u << RCA_SYMPTOM_LATENCY | 1u << RCA_SYMPTOM_TRAFFIC_DROP), 0.01 },
  { "p95", worst_p95, rca_words_seconds, 1u << RCA_SYMPTOM_LATENCY, 0.001 },
  { "requests", request_rate, rate_words, 1u << RCA_SYMPTOM_TRAFFIC_DROP, 0.1 },
};

/* 1, 2, 5 × 10^n at or above @value. */
static double
round_up (double value)
{
  double power = pow (10, floor (log10 (value)));
  static const double steps[] = { 1, 2, 5, 10 };
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * power >= value * (1 - 1e-9))
      return steps[i] * power;
  return value;
}

static const char *
cell (const RcaPage *page, double eighths)
{
  static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
  static const char *const ascii[] = { " ", ".", ".", ":", ":", "=", "=", "#", "#" };
  guint level = (guint) CLAMP (ceil (eighths), 0, EIGHTHS);
  return page->options->unicode ? blocks[level] : ascii[level];
}

static gboolean
in_incident (const RcaReport *report, gint64 from_ns, gint64 to_ns)
{
  for (guint i = 0; i < report->incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      if (to_ns > in->start_ns && (in->end_ns == RCA_TIME_NONE || from_ns < in->end_ns))
        return TRUE;
    }
  return FALSE;
}

static void
put_gutter (RcaPage *page, const char *name, const char *value)
{
  g_autofree char *safe = rca_page_safe (page, value);
  guint used = rca_page_columns (safe);
  rca_page_putf (page, RCA_STYLE_FAINT, "  %-8s%*s%s ", name, (int) (used < (GUTTER - 11) ? (GUTTER - 11) - used : 0), "", safe);
}

/* Cells of one style are one run: one escape sequence, not one a column. */
static void
put_line (RcaPage *page, const RcaReport *report, const Axis *a, const double *value, double scale, guint height, guint line)
{
  g_autoptr (GString) run = g_string_new (NULL);
  RcaStyle style = RCA_STYLE_NOTE;
  for (guint i = 0; i < a->columns; i++)
    {
      gint64 step = (a->end_ns - a->chart->start_ns) / a->columns, from = a->chart->start_ns + step * i;
      double eighths = isnan (value[i]) ? 0 : value[i] / scale * height * EIGHTHS - (double) (line * EIGHTHS);
      RcaStyle here = in_incident (report, from, from + step) ? RCA_STYLE_BAD : RCA_STYLE_NOTE;
      if (here != style)
        {
          rca_page_put (page, style, run->str);
          g_string_truncate (run, 0);
        }
      style = here;
      g_string_append (run, cell (page, eighths));
    }
  rca_page_put (page, style, g_strchomp (run->str));
  g_string_truncate (page->out, strlen (g_strchomp (page->out->str)));
  rca_page_newline (page);
}

static void
put_series (RcaPage *page, const RcaReport *report, const Axis *a, guint which, guint height)
{
  g_autofree double *value = g_new (double, a->columns);
  double most = NAN;
  for (guint i = 0; i < a->columns; i++)
    {
      guint from = (guint) ((guint64) i * a->chart->n / a->columns), to = (guint) ((guint64) (i + 1) * a->chart->n / a->columns);
      value[i] = rows[which].reduce (a->chart, from, MAX (to, from + 1));
      most = fmax (most, value[i]);
    }
  if (isnan (most))
    return;
  double scale = round_up (MAX (most, rows[which].least));
  if (rows[which].reduce == failing_share)
    scale = MIN (scale, 1);
  g_autofree char *top = rows[which].words (scale), *bottom = rows[which].words (0);
  for (guint line = height; line-- > 0;)
    {
      put_gutter (page, line == height - 1 ? rows[which].name : "", line == height - 1 ? top : line == 0 ? bottom : "");
      put_line (page, report, a, value, scale, height, line);
    }
}

/* ---- marks ---- */

static char
mark_letter (RcaChangeKind kind)
{
  const char *name = rca_change_kind_name (kind);
  return name && *name ? g_ascii_toupper (*name) : 'X';
}

typedef struct {
  gint64 time_ns;
  const char *glyph;
  char letter[2];
  char *what;
  gboolean symptom;
} Mark;

static void
mark_clear (gpointer mark)
{
  g_free (((Mark *) mark)->what);
}

static gint
by_time (gconstpointer a, gconstpointer b)
{
  const Mark *x = a, *y = b;
  return x->time_ns != y->time_ns ? (x->time_ns < y->time_ns ? -1 : 1) : (gint) x->symptom - (gint) y->symptom;
}

static void
add_symptom (GArray *marks, gint64 time_ns, const char *glyph, const char *what)
{
  Mark m = { time_ns, glyph, "", g_strdup (what), TRUE };
  g_array_append_val (marks, m);
}

static GArray *
collect_marks (const RcaPage *page, const RcaReport *report)
{
  GArray *marks = g_array_new (FALSE, FALSE, sizeof (Mark));
  g_array_set_clear_func (marks, mark_clear);
  for (guint i = 0; i < report->marks->len; i++)
    {
      const RcaMark *c = g_ptr_array_index (report->marks, i);
      Mark m = { c->time_ns, NULL, { mark_letter (c->kind), 0 }, g_strdup (c->label), FALSE };
      g_array_append_val (marks, m);
    }
  for (guint i = 0; i < report->incidents->len; i++)
    {
      const RcaIncident *in = g_ptr_array_index (report->incidents, i);
      add_symptom (marks, in->start_ns, rca_page_glyph (page, "▲", "^"), "onset");
      if (in->end_ns != RCA_TIME_NONE)
        add_symptom (marks, in->end_ns, rca_page_glyph (page, "▼", "v"), "recovered");
    }
  g_array_sort (marks, by_time);
  return marks;
}

static void
put_mark_row (RcaPage *page, const Axis *a, const GArray *marks)
{
  g_autofree const char **at = g_new0 (const char *, a->columns);
  for (guint pass = 0; pass < 2; pass++) /* onset and recovery last: they win a column */
    for (guint i = 0; i < marks->len; i++)
      {
        const Mark *m = &g_array_index (marks, Mark, i);
        if (m->symptom == (pass == 1) && m->time_ns >= a->chart->start_ns && m->time_ns <= a->end_ns)
          at[column_of (a, m->time_ns)] = m->glyph ? m->glyph : m->letter;
      }
  g_autoptr (GString) line = g_string_new (NULL);
  for (guint i = 0; i < a->columns; i++)
    g_string_append (line, at[i] ? at[i] : rca_page_glyph (page, "─", "-"));
  rca_page_putf (page, RCA_STYLE_PLAIN, "%*s", GUTTER, "");
  rca_page_put (page, RCA_STYLE_STRONG, line->str);
  rca_page_newline (page);
}

static void
put_times (RcaPage *page, const Axis *a)
{
  char from[16], middle[16], to[16];
  rca_words_clock (a->chart->start_ns, from);
  rca_words_clock (a->chart->start_ns + (a->end_ns - a->chart->start_ns) / 2, middle);
  rca_words_clock (a->end_ns, to);
  int room = (int) a->columns - 3 * 8, left = room / 2;
  rca_page_putf (page, RCA_STYLE_FAINT, "%*s%s%*s%s%*s%s UTC", GUTTER, "", from, left, "", middle, room - left, "", to);
  rca_page_newline (page);
}

/* "D 14:29:20 deploy catalog 2.5.0" */
static char *
legend_item (const RcaPage *page, const Axis *a, const Mark *m)
{
  enum { LONGEST = 60 };
  char clock[16];
  g_autofree char *label = rca_page_safe (page, m->what);
  if (g_utf8_strlen (label, -1) > LONGEST)
    g_utf8_offset_to_pointer (label, LONGEST)[0] = 0;
  return g_strdup_printf ("%s %s %s%s", m->glyph ? m->glyph : m->letter, rca_words_clock (m->time_ns, clock), label, m->time_ns < a->chart->start_ns ? " (before)" : "");
}

/* One after another, none of them broken. */
static void
put_items (RcaPage *page, const GPtrArray *items)
{
  guint at = 0;
  for (guint i = 0; i < items->len; i++)
    {
      const char *item = g_ptr_array_index (items, i);
      guint columns = rca_page_columns (item);
      if (at > 0 && at + 3 + columns > page->options->width)
        {
          rca_page_newline (page);
          at = 0;
        }
      rca_page_putf (page, RCA_STYLE_PLAIN, "%*s", at ? 3 : GUTTER, "");
      rca_page_put (page, RCA_STYLE_PLAIN, item);
      at += columns + (at ? 3 : GUTTER);
    }
  if (items->len)
    rca_page_newline (page);
}

/* The changes nearest before an onset say most: a few of them, and how many more there are. */
static void
put_legend (RcaPage *page, const Axis *a, const GArray *marks)
{
  enum { MOST_CHANGES = 5 };
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  guint changes = 0;
  for (guint i = 0; i < marks->len; i++)
    changes += !g_array_index (marks, Mark, i).symptom;
  guint skipped = changes > MOST_CHANGES && !page->options->verbose ? changes - MOST_CHANGES : 0;
  if (skipped)
    g_ptr_array_add (items, g_strdup_printf ("(%u earlier changes: -v)", skipped));
  for (guint i = 0, seen = 0; i < marks->len; i++)
    {
      const Mark *m = &g_array_index (marks, Mark, i);
      if (m->symptom || seen++ >= skipped)
        g_ptr_array_add (items, legend_item (page, a, m));
    }
  put_items (page, items);
}

void
rca_text_chart (RcaPage *page, const RcaReport *report)
{
  const RcaChart *chart = &report->chart;
  if (chart->n == 0 || chart->width_ns <= 0)
    return;
  Axis a = { chart, MIN (page->options->width - GUTTER - 4, MOST_COLUMNS), chart->start_ns + chart->width_ns * chart->n };
  RcaSymptomKind symptom = report->incidents->len ? ((RcaIncident *) g_ptr_array_index (report->incidents, 0))->symptom : RCA_SYMPTOM_HTTP_5XX;
  g_autoptr (GArray) marks = collect_marks (page, report);
  rca_page_newline (page);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    put_series (page, report, &a, i, report->incidents->len && rows[i].tall_for >> symptom & 1 ? TALL : 1);
  put_mark_row (page, &a, marks);
  put_times (page, &a);
  put_legend (page, &a, marks);
}
