#include "snapshot-block.h"
#include "../monitor-columns.h"
#include "../number.h"

void
rca_snapshot_add (RcaSnapshotBlock *block, RcaMetric metric, RcaBytes device, double value)
{
  if (block->ev->n_samples < RCA_SNAPSHOT_SAMPLES)
    block->sample[block->ev->n_samples++] = (RcaSample){ metric, device, value };
}

static const RcaBytes whole_host = { NULL, 0 };

/* The number that ends right before @mark, or that follows it. */
static gboolean
number_before (RcaBytes line, const char *mark, double *out)
{
  gssize at = rca_bytes_find (line, rca_bytes_str (mark));
  if (at <= 0)
    return FALSE;
  gsize end = (gsize)at, from;
  while (end > 0 && line.p[end - 1] == ' ')
    end--;
  for (from = end; from > 0 && (g_ascii_isdigit (line.p[from - 1]) || line.p[from - 1] == '.');)
    from--;
  return rca_parse_double (rca_bytes (line.p + from, end - from), out);
}

static gboolean
number_after (RcaBytes line, const char *mark, double *out)
{
  gssize at = rca_bytes_find (line, rca_bytes_str (mark));
  if (at < 0)
    return FALSE;
  RcaBytes rest = rca_bytes_from (line, (gsize)at + strlen (mark));
  gsize n = 0;
  while (rest.n > 0 && rest.p[0] == ' ')
    rest = rca_bytes_from (rest, 1);
  while (n < rest.n && (g_ascii_isdigit (rest.p[n]) || rest.p[n] == '.'))
    n++;
  return rca_parse_double (rca_bytes (rest.p, n), out);
}

/* "some avg10=1.25 avg60=… total=…", perhaps behind "/proc/pressure/io:" */
static gboolean
read_pressure (RcaSnapshotBlock *block, RcaBytes line)
{
  static const struct {
    const char *name;
    RcaMetric metric;
  } files[]
      = { { "cpu", RCA_METRIC_PSI_CPU_RATIO }, { "io", RCA_METRIC_PSI_IO_RATIO }, { "memory", RCA_METRIC_PSI_MEM_RATIO }, { "mem", RCA_METRIC_PSI_MEM_RATIO } };
  double value;
  gssize some = rca_bytes_find (line, RCA_BYTES ("some avg10="));
  if (some < 0)
  {
    if (line.n < 40 && (rca_bytes_find (line, RCA_BYTES ("pressure")) >= 0 || line.n < 12))
      block->about = line;
    return rca_bytes_find (line, RCA_BYTES ("full avg10=")) >= 0;
  }
  RcaBytes about = some > 2 ? rca_bytes (line.p, (gsize)some) : block->about;
  if (!number_after (line, "some avg10=", &value))
    return FALSE;
  RcaMetric metric = RCA_METRIC_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (files) && metric == RCA_METRIC_OTHER; i++)
    if (rca_bytes_find (about, rca_bytes_str (files[i].name)) >= 0)
      metric = files[i].metric;
  rca_snapshot_add (block, metric, whole_host, CLAMP (value / 100, 0, 1));
  return TRUE;
}

/* "/dev/sda1  20G  18G  2G  90% /var": the last per cent before a path */
static gboolean
read_df (RcaSnapshotBlock *block, const RcaBytes *word, guint n)
{
  double value;
  if (n < 5 || n > 7 || word[n - 1].p[0] != '/' || word[n - 2].p[word[n - 2].n - 1] != '%')
    return FALSE;
  if (!rca_parse_double (rca_bytes (word[n - 2].p, word[n - 2].n - 1), &value))
    return FALSE;
  static const char *const none[] = { "tmpfs", "devtmpfs", "udev", "overlay", "shm", "none" };
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    if (rca_bytes_is (word[0], none[i]))
      return TRUE;
  rca_snapshot_add (block, RCA_METRIC_DISK_USED_RATIO, word[n - 1], CLAMP (value / 100, 0, 1));
  return TRUE;
}

static gboolean
read_memory (RcaSnapshotBlock *block, const RcaBytes *word, guint n, RcaBytes line)
{
  double total, available;
  if (n >= 7 && rca_bytes_equal (word[0], RCA_BYTES ("Mem:")) && rca_parse_double (word[1], &total) && rca_parse_double (word[6], &available) && total > 0)
    rca_snapshot_add (block, RCA_METRIC_MEM_USED_RATIO, whole_host, CLAMP (1 - available / total, 0, 1));
  else if (rca_bytes_find (line, RCA_BYTES (" avail Mem")) > 0 && block->mem_total > 0 && number_before (line, " avail Mem", &available))
    rca_snapshot_add (block, RCA_METRIC_MEM_USED_RATIO, whole_host, CLAMP (1 - available / block->mem_total, 0, 1));
  else if (rca_bytes_find (line, RCA_BYTES ("Mem :")) >= 0 && number_before (line, " total", &total))
    block->mem_total = total;
  else
    return FALSE;
  return TRUE;
}

/* %Cpu(s):  1.0 us,  0.5 sy,  0.0 ni, 97.0 id,  0.1 wa,  0.0 hi,  0.2 si,  1.2 st */
static gboolean
read_top_cpu (RcaSnapshotBlock *block, RcaBytes line)
{
  double idle, wait = 0, steal = 0;
  if (!rca_bytes_has_prefix (line, RCA_BYTES ("%Cpu")) || !number_before (line, " id", &idle))
    return FALSE;
  number_before (line, " wa", &wait);
  number_before (line, " st", &steal);
  rca_snapshot_add (block, RCA_METRIC_CPU_BUSY_RATIO, whole_host, CLAMP ((100 - idle - wait) / 100, 0, 1));
  rca_snapshot_add (block, RCA_METRIC_CPU_IOWAIT_RATIO, whole_host, wait / 100);
  rca_snapshot_add (block, RCA_METRIC_CPU_STEAL_RATIO, whole_host, steal / 100);
  return TRUE;
}

static const struct {
  const char *name;
  RcaMetric metric;
} exported[] = {
  { "node_load1", RCA_METRIC_LOAD1 },
  { "node_procs_running", RCA_METRIC_RUN_QUEUE },
  { "node_procs_blocked", RCA_METRIC_BLOCKED },
  { "node_sockstat_TCP_inuse", RCA_METRIC_TCP_SOCKETS },
};

static gboolean
read_exported (RcaSnapshotBlock *block, const RcaBytes *word, guint n)
{
  double value;
  if (n < 2 || n > 3 || !rca_bytes_has_prefix (word[0], RCA_BYTES ("node_")) || !rca_parse_double (word[1], &value))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (exported); i++)
    if (rca_bytes_is (word[0], exported[i].name))
      rca_snapshot_add (block, exported[i].metric, whole_host, value);
  if (rca_bytes_equal (word[0], RCA_BYTES ("node_memory_MemTotal_bytes")))
    block->mem_total = value;
  else if (rca_bytes_equal (word[0], RCA_BYTES ("node_memory_MemAvailable_bytes")))
    block->mem_available = value;
  else if (rca_bytes_equal (word[0], RCA_BYTES ("node_filefd_allocated")))
    block->files = value;
  else if (rca_bytes_equal (word[0], RCA_BYTES ("node_filefd_maximum")))
    block->files_max = value;
  return TRUE;
}

/* iostat's tables: a line of names, then rows. */
static gboolean
read_table (RcaSnapshotBlock *block, const RcaBytes *word, guint n)
{
  double ignored;
  gboolean cpu = n > 2 && rca_bytes_equal (word[0], RCA_BYTES ("avg-cpu:"));
  if (cpu || (n > 2 && (rca_bytes_equal (word[0], RCA_BYTES ("Device")) || rca_bytes_equal (word[0], RCA_BYTES ("Device:")))))
  {
    block->n_header = 0;
    for (guint i = cpu ? 1 : 0; i < n; i++)
      block->header[block->n_header++] = word[i];
    return TRUE;
  }
  if (block->n_header == 0 || n == 0 || n > block->n_header || !rca_parse_double (word[n - 1], &ignored))
    return FALSE;
  block->ev->n_samples += rca_monitor_columns (block->header, word, n, block->sample + block->ev->n_samples, RCA_SNAPSHOT_SAMPLES - block->ev->n_samples);
  return TRUE;
}

gboolean
rca_snapshot_read_line (RcaSnapshotBlock *block, RcaBytes line)
{
  RcaBytes word[RCA_SNAPSHOT_COLUMNS];
  double value;
  guint n = rca_monitor_words (line, word, RCA_SNAPSHOT_COLUMNS);
  if (n == 0)
  {
    block->n_header = 0;
    return FALSE;
  }
  if (number_after (line, "load average: ", &value) || number_after (line, "load averages: ", &value))
  {
    rca_snapshot_add (block, RCA_METRIC_LOAD1, whole_host, value);
    return TRUE;
  }
  if (rca_bytes_has_prefix (line, RCA_BYTES ("TCP:")) && number_after (line, "TCP:", &value))
  {
    rca_snapshot_add (block, RCA_METRIC_TCP_SOCKETS, whole_host, value);
    return TRUE;
  }
  return read_table (block, word, n) || read_df (block, word, n) || read_memory (block, word, n, line) || read_top_cpu (block, line)
         || read_exported (block, word, n) || read_pressure (block, line);
}

guint
rca_snapshot_read (RcaSnapshotBlock *block, RcaBytes text)
{
  guint known = 0;
  for (gsize at = 0; at < text.n;)
  {
    const char *lf = memchr (text.p + at, '\n', text.n - at);
    gsize n = lf ? (gsize)(lf - text.p) - at : text.n - at;
    known += rca_snapshot_read_line (block, rca_bytes (text.p + at, n));
    at += n + 1;
  }
  if (block->mem_total > 0 && block->mem_available > 0)
    rca_snapshot_add (block, RCA_METRIC_MEM_USED_RATIO, whole_host, CLAMP (1 - block->mem_available / block->mem_total, 0, 1));
  if (block->files > 0 && block->files_max > 0)
    rca_snapshot_add (block, RCA_METRIC_FD_USED_RATIO, whole_host, CLAMP (block->files / block->files_max, 0, 1));
  return known;
}

