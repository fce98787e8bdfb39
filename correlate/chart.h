/* The series for charts, from frames. Private to this folder. */
#pragma once
#include "context.h"

/* Fills @chart (zeroed) over the window; the statements that @incidents name are in it. */
void rca_chart_fill (RcaContext *context, const GPtrArray *incidents, RcaChart *chart);
void rca_chart_clear (RcaChart *chart);
