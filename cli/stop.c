#include "stop.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define GRACE_S 1

/* What a signal handler can reach. */
static int told[2] = { -1, -1 };
static gint cancelled;

static void
on_stop (int number)
{
  char byte = 0;
  if (write (told[1], &byte, 1) < 0)
    return; /* it is full of such bytes already */
  alarm (GRACE_S);
}

static void
on_alarm (int number)
{
  __atomic_store_n (&cancelled, 1, __ATOMIC_SEQ_CST);
}

static void
catch (int number, void (*handler) (int), int flags)
{
  struct sigaction action;
  memset (&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction (number, &action, NULL);
}

int
rca_stop_catch (const gint **cancel)
{
  *cancel = &cancelled;
  if (pipe2 (told, O_CLOEXEC | O_NONBLOCK) != 0)
    return -1;
  catch (SIGALRM, on_alarm, SA_RESTART);
  catch (SIGTERM, on_stop, SA_RESTART);
  catch (SIGHUP, on_stop, SA_RESTART);
  catch (SIGINT, on_stop, (int) (SA_RESTART | SA_RESETHAND));
  return told[0];
}
