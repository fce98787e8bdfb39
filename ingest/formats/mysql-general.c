/* MySQL's and MariaDB's general query log: "2025-08-15T14:03:50.259438Z<TAB>    9 Query<TAB>text"; before
 * 5.7 and in MariaDB "210815 14:03:50<TAB>    9 Query<TAB>text", and no time where the second is the one
 * before ("<TAB><TAB>    9 Query<TAB>text"). It tells no durations. */
#include "../db-text.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  RcaArena *arena;
  gint64 last_ns;
  guint last_flags;
} General;

typedef struct {
  gboolean stamped;
  RcaStamp stamp;
  gint64 thread;
  RcaBytes command, argument;
} Head;

static gboolean
is_command (RcaBytes word)
{
  static const char *const words[] = { "Query",      "Connect",          "Quit",           "Prepare", "Execute",     "Init DB",
                                       "Close stmt", "Field List",       "Statistics",     "Ping",    "Binlog Dump", "Binlog Dump GTID",
                                       "Reset stmt", "Reset Connection", "Change user",    "Fetch",   "Long Data",   "Shutdown",
                                       "Debug",      "Processlist",      "Register Slave", "Kill",    "Set option",  "Refresh",
                                       "Sleep" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_is (word, words[i]))
      return TRUE;
  return FALSE;
}

static gboolean
read_head (RcaBytes line, RcaStampContext *context, Head *head)
{
  *head = (Head){ .thread = 0 };
  RcaBytes rest = line;
  if (line.n && g_ascii_isdigit (line.p[0]))
  {
    gsize took = rca_stamp_parse (line, context, &head->stamp);
    head->stamped = took >= 14;
    rest = rca_bytes_from (line, took);
  }
  if (rest.n < 4 || rest.p[0] != '\t' || (!head->stamped && rest.p[1] != '\t'))
    return FALSE;
  rest = rca_bytes_skip_blank (rest);
  gsize digits = 0;
  while (digits < rest.n && g_ascii_isdigit (rest.p[digits]))
    digits++;
  head->thread = rca_leading_int (rest);
  if (digits == 0 || digits >= rest.n || rest.p[digits] != ' ')
    return FALSE;
  rest = rca_bytes_from (rest, digits + 1);
  head->command = rca_bytes_until (rest, "\t\n\r");
  while (head->command.n && head->command.p[head->command.n - 1] == ' ')
    head->command.n--;
  const char *tab = memchr (rest.p, '\t', rest.n);
  head->argument = tab ? rca_bytes_from (rest, (gsize)(tab - rest.p) + 1) : rca_bytes (NULL, 0);
  return is_command (head->command);
}

static gboolean
is_banner (RcaBytes line)
{
  return (rca_bytes_find (line, RCA_BYTES (", Version: ")) > 0 && rca_bytes_find (line, RCA_BYTES ("started with")) > 0)
         || rca_bytes_has_prefix (line, RCA_BYTES ("Tcp port: "))
         || (rca_bytes_has_prefix (line, RCA_BYTES ("Time")) && rca_bytes_find (line, RCA_BYTES ("Command")) > 0);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    lines += sample->line[i].n > 0;
    fits += read_head (sample->line[i], &context, &head);
  }
  if (fits == 0 || fits * 20 < lines) /* statements of many lines */
    return;
  out->score = 60 + (gint)(35 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as MySQL's general log: time, thread, command", fits, lines);
}

static gpointer
general_open (const RcaSampleLines *sample)
{
  General *s = g_new0 (General, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  s->last_ns = RCA_TIME_NONE;
  return s;
}

static void
general_close (gpointer state)
{
  General *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  General *s = state;
  Head head;
  RcaStampContext scratch = s->context;
  if (line.n == 0 || is_banner (line))
    return RCA_LINE_NONE;
  return read_head (line, &scratch, &head) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  General *s = state;
  Head head;
  if (!read_head (record, &s->context, &head))
    return RCA_DECODE_REJECT;
  if (head.stamped)
  {
    rca_stamp_apply (&head.stamp, ev);
    s->last_ns = ev->time_ns;
    s->last_flags = ev->flags & RCA_EVENT_ZONE_UNKNOWN;
  }
  else
  {
    ev->time_ns = s->last_ns;
    ev->flags |= s->last_flags;
  }
  ev->stream = RCA_STREAM_DB;
  ev->severity = RCA_SEVERITY_INFO;
  if (head.thread > 0)
    rca_event_set_num (ev, RCA_FIELD_PID, head.thread);
  gboolean statement = rca_bytes_equal (head.command, RCA_BYTES ("Query")) || rca_bytes_equal (head.command, RCA_BYTES ("Execute"));
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, head.argument.n ? head.argument : head.command);
  if (statement)
  {
    rca_arena_reset (s->arena);
    rca_db_set_statement (ev, head.argument, s->arena);
  }
  if (rca_bytes_equal (head.command, RCA_BYTES ("Init DB")))
    rca_event_set_str (ev, RCA_FIELD_DB_NAME, head.argument);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_mysql_general = {
  .name = "mysql-general",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = general_open,
  .close = general_close,
  .line = line_kind,
  .decode = decode,
};
