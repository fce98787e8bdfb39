/* `rca sources --explain`: what was read of one source, field by field, with examples. */
#pragma once
#include "source.h"

typedef struct RcaExplanation RcaExplanation;

/* @keep_secrets: examples are shown as they are, else redacted. */
RcaExplanation *rca_explanation_new (gboolean keep_secrets);
void rca_explanation_free (gpointer explanation);

/* RcaSourceEmit: counts @ev's fields and keeps the first example of each. */
void rca_explanation_take (RcaSource *source, guint part, RcaEvent *ev, gpointer explanation);

/* Adds the indented text to @out. */
void rca_explanation_put (const RcaExplanation *explanation, const RcaSource *source, GString *out);
