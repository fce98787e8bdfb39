/* The page around the content: one file that needs no other, and under its own policy runs
 * nothing but its own script. */
#pragma once
#include "report.h"

/* @body: markup. The charts (html-charts.h) need @report's data. */
char *rca_html_document (const char *title, const char *body, const RcaReport *report);

/* The same without charts: nothing runs in it at all. */
char *rca_html_plain_document (const char *title, const char *body);
