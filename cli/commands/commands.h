/* The commands: one row of main.c's table each. */
#pragma once
#include <glib.h>

/* @argv[0] is the command's name. Returns the exit status (exit.h). */
int rca_command_analyze (int argc, char **argv);
int rca_command_batch (int argc, char **argv);
int rca_command_config (int argc, char **argv);
int rca_command_deploy (int argc, char **argv);
int rca_command_export (int argc, char **argv);
int rca_command_store (int argc, char **argv);
int rca_command_ingest (int argc, char **argv);
int rca_command_search (int argc, char **argv);
int rca_command_sources (int argc, char **argv);
int rca_command_timeline (int argc, char **argv);
int rca_command_store (int argc, char **argv);
