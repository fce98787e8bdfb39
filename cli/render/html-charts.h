/* The places where the page's script draws: charts, marks, tools, a table behind each chart. */
#pragma once
#include "report.h"

void rca_html_put_charts (GString *out, const RcaReport *report);
/* data-from and data-to of an element: its span lights up on the charts. */
void rca_html_put_span (GString *out, RcaSpan span);
/* "D" for a deploy. */
char rca_mark_letter (RcaChangeKind kind);
