#include "gunzip.h"
#include "source.h"
#include <zlib.h>

#define FEED_BYTES (64 * 1024)
#define GZIP_ONLY  (16 + MAX_WBITS)

struct RcaGunzip {
  RcaGunzipFeed feed;
  gpointer user;
  z_stream stream;
  gboolean between; /* after a member: another may follow */
  gboolean done;
  GError *late; /* found after bytes that had to be given first */
  char block[FEED_BYTES];
};

RcaGunzip *
rca_gunzip_new (RcaGunzipFeed feed, gpointer user)
{
  RcaGunzip *gunzip = g_new0 (RcaGunzip, 1);
  gunzip->feed = feed;
  gunzip->user = user;
  inflateInit2 (&gunzip->stream, GZIP_ONLY);
  return gunzip;
}

void
rca_gunzip_free (RcaGunzip *gunzip)
{
  if (!gunzip)
    return;
  inflateEnd (&gunzip->stream);
  g_clear_error (&gunzip->late);
  g_free (gunzip);
}

/* More input. FALSE at its end, or with late set. */
static gboolean
refill (RcaGunzip *gunzip)
{
  gssize got = gunzip->feed (gunzip->user, gunzip->block, FEED_BYTES, &gunzip->late);
  gunzip->stream.next_in = (Bytef *)gunzip->block;
  gunzip->stream.avail_in = got > 0 ? (uInt)got : 0;
  return got > 0;
}

static void
fail (RcaGunzip *gunzip, const char *what)
{
  gunzip->done = TRUE;
  if (!gunzip->late)
    g_set_error_literal (&gunzip->late, RCA_INGEST_ERROR, RCA_INGEST_ERROR_DAMAGED, what);
}

/* One step of inflate(). */
static void
step (RcaGunzip *gunzip)
{
  z_stream *stream = &gunzip->stream;
  if (stream->avail_in == 0 && !refill (gunzip))
  {
    if (gunzip->between && !gunzip->late)
      gunzip->done = TRUE;
    else
      fail (gunzip, "cut off: the gzip stream ends in the middle");
    return;
  }
  if (gunzip->between)
  {
    if (stream->next_in[0] != 0x1f)
    {
      gunzip->done = TRUE; /* padding or garbage */
      return;
    }
    inflateReset (stream);
    gunzip->between = FALSE;
  }
  int status = inflate (stream, Z_NO_FLUSH);
  if (status == Z_STREAM_END)
    gunzip->between = TRUE;
  else if (status != Z_OK && status != Z_BUF_ERROR)
    fail (gunzip, stream->msg ? stream->msg : "corrupt gzip data");
}

gssize
rca_gunzip_read (RcaGunzip *gunzip, char *buffer, gsize n, GError **error)
{
  z_stream *stream = &gunzip->stream;
  stream->next_out = (Bytef *)buffer;
  stream->avail_out = (uInt)MIN (n, G_MAXINT32);
  uInt room = stream->avail_out;
  while (stream->avail_out > 0 && !gunzip->done)
    step (gunzip);
  gssize got = (gssize)(room - stream->avail_out);
  if (got > 0 || !gunzip->late)
    return got;
  g_propagate_error (error, g_error_copy (gunzip->late));
  return -1;
}
