/* Elasticsearch's and OpenSearch's server and slow logs in text:
 * "[2026-11-24T02:09:24,123][WARN ][i.s.s.query              ] [node-1] [orders][0] took[1.2s],
 * took_millis[1200], …, source[{…}]". */
#include "../db-log.h"
#include "../document-shape.h"
#include "../number.h"
#include "../severity.h"
#include "elasticsearch.h"
#include "formats.h"

/* The inside of a bracket at the start of @rest, blanks off. */
static RcaBytes
bracket (RcaBytes *rest)
{
  if (rest->n == 0 || rest->p[0] != '[')
    return rca_bytes (NULL, 0);
  RcaBytes inside = rca_bytes_until (rca_bytes_from (*rest, 1), "]\n");
  *rest = rca_bytes_skip_blank (rca_bytes_from (*rest, inside.n + 2));
  while (inside.n && inside.p[inside.n - 1] == ' ')
    inside.n--;
  return inside;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, RcaDbLogHead *head)
{
  RcaBytes rest = line, stamp = bracket (&rest), level;
  if (stamp.n < 19 || !g_ascii_isdigit (stamp.p[0]) || rca_stamp_parse (stamp, context, &head->stamp) < 19)
    return FALSE;
  head->stamped = TRUE;
  level = bracket (&rest);
  head->logger = bracket (&rest);
  head->session = bracket (&rest); /* the node */
  head->text = rest;
  return head->logger.n > 0 && rca_severity_parse (level, &head->severity);
}

/* Packages by their letters: "o.e.n.Node", "i.s.s.query", "index.search.slowlog". */
static gboolean
is_telling (const RcaDbLogHead *head)
{
  static const char *const packages[]
      = { "o.e.", "o.o.", "i.s.s.", "i.i.s.", "index.search.slowlog", "index.indexing.slowlog", "o.a.l.", "org.elasticsearch", "org.opensearch" };
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++)
    if (rca_bytes_starts (head->logger, packages[i]))
      return TRUE;
  return FALSE;
}

static const RcaDbText texts[] = {
  { "OutOfMemoryError", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "Data too large", RCA_DB_EVENT_MEMORY, RCA_FAILURE_MEMORY },
  { "overhead, spent [", RCA_DB_EVENT_MEMORY, RCA_FAILURE_NONE },
  { "disk watermark [", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "No space left on device", RCA_DB_EVENT_DISK_FULL, RCA_FAILURE_DISK_FULL },
  { "RejectedExecution", RCA_DB_EVENT_REFUSED, RCA_FAILURE_WORKERS },
  { "master not discovered", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_DB_REFUSED },
  { "master_left", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "master node changed", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "node-left[", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "to [RED]", RCA_DB_EVENT_REPLICATION, RCA_FAILURE_NONE },
  { "fatal error in thread", RCA_DB_EVENT_CRASH, RCA_FAILURE_DB_LOST },
};

void
rca_elasticsearch_slow (const RcaElasticSlow *slow, RcaArena *arena, RcaEvent *ev)
{
  gint64 took_ns;
  if (!rca_duration_of (slow->took_ms, RCA_NS_PER_MS, &took_ns))
    return;
  rca_event_set_num (ev, RCA_FIELD_DURATION, took_ns);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  RcaBytes index = rca_bytes_until (slow->index, "/");
  rca_event_set_str (ev, RCA_FIELD_DB_NAME, index);
  rca_event_set_str (ev, RCA_FIELD_REQUEST_ID, slow->id);
  RcaBytes verb = slow->search ? RCA_BYTES ("search ") : RCA_BYTES ("index "), name = rca_bytes (index.p, MIN (index.n, 120));
  RcaBytes shape = slow->search && slow->source.n && slow->source.p[0] == '{' ? rca_document_shape (slow->source, 600, arena) : rca_bytes ("", 0);
  char *out = rca_arena_alloc (arena, verb.n + name.n + 1 + shape.n);
  memcpy (out, verb.p, verb.n);
  if (name.n)
    memcpy (out + verb.n, name.p, name.n);
  gsize n = verb.n + name.n;
  if (shape.n)
  {
    out[n++] = ' ';
    memcpy (out + n, shape.p, shape.n);
    n += shape.n;
  }
  rca_event_set_str (ev, RCA_FIELD_STATEMENT, rca_bytes (out, n));
}

void
rca_elasticsearch_read (RcaBytes text, RcaEvent *ev)
{
  rca_db_text_read (texts, G_N_ELEMENTS (texts), text, ev);
  if (rca_bytes_equal (text, RCA_BYTES ("started")) || rca_bytes_has_prefix (text, RCA_BYTES ("started {")))
    rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_START);
  else if (rca_bytes_has_prefix (text, RCA_BYTES ("stopping ...")))
    rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STOP);
}

static void
read_more (RcaDbLog *log, const RcaDbLogHead *head, RcaBytes record, RcaEvent *ev)
{
  RcaBytes text = head->text, rest = text;
  if (rca_bytes_find (text, RCA_BYTES ("took_millis[")) < 0)
  {
    if (!rca_event_has (ev, RCA_FIELD_DB_EVENT)) /* the lines below it may have told more */
      rca_elasticsearch_read (text, ev);
    return;
  }
  RcaElasticSlow slow = { .took_ms = rca_leading_int (rca_bytes_behind (text, "took_millis[", "]")),
                          .index = bracket (&rest),
                          .source = rca_bytes_behind (text, "source[", ""),
                          .id = rca_bytes_behind (text, ", id[", "]"),
                          .search = rca_bytes_find (text, RCA_BYTES ("search_type[")) > 0 };
  rca_elasticsearch_slow (&slow, rca_db_log_arena (log), ev);
}

static const RcaDbLogProduct product = { "Elasticsearch's or OpenSearch's log", read_head, is_telling, texts, G_N_ELEMENTS (texts), read_more };

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  rca_db_log_sniff (&product, sample, out);
}

static gpointer
log_open (const RcaSampleLines *sample)
{
  return rca_db_log_open (&product, sample);
}

const RcaFormat rca_format_elasticsearch = {
  .name = "elasticsearch",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = log_open,
  .close = rca_db_log_close,
  .line = rca_db_log_line,
  .decode = rca_db_log_decode,
};
