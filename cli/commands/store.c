/* rca store: looking after a store; a table of what can be done to it. */
#include "care.h"
#include "commands.h"
#include "exit.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "render/json-writer.h"
#include "render/safe.h"
#include "request.h"
#include "timestamp.h"
#include "window.h"
#include <string.h>

typedef struct {
  char *store, *older_than, *max_size;
  char **operands;
  gboolean json, detach, dry_run;
} Options;

static void
options_clear (Options *o)
{
  g_free (o->store);
  g_free (o->older_than);
  g_free (o->max_size);
  g_strfreev (o->operands);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* ---- info ---- */

static char *
bytes_text (guint64 n)
{
  return g_format_size_full (n, G_FORMAT_SIZE_IEC_UNITS);
}

/* "0.3 s", "12 s", "4 min", "3 h", "2 d" */
static char *
age_text (gint64 ns)
{
  double s = (double) MAX (ns, 0) / 1e9;
  return s < 10      ? g_strdup_printf ("%.1f s", s)
         : s < 120   ? g_strdup_printf ("%.0f s", s)
         : s < 7200  ? g_strdup_printf ("%.0f min", s / 60)
         : s < 172800 ? g_strdup_printf ("%.0f h", s / 3600)
                      : g_strdup_printf ("%.0f d", s / 86400);
}

static void
put_source (GString *out, const RcaStoreSource *s, gint64 now_ns, int width)
{
  char last[32];
  g_autofree char *size = bytes_text (s->bytes_on_disk), *behind = bytes_text (s->behind_bytes), *age = s->read_ns ? age_text (now_ns - s->read_ns) : NULL;
  g_autoptr (GString) path = g_string_new (NULL);
  rca_put_safe (path, s->path);
  g_string_append_printf (out, "  %-*s  %-16s  %10" G_GUINT64_FORMAT "  %10s  %-24s  %10s  %s%s\n", width, path->str, s->format, s->records, size,
                          s->last_ns == RCA_TIME_NONE ? "-" : rca_time_format (s->last_ns, last), s->behind_bytes ? behind : "-", age ? age : "never", age ? " ago" : "");
}

static char *
info_text (const RcaStoreInfo *info, const char *dir, gint64 now_ns)
{
  GString *out = g_string_new (NULL);
  g_autofree char *size = bytes_text (info->bytes_on_disk), *alive = age_text (now_ns - info->writer_alive_ns);
  int width = 6;
  rca_put_safe (out, dir);
  g_string_append_printf (out, ": %" G_GUINT64_FORMAT " records of %u sources in %" G_GUINT64_FORMAT " segments, %s; commit %" G_GUINT64_FORMAT "\n", info->records,
                          info->source->len, info->segments, size, info->generation);
  if (info->writer)
    g_string_append_printf (out, "process %d writes to it, alive %s ago\n", info->writer, alive);
  else
    g_string_append (out, "nobody writes to it now\n");
  for (guint i = 0; i < info->source->len; i++)
    width = MAX (width, (int) MIN (strlen (((RcaStoreSource *) info->source->pdata[i])->path), 60));
  if (info->source->len)
    g_string_append_printf (out, "\n  %-*s  %-16s  %10s  %10s  %-24s  %10s  %s\n", width, "source", "format", "records", "on disk", "newest record", "not read", "read");
  for (guint i = 0; i < info->source->len; i++)
    put_source (out, info->source->pdata[i], now_ns, width);
  return g_string_free (out, FALSE);
}

static char *
info_json (const RcaStoreInfo *info, gint64 now_ns)
{
  RcaJson json = { g_string_new (NULL), FALSE };
  rca_json_open (&json, NULL, '{');
  rca_json_string (&json, "schema", "rca.store/1");
  rca_json_uint (&json, "commit", info->generation);
  rca_json_uint (&json, "records", info->records);
  rca_json_uint (&json, "segments", info->segments);
  rca_json_uint (&json, "bytes", info->bytes_on_disk);
  if (info->writer)
    rca_json_uint (&json, "writer", (guint64) info->writer);
  else
    rca_json_null (&json, "writer");
  if (info->writer)
    rca_json_number (&json, "writer_age_s", (double) (now_ns - info->writer_alive_ns) / 1e9, 3);
  else
    rca_json_null (&json, "writer_age_s");
  rca_json_open (&json, "sources", '[');
  for (guint i = 0; i < info->source->len; i++)
    {
      const RcaStoreSource *s = info->source->pdata[i];
      rca_json_open (&json, NULL, '{');
      rca_json_string (&json, "path", s->path);
      rca_json_string (&json, "format", s->format);
      rca_json_string (&json, "stream", rca_stream_name (s->stream));
      rca_json_uint (&json, "records", s->records);
      rca_json_uint (&json, "lines", s->lines);
      rca_json_uint (&json, "segments", s->segments);
      rca_json_uint (&json, "bytes", s->bytes_on_disk);
      rca_json_time (&json, "first", s->first_ns);
      rca_json_time (&json, "last", s->last_ns);
      rca_json_uint (&json, "lag_bytes", s->behind_bytes);
      if (s->read_ns)
        rca_json_number (&json, "read_age_s", (double) (now_ns - s->read_ns) / 1e9, 3);
      else
        rca_json_null (&json, "read_age_s");
      rca_json_string (&json, "problem", s->problem);
      rca_json_close (&json, '}');
    }
  rca_json_close (&json, ']');
  rca_json_open (&json, "notes", '[');
  for (guint i = 0; i < info->problem->len; i++)
    rca_json_string (&json, NULL, info->problem->pdata[i]);
  rca_json_close (&json, ']');
  rca_json_close (&json, '}');
  g_string_append_c (json.out, '\n');
  return g_string_free (json.out, FALSE);
}

static int
run_info (const Options *o, const char *dir, GError **error)
{
  g_autoptr (RcaStoreInfo) info = rca_store_info (dir, error);
  if (!info)
    return RCA_EXIT_FAILED;
  gint64 now_ns = g_get_real_time () * 1000;
  g_autofree char *text = o->json ? info_json (info, now_ns) : info_text (info, dir, now_ns);
  for (guint i = 0; i < info->problem->len; i++)
    rca_say ("rca store: warning: %s", (char *) info->problem->pdata[i]);
  for (guint i = 0; i < info->source->len; i++)
    if (((RcaStoreSource *) info->source->pdata[i])->problem)
      rca_say ("rca store: warning: %s", ((RcaStoreSource *) info->source->pdata[i])->problem);
  if (info->detached_files)
    rca_say ("rca store: %" G_GUINT64_FORMAT " damaged files (%" G_GUINT64_FORMAT " bytes) were put aside in %s/detached", info->detached_files, info->detached_bytes, dir);
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

/* ---- verify ---- */

static int
run_verify (const Options *o, const char *dir, GError **error)
{
  g_auto (RcaStoreVerdict) v = { 0 };
  RcaReadProgress counted = { 0, 0 };
  RcaProgress *progress = rca_progress_new ("checking", NULL, &counted.done, &counted.total);
  gboolean ok = rca_store_verify (dir, o->detach, &counted, &v, error);
  rca_progress_free (progress);
  if (!ok)
    return RCA_EXIT_FAILED;
  for (guint i = 0; i < v.damage->len; i++)
    rca_say ("rca store: damaged: %s", (char *) v.damage->pdata[i]);
  g_autofree char *size = bytes_text (v.bytes);
  g_autofree char *text = g_strdup_printf ("%s: %" G_GUINT64_FORMAT " segments, %" G_GUINT64_FORMAT " blocks, %s checked: %s\n", dir, v.segments, v.blocks, size,
                                           v.damage->len ? "DAMAGED" : "whole");
  if (v.rows_lost)
    rca_say ("rca store: %" G_GUINT64_FORMAT " rows cannot be read%s", v.rows_lost,
             o->detach ? "; what held nothing that can be read is in detached/" : "; every answer says so (\"degraded\"); rca store verify --detach puts segments aside of which nothing can be read");
  return rca_output_write (text, strlen (text)) && v.damage->len == 0 ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

/* ---- prune ---- */

/* "30d", "12h", "90m" in nanoseconds. */
static gboolean
read_age (const char *text, gint64 *ns)
{
  static const struct {
    char unit;
    gint64 s;
  } units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 }, { 'y', 365 * 86400 } };
  char *end;
  double n = g_ascii_strtod (text, &end);
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (end != text && n > 0 && n < 1000000 && *end == units[i].unit && !end[1])
      {
        *ns = (gint64) (n * (double) units[i].s * 1e9);
        return TRUE;
      }
  return FALSE;
}

/* "500M", "10G" (of 1024), "1000000" */
static gboolean
read_size (const char *text, guint64 *bytes)
{
  static const char units[] = "KMGT";
  char *end;
  double n = g_ascii_strtod (text, &end);
  if (end == text || !(n > 0) || n > 1e15)
    return FALSE;
  const char *unit = *end ? strchr (units, g_ascii_toupper (*end)) : NULL;
  if (*end && (!unit || (end[1] && strcmp (end + 1, "iB") != 0 && strcmp (end + 1, "B") != 0)))
    return FALSE;
  for (long i = unit ? unit - units + 1 : 0; i > 0; i--)
    n *= 1024;
  *bytes = (guint64) MAX (n, 1);
  return TRUE;
}

static int
run_prune (const Options *o, const char *dir, GError **error)
{
  gint64 age_ns = 0;
  RcaPruneOptions options = { .older_than_ns = RCA_TIME_NONE, .dry_run = o->dry_run };
  if (!o->older_than && !o->max_size)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "how much may stay? --older-than 30d, --max-size 10G or both are wanted");
  else if (o->older_than && !read_age (o->older_than, &age_ns))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--older-than %s: a number and m, h, d, w or y is wanted (30d)", o->older_than);
  else if (o->max_size && !read_size (o->max_size, &options.most_bytes))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--max-size %s: a number and K, M, G or T is wanted (10G)", o->max_size);
  if (*error)
    return RCA_EXIT_USAGE;
  if (age_ns)
    options.older_than_ns = g_get_real_time () * 1000 - age_ns;
  RcaPruneResult r;
  if (!rca_store_prune (dir, &options, &r, error))
    return RCA_EXIT_FAILED;
  g_autofree char *gone = bytes_text (r.bytes), *kept = bytes_text (r.kept_bytes);
  g_autofree char *text = g_strdup_printf ("%s: %" G_GUINT64_FORMAT " segments with %" G_GUINT64_FORMAT " records (%s) %s; %s %s\n", dir, r.segments, r.records, gone,
                                           o->dry_run ? "would go" : "went", kept, o->dry_run ? "would stay" : "stay");
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

/* ---- compact ---- */

static int
run_compact (const Options *o, const char *dir, GError **error)
{
  RcaCompactResult r = { 0 };
  rca_be_nice ();
  if (!rca_store_compact (dir, &r, error))
    {
      rca_compact_result_clear (&r);
      return RCA_EXIT_FAILED;
    }
  g_autofree char *before = bytes_text (r.bytes_before), *after = bytes_text (r.bytes_after);
  g_autofree char *text = g_strdup_printf ("%s: %" G_GUINT64_FORMAT " segments, %s before; %" G_GUINT64_FORMAT ", %s now\n", dir, r.segments_before, before, r.segments_after, after);
  for (guint i = 0; i < r.problem->len; i++)
    rca_say ("rca store: warning: %s", (char *) r.problem->pdata[i]);
  rca_compact_result_clear (&r);
  return rca_output_write (text, strlen (text)) ? RCA_EXIT_OK : RCA_EXIT_FAILED;
}

/* ---- the table ---- */

typedef struct {
  const char *name;
  int (*run) (const Options *o, const char *dir, GError **error);
  const char *options; /* names of those it takes beside --store */
} Task;

static const Task tasks[] = {
  { "info", run_info, "json" },
  { "verify", run_verify, "detach" },
  { "prune", run_prune, "older-than max-size dry-run" },
  { "compact", run_compact, "" },
};

static const RcaUsage usage = {
  "rca store",
  "TASK",
  "  rca store info\n"
  "  rca store verify --store /srv/rca\n"
  "  rca store prune --older-than 30d --max-size 50G",
  "Looks after a store. info: what is in it, how far each source is behind its file. verify: checks every byte, names "
  "every block that is damaged (then exit 1). prune: lets go of what is old, or more than there is room for. "
  "compact: merges small neighbouring segments and compresses them harder; analyses go on meanwhile.",
};

static const Task *
find_task (const char *name, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      if (g_strcmp0 (tasks[i].name, name) == 0)
        return &tasks[i];
      g_string_append_printf (known, "%s%s", i == 0 ? "" : i + 1 < G_N_ELEMENTS (tasks) ? ", " : " or ", tasks[i].name);
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is wanted%s%s%s", known->str, name ? ", not \"" : "", name ? name : "", name ? "\"" : "");
  return NULL;
}

static gboolean
takes (const Task *task, const char *option, gboolean given, GError **error)
{
  g_auto (GStrv) own = g_strsplit (task->options, " ", -1);
  if (!given || g_strv_contains ((const char *const *) own, option))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s: not for %s", option, task->name);
  return FALSE;
}

static const Task *
parse (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "Which one; default: the default store", "DIR" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "info: one rca.store/1 document", NULL },
    { "detach", 0, 0, G_OPTION_ARG_NONE, &o->detach, "verify: put segments aside of which nothing can be read (in detached/)", NULL },
    { "older-than", 0, 0, G_OPTION_ARG_FILENAME, &o->older_than, "prune: segments go whose newest record is older (30d, 12h)", "AGE" },
    { "max-size", 0, 0, G_OPTION_ARG_FILENAME, &o->max_size, "prune: the oldest segments go until the rest fits (50G)", "SIZE" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &o->dry_run, "prune: only say what would go", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->operands, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  if (!rca_options_parse (&usage, entries, NULL, argc, argv, error))
    return NULL;
  const Task *task = find_task (o->operands ? o->operands[0] : NULL, error);
  if (!task || !takes (task, "json", o->json, error) || !takes (task, "detach", o->detach, error) || !takes (task, "older-than", o->older_than != NULL, error)
      || !takes (task, "max-size", o->max_size != NULL, error) || !takes (task, "dry-run", o->dry_run, error))
    return NULL;
  if (!o->operands[1])
    return task;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "one task at a time, not \"%s\" as well", o->operands[1]);
  return NULL;
}

int
rca_command_store (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  const Task *task = parse (&argc, &argv, &o, &error);
  if (!task)
    return rca_failed (usage.name, error);
  g_autofree char *dir = o.store ? g_strdup (o.store) : rca_default_store ();
  static const char instead[] = "rca store looks after store folders; what is in a ClickHouse rca sources --store tells, and the server looks after its tables itself";
  int status = rca_store_must_be_local (dir, instead, &error) ? task->run (&o, dir, &error) : RCA_EXIT_FAILED;
  return error ? rca_failed (usage.name, error) : status;
}
