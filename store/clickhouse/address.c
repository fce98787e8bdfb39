#include "clickhouse/address.h"
#include "seam.h"
#include <string.h>

#define TIMEOUT_S 60
#define PASS_BYTES ((guint64)128 << 20)

static const struct {
  const char *prefix, *protocol;
  gint port;
} schemes[] = {
  { "clickhouse://", "http", 8123 },
  { "clickhouses://", "https", 8443 },
  { "clickhouse+http://", "http", 8123 },
  { "clickhouse+https://", "https", 8443 },
};

static gint
scheme_of (const char *text)
{
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (text, schemes[i].prefix))
      return (gint)i;
  return -1;
}

gboolean
rca_clickhouse_is_address (const char *text)
{
  return text && scheme_of (text) >= 0;
}

char *
rca_clickhouse_address_veil (const char *text)
{
  const char *host = strstr (text, "://");
  const char *at = host ? strrchr (host, '@') : NULL;
  return at ? g_strdup_printf ("%.*s…%s", (int)(host + 3 - text), text, at) : g_strdup (text);
}

void
rca_clickhouse_address_free (RcaClickhouseAddress *a)
{
  if (!a)
    return;
  if (a->password)
    memset (a->password, 0, strlen (a->password));
  char *strings[] = { a->url, a->shown, a->user, a->password, a->database, a->table, a->ca_file, a->cluster };
  for (gsize i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (strings[i]);
  g_free (a);
}

/* Names stand in statements: what is none is refused rather than quoted. */
static gboolean
is_name (const char *text)
{
  if (!*text || g_ascii_isdigit (*text))
    return FALSE;
  for (; *text; text++)
    if (!g_ascii_isalnum (*text) && *text != '_')
      return FALSE;
  return TRUE;
}

static char *
first_line_of (const char *path, GError **error)
{
  char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  text[strcspn (text, "\r\n")] = '\0';
  return text;
}

static gboolean
take_parameters (RcaClickhouseAddress *a, const char *query, char **password_file, GError **error)
{
  GUriParamsIter iter;
  g_uri_params_iter_init (&iter, query ? query : "", -1, "&", G_URI_PARAMS_NONE);
  for (char *key, *value; g_uri_params_iter_next (&iter, &key, &value, NULL);)
  {
    g_autofree char *name = key, *text = value;
    char **into = g_str_equal (name, "table") ? &a->table : g_str_equal (name, "ca") ? &a->ca_file : g_str_equal (name, "cluster") ? &a->cluster : g_str_equal (name, "password_file") ? password_file : NULL;
    guint64 number;
    if (into)
    {
      g_free (*into);
      *into = g_steal_pointer (&text);
    }
    else if (g_str_equal (name, "timeout") && g_ascii_string_to_unsigned (text, 10, 1, 86400, &number, NULL))
      a->timeout_s = (guint)number;
    else if (g_str_equal (name, "pass_kib") && g_ascii_string_to_unsigned (text, 10, 64, 4 << 20, &number, NULL))
      a->pass_bytes = number << 10;
    else if (g_str_equal (name, "gzip") && (g_str_equal (text, "yes") || g_str_equal (text, "no")))
      a->gzip = g_str_equal (text, "yes");
    else
    {
      g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "\"%s=%s\" is none of table=NAME, cluster=NAME, timeout=SECONDS, gzip=yes|no, pass_kib=64…4194304, ca=FILE, password_file=FILE", name, text);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
take_credentials (RcaClickhouseAddress *a, GUri *uri, const char *password_file, GError **error)
{
  const char *user = g_uri_get_user (uri), *password = g_uri_get_password (uri);
  const char *file = password_file ? password_file : g_getenv ("RCA_CLICKHOUSE_PASSWORD_FILE");
  a->user = g_strdup (user && *user ? user : g_getenv ("RCA_CLICKHOUSE_USER"));
  a->password = g_strdup (password ? password : g_getenv ("RCA_CLICKHOUSE_PASSWORD"));
  if (!a->password && file)
    return (a->password = first_line_of (file, error)) != NULL;
  return TRUE;
}

static gboolean
fill (RcaClickhouseAddress *a, GUri *uri, gint scheme, GError **error)
{
  g_autofree char *password_file = NULL;
  const char *host = g_uri_get_host (uri), *path = g_uri_get_path (uri);
  a->gzip = host && !g_str_has_prefix (host, "127.") && !g_str_equal (host, "::1") && !g_str_equal (host, "localhost");
  gint port = g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : schemes[scheme].port;
  if (!take_parameters (a, g_uri_get_query (uri), &password_file, error) || !take_credentials (a, uri, password_file, error))
    return FALSE;
  if (!host || !*host)
  {
    g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "it names no host");
    return FALSE;
  }
  a->database = g_strdup (path && path[0] == '/' && path[1] ? path + 1 : "default");
  gboolean named = a->table != NULL;
  if (!named)
    a->table = g_strdup ("rca_rows");
  if (!is_name (a->database) || !is_name (a->table) || (a->cluster && !is_name (a->cluster)))
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "database, table and cluster are names of letters, digits and _, not \"%s\", \"%s\"%s%s%s", a->database, a->table,
                 a->cluster ? ", \"" : "", a->cluster ? a->cluster : "", a->cluster ? "\"" : "");
    return FALSE;
  }
  gboolean v6 = strchr (host, ':') != NULL;
  a->url = g_strdup_printf ("%s://%s%s%s:%d/", schemes[scheme].protocol, v6 ? "[" : "", host, v6 ? "]" : "", port);
  a->shown = g_strdup_printf ("%s%s%s%s:%d/%s%s%s", schemes[scheme].prefix, v6 ? "[" : "", host, v6 ? "]" : "", port, a->database, named ? "?table=" : "",
                              named ? a->table : "");
  return TRUE;
}

RcaClickhouseAddress *
rca_clickhouse_address_parse (const char *text, GError **error)
{
  g_autoptr (RcaClickhouseAddress) a = g_new0 (RcaClickhouseAddress, 1);
  a->timeout_s = TIMEOUT_S;
  a->pass_bytes = PASS_BYTES;
  gint scheme = scheme_of (text);
  g_autoptr (GUri) uri = scheme >= 0 ? g_uri_parse (text, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_QUERY, NULL) : NULL;
  g_autofree char *veiled = rca_clickhouse_address_veil (text);
  if (!uri)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "%s: is no address like clickhouse://[user[:password]@]host[:port]/database", veiled);
  else if (fill (a, uri, scheme, error))
    return g_steal_pointer (&a);
  else
    g_prefix_error (error, "%s: ", veiled);
  return NULL;
}
