/* Which bytes of which file are read in this pass. */
#include "local/ingest-private.h"
#include "rotation.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* An open end is read again at each look: it must stay small, and a record must fit. */
#define OPEN_BYTES ((guint64)512 << 10)
#define KEEP_BYTES ((guint64)64 << 10) /* what stays open when the rest is sealed */
/* What a decoder is shown before the place where it goes on. */
#define PRIME_BYTES ((guint64)64 << 10)
/* The writer of a half line that was left for this long will not end it soon. */
#define HALF_LINE_NS (60 * RCA_NS_PER_S)
/* A file without a name is read on for this long after it was written last. */
#define NAMELESS_NS (10 * RCA_NS_PER_S)
/* How often a folder is read that changes while it is read. */
#define STILL_TRIES 8
/* Links to links to links; more is a loop. */
#define MAX_LINKS 8
/* Open ends are kept for that many of the newest parts: before a rotated log is left by its writer. */
#define OPEN_PARTS 2

void
rca_ingest_work_free (RcaIngestWork *work)
{
  if (!work)
    return;
  g_ptr_array_unref (work->look);
  rca_source_free (work->source);
  g_free (work->place);
  g_free (work->was);
  g_array_unref (work->piece);
  g_ptr_array_unref (work->problem);
  g_array_unref (work->retired);
  g_clear_error (&work->error);
  g_free (work);
}

/* ---- which source it is ---- */

static gboolean
is_in_same_folder (const char *a, const char *b)
{
  g_autofree char *x = g_path_get_dirname (a), *y = g_path_get_dirname (b);
  return g_str_equal (x, y);
}

static guint
parts_met (const GPtrArray *look, const RcaManifestSource *source, gint64 now_ns)
{
  guint n = 0;
  g_autofree gint *place = g_new (gint, look->len + 1);
  rca_look_match (look, source->part, now_ns, place);
  for (guint i = 0; i < look->len; i++)
    n += place[i] >= 0 && ((RcaManifestPart *)g_ptr_array_index (source->part, (guint)place[i]))->head_n > 0;
  return n;
}

/* A source is called by its newest part. That name changes when parts are dated, and for a moment
 * in each rotation: then the parts tell. */
static RcaManifestSource *
find_source (RcaManifest *manifest, const RcaSource *found, const GPtrArray *look, gint64 now_ns)
{
  RcaManifestSource *best = rca_manifest_find (manifest, found->path);
  guint most = 0;
  for (guint i = 0; !best && i < manifest->source->len; i++)
  {
    RcaManifestSource *one = g_ptr_array_index (manifest->source, i);
    g_autofree char *a = NULL, *b = NULL;
    if (g_strcmp0 (one->info->name, found->name) != 0 || !is_in_same_folder (one->info->path, found->path))
      continue;
    guint n = parts_met (look, one, now_ns);
    if (n <= most)
      continue;
    most = n;
    best = one;
  }
  return best ? best : rca_manifest_add (manifest, found->path);
}

static void
name_source (RcaIngestWork *work)
{
  if (g_str_equal (work->was, work->source->path))
    return;
  g_free (work->to->info->path);
  work->to->info->path = g_strdup (work->source->path);
  work->touched = TRUE;
}

/* ---- looks ---- */

static gboolean
is_looked_at (const RcaIngestWork *work, guint64 device, guint64 inode)
{
  for (guint i = 0; i < work->look->len; i++)
  {
    const RcaLook *look = g_ptr_array_index (work->look, i);
    if (look->inode == inode && look->device == device)
      return TRUE;
  }
  return FALSE;
}

/* Files that were read before and have no name among those found. */
static void
look_at_kept (RcaIngestWork *work, const GArray *kept)
{
  for (guint i = 0; kept && i < kept->len; i++)
  {
    const RcaKept *k = &g_array_index (kept, RcaKept, i);
    struct stat st;
    if (k->place >= work->to->part->len || fstat (k->fd, &st) != 0 || is_looked_at (work, st.st_dev, st.st_ino))
      continue;
    const RcaManifestPart *part = g_ptr_array_index (work->to->part, k->place);
    RcaLook *look = rca_look_new (rca_source_add_part (work->source, part->path, NULL), fcntl (k->fd, F_DUPFD_CLOEXEC, 0));
    look->nameless = TRUE;
    g_ptr_array_insert (work->look, 0, look);
  }
}

static gboolean
is_sibling (const char *name, const RcaRotation *of)
{
  RcaRotation rotation;
  rca_rotation_parse (name, &rotation);
  gboolean yes = g_str_equal (rotation.log, of->log) && (rotation.date || rotation.number >= 0);
  rca_rotation_clear (&rotation);
  return yes;
}

static gint
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static gint
compare_siblings (gconstpointer a, gconstpointer b)
{
  const char *x = *(const char *const *)a, *y = *(const char *const *)b;
  RcaRotation rx, ry;
  rca_rotation_parse (x, &rx);
  rca_rotation_parse (y, &ry);
  gint order = rca_rotation_compare (&rx, &ry);
  rca_rotation_clear (&rx);
  rca_rotation_clear (&ry);
  return order ? order : strcmp (x, y);
}

/* Times of change are those of the last clock tick, and those of another host's clock. */
#define CLOCKS_DIFFER_NS (1 * RCA_NS_PER_S)

static gint64
last_read (const RcaManifestSource *source)
{
  gint64 last = 0;
  for (guint i = 0; i < source->part->len; i++)
    last = MAX (last, ((RcaManifestPart *)g_ptr_array_index (source->part, i))->read_ns);
  return last;
}

/* The file has a name after all. */
static void
drop_nameless (RcaIngestWork *work, const RcaLook *named)
{
  for (guint i = work->look->len; i-- > 0;)
  {
    const RcaLook *look = g_ptr_array_index (work->look, i);
    if (look->nameless && look->inode == named->inode && look->device == named->device)
      g_ptr_array_remove_index (work->look, i);
  }
}

/* Rotated siblings of a log that was named alone: one that was read before goes on, one that was
 * written since the last pass came and went in between. Others were not asked for. */
static gboolean
is_wanted_sibling (RcaIngestWork *work, RcaLook *look)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();
  gint place;
  g_ptr_array_add (one, look);
  if (look->inode == 0 || look->problem)
    return FALSE;
  drop_nameless (work, look);
  if (is_looked_at (work, look->device, look->inode))
    return FALSE;
  rca_look_match (one, work->to->part, work->pass->now_ns, &place);
  return place >= 0 || look->mtime_ns > last_read (work->to) - CLOCKS_DIFFER_NS;
}

/* Siblings of @base, oldest first, and in @print what tells one state of the folder from another. */
static GPtrArray *
list_siblings (const char *folder, const char *base, GString *print)
{
  RcaRotation rotation;
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  DIR *dir = opendir (folder);
  rca_rotation_parse (base, &rotation);
  for (struct dirent *entry; dir && (entry = readdir (dir));)
    if (is_sibling (entry->d_name, &rotation))
      g_ptr_array_add (names, g_strdup_printf ("%s/%" G_GUINT64_FORMAT, entry->d_name, (guint64)entry->d_ino));
  if (dir)
    closedir (dir);
  rca_rotation_clear (&rotation);
  g_ptr_array_sort (names, compare_strings);
  g_string_truncate (print, 0);
  for (guint i = 0; i < names->len; i++)
  {
    g_string_append_printf (print, "%s\n", (char *)names->pdata[i]);
    *strchr (names->pdata[i], '/') = 0;
  }
  g_ptr_array_sort (names, compare_siblings);
  return names;
}

static guint
add_siblings (RcaIngestWork *work, const char *folder, const GPtrArray *names)
{
  guint at = 0;
  for (guint i = 0; i < names->len; i++)
  {
    g_autofree char *path = g_str_equal (folder, ".") ? g_strdup (names->pdata[i]) : g_build_filename (folder, names->pdata[i], NULL);
    RcaLook *look = rca_look_new (rca_source_add_part (work->source, path, NULL), -1);
    if (is_wanted_sibling (work, look))
    {
      rca_look_release (look);
      g_ptr_array_insert (work->look, (gint)at++, look);
    }
    else
      rca_look_free (look);
  }
  return at;
}

/* A folder whose files are just renamed shows some twice or not at all: it is read until it holds still. */
static void
look_at_siblings_in (RcaIngestWork *work, const char *folder, const char *base)
{
  g_autoptr (GString) before = g_string_new (NULL), after = g_string_new (NULL);
  for (guint i = 0; i < STILL_TRIES; i++)
  {
    g_autoptr (GPtrArray) names = list_siblings (folder, base, before);
    guint n = add_siblings (work, folder, names);
    g_autoptr (GPtrArray) again = list_siblings (folder, base, after);
    if (g_string_equal (before, after))
      return;
    if (n)
      g_ptr_array_remove_range (work->look, 0, n);
  }
  work->restless = TRUE;
}

/* What the link @path names, which need not be there; NULL when it is no link. Of links to links, the last. */
static char *
target_of (const char *path)
{
  char *target = g_strdup (path);
  for (guint i = 0; i < MAX_LINKS; i++)
  {
    g_autofree char *link = g_file_read_link (target, NULL), *folder = g_path_get_dirname (target);
    if (!link)
      break;
    g_free (target);
    target = g_path_is_absolute (link) ? g_strdup (link) : g_build_filename (folder, link, NULL);
  }
  if (g_str_equal (target, path))
    g_clear_pointer (&target, g_free);
  return target;
}

/* A link in a farm (/var/log/containers) leads to where the siblings are. */
static void
look_at_siblings (RcaIngestWork *work)
{
  g_autofree char *target = target_of (work->source->path);
  const char *both[] = { work->source->path, target };
  for (guint i = 0; i < G_N_ELEMENTS (both) && both[i]; i++)
  {
    g_autofree char *folder = g_path_get_dirname (both[i]), *base = g_path_get_basename (both[i]);
    look_at_siblings_in (work, folder, base);
  }
}

static gboolean
has_been_read (const RcaIngestWork *work, guint place)
{
  return ((RcaManifestPart *)g_ptr_array_index (work->to->part, place))->offset > 0;
}

static gboolean
is_met (const RcaIngestWork *work, guint place)
{
  for (guint i = 0; i < work->look->len; i++)
    if (work->place[i] == (gint)place)
      return TRUE;
  return FALSE;
}

/* There was a rotation since the last pass: a file is none of the parts, or one of the newest parts is
 * none of the files that were found. */
static gboolean
was_rotated (const RcaIngestWork *work)
{
  gboolean any = FALSE;
  guint newest = 0; /* parts of which something was read, from the newest on */
  for (guint p = work->to->part->len; p-- > 0 && newest < OPEN_PARTS;)
  {
    if (!has_been_read (work, p))
      continue;
    newest++;
    any = TRUE;
    if (work->pass->thorough && !is_met (work, p))
      return TRUE;
  }
  for (guint i = 0; i < work->look->len && any; i++)
    if (work->place[i] == RCA_LOOK_NEW || (work->place[i] >= 0 && !has_been_read (work, (guint)work->place[i]))
        || (work->pass->thorough && ((RcaLook *)g_ptr_array_index (work->look, i))->nameless))
      return TRUE;
  return FALSE;
}

static void
match (RcaIngestWork *work)
{
  g_free (work->place);
  work->place = g_new (gint, work->look->len + 1);
  rca_look_match (work->look, work->to->part, work->pass->now_ns, work->place);
}

/* ---- ranges ---- */

static guint64
count_line_ends (const char *p, gsize n)
{
  guint64 lines = 0;
  for (const char *end = p + n; (p = memchr (p, '\n', (gsize)(end - p))); p++)
    lines++;
  return lines;
}

void
rca_ingest_prime (const RcaLook *look, RcaPartRange *range)
{
  if (range->from <= PRIME_BYTES)
    return;
  g_autofree char *block = g_malloc (PRIME_BYTES);
  guint64 at = range->from - PRIME_BYTES;
  const char *lf = rca_look_read (look, at, block, PRIME_BYTES) ? memchr (block, '\n', PRIME_BYTES) : NULL;
  range->enter = lf ? at + (guint64)(lf - block) + 1 : range->from;
  guint64 lines = lf ? count_line_ends (lf + 1, PRIME_BYTES - (gsize)(lf + 1 - block)) : 0;
  range->enter_lines = range->lines_before - MIN (lines, range->lines_before);
}

static RcaPiece *
add_piece (RcaIngestWork *work, guint i, RcaPieceKind kind, guint64 end)
{
  RcaLook *look = g_ptr_array_index (work->look, i);
  const RcaManifestPart *part = g_ptr_array_index (work->to->part, (guint)work->place[i]);
  RcaPiece piece = {
    .kind = kind,
    .place = (guint)work->place[i],
    .look = look,
    .range = { .from = part->sealed, .lines_before = part->lines, .until = G_MAXUINT64, .end = end, .newer_than_ns = G_MININT64 },
    .format = part->sealed ? rca_format_find (work->to->info->format) : NULL,
  };
  if (kind == RCA_PIECE_SPLIT)
    piece.range.until = end - KEEP_BYTES;
  if (look->plain)
    rca_ingest_prime (look, &piece.range);
  g_array_append_val (work->piece, piece);
  return &g_array_index (work->piece, RcaPiece, work->piece->len - 1);
}

static gboolean
is_open (const RcaManifestSource *source, guint place)
{
  for (guint i = 0; i < source->segment->len; i++)
    if (g_array_index (source->segment, RcaSegmentEntry, i).tail == place + 1)
      return TRUE;
  return FALSE;
}

/* Everything of it was read: what was open stays as it is. */
static void
seal_tail (RcaIngestWork *work, guint place)
{
  RcaManifestPart *part = g_ptr_array_index (work->to->part, place);
  for (guint i = 0; i < work->to->segment->len; i++)
  {
    RcaSegmentEntry *entry = &g_array_index (work->to->segment, RcaSegmentEntry, i);
    if (entry->tail != place + 1)
      continue;
    entry->tail = 0;
    part->sealed = part->offset;
    part->lines += entry->counts.lines;
    work->touched = TRUE;
  }
}

/* Where a plain file ends for this pass. */
static guint64
end_of (RcaIngestWork *work, const RcaLook *look, const RcaManifestPart *part)
{
  if (!work->pass->follow || look->mtime_ns < work->pass->now_ns - HALF_LINE_NS)
    return look->size;
  guint64 whole = rca_look_whole_lines (look, part->sealed);
  work->waits |= whole < look->size;
  return MAX (whole, part->offset);
}

static void
plan_plain (RcaIngestWork *work, guint i, gboolean open, gboolean last_look)
{
  RcaLook *look = g_ptr_array_index (work->look, i);
  guint place = (guint)work->place[i];
  const RcaManifestPart *part = g_ptr_array_index (work->to->part, place);
  guint64 end = last_look ? look->size : end_of (work, look, part);
  if (end <= part->offset)
  {
    if (!open)
      seal_tail (work, place);
    return;
  }
  if (work->pass->bytes && end - part->sealed > 2 * work->pass->bytes)
  {
    end = part->sealed + work->pass->bytes; /* a line's end or not: it stays open */
    open = work->more = TRUE;
  }
  RcaPieceKind kind = !open ? RCA_PIECE_SEAL : end - part->sealed <= OPEN_BYTES ? RCA_PIECE_OPEN : RCA_PIECE_SPLIT;
  add_piece (work, i, kind, end);
}

/* A document is read whole each time; one that is partly kept for good gives what is newer. */
static void
plan_document (RcaIngestWork *work, guint i, gboolean rewritten)
{
  const RcaLook *look = g_ptr_array_index (work->look, i);
  const RcaManifestPart *part = g_ptr_array_index (work->to->part, (guint)work->place[i]);
  if (part->size == look->size && part->mtime_ns == look->mtime_ns)
    return;
  RcaPiece *piece = add_piece (work, i, part->sealed || rewritten ? RCA_PIECE_SEAL : RCA_PIECE_OPEN, G_MAXUINT64);
  if (!part->sealed && !rewritten)
    return;
  piece->range.from = piece->range.lines_before = piece->range.enter = 0;
  piece->range.newer_than_ns = work->to->info->last_ns;
}

static RcaManifestPart *
add_part (RcaIngestWork *work, guint i)
{
  RcaManifestPart *part = g_new0 (RcaManifestPart, 1);
  part->path = g_strdup (((RcaLook *)g_ptr_array_index (work->look, i))->path);
  g_ptr_array_add (work->to->part, part);
  work->place[i] = (gint)work->to->part->len - 1;
  work->touched = TRUE;
  return part;
}

/* A copy (copytruncate) goes by its own name and inode: under those of the file it was copied from stands another log. */
static void
note_place (RcaIngestWork *work, RcaManifestPart *part, const RcaLook *look)
{
  if (look->plain && part->inode && (part->inode != look->inode || part->device != look->device))
  {
    part->device = look->device;
    part->inode = look->inode;
    work->touched = TRUE;
  }
  if (g_str_equal (part->path, look->path))
    return;
  g_free (part->path);
  part->path = g_strdup (look->path);
  work->touched = TRUE;
}

static gboolean
had_path (const RcaManifestSource *source, const char *path)
{
  for (guint i = 0; i < source->part->len; i++)
    if (g_str_equal (((RcaManifestPart *)g_ptr_array_index (source->part, i))->path, path))
      return TRUE;
  return FALSE;
}

static void
plan_look (RcaIngestWork *work, guint i)
{
  const RcaLook *look = g_ptr_array_index (work->look, i);
  if (work->place[i] == RCA_LOOK_LATER)
  {
    work->waits |= look->n > 0;
    return;
  }
  if (look->problem)
  {
    g_ptr_array_add (work->problem, g_strdup (look->problem));
    return;
  }
  const RcaFormat *format = rca_format_find (work->to->info->format);
  gboolean document = format && format->document, rewritten = document && work->place[i] == RCA_LOOK_NEW && had_path (work->to, look->path);
  RcaManifestPart *part = work->place[i] >= 0 ? g_ptr_array_index (work->to->part, (guint)work->place[i]) : add_part (work, i);
  note_place (work, part, look);
  gboolean over = look->nameless && look->mtime_ns < work->pass->now_ns - NAMELESS_NS;
  if (document)
    plan_document (work, i, rewritten);
  else if (look->plain && look->inode)
    plan_plain (work, i, !over && (look->nameless || i + OPEN_PARTS >= work->look->len), over);
  else if (!(part->size == look->size && part->mtime_ns == look->mtime_ns && !(part->broken && !work->pass->follow)) || !look->inode)
    add_piece (work, i, RCA_PIECE_SEAL, G_MAXUINT64);
  else
    seal_tail (work, (guint)work->place[i]);
}

/* Of a part that is nowhere any more, nothing will come. */
static void
seal_what_is_gone (RcaIngestWork *work)
{
  for (guint p = 0; p + 2 * OPEN_PARTS < work->to->part->len; p++)
    if (!is_met (work, p) && is_open (work->to, p))
      seal_tail (work, p);
}

/* Looks hold a descriptor where the file may lose its name while it is read. */
static void
look_at_named (RcaIngestWork *work, const RcaSource *found)
{
  for (guint i = 0; i < found->parts->len; i++)
  {
    const RcaSourcePart *part = g_ptr_array_index (found->parts, i);
    RcaLook *look = rca_look_new (rca_source_add_part (work->source, part->path, part->member), -1);
    if (i + OPEN_PARTS < found->parts->len)
      rca_look_release (look);
    g_ptr_array_add (work->look, look);
  }
}

RcaIngestWork *
rca_ingest_plan (const RcaPass *pass, RcaManifest *manifest, const RcaSource *found, GHashTable *kept)
{
  RcaIngestWork *work = g_new0 (RcaIngestWork, 1);
  work->pass = pass;
  work->found = found;
  work->source = rca_source_new (found->path, found->name);
  work->look = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_look_free);
  work->piece = g_array_new (FALSE, FALSE, sizeof (RcaPiece));
  work->problem = g_ptr_array_new_with_free_func (g_free);
  work->retired = g_array_new (FALSE, FALSE, sizeof (guint64));
  look_at_named (work, found);
  work->to = find_source (manifest, found, work->look, pass->now_ns);
  look_at_kept (work, kept ? g_hash_table_lookup (kept, work->to->info->path) : NULL);
  work->was = g_strdup (work->to->info->path);
  name_source (work);
  match (work);
  if (was_rotated (work))
  {
    look_at_siblings (work);
    match (work);
  }
  /* in the middle of a rotation nothing is read: what came in between could not be told from what was not asked for later */
  for (guint i = 0; i < work->look->len && !work->restless; i++)
    plan_look (work, i);
  work->more |= work->restless;
  seal_what_is_gone (work);
  work->number = manifest->next_segment;
  if (work->piece->len)
    manifest->next_segment += 1 + work->piece->len;
  return work;
}

GArray *
rca_ingest_keep (RcaIngestWork *work)
{
  GArray *kept = NULL;
  for (guint i = 0; i < work->look->len; i++)
  {
    RcaLook *look = g_ptr_array_index (work->look, i);
    if (work->place[i] < 0 || look->fd < 0 || !look->plain || (look->nameless && look->mtime_ns < work->pass->now_ns - NAMELESS_NS))
      continue;
    RcaKept one = { (guint)work->place[i], look->fd };
    look->fd = -1;
    kept = kept ? kept : g_array_new (FALSE, FALSE, sizeof (RcaKept));
    g_array_append_val (kept, one);
  }
  return kept;
}
