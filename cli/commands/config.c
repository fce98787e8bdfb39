/* rca config: what is set, and whether the files are right. */
#include "config.h"
#include "formats.h"
#include "commands.h"
#include "exit.h"
#include "options.h"
#include "output.h"
#include "render/safe.h"
#include "suggest.h"
#include <string.h>

static const RcaUsage usage = {
  "rca config",
  "check|show",
  "  rca config check     are the files right: file:line of what is not\n"
  "  rca config show      what is set, and where",
  "Settings come from /etc/rca/rca.conf, then ~/.config/rca/rca.conf ($RCA_CONFIG names one file in\n"
  "their place), then RCA_* in the environment, then options; rca.conf(5) lists them.",
};

static int
write_out (const GString *out)
{
  return rca_output_write (out->str, out->len) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

static int
check (void)
{
  g_autoptr (GPtrArray) complaints = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaConfig) config = rca_config_load (complaints, &error);
  g_autoptr (RcaUserFormats) formats = config ? rca_formats_load (&error) : NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (GStrv) files = rca_config_files ();
  for (guint i = 0; i < complaints->len; i++)
    rca_say ("%s", (const char *) g_ptr_array_index (complaints, i));
  if (!formats)
    rca_say ("%s", error->message);
  if (!formats || complaints->len)
    return RCA_EXIT_FAILED;
  for (guint i = 0; files[i]; i++)
    {
      rca_put_safe (out, files[i]);
      g_string_append (out, g_file_test (files[i], G_FILE_TEST_EXISTS) ? ": fine\n" : ": not there\n");
    }
  return write_out (out);
}

static int
show (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaConfig) config = rca_config_load (NULL, &error);
  g_autoptr (GString) out = g_string_new (NULL);
  if (!config)
    return rca_failed (usage.name, error);
  for (const char *const *key = rca_config_keys (); *key; key++)
    {
      const char *origin, *value = rca_config_get (config, *key, &origin);
      if (value)
        {
          g_string_append_printf (out, "%s = ", *key);
          rca_put_safe (out, value);
          g_string_append (out, "    # ");
          rca_put_safe (out, origin);
        }
      else
        g_string_append_printf (out, "# %s: %s", *key, rca_config_about (*key));
      g_string_append_c (out, '\n');
    }
  return write_out (out);
}

static gboolean
parse (int *argc, char ***argv, char ***operands, GError **error)
{
  const GOptionEntry entries[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, operands, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  return rca_options_parse_plain (&usage, entries, argc, argv, error);
}

int
rca_command_config (int argc, char **argv)
{
  g_auto (GStrv) operands = NULL;
  g_autoptr (GError) error = NULL;
  if (!parse (&argc, &argv, &operands, &error))
    return rca_failed (usage.name, error);
  static const char *const verbs[] = { "check", "show" };
  if (operands && !operands[1] && strcmp (operands[0], verbs[0]) == 0)
    return check ();
  if (operands && !operands[1] && strcmp (operands[0], verbs[1]) == 0)
    return show ();
  const char *nearest = operands ? rca_suggest (operands[0], verbs, G_N_ELEMENTS (verbs)) : NULL;
  rca_say ("rca config: check or show is wanted%s%s%s", nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
  return RCA_EXIT_USAGE;
}
