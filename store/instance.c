#include "rotation.h"
#include "table.h"

/* "logs/app/storefront-1.log.2.gz" and "logs/app/storefront-1.log-20261124.gz" → "storefront-1". */
static char *
stem_of (const char *path)
{
  static const char *const suffixes[] = { ".gz", ".zst", ".xz", ".bz2", ".log", ".txt", ".json", ".jsonl", ".ndjson", ".out", ".err", NULL };
  g_autofree char *base = g_path_get_basename (path);
  RcaRotation rotation;
  rca_rotation_parse (base, &rotation);
  char *stem = g_strdup (rotation.log);
  rca_rotation_clear (&rotation);
  for (gboolean again = TRUE; again;)
  {
    again = FALSE;
    char *dot = strrchr (stem, '.');
    if (!dot || dot == stem)
      break;
    for (guint i = 0; suffixes[i]; i++)
      again = again || g_str_equal (dot, suffixes[i]);
    again = again || (dot[1] && strspn (dot + 1, "0123456789") == strlen (dot + 1));
    if (again)
      *dot = '\0';
  }
  return stem;
}

/* "api-error" and "api-out" are one process's two mouths: "api". */
static void
drop_role (char *stem)
{
  static const char *const roles[] = { "error", "errors", "err", "stderr", "out", "stdout", "access", "app", "combined", NULL };
  gsize n = strlen (stem);
  for (guint i = 0; roles[i]; i++)
  {
    gsize role = strlen (roles[i]);
    if (n > role + 1 && strchr ("-_.", stem[n - role - 1]) && g_ascii_strcasecmp (stem + n - role, roles[i]) == 0)
    {
      stem[n - role - 1] = '\0';
      return;
    }
  }
}

/* A log that may be one of several alike. */
typedef struct {
  RcaTableSource *source;
  char *group; /* of those that are instances of one thing */
  char *stem, *folder;
} Candidate;

static void
candidate_clear (gpointer data)
{
  Candidate *c = data;
  g_free (c->group);
  g_free (c->stem);
  g_free (c->folder);
}

static gboolean
makes_instance (const RcaTableSource *source)
{
  if (!source->service || source->records == 0)
    return FALSE;
  return source->stream == RCA_STREAM_APP || (source->stream == RCA_STREAM_ACCESS && (source->present >> RCA_FIELD_HTTP_STATUS) & 1);
}

static gsize
without_number (const char *stem)
{
  gsize n = strlen (stem);
  while (n > 0 && g_ascii_isdigit (stem[n - 1]))
    n--;
  while (n > 0 && strchr ("-_.", stem[n - 1]))
    n--;
  return n;
}

/* Web servers write a log a site: only files that are called alike, but for a number, are instances. */
static Candidate
candidate_of (RcaTableSource *source)
{
  Candidate c = { .source = source, .stem = source->name ? g_strdup (source->name) : stem_of (source->path) };
  g_autofree char *folder = g_path_get_dirname (source->path);
  c.folder = g_path_get_basename (folder);
  drop_role (c.stem);
  c.group = source->stream == RCA_STREAM_APP ? g_strdup (source->service) : g_strdup_printf ("%s/%.*s", source->service, (int)without_number (c.stem), c.stem);
  return c;
}

static gboolean
same_instance (const Candidate *a, const Candidate *b)
{
  return g_str_equal (a->stem, b->stem) && (a->source->name || g_str_equal (a->folder, b->folder));
}

static void
name_instance (const Candidate *c, const GArray *all)
{
  gboolean alone = TRUE, stem_is_enough = TRUE;
  for (guint i = 0; i < all->len; i++)
  {
    const Candidate *o = &g_array_index (all, Candidate, i);
    if (o->source->stream != c->source->stream || same_instance (c, o))
      continue;
    alone = alone && !g_str_equal (o->group, c->group);
    stem_is_enough = stem_is_enough && !g_str_equal (o->stem, c->stem);
  }
  if (alone || c->source->settled)
    return;
  g_free (c->source->instance);
  c->source->instance = stem_is_enough ? g_strdup (c->stem) : g_strconcat (c->folder, "/", c->stem, NULL);
}

/* Several logs of one service are its instances, named by their files (or by the name given on
 * the command line); the folder is added where files are called alike. */
void
rca_table_name_instances (RcaTable *table)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_array_set_clear_func (all, candidate_clear);
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (!makes_instance (s))
      continue;
    Candidate c = candidate_of (s);
    g_array_append_val (all, c);
  }
  for (guint i = 0; i < all->len; i++)
    name_instance (&g_array_index (all, Candidate, i), all);
}
