#include "window.h"
#include "number.h"
#include "timestamp.h"
#include <stdio.h>

G_DEFINE_QUARK (rca-window-error-quark, rca_window_error)

static gboolean
fail (GError **error, const char *text)
{
  g_set_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX,
               "\"%s\" is no time (try 2026-11-24T14:30:00Z, \"2026-11-24 14:30\", 14:30, -2h, now, yesterday)", text);
  return FALSE;
}

/* "30m", "1h30m", "45s", "2d". */
static gboolean
span_from_text (const char *text, gint64 *ns)
{
  static const struct { char unit; gint64 s; } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
  gint64 sum = 0;
  if (!*text)
    return FALSE;
  while (*text)
    {
      char *end;
      guint64 n = g_ascii_strtoull (text, &end, 10);
      if (end == text || n > 100000)
        return FALSE;
      guint i = 0;
      while (i < G_N_ELEMENTS (units) && units[i].unit != *end)
        i++;
      if (i == G_N_ELEMENTS (units))
        return FALSE;
      sum += (gint64) n * units[i].s * RCA_NS_PER_S;
      text = end + 1;
    }
  *ns = sum;
  return TRUE;
}

static gint64
local_to_utc (gint64 written_ns, GTimeZone *zone)
{
  gint64 s = written_ns / RCA_NS_PER_S;
  gint at = g_time_zone_find_interval (zone, G_TIME_TYPE_STANDARD, s);
  return written_ns - (gint64) g_time_zone_get_offset (zone, MAX (at, 0)) * RCA_NS_PER_S;
}

static gint64
midnight_ns (gint64 now_ns, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (now_ns / RCA_NS_PER_S);
  g_autoptr (GDateTime) here = g_date_time_to_timezone (utc, zone);
  return rca_civil_ns (g_date_time_get_year (here), g_date_time_get_month (here), g_date_time_get_day_of_month (here), 0, 0, 0, 0);
}

static gboolean
time_of_day (const char *text, gint64 *ns)
{
  guint h, m, s = 0;
  int used = 0;
  if (sscanf (text, "%2u:%2u%n", &h, &m, &used) != 2 || used == 0)
    return FALSE;
  if (text[used] == ':' && sscanf (text + used, ":%2u%n", &s, &used) != 1)
    return FALSE;
  const char *rest = strrchr (text, ':') + 1;
  while (g_ascii_isdigit (*rest))
    rest++;
  if (*rest || h > 24 || m > 59 || s > 60)
    return FALSE;
  *ns = ((gint64) h * 3600 + m * 60 + s) * RCA_NS_PER_S;
  return TRUE;
}

/* "2026-11-24" and "2026-11-24 14:30": shorter than what logs write. */
static char *
complete (const char *text)
{
  if (strlen (text) == 10 && text[4] == '-' && text[7] == '-')
    return g_strconcat (text, " 00:00:00", NULL);
  if (strlen (text) == 16 && text[4] == '-' && text[13] == ':')
    return g_strconcat (text, ":00", NULL);
  return g_strdup (text);
}

gboolean
rca_time_from_text (const char *text, gint64 now_ns, GTimeZone *zone, gint64 *out, GError **error)
{
  gint64 n;
  if (g_str_equal (text, "now"))
    return *out = now_ns, TRUE;
  if (g_str_equal (text, "today"))
    return *out = local_to_utc (midnight_ns (now_ns, zone), zone), TRUE;
  if (g_str_equal (text, "yesterday"))
    return *out = local_to_utc (midnight_ns (now_ns, zone) - 86400 * RCA_NS_PER_S, zone), TRUE;
  if (*text == '-' && span_from_text (text + 1, &n))
    return *out = now_ns - n, TRUE;
  if (*text == '@' && rca_stamp_parse_epoch (rca_bytes_str (text + 1), out))
    return TRUE;
  if (time_of_day (text, &n))
    return *out = local_to_utc (midnight_ns (now_ns, zone) + n, zone), TRUE;
  g_autofree char *whole = complete (text);
  RcaStamp stamp;
  gsize took = rca_stamp_parse (rca_bytes_str (whole), NULL, &stamp);
  if (took == 0 || took != strlen (whole) || !(stamp.flags & RCA_STAMP_HAS_YEAR))
    return fail (error, text);
  *out = stamp.flags & RCA_STAMP_HAS_ZONE ? stamp.time_ns : local_to_utc (stamp.time_ns, zone);
  return TRUE;
}

gboolean
rca_window_from_text (const char *text, gint64 now_ns, GTimeZone *zone, RcaSpan *out, GError **error)
{
  const char *dots = strstr (text, "..");
  gint64 length;
  if (!dots)
    {
      if (!span_from_text (text, &length) || length == 0)
        {
          g_set_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX, "\"%s\" is no window (try 30m, START..END, START..+45m, START..)", text);
          return FALSE;
        }
      *out = (RcaSpan){ now_ns - length, now_ns };
      return TRUE;
    }
  g_autofree char *start = g_strndup (text, (gsize) (dots - text));
  const char *end = dots + 2;
  gint64 day;
  if (!rca_time_from_text (start, now_ns, zone, &out->start_ns, error))
    return FALSE;
  if (*end == '+' && span_from_text (end + 1, &length))
    out->end_ns = out->start_ns + length;
  else if (!*end)
    out->end_ns = now_ns;
  else if (!rca_time_from_text (end, now_ns, zone, &out->end_ns, error))
    return FALSE;
  if (out->end_ns <= out->start_ns && time_of_day (start, &day) && time_of_day (end, &day))
    out->start_ns -= 86400 * RCA_NS_PER_S; /* "23:50..00:20": over midnight */
  if (out->end_ns <= out->start_ns)
    {
      g_set_error (error, RCA_WINDOW_ERROR, RCA_WINDOW_ERROR_SYNTAX, "\"%s\" ends before it begins", text);
      return FALSE;
    }
  return TRUE;
}

/* "2026-11-24T14:30:00Z" */
static char *
whole_second (gint64 ns, gboolean up)
{
  gint64 s = (ns + (up ? RCA_NS_PER_S - 1 : 0)) / RCA_NS_PER_S;
  char text[32];
  return g_strdup_printf ("%.19sZ", rca_time_format (s * RCA_NS_PER_S, text));
}

char *
rca_window_format (RcaSpan span)
{
  g_autofree char *start = whole_second (span.start_ns, FALSE), *end = whole_second (span.end_ns, TRUE);
  return g_strdup_printf ("%s..%s", start, end);
}
