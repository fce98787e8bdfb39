/* The slow log of MySQL, MariaDB and Percona Server: blocks of "# …" lines, then `use db;`,
 * `SET timestamp=N;` and the statement.
 *
 * "# Time:" is printed only when the second changes (before MySQL 5.7 and in MariaDB), local
 * time without zone; `SET timestamp=` is UTC. It is when the statement began on MariaDB and on
 * MySQL from 8.0.14 on, when it was logged before that (MySQL manual, 5.4.5); where "# Time:" is
 * ISO, that is the end. */
#include "../db-text.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaStampContext context;
  RcaArena *arena;
  gboolean in_header, mariadb;
  gint64 last_ns; /* of the record before: those without a time of their own share it */
  guint last_flags;
} Slow;

static gboolean
starts (RcaBytes line, const char *prefix)
{
  return rca_bytes_starts (line, prefix);
}

static gboolean
is_header (RcaBytes line)
{
  return starts (line, "# Time: ") || starts (line, "# User@Host: ") || starts (line, "# Query_time: ") || starts (line, "# Thread_id: ")
         || starts (line, "# Schema: ");
}

static gboolean
is_banner (RcaBytes line)
{
  return starts (line, "Tcp port: ") || (starts (line, "Time ") && rca_bytes_find (line, RCA_BYTES ("Command")) > 0) || starts (line, "Time\t")
         || (rca_bytes_find (line, RCA_BYTES (", Version: ")) > 0 && rca_bytes_find (line, RCA_BYTES ("started with")) > 0);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint blocks = 0, hosts = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    blocks += rca_bytes_find (sample->line[i], RCA_BYTES ("Query_time: ")) >= 0 && sample->line[i].p[0] == '#';
    hosts += starts (sample->line[i], "# User@Host: ");
  }
  if (blocks == 0)
    return;
  out->score = 95;
  g_snprintf (out->reason, sizeof out->reason, "%u \"# Query_time:\" lines, %u \"# User@Host:\": a MySQL slow log", blocks, hosts);
}

static gpointer
slow_open (const RcaSampleLines *sample)
{
  Slow *s = g_new0 (Slow, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->arena = rca_arena_new ();
  s->last_ns = RCA_TIME_NONE;
  for (guint i = 0; i < sample->n_lines; i++)
    s->mariadb |= rca_bytes_find (sample->line[i], RCA_BYTES ("MariaDB")) >= 0
                  || (starts (sample->line[i], "# Thread_id: ") && rca_bytes_find (sample->line[i], RCA_BYTES ("QC_hit: ")) > 0);
  return s;
}

static void
slow_close (gpointer state)
{
  Slow *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Slow *s = state;
  gboolean comment = line.n && line.p[0] == '#', header = comment && is_header (line);
  if (!header && is_banner (line))
  {
    s->in_header = FALSE;
    return RCA_LINE_NONE;
  }
  if (comment)
  {
    gboolean begins = header && !s->in_header;
    if (begins)
      s->in_header = TRUE;
    if (starts (line, "# administrator command"))
      s->in_header = FALSE; /* stands where the statement would */
    return begins ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
  }
  s->in_header = FALSE;
  return RCA_LINE_CONTINUES;
}

typedef struct {
  gboolean has_stamp, iso, has_epoch;
  RcaStamp stamp;
  gint64 epoch_ns;
  RcaBytes statement;
} Block;

/* What is read out of header lines. The blank before some is theirs: "InnoDB_rec_lock_wait" ends in none of them. */
enum { USER_HOST, QUERY_TIME, LOCK_TIME, ROWS_SENT, ROWS_EXAMINED, THREAD_ID, LAST_ERRNO, ERRNO, SCHEMA, ID, N_NAMES };
static const RcaBytes names[N_NAMES] = {
  [USER_HOST] = { "User@Host", 9 },
  [QUERY_TIME] = { "Query_time", 10 },
  [LOCK_TIME] = { " Lock_time", 10 },
  [ROWS_SENT] = { "Rows_sent", 9 },
  [ROWS_EXAMINED] = { "Rows_examined", 13 },
  [THREAD_ID] = { "Thread_id", 9 },
  [LAST_ERRNO] = { "Last_errno", 10 },
  [ERRNO] = { " Errno", 6 },
  [SCHEMA] = { "Schema", 6 },
  [ID] = { " Id", 3 },
};

/* Where the value behind each of @names begins, the first of equal ones; 0: there is none. One pass from colon to colon. */
static void
find_values (RcaBytes line, gsize at[N_NAMES])
{
  memset (at, 0, N_NAMES * sizeof *at);
  for (const char *p = line.p, *end = line.p + line.n; (p = memchr (p, ':', (gsize)(end - p))); p++)
  {
    RcaBytes before = rca_bytes (line.p, (gsize)(p - line.p));
    if (p + 1 == end || p[1] != ' ')
      continue;
    for (guint i = 0; i < N_NAMES; i++)
      if (at[i] == 0 && rca_bytes_has_suffix (before, names[i]))
        at[i] = before.n + 2;
  }
}

/* The value that begins at @at (0: there is none), up to a blank. */
static RcaBytes
value_at (RcaBytes line, gsize at)
{
  if (at == 0)
    return rca_bytes (NULL, 0);
  RcaBytes v = rca_bytes_from (line, at);
  while (v.n && v.p[0] == ' ')
    v = rca_bytes_from (v, 1);
  gsize n = 0;
  while (n < v.n && v.p[n] != ' ' && v.p[n] != '\t')
    n++;
  return rca_bytes (v.p, n);
}

static void
set_count (RcaEvent *ev, RcaField field, RcaBytes v)
{
  gint64 n;
  if (rca_parse_int (v, &n))
    rca_event_set_num (ev, field, n);
}

static void
set_time (RcaEvent *ev, RcaField field, RcaBytes v)
{
  gint64 ns;
  if (v.n && rca_parse_duration (v, RCA_NS_PER_S, &ns))
    rca_event_set_num (ev, field, ns);
}

static void
read_user (RcaEvent *ev, RcaBytes line, const gsize at[N_NAMES])
{
  if (at[USER_HOST] == 0)
    return;
  RcaBytes v = rca_bytes_from (line, at[USER_HOST]);
  gsize n = 0;
  while (n < v.n && v.p[n] != '[' && v.p[n] != ' ')
    n++;
  rca_event_set_str (ev, RCA_FIELD_DB_USER, rca_bytes (v.p, n));
  const char *sign = memchr (v.p, '@', v.n);
  const char *open = sign ? memchr (sign, '[', (gsize)(v.p + v.n - sign)) : NULL;
  const char *close = open ? memchr (open, ']', (gsize)(v.p + v.n - open)) : NULL;
  if (close)
    rca_event_set_str (ev, RCA_FIELD_CLIENT, rca_bytes (open + 1, (gsize)(close - open - 1)));
  RcaBytes id = at[ID] > at[USER_HOST] ? value_at (line, at[ID]) : rca_bytes (NULL, 0);
  if (id.n)
    set_count (ev, RCA_FIELD_PID, id);
}

/* What ended the statement early: MySQL's error numbers (Percona's Last_errno, 8.0's Errno). */
static void
read_errno (RcaBytes number, RcaEvent *ev)
{
  static const struct {
    const char *number;
    RcaFailure failure;
  } numbers[] = { { "1205", RCA_FAILURE_LOCK_TIMEOUT },
                  { "1213", RCA_FAILURE_DEADLOCK },
                  { "3024", RCA_FAILURE_STATEMENT_TIMEOUT },
                  { "1969", RCA_FAILURE_STATEMENT_TIMEOUT },
                  { "1040", RCA_FAILURE_DB_REFUSED } };
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (rca_bytes_is (number, numbers[i].number))
      rca_event_set_num (ev, RCA_FIELD_FAILURE, numbers[i].failure);
}

static void
read_header (Slow *s, RcaBytes line, RcaEvent *ev, Block *b)
{
  if (starts (line, "# Time: "))
  {
    RcaBytes text = rca_bytes_from (line, 8);
    b->has_stamp = rca_stamp_parse (text, &s->context, &b->stamp) > 0;
    b->iso = text.n > 10 && text.p[4] == '-';
  }
  gsize at[N_NAMES];
  find_values (line, at);
  read_user (ev, line, at);
  set_time (ev, RCA_FIELD_DURATION, value_at (line, at[QUERY_TIME]));
  set_time (ev, RCA_FIELD_LOCK_TIME, value_at (line, at[LOCK_TIME]));
  set_count (ev, RCA_FIELD_ROWS_SENT, value_at (line, at[ROWS_SENT]));
  set_count (ev, RCA_FIELD_ROWS_EXAMINED, value_at (line, at[ROWS_EXAMINED]));
  set_count (ev, RCA_FIELD_PID, value_at (line, at[THREAD_ID]));
  if (starts (line, "# Conn_ID: ")) /* TiDB */
    set_count (ev, RCA_FIELD_PID, rca_bytes_from (line, 11));
  if (starts (line, "# DB: "))
    rca_event_set_str (ev, RCA_FIELD_DB_NAME, rca_bytes_from (line, 6));
  read_errno (value_at (line, at[at[LAST_ERRNO] ? LAST_ERRNO : ERRNO]), ev);
  RcaBytes schema = value_at (line, at[SCHEMA]);
  if (schema.n && schema.p[0] != '#' && g_ascii_isalpha (schema.p[0]) && !rca_bytes_has_suffix (schema, RCA_BYTES (":")))
    rca_event_set_str (ev, RCA_FIELD_DB_NAME, schema);
}

/* `use db;` and `SET timestamp=N;` before the statement; FALSE: the line is the statement's. */
static gboolean
read_preamble (RcaBytes line, RcaEvent *ev, Block *b)
{
  if (line.n > 5 && g_ascii_strncasecmp (line.p, "use ", 4) == 0 && line.p[line.n - 1] == ';')
  {
    RcaBytes name = rca_bytes (line.p + 4, line.n - 5);
    if (name.n > 1 && name.p[0] == '`')
      name = rca_bytes (name.p + 1, name.n - 2);
    rca_event_set_str (ev, RCA_FIELD_DB_NAME, name);
    return TRUE;
  }
  /* before 5.1 "SET last_insert_id=5,insert_id=6,timestamp=1197996507;" */
  gssize at = line.n > 14 && line.n < 200 && g_ascii_strncasecmp (line.p, "SET ", 4) == 0 ? rca_bytes_find (line, RCA_BYTES ("timestamp=")) : -1;
  if (at != 4 && !(at > 4 && rca_bytes_find (line, RCA_BYTES ("insert_id=")) > 0))
    return FALSE;
  RcaBytes digits = rca_bytes_from (line, (gsize)at + 10);
  gsize n = 0;
  while (n < digits.n && (g_ascii_isdigit (digits.p[n]) || digits.p[n] == '.'))
    n++;
  b->has_epoch = rca_stamp_parse_epoch (rca_bytes (digits.p, n), &b->epoch_ns);
  return TRUE;
}

static void
read_block (Slow *s, RcaBytes record, RcaEvent *ev, Block *b)
{
  const char *p = record.p, *end = record.p + record.n;
  while (p < end)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    RcaBytes line = rca_bytes (p, (gsize)((lf ? lf : end) - p));
    if (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    if (starts (line, "# administrator command: "))
    {
      b->statement = rca_bytes_from (line, 25);
      return;
    }
    if (line.n && line.p[0] == '#')
      read_header (s, line, ev, b);
    else if (line.n && !read_preamble (line, ev, b))
    {
      b->statement = rca_bytes (p, (gsize)(end - p));
      return;
    }
    p = lf ? lf + 1 : end;
  }
}

static void
settle_time (Slow *s, RcaEvent *ev, const Block *b)
{
  if (b->has_stamp && b->iso)
    rca_stamp_apply (&b->stamp, ev);
  else if (b->has_epoch)
  {
    ev->time_ns = b->epoch_ns;
    if (s->mariadb)
      ev->flags |= RCA_EVENT_TIME_IS_START;
  }
  else if (b->has_stamp)
    rca_stamp_apply (&b->stamp, ev);
  else
  {
    ev->time_ns = s->last_ns;
    ev->flags |= s->last_flags;
  }
  s->last_ns = ev->time_ns;
  s->last_flags = ev->flags & RCA_EVENT_ZONE_UNKNOWN;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Slow *s = state;
  Block b = { 0 };
  if (record.n == 0 || record.p[0] != '#')
    return RCA_DECODE_REJECT;
  ev->stream = RCA_STREAM_DB;
  read_block (s, record, ev, &b);
  if (!rca_event_has (ev, RCA_FIELD_DURATION))
    return RCA_DECODE_REJECT;
  settle_time (s, ev, &b);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  if (b.statement.n)
  {
    rca_arena_reset (s->arena);
    rca_db_set_statement (ev, b.statement, s->arena);
  }
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_mysql_slow = {
  .name = "mysql-slow",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = slow_open,
  .close = slow_close,
  .line = line_kind,
  .decode = decode,
};
