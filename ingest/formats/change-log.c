/* Plain text that tells of changes, one a line: deploy logs, Capistrano's revisions.log,
 * `heroku releases`, change calendars, CSV of a pipeline.
 *
 * Told from an application's log by what its lines say (change.c) and by the absence of
 * levels; the name of the file may only tip the scales. */
#include "formats.h"
#include "../change.h"
#include "../severity.h"
#include "../timestamp.h"

#define MAX_STAMP_AT 160 /* a time may stand that far into the line */

typedef struct {
  RcaStampContext context;
  gboolean named; /* the file is called after changes: a version alone makes a deploy */
} ChangeLog;

typedef struct {
  RcaStamp stamp;
  gsize at, n;     /* of the stamp */
  RcaBytes before; /* the text around it */
  RcaBytes after;
} Line;

static gboolean
called_after_changes (const char *path)
{
  static const char *const names[] = { "deploy", "release", "change", "rollout", "revisions", "migrat", "flag", "maintenance", "history" };
  if (!path)
    return FALSE;
  g_autofree char *lower = g_ascii_strdown (path, -1);
  const char *slash = strrchr (lower, '/');
  const char *folder = slash ? memrchr (lower, '/', (gsize)(slash - lower)) : NULL;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strstr (folder ? folder : lower, names[i]))
      return TRUE;
  return FALSE;
}

/* Where a time may begin: at the start of a word, behind an equal sign, a bracket or a quote. */
static gboolean
may_begin (RcaBytes line, gsize at)
{
  return at == 0 || (rca_char_in (line.p[at - 1], " \t=,;|([\"'") && line.p[at - 1]);
}

/* revisions.log has no other time than its release's name: 14 digits, UTC. */
static gboolean
is_release_name (RcaBytes line, gsize at)
{
  const RcaBytes mark = RCA_BYTES ("release ");
  return at >= mark.n && memcmp (line.p + at - mark.n, mark.p, mark.n) == 0;
}

static gboolean
find_stamp (RcaBytes line, RcaStampContext *context, Line *out)
{
  for (gsize at = 0; at < line.n && at < MAX_STAMP_AT; at++)
  {
    if (!g_ascii_isalnum (line.p[at]) || !may_begin (line, at))
      continue;
    RcaStampContext scratch = *context;
    gsize n = rca_stamp_parse (rca_bytes_from (line, at), &scratch, &out->stamp);
    if (n < 10 || !(out->stamp.flags & RCA_STAMP_HAS_DATE) || (at > 0 && n == 14 && !is_release_name (line, at)))
      continue;
    if (n == 14 && is_release_name (line, at))
      out->stamp.flags |= RCA_STAMP_HAS_ZONE;
    else if (!memchr (line.p + at, ':', n))
      continue; /* a bare number */
    *context = scratch;
    out->at = at;
    out->n = n;
    out->before = rca_bytes (line.p, at);
    out->after = rca_bytes_from (line, at + n);
    return TRUE;
  }
  return FALSE;
}

/* The text beside the time, without what separates them. */
static RcaBytes
message_of (const Line *line, RcaBytes whole)
{
  RcaBytes text = line->at <= 1 ? line->after : whole;
  if (line->at > 1 && line->after.n < 3)
    text = line->before;
  while (text.n > 0 && rca_char_in (text.p[0], " \t]\")>|,:;-"))
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && rca_char_in (text.p[text.n - 1], " \t[(,;|\r"))
    text.n--;
  return text;
}

/* "NAME=value" among the pairs behind docker's event, up to a comma or the closing parenthesis. */
static RcaBytes
docker_pair (RcaBytes text, const char *name)
{
  gssize at = rca_bytes_find (text, rca_bytes_str (name));
  RcaBytes value = at < 0 ? rca_bytes (NULL, 0) : rca_bytes_from (text, (gsize)at + strlen (name));
  gsize n = 0;
  while (n < value.n && value.p[n] != ',' && value.p[n] != ')')
    n++;
  return rca_bytes (value.p, n);
}

/* docker events: "container start 4386fb97867d (image=shop:1.2, name=shop)". TRUE for any event; a start is a change. */
static gboolean
read_docker (RcaBytes text, RcaChange *change)
{
  static const char *const types[] = { "container ", "image ", "network ", "volume ", "service " };
  gboolean typed = FALSE;
  RcaBytes name, image = docker_pair (text, "image=");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    typed |= rca_bytes_starts (text, types[i]);
  if (!typed || text.p[text.n - 1] != ')' || (docker_pair (text, "(name=").n == 0 && docker_pair (text, ", name=").n == 0))
    return FALSE;
  *change = (RcaChange){ .kind = RCA_CHANGE_NONE };
  if (!rca_bytes_starts (text, "container start "))
    return TRUE;
  *change = (RcaChange){ .kind = RCA_CHANGE_RESTART, .strong = TRUE };
  change->service = docker_pair (text, " name=").n ? docker_pair (text, " name=") : docker_pair (text, "(name=");
  rca_split_image (image, &name, &change->version);
  return TRUE;
}

static void
read_line (const ChangeLog *log, RcaBytes text, RcaChange *change)
{
  if (read_docker (text, change))
    return;
  if (rca_change_read (text, change) || !log->named)
    return;
  rca_change_read_release (text, change);
  if (change->version.n == 0)
    change->kind = RCA_CHANGE_NONE;
}

/* "REVISION  UPDATED  STATUS": helm's, kubectl's and Argo CD's tables. */
static gboolean
is_in_capitals (RcaBytes line)
{
  guint words = 0;
  for (gsize i = 0; i < line.n; i++)
    if (!g_ascii_isupper (line.p[i]) && !rca_char_in (line.p[i], " \t\r-_"))
      return FALSE;
    else
      words += g_ascii_isupper (line.p[i]) && (i == 0 || !g_ascii_isupper (line.p[i - 1]));
  return words >= 3;
}

/* The names of a table's columns: "timestamp,service,version,kind". */
static gboolean
is_heading (RcaBytes line)
{
  guint marks = 0;
  if (is_in_capitals (line))
    return TRUE;
  for (gsize i = 0; i < line.n; i++)
    if (g_ascii_isdigit (line.p[i]))
      return FALSE;
    else
      marks += line.p[i] == ',' || line.p[i] == '\t' || line.p[i] == ';' || line.p[i] == '|';
  return marks >= 2
         && (g_ascii_strncasecmp (line.p, "time", 4) == 0 || g_ascii_strncasecmp (line.p, "date", 4) == 0 || rca_bytes_find (line, RCA_BYTES ("version")) >= 0
             || rca_bytes_find (line, RCA_BYTES ("service")) >= 0);
}

static void
init (ChangeLog *log, const RcaSampleLines *sample)
{
  rca_stamp_context_init (&log->context, sample->mtime_ns);
  log->named = called_after_changes (sample->path);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint lines = 0, changes = 0, strong = 0, releases = 0, levels = 0;
  ChangeLog log;
  init (&log, sample);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes text = sample->line[i];
    Line line;
    RcaChange change;
    if (text.n == 0 || text.p[0] == '#')
      continue;
    if (text.p[0] == '{' || text.n > 2000)
      return;
    if (is_heading (text))
      continue;
    lines++;
    if (!find_stamp (text, &log.context, &line))
      continue;
    RcaBytes message = message_of (&line, text);
    levels += rca_severity_find (message) != RCA_SEVERITY_NONE;
    read_line (&log, message, &change);
    changes += change.kind != RCA_CHANGE_NONE;
    /* a worker's log is full of jobs */
    RcaChange event;
    strong += (change.kind == RCA_CHANGE_NONE && read_docker (message, &event)) || (change.kind != RCA_CHANGE_NONE && change.kind != RCA_CHANGE_JOB && (change.strong || change.version.n > 0));
    releases += change.strong && change.version.n > 0 && (change.kind == RCA_CHANGE_DEPLOY || change.kind == RCA_CHANGE_ROLLBACK);
  }
  guint telling = log.named ? changes : strong;
  if (lines == 0 || telling * 100 < lines * (log.named ? 40 : 60) || (levels * 2 > lines && !(log.named && strong * 100 >= lines * 60)))
    return;
  out->score = (gint)((log.named ? 92 : releases * 2 >= lines ? 97 : 65) * telling / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines tell of a change at a time", telling, lines);
}

static gpointer
change_log_open (const RcaSampleLines *sample)
{
  ChangeLog *log = g_new0 (ChangeLog, 1);
  init (log, sample);
  return log;
}

static RcaLineKind
change_log_line (gpointer state, RcaBytes line)
{
  const ChangeLog *log = state;
  RcaStampContext scratch = log->context;
  Line parts;
  gsize i = 0;
  while (i < line.n && g_ascii_isspace (line.p[i]))
    i++;
  if (i == line.n || line.p[0] == '#' || is_heading (line))
    return RCA_LINE_NONE;
  return i > 0 && !find_stamp (line, &scratch, &parts) ? RCA_LINE_CONTINUES : RCA_LINE_RECORD;
}

static RcaDecodeResult
change_log_decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  ChangeLog *log = state;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes first = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  Line line;
  RcaChange change;
  ev->stream = RCA_STREAM_CHANGE;
  if (!find_stamp (first, &log->context, &line))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&line.stamp, ev);
  gboolean capistrano = line.n == 14 && is_release_name (first, line.at);
  RcaBytes message = capistrano ? first : message_of (&line, first);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, message);
  read_line (log, message, &change);
  if (capistrano)
  { /* "bob rolled back to release 20261124021104" */
    change.service = (RcaBytes){ NULL, 0 };
    if (change.version.n == 0)
      change.version = rca_bytes (first.p + line.at, line.n);
  }
  rca_change_apply (&change, ev);
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_change_log = {
  .name = "change-log",
  .stream = RCA_STREAM_CHANGE,
  .sniff = sniff,
  .open = change_log_open,
  .close = g_free,
  .line = change_log_line,
  .decode = change_log_decode,
};
