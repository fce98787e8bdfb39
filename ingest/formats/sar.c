/* sysstat as text: sar, mpstat, pidstat ("02:09:36  all  0.00 …" under a header that begins with
 * a time, the date in the banner) and sadf -d (";" between, a header after "#"). */
#include "formats.h"
#include "../monitor-columns.h"
#include "../number.h"
#include "../timestamp.h"
#include <xxhash.h>

enum { MOST_COLUMNS = 48, MOST_SAMPLES = 64, MOST_HEADER = 1024 };

typedef struct {
  char text[MOST_HEADER];
  RcaBytes name[MOST_COLUMNS];
  guint n;
  gboolean used;
} Header;

typedef struct {
  RcaStampContext context;
  gboolean csv;
  gboolean epoch;   /* pidstat -H: seconds since 1970 */
  Header header[2]; /* a line is asked about before the record above it is decoded: that one's header is kept */
  guint newest;
  guint64 last_row[2]; /* hashes of the last rows asked about, and their headers */
  guint last_header[2];
  char date[24]; /* of the banner */
  char host[128];
  gsize host_n;
  char joined[64];
  RcaSample sample[MOST_SAMPLES];
} Sar;

static guint
split_csv (RcaBytes line, RcaBytes *word)
{
  guint n = 0;
  gsize from = 0;
  for (gsize i = 0; i <= line.n && n < MOST_COLUMNS; i++)
    if (i == line.n || line.p[i] == ';')
    {
      word[n++] = rca_bytes (line.p + from, i - from);
      from = i + 1;
    }
  return n;
}

static gboolean
is_csv_header (RcaBytes line)
{
  return rca_bytes_has_prefix (line, RCA_BYTES ("# hostname;interval;timestamp"));
}

/* "Linux 6.18.44 (vm) \t11/24/26 \t_x86_64_\t(2 CPU)" */
static gboolean
is_banner (RcaBytes line)
{
  return rca_bytes_has_prefix (line, RCA_BYTES ("Linux ")) && rca_bytes_find (line, RCA_BYTES (" CPU)")) > 0;
}

static gboolean
is_clock (RcaBytes word)
{
  return word.n == 8 && word.p[2] == ':' && word.p[5] == ':' && g_ascii_isdigit (word.p[0]);
}

/* pidstat -H: seconds since 1970 */
static gboolean
is_epoch (RcaBytes word)
{
  gint64 ignored;
  return word.n == 10 && rca_stamp_parse_epoch (word, &ignored);
}

static gboolean
is_half (RcaBytes word)
{
  return word.n == 2 && (word.p[1] | 32) == 'm' && ((word.p[0] | 32) == 'a' || (word.p[0] | 32) == 'p');
}

/* Under a time, names; none of them a number. */
static gboolean
is_header (RcaBytes line)
{
  RcaBytes word[MOST_COLUMNS];
  guint n = rca_monitor_words (line, word, MOST_COLUMNS), names = 0, first = 1;
  double ignored;
  if (n < 3)
    return FALSE;
  if (word[0].p[0] == '#' && rca_bytes_equal (word[1], RCA_BYTES ("Time")))
    return TRUE; /* pidstat -h, -H */
  if (!is_clock (word[0]) && !is_epoch (word[0]))
    return FALSE;
  if (is_half (word[1]))
    first = 2;
  for (guint i = first; i < n; i++)
  {
    if (rca_parse_double (word[i], &ignored))
      return FALSE;
    names += memchr (word[i].p, '%', word[i].n) || memchr (word[i].p, '/', word[i].n) || memchr (word[i].p, '-', word[i].n) || g_ascii_isupper (word[i].p[0])
             || rca_bytes_has_prefix (word[i], RCA_BYTES ("kb")) || rca_bytes_has_suffix (word[i], RCA_BYTES ("sck"));
  }
  return names * 2 >= n - first;
}

static void
learn_header (Sar *sar, RcaBytes line)
{
  if (sar->header[sar->newest].used)
    sar->newest ^= 1;
  Header *header = &sar->header[sar->newest];
  gsize n = MIN (line.n, sizeof header->text);
  memcpy (header->text, line.p, n);
  header->used = FALSE;
  RcaBytes copy = rca_bytes (header->text, n), word[MOST_COLUMNS];
  if (sar->csv)
  {
    header->n = split_csv (rca_bytes_from (copy, 2), header->name);
    return;
  }
  guint words = rca_monitor_words (copy, word, MOST_COLUMNS), first = word[0].p[0] == '#' ? 2 : is_half (word[1]) ? 2 : 1;
  sar->epoch = word[0].p[0] == '#' || is_epoch (word[0]);
  header->n = 0;
  for (guint i = first; i < words; i++)
    header->name[header->n++] = word[i];
}

static void
learn_banner (Sar *sar, RcaBytes line)
{
  const char *open = memchr (line.p, '(', line.n), *close = open ? memchr (open, ')', line.n - (gsize)(open - line.p)) : NULL;
  RcaBytes word[8];
  if (!close)
    return;
  sar->host_n = MIN ((gsize)(close - open - 1), sizeof sar->host);
  memcpy (sar->host, open + 1, sar->host_n);
  if (rca_monitor_words (rca_bytes_from (line, (gsize)(close + 1 - line.p)), word, 8) > 0)
    g_snprintf (sar->date, sizeof sar->date, "%.*s", (int)MIN (word[0].n, 20), word[0].p);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  gboolean banner = FALSE;
  for (guint i = 0; i < sample->n_lines && i < 30; i++)
  {
    banner |= is_banner (sample->line[i]);
    if (is_csv_header (sample->line[i]))
      g_strlcpy (out->reason, "sadf -d names its columns", sizeof out->reason);
    else if (banner && is_header (sample->line[i]))
      g_strlcpy (out->reason, "sysstat's banner and columns under a time", sizeof out->reason);
    else
      continue;
    out->score = 97;
    return;
  }
}

static gpointer
sar_open (const RcaSampleLines *sample)
{
  Sar *sar = g_new0 (Sar, 1);
  rca_stamp_context_init (&sar->context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && !sar->csv; i++)
    sar->csv = is_csv_header (sample->line[i]);
  return sar;
}

static RcaLineKind
row (Sar *sar, RcaBytes line)
{
  guint64 hash = XXH3_64bits (line.p, line.n);
  sar->header[sar->newest].used = TRUE;
  if (hash != sar->last_row[1])
  {
    sar->last_row[0] = sar->last_row[1];
    sar->last_header[0] = sar->last_header[1];
  }
  sar->last_row[1] = hash;
  sar->last_header[1] = sar->newest;
  return RCA_LINE_RECORD;
}

static const Header *
header_of (const Sar *sar, RcaBytes line)
{
  guint64 hash = XXH3_64bits (line.p, line.n);
  for (guint i = 2; i-- > 0;)
    if (sar->last_row[i] == hash)
      return &sar->header[sar->last_header[i]];
  return &sar->header[sar->newest];
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  Sar *sar = state;
  if (sar->csv)
  {
    if (is_csv_header (line))
      learn_header (sar, line);
    return line.n == 0 || line.p[0] == '#' || rca_bytes_find (line, RCA_BYTES (";LINUX-RESTART")) > 0 ? RCA_LINE_NONE : row (sar, line);
  }
  if (is_banner (line))
    learn_banner (sar, line);
  else if (is_header (line))
    learn_header (sar, line);
  else if (line.n > 0 && !rca_bytes_has_prefix (line, RCA_BYTES ("Average:")) && rca_bytes_find (line, RCA_BYTES ("LINUX RESTART")) < 0)
    return row (sar, line);
  return RCA_LINE_NONE;
}

static gboolean
read_csv (Sar *sar, RcaBytes record, RcaEvent *ev)
{
  RcaBytes word[MOST_COLUMNS];
  RcaStamp stamp;
  gint64 epoch;
  guint n = split_csv (record, word);
  const Header *header = header_of (sar, record);
  if (n < 4 || n > header->n)
    return FALSE;
  if (rca_stamp_parse_epoch (word[2], &epoch))
    ev->time_ns = epoch;
  else if (rca_stamp_parse (word[2], &sar->context, &stamp) > 0)
    rca_stamp_apply (&stamp, ev);
  else
    return FALSE;
  rca_event_set_str (ev, RCA_FIELD_HOST, word[0]);
  ev->n_samples = rca_monitor_columns (header->name + 3, word + 3, n - 3, sar->sample, MOST_SAMPLES);
  return TRUE;
}

static gboolean
read_row (Sar *sar, RcaBytes record, RcaEvent *ev)
{
  RcaBytes word[MOST_COLUMNS];
  RcaStamp stamp;
  guint n = rca_monitor_words (record, word, MOST_COLUMNS), first = 1;
  const Header *header = header_of (sar, record);
  if (n < 2 || header->n == 0)
    return FALSE;
  if (n > 2 && is_half (word[1]))
    first = 2;
  if (sar->epoch && rca_stamp_parse_epoch (word[0], &ev->time_ns))
    ;
  else if (is_clock (word[0]))
  {
    int length = g_snprintf (sar->joined, sizeof sar->joined, "%s %.*s%s%.*s", sar->date, (int)word[0].n, word[0].p, first == 2 ? " " : "", first == 2 ? 2 : 0,
                             first == 2 ? word[1].p : "");
    if (rca_stamp_parse (rca_bytes (sar->joined, (gsize)length), &sar->context, &stamp) == 0)
      return FALSE;
    rca_stamp_apply (&stamp, ev);
  }
  else
    return FALSE;
  rca_event_set_str (ev, RCA_FIELD_HOST, rca_bytes (sar->host, sar->host_n));
  ev->n_samples = rca_monitor_columns (header->name, word + first, MIN (n - first, header->n), sar->sample, MOST_SAMPLES);
  return TRUE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Sar *sar = state;
  ev->stream = RCA_STREAM_MONITOR;
  if (sar->csv ? !read_csv (sar, record, ev) : !read_row (sar, record, ev))
    return RCA_DECODE_REJECT;
  ev->samples = sar->sample;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_sar = {
  .name = "sar",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = sar_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
