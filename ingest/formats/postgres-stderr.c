/* PostgreSQL's stderr destination under any log_line_prefix. The prefix is not declared: what ends
 * it is the level word with its colon and two blanks; what is in it is told by its looks. */
#include "../db-text.h"
#include "../postgres-prefix.h"
#include "formats.h"

enum { LONGEST_PREFIX = 300, LONGEST_WORD = 40 };

typedef struct {
  RcaStampContext context;
  RcaPostgresMemory *memory;
  RcaArena *arena;
  RcaPostgresPrefix prefix;
  gboolean squeezed; /* something on the way made one blank of two */
} Stderr;

typedef struct {
  RcaBytes prefix, word, text;
  RcaPostgresSection section;
  gboolean record; /* the word is a level, not a section */
} Head;

/* Capitals, digits behind them, letters of other scripts. */
static gboolean
is_word_byte (char c)
{
  return g_ascii_isupper (c) || g_ascii_isdigit (c) || (guchar)c >= 0x80;
}

/* The level or section word that ends at @end. */
static gboolean
read_word (RcaBytes line, gsize end, Head *head)
{
  gsize start = end;
  while (start > 0 && end - start < LONGEST_WORD && is_word_byte (line.p[start - 1]))
    start--;
  RcaBytes word = rca_bytes (line.p + start, end - start);
  if (word.n < 3)
    return FALSE;
  head->record = rca_postgres_severity (word) != RCA_SEVERITY_NONE;
  head->section = RCA_POSTGRES_MESSAGE;
  if (!head->record && !rca_postgres_section (word, &head->section))
    return FALSE;
  head->prefix = rca_bytes (line.p, start);
  head->word = word;
  return TRUE;
}

/* Finds "WORD:  " (in French "WORD :  ") near the start. Exactly two blanks: other programs pad
 * their levels. @squeezed: one blank will do. */
static gboolean
read_head (RcaBytes line, gboolean squeezed, Head *head)
{
  RcaBytes near = rca_bytes (line.p, MIN (line.n, LONGEST_PREFIX));
  if (near.n == 0 || near.p[0] == '\t')
    return FALSE;
  for (gsize at = 0; at + 2 <= near.n;)
  {
    const char *colon = memchr (near.p + at, ':', near.n - at);
    if (!colon)
      return FALSE;
    gsize c = (gsize)(colon - near.p), end = c, blanks = 0;
    at = c + 1;
    while (c + 1 + blanks < line.n && blanks < 3 && line.p[c + 1 + blanks] == ' ')
      blanks++;
    if (blanks != 2 && !(squeezed && blanks == 1) && !(blanks == 1 && c + 2 == line.n))
      continue;
    while (end > 0 && (near.p[end - 1] == ' ' || (end > 1 && near.p[end - 1] == '\xa0' && near.p[end - 2] == '\xc2')))
      end -= near.p[end - 1] == ' ' ? 1 : 2;
    if (!read_word (near, end, head))
      continue;
    head->text = rca_bytes_from (line, c + 1 + blanks);
    return TRUE;
  }
  return FALSE;
}

typedef struct {
  guint lines, heads, stamped, telling; /* telling: levels and sections that only PostgreSQL has */
} Count;

/* Loggers of all kinds write "ERROR: "; LOG, FATAL, STATEMENT and their like with a duration or a
 * section are PostgreSQL's. */
static gboolean
is_telling (const Head *head, gboolean squeezed)
{
  gint64 ns;
  RcaBytes rest;
  if (squeezed)
    return head->record ? rca_postgres_duration (head->text, &ns, &rest) : head->section == RCA_POSTGRES_STATEMENT;
  return !head->record || rca_bytes_equal (head->word, RCA_BYTES ("LOG")) || rca_bytes_equal (head->word, RCA_BYTES ("FATAL"))
         || (guchar)head->word.p[0] >= 0x80;
}

static Count
count_heads (const RcaSampleLines *sample, gboolean squeezed)
{
  Count count = { 0 };
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    RcaStamp stamp;
    RcaBytes time;
    if (sample->line[i].n == 0 || sample->line[i].p[0] == '\t')
      continue;
    count.lines++;
    if (!read_head (sample->line[i], squeezed, &head))
      continue;
    count.heads++;
    count.telling += is_telling (&head, squeezed);
    count.stamped += rca_postgres_prefix_time (head.prefix, &context, &stamp, &time);
  }
  return count;
}

static gboolean
is_squeezed (const RcaSampleLines *sample)
{
  return count_heads (sample, FALSE).heads == 0 && count_heads (sample, TRUE).telling > 0;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  gboolean squeezed = is_squeezed (sample);
  Count count = count_heads (sample, squeezed);
  if (count.telling == 0 || count.heads * 10 < count.lines)
    return;
  /* many lines of a statement carry no prefix: what does is telling enough; through syslog a prefix
   * needs no time */
  out->score = (count.stamped ? 62 : 45) + (gint)(36 * count.heads / count.lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines have a PostgreSQL level or section word with %s behind its colon", count.heads, count.lines,
              squeezed ? "a blank" : "two blanks");
}

static gpointer
stderr_open (const RcaSampleLines *sample)
{
  Stderr *s = g_new0 (Stderr, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->memory = rca_postgres_memory_new ();
  s->arena = rca_arena_new ();
  s->squeezed = is_squeezed (sample);
  rca_postgres_prefix_init (&s->prefix);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    if (read_head (sample->line[i], s->squeezed, &head))
      rca_postgres_prefix_learn (&s->prefix, head.prefix);
  }
  return s;
}

static void
stderr_close (gpointer state)
{
  Stderr *s = state;
  rca_postgres_memory_free (s->memory);
  rca_arena_free (s->arena);
  g_free (s);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Stderr *s = state;
  Head head;
  return read_head (line, s->squeezed, &head) && head.record ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

/* A section runs from behind its word to the line of the next word. */
static void
read_sections (RcaBytes record, gboolean squeezed, const Head *first, RcaBytes section[RCA_POSTGRES_N_SECTIONS])
{
  RcaPostgresSection current = RCA_POSTGRES_MESSAGE;
  const char *end = record.p + record.n, *from = first->text.p, *line = record.p;
  for (;;)
  {
    const char *lf = memchr (line, '\n', (gsize)(end - line));
    const char *next = lf ? lf + 1 : end;
    Head head = { 0 };
    gboolean begins = lf && next < end && *next != '\t';
    if (begins)
    {
      const char *next_lf = memchr (next, '\n', (gsize)(end - next));
      begins = read_head (rca_bytes (next, (gsize)((next_lf ? next_lf : end) - next)), squeezed, &head) && !head.record;
    }
    if (!lf || begins)
      if (section[current].n == 0)
        section[current] = rca_bytes (from, (gsize)((lf ? lf : end) - from));
    if (!lf)
      return;
    if (begins)
    {
      current = head.section;
      from = head.text.p;
    }
    line = next;
  }
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Stderr *s = state;
  Head head;
  RcaStamp stamp;
  RcaBytes time = { NULL, 0 };
  const char *lf = memchr (record.p, '\n', record.n);
  if (!read_head (rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n), s->squeezed, &head) || !head.record)
    return RCA_DECODE_REJECT;
  RcaPostgresRecord r = { .severity = head.word };
  RcaBytes section[RCA_POSTGRES_N_SECTIONS] = { { 0 } };
  if (rca_postgres_prefix_time (head.prefix, &s->context, &stamp, &time))
    rca_stamp_apply (&stamp, ev);
  rca_postgres_prefix_read (&s->prefix, head.prefix, time, &r);
  read_sections (record, s->squeezed, &head, section);
  r.message = section[RCA_POSTGRES_MESSAGE];
  r.detail = section[RCA_POSTGRES_DETAIL];
  r.statement = section[RCA_POSTGRES_STATEMENT];
  r.context = section[RCA_POSTGRES_CONTEXT];
  rca_arena_reset (s->arena);
  rca_postgres_interpret (&r, s->memory, s->arena, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_postgres_stderr = {
  .name = "postgres",
  .stream = RCA_STREAM_DB,
  .sniff = sniff,
  .open = stderr_open,
  .close = stderr_close,
  .line = line_kind,
  .decode = decode,
};
