#include "impact.h"
#include <math.h>

static void
route_clear (gpointer data)
{
  g_free (((RcaRouteImpact *) data)->route);
}

static gint
by_damage (gconstpointer a, gconstpointer b)
{
  const RcaRouteImpact *x = a, *y = b;
  guint64 i = x->failed + x->slow, j = y->failed + y->slow;
  if (i != j)
    return i > j ? -1 : 1;
  return strcmp (x->route, y->route);
}

static guint64
sum (const double *series, const RcaOutbreak *o)
{
  double out = 0;
  for (guint i = o->from; i < o->to; i++)
    out += series[i];
  return (guint64) llround (out);
}

/* What was turned away, or answered with an error inside, counts as failed where that is the incident. */
static guint64
in_its_way (const RcaTraffic *t, const RcaOutbreak *o)
{
  return o->failing > RCA_FAIL_DROP ? sum (rca_traffic_bad (t, o->failing), o) : 0;
}

static void
measure_clients (RcaContext *c, const RcaOutbreak *o, RcaImpact *impact)
{
  impact->clients = impact->clients_affected = impact->clients_affected_ratio = NAN;
  if (rca_frame_n_entities (c->site_frame) == 0)
    return;
  double all = rca_frame_clients (c->site_frame, 0, o->from, o->to, RCA_MEASURE_CLIENTS);
  double hit = rca_frame_clients (c->site_frame, 0, o->from, o->to, RCA_MEASURE_CLIENTS_FAILED);
  /* one address for all: a proxy's; clients are not known */
  if (!(all > 1))
    return;
  impact->clients = round (all);
  if (o->failing != RCA_FAIL_ERROR)
    return;
  impact->clients_affected = round (hit);
  impact->clients_affected_ratio = MIN (1, hit / all);
}

void
rca_impact_measure (RcaContext *c, const RcaOutbreak *o, RcaImpact *impact)
{
  impact->requests = sum (c->site->requests, o);
  impact->failed = sum (c->site->failed, o) + in_its_way (c->site, o);
  impact->slow = sum (c->site->slow, o);
  guint64 timed = sum (c->site->timed, o);
  impact->failed_ratio = impact->requests ? (double) impact->failed / (double) impact->requests : 0;
  impact->slow_ratio = timed ? (double) impact->slow / (double) timed : 0;
  impact->routes = g_array_new (FALSE, FALSE, sizeof (RcaRouteImpact));
  g_array_set_clear_func (impact->routes, route_clear);
  measure_clients (c, o, impact);
  for (guint i = 0; i < c->routes->len; i++)
    {
      const RcaTraffic *t = g_ptr_array_index (c->routes, i);
      RcaRouteImpact r = { NULL, sum (t->requests, o), sum (t->failed, o) + in_its_way (t, o), sum (t->slow, o) };
      if (r.failed + r.slow == 0)
        continue;
      r.route = g_strdup (t->name);
      g_array_append_val (impact->routes, r);
    }
  g_array_sort (impact->routes, by_damage);
  if (impact->routes->len > 20)
    g_array_set_size (impact->routes, 20);
}

RcaIncidentSeverity
rca_impact_severity (const RcaOutbreak *o, const RcaImpact *impact)
{
  double worst = MAX (impact->failed_ratio, impact->slow_ratio);
  if (o->failing == RCA_FAIL_DROP) /* of those who would have come */
    worst = MAX (worst, o->total_excess / (o->total_excess + (double) MAX (impact->requests, 1)));
  if (!isnan (impact->clients_affected_ratio))
    worst = MAX (worst, impact->clients_affected_ratio >= 0.5 ? impact->clients_affected_ratio : 0);
  if (worst >= 0.5)
    return RCA_SEVERITY_CRITICAL;
  if (worst >= 0.05)
    return RCA_SEVERITY_MAJOR;
  for (guint i = 0; i < impact->routes->len; i++)
    {
      const RcaRouteImpact *r = &g_array_index (impact->routes, RcaRouteImpact, i);
      if (r->requests >= 20 && MAX (r->failed, r->slow) * 2 >= r->requests)
        return RCA_SEVERITY_MAJOR; /* a whole route */
    }
  return RCA_SEVERITY_MINOR;
}
