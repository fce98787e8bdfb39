#include "chart.h"
#include <math.h>

static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };

/* Values of the chart's buckets folded into @columns: failing share, or the highest p95. */
static double *
fold (const RcaChart *c, guint columns, gboolean latency, double *top)
{
  double *out = g_new0 (double, columns);
  for (guint i = 0; i < columns; i++)
    {
      guint from = i * c->n / columns, to = MAX (from + 1, (i + 1) * c->n / columns);
      double k = 0, e = 0, high = NAN;
      for (guint b = from; b < to && b < c->n; b++)
        {
          k += c->failed[b], e += c->requests[b];
          if (!isnan (c->p95_s[b]))
            high = isnan (high) ? c->p95_s[b] : MAX (high, c->p95_s[b]);
        }
      out[i] = latency ? high : e > 0 ? k / e : NAN;
      if (!isnan (out[i]))
        *top = MAX (*top, out[i]);
    }
  return out;
}

static guint
column_of (const RcaChart *c, guint columns, gint64 t)
{
  double x = (double) (t - c->start_ns) / ((double) c->n * (double) c->width_ns);
  return (guint) CLAMP (x * columns, 0, columns - 1);
}

typedef struct
{
  guint column;
  const char *sign;
  char *text;
} Sign;

static void
put_signs (GString *out, const Sign *sign, guint n, guint columns, const char *margin)
{
  g_string_append (out, margin);
  for (guint i = 0; i < columns; i++)
    {
      const char *s = " ";
      for (guint j = 0; j < n; j++)
        if (sign[j].column == i)
          s = sign[j].sign;
      g_string_append (out, s);
    }
  g_string_append_c (out, '\n');
}

static const char *
change_sign (RcaChangeKind kind)
{
  switch (kind)
    {
    case RCA_CHANGE_DEPLOY:
    case RCA_CHANGE_SCALE: return "D";
    case RCA_CHANGE_ROLLBACK: return "R";
    case RCA_CHANGE_FLAG: return "F";
    case RCA_CHANGE_JOB: return "J";
    case RCA_CHANGE_MIGRATION: return "M";
    default: return "C";
    }
}

void
rca_put_chart (GString *out, const RcaReport *report, const RcaIncident *incident, const RcaRenderOptions *o)
{
  const RcaChart *c = &report->chart;
  gboolean latency = incident && incident->symptom == RCA_SYMPTOM_LATENCY;
  guint columns = MIN (c->n, o->width - 14);
  double top = 0;
  if (columns < 10)
    return;
  g_autofree double *v = fold (c, columns, latency, &top);
  g_autofree char *label = latency ? g_strdup_printf ("p95 %5.2f s ", top) : g_strdup_printf ("fail %4.0f %% ", 100 * top);
  g_string_append_printf (out, "  %-11s", label);
  for (guint i = 0; i < columns; i++)
    {
      guint level = isnan (v[i]) || top <= 0 ? 0 : (guint) ceil (8 * v[i] / top - 1e-9);
      g_string_append (out, (o->unicode ? blocks : ascii)[MIN (level, 8)]);
    }
  g_string_append_c (out, '\n');
  Sign sign[64];
  guint n = 0;
  g_autoptr (GString) legend = g_string_new (NULL);
  for (guint i = 0; i < report->marks->len && n < 60; i++)
    {
      const RcaMark *m = g_ptr_array_index (report->marks, i);
      if (m->time_ns < c->start_ns)
        continue;
      sign[n++] = (Sign){ column_of (c, columns, m->time_ns), change_sign (m->kind), NULL };
      g_autofree char *at = rca_put_clock (o, m->time_ns);
      g_string_append_printf (legend, "%s%s %s %s", legend->len ? " · " : "", change_sign (m->kind), at, m->label);
    }
  if (incident)
    {
      g_autofree char *at = rca_put_clock (o, incident->start_ns);
      sign[n++] = (Sign){ column_of (c, columns, incident->start_ns), o->unicode ? "▲" : "^", NULL };
      g_string_prepend (legend, legend->len ? " · " : "");
      g_autofree char *text = g_strdup_printf ("%s %s onset", o->unicode ? "▲" : "^", at);
      g_string_prepend (legend, text);
      if (incident->end_ns != RCA_TIME_NONE)
        sign[n++] = (Sign){ column_of (c, columns, incident->end_ns), o->unicode ? "▼" : "v", NULL };
    }
  if (n)
    put_signs (out, sign, n, columns, "             ");
  g_autofree char *from = rca_put_clock (o, c->start_ns), *to = rca_put_clock (o, c->start_ns + (gint64) c->n * c->width_ns);
  g_string_append_printf (out, "             %s%*s\n", from, (int) columns - 8, to);
  if (legend->len)
    rca_put_wrapped (out, o, "             ", legend->str);
}
