/* Records that tell that a process started: "service catalog 2.5.0 starting", "Starting
 * Shop v1.2 using Java 17", "Booting worker with pid: 12", "Server listening at http://…". */
#pragma once
#include "app-record.h"

/* Makes the event of a finished record a RESTART when its text clearly tells of a start,
 * with SERVICE and VERSION where it names them. Of the lines one start writes, the first counts. */
void rca_process_start (RcaAppRecord *record);
