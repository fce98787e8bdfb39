/* logfmt: key=value pairs and nothing else, in any order; bare keys are flags. logrus, slog's
 * TextHandler, Grafana, Loki, Heroku's router, structlog's LogfmtRenderer… Names are looked
 * up in alias.c as for JSON. */
#include "../app-record.h"
#include "../text-fields.h"
#include "formats.h"

#define SNIFF_LINES 60

typedef struct {
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
} Logfmt;

static gboolean
is_key_char (char c)
{
  return (guchar)c > ' ' && c != '=' && c != '"';
}

/* A quoted value's escapes, resolved in @arena when there are any. */
static RcaBytes
unquote (RcaArena *arena, RcaBytes quoted)
{
  if (!memchr (quoted.p, '\\', quoted.n))
    return quoted;
  char *out = rca_arena_alloc (arena, quoted.n), *to = out;
  for (gsize i = 0; i < quoted.n; i++)
  {
    char c = quoted.p[i];
    if (c == '\\' && i + 1 < quoted.n)
    {
      c = quoted.p[++i];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    }
    *to++ = c;
  }
  return rca_bytes (out, (gsize)(to - out));
}

/* Reads the pair at @at. Returns where the next begins, 0 when this is no logfmt. */
static gsize
read_pair (RcaArena *arena, RcaBytes line, gsize at, RcaBytes *key, RcaBytes *value)
{
  gsize i = at;
  while (i < line.n && is_key_char (line.p[i]))
    i++;
  *key = rca_bytes (line.p + at, i - at);
  *value = (RcaBytes){ line.p + i, 0 };
  if (i == at)
    return 0;
  if (i < line.n && line.p[i] == '=')
  {
    i++;
    gsize from = i;
    if (i < line.n && line.p[i] == '"')
    {
      for (i++; i < line.n && line.p[i] != '"'; i++)
        if (line.p[i] == '\\')
          i++;
      if (i >= line.n)
        i = line.n; /* cut in the middle */
      *value = unquote (arena, rca_bytes (line.p + from + 1, i - from - 1));
      i += i < line.n;
    }
    else
    {
      while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\n')
        i++;
      *value = rca_bytes (line.p + from, i - from);
    }
  }
  while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t' || line.p[i] == '\n' || line.p[i] == '\r'))
    i++;
  return i;
}

/* All of @line into the state's record. Returns how many pairs it held, 0 when it is no logfmt. */
static guint
scan_pairs (Logfmt *state, RcaBytes line, RcaEvent *ev, guint *bare)
{
  guint pairs = 0;
  gsize at = 0;
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  *bare = 0;
  while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
    at++;
  while (at < line.n)
  {
    RcaBytes key, value;
    gsize next = read_pair (state->arena, line, at, &key, &value);
    if (next == 0)
      return 0;
    if (value.n == 0 && memchr (key.p, '=', key.n + (key.p + key.n < line.p + line.n)) == NULL)
      (*bare)++;
    else
      pairs++;
    if (value.n > 0)
      rca_app_record_pair (&state->record, key, value, RCA_JSON_STRING);
    at = next;
  }
  return pairs;
}

static Logfmt *
logfmt_new (gint64 mtime_ns)
{
  Logfmt *state = g_new0 (Logfmt, 1);
  rca_app_source_init (&state->source, mtime_ns);
  state->arena = rca_arena_new ();
  return state;
}

static void
logfmt_close (gpointer data)
{
  Logfmt *state = data;
  rca_app_source_clear (&state->source);
  rca_arena_free (state->arena);
  g_free (state);
}

/* A line of at least two pairs and hardly anything else. */
static gboolean
is_logfmt (Logfmt *state, RcaBytes line, RcaEvent *ev)
{
  guint bare;
  rca_arena_reset (state->arena);
  rca_event_clear (ev);
  guint pairs = line.n > 0 && g_ascii_isalpha (line.p[0]) ? scan_pairs (state, line, ev, &bare) : 0;
  gsize key = 0;
  while (key < line.n && is_key_char (line.p[key]))
    key++;
  return pairs >= 2 && bare <= 1 + pairs / 4 && key < line.n && line.p[key] == '=';
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint lines = 0, fits = 0, records = 0;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  Logfmt *state = logfmt_new (sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && lines < SNIFF_LINES; i++)
  {
    if (sample->line[i].n == 0)
      continue;
    lines++;
    if (!is_logfmt (state, sample->line[i], ev))
      continue;
    fits++;
    records += rca_app_record_has (&state->record, RCA_SLOT_TIME) || rca_app_record_has (&state->record, RCA_SLOT_LEVEL)
               || rca_app_record_has (&state->record, RCA_SLOT_MESSAGE) || rca_app_record_has (&state->record, RCA_SLOT_STATUS);
  }
  logfmt_close (state);
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = (gint)((records * 60 + (fits - records) * 20) / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are key=value pairs (logfmt), %u of them with a time, level or message", fits, lines, records);
}

static gpointer
logfmt_open (const RcaSampleLines *sample)
{
  Logfmt *state = logfmt_new (sample->mtime_ns);
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  rca_app_source_learn (&state->source);
  for (guint i = 0; i < sample->n_lines; i++)
    if (is_logfmt (state, sample->line[i], ev))
      rca_app_record_end (&state->record);
  rca_app_source_learnt (&state->source);
  return state;
}

/* Begins with a key and an equals sign, or with the text of a crash. */
static RcaLineKind
logfmt_line (gpointer data, RcaBytes line)
{
  gsize i = 0;
  if (line.n == 0)
    return RCA_LINE_NONE;
  while (i < line.n && is_key_char (line.p[i]))
    i++;
  return i > 0 && i < line.n && line.p[i] == '=' && g_ascii_isalpha (line.p[0]) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

/* Heroku's router says what went wrong in code= and desc=. */
static RcaDecodeResult
logfmt_decode (gpointer data, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Logfmt *state = data;
  guint bare;
  rca_arena_reset (state->arena);
  const char *lf = memchr (text.p, '\n', text.n);
  RcaBytes line = rca_bytes (text.p, lf ? (gsize)(lf - text.p) : text.n);
  if (scan_pairs (state, line, ev, &bare) == 0)
    return RCA_DECODE_REJECT;
  if (lf)
    rca_app_record_set (&state->record, RCA_SLOT_ERROR_STACK, 1, rca_bytes_from (text, line.n + 1));
  RcaBytes message = rca_app_record_get (&state->record, RCA_SLOT_MESSAGE);
  if (message.n > 0)
    rca_text_scan (&state->record, message);
  else
    rca_app_record_set (&state->record, RCA_SLOT_MESSAGE, RCA_ALIAS_WEAK, line);
  rca_app_record_end (&state->record);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_logfmt = {
  .name = "logfmt",
  .stream = RCA_STREAM_APP,
  .sniff = sniff,
  .open = logfmt_open,
  .close = logfmt_close,
  .line = logfmt_line,
  .decode = logfmt_decode,
};
