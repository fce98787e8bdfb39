/* rca: the table of commands, and what happens before and after one runs. */
#include "commands/commands.h"
#include "exit.h"
#include "output.h"
#include "render/safe.h"
#include "suggest.h"
#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const char *name;
  int (*run) (int argc, char **argv); /* NULL: known by name, not built yet */
  const char *summary;
} Command;

/* The first row is what runs when no command is named. */
static const Command commands[] = {
  { "analyze", rca_command_analyze, "what broke, when, why, and what it was not (the default command)" },
  { "ingest", rca_command_ingest, "read logs into a store" },
  { "sources", rca_command_sources, "what would be read, in which format, with how many records understood" },
  { "deploy", rca_command_deploy, "record a change marker in the default store" },
  { "timeline", rca_command_timeline, "the post-incident document" },
  { "search", rca_command_search, "find lines in logs, as grep does, by window and service too" },
  { "watch", NULL, "follow, detect, show and alert while it happens" },
  { "batch", rca_command_batch, "every incident in archived logs, what keeps coming back, what grows" },
  { "export", rca_command_export, "what went into a store comes out, byte for byte" },
  { "config", rca_command_config, "what is set and where; whether the configuration is right" },
  { "store", rca_command_store, "look after a store: info, verify, prune, compact" },
  { "serve", NULL, "the web page over a store" },
  { "mcp", NULL, "the same answers over the Model Context Protocol" },
};

static const Command *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

static void
print_help (void)
{
  printf ("rca reads the logs of a web stack and says what broke, when, why (ranked, with the\n"
          "lines that show it), and what it was not.\n\n"
          "Examples:\n"
          "  rca --window 30m /var/log/nginx /var/log/app /var/log/postgresql\n"
          "  rca --window 2026-11-24T14:20:00Z..+45m --json logs/\n"
          "  rca logs/                        everything that logs/ holds\n"
          "  rca sources logs/                what would be read\n\n"
          "Commands (rca COMMAND --help tells more):\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (commands[i].run)
      printf ("  %-10s %s\n", commands[i].name, commands[i].summary);
  printf ("\nWithout a command: rca [--window W] [--store DIR] [--json|--markdown|--html] [PATH…]; rca analyze --help\n"
          "lists its options.\n\n"
          "Exit status: 0 it ran, whatever it found; 1 it failed; 2 usage; 3 an incident was found\n"
          "(only with --exit-code); 4 nothing usable to read.\n");
}

/* A word that is neither a command nor a file: most likely a mistyped command. */
static int
unknown_command (const char *word)
{
  const char *names[G_N_ELEMENTS (commands)];
  guint n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (commands[i].run)
      names[n++] = commands[i].name;
  const char *nearest = rca_suggest (word, names, n);
  if (nearest)
    rca_say ("rca: \"%s\" is neither a command nor a file; did you mean \"rca %s\"?", word, nearest);
  else
    rca_say ("rca: \"%s\" is neither a command nor a file; rca --help lists the commands", word);
  return RCA_EXIT_USAGE;
}

/* "-", "NAME=PATH", "a/b" and "a.log" are operands of the default command, there or not. */
static gboolean
looks_like_operand (const char *word)
{
  return word[0] == '-' || strpbrk (word, "/.=") || g_file_test (word, G_FILE_TEST_EXISTS);
}

static int
run (int argc, char **argv)
{
  if (argc < 2)
    return rca_command_analyze (argc, argv);
  const char *word = argv[1];
  if (argc == 2 && (!strcmp (word, "--help") || !strcmp (word, "-h") || !strcmp (word, "-?") || !strcmp (word, "help")))
    return print_help (), RCA_EXIT_OK;
  if (argc == 2 && (!strcmp (word, "--version") || !strcmp (word, "-V")))
    return printf ("rca " RCA_VERSION "\n"), RCA_EXIT_OK;
  const Command *command = find_command (word);
  if (command && command->run)
    return command->run (argc - 1, argv + 1);
  if (command)
    {
      rca_say ("rca %s: not in this version", word);
      return RCA_EXIT_USAGE;
    }
  return looks_like_operand (word) ? rca_command_analyze (argc, argv) : unknown_command (word);
}

int
main (int argc, char **argv)
{
  rca_output_prepare ();
  /* Only how bytes are characters: numbers and messages are the same everywhere. */
  setlocale (LC_CTYPE, "");
  return rca_output_close (run (argc, argv));
}
