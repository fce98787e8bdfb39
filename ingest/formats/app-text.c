/* Text logs of applications: a time stamp, a level, names, the message, and what follows it
 * on lines of its own (stack traces, statements). Python logging, log4j, Logback, Spring,
 * JUL, Go, klog, zap's and structlog's consoles, hclog, Rust, Serilog, NLog, log4js, Nest,
 * Celery, gunicorn, PHP-FPM, Elixir…: their patterns differ in order and marks only, so
 * where the stamp stands and how long the prefix is are learnt from the sample. */
#include "../prefix-memo.h"
#include "../severity.h"
#include "../stack-trace.h"
#include "../text-fields.h"
#include "../text-message.h"
#include "../text-program.h"
#include "../trace-lines.h"
#include "formats.h"

#define MAX_TOKENS 5  /* a stamp may be the first to fifth token */
#define MAX_OFFSET 64 /* and begin within that many bytes */
#define MIN_STAMP  8
#define MIN_KITCHEN 6 /* "3:04PM" */
#define MAX_SHAPES 200

typedef struct {
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
  RcaStream stream;
  guint token;     /* where stamps stand */
  gboolean epoch;  /* and are seconds since 1970 */
  guint parts;     /* of the prefix */
  RcaPrefixMemo *prefixes; /* that many parts long; NULL while learning */
  GTimeZone *zone; /* named by the last stamp that named one, or NULL */
  gboolean seen_record;
} AppText;

typedef struct {
  gsize at, end;
  RcaStamp stamp;
} Found;

/* oVirt's Thread-1::DEBUG::2026-11-24 09:00:01,123::… */
static gboolean
colons_before_digit (RcaBytes line, gsize at)
{
  return line.p[at] == ':' && at > 0 && g_ascii_isalnum (line.p[at - 1]) && at + 2 < line.n && line.p[at + 1] == ':' && g_ascii_isdigit (line.p[at + 2]);
}

/* The start of token @n of @line, or -1. */
static gssize
token_at (RcaBytes line, guint n)
{
  gsize at = 0;
  for (guint i = 0; i < n; i++)
  {
    while (at < line.n && line.p[at] != ' ' && line.p[at] != '\t' && line.p[at] != '|' && !colons_before_digit (line, at))
      at++;
    at += at < line.n && line.p[at] == ':' ? 2 : 0;
    while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t' || line.p[at] == '|'))
      at++;
    if (at >= line.n || at > MAX_OFFSET)
      return -1;
  }
  return (gssize)at;
}

/* logrus with full times: "INFO[2026-11-24T11:02:01Z] …". Where the time begins, 0 without. */
static gsize
level_glued (RcaBytes line)
{
  if (line.n < 20 || line.p[4] != '[' || !g_ascii_isdigit (line.p[5]))
    return 0;
  for (guint i = 0; i < 4; i++)
    if (!g_ascii_isupper (line.p[i]))
      return 0;
  return 5;
}

static gboolean
stamp_at (RcaBytes line, guint token, RcaStampContext *context, Found *found)
{
  gssize start = token_at (line, token);
  if (start < 0)
    return FALSE;
  RcaBytes rest = rca_bytes_from (line, (gsize)start);
  gsize skip = rest.n && rca_char_in (rest.p[0], "[\"<(") && rest.p[0] ? 1 : token == 0 ? level_glued (line) : 0;
  if (skip >= rest.n || (!g_ascii_isdigit (rest.p[skip]) && !g_ascii_isupper (rest.p[skip])))
    return FALSE;
  RcaBytes text = rca_bytes_from (rest, skip);
  gsize n = rca_stamp_parse (text, context, &found->stamp);
  /* bare numbers are times only where a format says so */
  if (n < (n > 0 && text.p[n - 1] == 'M' ? MIN_KITCHEN : MIN_STAMP) || (!memchr (text.p, ':', n) && !memchr (text.p, ' ', n) && !memchr (text.p, '.', n)))
    return FALSE;
  found->at = (gsize)start;
  found->end = (gsize)start + skip + n;
  return TRUE;
}

/* A token of ten digits and perhaps a fraction: seconds of a time that computers log. */
static gboolean
epoch_at (RcaBytes line, guint token, Found *found)
{
  gssize start = token_at (line, token);
  gsize n = 0, fraction = 0;
  if (start < 0)
    return FALSE;
  RcaBytes text = rca_bytes_from (line, (gsize)start);
  while (n < text.n && g_ascii_isdigit (text.p[n]))
    n++;
  if (n != 10 || text.p[0] == '0')
    return FALSE;
  if (n < text.n && text.p[n] == '.')
    for (fraction = 1; n + fraction < text.n && g_ascii_isdigit (text.p[n + fraction]);)
      fraction++;
  n += fraction;
  if (n >= text.n || !rca_char_in (text.p[n], " \t") || !rca_stamp_parse_epoch (rca_bytes (text.p, n), &found->stamp.time_ns))
    return FALSE;
  found->stamp.flags = RCA_STAMP_HAS_YEAR | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_ZONE;
  found->at = (gsize)start;
  found->end = (gsize)start + n;
  return TRUE;
}

static gboolean
find_stamp (const AppText *state, RcaBytes line, RcaStampContext *context, Found *found)
{
  if (state->epoch)
    return epoch_at (line, state->token, found);
  return stamp_at (line, state->token, context, found) || (state->token != 0 && stamp_at (line, 0, context, found));
}

/* The bracket or quote a stamp stood in, and the mark behind it. */
static gsize
after_stamp (RcaBytes line, gsize end)
{
  while (end < line.n && rca_char_in (line.p[end], "])>\",") && line.p[end])
    end++;
  return end;
}

static RcaBytes
first_line (RcaBytes text)
{
  const char *lf = memchr (text.p, '\n', text.n);
  gsize n = lf ? (gsize)(lf - text.p) : text.n;
  return rca_bytes (text.p, n > 0 && text.p[n - 1] == '\r' ? n - 1 : n);
}

/* The token where most stamps of @sample stand. */
static guint
learn_token (const RcaSampleLines *sample, guint *fits, guint *lines)
{
  guint count[MAX_TOKENS] = { 0 }, best = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  *lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Found found;
    RcaBytes line = sample->line[i];
    *lines += line.n > 0;
    for (guint t = 0; t < MAX_TOKENS; t++)
      if (stamp_at (line, t, &context, &found))
      {
        count[t]++;
        break;
      }
  }
  for (guint t = 1; t < MAX_TOKENS; t++)
    if (count[t] > count[best])
      best = t;
  *fits = count[best];
  return best;
}

/* Whether nearly all lines hold seconds since 1970 in one column: two lines or more, never much earlier than the line
 * before. Such a column knows date and zone, which a time written beside it may not. */
static gboolean
learn_epoch (const RcaSampleLines *sample, guint lines, guint *token)
{
  for (guint t = 0; t < MAX_TOKENS; t++)
  {
    guint fits = 0, ordered = 0;
    gint64 before = G_MININT64;
    for (guint i = 0; i < sample->n_lines; i++)
    {
      Found found;
      if (!epoch_at (sample->line[i], t, &found))
        continue;
      fits++;
      ordered += found.stamp.time_ns >= before;
      before = found.stamp.time_ns;
    }
    if (fits >= 2 && fits * 20 >= lines * 19 && ordered * 10 >= fits * 9)
    {
      *token = t;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
has_zone_at (const RcaSampleLines *sample, guint token)
{
  RcaStampContext context;
  Found found;
  rca_stamp_context_init (&context, sample->mtime_ns);
  return sample->n_lines > 0 && stamp_at (sample->line[0], token, &context, &found) && found.stamp.flags & RCA_STAMP_HAS_ZONE;
}

/* klog's and glog's level is the letter before the stamp; others put a word there. */
static RcaSeverity
level_before (RcaBytes line, gsize stamp_at_byte)
{
  RcaSeverity severity = RCA_SEVERITY_NONE;
  if (stamp_at_byte == 0 && line.n > 5 && rca_char_in (line.p[0], "IWEFDVC") && line.p[0] && g_ascii_isdigit (line.p[1]) && g_ascii_isdigit (line.p[4]))
    rca_severity_parse (rca_bytes (line.p, 1), &severity);
  else if (stamp_at_byte == 0 && level_glued (line) > 0)
    rca_severity_parse (rca_bytes (line.p, 4), &severity);
  return severity;
}

/* Reads what stands before the stamp. Ruby says the level there and once more behind it: the
 * second is to be read as such, so the first is only given back. */
static RcaSeverity
level_of_part_before (AppText *state, RcaBytes before, RcaEvent *ev)
{
  if (before.n == 0)
    return RCA_SEVERITY_NONE;
  rca_prefix_read (before, 4, &state->record, NULL);
  RcaSeverity severity = ev->severity;
  ev->severity = RCA_SEVERITY_NONE;
  if (severity == RCA_SEVERITY_NONE && before.n > 4 && before.p[before.n - 1] == ':')
    severity = rca_severity_find (before);
  return severity;
}

/* Prefix shapes of the sample's records. */
static guint
learn_parts (AppText *state, const RcaSampleLines *sample, guint *levels)
{
  RcaPrefixShape shapes[MAX_SHAPES];
  RcaStampContext context;
  guint n = 0;
  rca_stamp_context_init (&context, sample->mtime_ns);
  *levels = 0;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  for (guint i = 0; i < sample->n_lines && n < MAX_SHAPES; i++)
  {
    Found found;
    RcaBytes line = sample->line[i];
    if (!find_stamp (state, line, &context, &found))
      continue;
    rca_event_clear (ev);
    rca_app_record_begin (&state->record, ev, state->arena, &state->source);
    ev->severity = level_before (line, found.at);
    RcaSeverity before = level_of_part_before (state, rca_bytes (line.p, found.at), ev);
    rca_prefix_read (rca_bytes_from (line, after_stamp (line, found.end)), RCA_PREFIX_MAX_PARTS, &state->record, &shapes[n++]);
    *levels += ev->severity != RCA_SEVERITY_NONE || before != RCA_SEVERITY_NONE;
  }
  return rca_prefix_learn (shapes, n);
}

static AppText *
app_text_new (const RcaSampleLines *sample, guint *fits, guint *lines, guint *levels)
{
  AppText *state = g_new0 (AppText, 1);
  rca_app_source_init (&state->source, sample->mtime_ns);
  state->arena = rca_arena_new ();
  state->token = learn_token (sample, fits, lines);
  if ((*fits == 0 || !has_zone_at (sample, state->token)) && learn_epoch (sample, *lines, &state->token))
  {
    state->epoch = TRUE;
    *fits = *lines;
  }
  state->parts = learn_parts (state, sample, levels);
  return state;
}

static void
app_text_close (gpointer data)
{
  AppText *state = data;
  rca_app_source_clear (&state->source);
  rca_prefix_memo_free (state->prefixes);
  g_clear_pointer (&state->zone, g_time_zone_unref);
  rca_arena_free (state->arena);
  g_free (state);
}

/* Lines that no record begins on, but that belong to the record before: the better they are accounted
 * for, the surer it is that this is how the log is laid out. */
static guint
count_accounted (const AppText *state, const RcaSampleLines *sample)
{
  guint n = 0;
  RcaStampContext context;
  RcaTraceState trace = { 0 };
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Found found;
    RcaBytes line = sample->line[i];
    if (line.n == 0)
      continue;
    gboolean continues = rca_trace_line (&trace, line) != RCA_LINE_RECORD;
    n += continues || find_stamp (state, line, &context, &found);
  }
  return n;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits, lines, levels;
  AppText *state = app_text_new (sample, &fits, &lines, &levels);
  guint accounted = count_accounted (state, sample);
  app_text_close (state);
  if (fits == 0 || fits * 20 < lines)
    return;
  levels = MIN (levels, fits);
  guint records = fits + lines - MIN (accounted, lines);
  out->score = 27 + (gint)(46 * levels / records) + (levels * 2 > fits ? (gint)(16 * MIN (accounted, lines) / lines) : 0);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines begin with a time stamp, %u of them with a level", fits, lines, levels);
}

/* glog opens a file with lines about itself; the first tells the year. */
static gboolean
is_banner (AppText *state, RcaBytes line)
{
  static const char *const banners[]
      = { "Log file created at: ", "Running on machine: ", "Binary: Built with ", "Log line format: ", "Application fingerprint: ", "Running duration (" };
  RcaStamp stamp;
  for (guint i = 0; i < G_N_ELEMENTS (banners); i++)
    if (rca_bytes_starts (line, banners[i]))
    {
      if (i == 0)
        rca_stamp_parse (rca_bytes_from (line, strlen (banners[0])), &state->source.stamps, &stamp);
      return TRUE;
    }
  return FALSE;
}

static RcaLineKind
app_text_line (gpointer data, RcaBytes line)
{
  AppText *state = data;
  RcaStampContext scratch = state->source.stamps; /* the record's own turn comes in decode() */
  Found found;
  if (line.n == 0 || is_banner (state, line))
    return RCA_LINE_NONE;
  if (!find_stamp (state, line, &scratch, &found))
    return state->seen_record ? RCA_LINE_CONTINUES : RCA_LINE_NONE;
  state->seen_record = TRUE;
  return RCA_LINE_RECORD;
}

/* PHP writes the zone by its name in the tz database: "24-Nov-2026 02:10:42 Europe/Paris". */
static gsize
after_zone_name (AppText *state, RcaBytes line, gsize end, RcaEvent *ev)
{
  char name[40];
  gsize n = 0, from = end + 1;
  if (end + 4 >= line.n || line.p[end] != ' ' || !g_ascii_isupper (line.p[from]) || !(ev->flags & RCA_EVENT_ZONE_UNKNOWN))
    return end;
  while (from + n < line.n && n < sizeof name - 1 && (g_ascii_isalpha (line.p[from + n]) || rca_char_in (line.p[from + n], "/_-+")))
    n++;
  if (from + n >= line.n || line.p[from + n] != ']' || !memchr (line.p + from, '/', n))
    return end;
  memcpy (name, line.p + from, n);
  name[n] = '\0';
  if (!state->zone || strcmp (g_time_zone_get_identifier (state->zone), name) != 0)
  {
    g_clear_pointer (&state->zone, g_time_zone_unref);
    state->zone = g_time_zone_new_identifier (name);
  }
  if (state->zone)
  {
    gint interval = g_time_zone_find_interval (state->zone, G_TIME_TYPE_STANDARD, ev->time_ns / RCA_NS_PER_S);
    ev->time_ns -= (interval < 0 ? 0 : g_time_zone_get_offset (state->zone, interval)) * RCA_NS_PER_S;
    ev->flags &= ~(guint)RCA_EVENT_ZONE_UNKNOWN;
  }
  return from + n;
}

/* A time before pairs: "2026-11-24T09:00:01Z level=error msg=…" */
static RcaSeverity
level_in_pairs (RcaBytes text)
{
  static const char *const names[] = { "level=", "lvl=", "severity=" };
  RcaSeverity severity = RCA_SEVERITY_NONE;
  for (guint i = 0; i < G_N_ELEMENTS (names) && severity == RCA_SEVERITY_NONE; i++)
  {
    gssize at = rca_bytes_find (text, rca_bytes_str (names[i]));
    if (at < 0 || (at > 0 && text.p[at - 1] != ' ' && text.p[at - 1] != '\t'))
      continue;
    RcaBytes word = rca_bytes_from (text, (gsize)at + strlen (names[i]));
    if (word.n > 0 && word.p[0] == '"')
      word = rca_bytes_from (word, 1);
    gsize n = 0;
    while (n < word.n && g_ascii_isalpha (word.p[n]))
      n++;
    rca_severity_parse (rca_bytes (word.p, n), &severity);
  }
  return severity;
}

static RcaDecodeResult
app_text_decode (gpointer data, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  AppText *state = data;
  Found found;
  rca_arena_reset (state->arena);
  RcaBytes line = first_line (text);
  if (!find_stamp (state, line, &state->source.stamps, &found))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&found.stamp, ev);
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  ev->severity = level_before (line, found.at);
  RcaSeverity before = level_of_part_before (state, rca_bytes (line.p, found.at), ev);
  gsize prefix = after_stamp (line, after_zone_name (state, line, found.end, ev));
  RcaBytes rest = rca_bytes_from (line, prefix);
  gsize message = prefix + (state->prefixes ? rca_prefix_memo_read (state->prefixes, rest, &state->record) : rca_prefix_read (rest, state->parts, &state->record, NULL));
  if (message >= line.n && text.n == line.n && memchr (line.p + prefix, '=', line.n - MIN (prefix, line.n)))
    message = prefix + (prefix < line.n && line.p[prefix] == ' '); /* pairs alone: they are the message */
  if (ev->severity == RCA_SEVERITY_NONE)
    ev->severity = before;
  if (ev->severity == RCA_SEVERITY_NONE && state->epoch) /* columns of names stand before the level */
    ev->severity = rca_severity_find (rca_bytes_from (line, message));
  if (ev->severity == RCA_SEVERITY_NONE)
    ev->severity = level_in_pairs (rca_bytes_from (line, found.end));
  rca_text_pairs (&state->record, rca_bytes (line.p, message));
  rca_text_message (&state->record, rca_bytes_from (text, message));
  rca_app_record_end (&state->record);
  ev->stream = state->stream;
  emit (ev, user);
  return RCA_DECODE_OK;
}

static void
ignore_event (RcaEvent *ev, gpointer user)
{
}

/* "… class=PayJob jid=0123456789abcdef01234567 elapsed=10.003 INFO: done" */
static gboolean
is_sidekiq (const RcaSampleLines *sample)
{
  return rca_bytes_find (sample->head, RCA_BYTES (" tid=")) > 0 && rca_bytes_find (sample->head, RCA_BYTES (" jid=")) > 0
         && rca_bytes_find (sample->head, RCA_BYTES (" class=")) > 0;
}

static gpointer
app_text_open (const RcaSampleLines *sample)
{
  guint fits, lines, levels;
  AppText *state = app_text_new (sample, &fits, &lines, &levels);
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  rca_app_source_learn (&state->source);
  state->source.seconds = is_sidekiq (sample);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    rca_event_clear (ev);
    app_text_decode (state, sample->line[i], ev, ignore_event, NULL);
  }
  rca_app_source_learnt (&state->source);
  state->prefixes = rca_prefix_memo_new (state->parts);
  state->stream = rca_text_program_stream (sample);
  return state;
}

const RcaFormat rca_format_app_text = {
  .name = "app-text",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = app_text_open,
  .close = app_text_close,
  .line = app_text_line,
  .decode = app_text_decode,
};
