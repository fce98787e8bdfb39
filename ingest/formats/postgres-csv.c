/* PostgreSQL's csvlog: 23 columns (9.0 to 12), 24 (13: backend_type), 26 (14 on: leader_pid,
 * query_id). Quotes are doubled, line feeds stand inside quotes; no header. */
#include "../number.h"
#include "../postgres-message.h"
#include "../scan16.h"
#include "../timestamp.h"
#include "formats.h"

enum { LEAST_COLUMNS = 22, MOST_COLUMNS = 32 };
enum {
  COL_TIME = 0,
  COL_USER = 1,
  COL_DATABASE = 2,
  COL_PID = 3,
  COL_CLIENT = 4,
  COL_SESSION = 5,
  COL_SEVERITY = 11,
  COL_SQLSTATE = 12,
  COL_MESSAGE = 13,
  COL_DETAIL = 14,
  COL_QUERY = 19,
  COL_APPLICATION = 22
};

typedef struct {
  RcaStampContext context;
  RcaPostgresMemory *memory;
  RcaArena *arena;
  gboolean open; /* inside quotes at the end of the line before */
} Csv;

/* Undoubles quotes, in the arena when there are any. */
static RcaBytes
unquote (RcaBytes v, RcaArena *arena)
{
  if (v.n < 2 || v.p[0] != '"')
    return v;
  v = rca_bytes (v.p + 1, v.n - 2);
  if (!memchr (v.p, '"', v.n))
    return v;
  char *out = rca_arena_alloc (arena, v.n);
  gsize n = 0;
  for (gsize i = 0; i < v.n; i++)
  {
    out[n++] = v.p[i];
    if (v.p[i] == '"' && i + 1 < v.n && v.p[i + 1] == '"')
      i++;
  }
  return rca_bytes (out, n);
}

/* A quote within quotes is doubled: it ends them and begins them anew. */
static guint
split (RcaBytes record, RcaBytes *column, RcaArena *arena)
{
  guint n = 0;
  gsize start = 0;
  gboolean quoted = FALSE;
  for (gsize at = 0; at < record.n && n < MOST_COLUMNS; at += RCA_SCAN16)
    for (guint mask = rca_scan16_either (record.p + at, record.n - at, ',', '"'); mask && n < MOST_COLUMNS; mask &= mask - 1)
    {
      gsize i = at + (gsize)__builtin_ctz (mask);
      if (record.p[i] == '"')
        quoted = !quoted;
      else if (!quoted)
      {
        RcaBytes v = rca_bytes (record.p + start, i - start);
        column[n++] = arena ? unquote (v, arena) : v;
        start = i + 1;
      }
    }
  if (n < MOST_COLUMNS)
  {
    RcaBytes v = rca_bytes (record.p + start, record.n - start);
    column[n++] = arena ? unquote (v, arena) : v;
  }
  return n;
}

static gboolean
is_start (RcaBytes line)
{
  RcaBytes column[MOST_COLUMNS];
  RcaStamp stamp;
  guint n = line.n > 30 && g_ascii_isdigit (line.p[0]) ? split (line, column, NULL) : 0;
  /* the message may open a quote that the next lines close: twelve columns are enough to know it */
  return n > COL_SEVERITY && rca_postgres_severity (column[COL_SEVERITY]) != RCA_SEVERITY_NONE && rca_stamp_parse (column[COL_TIME], NULL, &stamp) > 18;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint starts = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    lines += sample->line[i].n > 0;
    starts += is_start (sample->line[i]);
  }
  if (starts == 0)
    return;
  out->score = 70 + (gint)(29 * starts / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin as PostgreSQL csvlog: a time first, a level in column 12", starts, lines);
}

static gpointer
csv_open (const RcaSampleLines *sample)
{
  Csv *s = g_new0 (Csv, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->memory = rca_postgres_memory_new ();
  s->arena = rca_arena_new ();
  return s;
}

static void
csv_close (gpointer state)
{
  Csv *s = state;
  rca_postgres_memory_free (s->memory);
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Csv *s = state;
  gboolean was_open = s->open;
  gsize quotes = rca_scan16_count (line, '"');
  /* a torn record must not swallow the rest of the file */
  if (was_open && quotes % 2 == 0 && is_start (line))
  {
    s->open = FALSE;
    return RCA_LINE_RECORD;
  }
  s->open = was_open != (quotes % 2 == 1);
  if (was_open)
    return RCA_LINE_CONTINUES;
  return line.n ? RCA_LINE_RECORD : RCA_LINE_NONE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Csv *s = state;
  RcaBytes column[MOST_COLUMNS] = { { 0 } };
  RcaStamp stamp;
  rca_arena_reset (s->arena);
  guint n = split (record, column, s->arena);
  if (n < LEAST_COLUMNS || !rca_stamp_parse (column[COL_TIME], &s->context, &stamp))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  RcaPostgresRecord r = { .severity = column[COL_SEVERITY],
                          .message = column[COL_MESSAGE],
                          .detail = column[COL_DETAIL],
                          .statement = column[COL_QUERY],
                          .sqlstate = column[COL_SQLSTATE],
                          .user = column[COL_USER],
                          .database = column[COL_DATABASE],
                          .client = column[COL_CLIENT],
                          .session = column[COL_SESSION],
                          .application = n > COL_APPLICATION ? column[COL_APPLICATION] : rca_bytes (NULL, 0) };
  rca_parse_int (column[COL_PID], &r.pid);
  rca_postgres_interpret (&r, s->memory, s->arena, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_postgres_csv = {
  .name = "postgres-csv",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = csv_open,
  .close = csv_close,
  .line = line_kind,
  .decode = decode,
};
