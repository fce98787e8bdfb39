#include "formats.h"

static gboolean
add_file (RcaUserFormats *formats, const char *path, gboolean must_exist, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) wrong = NULL;
  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &wrong))
    return rca_user_formats_add (formats, file, path, error);
  if (!must_exist && g_error_matches (wrong, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&wrong), "%s: ", path);
  return FALSE;
}

RcaUserFormats *
rca_formats_load (GError **error)
{
  g_autoptr (RcaUserFormats) formats = rca_user_formats_new ();
  const char *named = g_getenv ("RCA_CONFIG");
  g_autofree char *own = g_build_filename (g_get_user_config_dir (), "rca", "rca.conf", NULL);
  if (named && *named)
    return add_file (formats, named, TRUE, error) ? g_steal_pointer (&formats) : NULL;
  if (!add_file (formats, "/etc/rca/rca.conf", FALSE, error) || !add_file (formats, own, FALSE, error))
    return NULL;
  return g_steal_pointer (&formats);
}
