/* What to change so that it does not happen again, or is seen sooner: drawn from what the
 * report found, nothing else. */
#pragma once
#include "report.h"

/* char*: sentences, the most important first. Transfer full. */
GPtrArray *rca_report_measures (const RcaReport *report, const RcaIncident *incident);
