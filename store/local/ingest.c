#include "input.h"
#include "local/io.h"
#include "local/manifest.h"
#include "store.h"
#include <glib/gstdio.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define HEAD_BYTES 4096

/* ---- which files are known ---- */

typedef struct {
  guint64 size, n; /* n: bytes of head */
  gint64 mtime_ns;
  char head[HEAD_BYTES];
} Look;

static gboolean
look_at (const RcaSourcePart *part, Look *look)
{
  GStatBuf st;
  *look = (Look){ 0 };
  if (g_stat (part->path, &st) != 0)
    return FALSE;
  look->size = (guint64)st.st_size;
  look->mtime_ns = (gint64)st.st_mtim.tv_sec * RCA_NS_PER_S + st.st_mtim.tv_nsec;
  g_autoptr (RcaInput) input = rca_input_open (part->path, part->member, NULL);
  while (input && look->n < HEAD_BYTES)
  {
    gssize got = rca_input_read (input, look->head + look->n, HEAD_BYTES - look->n, NULL);
    if (got <= 0)
      break;
    look->n += (guint64)got;
  }
  return input != NULL;
}

static char *
part_path (const RcaSourcePart *part)
{
  return part->member ? g_strdup_printf ("%s/%s", part->path, part->member) : g_strdup (part->path);
}

static gboolean
is_same_file (const RcaManifestPart *known, const char *path, const Look *look)
{
  if (known->head_n == 0 && known->offset == 0)
    return g_str_equal (known->path, path); /* it could not be opened, or was empty, the last time */
  return known->head_n > 0 && known->head_n <= look->n && XXH3_64bits (look->head, known->head_n) == known->head;
}

/* The known part that @look is, under whatever name; its own name before others. */
static gint
find_part (const RcaManifestSource *source, const char *path, const Look *look)
{
  gint found = -1;
  for (guint i = 0; i < source->part->len; i++)
  {
    const RcaManifestPart *known = g_ptr_array_index (source->part, i);
    if (!is_same_file (known, path, look))
      continue;
    if (g_str_equal (known->path, path))
      return (gint)i;
    if (found < 0)
      found = (gint)i;
  }
  return found;
}

/* ---- reading what is new ---- */

typedef struct {
  RcaManifestSource *to;
  RcaSource *source;
  GArray *place;  /* guint: part of @source → part of @to */
  GArray *offset; /* guint64: records before it are known */
  guint64 number; /* of the segment */
  const char *dir;
  RcaReadOptions read; /* everything is read, whatever span will be asked about */
  RcaTableSource *rows;
  RcaTableWriter *writer;
  RcaSegmentWriter *segment;
  RcaSegmentEntry entry;
  guint64 fresh; /* records */
  gint64 last_sample_ns;
  gboolean again;     /* the source was known: counts are added up here */
  gint64 known_until; /* a document is rewritten whole: what is newer than this is new in it */
  GError *error;
} Ingest;

static void
count_event (RcaTableSource *info, Ingest *in, const RcaEvent *ev)
{
  const guint64 only_message = G_GUINT64_CONSTANT (1) << RCA_FIELD_MESSAGE;
  gboolean rejected = ev->stream == RCA_STREAM_UNKNOWN && ev->time_ns == RCA_TIME_NONE && (ev->present & ~only_message) == 0;
  info->records++;
  info->parsed += !rejected;
  info->rejected += rejected;
  info->present |= ev->present;
  if (ev->time_ns != RCA_TIME_NONE)
  {
    info->first_ns = info->first_ns == RCA_TIME_NONE ? ev->time_ns : MIN (info->first_ns, ev->time_ns);
    info->last_ns = MAX (info->last_ns, ev->time_ns);
  }
  if (ev->flags & RCA_EVENT_DUPLICATE)
    return;
  gint64 status = rca_event_num (ev, RCA_FIELD_HTTP_STATUS, 0);
  info->http_5xx += status >= 500 && status <= 599;
  info->errors += ev->severity >= RCA_SEVERITY_ERROR;
  info->slow += rca_event_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_NONE) == RCA_DB_EVENT_STATEMENT;
  info->changes += rca_event_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_NONE) != RCA_CHANGE_NONE;
  info->samples += ev->n_samples > 0 && ev->time_ns != in->last_sample_ns;
  if (ev->n_samples)
    in->last_sample_ns = ev->time_ns;
}

static guint64
lines_in (RcaBytes raw)
{
  guint64 n = 1;
  for (const char *p = raw.p; (p = memchr (p, '\n', raw.n - (gsize)(p - raw.p))); p++)
    n++;
  return n;
}

static void
take_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Ingest *in = user;
  guint64 offset = g_array_index (in->offset, guint64, part);
  gboolean document = offset && source->format && source->format->document;
  if (in->error || (document ? ev->time_ns <= in->known_until : ev->offset < offset))
    return;
  guint place = g_array_index (in->place, guint, part);
  RcaManifestPart *known = g_ptr_array_index (in->to->part, place);
  guint64 lines = ev->line + lines_in (ev->raw) - 1;
  known->offset = MAX (known->offset, ev->offset + 1);
  if (in->again)
  {
    count_event (in->to->info, in, ev);
    in->to->info->lines += lines > known->lines ? lines - known->lines : 0;
  }
  known->lines = MAX (known->lines, lines);
  in->fresh++;
  rca_table_writer_append (in->writer, place, ev);
}

static gboolean
sheet_full (RcaTableSource *rows, RcaSheet *sheet, gpointer user)
{
  Ingest *in = user;
  if (!in->error && rca_segment_writer_add (in->segment, sheet, &in->error))
    rca_segment_writer_text (in->segment, rows->text, &in->error);
  return TRUE;
}

static void
write_rest (Ingest *in)
{
  for (guint i = 0; i < in->rows->sheet->len && !in->error; i++)
    sheet_full (in->rows, g_ptr_array_index (in->rows->sheet, i), in);
}

/* Finds the parts that hold something new; FALSE when none does. */
static gboolean
choose_parts (Ingest *in, RcaSource *found)
{
  in->source = rca_source_new (found->path, found->name);
  for (guint i = 0; i < found->parts->len; i++)
  {
    const RcaSourcePart *part = g_ptr_array_index (found->parts, i);
    g_autofree char *path = part_path (part);
    g_autofree Look *look = g_new (Look, 1);
    if (!look_at (part, look) && in->again && !g_str_equal (part->path, "-"))
      continue;
    gint at = find_part (in->to, path, look);
    RcaManifestPart *known = at >= 0 ? g_ptr_array_index (in->to->part, at) : NULL;
    gboolean unchanged = known && known->size == look->size && (known->mtime_ns == look->mtime_ns || !g_str_equal (known->path, path));
    if (!known)
    {
      known = g_new0 (RcaManifestPart, 1);
      g_ptr_array_add (in->to->part, known);
      at = (gint)in->to->part->len - 1;
    }
    g_free (known->path);
    known->path = g_steal_pointer (&path);
    known->size = look->size;
    known->mtime_ns = look->mtime_ns;
    known->head_n = look->n;
    known->head = XXH3_64bits (look->head, look->n);
    if (unchanged)
      continue;
    rca_source_add_part (in->source, part->path, part->member);
    g_array_append_val (in->place, at);
    g_array_append_val (in->offset, known->offset);
  }
  return in->source->parts->len > 0;
}

static void
describe_first_time (Ingest *in)
{
  RcaTableSource *info = in->to->info;
  rca_table_source_describe (info, in->source);
  g_ptr_array_set_size (info->part, 0);
}

static gboolean
is_of_parts (const RcaSource *source, const char *problem)
{
  for (guint i = 0; i < source->parts->len; i++)
    if (strstr (problem, ((RcaSourcePart *)g_ptr_array_index (source->parts, i))->path))
      return TRUE;
  return FALSE;
}

/* Problems of what was read now replace those it had before. What could not be read whole is
 * tried again the next time, from where it broke. */
static void
settle_problems (Ingest *in)
{
  GPtrArray *problem = in->to->info->problem;
  for (guint i = problem->len; in->again && i-- > 0;)
    if (is_of_parts (in->source, g_ptr_array_index (problem, i)))
      g_ptr_array_remove_index (problem, i);
  for (guint i = 0; in->again && i < in->source->problems->len; i++)
    g_ptr_array_add (problem, g_strdup (g_ptr_array_index (in->source->problems, i)));
  for (guint i = 0; in->source->problems->len && i < in->place->len; i++)
    ((RcaManifestPart *)g_ptr_array_index (in->to->part, g_array_index (in->place, guint, i)))->size = 0;
}

static void
read_source (gpointer data, gpointer user)
{
  Ingest *in = data;
  in->segment = rca_segment_writer_new (in->dir, in->number, &in->error);
  if (!in->segment)
    return;
  in->rows = rca_table_source_new (in->source->path);
  in->writer = rca_table_writer_new (in->rows);
  in->last_sample_ns = RCA_TIME_NONE;
  in->known_until = in->to->info->last_ns;
  rca_table_writer_on_full (in->writer, sheet_full, in);
  rca_source_read (in->source, &in->read, take_event, in);
  write_rest (in);
  if (in->error)
    rca_segment_writer_abandon (in->segment);
  else
    rca_segment_writer_finish (in->segment, &in->entry, &in->error);
  if (!in->error && !in->again)
    describe_first_time (in);
  settle_problems (in);
  in->to->info->zoneless += in->rows->zoneless;
  in->to->info->dateless += in->rows->dateless;
  in->to->info->stamp_digits |= in->rows->stamp_digits;
  g_clear_pointer (&in->writer, rca_table_writer_free);
  g_clear_pointer (&in->rows, rca_table_source_free);
}

static void
ingest_clear (gpointer data)
{
  Ingest *in = data;
  g_clear_pointer (&in->source, rca_source_free);
  g_array_unref (in->place);
  g_array_unref (in->offset);
  g_clear_error (&in->error);
}

/* ---- the whole ---- */

static GArray *
plan (RcaManifest *manifest, GPtrArray *found, const char *dir, const RcaOpenOptions *options)
{
  GArray *work = g_array_new (FALSE, TRUE, sizeof (Ingest));
  g_array_set_clear_func (work, ingest_clear);
  for (guint i = 0; i < found->len; i++)
  {
    RcaSource *source = g_ptr_array_index (found, i);
    RcaManifestSource *known = rca_manifest_find (manifest, source->path);
    Ingest in
        = { .to = known ? known : rca_manifest_add (manifest, source->path), .dir = dir, .read = options->read, .again = known && known->info->records > 0 };
    in.read.from_ns = in.read.to_ns = RCA_TIME_NONE;
    in.place = g_array_new (FALSE, FALSE, sizeof (guint));
    in.offset = g_array_new (FALSE, FALSE, sizeof (guint64));
    if (choose_parts (&in, source))
      in.number = manifest->next_segment++;
    g_array_append_val (work, in);
  }
  return work;
}

static void
run (GArray *work, guint jobs)
{
  guint n = jobs ? jobs : MAX (1, g_get_num_processors () / 2);
  GThreadPool *pool = n > 1 ? g_thread_pool_new (read_source, NULL, (gint)n, FALSE, NULL) : NULL;
  for (guint i = 0; i < work->len; i++)
  {
    Ingest *in = &g_array_index (work, Ingest, i);
    if (!in->number)
      continue;
    if (pool)
      g_thread_pool_push (pool, in, NULL);
    else
      read_source (in, NULL);
  }
  if (pool)
    g_thread_pool_free (pool, FALSE, TRUE);
}

static gboolean
gather (GArray *work, RcaIngestResult *result, GError **error)
{
  for (guint i = 0; i < work->len; i++)
  {
    Ingest *in = &g_array_index (work, Ingest, i);
    if (in->error)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&in->error), "%s: ", in->source->path);
      return FALSE;
    }
    if (in->entry.rows)
      g_array_append_val (in->to->segment, in->entry);
    result->sources++;
    result->records += in->fresh;
    result->lines += in->source->lines;
    result->bytes_on_disk += in->entry.bytes;
    for (guint k = 0; k < in->source->parts->len; k++)
      result->bytes_in += ((RcaManifestPart *)g_ptr_array_index (in->to->part, g_array_index (in->place, guint, k)))->size;
    for (guint k = 0; k < in->source->problems->len; k++)
      g_ptr_array_add (result->problem, g_strdup (g_ptr_array_index (in->source->problems, k)));
  }
  return TRUE;
}

/* Files that no manifest names: a commit that did not happen. */
static void
sweep (const char *dir, const RcaManifest *manifest)
{
  g_autoptr (GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < manifest->source->len; i++)
  {
    const RcaManifestSource *s = g_ptr_array_index (manifest->source, i);
    for (guint k = 0; k < s->segment->len; k++)
      g_hash_table_add (named, rca_segment_name (g_array_index (s->segment, RcaSegmentEntry, k).number));
  }
  g_autoptr (GDir) listing = g_dir_open (dir, 0, NULL);
  for (const char *name; listing && (name = g_dir_read_name (listing));)
    if (g_str_has_suffix (name, ".tmp") || (g_str_has_prefix (name, "segment-") && !g_hash_table_contains (named, name)))
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);
      unlink (path);
    }
}

/* A folder of logs may hold the store itself: its files are no logs. */
static void
leave_out_store (GPtrArray *found, const char *dir)
{
  g_autofree char *real = g_canonicalize_filename (dir, NULL), *inside = g_strconcat (real, "/", NULL);
  for (guint i = found->len; i-- > 0;)
  {
    g_autofree char *path = g_canonicalize_filename (((RcaSource *)g_ptr_array_index (found, i))->path, NULL);
    if (g_str_has_prefix (path, inside))
      g_ptr_array_remove_index (found, i);
  }
}

static gboolean
ingest_locked (const char *dir, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error)
{
  g_autofree char *note = NULL;
  g_autoptr (RcaManifest) manifest = rca_manifest_exists (dir) ? rca_manifest_read (dir, &note, error) : rca_manifest_new ();
  if (!manifest)
    return FALSE;
  if (note)
    g_ptr_array_add (result->problem, g_steal_pointer (&note));
  sweep (dir, manifest);
  g_autoptr (GPtrArray) found = rca_sources_find (paths, n_paths, result->problem);
  leave_out_store (found, dir);
  g_autoptr (GArray) work = plan (manifest, found, dir, options);
  run (work, options->jobs);
  return gather (work, result, error) && rca_manifest_write (manifest, dir, error);
}

gboolean
rca_store_ingest (const char *dir, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error)
{
  static const RcaOpenOptions none = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE } };
  *result = (RcaIngestResult){ .problem = g_ptr_array_new_with_free_func (g_free) };
  if (!rca_io_make_dir (dir, error))
    return FALSE;
  int lock = rca_io_lock (dir, error);
  if (lock < 0)
    return FALSE;
  g_autofree char *pid = g_strdup_printf ("%d", (int)getpid ());
  if (ftruncate (lock, 0) != 0 || pwrite (lock, pid, strlen (pid), 0) < 0)
    g_debug ("lock: the holder's number could not be written"); /* only for the message */
  gboolean ok = ingest_locked (dir, paths, n_paths, options ? options : &none, result, error);
  close (lock);
  return ok;
}

void
rca_ingest_result_clear (RcaIngestResult *result)
{
  g_clear_pointer (&result->problem, g_ptr_array_unref);
}
