/* Commands that show the very lines the strongest evidence stands on. */
#pragma once
#include "report.h"

/* char*, one a log, at most @most; each is a line to paste into a shell. Transfer container. */
GPtrArray *rca_read_next (const RcaCause *cause, guint most);
