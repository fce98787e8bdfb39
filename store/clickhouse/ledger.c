#include "clickhouse/ledger.h"
#include "clickhouse/row-binary.h"
#include "clickhouse/schema.h"

/* ---- the columns, in order ---- */

static const struct {
  const char *name;
  gsize offset;
} texts[] = {
#define TEXT(name) { #name, G_STRUCT_OFFSET (RcaTableSource, name) }
  TEXT (path), TEXT (format), TEXT (service), TEXT (host), TEXT (name), TEXT (why), TEXT (columns), TEXT (instance), TEXT (zone),
}, counts[] = {
#define COUNT(name) { #name, G_STRUCT_OFFSET (RcaTableSource, name) }
  COUNT (lines), COUNT (records), COUNT (parsed), COUNT (rejected), COUNT (http_5xx), COUNT (errors), COUNT (slow), COUNT (changes), COUNT (samples),
}, times[] = {
#define TIME(name) { #name, G_STRUCT_OFFSET (RcaTableSource, name) }
  TIME (first_ns), TIME (last_ns), TIME (clock_offset_ns), TIME (time_step_ns), TIME (zone_shift_ns),
};

static const RcaExtraInfo arrays[] = {
  { "part", "String" },          { "problem", "String" },       { "blocks", "UInt64" },
  { "part_size", "UInt64" },     { "part_mtime", "UInt64" },    { "part_device", "UInt64" },  { "part_inode", "UInt64" },    { "part_head_n", "UInt64" },
  { "part_head", "UInt64" },     { "part_before_n", "UInt64" }, { "part_before", "UInt64" },  { "part_offset", "UInt64" },   { "part_lines", "UInt64" },
  { "day_is_change", "UInt8" },  { "day", "Int64" },            { "day_n", "UInt64" },        { "day_start", "Int64" },      { "day_end", "Int64" },
  { "request_stream", "UInt8" }, { "request_n", "UInt64" },     { "request_first", "Int64" }, { "request_last", "Int64" },
  { "note", "String" },          { "peer_upstream", "String" }, { "peer_instance", "String" }, { "peer_service", "String" },
};

static const gsize part_numbers[] = {
#define PART(name) G_STRUCT_OFFSET (RcaManifestPart, name)
  PART (size), PART (mtime_ns), PART (device), PART (inode), PART (head_n), PART (head), PART (before_n), PART (before), PART (offset), PART (lines),
};

typedef void (*EachColumn) (GString *out, const char *name, const char *type);

static void
each_column (GString *out, EachColumn f)
{
  f (out, "run", "UInt64");
  f (out, "stream", "UInt8");
  f (out, "present", "UInt64");
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    f (out, texts[i].name, "String");
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    f (out, counts[i].name, "UInt64");
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    f (out, times[i].name, "Int64");
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
  {
    g_autofree char *type = g_strdup_printf ("Array(%s)", arrays[i].type);
    f (out, arrays[i].name, type);
  }
}

static void
append_definition (GString *out, const char *name, const char *type)
{
  g_string_append_printf (out, "%s`%s` %s", out->str[out->len - 1] == '(' ? "" : ",", name, type);
}

static void
append_name (GString *out, const char *name, const char *type)
{
  g_string_append_printf (out, "%s`%s`", out->len ? "," : "", name);
}

char *
rca_ledger_definition (void)
{
  GString *sql = g_string_new ("(");
  each_column (sql, append_definition);
  g_string_append (sql, ") ENGINE = MergeTree ORDER BY (path, run)");
  return g_string_free (sql, FALSE);
}

char *
rca_ledger_columns (void)
{
  GString *out = g_string_new (NULL);
  each_column (out, append_name);
  return g_string_free (out, FALSE);
}

/* ---- writing ---- */

static void
put_strings (GByteArray *out, const GPtrArray *strings)
{
  rca_row_put_length (out, strings ? strings->len : 0);
  for (guint i = 0; strings && i < strings->len; i++)
    rca_row_put_str (out, g_ptr_array_index (strings, i));
}

static void
put_numbers (GByteArray *out, const GArray *numbers)
{
  rca_row_put_length (out, numbers ? numbers->len : 0);
  for (guint i = 0; numbers && i < numbers->len; i++)
    rca_row_put (out, g_array_index (numbers, guint64, i), 8);
}

static void
put_part_names (GByteArray *out, const GPtrArray *part)
{
  rca_row_put_length (out, part ? part->len : 0);
  for (guint i = 0; part && i < part->len; i++)
    rca_row_put_str (out, ((const RcaManifestPart *)g_ptr_array_index (part, i))->path);
}

static void
put_part_numbers (GByteArray *out, const GPtrArray *part)
{
  for (gsize m = 0; m < G_N_ELEMENTS (part_numbers); m++)
  {
    rca_row_put_length (out, part ? part->len : 0);
    for (guint i = 0; part && i < part->len; i++)
      rca_row_put (out, G_STRUCT_MEMBER (guint64, g_ptr_array_index (part, i), part_numbers[m]), 8);
  }
}

static void
put_days (GByteArray *out, GArray *const day[2])
{
  static const gsize member[] = { G_STRUCT_OFFSET (RcaDay, day), G_STRUCT_OFFSET (RcaDay, n), G_STRUCT_OFFSET (RcaDay, start), G_STRUCT_OFFSET (RcaDay, end) };
  guint n[2] = { day[0] ? day[0]->len : 0, day[1] ? day[1]->len : 0 };
  rca_row_put_length (out, n[0] + n[1]);
  for (guint i = 0; i < n[0] + n[1]; i++)
    rca_row_put (out, i >= n[0], 1);
  for (gsize m = 0; m < G_N_ELEMENTS (member); m++)
  {
    rca_row_put_length (out, n[0] + n[1]);
    for (guint k = 0; k < 2; k++)
      for (guint i = 0; i < n[k]; i++)
        rca_row_put (out, G_STRUCT_MEMBER (guint64, &g_array_index (day[k], RcaDay, i), member[m]), 8);
  }
}

static void
put_requests (GByteArray *out, const RcaRequests requests[RCA_N_STREAMS])
{
  static const gsize member[] = { G_STRUCT_OFFSET (RcaRequests, n), G_STRUCT_OFFSET (RcaRequests, span.start_ns), G_STRUCT_OFFSET (RcaRequests, span.end_ns) };
  rca_row_put_length (out, requests ? RCA_N_STREAMS : 0);
  for (guint s = 0; requests && s < RCA_N_STREAMS; s++)
    rca_row_put (out, s, 1);
  for (gsize m = 0; m < G_N_ELEMENTS (member); m++)
  {
    rca_row_put_length (out, requests ? RCA_N_STREAMS : 0);
    for (guint s = 0; requests && s < RCA_N_STREAMS; s++)
      rca_row_put (out, G_STRUCT_MEMBER (guint64, &requests[s], member[m]), 8);
  }
}

static void
put_peers (GByteArray *out, const GPtrArray *peer)
{
  static const gsize member[] = { G_STRUCT_OFFSET (RcaPeer, upstream), G_STRUCT_OFFSET (RcaPeer, instance), G_STRUCT_OFFSET (RcaPeer, service) };
  for (gsize m = 0; m < G_N_ELEMENTS (member); m++)
  {
    rca_row_put_length (out, peer ? peer->len : 0);
    for (guint i = 0; peer && i < peer->len; i++)
      rca_row_put_str (out, G_STRUCT_MEMBER (const char *, g_ptr_array_index (peer, i), member[m]));
  }
}

/* First and last are kept in UTC: zones are settled when they are written. */
static gint64
time_of (const RcaTableSource *s, gsize i)
{
  gint64 t = G_STRUCT_MEMBER (gint64, s, times[i].offset);
  gboolean stamp = times[i].offset == G_STRUCT_OFFSET (RcaTableSource, first_ns) || times[i].offset == G_STRUCT_OFFSET (RcaTableSource, last_ns);
  return stamp && (s->zoneless || s->dateless) ? rca_table_zoned (s, t) : t;
}

static void
put_scalars (GByteArray *out, const RcaTableSource *s, guint64 run)
{
  rca_row_put (out, run, 8);
  rca_row_put (out, s ? s->stream : 0, 1);
  rca_row_put (out, s ? s->present : 0, 8);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    rca_row_put_str (out, s ? G_STRUCT_MEMBER (const char *, s, texts[i].offset) : NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    rca_row_put (out, s ? G_STRUCT_MEMBER (guint64, s, counts[i].offset) : 0, 8);
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    rca_row_put (out, (guint64)(s ? time_of (s, i) : RCA_TIME_NONE), 8);
}

GByteArray *
rca_ledger_encode (const RcaTable *table, const GPtrArray *news, guint64 run, guint64 token)
{
  static GArray *const no_days[2] = { NULL, NULL };
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GArray) mine = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_array_append_val (mine, token);
  for (guint i = 0; i <= news->len; i++)
  {
    const RcaSourceNews *n = i < news->len ? g_ptr_array_index (news, i) : NULL;
    put_scalars (out, n ? n->source : NULL, run);
    put_part_names (out, n ? n->part : NULL);
    put_strings (out, n ? n->source->problem : table->problem);
    put_numbers (out, n ? n->block : mine);
    put_part_numbers (out, n ? n->part : NULL);
    put_days (out, n ? n->day : no_days);
    put_requests (out, n ? n->requests : NULL);
    put_strings (out, n ? NULL : table->note);
    put_peers (out, n ? NULL : table->peer);
  }
  return out;
}

/* ---- reading ---- */

static void
take_strings (RcaRowReader *r, GPtrArray *into)
{
  g_ptr_array_set_size (into, 0);
  for (guint32 n = rca_row_length (r); n-- > 0;)
  {
    RcaBytes s = rca_row_str (r);
    g_ptr_array_add (into, g_strndup (s.p, s.n));
  }
}

/* @n arrays of one length, side by side: value i of array k is [k][i]. */
static guint32
take_arrays (RcaRowReader *r, GArray **into, guint n, guint first_width)
{
  guint32 length = 0;
  for (guint k = 0; k < n; k++)
  {
    guint32 this = rca_row_length (r);
    if (k && this != length)
      r->broken = TRUE;
    length = this;
    into[k] = g_array_new (FALSE, FALSE, sizeof (guint64));
    for (guint32 i = 0; i < length; i++)
    {
      guint64 value = k == 0 && first_width == 1 ? rca_row_u8 (r) : rca_row_u64 (r);
      g_array_append_val (into[k], value);
    }
  }
  return r->broken ? 0 : length;
}

static void
free_arrays (GArray **arrays_, guint n)
{
  for (guint k = 0; k < n; k++)
    g_array_unref (arrays_[k]);
}

#define AT(a, i) g_array_index (a, guint64, i)

static void
free_parts (gpointer data)
{
  g_ptr_array_unref (data);
}

/* The last row of a source tells all of its parts. */
static void
take_parts (RcaRowReader *r, RcaLedger *f, const RcaTableSource *s)
{
  GArray *a[G_N_ELEMENTS (part_numbers)];
  guint32 n = take_arrays (r, a, G_N_ELEMENTS (part_numbers), 8);
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_manifest_part_free);
  for (guint32 i = 0; i < n && i < s->part->len; i++)
  {
    RcaManifestPart *part = g_new0 (RcaManifestPart, 1);
    part->path = g_strdup (g_ptr_array_index (s->part, i));
    for (gsize m = 0; m < G_N_ELEMENTS (part_numbers); m++)
      G_STRUCT_MEMBER (guint64, part, part_numbers[m]) = AT (a[m], i);
    g_ptr_array_add (parts, part);
  }
  g_hash_table_insert (f->part, g_strdup (s->path), parts);
  free_arrays (a, G_N_ELEMENTS (part_numbers));
}

static void
add_day (GArray *days, const RcaDay *more)
{
  for (guint i = 0; i < days->len; i++)
  {
    RcaDay *d = &g_array_index (days, RcaDay, i);
    if (d->day != more->day)
      continue;
    d->n += more->n;
    d->start = MIN (d->start, more->start);
    d->end = MAX (d->end, more->end);
    return;
  }
  g_array_append_val (days, *more);
}

static void
take_days (RcaRowReader *r, RcaLedger *f)
{
  GArray *a[5];
  guint32 n = take_arrays (r, a, 5, 1);
  for (guint32 i = 0; i < n; i++)
  {
    RcaDay day = { (gint64)AT (a[1], i), (gint64)AT (a[3], i), (gint64)AT (a[4], i), AT (a[2], i) };
    add_day (f->day[AT (a[0], i) != 0], &day);
  }
  free_arrays (a, 5);
}

static void
take_requests (RcaRowReader *r, RcaLedger *f)
{
  GArray *a[4];
  guint32 n = take_arrays (r, a, 4, 1);
  for (guint32 i = 0; i < n; i++)
  {
    RcaRequests *q = &f->requests[AT (a[0], i) % RCA_N_STREAMS];
    if (AT (a[1], i) == 0)
      continue;
    q->span.start_ns = q->n ? MIN (q->span.start_ns, (gint64)AT (a[2], i)) : (gint64)AT (a[2], i);
    q->span.end_ns = q->n ? MAX (q->span.end_ns, (gint64)AT (a[3], i)) : (gint64)AT (a[3], i);
    q->n += AT (a[1], i);
  }
  free_arrays (a, 4);
}

static RcaPeer *
find_peer (RcaTable *table, const char *upstream)
{
  for (guint i = 0; i < table->peer->len; i++)
    if (g_str_equal (((RcaPeer *)g_ptr_array_index (table->peer, i))->upstream, upstream))
      return g_ptr_array_index (table->peer, i);
  RcaPeer *peer = g_new0 (RcaPeer, 1);
  peer->upstream = g_string_chunk_insert_const (table->strings, upstream);
  g_ptr_array_add (table->peer, peer);
  return peer;
}

static void
take_peers (RcaRowReader *r, RcaTable *table)
{
  GPtrArray *a[3];
  for (guint k = 0; k < 3; k++)
    take_strings (r, a[k] = g_ptr_array_new_with_free_func (g_free));
  for (guint i = 0; i < MIN (a[0]->len, MIN (a[1]->len, a[2]->len)); i++)
  {
    RcaPeer *peer = find_peer (table, g_ptr_array_index (a[0], i));
    peer->instance = g_string_chunk_insert_const (table->strings, g_ptr_array_index (a[1], i));
    peer->service = g_string_chunk_insert_const (table->strings, g_ptr_array_index (a[2], i));
  }
  for (guint k = 0; k < 3; k++)
    g_ptr_array_unref (a[k]);
}

static RcaTableSource *
source_of (RcaLedger *f, const char *path)
{
  RcaTableSource *known = g_hash_table_lookup (f->source, path);
  if (known)
    return known;
  known = rca_table_source_new (path);
  rca_table_add (f->table, known);
  g_hash_table_insert (f->source, known->path, known);
  return known;
}

static void
take_texts (RcaRowReader *r, RcaTableSource *s)
{
  for (gsize i = 1; i < G_N_ELEMENTS (texts); i++)
  {
    char **into = &G_STRUCT_MEMBER (char *, s, texts[i].offset);
    g_free (*into);
    *into = rca_row_dup (r);
  }
  if (!s->format)
    s->format = g_strdup ("unknown");
}

static void
take_times (RcaRowReader *r, RcaTableSource *s)
{
  gint64 first = s->first_ns, last = s->last_ns;
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    G_STRUCT_MEMBER (gint64, s, times[i].offset) = rca_row_i64 (r);
  if (first != RCA_TIME_NONE)
    s->first_ns = s->first_ns == RCA_TIME_NONE ? first : MIN (first, s->first_ns);
  s->last_ns = MAX (last, s->last_ns);
}

static void
skip_numbers (RcaRowReader *r)
{
  for (guint32 n = rca_row_length (r); n-- > 0;)
    rca_row_u64 (r);
}

static void
take_row (RcaRowReader *r, RcaLedger *f)
{
  guint64 run = rca_row_u64 (r);
  guint8 stream = rca_row_u8 (r);
  guint64 present = rca_row_u64 (r);
  g_autofree char *path = rca_row_dup (r);
  g_autoptr (RcaTableSource) none = path ? NULL : rca_table_source_new ("");
  RcaTableSource *s = path ? source_of (f, path) : none;
  f->runs = MAX (f->runs, run);
  s->stream = stream < RCA_N_STREAMS ? stream : RCA_STREAM_UNKNOWN;
  s->present |= present;
  take_texts (r, s);
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    G_STRUCT_MEMBER (guint64, s, counts[i].offset) += rca_row_u64 (r);
  take_times (r, s);
  take_strings (r, s->part);
  take_strings (r, path ? s->problem : f->table->problem);
  skip_numbers (r); /* blocks: asked for in each statement */
  take_parts (r, f, s);
  take_days (r, f);
  take_requests (r, f);
  g_autoptr (GPtrArray) note = g_ptr_array_new_with_free_func (g_free);
  take_strings (r, note);
  for (guint i = 0; i < note->len; i++)
    if (!g_ptr_array_find_with_equal_func (f->table->note, note->pdata[i], g_str_equal, NULL))
      rca_table_note (f->table, "%s", (char *)note->pdata[i]);
  take_peers (r, f->table);
}

static gint
compare_day (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const RcaDay *)a)->day, y = ((const RcaDay *)b)->day;
  return x < y ? -1 : x > y;
}

static gint
compare_peer (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RcaPeer *const *)a)->upstream, (*(RcaPeer *const *)b)->upstream);
}

static RcaLedger *
ledger_new (void)
{
  RcaLedger *f = g_new0 (RcaLedger, 1);
  f->table = rca_table_new ();
  f->source = g_hash_table_new (g_str_hash, g_str_equal);
  f->part = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_parts);
  for (guint k = 0; k < 2; k++)
    f->day[k] = g_array_new (FALSE, FALSE, sizeof (RcaDay));
  return f;
}

/* FALSE when they are no rows of a ledger. */
static gboolean
take_rows (RcaLedger *f, GBytes *rows)
{
  RcaRowReader r = rca_row_reader (rows);
  while (rca_row_more (&r))
    take_row (&r, f);
  for (guint k = 0; k < 2; k++)
    g_array_sort (f->day[k], compare_day);
  g_ptr_array_sort (f->table->peer, compare_peer);
  return !r.broken;
}

void
rca_ledger_take (RcaLedger *f, GBytes *encoded)
{
  gboolean whole = take_rows (f, encoded);
  g_assert (whole);
}

/* DISTINCT: a commit whose acknowledgement was late may be there twice. */
RcaLedger *
rca_ledger_read (RcaClickhouse *c, GError **error)
{
  const RcaClickhouseAddress *a = rca_clickhouse_address (c);
  g_autofree char *columns = rca_ledger_columns ();
  g_autofree char *sql = g_strdup_printf ("SELECT DISTINCT %s FROM %s_sources ORDER BY path, run FORMAT RowBinary", columns, a->table);
  g_autoptr (GBytes) answer = rca_clickhouse_ask (c, sql, error);
  if (!answer)
    return NULL;
  g_autoptr (RcaLedger) f = ledger_new ();
  if (take_rows (f, answer))
    return g_steal_pointer (&f);
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "%s: the table %s_sources holds something else than rca ingest writes there", a->shown, a->table);
  return NULL;
}

gboolean
rca_ledger_ask (RcaClickhouse *c, guint64 token, gboolean *is_there, guint64 *last_run, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("SELECT toUInt64(countIf(path = '' AND has(blocks, toUInt64(%" G_GUINT64_FORMAT ")))), toUInt64(max(run)) FROM %s_sources FORMAT RowBinary", token,
                                          rca_clickhouse_address (c)->table);
  g_autoptr (GBytes) answer = rca_clickhouse_ask (c, sql, error);
  if (!answer)
    return FALSE;
  RcaRowReader r = rca_row_reader (answer);
  *is_there = rca_row_u64 (&r) > 0;
  *last_run = rca_row_u64 (&r);
  if (r.broken)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "%s: the answer about the commit is no answer", rca_clickhouse_address (c)->shown);
  return !r.broken;
}

const RcaTableSource *
rca_ledger_find (const RcaLedger *f, const char *path)
{
  return g_hash_table_lookup (f->source, path);
}

void
rca_ledger_settle (const RcaLedger *f, RcaTableSource *s)
{
  static const char assumed[] = " (assumed)";
  const RcaTableSource *known = rca_ledger_find (f, s->path);
  if (!known || known->first_ns == RCA_TIME_NONE)
    return;
  s->settled = TRUE;
  s->instance = g_strdup (known->instance);
  s->zone = g_strdup (known->zone);
  s->zone_shift_ns = known->zone_shift_ns;
  s->settled_offset_ns = known->clock_offset_ns;
  if (!s->zone || !g_str_has_suffix (s->zone, assumed))
    return;
  g_autofree char *name = g_strndup (s->zone, strlen (s->zone) - strlen (assumed));
  s->zone_by_table = g_time_zone_new_identifier (name);
}

void
rca_ledger_free (RcaLedger *f)
{
  if (!f)
    return;
  g_hash_table_unref (f->source);
  rca_table_free (f->table);
  g_array_unref (f->day[0]);
  g_array_unref (f->day[1]);
  g_hash_table_unref (f->part);
  g_free (f);
}
