#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

struct RcaIoFile {
  char *dir, *name, *temporary;
  int fd;
  guint64 position;
};

static void
set_errno (GError **error, const char *what, const char *dir, const char *name)
{
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "%s/%s: %s: %s", dir, name, what, g_strerror (errno));
}

gboolean
rca_io_make_dir (const char *dir, GError **error)
{
  if (g_mkdir_with_parents (dir, 0700) == 0)
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "%s: cannot be made: %s", dir, g_strerror (errno));
  return FALSE;
}

RcaIoFile *
rca_io_create (const char *dir, const char *name, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s/%s.tmp", dir, name);
  int fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
  {
    set_errno (error, "cannot be written", dir, name);
    return NULL;
  }
  RcaIoFile *file = g_new (RcaIoFile, 1);
  *file = (RcaIoFile){ g_strdup (dir), g_strdup (name), g_steal_pointer (&temporary), fd, 0 };
  return file;
}

gboolean
rca_io_append (RcaIoFile *file, gconstpointer data, gsize n, GError **error)
{
  const char *p = data;
  while (n > 0)
  {
    gssize written = write (file->fd, p, n);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
    {
      set_errno (error, "write", file->dir, file->name);
      return FALSE;
    }
    p += written;
    n -= (gsize)written;
    file->position += (guint64)written;
  }
  return TRUE;
}

guint64
rca_io_position (const RcaIoFile *file)
{
  return file->position;
}

static void
file_free (RcaIoFile *file)
{
  if (file->fd >= 0)
    close (file->fd);
  g_free (file->dir);
  g_free (file->name);
  g_free (file->temporary);
  g_free (file);
}

void
rca_io_abandon (RcaIoFile *file)
{
  if (!file)
    return;
  unlink (file->temporary);
  file_free (file);
}

gboolean
rca_io_sync_dir (const char *dir, GError **error)
{
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;
  if (!ok)
    set_errno (error, "fsync", dir, ".");
  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
rca_io_commit (RcaIoFile *file, GError **error)
{
  g_autofree char *final = g_build_filename (file->dir, file->name, NULL);
  /* a failed fsync is never retried: the kernel may have dropped the pages and say yes the next time */
  if (fsync (file->fd) != 0 || rename (file->temporary, final) != 0)
  {
    set_errno (error, "cannot be committed", file->dir, file->name);
    rca_io_abandon (file);
    return FALSE;
  }
  gboolean ok = rca_io_sync_dir (file->dir, error);
  file_free (file);
  return ok;
}

gboolean
rca_io_read_at (int fd, guint64 offset, gpointer data, gsize n, GError **error)
{
  char *p = data;
  while (n > 0)
  {
    gssize got = pread (fd, p, n, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
    {
      g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s", got < 0 ? g_strerror (errno) : "ends too early");
      return FALSE;
    }
    p += got;
    n -= (gsize)got;
    offset += (guint64)got;
  }
  return TRUE;
}

int
rca_io_lock (const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
  {
    set_errno (error, "cannot be opened", dir, "lock");
    return -1;
  }
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  char holder[32] = "";
  gssize n = pread (fd, holder, sizeof holder - 1, 0);
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_LOCKED, "store %s: another writer holds it%s%.*s; try again when it is done", dir,
               n > 0 ? ", process " : "", n > 0 ? (int)n : 0, holder);
  close (fd);
  return -1;
}
