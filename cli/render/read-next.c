#include "read-next.h"
#include "timestamp.h"
#include <string.h>

static char *
shell_word (const char *text)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:=@%,";
  return *text && text[strspn (text, plain)] == 0 ? g_strdup (text) : g_shell_quote (text);
}

/* What a shell can name: of a log inside an archive, the archive. */
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
  return g_strdup (path);
}

/* "rca search --window 2026-11-24T14:30:00Z..+4s '' PATH": shows the lines around those cited. */
static char *
command_for (const GArray *refs)
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
  g_autofree char *file = file_of (first->path), *path = shell_word (file);
  gint64 start = (from / RCA_NS_PER_S - 1) * RCA_NS_PER_S;
  return g_strdup_printf ("rca search --window %.19sZ..+%" G_GINT64_FORMAT "s '' %s", rca_time_format (start, text), (to - start) / RCA_NS_PER_S + 2, path);
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
add_commands (GPtrArray *commands, GPtrArray *seen, const RcaCause *c, guint most)
{
  for (guint i = 0; i < c->evidence->len && seen->len < most; i++)
    {
      const RcaEvidence *e = g_ptr_array_index (c->evidence, i);
      const RcaReportRef *r = e->refs->len ? &g_array_index (e->refs, RcaReportRef, 0) : NULL;
      if (!r || r->time_ns == RCA_TIME_NONE || strcmp (r->path, "-") == 0 || g_ptr_array_find_with_equal_func (seen, r->path, g_str_equal, NULL))
        continue;
      g_ptr_array_add (commands, command_for (e->refs));
      g_ptr_array_add (seen, r->path);
    }
}

GPtrArray *
rca_read_next (const RcaIncident *in, guint most)
{
  GPtrArray *commands = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) seen = g_ptr_array_new ();
  const RcaCause *top = in->causes->len ? g_ptr_array_index (in->causes, 0) : NULL;
  for (guint i = 0; i < in->causes->len; i++)
    {
      const RcaCause *c = g_ptr_array_index (in->causes, i);
      if (c == top || in_chain (top, c))
        add_commands (commands, seen, c, most);
    }
  return commands;
}
