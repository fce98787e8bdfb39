/* The commands: one row of main.c's table each. */
#pragma once
#include <glib.h>

/* @argv[0] is the command's name. Returns the exit status (CONTRACT.md). */
int rca_command_sources (int argc, char **argv);
int rca_command_analyze (int argc, char **argv);
