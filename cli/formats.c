#include "formats.h"
#include "config.h"

static gboolean
add_file (RcaUserFormats *formats, const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) wrong = NULL;
  g_autofree char *text = NULL;
  gsize n;
  /* not g_key_file_load_from_file(): that refuses /dev/null, by which a user says "no configuration" */
  if (g_file_get_contents (path, &text, &n, &wrong) && (n == 0 || g_key_file_load_from_data (file, text, n, G_KEY_FILE_NONE, &wrong)))
    return rca_user_formats_add (formats, file, path, error);
  if (g_error_matches (wrong, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&wrong), "%s: ", path);
  return FALSE;
}

RcaUserFormats *
rca_formats_load (GError **error)
{
  g_autoptr (RcaUserFormats) formats = rca_user_formats_new ();
  g_auto (GStrv) files = rca_config_files ();
  for (guint i = 0; files[i]; i++)
    if (!add_file (formats, files[i], error))
      return NULL;
  return g_steal_pointer (&formats);
}
