/* Which gauge a metric is, by the words of its name: "node_load1", "instance:node_cpu_utilisation:rate5m". */
#pragma once
#include "event.h"

/* OTHER when it is none that any test reads; running totals ("_total") say nothing of one time. */
RcaMetric rca_metric_of_name (RcaBytes name);

/* A share of 1, which some write as a percentage. */
gboolean rca_metric_is_ratio (RcaMetric metric);
