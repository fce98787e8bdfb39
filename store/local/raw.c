#include "local/raw.h"
#include "framing.h"
#include "text.h"

struct RcaRaw {
  RcaSegmentWriter *segment;
  RcaLinesCodec *codec;
  const RcaIdStore *ids;
  RcaLinesEncoded encoded; /* the block written last */
  guint64 place, offset;   /* of the first byte held */
  guint64 line;            /* number of the line it stands in */
  guint64 wanted;          /* bytes before it are not */
  gboolean begun;
  RcaBuffer held;
  gsize known;        /* up to here lines were counted: a line's start */
  guint64 known_line; /* its number */
  RcaBuffer clean;
  gsize put; /* bytes of what is held, and their line feeds, that stand in @encoded: taken away when anything is next asked */
  guint64 put_newlines;
};

RcaRaw *
rca_raw_new (RcaSegmentWriter *segment, const RcaIdStore *ids)
{
  RcaRaw *raw = g_new0 (RcaRaw, 1);
  raw->segment = segment;
  raw->ids = ids;
  raw->codec = rca_lines_codec_new ();
  return raw;
}

void
rca_raw_free (RcaRaw *raw)
{
  if (!raw)
    return;
  rca_lines_encoded_clear (&raw->encoded);
  rca_lines_codec_free (raw->codec);
  rca_buffer_clear (&raw->held);
  rca_buffer_clear (&raw->clean);
  g_free (raw);
}

/* The block that was written last refers to its text: only now it goes. */
static void
settle (RcaRaw *raw)
{
  rca_lines_encoded_clear (&raw->encoded);
  if (raw->put == 0)
    return;
  memmove (raw->held.p, raw->held.p + raw->put, raw->held.n - raw->put);
  raw->held.n -= raw->put;
  raw->offset += raw->put;
  raw->line += raw->put_newlines;
  raw->known = raw->put = 0;
  raw->known_line = raw->line;
}

void
rca_raw_begin (RcaRaw *raw, guint64 place, guint64 from, guint64 lines_before)
{
  settle (raw);
  g_assert (raw->held.n == 0);
  raw->place = place;
  raw->offset = raw->wanted = from;
  raw->line = raw->known_line = lines_before + 1;
  raw->known = 0;
}

/* A hole was skipped: its NULs are neither read nor held, only the offsets tell of them. */
static gboolean
leaves_hole (const RcaRaw *raw, guint64 offset)
{
  return offset != raw->offset + raw->held.n;
}

#define SMALL_HOLE 65536

gboolean
rca_raw_has_hole (RcaRaw *raw, guint64 offset)
{
  settle (raw);
  return raw->held.n && offset > raw->offset + raw->held.n + SMALL_HOLE;
}

void
rca_raw_add (RcaRaw *raw, guint64 offset, RcaBytes bytes)
{
  settle (raw);
  if (offset + bytes.n <= raw->wanted)
    return;
  if (offset < raw->wanted)
  {
    bytes = rca_bytes_from (bytes, (gsize)(raw->wanted - offset));
    offset = raw->wanted;
  }
  if (leaves_hole (raw, offset) && raw->held.n)
  {
    /* as the zeros they are: they are few, see rca_raw_has_hole() */
    guint64 n = offset - (raw->offset + raw->held.n);
    memset (rca_buffer_room (&raw->held, (gsize)n), 0, (gsize)n);
    raw->held.n += (gsize)n;
  }
  else if (leaves_hole (raw, offset))
    raw->offset = offset;
  rca_buffer_put (&raw->held, bytes.p, bytes.n);
}

gsize
rca_raw_held (RcaRaw *raw)
{
  settle (raw);
  return raw->held.n;
}

gsize
rca_raw_before (RcaRaw *raw, guint64 offset)
{
  settle (raw);
  return offset > raw->offset ? (gsize)MIN (offset - raw->offset, raw->held.n) : 0;
}

void
rca_raw_cut (RcaRaw *raw, guint64 limit)
{
  raw->held.n = rca_raw_before (raw, limit);
}

/* ---- rows ---- */

/* The line that begins at or before byte @at of what is held; its number in *@line. */
static gsize
line_at (RcaRaw *raw, gsize at, guint64 *line)
{
  if (at < raw->known)
  {
    raw->known = 0;
    raw->known_line = raw->line;
  }
  const char *p = (const char *)raw->held.p;
  for (const char *lf; (lf = memchr (p + raw->known, '\n', at - raw->known));)
  {
    raw->known = (gsize)(lf + 1 - p);
    raw->known_line++;
  }
  *line = raw->known_line;
  return raw->known;
}

/* How many lines from @start on clean up to @ev's bytes; 0: they do not. */
static guint32
lines_that_say (RcaRaw *raw, gsize start, const RcaEvent *ev)
{
  const char *from = (const char *)raw->held.p + start, *end = (const char *)raw->held.p + raw->held.n;
  guint32 n = 1;
  for (const char *p = from; p < end; n++)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    p = lf ? lf + 1 : end;
    if ((gsize)(p - from) < ev->raw.n)
      continue;
    RcaBytes lines = rca_bytes (from, (gsize)(p - from));
    raw->clean.n = 0;
    gsize got = rca_record_clean (lines, (char *)rca_buffer_room (&raw->clean, MAX (lines.n, 1)));
    if (got == ev->raw.n && memcmp (raw->clean.p, ev->raw.p, got) == 0)
      return n;
    if (got > ev->raw.n)
      return 0;
  }
  return 0;
}

static guint32
count_lines (RcaBytes text)
{
  guint32 n = 1;
  for (const char *p = text.p, *end = text.p + text.n; (p = memchr (p, '\n', (gsize)(end - p))); p++)
    n++;
  return n;
}

/* The usual case: the bytes stand there as they are. */
static gboolean
stands_there (const RcaRaw *raw, gsize start, const RcaEvent *ev)
{
  gsize end = start + ev->raw.n;
  if (ev->raw_offset == raw->offset + start) /* the reader says so */
    return end == raw->held.n || (end < raw->held.n && raw->held.p[end] == '\n');
  return ev->raw.n && end <= raw->held.n && memcmp (raw->held.p + start, ev->raw.p, ev->raw.n) == 0 && (end == raw->held.n || raw->held.p[end] == '\n')
         && raw->held.p[start] != 0 && ev->raw.p[ev->raw.n - 1] != '\r' && !memchr (ev->raw.p, '\r', ev->raw.n) && !memchr (ev->raw.p, '\x1b', ev->raw.n);
}

gboolean
rca_raw_place (RcaRaw *raw, const RcaEvent *ev, guint64 *position, guint32 *length)
{
  guint64 line;
  settle (raw);
  if (ev->raw.n == 0 || ev->offset < raw->offset || ev->offset - raw->offset >= raw->held.n)
    return FALSE;
  gsize at = (gsize)(ev->offset - raw->offset), start = line_at (raw, at, &line);
  if (line != ev->line)
    return FALSE;
  guint32 n = start == at && stands_there (raw, start, ev) ? count_lines (ev->raw) : lines_that_say (raw, start, ev);
  *position = RCA_TEXT_LINES | (rca_segment_writer_n_lines (raw->segment) + (line - raw->line));
  *length = n;
  return n > 0;
}

/* ---- blocks ---- */

gboolean
rca_raw_put (RcaRaw *raw, guint64 offset, RcaLinesBlock **block, guint64 *position, GError **error)
{
  guint64 line;
  gsize at = rca_raw_before (raw, offset);
  gsize n = at < raw->held.n ? line_at (raw, at, &line) : raw->held.n;
  *block = NULL;
  *position = rca_segment_writer_n_lines (raw->segment);
  if (n == 0)
    return TRUE;
  RcaBytes bytes = rca_bytes ((const char *)raw->held.p, n);
  RcaSegmentLines lines = { .place = raw->place, .offset = raw->offset, .first_line = raw->line, .ids = raw->ids != NULL };
  if (!rca_lines_encode (raw->codec, bytes, raw->ids, &raw->encoded, error) || !rca_segment_writer_lines (raw->segment, &raw->encoded, &lines, error))
    return FALSE;
  *block = raw->encoded.block;
  raw->put = n;
  raw->put_newlines = raw->encoded.n_lines - (bytes.p[n - 1] != '\n');
  return TRUE;
}
