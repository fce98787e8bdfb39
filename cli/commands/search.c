/* rca search: find lines, straight in the files. */
#include "bisect.h"
#include "commands.h"
#include "exit.h"
#include "formats.h"
#include "options.h"
#include "output.h"
#include "render/safe.h"
#include "request.h"
#include "search/chunk.h"
#include "search/lines.h"
#include "search/pattern.h"
#include "search/print.h"
#include "search/scope.h"
#include "terminal.h"
#include "window.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *window, *now, *service, *store, *nginx_conf, *color;
  char **input_formats, **operands;
  gboolean fixed, ignore_case, count, numbers, no_paths, utc;
  gint context;
} Options;

static void
options_clear (Options *o)
{
  char **text[] = { &o->window, &o->now, &o->service, &o->store, &o->nginx_conf, &o->color };
  for (guint i = 0; i < G_N_ELEMENTS (text); i++)
    g_free (*text[i]);
  g_strfreev (o->input_formats);
  g_strfreev (o->operands);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const RcaUsage usage = {
  "rca search",
  "PATTERN [PATH…]",
  "  rca search --window 14:30..14:40 'timeout|refused' logs/\n"
  "  rca search -F 'req=7f3a91' -C 3 /var/log/app /var/log/nginx/access.log.2.gz\n"
  "  rca search -c ' 50[0-9] ' access.log\n"
  "  rca search --store /var/lib/rca -F 7f3a91c04de24bd09f6ab1d2a7c4e6f8",
  "Finds lines as grep does (PCRE2 patterns), in compressed and rotated logs and archives too, or in a store, where\nPATH names logs that it holds.\n"
  "Exit status 0 whether lines were found or not.",
};

/* Without PATHs the default store is searched, when there is one. */
static gboolean
choose_store (Options *o)
{
  g_autofree char *dir = rca_default_store ();
  if (!o->store && rca_store_is_local (dir))
    {
      rca_say ("rca search: searching the store %s", dir);
      o->store = g_steal_pointer (&dir);
    }
  return o->store != NULL;
}

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "fixed", 'F', 0, G_OPTION_ARG_NONE, &o->fixed, "PATTERN is a fixed string", NULL },
    { "ignore-case", 'i', 0, G_OPTION_ARG_NONE, &o->ignore_case, "Small letters match great ones", NULL },
    { "count", 'c', 0, G_OPTION_ARG_NONE, &o->count, "Only say how many lines match", NULL },
    { "context", 'C', 0, G_OPTION_ARG_INT, &o->context, "Show N lines before and after", "N" },
    { "line-number", 'n', 0, G_OPTION_ARG_NONE, &o->numbers, "Show line numbers (default on a terminal)", NULL },
    { "no-filename", 'h', 0, G_OPTION_ARG_NONE, &o->no_paths, "Do not show paths", NULL },
    { "window", 'w', 0, G_OPTION_ARG_FILENAME, &o->window, "Only records of this time (see rca --help)", "W" },
    { "service", 0, 0, G_OPTION_ARG_FILENAME, &o->service, "Only records of this service", "S" },
    { "now", 0, 0, G_OPTION_ARG_FILENAME, &o->now, "Take another time as now", "T" },
    { "utc", 0, 0, G_OPTION_ARG_NONE, &o->utc, "Read times as UTC", NULL },
    { "input-format", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->input_formats, "Do not sniff, read (PATH) as this format (repeatable)", "[PATH=]NAME" },
    { "nginx-conf", 0, 0, G_OPTION_ARG_FILENAME, &o->nginx_conf, "Take log_format from there", "FILE" },
    { "color", 0, 0, G_OPTION_ARG_FILENAME, &o->color, "auto, always, never", "WHEN" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "Search a store made by rca ingest", "DIR" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->operands, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  if (!rca_options_parse (&usage, entries, NULL, argc, argv, error))
    return FALSE;
  if (!o->operands)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "a PATTERN is wanted, and where to look for it");
  else if (o->store && rca_store_is_remote (o->store))
    rca_store_must_be_local (o->store,
                             "rca search looks into store folders and files; a ClickHouse is asked itself: "
                             "SELECT text FROM rca_rows WHERE match(text, 'PATTERN') ORDER BY start_ns LIMIT 100 (of otel_logs: Body, Timestamp)",
                             error);
  else if (!o->operands[1] && !choose_store (o))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "a PATH to search is wanted, or --store DIR: there is no default store");
  else if (o->context < 0 || o->context > 10000)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "-C: 0 to 10000 lines");
  else
    return TRUE;
  return FALSE;
}

typedef struct {
  const Options *options;
  RcaPattern *pattern;
  RcaPrinter *printer;
  RcaReadOptions read;
  RcaSpan window;
  GPtrArray *kept;      /* RcaInside */
  GHashTable *inside;   /* by path; NULL: every line counts */
  guint64 lines_before; /* those of the part at hand that its lines are not counted with in @inside */
  gboolean numbers;     /* are shown */
  guint64 found;
  gboolean read_any, broken; /* broken: standard output cannot be written */
} Search;

static void
search_clear (Search *s)
{
  g_clear_pointer (&s->inside, g_hash_table_unref);
  g_clear_pointer (&s->kept, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

/* A line that is known not to match is shown only as context: without it, lines that do not
 * hold the pattern's literal need not be looked at. */
static gboolean
search_line (Search *s, RcaScope *scope, const RcaLine *line)
{
  gsize start = 0, end = 0;
  gboolean match = rca_pattern_match (s->pattern, line->text, line->n, &start, &end) && (!scope || rca_scope_holds (scope, line->number - s->lines_before));
  s->found += match;
  if (s->options->count)
    return TRUE;
  return match ? rca_printer_match (s->printer, line, start, end) : rca_printer_other (s->printer, line);
}

/* Goes to where records that count begin, in a file that was entered in the middle. */
static void
enter (Search *s, RcaInput *input, RcaLines *lines, const RcaSourcePart *part, const RcaInside *inside)
{
  s->lines_before = 0;
  if (!inside)
    return;
  guint64 before = inside->enter && s->numbers ? rca_count_lines (part->path, inside->enter) : 0;
  if (inside->enter && rca_lines_enter (lines, inside->enter, before + 1))
    s->lines_before = before;
  if (inside->leave != G_MAXUINT64 && s->options->context == 0)
    rca_input_limit (input, inside->leave);
}

static gboolean
is_over (const Search *s, const RcaScope *scope, const RcaLine *line)
{
  guint64 number = line->number - s->lines_before, context = (guint64) s->options->context;
  return scope && number > context && rca_scope_is_over (scope, number - context);
}

static void
search_lines (Search *s, RcaInput *input, const RcaSourcePart *part, const char *path, GError **error)
{
  const RcaInside *inside = s->inside ? g_hash_table_lookup (s->inside, path) : NULL;
  g_autoptr (RcaLines) lines = rca_lines_new (input);
  g_autoptr (RcaScope) scope = inside ? rca_scope_new (inside) : NULL;
  gsize literal_n;
  const char *literal = s->options->context > 0 ? NULL : rca_pattern_literal (s->pattern, &literal_n);
  RcaLine line;
  s->read_any = TRUE;
  if (s->inside && (!inside || rca_scope_is_over (scope, 0)))
    return; /* nothing in it counts */
  rca_printer_file (s->printer, path);
  enter (s, input, lines, part, inside);
  while (!s->broken && rca_lines_next (lines, literal, literal ? literal_n : 0, &line, error) && !is_over (s, scope, &line))
    s->broken = !search_line (s, scope, &line);
}

static void
search_part (Search *s, const RcaSourcePart *part)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = part->member ? g_strdup_printf ("%s/%s", part->path, part->member) : g_strdup (part->path);
  g_autoptr (RcaInput) input = rca_input_open (part->path, part->member, &error);
  if (input)
    search_lines (s, input, part, path, &error);
  if (error)
    rca_say ("rca search: %s: %s", path, error->message);
}

static void
search_source (Search *s, RcaSource *source)
{
  for (guint i = 0; i < source->parts->len && !s->broken; i++)
    search_part (s, g_ptr_array_index (source->parts, i));
}

static gboolean
is_standard_input (const char *path)
{
  return g_str_equal (path, "-") || g_str_has_suffix (path, "=-");
}

/* Which lines lie in the window and are of the service, told as an analysis tells it: zones and clocks of all PATHs
 * together. */
static gboolean
find_inside (Search *s, const char *const *paths, GError **error)
{
  if (s->window.start_ns >= s->window.end_ns && !s->options->service)
    return TRUE;
  RcaOpenOptions open = { .span = s->window, .read = s->read };
  for (guint i = 0; paths[i]; i++)
    if (is_standard_input (paths[i]))
      {
        g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--window and --service read a log twice, and standard input can be read once: name a file");
        return FALSE;
      }
  g_autoptr (RcaStore) store = s->options->store ? rca_store_open_local (s->options->store, &open, error) : rca_store_open_files (paths, g_strv_length ((char **) paths), &open, error);
  if (!store)
    return FALSE;
  g_autoptr (GPtrArray) all = rca_store_inside (store, s->window, s->options->service);
  s->inside = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, NULL);
  s->kept = g_steal_pointer (&all);
  for (guint i = 0; i < s->kept->len; i++)
    g_hash_table_insert (s->inside, ((RcaInside *) s->kept->pdata[i])->path, s->kept->pdata[i]);
  return TRUE;
}

/* ---- a store ---- */

typedef struct {
  Search *search;
  const char *literal;
  char *path;       /* of the lines before */
  guint64 next;     /* the number of the line behind them */
  RcaScope *scope;  /* of its lines */
} InStore;

static void
begin_part (InStore *in, const char *path, guint64 first)
{
  if (g_strcmp0 (in->path, path) == 0)
    {
      if (first != in->next) /* what lies between is no context */
        rca_printer_file (in->search->printer, path);
      return;
    }
  const RcaInside *inside = in->search->inside ? g_hash_table_lookup (in->search->inside, path) : NULL;
  g_free (in->path);
  in->path = g_strdup (path);
  g_clear_pointer (&in->scope, rca_scope_free);
  if (inside)
    in->scope = rca_scope_new (inside);
  rca_printer_file (in->search->printer, path);
}

static gboolean
take_lines (const RcaStoreLines *lines, gpointer user)
{
  InStore *in = user;
  Search *s = in->search;
  RcaChunk chunk = { lines->text.p, lines->text.p + lines->text.n, lines->first };
  RcaLine line;
  gsize literal_n = in->literal ? strlen (in->literal) : 0;
  begin_part (in, lines->path, lines->first);
  if (s->inside && !in->scope)
    return TRUE;
  while (!s->broken && rca_chunk_next (&chunk, in->literal, literal_n, &line))
    s->broken = !search_line (s, in->scope, &line);
  in->next = chunk.number;
  return !s->broken;
}

static gboolean
search_store (Search *s, GPtrArray *problems, GError **error)
{
  gsize n;
  const char *literal = rca_pattern_literal (s->pattern, &n);
  InStore in = { .search = s, .literal = s->options->context == 0 ? literal : NULL };
  RcaStoreLook look = { s->kept, in.literal, (const char *const *) s->options->operands + 1 };
  gboolean ok = rca_store_each_lines (s->options->store, &look, take_lines, &in, problems, error);
  s->read_any |= ok;
  g_free (in.path);
  g_clear_pointer (&in.scope, rca_scope_free);
  return ok;
}

static gboolean
search_files (Search *s, GPtrArray *sources)
{
  for (guint i = 0; i < sources->len && !s->broken; i++)
    search_source (s, g_ptr_array_index (sources, i));
  return TRUE;
}

static gboolean
is_one_file (char **paths, const GPtrArray *sources)
{
  return sources && g_strv_length (paths) == 1 && sources->len == 1 && !g_file_test (paths[0], G_FILE_TEST_IS_DIR) && ((RcaSource *) sources->pdata[0])->parts->len == 1;
}

static int
print_count (const Search *s)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT "\n", s->found);
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

static int
search_all (Search *s)
{
  const Options *o = s->options;
  char **paths = o->operands + 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sources = o->store ? NULL : rca_sources_find ((const char *const *) paths, g_strv_length (paths), problems);
  gboolean terminal = isatty (STDOUT_FILENO);
  RcaPrintOptions print = { !is_one_file (paths, sources) && !o->no_paths, o->numbers || terminal, rca_terminal_color (o->color), terminal, (guint) o->context };
  g_autoptr (RcaPrinter) printer = rca_printer_new (&print);
  s->printer = printer;
  s->numbers = print.numbers;
  if (!(o->store ? search_store (s, problems, &error) : search_files (s, sources)))
    return rca_failed (usage.name, error);
  for (guint i = 0; i < problems->len; i++)
    rca_say ("rca search: %s", (const char *) g_ptr_array_index (problems, i));
  if (s->broken || !rca_printer_flush (printer) || (o->count && s->read_any && print_count (s) != RCA_EXIT_OK))
    return RCA_EXIT_FAILED;
  guint64 gave_up = rca_pattern_gave_up (s->pattern);
  if (gave_up)
    rca_say ("rca search: the pattern needs too many steps on %" G_GUINT64_FORMAT " lines: whether they match is not known", gave_up);
  return !s->read_any ? RCA_EXIT_NOTHING : gave_up ? RCA_EXIT_FAILED : RCA_EXIT_OK;
}

/* "-C3" as "-C 3": what grep takes and GOption does not. The strings stay the caller's. */
static char **
split_context (int argc, char **argv, int *n)
{
  GPtrArray *out = g_ptr_array_new ();
  for (int i = 0; i < argc; i++)
    {
      gboolean attached = argv[i][0] == '-' && argv[i][1] == 'C' && g_ascii_isdigit (argv[i][2]);
      if (attached)
        g_ptr_array_add (out, (gpointer) "-C");
      g_ptr_array_add (out, argv[i] + (attached ? 2 : 0));
    }
  *n = (int) out->len;
  g_ptr_array_add (out, NULL);
  return (char **) g_ptr_array_free (out, FALSE);
}

int
rca_command_search (int argc, char **argv)
{
  int n;
  g_autofree char **split = split_context (argc, argv, &n);
  char **words = split;
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *format = NULL;
  g_autoptr (RcaUserFormats) formats = NULL;
  gint64 now = g_get_real_time () * 1000;
  if (!parse (&n, &words, &o, &error))
    return rca_failed (usage.name, error);
  g_auto (Search) search = { .options = &o };
  g_autoptr (GTimeZone) zone = o.utc ? g_time_zone_new_utc () : g_time_zone_new_local ();
  if ((o.now && !rca_time_from_text (o.now, now, zone, &now, &error)) || (o.window && !rca_window_from_text (o.window, now, zone, &search.window, &error))
      || !(formats = rca_formats_load (&error)) || !rca_options_input_format (o.input_formats, formats, &format, &error))
    return rca_failed (usage.name, error);
  g_autoptr (RcaPattern) pattern = rca_pattern_new (o.operands[0], o.fixed, o.ignore_case, rca_terminal_unicode (), &error);
  if (!pattern)
    {
      rca_failed (usage.name, error);
      return RCA_EXIT_USAGE;
    }
  search.pattern = pattern;
  search.read = (RcaReadOptions){ .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .input_format = format, .nginx_conf = o.nginx_conf, .formats = formats };
  rca_be_nice ();
  if (!find_inside (&search, (const char *const *) o.operands + 1, &error))
    return rca_failed (usage.name, error);
  return search_all (&search);
}
