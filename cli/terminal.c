#include "terminal.h"
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 80, USUAL = 100, WIDEST = 200 };

guint
rca_terminal_width (void)
{
  struct winsize size;
  const char *columns = g_getenv ("COLUMNS");
  if (columns && atoi (columns) > 0)
    return (guint) CLAMP (atoi (columns), NARROWEST, WIDEST);
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return CLAMP (size.ws_col, NARROWEST, WIDEST);
  return USUAL;
}

gboolean
rca_terminal_color (const char *when)
{
  const char *no_color = g_getenv ("NO_COLOR");
  if (g_strcmp0 (when, "always") == 0)
    return TRUE;
  if (g_strcmp0 (when, "never") == 0 || (no_color && *no_color))
    return FALSE;
  return isatty (STDOUT_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

gboolean
rca_terminal_unicode (void)
{
  return strcmp (nl_langinfo (CODESET), "UTF-8") == 0;
}
