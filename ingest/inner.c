#include "bounds.h"
#include "inner.h"
#include "app-record.h"
#include "inner-channel.h"
#include "program.h"
#include "severity.h"
#include "text-fields.h"
#include "trace-lines.h"
#include <xxhash.h>

#define MAX_CHANNELS   RCA_BOUND_CHANNELS /* programs beyond share one channel */
#define N_HELD         RCA_BOUND_HELD
#define MAX_HELD_BYTES RCA_BOUND_HELD_BYTES

/* A record being put together. */
typedef struct {
  gboolean open;
  gboolean partial; /* its last line goes on */
  gint64 pid;
  RcaEnvelope envelope; /* bytes below */
  GString *text, *raw, *names;
  guint64 line, offset;
  gsize last_line; /* where the text's last line begins */
  RcaTraceState trace;
} Held;

typedef struct {
  char *program;
  RcaBytes key;
  RcaChannel formats;
  Held held[N_HELD];
  guint n_held, evict;
} Channel;

struct RcaInner {
  GHashTable *channels; /* RcaBytes* → Channel */
  GPtrArray *order;
  Channel *last;
  RcaSampleLines outer; /* without lines; path and conf are owned */
  RcaArena *arena;      /* of the text at hand */
  RcaAppSource source;
  RcaAppRecord record;
};

static guint
hash_bytes (gconstpointer key)
{
  const RcaBytes *bytes = key;
  return (guint)XXH3_64bits (bytes->p, bytes->n);
}

static gboolean
equal_bytes (gconstpointer a, gconstpointer b)
{
  return rca_bytes_equal (*(const RcaBytes *)a, *(const RcaBytes *)b);
}

static void
channel_free (gpointer data)
{
  Channel *channel = data;
  rca_channel_clear (&channel->formats);
  for (guint i = 0; i < channel->n_held; i++)
  {
    g_string_free (channel->held[i].text, TRUE);
    g_string_free (channel->held[i].raw, TRUE);
    g_string_free (channel->held[i].names, TRUE);
  }
  g_free (channel->program);
  g_free (channel);
}

RcaInner *
rca_inner_new (const RcaSampleLines *outer)
{
  RcaInner *inner = g_new0 (RcaInner, 1);
  inner->channels = g_hash_table_new (hash_bytes, equal_bytes);
  inner->order = g_ptr_array_new_with_free_func (channel_free);
  inner->outer = (RcaSampleLines){ .path = g_strdup (outer->path), .conf = g_strdup (outer->conf), .mtime_ns = outer->mtime_ns, .formats = outer->formats };
  inner->arena = rca_arena_new ();
  rca_app_source_init (&inner->source, outer->mtime_ns);
  return inner;
}

void
rca_inner_free (RcaInner *inner)
{
  if (!inner)
    return;
  g_hash_table_unref (inner->channels);
  g_ptr_array_unref (inner->order);
  rca_app_source_clear (&inner->source);
  rca_arena_free (inner->arena);
  g_free ((char *)inner->outer.path);
  g_free ((char *)inner->outer.conf);
  g_free (inner);
}

static Channel *
channel_of (RcaInner *inner, RcaBytes program)
{
  if (inner->last && rca_bytes_equal (inner->last->key, program))
    return inner->last;
  if (inner->order->len >= MAX_CHANNELS && !g_hash_table_contains (inner->channels, &program))
    program = RCA_BYTES ("");
  Channel *channel = g_hash_table_lookup (inner->channels, &program);
  if (!channel)
  {
    channel = g_new0 (Channel, 1);
    channel->program = g_strndup (program.p ?: "", program.n);
    channel->key = rca_bytes (channel->program, program.n);
    g_hash_table_insert (inner->channels, &channel->key, channel);
    g_ptr_array_add (inner->order, channel);
    rca_channel_init (&channel->formats, channel->program, &inner->outer);
  }
  return inner->last = channel;
}

void
rca_inner_learn (RcaInner *inner, RcaBytes program, RcaBytes payload)
{
  rca_channel_learn (&channel_of (inner, program)->formats, payload);
}

void
rca_inner_learnt (RcaInner *inner)
{
  for (guint i = 0; i < inner->order->len; i++)
    rca_channel_learnt (&((Channel *)inner->order->pdata[i])->formats);
}

gboolean
rca_inner_has_format (RcaInner *inner, RcaBytes program)
{
  return channel_of (inner, program)->formats.n_decoders > 0;
}

typedef struct {
  const RcaEnvelope *envelope;
  RcaEmit emit;
  gpointer user;
} Emission;

static void
emit_inner (RcaEvent *ev, gpointer user)
{
  const Emission *emission = user;
  rca_envelope_apply (emission->envelope, ev);
  emission->emit (ev, emission->user);
}

/* An application's text without a format of its own still names exceptions, requests, durations. */
static void
read_app_text (RcaInner *inner, const RcaEnvelope *envelope, RcaBytes text, RcaEvent *ev)
{
  rca_arena_reset (inner->arena);
  ev->time_ns = envelope->time_ns;
  ev->flags |= envelope->flags;
  ev->severity = envelope->severity;
  rca_app_record_begin (&inner->record, ev, inner->arena, &inner->source);
  rca_text_fields (&inner->record, text);
  rca_app_record_end (&inner->record);
}

static void
emit_text (RcaInner *inner, const RcaEnvelope *envelope, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_event_clear (ev);
  ev->stream = envelope->stream;
  gboolean read = rca_program_read (envelope->program, text, ev);
  rca_event_set_str (ev, RCA_FIELD_SERVICE, envelope->subject);
  if (!read && (envelope->stream == RCA_STREAM_APP || envelope->stream == RCA_STREAM_ACCESS))
    read_app_text (inner, envelope, text, ev);
  if (!rca_event_has (ev, RCA_FIELD_MESSAGE))
    rca_event_set_str (ev, RCA_FIELD_MESSAGE, text);
  if (ev->severity == RCA_SEVERITY_NONE && envelope->severity == RCA_SEVERITY_NONE)
    ev->severity = rca_severity_find (text);
  rca_envelope_apply (envelope, ev);
  emit (ev, user);
}

static void
decode_text (RcaInner *inner, Channel *channel, const RcaEnvelope *envelope, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Emission emission = { envelope, emit, user };
  if (!rca_channel_decode (&channel->formats, text, ev, emit_inner, &emission))
    emit_text (inner, envelope, text, ev, emit, user);
}

static void
release (RcaInner *inner, Channel *channel, Held *held, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  if (!held->open)
    return;
  held->open = held->partial = FALSE;
  ev->line = held->line;
  ev->offset = held->offset;
  ev->raw = rca_bytes (held->raw->str, held->raw->len);
  decode_text (inner, channel, &held->envelope, rca_bytes (held->text->str, held->text->len), ev, emit, user);
}

/* The slot of @pid; one that is in use by another is released when all are. */
static Held *
held_of (RcaInner *inner, Channel *channel, gint64 pid, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Held *held = NULL;
  for (guint i = 0; i < channel->n_held && !held; i++)
    if (channel->held[i].pid == pid)
      held = &channel->held[i];
  if (held)
    return held;
  if (channel->n_held < N_HELD)
  {
    held = &channel->held[channel->n_held++];
    held->text = g_string_new (NULL);
    held->raw = g_string_new (NULL);
    held->names = g_string_new (NULL);
  }
  else
  {
    held = &channel->held[channel->evict++ % N_HELD];
    release (inner, channel, held, ev, emit, user);
  }
  held->pid = pid;
  return held;
}

static void
keep_envelope (Held *held, const RcaEnvelope *envelope)
{
  RcaEnvelope *kept = &held->envelope;
  g_string_truncate (held->names, 0);
  g_string_append_len (held->names, envelope->program.p, (gssize)envelope->program.n);
  g_string_append_len (held->names, envelope->host.p, (gssize)envelope->host.n);
  g_string_append_len (held->names, envelope->instance.p, (gssize)envelope->instance.n);
  g_string_append_len (held->names, envelope->subject.p, (gssize)envelope->subject.n);
  *kept = *envelope;
  kept->program.p = held->names->str;
  kept->host.p = kept->program.p + kept->program.n;
  kept->instance.p = kept->host.p + kept->host.n;
  kept->subject.p = kept->instance.p + kept->instance.n;
}

static void
hold (Held *held, const RcaEnvelope *envelope, RcaBytes payload, guint64 line, guint64 offset, RcaBytes raw)
{
  held->open = TRUE;
  held->line = line;
  held->offset = offset;
  held->last_line = 0;
  g_string_truncate (held->text, 0);
  g_string_truncate (held->raw, 0);
  g_string_append_len (held->text, payload.p, (gssize)payload.n);
  g_string_append_len (held->raw, raw.p, (gssize)raw.n);
  keep_envelope (held, envelope);
}

static void
hold_more (Held *held, const char *separator, RcaBytes payload, RcaBytes raw)
{
  if (*separator)
    held->last_line = held->text->len + 1;
  if (held->text->len + payload.n > MAX_HELD_BYTES || held->raw->len + raw.n > 2 * MAX_HELD_BYTES)
    return;
  g_string_append (held->text, separator);
  g_string_append_len (held->text, payload.p, (gssize)payload.n);
  if (raw.n == 0)
    return; /* a further line out of the same bytes */
  g_string_append_c (held->raw, '\n');
  g_string_append_len (held->raw, raw.p, (gssize)raw.n);
}

static RcaLineKind
kind_of (Channel *channel, Held *held, const RcaEnvelope *envelope, RcaBytes payload)
{
  RcaLineKind kind;
  if (rca_bytes_has_prefix (payload, RCA_BYTES ("{\"")))
    return RCA_LINE_RECORD; /* JSON between lines of text: no format would say that it continues one */
  if (rca_channel_line (&channel->formats, payload, &kind))
    return kind;
  /* a format that does not group lines still may print a trace between its records */
  return envelope->stream == RCA_STREAM_MONITOR ? RCA_LINE_RECORD : rca_trace_line (&held->trace, payload);
}

static gboolean
is_blank (RcaBytes text)
{
  for (gsize i = 0; i < text.n; i++)
    if (!g_ascii_isspace (text.p[i]))
      return FALSE;
  return TRUE;
}

RcaDecodeResult
rca_inner_decode (RcaInner *inner, const RcaEnvelope *envelope, RcaPiece piece, RcaBytes payload, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Channel *channel = channel_of (inner, envelope->program);
  guint64 line = ev->line, offset = ev->offset;
  RcaBytes raw = ev->raw;
  Held *held = held_of (inner, channel, envelope->pid, ev, emit, user);
  if (held->open && held->partial)
  {
    hold_more (held, "", payload, raw);
    held->partial = piece == RCA_PIECE_PARTIAL;
    return RCA_DECODE_NONE;
  }
  if (is_blank (payload) && piece == RCA_PIECE_WHOLE)
    return RCA_DECODE_NONE;
  RcaLineKind kind = piece == RCA_PIECE_CONTINUES ? RCA_LINE_CONTINUES : kind_of (channel, held, envelope, payload);
  if (kind == RCA_LINE_CONTINUES && held->open)
  {
    hold_more (held, "\n", payload, raw);
    held->partial = piece == RCA_PIECE_PARTIAL;
    return RCA_DECODE_NONE;
  }
  release (inner, channel, held, ev, emit, user);
  hold (held, envelope, payload, line, offset, raw);
  held->partial = piece == RCA_PIECE_PARTIAL;
  return RCA_DECODE_NONE;
}

RcaDecodeResult
rca_inner_decode_lines (RcaInner *inner, const RcaEnvelope *envelope, RcaBytes payload, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaPiece piece = RCA_PIECE_WHOLE;
  if (!payload.p)
    return RCA_DECODE_NONE;
  guint64 line = ev->line, offset = ev->offset;
  RcaBytes raw = ev->raw;
  while (payload.n && (payload.p[payload.n - 1] == '\n' || payload.p[payload.n - 1] == '\r'))
    payload.n--;
  do
  {
    const char *lf = memchr (payload.p, '\n', payload.n);
    gsize n = lf ? (gsize)(lf - payload.p) : payload.n;
    ev->line = line;
    ev->offset = offset;
    ev->raw = piece == RCA_PIECE_WHOLE ? raw : rca_bytes (raw.p, 0);
    rca_inner_decode (inner, envelope, piece, rca_bytes (payload.p, n), ev, emit, user);
    piece = RCA_PIECE_CONTINUES;
    payload = rca_bytes_from (payload, n + 1);
  } while (payload.n);
  return RCA_DECODE_NONE;
}

void
rca_inner_flush (RcaInner *inner, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  for (guint i = 0; i < inner->order->len; i++)
  {
    Channel *channel = inner->order->pdata[i];
    for (guint j = 0; j < channel->n_held; j++)
      release (inner, channel, &channel->held[j], ev, emit, user);
  }
}

char *
rca_inner_describe (RcaInner *inner)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < inner->order->len && i < 20; i++)
  {
    Channel *channel = inner->order->pdata[i];
    g_string_append_printf (text, "%s%s: ", text->len ? "; " : "", *channel->program ? channel->program : "-");
    for (guint j = 0; j < channel->formats.n_decoders; j++)
      g_string_append_printf (text, "%s%s", j ? ", " : "", rca_decoder_format (channel->formats.decoder[j])->name);
    if (channel->formats.n_decoders == 0)
      g_string_append (text, "text");
  }
  return text->len ? g_utf8_make_valid (text->str, -1) : NULL;
}
