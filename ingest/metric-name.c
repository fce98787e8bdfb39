#include "metric-name.h"

/* Words of a metric's or recording rule's name, all of which must stand in it. */
static const struct {
  const char *words[3];
  RcaMetric metric;
} names[] = {
  { { "iowait" }, RCA_METRIC_CPU_IOWAIT_RATIO },
  { { "steal" }, RCA_METRIC_CPU_STEAL_RATIO },
  { { "pressure", "cpu" }, RCA_METRIC_PSI_CPU_RATIO },
  { { "pressure", "io" }, RCA_METRIC_PSI_IO_RATIO },
  { { "pressure", "memory" }, RCA_METRIC_PSI_MEM_RATIO },
  { { "load1" }, RCA_METRIC_LOAD1 },
  { { "procs_running" }, RCA_METRIC_RUN_QUEUE },
  { { "procs_blocked" }, RCA_METRIC_BLOCKED },
  { { "cpu", "util" }, RCA_METRIC_CPU_BUSY_RATIO },
  { { "cpu", "usage" }, RCA_METRIC_CPU_BUSY_RATIO },
  { { "cpu", "busy" }, RCA_METRIC_CPU_BUSY_RATIO },
  { { "mem", "util" }, RCA_METRIC_MEM_USED_RATIO },
  { { "mem", "used", "ratio" }, RCA_METRIC_MEM_USED_RATIO },
  { { "mem", "usage" }, RCA_METRIC_MEM_USED_RATIO },
  { { "mem", "percent" }, RCA_METRIC_MEM_USED_RATIO },
  { { "filesystem", "us" }, RCA_METRIC_DISK_USED_RATIO },
  { { "disk", "used" }, RCA_METRIC_DISK_USED_RATIO },
  { { "disk", "util" }, RCA_METRIC_DISK_UTIL_RATIO },
  { { "io_time" }, RCA_METRIC_DISK_UTIL_RATIO },
  { { "retrans" }, RCA_METRIC_TCP_RETRANS },
  { { "network", "err" }, RCA_METRIC_NET_ERRORS },
  { { "network", "drop" }, RCA_METRIC_NET_ERRORS },
  { { "network", "bytes" }, RCA_METRIC_NET_BYTES },
  { { "filefd", "ratio" }, RCA_METRIC_FD_USED_RATIO },
};

gboolean
rca_metric_is_ratio (RcaMetric metric)
{
  switch (metric)
  {
  case RCA_METRIC_CPU_BUSY_RATIO:
  case RCA_METRIC_CPU_IOWAIT_RATIO:
  case RCA_METRIC_CPU_STEAL_RATIO:
  case RCA_METRIC_MEM_USED_RATIO:
  case RCA_METRIC_DISK_UTIL_RATIO:
  case RCA_METRIC_DISK_USED_RATIO:
  case RCA_METRIC_FD_USED_RATIO:
  case RCA_METRIC_PSI_CPU_RATIO:
  case RCA_METRIC_PSI_IO_RATIO:
  case RCA_METRIC_PSI_MEM_RATIO:
    return TRUE;
  default:
    return FALSE;
  }
}

RcaMetric
rca_metric_of_name (RcaBytes name)
{
  g_autofree char *lower = g_ascii_strdown (name.n ? name.p : "", (gssize)MIN (name.n, 200));
  if (g_str_has_suffix (lower, "_total") && !strchr (lower, ':'))
    return RCA_METRIC_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    guint k = 0;
    while (k < 3 && names[i].words[k] && strstr (lower, names[i].words[k]))
      k++;
    if (k == 3 || !names[i].words[k])
      return names[i].metric;
  }
  return RCA_METRIC_OTHER;
}
