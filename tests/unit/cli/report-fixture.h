/* A report made by hand: all that a renderer may meet, hostile log text included. Owned by
 * the fixture; valid until rca_fixture_free(). */
#pragma once
#include "report.h"

RcaReport *rca_fixture_incident (void); /* a deploy that brought a slow query; still going on; two clients' tricks in its texts */
RcaReport *rca_fixture_latency (void);  /* over, with a recovery; unknown cause first */
RcaReport *rca_fixture_healthy (void);
void rca_fixture_free (void);
