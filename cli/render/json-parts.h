/* Members that several documents have in common (CONTRACT.md). */
#pragma once
#include "json-writer.h"
#include "report.h"

void rca_json_incident (RcaJson *json, const RcaIncident *incident); /* an element of "incidents" */
void rca_json_sources (RcaJson *json, const RcaSources *sources);   /* the member "sources" */
