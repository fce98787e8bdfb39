/* The output of a command, again and again, each time under a line that holds a time alone:
 * ss -s, df, free, uptime, iostat -xt, /proc/pressure/…, node_exporter's text; and top -b,
 * whose own first line has the time. One such block is one record. A file of one such output
 * without any time is one record as of when the file was written. */
#include "formats.h"
#include "../timestamp.h"
#include "snapshot-block.h"

typedef struct {
  RcaStampContext context;
  RcaSample sample[RCA_SNAPSHOT_SAMPLES];
  char file[64]; /* its name tells which pressure a bare /proc/pressure file holds */
} Snapshot;

static RcaBytes
trim (RcaBytes text)
{
  while (text.n > 0 && rca_char_in (text.p[0], " \t=#-*[") && text.p[0])
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && rca_char_in (text.p[text.n - 1], " \t=#-*]:\r") && text.p[text.n - 1])
    text.n--;
  return text;
}

/* "2026-11-24T02:09:35Z", "=== Tue Nov 24 02:09:35 UTC 2026 ===", "1795480342", "top - 02:09:13 up …" */
static gboolean
begins_block (RcaBytes line, RcaStampContext *context, RcaStamp *stamp)
{
  RcaStampContext scratch = *context;
  RcaBytes text = trim (line);
  if (rca_bytes_has_prefix (line, RCA_BYTES ("top - ")))
    text = rca_bytes_from (line, 6);
  else if (text.n > 48 || text.n < 8)
    return FALSE;
  if (rca_bytes_has_prefix (text, RCA_BYTES ("time: ")) || rca_bytes_has_prefix (text, RCA_BYTES ("date: ")) || rca_bytes_has_prefix (text, RCA_BYTES ("zzz ")))
    text = rca_bytes_from (text, 4);
  while (text.n > 0 && rca_char_in (text.p[0], " *"))
    text = rca_bytes_from (text, 1);
  gsize n = rca_stamp_parse (text, &scratch, stamp);
  if (n == 0 || (n + 1 < text.n && !rca_bytes_has_prefix (line, RCA_BYTES ("top - "))))
    return FALSE;
  *context = scratch;
  return TRUE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint blocks = 0, known = 0;
  RcaStampContext context;
  RcaStamp stamp;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  g_autofree RcaSample *samples = g_new (RcaSample, RCA_SNAPSHOT_SAMPLES);
  RcaSnapshotBlock block = { .ev = ev, .sample = samples };
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    gboolean begins = begins_block (sample->line[i], &context, &stamp);
    blocks += begins;
    ev->n_samples = 0;
    known
        += (!begins || rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("top - "))) && blocks > 0 && rca_snapshot_read_line (&block, sample->line[i]) && ev->n_samples > 0;
  }
  if (blocks == 0 || known < blocks)
    return;
  out->score = 94;
  g_snprintf (out->reason, sizeof out->reason, "%u times a command's output under a time, %u lines of it known", blocks, known);
}

static gpointer
snapshot_open (const RcaSampleLines *sample)
{
  Snapshot *snapshot = g_new0 (Snapshot, 1);
  rca_stamp_context_init (&snapshot->context, sample->mtime_ns);
  const char *slash = sample->path ? strrchr (sample->path, '/') : NULL;
  g_strlcpy (snapshot->file, slash ? slash + 1 : sample->path ?: "", sizeof snapshot->file);
  return snapshot;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  const Snapshot *snapshot = state;
  RcaStampContext scratch = snapshot->context;
  RcaStamp stamp;
  if (begins_block (line, &scratch, &stamp))
    return RCA_LINE_RECORD;
  /* iostat's banner before the first block */
  return rca_bytes_has_prefix (line, RCA_BYTES ("Linux ")) ? RCA_LINE_NONE : RCA_LINE_CONTINUES;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Snapshot *snapshot = state;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes first = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  RcaSnapshotBlock block = { .ev = ev, .sample = snapshot->sample, .about = rca_bytes_str (snapshot->file) };
  RcaStamp stamp;
  if (!begins_block (first, &snapshot->context, &stamp))
  {
    for (gsize i = 0; i < record.n; i++)
      if (!g_ascii_isspace (record.p[i]))
        return RCA_DECODE_REJECT;
    return RCA_DECODE_NONE;
  }
  ev->stream = RCA_STREAM_MONITOR;
  rca_stamp_apply (&stamp, ev);
  rca_snapshot_read (&block, rca_bytes_has_prefix (record, RCA_BYTES ("top - ")) ? record : rca_bytes_from (record, first.n));
  if (ev->n_samples == 0)
    rca_snapshot_add (&block, RCA_METRIC_OTHER, rca_bytes (NULL, 0), 0);
  ev->samples = snapshot->sample;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_snapshot = {
  .name = "snapshot",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = snapshot_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};

/* Few lines, half of them known, none under a time: a look at the machine kept in a file. */
static void
sniff_file (const RcaSampleLines *sample, RcaSniff *out)
{
  guint known = 0, lines = 0;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  g_autofree RcaSample *samples = g_new (RcaSample, RCA_SNAPSHOT_SAMPLES);
  RcaSnapshotBlock block = { .ev = ev, .sample = samples };
  RcaStampContext context;
  RcaStamp stamp;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    if (begins_block (line, &context, &stamp))
      return;
    gboolean comment = line.n == 0 || line.p[0] == '#';
    lines += !comment;
    known += !comment && rca_snapshot_read_line (&block, line);
  }
  if (ev->n_samples == 0 || known == 0 || known * 10 < lines)
    return;
  out->score = 70 + (gint)(20 * known / lines);
  g_snprintf (out->reason, sizeof out->reason, "a monitoring command's output without a time, %u of its %u lines known", known, lines);
}

static RcaDecodeResult
decode_file (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Snapshot *snapshot = state;
  RcaSnapshotBlock block = { .ev = ev, .sample = snapshot->sample, .about = rca_bytes_str (snapshot->file) };
  ev->stream = RCA_STREAM_MONITOR;
  if (rca_snapshot_read (&block, record) == 0)
    return RCA_DECODE_REJECT;
  ev->samples = snapshot->sample;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_snapshot_file = {
  .name = "snapshot-file",
  .stream = RCA_STREAM_MONITOR,
  .document = TRUE,
  .sniff = sniff_file,
  .open = snapshot_open,
  .close = g_free,
  .decode = decode_file,
};
