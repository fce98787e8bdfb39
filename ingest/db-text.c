#include "db-text.h"
#include "bigrams.h"
#include "identity.h"
#include "number.h"

gboolean
rca_db_text_read (const RcaDbText *table, guint n, RcaBytes text, RcaEvent *ev)
{
  RcaBigrams pairs;
  rca_bigrams_fill (&pairs, text);
  for (guint i = 0; i < n; i++)
  {
    if (!rca_bigrams_may_hold (&pairs, table[i].needle) || rca_bytes_find (text, rca_bytes_str (table[i].needle)) < 0)
      continue;
    if (table[i].event != RCA_DB_EVENT_NONE)
      rca_event_set_num (ev, RCA_FIELD_DB_EVENT, table[i].event);
    if (table[i].failure != RCA_FAILURE_NONE && ev->severity >= RCA_SEVERITY_WARN)
      rca_event_set_num (ev, RCA_FIELD_FAILURE, table[i].failure);
    return TRUE;
  }
  return FALSE;
}

/* sqlcommenter's and marginalia's keys. */
static void
take_tag (RcaBytes key, RcaBytes value, gpointer user)
{
  static const struct {
    const char *key;
    RcaField field;
  } tags[] = {
    { "request_id", RCA_FIELD_REQUEST_ID },
    { "trace_id", RCA_FIELD_TRACE_ID },
    { "application", RCA_FIELD_LOGGER }, /* who asks; the record speaks for the server */
  };
  RcaEvent *ev = user;
  if (rca_bytes_equal (key, RCA_BYTES ("traceparent")) && value.n >= 52)
  {
    rca_event_set_str (ev, RCA_FIELD_TRACE_ID, rca_bytes (value.p + 3, 32));
    rca_event_set_str (ev, RCA_FIELD_SPAN_ID, rca_bytes (value.p + 36, 16));
  }
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    if (rca_bytes_is (key, tags[i].key))
      rca_event_set_str (ev, tags[i].field, value);
}

void
rca_db_set_statement (RcaEvent *ev, RcaBytes statement, RcaArena *arena)
{
  statement = rca_bytes_skip_blank (statement);
  while (statement.n && (g_ascii_isspace (statement.p[statement.n - 1]) || (statement.n > 1 && statement.p[statement.n - 1] == ';')))
    statement.n--;
  rca_event_set_str (ev, RCA_FIELD_STATEMENT, statement);
  rca_sql_comment_tags (statement, arena, take_tag, ev);
}

gint64
rca_leading_int (RcaBytes text)
{
  gsize n = 0;
  gint64 value = 0;
  while (n < text.n && g_ascii_isdigit (text.p[n]))
    n++;
  return n && rca_parse_int (rca_bytes (text.p, n), &value) ? value : 0;
}

RcaBytes
rca_bytes_skip_blank (RcaBytes text)
{
  gsize n = 0;
  while (n < text.n && g_ascii_isspace (text.p[n]))
    n++;
  return rca_bytes_from (text, n);
}

RcaBytes
rca_bytes_until (RcaBytes text, const char *stops)
{
  for (; *stops && text.n; stops++)
  {
    const char *stop = memchr (text.p, *stops, text.n);
    text.n = stop ? (gsize)(stop - text.p) : text.n;
  }
  return text;
}

RcaBytes
rca_bytes_behind (RcaBytes text, const char *mark, const char *stops)
{
  gssize at = rca_bytes_find (text, rca_bytes_str (mark));
  return at < 0 ? rca_bytes (NULL, 0) : rca_bytes_until (rca_bytes_from (text, (gsize)at + strlen (mark)), stops);
}
