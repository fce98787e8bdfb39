#include "archive.h"
#include "survey.h"
#include <string.h>
#include <sys/stat.h>

/* Parts are read together up to so much text, and a larger plain file in spans that hold about so much. */
#define PIECE_BYTES ((guint64) 64 << 20)
/* Logs up to this size are opened whole with every window: change logs tell of the day before. */
#define SMALL_BYTES ((guint64) 8 << 20)
/* What a compressed byte holds, about. */
#define EXPANSION 8
#define HOUR_NS (3600 * RCA_NS_PER_S)

typedef struct {
  struct stat st;
  gboolean compressed;
  guint64 text_bytes; /* about */
} PartSize;

static PartSize
size_of (const RcaSourcePart *part)
{
  static const char *const suffix[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4", ".tgz" };
  PartSize size = { .compressed = part->member != NULL };
  if (stat (part->path, &size.st) != 0)
    return size;
  for (guint i = 0; i < G_N_ELEMENTS (suffix); i++)
    size.compressed |= g_str_has_suffix (part->path, suffix[i]);
  size.text_bytes = (guint64) size.st.st_size * (size.compressed ? EXPANSION : 1);
  return size;
}

static void
piece_free (gpointer data)
{
  RcaPiece *p = data;
  g_clear_pointer (&p->history, rca_history_free);
  g_free (p->key);
  g_free (p->name);
  g_free (p);
}

static RcaSource *
parts_of (const RcaSource *log, guint first, guint n)
{
  RcaSource *s = rca_source_new (log->path, log->name);
  for (guint i = first; i < first + n; i++)
    {
      const RcaSourcePart *part = g_ptr_array_index (log->parts, i);
      rca_source_add_part (s, part->path, part->member);
    }
  return s;
}

/* ---- what a piece is known by ---- */

static void
sum_text (GChecksum *sum, const char *text)
{
  g_checksum_update (sum, (const guchar *) (text ? text : "\x01"), text ? (gssize) strlen (text) + 1 : 1);
}

static void
sum_file (GChecksum *sum, const char *path)
{
  struct stat st;
  g_autofree char *text = path && stat (path, &st) == 0 ? g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld", (gint64) st.st_size, (gint64) st.st_mtim.tv_sec, st.st_mtim.tv_nsec) : NULL;
  sum_text (sum, path);
  sum_text (sum, text);
}

static char *
key_of (const RcaArchive *a, const RcaPiece *p)
{
  const RcaSource *log = g_ptr_array_index (a->log, p->log);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GTimeZone) zone = a->open.assumed_zone ? g_time_zone_ref (a->open.assumed_zone) : g_time_zone_new_local ();
  g_autofree char *span = g_strdup_printf ("%" G_GINT64_FORMAT "..%" G_GINT64_FORMAT, p->span.start_ns, p->span.end_ns);
  sum_text (sum, RCA_VERSION);
  sum_text (sum, a->open.read.input_format);
  sum_file (sum, a->open.read.nginx_conf);
  sum_text (sum, g_time_zone_get_identifier (zone));
  sum_text (sum, span);
  sum_text (sum, log->path);
  sum_text (sum, log->name);
  for (guint i = p->first; i < p->first + p->n; i++)
    {
      const RcaSourcePart *part = g_ptr_array_index (log->parts, i);
      sum_file (sum, part->path);
      sum_text (sum, part->member);
    }
  return g_strndup (g_checksum_get_string (sum), 32);
}

static RcaPiece *
add_piece (RcaArchive *a, guint log, guint first, guint n, guint64 bytes)
{
  RcaPiece *p = g_new0 (RcaPiece, 1);
  const RcaSource *source = g_ptr_array_index (a->log, log);
  const RcaSourcePart *last = g_ptr_array_index (source->parts, first + n - 1);
  *p = (RcaPiece){ .log = log, .first = first, .n = n, .bytes = bytes, .name = g_strdup (last->path), .first_ns = RCA_TIME_NONE, .last_ns = RCA_TIME_NONE };
  g_ptr_array_add (a->piece, p);
  a->bytes += bytes;
  return p;
}

/* ---- cutting ---- */

/* First and last time of a large plain file, found by bisection: nothing else of it is read. */
static gboolean
reach_of (const RcaArchive *a, guint log, guint part, RcaSpan *reach)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_source_free);
  g_ptr_array_add (one, parts_of (g_ptr_array_index (a->log, log), part, 1));
  RcaOpenOptions open = a->open;
  open.span = (RcaSpan){ 0, RCA_NS_PER_S };
  RcaStore *store = rca_store_open_sources (one, &open, NULL);
  g_autoptr (RcaSources) sources = store ? rca_store_sources (store, NULL) : NULL;
  const RcaSourceInfo *info = sources && sources->source->len ? g_ptr_array_index (sources->source, 0) : NULL;
  if (info)
    *reach = (RcaSpan){ info->first_ns, info->last_ns };
  if (store)
    rca_store_close (store);
  return info && reach->start_ns != RCA_TIME_NONE && reach->end_ns > reach->start_ns;
}

static void
cut_large (RcaArchive *a, guint log, guint part, const PartSize *size)
{
  RcaSpan reach;
  guint64 n = (guint64) size->st.st_size / PIECE_BYTES + 1;
  if (!reach_of (a, log, part, &reach))
    {
      add_piece (a, log, part, 1, (guint64) size->st.st_size);
      return;
    }
  gint64 step = MAX ((reach.end_ns - reach.start_ns) / (gint64) n, HOUR_NS);
  step -= step % (60 * RCA_NS_PER_S); /* a minute belongs to one of them */
  gint64 from = reach.start_ns - reach.start_ns % (60 * RCA_NS_PER_S);
  for (gint64 t = from; t <= reach.end_ns; t += step)
    {
      RcaPiece *p = add_piece (a, log, part, 1, (guint64) size->st.st_size * (guint64) MIN (step, reach.end_ns - t + 1) / (guint64) (reach.end_ns - from + 1));
      /* open at both ends: what is a little early or late belongs to the first and the last */
      p->span = (RcaSpan){ t == from ? t - HOUR_NS : t, t + step > reach.end_ns ? reach.end_ns + HOUR_NS : t + step };
    }
}

static void
cut_log (RcaArchive *a, guint log)
{
  const RcaSource *source = g_ptr_array_index (a->log, log);
  guint first = 0;
  guint64 text = 0, disk = 0;
  for (guint i = 0; i < source->parts->len; i++)
    {
      PartSize size = size_of (g_ptr_array_index (source->parts, i));
      gboolean large = !size.compressed && size.text_bytes > 2 * PIECE_BYTES;
      if (i > first && (large || text + size.text_bytes > PIECE_BYTES))
        {
          add_piece (a, log, first, i - first, disk);
          first = i, text = disk = 0;
        }
      text += size.text_bytes, disk += (guint64) size.st.st_size;
      if (!large)
        continue;
      cut_large (a, log, i, &size);
      first = i + 1, text = disk = 0;
    }
  if (first < source->parts->len)
    add_piece (a, log, first, source->parts->len - first, disk);
}

static gboolean
reads_once (const RcaArchive *a)
{
  for (guint i = 0; i < a->log->len; i++)
    {
      const RcaSource *s = g_ptr_array_index (a->log, i);
      for (guint k = 0; k < s->parts->len; k++)
        {
          struct stat st;
          const RcaSourcePart *part = g_ptr_array_index (s->parts, k);
          if (strcmp (part->path, "-") == 0 || (stat (part->path, &st) == 0 && !S_ISREG (st.st_mode)))
            return TRUE;
        }
    }
  return FALSE;
}

RcaArchive *
rca_archive_new (const char *const *paths, guint n_paths, const RcaOpenOptions *open, GError **error)
{
  g_autoptr (RcaArchive) a = g_new0 (RcaArchive, 1);
  a->problem = g_ptr_array_new_with_free_func (g_free);
  a->piece = g_ptr_array_new_with_free_func (piece_free);
  a->open = *open;
  a->open.jobs = 1; /* pieces are read side by side */
  a->log = rca_sources_find (paths, n_paths, a->problem);
  if (reads_once (a))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "an archive is read more than once: name files, not standard input or a pipe");
      return NULL;
    }
  for (guint i = 0; i < a->log->len; i++)
    cut_log (a, i);
  for (guint i = 0; i < a->piece->len; i++)
    {
      RcaPiece *p = g_ptr_array_index (a->piece, i);
      p->key = key_of (a, p);
    }
  return g_steal_pointer (&a);
}

void
rca_archive_free (RcaArchive *a)
{
  if (!a)
    return;
  g_clear_pointer (&a->log, g_ptr_array_unref);
  g_ptr_array_unref (a->piece);
  g_ptr_array_unref (a->problem);
  g_free (a->store);
  g_free (a);
}

/* ---- a store ---- */

#define PIECE_RECORDS 2000000

/* Cut by time, at whole hours, so that each piece holds about as many records. */
static void
cut_store (RcaArchive *a, const RcaSources *sources)
{
  guint64 records = 0;
  RcaSpan reach = { G_MAXINT64, G_MININT64 };
  for (guint i = 0; i < sources->source->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (sources->source, i);
      records += s->records;
      if (s->first_ns == RCA_TIME_NONE || s->stream == RCA_STREAM_CHANGE)
        continue;
      reach.start_ns = MIN (reach.start_ns, s->first_ns);
      reach.end_ns = MAX (reach.end_ns, s->last_ns + 1);
    }
  if (reach.start_ns >= reach.end_ns)
    return;
  gint64 n = (gint64) (records / PIECE_RECORDS) + 1;
  gint64 step = ((reach.end_ns - reach.start_ns) / n / HOUR_NS + 1) * HOUR_NS;
  for (gint64 t = reach.start_ns - reach.start_ns % HOUR_NS; t < reach.end_ns; t += step)
    {
      RcaPiece *p = g_new0 (RcaPiece, 1);
      *p = (RcaPiece){ .span = { t, t + step }, .bytes = 1, .name = g_strdup (a->store), .first_ns = t, .last_ns = t + step };
      g_ptr_array_add (a->piece, p);
      a->bytes++;
    }
}

RcaArchive *
rca_archive_new_store (const char *dir, const RcaOpenOptions *open, GError **error)
{
  RcaOpenOptions peek = *open;
  /* no rows, only what is known of all; a ClickHouse knows that of everything */
  peek.span = rca_store_is_remote (dir) ? (RcaSpan){ 0, 0 } : (RcaSpan){ 0, RCA_NS_PER_S };
  RcaStore *store = rca_store_open (dir, &peek, error);
  g_autoptr (RcaSources) sources = store ? rca_store_sources (store, error) : NULL;
  if (store)
    rca_store_close (store);
  if (!sources)
    return NULL;
  RcaArchive *a = g_new0 (RcaArchive, 1);
  a->problem = g_ptr_array_new_with_free_func (g_free);
  a->piece = g_ptr_array_new_with_free_func (piece_free);
  a->log = g_ptr_array_new ();
  a->open = *open;
  a->open.jobs = 1;
  a->store = g_strdup (dir);
  cut_store (a, sources);
  return a;
}

/* ---- reading ---- */

/* A piece knows where it lies: that decides which windows it is opened for. */
static void
place_piece (RcaPiece *p)
{
  const GPtrArray *sources = rca_history_sources (p->history);
  p->anywhere = sources->len == 0;
  for (guint i = 0; i < sources->len; i++)
    {
      const RcaSourceInfo *s = g_ptr_array_index (sources, i);
      p->anywhere |= s->first_ns == RCA_TIME_NONE || strchr (s->zone, '(') != NULL;
      if (s->first_ns == RCA_TIME_NONE)
        continue;
      p->first_ns = p->first_ns == RCA_TIME_NONE ? s->first_ns : MIN (p->first_ns, s->first_ns);
      p->last_ns = MAX (p->last_ns, s->last_ns);
    }
}

void
rca_piece_take (RcaPiece *p, RcaHistory *history)
{
  p->history = history;
  place_piece (p);
}

/* A span of a large file is read with some of its neighbours: only records that start in it count, so
 * that the spans add up. Those without a time are in none. */
static void
count_within (RcaStore *store, RcaSources *sources, RcaSpan span)
{
  RcaFrameQuery q = { .span = span, .width_ns = HOUR_NS, .stream = RCA_STREAM_UNKNOWN, .by = { RCA_DIM_NONE, RCA_DIM_NONE }, .measures = RCA_MEASURE_COUNT };
  g_autoptr (RcaFrame) frame = rca_store_frame (store, &q, NULL);
  const double *count = frame ? rca_frame_series (frame, 0, RCA_MEASURE_COUNT) : NULL;
  guint64 n = 0;
  for (guint i = 0; count && i < rca_frame_n_buckets (frame); i++)
    n += (guint64) count[i];
  for (guint i = 0; i < sources->source->len; i++)
    {
      RcaSourceInfo *info = g_ptr_array_index (sources->source, i);
      info->lines = info->records = info->parsed = n;
      info->rejected = 0;
    }
}

static RcaStore *
open_piece (const RcaArchive *a, const RcaPiece *p, GError **error)
{
  RcaOpenOptions open = a->open;
  open.span = p->span;
  if (a->store)
    return rca_store_open (a->store, &open, error);
  g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_source_free);
  g_ptr_array_add (one, parts_of (g_ptr_array_index (a->log, p->log), p->first, p->n));
  return rca_store_open_sources (one, &open, error);
}

void
rca_archive_read (const RcaArchive *a, RcaPiece *p)
{
  g_autoptr (GError) error = NULL;
  RcaHistory *history = rca_history_new ();
  RcaStore *store = open_piece (a, p, &error);
  g_autoptr (RcaSources) sources = store ? rca_store_sources (store, &error) : NULL;
  if (sources)
    {
      if (p->span.start_ns < p->span.end_ns && !a->store)
        count_within (store, sources, p->span);
      if (!a->store || p == g_ptr_array_index (a->piece, 0)) /* a store counts all of it at once */
        rca_history_add_sources (history, sources);
      rca_survey_read (store, p->span, history, &error);
    }
  if (error)
    rca_history_add_problem (history, error->message);
  if (store)
    rca_store_close (store);
  rca_piece_take (p, history);
}

/* ---- a window of it ---- */

static gboolean
touches (const RcaArchive *a, const RcaPiece *p, RcaSpan span)
{
  gint64 slack = p->anywhere ? 15 * HOUR_NS : HOUR_NS;
  if (p->first_ns == RCA_TIME_NONE)
    return p->anywhere;
  return p->first_ns < span.end_ns + slack && p->last_ns >= span.start_ns - slack;
}

static gboolean
is_small (const RcaSource *log)
{
  guint64 text = 0;
  for (guint i = 0; i < log->parts->len; i++)
    text += size_of (g_ptr_array_index (log->parts, i)).text_bytes;
  return text <= SMALL_BYTES;
}

RcaStore *
rca_archive_open (const RcaArchive *a, RcaSpan span, GError **error)
{
  RcaOpenOptions open = a->open;
  open.span = span;
  if (a->store)
    return rca_store_open (a->store, &open, error);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func ((GDestroyNotify) rca_source_free);
  guint next = 0;
  for (guint log = 0; log < a->log->len; log++)
    {
      const RcaSource *whole = g_ptr_array_index (a->log, log);
      g_autoptr (RcaSource) s = rca_source_new (whole->path, whole->name);
      gboolean small = is_small (whole);
      for (guint had = 0; next < a->piece->len; next++)
        {
          const RcaPiece *p = g_ptr_array_index (a->piece, next);
          if (p->log != log)
            break;
          for (guint i = MAX (p->first, had); (small || touches (a, p, span)) && i < p->first + p->n; i++)
            {
              const RcaSourcePart *part = g_ptr_array_index (whole->parts, i);
              rca_source_add_part (s, part->path, part->member);
              had = i + 1;
            }
        }
      if (s->parts->len)
        g_ptr_array_add (sources, g_steal_pointer (&s));
    }
  return rca_store_open_sources (sources, &open, error);
}
