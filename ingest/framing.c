#include "framing.h"
#include "ansi.h"
#include "arena.h"

#define READ_BYTES ((gsize)256 << 10)

/* A line as a slice of the buffer: indices, as the buffer moves. */
typedef struct {
  gsize start, end; /* without line end and leading NULs */
  guint64 number;
  guint64 offset;
  gboolean truncated;
} Line;

/* The record being put together. */
typedef struct {
  gboolean open;
  gboolean full; /* takes no more bytes; further lines are dropped */
  gboolean has_cr;
  gsize start, end;
  guint64 line, offset;
  gboolean truncated;
} Pending;

struct RcaFramer {
  RcaInput *input;
  GError *error;
  gboolean eof;
  char *buffer;
  gsize capacity;
  gsize scan, end;   /* unread bytes */
  guint64 base;      /* offset in the input of buffer[scan] less scan: kept right over moves */
  guint64 line;      /* lines seen so far */
  gboolean skipping; /* the rest of a line that was cut */
  gboolean seen_cr;
  Pending pending;
  GString *scratch; /* a line or record with carriage returns and colours taken out */
  RcaArena *arena;  /* the sample's lines without colours */
  RcaFramerCounts counts;
  guint64 count_from, count_until;
  GArray *sample_lines;
  RcaSampleLines sample;
  RcaFramerTap tap;
  gpointer tap_user;
};

RcaFramer *
rca_framer_new (RcaInput *input)
{
  RcaFramer *framer = g_new0 (RcaFramer, 1);
  framer->input = input;
  framer->count_until = G_MAXUINT64;
  framer->capacity = RCA_SAMPLE_BYTES + READ_BYTES;
  framer->buffer = g_malloc (framer->capacity);
  framer->scratch = g_string_new (NULL);
  framer->arena = rca_arena_new ();
  framer->sample_lines = g_array_sized_new (FALSE, FALSE, sizeof (RcaBytes), RCA_SAMPLE_LINES);
  return framer;
}

void
rca_framer_free (RcaFramer *framer)
{
  if (!framer)
    return;
  g_clear_error (&framer->error);
  g_free (framer->buffer);
  g_string_free (framer->scratch, TRUE);
  rca_arena_free (framer->arena);
  g_array_unref (framer->sample_lines);
  g_free (framer);
}

const GError *
rca_framer_error (const RcaFramer *framer)
{
  return framer->error;
}

const RcaFramerCounts *
rca_framer_counts (const RcaFramer *framer)
{
  return &framer->counts;
}

void
rca_framer_count_only (RcaFramer *framer, guint64 from, guint64 until)
{
  framer->count_from = from;
  framer->count_until = until;
}

static gboolean
is_counted (const RcaFramer *framer, const Line *line)
{
  return line->offset >= framer->count_from && line->offset < framer->count_until;
}

/* Moves what is still needed to the front of the buffer: the open record, then the unread bytes. */
static void
compact (RcaFramer *framer)
{
  Pending *pending = &framer->pending;
  gsize kept = 0;
  if (pending->open)
  {
    gsize from = pending->start, n = pending->full ? pending->end - from : framer->scan - from;
    memmove (framer->buffer, framer->buffer + from, n);
    pending->start = 0;
    pending->end -= from;
    kept = n;
  }
  gsize unread = framer->end - framer->scan;
  memmove (framer->buffer + kept, framer->buffer + framer->scan, unread);
  framer->base += framer->scan - kept;
  framer->scan = kept;
  framer->end = kept + unread;
}

/* Reads more bytes behind the unread ones. FALSE at the end. */
static gboolean
fill (RcaFramer *framer)
{
  if (framer->eof)
    return FALSE;
  if (framer->capacity - framer->end < READ_BYTES)
  {
    compact (framer);
    if (framer->capacity - framer->end < READ_BYTES)
    {
      framer->capacity = MAX (framer->capacity * 2, framer->end + READ_BYTES);
      framer->buffer = g_realloc (framer->buffer, framer->capacity);
    }
  }
  gssize got = rca_input_read (framer->input, framer->buffer + framer->end, READ_BYTES, framer->error ? NULL : &framer->error);
  framer->eof = got <= 0;
  if (got > 0 && framer->tap)
    framer->tap (framer->base + framer->end, rca_bytes (framer->buffer + framer->end, (gsize)got), framer->tap_user);
  if (got > 0)
    framer->end += (gsize)got;
  return got > 0;
}

void
rca_framer_tap (RcaFramer *framer, RcaFramerTap fn, gpointer user)
{
  framer->tap = fn;
  framer->tap_user = user;
  if (framer->end > framer->scan)
    fn (framer->base + framer->scan, rca_bytes (framer->buffer + framer->scan, framer->end - framer->scan), user);
}

/* Drops the rest of a cut line. */
static void
skip_rest (RcaFramer *framer)
{
  while (framer->skipping)
  {
    const char *lf = memchr (framer->buffer + framer->scan, '\n', framer->end - framer->scan);
    framer->scan = lf ? (gsize)(lf - framer->buffer) + 1 : framer->end;
    framer->skipping = lf == NULL && fill (framer);
  }
}

static void
trim (RcaFramer *framer, Line *line)
{
  if (line->end > line->start && framer->buffer[line->end - 1] == '\r')
  {
    line->end--;
    framer->seen_cr = TRUE;
  }
}

/* Skips the NULs that a truncation under a writer leaves in front of a line: there may be gigabytes. */
static void
skip_nuls (RcaFramer *framer)
{
  while (framer->scan < framer->end || fill (framer))
  {
    gsize from = framer->scan;
    while (framer->scan < framer->end && framer->buffer[framer->scan] == 0)
      framer->scan++;
    framer->counts.nuls += framer->scan - from;
    if (framer->scan < framer->end)
      return;
    guint64 hole = rca_input_skip_hole (framer->input);
    framer->base += hole;
    framer->counts.nuls += hole;
    if (!fill (framer))
      return;
  }
}

/* Takes the next line. FALSE at the end. */
static gboolean
next_line (RcaFramer *framer, Line *line)
{
  skip_rest (framer);
  skip_nuls (framer);
  gsize searched = 0;
  for (;;)
  {
    gsize unread = framer->end - framer->scan;
    const char *from = framer->buffer + framer->scan;
    const char *lf = unread > searched ? memchr (from + searched, '\n', unread - searched) : NULL;
    gsize length = lf ? (gsize)(lf - from) : unread;
    gboolean cut = length > RCA_MAX_LINE_BYTES;
    if (!lf && !cut)
    {
      searched = unread;
      if (fill (framer))
        continue;
      if (framer->end == framer->scan)
        return FALSE;
    }
    length = MIN (length, RCA_MAX_LINE_BYTES);
    *line = (Line){ .start = framer->scan, .end = framer->scan + length, .number = ++framer->line, .truncated = cut };
    framer->scan += length + (lf && !cut);
    framer->skipping = cut;
    trim (framer, line);
    line->offset = framer->base + line->start;
    framer->counts.lines += is_counted (framer, line);
    framer->counts.truncated += cut && is_counted (framer, line);
    return TRUE;
  }
}

static gboolean
is_blank (RcaBytes line)
{
  for (gsize i = 0; i < line.n; i++)
    if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
      return FALSE;
  return TRUE;
}

static void
begin (RcaFramer *framer, const Line *line)
{
  framer->pending = (Pending){
    .open = TRUE,
    .full = line->truncated,
    .start = line->start,
    .end = line->end,
    .line = line->number,
    .offset = line->offset,
    .truncated = line->truncated,
  };
}

static void
append (RcaFramer *framer, const Line *line)
{
  Pending *pending = &framer->pending;
  if (pending->full)
  {
    pending->truncated = TRUE;
    return;
  }
  if (line->end - pending->start > RCA_MAX_LINE_BYTES || line->truncated)
  {
    framer->counts.truncated += !line->truncated && is_counted (framer, line);
    pending->full = pending->truncated = TRUE;
    return;
  }
  pending->has_cr |= framer->seen_cr;
  pending->end = line->end;
}

/* @text without escape sequences, in scratch when it has any. */
static RcaBytes
without_colours (RcaFramer *framer, RcaBytes text)
{
  if (!rca_ansi_present (text))
    return text;
  if (text.p != framer->scratch->str)
    g_string_set_size (framer->scratch, text.n);
  return rca_bytes (framer->scratch->str, rca_ansi_strip (text, framer->scratch->str));
}

/* Without the carriage returns that stand before line feeds. @out may be @text. */
static gsize
drop_returns (RcaBytes text, char *out)
{
  gsize n = 0;
  for (gsize i = 0; i < text.n; i++)
    if (text.p[i] != '\r' || i + 1 >= text.n || text.p[i + 1] != '\n')
      out[n++] = text.p[i];
  return n;
}

static RcaBytes
without_returns (RcaFramer *framer, RcaBytes text)
{
  g_string_set_size (framer->scratch, text.n);
  return rca_bytes (framer->scratch->str, drop_returns (text, framer->scratch->str));
}

gsize
rca_record_clean (RcaBytes lines, char *out)
{
  if (lines.n && lines.p[lines.n - 1] == '\n')
    lines.n--;
  if (lines.n && lines.p[lines.n - 1] == '\r')
    lines.n--;
  while (lines.n && lines.p[0] == 0)
    lines = rca_bytes_from (lines, 1);
  gsize n = drop_returns (lines, out);
  RcaBytes text = rca_bytes (out, n);
  return rca_ansi_present (text) ? rca_ansi_strip (text, out) : n;
}

/* The text of the open record, which is closed. */
static void
finish (RcaFramer *framer, RcaRecord *record)
{
  Pending *pending = &framer->pending;
  const char *start = framer->buffer + pending->start;
  RcaBytes text = rca_bytes (start, pending->end - pending->start);
  if (pending->has_cr)
    text = without_returns (framer, text);
  text = without_colours (framer, text);
  *record = (RcaRecord){ text, pending->line, pending->offset, pending->truncated, text.p == start };
  pending->open = FALSE;
}

static RcaLineKind
kind_of (RcaFramer *framer, RcaDecoder *decoder, RcaBytes line)
{
  if (decoder)
    return rca_decoder_line (decoder, without_colours (framer, line));
  return is_blank (line) ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

/* A hole ends the record before it: what stands behind was written after a truncation. */
static gboolean
is_before_hole (RcaFramer *framer)
{
  if (framer->skipping || (framer->scan == framer->end && !fill (framer)))
    return FALSE;
  return framer->buffer[framer->scan] == 0;
}

gboolean
rca_framer_next (RcaFramer *framer, RcaDecoder *decoder, RcaRecord *record)
{
  Line line;
  while (!(framer->pending.open && is_before_hole (framer)) && next_line (framer, &line))
  {
    RcaBytes text = rca_bytes (framer->buffer + line.start, line.end - line.start);
    gboolean was_open = framer->pending.open;
    switch (kind_of (framer, decoder, text))
    {
    case RCA_LINE_CONTINUES:
      if (was_open)
      {
        append (framer, &line);
        break;
      }
      if (is_blank (text))
      {
        framer->counts.blank += is_counted (framer, &line);
        break;
      }
      begin (framer, &line); /* the record's own first line stands in the part before this one */
      break;
    case RCA_LINE_RECORD:
      if (was_open)
        finish (framer, record);
      begin (framer, &line);
      if (was_open)
        return TRUE;
      break;
    case RCA_LINE_NONE:
      framer->counts.blank += is_counted (framer, &line);
      /* text that is no record ends the one before it; so does an endless run of blank lines */
      if (was_open && (!is_blank (text) || line.end - framer->pending.start > RCA_MAX_LINE_BYTES))
      {
        finish (framer, record);
        return TRUE;
      }
      break;
    }
  }
  if (!framer->pending.open)
    return FALSE;
  finish (framer, record);
  return TRUE;
}

gboolean
rca_framer_seek (RcaFramer *framer, guint64 offset, guint64 line)
{
  if (!rca_input_seek (framer->input, offset))
    return FALSE;
  framer->eof = framer->skipping = FALSE;
  framer->scan = framer->end = 0;
  framer->base = offset;
  framer->line = line - 1;
  framer->pending = (Pending){ .open = FALSE };
  return TRUE;
}

guint64
rca_framer_offset (const RcaFramer *framer)
{
  return framer->base + framer->scan;
}

guint64
rca_framer_line (const RcaFramer *framer)
{
  return framer->line;
}

gboolean
rca_framer_slurp (RcaFramer *framer, RcaRecord *record)
{
  framer->pending = (Pending){ .open = FALSE };
  while (framer->end - framer->scan <= RCA_MAX_DOCUMENT_BYTES && fill (framer))
    ;
  gsize n = framer->end - framer->scan;
  gboolean truncated = n > RCA_MAX_DOCUMENT_BYTES;
  n = MIN (n, RCA_MAX_DOCUMENT_BYTES);
  const char *text = framer->buffer + framer->scan;
  for (const char *p = text, *end = text + n; p < end; framer->counts.lines++)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    p = lf ? lf + 1 : end;
  }
  framer->counts.truncated += truncated;
  framer->line += framer->counts.lines;
  framer->scan = framer->end;
  *record = (RcaRecord){ rca_bytes (text, n), 1, 0, truncated, FALSE };
  return n > 0;
}

const RcaSampleLines *
rca_framer_sample (RcaFramer *framer)
{
  skip_nuls (framer); /* a log that begins with a hole is no binary file */
  while (framer->end - framer->scan < RCA_SAMPLE_BYTES && fill (framer))
    ;
  const char *head = framer->buffer + framer->scan;
  gsize n = framer->end - framer->scan;
  gboolean whole = framer->eof;
  if (n > RCA_SAMPLE_BYTES)
  {
    /* a document (JSON, say) may be larger than the sample by a little: show it whole when it is here */
    n = whole ? n : RCA_SAMPLE_BYTES;
  }
  g_array_set_size (framer->sample_lines, 0);
  rca_arena_reset (framer->arena);
  for (const char *p = head, *end = head + n; p < end && framer->sample_lines->len < RCA_SAMPLE_LINES;)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    if (!lf && !whole && framer->sample_lines->len > 0)
      break; /* cut by the sample's end */
    RcaBytes line = rca_bytes (p, (gsize)((lf ? lf : end) - p));
    p += line.n + (lf != NULL);
    while (line.n && line.p[0] == 0)
      line = rca_bytes_from (line, 1);
    if (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    if (rca_ansi_present (line))
    {
      char *plain = rca_arena_alloc (framer->arena, line.n);
      line = rca_bytes (plain, rca_ansi_strip (line, plain));
    }
    g_array_append_val (framer->sample_lines, line);
  }
  framer->sample = (RcaSampleLines){
    .line = (const RcaBytes *)(void *)framer->sample_lines->data,
    .n_lines = framer->sample_lines->len,
    .head = rca_bytes (head, n),
    .whole = whole,
    .mtime_ns = rca_input_mtime_ns (framer->input),
  };
  return &framer->sample;
}
