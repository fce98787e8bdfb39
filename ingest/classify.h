/* What a failing record says it died of: one table of texts, as real programs,
 * drivers and servers write them, to RcaFailure and the peer they name. */
#pragma once
#include "event.h"

/* Looks at exception type and text (either may be empty). RCA_FAILURE_NONE when the
 * text says nothing known; an exception type of no known class is RCA_FAILURE_EXCEPTION.
 * @peer: (out) (optional): who was called, when the text names it (host, host:port,
 * URL's host), else empty. */
RcaFailure rca_classify (RcaBytes exception, RcaBytes text, RcaBytes *peer);

/* Fills FAILURE and PEER_SERVICE of @ev from EXCEPTION, EXCEPTION_MESSAGE and MESSAGE
 * when severity is WARN or worse and the decoder set none. */
void rca_classify_event (RcaEvent *ev);
