#include "clickhouse/mapping.h"
#include "seam.h"
#include <string.h>

static const struct {
  const char *name, *key;
} names[RCA_N_MAPPED] = {
  [RCA_MAPPED_TIME] = { "time", "time" },
  [RCA_MAPPED_SERVICE] = { "service", "service" },
  [RCA_MAPPED_HOST] = { "host", "host" },
  [RCA_MAPPED_FILE] = { "file", NULL },
  [RCA_MAPPED_SEVERITY] = { "severity", "level" },
  [RCA_MAPPED_MESSAGE] = { "message", "message" },
  [RCA_MAPPED_TRACE_ID] = { "trace_id", "trace_id" },
  [RCA_MAPPED_STATUS] = { "status", "status" },
  [RCA_MAPPED_METHOD] = { "method", "request_method" },
  [RCA_MAPPED_PATH] = { "path", "request_uri" },
  [RCA_MAPPED_DURATION] = { "duration", "request_time" },
  [RCA_MAPPED_CLIENT] = { "client", "remote_addr" },
  [RCA_MAPPED_AGENT] = { "agent", "http_user_agent" },
  [RCA_MAPPED_BYTES] = { "bytes", "body_bytes_sent" },
  [RCA_MAPPED_UPSTREAM] = { "upstream", "upstream_addr" },
  [RCA_MAPPED_REQUEST_ID] = { "request_id", "request_id" },
  [RCA_MAPPED_VERSION] = { "version", "version" },
  [RCA_MAPPED_INSTANCE] = { "instance", "instance" },
  [RCA_MAPPED_EXCEPTION] = { "exception", "exception" },
};

static gint
find_name (const char *name)
{
  for (gint i = 0; i < RCA_N_MAPPED; i++)
    if (g_str_equal (names[i].name, name))
      return i;
  return -1;
}

static void
refuse (const char *pair, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (guint i = 0; i < RCA_N_MAPPED; i++)
    g_string_append_printf (known, "%s%s", i ? ", " : "", names[i].name);
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "clickhouse-columns: \"%s\" is no NAME=EXPRESSION with one of the names %s", pair, known->str);
}

gboolean
rca_mapping_parse (RcaMapping *m, const char *const *pairs, GError **error)
{
  *m = (RcaMapping){ { NULL }, FALSE };
  for (; pairs && *pairs; pairs++)
  {
    const char *equals = strchr (*pairs, '=');
    g_autofree char *name = g_strstrip (g_strndup (*pairs, equals ? (gsize)(equals - *pairs) : 0)), *expression = g_strstrip (g_strdup (equals ? equals + 1 : ""));
    gint i = find_name (name);
    if (i < 0 || !*expression)
    {
      refuse (*pairs, error);
      rca_mapping_clear (m);
      return FALSE;
    }
    g_free (m->expression[i]);
    m->expression[i] = g_steal_pointer (&expression);
    m->any = TRUE;
  }
  return TRUE;
}

void
rca_mapping_clear (RcaMapping *m)
{
  for (guint i = 0; i < RCA_N_MAPPED; i++)
    g_clear_pointer (&m->expression[i], g_free);
}

const char *
rca_mapped_key (RcaMapped mapped)
{
  return names[mapped].key;
}
