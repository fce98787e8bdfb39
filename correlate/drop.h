/* Users who do not come: a rate of requests that falls while the log goes on (CORRELATE.md, traffic drop). */
#pragma once
#include "detect.h"

/* Appends a symptom (RCA_FAIL_DROP) for each fall of the site's traffic, and what was looked at.
 * A symptom's p0 is the rate before, in requests a bucket; its p1 the share of it that still came. */
void rca_drop_find (RcaContext *context, GPtrArray *symptoms, GPtrArray *checked);
