#include <glib.h>

int
main (int argc, char **argv)
{
  g_printerr ("rca: not in this version\n");
  return 2;
}
