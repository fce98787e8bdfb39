#include "rotation.h"
#include "bytes.h"
#include <stdlib.h>
#include <string.h>

static const char *const compressed[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4", ".Z", ".zip", NULL };
static const char *const extensions[] = { ".log", ".txt", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".out", ".err", NULL };

/* Cuts the suffix of @name that is in @table; returns it or NULL. */
static const char *
cut_suffix (char *name, const char *const *table)
{
  for (; *table; table++)
    if (g_str_has_suffix (name, *table) && strlen (name) > strlen (*table))
    {
      name[strlen (name) - strlen (*table)] = 0;
      return *table;
    }
  return NULL;
}

static gint
digits_at (const char *p, gint n)
{
  gint value = 0;
  for (gint i = 0; i < n; i++)
    value = value * 10 + (p[i] - '0');
  return value;
}

/* "20261124…" with a plausible date, or ten digits of an epoch. */
static gboolean
is_date (const char *digits)
{
  gsize n = strlen (digits);
  if (n == 10 && digits[0] == '1' && digits[1] != '9') /* seconds since 1970 of 2001 to 2030 */
    return TRUE;
  if (n < 8 || n > 20)
    return FALSE;
  gint year = digits_at (digits, 4), month = digits_at (digits + 4, 2), day = digits_at (digits + 6, 2);
  return year >= 1990 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static char *
only_digits (const char *text)
{
  GString *digits = g_string_new (NULL);
  for (; *text; text++)
    if (g_ascii_isdigit (*text))
      g_string_append_c (digits, *text);
  return g_string_free (digits, FALSE);
}

/* Cuts "-20261124", ".2026-11-24.0", "_2026-11-24_000000" from the end of @name. */
static char *
cut_date (char *name)
{
  char *tail = name + strlen (name);
  while (tail > name && (g_ascii_isdigit (tail[-1]) || rca_char_in (tail[-1], "-_.TZ")))
    tail--;
  for (; *tail; tail++)
  {
    if (!rca_char_in (*tail, "-_.") || !g_ascii_isdigit (tail[1]) || tail == name)
      continue;
    char *digits = only_digits (tail);
    if (is_date (digits))
    {
      *tail = 0;
      return digits;
    }
    g_free (digits);
  }
  return NULL;
}

/* Cuts "-Mon" from the end of @name: PostgreSQL's log_filename = 'postgresql-%a.log'. A
 * day of the week is no date, but tells siblings; their times give the order. */
static char *
cut_weekday (char *name)
{
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  gsize n = strlen (name);
  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    if (n > 4 && rca_char_in (name[n - 4], "-_.") && strcmp (name + n - 3, days[i]) == 0)
    {
      name[n - 4] = 0;
      return g_strdup_printf ("%u", i);
    }
  return NULL;
}

/* Cuts ".12" from the end of @name. */
static gint
cut_number (char *name)
{
  char *dot = strrchr (name, '.');
  gsize n = dot ? strlen (dot + 1) : 0;
  if (!dot || dot == name || n < 1 || n > 4 || strspn (dot + 1, "0123456789") != n)
    return -1;
  *dot = 0;
  return atoi (dot + 1);
}

void
rca_rotation_parse (const char *name, RcaRotation *out)
{
  g_autofree char *stem = g_strdup (name);
  *out = (RcaRotation){ .number = -1 };
  cut_suffix (stem, compressed);
  out->date = cut_date (stem);
  if (!out->date)
    out->number = cut_number (stem);
  cut_suffix (stem, compressed); /* x.gz.1 */
  if (out->date || out->number >= 0)
  {
    out->log = g_steal_pointer (&stem);
    return;
  }
  const char *extension = cut_suffix (stem, extensions);
  if (extension)
  {
    out->date = cut_date (stem);
    if (!out->date)
      out->date = cut_weekday (stem);
    if (!out->date)
    {
      out->number = cut_number (stem);
      out->needs_base = out->number >= 0;
    }
  }
  out->log = g_strconcat (stem, extension, NULL);
}

void
rca_rotation_clear (RcaRotation *rotation)
{
  g_free (rotation->log);
  g_free (rotation->date);
  *rotation = (RcaRotation){ .number = -1 };
}

static gint
age_class (const RcaRotation *rotation)
{
  return rotation->date ? 0 : rotation->number >= 0 ? 1 : 2;
}

gint
rca_rotation_compare (const RcaRotation *a, const RcaRotation *b)
{
  if (age_class (a) != age_class (b))
    return age_class (a) - age_class (b);
  if (a->date)
    return strcmp (a->date, b->date);
  return b->number - a->number;
}
