#include "otlp-proto.h"
#include <string.h>

#define MAX_DEPTH 24

typedef enum { LOGS, RESOURCE_LOGS, RESOURCE, SCOPE_LOGS, SCOPE, LOG_RECORD, KEY_VALUE, ANY, ARRAY, KV_LIST } Message;
typedef enum { AS_MESSAGE, AS_LIST, AS_TEXT, AS_HEX, AS_NUMBER, AS_INTEGER, AS_BOOL, AS_FIXED, AS_DOUBLE } Shape;

/* opentelemetry/proto: logs.v1, resource.v1, common.v1 */
static const struct {
  Message of;
  guint number;
  const char *name;
  Shape shape;
  Message type; /* of a message or of a list's elements */
} fields[] = {
  { LOGS, 1, "resourceLogs", AS_LIST, RESOURCE_LOGS },
  { RESOURCE_LOGS, 1, "resource", AS_MESSAGE, RESOURCE },
  { RESOURCE_LOGS, 2, "scopeLogs", AS_LIST, SCOPE_LOGS },
  { RESOURCE, 1, "attributes", AS_LIST, KEY_VALUE },
  { SCOPE_LOGS, 1, "scope", AS_MESSAGE, SCOPE },
  { SCOPE_LOGS, 2, "logRecords", AS_LIST, LOG_RECORD },
  { SCOPE, 1, "name", AS_TEXT, LOGS },
  { SCOPE, 2, "version", AS_TEXT, LOGS },
  { LOG_RECORD, 1, "timeUnixNano", AS_FIXED, LOGS },
  { LOG_RECORD, 2, "severityNumber", AS_NUMBER, LOGS },
  { LOG_RECORD, 3, "severityText", AS_TEXT, LOGS },
  { LOG_RECORD, 5, "body", AS_MESSAGE, ANY },
  { LOG_RECORD, 6, "attributes", AS_LIST, KEY_VALUE },
  { LOG_RECORD, 9, "traceId", AS_HEX, LOGS },
  { LOG_RECORD, 10, "spanId", AS_HEX, LOGS },
  { LOG_RECORD, 11, "observedTimeUnixNano", AS_FIXED, LOGS },
  { KEY_VALUE, 1, "key", AS_TEXT, LOGS },
  { KEY_VALUE, 2, "value", AS_MESSAGE, ANY },
  { ANY, 1, "stringValue", AS_TEXT, LOGS },
  { ANY, 2, "boolValue", AS_BOOL, LOGS },
  { ANY, 3, "intValue", AS_INTEGER, LOGS },
  { ANY, 4, "doubleValue", AS_DOUBLE, LOGS },
  { ANY, 5, "arrayValue", AS_MESSAGE, ARRAY },
  { ANY, 6, "kvlistValue", AS_MESSAGE, KV_LIST },
  { ANY, 7, "bytesValue", AS_HEX, LOGS },
  { ARRAY, 1, "values", AS_LIST, ANY },
  { KV_LIST, 1, "values", AS_LIST, KEY_VALUE },
};

typedef struct {
  guint number, wire;
  guint64 value;  /* of a varint or a fixed number */
  RcaBytes bytes; /* of what has a length */
} Field;

static gboolean
take_varint (RcaBytes *rest, guint64 *value)
{
  *value = 0;
  for (guint i = 0; i < 10 && i < rest->n; i++)
  {
    guchar c = (guchar)rest->p[i];
    *value |= (guint64)(c & 0x7f) << (7 * i);
    if (c < 0x80)
    {
      *rest = rca_bytes_from (*rest, i + 1);
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
take_fixed (RcaBytes *rest, gsize n, guint64 *value)
{
  if (rest->n < n)
    return FALSE;
  *value = 0;
  for (gsize i = n; i-- > 0;)
    *value = *value << 8 | (guchar)rest->p[i];
  *rest = rca_bytes_from (*rest, n);
  return TRUE;
}

static gboolean
take_field (RcaBytes *rest, Field *field)
{
  guint64 tag;
  if (!take_varint (rest, &tag) || tag >> 3 == 0 || tag >> 3 > 1000)
    return FALSE;
  field->number = (guint)(tag >> 3);
  field->wire = tag & 7;
  if (field->wire == 0)
    return take_varint (rest, &field->value);
  if (field->wire == 1 || field->wire == 5)
    return take_fixed (rest, field->wire == 1 ? 8 : 4, &field->value);
  if (field->wire != 2 || !take_varint (rest, &field->value) || field->value > rest->n)
    return FALSE;
  field->bytes = rca_bytes (rest->p, (gsize)field->value);
  *rest = rca_bytes_from (*rest, (gsize)field->value);
  return TRUE;
}

static void
put_text (GString *out, RcaBytes text)
{
  g_string_append_c (out, '"');
  for (gsize i = 0; i < text.n; i++)
    if (text.p[i] == '"' || text.p[i] == '\\')
      g_string_append_printf (out, "\\%c", text.p[i]);
    else if ((guchar)text.p[i] < 0x20)
      g_string_append_printf (out, "\\u%04x", (guchar)text.p[i]);
    else
      g_string_append_c (out, text.p[i]);
  g_string_append_c (out, '"');
}

static gboolean put_message (GString *out, Message of, RcaBytes message, guint depth);

static gboolean
put_value (GString *out, guint row, const Field *field, guint depth)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  double real;
  static const guint8 wires[] = { 2, 2, 2, 2, 0, 0, 0, 1, 1 };
  if (field->wire != wires[fields[row].shape])
    return FALSE;
  switch (fields[row].shape)
  {
  case AS_MESSAGE:
  case AS_LIST:
    return put_message (out, fields[row].type, field->bytes, depth + 1);
  case AS_TEXT:
    put_text (out, field->bytes);
    return TRUE;
  case AS_HEX:
    g_string_append_c (out, '"');
    for (gsize i = 0; i < field->bytes.n; i++)
      g_string_append_printf (out, "%02x", (guchar)field->bytes.p[i]);
    g_string_append_c (out, '"');
    return TRUE;
  case AS_NUMBER:
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, field->value);
    return TRUE;
  case AS_INTEGER:
    g_string_append_printf (out, "\"%" G_GINT64_FORMAT "\"", (gint64)field->value);
    return TRUE;
  case AS_BOOL:
    g_string_append (out, field->value ? "true" : "false");
    return TRUE;
  case AS_FIXED:
    g_string_append_printf (out, "\"%" G_GUINT64_FORMAT "\"", field->value);
    return TRUE;
  case AS_DOUBLE:
    memcpy (&real, &field->value, sizeof real);
    put_text (out, rca_bytes_str (g_ascii_dtostr (number, sizeof number, real)));
    return TRUE;
  }
  return FALSE;
}

/* The members of one row: the last of a field that stands once, all of a list. */
static gboolean
put_row (GString *out, guint row, RcaBytes message, guint depth, guint *members)
{
  gboolean list = fields[row].shape == AS_LIST;
  Field field, last = { 0 };
  guint n = 0;
  while (message.n > 0)
  {
    if (!take_field (&message, &field))
      return FALSE;
    if (field.number != fields[row].number)
      continue;
    if (list && n == 0)
      g_string_append_printf (out, "%s\"%s\":[", (*members)++ ? "," : "", fields[row].name);
    else if (list)
      g_string_append_c (out, ',');
    if (list && !put_value (out, row, &field, depth))
      return FALSE;
    last = field;
    n++;
  }
  if (list && n > 0)
    g_string_append_c (out, ']');
  if (list || n == 0)
    return TRUE;
  g_string_append_printf (out, "%s\"%s\":", (*members)++ ? "," : "", fields[row].name);
  return put_value (out, row, &last, depth);
}

static gboolean
put_message (GString *out, Message of, RcaBytes message, guint depth)
{
  guint members = 0;
  if (depth > MAX_DEPTH)
    return FALSE;
  g_string_append_c (out, '{');
  for (guint row = 0; row < G_N_ELEMENTS (fields); row++)
    if (fields[row].of == of && !put_row (out, row, message, depth, &members))
      return FALSE;
  g_string_append_c (out, '}');
  return of != LOGS || members > 0;
}

gboolean
rca_otlp_json_of_proto (RcaBytes message, GString *out)
{
  return message.n > 2 && message.p[0] == 0x0a && put_message (out, LOGS, message, 0);
}
