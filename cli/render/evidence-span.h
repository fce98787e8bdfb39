/* When what an evidence tells of happened: what to light up on a chart. */
#pragma once
#include "report.h"

RcaSpan rca_evidence_span (const RcaReport *report, const RcaIncident *incident, const RcaCause *cause, const RcaEvidence *evidence);
