#include "scope.h"

/* From @line of @part on, up to the next one, lines count or do not. */
typedef struct {
  guint part;
  guint64 line;
  gboolean inside;
} Turn;

struct RcaScope {
  GArray *turn; /* Turn, only where it changes */
  guint at;
  RcaSpan window;
  const char *service;
  GTimeZone *zone;
};

/* Where nothing tells the zone of a log, it is the machine's. */
static gint64
time_of (const RcaScope *s, const RcaEvent *ev)
{
  if (ev->time_ns == RCA_TIME_NONE || !(ev->flags & RCA_EVENT_ZONE_UNKNOWN))
    return ev->time_ns;
  gint at = g_time_zone_find_interval (s->zone, G_TIME_TYPE_STANDARD, ev->time_ns / RCA_NS_PER_S);
  return ev->time_ns - (gint64) g_time_zone_get_offset (s->zone, MAX (at, 0)) * RCA_NS_PER_S;
}

static gboolean
is_inside (const RcaScope *s, const RcaSource *source, const RcaEvent *ev)
{
  gint64 t = time_of (s, ev);
  if (s->window.start_ns < s->window.end_ns && (t == RCA_TIME_NONE || t < s->window.start_ns || t >= s->window.end_ns))
    return FALSE;
  if (!s->service)
    return TRUE;
  RcaBytes own = rca_event_has (ev, RCA_FIELD_SERVICE) ? rca_event_str (ev, RCA_FIELD_SERVICE) : rca_bytes_str (source->service);
  return rca_bytes_equal (own, rca_bytes_str (s->service));
}

static void
note (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  RcaScope *s = user;
  const Turn *last = s->turn->len ? &g_array_index (s->turn, Turn, s->turn->len - 1) : NULL;
  Turn turn = { part, ev->line, is_inside (s, source, ev) };
  if (!last || last->part != part || last->inside != turn.inside)
    g_array_append_val (s->turn, turn);
}

static gint
by_place (gconstpointer a, gconstpointer b)
{
  const Turn *x = a, *y = b;
  return x->part != y->part ? (x->part < y->part ? -1 : 1) : x->line < y->line ? -1 : x->line > y->line;
}

RcaScope *
rca_scope_new (RcaSource *source, const RcaReadOptions *read, RcaSpan window, const char *service)
{
  RcaScope *s = g_new0 (RcaScope, 1);
  s->turn = g_array_new (FALSE, FALSE, sizeof (Turn));
  s->window = window;
  s->service = service;
  s->zone = g_time_zone_new_local ();
  rca_source_read (source, read, note, s);
  g_array_sort (s->turn, by_place);
  return s;
}

void
rca_scope_free (RcaScope *s)
{
  g_array_unref (s->turn);
  g_time_zone_unref (s->zone);
  g_free (s);
}

gboolean
rca_scope_holds (RcaScope *s, guint part, guint64 line)
{
  const Turn *turn = (const Turn *) (gpointer) s->turn->data;
  while (s->at + 1 < s->turn->len && (turn[s->at + 1].part < part || (turn[s->at + 1].part == part && turn[s->at + 1].line <= line)))
    s->at++;
  return s->turn->len > 0 && turn[s->at].part == part && turn[s->at].line <= line && turn[s->at].inside;
}
