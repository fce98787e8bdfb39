/* What SLOWLOG GET answered, kept in a file: as JSON (redis-cli --json: an array of entries), or as
 * redis-cli prints it to a terminal (numbered, indented). An entry is id, epoch in seconds of the
 * command's end, microseconds, arguments, and from 4.0 on the client's address and name. */
#include "../db-text.h"
#include "../json-scan.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

enum { LONGEST_COMMAND = 256 };

typedef struct {
  RcaArena *arena;
  char command[LONGEST_COMMAND];
} Slowlog;

typedef struct {
  guint n, arguments; /* members and arguments seen */
  gint64 number[3];   /* id, epoch, microseconds */
  RcaBytes client, name;
  char *command;
  gsize n_command;
} Entry;

static void
put (Entry *e, RcaBytes text)
{
  gsize n = MIN (text.n, LONGEST_COMMAND - e->n_command);
  memcpy (e->command + e->n_command, text.p, n);
  e->n_command += n;
}

/* A key's parts between colons and the like: those with digits, and long ones, are a value's. */
static void
put_key (Entry *e, RcaBytes key)
{
  while (key.n)
  {
    gsize n = 0, digits = 0;
    for (; n < key.n && (key.p[n] == 0 || !rca_char_in (key.p[n], ":/.{}|#")); n++)
      digits += g_ascii_isdigit (key.p[n]) != 0;
    put (e, digits || n > 24 ? RCA_BYTES ("?") : rca_bytes (key.p, n));
    put (e, rca_bytes (key.p + n, MIN (1, key.n - n)));
    key = rca_bytes_from (key, n + 1);
  }
}

/* The verb in capitals, then the key or script; what follows are values: one ? for them all. */
static void
add_argument (Entry *e, RcaBytes argument)
{
  guint at = e->arguments++;
  if (at > 2)
    return;
  if (at > 0)
    put (e, RCA_BYTES (" "));
  if (at == 2)
    put (e, RCA_BYTES ("?"));
  else if (at == 1 && memchr (argument.p, ' ', argument.n))
    put (e, argument);
  else if (at == 1)
    put_key (e, argument);
  for (gsize i = 0; at == 0 && i < argument.n && e->n_command < LONGEST_COMMAND; i++)
    e->command[e->n_command++] = g_ascii_toupper (argument.p[i]);
}

static gboolean
fill (const Entry *e, RcaEvent *ev)
{
  gint64 took_ns;
  if (e->n < 4 || !rca_duration_of (e->number[2], 1000, &took_ns) || e->number[1] < 0 || e->number[1] > G_MAXINT64 / RCA_NS_PER_S || e->n_command == 0)
    return FALSE;
  ev->stream = RCA_STREAM_DB;
  ev->time_ns = e->number[1] * RCA_NS_PER_S;
  rca_event_set_num (ev, RCA_FIELD_DURATION, took_ns);
  rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
  rca_event_set_str (ev, RCA_FIELD_STATEMENT, rca_bytes (e->command, e->n_command));
  const char *port = e->client.n ? memrchr (e->client.p, ':', e->client.n) : NULL;
  if (port && e->client.p[0] != '?')
    rca_event_set_str (ev, RCA_FIELD_CLIENT, rca_bytes (e->client.p, (gsize)(port - e->client.p)));
  rca_event_set_str (ev, RCA_FIELD_LOGGER, e->name);
  return TRUE;
}

static gpointer
slowlog_open (const RcaSampleLines *sample)
{
  Slowlog *s = g_new0 (Slowlog, 1);
  s->arena = rca_arena_new ();
  return s;
}

static void
slowlog_close (gpointer state)
{
  Slowlog *s = state;
  rca_arena_free (s->arena);
  g_free (s);
}

/* ---- JSON ---- */

static gboolean
take_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Entry *e = user;
  if (depth == 2)
  {
    add_argument (e, value);
    return FALSE;
  }
  guint at = e->n++;
  if (at < 3)
  {
    if (type != RCA_JSON_NUMBER || !rca_parse_int (value, &e->number[at]))
      e->number[2] = -1;
    return FALSE;
  }
  if (at == 4 && type == RCA_JSON_STRING)
    e->client = value;
  if (at == 5 && type == RCA_JSON_STRING)
    e->name = value;
  return at == 3 && type == RCA_JSON_ARRAY;
}

typedef struct {
  Slowlog *s;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
  guint understood;
} Reading;

static void
read_entry (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  Reading *r = user;
  Entry e = { .number = { 0, 0, -1 }, .command = r->s->command };
  if (type != RCA_JSON_ARRAY || rca_json_scan (value, r->s->arena, take_member, &e) == 0)
    return;
  rca_event_clear (r->ev);
  if (!fill (&e, r->ev))
    return;
  r->ev->raw = value;
  r->emit (r->ev, r->user);
  r->understood++;
}

static RcaDecodeResult
decode_json (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Slowlog *s = state;
  Reading reading = { s, ev, emit, user, 0 };
  rca_arena_reset (s->arena);
  rca_json_each (record, s->arena, read_entry, &reading);
  return reading.understood ? RCA_DECODE_OK : RCA_DECODE_REJECT;
}

static gboolean
looks_like_json (RcaBytes head)
{
  RcaBytes rest = rca_bytes_skip_blank (head);
  for (guint i = 0; i < 2; i++)
  {
    if (rest.n == 0 || rest.p[0] != '[')
      return FALSE;
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, 1));
  }
  for (guint i = 0; i < 3; i++)
  {
    gsize n = rca_bytes_until (rest, ", \r\n\t").n;
    gint64 number;
    if (!rca_parse_int (rca_bytes (rest.p, n), &number) || (i == 1 && (number < 1000000000 || number > G_MAXUINT32)))
      return FALSE;
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, n));
    if (rest.n == 0 || rest.p[0] != ',')
      return FALSE;
    rest = rca_bytes_skip_blank (rca_bytes_from (rest, 1));
  }
  return rest.n && rest.p[0] == '[';
}

static void
sniff_json (const RcaSampleLines *sample, RcaSniff *out)
{
  if (!looks_like_json (sample->head))
    return;
  out->score = 95;
  g_snprintf (out->reason, sizeof out->reason, "an array of id, epoch, microseconds and arguments: Redis' SLOWLOG GET as JSON");
}

/* ---- as redis-cli prints it ---- */

/* " 1) 1) (integer) 8": begins an entry; @inner: where the numbers of its members stand. */
static gboolean
is_first (RcaBytes line, gsize *inner)
{
  gsize i = 0;
  while (i < line.n && line.p[i] == ' ')
    i++;
  gsize from = i;
  while (i < line.n && g_ascii_isdigit (line.p[i]))
    i++;
  if (i == from || !rca_bytes_has_prefix (rca_bytes_from (line, i), RCA_BYTES (") 1) (integer) ")))
    return FALSE;
  *inner = i + 2;
  return TRUE;
}

static void
sniff_text (const RcaSampleLines *sample, RcaSniff *out)
{
  guint entries = 0;
  gsize inner;
  for (guint i = 0; i < sample->n_lines; i++)
    entries += is_first (sample->line[i], &inner) && i + 2 < sample->n_lines && rca_bytes_find (sample->line[i + 2], RCA_BYTES ("3) (integer) ")) > 0;
  if (entries == 0)
    return;
  out->score = 90;
  g_snprintf (out->reason, sizeof out->reason, "%u entries as redis-cli prints SLOWLOG GET", entries);
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  gsize inner;
  if (is_first (line, &inner))
    return RCA_LINE_RECORD;
  return line.n && (line.p[0] == ' ' || g_ascii_isdigit (line.p[0])) && rca_bytes_find (line, RCA_BYTES (") ")) > 0 ? RCA_LINE_CONTINUES : RCA_LINE_NONE;
}

/* The text behind "N) ", quotes off. */
static RcaBytes
item (RcaBytes text)
{
  gssize at = rca_bytes_find (text, RCA_BYTES (") "));
  text = at < 0 ? text : rca_bytes_from (text, (gsize)at + 2);
  if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
    return rca_bytes (text.p + 1, text.n - 2);
  return text;
}

static void
take_line (Entry *e, RcaBytes text, gboolean member)
{
  static const char integer[] = "(integer) ";
  if (!member)
  {
    add_argument (e, item (text));
    return;
  }
  guint at = e->n++;
  RcaBytes value = item (text);
  if (at < 3)
    e->number[at] = rca_bytes_has_prefix (value, RCA_BYTES (integer)) ? rca_leading_int (rca_bytes_from (value, sizeof integer - 1)) : -1;
  else if (at == 3)
    add_argument (e, item (value.n && g_ascii_isdigit (value.p[0]) ? value : text));
  else if (at == 4)
    e->client = value;
  else if (at == 5)
    e->name = value;
}

static RcaDecodeResult
decode_text (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Slowlog *s = state;
  Entry e = { .command = s->command };
  gsize inner = 0;
  const char *end = record.p + record.n;
  if (!is_first (rca_bytes_until (record, "\n"), &inner))
    return RCA_DECODE_REJECT;
  for (const char *p = record.p; p < end;)
  {
    RcaBytes line = rca_bytes_until (rca_bytes (p, (gsize)(end - p)), "\n");
    p += line.n + 1;
    if (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    if (line.n <= inner)
      continue;
    take_line (&e, rca_bytes_from (line, inner), line.p[inner] != ' ');
  }
  if (!fill (&e, ev))
    return RCA_DECODE_REJECT;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_redis_slowlog = {
  .name = "redis-slowlog-json",
  .stream = RCA_STREAM_DB,
  .document = TRUE,
  .sniff = sniff_json,
  .open = slowlog_open,
  .close = slowlog_close,
  .decode = decode_json,
};

const RcaFormat rca_format_redis_slowlog_text = {
  .name = "redis-slowlog",
  .stream = RCA_STREAM_DB,
  .sniff = sniff_text,
  .open = slowlog_open,
  .close = slowlog_close,
  .line = line_kind,
  .decode = decode_text,
};
