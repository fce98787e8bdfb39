/* PATHs → sources: folders walked, archives opened, rotated siblings put together. */
#include "input.h"
#include "rotation.h"
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 32

/* One file or archive member found. */
typedef struct {
  char *path;
  char *member;
  char *name; /* of NAME=PATH */
  char *key;  /* equal for the parts of one source */
  RcaRotation rotation;
} Found;

typedef struct {
  GPtrArray *found;
  GPtrArray *problems;
  GHashTable *seen; /* "device:inode" of files and folders met: symlink farms, loops, a path given twice */
  const char *name;
  GPtrArray *listed;    /* its members */
  GHashTable *archives; /* (nullable): file, size and time of change → GPtrArray of members; NULL for none */
} Walk;

static void
found_free (gpointer data)
{
  Found *found = data;
  g_free (found->path);
  g_free (found->member);
  g_free (found->name);
  g_free (found->key);
  rca_rotation_clear (&found->rotation);
  g_free (found);
}

static void
add_found (Walk *walk, const char *path, const char *member)
{
  Found *found = g_new0 (Found, 1);
  const char *whole = member ?: path;
  g_autofree char *base = g_path_get_basename (whole);
  g_autofree char *dir = g_path_get_dirname (whole);
  found->path = g_strdup (path);
  found->member = g_strdup (member);
  found->name = g_strdup (walk->name);
  rca_rotation_parse (base, &found->rotation);
  found->key = g_strdup_printf ("%s\n%s\n%s/%s", walk->name ?: "", member ? path : "", dir, found->rotation.log);
  g_ptr_array_add (walk->found, found);
}

static void
add_problem (Walk *walk, const char *path, int code)
{
  g_ptr_array_add (walk->problems, g_strdup_printf ("%s: %s%s", path, g_strerror (code), code == EACCES ? "; run it with sudo" : ""));
}

static gboolean
is_new (Walk *walk, const struct stat *st)
{
  return g_hash_table_add (walk->seen, g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)st->st_dev, (guint64)st->st_ino));
}

static void
add_member (const char *member, gpointer user)
{
  Walk *walk = user;
  g_ptr_array_add (walk->listed, g_strdup (member));
}

/* NULL: no archive of several files. */
static GPtrArray *
list_members (Walk *walk, const char *path)
{
  GError *error = NULL;
  walk->listed = g_ptr_array_new_with_free_func (g_free);
  if (!rca_input_members (path, add_member, walk, &error))
    g_clear_pointer (&walk->listed, g_ptr_array_unref);
  if (error)
  {
    g_ptr_array_add (walk->problems, g_strdup (error->message));
    g_error_free (error);
  }
  return g_steal_pointer (&walk->listed);
}

static void
members_free (gpointer members)
{
  if (members)
    g_ptr_array_unref (members);
}

GHashTable *
rca_archives_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, members_free);
}

static GPtrArray *
members_of (Walk *walk, const char *path, const struct stat *st)
{
  gpointer known;
  if (!walk->archives)
    return list_members (walk, path);
  g_autofree char *key = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ".%ld", (guint64)st->st_dev,
                                          (guint64)st->st_ino, (gint64)st->st_size, (gint64)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
  if (!g_hash_table_lookup_extended (walk->archives, key, NULL, &known))
  {
    known = list_members (walk, path);
    g_hash_table_insert (walk->archives, g_steal_pointer (&key), known);
  }
  return known ? g_ptr_array_ref (known) : NULL;
}

static void
add_file (Walk *walk, const char *path, const struct stat *st)
{
  g_autoptr (GPtrArray) members = members_of (walk, path, st);
  if (!members)
  {
    add_found (walk, path, NULL);
    return;
  }
  for (guint i = 0; i < members->len; i++)
  {
    g_autofree char *base = g_path_get_basename (members->pdata[i]);
    if (base[0] != '.')
      add_found (walk, path, members->pdata[i]);
  }
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void walk_path (Walk *walk, const char *path, guint depth);

static void
walk_folder (Walk *walk, const char *path, guint depth)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  if (!dir)
  {
    add_problem (walk, path, errno ?: EACCES);
    return;
  }
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (const char *name = g_dir_read_name (dir); name; name = g_dir_read_name (dir))
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len && depth < MAX_DEPTH; i++)
  {
    g_autofree char *child = g_build_filename (path, names->pdata[i], NULL);
    walk_path (walk, child, depth + 1);
  }
}

/* Below a folder only regular files are read; what the user named may be a pipe as well. */
static void
walk_path (Walk *walk, const char *path, guint depth)
{
  struct stat st;
  if (stat (path, &st) != 0)
  {
    if (errno != ENOENT || depth == 0) /* gone since the folder was read, or a dangling link */
      add_problem (walk, path, errno);
    return;
  }
  if (S_ISDIR (st.st_mode))
  {
    if (is_new (walk, &st))
      walk_folder (walk, path, depth);
  }
  else if (S_ISREG (st.st_mode))
  {
    if (is_new (walk, &st))
      add_file (walk, path, &st);
  }
  else if (depth == 0 && !S_ISSOCK (st.st_mode) && !S_ISBLK (st.st_mode))
    add_found (walk, path, NULL);
}

/* Splits NAME=PATH; a file that has '=' in its own name wins. */
static const char *
split_name (const char *argument, char **name)
{
  const char *equals = strchr (argument, '=');
  struct stat st;
  *name = NULL;
  if (!equals || equals == argument || memchr (argument, '/', (gsize)(equals - argument)) || stat (argument, &st) == 0)
    return argument;
  *name = g_strndup (argument, (gsize)(equals - argument));
  return equals + 1;
}

/* A quoted pattern: what matches it now. FALSE when nothing does. */
static gboolean
walk_pattern (Walk *walk, const char *pattern)
{
  glob_t match;
  if (!strpbrk (pattern, "*?[") || glob (pattern, 0, NULL, &match) != 0)
    return FALSE;
  for (gsize i = 0; i < match.gl_pathc; i++)
    walk_path (walk, match.gl_pathv[i], 1);
  globfree (&match);
  return TRUE;
}

static void
walk_argument (Walk *walk, const char *argument)
{
  g_autofree char *name = NULL;
  const char *path = split_name (argument, &name);
  walk->name = name;
  if (strcmp (path, "-") == 0)
    add_found (walk, path, NULL);
  else if (access (path, F_OK) == 0 || !walk_pattern (walk, path))
    walk_path (walk, path, 0);
  walk->name = NULL;
}

/* "x.1.log" without an "x.log" is a log of its own. */
static void
settle_keys (GPtrArray *found)
{
  g_autoptr (GHashTable) bases = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < found->len; i++)
  {
    Found *file = found->pdata[i];
    if (!file->rotation.date && file->rotation.number < 0)
      g_hash_table_add (bases, file->key);
  }
  for (guint i = 0; i < found->len; i++)
  {
    Found *file = found->pdata[i];
    if (!file->rotation.needs_base || g_hash_table_contains (bases, file->key))
      continue;
    g_free (file->key);
    file->key = g_strdup_printf ("%s\n%s\n%s", file->name ?: "", file->path, file->member ?: "");
  }
}

static gint
compare_found (gconstpointer a, gconstpointer b)
{
  const Found *x = *(const Found *const *)a, *y = *(const Found *const *)b;
  gint order = strcmp (x->key, y->key);
  if (order == 0)
    order = rca_rotation_compare (&x->rotation, &y->rotation);
  if (order == 0)
    order = strcmp (x->path, y->path);
  return order ? order : g_strcmp0 (x->member, y->member);
}

static char *
shown_path (const Found *file)
{
  return file->member ? g_strdup_printf ("%s: %s", file->path, file->member) : g_strdup (file->path);
}

static gint
compare_sources (gconstpointer a, gconstpointer b)
{
  const RcaSource *x = *(const RcaSource *const *)a, *y = *(const RcaSource *const *)b;
  gint order = strcmp (x->path, y->path);
  return order ? order : g_strcmp0 (x->name, y->name);
}

static GPtrArray *
make_sources (GPtrArray *found)
{
  GPtrArray *sources = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_source_free);
  for (guint i = 0; i < found->len;)
  {
    guint end = i;
    const Found *first = found->pdata[i];
    while (end < found->len && strcmp (((Found *)found->pdata[end])->key, first->key) == 0)
      end++;
    const Found *newest = found->pdata[end - 1];
    g_autofree char *path = shown_path (newest);
    RcaSource *source = rca_source_new (path, newest->name);
    for (; i < end; i++)
      rca_source_add_part (source, ((Found *)found->pdata[i])->path, ((Found *)found->pdata[i])->member);
    g_ptr_array_add (sources, source);
  }
  g_ptr_array_sort (sources, compare_sources);
  return sources;
}

static gint
compare_arguments (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
rca_sources_find (const char *const *paths, guint n_paths, GPtrArray *problems)
{
  return rca_sources_find_again (paths, n_paths, problems, NULL);
}

GPtrArray *
rca_sources_find_again (const char *const *paths, guint n_paths, GPtrArray *problems, GHashTable *archives)
{
  Walk walk = { .found = g_ptr_array_new_with_free_func (found_free), .problems = problems, .archives = archives };
  walk.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  for (guint i = 0; i < n_paths; i++)
    g_ptr_array_add (arguments, (gpointer)paths[i]);
  g_ptr_array_sort (arguments, compare_arguments); /* their order changes nothing */
  for (guint i = 0; i < arguments->len; i++)
    walk_argument (&walk, arguments->pdata[i]);
  settle_keys (walk.found);
  g_ptr_array_sort (walk.found, compare_found);
  GPtrArray *sources = make_sources (walk.found);
  g_ptr_array_unref (walk.found);
  g_hash_table_unref (walk.seen);
  return sources;
}
