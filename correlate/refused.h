/* Failing that no 5xx tells of: requests turned away (4xx) that were served before, and errors that the
 * application writes for requests it answers with 200. */
#pragma once
#include "detect.h"

/* Fills the series @refused and @logged of the site and its routes. */
void rca_refused_read (RcaContext *context);

/* Whether users are turned away, and not only more asked for in vain: what was served before must be
 * missing, and for more than a few clients. */
gboolean rca_refused_counts (const RcaContext *context, const RcaSymptom *symptom);
