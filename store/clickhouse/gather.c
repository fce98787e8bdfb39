#include "clickhouse/gather.h"
#include "local/look.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* What a quote needs of all raw text together may stay as it is up to here; then it is compressed. */
#define RAW_BUDGET_BYTES (G_GUINT64_CONSTANT (64) << 20)
/* A last line without an end waits for it while its file was written this recently (what is in the
 * table cannot be taken back): twice nginx's usual flush=5s. Later it is what the file ends with. */
#define HALF_LINE_NS (10 * RCA_NS_PER_S)

typedef struct {
  const RcaOpenOptions *options;
  const RcaLedger *ledger;
  gint64 now_ns;
  RcaSource *source;  /* with the parts that hold something new */
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
end_of (const Gather *g, const RcaLook *look, const RcaManifestPart *part)
{
  if (!look->plain || !look->inode)
    return G_MAXUINT64;
  return look->mtime_ns < g->now_ns - HALF_LINE_NS ? look->size : rca_look_whole_lines (look, part->offset);
}

static void
plan_look (Gather *g, RcaLook *look, gint place)
{
  if (look->problem)
    g_ptr_array_add (g->into->problem, g_strdup (look->problem));
  if (look->problem || place == RCA_LOOK_LATER)
    return;
  RcaManifestPart *part = part_at (g, &place, look);
  guint64 end = end_of (g, look, part);
  gboolean unchanged = part->offset && part->size == look->size && part->mtime_ns == look->mtime_ns;
  if (look->inode && (unchanged || end <= part->offset))
    return;
  RcaSourcePart *wanted = rca_source_add_part (g->source, look->part->path, look->part->member);
  wanted->fd = look->fd;
  wanted->place = (guint)place;
  wanted->range.from = wanted->range.enter = part->offset;
  wanted->range.lines_before = wanted->range.enter_lines = part->lines;
  wanted->range.end = end;
}

static Gather *
plan (const RcaSource *found, const RcaLedger *ledger, const RcaOpenOptions *options, gint64 now_ns)
{
  Gather *g = g_new0 (Gather, 1);
  *g = (Gather){ .options = options, .ledger = ledger, .now_ns = now_ns, .source = rca_source_new (found->path, found->name) };
  g->look = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_look_free);
  g->part = known_parts (ledger, found->path);
  g->into = rca_table_source_new (found->path);
  for (guint i = 0; i < found->parts->len; i++)
    g_ptr_array_add (g->look, rca_look_new (g_ptr_array_index (found->parts, i), -1));
  g_autofree gint *place = g_new (gint, found->parts->len + 1);
  rca_look_match (g->look, g->part, now_ns, place);
  for (guint i = 0; i < g->look->len; i++)
    plan_look (g, g_ptr_array_index (g->look, i), place[i]);
  return g;
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

/* How far each part is read now. */
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
      if (!g_str_equal (look->path, part->path))
        continue;
      part->device = look->device;
      part->inode = look->inode;
      part->size = look->size;
      part->mtime_ns = look->mtime_ns;
      part->head_n = look->n;
      part->head = XXH3_64bits (look->head, (gsize)look->n);
      part->offset = read->found.end;
      part->lines = read->found.lines;
      if (!rca_look_before (look, part->offset, &part->before_n, &part->before))
        part->before_n = 0;
    }
  }
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

GPtrArray *
rca_gather (RcaTable *table, const RcaLedger *ledger, const char *const *paths, guint n_paths, const RcaOpenOptions *options)
{
  g_autoptr (GPtrArray) found = rca_sources_find (paths, n_paths, table->problem);
  g_autoptr (GPtrArray) gather = g_ptr_array_new_with_free_func (gather_free);
  GPtrArray *gathered = g_ptr_array_new_with_free_func (gathered_free);
  gint64 now_ns = g_get_real_time () * 1000;
  for (guint i = 0; i < found->len; i++)
  {
    Gather *g = plan (g_ptr_array_index (found, i), ledger, options, now_ns);
    if (g->source->parts->len)
      g_ptr_array_add (gather, g);
    else
    {
      for (guint k = 0; k < g->into->problem->len; k++)
        rca_table_problem (table, "%s", (char *)g_ptr_array_index (g->into->problem, k));
      gather_free (g);
    }
  }
  read_all (gather, options->jobs);
  for (guint i = 0; i < gather->len; i++)
  {
    Gather *g = g_ptr_array_index (gather, i);
    RcaGathered *done = g_new (RcaGathered, 1);
    *done = (RcaGathered){ g->into, g_steal_pointer (&g->part) };
    rca_table_add (table, g_steal_pointer (&g->into));
    g_ptr_array_add (gathered, done);
  }
  return gathered;
}
