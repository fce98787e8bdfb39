/* The parts of the terminal report, top to bottom; each writes itself to a page. */
#pragma once
#include "page.h"

void rca_text_headline (RcaPage *page, const RcaReport *report, const RcaIncident *incident);
void rca_text_chart (RcaPage *page, const RcaReport *report);
void rca_text_causes (RcaPage *page, const RcaIncident *incident);
void rca_text_verdicts (RcaPage *page, const RcaIncident *incident);
void rca_text_next (RcaPage *page, const RcaReport *report, const RcaIncident *incident);
void rca_text_timeline (RcaPage *page, const RcaIncident *incident);
/* Nothing is wrong: what was checked, and how small a rise would have shown. */
void rca_text_checked (RcaPage *page, const RcaReport *report);
void rca_text_sources (RcaPage *page, const RcaReport *report);
