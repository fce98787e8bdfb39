#include "stamp-reader.h"

/* Abbreviations that mean one thing wherever servers run. CST (America, China,
 * Cuba), IST (India, Ireland, Israel) and the like are left unread: better no
 * zone than a wrong one. */
static const struct {
  char name[5];
  gint16 minutes;
} zones[] = {
  { "UTC", 0 },    { "GMT", 0 },    { "CET", 60 },   { "CEST", 120 }, { "EST", -300 },  { "EDT", -240 },  { "PST", -480 }, { "PDT", -420 },
  { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 }, { "BST", 60 },   { "WET", 0 },     { "WEST", 60 },   { "EET", 120 },  { "EEST", 180 },
  { "MSK", 180 },  { "JST", 540 },  { "KST", 540 },  { "HKT", 480 },  { "SGT", 480 },   { "AEST", 600 },  { "AEDT", 660 }, { "ACST", 570 },
  { "ACDT", 630 }, { "AWST", 480 }, { "NZST", 720 }, { "NZDT", 780 }, { "AKST", -540 }, { "AKDT", -480 }, { "HST", -600 }, { "SAST", 120 },
  { "WIB", 420 },  { "EAT", 180 },  { "CAT", 120 },  { "WAT", 60 },   { "BRT", -180 },  { "UCT", 0 },     { "MET", 60 },   { "MEST", 120 },
};

/* A name ("CET", "Z") right at @r->p. */
static gboolean
read_zone_name (RcaStampReader *r)
{
  gsize n = 0;
  if (r->p == r->end || !rca_char_in (*r->p, "ABCEGHJKMNPSUWZz")) /* nor INFO nor DEBUG, which stand here in every other log */
    return FALSE;
  while (n < rca_stamp_left (r) && n < 6 && rca_stamp_is_alpha (r->p[n]))
    n++;
  if (n == 1 && (*r->p == 'Z' || *r->p == 'z'))
  {
    r->p++;
    r->has_zone = TRUE;
    return TRUE;
  }
  if (n < 3 || n > 4 || (n < rca_stamp_left (r) && (rca_stamp_is_digit (r->p[n]) || r->p[n] == '_' || r->p[n] == '/')))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    if (zones[i].name[0] == r->p[0] && memcmp (zones[i].name, r->p, n) == 0 && zones[i].name[n] == '\0')
    {
      r->p += n;
      r->offset_s = zones[i].minutes * 60;
      r->has_zone = TRUE;
      return TRUE;
    }
  return FALSE;
}

/* +hh:mm, +hhmm, +hh right at @r->p. */
static gboolean
read_zone_number (RcaStampReader *r)
{
  const char *p = r->p;
  if (rca_stamp_left (r) < 3 || (*p != '+' && *p != '-'))
    return FALSE;
  gint sign = *p == '-' ? -1 : 1, hours = rca_stamp_two (p + 1), minutes = 0;
  gsize n = 3;
  if (hours < 0 || hours > 18)
    return FALSE;
  if (rca_stamp_left (r) >= 6 && p[3] == ':' && rca_stamp_two (p + 4) >= 0)
    minutes = rca_stamp_two (p + 4), n = 6;
  else if (rca_stamp_left (r) >= 5 && rca_stamp_two (p + 3) >= 0)
    minutes = rca_stamp_two (p + 3), n = 5;
  if (minutes > 59 || (rca_stamp_left (r) > n && (rca_stamp_is_digit (p[n]) || rca_stamp_is_alpha (p[n]))))
    return FALSE;
  r->p += n;
  r->offset_s = sign * (hours * 60 + minutes) * 60;
  r->has_zone = TRUE;
  return TRUE;
}

void
rca_stamp_read_zone (RcaStampReader *r)
{
  if (r->p == r->end)
    return;
  if (*r->p == 'Z' || *r->p == 'z' || *r->p == '+' || *r->p == '-')
  {
    if (*r->p == '+' || *r->p == '-' ? read_zone_number (r) : read_zone_name (r))
      return;
  }
  if (*r->p != ' ' || rca_stamp_left (r) < 2)
    return;
  r->p++;
  if (!read_zone_number (r) && !read_zone_name (r))
    r->p--;
  else if (rca_stamp_left (r) > 4 && r->p[0] == ' ' && memcmp (r->p + 1, "UTC", 3) == 0 && !rca_stamp_is_alpha (r->p[4]))
    r->p += 4; /* Go's "+0000 UTC" */
}
