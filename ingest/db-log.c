#include "db-log.h"

enum { MOST_REMEMBERED = 1024, LONGEST_REMEMBERED = 16384 };

struct RcaDbLog {
  const RcaDbLogProduct *product;
  RcaStampContext context;
  RcaArena *arena;
  GHashTable *remembered; /* char* → GBytes*; NULL until used */
};

void
rca_db_log_sniff (const RcaDbLogProduct *product, const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, telling = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaDbLogHead head = { .severity = RCA_SEVERITY_INFO };
    lines += sample->line[i].n > 0;
    if (!product->read_head (sample->line[i], &context, &head))
      continue;
    fits++;
    telling += !product->is_telling || product->is_telling (&head);
  }
  if (telling == 0 || fits * 10 < lines)
    return;
  /* with words of the product's own the shape, which a general logger may share, is settled */
  gboolean sure = product->is_telling && fits * 2 >= lines;
  out->score = sure ? 86 + (gint)(13 * fits / lines) : 60 + (gint)(35 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as %s", fits, lines, product->what);
}

gpointer
rca_db_log_open (const RcaDbLogProduct *product, const RcaSampleLines *sample)
{
  RcaDbLog *log = g_new0 (RcaDbLog, 1);
  log->product = product;
  rca_stamp_context_init (&log->context, sample->mtime_ns);
  log->arena = rca_arena_new ();
  return log;
}

void
rca_db_log_close (gpointer data)
{
  RcaDbLog *log = data;
  rca_arena_free (log->arena);
  g_clear_pointer (&log->remembered, g_hash_table_unref);
  g_free (log);
}

RcaLineKind
rca_db_log_line (gpointer data, RcaBytes line)
{
  RcaDbLog *log = data;
  RcaStampContext scratch = log->context;
  RcaDbLogHead head = { .severity = RCA_SEVERITY_INFO };
  if (line.n == 0)
    return RCA_LINE_NONE;
  return log->product->read_head (line, &scratch, &head) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

RcaDecodeResult
rca_db_log_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaDbLog *log = data;
  RcaDbLogHead head = { .severity = RCA_SEVERITY_INFO };
  if (!log->product->read_head (rca_bytes_until (record, "\n"), &log->context, &head))
    return RCA_DECODE_REJECT;
  rca_arena_reset (log->arena);
  if (head.stamped)
    rca_stamp_apply (&head.stamp, ev);
  ev->stream = RCA_STREAM_DB;
  ev->severity = head.severity;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, head.text);
  rca_event_set_str (ev, RCA_FIELD_LOGGER, head.logger);
  rca_event_set_str (ev, RCA_FIELD_SESSION, head.session);
  if (head.pid > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, head.pid);
  rca_db_text_read (log->product->texts, log->product->n_texts, record, ev);
  if (log->product->read_more)
    log->product->read_more (log, &head, record, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

RcaArena *
rca_db_log_arena (RcaDbLog *log)
{
  return log->arena;
}

void
rca_db_log_remember (RcaDbLog *log, RcaBytes key, RcaBytes value)
{
  if (!log->remembered)
    log->remembered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  if (g_hash_table_size (log->remembered) >= MOST_REMEMBERED)
    g_hash_table_remove_all (log->remembered);
  g_hash_table_replace (log->remembered, g_strndup (key.p, MIN (key.n, 128)), g_bytes_new (value.p, MIN (value.n, LONGEST_REMEMBERED)));
}

RcaBytes
rca_db_log_take (RcaDbLog *log, RcaBytes key)
{
  char name[129];
  RcaBytes none = { NULL, 0 };
  if (!log->remembered || key.n >= sizeof name)
    return none;
  memcpy (name, key.p, key.n);
  name[key.n] = 0;
  GBytes *value = g_hash_table_lookup (log->remembered, name);
  if (!value)
    return none;
  gsize n;
  const char *p = g_bytes_get_data (value, &n);
  none = rca_arena_copy (log->arena, rca_bytes (p, n));
  g_hash_table_remove (log->remembered, name);
  return none;
}
