#include "process-start.h"
#include "bigrams.h"
#include "holds-any.h"
#include "number.h"

/* Lines of one start that follow each other within that time are one. */
#define SAME_START_NS (60 * RCA_NS_PER_S)
#define MAX_WORDS     16

typedef struct {
  RcaBytes word[MAX_WORDS];
  guint n;
} Words;

static void
split_words (RcaBytes line, Words *words)
{
  gsize i = 0;
  words->n = 0;
  while (i < line.n && words->n < MAX_WORDS)
  {
    while (i < line.n && rca_char_in (line.p[i], " \t\"'()[],"))
      i++;
    gsize from = i;
    while (i < line.n && !rca_char_in (line.p[i], " \t\"'()[],"))
      i++;
    if (i > from)
      words->word[words->n++] = rca_bytes (line.p + from, i - from);
  }
}

static gboolean
equals_folded (RcaBytes word, const char *lower)
{
  return strlen (lower) == word.n && g_ascii_strncasecmp (word.p, lower, word.n) == 0;
}

/* v1.2, 2.5.0, 6.3.0-rc1, 2026.11.24-3: digits with a dot between, no address. */
static gboolean
is_version (RcaBytes word)
{
  gsize i = word.n > 1 && (word.p[0] == 'v' || word.p[0] == 'V') ? 1 : 0, dots = 0;
  if (i >= word.n || !g_ascii_isdigit (word.p[i]))
    return FALSE;
  for (; i < word.n; i++)
    if (word.p[i] == '.')
      dots++;
    else if (!g_ascii_isalnum (word.p[i]) && !rca_char_in (word.p[i], "-+_~"))
      return FALSE;
  gint64 ignored;
  return dots >= 1 && dots < 4 && g_ascii_isalnum (word.p[word.n - 1]) && !rca_parse_duration (word, 0, &ignored);
}

static gboolean
is_name (RcaBytes word)
{
  static const char *const words[]
      = { "the", "a", "an", "up", "in", "on", "at", "for", "with", "using", "to", "service", "server", "application", "app", "version", "and", "of" };
  if (word.n < 2 || word.n > 64 || !g_ascii_isalpha (word.p[0]))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (equals_folded (word, words[i]))
      return FALSE;
  for (gsize i = 0; i < word.n; i++)
    if (!g_ascii_isalnum (word.p[i]) && !rca_char_in (word.p[i], "-_./@"))
      return FALSE;
  return TRUE;
}

/* Servers and runtimes: their version is not that of the service. */
static gboolean
is_runtime (RcaBytes name)
{
  static const char *const names[]
      = { "gunicorn",    "uvicorn", "hypercorn", "daphne", "uwsgi",   "puma",    "unicorn", "passenger", "tomcat",    "jetty",     "undertow", "netty",
          "java",        "full", "node",    "nodejs",    "php",    "php-fpm", "python",  "ruby",    "rails",     "celery",    "sidekiq",   "engine",   "servlet",
          "development", "jvm",     "vm",        "cowboy", "bandit",  "kestrel", "openjdk", "quarkus",   "hibernate", "liquibase", "flyway" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (equals_folded (name, names[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_start_word (RcaBytes word)
{
  static const char *const words[] = { "starting", "started", "booting", "booted", "launching", "launched", "initializing" };
  while (word.n > 0 && (word.p[word.n - 1] == '.' || word.p[word.n - 1] == ':' || word.p[word.n - 1] == '!'))
    word.n--;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (equals_folded (word, words[i]))
      return TRUE;
  return FALSE;
}

typedef struct {
  RcaBytes service, version, instance;
} Start;

/* "service NAME VERSION starting (instance 1)", "Starting NAME v1.2 …", "NAME version 1.2 started":
 * a name, its version and a word of starting within the first words. */
static gboolean
named_start (const Words *words, Start *start)
{
  guint limit = MIN (words->n, 8);
  for (guint i = 1; i < limit; i++)
  {
    if (!is_version (words->word[i]))
      continue;
    guint name = i - 1;
    if (name > 0 && (equals_folded (words->word[name], "version") || equals_folded (words->word[name], "v")))
      name--;
    gboolean told = FALSE;
    for (guint j = 0; j < name; j++)
      told |= is_start_word (words->word[j]) && (name - j == 1 || (name - j == 2 && !is_name (words->word[j + 1])));
    for (guint j = i + 1; j < words->n && j <= i + 3; j++)
      told |= is_start_word (words->word[j]) || equals_folded (words->word[j], "powered"); /* by Quarkus */
    if (!told || !is_name (words->word[name]))
      return FALSE;
    start->service = words->word[name];
    start->version = words->word[i];
    for (guint j = i + 1; j + 1 < words->n; j++)
      if (equals_folded (words->word[j], "instance"))
        start->instance = words->word[j + 1];
    return TRUE;
  }
  return FALSE;
}

/* Spring: "Starting ShopApplication [v1.2] using Java 17 on host with PID 1 (…)". */
static gboolean
spring_start (const Words *words, Start *start)
{
  if (words->n < 4 || !equals_folded (words->word[0], "starting") || !g_ascii_isalpha (words->word[1].p[0]))
    return FALSE;
  guint using = is_version (words->word[2]) ? 3 : 2;
  gboolean spring = using + 1 < words->n && equals_folded (words->word[using], "using") && equals_folded (words->word[using + 1], "java");
  gboolean older = using + 4 < words->n && equals_folded (words->word[using], "on") && equals_folded (words->word[using + 2], "with")
                   && equals_folded (words->word[using + 3], "pid");
  if (!spring && !older)
    return FALSE;
  if (is_name (words->word[1])) /* "App" tells nothing */
    start->service = words->word[1];
  if (using == 3)
    start->version = words->word[2];
  return TRUE;
}

/* Lines that only a start writes, as they begin or as they hold it. */
static gboolean
is_start_line (RcaBytes line)
{
  static const char *const begins[] = { "Booting worker",
                                        "Started server process [",
                                        "Starting gunicorn ",
                                        "Listening at: http",
                                        "Listening on ",
                                        "Now listening on: ",
                                        "Application started. Press",
                                        "Server listening ",
                                        "server listening ",
                                        "Server started on port",
                                        "Server running ",
                                        "Server is running ",
                                        "Uvicorn running on",
                                        "Server is listening ",
                                        "Tomcat started on port",
                                        "Tomcat initialized with port",
                                        "Puma starting in ",
                                        "* Listening on ",
                                        "Listening at ",
                                        "listening on ",
                                        "listening at ",
                                        "Starting development server at",
                                        "Starting Grafana",
                                        "ready to handle connections",
                                        "Netty started on port",
                                        "Undertow started on port",
                                        "Jetty started on port",
                                        "Running on http",
                                        "Nest application successfully started",
                                        "Starting Nest application",
                                        "worker: Starting",
                                        "fpm is running",
                                        "App listening ",
                                        "app listening ",
                                        "API listening ",
                                        "Express server listening",
                                        "http server started on",
                                        "starting server",
                                        "Starting server",
                                        "Starting HTTP server",
                                        "starting HTTP server",
                                        "starting http server",
                                        "HTTP server listening",
                                        "http server listening",
                                        "HTTP server started",
                                        "Started HTTP server",
                                        "gRPC server listening",
                                        "Listening and serving HTTP",
                                        "Application startup complete",
                                        "Started application in",
                                        "Server started",
                                        "server started",
                                        "Server startup in ",
                                        "Application started in ",
                                        "Responding at http",
                                        "celery@" };
  static const char *const holds[] = { " listening on port ",   " listening on http://", " listening on https://", " listening at http",
                                       " listening on 0.0.0.0", " listening on :",       " listening on [::]",     " started on port ",
                                       " is running on port ",  " running on http://",   " running on https://",   " with Cowboy",
                                       " ready (in ",           " with cowboy ",         " Running on http" };
  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    if (rca_bytes_starts (line, begins[i]) || (line.n + 1 == strlen (begins[i]) && memcmp (line.p, begins[i], line.n) == 0))
      return TRUE;
  RcaBigrams pairs;
  rca_bigrams_fill (&pairs, line);
  for (guint i = 0; i < G_N_ELEMENTS (holds); i++)
    if (rca_bigrams_may_hold (&pairs, holds[i]) && rca_bytes_find (line, rca_bytes_str (holds[i])) >= 0)
      return TRUE;
  return FALSE;
}

static gboolean
find_start (RcaBytes line, gboolean first_version, Start *start)
{
  Words words;
  split_words (line, &words);
  if (words.n < 2)
    return FALSE;
  if (spring_start (&words, start))
    return TRUE;
  if (named_start (&words, start))
  {
    if (is_runtime (start->service))
      *start = (Start){ { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    return TRUE;
  }
  if (is_start_line (line))
    return TRUE;
  /* "Starting Grafana", with the version beside the message for the first time */
  return first_version && words.n <= 3 && is_start_word (words.word[0]) && g_ascii_isupper (words.word[0].p[0]) && is_name (words.word[1]);
}

/* "instance 1" of "storefront" is called storefront-1 by everybody. */
static RcaBytes
instance_name (RcaArena *arena, const Start *start)
{
  gint64 ignored;
  gsize n = start->service.n + 1 + start->instance.n;
  if (start->service.n == 0 || !rca_parse_int (start->instance, &ignored))
    return start->instance;
  char *name = rca_arena_alloc (arena, n);
  memcpy (name, start->service.p, start->service.n);
  name[start->service.n] = '-';
  memcpy (name + start->service.n + 1, start->instance.p, start->instance.n);
  return rca_bytes (name, n);
}

/* Quick test on what every such line holds. */
static gboolean
may_tell_of_start (RcaBytes line)
{
  static const RcaBytes marks[] = { { "tart", 4 }, { "isten", 5 }, { "oot", 3 }, { "unning", 6 }, { "aunch", 5 }, { "ready", 5 }, { "nitializ", 8 }, { "owboy", 5 } };
  return rca_bytes_holds_any (line, marks, G_N_ELEMENTS (marks));
}

/* Lines that only a schema's migration or a process manager writes, as they begin and what else they hold. */
static RcaChangeKind
other_change (RcaBytes line)
{
  static const struct {
    const char *begins, *holds;
    RcaChangeKind kind;
  } lines[] = {
    { "Running upgrade ", " -> ", RCA_CHANGE_MIGRATION },              /* Alembic */
    { "Running downgrade ", " -> ", RCA_CHANGE_MIGRATION },
    { "Migrating schema ", " to version ", RCA_CHANGE_MIGRATION },     /* Flyway */
    { "Running Changeset: ", "::", RCA_CHANGE_MIGRATION },             /* Liquibase */
    { "ChangeSet ", " ran successfully", RCA_CHANGE_MIGRATION },
    { "Applying migration '", "'", RCA_CHANGE_MIGRATION },             /* Entity Framework */
    { "== ", ": migrating ===", RCA_CHANGE_MIGRATION },                /* Rails */
    { "'", "' with pid ", RCA_CHANGE_RESTART },                         /* supervisord's "spawned: 'shop' with pid 12" */
  };
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    if (rca_bytes_starts (line, lines[i].begins))
      return rca_bytes_find (line, rca_bytes_str (lines[i].holds)) > 0 ? lines[i].kind : RCA_CHANGE_NONE;
  return RCA_CHANGE_NONE;
}

void
rca_process_start (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  RcaAppSource *source = record->source;
  RcaBytes line = rca_event_str (ev, RCA_FIELD_MESSAGE);
  Start start = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
  const char *lf = line.n ? memchr (line.p, '\n', line.n) : NULL;
  gboolean first_version = rca_event_has (ev, RCA_FIELD_VERSION) && !source->version_seen;
  source->version_seen |= rca_event_has (ev, RCA_FIELD_VERSION);
  line.n = MIN (lf ? (gsize)(lf - line.p) : line.n, 240);
  RcaChangeKind other = ev->severity > RCA_SEVERITY_WARN ? RCA_CHANGE_NONE : other_change (line);
  if (other != RCA_CHANGE_NONE)
  {
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, other);
    return;
  }
  if (ev->severity > RCA_SEVERITY_WARN || rca_event_has (ev, RCA_FIELD_HTTP_STATUS) || line.n < 8 || !may_tell_of_start (line)
      || !find_start (line, first_version, &start))
    return;
  gboolean named = start.version.n > 0;
  if (!named && source->last_start_ns != RCA_TIME_NONE && (ev->time_ns == RCA_TIME_NONE || ABS (ev->time_ns - source->last_start_ns) < SAME_START_NS))
    return;
  source->last_start_ns = ev->time_ns == RCA_TIME_NONE ? 0 : ev->time_ns;
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_RESTART);
  if (start.service.n > 0 && !rca_event_has (ev, RCA_FIELD_SERVICE))
    rca_event_set_str (ev, RCA_FIELD_SERVICE, start.service);
  if (named)
    rca_event_set_str (ev, RCA_FIELD_VERSION, start.version.p[0] == 'v' || start.version.p[0] == 'V' ? rca_bytes_from (start.version, 1) : start.version);
  if (start.instance.n > 0 && !rca_event_has (ev, RCA_FIELD_INSTANCE))
    rca_event_set_str (ev, RCA_FIELD_INSTANCE, instance_name (record->arena, &start));
}
