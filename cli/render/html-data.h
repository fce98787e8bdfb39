/* What the page's script reads: series, incidents and marks as JSON. */
#pragma once
#include "report.h"

/* Safe between <script type="application/json"> and its end, whatever the names hold. */
void rca_html_put_data (GString *out, const RcaReport *report);
