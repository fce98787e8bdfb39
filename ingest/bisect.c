#include "bisect.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORTH_BYTES   ((guint64)32 << 20)
#define NEAR_BYTES    ((guint64)1 << 20) /* closer is no use: reading that much takes a millisecond */
#define PROBE_BYTES   ((gsize)256 << 10)
#define PROBE_RECORDS 64

typedef struct {
  int fd;
  guint64 size;
  RcaDecoder *decoder;
  RcaEvent *ev;
  char *buffer;
} Bisection;

/* What a look at one place finds. */
typedef struct {
  guint64 offset; /* of the record */
  gint64 time_ns;
  guint flags;
} Look;

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

/* The first record with a time at or after @offset. Only its first line is decoded. */
static gboolean
look_at (Bisection *b, guint64 offset, Look *look)
{
  gssize got = pread (b->fd, b->buffer, PROBE_BYTES, (off_t)offset);
  const char *p = b->buffer, *end = b->buffer + MAX (got, 0);
  look->time_ns = RCA_TIME_NONE;
  if (offset > 0)
  {
    const char *lf = got > 0 ? memchr (p, '\n', (gsize)got) : NULL;
    p = lf ? lf + 1 : end;
  }
  for (guint i = 0; i < PROBE_RECORDS && p < end; i++)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    RcaBytes line = rca_bytes (p, (gsize)((lf ?: end) - p));
    look->offset = offset + (guint64)(p - b->buffer);
    p += line.n + 1;
    if (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    if (rca_decoder_line (b->decoder, line) != RCA_LINE_RECORD)
      continue;
    rca_event_clear (b->ev);
    b->ev->raw = line;
    rca_decoder_decode (b->decoder, line, b->ev, keep_time, look);
    if (look->time_ns != RCA_TIME_NONE)
      return TRUE;
  }
  return FALSE;
}

static guint64
count_lines (Bisection *b, guint64 end)
{
  guint64 lines = 0;
  for (guint64 at = 0; at < end;)
  {
    gssize got = pread (b->fd, b->buffer, MIN (PROBE_BYTES, end - at), (off_t)at);
    if (got <= 0)
      break;
    for (const char *p = b->buffer, *stop = p + got; (p = memchr (p, '\n', (gsize)(stop - p))); p++)
      lines++;
    at += (guint64)got;
  }
  return lines;
}

static gboolean
search (Bisection *b, gint64 from_ns, RcaPlace *out)
{
  Look first, last, here;
  if (!look_at (b, 0, &first) || !look_at (b, b->size - PROBE_BYTES, &last) || first.time_ns > last.time_ns || (first.flags & RCA_EVENT_DATE_UNKNOWN))
    return FALSE;
  out->first_ns = first.time_ns;
  out->last_ns = last.time_ns;
  gint64 before = from_ns == RCA_TIME_NONE ? from_ns : from_ns - ((first.flags & RCA_EVENT_ZONE_UNKNOWN) ? RCA_ZONELESS_LATE_NS : RCA_LATE_NS);
  out->zone_known = !(first.flags & RCA_EVENT_ZONE_UNKNOWN);
  out->offset = 0;
  out->line = 1;
  if (from_ns == RCA_TIME_NONE || first.time_ns >= before)
    return TRUE;
  guint64 low = first.offset, high = b->size;
  while (high - low > NEAR_BYTES)
  {
    guint64 middle = low + (high - low) / 2;
    if (!look_at (b, middle, &here))
      return FALSE;
    if (here.time_ns < first.time_ns - RCA_LATE_NS)
      return FALSE; /* not in the order of time */
    if (here.time_ns < before && here.offset < high)
      low = here.offset;
    else
      high = middle;
  }
  out->offset = low;
  out->line = count_lines (b, low) + 1;
  return TRUE;
}

gboolean
rca_bisect (const char *path, const RcaFormat *format, const RcaSampleLines *sample, gint64 from_ns, RcaPlace *out)
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
    found = search (&b, from_ns, out);
    rca_decoder_free (b.decoder);
    g_free (b.ev);
    g_free (b.buffer);
  }
  close (b.fd);
  return found;
}
