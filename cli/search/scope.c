#include "scope.h"

struct RcaScope {
  const RcaTurn *turn;
  guint n, at; /* at: how many turns the last line that was asked about has behind it */
};

RcaScope *
rca_scope_new (const RcaInside *inside)
{
  RcaScope *s = g_new (RcaScope, 1);
  *s = (RcaScope){ (const RcaTurn *) (gpointer) inside->turn->data, inside->turn->len, 0 };
  return s;
}

void
rca_scope_free (RcaScope *s)
{
  g_free (s);
}

gboolean
rca_scope_holds (RcaScope *s, guint64 line)
{
  while (s->at < s->n && s->turn[s->at].line <= line)
    s->at++;
  return s->at > 0 && s->turn[s->at - 1].inside;
}

gboolean
rca_scope_is_over (const RcaScope *s, guint64 line)
{
  return s->n == 0 || (!s->turn[s->n - 1].inside && line >= s->turn[s->n - 1].line);
}
