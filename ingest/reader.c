/* Reads a source whole: its parts oldest first, each sniffed, framed and decoded. */
#include "binary.h"
#include "bisect.h"
#include "classify.h"
#include "part.h"
#include "tally.h"

#define SHOWN_BYTES 200

typedef struct {
  RcaSource *source;
  const RcaReadOptions *options;
  RcaSourceEmit emit;
  gpointer user;
  RcaTally *tally;
  guint part;
  RcaSourcePart *at;    /* that part */
  guint64 emitted, seen; /* events that count; with those outside of the part's range */
  gboolean truncated;    /* the record at hand */
  const RcaRecord *verbatim; /* the record at hand, where its bytes stand in a plain file as they are; else NULL */
  gboolean plain;        /* the part at hand is a plain file */
  const char *reason; /* why the format is what it is, by the first part read */
  RcaSniff sniff;     /* holds it */
  GString *why;       /* what else is to be said of the parts */
  gint64 stop_ns; /* records beyond it matter no more, in a part that is in order; RCA_TIME_NONE */
  guint beyond;   /* how many of them came in a row */
} Reading;

#define ENOUGH_BEYOND 1000

static void
add_problem (RcaSource *source, char *problem)
{
  g_ptr_array_add (source->problems, problem);
}

/* Whether what begins at @offset counts; else it is read for what the decoder learns from it. */
static gboolean
in_range (Reading *reading, guint64 offset, guint64 line)
{
  RcaSourcePart *part = reading->at;
  if (offset >= part->range.until && offset < part->found.next)
  {
    part->found.next = offset;
    part->found.next_lines = line - 1;
  }
  gboolean inside = offset >= part->range.from && offset < part->range.until;
  if (inside && part->found.first == G_MAXUINT64)
  {
    part->found.first = offset;
    part->found.first_lines = line - 1;
  }
  return inside;
}

static gboolean
is_wanted (Reading *reading, const RcaEvent *ev)
{
  gint64 newer = reading->at->range.newer_than_ns;
  return in_range (reading, ev->offset, ev->line) && (newer == G_MININT64 || ev->time_ns > newer);
}

/* A decoder may have narrowed @ev->raw, or put other bytes there. */
static guint64
raw_offset (const RcaRecord *record, const RcaEvent *ev)
{
  if (!record || ev->raw.p < record->text.p || ev->raw.p + ev->raw.n > record->text.p + record->text.n)
    return G_MAXUINT64;
  return record->offset + (guint64)(ev->raw.p - record->text.p);
}

static void
pass_on (RcaEvent *ev, gpointer user)
{
  Reading *reading = user;
  reading->seen++;
  if (!is_wanted (reading, ev))
    return;
  if (reading->truncated)
    ev->flags |= RCA_EVENT_TRUNCATED;
  ev->raw_offset = raw_offset (reading->verbatim, ev);
  rca_classify_event (ev);
  rca_tally_event (reading->tally, ev);
  if (reading->stop_ns != RCA_TIME_NONE && ev->time_ns != RCA_TIME_NONE)
    reading->beyond = ev->time_ns > reading->stop_ns ? reading->beyond + 1 : 0;
  reading->emitted++;
  if (reading->emit)
    reading->emit (reading->source, reading->part, ev, reading->user);
}

static void
remember_rejected (RcaSource *source, RcaBytes text)
{
  if (source->first_rejected)
    return;
  const char *lf = memchr (text.p, '\n', text.n);
  gsize n = MIN (lf ? (gsize)(lf - text.p) : text.n, SHOWN_BYTES);
  source->first_rejected = g_utf8_make_valid (text.p, (gssize)n);
}

/* Kept as text: whatever the decoder put into @ev is dropped. */
static void
reject (Reading *reading, RcaEvent *ev, RcaBytes text)
{
  RcaSource *source = reading->source;
  rca_event_clear (ev);
  gboolean counts = is_wanted (reading, ev);
  source->records += counts;
  source->rejected += counts;
  if (counts)
    remember_rejected (source, text);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, text);
  pass_on (ev, reading);
}

static void
decode_record (Reading *reading, RcaDecoder *decoder, const RcaRecord *record, RcaEvent *ev)
{
  RcaSource *source = reading->source;
  rca_event_clear (ev);
  ev->line = record->line;
  ev->offset = record->offset;
  ev->raw = record->text;
  reading->truncated = record->truncated;
  reading->verbatim = reading->plain && record->verbatim ? record : NULL;
  guint64 before = reading->emitted, seen = reading->seen;
  RcaDecodeResult result = decoder ? rca_decoder_decode (decoder, record->text, ev, pass_on, reading) : RCA_DECODE_REJECT;
  guint64 events = reading->emitted - before;
  if (result == RCA_DECODE_OK && seen == reading->seen)
    events = in_range (reading, record->offset, record->line);
  source->records += events;
  source->parsed += events;
  if (result == RCA_DECODE_REJECT)
  {
    ev->line = record->line;
    ev->offset = record->offset;
    ev->raw = record->text;
    reject (reading, ev, record->text);
  }
}

static void
flush_decoder (Reading *reading, RcaDecoder *decoder, RcaEvent *ev)
{
  guint64 before = reading->emitted;
  rca_event_clear (ev);
  reading->truncated = FALSE;
  reading->verbatim = NULL;
  rca_decoder_flush (decoder, ev, pass_on, reading);
  reading->source->records += reading->emitted - before;
  reading->source->parsed += reading->emitted - before;
}

static gboolean
is_cancelled (const RcaReadOptions *options)
{
  return options && options->cancelled && g_atomic_int_get (options->cancelled);
}

static gboolean
has_left (const Reading *reading)
{
  return reading->at->range.leave && reading->at->found.next != G_MAXUINT64;
}

static void
read_records (Reading *reading, RcaFramer *framer, RcaDecoder *decoder)
{
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  RcaRecord record;
  if (decoder && rca_decoder_format (decoder)->document)
  {
    if (rca_framer_slurp (framer, &record))
      decode_record (reading, decoder, &record, ev);
  }
  else
    while (reading->beyond < ENOUGH_BEYOND && !has_left (reading) && !is_cancelled (reading->options) && rca_framer_next (framer, decoder, &record))
      decode_record (reading, decoder, &record, ev);
  if (decoder)
    flush_decoder (reading, decoder, ev);
}

static void
note_format (Reading *reading, const RcaFormat *format, const RcaSniff *sniff, const char *name)
{
  RcaSource *source = reading->source;
  if (source->score == 0)
  {
    source->score = sniff->score;
    source->next_score = sniff->next_score;
    source->next_format = sniff->next;
  }
  if (!source->format && format)
    source->format = format;
  if (!reading->reason)
  {
    reading->sniff = *sniff;
    reading->reason = format ? reading->sniff.reason : "no known format fits; kept as text";
  }
  else if (format != source->format)
    g_string_append_printf (reading->why, "; %s is %s", name, format ? format->name : "of no known format, kept as text");
}

static void
add_damage (Reading *reading, const RcaFramer *framer)
{
  const GError *damage = rca_framer_error (framer);
  if (damage)
    add_problem (reading->source,
                 g_strdup_printf ("%s; what stands before it (%" G_GUINT64_FORMAT " lines) was read", damage->message, rca_framer_counts (framer)->lines));
}

static void
add_counts (RcaSource *source, RcaSourcePart *part, const RcaFramer *framer)
{
  const RcaFramerCounts *counts = rca_framer_counts (framer);
  part->found.end = rca_framer_offset (framer);
  part->found.lines = rca_framer_line (framer);
  guint64 last = MIN (part->found.next_lines, part->found.lines);
  /* a part that is entered by time counts what was read of it */
  source->lines += part->range.leave ? counts->lines : part->range.from || part->range.until != G_MAXUINT64 ? last - MIN (part->range.lines_before, last) : counts->lines;
  source->blank += counts->blank;
  source->truncated += counts->truncated;
}

static gboolean
has_window (const Reading *reading)
{
  return reading->options && (reading->options->from_ns != RCA_TIME_NONE || reading->options->to_ns != RCA_TIME_NONE);
}

static void
enter (Reading *reading, RcaOpenedPart *opened, const RcaPlace *place)
{
  RcaSourcePart *part = g_ptr_array_index (reading->source->parts, reading->part);
  gboolean later = reading->options->lines_later;
  guint64 before = later ? 0 : rca_count_lines (part->path, place->offset);
  if (!rca_framer_seek (opened->framer, place->offset, before + 1))
    return;
  part->skipped_bytes = later ? place->offset : 0;
  g_string_append_printf (reading->why, "; %s is read from byte %" G_GUINT64_FORMAT " on, where the window begins", opened->name, place->offset);
}

/* In a large file that is in order, goes to where the window begins and says where to stop. */
static void
go_to_window (Reading *reading, RcaOpenedPart *opened, const RcaFormat *format)
{
  RcaPlace place;
  RcaSourcePart *part = g_ptr_array_index (reading->source->parts, reading->part);
  reading->stop_ns = RCA_TIME_NONE;
  reading->beyond = 0;
  part->skipped_bytes = 0;
  if (!has_window (reading) || !rca_input_is_plain (opened->input) || !rca_bisect (part->path, format, &opened->sample, reading->options->from_ns, reading->options->to_ns, &place))
    return;
  if (place.offset > 0)
    enter (reading, opened, &place);
  reading->stop_ns = place.stop_ns;
  rca_tally_time (reading->tally, place.first_ns);
  rca_tally_time (reading->tally, place.last_ns);
}

static void
pass_bytes (guint64 offset, RcaBytes bytes, gpointer user)
{
  Reading *reading = user;
  reading->options->tap (reading->source, reading->part, offset, bytes, reading->user);
}

static void
decode_part (Reading *reading, RcaOpenedPart *opened, const RcaFormat *format)
{
  RcaSource *source = reading->source;
  g_autoptr (RcaDecoder) decoder = format ? rca_decoder_new (format, &opened->sample) : NULL;
  reading->at->found.document = format && format->document;
  if (reading->at->range.enter && !reading->at->found.document)
    rca_framer_seek (opened->framer, reading->at->range.enter, reading->at->range.enter_lines + 1);
  if (reading->at->range.leave)
    rca_framer_count_only (opened->framer, reading->at->range.from, reading->at->range.until);
  if (format)
    go_to_window (reading, opened, format);
  if (reading->options && reading->options->tap)
    rca_framer_tap (opened->framer, pass_bytes, reading);
  read_records (reading, opened->framer, decoder);
  if (!decoder || format != source->format)
    return;
  g_free (source->columns);
  source->columns = rca_decoder_describe (decoder);
}

/* Reads one part. FALSE when it is empty or nothing could be read. */
static gboolean
read_part (Reading *reading, guint index)
{
  g_auto (RcaOpenedPart) opened = { 0 };
  g_autoptr (GError) error = NULL;
  RcaSniff sniff = { 0 };
  reading->at = g_ptr_array_index (reading->source->parts, index);
  reading->at->found = (RcaPartEnd){ .next = G_MAXUINT64, .next_lines = G_MAXUINT64, .first = G_MAXUINT64, .first_lines = G_MAXUINT64 };
  if (!rca_part_open (reading->source, index, reading->options, &opened, &error))
  {
    add_problem (reading->source, g_strdup (error->message));
    return FALSE;
  }
  if (reading->options && reading->options->progress)
    rca_input_count (opened.input, &reading->options->progress->done);
  RcaBytes head = opened.sample.head;
  gboolean usable = head.n > 0;
  const RcaFormat *format = usable ? rca_part_format (reading->source, index, reading->options, &opened.sample, &sniff) : NULL;
  if (usable && !format && rca_binary_looks_so (head))
  {
    add_problem (reading->source, g_strdup_printf ("%s: %s", opened.name, rca_binary_kind (head) ?: "binary, no text and no known format"));
    usable = FALSE;
  }
  if (usable)
  {
    reading->part = index;
    reading->plain = rca_input_is_plain (opened.input);
    note_format (reading, format, &sniff, opened.name);
    decode_part (reading, &opened, format);
  }
  reading->at->found.encoding = rca_input_encoding (opened.input, &reading->at->found.mark, &reading->at->found.lossy);
  add_damage (reading, opened.framer);
  add_counts (reading->source, reading->at, opened.framer);
  return usable;
}

static gboolean
is_time (gint64 time_ns)
{
  return time_ns != RCA_TIME_NONE && time_ns != G_MAXINT64;
}

/* A rotated part that ends (where the next one begins) before the window or begins after it is not read. */
static gboolean
lies_outside (Reading *reading, const gint64 *first_ns, guint i)
{
  const RcaReadOptions *options = reading->options;
  if (!has_window (reading) || !is_time (first_ns[i]))
    return FALSE;
  gboolean is_last = i + 1 == reading->source->parts->len;
  gboolean before = options->from_ns != RCA_TIME_NONE && !is_last && is_time (first_ns[i + 1]) && first_ns[i + 1] < options->from_ns - RCA_ZONELESS_LATE_NS;
  gboolean after = options->to_ns != RCA_TIME_NONE && first_ns[i] > options->to_ns + RCA_ZONELESS_LATE_NS;
  if (!before && !after)
    return FALSE;
  g_string_append_printf (reading->why, "; %s lies outside the window", ((RcaSourcePart *)reading->source->parts->pdata[i])->path);
  rca_tally_time (reading->tally, first_ns[i]);
  return TRUE;
}

void
rca_source_reset (RcaSource *source)
{
  source->format = NULL;
  source->lines = source->blank = source->records = source->parsed = source->rejected = source->truncated = 0;
  source->first_ns = source->last_ns = RCA_TIME_NONE;
  source->zone_known = TRUE;
  source->score = source->next_score = 0;
  source->next_format = NULL;
  source->present = 0;
  source->http_5xx = source->errors = source->slow = source->changes = source->samples = 0;
  g_clear_pointer (&source->first_rejected, g_free);
  g_clear_pointer (&source->columns, g_free);
  g_clear_pointer (&source->why, g_free);
  g_ptr_array_set_size (source->problems, 0);
}

gboolean
rca_source_read (RcaSource *source, const RcaReadOptions *options, RcaSourceEmit emit, gpointer user)
{
  gboolean usable = FALSE;
  rca_source_reset (source);
  g_autoptr (RcaTally) own = options && options->tally ? NULL : rca_tally_new (source);
  RcaTally *tally = own ?: options->tally;
  g_autoptr (GString) why = g_string_new (NULL);
  Reading reading = { .source = source, .options = options, .emit = emit, .user = user, .tally = tally, .why = why, .stop_ns = RCA_TIME_NONE };
  g_autofree gint64 *first_ns = g_new0 (gint64, source->parts->len);
  if (source->parts->len > 1)
    rca_parts_survey (source, options, first_ns, &reading.sniff);
  for (guint i = 0; i < source->parts->len; i++)
    if (source->parts->len > 1 && lies_outside (&reading, first_ns, i))
      usable = TRUE;
    else
      usable |= read_part (&reading, i);
  if (own)
    rca_tally_finish (own);
  if (source->truncated)
    g_string_append_printf (reading.why, "; %" G_GUINT64_FORMAT " lines longer than 1 MiB were cut", source->truncated);
  if (!usable && source->problems->len == 0)
    g_string_append (reading.why, "empty");
  source->why = g_strconcat (reading.reason ? reading.reason : reading.sniff.reason, reading.why->str, NULL);
  return usable;
}
