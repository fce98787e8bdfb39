#include "commands/commands.h"
#include <locale.h>
#include <string.h>

static const struct {
  const char *name;
  int (*run) (int argc, char **argv);
  const char *summary;
} commands[] = {
  { "analyze", rca_command_analyze, "what broke, when, why, and what it was not (the default command)" },
  { "sources", rca_command_sources, "what would be read, in which format, with how many records understood" },
};

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  for (guint i = 0; argc > 1 && i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      return commands[i].run (argc - 1, argv + 1);
  return rca_command_analyze (argc, argv);
}
