#include "frame-private.h"
#include <math.h>

static gint
measure_index (RcaMeasure measure)
{
  return g_bit_nth_lsf (measure, -1);
}

void
rca_frame_free (RcaFrame *f)
{
  if (!f)
    return;
  for (guint m = 0; m < RCA_FRAME_N_MEASURES; m++)
  {
    g_free (f->series[m]);
    g_free (f->n[m]);
    g_free (f->histogram[m]);
  }
  for (guint i = 0; i < 2; i++)
  {
    g_free (f->value[i]);
    g_free (f->label[i]);
    g_clear_pointer (&f->visit[i], g_array_unref);
  }
  g_clear_pointer (&f->histogram_block, g_ptr_array_unref);
  g_clear_pointer (&f->find, g_hash_table_unref);
  g_free (f->gauge);
  g_free (f);
}

guint
rca_frame_n_entities (const RcaFrame *f)
{
  return f->n_entities;
}

guint
rca_frame_n_buckets (const RcaFrame *f)
{
  return f->n_buckets;
}

gint64
rca_frame_start_ns (const RcaFrame *f)
{
  return f->start_ns;
}

gint64
rca_frame_width_ns (const RcaFrame *f)
{
  return f->width_ns;
}

guint64
rca_frame_other_entities (const RcaFrame *f)
{
  return f->other_entities;
}

const char *
rca_frame_value (const RcaFrame *f, guint e, guint which)
{
  return which < 2 && e <= f->n_entities ? f->value[which][e] : "";
}

const char *
rca_frame_label (const RcaFrame *f, guint e, guint which)
{
  return which < 2 && e <= f->n_entities ? f->label[which][e] : "";
}

gint
rca_frame_find (const RcaFrame *f, const char *value0, const char *value1)
{
  g_autofree char *key = g_strconcat (value0 ? value0 : "", "\x1f", value1 ? value1 : "", NULL);
  return GPOINTER_TO_INT (g_hash_table_lookup (f->find, key)) - 1;
}

static const double *
row_of (const RcaFrame *f, const double *data, guint e)
{
  return data && e <= f->n_entities ? data + (gsize)e * f->n_buckets : NULL;
}

const double *
rca_frame_series (const RcaFrame *f, guint e, RcaMeasure measure)
{
  gint m = measure_index (measure);
  return m >= 0 && m < RCA_FRAME_N_MEASURES ? row_of (f, f->series[m], e) : NULL;
}

const double *
rca_frame_series_n (const RcaFrame *f, guint e, RcaMeasure measure)
{
  gint m = measure_index (measure);
  return m >= 0 && m < RCA_FRAME_N_MEASURES ? row_of (f, f->n[m], e) : NULL;
}

const RcaHistogram *
rca_frame_histogram (const RcaFrame *f, guint e, guint bucket, RcaMeasure measure)
{
  gint m = measure_index (measure);
  if (m < 0 || m >= RCA_FRAME_N_MEASURES || !f->histogram[m] || e > f->n_entities || bucket >= f->n_buckets)
    return NULL;
  return f->histogram[m][(gsize)e * f->n_buckets + bucket];
}

RcaGauge
rca_frame_gauge (const RcaFrame *f, guint e, guint bucket)
{
  if (!f->gauge || e > f->n_entities || bucket >= f->n_buckets)
    return (RcaGauge){ NAN, NAN, NAN, 0 };
  RcaGauge g = f->gauge[(gsize)e * f->n_buckets + bucket];
  return g.n > 0 ? g : (RcaGauge){ NAN, NAN, NAN, 0 };
}

static gint
compare_u32 (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;
  return x < y ? -1 : x > y;
}

/* The first visit at or after (entity, bucket). */
static guint
visit_from (const GArray *visit, guint32 entity, guint32 bucket)
{
  guint low = 0, high = visit->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    const RcaVisit *v = &g_array_index (visit, RcaVisit, middle);
    if (v->entity < entity || (v->entity == entity && v->bucket < bucket))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

double
rca_frame_clients (const RcaFrame *f, guint e, guint from, guint to, RcaMeasure measure)
{
  const GArray *visit = f->visit[measure == RCA_MEASURE_CLIENTS_FAILED];
  if (!visit || from >= to)
    return 0;
  guint low = visit_from (visit, e, from), high = visit_from (visit, e, to);
  g_autofree guint32 *client = g_new (guint32, MAX (high - low, 1));
  for (guint i = low; i < high; i++)
    client[i - low] = g_array_index (visit, RcaVisit, i).client;
  qsort (client, high - low, sizeof *client, compare_u32);
  guint n = 0;
  for (guint i = 0; i < high - low; i++)
    n += i == 0 || client[i] != client[i - 1];
  return n;
}
