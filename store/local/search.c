/* The lines of a store, for searching: only what may hold what is wanted is read. */
#include "local/id-filter.h"
#include "local/ids.h"
#include "local/lines-find.h"
#include "local/manifest.h"
#include "store.h"

/* Beyond one line in so many a block is printed whole: going from line to line costs as well. */
#define MOST_SHARE 4

/* A run of lines: a block in a segment. */
typedef struct {
  RcaSegment *segment;
  guint index;
  RcaSegmentLines lines;
} Run;

typedef struct {
  const RcaStoreLook *look;
  GHashTable *inside; /* path → RcaInside; NULL: all */
  gboolean by_id;
  guint8 id[16];
  GArray *reference; /* guint64: places of the id in the store's dictionary */
  RcaStoreTake take;
  gpointer user;
  GPtrArray *problem;
  const char *dir;
  RcaIdFiles *ids;
  RcaBytes word; /* of the literal; n = 0: none that columns tell */
} Looking;

static gint
compare_runs (gconstpointer a, gconstpointer b)
{
  const RcaSegmentLines *x = &((const Run *)a)->lines, *y = &((const Run *)b)->lines;
  if (x->place != y->place)
    return x->place < y->place ? -1 : 1;
  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Segments are opened for their list of blocks; those that are damaged are named. */
static GArray *
list_runs (const Looking *l, const RcaManifestSource *source, GPtrArray *segments)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (Run));
  for (guint i = 0; i < source->segment->len; i++)
  {
    const RcaSegmentEntry *e = &g_array_index (source->segment, RcaSegmentEntry, i);
    g_autoptr (GError) error = NULL;
    RcaSegment *segment = rca_segment_open (l->dir, e->number, &error);
    if (!segment)
    {
      g_ptr_array_add (l->problem, g_strdup_printf ("%s (its lines are not searched)", error->message));
      continue;
    }
    rca_segment_use_ids (segment, l->ids);
    g_ptr_array_add (segments, segment);
    guint n;
    const RcaSegmentLines *lines = rca_segment_lines (segment, &n);
    for (guint k = 0; k < n; k++)
    {
      Run run = { segment, k, lines[k] };
      g_array_append_val (runs, run);
    }
  }
  g_array_sort (runs, compare_runs);
  return runs;
}

/* The last turn at or before @line; the number of turns when there is none. */
static guint
turn_at (const GArray *turn, guint64 line)
{
  guint low = 0, high = turn->len;
  while (low < high)
  {
    guint middle = (low + high) / 2;
    if (g_array_index (turn, RcaTurn, middle).line <= line)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? low - 1 : turn->len;
}

/* Whether @path is @named or below it; "logs/" names what "logs" does. */
static gboolean
names (const char *named, const char *path)
{
  gsize n = strlen (named);
  while (n > 1 && named[n - 1] == '/')
    n--;
  return strncmp (path, named, n) == 0 && (path[n] == 0 || path[n] == '/');
}

static gboolean
is_named (const char *const *named, const char *path)
{
  for (guint i = 0; named && named[i]; i++)
    if (names (named[i], path))
      return TRUE;
  return !named || !named[0];
}

static gboolean
holds (const RcaManifest *manifest, const char *named)
{
  for (guint i = 0; i < manifest->source->len; i++)
  {
    const RcaManifestSource *source = g_ptr_array_index (manifest->source, i);
    if (names (named, source->info->path))
      return TRUE;
    for (guint k = 0; k < source->part->len; k++)
      if (names (named, ((RcaManifestPart *)g_ptr_array_index (source->part, k))->path))
        return TRUE;
  }
  return FALSE;
}

static gboolean
check_names (const RcaManifest *manifest, const char *dir, const RcaStoreLook *look, GPtrArray *problem, GError **error)
{
  guint held = 0, n = 0;
  for (; look->path && look->path[n]; n++)
    if (holds (manifest, look->path[n]))
      held++;
    else
      g_ptr_array_add (problem, g_strdup_printf ("%s: the store %s holds no such log (rca store info tells which)", look->path[n], dir));
  if (n == 0 || held > 0)
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, "%s: the store %s holds no such log (rca store info tells which)", look->path[0], dir);
  return FALSE;
}

static gboolean
is_wanted (const Looking *l, const char *path, const RcaSegmentLines *lines)
{
  if (!is_named (l->look->path, path))
    return FALSE;
  if (!l->inside)
    return TRUE;
  const RcaInside *inside = g_hash_table_lookup (l->inside, path);
  if (!inside)
    return FALSE;
  const GArray *turn = inside->turn;
  guint at = turn_at (turn, lines->first_line);
  for (guint i = at < turn->len ? at : 0; i < turn->len && g_array_index (turn, RcaTurn, i).line < lines->first_line + lines->lines; i++)
    if (g_array_index (turn, RcaTurn, i).inside)
      return TRUE;
  return FALSE;
}

static gboolean
give_text (const Looking *l, const char *path, guint64 first, GBytes *text)
{
  gsize n;
  const char *p = g_bytes_get_data (text, &n);
  RcaStoreLines lines = { path, first, rca_bytes (p, n) };
  return l->take (&lines, l->user);
}

/* The lines that columns say may be wanted: those with the id, or with the word. FALSE: they do not tell. */
static gboolean
find_lines (const Looking *l, RcaLinesBlock *block, gboolean by_id, GArray *line)
{
  return by_id ? rca_id_filter_lines (block, l->id, l->reference, line) : l->word.n > 0 && rca_lines_find (block, l->word, line);
}

/* Only those. FALSE: they are not told, or most lines are. */
static gboolean
give_some (const Looking *l, const char *path, const Run *run, gboolean by_id, gboolean *more)
{
  g_autoptr (GArray) at = g_array_new (FALSE, FALSE, sizeof (guint64));
  RcaLinesBlock *block = by_id || l->word.n ? rca_segment_open_lines (run->segment, run->index, NULL) : NULL;
  if (!block || !find_lines (l, block, by_id, at) || at->len > run->lines.lines / MOST_SHARE)
    return FALSE;
  for (guint i = 0, n; *more && i < at->len; i += n)
  {
    guint64 line = g_array_index (at, guint64, i);
    for (n = 1; i + n < at->len && g_array_index (at, guint64, i + n) == line + n; n++)
      ;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) text = rca_lines_some (block, line, n, &error);
    if (!text)
    {
      g_ptr_array_add (l->problem, g_strdup_printf ("%s: %s (lines from %" G_GUINT64_FORMAT " on are not searched)", path, error->message, run->lines.first_line + line));
      return TRUE;
    }
    *more = give_text (l, path, run->lines.first_line + line, text);
  }
  return TRUE;
}

static gboolean
give_run (const Looking *l, const char *path, const Run *run)
{
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;
  RcaIdHold hold = l->by_id ? rca_id_span_ask (&run->lines.span, run->lines.ids != 0, l->reference) : RCA_ID_UNKNOWN;
  if (hold == RCA_ID_ABSENT || give_some (l, path, run, hold == RCA_ID_AS_ID, &more))
    return more;
  g_autoptr (GBytes) raw = rca_segment_raw (run->segment, run->index, &error);
  if (!raw)
  {
    g_ptr_array_add (l->problem, g_strdup_printf ("%s: %s (%" G_GUINT64_FORMAT " lines from %" G_GUINT64_FORMAT " on are not searched)", path, error->message, run->lines.lines, run->lines.first_line));
    return TRUE;
  }
  return give_text (l, path, run->lines.first_line, raw);
}

static gboolean
give_source (const Looking *l, const RcaManifestSource *source)
{
  g_autoptr (GPtrArray) segments = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_segment_free);
  g_autoptr (GArray) runs = list_runs (l, source, segments);
  gboolean more = TRUE;
  for (guint i = 0; more && i < runs->len; i++)
  {
    const Run *run = &g_array_index (runs, Run, i);
    const char *path = run->lines.place < source->part->len ? ((RcaManifestPart *)g_ptr_array_index (source->part, run->lines.place))->path : source->info->path;
    if (is_wanted (l, path, &run->lines))
      more = give_run (l, path, run);
  }
  return more;
}

gboolean
rca_store_each_lines (const char *dir, const RcaStoreLook *look, RcaStoreTake take, gpointer user, GPtrArray *problem, GError **error)
{
  g_autofree char *note = NULL;
  g_autoptr (RcaManifest) manifest = rca_manifest_read (dir, &note, error);
  if (!manifest)
    return FALSE;
  if (note)
    g_ptr_array_add (problem, g_steal_pointer (&note));
  if (!check_names (manifest, dir, look, problem, error))
    return FALSE;
  g_autoptr (GHashTable) inside = look->inside ? g_hash_table_new (g_str_hash, g_str_equal) : NULL;
  for (guint i = 0; inside && i < look->inside->len; i++)
    g_hash_table_insert (inside, ((RcaInside *)g_ptr_array_index (look->inside, i))->path, g_ptr_array_index (look->inside, i));
  g_autoptr (RcaIdFiles) ids = rca_id_files_new (dir);
  Looking l = { .look = look, .inside = inside, .ids = ids, .take = take, .user = user, .problem = problem, .dir = dir };
  g_autoptr (GArray) reference = l.reference = g_array_new (FALSE, FALSE, sizeof (guint64));
  if (look->literal)
    l.word = rca_lines_find_word (rca_bytes_str (look->literal));
  l.by_id = look->literal && rca_id_filter_knows (rca_bytes_str (look->literal), l.id);
  for (guint i = 0; l.by_id && i < manifest->ids->len; i++) /* of a damaged file nothing is known: then all is read */
    l.by_id = rca_id_files_find (ids, g_array_index (manifest->ids, RcaManifestIds, i).number, l.id, reference, NULL);
  for (guint i = 0; i < manifest->source->len; i++)
    if (!give_source (&l, g_ptr_array_index (manifest->source, i)))
      break;
  return TRUE;
}
