/* PostgreSQL's stderr destination under any log_line_prefix. The prefix is not declared: what ends
 * it is the level word with its colon and two blanks; what is in it is told by its looks. */
#include "../number.h"
#include "../postgres-message.h"
#include "../timestamp.h"
#include "formats.h"

enum { LONGEST_PREFIX = 300 };

typedef enum { SECTION_MESSAGE, SECTION_DETAIL, SECTION_HINT, SECTION_QUERY, SECTION_CONTEXT, SECTION_LOCATION, SECTION_STATEMENT, N_SECTIONS } Section;

static const struct {
  const char *word;
  Section section;
} section_words[] = {
  { "DETAIL", SECTION_DETAIL },
  { "HINT", SECTION_HINT },
  { "QUERY", SECTION_QUERY },
  { "CONTEXT", SECTION_CONTEXT },
  { "LOCATION", SECTION_LOCATION },
  { "STATEMENT", SECTION_STATEMENT },
  { "TIPP", SECTION_HINT },
  { "ANFRAGE", SECTION_QUERY },
  { "ZUSAMMENHANG", SECTION_CONTEXT },
  { "ANWEISUNG", SECTION_STATEMENT },
  { "INSTRUCTION", SECTION_STATEMENT },
  { "CONTEXTE", SECTION_CONTEXT },
  { "ASTUCE", SECTION_HINT },
  { "DETALLE", SECTION_DETAIL },
  { "SENTENCIA", SECTION_STATEMENT },
  { "CONTEXTO", SECTION_CONTEXT },
  { "SUGERENCIA", SECTION_HINT },
};

typedef struct {
  RcaStampContext context;
  RcaPostgresMemory *memory;
  RcaArena *arena;
} Stderr;

typedef struct {
  RcaBytes prefix, word, text;
  Section section;
  gboolean record; /* the word is a level, not a section */
} Head;

static gboolean
is_section (RcaBytes word, Section *section)
{
  for (guint i = 0; i < G_N_ELEMENTS (section_words); i++)
    if (rca_bytes_equal (word, rca_bytes_str (section_words[i].word)))
    {
      *section = section_words[i].section;
      return TRUE;
    }
  return FALSE;
}

/* Finds "WORD:  " (in French "WORD :  ") near the start. */
static gboolean
read_head (RcaBytes line, Head *head)
{
  RcaBytes near = rca_bytes (line.p, MIN (line.n, LONGEST_PREFIX));
  if (near.n == 0 || near.p[0] == '\t')
    return FALSE;
  for (gsize at = 0; at + 3 <= near.n;)
  {
    const char *colon = memchr (near.p + at, ':', near.n - at);
    if (!colon)
      return FALSE;
    gsize c = (gsize)(colon - near.p), end = c;
    at = c + 1;
    if (c + 2 >= line.n || line.p[c + 1] != ' ' || line.p[c + 2] != ' ')
      continue;
    while (end > 0 && near.p[end - 1] == ' ')
      end--;
    gsize start = end;
    while (start > 0 && (g_ascii_isupper (near.p[start - 1]) || (start == end && g_ascii_isdigit (near.p[start - 1]))))
      start--;
    RcaBytes word = rca_bytes (near.p + start, end - start);
    head->record = rca_postgres_severity (word) != RCA_SEVERITY_NONE;
    if (!head->record && !is_section (word, &head->section))
      continue;
    if (head->record)
      head->section = SECTION_MESSAGE;
    head->prefix = rca_bytes (near.p, start);
    head->word = word;
    head->text = rca_bytes_from (line, c + 3);
    return TRUE;
  }
  return FALSE;
}

static gboolean
find_stamp (RcaBytes prefix, RcaStampContext *context, RcaStamp *stamp, gsize *end)
{
  for (gsize i = 0; i + 8 < prefix.n; i++)
  {
    if (!g_ascii_isdigit (prefix.p[i]) || (i > 0 && g_ascii_isalnum (prefix.p[i - 1])))
      continue;
    RcaBytes rest = rca_bytes_from (prefix, i);
    gsize took = rca_stamp_parse (rest, context, stamp);
    if (took >= 10 && (stamp->flags & RCA_STAMP_HAS_YEAR))
    {
      *end = i + took;
      return TRUE;
    }
    /* %n: seconds with milliseconds since 1970 */
    gsize n = 0;
    gint64 t;
    while (n < rest.n && (g_ascii_isdigit (rest.p[n]) || rest.p[n] == '.'))
      n++;
    if (n >= 13 && n <= 17 && rest.p[10] == '.' && rca_stamp_parse_epoch (rca_bytes (rest.p, n), &t))
    {
      *stamp = (RcaStamp){ t, RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR };
      *end = i + n;
      return TRUE;
    }
  }
  return FALSE;
}

/* "user=app,db=shop,app=web,client=10.0.0.1": named parts of a prefix. */
static RcaBytes
named (RcaBytes prefix, const char *name)
{
  gsize n = strlen (name);
  for (gsize i = 0; i + n + 1 < prefix.n; i++)
  {
    if ((i > 0 && (g_ascii_isalnum (prefix.p[i - 1]) || prefix.p[i - 1] == '_')) || g_ascii_strncasecmp (prefix.p + i, name, n) != 0
        || (prefix.p[i + n] != '=' && prefix.p[i + n] != ':'))
      continue;
    RcaBytes v = rca_bytes_from (prefix, i + n + 1);
    gsize e = 0;
    while (e < v.n && !strchr (" ,;]", v.p[e]))
      e++;
    return rca_bytes (v.p, e);
  }
  return rca_bytes (NULL, 0);
}

/* "app@shop": two names around a sign. */
static void
user_at_database (RcaBytes rest, RcaPostgresRecord *r)
{
  const char *sign = memchr (rest.p, '@', rest.n);
  if (!sign)
    return;
  const char *a = sign, *b = sign + 1, *end = rest.p + rest.n;
  while (a > rest.p && !strchr (" :]=,[(", a[-1]))
    a--;
  while (b < end && !strchr (" :[,])", *b))
    b++;
  r->user = rca_bytes (a, (gsize)(sign - a));
  r->database = rca_bytes (sign + 1, (gsize)(b - sign - 1));
}

static void
read_pid (RcaBytes rest, RcaPostgresRecord *r)
{
  for (gsize i = 0; i < rest.n; i++)
  {
    if (rest.p[i] != '[' && !(i == 0 || rest.p[i - 1] == ' '))
      continue;
    gsize from = i + (rest.p[i] == '['), to = from;
    while (to < rest.n && g_ascii_isdigit (rest.p[to]))
      to++;
    if (to > from && (to == rest.n || strchr ("] -:,", rest.p[to])) && rca_parse_int (rca_bytes (rest.p + from, to - from), &r->pid) && r->pid > 0)
      return;
  }
}

static void
read_prefix (RcaBytes prefix, gsize after_stamp, RcaPostgresRecord *r)
{
  RcaBytes rest = rca_bytes_from (prefix, after_stamp), v;
  read_pid (rest, r);
  user_at_database (rest, r);
  if ((v = named (prefix, "user")).n)
    r->user = v;
  if ((v = named (prefix, "db")).n || (v = named (prefix, "database")).n)
    r->database = v;
  if ((v = named (prefix, "app")).n)
    r->application = v;
  if ((v = named (prefix, "client")).n || (v = named (prefix, "host")).n)
    r->client = v;
  if ((v = named (prefix, "pid")).n)
    rca_parse_int (v, &r->pid);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint heads = 0, starts = 0, stamped = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Head head;
    RcaStamp stamp;
    gsize end;
    if (sample->line[i].n == 0 || sample->line[i].p[0] == '\t')
      continue;
    lines++;
    if (!read_head (sample->line[i], &head))
      continue;
    heads++;
    starts += head.record;
    stamped += find_stamp (head.prefix, &context, &stamp, &end);
  }
  if (starts == 0 || heads * 10 < lines)
    return;
  /* many lines of a statement carry no prefix: what does is telling enough */
  /* through syslog a prefix needs no time */
  out->score = (stamped ? 62 : 45) + (gint)(36 * heads / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines have a PostgreSQL level or section word with two blanks behind its colon", heads, lines);
}

static gpointer
stderr_open (const RcaSampleLines *sample)
{
  Stderr *s = g_new0 (Stderr, 1);
  rca_stamp_context_init (&s->context, sample->mtime_ns);
  s->memory = rca_postgres_memory_new ();
  s->arena = rca_arena_new ();
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
  Head head;
  if (read_head (line, &head))
    return head.record ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
  return RCA_LINE_CONTINUES;
}

/* A section runs from behind its word to the line of the next word. */
static void
read_sections (RcaBytes record, const Head *first, RcaBytes section[N_SECTIONS])
{
  Section current = SECTION_MESSAGE;
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
      begins = read_head (rca_bytes (next, (gsize)((next_lf ? next_lf : end) - next)), &head) && !head.record;
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
  gsize end = 0;
  const char *lf = memchr (record.p, '\n', record.n);
  if (!read_head (rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n), &head) || !head.record)
    return RCA_DECODE_REJECT;
  RcaPostgresRecord r = { .severity = head.word };
  RcaBytes section[N_SECTIONS] = { { 0 } };
  if (find_stamp (head.prefix, &s->context, &stamp, &end))
    rca_stamp_apply (&stamp, ev);
  read_prefix (head.prefix, end, &r);
  read_sections (record, &head, section);
  r.message = section[SECTION_MESSAGE];
  r.detail = section[SECTION_DETAIL];
  r.statement = section[SECTION_STATEMENT];
  r.context = section[SECTION_CONTEXT];
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
