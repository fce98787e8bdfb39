#include "text-message.h"
#include "severity.h"
#include "text-fields.h"

/* Cuts the first line off; @rest begins with the text of the second. */
static RcaBytes
first_line (RcaBytes text, RcaBytes *rest)
{
  const char *lf = memchr (text.p, '\n', text.n);
  gsize n = lf ? (gsize)(lf - text.p) : text.n;
  *rest = rca_bytes_from (text, n + 1);
  return rca_bytes (text.p, n > 0 && text.p[n - 1] == '\r' ? n - 1 : n);
}

static RcaBytes
skip_jul_line (RcaBytes message, RcaEvent *ev)
{
  RcaBytes rest, line = first_line (message, &rest);
  gsize n = 0;
  while (n < rest.n && g_ascii_isupper (rest.p[n]))
    n++;
  if (ev->severity != RCA_SEVERITY_NONE || memchr (line.p, ' ', line.n) || n < 4 || n + 1 >= rest.n || rest.p[n] != ':'
      || !rca_severity_parse (rca_bytes (rest.p, n), &ev->severity))
    return message;
  return rca_bytes_from (rest, n + 2);
}

/* .NET: "Category[event id]" alone on its line. */
static RcaBytes
skip_category_line (RcaAppRecord *record, RcaBytes message)
{
  RcaBytes rest, line = first_line (message, &rest);
  const char *open = line.n > 3 && line.p[line.n - 1] == ']' ? memrchr (line.p, '[', line.n) : NULL;
  if (!open || open == line.p || memchr (line.p, ' ', line.n) || rest.n == 0 || (rest.p[0] != ' ' && rest.p[0] != '\t'))
    return message;
  for (const char *p = open + 1; p < line.p + line.n - 1; p++)
    if (!g_ascii_isdigit (*p))
      return message;
  rca_app_record_set (record, RCA_SLOT_LOGGER, 3, rca_bytes (line.p, (gsize)(open - line.p)));
  while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t'))
    rest = rca_bytes_from (rest, 1);
  return rest;
}

static gboolean
take_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  if (type == RCA_JSON_OBJECT)
    return depth < 5;
  rca_app_record_pair (user, depth == 1 ? key : path, value, type);
  return FALSE;
}

void
rca_text_message (RcaAppRecord *record, RcaBytes message)
{
  if (message.n > 1 && message.p[0] == '{' && message.p[1] == '"' && rca_json_scan (message, record->arena, take_member, record) > 0)
  {
    rca_text_scan (record, rca_app_record_get (record, RCA_SLOT_MESSAGE));
    return;
  }
  rca_text_fields (record, skip_category_line (record, skip_jul_line (message, record->ev)));
}
