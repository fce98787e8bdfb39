/* Any text whose records begin with a time stamp: what more specific formats outrank.
 *
 * The stamp stands at the start or after some tokens ("INFO  [main] 2026-11-24 …"); lines
 * without one continue the record before them. A level word gives the severity. */
#include "formats.h"
#include "../severity.h"
#include "../text-fields.h"
#include "../timestamp.h"

#define MAX_TOKENS 5  /* a stamp may be the first to fifth token */
#define MAX_OFFSET 48 /* and begin within that many bytes */
#define MIN_STAMP  8  /* "00:32:20": shorter ones are numbers of any kind */

typedef struct {
  guint token; /* where the sample's stamps stand */
  RcaStampContext context;
  RcaArena *arena;
  RcaAppSource source;
  RcaAppRecord record;
} Plain;

/* The start of token @n of @line, or -1. */
static gssize
token_at (RcaBytes line, guint n)
{
  gsize at = 0;
  for (guint i = 0; i < n; i++)
  {
    while (at < line.n && line.p[at] != ' ' && line.p[at] != '\t')
      at++;
    while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
      at++;
    if (at >= line.n || at > MAX_OFFSET)
      return -1;
  }
  return (gssize)at;
}

/* Returns the length of the stamp at token @token, with where it begins in @at; 0 for none. */
static gsize
stamp_at (RcaBytes line, guint token, RcaStampContext *context, RcaStamp *stamp, gsize *at)
{
  gssize start = token_at (line, token);
  if (start < 0)
    return 0;
  RcaBytes rest = rca_bytes_from (line, (gsize)start);
  gsize i = rest.n && (rest.p[0] == '[' || rest.p[0] == '"' || rest.p[0] == '<' || rest.p[0] == '(') ? 1 : 0;
  if (i >= rest.n || (!g_ascii_isdigit (rest.p[i]) && !g_ascii_isupper (rest.p[i])))
    return 0;
  gsize n = rca_stamp_parse (rca_bytes_from (rest, i), context, stamp);
  if (n < MIN_STAMP)
    return 0;
  *at = (gsize)start + i;
  return n;
}

/* A bare number is a time only in formats that say so. */
static gboolean
is_written_time (RcaBytes line, gsize at, gsize n)
{
  return memchr (line.p + at, ':', n) != NULL || memchr (line.p + at, ' ', n) != NULL;
}

/* multilog's and svlogd's "@4000000043094afd1a2b3c4d": TAI64N, 2^62 + 10 + seconds, then nanoseconds (D. J. Bernstein, libtai). */
static gsize
parse_tai64n (RcaBytes line, RcaStamp *stamp)
{
  guint64 part[2] = { 0, 0 };
  if (line.n < 25 || line.p[0] != '@' || line.p[1] != '4')
    return 0;
  for (gsize i = 1; i < 25; i++)
  {
    gint digit = g_ascii_xdigit_value (line.p[i]);
    if (digit < 0)
      return 0;
    part[i > 16] = part[i > 16] << 4 | (guint64)digit;
  }
  gint64 seconds = (gint64)(part[0] - (G_GUINT64_CONSTANT (1) << 62)) - 10;
  if (seconds < 0 || seconds > G_MAXINT32 * G_GINT64_CONSTANT (2) || part[1] >= (guint64)RCA_NS_PER_S)
    return 0;
  *stamp = (RcaStamp){ seconds * RCA_NS_PER_S + (gint64)part[1], RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR };
  return 25;
}

/* A line that begins with seconds, milliseconds, microseconds or nanoseconds since 1970. */
static gsize
parse_epoch (RcaBytes line, RcaStamp *stamp)
{
  gsize n = 0, end;
  while (n < line.n && g_ascii_isdigit (line.p[n]))
    n++;
  if (n != 10 && n != 13 && n != 16 && n != 19)
    return 0;
  end = n;
  if (end < line.n && line.p[end] == '.')
    do
      end++;
    while (end < line.n && g_ascii_isdigit (line.p[end]));
  if (end < line.n && !rca_char_in (line.p[end], " \t,;:|]"))
    return 0;
  stamp->flags = RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR;
  return rca_stamp_parse_epoch (rca_bytes (line.p, end), &stamp->time_ns) ? end : 0;
}

/* Times that are no dates; only at the very start of a line. */
static gsize
parse_number (RcaBytes line, RcaStamp *stamp)
{
  gsize n = parse_tai64n (line, stamp);
  return n ? n : parse_epoch (line, stamp);
}

static gboolean
find_stamp (RcaBytes line, guint token, RcaStampContext *context, RcaStamp *stamp, gsize *end)
{
  gsize at = 0;
  gsize n = stamp_at (line, token, context, stamp, &at);
  if (n == 0 || !is_written_time (line, at, n))
  {
    n = token == 0 ? parse_number (line, stamp) : 0;
    at = 0;
  }
  *end = at + n;
  return n > 0;
}

/* The token where most stamps of @sample stand; *@fits lines have one there. */
static guint
learn_token (const RcaSampleLines *sample, guint *fits, guint *lines)
{
  guint count[MAX_TOKENS] = { 0 }, best = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  *lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaStamp stamp;
    gsize end;
    *lines += sample->line[i].n > 0;
    for (guint t = 0; t < MAX_TOKENS; t++)
      if (find_stamp (sample->line[i], t, &context, &stamp, &end))
      {
        count[t]++;
        break;
      }
  }
  for (guint t = 1; t < MAX_TOKENS; t++)
    if (count[t] > count[best])
      best = t;
  *fits = count[best];
  return best;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits, lines, token = learn_token (sample, &fits, &lines);
  if (fits == 0 || fits * 20 < lines)
    return;
  out->score = 5 + (gint)(20 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines have a time stamp as their token %u; text of no format known", fits, lines, token + 1);
}

static gpointer
plain_open (const RcaSampleLines *sample)
{
  guint fits, lines;
  Plain *plain = g_new0 (Plain, 1);
  plain->token = learn_token (sample, &fits, &lines);
  rca_stamp_context_init (&plain->context, sample->mtime_ns);
  plain->arena = rca_arena_new ();
  rca_app_source_init (&plain->source, sample->mtime_ns);
  return plain;
}

static void
plain_close (gpointer state)
{
  Plain *plain = state;
  rca_app_source_clear (&plain->source);
  rca_arena_free (plain->arena);
  g_free (plain);
}

static RcaLineKind
plain_line (gpointer state, RcaBytes line)
{
  Plain *plain = state;
  RcaStampContext scratch = plain->context; /* the record's own turn comes in decode() */
  RcaStamp stamp;
  gsize end;
  if (line.n == 0)
    return RCA_LINE_NONE;
  if (find_stamp (line, plain->token, &scratch, &stamp, &end))
    return RCA_LINE_RECORD;
  if (plain->token != 0 && !g_ascii_isspace (line.p[0]) && find_stamp (line, 0, &scratch, &stamp, &end))
    return RCA_LINE_RECORD;
  return RCA_LINE_CONTINUES;
}

static RcaBytes
message_after (RcaBytes record, gsize end)
{
  while (end < record.n && rca_char_in (record.p[end], " \t]\")>|,:;-") && record.p[end])
    end++;
  return rca_bytes_from (record, end);
}

static RcaDecodeResult
plain_decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Plain *plain = state;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes first = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  RcaStamp stamp;
  gsize end = 0;
  if (!find_stamp (first, plain->token, &plain->context, &stamp, &end) && !find_stamp (first, 0, &plain->context, &stamp, &end))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&stamp, ev);
  RcaBytes message = message_after (record, end);
  ev->severity = rca_severity_find (message);
  if (ev->severity == RCA_SEVERITY_NONE && plain->token > 0)
    ev->severity = rca_severity_find (first);
  rca_arena_reset (plain->arena);
  rca_app_record_begin (&plain->record, ev, plain->arena, &plain->source);
  rca_text_fields (&plain->record, message);
  rca_app_record_end (&plain->record);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_plain = {
  .name = "plain",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = plain_open,
  .close = plain_close,
  .line = plain_line,
  .decode = plain_decode,
};
