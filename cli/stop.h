/* Being told to stop (SIGTERM, SIGINT, SIGHUP), for commands that run until then. */
#pragma once
#include <glib.h>

/* From now on these signals do not end the process: the descriptor returned becomes readable, and one
 * second later *@cancel becomes 1, for work that takes longer than that. A second SIGINT ends the
 * process at once. @cancel must live as long as the process. */
int rca_stop_catch (const gint **cancel);
