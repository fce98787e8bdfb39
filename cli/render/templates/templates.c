#include "templates.h"
#include <string.h>

static const RcaTemplate *const templates[] = {
  &rca_template_postmortem, &rca_template_google_sre, &rca_template_pagerduty, &rca_template_atlassian, &rca_template_etsy,
};

const RcaTemplate *
rca_template_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (templates); i++)
    if (!name || strcmp (name, templates[i]->name) == 0)
      return templates[i];
  return NULL;
}

char *
rca_template_names (void)
{
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (templates); i++)
    g_string_append_printf (s, "%s%s", i == 0 ? "" : i + 1 < G_N_ELEMENTS (templates) ? ", " : " or ", templates[i]->name);
  return g_string_free (s, FALSE);
}
