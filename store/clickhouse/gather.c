#include "clickhouse/gather.h"
#include "local/ingest-private.h"
#include "local/look.h"
#include "rotation.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* What a quote needs of all raw text together may stay as it is up to here; then it is compressed. */
#define RAW_BUDGET_BYTES (G_GUINT64_CONSTANT (64) << 20)
/* A last line without an end waits for it while its file was written this recently (what is in the
 * table cannot be taken back): twice nginx's usual flush=5s. Later it is what the file ends with. */
#define HALF_LINE_NS (10 * RCA_NS_PER_S)

/* A record that begins before the end of a share is read whole: a line is cut at 1 MiB. */
#define SLACK_BYTES ((guint64)4 << 20)
#define LEAST_SHARE_BYTES ((guint64)64 << 10)
/* What compressed logs are compressed by, and what stands in for the size of a pipe. */
#define USUAL_RATIO 8

typedef struct {
  const RcaOpenOptions *options;
  const RcaLedger *ledger;
  const RcaGatherHow *how;
  const RcaSource *found;
  gint64 now_ns;
  gint *place;        /* by look */
  guint64 left;       /* bytes, an estimate for what is compressed */
  guint64 bytes;      /* that were read */
  gboolean more, waits;
  RcaSource *source;  /* with the parts that hold something new */
  RcaSource *rotated; /* owns the parts of looks that were found beside it */
  GPtrArray *look;    /* RcaLook, as found */
  GPtrArray *part;    /* RcaManifestPart */
  RcaTableSource *into;
  RcaTableWriter *writer;
} Gather;

static void
gather_free (gpointer data)
{
  Gather *g = data;
  g_ptr_array_unref (g->look);
  g_clear_pointer (&g->part, g_ptr_array_unref);
  g_clear_pointer (&g->into, rca_table_source_free);
  rca_source_free (g->source);
  rca_source_free (g->rotated);
  g_free (g->place);
  g_free (g);
}

static void
gathered_free (gpointer data)
{
  RcaGathered *g = data;
  g_ptr_array_unref (g->part);
  g_free (g);
}

/* ---- what is new ---- */

static GPtrArray *
known_parts (const RcaLedger *ledger, const char *path)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_manifest_part_free);
  const GPtrArray *known = g_hash_table_lookup (ledger->part, path);
  for (guint i = 0; known && i < known->len; i++)
  {
    RcaManifestPart *part = g_memdup2 (g_ptr_array_index (known, i), sizeof (RcaManifestPart));
    part->path = g_strdup (part->path);
    g_ptr_array_add (parts, part);
  }
  return parts;
}

static RcaManifestPart *
part_at (Gather *g, gint *place, const RcaLook *look)
{
  if (*place < 0)
  {
    g_ptr_array_add (g->part, g_new0 (RcaManifestPart, 1));
    *place = (gint)g->part->len - 1;
  }
  RcaManifestPart *part = g_ptr_array_index (g->part, (guint)*place);
  g_free (part->path);
  part->path = g_strdup (look->path);
  return part;
}

static guint64
end_of (Gather *g, const RcaLook *look, const RcaManifestPart *part)
{
  if (!look->plain || !look->inode)
    return G_MAXUINT64;
  if (look->mtime_ns < g->now_ns - HALF_LINE_NS)
    return look->size;
  guint64 whole = rca_look_whole_lines (look, part ? part->offset : 0);
  g->waits |= whole < look->size;
  return whole;
}

static const RcaManifestPart *
known_part (const Gather *g, gint place)
{
  return place >= 0 ? g_ptr_array_index (g->part, (guint)place) : NULL;
}

/* How many bytes a look has that were not read, about; 0: none. */
static guint64
left_in (Gather *g, const RcaLook *look, gint place)
{
  const RcaManifestPart *part = known_part (g, place);
  guint64 offset = part ? part->offset : 0;
  if (look->problem || place == RCA_LOOK_LATER)
    return 0;
  if (part && look->inode && offset && part->size == look->size && part->mtime_ns == look->mtime_ns)
    return 0;
  if (look->plain && look->inode)
  {
    guint64 end = end_of (g, look, part);
    return end > offset ? end - offset : 0;
  }
  return MAX (look->size * USUAL_RATIO, offset + 1) - offset;
}

/* ---- a log that was rotated while it was not looked at ---- */

static gboolean
is_met (const GPtrArray *look, const gint *place, guint part)
{
  for (guint i = 0; i < look->len; i++)
    if (place[i] == (gint)part)
      return TRUE;
  return FALSE;
}

static gboolean
is_looked_at (const Gather *g, const RcaLook *one)
{
  for (guint i = 0; i < g->look->len; i++)
  {
    const RcaLook *look = g_ptr_array_index (g->look, i);
    if (look->inode == one->inode && look->device == one->device)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_known (const Gather *g, RcaLook *look)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();
  gint place;
  if (look->problem || !look->inode || is_looked_at (g, look))
    return FALSE;
  g_ptr_array_add (one, look);
  rca_look_match (one, g->part, g->now_ns, &place);
  return place >= 0;
}

static void
look_at_sibling (Gather *g, const char *folder, const char *name, const RcaRotation *of)
{
  RcaRotation rotation;
  rca_rotation_parse (name, &rotation);
  gboolean sibling = g_str_equal (rotation.log, of->log) && (rotation.date || rotation.number >= 0);
  rca_rotation_clear (&rotation);
  if (!sibling)
    return;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  RcaLook *look = rca_look_new (rca_source_add_part (g->rotated, path, NULL), -1);
  if (is_known (g, look))
    g_ptr_array_insert (g->look, 0, look);
  else
    rca_look_free (look);
}

/* A log that was named alone: what was read before goes on under its new name. */
static void
look_at_siblings (Gather *g)
{
  g_autofree char *folder = g_path_get_dirname (g->found->path), *base = g_path_get_basename (g->found->path);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  RcaRotation rotation;
  rca_rotation_parse (base, &rotation);
  for (const char *name; dir && (name = g_dir_read_name (dir));)
    look_at_sibling (g, folder, name, &rotation);
  rca_rotation_clear (&rotation);
}

static void
match (Gather *g)
{
  g_free (g->place);
  g->place = g_new (gint, g->look->len + 1);
  rca_look_match (g->look, g->part, g->now_ns, g->place);
}

/* The newest part that was read has another name, or none. */
static gboolean
was_rotated (const Gather *g)
{
  for (guint p = g->part->len; p-- > 0;)
    if (((RcaManifestPart *)g_ptr_array_index (g->part, p))->offset)
      return !is_met (g->look, g->place, p);
  return FALSE;
}

/* ---- the plan ---- */

static Gather *
look_at (const RcaSource *found, const RcaLedger *ledger, const RcaOpenOptions *options, const RcaGatherHow *how, gint64 now_ns)
{
  Gather *g = g_new0 (Gather, 1);
  *g = (Gather){ .options = options, .ledger = ledger, .how = how, .found = found, .now_ns = now_ns, .source = rca_source_new (found->path, found->name) };
  g->rotated = rca_source_new (found->path, found->name);
  g->look = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_look_free);
  g->part = known_parts (ledger, found->path);
  g->into = rca_table_source_new (found->path);
  for (guint i = 0; i < found->parts->len; i++)
    g_ptr_array_add (g->look, rca_look_new (g_ptr_array_index (found->parts, i), -1));
  match (g);
  if (was_rotated (g))
  {
    look_at_siblings (g);
    match (g);
  }
  for (guint i = 0; i < g->look->len; i++)
  {
    const RcaLook *look = g_ptr_array_index (g->look, i);
    if (look->problem)
      g_ptr_array_add (g->into->problem, g_strdup (look->problem));
    g->waits |= g->place[i] == RCA_LOOK_LATER;
    g->left += left_in (g, look, g->place[i]);
  }
  return g;
}

/* Up to @share bytes of a look. */
static void
plan_look (Gather *g, guint i, guint64 share)
{
  RcaLook *look = g_ptr_array_index (g->look, i);
  guint64 end = end_of (g, look, known_part (g, g->place[i]));
  const RcaTableSource *known = rca_ledger_find (g->ledger, g->found->path);
  RcaManifestPart *part = part_at (g, &g->place[i], look);
  RcaSourcePart *wanted = rca_source_add_part (g->source, look->part->path, look->part->member);
  wanted->fd = look->fd;
  wanted->place = (guint)g->place[i];
  wanted->format = part->offset && known ? rca_format_find (known->format) : NULL;
  wanted->range.from = part->offset;
  wanted->range.lines_before = part->lines;
  wanted->range.end = end;
  if (look->inode && end > part->offset + share + SLACK_BYTES) /* a pipe gives its bytes once */
  {
    wanted->range.until = part->offset + share;
    wanted->range.end = look->plain ? wanted->range.until + SLACK_BYTES : end;
  }
  if (look->plain && look->inode)
    rca_ingest_prime (look, &wanted->range);
}

/* Parts in their order: a later one waits until those before it are read. */
static void
plan (Gather *g, guint64 share)
{
  for (guint i = 0; i < g->look->len; i++)
  {
    guint64 left = left_in (g, g_ptr_array_index (g->look, i), g->place[i]);
    if (!left)
      continue;
    if (!share)
    {
      g->more = TRUE;
      return;
    }
    plan_look (g, i, share);
    share -= MIN (share, left);
  }
}

/* ---- reading it ---- */

static void
take_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Gather *g = user;
  rca_table_writer_append (g->writer, ((RcaSourcePart *)g_ptr_array_index (source->parts, part))->place, ev);
  if (rca_text_end (g->into->text) > RAW_BUDGET_BYTES)
    rca_text_squeeze (g->into->text);
}

/* How far @part is read now; a record that begins behind the share is for the next time. */
static void
note_part (Gather *g, RcaManifestPart *part, const RcaSourcePart *read, const RcaLook *look)
{
  gboolean rest = read->found.next != G_MAXUINT64 || (look->plain && read->range.until != G_MAXUINT64);
  guint64 end = read->found.next != G_MAXUINT64 ? read->found.next : read->found.end;
  g->bytes += end - MIN (part->offset, end);
  g->more |= rest;
  part->device = look->device;
  part->inode = look->inode;
  part->size = rest ? 0 : look->size;
  part->mtime_ns = rest ? 0 : look->mtime_ns;
  part->head_n = look->n;
  part->head = XXH3_64bits (look->head, (gsize)look->n);
  part->offset = end;
  part->lines = read->found.next != G_MAXUINT64 ? read->found.next_lines : read->found.lines;
  if (!rca_look_before (look, part->offset, &part->before_n, &part->before))
    part->before_n = 0;
}

static void
note_parts (Gather *g)
{
  for (guint i = 0; i < g->source->parts->len; i++)
  {
    const RcaSourcePart *read = g_ptr_array_index (g->source->parts, i);
    RcaManifestPart *part = g_ptr_array_index (g->part, read->place);
    for (guint k = 0; k < g->look->len; k++)
    {
      const RcaLook *look = g_ptr_array_index (g->look, k);
      if (g_str_equal (look->path, part->path))
        note_part (g, part, read, look);
    }
  }
}

/* Whether this pass tells anew of what @problem is about. */
static gboolean
is_told_anew (const Gather *g, const char *problem)
{
  for (guint i = 0; i < g->source->parts->len; i++)
    if (g_str_has_prefix (problem, ((RcaSourcePart *)g_ptr_array_index (g->source->parts, i))->path))
      return TRUE;
  return g_ptr_array_find_with_equal_func (g->into->problem, problem, g_str_equal, NULL);
}

static void
carry_problems (Gather *g)
{
  const RcaTableSource *known = rca_ledger_find (g->ledger, g->found->path);
  for (guint i = 0; known && i < known->problem->len; i++)
    if (!is_told_anew (g, known->problem->pdata[i]))
      g_ptr_array_add (g->into->problem, g_strdup (known->problem->pdata[i]));
}

static void
read_source (gpointer data, gpointer user)
{
  Gather *g = data;
  RcaReadOptions read = g->options->read;
  read.from_ns = read.to_ns = RCA_TIME_NONE; /* everything, whatever span will be asked about */
  g->writer = rca_table_writer_new (g->into);
  rca_source_read (g->source, &read, take_event, g);
  g_clear_pointer (&g->writer, rca_table_writer_free);
  rca_table_source_describe (g->into, g->source);
  rca_ledger_settle (g->ledger, g->into);
  note_parts (g);
  carry_problems (g);
  g_ptr_array_set_size (g->into->part, 0); /* rows name parts by place */
  for (guint i = 0; i < g->part->len; i++)
    g_ptr_array_add (g->into->part, g_strdup (((RcaManifestPart *)g_ptr_array_index (g->part, i))->path));
}

static void
read_all (const GPtrArray *gather, guint jobs)
{
  guint n = jobs ? jobs : MAX (1, g_get_num_processors () / 2);
  GThreadPool *pool = n > 1 && gather->len > 1 ? g_thread_pool_new (read_source, NULL, (gint)n, FALSE, NULL) : NULL;
  for (guint i = 0; i < gather->len; i++)
    if (pool)
      g_thread_pool_push (pool, g_ptr_array_index (gather, i), NULL);
    else
      read_source (g_ptr_array_index (gather, i), NULL);
  if (pool)
    g_thread_pool_free (pool, FALSE, TRUE);
}

/* Each source gives a share of what it has, so that what is read together is of one time. */
static void
plan_all (const GPtrArray *gather, guint64 budget)
{
  guint64 left = 0;
  for (guint i = 0; i < gather->len; i++)
    left += ((Gather *)g_ptr_array_index (gather, i))->left;
  for (guint i = 0; i < gather->len; i++)
  {
    Gather *g = g_ptr_array_index (gather, i);
    guint64 share = left > budget ? (guint64)((double)budget * (double)g->left / (double)left) : G_MAXUINT64 - 2 * SLACK_BYTES;
    if (g->left)
      plan (g, MAX (share, LEAST_SHARE_BYTES));
  }
}

static void
tell (const Gather *g)
{
  if (g->more)
    g_hash_table_add (g->how->again, (gpointer)g->found);
  if (g->waits)
    g_hash_table_add (g->how->later, (gpointer)g->found);
}

GPtrArray *
rca_gather (RcaTable *table, const RcaLedger *ledger, const GPtrArray *found, const RcaOpenOptions *options, const RcaGatherHow *how)
{
  g_autoptr (GPtrArray) gather = g_ptr_array_new_with_free_func (gather_free), busy = g_ptr_array_new ();
  GPtrArray *gathered = g_ptr_array_new_with_free_func (gathered_free);
  gint64 now_ns = g_get_real_time () * 1000;
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (gather, look_at (g_ptr_array_index (found, i), ledger, options, how, now_ns));
  plan_all (gather, how->bytes);
  for (guint i = 0; i < gather->len; i++)
  {
    Gather *g = g_ptr_array_index (gather, i);
    if (g->source->parts->len)
      g_ptr_array_add (busy, g);
    for (guint k = 0; !g->source->parts->len && k < g->into->problem->len; k++)
      rca_table_problem (table, "%s", (char *)g_ptr_array_index (g->into->problem, k));
  }
  read_all (busy, options->jobs);
  for (guint i = 0; i < gather->len; i++)
    tell (g_ptr_array_index (gather, i));
  for (guint i = 0; i < busy->len; i++)
  {
    Gather *g = g_ptr_array_index (busy, i);
    RcaGathered *done = g_new (RcaGathered, 1);
    *done = (RcaGathered){ g->into, g_steal_pointer (&g->part), g->bytes };
    rca_table_add (table, g_steal_pointer (&g->into));
    g_ptr_array_add (gathered, done);
  }
  return gathered;
}
