#include "html-document.h"
#include "html-data.h"
#include "html-text.h"
#include "page-resources.h"
#include <gio/gio.h>
#include <string.h>

static void
put_resource (GString *out, const char *name)
{
  g_autofree char *path = g_strconcat ("/rca/page/", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_resource_lookup_data (rca_page_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  g_assert_no_error (error); /* built in */
  gsize n;
  const char *text = g_bytes_get_data (bytes, &n);
  g_string_append_len (out, text, (gssize) n);
  g_string_append_c (out, '\n');
}

/* Without the last line that names a map beside the file: it would be looked for. */
static void
put_library (GString *out, const char *name)
{
  gsize from = out->len;
  put_resource (out, name);
  char *map = strstr (out->str + from, "//# sourceMappingURL");
  map = map ? map : strstr (out->str + from, "/*# sourceMappingURL");
  if (map)
    g_string_truncate (out, (gsize) (map - out->str));
}

static char *
scripts (void)
{
  static const char *const own[] = { "series.js", "spans.js", "charts.js", "tables.js", "main.js" };
  GString *s = g_string_new (NULL);
  put_library (s, "dygraph.min.js");
  g_string_append (s, "{\n\"use strict\";\n");
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    put_resource (s, own[i]);
  g_string_append (s, "}\n");
  return g_string_free (s, FALSE);
}

static char *
styles (void)
{
  GString *s = g_string_new (NULL);
  put_library (s, "dygraph.min.css");
  put_resource (s, "page.css");
  return g_string_free (s, FALSE);
}

/* What the policy allows: exactly this text. */
static char *
hash_of (const char *text)
{
  guint8 sum[32];
  gsize n = sizeof sum;
  g_autoptr (GChecksum) c = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (c, (const guchar *) text, -1);
  g_checksum_get_digest (c, sum, &n);
  g_autofree char *base64 = g_base64_encode (sum, n);
  return g_strdup_printf ("'sha256-%s'", base64);
}

static void
put_licence (GString *out)
{
  g_autoptr (GString) licence = g_string_new (NULL);
  put_resource (licence, "dygraphs-licence");
  g_auto (GStrv) lines = g_strsplit (licence->str, "\n", -1);
  g_string_append (out, "<details class=\"licence\"><summary>Charts are drawn by dygraphs; its licence</summary><pre tabindex=\"0\">");
  for (guint i = 0; lines[i]; i++)
    {
      rca_html_text (out, lines[i]);
      g_string_append_c (out, '\n');
    }
  g_string_append (out, "</pre></details>\n");
}

static void
put_head (GString *out, const char *title, const char *style, const char *script)
{
  g_autofree char *style_hash = hash_of (style), *script_hash = script ? hash_of (script) : NULL;
  g_string_append (out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
  if (script)
    g_string_append_printf (out, "script-src %s; ", script_hash);
  g_string_append_printf (out,
                          "style-src %s; base-uri 'none'; form-action 'none'\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                          "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"rca " RCA_VERSION "\">\n",
                          style_hash);
  rca_html_element (out, "<title>", title, "</title>\n");
  g_string_append_printf (out, "<style>%s</style>\n</head>\n", style);
}

char *
rca_html_plain_document (const char *title, const char *body)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GString) style = g_string_new (NULL);
  put_resource (style, "page.css");
  put_head (out, title, style->str, NULL);
  g_string_append_printf (out, "<body>\n%s</body>\n</html>\n", body);
  return g_string_free (out, FALSE);
}

char *
rca_html_document (const char *title, const char *body, const RcaReport *report)
{
  GString *out = g_string_new (NULL);
  g_autofree char *script = scripts (), *style = styles ();
  put_head (out, title, style, script);
  g_string_append_printf (out, "<body>\n%s<footer>\n", body);
  put_licence (out);
  g_string_append (out, "</footer>\n<script type=\"application/json\" id=\"rca-data\">");
  rca_html_put_data (out, report);
  g_string_append_printf (out, "</script>\n<script>%s</script>\n</body>\n</html>\n", script);
  return g_string_free (out, FALSE);
}
