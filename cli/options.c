#include "options.h"
#include "config.h"
#include "exit.h"
#include "render/safe.h"
#include "store.h"
#include "suggest.h"
#include "window.h"
#include <string.h>

/* "--wndow" → "--window". */
static void
add_hint (GError *error, const GOptionEntry *entries, const GOptionEntry *more, char **argv)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  for (; entries && entries->long_name; entries++)
    g_ptr_array_add (names, (gpointer) entries->long_name);
  for (; more && more->long_name; more++)
    g_ptr_array_add (names, (gpointer) more->long_name);
  for (; *argv; argv++)
    {
      if (!g_str_has_prefix (*argv, "--") || !strstr (error->message, *argv))
        continue;
      g_autofree char *typed = g_strndup (*argv + 2, strcspn (*argv + 2, "="));
      const char *nearest = rca_suggest (typed, (const char *const *) names->pdata, names->len);
      char *message = nearest ? g_strdup_printf ("%s (did you mean --%s?)", error->message, nearest) : NULL;
      if (!message)
        continue;
      g_free (error->message);
      error->message = message;
      return;
    }
}

/* A key that nobody knows is said every time: it was written to have an effect. */
static gboolean
fill_from_config (const GOptionEntry *entries, const GOptionEntry *more, GError **error)
{
  g_autoptr (GPtrArray) complaints = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (RcaConfig) config = rca_config_load (complaints, error);
  if (!config)
    return FALSE;
  for (guint i = 0; i < complaints->len; i++)
    rca_say ("rca: %s", (const char *) g_ptr_array_index (complaints, i));
  rca_config_fill (config, entries);
  rca_config_fill (config, more);
  return TRUE;
}

static gboolean
parse_typed (const RcaUsage *usage, const GOptionEntry *entries, const GOptionEntry *more, int *argc, char ***argv, GError **error)
{
  GError *wrong = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (usage->operands);
  g_autofree char *summary = g_strdup_printf ("Examples:\n%s%s%s", usage->examples, usage->about ? "\n\n" : "", usage->about ? usage->about : "");
  g_autoptr (GStrvBuilder) given = g_strv_builder_new ();
  for (int i = 1; i < *argc; i++)
    g_strv_builder_add (given, (*argv)[i]);
  g_auto (GStrv) typed = g_strv_builder_end (given);
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  if (more)
    g_option_context_add_main_entries (context, more, NULL);
  g_set_prgname (usage->name);
  if (g_option_context_parse (context, argc, argv, &wrong))
    return TRUE;
  if (g_error_matches (wrong, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
    add_hint (wrong, entries, more, typed);
  g_propagate_error (error, wrong);
  return FALSE;
}

gboolean
rca_options_parse (const RcaUsage *usage, const GOptionEntry *entries, const GOptionEntry *more, int *argc, char ***argv, GError **error)
{
  return parse_typed (usage, entries, more, argc, argv, error) && fill_from_config (entries, more, error);
}

gboolean
rca_options_parse_plain (const RcaUsage *usage, const GOptionEntry *entries, int *argc, char ***argv, GError **error)
{
  return parse_typed (usage, entries, NULL, argc, argv, error);
}

gboolean
rca_options_input_format (char **given, const struct RcaUserFormats *formats, char **out, GError **error)
{
  g_autofree char *unknown = NULL, *joined = given ? g_strjoinv ("\n", given) : NULL;
  if (!rca_input_format_check (joined, formats, &unknown))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no format is called \"%s\"", unknown);
      return FALSE;
    }
  *out = g_steal_pointer (&joined);
  return TRUE;
}

int
rca_failed (const char *name, const GError *error)
{
  rca_say ("%s: %s", name, error->message);
  if (error->domain == RCA_WINDOW_ERROR || error->domain == G_OPTION_ERROR || error->domain == RCA_CONFIG_ERROR)
    return RCA_EXIT_USAGE;
  return g_error_matches (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY) ? RCA_EXIT_NOTHING : RCA_EXIT_FAILED;
}
