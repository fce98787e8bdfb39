/* Forms of a post-mortem: one file each, a table of headings and labels and what the logs can
 * put under them. What only people know is asked for, as a TODO. */
#pragma once
#include "../timeline-parts.h"

typedef struct {
  const char *heading; /* begins a section; NULL: still in the one before */
  const char *label;   /* or NULL: right under the heading */
  RcaPart part;        /* or NULL */
  const char *todo;    /* or NULL */
} RcaTemplateRow;

typedef struct {
  const char *name;
  const char *title;         /* before what happened */
  const RcaTemplateRow *rows; /* up to the first without heading, label, part and todo */
} RcaTemplate;

extern const RcaTemplate rca_template_postmortem, rca_template_google_sre, rca_template_pagerduty, rca_template_atlassian, rca_template_etsy;

/* NULL @name: the first; NULL: there is none of that name. */
const RcaTemplate *rca_template_find (const char *name);
/* "postmortem, google-sre, …" */
char *rca_template_names (void);
