/* Statements that take longer from week to week: a trend over days, before it hurts.
 *
 * The mean duration of a call, a day at a time. Whether it rises: Mann-Kendall (Mann 1945, Kendall
 * 1975, with the variance for ties), which neither a single bad day nor the shape of the growth
 * misleads. By how much: the Theil-Sen line (Sen 1968) through its logarithms. */
#include "batch.h"
#include "timestamp.h"
#include <math.h>

#define DAY_NS (86400 * RCA_NS_PER_S)

enum { LEAST_DAYS = 14, LEAST_CALLS_A_DAY = 5 };
static const double least_z = 4;          /* hundreds of statements are looked at */
static const double least_growth = 1.5;   /* over the whole time */
static const double least_last_s = 0.010; /* faster ones may grow */

typedef struct {
  gint64 day;
  double calls, seconds, mean;
} Day;

static GArray *
days_of (const RcaStatementHistory *s)
{
  GArray *days = g_array_new (FALSE, FALSE, sizeof (Day));
  for (guint i = 0; i < s->hour->len; i++)
    {
      const RcaStatementHour *h = &g_array_index (s->hour, RcaStatementHour, i);
      gint64 day = h->start_ns / DAY_NS;
      Day *last = days->len ? &g_array_index (days, Day, days->len - 1) : NULL;
      if (last && last->day == day)
        last->calls += h->calls, last->seconds += h->seconds;
      else
        {
          Day fresh = { day, h->calls, h->seconds, 0 };
          g_array_append_val (days, fresh);
        }
    }
  for (guint i = days->len; i-- > 0;)
    {
      Day *d = &g_array_index (days, Day, i);
      d->mean = d->calls > 0 ? d->seconds / d->calls : 0;
      if (d->calls < LEAST_CALLS_A_DAY || d->mean <= 0)
        g_array_remove_index (days, i);
    }
  return days;
}

static gint
compare_double (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

/* Normal score of S = Σ sign (x_j − x_i), with continuity correction. */
static double
mann_kendall (const GArray *days)
{
  double s = 0, n = days->len, ties = 0;
  g_autofree double *sorted = g_new (double, days->len);
  for (guint i = 0; i < days->len; i++)
    {
      sorted[i] = g_array_index (days, Day, i).mean;
      for (guint k = 0; k < i; k++)
        s += sorted[i] > g_array_index (days, Day, k).mean ? 1 : sorted[i] < g_array_index (days, Day, k).mean ? -1 : 0;
    }
  qsort (sorted, days->len, sizeof *sorted, compare_double);
  for (guint i = 0; i < days->len;)
    {
      guint j = i;
      while (j < days->len && sorted[j] == sorted[i])
        j++;
      double t = j - i;
      ties += t * (t - 1) * (2 * t + 5);
      i = j;
    }
  double variance = (n * (n - 1) * (2 * n + 5) - ties) / 18;
  return variance > 0 ? (s > 0 ? s - 1 : s < 0 ? s + 1 : 0) / sqrt (variance) : 0;
}

static double
median_of (GArray *values)
{
  g_array_sort (values, compare_double);
  return values->len ? (g_array_index (values, double, (values->len - 1) / 2) + g_array_index (values, double, values->len / 2)) / 2 : 0;
}

/* log seconds = a + b · day. */
static void
theil_sen (const GArray *days, double *a, double *b)
{
  g_autoptr (GArray) slopes = g_array_new (FALSE, FALSE, sizeof (double)), rests = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < days->len; i++)
    for (guint k = 0; k < i; k++)
      {
        const Day *x = &g_array_index (days, Day, k), *y = &g_array_index (days, Day, i);
        double slope = (log (y->mean) - log (x->mean)) / (double) (y->day - x->day);
        g_array_append_val (slopes, slope);
      }
  *b = median_of (slopes);
  for (guint i = 0; i < days->len; i++)
    {
      const Day *x = &g_array_index (days, Day, i);
      double rest = log (x->mean) - *b * (double) x->day;
      g_array_append_val (rests, rest);
    }
  *a = median_of (rests);
}

static double
median_calls (const GArray *days, guint from, guint to)
{
  g_autoptr (GArray) calls = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = from; i < to; i++)
    g_array_append_val (calls, g_array_index (days, Day, i).calls);
  return median_of (calls);
}

static char *
seconds_text (double s)
{
  return s < 0.01 ? g_strdup_printf ("%.1f ms", s * 1e3) : s < 1 ? g_strdup_printf ("%.0f ms", s * 1e3) : g_strdup_printf ("%.1f s", s);
}

void
rca_growing_tell (RcaGrowing *g)
{
  char from[32], to[32];
  g_autofree char *first = seconds_text (g->first_s), *last = seconds_text (g->last_s);
  g_autofree char *routes = NULL;
  rca_time_format (g->first_ns, from);
  rca_time_format (g->last_ns, to);
  g_ptr_array_add (g->routes, NULL);
  routes = g_strjoinv (", ", (char **) g->routes->pdata);
  g_ptr_array_set_size (g->routes, (gint) g->routes->len - 1);
  g_free (g->summary);
  g->summary = g_strdup_printf ("%s grows: a call took %s on %.10s and %s on %.10s (%.1f times as long, %+.0f %% a month; calls a day %.0f, then %.0f)%s%s", g->name, first, from, last, to, g->last_s / g->first_s,
                                100 * (g->a_month_ratio - 1), g->first_calls, g->last_calls, *routes ? "; carried by " : "", routes);
}

/* Its busiest hour of the last three days it ran on. */
static RcaSpan
sample_of (const RcaStatementHistory *s)
{
  const RcaStatementHour *last = &g_array_index (s->hour, RcaStatementHour, s->hour->len - 1), *best = last;
  for (guint i = s->hour->len; i-- > 0;)
    {
      const RcaStatementHour *h = &g_array_index (s->hour, RcaStatementHour, i);
      if (h->start_ns < last->start_ns - 3 * DAY_NS)
        break;
      if (h->calls > best->calls)
        best = h;
    }
  return (RcaSpan){ best->start_ns, best->start_ns + RCA_HISTORY_STATEMENT_WIDTH_NS };
}

static RcaGrowing *
growing_of (const RcaStatementHistory *s)
{
  g_autoptr (GArray) days = days_of (s);
  if (days->len < LEAST_DAYS)
    return NULL;
  const Day *first = &g_array_index (days, Day, 0), *last = &g_array_index (days, Day, days->len - 1);
  double a, b, z = mann_kendall (days);
  if (z < least_z)
    return NULL;
  theil_sen (days, &a, &b);
  double first_s = exp (a + b * (double) first->day), last_s = exp (a + b * (double) last->day);
  if (last_s < least_growth * first_s || last_s < least_last_s)
    return NULL;
  RcaGrowing *g = g_new0 (RcaGrowing, 1);
  guint quarter = days->len / 4;
  *g = (RcaGrowing){ g_strdup (s->fingerprint), g_strdup (s->name), first->day * DAY_NS, last->day * DAY_NS, first_s, last_s,
                     median_calls (days, 0, quarter), median_calls (days, days->len - quarter, days->len), exp (30 * b), z, sample_of (s), g_ptr_array_new_with_free_func (g_free), NULL };
  rca_growing_tell (g);
  return g;
}

static gint
compare_growing (gconstpointer a, gconstpointer b)
{
  const RcaGrowing *x = *(RcaGrowing *const *) a, *y = *(RcaGrowing *const *) b;
  double rx = x->last_s / x->first_s, ry = y->last_s / y->first_s;
  return rx != ry ? (rx > ry ? -1 : 1) : strcmp (x->fingerprint, y->fingerprint);
}

void
rca_batch_find_growing (RcaBatch *b, const GPtrArray *histories)
{
  g_autoptr (GPtrArray) statements = rca_history_statements (histories);
  for (guint i = 0; i < statements->len; i++)
    {
      RcaGrowing *g = growing_of (g_ptr_array_index (statements, i));
      if (g)
        g_ptr_array_add (b->growing, g);
    }
  g_ptr_array_sort (b->growing, compare_growing);
}
