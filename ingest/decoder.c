/* A decoder: a format's state on one source, and what else is written into that source.
 *
 * Programs share files: JSON between lines of text, access lines between an application's
 * own, an entry script's before a server's. What the format rejects of the sample, or takes
 * for a continuation without any look of one, is sniffed for itself; an alternative that
 * fits gets those lines. Wrappers (with flush) do that for each of their programs. */
#include "format.h"
#include "formats/formats.h"
#include "stack-trace.h"

#define MAX_ALTERNATIVES 3
#define MIN_STRAYS       3    /* fewer lines prove no format */
#define MIN_STRAY_SCORE  40   /* above what the generic text format reaches */
#define LATE_LINES       16   /* looked at together */
#define FIRST_LATE       4    /* rejected lines before the first look; then ever rarer while it brings nothing */
#define LATE_BYTES       8192 /* of one line */

typedef struct {
  const RcaFormat *format;
  gpointer state;
  gpointer probe; /* a second state: asked whose a line is, so that the first sees each record once */
  char first;     /* of a format that takes any prose (JSON lines): only lines beginning so are its own; 0 = no matter */
} Alternative;

struct RcaDecoder {
  const RcaFormat *format;
  gpointer state;
  Alternative alternative[MAX_ALTERNATIVES];
  guint n_alternatives;
  RcaEvent *scratch;
  /* for a format that changes in the middle: what was rejected last, and when to sniff it */
  RcaSampleLines outer; /* without lines; path and conf are owned */
  GString *late;
  guint n_late, next_late;
};

static gpointer
open_state (const RcaFormat *format, const RcaSampleLines *sample)
{
  RcaSampleLines own = *sample;
  own.user = format->user;
  return format->open ? format->open (&own) : NULL;
}

static void
close_state (const RcaFormat *format, gpointer state)
{
  if (format->close)
    format->close (state);
}

static gboolean
is_blank (RcaBytes line)
{
  for (gsize i = 0; i < line.n; i++)
    if (!g_ascii_isspace (line.p[i]))
      return FALSE;
  return TRUE;
}

static RcaLineKind
line_kind (const RcaFormat *format, gpointer state, RcaBytes line)
{
  if (format->line)
    return format->line (state, line);
  return is_blank (line) ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

static void
ignore_event (RcaEvent *ev, gpointer user)
{
}

static gboolean
decodes (RcaDecoder *decoder, const RcaFormat *format, gpointer state, RcaBytes line)
{
  rca_event_clear (decoder->scratch);
  decoder->scratch->raw = line;
  return format->decode (state, line, decoder->scratch, ignore_event, NULL) == RCA_DECODE_OK;
}

static gboolean
claims (RcaDecoder *decoder, const Alternative *alternative, RcaBytes line)
{
  if (alternative->first && (line.n == 0 || line.p[0] != alternative->first))
    return FALSE;
  return decodes (decoder, alternative->format, alternative->probe, line);
}

/* "psycopg2.OperationalError: …": the last line of a trace, whatever the words behind it look like. */
static gboolean
names_exception (RcaBytes line)
{
  const char *colon = memchr (line.p, ':', line.n);
  return colon && rca_exception_is_type (rca_bytes (line.p, (gsize)(colon - line.p)));
}

/* Neither indented nor a line of a trace: it may well begin a record of another format. */
static gboolean
could_begin (RcaBytes line)
{
  return line.n > 1 && !g_ascii_isspace (line.p[0]) && line.p[0] != '#' && !rca_stack_trace_continues (line) && !names_exception (line);
}

/* The sample's lines that the decoder does not take for records of its own. Where nearly
 * every record has such a line right behind its first, they are its second lines
 * (java.util.logging) and nothing else's. */
static guint
collect_strays (RcaDecoder *decoder, const RcaSampleLines *sample, RcaBytes *stray)
{
  guint n = 0, n_rejected = 0, records = 0, followed = 0;
  RcaLineKind before = RCA_LINE_NONE;
  gpointer state = open_state (decoder->format, sample);
  g_autofree RcaBytes *rejected = g_new (RcaBytes, sample->n_lines);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    RcaLineKind kind = line_kind (decoder->format, state, line);
    gboolean fits = kind == RCA_LINE_RECORD && decodes (decoder, decoder->format, state, line);
    if (kind == RCA_LINE_NONE)
      continue;
    records += fits;
    followed += kind == RCA_LINE_CONTINUES && before == RCA_LINE_RECORD;
    before = kind;
    if (fits || !could_begin (line))
      continue;
    stray[n++] = line;
    if (kind == RCA_LINE_RECORD)
      rejected[n_rejected++] = line;
  }
  close_state (decoder->format, state);
  if (followed * 5 < records * 4)
    return n;
  memcpy (stray, rejected, n_rejected * sizeof *stray);
  return n_rejected;
}

static char
most_common_first (const RcaBytes *stray, guint n)
{
  guint count[256] = { 0 }, best = 0;
  for (guint i = 0; i < n; i++)
    if (stray[i].n && ++count[(guchar)stray[i].p[0]] > count[best])
      best = (guchar)stray[i].p[0];
  return (char)best;
}

/* Adds the format that fits @stray best; those it takes are dropped. FALSE when none fits. */
static gboolean
add_alternative (RcaDecoder *decoder, const RcaSampleLines *sample, RcaBytes *stray, guint *n_strays)
{
  RcaSampleLines strays = *sample;
  RcaSniff sniff;
  strays.line = stray;
  strays.n_lines = *n_strays;
  strays.head = rca_bytes (stray[0].p, stray[0].n);
  strays.whole = FALSE;
  const RcaFormat *format = rca_sniff (&strays, &sniff);
  if (!format || format->document || format->flush || format == &rca_format_plain || sniff.score < MIN_STRAY_SCORE)
    return FALSE;
  /* the format's own state may be another one: nginx's columns before and after a new log_format */
  Alternative alternative = { format, open_state (format, &strays), open_state (format, &strays), 0 };
  if (decodes (decoder, format, alternative.probe, RCA_BYTES ("~ prose of no format ~")))
    alternative.first = most_common_first (stray, *n_strays);
  guint kept = 0;
  for (guint i = 0; i < *n_strays; i++)
    if (!claims (decoder, &alternative, stray[i]))
      stray[kept++] = stray[i];
  if (kept == *n_strays)
  {
    close_state (format, alternative.state);
    close_state (format, alternative.probe);
    return FALSE;
  }
  *n_strays = kept;
  decoder->alternative[decoder->n_alternatives++] = alternative;
  return TRUE;
}

static void
learn_alternatives (RcaDecoder *decoder, const RcaSampleLines *sample)
{
  if (decoder->format->document || decoder->format->flush || sample->n_lines == 0)
    return;
  g_autofree RcaBytes *stray = g_new (RcaBytes, sample->n_lines);
  guint n = collect_strays (decoder, sample, stray);
  while (n >= MIN_STRAYS && decoder->n_alternatives < MAX_ALTERNATIVES && add_alternative (decoder, sample, stray, &n))
    ;
}

RcaDecoder *
rca_decoder_new (const RcaFormat *format, const RcaSampleLines *sample)
{
  RcaDecoder *decoder = g_new0 (RcaDecoder, 1);
  decoder->format = format;
  decoder->outer = (RcaSampleLines){ .path = g_strdup (sample->path), .conf = g_strdup (sample->conf), .mtime_ns = sample->mtime_ns, .formats = sample->formats };
  decoder->next_late = FIRST_LATE;
  decoder->scratch = g_new0 (RcaEvent, 1);
  learn_alternatives (decoder, sample);
  decoder->state = open_state (format, sample);
  return decoder;
}

void
rca_decoder_free (RcaDecoder *decoder)
{
  if (!decoder)
    return;
  close_state (decoder->format, decoder->state);
  for (guint i = 0; i < decoder->n_alternatives; i++)
  {
    close_state (decoder->alternative[i].format, decoder->alternative[i].state);
    close_state (decoder->alternative[i].format, decoder->alternative[i].probe);
  }
  if (decoder->late)
    g_string_free (decoder->late, TRUE);
  g_free ((char *)decoder->outer.path);
  g_free ((char *)decoder->outer.conf);
  g_free (decoder->scratch);
  g_free (decoder);
}

const RcaFormat *
rca_decoder_format (const RcaDecoder *decoder)
{
  return decoder->format;
}

RcaLineKind
rca_decoder_line (RcaDecoder *decoder, RcaBytes line)
{
  RcaLineKind kind = line_kind (decoder->format, decoder->state, line);
  if (kind != RCA_LINE_CONTINUES || decoder->n_alternatives == 0 || !could_begin (line))
    return kind;
  for (guint i = 0; i < decoder->n_alternatives; i++)
    if (claims (decoder, &decoder->alternative[i], line))
      return RCA_LINE_RECORD;
  return kind;
}

/* Looks at the lines rejected last. */
static gboolean
sniff_late (RcaDecoder *decoder)
{
  RcaBytes line[LATE_LINES];
  guint n = 0;
  for (const char *p = decoder->late->str, *end = p + decoder->late->len; p < end && n < LATE_LINES; n++)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    line[n] = rca_bytes (p, (gsize)((lf ?: end) - p));
    p += line[n].n + 1;
  }
  return n >= MIN_STRAYS && add_alternative (decoder, &decoder->outer, line, &n);
}

/* The format may have changed in the middle of the file. TRUE when @record is worth another try. */
static gboolean
learn_late (RcaDecoder *decoder, RcaBytes record)
{
  if (decoder->format->document || decoder->format->flush || decoder->n_alternatives >= MAX_ALTERNATIVES)
    return FALSE;
  if (!decoder->late)
    decoder->late = g_string_new (NULL);
  if (++decoder->n_late + LATE_LINES <= decoder->next_late)
    return FALSE; /* not among the last ones before the next look */
  const char *lf = memchr (record.p, '\n', record.n);
  g_string_append_len (decoder->late, record.p, (gssize)MIN (lf ? (gsize)(lf - record.p) : record.n, LATE_BYTES));
  g_string_append_c (decoder->late, '\n');
  if (decoder->n_late < decoder->next_late)
    return FALSE;
  gboolean found = sniff_late (decoder);
  decoder->next_late = found ? decoder->n_late + FIRST_LATE : decoder->next_late * 2;
  g_string_truncate (decoder->late, 0);
  return found;
}

static RcaDecodeResult
try_alternatives (RcaDecoder *decoder, guint from, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaDecodeResult result = RCA_DECODE_REJECT;
  for (guint i = from; i < decoder->n_alternatives && result == RCA_DECODE_REJECT; i++)
  {
    const Alternative *alternative = &decoder->alternative[i];
    if (alternative->first && (record.n == 0 || record.p[0] != alternative->first))
      continue;
    rca_event_clear (ev);
    result = alternative->format->decode (alternative->state, record, ev, emit, user);
  }
  return result;
}

RcaDecodeResult
rca_decoder_decode (RcaDecoder *decoder, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaDecodeResult result = decoder->format->decode (decoder->state, record, ev, emit, user);
  if (result == RCA_DECODE_REJECT)
    result = try_alternatives (decoder, 0, record, ev, emit, user);
  if (result == RCA_DECODE_REJECT && learn_late (decoder, record))
    result = try_alternatives (decoder, decoder->n_alternatives - 1, record, ev, emit, user);
  return result;
}

void
rca_decoder_flush (RcaDecoder *decoder, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  if (decoder->format->flush)
    decoder->format->flush (decoder->state, ev, emit, user);
}

char *
rca_decoder_describe (const RcaDecoder *decoder)
{
  g_autofree char *own = decoder->format->describe ? decoder->format->describe (decoder->state) : NULL;
  GString *text = g_string_new (own);
  for (guint i = 0; i < decoder->n_alternatives; i++)
    g_string_append_printf (text, "%s%s lines between them", text->len ? "; " : "", decoder->alternative[i].format->name);
  return g_string_free (text, text->len == 0);
}
