#include "files/whole.h"
#include "store.h"
#include <glib/gstdio.h>

/* What a quote needs of all raw text together may stay as it is up to here; then it is compressed. */
#define RAW_BUDGET_BYTES (G_GUINT64_CONSTANT (64) << 20)

typedef struct {
  RcaSource *source;
  RcaTableSource *into;
  RcaTableWriter *writer;
  RcaFilesWhole *whole; /* when it is read in pieces */
} Reading;

/* What a thread does at a time. */
typedef struct {
  Reading *reading;
  guint piece;
} Job;

/* Sources up to this size are read whole whatever the span: their counts are then those of the
 * whole log, and change logs tell of the day before. */
#define READ_WHOLE_BYTES (8 << 20)
/* What a compressed byte may hold. */
#define EXPANSION 8

typedef struct {
  const RcaOpenOptions *options;
  gint raw_mib; /* of all sources, counted in MiB so that one atomic int holds it */
  gint n_open;  /* parts */
} Shared;

static void
take_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Reading *r = user;
  rca_table_writer_append (r->writer, part, ev);
  if (rca_text_end (r->into->text) > RAW_BUDGET_BYTES)
    rca_text_squeeze (r->into->text);
}

static guint64
size_of (const RcaSource *source)
{
  static const char *const compressed[] = { ".gz", ".zst", ".xz", ".bz2", ".tgz", ".lz4", NULL };
  guint64 size = 0;
  for (guint i = 0; i < source->parts->len; i++)
  {
    const RcaSourcePart *part = g_ptr_array_index (source->parts, i);
    GStatBuf st;
    if (g_stat (part->path, &st) != 0)
      continue;
    guint64 expansion = 1;
    for (guint k = 0; compressed[k]; k++)
      if (g_str_has_suffix (part->path, compressed[k]))
        expansion = EXPANSION;
    size += (guint64)st.st_size * expansion;
  }
  return size;
}

static RcaReadOptions
read_options (const RcaSource *source, const RcaOpenOptions *options)
{
  RcaReadOptions read = options->read;
  gboolean window = options->span.start_ns < options->span.end_ns && size_of (source) > READ_WHOLE_BYTES;
  read.from_ns = window ? options->span.start_ns : RCA_TIME_NONE;
  read.to_ns = window ? options->span.end_ns : RCA_TIME_NONE;
  read.lines_later = TRUE;
  return read;
}

/* Files that would take much memory are left open and quoted from there; not thousands of them. */
#define MOST_OPEN 200

static void
keep_open (Reading *r, Shared *shared)
{
  if (size_of (r->source) <= READ_WHOLE_BYTES || g_atomic_int_add (&shared->n_open, (gint)r->source->parts->len) > MOST_OPEN)
    return;
  for (guint i = 0; i < r->source->parts->len; i++)
    rca_table_source_keep_open (r->into, g_ptr_array_index (r->source->parts, i));
}

static void
read_as_one (Reading *r, Shared *shared)
{
  if (g_atomic_int_get (&shared->raw_mib) > (gint)(RAW_BUDGET_BYTES >> 20))
    rca_text_squeeze (r->into->text);
  r->writer = rca_table_writer_new (r->into);
  if (r->into->open_fd->len)
    rca_table_writer_leave_raw (r->writer, r->source);
  RcaReadOptions read = read_options (r->source, shared->options);
  rca_source_read (r->source, &read, take_event, r);
  g_clear_pointer (&r->writer, rca_table_writer_free);
  g_atomic_int_add (&shared->raw_mib, (gint)(rca_text_memory (r->into->text) >> 20));
}

static void
prepare (gpointer data, gpointer user)
{
  Reading *r = ((Job *)data)->reading;
  Shared *shared = user;
  RcaReadOptions read = read_options (r->source, shared->options);
  keep_open (r, shared);
  r->whole = rca_files_whole_cut (r->source, r->into, &read);
}

static void
do_job (gpointer data, gpointer user)
{
  Job *job = data;
  if (job->reading->whole)
    rca_files_whole_read (job->reading->whole, job->piece);
  else
    read_as_one (job->reading, user);
}

static void
finish (Reading *r, Shared *shared)
{
  if (r->whole && !rca_files_whole_join (r->whole))
    read_as_one (r, shared);
  g_clear_pointer (&r->whole, rca_files_whole_free);
  rca_table_source_describe (r->into, r->source);
  rca_table_source_lines_from (r->into, r->source);
}

/* What will be read from disk, where that is known beforehand: neither out of archives nor from
 * somewhere in the middle of a file. */
static void
tell_total (GArray *reading, const RcaOpenOptions *options)
{
  gsize total = 0;
  for (guint i = 0; i < reading->len; i++)
  {
    const RcaSource *source = g_array_index (reading, Reading, i).source;
    if (read_options (source, options).from_ns != RCA_TIME_NONE)
      return;
    for (guint k = 0; k < source->parts->len; k++)
    {
      GStatBuf st;
      if (g_stat (((const RcaSourcePart *)g_ptr_array_index (source->parts, k))->path, &st) != 0)
        return;
      total += (gsize)st.st_size;
    }
  }
  g_atomic_pointer_set (&options->read.progress->total, total);
}

static guint
thread_count (guint jobs, guint n_jobs)
{
  guint n = jobs ? jobs : MAX (1, g_get_num_processors () / 2);
  return MIN (n, n_jobs);
}

/* Calls @f for each Job of @jobs, on several threads. */
static void
work_off (GArray *jobs, GFunc f, Shared *shared)
{
  guint n = thread_count (shared->options->jobs, jobs->len);
  GThreadPool *pool = n > 1 ? g_thread_pool_new (f, shared, (gint)n, FALSE, NULL) : NULL;
  for (guint i = 0; i < jobs->len; i++)
    if (pool)
      g_thread_pool_push (pool, &g_array_index (jobs, Job, i), NULL);
    else
      f (&g_array_index (jobs, Job, i), shared);
  if (pool)
    g_thread_pool_free (pool, FALSE, TRUE);
}

static void
read_all (GArray *reading, const RcaOpenOptions *options)
{
  Shared shared = { .options = options };
  g_autoptr (GArray) sources = g_array_new (FALSE, FALSE, sizeof (Job)), jobs = g_array_new (FALSE, FALSE, sizeof (Job));
  if (options->read.progress)
    tell_total (reading, options);
  for (guint i = 0; i < reading->len; i++)
  {
    Job job = { &g_array_index (reading, Reading, i), 0 };
    g_array_append_val (sources, job);
  }
  work_off (sources, prepare, &shared);
  for (guint i = 0; i < reading->len; i++)
  {
    Job job = { &g_array_index (reading, Reading, i), 0 };
    for (guint n = job.reading->whole ? rca_files_whole_n (job.reading->whole) : 1; job.piece < n; job.piece++)
      g_array_append_val (jobs, job);
  }
  work_off (jobs, do_job, &shared);
  for (guint i = 0; i < reading->len; i++)
    finish (&g_array_index (reading, Reading, i), &shared);
}

/* What was looked at and why nothing of it could be used, file by file. */
static void
set_empty_error (const RcaTable *table, GError **error)
{
  g_autoptr (GString) why = g_string_new ("nothing usable to read");
  for (guint i = 0; i < table->problem->len; i++)
    g_string_append_printf (why, "\n  %s", (const char *)g_ptr_array_index (table->problem, i));
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (s->problem->len)
      for (guint k = 0; k < s->problem->len; k++)
        g_string_append_printf (why, "\n  %s", (const char *)g_ptr_array_index (s->problem, k));
    else
      g_string_append_printf (why, "\n  %s: %s", s->path, s->records == 0 ? "holds no record" : s->why ? s->why : "no record has a time");
  }
  g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, why->str);
}

static gboolean
is_usable (const RcaTable *table)
{
  for (guint i = 0; i < table->source->len; i++)
    if (((RcaTableSource *)g_ptr_array_index (table->source, i))->parsed)
      return TRUE;
  return FALSE;
}

/* Takes @owned. */
static RcaStore *
open_table (RcaTable *owned, GPtrArray *source, const RcaOpenOptions *options, GError **error)
{
  g_autoptr (RcaTable) table = owned;
  g_autoptr (GArray) reading = g_array_new (FALSE, TRUE, sizeof (Reading));
  for (guint i = 0; i < source->len; i++)
  {
    RcaSource *s = g_ptr_array_index (source, i);
    Reading r = { .source = s, .into = rca_table_source_new (s->path) };
    g_array_append_val (reading, r);
  }
  read_all (reading, options);
  g_ptr_array_add (table->keep, g_ptr_array_ref (source));
  for (guint i = 0; i < reading->len; i++)
    rca_table_add (table, g_array_index (reading, Reading, i).into);
  rca_table_count_lines (table, thread_count (options->jobs, G_MAXUINT) - 1);
  table->no_redact = options->no_redact;
  if (!is_usable (table))
  {
    set_empty_error (table, error);
    return NULL;
  }
  RcaTableOptions finish = { options->span, options->assumed_zone, thread_count (options->jobs, G_MAXUINT) };
  rca_table_finish (table, &finish);
  return rca_store_wrap (&rca_table_backend, g_steal_pointer (&table));
}

RcaStore *
rca_store_open_sources (GPtrArray *source, const RcaOpenOptions *options, GError **error)
{
  static const RcaOpenOptions none = { 0 };
  options = options ? options : &none;
  return open_table (rca_table_new (), source, options, error);
}

RcaStore *
rca_store_open_files (const char *const *paths, guint n_paths, const RcaOpenOptions *options, GError **error)
{
  static const RcaOpenOptions none = { 0 };
  options = options ? options : &none;
  RcaTable *table = rca_table_new ();
  g_autoptr (GPtrArray) source = rca_sources_find (paths, n_paths, table->problem);
  return open_table (table, source, options, error);
}
