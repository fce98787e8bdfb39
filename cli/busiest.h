/* What is looked at of logs that reach further than one analysis. */
#pragma once
#include "seam.h"

/* The part of @sources' extent, at most @longest_ns long, that holds most of the records, cut to where
 * records are (to the second); the latest of equals. The extent itself where it is not longer. */
RcaSpan rca_busiest_span (RcaStore *store, const RcaSources *sources, gint64 longest_ns);
