/* Events as JSON lines: for the decoders' golden files and for looking at what a decoder understood. */
#pragma once
#include "event.h"

/* Appends one line for @ev to @out: line number, time, stream, severity, flags, fields
 * in the order of field.def, attributes, samples. Fields that are absent are left out. */
void rca_event_to_json (const RcaEvent *ev, GString *out);
