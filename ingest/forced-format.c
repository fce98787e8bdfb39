#include "forced-format.h"
#include "user-format.h"

/* Splits "PATH=NAME"; @path is NULL for "NAME". */
static const char *
split_entry (const char *entry, char **path)
{
  const char *equals = strrchr (entry, '=');
  *path = equals ? g_strndup (entry, (gsize)(equals - entry)) : NULL;
  return equals ? equals + 1 : entry;
}

static gboolean
is_meant (const char *pattern, const char *path)
{
  if (strcmp (pattern, path) == 0 || g_pattern_match_simple (pattern, path))
    return TRUE;
  gsize n = strlen (pattern), m = strlen (path);
  return n > 0 && n < m && strcmp (path + m - n, pattern) == 0 && (path[m - n - 1] == '/' || pattern[0] == '/');
}

const RcaFormat *
rca_forced_format (const RcaReadOptions *options, const char *path)
{
  g_auto (GStrv) entries = g_strsplit (options->input_format ?: "", "\n", -1);
  for (guint i = 0; entries[i]; i++)
  {
    g_autofree char *pattern = NULL;
    const char *name = split_entry (entries[i], &pattern);
    if (*name && (!pattern || is_meant (pattern, path)))
      return rca_user_formats_find (options->formats, name) ?: rca_format_find (name);
  }
  return NULL;
}

gboolean
rca_input_format_check (const char *input_format, const struct RcaUserFormats *formats, char **unknown)
{
  g_auto (GStrv) entries = g_strsplit (input_format ?: "", "\n", -1);
  for (guint i = 0; entries[i]; i++)
  {
    g_autofree char *pattern = NULL;
    const char *name = split_entry (entries[i], &pattern);
    if (*name && !rca_format_find (name) && !rca_user_formats_find (formats, name))
    {
      *unknown = g_strdup (name);
      return FALSE;
    }
  }
  return TRUE;
}
