#define PCRE2_CODE_UNIT_WIDTH 8
#include "user-format.h"
#include "access-line.h"
#include "app-record.h"
#include "formats/formats.h"
#include "bounds.h"
#include "text-fields.h"
#include <pcre2.h>
#include <time.h>

/* One named group of a pattern. */
typedef struct {
  RcaBytes name; /* in the compiled pattern */
  guint number;
  gboolean time;
} Group;

typedef struct {
  RcaFormat format; /* what readers see; its user points here */
  char *name;
  char *log_format; /* or */
  pcre2_code *pattern;
  Group *group;
  guint n_groups;
  char *time_syntax; /* of strptime, or NULL */
  RcaStream stream;
} UserFormat;

struct RcaUserFormats {
  GPtrArray *format; /* UserFormat, in the order of their files */
};

/* A source's state. */
typedef struct {
  const UserFormat *user;
  RcaAppSource source;
  RcaArena *arena;
  RcaAppRecord record;
  gboolean seen_record;
  pcre2_match_data *match;
  pcre2_match_context *limits;
  guint exhausted; /* records on which the limits were reached: after RCA_BOUND_PATTERN_FAILURES nothing is tried any more */
} State;

/* --- a source ----------------------------------------------------------------- */

static gpointer
pattern_open (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->user = sample->user;
  rca_app_source_init (&state->source, sample->mtime_ns);
  state->arena = rca_arena_new ();
  state->match = pcre2_match_data_create_from_pattern (state->user->pattern, NULL);
  state->limits = pcre2_match_context_create (NULL);
  pcre2_set_match_limit (state->limits, RCA_BOUND_PATTERN_STEPS);
  pcre2_set_depth_limit (state->limits, RCA_BOUND_PATTERN_DEPTH);
  pcre2_set_heap_limit (state->limits, RCA_BOUND_PATTERN_HEAP_KIB);
  return state;
}

static void
pattern_close (gpointer data)
{
  State *state = data;
  pcre2_match_data_free (state->match);
  pcre2_match_context_free (state->limits);
  rca_app_source_clear (&state->source);
  rca_arena_free (state->arena);
  g_free (state);
}

static gboolean
matches (State *state, RcaBytes line)
{
  if (state->exhausted >= RCA_BOUND_PATTERN_FAILURES || line.n == 0 || line.n > RCA_BOUND_PATTERN_BYTES)
    return FALSE;
  int n = pcre2_match (state->user->pattern, (PCRE2_SPTR)line.p, line.n, 0, 0, state->match, state->limits);
  state->exhausted += n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_DEPTHLIMIT || n == PCRE2_ERROR_HEAPLIMIT || n == PCRE2_ERROR_JIT_STACKLIMIT;
  return n > 0;
}

static RcaBytes
first_line (RcaBytes text)
{
  const char *lf = memchr (text.p, '\n', text.n);
  gsize n = lf ? (gsize)(lf - text.p) : text.n;
  return rca_bytes (text.p, n > 0 && text.p[n - 1] == '\r' ? n - 1 : n);
}

/* The pattern tells where records begin: what does not match goes on with the one before. */
static RcaLineKind
pattern_line (gpointer data, RcaBytes line)
{
  State *state = data;
  if (line.n == 0)
    return RCA_LINE_NONE;
  if (!matches (state, first_line (line)))
    return state->seen_record ? RCA_LINE_CONTINUES : RCA_LINE_RECORD;
  state->seen_record = TRUE;
  return RCA_LINE_RECORD;
}

/* The time in the user's own syntax; a fraction may follow, a zone only where the syntax has %z. */
static gboolean
parse_time (const UserFormat *user, RcaBytes text, RcaEvent *ev)
{
  char copy[64];
  struct tm tm = { .tm_mday = 1, .tm_year = 70 };
  if (text.n == 0 || text.n >= sizeof copy)
    return FALSE;
  memcpy (copy, text.p, text.n);
  copy[text.n] = '\0';
  const char *rest = strptime (copy, user->time_syntax, &tm);
  if (!rest)
    return FALSE;
  gint64 fraction = 0, place = RCA_NS_PER_S;
  if (*rest == '.' || *rest == ',')
    for (rest++; g_ascii_isdigit (*rest) && place > 1; rest++)
      fraction += (*rest - '0') * (place /= 10);
  ev->time_ns = rca_civil_ns (tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction) - (gint64)tm.tm_gmtoff * RCA_NS_PER_S;
  if (!strstr (user->time_syntax, "%z") && !strstr (user->time_syntax, "%s"))
    ev->flags |= RCA_EVENT_ZONE_UNKNOWN;
  return TRUE;
}

static void
take_group (State *state, const Group *group, RcaBytes value)
{
  if (value.n == 0 || rca_bytes_equal (value, RCA_BYTES ("-")))
    return;
  if (group->time && state->user->time_syntax)
    parse_time (state->user, value, state->record.ev);
  else
    rca_app_record_pair (&state->record, group->name, value, RCA_JSON_STRING);
}

/* A statement with its duration is what a database's log tells. */
static void
settle (const UserFormat *user, RcaEvent *ev)
{
  ev->stream = user->stream != RCA_STREAM_UNKNOWN ? user->stream : rca_event_has (ev, RCA_FIELD_HTTP_STATUS) && !rca_event_has (ev, RCA_FIELD_MESSAGE) ? RCA_STREAM_ACCESS : RCA_STREAM_APP;
  if (ev->stream == RCA_STREAM_DB && rca_event_has (ev, RCA_FIELD_STATEMENT) && rca_event_has (ev, RCA_FIELD_DURATION) && !rca_event_has (ev, RCA_FIELD_DB_EVENT))
    rca_event_set_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_STATEMENT);
}

static RcaDecodeResult
pattern_decode (gpointer data, RcaBytes text, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  RcaBytes line = first_line (text);
  if (!matches (state, line))
    return RCA_DECODE_REJECT;
  const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer (state->match);
  rca_arena_reset (state->arena);
  rca_app_record_begin (&state->record, ev, state->arena, &state->source);
  for (guint i = 0; i < state->user->n_groups; i++)
  {
    const Group *group = &state->user->group[i];
    PCRE2_SIZE from = ovector[2 * group->number], to = ovector[2 * group->number + 1];
    if (from != PCRE2_UNSET && to > from)
      take_group (state, group, rca_bytes (line.p + from, to - from));
  }
  RcaBytes message = rca_app_record_get (&state->record, RCA_SLOT_MESSAGE);
  if (message.n > 0 && text.n > line.n && message.p + message.n == line.p + line.n) /* lines that go on with it */
    state->record.slot[RCA_SLOT_MESSAGE].value = message = rca_bytes (message.p, (gsize)(text.p + text.n - message.p));
  if (message.n > 0)
    rca_text_scan (&state->record, message);
  rca_app_record_end (&state->record);
  settle (state->user, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

static char *
pattern_describe (gpointer data)
{
  const State *state = data;
  GString *s = g_string_new (NULL);
  for (guint i = 0; i < state->user->n_groups; i++)
    g_string_append_printf (s, "%s%.*s", i ? " " : "", (int)state->user->group[i].name.n, state->user->group[i].name.p);
  if (state->exhausted >= RCA_BOUND_PATTERN_FAILURES)
    g_string_append_printf (s, "; the pattern was given up: %u records took more steps than are allowed", state->exhausted);
  return g_string_free (s, FALSE);
}

/* --- definitions --------------------------------------------------------------- */

static void
user_format_free (gpointer data)
{
  UserFormat *user = data;
  g_clear_pointer (&user->pattern, pcre2_code_free);
  g_free (user->group);
  g_free (user->name);
  g_free (user->log_format);
  g_free (user->time_syntax);
  g_free (user);
}

RcaUserFormats *
rca_user_formats_new (void)
{
  RcaUserFormats *formats = g_new0 (RcaUserFormats, 1);
  formats->format = g_ptr_array_new_with_free_func (user_format_free);
  return formats;
}

void
rca_user_formats_free (RcaUserFormats *formats)
{
  if (!formats)
    return;
  g_ptr_array_unref (formats->format);
  g_free (formats);
}

static gboolean
fail (GError **error, const char *where, const char *group, const char *text)
{
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s: [%s]: %s", where, group, text);
  return FALSE;
}

static gint
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

/* The pattern's named groups, in the order in which they stand. */
static void
read_groups (UserFormat *user)
{
  guint32 n = 0, size = 0;
  PCRE2_SPTR table = NULL;
  pcre2_pattern_info (user->pattern, PCRE2_INFO_NAMECOUNT, &n);
  pcre2_pattern_info (user->pattern, PCRE2_INFO_NAMEENTRYSIZE, &size);
  pcre2_pattern_info (user->pattern, PCRE2_INFO_NAMETABLE, &table);
  user->group = g_new0 (Group, MAX (n, 1));
  user->n_groups = n;
  for (guint i = 0; i < n; i++)
  {
    const guchar *entry = table + (gsize)i * size;
    gint64 ignored;
    RcaBytes name = rca_bytes_str ((const char *)entry + 2);
    const RcaAlias *alias = rca_alias_find (name, &ignored);
    user->group[i] = (Group){ name, (guint)(entry[0] << 8 | entry[1]), alias && alias->slot == RCA_SLOT_TIME };
  }
  qsort (user->group, n, sizeof *user->group, compare_groups);
}

static gboolean
compile (UserFormat *user, const char *pattern, const char *where, const char *group, GError **error)
{
  int code;
  PCRE2_SIZE at;
  user->pattern = pcre2_compile ((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &at, NULL);
  if (!user->pattern)
  {
    guchar said[160];
    pcre2_get_error_message (code, said, sizeof said);
    g_autofree char *text = g_strdup_printf ("pattern: %s, at character %" G_GSIZE_FORMAT " (\"%.20s\")", (char *)said, (gsize)at + 1, pattern + MIN (at, strlen (pattern)));
    return fail (error, where, group, text);
  }
  pcre2_jit_compile (user->pattern, PCRE2_JIT_COMPLETE);
  read_groups (user);
  return user->n_groups > 0 || fail (error, where, group, "pattern: it has no named group: write (?<time>…), (?<level>…), (?<message>…)");
}

static gboolean
read_stream (const char *word, RcaStream *out)
{
  for (RcaStream s = RCA_STREAM_UNKNOWN; word && s < RCA_N_STREAMS; s++)
    if (g_ascii_strcasecmp (rca_stream_name (s), word) == 0)
    {
      *out = s;
      return TRUE;
    }
  return word == NULL;
}

static gboolean
read_keys (UserFormat *user, GKeyFile *file, const char *group, const char *where, GError **error)
{
  g_autofree char *pattern = g_key_file_get_value (file, group, "pattern", NULL), *stream = g_key_file_get_string (file, group, "stream", NULL);
  user->log_format = g_key_file_get_value (file, group, "log_format", NULL);
  user->time_syntax = g_key_file_get_value (file, group, "time", NULL);
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);
  for (guint i = 0; keys && keys[i]; i++)
    if (!g_strv_contains ((const char *const[]){ "pattern", "log_format", "stream", "time", NULL }, keys[i]))
    {
      g_autofree char *text = g_strdup_printf ("no key is called \"%s\": pattern, log_format, stream and time are", keys[i]);
      return fail (error, where, group, text);
    }
  if (rca_format_find (user->name) || strchr (user->name, '='))
    return fail (error, where, group, "a format of rca's own is called so (or the name holds a =): choose another name");
  if (!pattern == !user->log_format)
    return fail (error, where, group, "needs either pattern= or log_format=");
  if (!read_stream (stream, &user->stream))
    return fail (error, where, group, "stream: one of access, app, db, change, cdn, monitor");
  if (user->log_format && !rca_access_format_is_whole (user->log_format))
    return fail (error, where, group, "log_format: it needs a time ($time_local, $time_iso8601, $msec), $status and $request or $uri");
  if (pattern && !compile (user, pattern, where, group, error))
    return FALSE;
  if (pattern)
    user->format = (RcaFormat){ .stream = user->stream ?: RCA_STREAM_APP, .open = pattern_open, .close = pattern_close, .line = pattern_line, .decode = pattern_decode, .describe = pattern_describe };
  else
    user->format = rca_format_access;
  user->format.name = user->name;
  user->format.user = user;
  return TRUE;
}

gboolean
rca_user_formats_add (RcaUserFormats *formats, GKeyFile *file, const char *where, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i]; i++)
  {
    if (!g_str_has_prefix (groups[i], "format "))
      continue;
    UserFormat *user = g_new0 (UserFormat, 1);
    user->name = g_strstrip (g_strdup (groups[i] + strlen ("format ")));
    if (!read_keys (user, file, groups[i], where, error))
    {
      user_format_free (user);
      return FALSE;
    }
    for (guint k = 0; k < formats->format->len; k++)
      if (strcmp (((UserFormat *)formats->format->pdata[k])->name, user->name) == 0)
        g_ptr_array_remove_index (formats->format, k--);
    g_ptr_array_add (formats->format, user);
  }
  return TRUE;
}

const char *
rca_user_format_log_format (gconstpointer user)
{
  return user ? ((const UserFormat *)user)->log_format : NULL;
}

const RcaFormat *
rca_user_formats_find (const RcaUserFormats *formats, const char *name)
{
  for (guint i = 0; formats && i < formats->format->len; i++)
  {
    const UserFormat *user = formats->format->pdata[i];
    if (strcmp (user->name, name) == 0)
      return &user->format;
  }
  return NULL;
}

static void
ignore_event (RcaEvent *ev, gpointer user)
{
}

/* How many of the sample's records the format understands. */
static guint
count_fits (const UserFormat *user, const RcaSampleLines *sample, guint *records)
{
  guint fits = 0;
  RcaSampleLines own = *sample;
  own.user = user;
  gpointer state = user->format.open (&own);
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  *records = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaLineKind kind = user->format.line ? user->format.line (state, sample->line[i]) : sample->line[i].n ? RCA_LINE_RECORD : RCA_LINE_NONE;
    if (kind != RCA_LINE_RECORD)
      continue;
    (*records)++;
    rca_event_clear (ev);
    fits += user->format.decode (state, sample->line[i], ev, ignore_event, NULL) == RCA_DECODE_OK;
  }
  user->format.close (state);
  return fits;
}

const RcaFormat *
rca_user_formats_sniff (const RcaUserFormats *formats, const RcaSampleLines *sample, RcaSniff *out)
{
  for (guint i = 0; formats && i < formats->format->len; i++)
  {
    const UserFormat *user = formats->format->pdata[i];
    guint records, fits = count_fits (user, sample, &records);
    if (fits == 0 || fits * 2 < records)
      continue;
    out->score = 100;
    g_snprintf (out->reason, sizeof out->reason, "%u of %u records fit [format %.60s] of the configuration", fits, records, user->name);
    return &user->format;
  }
  return NULL;
}
