#include "bounds.h"
#include "input.h"
#include "gunzip.h"
#include "unicode.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES  512
#define BLOCK_BYTES (64 * 1024)
/* A file inside a file inside a file is real (a support bundle); more is a trap. */
#define MAX_LAYERS RCA_BOUND_LAYERS

/* One layer: a file descriptor at the bottom, archives above, text conversion outside. */
typedef struct Layer Layer;
struct Layer {
  int fd;                  /* bottom layer, else -1 */
  guint64 position, end;   /* of @fd: where it stands, where reading ends */
  gsize *done;             /* of @fd: counted there too, or NULL */
  struct archive *archive; /* else NULL */
  RcaGunzip *gunzip;       /* else NULL */
  const char *data;        /* what archive gave and was not asked for yet */
  gsize data_n;
  Layer *below;
  guint64 given;         /* bytes that left this layer */
  char head[HEAD_BYTES]; /* looked at before it was asked for */
  gsize head_at, head_n;
  char *block; /* what the archive reads from below */
  GError *below_error;
  gint64 mtime_ns;
};

struct RcaInput {
  char *name; /* "path" or "path: member", for errors */
  Layer *top;
  RcaUnicode unicode;
  gboolean plain;
  guint mark; /* bytes of the byte-order mark */
};

G_DEFINE_QUARK (rca - ingest - error - quark, rca_ingest_error)

static void
layer_free (Layer *layer)
{
  if (!layer)
    return;
  if (layer->archive)
    archive_read_free (layer->archive);
  rca_gunzip_free (layer->gunzip);
  if (layer->fd > STDIN_FILENO)
    close (layer->fd);
  layer_free (layer->below);
  g_clear_error (&layer->below_error);
  g_free (layer->block);
  g_free (layer);
}

static gssize
read_fd (int fd, char *buffer, gsize n, GError **error)
{
  for (;;)
  {
    gssize got = read (fd, buffer, n);
    if (got >= 0)
      return got;
    if (errno == EINTR)
      continue;
    g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_READ, "%s", g_strerror (errno));
    return -1;
  }
}

static gssize
read_file (Layer *layer, char *buffer, gsize n, GError **error)
{
  if (layer->position >= layer->end)
    return 0;
  gssize got = read_fd (layer->fd, buffer, (gsize)MIN (n, layer->end - layer->position), error);
  if (got > 0)
    layer->position += (guint64)got;
  if (got > 0 && layer->done)
    g_atomic_pointer_add (layer->done, got);
  return got;
}

/* Against the file itself: layers that each stay within the bound multiply. */
static gboolean
is_bomb (const Layer *layer)
{
  const Layer *file = layer;
  while (file->below)
    file = file->below;
  return layer->given > RCA_BOUND_BOMB_BYTES && layer->given / RCA_BOUND_BOMB_RATIO > file->given;
}

static gssize
read_archive (Layer *layer, char *buffer, gsize n, GError **error)
{
  la_int64_t offset; /* holes of sparse members are left out */
  int status = ARCHIVE_OK;
  while (layer->data_n == 0 && status == ARCHIVE_OK)
    status = archive_read_data_block (layer->archive, (const void **)&layer->data, &layer->data_n, &offset);
  if (layer->data_n > 0)
  {
    n = MIN (n, layer->data_n);
    memcpy (buffer, layer->data, n);
    layer->data += n;
    layer->data_n -= n;
    return (gssize)n;
  }
  if (status == ARCHIVE_EOF)
    return 0;
  if (layer->below_error)
    g_propagate_error (error, g_steal_pointer (&layer->below_error));
  else
    g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_DAMAGED, "%s", archive_error_string (layer->archive) ?: "damaged archive");
  return -1;
}

static gssize
read_source (Layer *layer, char *buffer, gsize n, GError **error)
{
  if (layer->fd >= 0)
    return read_file (layer, buffer, n, error);
  if (is_bomb (layer))
  {
    g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_DAMAGED, "stopped after %" G_GUINT64_FORMAT " MiB: it shrinks by more than %d, no log does; if it is one, decompress it and name what comes out",
                 layer->given >> 20, RCA_BOUND_BOMB_RATIO);
    return -1;
  }
  return layer->gunzip ? rca_gunzip_read (layer->gunzip, buffer, n, error) : read_archive (layer, buffer, n, error);
}

static gssize
layer_read (Layer *layer, char *buffer, gsize n, GError **error)
{
  gssize got;
  if (layer->head_at < layer->head_n)
  {
    got = (gssize)MIN (n, layer->head_n - layer->head_at);
    memcpy (buffer, layer->head + layer->head_at, (gsize)got);
    layer->head_at += (gsize)got;
    return got;
  }
  got = read_source (layer, buffer, n, error);
  if (got > 0)
    layer->given += (guint64)got;
  return got;
}

/* Fills head without consuming it. */
static gboolean
layer_peek (Layer *layer, GError **error)
{
  while (layer->head_n < HEAD_BYTES)
  {
    gssize got = read_source (layer, layer->head + layer->head_n, HEAD_BYTES - layer->head_n, error);
    if (got < 0)
      return FALSE;
    if (got == 0)
      break;
    layer->head_n += (gsize)got;
    layer->given += (guint64)got;
  }
  return TRUE;
}

static la_ssize_t
feed_archive (struct archive *archive, void *user, const void **block)
{
  Layer *layer = user;
  g_clear_error (&layer->below_error);
  gssize got = layer_read (layer->below, layer->block, BLOCK_BYTES, &layer->below_error);
  *block = layer->block;
  if (got < 0)
    archive_set_error (archive, EIO, "%s", layer->below_error->message);
  return got;
}

static gboolean
has_magic (const Layer *layer, gsize at, const char *magic, gsize n)
{
  return layer->head_n >= at + n && memcmp (layer->head + at, magic, n) == 0;
}

static gboolean
is_compressed (const Layer *layer)
{
  static const struct {
    const char *magic;
    gsize n;
  } magics[] = {
    { "\x1f\x8b", 2 },
    { "\x28\xb5\x2f\xfd", 4 },
    { "\xfd"
      "7zXZ\0",
      6 },
    { "BZh", 3 },
    { "\x04\x22\x4d\x18", 4 },
    { "\x1f\x9d", 2 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (magics); i++)
    if (has_magic (layer, 0, magics[i].magic, magics[i].n))
      return TRUE;
  /* zstd's skippable frames (pzstd, seekable) */
  return layer->head_n >= 4 && (layer->head[0] & 0xf0) == 0x50 && has_magic (layer, 1, "\x2a\x4d\x18", 3);
}

static gboolean
is_multi (const Layer *layer)
{
  return has_magic (layer, 257, "ustar", 5) || has_magic (layer, 0, "PK\3\4", 4);
}

static gssize
feed_gunzip (gpointer user, char *buffer, gsize n, GError **error)
{
  return layer_read (user, buffer, n, error);
}

static Layer *
layer_new_gunzip (Layer *below)
{
  Layer *layer = g_new0 (Layer, 1);
  layer->fd = -1;
  layer->below = below;
  layer->mtime_ns = below->mtime_ns;
  layer->gunzip = rca_gunzip_new (feed_gunzip, below);
  return layer;
}

/* An archive of files, or one compressed file: whose bytes are never taken for an archive's, as a
 * log that begins with a hole would be for an empty tar. */
static void
support (struct archive *a, gboolean multi)
{
  if (multi)
  {
    archive_read_support_format_tar (a);
    archive_read_support_format_zip_streamable (a);
    return;
  }
  archive_read_support_filter_zstd (a);
  archive_read_support_filter_xz (a);
  archive_read_support_filter_bzip2 (a);
  archive_read_support_filter_lz4 (a);
  archive_read_support_filter_compress (a);
  archive_read_support_format_raw (a);
  archive_read_support_format_empty (a);
}

static Layer *
layer_new_archive (Layer *below, GError **error)
{
  Layer *layer = g_new0 (Layer, 1);
  layer->fd = -1;
  layer->below = below;
  layer->block = g_malloc (BLOCK_BYTES);
  layer->mtime_ns = below->mtime_ns;
  struct archive *a = layer->archive = archive_read_new ();
  support (a, is_multi (below));
  if (archive_read_open (a, layer, NULL, feed_archive, NULL) == ARCHIVE_OK)
    return layer;
  g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_DAMAGED, "%s", archive_error_string (a) ?: "damaged archive");
  layer_free (layer);
  return NULL;
}

static gboolean
is_raw (const Layer *layer)
{
  int format = archive_format (layer->archive);
  return format == ARCHIVE_FORMAT_RAW || format == ARCHIVE_FORMAT_EMPTY;
}

/* Moves to the next regular file. FALSE at the end, or with @error. */
static gboolean
next_member (Layer *layer, const char **member, GError **error)
{
  struct archive_entry *entry;
  for (;;)
  {
    int status = archive_read_next_header (layer->archive, &entry);
    if (status == ARCHIVE_EOF)
      return FALSE;
    if (status < ARCHIVE_WARN && layer->below_error)
    { /* what libarchive makes of it says less */
      g_propagate_error (error, g_steal_pointer (&layer->below_error));
      return FALSE;
    }
    if (status < ARCHIVE_WARN)
    {
      g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_DAMAGED, "%s", archive_error_string (layer->archive) ?: "damaged archive");
      return FALSE;
    }
    if (!is_raw (layer) && archive_entry_filetype (entry) != AE_IFREG)
      continue;
    if (!is_raw (layer) && archive_entry_mtime_is_set (entry))
      layer->mtime_ns = (gint64)archive_entry_mtime (entry) * RCA_NS_PER_S;
    *member = archive_entry_pathname (entry) ?: "";
    return TRUE;
  }
}

/* "; it belongs to postgres:adm …": what lets the user read it after EACCES. */
static char *
remedy (const char *path)
{
  struct stat st;
  if (stat (path, &st) != 0)
    return g_strdup ("; run it with sudo");
  struct group group, *found = NULL;
  char names[4096]; /* sources are read by several threads */
  if ((st.st_mode & S_IRGRP) && st.st_gid != 0 && getgrgid_r (st.st_gid, &group, names, sizeof names, &found) == 0 && found)
    return g_strdup_printf ("; join its group (sudo usermod -aG %s $USER, then log in again) or run it with sudo", group.gr_name);
  return g_strdup ("; run it with sudo");
}

static Layer *
open_file (int open_fd, const char *path, GError **error)
{
  struct stat st;
  int fd = open_fd >= 0                 ? fcntl (open_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
           : strcmp (path, "-") == 0 ? STDIN_FILENO
                                     : open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 || (open_fd >= 0 && lseek (fd, 0, SEEK_SET) < 0))
  {
    int code = errno;
    g_autofree char *help = code == EACCES || code == EPERM ? remedy (path) : NULL;
    g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_OPEN, "cannot be opened: %s%s", g_strerror (code), help ?: "");
    return NULL;
  }
  Layer *layer = g_new0 (Layer, 1);
  layer->fd = fd;
  layer->end = G_MAXUINT64;
  layer->mtime_ns = RCA_TIME_NONE;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode))
  {
    layer->mtime_ns = (gint64)st.st_mtim.tv_sec * RCA_NS_PER_S + st.st_mtim.tv_nsec;
    (void)posix_fadvise (fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  if (layer_peek (layer, error))
    return layer;
  layer_free (layer);
  return NULL;
}

static gboolean
seek_member (Layer *layer, const char *member, GError **error)
{
  const char *name;
  GError *failure = NULL;
  while (next_member (layer, &name, &failure))
    if (is_raw (layer) || !member || strcmp (name, member) == 0)
      return TRUE;
  if (failure)
    g_propagate_error (error, failure);
  else
    g_set_error (error, RCA_INGEST_ERROR, RCA_INGEST_ERROR_OPEN, "no such file in the archive");
  return FALSE;
}

/* The layer above @layer, which is compressed or an archive, with its head looked at; takes @layer.
 * @member is taken by the first layer that holds several files. */
static Layer *
unwrap_one (Layer *layer, const char **member, GError **error)
{
  gboolean gzip = has_magic (layer, 0, "\x1f\x8b", 2);
  Layer *above = gzip ? layer_new_gunzip (layer) : layer_new_archive (layer, error);
  GError *damage = NULL;
  if (!above)
    return NULL;
  if (!gzip && !seek_member (above, *member, error))
  {
    layer_free (above);
    return NULL;
  }
  if (!gzip && !is_raw (above))
    *member = NULL;
  if (!layer_peek (above, &damage) && above->head_n == 0)
  {
    g_propagate_error (error, damage);
    layer_free (above);
    return NULL;
  }
  g_clear_error (&damage); /* comes again when the head has been read */
  return above;
}

/* Adds layers until the content is no archive any more. */
static Layer *
unwrap (Layer *layer, const char *member, GError **error)
{
  for (guint depth = 0; layer && depth < MAX_LAYERS && (is_compressed (layer) || is_multi (layer)); depth++)
    layer = unwrap_one (layer, &member, error);
  return layer;
}

RcaInput *
rca_input_open (const char *path, const char *member, GError **error)
{
  return rca_input_open_fd (-1, path, member, error);
}

RcaInput *
rca_input_open_fd (int fd, const char *path, const char *member, GError **error)
{
  Layer *layer = open_file (fd, path, error);
  gboolean plain = layer && !is_compressed (layer) && !is_multi (layer);
  if (layer)
    layer = unwrap (layer, member, error);
  if (!layer)
  {
    if (member)
      g_prefix_error (error, "%s: %s: ", path, member);
    else
      g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  RcaInput *input = g_new0 (RcaInput, 1);
  input->name = member ? g_strdup_printf ("%s: %s", path, member) : g_strdup (path);
  input->top = layer;
  input->plain = plain;
  gsize mark = rca_unicode_detect (&input->unicode, rca_bytes (layer->head, layer->head_n));
  layer->head_at = mark;
  input->mark = (guint)mark;
  input->plain &= mark == 0 && input->unicode.encoding == RCA_ENCODING_UTF8;
  return input;
}

void
rca_input_free (RcaInput *input)
{
  if (!input)
    return;
  layer_free (input->top);
  g_free (input->name);
  g_free (input);
}

static gssize
read_raw (gpointer user, char *buffer, gsize n, GError **error)
{
  return layer_read (user, buffer, n, error);
}

gssize
rca_input_read (RcaInput *input, char *buffer, gsize n, GError **error)
{
  gssize got = input->unicode.encoding == RCA_ENCODING_UTF8 ? layer_read (input->top, buffer, n, error)
                                                            : rca_unicode_read (&input->unicode, read_raw, input->top, buffer, n, error);
  if (got < 0)
    g_prefix_error (error, "%s: ", input->name);
  return got;
}

gint64
rca_input_mtime_ns (const RcaInput *input)
{
  return input->top->mtime_ns;
}

gboolean
rca_input_is_plain (const RcaInput *input)
{
  return input->plain;
}

gboolean
rca_input_seek (RcaInput *input, guint64 offset)
{
  Layer *layer = input->top;
  if (!input->plain || layer->fd < 0 || lseek (layer->fd, (off_t)offset, SEEK_SET) < 0)
    return FALSE;
  layer->position = offset;
  layer->head_at = layer->head_n = 0;
  return TRUE;
}

void
rca_input_limit (RcaInput *input, guint64 end)
{
  Layer *layer = input->top;
  if (!input->plain || layer->fd < 0)
    return;
  layer->end = end;
  if (layer->position > end) /* by its head only */
    layer->head_n -= (gsize)MIN (layer->position - end, layer->head_n);
  layer->head_at = MIN (layer->head_at, layer->head_n);
}

guint64
rca_input_skip_hole (RcaInput *input)
{
  Layer *layer = input->top;
  if (!input->plain || layer->fd < 0 || layer->head_at < layer->head_n)
    return 0;
  off_t data = lseek (layer->fd, (off_t)layer->position, SEEK_DATA);
  guint64 from = layer->position, to = data > 0 ? MIN ((guint64)data, layer->end) : from;
  if (to < from || lseek (layer->fd, (off_t)to, SEEK_SET) < 0)
    return 0;
  layer->position = to;
  return to - from;
}

void
rca_input_count (RcaInput *input, gsize *done)
{
  Layer *layer = input->top;
  while (layer->below)
    layer = layer->below;
  layer->done = done;
  if (done)
    g_atomic_pointer_add (done, (gssize)layer->position);
}

gboolean
rca_input_members (const char *path, RcaInputMember each, gpointer user, GError **error)
{
  gboolean multi = FALSE;
  const char *name, *none = NULL;
  GError *failure = NULL;
  Layer *layer = open_file (-1, path, &failure);
  for (guint depth = 0; layer && depth < MAX_LAYERS && is_compressed (layer); depth++)
    layer = unwrap_one (layer, &none, &failure);
  if (layer && is_multi (layer))
  {
    layer = layer_new_archive (layer, &failure);
    while (layer && next_member (layer, &name, &failure))
    {
      multi = TRUE;
      each (name, user);
    }
  }
  layer_free (layer);
  if (failure && multi)
  {
    g_propagate_prefixed_error (error, failure, "%s: ", path);
    return TRUE;
  }
  g_clear_error (&failure); /* of a single file: said when it is read */
  return multi;
}

guint
rca_input_encoding (const RcaInput *input, guint *mark, gboolean *lossy)
{
  *mark = input->mark;
  *lossy = input->unicode.lossy || input->unicode.n_unit || input->unicode.surrogate;
  return input->unicode.encoding;
}
