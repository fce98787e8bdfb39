#include "pager.h"
#include "output.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* NULL: none. */
static const char *
command (void)
{
  const char *own = g_getenv ("RCA_PAGER"), *usual = g_getenv ("PAGER");
  const char *pager = own ? own : usual ? usual : "less";
  return *pager == 0 || strcmp (pager, "cat") == 0 ? NULL : pager;
}

/* Short pages are just printed, colours pass, and what was shown stays; a person's own LESS stands. */
static void
prepare_child (gpointer user)
{
  setenv ("LESS", "FRX", 0);
  setenv ("LV", "-c", 0);
  signal (SIGPIPE, SIG_DFL);
  signal (SIGINT, SIG_DFL);
}

static void
feed (int fd, const char *text, gsize n)
{
  while (n > 0)
    {
      gssize wrote = write (fd, text, n);
      if (wrote < 0 && errno == EINTR)
        continue;
      if (wrote < 0)
        break; /* who looks has seen enough */
      text += wrote;
      n -= (gsize) wrote;
    }
  close (fd);
}

/* FALSE: there is none to run. 127 is the shell's word for it. */
static gboolean
page (const char *pager, const char *text, gsize n)
{
  const char *argv[] = { "/bin/sh", "-c", pager, NULL };
  GPid pid;
  int in, status = 0;
  if (!g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, prepare_child, NULL, &pid, &in, NULL, NULL, NULL))
    return FALSE;
  /* Ctrl-C is the pager's while it runs. */
  void (*interrupt) (int) = signal (SIGINT, SIG_IGN), (*broken) (int) = signal (SIGPIPE, SIG_IGN);
  feed (in, text, n);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  signal (SIGINT, interrupt);
  signal (SIGPIPE, broken);
  g_spawn_close_pid (pid);
  return !(WIFEXITED (status) && (WEXITSTATUS (status) == 127 || WEXITSTATUS (status) == 126));
}

gboolean
rca_pager_show (const char *text, gsize n, gboolean allowed)
{
  const char *pager = allowed && isatty (STDOUT_FILENO) ? command () : NULL;
  return (pager && page (pager, text, n)) || rca_output_write (text, n);
}
