/* Server logs of databases that write one JSON object a line: MySQL's log_sink_json, Elasticsearch and
 * OpenSearch (7's flat names and 8's ECS), with their slow logs. PostgreSQL and MongoDB have files of their own. */
#include "../json-scan.h"
#include "../number.h"
#include "../severity.h"
#include "../timestamp.h"
#include "elasticsearch.h"
#include "formats.h"
#include "mysql-error.h"

typedef struct {
  RcaStampContext context;
  RcaArena *arena;
} DbJson;

typedef struct {
  RcaBytes time, level, text, logger, node;
  RcaBytes type; /* Elasticsearch's type or event.dataset */
  RcaBytes err_code, took, source, id, search_type, slow_message, thread;
} Members;

static gboolean
take (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Members *m = user;
  const struct {
    const char *path;
    RcaBytes *into;
  } table[] = {
    { "time", &m->time },
    { "timestamp", &m->time },
    { "@timestamp", &m->time },
    { "label", &m->level },
    { "level", &m->level },
    { "log.level", &m->level },
    { "msg", &m->text },
    { "message", &m->text },
    { "subsystem", &m->logger },
    { "component", &m->logger },
    { "log.logger", &m->logger },
    { "node.name", &m->node },
    { "elasticsearch.node.name", &m->node },
    { "type", &m->type },
    { "event.dataset", &m->type },
    { "err_code", &m->err_code },
    { "thread", &m->thread },
    { "took_millis", &m->took },
    { "elasticsearch.slowlog.took_millis", &m->took },
    { "source", &m->source },
    { "elasticsearch.slowlog.source", &m->source },
    { "id", &m->id },
    { "elasticsearch.slowlog.id", &m->id },
    { "search_type", &m->search_type },
    { "elasticsearch.slowlog.search_type", &m->search_type },
    { "elasticsearch.slowlog.message", &m->slow_message },
  };
  if (type == RCA_JSON_OBJECT)
    return depth < 4;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (rca_bytes_is (path, table[i].path))
      *table[i].into = value;
  return FALSE;
}

static gboolean
is_mysql (const Members *m)
{
  return m->err_code.n > 0 && m->logger.n > 0 && m->level.n > 0;
}

static gboolean
is_elastic (const Members *m)
{
  static const char *const types[] = { "server", "index_search_slowlog", "index_indexing_slowlog", "deprecation", "deprecation.elasticsearch" };
  if (rca_bytes_has_prefix (m->type, RCA_BYTES ("elasticsearch.")))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (types) && m->node.n > 0; i++)
    if (rca_bytes_is (m->type, types[i]))
      return TRUE;
  return FALSE;
}

static gboolean
read_members (RcaBytes line, RcaArena *arena, Members *m)
{
  *m = (Members){ .time = { NULL, 0 } };
  rca_arena_reset (arena);
  if (line.n == 0 || line.p[0] != '{' || !rca_json_scan (line, arena, take, m))
    return FALSE;
  return m->time.n > 0 && (is_mysql (m) || is_elastic (m));
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Members m;
    lines += sample->line[i].n > 0;
    fits += read_members (sample->line[i], arena, &m);
  }
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = 70 + (gint)(29 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are JSON with the members of MySQL's or Elasticsearch's log", fits, lines);
}

static gpointer
json_open (const RcaSampleLines *sample)
{
  DbJson *s = g_new0 (DbJson, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  return s;
}

static void
json_close (gpointer state)
{
  DbJson *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

/* "[orders][0]" of version 7, or the slow log's own member of 8. */
static void
read_elastic (const Members *m, RcaArena *arena, RcaEvent *ev)
{
  gint64 ms;
  if (!rca_parse_int (m->took, &ms))
  {
    rca_elasticsearch_read (m->text, ev);
    return;
  }
  RcaBytes where = m->slow_message.n ? m->slow_message : m->text;
  gboolean search = m->search_type.n > 0 || rca_bytes_find (m->type, RCA_BYTES ("search")) > 0;
  RcaElasticSlow slow = { .took_ms = ms, .index = rca_bytes_behind (where, "[", "]"), .source = m->source, .id = m->id, .search = search };
  rca_elasticsearch_slow (&slow, arena, ev);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  DbJson *s = state;
  Members m;
  RcaStamp stamp;
  gint64 thread;
  if (!read_members (record, s->arena, &m) || !rca_stamp_parse (m.time, &s->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  ev->stream = RCA_STREAM_DB;
  if (!rca_severity_parse (m.level, &ev->severity))
    ev->severity = RCA_SEVERITY_INFO; /* MySQL's System */
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, m.text);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, m.logger);
  rca_event_set_str (ev, RCA_FIELD_SESSION, m.node);
  if (is_mysql (&m) && rca_parse_int (m.thread, &thread) && thread > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, thread);
  if (is_mysql (&m))
    rca_mysql_error_read (m.text, ev);
  else
    read_elastic (&m, s->arena, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_db_json = {
  .name = "database-json",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = json_open,
  .close = json_close,
  .decode = decode,
};
