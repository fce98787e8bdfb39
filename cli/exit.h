/* Exit statuses (CONTRACT.md). Signals end the process as signals do: 130, 141, 143. */
#pragma once

enum {
  RCA_EXIT_OK = 0,
  RCA_EXIT_FAILED = 1,
  RCA_EXIT_USAGE = 2,
  RCA_EXIT_INCIDENT = 3, /* only with --exit-code */
  RCA_EXIT_NOTHING = 4,  /* nothing usable to read */
};
