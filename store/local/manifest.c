#include "local/manifest.h"
#include "local/io.h"
#include "local/pack.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC   "RCAMAN01"
#define VERSION 1

void
rca_manifest_part_free (RcaManifestPart *part)
{
  g_free (part->path);
  g_free (part);
}

static void
source_free (gpointer data)
{
  RcaManifestSource *s = data;
  rca_table_source_free (s->info);
  g_ptr_array_unref (s->part);
  g_array_unref (s->segment);
  g_free (s);
}

RcaManifest *
rca_manifest_new (void)
{
  RcaManifest *m = g_new0 (RcaManifest, 1);
  m->next_segment = m->next_ids = 1;
  m->source = g_ptr_array_new_with_free_func (source_free);
  m->ids = g_array_new (FALSE, FALSE, sizeof (RcaManifestIds));
  return m;
}

void
rca_manifest_free (RcaManifest *m)
{
  if (!m)
    return;
  g_ptr_array_unref (m->source);
  g_array_unref (m->ids);
  g_free (m);
}

RcaManifestSource *
rca_manifest_find (const RcaManifest *m, const char *path)
{
  for (guint i = 0; i < m->source->len; i++)
  {
    RcaManifestSource *s = g_ptr_array_index (m->source, i);
    if (g_str_equal (s->info->path, path))
      return s;
  }
  return NULL;
}

RcaManifestSource *
rca_manifest_add (RcaManifest *m, const char *path)
{
  RcaManifestSource *s = g_new0 (RcaManifestSource, 1);
  s->info = rca_table_source_new (path);
  s->part = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_manifest_part_free);
  s->segment = g_array_new (FALSE, FALSE, sizeof (RcaSegmentEntry));
  g_ptr_array_add (m->source, s);
  return s;
}

/* ---- one table for both ways ---- */

typedef struct {
  const char *key;
  gsize offset;
} Member;

#define OF_SOURCE(key, member)                                                                                                                                 \
  {                                                                                                                                                            \
    key, G_STRUCT_OFFSET (RcaTableSource, member)                                                                                                              \
  }

static const Member source_strings[] = {
  OF_SOURCE ("format", format), OF_SOURCE ("service", service), OF_SOURCE ("host", host),
  OF_SOURCE ("name", name),     OF_SOURCE ("why", why),         OF_SOURCE ("columns", columns),
};

static const Member source_numbers[] = {
  OF_SOURCE ("lines", lines),       OF_SOURCE ("records", records), OF_SOURCE ("parsed", parsed),     OF_SOURCE ("rejected", rejected),
  OF_SOURCE ("http_5xx", http_5xx), OF_SOURCE ("errors", errors),   OF_SOURCE ("slow", slow),         OF_SOURCE ("changes", changes),
  OF_SOURCE ("samples", samples),   OF_SOURCE ("present", present), OF_SOURCE ("zoneless", zoneless), OF_SOURCE ("dateless", dateless),
};

#define OF_PART(member)                                                                                                                                        \
  {                                                                                                                                                            \
    #member, G_STRUCT_OFFSET (RcaManifestPart, member)                                                                                                         \
  }

static const Member part_numbers[] = {
  OF_PART (size),  OF_PART (head_n), OF_PART (head), OF_PART (offset), OF_PART (lines),    OF_PART (device),
  OF_PART (inode), OF_PART (sealed), OF_PART (broken), OF_PART (before), OF_PART (before_n),
  { "encoding", G_STRUCT_OFFSET (RcaManifestPart, encoding) },
  { "mark", G_STRUCT_OFFSET (RcaManifestPart, mark) },
  { "lossy", G_STRUCT_OFFSET (RcaManifestPart, lossy) },
};

static const Member segment_numbers[] = {
  { "number", G_STRUCT_OFFSET (RcaSegmentEntry, number) },
  { "rows", G_STRUCT_OFFSET (RcaSegmentEntry, rows) },
  { "bytes", G_STRUCT_OFFSET (RcaSegmentEntry, bytes) },
  { "tail", G_STRUCT_OFFSET (RcaSegmentEntry, tail) },
  { "level", G_STRUCT_OFFSET (RcaSegmentEntry, level) },
  { "ids_first", G_STRUCT_OFFSET (RcaSegmentEntry, ids_first) },
  { "ids_last", G_STRUCT_OFFSET (RcaSegmentEntry, ids_last) },
};

static const Member ids_numbers[] = {
  { "number", G_STRUCT_OFFSET (RcaManifestIds, number) },
  { "n", G_STRUCT_OFFSET (RcaManifestIds, n) },
  { "bytes", G_STRUCT_OFFSET (RcaManifestIds, bytes) },
};

#define OF_COUNTS(member)                                                                                                                                      \
  {                                                                                                                                                            \
    #member, G_STRUCT_OFFSET (RcaSegmentCounts, member)                                                                                                        \
  }

static const Member count_numbers[] = {
  OF_COUNTS (lines), OF_COUNTS (records), OF_COUNTS (parsed),  OF_COUNTS (rejected), OF_COUNTS (http_5xx), OF_COUNTS (errors),
  OF_COUNTS (slow),  OF_COUNTS (changes), OF_COUNTS (samples), OF_COUNTS (zoneless), OF_COUNTS (dateless),
};

static void
pack_numbers (msgpack_packer *p, gconstpointer of, const Member *member, gsize n)
{
  for (gsize i = 0; i < n; i++)
    rca_pack_u64 (p, member[i].key, G_STRUCT_MEMBER (guint64, of, member[i].offset));
}

static void
unpack_numbers (const msgpack_object *o, gpointer into, const Member *member, gsize n)
{
  for (gsize i = 0; i < n; i++)
    G_STRUCT_MEMBER (guint64, into, member[i].offset) = rca_unpack_u64 (o, member[i].key);
}

/* ---- writing ---- */

static void
pack_part (msgpack_packer *p, const RcaManifestPart *part)
{
  msgpack_pack_map (p, 3 + G_N_ELEMENTS (part_numbers));
  rca_pack_str (p, "path", part->path);
  rca_pack_i64 (p, "mtime", part->mtime_ns);
  rca_pack_i64 (p, "read", part->read_ns);
  pack_numbers (p, part, part_numbers, G_N_ELEMENTS (part_numbers));
}

static void
pack_segment (msgpack_packer *p, const RcaSegmentEntry *s)
{
  msgpack_pack_map (p, 3 + G_N_ELEMENTS (segment_numbers));
  pack_numbers (p, s, segment_numbers, G_N_ELEMENTS (segment_numbers));
  rca_pack_key (p, "counts");
  msgpack_pack_map (p, G_N_ELEMENTS (count_numbers));
  pack_numbers (p, &s->counts, count_numbers, G_N_ELEMENTS (count_numbers));
  rca_pack_i64 (p, "min", s->min_ns);
  rca_pack_i64 (p, "max", s->max_ns);
}

static void
pack_source (msgpack_packer *p, const RcaManifestSource *s)
{
  const RcaTableSource *info = s->info;
  msgpack_pack_map (p, 9 + G_N_ELEMENTS (source_strings) + G_N_ELEMENTS (source_numbers));
  rca_pack_str (p, "path", info->path);
  for (gsize i = 0; i < G_N_ELEMENTS (source_strings); i++)
    rca_pack_str (p, source_strings[i].key, G_STRUCT_MEMBER (char *, info, source_strings[i].offset));
  pack_numbers (p, info, source_numbers, G_N_ELEMENTS (source_numbers));
  rca_pack_u64 (p, "stream", info->stream);
  rca_pack_u64 (p, "zone_known", info->zone_known != FALSE);
  rca_pack_u64 (p, "stamp_digits", info->stamp_digits);
  rca_pack_i64 (p, "first", info->first_ns);
  rca_pack_i64 (p, "last", info->last_ns);
  rca_pack_key (p, "problems");
  msgpack_pack_array (p, info->problem->len);
  for (guint i = 0; i < info->problem->len; i++)
    rca_pack_key (p, g_ptr_array_index (info->problem, i));
  rca_pack_key (p, "parts");
  msgpack_pack_array (p, s->part->len);
  for (guint i = 0; i < s->part->len; i++)
    pack_part (p, g_ptr_array_index (s->part, i));
  rca_pack_key (p, "segments");
  msgpack_pack_array (p, s->segment->len);
  for (guint i = 0; i < s->segment->len; i++)
    pack_segment (p, &g_array_index (s->segment, RcaSegmentEntry, i));
}

static gint
compare_source (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RcaManifestSource *const *)a)->info->path, (*(RcaManifestSource *const *)b)->info->path);
}

static GByteArray *
pack (const RcaManifest *m, guint64 generation)
{
  g_autoptr (GPtrArray) source = g_ptr_array_copy (m->source, NULL, NULL);
  g_ptr_array_set_free_func (source, NULL);
  g_ptr_array_sort (source, compare_source);
  msgpack_sbuffer buffer;
  msgpack_sbuffer_init (&buffer);
  msgpack_packer p;
  msgpack_packer_init (&p, &buffer, msgpack_sbuffer_write);
  msgpack_pack_map (&p, 6);
  rca_pack_u64 (&p, "version", VERSION);
  rca_pack_u64 (&p, "generation", generation);
  rca_pack_u64 (&p, "next_segment", m->next_segment);
  rca_pack_u64 (&p, "next_ids", m->next_ids);
  rca_pack_key (&p, "sources");
  msgpack_pack_array (&p, source->len);
  for (guint i = 0; i < source->len; i++)
    pack_source (&p, g_ptr_array_index (source, i));
  rca_pack_key (&p, "ids");
  msgpack_pack_array (&p, m->ids->len);
  for (guint i = 0; i < m->ids->len; i++)
  {
    msgpack_pack_map (&p, G_N_ELEMENTS (ids_numbers));
    pack_numbers (&p, &g_array_index (m->ids, RcaManifestIds, i), ids_numbers, G_N_ELEMENTS (ids_numbers));
  }
  guint64 checksum = XXH3_64bits (buffer.data, buffer.size);
  GByteArray *out = g_byte_array_new ();
  g_byte_array_append (out, (const guint8 *)MAGIC, 8);
  g_byte_array_append (out, (const guint8 *)buffer.data, (guint)buffer.size);
  g_byte_array_append (out, (const guint8 *)&checksum, sizeof checksum);
  msgpack_sbuffer_destroy (&buffer);
  return out;
}

static gboolean
is_referred_to (const RcaManifest *m, guint64 number)
{
  for (guint i = 0; i < m->source->len; i++)
  {
    const GArray *segment = ((const RcaManifestSource *)g_ptr_array_index (m->source, i))->segment;
    for (guint k = 0; k < segment->len; k++)
    {
      const RcaSegmentEntry *e = &g_array_index (segment, RcaSegmentEntry, k);
      if (e->ids_first && number >= e->ids_first && number <= e->ids_last)
        return TRUE;
    }
  }
  return FALSE;
}

/* Files of ids go with the last segment that refers to them. */
static void
drop_ids (RcaManifest *m)
{
  for (guint i = m->ids->len; i-- > 0;)
    if (!is_referred_to (m, g_array_index (m->ids, RcaManifestIds, i).number))
      g_array_remove_index (m->ids, i);
}

gboolean
rca_manifest_write (RcaManifest *m, const char *dir, GError **error)
{
  drop_ids (m);
  g_autoptr (GByteArray) bytes = pack (m, m->generation + 1);
  /* the generation before stays at hand under its own name, unless that is what is in use and the newest is damaged */
  gboolean kept = m->fell_back ? rca_io_detach (dir, RCA_MANIFEST_NAME, error) : rca_io_keep (dir, RCA_MANIFEST_NAME, RCA_MANIFEST_BEFORE, error);
  RcaIoFile *file = kept ? rca_io_create (dir, RCA_MANIFEST_NAME, error) : NULL;
  gboolean ok = file && rca_io_append (file, bytes->data, bytes->len, error);
  if (file && !ok)
    rca_io_abandon (file);
  ok = ok && rca_io_commit (file, error);
  m->generation += ok;
  m->fell_back &= !ok;
  return ok;
}

/* ---- reading ---- */

static void
unpack_problems (const msgpack_object *o, RcaTableSource *info)
{
  msgpack_object_array problems = rca_unpack_array (o, "problems");
  for (guint32 i = 0; i < problems.size; i++)
    if (problems.ptr[i].type == MSGPACK_OBJECT_STR)
      g_ptr_array_add (info->problem, g_strndup (problems.ptr[i].via.str.ptr, problems.ptr[i].via.str.size));
}

static void
unpack_parts (const msgpack_object *o, RcaManifestSource *s)
{
  msgpack_object_array parts = rca_unpack_array (o, "parts");
  for (guint32 i = 0; i < parts.size; i++)
  {
    RcaManifestPart *part = g_new0 (RcaManifestPart, 1);
    part->path = rca_unpack_str (&parts.ptr[i], "path");
    if (!part->path)
      part->path = g_strdup ("?");
    part->mtime_ns = rca_unpack_i64 (&parts.ptr[i], "mtime");
    part->read_ns = rca_unpack_i64 (&parts.ptr[i], "read");
    unpack_numbers (&parts.ptr[i], part, part_numbers, G_N_ELEMENTS (part_numbers));
    if (!rca_unpack_get (&parts.ptr[i], "sealed")) /* of a time before there were open ends */
      part->sealed = part->offset;
    g_ptr_array_add (s->part, part);
    g_ptr_array_add (s->info->part, g_strdup (part->path));
  }
  msgpack_object_array segments = rca_unpack_array (o, "segments");
  for (guint32 i = 0; i < segments.size; i++)
  {
    RcaSegmentEntry e = { .min_ns = rca_unpack_i64 (&segments.ptr[i], "min"), .max_ns = rca_unpack_i64 (&segments.ptr[i], "max") };
    unpack_numbers (&segments.ptr[i], &e, segment_numbers, G_N_ELEMENTS (segment_numbers));
    unpack_numbers (rca_unpack_get (&segments.ptr[i], "counts"), &e.counts, count_numbers, G_N_ELEMENTS (count_numbers));
    g_array_append_val (s->segment, e);
  }
}

static void
unpack_source (RcaManifest *m, const msgpack_object *o)
{
  g_autofree char *path = rca_unpack_str (o, "path");
  if (!path)
    return;
  RcaManifestSource *s = rca_manifest_add (m, path);
  for (gsize i = 0; i < G_N_ELEMENTS (source_strings); i++)
  {
    char **at = &G_STRUCT_MEMBER (char *, s->info, source_strings[i].offset);
    g_free (*at);
    *at = rca_unpack_str (o, source_strings[i].key);
  }
  if (!s->info->format)
    s->info->format = g_strdup ("unknown");
  unpack_numbers (o, s->info, source_numbers, G_N_ELEMENTS (source_numbers));
  s->info->stream = (RcaStream)MIN (rca_unpack_u64 (o, "stream"), RCA_N_STREAMS - 1);
  s->info->zone_known = rca_unpack_u64 (o, "zone_known") != 0;
  s->info->stamp_digits = (guint8)rca_unpack_u64 (o, "stamp_digits");
  s->info->first_ns = rca_unpack_i64 (o, "first");
  s->info->last_ns = rca_unpack_i64 (o, "last");
  unpack_problems (o, s->info);
  unpack_parts (o, s);
}

static void
unpack_ids (RcaManifest *m, const msgpack_object *o)
{
  msgpack_object_array ids = rca_unpack_array (o, "ids");
  for (guint32 i = 0; i < ids.size; i++)
  {
    RcaManifestIds e;
    unpack_numbers (&ids.ptr[i], &e, ids_numbers, G_N_ELEMENTS (ids_numbers));
    g_array_append_val (m->ids, e);
  }
}

static RcaManifest *
parse (const char *data, gsize n, const char *path, GError **error)
{
  guint64 checksum;
  if (n < 16 || memcmp (data, MAGIC, 8) != 0)
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: no manifest of rca", path);
    return NULL;
  }
  memcpy (&checksum, data + n - 8, 8);
  if (XXH3_64bits (data + 8, n - 16) != checksum)
  {
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: checksum differs", path);
    return NULL;
  }
  msgpack_unpacked unpacked;
  msgpack_unpacked_init (&unpacked);
  size_t at = 0;
  RcaManifest *m = NULL;
  if (msgpack_unpack_next (&unpacked, data + 8, n - 16, &at) != MSGPACK_UNPACK_SUCCESS)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: no msgpack", path);
  else if (rca_unpack_u64 (&unpacked.data, "version") > VERSION)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_VERSION, "%s: written by a newer rca (format %" G_GUINT64_FORMAT ", this one knows %d)", path,
                 rca_unpack_u64 (&unpacked.data, "version"), VERSION);
  else
  {
    m = rca_manifest_new ();
    m->generation = rca_unpack_u64 (&unpacked.data, "generation");
    m->next_segment = MAX (rca_unpack_u64 (&unpacked.data, "next_segment"), 1);
    m->next_ids = MAX (rca_unpack_u64 (&unpacked.data, "next_ids"), 1);
    msgpack_object_array sources = rca_unpack_array (&unpacked.data, "sources");
    for (guint32 i = 0; i < sources.size; i++)
      unpack_source (m, &sources.ptr[i]);
    unpack_ids (m, &unpacked.data);
  }
  msgpack_unpacked_destroy (&unpacked);
  return m;
}

RcaManifest *
rca_manifest_read_one (const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (GByteArray) data = rca_io_read_file (path, error);
  if (data)
    return parse ((const char *)data->data, data->len, path, error);
  g_prefix_error (error, "store %s: ", dir);
  return NULL;
}

RcaManifest *
rca_manifest_copy (const RcaManifest *m)
{
  g_autoptr (GByteArray) bytes = pack (m, m->generation);
  RcaManifest *copy = parse ((const char *)bytes->data, bytes->len, "copy", NULL);
  g_assert (copy);
  copy->fell_back = m->fell_back;
  return copy;
}

RcaManifest *
rca_manifest_read (const char *dir, char **note, GError **error)
{
  g_autoptr (GError) first = NULL;
  *note = NULL;
  RcaManifest *m = rca_manifest_read_one (dir, RCA_MANIFEST_NAME, &first);
  if (m)
    return m;
  /* one that a newer rca wrote is not damaged: going back behind it would lose what it knows */
  if (!g_error_matches (first, RCA_STORE_ERROR, RCA_STORE_ERROR_VERSION))
    m = rca_manifest_read_one (dir, RCA_MANIFEST_BEFORE, NULL);
  if (m)
    m->fell_back = g_error_matches (first, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED);
  if (m)
    *note = g_strdup_printf ("%s; the generation before it is used", first->message);
  else
    g_propagate_error (error, g_steal_pointer (&first));
  return m;
}

RcaManifest *
rca_manifest_read_to_write (const char *dir, char **note, GError **error)
{
  if (!rca_manifest_exists (dir))
  {
    *note = NULL;
    return rca_manifest_new ();
  }
  RcaManifest *m = rca_manifest_read (dir, note, error);
  if (!m || !*note || m->fell_back)
    return m;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_READ, "%s; if that lasts, move the file \"%s\" of %s away: what was committed before it is then used", *note,
               RCA_MANIFEST_NAME, dir);
  g_clear_pointer (note, g_free);
  rca_manifest_free (m);
  return NULL;
}

gboolean
rca_manifest_exists (const char *dir)
{
  g_autofree char *now = g_build_filename (dir, RCA_MANIFEST_NAME, NULL), *before = g_build_filename (dir, RCA_MANIFEST_BEFORE, NULL);
  return g_file_test (now, G_FILE_TEST_EXISTS) || g_file_test (before, G_FILE_TEST_EXISTS);
}
