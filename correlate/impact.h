/* Whom an incident hit: requests, failed, slow, clients, by route. */
#pragma once
#include "detect.h"

void rca_impact_measure (RcaContext *context, const RcaOutbreak *outbreak, RcaImpact *impact);
RcaIncidentSeverity rca_impact_severity (const RcaOutbreak *outbreak, const RcaImpact *impact);
