/* Commands that show the very lines the strongest evidence stands on: of the first cause and
 * of what it brought about; out of the store they were read from where their files are gone. */
#pragma once
#include "report.h"

/* char*, one a log, at most @most; each is a line to paste into a shell. Transfer container. */
GPtrArray *rca_read_next (const RcaReport *report, const RcaIncident *incident, guint most);
