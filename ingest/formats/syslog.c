/* syslog as files hold it: RFC 3164 ("Nov 24 02:07:13 web1 app[12]: …"), RFC 5424
 * ("<34>1 2026-11-24T… web1 app 12 ID [sd] …"), rsyslog's file format (ISO time), with or
 * without <PRI>, journalctl -o short and short-iso, Heroku's logplex. RFC 6587 octet
 * counting is a format of its own, as it needs no line ends. */
#include "formats.h"
#include "../inner.h"
#include "../number.h"
#include "../program.h"
#include "../severity.h"
#include "../timestamp.h"

#define MAX_TAG 96

typedef struct {
  RcaEnvelope envelope;
  RcaBytes line; /* from the time on */
  RcaBytes message;
} Syslog;

typedef struct {
  RcaInner *inner;
  RcaStampContext context;
  GString *unescaped;
} State;

/* Takes the token up to the next blank. */
static RcaBytes
take_token (RcaBytes *rest)
{
  const char *blank = memchr (rest->p, ' ', rest->n);
  RcaBytes token = rca_bytes (rest->p, blank ? (gsize)(blank - rest->p) : rest->n);
  *rest = rca_bytes_from (*rest, token.n + 1);
  return token;
}

static RcaBytes
or_nothing (RcaBytes token)
{
  return token.n == 1 && token.p[0] == '-' ? rca_bytes (token.p, 0) : token;
}

/* "<134>": severity is its value modulo 8. */
static gboolean
take_priority (RcaBytes *rest, RcaSeverity *severity)
{
  gsize i = 1;
  guint value = 0;
  if (rest->n < 3 || rest->p[0] != '<')
    return FALSE;
  for (; i < rest->n && i < 5 && g_ascii_isdigit (rest->p[i]); i++)
    value = value * 10 + (guint)(rest->p[i] - '0');
  if (i == 1 || i >= rest->n || rest->p[i] != '>' || value > 191)
    return FALSE;
  *severity = rca_severity_from_syslog (value % 8);
  *rest = rca_bytes_from (*rest, i + 1);
  return TRUE;
}

static gboolean
take_time (RcaBytes *rest, RcaStampContext *context, RcaEnvelope *envelope)
{
  RcaStamp stamp;
  /* syslog knows "Nov 24", RFC 3339 with its T, the journal's "Tue 2026-11-24 …" and its seconds since 1970 */
  if (rest->n > 11 && rest->p[4] == '-' && rest->p[10] != 'T')
    return FALSE;
  gsize n = rca_stamp_parse (*rest, context, &stamp);
  if (n < 8 || n >= rest->n || rest->p[n] != ' ')
    return FALSE;
  envelope->time_ns = stamp.time_ns;
  envelope->flags = (stamp.flags & RCA_STAMP_HAS_ZONE ? 0 : RCA_EVENT_ZONE_UNKNOWN) | (stamp.flags & RCA_STAMP_HAS_YEAR ? 0 : RCA_EVENT_DATE_UNKNOWN);
  *rest = rca_bytes_from (*rest, n + 1);
  return TRUE;
}

static gboolean
is_tag_char (char c)
{
  return g_ascii_isalnum (c) || rca_char_in (c, "-_./@+()%#\\*");
}

/* What stands in the brackets of a tag: a process id, or Heroku's "web.1", "postgres.4882", "router". */
static void
read_bracket (RcaBytes bracket, RcaEnvelope *envelope)
{
  if (rca_parse_int (bracket, &envelope->pid))
    return;
  const char *dot = memrchr (bracket.p, '.', bracket.n);
  gint64 number;
  envelope->instance = bracket;
  if (rca_bytes_equal (envelope->program, RCA_BYTES ("heroku")) && rca_bytes_equal (bracket, RCA_BYTES ("router")))
  {
    envelope->program = RCA_BYTES ("heroku-router");
    return;
  }
  if (rca_bytes_equal (bracket, RCA_BYTES ("api")))
  {
    envelope->program = RCA_BYTES ("app.api");
    return;
  }
  if (dot && rca_parse_int (rca_bytes_from (bracket, (gsize)(dot + 1 - bracket.p)), &number))
  {
    envelope->pid = number;
    bracket.n = (gsize)(dot - bracket.p);
  }
  if (rca_bytes_equal (envelope->program, RCA_BYTES ("heroku"))) /* the platform about a dyno: no line of its program's */
    envelope->subject = bracket;
  else
    envelope->program = bracket;
}

/* "app[12]: ", "kernel: ", "postfix/smtpd[9]: ". FALSE when @rest does not begin so.
 * @loose: the colon may be missing. */
static gboolean
take_tag (RcaBytes *rest, gboolean loose, RcaEnvelope *envelope)
{
  gsize i = 0, end;
  while (i < rest->n && i < MAX_TAG && is_tag_char (rest->p[i]))
    i++;
  if (i == 0 || i >= rest->n)
    return FALSE;
  RcaBytes program = rca_bytes (rest->p, i), bracket = { NULL, 0 };
  end = i;
  if (rest->p[i] == '[')
  {
    const char *close = memchr (rest->p + i, ']', MIN (rest->n - i, MAX_TAG));
    if (!close)
      return FALSE;
    bracket = rca_bytes (rest->p + i + 1, (gsize)(close - rest->p) - i - 1);
    end = (gsize)(close - rest->p) + 1;
  }
  if (end >= rest->n)
    return FALSE;
  gboolean colon = rest->p[end] == ':' && (end + 1 >= rest->n || rest->p[end + 1] == ' ' || rest->p[end + 1] == '\t' || bracket.n > 0);
  if (!colon && !((loose || bracket.n > 0) && rest->p[end] == ' '))
    return FALSE;
  envelope->program = program;
  if (bracket.n)
    read_bracket (bracket, envelope);
  *rest = rca_bytes_from (*rest, end + 1);
  if (rest->n && rest->p[0] == ' ')
    *rest = rca_bytes_from (*rest, 1);
  return TRUE;
}

/* A host name, never a level word ("2026-11-24T02:07:13Z INFO module: …" is no syslog). */
static gboolean
is_host (RcaBytes token)
{
  RcaSeverity severity;
  if (token.n == 0 || token.n > 255 || !g_ascii_isalnum (token.p[0]) || (token.n > 1 && rca_severity_parse (token, &severity)))
    return FALSE;
  for (gsize i = 0; i < token.n; i++)
    if (!g_ascii_isalnum (token.p[i]) && !rca_char_in (token.p[i], ".-_:/@%"))
      return FALSE;
  return TRUE;
}

/* Structured data: "-" or "[id k="v"]…" with \] \" \\ escaped. */
static gboolean
skip_structured_data (RcaBytes *rest)
{
  gsize i = 0;
  if (rest->n && rest->p[0] == '-')
  {
    *rest = rca_bytes_from (*rest, 2);
    return TRUE;
  }
  while (i < rest->n && rest->p[i] == '[')
  {
    gboolean quoted = FALSE;
    for (i++; i < rest->n && (quoted || rest->p[i] != ']'); i++)
      if (rest->p[i] == '\\')
        i++;
      else if (rest->p[i] == '"')
        quoted = !quoted;
    i++;
  }
  if (i == 0 || i > rest->n)
    return FALSE;
  *rest = rca_bytes_from (*rest, i + 1);
  return TRUE;
}

/* From APP-NAME on. */
static gboolean
split_5424_rest (RcaBytes rest, Syslog *out)
{
  RcaEnvelope *envelope = &out->envelope;
  envelope->program = or_nothing (take_token (&rest));
  RcaBytes process = take_token (&rest);
  if (!rca_parse_int (process, &envelope->pid) && envelope->program.n && or_nothing (process).n)
    read_bracket (process, envelope);
  take_token (&rest); /* MSGID */
  if (!skip_structured_data (&rest))
    return FALSE;
  if (rca_bytes_has_prefix (rest, RCA_BYTES ("\xef\xbb\xbf")))
    rest = rca_bytes_from (rest, 3);
  out->message = rest;
  return TRUE;
}

static gboolean
split_5424 (RcaBytes rest, RcaStampContext *context, Syslog *out)
{
  if (rest.n > 2 && rest.p[0] == '-' && rest.p[1] == ' ')
    rest = rca_bytes_from (rest, 2);
  else if (!take_time (&rest, context, &out->envelope))
    return FALSE;
  out->envelope.host = or_nothing (take_token (&rest));
  return split_5424_rest (rest, out);
}

/* RFC 5424 as some write it to files, without <PRI> and version: "TIME HOST APP PID MSGID [id@…" . */
static gboolean
looks_like_5424 (RcaBytes rest)
{
  RcaBytes app = take_token (&rest), process = take_token (&rest), id = take_token (&rest);
  gint64 number;
  if (!is_host (app) || id.n == 0 || memchr (app.p, ':', app.n) || !(rca_parse_int (process, &number) || rca_bytes_equal (process, RCA_BYTES ("-"))))
    return FALSE;
  RcaSeverity severity;
  if (rca_severity_parse (id, &severity))
    return FALSE;
  return rest.n > 1 && ((rest.p[0] == '[' && memchr (rest.p, '@', MIN (rest.n, 64))) || (rest.p[0] == '-' && rest.p[1] == ' '));
}

/* @loose: in a file that is known to be syslog, a line may lack its tag. */
static gboolean
split (RcaBytes line, RcaStampContext *context, gboolean loose, Syslog *out)
{
  RcaBytes rest = line;
  *out = (Syslog){ .envelope = { .time_ns = RCA_TIME_NONE } };
  gboolean prioritised = take_priority (&rest, &out->envelope.severity);
  if (prioritised && rest.n > 2 && rest.p[0] == '1' && rest.p[1] == ' ')
    return split_5424 (rca_bytes_from (rest, 2), context, out);
  out->line = rest;
  if (!take_time (&rest, context, &out->envelope))
  {
    /* the shortest form: /dev/log's, with neither host nor, at times, time */
    if (!prioritised || !take_tag (&rest, FALSE, &out->envelope))
      return FALSE;
    out->message = rest;
    return TRUE;
  }
  if (!take_tag (&rest, FALSE, &out->envelope)) /* Heroku's logplex and local senders leave the host out */
  {
    out->envelope.host = take_token (&rest);
    if (!is_host (out->envelope.host))
      return FALSE;
    if (looks_like_5424 (rest))
      return split_5424_rest (rest, out);
    if (!take_tag (&rest, loose, &out->envelope) && !loose && !prioritised)
      return FALSE;
  }
  out->message = rest;
  return TRUE;
}

/* "[15-2] ", PostgreSQL's number of the record and of the piece, Heroku's colour before it.
 * Takes them off @message; returns the piece's number, 0 without. */
static gint64
take_piece (RcaBytes *message)
{
  RcaBytes rest = *message;
  gint64 record, piece;
  for (guint i = 0; i < 2; i++)
  {
    const char *close = rest.n && rest.p[0] == '[' ? memchr (rest.p, ']', MIN (rest.n, 24)) : NULL;
    if (!close)
      return 0;
    RcaBytes inside = rca_bytes (rest.p + 1, (gsize)(close - rest.p) - 1);
    rest = rca_bytes_from (rest, inside.n + 2);
    while (rest.n && rest.p[0] == ' ')
      rest = rca_bytes_from (rest, 1);
    const char *dash = memchr (inside.p, '-', inside.n);
    if (dash && rca_parse_int (rca_bytes (inside.p, (gsize)(dash - inside.p)), &record)
        && rca_parse_int (rca_bytes_from (inside, (gsize)(dash + 1 - inside.p)), &piece))
    {
      *message = rest;
      return piece;
    }
    if (i > 0 || !g_ascii_isupper (inside.p[0]))
      return 0;
  }
  return 0;
}

/* rsyslog writes control characters as "#012", "#011". */
static RcaBytes
unescape (State *state, RcaBytes message)
{
  if (rca_bytes_find (message, RCA_BYTES ("#01")) < 0)
    return message;
  g_string_truncate (state->unescaped, 0);
  for (gsize i = 0; i < message.n; i++)
  {
    RcaBytes at = rca_bytes_from (message, i);
    gboolean lf = rca_bytes_has_prefix (at, RCA_BYTES ("#012")), tab = rca_bytes_has_prefix (at, RCA_BYTES ("#011"));
    g_string_append_c (state->unescaped, lf ? '\n' : tab ? '\t' : message.p[i]);
    i += lf || tab ? 3 : 0;
  }
  return rca_bytes (state->unescaped->str, state->unescaped->len);
}

static gboolean
is_journal_note (RcaBytes line)
{
  return rca_bytes_has_prefix (line, RCA_BYTES ("-- ")) && rca_bytes_has_suffix (line, RCA_BYTES (" --"));
}

static gboolean
is_blank (RcaBytes line)
{
  for (gsize i = 0; i < line.n; i++)
    if (!g_ascii_isspace (line.p[i]))
      return FALSE;
  return TRUE;
}

/* "2026-11-24T02:07:13Z web1 app: …" could be many things; a <PRI>, a process id or syslog's own date could not. */
static gboolean
is_telling (RcaBytes line, const Syslog *syslog)
{
  return syslog->envelope.pid > 0 || syslog->envelope.instance.n > 0 || !g_ascii_isdigit (line.p[0]);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaStampContext context;
  guint fits = 0, telling = 0, lines = 0;
  Syslog syslog;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    if (is_blank (line) || line.p[0] == ' ' || is_journal_note (line))
      continue;
    lines++;
    if (!split (line, &context, FALSE, &syslog))
      continue;
    fits++;
    telling += is_telling (line, &syslog);
  }
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = (gint)((50 * fits + 46 * MIN (fits, telling * 4)) / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines have a syslog header", fits, lines);
}

static void
state_close (gpointer data)
{
  State *state = data;
  rca_inner_free (state->inner);
  g_string_free (state->unescaped, TRUE);
  g_free (state);
}

static State *
state_new (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->inner = rca_inner_new (sample);
  state->unescaped = g_string_new (NULL);
  rca_stamp_context_init (&state->context, sample->mtime_ns);
  return state;
}

static void
learn_line (State *state, RcaStampContext *context, RcaBytes line)
{
  Syslog syslog;
  if (!split (line, context, TRUE, &syslog))
    return;
  take_piece (&syslog.message);
  rca_inner_learn (state->inner, syslog.envelope.program, unescape (state, syslog.message));
}

/* A date with its year in @message that names the same day as the header, which has none:
 * HAProxy's accept date, a server's own stamp. RCA_TIME_NONE without. */
static gint64
dated_by_message (const Syslog *syslog)
{
  RcaBytes near = rca_bytes (syslog->message.p, MIN (syslog->message.n, 96));
  for (gsize i = 0; i + 10 < near.n; i++)
  {
    RcaStamp stamp;
    if (!g_ascii_isdigit (near.p[i]) || (i > 0 && near.p[i - 1] != '[' && near.p[i - 1] != ' ' && near.p[i - 1] != '"'))
      continue;
    if (rca_stamp_parse (rca_bytes_from (near, i), NULL, &stamp) < 10 || !(stamp.flags & RCA_STAMP_HAS_YEAR))
      continue;
    RcaStampContext context = { .mtime_ns = stamp.time_ns, .previous_ns = stamp.time_ns };
    RcaStamp header;
    RcaBytes rest = syslog->line;
    if (rca_stamp_parse (rest, &context, &header) > 0 && ABS (header.time_ns - stamp.time_ns) < 15 * 3600 * RCA_NS_PER_S)
      return stamp.time_ns;
  }
  return RCA_TIME_NONE;
}

/* The year of headers without one, where the messages tell it. */
static void
learn_year (State *state, const RcaSampleLines *sample)
{
  RcaStampContext context = state->context;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Syslog syslog;
    if (!split (sample->line[i], &context, TRUE, &syslog) || !(syslog.envelope.flags & RCA_EVENT_DATE_UNKNOWN))
      continue;
    gint64 dated = dated_by_message (&syslog);
    if (dated == RCA_TIME_NONE)
      continue;
    state->context.previous_ns = dated;
    return;
  }
}

static gpointer
syslog_open (const RcaSampleLines *sample)
{
  State *state = state_new (sample);
  learn_year (state, sample);
  RcaStampContext context = state->context;
  for (guint i = 0; i < sample->n_lines; i++)
    learn_line (state, &context, sample->line[i]);
  rca_inner_learnt (state->inner);
  return state;
}

static RcaLineKind
syslog_line (gpointer data, RcaBytes line)
{
  if (is_blank (line) || is_journal_note (line))
    return RCA_LINE_NONE;
  return line.p[0] == ' ' || line.p[0] == '\t' ? RCA_LINE_CONTINUES : RCA_LINE_RECORD;
}

/* Further lines of a journal entry are indented to where its message begins. */
static void
decode_further_lines (State *state, const Syslog *syslog, RcaBytes rest, gsize indent, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  while (rest.n)
  {
    const char *lf = memchr (rest.p, '\n', rest.n);
    RcaBytes line = rca_bytes (rest.p, lf ? (gsize)(lf - rest.p) : rest.n);
    rest = rca_bytes_from (rest, line.n + 1);
    gsize skip = 0;
    while (skip < indent && skip < line.n && line.p[skip] == ' ')
      skip++;
    ev->raw = rca_bytes (ev->raw.p, 0); /* the first line has given all of it */
    rca_inner_decode (state->inner, &syslog->envelope, RCA_PIECE_CONTINUES, rca_bytes_from (line, skip), ev, emit, user);
  }
}

static RcaDecodeResult
decode_message (State *state, Syslog *syslog, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaEnvelope *envelope = &syslog->envelope;
  gint64 piece = take_piece (&syslog->message);
  envelope->stream = rca_program_stream (envelope->program);
  if (rca_bytes_has_prefix (syslog->message, RCA_BYTES ("@cee:"))) /* what follows is JSON (Common Event Expression) */
    syslog->message = rca_bytes_from (syslog->message, sizeof "@cee:" - 1);
  while (syslog->message.n > 1 && syslog->message.p[0] == ' ' && syslog->message.p[1] == '{')
    syslog->message = rca_bytes_from (syslog->message, 1);
  RcaBytes message = unescape (state, syslog->message);
  if (piece < 2)
    return rca_inner_decode_lines (state->inner, envelope, message, ev, emit, user);
  return rca_inner_decode (state->inner, envelope, RCA_PIECE_CONTINUES, message, ev, emit, user);
}

static RcaDecodeResult
syslog_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes line = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  Syslog syslog;
  if (!split (line, &state->context, TRUE, &syslog))
    return RCA_DECODE_REJECT;
  gsize indent = (gsize)(syslog.message.p - line.p);
  decode_message (state, &syslog, ev, emit, user);
  decode_further_lines (state, &syslog, rca_bytes_from (record, line.n + 1), indent, ev, emit, user);
  return RCA_DECODE_NONE;
}

static void
syslog_flush (gpointer data, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_inner_flush (((State *)data)->inner, ev, emit, user);
}

static char *
syslog_describe (gpointer data)
{
  return rca_inner_describe (((State *)data)->inner);
}

const RcaFormat rca_format_syslog = {
  .name = "syslog",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = syslog_open,
  .close = state_close,
  .line = syslog_line,
  .decode = syslog_decode,
  .describe = syslog_describe,
  .flush = syslog_flush,
};

/* RFC 6587 octet counting: "83 <34>1 2026-… 91 <34>1 …", frames with nothing between them. */
static gsize
frame_at (RcaBytes rest, RcaBytes *frame)
{
  gsize i = 0, n = 0;
  while (i < rest.n && i < 7 && g_ascii_isdigit (rest.p[i]))
    n = n * 10 + (gsize)(rest.p[i++] - '0');
  if (i == 0 || i + 1 >= rest.n || rest.p[i] != ' ' || rest.p[i + 1] != '<' || n < 5)
    return 0;
  *frame = rca_bytes (rest.p + i + 1, MIN (n, rest.n - i - 1));
  return i + 1 + frame->n;
}

static void
octets_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaBytes rest = sample->head, frame;
  RcaStampContext context;
  Syslog syslog;
  guint fits = 0;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (gsize n = frame_at (rest, &frame); n && fits < 100; n = frame_at (rest, &frame))
  {
    if (!split (frame, &context, FALSE, &syslog))
      break;
    fits++;
    rest = rca_bytes_from (rest, n);
  }
  if (fits == 0 || (rest.n > 0 && fits < 2))
    return;
  out->score = 90;
  g_snprintf (out->reason, sizeof out->reason, "%u frames with octet counts and syslog headers", fits);
}

static gpointer
octets_open (const RcaSampleLines *sample)
{
  State *state = state_new (sample);
  RcaStampContext context = state->context;
  RcaBytes rest = sample->head, frame;
  for (gsize n = frame_at (rest, &frame); n; n = frame_at (rest, &frame))
  {
    learn_line (state, &context, frame);
    rest = rca_bytes_from (rest, n);
  }
  rca_inner_learnt (state->inner);
  return state;
}

static RcaDecodeResult
octets_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  RcaBytes rest = record, frame;
  Syslog syslog;
  guint64 line = 1;
  for (gsize n = frame_at (rest, &frame); n; n = frame_at (rest, &frame))
  {
    ev->line = line;
    ev->offset = (guint64)(rest.p - record.p);
    while (frame.n && frame.p[frame.n - 1] == '\n')
      frame.n--;
    ev->raw = frame;
    if (split (frame, &state->context, TRUE, &syslog))
      decode_message (state, &syslog, ev, emit, user);
    for (gsize i = 0; i < n; i++)
      line += rest.p[i] == '\n';
    rest = rca_bytes_from (rest, n);
  }
  return rest.n ? RCA_DECODE_REJECT : RCA_DECODE_NONE;
}

const RcaFormat rca_format_syslog_octets = {
  .name = "syslog-octets",
  .stream = RCA_STREAM_APP,
  .document = TRUE,
  .sniff = octets_sniff,
  .open = octets_open,
  .close = state_close,
  .decode = octets_decode,
  .describe = syslog_describe,
  .flush = syslog_flush,
};
