#include "bisect.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORTH_BYTES   ((guint64)8 << 20)
#define NEAR_BYTES    ((guint64)256 << 10) /* closer is no use: reading that much takes a millisecond */
#define PROBE_BYTES   ((gsize)256 << 10)
#define PROBE_RECORDS 64
#define ORDER_PROBES  8  /* places where the order of lines is looked at */
#define LATE_FACTOR   4  /* how much later than the latest line seen one may be that was not seen */

/* What begins in a window is logged when it ends. */
#define LONGEST_REQUEST_NS   (300 * RCA_NS_PER_S)
#define LONGEST_STATEMENT_NS (900 * RCA_NS_PER_S)

typedef struct {
  int fd;
  guint64 size;
  RcaDecoder *decoder;
  RcaEvent *ev;
  char *buffer;
} Bisection;

/* The lines that were read at one place. */
typedef struct {
  const char *p, *end;
  guint64 offset; /* of @p */
  gboolean whole; /* up to the end of the file: its last line may lack its line feed */
} Lines;

/* What a record says of its time. */
typedef struct {
  guint64 offset;
  gint64 time_ns; /* RCA_TIME_NONE: nothing */
  guint flags;
} Look;

static Lines
lines_at (Bisection *b, guint64 offset)
{
  gssize got = pread (b->fd, b->buffer, PROBE_BYTES, (off_t)offset);
  Lines l = { b->buffer, b->buffer + MAX (got, 0), offset, offset + (guint64)MAX (got, 0) >= b->size };
  if (offset > 0 && got > 0)
  {
    const char *lf = memchr (l.p, '\n', (gsize)got);
    const char *next = lf ? lf + 1 : l.end;
    l.offset += (guint64)(next - l.p);
    l.p = next;
  }
  return l;
}

static gboolean
next_line (Lines *l, RcaBytes *line, guint64 *offset)
{
  const char *lf = l->p < l->end ? memchr (l->p, '\n', (gsize)(l->end - l->p)) : NULL;
  if (!lf && (l->p >= l->end || !l->whole))
    return FALSE;
  const char *stop = lf ?: l->end;
  *line = rca_bytes (l->p, (gsize)(stop - l->p));
  *offset = l->offset;
  l->offset += line->n + 1;
  l->p = lf ? lf + 1 : l->end;
  if (line->n && line->p[line->n - 1] == '\r')
    line->n--;
  return TRUE;
}

static void
keep_time (RcaEvent *ev, gpointer user)
{
  Look *look = user;
  if (look->time_ns == RCA_TIME_NONE && ev->time_ns != RCA_TIME_NONE)
  {
    look->time_ns = ev->time_ns;
    look->flags = ev->flags;
  }
}

/* A record from its first line up to the line before the next one. FALSE when there is none, or
 * when it is not whole. */
static gboolean
next_record (Bisection *b, Lines *l, RcaBytes *record, guint64 *offset)
{
  RcaBytes line;
  do
    if (!next_line (l, record, offset))
      return FALSE;
  while (rca_decoder_line (b->decoder, *record) != RCA_LINE_RECORD);
  for (;;)
  {
    Lines ahead = *l;
    guint64 at;
    if (!next_line (&ahead, &line, &at))
      return l->whole && l->p >= l->end;
    RcaLineKind kind = rca_decoder_line (b->decoder, line);
    if (kind == RCA_LINE_RECORD || (kind == RCA_LINE_NONE && line.n > 0))
      return TRUE;
    if (kind == RCA_LINE_CONTINUES)
      record->n = (gsize)(line.p + line.n - record->p);
    *l = ahead;
  }
}

/* The next record with a time. */
static gboolean
next_look (Bisection *b, Lines *l, Look *look)
{
  RcaBytes record;
  look->time_ns = RCA_TIME_NONE;
  for (guint i = 0; i < PROBE_RECORDS && next_record (b, l, &record, &look->offset); i++)
  {
    rca_event_clear (b->ev);
    b->ev->raw = record;
    rca_decoder_decode (b->decoder, record, b->ev, keep_time, look);
    if (look->time_ns != RCA_TIME_NONE)
      return TRUE;
  }
  return FALSE;
}

/* The first record with a time at or after @offset. */
static gboolean
look_at (Bisection *b, guint64 offset, Look *look)
{
  Lines lines = lines_at (b, offset);
  return next_look (b, &lines, look);
}

/* The last of the records in the last bytes of the file: its latest time. */
static gboolean
look_at_end (Bisection *b, Look *last)
{
  Lines lines = lines_at (b, b->size - PROBE_BYTES);
  Look look;
  last->time_ns = RCA_TIME_NONE;
  while (next_look (b, &lines, &look))
    if (last->time_ns == RCA_TIME_NONE || look.time_ns > last->time_ns)
      *last = look;
  return last->time_ns != RCA_TIME_NONE;
}

/* How far back from the latest time before them the records of some places stand. */
static gint64
disorder (Bisection *b)
{
  gint64 most = 0;
  for (guint i = 0; i < ORDER_PROBES; i++)
  {
    Lines lines = lines_at (b, b->size / ORDER_PROBES * i);
    Look look;
    gint64 latest = RCA_TIME_NONE;
    while (next_look (b, &lines, &look))
    {
      if (latest != RCA_TIME_NONE)
        most = MAX (most, latest - look.time_ns);
      latest = MAX (latest, look.time_ns);
    }
  }
  return most;
}

static gint64
allowance (Bisection *b, gboolean zone_known)
{
  gint64 seen = disorder (b);
  gint64 late = seen > RCA_LATE_NS / LATE_FACTOR ? RCA_LATE_NS : MAX (seen * LATE_FACTOR, RCA_IN_TIME_NS);
  return zone_known ? late : RCA_ZONELESS_LATE_NS;
}

/* Narrows (@low, @high) down: at @low a record is older than @before_ns, at @high none is known to be. FALSE when the file
 * is not in the order of time, whose first record is of @first_ns. */
static gboolean
narrow (Bisection *b, gint64 before_ns, gint64 first_ns, guint64 *low, guint64 *high)
{
  Look here;
  while (*high - *low > NEAR_BYTES)
  {
    guint64 middle = *low + (*high - *low) / 2;
    if (!look_at (b, middle, &here) || here.time_ns < first_ns - RCA_LATE_NS)
      return FALSE;
    if (here.time_ns < before_ns && here.offset < *high)
      *low = here.offset;
    else
      *high = middle;
  }
  return TRUE;
}

static gboolean
search (Bisection *b, gint64 from_ns, gint64 to_ns, RcaPlace *out)
{
  Look first, last;
  if (!look_at (b, 0, &first) || !look_at_end (b, &last) || first.time_ns > last.time_ns || (first.flags & RCA_EVENT_DATE_UNKNOWN))
    return FALSE;
  *out = (RcaPlace){ .end = G_MAXUINT64, .first_ns = first.time_ns, .last_ns = last.time_ns, .zone_known = !(first.flags & RCA_EVENT_ZONE_UNKNOWN) };
  out->late_ns = allowance (b, out->zone_known);
  guint64 low = first.offset, high = b->size;
  if (from_ns != RCA_TIME_NONE && first.time_ns < from_ns - out->late_ns)
  {
    if (!narrow (b, from_ns - out->late_ns, first.time_ns, &low, &high))
      return FALSE;
    out->offset = low;
  }
  high = b->size;
  gint64 longest = rca_decoder_format (b->decoder)->stream == RCA_STREAM_DB ? LONGEST_STATEMENT_NS : LONGEST_REQUEST_NS;
  out->stop_ns = to_ns == RCA_TIME_NONE ? to_ns : to_ns + MAX (out->late_ns, longest);
  if (to_ns != RCA_TIME_NONE && last.time_ns > out->stop_ns)
  {
    if (!narrow (b, out->stop_ns, first.time_ns, &low, &high))
      return FALSE;
    out->end = high;
  }
  return TRUE;
}

gboolean
rca_bisect (const char *path, const RcaFormat *format, const RcaSampleLines *sample, gint64 from_ns, gint64 to_ns, RcaPlace *out)
{
  struct stat st;
  gboolean found = FALSE;
  if (format->document || format->flush)
    return FALSE;
  Bisection b = { .fd = open (path, O_RDONLY | O_CLOEXEC) };
  if (b.fd < 0)
    return FALSE;
  if (fstat (b.fd, &st) == 0 && S_ISREG (st.st_mode) && (guint64)st.st_size >= WORTH_BYTES)
  {
    b.size = (guint64)st.st_size;
    b.decoder = rca_decoder_new (format, sample);
    b.ev = g_new0 (RcaEvent, 1);
    b.buffer = g_malloc (PROBE_BYTES);
    found = search (&b, from_ns, to_ns, out);
    rca_decoder_free (b.decoder);
    g_free (b.ev);
    g_free (b.buffer);
  }
  close (b.fd);
  return found;
}

typedef gint8 Lanes __attribute__ ((vector_size (16))); /* what every machine has: wider ones are emulated */
#define MOST_A_LANE 127 /* what a lane can count */

static guint64
count_feeds (const char *p, gsize n)
{
  guint64 feeds = 0;
  gsize i = 0;
  while (n - i >= sizeof (Lanes))
  {
    Lanes count = { 0 };
    gsize steps = MIN ((n - i) / sizeof (Lanes), MOST_A_LANE);
    for (gsize k = 0; k < steps; k++, i += sizeof (Lanes))
    {
      Lanes bytes;
      memcpy (&bytes, p + i, sizeof bytes);
      count -= bytes == '\n'; /* true is -1 */
    }
    for (guint k = 0; k < sizeof (Lanes); k++)
      feeds += (guint64)count[k];
  }
  for (; i < n; i++)
    feeds += p[i] == '\n';
  return feeds;
}

guint64
rca_count_feeds (int fd, guint64 from, guint64 end)
{
  guint64 lines = 0;
  g_autofree char *buffer = g_malloc (PROBE_BYTES);
  for (guint64 at = from; at < end;)
  {
    gssize got = pread (fd, buffer, MIN (PROBE_BYTES, end - at), (off_t)at);
    if (got <= 0)
      break;
    lines += count_feeds (buffer, (gsize)got);
    at += (guint64)got;
  }
  return lines;
}

guint64
rca_count_lines (const char *path, guint64 end)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  guint64 lines = fd >= 0 ? rca_count_feeds (fd, 0, end) : 0;
  if (fd >= 0)
    close (fd);
  return lines;
}
