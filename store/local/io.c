#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the calls ---- */

static int
system_open (const char *path, int flags, mode_t mode)
{
  return open (path, flags, mode);
}

const RcaIoCalls rca_io_system_calls = { system_open, pread, write, fsync, rename, link };

/* Only tests change it, before they start threads. */
static const RcaIoCalls *calls = &rca_io_system_calls;

const RcaIoCalls *
rca_io_replace_calls (const RcaIoCalls *by)
{
  const RcaIoCalls *before = calls;
  calls = by ? by : &rca_io_system_calls;
  return before;
}

/* ---- writing ---- */

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
  int fd = calls->open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
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
    gssize written = calls->write (file->fd, p, n);
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
  int fd = calls->open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean ok = fd >= 0 && calls->sync (fd) == 0;
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
  if (calls->sync (file->fd) != 0 || calls->rename (file->temporary, final) != 0)
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
rca_io_keep (const char *dir, const char *name, const char *as, GError **error)
{
  g_autofree char *from = g_build_filename (dir, name, NULL), *to = g_build_filename (dir, as, NULL), *temporary = g_strconcat (to, ".tmp", NULL);
  unlink (temporary);
  if (calls->link (from, temporary) != 0)
  {
    if (errno == ENOENT || errno == EPERM || errno == EOPNOTSUPP)
      return TRUE;
    set_errno (error, "cannot be made", dir, as);
    return FALSE;
  }
  if (calls->rename (temporary, to) == 0)
    return TRUE;
  set_errno (error, "cannot be renamed", dir, as);
  unlink (temporary);
  return FALSE;
}

gboolean
rca_io_detach (const char *dir, const char *name, GError **error)
{
  g_autofree char *from = g_build_filename (dir, name, NULL), *into = g_build_filename (dir, "detached", NULL);
  g_autofree char *to = NULL;
  if (!rca_io_make_dir (into, error))
    return FALSE;
  for (guint i = 0; !to || g_file_test (to, G_FILE_TEST_EXISTS); i++)
  {
    g_free (to);
    to = i ? g_strdup_printf ("%s/%s.%u", into, name, i) : g_strdup_printf ("%s/%s", into, name);
  }
  if (calls->rename (from, to) == 0 || errno == ENOENT)
    return TRUE;
  set_errno (error, "cannot be moved to detached/", dir, name);
  return FALSE;
}

/* ---- reading ---- */

int
rca_io_open (const char *path, GError **error)
{
  int fd = calls->open (path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0)
    g_set_error (error, RCA_STORE_ERROR, errno == ENOENT || errno == EACCES ? RCA_STORE_ERROR_OPEN : RCA_STORE_ERROR_READ, "%s: %s", path, g_strerror (errno));
  return fd;
}

GByteArray *
rca_io_read_file (const char *path, GError **error)
{
  struct stat st;
  int fd = rca_io_open (path, error);
  if (fd < 0)
    return NULL;
  g_autoptr (GByteArray) data = g_byte_array_new ();
  if (fstat (fd, &st) != 0 || st.st_size > G_MAXINT32)
    st.st_size = 0;
  g_byte_array_set_size (data, (guint)st.st_size);
  gboolean ok = rca_io_read_at (fd, 0, data->data, data->len, error);
  if (!ok)
    g_prefix_error (error, "%s: ", path);
  close (fd);
  return ok ? g_steal_pointer (&data) : NULL;
}

gboolean
rca_io_read_at (int fd, guint64 offset, gpointer data, gsize n, GError **error)
{
  char *p = data;
  while (n > 0)
  {
    gssize got = calls->read (fd, p, n, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
    {
      g_set_error (error, RCA_STORE_ERROR, got < 0 ? RCA_STORE_ERROR_READ : RCA_STORE_ERROR_DAMAGED, "%s", got < 0 ? g_strerror (errno) : "ends too early");
      return FALSE;
    }
    p += got;
    n -= (gsize)got;
    offset += (guint64)got;
  }
  return TRUE;
}

/* ---- the lock ---- */

/* Who asks for the holder takes the lock for an instant. */
#define LOCK_TRIES    3
#define LOCK_PAUSE_US 10000

/* The number of its holder is for messages only: what counts is flock(2), which ends with the process. */
static void
sign_lock (int fd)
{
  char pid[16];
  int n = g_snprintf (pid, sizeof pid, "%d", (int)getpid ());
  if (ftruncate (fd, 0) != 0 || pwrite (fd, pid, (gsize)n, 0) != n)
    g_debug ("lock: the holder's number could not be written");
}

static gint
read_holder (int fd)
{
  char holder[16] = "";
  return pread (fd, holder, sizeof holder - 1, 0) > 0 ? (gint)g_ascii_strtoll (holder, NULL, 10) : 0;
}

int
rca_io_lock (const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  int fd = calls->open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
  {
    set_errno (error, "cannot be opened", dir, "lock");
    return -1;
  }
  for (guint i = 0; i < LOCK_TRIES; i++)
  {
    if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      sign_lock (fd);
      return fd;
    }
    g_usleep (LOCK_PAUSE_US);
  }
  gint holder = read_holder (fd);
  g_autofree char *who = holder ? g_strdup_printf (" (process %d)", holder) : g_strdup ("");
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_LOCKED, "store %s: another rca%s writes to it; there is one writer at a time: end that one, or try again when it is done",
               dir, who);
  close (fd);
  return -1;
}

void
rca_io_touch (int lock)
{
  if (futimens (lock, NULL) != 0)
    g_debug ("lock: its time could not be set");
}

gint
rca_io_lock_holder (const char *dir, gint64 *alive_ns)
{
  struct stat st;
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  gint holder = 0;
  *alive_ns = 0;
  if (fd < 0)
    return 0;
  if (flock (fd, LOCK_SH | LOCK_NB) != 0)
    holder = read_holder (fd);
  if (holder && fstat (fd, &st) == 0)
    *alive_ns = (gint64)st.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + st.st_mtim.tv_nsec;
  close (fd);
  return holder;
}

/* ---- readers ---- */

#define READERS "readers"

int
rca_io_lease (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, READERS, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  int got = -1;
  while (fd >= 0 && (got = flock (fd, LOCK_SH)) != 0 && errno == EINTR)
    ;
  if (fd >= 0 && got != 0)
  {
    close (fd);
    fd = -1;
  }
  return fd;
}

static void
end_lease (gpointer fd)
{
  close (GPOINTER_TO_INT (fd) - 1);
}

GPtrArray *
rca_io_hold_lease (const char *dir)
{
  GPtrArray *lease = g_ptr_array_new_with_free_func (end_lease);
  int fd = rca_io_lease (dir);
  if (fd >= 0)
    g_ptr_array_add (lease, GINT_TO_POINTER (fd + 1));
  return lease;
}

int
rca_io_no_readers (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, READERS, NULL);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 || flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  close (fd);
  return -1;
}
