/* Commands that show the very lines the strongest evidence stands on: of the first cause, then
 * of what it brought about. */
#pragma once
#include "report.h"

/* char*, one a log, at most @most; each is a line to paste into a shell. Transfer container. */
GPtrArray *rca_read_next (const RcaIncident *incident, guint most);
