#include "read-next.h"
#include "timestamp.h"
#include <string.h>

static char *
shell_word (const char *text)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:=@%,";
  return *text && text[strspn (text, plain)] == 0 ? g_strdup (text) : g_shell_quote (text);
}

/* What a shell can name: of a log inside an archive, the archive. NULL: gone. */
static char *
file_of (const char *path)
{
  for (g_autofree char *p = g_strdup (path); strlen (p) > 1;)
    {
      if (g_file_test (p, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&p);
      char *above = g_path_get_dirname (p);
      g_free (p);
      p = above;
    }
  return NULL;
}

/* "rca search --window 2026-11-24T14:30:00Z..+4s '' PATH": shows the lines around those cited, out of
 * @store where their file is no more. */
static char *
command_for (const GArray *refs, const char *store)
{
  const RcaReportRef *first = &g_array_index (refs, RcaReportRef, 0);
  gint64 from = first->time_ns, to = first->time_ns;
  for (guint i = 0; i < refs->len; i++)
    {
      const RcaReportRef *r = &g_array_index (refs, RcaReportRef, i);
      if (g_strcmp0 (r->path, first->path) != 0)
        continue;
      from = MIN (from, r->time_ns);
      to = MAX (to, r->time_ns);
    }
  char text[32];
  g_autofree char *file = file_of (first->path);
  g_autofree char *kept = store && !file ? shell_word (store) : NULL, *path = shell_word (file ? file : first->path);
  g_autofree char *where = kept ? g_strconcat ("--store ", kept, " ", NULL) : g_strdup ("");
  gint64 start = (from / RCA_NS_PER_S - 1) * RCA_NS_PER_S;
  return g_strdup_printf ("rca search %s--window %.19sZ..+%" G_GINT64_FORMAT "s '' %s", where, rca_time_format (start, text), (to - start) / RCA_NS_PER_S + 2, path);
}

static gboolean
in_chain (const RcaCause *top, const RcaCause *c)
{
  for (guint i = 0; i < top->chain->len; i++)
    {
      const RcaLink *l = g_ptr_array_index (top->chain, i);
      if (!l->symptom && l->kind == c->kind && g_strcmp0 (l->subject, c->subject) == 0)
        return TRUE;
    }
  return FALSE;
}

/* One command a log. */
static void
add_command (GPtrArray *commands, GPtrArray *seen, const GArray *refs, const char *store, guint most)
{
  const RcaReportRef *r = refs && refs->len ? &g_array_index (refs, RcaReportRef, 0) : NULL;
  if (!r || seen->len >= most || r->time_ns == RCA_TIME_NONE || strcmp (r->path, "-") == 0 || g_ptr_array_find_with_equal_func (seen, r->path, g_str_equal, NULL))
    return;
  g_ptr_array_add (commands, command_for (refs, store));
  g_ptr_array_add (seen, r->path);
}

static void
add_commands (GPtrArray *commands, GPtrArray *seen, const RcaCause *c, const char *store, guint most)
{
  for (guint i = 0; i < c->evidence->len; i++)
    add_command (commands, seen, ((RcaEvidence *) g_ptr_array_index (c->evidence, i))->refs, store, most);
}

GPtrArray *
rca_read_next (const RcaReport *report, const RcaIncident *in, guint most)
{
  GPtrArray *commands = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) seen = g_ptr_array_new ();
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  /* what it did comes first: of each link of the chain the lines that show it */
  for (guint i = 0; top && i < top->chain->len; i++)
    add_command (commands, seen, ((RcaLink *) g_ptr_array_index (top->chain, i))->refs, report->store, most);
  for (guint i = 0; i < in->causes->len; i++)
    {
      const RcaCause *c = g_ptr_array_index (in->causes, i);
      if (c == top || in_chain (top, c))
        add_commands (commands, seen, c, report->store, most);
    }
  return commands;
}
