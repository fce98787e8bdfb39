#include "monitor-columns.h"
#include "number.h"

enum {
  PERCENT = 1 << 0,
  KIB = 1 << 1, /* to bytes */
  SUM = 1 << 2, /* columns of one gauge add up */
};

static const struct {
  const char *name;
  RcaMetric metric;
  guint flags;
} columns[] = {
  { "%iowait", RCA_METRIC_CPU_IOWAIT_RATIO, PERCENT },
  { "%steal", RCA_METRIC_CPU_STEAL_RATIO, PERCENT },
  { "runq-sz", RCA_METRIC_RUN_QUEUE, 0 },
  { "blocked", RCA_METRIC_BLOCKED, 0 },
  { "ldavg-1", RCA_METRIC_LOAD1, 0 },
  { "%memused", RCA_METRIC_MEM_USED_RATIO, PERCENT },
  { "pswpin/s", RCA_METRIC_SWAP_IO, SUM },
  { "pswpout/s", RCA_METRIC_SWAP_IO, SUM },
  { "%util", RCA_METRIC_DISK_UTIL_RATIO, PERCENT },
  { "%fsused", RCA_METRIC_DISK_USED_RATIO, PERCENT },
  { "%ufsused", RCA_METRIC_OTHER, PERCENT },
  { "rxkb/s", RCA_METRIC_NET_BYTES, KIB | SUM },
  { "txkb/s", RCA_METRIC_NET_BYTES, KIB | SUM },
  { "rxerr/s", RCA_METRIC_NET_ERRORS, SUM },
  { "txerr/s", RCA_METRIC_NET_ERRORS, SUM },
  { "rxdrop/s", RCA_METRIC_NET_ERRORS, SUM },
  { "txdrop/s", RCA_METRIC_NET_ERRORS, SUM },
  { "retrans/s", RCA_METRIC_TCP_RETRANS, 0 },
  { "tcpsck", RCA_METRIC_TCP_SOCKETS, 0 },
  { "%scpu-10", RCA_METRIC_PSI_CPU_RATIO, PERCENT },
  { "%sio-10", RCA_METRIC_PSI_IO_RATIO, PERCENT },
  { "%smem-10", RCA_METRIC_PSI_MEM_RATIO, PERCENT },
};

static gboolean
is_called (RcaBytes name, const char *lower)
{
  return strlen (lower) == name.n && g_ascii_strncasecmp (name.p, lower, name.n) == 0;
}

/* The C library may print a comma for the point. */
static gboolean
parse (RcaBytes text, double *out)
{
  char copy[40];
  const char *comma = text.n < sizeof copy ? memchr (text.p, ',', text.n) : NULL;
  if (!comma)
    return rca_parse_double (text, out);
  memcpy (copy, text.p, text.n);
  copy[comma - text.p] = '.';
  return rca_parse_double (rca_bytes (copy, text.n), out);
}

static gboolean
is_device_column (RcaBytes name)
{
  static const char *const names[] = { "dev", "device", "device:", "iface", "filesystem", "mount", "fs" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (is_called (name, names[i]))
      return TRUE;
  return FALSE;
}

guint
rca_monitor_columns (const RcaBytes *name, const RcaBytes *value, guint n, RcaSample *out, guint max)
{
  RcaBytes device = { NULL, 0 };
  double number, idle = -1, iowait = 0;
  guint filled = 0;
  gboolean one_cpu = FALSE, processes = FALSE;

  for (guint i = 0; i < n; i++)
  {
    if (is_device_column (name[i]))
      device = value[i];
    one_cpu |= is_called (name[i], "cpu") && !is_called (value[i], "all") && !is_called (value[i], "-1") && i < 3;
    processes |= is_called (name[i], "pid");
  }
  for (guint i = 0; i < n && !one_cpu && !processes; i++)
  {
    if (!parse (value[i], &number))
      continue;
    if (is_called (name[i], "%idle"))
      idle = number;
    else if (is_called (name[i], "%iowait"))
      iowait = number;
    for (guint k = 0; k < G_N_ELEMENTS (columns); k++)
    {
      if (!is_called (name[i], columns[k].name))
        continue;
      double scaled = columns[k].flags & PERCENT ? CLAMP (number / 100, 0, 1) : columns[k].flags & KIB ? number * 1024 : number;
      guint at = 0;
      while (at < filled && !((columns[k].flags & SUM) && out[at].metric == columns[k].metric))
        at++;
      if (at < filled)
        out[at].value += scaled;
      else if (filled < max)
        out[filled++] = (RcaSample){ columns[k].metric, device, scaled };
    }
  }
  if (idle >= 0 && filled < max)
    out[filled++] = (RcaSample){ RCA_METRIC_CPU_BUSY_RATIO, { NULL, 0 }, CLAMP ((100 - idle - iowait) / 100, 0, 1) };
  for (guint i = n; i-- > 0 && filled == 0 && max > 0;) /* pidstat's last column is the command */
    if (parse (value[i], &number))
      out[filled++] = (RcaSample){ RCA_METRIC_OTHER, device, number };
  return filled;
}

guint
rca_monitor_words (RcaBytes line, RcaBytes *word, guint max)
{
  guint n = 0;
  gsize i = 0;
  while (n < max)
  {
    while (i < line.n && g_ascii_isspace (line.p[i]))
      i++;
    if (i >= line.n)
      break;
    gsize from = i;
    while (i < line.n && !g_ascii_isspace (line.p[i]))
      i++;
    word[n++] = rca_bytes (line.p + from, i - from);
  }
  return n;
}
