/* One incident as HTML: whether it goes on, whom it hits, why, what it was not, what to do. */
#pragma once
#include "report.h"

void rca_html_put_headline (GString *out, const RcaReport *report, const RcaIncident *incident, guint heading);
/* @heading: the level of its headings, 2 to 5. */
void rca_html_put_causes (GString *out, const RcaReport *report, const RcaIncident *incident, guint heading);
void rca_html_put_verdicts (GString *out, const RcaIncident *incident, guint heading);
void rca_html_put_timeline (GString *out, const RcaReport *report, const RcaIncident *incident, guint heading);
