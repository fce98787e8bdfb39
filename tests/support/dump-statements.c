/* Statements with their durations in a file, grouped as reports group them: "COUNT SECONDS FINGERPRINT" lines,
 * most frequent first; or the fingerprint of one statement.
 *
 *     dump-statements PATH
 *     dump-statements --statement TEXT */
#include "identity.h"
#include "source.h"
#include <stdio.h>

typedef struct {
  char *fingerprint;
  guint count;
  double seconds;
} Group;

typedef struct {
  RcaArena *arena;
  GHashTable *group; /* by fingerprint */
} Groups;

static void
group_free (gpointer data)
{
  Group *group = data;
  g_free (group->fingerprint);
  g_free (group);
}

static char *
fingerprint_of (Groups *groups, RcaBytes statement)
{
  rca_arena_reset (groups->arena);
  RcaIdentity identity = rca_sql_fingerprint (statement, groups->arena);
  return g_strndup (identity.text.p ?: "", identity.text.n);
}

static void
count (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Groups *groups = user;
  if (rca_event_num (ev, RCA_FIELD_DB_EVENT, 0) != RCA_DB_EVENT_STATEMENT || (ev->flags & RCA_EVENT_DUPLICATE))
    return;
  char *fingerprint = fingerprint_of (groups, rca_event_str (ev, RCA_FIELD_STATEMENT));
  Group *group = g_hash_table_lookup (groups->group, fingerprint);
  if (!group)
  {
    group = g_new0 (Group, 1);
    group->fingerprint = g_strdup (fingerprint);
    g_hash_table_insert (groups->group, group->fingerprint, group);
  }
  g_free (fingerprint);
  group->count++;
  group->seconds += (double)rca_event_num (ev, RCA_FIELD_DURATION, 0) / RCA_NS_PER_S;
}

static gint
more_first (gconstpointer a, gconstpointer b)
{
  const Group *x = a, *y = b;
  return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp (x->fingerprint, y->fingerprint);
}

int
main (int argc, char **argv)
{
  Groups groups = { rca_arena_new (), g_hash_table_new_full (g_str_hash, g_str_equal, NULL, group_free) };
  if (argc == 3 && strcmp (argv[1], "--statement") == 0)
  {
    g_autofree char *fingerprint = fingerprint_of (&groups, rca_bytes_str (argv[2]));
    puts (fingerprint);
  }
  else if (argc == 2)
  {
    RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE };
    g_autoptr (RcaSource) source = rca_source_new (argv[1], NULL);
    rca_source_add_part (source, argv[1], NULL);
    rca_source_read (source, &options, count, &groups);
    g_autoptr (GList) sorted = g_list_sort (g_hash_table_get_values (groups.group), more_first);
    for (GList *i = sorted; i; i = i->next)
    {
      const Group *group = i->data;
      g_autofree char *line = g_strdelimit (g_strdup (group->fingerprint), "\n", ' ');
      printf ("%u %.6f %s\n", group->count, group->seconds, line);
    }
  }
  g_hash_table_unref (groups.group);
  rca_arena_free (groups.arena);
  return argc == 2 || argc == 3 ? 0 : 2;
}
