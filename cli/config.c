#include "config.h"
#include "suggest.h"
#include "window.h"
#include <string.h>

G_DEFINE_QUARK (rca-config-error-quark, rca_config_error)

typedef enum { AS_TEXT, AS_LIST, AS_NUMBER, AS_YES_NO, AS_ZONE } As;

static const struct {
  const char *name;
  As as;
  const char *about;
} keys[] = {
  { "clickhouse-columns", AS_LIST, "what columns of a log table in ClickHouse mean: status=code;path=uri;duration=took_ms/1000" },
  { "color", AS_TEXT, "auto, always or never" },
  { "input-format", AS_LIST, "formats that are not sniffed: NAME or PATH=NAME" },
  { "jobs", AS_NUMBER, "threads" },
  { "nginx-conf", AS_TEXT, "where log_format is taken from" },
  { "no-redact", AS_YES_NO, "show secrets in quoted lines" },
  { "paths", AS_LIST, "what is read when no PATH is given and there is no store" },
  { "store", AS_TEXT, "the default store" },
  { "utc", AS_YES_NO, "read and print UTC" },
  { "window", AS_TEXT, "what is analysed when --window is not given: 30m" },
  { "zone", AS_ZONE, "of logs that write none: Europe/Berlin" },
};

typedef struct {
  char *value, *origin;
} Setting;

struct RcaConfig {
  GHashTable *setting; /* key → Setting */
};

static void
setting_free (gpointer data)
{
  Setting *s = data;
  g_free (s->value);
  g_free (s->origin);
  g_free (s);
}

static gint
find_key (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      return (gint) i;
  return -1;
}

const char *const *
rca_config_keys (void)
{
  static const char *names[G_N_ELEMENTS (keys) + 1];
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    names[i] = keys[i].name;
  return names;
}

const char *
rca_config_about (const char *key)
{
  gint k = find_key (key);
  return k < 0 ? NULL : keys[k].about;
}

char **
rca_config_files (void)
{
  g_autoptr (GStrvBuilder) files = g_strv_builder_new ();
  g_autofree char *own = g_build_filename (g_get_user_config_dir (), "rca", "rca.conf", NULL);
  const char *named = g_getenv ("RCA_CONFIG");
  if (named && *named)
    g_strv_builder_add (files, named);
  else
    g_strv_builder_add_many (files, "/etc/rca/rca.conf", own, NULL);
  return g_strv_builder_end (files);
}

/* ---- values ---- */

static gboolean
is_yes_no (const char *text, gboolean *yes)
{
  static const char *const words[][2] = { { "false", "true" }, { "no", "yes" }, { "off", "on" }, { "0", "1" } };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    for (guint k = 0; k < 2; k++)
      if (g_ascii_strcasecmp (text, words[i][k]) == 0)
        return *yes = k, TRUE;
  return FALSE;
}

static const char *
wrong_value (As as, const char *text)
{
  gboolean yes;
  gint64 n;
  g_autoptr (GTimeZone) zone = as == AS_ZONE ? g_time_zone_new_identifier (text) : NULL;
  if (as == AS_YES_NO && !is_yes_no (text, &yes))
    return "yes or no is wanted";
  if (as == AS_NUMBER && !g_ascii_string_to_signed (text, 10, 0, 4096, &n, NULL))
    return "a number is wanted";
  if (as == AS_ZONE && !zone)
    return "a time zone is wanted (Europe/Berlin, UTC, +02:00)";
  return NULL;
}

static gboolean
check_value (gint key, const char *value, const char *origin, GError **error)
{
  const char *wrong = wrong_value (keys[key].as, value);
  RcaSpan window;
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GError) no_window = NULL;
  if (!wrong && strcmp (keys[key].name, "window") == 0 && !rca_window_from_text (value, 0, utc, &window, &no_window))
    wrong = no_window->message;
  if (wrong)
    g_set_error (error, RCA_CONFIG_ERROR, RCA_CONFIG_ERROR_SYNTAX, "%s: %s = %s: %s", origin, keys[key].name, value, wrong);
  return !wrong;
}

/* ---- files, a line at a time: GKeyFile would not tell which ---- */

typedef struct {
  RcaConfig *config;
  const char *file;
  guint line;
  char *group; /* NULL before the first */
  GPtrArray *complaints;
} Reading;

static gboolean
syntax (const Reading *r, GError **error, const char *what)
{
  g_set_error (error, RCA_CONFIG_ERROR, RCA_CONFIG_ERROR_SYNTAX, "%s:%u: %s", r->file, r->line, what);
  return FALSE;
}

static void
complain (const Reading *r, const char *what, const char *name, const char *const *known, guint n)
{
  g_autofree char *word = g_strndup (name, strcspn (name, " "));
  const char *nearest = rca_suggest (word, known, n);
  if (r->complaints)
    g_ptr_array_add (r->complaints, g_strdup_printf ("%s:%u: unknown %s \"%s\"%s%s%s", r->file, r->line, what, name, nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : ""));
}

static gboolean
take_group (Reading *r, const char *text, GError **error)
{
  static const char *const groups[] = { "rca", "format" };
  const char *end = strchr (text, ']');
  if (!end || end[1])
    return syntax (r, error, "a group is written [rca] or [format NAME]");
  g_free (r->group);
  r->group = g_strstrip (g_strndup (text + 1, (gsize) (end - text - 1)));
  if (strcmp (r->group, "rca") != 0 && !g_str_has_prefix (r->group, "format "))
    complain (r, "group", r->group, groups, G_N_ELEMENTS (groups));
  return TRUE;
}

static gboolean
take_key (Reading *r, const char *text, GError **error)
{
  const char *equals = strchr (text, '=');
  if (!equals || equals == text)
    return syntax (r, error, "\"KEY = VALUE\" is wanted");
  if (!r->group)
    return syntax (r, error, "a key before any group: [rca] is missing");
  if (strcmp (r->group, "rca") != 0)
    return TRUE; /* formats are read by those who know them (user-format.h) */
  g_autofree char *name = g_strstrip (g_strndup (text, (gsize) (equals - text)));
  g_autofree char *value = g_strstrip (g_strdup (equals + 1));
  gint key = find_key (name);
  if (key < 0)
    return complain (r, "key", name, rca_config_keys (), G_N_ELEMENTS (keys)), TRUE;
  g_autofree char *origin = g_strdup_printf ("%s:%u", r->file, r->line);
  if (!check_value (key, value, origin, error))
    return FALSE;
  Setting *s = g_new (Setting, 1);
  *s = (Setting){ g_steal_pointer (&value), g_steal_pointer (&origin) };
  g_hash_table_replace (r->config->setting, (gpointer) keys[key].name, s);
  return TRUE;
}

static gboolean
take_line (Reading *r, char *text, GError **error)
{
  g_strstrip (text);
  r->line++;
  if (!*text || *text == '#')
    return TRUE;
  return *text == '[' ? take_group (r, text, error) : take_key (r, text, error);
}

static gboolean
read_file (RcaConfig *config, const char *file, gboolean must_exist, GPtrArray *complaints, GError **error)
{
  g_autofree char *data = NULL;
  g_autoptr (GError) wrong = NULL;
  if (!g_file_get_contents (file, &data, NULL, &wrong))
    {
      if (!must_exist && (g_error_matches (wrong, G_FILE_ERROR, G_FILE_ERROR_NOENT) || g_error_matches (wrong, G_FILE_ERROR, G_FILE_ERROR_NOTDIR)))
        return TRUE;
      g_set_error_literal (error, RCA_CONFIG_ERROR, RCA_CONFIG_ERROR_SYNTAX, wrong->message);
      return FALSE;
    }
  Reading r = { config, file, 0, NULL, complaints };
  g_auto (GStrv) lines = g_strsplit (data, "\n", -1);
  gboolean ok = TRUE;
  for (guint i = 0; lines[i] && ok; i++)
    ok = take_line (&r, lines[i], error);
  g_free (r.group);
  return ok;
}

/* "no-redact" → "RCA_NO_REDACT" */
static char *
variable_of (const char *key)
{
  g_autofree char *own = g_strdelimit (g_strdup (key), "-", '_'), *upper = g_ascii_strup (own, -1);
  return g_strconcat ("RCA_", upper, NULL);
}

static gboolean
read_environment (RcaConfig *config, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *variable = variable_of (keys[i].name);
      const char *value = g_getenv (variable);
      if (!value || !*value)
        continue;
      if (!check_value ((gint) i, value, variable, error))
        return FALSE;
      Setting *s = g_new (Setting, 1);
      *s = (Setting){ g_strdup (value), g_steal_pointer (&variable) };
      g_hash_table_replace (config->setting, (gpointer) keys[i].name, s);
    }
  return TRUE;
}

RcaConfig *
rca_config_load (GPtrArray *complaints, GError **error)
{
  g_autoptr (RcaConfig) config = g_new0 (RcaConfig, 1);
  config->setting = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, setting_free);
  g_auto (GStrv) files = rca_config_files ();
  for (guint i = 0; files[i]; i++)
    if (!read_file (config, files[i], files[1] == NULL, complaints, error))
      return NULL;
  return read_environment (config, error) ? g_steal_pointer (&config) : NULL;
}

void
rca_config_free (RcaConfig *config)
{
  if (!config)
    return;
  g_hash_table_unref (config->setting);
  g_free (config);
}

const char *
rca_config_get (const RcaConfig *config, const char *key, const char **origin)
{
  const Setting *s = g_hash_table_lookup (config->setting, key);
  if (s && origin)
    *origin = s->origin;
  return s ? s->value : NULL;
}

char **
rca_config_list (const RcaConfig *config, const char *key)
{
  const char *value = rca_config_get (config, key, NULL);
  g_auto (GStrv) parts = g_strsplit (value ? value : "", ";", -1);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  for (guint i = 0; parts[i]; i++)
    if (*g_strstrip (parts[i]))
      g_strv_builder_add (list, parts[i]);
  return g_strv_builder_end (list);
}

/* ---- options that were not typed ---- */

static void
fill_one (const RcaConfig *config, const GOptionEntry *e, const char *value)
{
  gint64 n = 0;
  gboolean yes = FALSE;
  if (e->arg == G_OPTION_ARG_FILENAME && !*(char **) e->arg_data)
    *(char **) e->arg_data = g_strdup (value);
  else if (e->arg == G_OPTION_ARG_FILENAME_ARRAY && !*(char ***) e->arg_data)
    *(char ***) e->arg_data = rca_config_list (config, e->long_name);
  else if (e->arg == G_OPTION_ARG_INT && *(gint *) e->arg_data == 0 && g_ascii_string_to_signed (value, 10, 0, G_MAXINT, &n, NULL))
    *(gint *) e->arg_data = (gint) n;
  else if (e->arg == G_OPTION_ARG_NONE && is_yes_no (value, &yes) && yes)
    *(gboolean *) e->arg_data = TRUE;
}

void
rca_config_fill (const RcaConfig *config, const GOptionEntry *entries)
{
  for (const GOptionEntry *e = entries; e && e->long_name; e++)
    {
      /* "store" and "paths" say where to read when nothing was typed: request.c looks them up */
      const char *value = strcmp (e->long_name, "store") != 0 && *e->long_name ? rca_config_get (config, e->long_name, NULL) : NULL;
      if (value)
        fill_one (config, e, value);
    }
}
