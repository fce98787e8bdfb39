/* Which routes' requests a statement runs in, where no id joins the two: an execution lies inside its
 * request's time. How often a request of a route is under way just then, less how often one is
 * under way at another instant (the same executions, moved by some seconds). */
#include "batch.h"
#include <math.h>

enum { MOST_EXECUTIONS = 400, LEAST_EXECUTIONS = 20, MOST_REQUESTS = 60000, MOST_ROUTES = 3 };
static const double least_share = 0.2;
static const gint64 moved_ns[] = { -37 * RCA_NS_PER_S, 37 * RCA_NS_PER_S, 97 * RCA_NS_PER_S };

typedef struct {
  const char *route;
  gint64 start_ns, end_ns;
} Request;

typedef struct {
  double with, chance; /* executions during a request of it; the same when moved */
  guint stamp;         /* of the execution that counted it last */
} Route;

/* The stream with requests whose times are the finest; and how coarse they are. */
static RcaStream
finest_stream (const RcaSources *sources, gint64 *step_ns)
{
  const guint64 need = G_GUINT64_CONSTANT (1) << RCA_FIELD_DURATION | G_GUINT64_CONSTANT (1) << RCA_FIELD_HTTP_STATUS;
  RcaStream best = RCA_STREAM_UNKNOWN;
  for (guint i = 0; i < sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (sources->source, i);
      if ((s->present & need) != need || (s->stream != RCA_STREAM_ACCESS && s->stream != RCA_STREAM_APP) || (best != RCA_STREAM_UNKNOWN && s->time_step_ns >= *step_ns))
        continue;
      best = s->stream;
      *step_ns = s->time_step_ns;
    }
  return best;
}

static gint
compare_request (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const Request *) a)->start_ns, y = ((const Request *) b)->start_ns;
  return x < y ? -1 : x > y;
}

/* Sorted by start; @longest: of them. */
static GArray *
requests_of (RcaStore *store, RcaStream stream, RcaSpan span, GPtrArray **owner, gint64 *longest)
{
  RcaRowQuery q = { .span = span, .stream = stream, .limit = MOST_REQUESTS };
  GArray *requests = g_array_new (FALSE, FALSE, sizeof (Request));
  *owner = rca_store_rows (store, &q, NULL);
  *longest = 0;
  for (guint i = 0; *owner && i < (*owner)->len; i++)
    {
      const RcaRow *row = g_ptr_array_index (*owner, i);
      Request r = { row->route, row->start_ns, row->end_ns };
      if (!row->route || row->status < 0 || row->duration_ns < 0)
        continue;
      g_array_append_val (requests, r);
      *longest = MAX (*longest, r.end_ns - r.start_ns);
    }
  g_array_sort (requests, compare_request);
  return requests;
}

static guint
first_from (const GArray *requests, gint64 start_ns)
{
  guint low = 0, high = requests->len;
  while (low < high)
    {
      guint middle = (low + high) / 2;
      if (g_array_index (requests, Request, middle).start_ns < start_ns)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static Route *
route_of (GHashTable *routes, const char *name)
{
  Route *r = g_hash_table_lookup (routes, name);
  if (r)
    return r;
  r = g_new0 (Route, 1);
  g_hash_table_insert (routes, (gpointer) name, r);
  return r;
}

/* Each route once, however many of its requests are under way. */
static void
count_under_way (GHashTable *routes, const GArray *requests, RcaSpan execution, gint64 slack_ns, gint64 longest, guint stamp, double weight, gboolean chance)
{
  for (guint i = first_from (requests, execution.start_ns - longest - slack_ns); i < requests->len; i++)
    {
      const Request *r = &g_array_index (requests, Request, i);
      if (r->start_ns > execution.start_ns + slack_ns)
        break;
      Route *route = r->end_ns >= execution.end_ns - slack_ns ? route_of (routes, r->route) : NULL;
      if (!route || route->stamp == stamp)
        continue;
      route->stamp = stamp;
      *(chance ? &route->chance : &route->with) += weight;
    }
}

typedef struct {
  const char *name;
  double share;
} Ranked;

static gint
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;
  return x->share != y->share ? (x->share > y->share ? -1 : 1) : strcmp (x->name, y->name);
}

static void
take_routes (RcaGrowing *g, GHashTable *routes, double n)
{
  g_autoptr (GArray) ranked = g_array_new (FALSE, FALSE, sizeof (Ranked));
  GHashTableIter iter;
  gpointer name, value;
  g_hash_table_iter_init (&iter, routes);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const Route *r = value;
      Ranked one = { name, r->chance < n ? (r->with - r->chance) / (n - r->chance) : 0 };
      if (one.share >= least_share)
        g_array_append_val (ranked, one);
    }
  g_array_sort (ranked, compare_ranked);
  for (guint i = 0; i < ranked->len && i < MOST_ROUTES; i++)
    {
      const Ranked *r = &g_array_index (ranked, Ranked, i);
      g_ptr_array_add (g->routes, g_strdup_printf ("%s (%.0f %%)", r->name, 100 * r->share));
    }
}

void
rca_growing_find_routes (RcaGrowing *g, RcaStore *store)
{
  const char *fingerprint[] = { g->fingerprint, NULL };
  RcaFilter filter = { RCA_DIM_FINGERPRINT, fingerprint, FALSE };
  RcaRowQuery q = { .span = g->sample, .stream = RCA_STREAM_DB, .filter = &filter, .n_filters = 1, .limit = MOST_EXECUTIONS };
  gint64 step = 0, longest;
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  g_autoptr (GPtrArray) executions = rca_store_rows (store, &q, NULL);
  RcaStream stream = sources ? finest_stream (sources, &step) : RCA_STREAM_UNKNOWN;
  if (!executions || executions->len < LEAST_EXECUTIONS || stream == RCA_STREAM_UNKNOWN)
    return;
  g_autoptr (GPtrArray) owner = NULL;
  g_autoptr (GArray) requests = requests_of (store, stream, g->sample, &owner, &longest);
  g_autoptr (GHashTable) routes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  guint stamp = 0;
  for (guint i = 0; i < executions->len; i++)
    {
      const RcaRow *e = g_ptr_array_index (executions, i);
      count_under_way (routes, requests, (RcaSpan){ e->start_ns, e->end_ns }, step, longest, ++stamp, 1, FALSE);
      for (guint k = 0; k < G_N_ELEMENTS (moved_ns); k++)
        count_under_way (routes, requests, (RcaSpan){ e->start_ns + moved_ns[k], e->end_ns + moved_ns[k] }, step, longest, ++stamp, 1.0 / G_N_ELEMENTS (moved_ns), TRUE);
    }
  take_routes (g, routes, executions->len);
  rca_growing_tell (g);
}
