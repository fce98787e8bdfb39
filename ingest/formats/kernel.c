/* Kernel lines: dmesg ("[ 7081.841416] text", "2026-11-24T02:10:55,841416+00:00 text",
 * "[Tue Nov 24 02:10:55 2026] text") and kern.log behind a syslog header (the wrapper takes that
 * off and hands over the text). What they say of a resource is in one table. */
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct
{
  RcaStampContext context;
} Kernel;

static const struct
{
  const char *needle;
  RcaFailure failure;
  RcaSeverity severity;
} texts[] = {
  { "Out of memory", RCA_FAILURE_MEMORY, RCA_SEVERITY_ERROR }, { "out of memory", RCA_FAILURE_MEMORY, RCA_SEVERITY_ERROR }, { "invoked oom-killer", RCA_FAILURE_MEMORY, RCA_SEVERITY_WARN },
  { "oom-kill:", RCA_FAILURE_MEMORY, RCA_SEVERITY_WARN }, { "page allocation failure", RCA_FAILURE_MEMORY, RCA_SEVERITY_WARN }, { "nf_conntrack: table full", RCA_FAILURE_DESCRIPTORS, RCA_SEVERITY_ERROR },
  { "No space left", RCA_FAILURE_DISK_FULL, RCA_SEVERITY_ERROR }, { "EXT4-fs error", RCA_FAILURE_DISK_FULL, RCA_SEVERITY_ERROR }, { "I/O error", RCA_FAILURE_DISK_FULL, RCA_SEVERITY_ERROR },
  { "Remounting filesystem read-only", RCA_FAILURE_DISK_FULL, RCA_SEVERITY_ERROR }, { "blocked for more than", RCA_FAILURE_WORKERS, RCA_SEVERITY_ERROR },
  { "table full, dropping packet", RCA_FAILURE_UNREACHABLE, RCA_SEVERITY_ERROR }, { "Link is Down", RCA_FAILURE_UNREACHABLE, RCA_SEVERITY_ERROR }, { "link is not ready", RCA_FAILURE_UNREACHABLE, RCA_SEVERITY_WARN },
  { "link becomes down", RCA_FAILURE_UNREACHABLE, RCA_SEVERITY_WARN }, { "NETDEV WATCHDOG", RCA_FAILURE_UNREACHABLE, RCA_SEVERITY_ERROR }, { "SYN flooding", RCA_FAILURE_LIMIT, RCA_SEVERITY_WARN },
  { "soft lockup", RCA_FAILURE_WORKERS, RCA_SEVERITY_ERROR }, { "clock throttled", RCA_FAILURE_WORKERS, RCA_SEVERITY_WARN }, { "file-max limit", RCA_FAILURE_DESCRIPTORS, RCA_SEVERITY_ERROR },
  { "Killed process", RCA_FAILURE_MEMORY, RCA_SEVERITY_ERROR },
};

/* "[ 7081.841416] ": seconds since boot; where the text begins, 0 when it is none. */
static gsize
since_boot (RcaBytes line)
{
  gsize i = 1, digits = 0;
  if (line.n < 16 || line.p[0] != '[')
    return 0;
  while (i < line.n && line.p[i] == ' ')
    i++;
  while (i < line.n && g_ascii_isdigit (line.p[i]))
    i++, digits++;
  if (!digits || i + 8 >= line.n || line.p[i] != '.')
    return 0;
  gsize fraction = ++i;
  while (i < line.n && g_ascii_isdigit (line.p[i]))
    i++;
  return i - fraction == 6 && line.p[i] == ']' ? i + 2 : 0;
}

/* dmesg -x: "kern  :err   : " before the time; how long it is. */
static gsize
facility_and_level (RcaBytes line)
{
  static const char *const facilities[] = { "kern", "user", "daemon", "syslog", "auth" };
  for (guint i = 0; i < G_N_ELEMENTS (facilities); i++)
    if (rca_bytes_starts (line, facilities[i]) && line.n > 24 && line.p[6] == ':' && line.p[13] == ':' && line.p[15] == '[')
      return 15;
  return 0;
}

static gsize read_stamped (RcaBytes line, RcaStampContext *context, RcaStamp *stamp, gboolean *timed);

static gsize
read_head (RcaBytes line, RcaStampContext *context, RcaStamp *stamp, gboolean *timed)
{
  gsize skip = facility_and_level (line), at = read_stamped (rca_bytes_from (line, skip), context, stamp, timed);
  return at ? skip + at : 0;
}

static gsize
read_stamped (RcaBytes line, RcaStampContext *context, RcaStamp *stamp, gboolean *timed)
{
  gsize at = since_boot (line);
  *timed = FALSE;
  if (at)
    return MIN (at, line.n);
  gsize took = rca_stamp_parse (line, context, stamp);
  if (!took || took + 1 >= line.n)
    return 0;
  *timed = TRUE;
  if (line.p[0] == '[')
    return line.p[took] == ']' && g_ascii_isalpha (line.p[1]) ? MIN (took + 2, line.n) : 0; /* dmesg -T: "[Tue Nov 24 …]" */
  /* --time-format=iso: a comma, six digits and a zone, unlike any logger */
  return line.n > 26 && line.p[10] == 'T' && line.p[19] == ',' && (line.p[26] == '+' || line.p[26] == '-') ? took + 1 : 0;
}

/* Words that only a kernel says; "[date] text" alone is anybody's. */
static gboolean
is_kernel_text (RcaBytes text)
{
  static const char *const words[] = { "oom-kill", "oom_", "Killed process", "Call Trace", "EXT4-fs", "XFS (", "TCP:", "nf_conntrack", "Linux version", "Command line:", "usb ", "pci ", "ACPI", "RIP:", "link becomes", "device " };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (rca_bytes_find (text, rca_bytes_str (words[i])) >= 0)
      return TRUE;
  return FALSE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, own = 0, lines = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
    {
      RcaStamp stamp;
      gboolean timed;
      gsize at = sample->line[i].n ? read_head (sample->line[i], &context, &stamp, &timed) : 0;
      lines += sample->line[i].n > 0;
      fits += at > 0;
      own += at && (!timed || facility_and_level (sample->line[i]) || sample->line[i].p[0] != '[' || is_kernel_text (rca_bytes_from (sample->line[i], at)));
    }
  if (fits * 2 < lines || own * 8 < fits || fits == 0)
    return;
  out->score = 60 + (gint) (38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines have dmesg's time, %u in a form or with words that only a kernel has", fits, lines, own);
}

static gpointer
kernel_open (const RcaSampleLines *sample)
{
  Kernel *k = g_new0 (Kernel, 1);
  rca_stamp_context_init (&k->context, sample->mtime_ns);
  return k;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Kernel *k = state;
  RcaStamp stamp;
  gboolean timed = FALSE;
  gsize at = read_head (record, &k->context, &stamp, &timed);
  RcaBytes text = rca_bytes_from (record, at);
  if (timed)
    rca_stamp_apply (&stamp, ev);
  ev->stream = RCA_STREAM_MONITOR;
  ev->flags |= RCA_EVENT_KERNEL;
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, text);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (rca_bytes_find (text, rca_bytes_str (texts[i].needle)) >= 0)
      {
        ev->severity = texts[i].severity;
        rca_event_set_num (ev, RCA_FIELD_FAILURE, texts[i].failure);
        break;
      }
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_kernel = {
  .name = "kernel",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = kernel_open,
  .close = g_free,
  .decode = decode,
};
