/* Stories: which symptoms belong together, from when to when, and is it still going on. */
#pragma once
#include "detect.h"

void rca_symptom_free (RcaSymptom *symptom);

/* Sorts @symptoms (RcaSymptom*, taken) into outbreaks and settles each. RcaOutbreak*, by start. */
GPtrArray *rca_stories_tell (RcaContext *context, GPtrArray *symptoms);

/* Finds an outbreak's span, excess, onset and state from its symptoms (outbreak.c). */
void rca_outbreak_settle (RcaContext *context, RcaOutbreak *outbreak);
