/* Is it still going on, what is it, whom does it hit. */
#include "text-parts.h"
#include "timestamp.h"
#include "words.h"
#include <math.h>

static const struct { const char *word; RcaStyle style; } states[] = {
  [RCA_STATE_ONGOING] = { "ONGOING", RCA_STYLE_BAD },
  [RCA_STATE_RECOVERING] = { "RECOVERING", RCA_STYLE_WARN },
  [RCA_STATE_OVER] = { "OVER", RCA_STYLE_GOOD },
};

/* "since 07:54:06 UTC, 12 min so far" or "from 07:44:13 UTC, over after 84 s". */
static char *
how_long (const RcaReport *report, const RcaIncident *in)
{
  char from[32];
  g_autofree char *length = rca_words_duration (rca_words_known_until (report, in) - in->start_ns);
  rca_words_time (in->start_ns, from);
  if (in->state == RCA_STATE_OVER && in->end_ns != RCA_TIME_NONE)
    return g_strdup_printf ("began %s, over after %s", from, length);
  return g_strdup_printf ("since %s, %s so far", from, length);
}

/* Where the reader's clock is another: the evidence speaks of UTC. */
static char *
local_time (const RcaRenderOptions *options, gint64 time_ns)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time_ns / RCA_NS_PER_S);
  g_autoptr (GDateTime) here = g_date_time_to_timezone (utc, zone);
  return options->utc || g_date_time_get_utc_offset (here) == 0 ? g_strdup ("") : g_date_time_format (here, " (%H:%M:%S %Z)");
}

static void
add_clients (GString *s, const RcaImpact *im)
{
  if (isnan (im->clients_affected) || isnan (im->clients))
    return;
  g_autofree char *share = rca_words_share (im->clients_affected_ratio);
  g_string_append_printf (s, "; %.0f of %.0f clients (%s)", im->clients_affected, im->clients, share);
}

static void
add_routes (GString *s, const RcaImpact *im, gboolean slow)
{
  enum { SHOWN = 3 };
  guint shown = 0;
  for (guint i = 0; i < im->routes->len && shown < SHOWN; i++)
    {
      const RcaRouteImpact *r = &g_array_index (im->routes, RcaRouteImpact, i);
      guint64 hit = slow ? r->slow : r->failed;
      if (hit == 0)
        continue;
      g_string_append_printf (s, "%s%s %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, shown ? ", " : "; by route: ", r->route, hit, r->requests);
      shown++;
    }
}

static char *
impact_words (const RcaIncident *in)
{
  const RcaImpact *im = &in->impact;
  g_autofree char *failed = rca_words_share (im->failed_ratio), *slow = rca_words_share (im->slow_ratio);
  GString *s = g_string_new (NULL);
  if (in->symptom == RCA_SYMPTOM_LATENCY)
    g_string_append_printf (s, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests were slow (%s), %" G_GUINT64_FORMAT " failed (%s)", im->slow, im->requests, slow, im->failed, failed);
  else
    g_string_append_printf (s, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " requests failed (%s)", im->failed, im->requests, failed);
  if (im->slow && in->symptom != RCA_SYMPTOM_LATENCY)
    g_string_append_printf (s, ", %" G_GUINT64_FORMAT " were slow (%s)", im->slow, slow);
  add_clients (s, im);
  add_routes (s, im, in->symptom == RCA_SYMPTOM_LATENCY);
  return g_string_free (s, FALSE);
}

void
rca_text_headline (RcaPage *page, const RcaReport *report, const RcaIncident *in)
{
  g_autofree char *since = how_long (report, in), *impact = impact_words (in), *local = local_time (page->options, in->start_ns);
  g_autofree char *when = g_strdup_printf ("%s%s  [%s]", since, local, in->id);
  g_autofree char *lead = g_strdup_printf ("%s  ", states[in->state].word);
  g_autofree char *what = g_strdup_printf ("%s incident: %s%s%s", rca_incident_severity_name (in->severity), rca_symptom_words (in->symptom), in->service ? " at " : "", in->service ? in->service : "");
  rca_page_paragraph (page, lead, states[in->state].style, 0, RCA_STYLE_STRONG, 2, what);
  rca_page_paragraph (page, "  When    ", RCA_STYLE_FAINT, 10, RCA_STYLE_PLAIN, 2, when);
  rca_page_paragraph (page, "  Impact  ", RCA_STYLE_FAINT, 10, RCA_STYLE_PLAIN, 3, impact);
}
