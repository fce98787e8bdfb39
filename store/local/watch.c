#include "local/watch.h"
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_DEPTH 32
#define NAMES     (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

struct RcaWatch {
  int fd;
  gboolean complete;
};

RcaWatch *
rca_watch_new (void)
{
  RcaWatch *watch = g_new0 (RcaWatch, 1);
  watch->fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  watch->complete = watch->fd >= 0;
  return watch;
}

void
rca_watch_free (RcaWatch *watch)
{
  if (!watch)
    return;
  if (watch->fd >= 0)
    close (watch->fd);
  g_free (watch);
}

/* What others write to a file system of these kinds, the kernel here does not see. */
static gboolean
is_told_of (const char *path)
{
  static const guint32 silent[] = { 0x6969 /* NFS */, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */, 0x65735546 /* FUSE */, 0x01021997 /* 9P */, 0x00c36400 /* Ceph */ };
  struct statfs fs;
  if (statfs (path, &fs) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    if ((guint32)fs.f_type == silent[i])
      return FALSE;
  return TRUE;
}

static void
add_below (RcaWatch *watch, const char *path, const char *except, guint depth)
{
  if (except && g_str_equal (path, except))
    return;
  if (watch->fd < 0 || inotify_add_watch (watch->fd, path, IN_MODIFY | IN_ONLYDIR | IN_EXCL_UNLINK | NAMES) < 0 || !is_told_of (path))
    watch->complete = FALSE; /* too many of them, or none here */
  DIR *dir = depth < MAX_DEPTH ? opendir (path) : NULL;
  for (struct dirent *entry; dir && (entry = readdir (dir));)
  {
    struct stat st;
    g_autofree char *child = g_build_filename (path, entry->d_name, NULL);
    if (entry->d_name[0] != '.' && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && lstat (child, &st) == 0 && S_ISDIR (st.st_mode))
      add_below (watch, child, except, depth + 1);
  }
  if (dir)
    closedir (dir);
}

void
rca_watch_add (RcaWatch *watch, const char *path, gboolean tree, const char *except)
{
  g_autofree char *real = realpath (path, NULL);
  if (real)
    add_below (watch, real, except, tree ? 0 : MAX_DEPTH);
}

int
rca_watch_fd (const RcaWatch *watch)
{
  return watch->fd;
}

gboolean
rca_watch_is_complete (const RcaWatch *watch)
{
  return watch->complete;
}

gboolean
rca_watch_take (RcaWatch *watch)
{
  char buffer[16 * 1024] __attribute__ ((aligned (__alignof__ (struct inotify_event))));
  gboolean names = FALSE;
  gssize n;
  while (watch->fd >= 0 && (n = read (watch->fd, buffer, sizeof buffer)) > 0)
    for (const char *p = buffer; p < buffer + n;)
    {
      const struct inotify_event *event = (const void *)p;
      names |= (event->mask & (NAMES | IN_Q_OVERFLOW | IN_UNMOUNT)) != 0;
      p += sizeof *event + event->len;
    }
  return names;
}
