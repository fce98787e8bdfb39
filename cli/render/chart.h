/* The failing share (or p95) over the window as one row of blocks, with what happened marked beneath. */
#pragma once
#include "canvas.h"

void rca_put_chart (GString *out, const RcaReport *report, const RcaIncident *incident, const RcaRenderOptions *options);
