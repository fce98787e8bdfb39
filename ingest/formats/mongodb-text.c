/* MongoDB before 4.4: "2020-05-20T20:10:08.731+0000 I  COMMAND  [conn12] command shop.orders …
 * planSummary: COLLSCAN … 123ms"; before 3.0 without level and component, before 2.6 with an
 * asctime stamp. A line that ends in "123ms" behind a namespace is one slow command. */
#include "mongodb.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  RcaArena *arena;
} MongoText;

typedef struct {
  RcaStamp stamp;
  RcaSeverity severity;
  RcaBytes component, context, text;
} Head;

static gboolean
read_severity (char c, RcaSeverity *severity)
{
  static const RcaSeverity by_letter[] = { RCA_SEVERITY_FATAL, RCA_SEVERITY_ERROR, RCA_SEVERITY_WARN, RCA_SEVERITY_INFO, RCA_SEVERITY_DEBUG };
  const char *at = c ? strchr ("FEWID", c) : NULL;
  if (at)
    *severity = by_letter[at - "FEWID"];
  return at != NULL;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, Head *head)
{
  *head = (Head){ .severity = RCA_SEVERITY_INFO };
  gsize took = line.n > 30 ? rca_stamp_parse (line, context, &head->stamp) : 0;
  if (took < 15)
    return FALSE;
  RcaBytes rest = rca_bytes_skip_blank (rca_bytes_from (line, took));
  if (rest.n > 2 && (rest.p[1] == ' ' || g_ascii_isdigit (rest.p[1])) && read_severity (rest.p[0], &head->severity))
  {
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, 2));
    head->component = rca_bytes_until (rest, " ");
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, head->component.n));
  }
  if (rest.n < 3 || rest.p[0] != '[')
    return FALSE;
  head->context = rca_bytes_until (rca_bytes_from (rest, 1), "]\n");
  head->text = rca_bytes_skip_blank (rca_bytes_from (rest, head->context.n + 2));
  return head->context.n > 0;
}

/* Threads whose names no other program has. */
static gboolean
is_telling (const Head *head)
{
  static const char *const contexts[] = { "initandlisten",
                                          "conn",
                                          "replexec",
                                          "rsBackgroundSync",
                                          "signalProcessingThread",
                                          "mongosMain",
                                          "ReplicationExecutor",
                                          "ReplCoord",
                                          "WTCheckpointThread",
                                          "thread",
                                          "rsSync",
                                          "TTLMonitor",
                                          NULL };
  if (head->component.n && head->component.p[0] >= 'A' && head->component.p[0] <= 'Z' && rca_bytes_has_prefix (head->context, RCA_BYTES ("conn")))
    return TRUE;
  for (guint i = 0; contexts[i]; i++)
    if (rca_bytes_starts (head->context, contexts[i]))
      return TRUE;
  return FALSE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, telling = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    lines += sample->line[i].n > 0;
    if (!read_head (sample->line[i], &context, &head))
      continue;
    fits++;
    telling += is_telling (&head);
  }
  if (telling == 0 || fits * 2 < lines || telling * 4 < fits)
    return;
  out->score = 60 + (gint)(35 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as MongoDB's text log, %u name its threads", fits, lines, telling);
}

static gpointer
text_open (const RcaSampleLines *sample)
{
  MongoText *s = g_new0 (MongoText, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  return s;
}

static void
text_close (gpointer state)
{
  MongoText *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  MongoText *s = state;
  RcaStampContext scratch = s->context;
  Head head;
  if (line.n == 0)
    return RCA_LINE_NONE;
  return read_head (line, &scratch, &head) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

/* The milliseconds a command's line ends in; -1 without. */
static gint64
duration_of (RcaBytes text)
{
  while (text.n && g_ascii_isspace (text.p[text.n - 1]))
    text.n--;
  gsize end = text.n > 2 && text.p[text.n - 2] == 'm' && text.p[text.n - 1] == 's' ? text.n - 2 : 0, from = end;
  while (from > 0 && g_ascii_isdigit (text.p[from - 1]))
    from--;
  return from == end || from == 0 || text.p[from - 1] != ' ' ? -1 : rca_leading_int (rca_bytes_from (text, from));
}

/* The document behind @name: balanced braces or brackets. */
static RcaBytes
document_behind (RcaBytes text, const char *name)
{
  gssize at = rca_bytes_find (text, rca_bytes_str (name));
  if (at < 0)
    return rca_bytes (NULL, 0);
  RcaBytes d = rca_bytes_from (text, (gsize)at + strlen (name));
  guint depth = 0;
  gboolean quoted = FALSE;
  for (gsize i = 0; i < d.n; i++)
  {
    char c = d.p[i];
    if (quoted && c == '\\')
      i++;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '{' || c == '['))
      depth++;
    else if (!quoted && (c == '}' || c == ']') && depth && --depth == 0)
      return rca_bytes (d.p, i + 1);
    if (depth == 0)
      break;
  }
  return rca_bytes (NULL, 0);
}

static gboolean
read_slow (RcaBytes text, RcaArena *arena, RcaEvent *ev)
{
  static const char *const verbs[] = { "command ", "query ", "update ", "remove ", "insert ", "getmore ", "aggregate ", NULL };
  gint64 took_ns;
  RcaMongoCommand c = { .verb = { 0 } };
  for (guint i = 0; verbs[i]; i++)
    if (rca_bytes_starts (text, verbs[i]))
      c.verb = rca_bytes (text.p, strlen (verbs[i]) - 1);
  if (!rca_duration_of (duration_of (text), RCA_NS_PER_MS, &took_ns) || c.verb.n == 0)
    return FALSE;
  c.collection = rca_bytes_until (rca_bytes_skip_blank (rca_bytes_from (text, c.verb.n)), " ");
  RcaBytes named = rca_bytes_behind (text, " command: ", " {");
  if (named.n)
    c.verb = named;
  c.filter = document_behind (text, "filter: ");
  if (c.filter.n == 0)
    c.filter = document_behind (text, rca_bytes_equal (c.verb, RCA_BYTES ("update")) || rca_bytes_equal (c.verb, RCA_BYTES ("remove")) ? "q: " : "query: ");
  c.pipeline = document_behind (text, "pipeline: ");
  c.sort = document_behind (text, "sort: ");
  rca_event_set_str (ev, RCA_FIELD_STATEMENT, rca_mongodb_statement (&c, arena));
  rca_event_set_str (ev, RCA_FIELD_DB_NAME, rca_bytes_until (c.collection, "."));
  rca_event_set_num (ev, RCA_FIELD_DURATION, took_ns);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  if (rca_bytes_find (text, RCA_BYTES ("docsExamined:")) > 0)
    rca_event_set_num (ev, RCA_FIELD_ROWS_EXAMINED, rca_leading_int (rca_bytes_behind (text, "docsExamined:", " ")));
  if (rca_bytes_find (text, RCA_BYTES (" nreturned:")) > 0)
    rca_event_set_num (ev, RCA_FIELD_ROWS_SENT, rca_leading_int (rca_bytes_behind (text, " nreturned:", " ")));
  return TRUE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  MongoText *s = state;
  Head head;
  if (!read_head (record, &s->context, &head))
    return RCA_DECODE_REJECT;
  rca_arena_reset (s->arena);
  rca_stamp_apply (&head.stamp, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = head.severity;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, head.text);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, head.component);
  rca_event_set_str (ev, RCA_FIELD_SESSION, head.context);
  if (!read_slow (head.text, s->arena, ev))
    rca_mongodb_read_text (head.text, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_mongodb_text = {
  .name = "mongodb-text",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = text_open,
  .close = text_close,
  .line = line_kind,
  .decode = decode,
};
