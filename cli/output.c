#include "output.h"
#include "render/safe.h"
#include "exit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

void
rca_output_prepare (void)
{
  signal (SIGPIPE, SIG_DFL);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) == -1 && errno == EBADF)
      {
        /* Read-only where we write, and the reverse: using it fails as it would when closed. */
        int got = open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (got != -1 && got != fd)
          close (got);
      }
}

static gboolean
cannot_write (void)
{
  rca_say ("rca: cannot write to standard output: %s", g_strerror (errno));
  return FALSE;
}

gboolean
rca_output_write (const char *text, gsize n)
{
  while (n > 0)
    {
      gssize wrote = write (STDOUT_FILENO, text, n);
      if (wrote < 0 && errno == EINTR)
        continue;
      if (wrote < 0)
        return cannot_write ();
      text += wrote;
      n -= (gsize) wrote;
    }
  return TRUE;
}

int
rca_output_close (int status)
{
  if ((fflush (stdout) != 0 || ferror (stdout)) && cannot_write () == FALSE)
    return RCA_EXIT_FAILED;
  /* EBADF: it was closed when we began, and nothing was to be written. */
  if (close (STDOUT_FILENO) != 0 && errno != EBADF && cannot_write () == FALSE)
    return RCA_EXIT_FAILED;
  return status;
}
