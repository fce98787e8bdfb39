#include "inner-channel.h"
#include "formats/formats.h"
#include "stack-trace.h"
#include "timestamp.h"

#define MAX_SAMPLE_LINES 100 /* while learning */
#define MAX_SAMPLE_BYTES (64 * 1024)
#define MIN_STRAY_SCORE  40 /* of one line alone: above what the generic text format reaches */
#define MAX_PATIENCE     4096

/* Programs whose lines are known without a look: a few kernel lines prove nothing to a sniffer. */
static void
add_known_format (RcaChannel *channel, const char *program)
{
  static const char *const known[][2] = { { "kernel", "kernel" } };
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
  {
    const RcaFormat *format = strcmp (program, known[i][0]) == 0 ? rca_format_find (known[i][1]) : NULL;
    if (format)
      channel->decoder[channel->n_decoders++] = rca_decoder_new (format, channel->outer);
  }
}

void
rca_channel_init (RcaChannel *channel, const char *program, const RcaSampleLines *outer)
{
  *channel = (RcaChannel){ .outer = outer, .patience = 1, .scratch = g_new0 (RcaEvent, 1) };
  add_known_format (channel, program);
}

void
rca_channel_clear (RcaChannel *channel)
{
  for (guint i = 0; i < channel->n_decoders; i++)
    rca_decoder_free (channel->decoder[i]);
  if (channel->sample)
    g_string_free (channel->sample, TRUE);
  g_free (channel->scratch);
}

void
rca_channel_learn (RcaChannel *channel, RcaBytes payload)
{
  if (!channel->sample)
    channel->sample = g_string_new (NULL);
  if (channel->n_sample >= MAX_SAMPLE_LINES || channel->sample->len + payload.n > MAX_SAMPLE_BYTES)
    return;
  g_string_append_len (channel->sample, payload.p, (gssize)payload.n);
  g_string_append_c (channel->sample, '\n');
  channel->n_sample++;
}

/* Text that happens to hold a time somewhere needs no generic format, as the envelope has a
 * time; text that begins with one does: it tells which lines continue a record. */
static gboolean
begins_with_times (const RcaSampleLines *sample)
{
  guint fits = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaStamp stamp;
    fits += rca_stamp_parse (sample->line[i], NULL, &stamp) >= sizeof "00:00:00" - 1 && stamp.flags & RCA_STAMP_HAS_DATE;
  }
  return fits * 4 >= sample->n_lines;
}

/* Sniffs @text; adds a decoder behind those there are. FALSE when nothing new fits. */
static gboolean
sniff_text (RcaChannel *channel, RcaBytes text, gint at_least)
{
  RcaBytes line[MAX_SAMPLE_LINES];
  RcaSampleLines sample = *channel->outer;
  sample.line = line;
  sample.head = text;
  for (const char *p = text.p, *end = text.p + text.n; p < end && sample.n_lines < MAX_SAMPLE_LINES;)
  {
    const char *lf = memchr (p, '\n', (gsize)(end - p));
    line[sample.n_lines] = rca_bytes (p, (gsize)((lf ?: end) - p));
    p += line[sample.n_lines++].n + 1;
  }
  RcaSniff sniff;
  const RcaFormat *format = rca_sniff (&sample, &sniff);
  if (!format || format->document || sniff.score < at_least || (format == &rca_format_plain && !begins_with_times (&sample)))
    return FALSE;
  for (guint i = 0; i < channel->n_decoders; i++)
    if (rca_decoder_format (channel->decoder[i]) == format)
      return FALSE;
  if (channel->n_decoders == RCA_CHANNEL_DECODERS)
    return FALSE;
  channel->decoder[channel->n_decoders++] = rca_decoder_new (format, &sample);
  return TRUE;
}

void
rca_channel_learnt (RcaChannel *channel)
{
  if (!channel->sample)
    return;
  if (channel->n_decoders == 0)
    sniff_text (channel, rca_bytes (channel->sample->str, channel->sample->len), 1);
  g_string_free (g_steal_pointer (&channel->sample), TRUE);
}

static void
ignore_event (RcaEvent *ev, gpointer user)
{
}

/* A line that the channel's first format takes for a continuation, but another one for a record. */
static gboolean
is_of_another (RcaChannel *channel, RcaBytes payload)
{
  if (payload.n < 2 || g_ascii_isspace (payload.p[0]) || rca_stack_trace_continues (payload))
    return FALSE;
  if (channel->n_decoders < RCA_CHANNEL_DECODERS && channel->strays++ >= channel->next_stray)
  {
    channel->next_stray = channel->strays * 2;
    sniff_text (channel, payload, MIN_STRAY_SCORE);
  }
  for (guint i = 1; i < channel->n_decoders; i++)
  {
    rca_event_clear (channel->scratch);
    channel->scratch->raw = payload;
    if (rca_decoder_decode (channel->decoder[i], payload, channel->scratch, ignore_event, NULL) == RCA_DECODE_OK)
      return TRUE;
  }
  return FALSE;
}

gboolean
rca_channel_line (RcaChannel *channel, RcaBytes line, RcaLineKind *kind)
{
  if (channel->n_decoders == 0 || !rca_decoder_format (channel->decoder[0])->line)
    return FALSE;
  *kind = rca_decoder_line (channel->decoder[0], line);
  if (*kind == RCA_LINE_CONTINUES && is_of_another (channel, line))
    *kind = RCA_LINE_RECORD;
  return TRUE;
}

/* Tries the channel's formats from the first on. Their order stays: a generic one that was
 * found later would take what belongs to the first. */
static gboolean
try_decoders (RcaChannel *channel, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  for (guint i = 0; i < channel->n_decoders; i++)
  {
    rca_event_clear (ev);
    if (rca_decoder_decode (channel->decoder[i], text, ev, emit, user) != RCA_DECODE_REJECT)
      return TRUE;
  }
  return FALSE;
}

gboolean
rca_channel_decode (RcaChannel *channel, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  if (try_decoders (channel, record, ev, emit, user))
    return TRUE;
  /* sniffing costs much more than decoding: ever rarer while it brings nothing */
  if (channel->n_decoders == RCA_CHANNEL_DECODERS || channel->rejected++ < channel->next_sniff)
    return FALSE;
  channel->next_sniff = channel->rejected + channel->patience;
  channel->patience = MIN (channel->patience * 2, MAX_PATIENCE);
  if (!sniff_text (channel, record, 1) || !try_decoders (channel, record, ev, emit, user))
    return FALSE;
  channel->patience = 1;
  return TRUE;
}
